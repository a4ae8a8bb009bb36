//===- ONNXAffine.cpp - The one path of everything linear, and of max -----===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every function here takes constants as well as activations. From constants
// alone it makes a constant, rounded as the model's type is, so that folded
// weights are what a runtime would compute.
//
//===----------------------------------------------------------------------===//

#include "ONNXOperator.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;
using namespace nn2crn::onnxreader;

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

SourceId Operator::source() {
  if (!Made.isValid())
    Made = R.G.addSource(Info);
  return Made;
}

bool Operator::fits(const Shape &Dims, uint64_t Weights) {
  // As many as NumPy has; walking over thousands of axes of length 1 would
  // take its time.
  constexpr size_t MostAxes = 64;
  if (Dims.size() > MostAxes) {
    R.P.error(DiagId::ModelTooLarge, Context,
              "a tensor has " + std::to_string(Dims.size()) +
                  " axes; at most " + std::to_string(MostAxes) +
                  " are supported");
    return false;
  }
  // An axis without elements does not make the others any shorter.
  Shape Lengths = Dims;
  for (int64_t &Extent : Lengths)
    Extent = std::max<int64_t>(Extent, 1);
  uint64_t Count = elementsOf(Lengths);
  if (std::ranges::all_of(In,
                          [](const Tensor *T) { return !T || T->isKnown(); }))
    return R.Constants.room(Count, Context) &&
           R.Constants.room(Weights, Context);
  if (!R.budget(Count, Weights, Context))
    return false;
  // Counted when the value is made.
  R.ElementsUsed -= Count;
  return true;
}

Tensor Operator::known(Shape Dims, int32_t Type, std::vector<double> Data) {
  for (double &V : Data)
    V = roundTo(Type, V);
  Tensor T;
  T.Known = R.Constants.make(Dims, std::move(Data), Context);
  if (!T.Known)
    return {};
  T.S = Tensor::State::Constant;
  T.Type = Type;
  T.Dims = std::move(Dims);
  return T;
}

Tensor Operator::renamed(const Tensor &From, Shape Dims) {
  Tensor T = From;
  T.Dims = std::move(Dims);
  return T;
}

/// Adds M x to \p Sum.
static void accumulate(const SparseMatrix &M, const std::vector<double> &X,
                       std::vector<double> &Sum) {
  for (uint32_t Row = 0; Row < M.rows(); ++Row) {
    auto Columns = M.columnsOf(Row);
    auto Weights = M.weightsOf(Row);
    for (size_t I = 0; I < Columns.size(); ++I)
      Sum[Row] += Weights[I] * X[Columns[I]];
  }
}

Tensor Operator::affine(Shape Dims, int32_t Type, std::vector<Term> Terms,
                        std::vector<double> Bias) {
  uint64_t Count = elementsOf(Dims);
  bool AllKnown = true;
  std::vector<Node::Operand> Operands;
  for (Term &T : Terms) {
    for (double W : T.M.weights())
      if (!std::isfinite(W))
        return fail(DiagId::BadTensor, "a weight overflows");
    if (T.T->isKnown()) {
      Bias.resize(Count);
      accumulate(T.M, T.T->Known->Data, Bias);
      continue;
    }
    AllKnown = false;
    Operands.push_back({T.T->Id, std::move(T.M), source()});
  }
  if (AllKnown) {
    Bias.resize(Count);
    return known(std::move(Dims), Type, std::move(Bias));
  }
  if (Count == 0)
    return fail(DiagId::ShapeMismatch,
                "its result of shape " + dimsText(Dims) + " has no elements");
  for (double B : Bias)
    if (!std::isfinite(B))
      return fail(DiagId::BadTensor, "a bias overflows");
  // Most sums have a constant of zeros somewhere.
  if (std::ranges::all_of(Bias, [](double B) { return B == 0; }))
    Bias.clear();
  if (!R.budget(Count, 0, Context))
    return {};
  Tensor T;
  T.S = Tensor::State::Activation;
  T.Type = Type;
  T.Id = R.G.addAffine(Info.Result, withoutBatch(Dims), std::move(Operands),
                       std::move(Bias), source());
  T.Dims = std::move(Dims);
  return T;
}

