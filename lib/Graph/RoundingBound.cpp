//===- RoundingBound.cpp - How far rounding moves outputs -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PartTable.h"
#include "Rounding.h"

#include <algorithm>
#include <cmath>
#include <functional>

using namespace nn2crn;

UnitTable nn2crn::tableOf(const Graph &G,
                          std::span<const PiecewiseUnit> Units) {
  UnitTable Out(G.values().size());
  for (const PiecewiseUnit &U : Units)
    Out[U.Result.Value] = &U;
  return Out;
}

namespace {
/// What an element may be, and how far a quantised graph may be from it.
struct Spread {
  double Low, High, Error;
  double most() const { return std::max(std::fabs(Low), std::fabs(High)); }
};

/// True where only the last sum of \p U was rounded, if anything.
bool keepsPieces(const Graph &Exact, const Graph &Rounded,
                 const PiecewiseUnit &U) {
  if (!U.Shifted.isValid())
    return true;
  auto Weights = [&](const Graph &G) {
    return G.node(G.value(U.Shifted).Producer).Operands[0].Weights.weights();
  };
  return std::ranges::equal(Weights(Exact), Weights(Rounded));
}

/// Bounds what rounding moves, value by value.
class ErrorBound {
public:
  ErrorBound(const Graph &Exact, const Graph &Rounded, const Linearization &L)
      : Exact(Exact), Rounded(Rounded), L(L), UnitOf(tableOf(Exact, L.Units)),
        PartOf(Exact), Entering(Exact.parts().size()),
        Left(Exact.parts().size()) {}

  double run(const InputBox &Box);

private:
  using Spreads = std::vector<Spread>;
  using Operands = std::function<const Spreads &(ValueId)>;
  Spreads spreadsOf(size_t At, const Operands &In, bool *Proven = nullptr);
  void partNode(size_t At, uint32_t Part, Spreads &Out);
  /// Beyond what the approximated graph has, the model's own values too.
  double slackOf(const PiecewiseUnit &U) const {
    return L.Parts.empty() ? 0 : U.Function.Error;
  }

  const Graph &Exact, &Rounded;
  const Linearization &L;
  UnitTable UnitOf;
  PartTable PartOf;
  std::vector<Spreads> Values, Inside, Entering;
  /// Parts whose values leave what their activations are proven for.
  std::vector<bool> Left;
};
} // namespace

/// With v the exact value and v' the rounded one, sum w' v' - sum w v = sum w'
/// (v' - v) + sum (w' - w) v, and a ReLU makes no error larger. Nor does an
/// approximated activation by more than its steepest slope, which is far less
/// than the sum over its ReLUs. \p Proven becomes false where an activation
/// sees what it is not proven for.
ErrorBound::Spreads ErrorBound::spreadsOf(size_t At, const Operands &ValueOf,
                                          bool *Proven) {
  const Node &N = Exact.nodes()[At], &Q = Rounded.nodes()[At];
  Spreads Out(Exact.value(N.Result).Elements, {0, 0, 0});
  const PiecewiseUnit *U = UnitOf[N.Result.Value];
  if (U && !keepsPieces(Exact, Rounded, *U))
    U = nullptr;
  std::vector<double> OfWeights(U ? Out.size() : 0);
  for (size_t I = 0; I < N.Bias.size(); ++I)
    Out[I].Low = Out[I].High = N.Bias[I];
  for (size_t K = 0; K < N.Operands.size(); ++K) {
    const Spreads &In = ValueOf(N.Operands[K].Value);
    for (uint32_t R = 0; R < Out.size(); ++R) {
      Spread &S = Out[R];
      if (N.Kind == NodeKind::Relu) {
        S = {std::max(In[R].Low, 0.0), std::max(In[R].High, 0.0), In[R].Error};
        continue;
      }
      const SparseMatrix &W = N.Operands[K].Weights,
                         &WQ = Q.Operands[K].Weights;
      auto Columns = W.columnsOf(R), ColumnsQ = WQ.columnsOf(R);
      // Weights that round to 0 are not kept.
      for (size_t J = 0, JQ = 0; J < Columns.size(); ++J) {
        bool Kept = JQ < ColumnsQ.size() && ColumnsQ[JQ] == Columns[J];
        double A = W.weightsOf(R)[J], B = Kept ? WQ.weightsOf(R)[JQ++] : 0;
        const Spread &X = In[Columns[J]];
        S.Low += A * (A > 0 ? X.Low : X.High);
        S.High += A * (A > 0 ? X.High : X.Low);
        double Rounding = std::fabs(B - A) * X.most();
        S.Error += std::fabs(B) * X.Error + Rounding;
        if (U)
          OfWeights[R] += Rounding + std::fabs(B - A) * X.Error;
      }
    }
  }
  if (const PiecewiseUnit *Any = UnitOf[N.Result.Value]; Any && Proven)
    for (const Spread &X : ValueOf(Any->From))
      *Proven &=
          X.Low - X.Error >= Any->On.Low && X.High + X.Error <= Any->On.High;
  for (uint32_t R = 0; U && R < Out.size(); ++R) {
    const Spread &X = ValueOf(U->From)[R];
    auto Range = U->Function.range(X.Low, X.High);
    Out[R] = {std::max(Out[R].Low, Range.Low) - slackOf(*U),
              std::min(Out[R].High, Range.High) + slackOf(*U),
              std::min(Out[R].Error,
                       OfWeights[R] + U->Function.steepest() * X.Error)};
  }
  return Out;
}

