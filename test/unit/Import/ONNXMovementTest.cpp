//===- ONNXMovementTest.cpp - Operators that move elements -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXReference.h"

#include <algorithm>
#include <numeric>

using namespace nn2crn;
using namespace nn2crn::test;

TEST(ONNXMovement, Transpose) {
  for (unsigned Seed = 0; Seed < 40; ++Seed) {
    Dice D(Seed);
    Dense X = D.tensor(D.shape(static_cast<size_t>(D.from(1, 5)), 4));
    Dims Perm(X.Shape.size());
    std::iota(Perm.begin(), Perm.end(), 0);
    bool Given = Seed % 4 != 0;
    Given ? std::shuffle(Perm.begin(), Perm.end(), D.Random)
          : std::reverse(Perm.begin(), Perm.end());
    Dims Shape;
    for (int64_t Axis : Perm)
      Shape.push_back(X.Shape[static_cast<size_t>(Axis)]);
    Dense Y(Shape);
    forEach(Shape, [&](const Dims &At) {
      Dims From(At.size());
      for (size_t I = 0; I < At.size(); ++I)
        From[static_cast<size_t>(Perm[I])] = At[I];
      Y.at(At) = X.at(From);
    });
    OneNode M("Transpose", X.Shape);
    if (Given)
      M.attribute("perm", Perm);
    M.expect({X}, {Y}, 0);
  }
  OneNode("Transpose", {2, 3}).attribute("perm", Dims{0, 0}).refuses("twice");
  OneNode("Transpose", {2, 3}).attribute("perm", Dims{0}).refuses("1 axes");
}

TEST(ONNXMovement, SlicesInAllForms) {
  for (unsigned Seed = 0; Seed < 100; ++Seed) {
    Dice D(Seed);
    Dense X = D.tensor(D.shape(3, 6));
    int64_t Axis = D.from(0, 2), Extent = X.Shape[static_cast<size_t>(Axis)];
    // Positions that Python's range would give.
    int64_t Step = D.from(0, 1) ? D.from(1, 3) : -D.from(1, 3);
    int64_t First = D.from(0, Extent - 1), Count = 0;
    Dims Columns;
    for (int64_t At = First; At >= 0 && At < Extent && Count < 4; At += Step) {
      Columns.push_back(At);
      ++Count;
    }
    int64_t End = First + Count * Step;
    // Beyond the ends the greatest and least numbers mean "all there is".
    if (End >= Extent)
      End = INT64_MAX;
    else if (End < 0)
      End = INT64_MIN;
    int64_t Start = D.from(0, 1) ? First : First - Extent;
    Dims Shape = X.Shape;
    Shape[static_cast<size_t>(Axis)] = static_cast<int64_t>(Columns.size());
    Dense Y(Shape);
    forEach(Shape, [&](Dims At) {
      Dims To = At;
      At[static_cast<size_t>(Axis)] =
          Columns[static_cast<size_t>(At[static_cast<size_t>(Axis)])];
      Y.at(To) = X.at(At);
    });
    SCOPED_TRACE(Seed);
    if (Step == 1 && D.from(0, 1)) {
      OneNode M("Slice", X.Shape, 9);
      M.attribute("starts", Dims{Start}).attribute("ends", Dims{End});
      M.attribute("axes", Dims{Axis});
      M.expect({X}, {Y}, 0);
      continue;
    }
    OneNode M("Slice", X.Shape);
    M.operand(Dims{Start}).operand(Dims{End});
    M.operand(Dims{D.from(0, 1) ? Axis : Axis - 3}).operand(Dims{Step});
    M.expect({X}, {Y}, 0);
  }
  OneNode Empty("Slice", {3, 4});
  Empty.operand(Dims{2}).operand(Dims{2}).refuses("has no elements");
  OneNode Zero("Slice", {3, 4});
  Zero.operand(Dims{0}).operand(Dims{2}).operand(Dims{0}).operand(Dims{0});
  Zero.refuses("a step is 0");
}

