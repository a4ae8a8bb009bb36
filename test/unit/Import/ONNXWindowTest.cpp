//===- ONNXWindowTest.cpp - Convolutions and pools -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXReference.h"

using namespace nn2crn;
using namespace nn2crn::test;

namespace {
/// A window of random extents that fits a tensor of random shape.
struct RandomWindow {
  size_t Rank;
  int64_t Groups, Channels, Maps, Batch;
  Dims From, Kernel, Strides, Dilations, Pads;

  RandomWindow(Dice &D, bool MayDilate) {
    Rank = static_cast<size_t>(D.from(1, 3));
    Groups = D.from(1, 2);
    Channels = Groups * D.from(1, 2);
    Maps = Groups * D.from(1, 2);
    Batch = D.from(1, 2);
    for (size_t I = 0; I < Rank; ++I) {
      Kernel.push_back(D.from(1, 3));
      Dilations.push_back(MayDilate ? D.from(1, 2) : 1);
      Strides.push_back(D.from(1, 3));
      From.push_back(reach(I) + D.from(0, 3));
    }
    // Smaller than the kernel, so that every window sees something.
    for (size_t I = 0; I < 2 * Rank; ++I)
      Pads.push_back(D.from(0, Kernel[I % Rank] - 1));
  }
  int64_t reach(size_t I) const { return (Kernel[I] - 1) * Dilations[I] + 1; }
  Dims shape(int64_t Maps_, const Dims &Spatial) const {
    Dims S{Batch, Maps_};
    S.insert(S.end(), Spatial.begin(), Spatial.end());
    return S;
  }
  Dims to() const {
    Dims Out;
    for (size_t I = 0; I < Rank; ++I)
      Out.push_back(
          (From[I] + Pads[I] + Pads[I + Rank] - reach(I)) / Strides[I] + 1);
    return Out;
  }
  /// Where position \p K of the kernel lies when the result is at \p Out.
  Dims tap(const Dims &Out, const Dims &K) const {
    Dims At;
    for (size_t I = 0; I < Rank; ++I)
      At.push_back(Out[I] * Strides[I] - Pads[I] + K[I] * Dilations[I]);
    return At;
  }
  void describe(OneNode &M) const {
    M.attribute("strides", Strides).attribute("pads", Pads);
    if (std::ranges::any_of(Dilations, [](int64_t V) { return V != 1; }))
      M.attribute("dilations", Dilations);
  }
};

Dims join(const Dims &A, const Dims &B) {
  Dims Out = A;
  Out.insert(Out.end(), B.begin(), B.end());
  return Out;
}
Dims tail(const Dims &A, size_t From) {
  return Dims(A.begin() + static_cast<ptrdiff_t>(From), A.end());
}
} // namespace

TEST(ONNXWindow, ConvolutionsOfAnyKind) {
  for (unsigned Seed = 0; Seed < 150; ++Seed) {
    Dice D(Seed);
    RandomWindow W(D, true);
    int64_t PerGroup = W.Channels / W.Groups;
    Dense X = D.tensor(W.shape(W.Channels, W.From));
    Dense K = D.tensor(join({W.Maps, PerGroup}, W.Kernel));
    Dense B = D.tensor({W.Maps});
    bool Biased = D.from(0, 1) != 0;
    OneNode M("Conv", X.Shape, D.from(0, 1) ? 11 : 1);
    M.operand(K).attribute("group", W.Groups);
    if (D.from(0, 1))
      M.attribute("kernel_shape", W.Kernel);
    if (Biased)
      M.operand(B);
    W.describe(M);
    Dense Y(W.shape(W.Maps, W.to()));
    forEach(Y.Shape, [&](const Dims &At) {
      double Sum = Biased ? B.at({At[1]}) : 0;
      int64_t Group = At[1] / (W.Maps / W.Groups);
      forEach(tail(K.Shape, 1), [&](const Dims &Tap) {
        Dims From = join({At[0], Group * PerGroup + Tap[0]},
                         W.tap(tail(At, 2), tail(Tap, 1)));
        if (X.inside(From))
          Sum += X.at(From) * K.at(join({At[1]}, Tap));
      });
      Y.at(At) = Sum;
    });
    SCOPED_TRACE(Seed);
    M.expect({X}, {Y}, 1e-9);
  }
}

TEST(ONNXWindow, TransposedConvolutionsOfAnyKind) {
  for (unsigned Seed = 0; Seed < 150; ++Seed) {
    Dice D(Seed);
    RandomWindow W(D, true);
    int64_t MapsPerGroup = W.Maps / W.Groups;
    Dense X = D.tensor(W.shape(W.Channels, W.From));
    Dense K = D.tensor(join({W.Channels, MapsPerGroup}, W.Kernel));
    Dense B = D.tensor({W.Maps});
    Dims Extra, To;
    for (size_t I = 0; I < W.Rank; ++I) {
      Extra.push_back(D.from(0, W.Strides[I] - 1));
      To.push_back(W.Strides[I] * (W.From[I] - 1) + Extra[I] + W.reach(I) -
                   W.Pads[I] - W.Pads[I + W.Rank]);
      if (To[I] < 1) {
        W.Pads[I] = W.Pads[I + W.Rank] = 0;
        To[I] = W.Strides[I] * (W.From[I] - 1) + Extra[I] + W.reach(I);
      }
    }
    OneNode M("ConvTranspose", X.Shape, 11);
    M.operand(K).operand(B).attribute("group", W.Groups);
    M.attribute("output_padding", Extra);
    W.describe(M);
    // Every element of the operand is spread over the window that it opens.
    Dense Y(W.shape(W.Maps, To));
    forEach(Y.Shape, [&](const Dims &At) { Y.at(At) = B.at({At[1]}); });
    forEach(X.Shape, [&](const Dims &At) {
      int64_t Group = At[1] / (W.Channels / W.Groups);
      forEach(tail(K.Shape, 1), [&](const Dims &Tap) {
        Dims Out = join({At[0], Group * MapsPerGroup + Tap[0]},
                        W.tap(tail(At, 2), tail(Tap, 1)));
        if (Y.inside(Out))
          Y.at(Out) += X.at(At) * K.at(join({At[1]}, Tap));
      });
    });
    SCOPED_TRACE(Seed);
    M.expect({X}, {Y}, 1e-9);
  }
}

