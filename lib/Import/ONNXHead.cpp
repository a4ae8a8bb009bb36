//===- ONNXHead.cpp - Operators that change no winner ---------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Softmax, LogSoftmax, Sigmoid, ArgMax and ArgMin are read twice. First as if
// only the end of the model saw them: the result stands for the scores that go
// in, and its Head says what is still to do. A node that needs the numbers, or
// an output that is to show them, then has them computed (Reader::compute),
// with every node on the way read again.
//
// docs/rationale/activations.md derives what is computed.
//
//===----------------------------------------------------------------------===//

#include "ONNXOperator.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;
using namespace nn2crn::onnxreader;

//===----------------------------------------------------------------------===//
// What may be left out
//===----------------------------------------------------------------------===//

/// Whether the winner among elements along \p Axes is the same in the scores
/// that \p T stands for. Between different groups they cannot be compared.
static bool keepsWinners(const Tensor &T, const Operator::Axes &Axes) {
  switch (T.Head.Over) {
  case Head::Scope::Element:
  case Head::Scope::All:
    return true;
  case Head::Scope::Axis:
    return Axes.First == T.Head.Axis && Axes.End == Axes.First + 1;
  case Head::Scope::Parts:
    return Axes.Length == 1;
  }
  return false;
}

Tensor Operator::withHead(Tensor T, Head::Scope Over, size_t Axis) {
  if (T.Head.Operators.empty() || Over != Head::Scope::Element) {
    T.Head.Over = Over;
    T.Head.Axis = Axis;
  }
  T.Head.Operators.push_back(N.op_type());
  T.Head.Node = &N;
  return T;
}

std::optional<Operator::Axes> Operator::headAxes(int64_t Default,
                                                 bool FromAxisOn) {
  const Shape &Dims = R.lookup(N.input(0)).Dims;
  auto Rank = static_cast<int64_t>(Dims.size());
  auto Axis = integer("axis", Default);
  if (!Axis)
    return std::nullopt;
  if (*Axis < -Rank || *Axis >= Rank + FromAxisOn) {
    fail(DiagId::BadAttribute, "axis " + std::to_string(*Axis) +
                                   " is beyond the shape " + dimsText(Dims));
    return std::nullopt;
  }
  Axes A;
  A.First = static_cast<size_t>(*Axis < 0 ? *Axis + Rank : *Axis);
  A.End = FromAxisOn ? Dims.size() : A.First + 1;
  auto At = [&](size_t I) { return Dims.begin() + static_cast<ptrdiff_t>(I); };
  A.Outer = elementsOf({Dims.begin(), At(A.First)});
  A.Length = elementsOf({At(A.First), At(A.End)});
  A.Inner = elementsOf({At(A.End), Dims.end()});
  return A;
}

static Head::Scope scopeOf(const Operator::Axes &A) {
  if (A.Outer * A.Inner == 1)
    return Head::Scope::All;
  return A.End == A.First + 1 ? Head::Scope::Axis : Head::Scope::Parts;
}

Tensor Operator::sigmoid() {
  const Tensor &X = *In[0];
  if (!Compute && X.isActivation())
    return withHead(X, Head::Scope::Element, 0);
  if (const Tensor *T = operandOfHead(Compute))
    return applied(*T, {SmoothKind::Sigmoid});
  return {};
}