/// A part by itself, from the values that really enter it: what its own weights
/// move, plus what moves what enters it, times its slope. \p Out is what is
/// known without that.
void ErrorBound::partNode(size_t At, uint32_t Part, Spreads &Out) {
  const GraphPart &P = Exact.parts()[Part];
  Spreads &In = Entering[Part];
  double Arriving = 0;
  for (const Spread &S : Values[P.From.Value])
    Arriving = std::max(Arriving, S.Error);
  if (In.empty())
    for (const Spread &S : Values[P.From.Value]) {
      double Away = L.Parts[Part].Arriving + Arriving;
      In.push_back({S.Low - Away, S.High + Away, 0});
    }
  bool Proven = true;
  Spreads Own = spreadsOf(
      At,
      [&](ValueId V) -> const Spreads & {
        return V == P.From ? In : Inside[V.Value];
      },
      &Proven);
  if (!Proven)
    Left[Part] = true;
  if (Exact.nodes()[At].Result == P.To && !Left[Part])
    for (size_t I = 0; I < Out.size(); ++I)
      Out[I].Error = std::min(Out[I].Error, Own[I].Error + P.Slope * Arriving);
  Inside[Exact.nodes()[At].Result.Value] = std::move(Own);
}

double ErrorBound::run(const InputBox &Box) {
  Values.resize(Exact.values().size());
  Inside.resize(Exact.values().size());
  for (size_t I = 0; I < Exact.inputs().size(); ++I) {
    ValueRange R = boxOf(Box, I);
    ValueId V = Exact.inputs()[I].Value;
    Values[V.Value].assign(Exact.value(V).Elements, {R.Low, R.High, 0});
  }
  for (size_t At = 0; At < Exact.nodes().size(); ++At) {
    Spreads Out = spreadsOf(
        At, [&](ValueId V) -> const Spreads & { return Values[V.Value]; });
    uint32_t Part = PartOf[At];
    if (Part < L.Parts.size() && std::isfinite(L.Parts[Part].Own))
      partNode(At, Part, Out);
    Values[Exact.nodes()[At].Result.Value] = std::move(Out);
  }
  double Bound = 0;
  for (const GraphPort &P : Exact.outputs())
    for (const Spread &S : Values[P.bounded().Value])
      Bound = std::max(Bound, S.Error);
  // What rounding of this computation itself may have lost.
  return Bound * (1 + 1e-9);
}

double nn2crn::errorBound(const Graph &Exact, const Graph &Rounded,
                          const InputBox &Box, const Linearization &L) {
  return ErrorBound(Exact, Rounded, L).run(Box);
}