TEST(ONNXMovement, PadsInAllModes) {
  for (unsigned Seed = 0; Seed < 80; ++Seed) {
    Dice D(Seed);
    Dense X = D.tensor(D.shape(2, 5));
    const char *Modes[] = {"constant", "edge", "reflect"};
    const char *Mode = Modes[Seed % 3];
    Dims Pads, Shape = X.Shape;
    for (size_t I = 0; I < 4; ++I)
      Pads.push_back(D.from(0, X.Shape[I % 2] - 1));
    if (Seed % 3 == 0 && X.Shape[0] > 1)
      Pads[0] = -1; // Cuts.
    for (size_t I = 0; I < 2; ++I)
      Shape[I] += Pads[I] + Pads[I + 2];
    Dense Y(Shape);
    forEach(Shape, [&](const Dims &At) {
      Dims From{At[0] - Pads[0], At[1] - Pads[1]};
      bool Inside = X.inside(From);
      for (size_t I = 0; I < 2; ++I) {
        int64_t Last = X.Shape[I] - 1;
        if (Seed % 3 == 1)
          From[I] = std::clamp<int64_t>(From[I], 0, Last);
        if (Seed % 3 == 2)
          From[I] = From[I] < 0      ? -From[I]
                    : From[I] > Last ? 2 * Last - From[I]
                                     : From[I];
      }
      Y.at(At) = Inside || Seed % 3 != 0 ? X.at(From) : 2.5;
    });
    Dense Fill;
    Fill.Data = {2.5};
    SCOPED_TRACE(Seed);
    if (D.from(0, 1)) {
      OneNode("Pad", X.Shape, 13)
          .attribute("mode", Mode)
          .operand(Pads)
          .operand(Fill)
          .expect({X}, {Y}, 0);
    } else {
      OneNode("Pad", X.Shape, D.from(0, 1) ? 10 : 2)
          .attribute("mode", Mode)
          .attribute("pads", Pads)
          .attribute("value", 2.5f)
          .expect({X}, {Y}, 0);
    }
  }
  OneNode("Pad", {2, 2}, 1)
      .attribute("paddings", Dims{0, 0, 0, 1})
      .expect({Dice(1).tensor({2, 2})}, {[] {
                Dense X = Dice(1).tensor({2, 2}), Y({2, 3});
                Y.Data = {X.Data[0], X.Data[1], 0, X.Data[2], X.Data[3], 0};
                return Y;
              }()},
              0);
  OneNode("Pad", {2, 2}).operand(Dims{1, 1}).refuses("expected 4 sizes");
}

TEST(ONNXMovement, ConcatSplitAndTile) {
  for (unsigned Seed = 0; Seed < 40; ++Seed) {
    Dice D(Seed);
    Dims Shape = D.shape(3, 4);
    auto Axis = static_cast<size_t>(D.from(0, 2));
    Dims Other = Shape;
    Other[Axis] = D.from(1, 3);
    Dense A = D.tensor(Shape), B = D.tensor(Other), C = D.tensor(Shape);
    Dims All = Shape;
    All[Axis] = 2 * Shape[Axis] + Other[Axis];
    Dense Y(All);
    forEach(All, [&](const Dims &At) {
      Dims From = At;
      const Dense *T = &A;
      for (const Dense *Next : {&B, &C})
        if (From[Axis] >= T->Shape[Axis]) {
          From[Axis] -= T->Shape[Axis];
          T = Next;
        }
      Y.at(At) = T->at(From);
    });
    OneNode M("Concat", A.Shape);
    M.operand(B).input("c", C.Shape);
    M.attribute("axis", static_cast<int64_t>(Axis) - (D.from(0, 1) ? 3 : 0));
    M.expect({A, C}, {Y}, 0);
    // And back again: the whole into its parts.
    OneNode S("Split", All, 11, 3);
    S.attribute("axis", static_cast<int64_t>(Axis));
    S.attribute("split", Dims{Shape[Axis], Other[Axis], Shape[Axis]});
    S.expect({Y}, {A, B, C}, 0);
    Dims Repeats = D.shape(3, 3), Tiled = Shape;
    for (size_t I = 0; I < 3; ++I)
      Tiled[I] *= Repeats[I];
    Dense T(Tiled);
    forEach(Tiled, [&](const Dims &At) {
      T.at(At) = A.at({At[0] % Shape[0], At[1] % Shape[1], At[2] % Shape[2]});
    });
    OneNode("Tile", Shape).operand(Repeats).expect({A}, {T}, 0);
  }
  OneNode("Split", {5}, 13, 2)
      .attribute("axis", int64_t{0})
      .refuses("cannot split [5] into 2 equal parts");
  Dense X = Dice(3).tensor({5}), First({3}), Second({2});
  First.Data.assign(X.Data.begin(), X.Data.begin() + 3);
  Second.Data.assign(X.Data.begin() + 3, X.Data.end());
  OneNode("Split", {5}, 18, 2)
      .attribute("num_outputs", int64_t{2})
      .expect({X}, {First, Second}, 0);
}

