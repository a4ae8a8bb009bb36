//===- ONNXWindow.cpp - Convolutions and pools ----------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A window of any number of axes is a list of taps for each axis: which
// position of the operand meets which position of the kernel. Convolutions and
// their transposes differ in that list alone; an average is a product of one
// matrix an axis; a maximum goes axis by axis, which takes fewer comparisons.
//
//===----------------------------------------------------------------------===//

#include "ONNXOperator.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;
using namespace nn2crn::onnxreader;

struct Operator::Window {
  Shape Kernel, Strides, Dilations, Begin, End;
  /// Extents of the operand and of the result.
  Shape From, To;
  int64_t Groups = 1;

  size_t rank() const { return Kernel.size(); }
  /// How far the kernel reaches along an axis.
  int64_t reach(size_t Axis) const {
    return (Kernel[Axis] - 1) * Dilations[Axis] + 1;
  }
};

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

bool Operator::readWindow(const Tensor &T, const Shape &Kernel, Window &W) {
  size_t Rank = Kernel.size();
  auto Fail = [&](DiagId Id, std::string Message) {
    fail(Id, std::move(Message));
    return false;
  };
  if (T.Dims.size() != Rank + 2 || Rank == 0)
    return Fail(DiagId::ShapeMismatch,
                "a window of " + std::to_string(Rank) +
                    " axes does not fit the shape " + dimsText(T.Dims) +
                    " of a batch, channels and as many axes");
  W.Kernel = Kernel;
  W.From.assign(T.Dims.begin() + 2, T.Dims.end());
  W.Strides.assign(Rank, 1);
  W.Dilations.assign(Rank, 1);
  Shape Pads(2 * Rank), Said = Kernel;
  auto Groups = integer("group", 1), Ceil = integer("ceil_mode", 0);
  auto Auto = text("auto_pad", "NOTSET");
  if (!Groups || !Ceil || !Auto || !integers("strides", W.Strides) ||
      !integers("dilations", W.Dilations) || !integers("pads", Pads) ||
      !integers("kernel_shape", Said))
    return false;
  W.Groups = *Groups;
  auto Positive = [](const Shape &S) {
    return std::ranges::all_of(
        S, [](int64_t V) { return V >= 1 && V <= INT32_MAX; });
  };
  if (W.Strides.size() != Rank || W.Dilations.size() != Rank ||
      Pads.size() != 2 * Rank || Said != Kernel || !Positive(W.Strides) ||
      !Positive(W.Dilations) || !Positive(Kernel) || W.Groups < 1 ||
      W.Groups > INT32_MAX)
    return Fail(DiagId::BadAttribute,
                "kernel " + dimsText(Said) + ", strides " +
                    dimsText(W.Strides) + ", dilations " +
                    dimsText(W.Dilations) + " and pads " + dimsText(Pads) +
                    " do not fit a window of " + dimsText(Kernel));
  if (*Auto != "NOTSET" && *Auto != "VALID" && *Auto != "SAME_UPPER" &&
      *Auto != "SAME_LOWER")
    return Fail(DiagId::BadAttribute,
                "'" + printable(*Auto) + "' is no way of padding");
  bool Same = Auto->starts_with("SAME");
  for (size_t Axis = 0; Axis < Rank; ++Axis) {
    int64_t Step = W.Strides[Axis], In = W.From[Axis], Reach = W.reach(Axis);
    int64_t Begin = *Auto == "NOTSET" ? Pads[Axis] : 0;
    int64_t End = *Auto == "NOTSET" ? Pads[Axis + Rank] : 0;
    if (Same) {
      int64_t Out = (In + Step - 1) / Step;
      int64_t Total = std::max<int64_t>((Out - 1) * Step + Reach - In, 0);
      Begin = *Auto == "SAME_UPPER" ? Total / 2 : Total - Total / 2;
      End = Total - Begin;
    }
    int64_t Room = In + Begin + End - Reach;
    int64_t Out = Room < 0 ? 0 : (Room + (*Ceil ? Step - 1 : 0)) / Step + 1;
    // With ceil_mode no window may begin in the padding at the end.
    if (*Ceil && Out > 0 && (Out - 1) * Step >= In + Begin)
      --Out;
    if (Out < 1)
      return Fail(DiagId::ShapeMismatch, "a window of " + dimsText(Kernel) +
                                             " does not fit into the shape " +
                                             dimsText(T.Dims));
    W.Begin.push_back(Begin);
    W.End.push_back(End);
    W.To.push_back(Out);
  }
  return true;
}