ValueId Operator::activation(const Tensor &T) {
  if (T.isActivation())
    return T.Id;
  if (T.Known->Data.empty()) {
    fail(DiagId::BadTensor,
         "an operand of shape " + dimsText(T.Dims) + " has no elements");
    return {};
  }
  if (!R.budget(elementsOf(T.Dims), 0, Context))
    return {};
  return R.G.addAffine(Info.Result, withoutBatch(T.Dims), {}, T.Known->Data,
                       source());
}

//===----------------------------------------------------------------------===//
// Element by element
//===----------------------------------------------------------------------===//

std::optional<Shape> Operator::commonShape(std::span<const Tensor *const> Ts) {
  Shape Dims;
  for (const Tensor *T : Ts) {
    auto Next = broadcast(Dims, T->Dims);
    if (!Next) {
      fail(DiagId::ShapeMismatch, "cannot broadcast the shapes " +
                                      dimsText(Dims) + " and " +
                                      dimsText(T->Dims));
      return std::nullopt;
    }
    Dims = std::move(*Next);
  }
  return Dims;
}

Tensor
Operator::folded(std::span<const Tensor *const> Ts, int32_t Type,
                 const std::function<double(std::span<const double>)> &F) {
  auto Dims = commonShape(Ts);
  if (!Dims || !fits(*Dims))
    return {};
  std::vector<std::vector<uint32_t>> Index;
  for (const Tensor *T : Ts)
    Index.push_back(broadcastIndex(T->Dims, *Dims));
  std::vector<double> Data(elementsOf(*Dims)), Values(Ts.size());
  for (size_t I = 0; I < Data.size(); ++I) {
    for (size_t K = 0; K < Ts.size(); ++K)
      Values[K] = Ts[K]->Known->Data[Index[K][I]];
    Data[I] = F(Values);
  }
  return known(std::move(*Dims), Type, std::move(Data));
}

Tensor Operator::sum(const Shape &Dims, std::span<const Tensor *const> Ts,
                     std::span<const double> Scales, double Offset) {
  uint64_t Count = elementsOf(Dims);
  std::vector<Term> Terms;
  for (size_t K = 0; K < Ts.size(); ++K) {
    if (Scales[K] == 0)
      continue;
    if (!fits(Dims, Count))
      return {};
    SparseMatrix M(static_cast<uint32_t>(elementsOf(Ts[K]->Dims)));
    M.reserve(Count, Count);
    for (uint32_t Column : broadcastIndex(Ts[K]->Dims, Dims)) {
      M.add(Column, Scales[K]);
      M.endRow();
    }
    Terms.push_back({Ts[K], std::move(M)});
  }
  std::vector<double> Bias;
  if (Offset != 0)
    Bias.assign(Count, Offset);
  return affine(Dims, Ts[0]->Type, std::move(Terms), std::move(Bias));
}

Tensor Operator::sum(const Tensor &A, double ScaleA, const Tensor &B,
                     double ScaleB) {
  if (A.S == Tensor::State::Broken || B.S == Tensor::State::Broken)
    return {};
  const Tensor *Ts[] = {&A, &B};
  double Scales[] = {ScaleA, ScaleB};
  auto Dims = commonShape(Ts);
  return Dims ? sum(*Dims, Ts, Scales) : Tensor();
}

Tensor Operator::scaled(const Tensor &T, double Scale, double Offset) {
  if (T.S == Tensor::State::Broken || (Scale == 1 && Offset == 0))
    return T;
  const Tensor *One = &T;
  return sum(T.Dims, {&One, 1}, {&Scale, 1}, Offset);
}

Tensor Operator::scaledEach(const Tensor &T, Shape Dims,
                            std::span<const uint32_t> Of,
                            std::span<const double> Factors,
                            std::vector<double> Bias) {
  if (T.S == Tensor::State::Broken || !fits(Dims, Of.size()))
    return {};
  SparseMatrix M(static_cast<uint32_t>(elementsOf(T.Dims)));
  M.reserve(Of.size(), Of.size());
  for (size_t I = 0; I < Of.size(); ++I) {
    M.add(Of[I], Factors[I]);
    M.endRow();
  }
  std::vector<Term> Terms;
  Terms.push_back({&T, std::move(M)});
  return affine(std::move(Dims), T.Type, std::move(Terms), std::move(Bias));
}

//===----------------------------------------------------------------------===//
// Movement
//===----------------------------------------------------------------------===//