TEST(ONNXMovement, GatherAndScatter) {
  for (unsigned Seed = 0; Seed < 40; ++Seed) {
    Dice D(Seed);
    Dense X = D.tensor(D.shape(3, 4)), Index(D.shape(2, 3));
    auto Axis = static_cast<size_t>(D.from(0, 2));
    int64_t Extent = X.Shape[Axis];
    for (double &V : Index.Data)
      V = static_cast<double>(D.from(-Extent, Extent - 1));
    auto Wrapped = [Extent](double V) {
      return static_cast<int64_t>(V) + (V < 0 ? Extent : 0);
    };
    Dims Shape(X.Shape.begin(), X.Shape.begin() + static_cast<ptrdiff_t>(Axis));
    Shape.insert(Shape.end(), Index.Shape.begin(), Index.Shape.end());
    Shape.insert(Shape.end(),
                 X.Shape.begin() + static_cast<ptrdiff_t>(Axis) + 1,
                 X.Shape.end());
    Dense Y(Shape);
    forEach(Shape, [&](const Dims &At) {
      Dims From;
      for (size_t I = 0; I < Axis; ++I)
        From.push_back(At[I]);
      From.push_back(Wrapped(Index.at({At[Axis], At[Axis + 1]})));
      for (size_t I = Axis + 2; I < At.size(); ++I)
        From.push_back(At[I]);
      Y.at(At) = X.at(From);
    });
    OneNode("Gather", X.Shape)
        .integers(Index)
        .attribute("axis", static_cast<int64_t>(Axis))
        .expect({X}, {Y}, 0);
    // Element by element, and the same places written to.
    Dense Each(X.Shape);
    Each.Shape[Axis] = 1;
    Each = Dense(Each.Shape);
    for (double &V : Each.Data)
      V = static_cast<double>(D.from(-Extent, Extent - 1));
    Dense Taken(Each.Shape), Updates = D.tensor(Each.Shape), Set = X, Added = X;
    forEach(Each.Shape, [&](const Dims &At) {
      Dims Place = At;
      Place[Axis] = Wrapped(Each.at(At));
      Taken.at(At) = X.at(Place);
      Set.at(Place) = Updates.at(At);
      Added.at(Place) += Updates.at(At);
    });
    auto A = static_cast<int64_t>(Axis);
    OneNode("GatherElements", X.Shape)
        .integers(Each)
        .attribute("axis", A)
        .expect({X}, {Taken}, 0);
    OneNode("ScatterElements", X.Shape)
        .integers(Each)
        .operand(Updates)
        .attribute("axis", A)
        .expect({X}, {Set}, 0);
    OneNode("ScatterElements", X.Shape, 16)
        .integers(Each)
        .input("u", Updates.Shape)
        .attribute("axis", A)
        .attribute("reduction", "add")
        .expect({X, Updates}, {Added}, 0);
  }
  Dense Beyond({1});
  Beyond.Data = {7};
  OneNode("Gather", {3}).integers(Beyond).refuses("is beyond an axis");
}

