//===- RoundingBound.cpp - How far rounding moves outputs -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Rounding.h"

#include <algorithm>
#include <cmath>

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

} // namespace

double nn2crn::errorBound(const Graph &Exact, const Graph &Rounded,
                          const InputBox &Box,
                          std::span<const PiecewiseUnit> Units) {
  UnitTable UnitOf = tableOf(Exact, Units);
  std::vector<std::vector<Spread>> Values(Exact.values().size());
  for (size_t I = 0; I < Exact.inputs().size(); ++I) {
    ValueRange R = boxOf(Box, I);
    ValueId V = Exact.inputs()[I].Value;
    Values[V.Value].assign(Exact.value(V).Elements, {R.Low, R.High, 0});
  }
  for (size_t At = 0; At < Exact.nodes().size(); ++At) {
    const Node &N = Exact.nodes()[At], &Q = Rounded.nodes()[At];
    std::vector<Spread> Out(Exact.value(N.Result).Elements, {0, 0, 0});
    const PiecewiseUnit *U = UnitOf[N.Result.Value];
    if (U && !keepsPieces(Exact, Rounded, *U))
      U = nullptr;
    std::vector<double> OfWeights(U ? Out.size() : 0);
    for (size_t I = 0; I < N.Bias.size(); ++I)
      Out[I].Low = Out[I].High = N.Bias[I];
    for (size_t K = 0; K < N.Operands.size(); ++K) {
      const auto &In = Values[N.Operands[K].Value.Value];
      for (uint32_t R = 0; R < Out.size(); ++R) {
        Spread &S = Out[R];
        if (N.Kind == NodeKind::Relu) {
          S = {std::max(In[R].Low, 0.0), std::max(In[R].High, 0.0),
               In[R].Error};
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
    if (U)
      for (uint32_t R = 0; R < Out.size(); ++R) {
        const Spread &X = Values[U->From.Value][R];
        auto Range = U->Function.range(X.Low, X.High);
        Out[R] = {std::max(Out[R].Low, Range.Low),
                  std::min(Out[R].High, Range.High),
                  std::min(Out[R].Error,
                           OfWeights[R] + U->Function.steepest() * X.Error)};
      }
    Values[N.Result.Value] = std::move(Out);
  }
  double Bound = 0;
  for (const GraphPort &P : Exact.outputs())
    for (const Spread &S : Values[P.Value.Value])
      Bound = std::max(Bound, S.Error);
  // What rounding of this computation itself may have lost.
  return Bound * (1 + 1e-9);
}