Tensor Operator::pick(Shape Dims, std::span<const Tensor *const> Ts,
                      const std::vector<uint32_t> &Of, double Fill) {
  std::vector<uint64_t> Start{0};
  bool AllKnown = true;
  for (const Tensor *T : Ts) {
    if (T->S == Tensor::State::Broken)
      return {};
    AllKnown &= T->isKnown();
    Start.push_back(Start.back() + elementsOf(T->Dims));
  }
  if (Start.back() >= Nowhere) {
    R.budget(Start.back(), 0, Context);
    return {};
  }
  auto SourceOf = [&](uint32_t Element) {
    return static_cast<size_t>(std::ranges::upper_bound(Start, Element) -
                               Start.begin() - 1);
  };
  if (AllKnown) {
    if (!R.Constants.room(Of.size(), Context))
      return {};
    std::vector<double> Data(Of.size(), Fill);
    for (size_t I = 0; I < Of.size(); ++I)
      if (Of[I] != Nowhere) {
        size_t K = Ts.size() == 1 ? 0 : SourceOf(Of[I]);
        Data[I] = Ts[K]->Known->Data[Of[I] - Start[K]];
      }
    return known(std::move(Dims), Ts[0]->Type, std::move(Data));
  }
  bool Same = Ts.size() == 1 && Of.size() == Start[1];
  for (size_t I = 0; Same && I < Of.size(); ++I)
    Same = Of[I] == I;
  if (Same)
    return renamed(*Ts[0], std::move(Dims));
  // Each operand has a matrix with as many rows, mostly empty.
  if (!fits(Dims, Of.size() * Ts.size()))
    return {};
  std::vector<double> Bias;
  std::vector<Term> Terms;
  for (size_t K = 0; K < Ts.size(); ++K) {
    if (elementsOf(Ts[K]->Dims) == 0)
      continue;
    SparseMatrix M(static_cast<uint32_t>(elementsOf(Ts[K]->Dims)));
    for (uint32_t Element : Of) {
      if (Element >= Start[K] && Element < Start[K + 1])
        M.add(static_cast<uint32_t>(Element - Start[K]), 1);
      M.endRow();
    }
    if (M.entries() != 0)
      Terms.push_back({Ts[K], std::move(M)});
  }
  if (Fill != 0) {
    Bias.resize(Of.size());
    for (size_t I = 0; I < Of.size(); ++I)
      Bias[I] = Of[I] == Nowhere ? Fill : 0;
  }
  return affine(std::move(Dims), Ts[0]->Type, std::move(Terms),
                std::move(Bias));
}

Tensor Operator::along(const Tensor &T, const std::vector<AxisMap> &Maps,
                       double Fill) {
  if (T.S == Tensor::State::Broken)
    return {};
  Shape Dims = T.Dims;
  bool Same = true;
  for (size_t Axis = 0; Axis < Dims.size(); ++Axis)
    if (Maps[Axis]) {
      Same &= Maps[Axis]->isIdentity();
      Dims[Axis] = Maps[Axis]->rows();
    }
  if (Same)
    return renamed(T, std::move(Dims));
  if (!fits(Dims, costAlongAxes(T.Dims, Maps).second))
    return {};
  SparseMatrix M = alongAxes(T.Dims, Maps);
  std::vector<double> Bias;
  if (Fill != 0) {
    Bias.resize(M.rows());
    for (uint32_t Row = 0; Row < M.rows(); ++Row)
      Bias[Row] = M.columnsOf(Row).empty() ? Fill : 0;
  }
  std::vector<Term> Terms;
  Terms.push_back({&T, std::move(M)});
  return affine(std::move(Dims), T.Type, std::move(Terms), std::move(Bias));
}

//===----------------------------------------------------------------------===//
// Maxima
//===----------------------------------------------------------------------===//

Tensor Operator::positive(const Tensor &T) {
  if (T.S == Tensor::State::Broken)
    return {};
  if (T.isKnown()) {
    const Tensor *One = &T;
    return folded({&One, 1}, T.Type,
                  [](auto V) { return std::max(V[0], 0.0); });
  }
  if (!R.budget(elementsOf(T.Dims), 0, Context))
    return {};
  Tensor Out = T;
  Out.Id = R.G.addRelu(Info.Result, T.Id, source());
  return Out;
}

