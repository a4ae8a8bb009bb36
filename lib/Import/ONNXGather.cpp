//===- ONNXGather.cpp - Movement by index tensors -------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXOperator.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;
using namespace nn2crn::onnxreader;

bool Operator::gatherIndex(const Constant &Index, int64_t Extent,
                           std::vector<int64_t> &Out) {
  for (double V : Index.Data) {
    auto Limit = static_cast<double>(Extent);
    if (!(V >= -Limit && V < Limit)) {
      fail(DiagId::BadTensor, "index " + std::to_string(V) +
                                  " is beyond an axis of length " +
                                  std::to_string(Extent));
      return false;
    }
    Out.push_back(static_cast<int64_t>(V < 0 ? V + Limit : V));
  }
  return true;
}

Tensor Operator::gather() {
  const Tensor &T = *In[0];
  auto Given = integer("axis", 0);
  const Constant *Index = constantOperand(1, "indices");
  auto Axis = Given && Index ? axisOf(*Given, T.Dims.size()) : std::nullopt;
  std::vector<int64_t> Columns;
  if (!Axis || !gatherIndex(*Index, T.Dims[*Axis], Columns))
    return {};
  std::vector<AxisMap> Maps(T.Dims.size());
  Maps[*Axis] = selection(Columns, static_cast<uint32_t>(T.Dims[*Axis]));
  Tensor Out = along(T, Maps);
  auto At = T.Dims.begin() + static_cast<ptrdiff_t>(*Axis);
  Out.Dims.assign(T.Dims.begin(), At);
  Out.Dims.insert(Out.Dims.end(), In[1]->Dims.begin(), In[1]->Dims.end());
  Out.Dims.insert(Out.Dims.end(), At + 1, T.Dims.end());
  return Out;
}

/// For each element of a tensor of shape \p Index its place in one of shape
/// \p Dims, where the position along \p Axis is what the element says.
static std::vector<uint32_t> placesAlong(const Shape &Index, const Shape &Dims,
                                         size_t Axis,
                                         const std::vector<int64_t> &Said) {
  std::vector<int64_t> Strides = stridesOf(Dims);
  int64_t Step = Strides[Axis];
  Strides[Axis] = 0;
  std::vector<uint32_t> Out = strided(Index, Strides);
  for (size_t I = 0; I < Out.size(); ++I)
    Out[I] += static_cast<uint32_t>(Said[I] * Step);
  return Out;
}

/// Whether \p Index is no longer than \p Dims along any axis but \p Axis.
static bool within(const Shape &Index, const Shape &Dims, size_t Axis) {
  if (Index.size() != Dims.size())
    return false;
  for (size_t I = 0; I < Dims.size(); ++I)
    if (I != Axis && Index[I] > Dims[I])
      return false;
  return true;
}

Tensor Operator::gatherElements() {
  const Tensor &T = *In[0];
  auto Given = integer("axis", 0);
  const Constant *Index = constantOperand(1, "indices");
  auto Axis = Given && Index ? axisOf(*Given, T.Dims.size()) : std::nullopt;
  std::vector<int64_t> Said;
  if (!Axis || !gatherIndex(*Index, T.Dims[*Axis], Said))
    return {};
  if (!within(In[1]->Dims, T.Dims, *Axis))
    return mismatch("gather by", T, *In[1]);
  return pick(In[1]->Dims, T, placesAlong(In[1]->Dims, T.Dims, *Axis, Said));
}

/// Reads \p Index as tuples of positions along axes \p First and on; gives the
/// offset of each. Empty where one lies outside.
static std::optional<std::vector<int64_t>> tupleOffsets(const Constant &Index,
                                                        uint64_t Tuple,
                                                        const Shape &Dims,
                                                        size_t First) {
  std::vector<int64_t> Strides = stridesOf(Dims), Out;
  for (uint64_t I = 0; I < Index.Data.size(); I += Tuple) {
    int64_t Offset = 0;
    for (uint64_t K = 0; K < Tuple; ++K) {
      auto Extent = static_cast<double>(Dims[First + K]);
      double V = Index.Data[I + K];
      if (!(V >= -Extent && V < Extent))
        return std::nullopt;
      Offset +=
          static_cast<int64_t>(V < 0 ? V + Extent : V) * Strides[First + K];
    }
    Out.push_back(Offset);
  }
  return Out;
}