bool Operator::readTransposed(const Tensor &T, const Shape &Kernel, Window &W) {
  size_t Rank = Kernel.size();
  Shape Extra(Rank), Wanted;
  auto Auto = text("auto_pad", "NOTSET");
  // Checks what both kinds of convolution have in common. The result of a
  // window over a tensor large enough does not matter here.
  Tensor Large = T;
  for (size_t Axis = 2; Axis < Large.Dims.size(); ++Axis)
    Large.Dims[Axis] = int64_t{1} << 61;
  if (!Auto || !readWindow(Large, Kernel, W) ||
      !integers("output_padding", Extra) || !integers("output_shape", Wanted))
    return false;
  W.From.assign(T.Dims.begin() + 2, T.Dims.end());
  // It may name the batch and the channels as well.
  if (Wanted.size() == Rank + 2)
    Wanted.erase(Wanted.begin(), Wanted.begin() + 2);
  bool Same = Auto->starts_with("SAME");
  if (Extra.size() != Rank || (!Wanted.empty() && Wanted.size() != Rank) ||
      std::ranges::any_of(Extra, [](int64_t V) { return V < 0; })) {
    fail(DiagId::BadAttribute,
         "output_padding " + dimsText(Extra) + " and output_shape " +
             dimsText(Wanted) + " do not fit a window of " + dimsText(Kernel));
    return false;
  }
  for (size_t Axis = 0; Axis < Rank; ++Axis) {
    int64_t Whole =
        W.Strides[Axis] * (W.From[Axis] - 1) + Extra[Axis] + W.reach(Axis);
    if (!Wanted.empty() || Same) {
      W.To[Axis] =
          Wanted.empty() ? W.From[Axis] * W.Strides[Axis] : Wanted[Axis];
      // What is wanted beyond the whole stays empty.
      int64_t Total = std::max<int64_t>(Whole - W.To[Axis], 0);
      W.Begin[Axis] = *Auto == "SAME_UPPER" ? Total / 2 : Total - Total / 2;
    } else {
      W.To[Axis] = Whole - W.Begin[Axis] - W.End[Axis];
    }
    if (W.To[Axis] < 1) {
      fail(DiagId::ShapeMismatch, "nothing is left between the pads of axis " +
                                      std::to_string(Axis + 2));
      return false;
    }
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

Tensor Operator::convolved(const Window &W, int64_t Maps, bool Transposed) {
  const Tensor &X = *In[0];
  const Constant *Weights = constantOperand(1, "weights");
  const Constant *Bias = has(2) ? constantOperand(2, "bias") : nullptr;
  if (!Weights || (has(2) && !Bias) || !mayCompute(X))
    return {};
  int64_t Channels = X.Dims[1], PerGroup = Channels / W.Groups;
  int64_t MapsPerGroup = Maps / W.Groups;
  if (Bias && static_cast<int64_t>(Bias->Data.size()) != Maps)
    return mismatch("add a bias to", X, *In[2]);
  Shape Dims{X.Dims[0], Maps};
  Dims.insert(Dims.end(), W.To.begin(), W.To.end());
  uint64_t Kernel = elementsOf(W.Kernel), Entries = elementsOf(Dims);
  for (uint64_t Factor : {static_cast<uint64_t>(PerGroup), Kernel})
    if (__builtin_mul_overflow(Entries, Factor, &Entries))
      Entries = UINT64_MAX;
  if (!fits(Dims, Entries))
    return {};

  // For each axis and position of the result the taps: position of the operand
  // and of the kernel, the former ascending.
  struct Tap {
    uint32_t From, Kernel;
  };
  std::vector<std::vector<Tap>> Spatial{{{0, 0}}};
  for (size_t Axis = 0; Axis < W.rank(); ++Axis) {
    std::vector<std::vector<Tap>> Own(static_cast<size_t>(W.To[Axis]));
    for (int64_t Out = 0; Out < W.To[Axis]; ++Out)
      for (int64_t I = 0; I < W.Kernel[Axis]; ++I) {
        // Backwards in the transpose, so that positions ascend.
        int64_t K = Transposed ? W.Kernel[Axis] - 1 - I : I;
        int64_t At =
            Out * W.Strides[Axis] - W.Begin[Axis] + K * W.Dilations[Axis];
        if (Transposed) {
          At = Out + W.Begin[Axis] - K * W.Dilations[Axis];
          if (At % W.Strides[Axis] != 0)
            continue;
          At /= W.Strides[Axis];
        }
        if (At >= 0 && At < W.From[Axis])
          Own[static_cast<size_t>(Out)].push_back(
              {static_cast<uint32_t>(At), static_cast<uint32_t>(K)});
      }
    auto Extent = static_cast<uint32_t>(W.From[Axis]);
    auto Size = static_cast<uint32_t>(W.Kernel[Axis]);
    std::vector<std::vector<Tap>> Next;
    for (const auto &Outer : Spatial)
      for (const auto &Inner : Own) {
        auto &Both = Next.emplace_back();
        for (Tap A : Outer)
          for (Tap B : Inner)
            Both.push_back(
                {A.From * Extent + B.From, A.Kernel * Size + B.Kernel});
      }
    Spatial = std::move(Next);
  }

  auto Plane = static_cast<uint32_t>(elementsOf(W.From));
  SparseMatrix M(static_cast<uint32_t>(elementsOf(X.Dims)));
  M.reserve(elementsOf(Dims), 0);
  std::vector<double> Sum;
  for (int64_t Case = 0; Case < X.Dims[0]; ++Case)
    for (int64_t Map = 0; Map < Maps; ++Map) {
      int64_t Group = Map / MapsPerGroup;
      for (const auto &Taps : Spatial) {
        for (int64_t C = 0; C < PerGroup; ++C) {
          int64_t Channel = Group * PerGroup + C;
          auto Start = static_cast<uint32_t>(Case * Channels + Channel) * Plane;
          // Weights are [maps, channels of a group, ...], and the other way
          // round in the transpose.
          auto Block = static_cast<uint64_t>(
              Transposed ? Channel * MapsPerGroup + Map % MapsPerGroup
                         : Map * PerGroup + C);
          for (Tap T : Taps)
            M.add(Start + T.From, Weights->Data[Block * Kernel + T.Kernel]);
        }
        M.endRow();
        if (Bias)
          Sum.push_back(Bias->Data[static_cast<size_t>(Map)]);
      }
    }
  std::vector<Term> Terms;
  Terms.push_back({&X, std::move(M)});
  return affine(std::move(Dims), X.Type, std::move(Terms), std::move(Sum));
}

Tensor Operator::conv() {
  const Tensor &X = *In[0], &K = *In[1];
  Window W;
  if (K.Dims.size() < 3)
    return mismatch("convolve", X, K);
  if (!readWindow(X, Shape(K.Dims.begin() + 2, K.Dims.end()), W))
    return {};
  if (X.Dims[1] != K.Dims[1] * W.Groups || K.Dims[0] % W.Groups != 0)
    return mismatch("convolve", X, K);
  return convolved(W, K.Dims[0], false);
}

Tensor Operator::convTranspose() {
  const Tensor &X = *In[0], &K = *In[1];
  Window W;
  if (K.Dims.size() < 3)
    return mismatch("convolve", X, K);
  if (!readTransposed(X, Shape(K.Dims.begin() + 2, K.Dims.end()), W))
    return {};
  if (X.Dims[1] != K.Dims[0] || X.Dims[1] % W.Groups != 0 ||
      W.Groups > UINT16_MAX)
    return mismatch("convolve", X, K);
  return convolved(W, K.Dims[1] * W.Groups, true);
}

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

bool Operator::readPool(const Tensor &T, Window &W) {
  Shape Kernel;
  if (!integers("kernel_shape", Kernel))
    return false;
  if (Kernel.empty()) {
    fail(DiagId::BadAttribute, "expected a kernel_shape, found none");
    return false;
  }
  return readWindow(T, Kernel, W);
}

std::vector<AxisMap> Operator::windowMaps(const Tensor &T, const Window &W,
                                          bool Average, bool CountPads) {
  Shape Dims(T.Dims.begin(), T.Dims.begin() + 2);
  Dims.insert(Dims.end(), W.To.begin(), W.To.end());
  std::vector<AxisMap> Maps(2);
  for (size_t Axis = 0; Axis < W.rank(); ++Axis) {
    uint64_t Taps;
    if (__builtin_mul_overflow(static_cast<uint64_t>(W.To[Axis]),
                               static_cast<uint64_t>(W.Kernel[Axis]), &Taps))
      Taps = UINT64_MAX;
    if (!fits(Dims, Taps))
      return {};
    SparseMatrix M(static_cast<uint32_t>(W.From[Axis]));
    for (int64_t Out = 0; Out < W.To[Axis]; ++Out) {
      int64_t First = Out * W.Strides[Axis] - W.Begin[Axis];
      std::vector<uint32_t> Seen;
      int64_t Counted = 0;
      for (int64_t K = 0; K < W.Kernel[Axis]; ++K) {
        int64_t At = First + K * W.Dilations[Axis];
        bool Inside = At >= 0 && At < W.From[Axis];
        Counted += CountPads ? At < W.From[Axis] + W.End[Axis] : Inside;
        if (Inside)
          Seen.push_back(static_cast<uint32_t>(At));
      }
      if (Seen.empty() && !CountPads) {
        fail(DiagId::ShapeMismatch, "a window lies in the padding",
             {"pad less than the window is wide"});
        return {};
      }
      for (uint32_t At : Seen)
        M.add(At, Average ? 1 / static_cast<double>(Counted) : 1);
      M.endRow();
    }
    Maps.emplace_back(std::move(M));
  }
  return Maps;
}

Tensor Operator::averagePool() {
  Window W;
  auto CountPads = integer("count_include_pad", 0);
  if (!CountPads || !mayCompute(*In[0]) || !readPool(*In[0], W))
    return {};
  auto Maps = windowMaps(*In[0], W, true, *CountPads != 0);
  return Maps.empty() ? Tensor() : along(*In[0], Maps);
}

Tensor Operator::lpPool() {
  // A number with a fraction in set 1.
  const onnx::AttributeProto *P = attribute("p");
  double Power = !P ? 2 : P->has_f() ? P->f() : static_cast<double>(P->i());
  if (Power != 1)
    return refuse("of a power other than 1");
  if (!mayCompute(*In[0]) || In[0]->Dims.size() < 2)
    return In[0]->Dims.size() < 2 ? mismatch("pool", *In[0], *In[0]) : Tensor();
  Tensor X = sum(positive(*In[0]), 1, positive(scaled(*In[0], -1)), 1);
  if (X.S == Tensor::State::Broken)
    return {};
  if (N.op_type() == "GlobalLpPool") {
    std::vector<bool> Over(X.Dims.size(), true);
    Over[0] = Over[1] = false;
    return along(X, ones(X.Dims, Over, 1));
  }
  Window W;
  if (!readPool(X, W))
    return {};
  auto Maps = windowMaps(X, W, false, true);
  return Maps.empty() ? Tensor() : along(X, Maps);
}

Tensor Operator::maxPool() {
  Window W;
  if (!readPool(*In[0], W))
    return {};
  auto Maps = windowMaps(*In[0], W, false, false);
  if (Maps.empty())
    return {};
  // The last axis first; each axis in turn sees what is left of the others.
  Tensor X = *In[0];
  for (size_t Axis = Maps.size(); Axis-- > 2;) {
    if (X.S == Tensor::State::Broken)
      return {};
    std::vector<AxisMap> One(Maps.size());
    One[Axis] = std::move(Maps[Axis]);
    Shape Dims = X.Dims;
    Dims[Axis] = One[Axis]->rows();
    if (!fits(Dims, costAlongAxes(X.Dims, One).second))
      return {};
    X = greatest(X, Dims, alongAxes(X.Dims, One), 1);
  }
  return X;
}

Tensor Operator::globalPool() {
  const Tensor &X = *In[0];
  if (X.Dims.size() < 3)
    return fail(DiagId::ShapeMismatch,
                "expected a batch, channels and axes to pool over, found the "
                "shape " +
                    dimsText(X.Dims));
  std::vector<bool> Over(X.Dims.size(), true);
  Over[0] = Over[1] = false;
  uint64_t Count = elementsOf(Shape(X.Dims.begin() + 2, X.Dims.end()));
  bool Max = N.op_type() == "GlobalMaxPool";
  if (Count == 0 || (!Max && !mayCompute(X)))
    return Count == 0 ? mismatch("pool", X, X) : Tensor();
  auto Maps = ones(X.Dims, Over, Max ? 1 : 1 / static_cast<double>(Count));
  if (!Max)
    return along(X, Maps);
  Shape Dims = reducedShape(X.Dims, Over, true);
  if (!fits(Dims, elementsOf(X.Dims)))
    return {};
  return greatest(X, std::move(Dims), alongAxes(X.Dims, Maps), 1);
}
