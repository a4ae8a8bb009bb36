//===- FixedPointStage.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Blocks of species that tend to fixed points, one after the other. Most time
// goes into adding up what is upstream, for several cases at once; a fixed
// point itself takes a few operations.
//
//===----------------------------------------------------------------------===//

#include "Equilibrium.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace nn2crn;

namespace {
/// The relative error of one operation, and a little, for the squares of it.
constexpr double Rounding = 0.501 * std::numeric_limits<double>::epsilon();

/// The sum of a flow over what is upstream, with the bound of its error. What
/// the addition of each few terms loses is added up beside (Neumaier 1974; with
/// Knuth's sum, which needs no comparison), so that thousands of terms round no
/// worse than a few: an error made here grows from layer to layer. All terms
/// are positive, so that rounding is relative to the sum.
template <size_t L>
void gather(const BlockFlow &Flow, const double *Amount, const double *Error,
            Uncertain *Out) {
  constexpr size_t Piece = 4;
  double Sum[L], Lost[L] = {}, Doubt[L] = {};
  std::fill_n(Sum, L, Flow.Constant);
  for (size_t First = 0; First < Flow.Linears.size(); First += Piece) {
    double X[L] = {};
    for (const BlockFlow::Linear &T :
         std::span(Flow.Linears)
             .subspan(First)
             .first(std::min(Piece, Flow.Linears.size() - First))) {
      size_t At = size_t{T.Species} * L;
      for (size_t I = 0; I < L; ++I) {
        X[I] += T.Rate * Amount[At + I];
        Doubt[I] += T.Rate * Error[At + I];
      }
    }
    for (size_t I = 0; I < L; ++I) {
      double S = Sum[I] + X[I], Back = S - Sum[I];
      Lost[I] += (Sum[I] - (S - Back)) + (X[I] - Back);
      Sum[I] = S;
    }
  }
  for (size_t I = 0; I < L; ++I)
    Sum[I] += Lost[I];
  size_t Operations = Flow.Roundings + Flow.Products.size() +
                      (Flow.Constants > 1 ? Flow.Constants - 1 : 0);
  // A product, a piece, the sum at the end, and what the sum of losses loses.
  if (size_t N = Flow.Linears.size())
    Operations += 3 + std::min(Piece, N) - 1;
  for (const BlockFlow::Product &P : Flow.Products) {
    for (size_t I = 0; I < L; ++I) {
      double Low = P.Rate, High = P.Rate;
      for (BlockFlow::Factor F : P.Factors)
        for (uint32_t N = 0; N < F.Exponent; ++N) {
          size_t At = size_t{F.Species} * L + I;
          Low *= Amount[At];
          High *= Amount[At] + Error[At];
        }
      Sum[I] += Low;
      // The bound from below is closer, since products are convex.
      Doubt[I] += High - Low;
    }
    for (BlockFlow::Factor F : P.Factors)
      Operations += 2 * size_t{F.Exponent};
  }
  for (size_t I = 0; I < L; ++I)
    Out[I] = {Sum[I], 1.0001 * Doubt[I] +
                          static_cast<double>(Operations) * Rounding * Sum[I]};
}
} // namespace

void EquilibriumBlock::settle() {
  if (Lanes == 1)
    settleAll<1>();
  else
    settleAll<WideLanes>();
}

template <size_t L> void EquilibriumBlock::settleAll() {
  std::ranges::fill(Refusals, Refusal());
  for (const FixedPointBlock &B : Fixed->Blocks) {
    Sums.resize(B.Flows.size() * L);
    for (size_t F = 0; F < B.Flows.size(); ++F)
      gather<L>(B.Flows[F], High.data(), Error.data(), &Sums[F * L]);
    for (size_t I = 0; I < L; ++I)
      if (Refusals[I].What != FixedPointProblem::None)
        put(B, I, 0, {std::numeric_limits<double>::quiet_NaN(), HUGE_VAL});
      else if (B.Species.size() == 1)
        settleOne(B, I);
      else
        settleRing(B, I);
  }
}

void EquilibriumBlock::put(const FixedPointBlock &B, size_t Lane, size_t Local,
                           Uncertain Amount) {
  size_t At = B.Species[Local].Value * Lanes + Lane;
  High[At] = Amount.Value;
  Low[At] = 0;
  Error[At] = Amount.Error;
}

void EquilibriumBlock::settleOne(const FixedPointBlock &B, size_t Lane) {
  std::array<RateCoefficient, MaxBlockOrder + 1> Rate;
  size_t Degree = 0;
  for (size_t F = 0; F < B.Flows.size(); ++F) {
    const BlockFlow &Flow = B.Flows[F];
    size_t Power = Flow.Powers.empty() ? 0 : Flow.Powers[0].Exponent;
    Degree = std::max(Degree, Power);
    (Flow.Changes[0].Amount > 0 ? Rate[Power].Gain : Rate[Power].Loss) =
        Sums[F * Lanes + Lane];
  }
  FixedPoint P = fixedPointOf(std::span(Rate).first(Degree + 1));
  put(B, Lane, 0, P.Amount);
  if (P.Problem != FixedPointProblem::None)
    Refusals[Lane] = {P.Problem, B.Species[0]};
}

void EquilibriumBlock::settleRing(const FixedPointBlock &B, size_t Lane) {
  std::vector<Uncertain> Rates(B.Flows.size());
  for (size_t F = 0; F < Rates.size(); ++F)
    Rates[F] = Sums[F * Lanes + Lane];
  RingAmounts.resize(B.Species.size());
  RingSolver::Outcome Found = Rings.solve(B, Rates, RingAmounts);
  for (size_t I = 0; I < B.Species.size(); ++I)
    put(B, Lane, I, {RingAmounts[I], Found.Error});
  if (Found.Problem != FixedPointProblem::None)
    Refusals[Lane] = {Found.Problem, B.Species[Found.Culprit]};
}
