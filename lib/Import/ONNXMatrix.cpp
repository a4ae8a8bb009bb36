//===- ONNXMatrix.cpp - Products and movement as matrices -------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXReader.h"

#include <algorithm>

using namespace nn2crn;
using namespace nn2crn::onnxreader;

std::string onnxreader::dimsText(const Shape &Dims) {
  std::string Text = "[";
  for (size_t I = 0; I < Dims.size(); ++I)
    Text += (I ? "," : "") + std::to_string(Dims[I]);
  return Text + ']';
}

uint64_t onnxreader::elementsOf(const Shape &Dims) {
  uint64_t Count = 1;
  for (int64_t Extent : Dims)
    if (__builtin_mul_overflow(Count, static_cast<uint64_t>(Extent), &Count))
      return UINT64_MAX;
  return Count;
}

std::optional<Shape> onnxreader::broadcast(const Shape &A, const Shape &B) {
  Shape Out(std::max(A.size(), B.size()));
  for (size_t I = 0; I < Out.size(); ++I) {
    // Axes are matched from the right; missing ones count as 1.
    int64_t InA = I < A.size() ? A[A.size() - 1 - I] : 1;
    int64_t InB = I < B.size() ? B[B.size() - 1 - I] : 1;
    if (InA != InB && InA != 1 && InB != 1)
      return std::nullopt;
    Out[Out.size() - 1 - I] = InA == 1 ? InB : InA;
  }
  return Out;
}

//===----------------------------------------------------------------------===//
// Movement
//===----------------------------------------------------------------------===//

std::vector<int64_t> onnxreader::stridesOf(const Shape &Dims) {
  std::vector<int64_t> Strides(Dims.size());
  int64_t Step = 1;
  for (size_t Axis = Dims.size(); Axis-- > 0;) {
    Strides[Axis] = Step;
    Step *= Dims[Axis];
  }
  return Strides;
}

std::vector<uint32_t> onnxreader::strided(const Shape &Dims,
                                          const std::vector<int64_t> &Strides,
                                          int64_t Offset) {
  std::vector<uint32_t> Index(elementsOf(Dims));
  Shape Position(Dims.size());
  int64_t At = Offset;
  for (uint32_t &Out : Index) {
    Out = static_cast<uint32_t>(At);
    // Counts up like an odometer, last axis first.
    for (size_t Axis = Dims.size(); Axis-- > 0;) {
      At += Strides[Axis];
      if (++Position[Axis] < Dims[Axis])
        break;
      At -= Strides[Axis] * Dims[Axis];
      Position[Axis] = 0;
    }
  }
  return Index;
}

std::vector<uint32_t> onnxreader::broadcastIndex(const Shape &From,
                                                 const Shape &To) {
  // A step along an axis that is repeated leads nowhere.
  std::vector<int64_t> Own = stridesOf(From), Strides(To.size());
  for (size_t I = 0; I < From.size(); ++I)
    if (From[I] != 1)
      Strides[To.size() - From.size() + I] = Own[I];
  return strided(To, Strides);
}

SparseMatrix onnxreader::selection(const std::vector<int64_t> &Columns,
                                   uint32_t Extent) {
  SparseMatrix M(Extent);
  M.reserve(Columns.size(), Columns.size());
  for (int64_t Column : Columns) {
    if (Column >= 0)
      M.add(static_cast<uint32_t>(Column), 1);
    M.endRow();
  }
  return M;
}

std::pair<uint64_t, uint64_t>
onnxreader::costAlongAxes(const Shape &From, const std::vector<AxisMap> &Maps) {
  uint64_t Rows = 1, Entries = 1;
  for (size_t Axis = 0; Axis < From.size(); ++Axis) {
    auto Extent = static_cast<uint64_t>(From[Axis]);
    uint64_t R = Maps[Axis] ? Maps[Axis]->rows() : Extent;
    uint64_t E = Maps[Axis] ? Maps[Axis]->entries() : Extent;
    if (__builtin_mul_overflow(Rows, R, &Rows))
      Rows = UINT64_MAX;
    if (__builtin_mul_overflow(Entries, E, &Entries))
      Entries = UINT64_MAX;
  }
  return {Rows, Entries};
}

SparseMatrix onnxreader::alongAxes(const Shape &From,
                                   const std::vector<AxisMap> &Maps) {
  size_t Rank = From.size();
  std::vector<int64_t> Strides = stridesOf(From);
  auto [Rows, Entries] = costAlongAxes(From, Maps);
  SparseMatrix Out(static_cast<uint32_t>(elementsOf(From)));
  Out.reserve(Rows, Entries);
  // The entries of a row grow axis by axis, in ascending order all the time.
  struct Partial {
    uint64_t Column;
    double Weight;
  };
  // Stage i holds the product of the rows at Position of the first i axes.
  std::vector<std::vector<Partial>> Stages(Rank + 1);
  Stages[0] = {{0, 1}};
  std::vector<uint32_t> Position(Rank), Extent(Rank);
  for (size_t Axis = 0; Axis < Rank; ++Axis)
    Extent[Axis] =
        Maps[Axis] ? Maps[Axis]->rows() : static_cast<uint32_t>(From[Axis]);
  size_t Changed = 0;
  for (uint64_t Row = 0; Row < Rows; ++Row) {
    for (size_t Axis = Changed; Axis < Rank; ++Axis) {
      auto &To = Stages[Axis + 1];
      To.clear();
      auto Stride = static_cast<uint64_t>(Strides[Axis]);
      for (const Partial &P : Stages[Axis]) {
        if (!Maps[Axis]) {
          To.push_back({P.Column + Position[Axis] * Stride, P.Weight});
          continue;
        }
        auto Columns = Maps[Axis]->columnsOf(Position[Axis]);
        auto Weights = Maps[Axis]->weightsOf(Position[Axis]);
        for (size_t I = 0; I < Columns.size(); ++I)
          To.push_back({P.Column + Columns[I] * Stride, P.Weight * Weights[I]});
      }
    }
    for (const Partial &P : Stages[Rank])
      Out.add(static_cast<uint32_t>(P.Column), P.Weight);
    Out.endRow();
    Changed = Rank;
    while (Changed-- > 0 && ++Position[Changed] == Extent[Changed])
      Position[Changed] = 0;
  }
  return Out;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

SparseMatrix onnxreader::productMatrix(const Product &P, bool WeightsLeft,
                                       std::span<const double> Weights,
                                       double Scale,
                                       uint32_t ActivationElements) {
  SparseMatrix Out(ActivationElements);
  size_t NonZero = 0;
  for (double W : Weights)
    NonZero += W != 0;
  // Every weight serves once for each element along the axes it lacks; where
  // leading axes repeat in part this is a guess.
  uint64_t Rows = P.OuterA.size() * P.M * P.N;
  uint64_t Uses = Rows * P.K / std::max<uint64_t>(Weights.size(), 1);
  Out.reserve(Rows, NonZero * Uses);
  for (size_t O = 0; O < P.OuterA.size(); ++O)
    for (uint64_t M = 0; M < P.M; ++M)
      for (uint64_t N = 0; N < P.N; ++N) {
        uint64_t A = P.OuterA[O] + M * P.AM, B = P.OuterB[O] + N * P.BN;
        for (uint64_t K = 0; K < P.K; ++K) {
          uint64_t AtA = A + K * P.AK, AtB = B + K * P.BK;
          double W = Weights[WeightsLeft ? AtA : AtB] * Scale;
          Out.add(static_cast<uint32_t>(WeightsLeft ? AtB : AtA), W);
        }
        Out.endRow();
      }
  return Out;
}