TEST(ONNXWindow, PoolsOfAnyKind) {
  for (unsigned Seed = 0; Seed < 300; ++Seed) {
    Dice D(Seed);
    bool Max = Seed % 2;
    RandomWindow W(D, Max);
    bool CountPads = D.from(0, 1) != 0;
    Dense X = D.tensor(W.shape(W.Channels, W.From));
    OneNode M(Max ? "MaxPool" : "AveragePool", X.Shape, 11);
    M.attribute("kernel_shape", W.Kernel);
    if (!Max && CountPads)
      M.attribute("count_include_pad", int64_t{1});
    W.describe(M);
    Dense Y(W.shape(W.Channels, W.to()));
    forEach(Y.Shape, [&](const Dims &At) {
      double Sum = 0, Most = -INFINITY, Count = 0;
      forEach(W.Kernel, [&](const Dims &Tap) {
        Dims From = join({At[0], At[1]}, W.tap(tail(At, 2), Tap));
        if (X.inside(From)) {
          Sum += X.at(From);
          Most = std::max(Most, X.at(From));
        }
        Count += X.inside(From) || CountPads;
      });
      Y.at(At) = Max ? Most : Sum / Count;
    });
    SCOPED_TRACE(Seed);
    M.expect({X}, {Y}, 1e-9);
  }
}

TEST(ONNXWindow, PadsAreChosenByName) {
  // 1 2 3 4 5 under a window of 2 with stride 2: three windows, one pad.
  Dense X({1, 1, 5});
  X.Data = {1, 2, 3, 4, 5};
  auto Check = [&](const char *How, const Vector &Want) {
    OneNode M("MaxPool", X.Shape, 11);
    M.attribute("kernel_shape", Dims{2}).attribute("strides", Dims{2});
    M.attribute("auto_pad", How);
    Dense Y({1, 1, static_cast<int64_t>(Want.size())});
    Y.Data = Want;
    M.expect({X}, {Y});
  };
  Check("VALID", {2, 4});
  Check("SAME_UPPER", {2, 4, 5});
  Check("SAME_LOWER", {1, 3, 5});
  OneNode Ceil("MaxPool", X.Shape, 11);
  Ceil.attribute("kernel_shape", Dims{2}).attribute("strides", Dims{2});
  Ceil.attribute("ceil_mode", int64_t{1});
  Dense Y({1, 1, 3});
  Y.Data = {2, 4, 5};
  Ceil.expect({X}, {Y});
}

TEST(ONNXWindow, GlobalAndLpPools) {
  Dice D(1);
  Dense X = D.tensor({2, 3, 2, 2});
  Dense Mean({2, 3, 1, 1}), Most({2, 3, 1, 1}), One({2, 3, 1, 1});
  for (size_t I = 0; I < 6; ++I) {
    const double *V = &X.Data[4 * I];
    Mean.Data[I] = (V[0] + V[1] + V[2] + V[3]) / 4;
    Most.Data[I] = std::max({V[0], V[1], V[2], V[3]});
    for (size_t K = 0; K < 4; ++K)
      One.Data[I] += std::fabs(V[K]);
  }
  OneNode("GlobalAveragePool", X.Shape).expect({X}, {Mean});
  OneNode("GlobalMaxPool", X.Shape).expect({X}, {Most});
  OneNode("GlobalLpPool", X.Shape)
      .attribute("p", int64_t{1})
      .expect({X}, {One});
  OneNode("LpPool", X.Shape)
      .attribute("p", int64_t{1})
      .attribute("kernel_shape", Dims{2, 2})
      .expect({X}, {One});
  OneNode("GlobalLpPool", X.Shape).refuses("of a power other than 1");
}

TEST(ONNXWindow, WhatDoesNotFitIsRefused) {
  Dice D(1);
  Dense K = D.tensor({2, 2, 3, 3});
  OneNode("Conv", {1, 3, 8, 8}).operand(K).refuses("cannot convolve");
  OneNode("Conv", {1, 2, 2, 8}).operand(K).refuses("does not fit into");
  OneNode("Conv", {1, 2, 8}).operand(K).refuses("does not fit the shape");
  OneNode("Conv", {1, 2, 8, 8})
      .operand(K)
      .attribute("strides", Dims{0, 1})
      .refuses("do not fit a window");
  OneNode("Conv", {1, 2, 8, 8})
      .operand(K)
      .attribute("auto_pad", "AROUND")
      .refuses("'AROUND' is no way of padding");
  OneNode("Conv", {1, 2, 8, 8})
      .input("w", K.Shape)
      .refuses("Conv with computed weights");
  OneNode("MaxPool", {1, 2, 8, 8}).refuses("expected a kernel_shape");
  // Huge windows cost nothing before they are refused.
  OneNode("AveragePool", {1, 1, 8})
      .attribute("kernel_shape", Dims{2147483647})
      .attribute("pads", Dims{2147483646, 2147483646})
      .refuses("[model-too-large]");
  OneNode("MaxPool", {1, 1, 8})
      .attribute("kernel_shape", Dims{2})
      .attribute("pads", Dims{4, 0})
      .refuses("a window lies in the padding");
}