Tensor Operator::gatherND() {
  const Tensor &T = *In[0], &I = *In[1];
  auto Batches = integer("batch_dims", 0);
  const Constant *Index = constantOperand(1, "indices");
  if (!Batches || !Index)
    return {};
  auto B = static_cast<size_t>(std::clamp<int64_t>(*Batches, 0, 99));
  bool Good = !I.Dims.empty() && B < I.Dims.size() && I.Dims.back() >= 1 &&
              B + static_cast<size_t>(I.Dims.back()) <= T.Dims.size();
  for (size_t Axis = 0; Good && Axis < B; ++Axis)
    Good = I.Dims[Axis] == T.Dims[Axis];
  if (!Good)
    return mismatch("gather by", T, I);
  auto Tuple = static_cast<uint64_t>(I.Dims.back());
  auto Offsets = tupleOffsets(*Index, Tuple, T.Dims, B);
  if (!Offsets)
    return fail(DiagId::BadTensor,
                "an index is beyond the shape " + dimsText(T.Dims));
  Shape Dims(I.Dims.begin(), I.Dims.end() - 1);
  Shape Inner(T.Dims.begin() + static_cast<ptrdiff_t>(B + Tuple), T.Dims.end());
  uint64_t Size = elementsOf(Inner);
  Shape Cases(T.Dims.begin(), T.Dims.begin() + static_cast<ptrdiff_t>(B));
  uint64_t Case = elementsOf(T.Dims) / std::max<uint64_t>(elementsOf(Cases), 1);
  uint64_t PerCase = Offsets->size() / std::max<uint64_t>(elementsOf(Cases), 1);
  Dims.insert(Dims.end(), Inner.begin(), Inner.end());
  if (!fits(Dims))
    return {};
  std::vector<uint32_t> Of;
  for (uint64_t K = 0; K < Offsets->size(); ++K)
    for (uint64_t E = 0; E < Size; ++E)
      Of.push_back(static_cast<uint32_t>(
          K / PerCase * Case + static_cast<uint64_t>((*Offsets)[K]) + E));
  return pick(std::move(Dims), T, Of);
}

//===----------------------------------------------------------------------===//
// Scattering
//===----------------------------------------------------------------------===//

Tensor Operator::scattered(const std::vector<uint32_t> &Places) {
  const Tensor &T = *In[0], &Updates = *In[2];
  auto Reduction = text("reduction", "none");
  if (!Reduction)
    return {};
  if (*Reduction != "none" && *Reduction != "add")
    return refuse("with the reduction " + printable(*Reduction));
  uint64_t Count = elementsOf(T.Dims);
  if (!fits(T.Dims, Count + Places.size()))
    return {};
  if (*Reduction == "none") {
    std::vector<uint32_t> Of(Count);
    for (uint32_t I = 0; I < Count; ++I)
      Of[I] = I;
    for (size_t I = 0; I < Places.size(); ++I)
      Of[Places[I]] = static_cast<uint32_t>(Count + I);
    const Tensor *Ts[] = {&T, &Updates};
    return pick(T.Dims, Ts, Of);
  }
  if (!mayCompute(T) || !mayCompute(Updates))
    return {};
  std::vector<std::vector<uint32_t>> Added(Count);
  for (size_t I = 0; I < Places.size(); ++I)
    Added[Places[I]].push_back(static_cast<uint32_t>(I));
  SparseMatrix M(static_cast<uint32_t>(Places.size()));
  for (const auto &Columns : Added) {
    for (uint32_t Column : Columns)
      M.add(Column, 1);
    M.endRow();
  }
  std::vector<Term> Terms;
  Terms.push_back({&T, SparseMatrix::identity(static_cast<uint32_t>(Count))});
  Terms.push_back({&Updates, std::move(M)});
  return affine(T.Dims, T.Type, std::move(Terms));
}

Tensor Operator::scatterElements() {
  const Tensor &T = *In[0];
  auto Given = integer("axis", 0);
  const Constant *Index = constantOperand(1, "indices");
  auto Axis = Given && Index ? axisOf(*Given, T.Dims.size()) : std::nullopt;
  std::vector<int64_t> Said;
  if (!Axis || !gatherIndex(*Index, T.Dims[*Axis], Said))
    return {};
  if (!within(In[1]->Dims, T.Dims, *Axis) || In[1]->Dims != In[2]->Dims)
    return mismatch("scatter by", T, *In[1]);
  return scattered(placesAlong(In[1]->Dims, T.Dims, *Axis, Said));
}

Tensor Operator::scatterND() {
  const Tensor &T = *In[0], &I = *In[1];
  const Constant *Index = constantOperand(1, "indices");
  if (!Index)
    return {};
  if (I.Dims.empty() || I.Dims.back() < 1 ||
      static_cast<size_t>(I.Dims.back()) > T.Dims.size())
    return mismatch("scatter by", T, I);
  auto Tuple = static_cast<uint64_t>(I.Dims.back());
  Shape Inner(T.Dims.begin() + static_cast<ptrdiff_t>(Tuple), T.Dims.end());
  Shape Wanted(I.Dims.begin(), I.Dims.end() - 1);
  Wanted.insert(Wanted.end(), Inner.begin(), Inner.end());
  if (In[2]->Dims != Wanted)
    return mismatch("scatter by", T, I);
  auto Offsets = tupleOffsets(*Index, Tuple, T.Dims, 0);
  if (!Offsets)
    return fail(DiagId::BadTensor,
                "an index is beyond the shape " + dimsText(T.Dims));
  if (!fits(Wanted))
    return {};
  uint64_t Size = elementsOf(Inner);
  std::vector<uint32_t> Places;
  for (int64_t Offset : *Offsets)
    for (uint64_t E = 0; E < Size; ++E)
      Places.push_back(
          static_cast<uint32_t>(static_cast<uint64_t>(Offset) + E));
  return scattered(Places);
}

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

