//===- ONNXLinear.cpp - Products, sums, normalisation, reductions ---------===//
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

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

Tensor Operator::gemm() {
  auto Alpha = real("alpha", 1), Beta = real("beta", 1);
  auto TransA = integer("transA", 0), TransB = integer("transB", 0);
  if (!Alpha || !Beta || !TransA || !TransB)
    return {};
  const Tensor &A = *In[0], &B = *In[1];
  if (A.Dims.size() != 2 || B.Dims.size() != 2)
    return fail(DiagId::ShapeMismatch,
                "expected two matrices, found the shapes " + dimsText(A.Dims) +
                    " and " + dimsText(B.Dims),
                {"a Flatten before it makes a matrix"});
  auto RowsA = static_cast<uint64_t>(A.Dims[0]);
  auto ColumnsA = static_cast<uint64_t>(A.Dims[1]);
  auto RowsB = static_cast<uint64_t>(B.Dims[0]);
  auto ColumnsB = static_cast<uint64_t>(B.Dims[1]);
  Product P;
  P.M = *TransA ? ColumnsA : RowsA;
  P.K = *TransA ? RowsA : ColumnsA;
  P.N = *TransB ? RowsB : ColumnsB;
  P.AM = *TransA ? 1 : ColumnsA;
  P.AK = *TransA ? ColumnsA : 1;
  P.BK = *TransB ? 1 : ColumnsB;
  P.BN = *TransB ? ColumnsB : 1;
  uint64_t InnerB = *TransB ? ColumnsB : RowsB;
  if (P.K != InnerB)
    return fail(DiagId::ShapeMismatch,
                "the inner extents differ: " + std::to_string(P.K) + " of " +
                    dimsText(A.Dims) + (*TransA ? " transposed" : "") +
                    " against " + std::to_string(InnerB) + " of " +
                    dimsText(B.Dims) + (*TransB ? " transposed" : ""));
  Shape Dims{static_cast<int64_t>(P.M), static_cast<int64_t>(P.N)};
  const Tensor *C = has(2) ? In[2] : nullptr;
  if (C && broadcast(C->Dims, Dims) != Dims)
    return fail(DiagId::ShapeMismatch,
                "operand C of shape " + dimsText(C->Dims) +
                    " cannot be broadcast to " + dimsText(Dims));
  return product(A, B, P, std::move(Dims), *Alpha, C, *Beta);
}

Tensor Operator::matMul() {
  const Tensor &A = *In[0], &B = *In[1];
  if (A.Dims.empty() || B.Dims.empty())
    return mismatch("multiply", A, B);
  // A vector gets an axis, which the result loses again.
  Shape DimsA = A.Dims, DimsB = B.Dims;
  bool VectorA = DimsA.size() == 1, VectorB = DimsB.size() == 1;
  if (VectorA)
    DimsA.insert(DimsA.begin(), 1);
  if (VectorB)
    DimsB.push_back(1);
  Product P;
  P.M = static_cast<uint64_t>(DimsA.end()[-2]);
  P.K = static_cast<uint64_t>(DimsA.back());
  P.N = static_cast<uint64_t>(DimsB.back());
  P.AM = P.K;
  P.AK = 1;
  P.BK = P.N;
  P.BN = 1;
  Shape OuterA(DimsA.begin(), DimsA.end() - 2);
  Shape OuterB(DimsB.begin(), DimsB.end() - 2);
  auto Dims = broadcast(OuterA, OuterB);
  if (!Dims || DimsA.back() != DimsB.end()[-2])
    return mismatch("multiply", A, B);
  if (!fits(*Dims))
    return {};
  auto Begin = [&](const Shape &Outer, uint64_t Size) {
    std::vector<uint64_t> Out;
    for (uint32_t Index : broadcastIndex(Outer, *Dims))
      Out.push_back(Index * Size);
    return Out;
  };
  P.OuterA = Begin(OuterA, P.M * P.K);
  P.OuterB = Begin(OuterB, P.K * P.N);
  if (!VectorA)
    Dims->push_back(static_cast<int64_t>(P.M));
  if (!VectorB)
    Dims->push_back(static_cast<int64_t>(P.N));
  return product(A, B, P, std::move(*Dims), 1, nullptr, 0);
}