TEST(ONNXMovement, BlocksAndDepth) {
  Dice D(5);
  Dense X = D.tensor({2, 8, 2, 3});
  for (const char *Mode : {"DCR", "CRD"}) {
    Dense Y({2, 2, 4, 6});
    forEach(Y.Shape, [&](const Dims &At) {
      int64_t Row = At[2] % 2, Column = At[3] % 2;
      int64_t Channel = std::string(Mode) == "DCR"
                            ? (Row * 2 + Column) * 2 + At[1]
                            : At[1] * 4 + Row * 2 + Column;
      Y.at(At) = X.at({At[0], Channel, At[2] / 2, At[3] / 2});
    });
    OneNode("DepthToSpace", X.Shape)
        .attribute("blocksize", int64_t{2})
        .attribute("mode", Mode)
        .expect({X}, {Y}, 0);
    if (std::string(Mode) == "DCR")
      OneNode("SpaceToDepth", Y.Shape)
          .attribute("blocksize", int64_t{2})
          .expect({Y}, {X}, 0);
  }
  OneNode("DepthToSpace", {1, 6, 2, 2})
      .attribute("blocksize", int64_t{2})
      .refuses("blocks of 2 do not fit");
  OneNode("DepthToSpace", {1, 4, 2, 2})
      .attribute("blocksize", int64_t{0})
      .refuses("blocks of 0 do not fit");
}

TEST(ONNXMovement, RenamingsExpandAndWhere) {
  Dice D(2);
  Dense X = D.tensor({2, 1, 3});
  auto Renamed = [&](Dims Shape) {
    Dense Y(std::move(Shape));
    Y.Data = X.Data;
    return Y;
  };
  OneNode("Squeeze", X.Shape).expect({X}, {Renamed({2, 3})}, 0);
  OneNode("Squeeze", X.Shape)
      .operand(Dims{-2})
      .expect({X}, {Renamed({2, 3})}, 0);
  OneNode("Squeeze", X.Shape, 11)
      .attribute("axes", Dims{1})
      .expect({X}, {Renamed({2, 3})}, 0);
  OneNode("Squeeze", X.Shape).operand(Dims{0}).refuses("its length is not 1");
  OneNode("Unsqueeze", X.Shape)
      .operand(Dims{3, 0})
      .expect({X}, {Renamed({1, 2, 1, 1, 3})}, 0);
  OneNode("Unsqueeze", X.Shape, 1)
      .attribute("axes", Dims{1})
      .expect({X}, {Renamed({2, 1, 1, 3})}, 0);
  OneNode("Reshape", X.Shape, 1)
      .attribute("shape", Dims{3, -1})
      .expect({X}, {Renamed({3, 2})}, 0);
  Dense Y({4, 2, 2, 3}), Z({2, 2, 3});
  forEach(Y.Shape, [&](const Dims &At) { Y.at(At) = X.at({At[1], 0, At[3]}); });
  OneNode("Expand", X.Shape).operand(Dims{4, 1, 2, 1}).expect({X}, {Y}, 0);
  OneNode("Expand", X.Shape).operand(Dims{4, 2}).refuses("cannot expand");
  OneNode M("Where", X.Shape);
  Dense Condition({2, 1}), Other = D.tensor({2, 2, 3});
  Condition.Data = {1, 0};
  M.N.clear_input();
  M.integers(Condition, onnx::TensorProto::BOOL);
  M.N.add_input("x");
  M.operand(Other);
  forEach(Z.Shape, [&](const Dims &At) {
    Z.at(At) = At[1] == 0 ? X.at({At[0], 0, At[2]}) : Other.at(At);
  });
  M.expect({X}, {Z}, 0);
}

TEST(ONNXMovement, HugeResultsAreRefusedBeforeTheyAreMade) {
  Dims Huge{1 << 30, 1 << 30};
  OneNode("Expand", {1, 1}).operand(Huge).refuses("[model-too-large]");
  OneNode("Tile", {1, 1}).operand(Huge).refuses("[model-too-large]");
  OneNode("Tile", {1, 1})
      .operand(Dims{0, 1 << 30})
      .refuses("[model-too-large]");
  OneNode("Pad", {1})
      .operand(Dims{1 << 30, 1 << 30})
      .refuses("[model-too-large]");
  OneNode("Reshape", {4}).operand(Huge).refuses("cannot reshape");
  OneNode("Expand", {1}).operand(Dims(65, 1)).refuses("has 65 axes");
  Dense Sizes({2});
  Sizes.Data = {1e6, 1e9};
  OneNode("Resize", {1, 1})
      .missing()
      .operand(Sizes)
      .refuses("[model-too-large]");
}