Tensor Operator::compress() {
  const Tensor &T = *In[0];
  const Constant *Condition = constantOperand(1, "condition");
  auto Given = integer("axis", 0);
  if (!Condition || !Given)
    return {};
  // Without an axis the operand counts as a list.
  Tensor X = T;
  if (!attribute("axis"))
    X.Dims = {static_cast<int64_t>(elementsOf(T.Dims))};
  auto Axis = axisOf(*Given, X.Dims.size());
  if (!Axis)
    return {};
  auto Extent = static_cast<uint64_t>(X.Dims[*Axis]);
  std::vector<int64_t> Columns;
  for (uint64_t I = 0; I < std::min(Extent, uint64_t{Condition->Data.size()});
       ++I)
    if (Condition->Data[I] != 0)
      Columns.push_back(static_cast<int64_t>(I));
  std::vector<AxisMap> Maps(X.Dims.size());
  Maps[*Axis] = selection(Columns, static_cast<uint32_t>(Extent));
  return along(X, Maps);
}

Tensor Operator::reverseSequence() {
  const Tensor &T = *In[0];
  auto Batch = integer("batch_axis", 1), Time = integer("time_axis", 0);
  const Constant *Lengths = constantOperand(1, "lengths");
  if (!Batch || !Time || !Lengths)
    return {};
  bool Good =
      T.Dims.size() >= 2 && *Batch + *Time == 1 && (*Batch == 0 || *Batch == 1);
  if (!Good || Lengths->Data.size() !=
                   static_cast<size_t>(T.Dims[static_cast<size_t>(*Batch)]))
    return mismatch("reverse by", T, *In[1]);
  if (!fits(T.Dims))
    return {};
  auto BatchAxis = static_cast<size_t>(*Batch);
  auto TimeAxis = static_cast<size_t>(*Time);
  std::vector<int64_t> Strides = stridesOf(T.Dims);
  std::vector<uint32_t> Of(elementsOf(T.Dims));
  for (size_t I = 0; I < Of.size(); ++I) {
    auto Element = static_cast<int64_t>(I);
    int64_t Case = Element / Strides[BatchAxis] % T.Dims[BatchAxis];
    int64_t At = Element / Strides[TimeAxis] % T.Dims[TimeAxis];
    double Length = Lengths->Data[static_cast<size_t>(Case)];
    if (!(Length >= 0 && Length <= static_cast<double>(T.Dims[TimeAxis])))
      return fail(DiagId::BadTensor, "a length is beyond the axis");
    int64_t To = At < Length ? static_cast<int64_t>(Length) - 1 - At : At;
    Of[I] = static_cast<uint32_t>(Element + (To - At) * Strides[TimeAxis]);
  }
  return pick(T.Dims, T, Of);
}

Tensor Operator::trilu() {
  const Tensor &T = *In[0];
  auto Upper = integer("upper", 1);
  auto Diagonal = scalarOperand(1, 0, "a diagonal");
  if (!Upper || !Diagonal)
    return {};
  if (T.Dims.size() < 2)
    return fail(DiagId::ShapeMismatch,
                "expected matrices, found the shape " + dimsText(T.Dims));
  if (!fits(T.Dims))
    return {};
  std::vector<uint32_t> Of(elementsOf(T.Dims));
  auto Columns = static_cast<uint64_t>(T.Dims.back());
  auto Rows = static_cast<uint64_t>(T.Dims.end()[-2]);
  for (uint64_t I = 0; I < Of.size(); ++I) {
    auto Above = static_cast<double>(I % Columns) -
                 static_cast<double>(I / Columns % Rows) - *Diagonal;
    Of[I] =
        (*Upper ? Above >= 0 : Above <= 0) ? static_cast<uint32_t>(I) : Nowhere;
  }
  return pick(T.Dims, T, Of);
}

Tensor Operator::where() {
  const Constant *Condition = constantOperand(0, "condition");
  auto Dims = Condition ? commonShape(In) : std::nullopt;
  if (!Dims || !fits(*Dims))
    return {};
  std::vector<uint32_t> Of = broadcastIndex(In[1]->Dims, *Dims);
  std::vector<uint32_t> Other = broadcastIndex(In[2]->Dims, *Dims);
  std::vector<uint32_t> Which = broadcastIndex(In[0]->Dims, *Dims);
  auto Start = static_cast<uint32_t>(elementsOf(In[1]->Dims));
  for (size_t I = 0; I < Of.size(); ++I)
    if (Condition->Data[Which[I]] == 0)
      Of[I] = Start + Other[I];
  const Tensor *Ts[] = {In[1], In[2]};
  return pick(std::move(*Dims), Ts, Of);
}