const Tensor *Operator::operandOfHead(bool AsNumbers) {
  const Tensor &X = *In[0];
  if (X.Head.Operators.empty() || !AsNumbers)
    return &X;
  const Tensor &T = R.computed(N.input(0));
  return T.S == Tensor::State::Broken ? nullptr : &T;
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

Tensor Operator::softmax() {
  // Before set 13 a Softmax runs over everything from its axis on.
  bool Old = R.Opset < 13;
  auto A = headAxes(Old ? 1 : -1, Old);
  if (!A)
    return {};
  bool Log = N.op_type() == "LogSoftmax";
  // The same number everywhere: no winner is kept by what goes in.
  bool Constant = A->Length == 1;
  const Tensor *X =
      operandOfHead(Compute || Constant || !keepsWinners(*In[0], *A));
  if (!X)
    return {};
  if (!Compute && !Constant && X->isActivation())
    return withHead(*X, scopeOf(*A), A->First);
  if (!mayCompute(*X))
    return {};
  return Constant ? scaled(*X, 0, Log ? 0 : 1) : softmaxOf(*X, *A, Log);
}

Tensor Operator::along(const Tensor &T, SparseMatrix M) {
  std::vector<AxisMap> Maps(3);
  Maps[1] = std::move(M);
  return along(T, Maps);
}

/// One row of \p Weights.
static SparseMatrix rowOf(const std::vector<double> &Weights) {
  SparseMatrix M(static_cast<uint32_t>(Weights.size()));
  for (uint32_t I = 0; I < Weights.size(); ++I)
    if (Weights[I] != 0)
      M.add(I, Weights[I]);
  M.endRow();
  return M;
}

/// With m the greatest x, d = x - m and L = log(sum exp(d)): LogSoftmax is d -
/// L and Softmax exp(d - L), where all arguments of exp are at most 0 and those
/// of log at least 1, however large x is.
Tensor Operator::softmaxOf(const Tensor &Given, const Axes &A, bool Log) {
  uint64_t Groups = A.Outer * A.Inner;
  if (!fits(Given.Dims, elementsOf(Given.Dims)))
    return {};
  auto Extent = [](uint64_t V) { return static_cast<int64_t>(V); };
  Tensor X =
      renamed(Given, {Extent(A.Outer), Extent(A.Length), Extent(A.Inner)});
  SparseMatrix Members(static_cast<uint32_t>(elementsOf(X.Dims)));
  for (uint64_t G = 0; G < Groups; ++G) {
    uint64_t First = G / A.Inner * A.Length * A.Inner + G % A.Inner;
    for (uint64_t K = 0; K < A.Length; ++K)
      Members.add(static_cast<uint32_t>(First + K * A.Inner), 1);
    Members.endRow();
  }
  Tensor Most = greatest(X, {Extent(A.Outer), 1, Extent(A.Inner)}, Members, 1);
  Tensor Below = sum(X, 1, Most, -1);
  Tensor Sum = along(applied(Below, {SmoothKind::ExpBelow}),
                     rowOf(std::vector<double>(A.Length, 1)));
  Tensor Out = sum(Below, 1, applied(Sum, {SmoothKind::LogAbove}), -1);
  if (!Log)
    Out = applied(Out, {SmoothKind::ExpBelow});
  if (Out.S == Tensor::State::Broken)
    return {};
  // Rows of the Jacobian: |p_j (delta_jk - p_k)| add up to 2 p_j (1 - p_j), of
  // the logarithm |delta_jk - p_k| to 2 (1 - p_j).
  if (Out.isActivation() && X.isActivation())
    R.G.addPart({X.Id, Out.Id, Log ? 2.0 : 0.5});
  return renamed(Out, Given.Dims);
}

//===----------------------------------------------------------------------===//
// ArgMax
//===----------------------------------------------------------------------===//

Tensor Operator::argMax() {
  auto A = headAxes(0, false);
  auto Keep = integer("keepdims", 1), Last = integer("select_last_index", 0);
  if (!A || !Keep || !Last)
    return {};
  double Sign = N.op_type() == "ArgMin" ? -1 : 1;
  bool SameWinner = keepsWinners(*In[0], *A);
  const Tensor *X = operandOfHead(!SameWinner);
  if (!X)
    return {};
  Shape Dims = X->Dims;
  Dims[A->First] = 1;
  if (!*Keep)
    Dims.erase(Dims.begin() + static_cast<ptrdiff_t>(A->First));
  if (X->isKnown())
    return knownWinner(*X, *A, std::move(Dims), Sign, *Last != 0);
  Tensor Out;
  if (Compute) {
    // Of equal scores the last is wanted, and there is no telling which.
    if (*Last)
      return refuse("with select_last_index");
    Tensor Scores = scaled(*X, Sign);
    Out = winnerOf(Scores, *A);
    if (Out.S == Tensor::State::Broken)
      return {};
    Out.Scores = Scores.Id;
    Out.Dims = std::move(Dims);
  } else {
    // Of the least, what is less far down wins.
    Out = scaled(*X, Sign);
    if (Out.S == Tensor::State::Broken)
      return {};
    Out.Head = X->Head;
    Out = withHead(std::move(Out), scopeOf(*A), A->First);
    Out.Head.IsIndex = true;
    Out.Head.OfScores = SameWinner;
  }
  Out.Type = onnx::TensorProto::INT64;
  Out.Classes = static_cast<int64_t>(A->Length);
  Out.Labels = nullptr;
  return Out;
}

Tensor Operator::knownWinner(const Tensor &X, const Axes &A, Shape Dims,
                             double Sign, bool Last) {
  std::vector<double> Data;
  for (uint64_t G = 0; G < A.Outer * A.Inner; ++G) {
    uint64_t First = G / A.Inner * A.Length * A.Inner + G % A.Inner, Best = 0;
    auto At = [&](uint64_t K) {
      return Sign * X.Known->Data[First + K * A.Inner];
    };
    for (uint64_t K = 1; K < A.Length; ++K)
      if (At(K) > At(Best) || (Last && At(K) == At(Best)))
        Best = K;
    Data.push_back(static_cast<double>(Best));
  }
  return known(std::move(Dims), onnx::TensorProto::INT64, std::move(Data));
}

double nn2crn::usedMargin(double Margin) {
  return std::exp2(std::floor(std::log2(Margin)));
}

/// The index is the sum of i w_i, where w_i = min(max(lead_i / margin, 0), 1)
/// and lead_i is how far x_i is above all others: only the winner's is not
/// negative.
Tensor Operator::winnerOf(const Tensor &Given, const Axes &A) {
  if (Given.S == Tensor::State::Broken || !fits(Given.Dims))
    return {};
  auto Extent = [](uint64_t V) { return static_cast<int64_t>(V); };
  Tensor X =
      renamed(Given, {Extent(A.Outer), Extent(A.Length), Extent(A.Inner)});
  if (A.Length == 1)
    return scaled(X, 0, 0);
  Tensor Lead = sum(X, 1, greatestOther(X), -1);
  Tensor Wins =
      clipped(scaled(Lead, 1 / usedMargin(R.Options.Head.Margin)), 0, 1);
  std::vector<double> Indices(A.Length);
  for (size_t I = 0; I < Indices.size(); ++I)
    Indices[I] = static_cast<double>(I);
  return along(Wins, rowOf(Indices));
}

Tensor Operator::takeAlong(std::span<const Tensor *const> Ts,
                           const std::vector<int64_t> &Of) {
  for (const Tensor *T : Ts)
    if (T->S == Tensor::State::Broken)
      return {};
  const Shape &Dims = Ts[0]->Dims;
  auto Outer = static_cast<uint64_t>(Dims[0]),
       Inner = static_cast<uint64_t>(Dims[2]);
  std::vector<uint32_t> All;
  for (uint64_t O = 0; O < Outer; ++O)
    for (int64_t Position : Of) {
      // Positions count through all tensors; elements do so tensor by tensor.
      auto At = static_cast<uint64_t>(Position);
      uint64_t Start = 0;
      size_t K = 0;
      for (; At >= static_cast<uint64_t>(Ts[K]->Dims[1]); ++K) {
        At -= static_cast<uint64_t>(Ts[K]->Dims[1]);
        Start += elementsOf(Ts[K]->Dims);
      }
      auto Length = static_cast<uint64_t>(Ts[K]->Dims[1]);
      for (uint64_t I = 0; I < Inner; ++I)
        All.push_back(
            static_cast<uint32_t>(Start + (O * Length + At) * Inner + I));
    }
  return pick({Dims[0], static_cast<int64_t>(Of.size()), Dims[2]}, Ts, All);
}

/// By a tree over the elements: upwards the greatest below each node, downwards
/// the greatest that is not below it, from that of its parent and the sibling.
/// Some three ReLUs an element, and a depth of twice the logarithm.
Tensor Operator::greatestOther(const Tensor &X) {
  std::vector<Tensor> Levels{X};
  auto Count = [](const Tensor &T) { return T.Dims[1]; };
  while (Count(Levels.back()) > 2) {
    const Tensor Below = Levels.back();
    const Tensor *One[] = {&Below};
    std::vector<int64_t> Even, Odd;
    for (int64_t I = 0; I + 1 < Count(Below); I += 2) {
      Even.push_back(I);
      Odd.push_back(I + 1);
    }
    Tensor Pairs = greater(takeAlong(One, Even), takeAlong(One, Odd), 1);
    if (Pairs.S == Tensor::State::Broken)
      return {};
    if (Count(Below) % 2 != 0) {
      const Tensor *Both[] = {&Pairs, &Below};
      std::vector<int64_t> Of;
      for (int64_t I = 0; I < Count(Pairs); ++I)
        Of.push_back(I);
      Of.push_back(Count(Pairs) + Count(Below) - 1);
      Pairs = takeAlong(Both, Of);
    }
    Levels.push_back(std::move(Pairs));
  }
  const Tensor *Top[] = {&Levels.back()};
  Tensor Other = takeAlong(Top, {1, 0});
  for (size_t L = Levels.size() - 1; L-- > 0;) {
    const Tensor &Level = Levels[L];
    std::vector<int64_t> Parents, Siblings;
    for (int64_t I = 0; I < Count(Level); ++I)
      if ((I ^ 1) < Count(Level)) {
        Parents.push_back(I / 2);
        Siblings.push_back(I ^ 1);
      }
    const Tensor *Above[] = {&Other}, *Here[] = {&Level};
    Tensor Next =
        greater(takeAlong(Above, Parents), takeAlong(Here, Siblings), 1);
    if (Next.S == Tensor::State::Broken)
      return {};
    if (Count(Level) % 2 != 0) {
      // The last has no sibling.
      const Tensor *Both[] = {&Next, &Other};
      std::vector<int64_t> Of;
      for (int64_t I = 0; I < Count(Next); ++I)
        Of.push_back(I);
      Of.push_back(Count(Next) + Count(Other) - 1);
      Next = takeAlong(Both, Of);
    }
    Other = std::move(Next);
  }
  return Other;
}