Tensor Operator::mulOrDiv() {
  bool IsDiv = N.op_type() == "Div";
  const Tensor &A = *In[0];
  auto B = legacyOperand(A, *In[1]);
  if (!B)
    return {};
  const Tensor *Ts[] = {&A, &*B};
  bool Integers = !isFloating(A.Type);
  if (A.isKnown() && B->isKnown()) {
    return folded(Ts, A.Type, [=](auto V) {
      return IsDiv ? V[0] / V[1] : V[0] * V[1]; // Integers are cut by the type.
    });
  }
  if (!IsDiv && A.isActivation() && A.Id == B->Id && A.Dims == B->Dims)
    return mayCompute(A) ? power(A, 2) : Tensor();
  if (A.isActivation() && B->isActivation())
    return refuse("of two computed tensors");
  if (IsDiv && B->isActivation())
    return refuse("by a computed tensor");
  if (IsDiv && Integers)
    return refuse("of computed integers, which rounds");
  auto Dims = commonShape(Ts);
  if (!mayCompute(A) || !mayCompute(*B) || !Dims || !fits(*Dims))
    return {};
  const Tensor &Data = A.isKnown() ? *B : A, &Weights = A.isKnown() ? A : *B;
  std::vector<double> Factors;
  for (uint32_t Index : broadcastIndex(Weights.Dims, *Dims)) {
    double W = Weights.Known->Data[Index];
    if (IsDiv && W == 0)
      return fail(DiagId::BadTensor, "it divides by 0");
    Factors.push_back(IsDiv ? 1 / W : W);
  }
  std::vector<uint32_t> Of = broadcastIndex(Data.Dims, *Dims);
  return scaledEach(Data, std::move(*Dims), Of, Factors);
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

Tensor Operator::addOrSub() {
  if (Passing && !Compute) // The scores of 1 - sigmoid.
    return scaled(*In[1], -1);
  double Sign = N.op_type() == "Sub" ? -1 : 1;
  const Tensor &A = *In[0];
  auto B = legacyOperand(A, *In[1]);
  if (!B)
    return {};
  if (!broadcast(A.Dims, B->Dims))
    return mismatch(Sign < 0 ? "subtract" : "add", A, *B);
  if (!mayCompute(A) || !mayCompute(*B))
    return {};
  return sum(A, 1, *B, Sign);
}

Tensor Operator::neg() {
  return mayCompute(*In[0]) ? scaled(*In[0], -1) : Tensor();
}

Tensor Operator::sumOrMean() {
  bool Mean = N.op_type() == "Mean";
  std::vector<const Tensor *> Ts;
  for (const Tensor *T : In) {
    if (!T)
      return fail(DiagId::InvalidModel, "an operand is missing");
    if (!mayCompute(*T))
      return {};
    Ts.push_back(T);
  }
  auto Dims = commonShape(Ts);
  if (!Dims)
    return {};
  std::vector<double> Scales(Ts.size(),
                             Mean ? 1 / static_cast<double>(Ts.size()) : 1.0);
  return sum(*Dims, Ts, Scales);
}

//===----------------------------------------------------------------------===//
// Channel by channel
//===----------------------------------------------------------------------===//

std::vector<uint32_t> Operator::channelOf(const Shape &Dims, size_t Axis) {
  std::vector<int64_t> Strides(Dims.size());
  if (Axis < Dims.size())
    Strides[Axis] = 1;
  return strided(Dims, Strides);
}

Tensor Operator::batchNormalization() {
  auto Epsilon = real("epsilon", 1e-5f);
  auto Training = integer("training_mode", 0);
  auto Spatial = integer("spatial", 1);
  // Before set 7 a model says that it is not being trained.
  auto Testing = integer("is_test", R.Opset < 7 ? 0 : 1);
  const Constant *Parameters[4];
  if (!Epsilon || !Training || !Spatial || !Testing)
    return {};
  if (*Training || !*Testing)
    return fail(DiagId::UnsupportedModel, "the model is exported for training",
                {"export it in evaluation mode"});
  for (size_t I = 0; I < 4; ++I)
    if (!(Parameters[I] = constantOperand(I + 1, "parameters")))
      return {};
  const Tensor &X = *In[0];
  if (!mayCompute(X) || !fits(X.Dims))
    return {};
  // One number a channel or, without `spatial`, one an element of a case.
  std::vector<uint32_t> Of = channelOf(X.Dims, 1);
  uint64_t Count = X.Dims.size() < 2 ? 1 : static_cast<uint64_t>(X.Dims[1]);
  if (!*Spatial) {
    Shape Case(X.Dims.begin() + !X.Dims.empty(), X.Dims.end());
    Count = elementsOf(Case);
    Of = broadcastIndex(Case, X.Dims);
  }
  for (const Constant *C : Parameters)
    if (C->Data.size() != Count)
      return fail(DiagId::ShapeMismatch,
                  "expected " + std::to_string(Count) +
                      " numbers for each parameter, found " +
                      std::to_string(C->Data.size()));
  std::vector<double> Factor(Of.size()), Bias(Of.size());
  std::vector<uint32_t> Elements(Of.size());
  for (size_t I = 0; I < Of.size(); ++I) {
    auto At = [&](size_t Which) { return Parameters[Which]->Data[Of[I]]; };
    double Variance = At(3) + *Epsilon;
    if (!(Variance > 0))
      return fail(DiagId::BadTensor, "a variance is not positive");
    Factor[I] = At(0) / std::sqrt(Variance);
    Bias[I] = At(1) - At(2) * Factor[I];
    Elements[I] = static_cast<uint32_t>(I);
  }
  return scaledEach(X, X.Dims, Elements, Factor, std::move(Bias));
}

Tensor Operator::scaler() {
  std::vector<double> Offset{0}, Scale{1};
  if (!reals("offset", Offset) || !reals("scale", Scale) ||
      !mayCompute(*In[0]) || !fits(In[0]->Dims))
    return {};
  const Tensor &X = *In[0];
  uint64_t Features = X.Dims.empty() ? 1 : static_cast<uint64_t>(X.Dims.back());
  for (const auto *List : {&Offset, &Scale})
    if (List->size() != 1 && List->size() != Features)
      return fail(DiagId::BadAttribute, "expected one number or " +
                                            std::to_string(Features) +
                                            " in offset and scale, found " +
                                            std::to_string(List->size()));
  std::vector<uint32_t> Of =
      channelOf(X.Dims, X.Dims.empty() ? 0 : X.Dims.size() - 1);
  std::vector<double> Factor(Of.size()), Bias(Of.size());
  std::vector<uint32_t> Elements(Of.size());
  for (size_t I = 0; I < Of.size(); ++I) {
    Factor[I] = Scale[Scale.size() == 1 ? 0 : Of[I]];
    Bias[I] = -Offset[Offset.size() == 1 ? 0 : Of[I]] * Factor[I];
    Elements[I] = static_cast<uint32_t>(I);
  }
  return scaledEach(X, X.Dims, Elements, Factor, std::move(Bias));
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

bool Operator::reducedAxes(std::vector<bool> &Reduced) {
  Shape Axes;
  auto NoOp = integer("noop_with_empty_axes", 0);
  if (!NoOp || !list("axes", 1, Axes) ||
      !markAxes(Axes, In[0]->Dims.size(), Reduced))
    return false;
  if (Axes.empty() && !*NoOp)
    Reduced.assign(In[0]->Dims.size(), true);
  return true;
}

Shape Operator::reducedShape(const Shape &Dims,
                             const std::vector<bool> &Reduced, bool Keep) {
  Shape Out;
  for (size_t Axis = 0; Axis < Dims.size(); ++Axis)
    if (!Reduced[Axis])
      Out.push_back(Dims[Axis]);
    else if (Keep)
      Out.push_back(1);
  return Out;
}

std::vector<AxisMap> Operator::ones(const Shape &Dims,
                                    const std::vector<bool> &Over,
                                    double Weight) {
  std::vector<AxisMap> Maps(Dims.size());
  for (size_t Axis = 0; Axis < Dims.size(); ++Axis) {
    if (!Over[Axis])
      continue;
    SparseMatrix M(static_cast<uint32_t>(Dims[Axis]));
    for (uint32_t I = 0; I < M.columns(); ++I)
      M.add(I, Weight);
    M.endRow();
    Maps[Axis] = std::move(M);
    Weight = 1; // Of the product of all axes.
  }
  return Maps;
}

/// m + log(sum exp(x - m)) with m the greatest x: all arguments of exp are at
/// most 0 and those of log at least 1, however large x is.
Tensor Operator::logSumExp(const Tensor &X, const std::vector<bool> &Over) {
  if (X.S == Tensor::State::Broken || !fits(X.Dims, elementsOf(X.Dims)))
    return {};
  SparseMatrix Groups = alongAxes(X.Dims, ones(X.Dims, Over, 1));
  Tensor Most = greatest(X, reducedShape(X.Dims, Over, true), Groups, 1);
  Tensor Below = sum(X, 1, Most, -1);
  Tensor Sum =
      along(applied(Below, {SmoothKind::ExpBelow}), ones(X.Dims, Over, 1));
  return sum(Most, 1, applied(Sum, {SmoothKind::LogAbove}), 1);
}

Tensor Operator::reduceLogSumExp() {
  std::vector<bool> Reduced;
  auto Keep = integer("keepdims", 1);
  if (!Keep || !mayCompute(*In[0]) || !reducedAxes(Reduced))
    return {};
  if (elementsOf(In[0]->Dims) == 0)
    return fail(DiagId::BadTensor, "an operand of shape " +
                                       dimsText(In[0]->Dims) +
                                       " has no elements");
  Tensor Out = logSumExp(*In[0], Reduced);
  return renamed(Out, reducedShape(In[0]->Dims, Reduced, *Keep != 0));
}

Tensor Operator::reduceLinear() {
  std::vector<bool> Reduced;
  auto Keep = integer("keepdims", 1);
  if (!Keep || !mayCompute(*In[0]) || !reducedAxes(Reduced))
    return {};
  Tensor X = *In[0];
  bool Mean = N.op_type() == "ReduceMean";
  if (Mean && X.isActivation() && !isFloating(X.Type))
    return refuse("of computed integers, which rounds");
  if (N.op_type() == "ReduceL1")
    X = sum(positive(X), 1, positive(scaled(X, -1)), 1);
  if (N.op_type() == "ReduceSumSquare" || N.op_type() == "ReduceL2")
    X = power(X, 2);
  double Weight = 1;
  for (size_t Axis = 0; Mean && Axis < Reduced.size(); ++Axis)
    if (Reduced[Axis])
      Weight *= static_cast<double>(X.Dims[Axis]);
  if (X.S == Tensor::State::Broken || !fits(X.Dims))
    return {};
  Tensor Out = along(X, ones(X.Dims, Reduced, 1 / Weight));
  if (N.op_type() == "ReduceLogSum")
    Out = applied(Out, {SmoothKind::Log});
  else if (N.op_type() == "ReduceL2")
    Out = applied(Out, {SmoothKind::Sqrt});
  Out.Dims = reducedShape(X.Dims, Reduced, *Keep != 0);
  return Out;
}

Tensor Operator::cumSum() {
  auto Exclusive = integer("exclusive", 0), Reverse = integer("reverse", 0);
  auto Given = scalarOperand(1, 0, "axis");
  if (!Exclusive || !Reverse || !Given || !mayCompute(*In[0]))
    return {};
  const Tensor &X = *In[0];
  auto Axis = axisOf(static_cast<int64_t>(std::clamp(*Given, -99.0, 99.0)),
                     X.Dims.size());
  if (!Axis)
    return {};
  int64_t Extent = X.Dims[*Axis];
  uint64_t Triangle =
      static_cast<uint64_t>(Extent) * static_cast<uint64_t>(Extent + 1) / 2;
  if (!fits({Extent}, Triangle))
    return {};
  SparseMatrix M(static_cast<uint32_t>(Extent));
  for (int64_t Row = 0; Row < Extent; ++Row) {
    int64_t First = *Reverse ? Row + (*Exclusive != 0) : 0;
    int64_t Last = *Reverse ? Extent : Row + (*Exclusive == 0);
    for (int64_t Column = First; Column < Last; ++Column)
      M.add(static_cast<uint32_t>(Column), 1);
    M.endRow();
  }
  std::vector<AxisMap> Maps(X.Dims.size());
  Maps[*Axis] = std::move(M);
  return along(X, Maps);
}