Tensor Operator::greater(const Tensor &A, const Tensor &B, double Sign) {
  if (A.S == Tensor::State::Broken || B.S == Tensor::State::Broken)
    return {};
  if (A.isKnown() && B.isKnown()) {
    const Tensor *Ts[] = {&A, &B};
    return folded(Ts, A.Type, [Sign](auto V) {
      return Sign > 0 ? std::max(V[0], V[1]) : std::min(V[0], V[1]);
    });
  }
  // a + max(b - a, 0), and a - max(a - b, 0) for the lesser; a constant is
  // better as a, where it is but a bias.
  if (B.isKnown())
    return greater(B, A, Sign);
  Tensor Above = positive(sum(B, Sign, A, -Sign));
  return sum(A, 1, Above, Sign);
}

Tensor Operator::greatestOf(std::vector<Tensor> Ts, double Sign) {
  // Two by two, so that the depth is the logarithm of the number.
  while (Ts.size() > 1) {
    std::vector<Tensor> Next;
    for (size_t I = 0; I + 1 < Ts.size(); I += 2)
      Next.push_back(greater(Ts[I], Ts[I + 1], Sign));
    if (Ts.size() % 2)
      Next.push_back(std::move(Ts.back()));
    Ts = std::move(Next);
  }
  return std::move(Ts[0]);
}

Tensor Operator::greatest(const Tensor &T, Shape Dims,
                          const SparseMatrix &Groups, double Sign) {
  if (T.S == Tensor::State::Broken)
    return {};
  for (uint32_t G = 0; G < Groups.rows(); ++G)
    if (Groups.columnsOf(G).empty())
      return fail(DiagId::ShapeMismatch,
                  "element " + std::to_string(G) +
                      " of the result is the greatest of no elements: its "
                      "window lies in the padding",
                  {"pad less than the window is wide"});
  if (T.isKnown()) {
    std::vector<double> Data(Groups.rows());
    for (uint32_t G = 0; G < Groups.rows(); ++G) {
      double Best = -INFINITY;
      for (uint32_t Element : Groups.columnsOf(G))
        Best = std::max(Best, Sign * T.Known->Data[Element]);
      Data[G] = Sign * Best;
    }
    return known(std::move(Dims), T.Type, std::move(Data));
  }

  // Values holds T and then the results of each round; an element of them all
  // is known by its place when they stand one after the other.
  std::deque<Tensor> Values{T};
  std::vector<uint32_t> Start{0, static_cast<uint32_t>(elementsOf(T.Dims))};
  std::vector<std::vector<uint32_t>> Left(Groups.rows());
  for (uint32_t G = 0; G < Groups.rows(); ++G)
    Left[G].assign(Groups.columnsOf(G).begin(), Groups.columnsOf(G).end());
  while (true) {
    // The pairs of this round. Windows that overlap share them.
    std::vector<std::pair<uint32_t, uint32_t>> Pairs;
    std::unordered_map<uint64_t, uint32_t> Known;
    for (auto &Group : Left) {
      std::vector<uint32_t> Next;
      for (size_t I = 0; I + 1 < Group.size(); I += 2) {
        auto [A, B] = std::minmax(Group[I], Group[I + 1]);
        auto [It, New] = Known.try_emplace(uint64_t{A} << 32 | B,
                                           static_cast<uint32_t>(Pairs.size()));
        if (New)
          Pairs.push_back({A, B});
        Next.push_back(Start.back() + It->second);
      }
      if (Group.size() % 2)
        Next.push_back(Group.back());
      Group = std::move(Next);
    }
    if (Pairs.empty())
      break;
    uint64_t Count = Pairs.size();
    Shape Row{static_cast<int64_t>(Count)};
    if (Start.back() + Count * 2 >= Nowhere || !fits(Row, Count * 4))
      return {};
    std::vector<Term> Difference, Base;
    for (size_t K = 0; K < Values.size(); ++K) {
      uint32_t Size = Start[K + 1] - Start[K];
      SparseMatrix D(Size), First(Size);
      for (auto [A, B] : Pairs) {
        // A < B, so columns ascend.
        if (A >= Start[K] && A < Start[K + 1]) {
          D.add(A - Start[K], -Sign);
          First.add(A - Start[K], 1);
        }
        if (B >= Start[K] && B < Start[K + 1])
          D.add(B - Start[K], Sign);
        D.endRow();
        First.endRow();
      }
      if (D.entries())
        Difference.push_back({&Values[K], std::move(D)});
      if (First.entries())
        Base.push_back({&Values[K], std::move(First)});
    }
    Tensor Above = positive(affine(Row, T.Type, std::move(Difference)));
    if (Above.S == Tensor::State::Broken)
      return {};
    SparseMatrix Identity(static_cast<uint32_t>(Count));
    for (uint32_t I = 0; I < Count; ++I) {
      Identity.add(I, Sign);
      Identity.endRow();
    }
    Base.push_back({&Above, std::move(Identity)});
    Tensor Round = affine(Row, T.Type, std::move(Base));
    if (Round.S == Tensor::State::Broken)
      return {};
    Start.push_back(Start.back() + static_cast<uint32_t>(Count));
    Values.push_back(std::move(Round));
  }
  std::vector<const Tensor *> All;
  for (const Tensor &V : Values)
    All.push_back(&V);
  std::vector<uint32_t> Of;
  for (const auto &Group : Left)
    Of.push_back(Group[0]);
  // Often the last round is the result as it is.
  if (Of.size() == Start.back() - Start.end()[-2]) {
    bool Last = true;
    for (size_t I = 0; I < Of.size(); ++I)
      Last &= Of[I] == Start.end()[-2] + I;
    if (Last)
      return renamed(Values.back(), std::move(Dims));
  }
  return pick(std::move(Dims), All, Of);
}

Tensor Operator::clipped(const Tensor &T, double Low, double High) {
  if (T.S == Tensor::State::Broken)
    return {};
  if (T.isKnown()) {
    const Tensor *One = &T;
    return folded({&One, 1}, T.Type,
                  [=](auto V) { return std::min(std::max(V[0], Low), High); });
  }
  // As min(max(x, low), high) says.
  if (Low >= High)
    return scaled(T, 0, High);
  bool HasLow = Low > -INFINITY, HasHigh = High < INFINITY;
  if (!HasLow && !HasHigh)
    return T;
  Tensor Bottom = HasLow ? positive(scaled(T, 1, -Low)) : T;
  double Offset = HasLow ? Low : 0;
  if (!HasHigh)
    return scaled(Bottom, 1, Offset);
  Tensor Top = positive(scaled(T, 1, -High));
  if (Bottom.S == Tensor::State::Broken || Top.S == Tensor::State::Broken)
    return {};
  const Tensor *Ts[] = {&Bottom, &Top};
  double Scales[] = {1, -1};
  return sum(T.Dims, Ts, Scales, Offset);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

Tensor Operator::product(const Tensor &A, const Tensor &B, const Product &P,
                         Shape Dims, double Scale, const Tensor *Bias,
                         double BiasScale) {
  if (A.isActivation() && B.isActivation())
    return refuse("of two computed tensors");
  // Multiplied step by step, each step in range: shapes were bounded alone.
  uint64_t Entries = P.K;
  for (uint64_t Extent : {uint64_t{P.OuterA.size()}, P.M, P.N})
    if (__builtin_mul_overflow(Entries, Extent, &Entries))
      Entries = UINT64_MAX;
  if (!mayCompute(A) || !mayCompute(B) || !fits(Dims, Entries))
    return {};
  bool WeightsLeft = B.isActivation();
  const Tensor &Weights = WeightsLeft ? A : B, &Data = WeightsLeft ? B : A;
  std::vector<Term> Terms;
  Terms.push_back(
      {&Data, productMatrix(P, WeightsLeft, Weights.Known->Data, Scale,
                            static_cast<uint32_t>(elementsOf(Data.Dims)))});
  if (Bias && BiasScale != 0) {
    uint64_t Count = elementsOf(Dims);
    if (!fits(Dims, Count))
      return {};
    SparseMatrix M(static_cast<uint32_t>(elementsOf(Bias->Dims)));
    M.reserve(Count, Count);
    for (uint32_t Column : broadcastIndex(Bias->Dims, Dims)) {
      M.add(Column, BiasScale);
      M.endRow();
    }
    Terms.push_back({Bias, std::move(M)});
  }
  int32_t Type = Data.Type;
  return affine(std::move(Dims), Type, std::move(Terms));
}
