//===- RingSolver.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Several species whose Jacobian J has column sums J_jj + sum |J_ij| <= -g on
// all nonnegative amounts. Between any two states y and z there,
//
//   |f(y) - f(z)| >= g |y - z|     (sums of absolute values)
//
// so that a state y is at most |f(y)| / g from the fixed point, whatever way it
// was found.
//
//===----------------------------------------------------------------------===//

#include "FixedPoint.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace nn2crn;

static double power(double Y, uint32_t Exponent) {
  double P = 1;
  for (; Exponent > 0; --Exponent)
    P *= Y;
  return P;
}

void RingSolver::evaluate(const FixedPointBlock &B,
                          std::span<const Uncertain> Rates,
                          std::span<const double> Y) {
  std::ranges::fill(F, 0);
  Residual = Traffic = Doubt = 0;
  for (size_t I = 0; I < B.Flows.size(); ++I) {
    double Product = 1, Size = 0;
    for (BlockFlow::Power P : B.Flows[I].Powers)
      Product *= power(Y[P.Local], P.Exponent);
    for (BlockFlow::Change C : B.Flows[I].Changes) {
      F[C.Local] += C.Amount * Rates[I].Value * Product;
      Size += std::fabs(C.Amount);
    }
    Traffic += Size * Rates[I].Value * Product;
    Doubt += Size * Rates[I].Error * Product;
  }
  for (double V : F)
    Residual += std::fabs(V);
}

void RingSolver::differentiate(const FixedPointBlock &B,
                               std::span<const Uncertain> Rates,
                               std::span<const double> Y) {
  size_t N = F.size();
  std::ranges::fill(Jacobian, 0);
  for (size_t I = 0; I < B.Flows.size(); ++I)
    for (BlockFlow::Power By : B.Flows[I].Powers) {
      double D = Rates[I].Value * By.Exponent;
      for (BlockFlow::Power P : B.Flows[I].Powers)
        D *= power(Y[P.Local], P.Exponent - (P.Local == By.Local));
      for (BlockFlow::Change C : B.Flows[I].Changes)
        Jacobian[C.Local * N + By.Local] += C.Amount * D;
    }
}

/// Solves (Damping - J) Step = F. Columns of the matrix are dominated by their
/// diagonals, so there is no need to look for pivots. False where numbers
/// overflow.
bool RingSolver::direction(double Damping) {
  size_t N = F.size();
  for (size_t I = 0; I < N * N; ++I)
    Matrix[I] = -Jacobian[I];
  for (size_t I = 0; I < N; ++I)
    Matrix[I * N + I] += Damping;
  std::ranges::copy(F, Step.begin());
  for (size_t K = 0; K < N; ++K)
    for (size_t I = K + 1; I < N; ++I) {
      double Factor = Matrix[I * N + K] / Matrix[K * N + K];
      if (Factor == 0)
        continue;
      for (size_t J = K + 1; J < N; ++J)
        Matrix[I * N + J] -= Factor * Matrix[K * N + J];
      Step[I] -= Factor * Step[K];
    }
  bool Finite = true;
  for (size_t I = N; I-- > 0;) {
    for (size_t J = I + 1; J < N; ++J)
      Step[I] -= Matrix[I * N + J] * Step[J];
    Step[I] /= Matrix[I * N + I];
    Finite &= std::isfinite(Step[I]);
  }
  return Finite;
}

/// g, from flows that need one of the block's species once; the others only
/// add to it.
double RingSolver::contraction(const FixedPointBlock &B,
                               std::span<const Uncertain> Rates,
                               uint32_t &Slowest) {
  size_t N = F.size();
  // A column at a time: what it holds, and how far that may be off.
  std::vector<double> Doubts(N), Sums(N);
  std::ranges::fill(Jacobian, 0);
  for (size_t I = 0; I < B.Flows.size(); ++I) {
    const BlockFlow &Flow = B.Flows[I];
    if (Flow.Powers.size() != 1 || Flow.Powers[0].Exponent != 1)
      continue;
    uint32_t J = Flow.Powers[0].Local;
    for (BlockFlow::Change C : Flow.Changes) {
      Jacobian[C.Local * N + J] += C.Amount * Rates[I].Value;
      Doubts[J] +=
          std::fabs(C.Amount) *
          (Rates[I].Error + 4 * std::numeric_limits<double>::epsilon() *
                                static_cast<double>(N) * Rates[I].Value);
    }
  }
  double Least = std::numeric_limits<double>::infinity();
  for (uint32_t J = 0; J < N; ++J) {
    double G = -Jacobian[J * N + J] - Doubts[J];
    for (uint32_t I = 0; I < N; ++I)
      G -= I == J ? 0 : std::fabs(Jacobian[I * N + J]);
    if (!(G >= Least)) {
      Least = G;
      Slowest = J;
    }
  }
  return Least;
}

RingSolver::Outcome RingSolver::solve(const FixedPointBlock &B,
                                      std::span<const Uncertain> Rates,
                                      std::span<double> Y) {
  constexpr double Unit = std::numeric_limits<double>::epsilon();
  constexpr unsigned MaxRounds = 1000;
  size_t N = B.Species.size();
  F.assign(N, 0);
  Step.assign(N, 0);
  Trial.assign(N, 0);
  Jacobian.assign(N * N, 0);
  Matrix.assign(N * N, 0);
  Outcome Found;
  for (Uncertain R : Rates)
    if (!std::isfinite(R.high())) {
      Found.Error = std::numeric_limits<double>::infinity();
      return Found;
    }
  double G = contraction(B, Rates, Found.Culprit);
  if (!(G > 0)) {
    Found.Problem = FixedPointProblem::NoLoss;
    return Found;
  }
  // Implicit steps in time that grow where they bring the rates down; in a
  // contracting system small ones always do, and large ones are Newton's.
  std::ranges::fill(Y, 0);
  evaluate(B, Rates, Y);
  double Damping = G;
  // A rate is a product, and a species has a sum of them.
  size_t Operations = 2;
  for (const BlockFlow &Flow : B.Flows) {
    size_t Order = 1;
    for (BlockFlow::Power P : Flow.Powers)
      Order += P.Exponent;
    Operations = std::max(Operations, 2 + Order + B.Flows.size());
  }
  double Rounding = 0.51 * Unit * static_cast<double>(Operations);
  for (unsigned Round = 0; Residual > Unit * Traffic && Residual > 0; ++Round) {
    if (Round == MaxRounds) {
      // As far as rounding lets it.
      if (Residual <= 4 * Rounding * Traffic)
        break;
      Found.Problem = FixedPointProblem::Unsolved;
      return Found;
    }
    differentiate(B, Rates, Y);
    double Before = Residual;
    if (!direction(Damping)) {
      Damping = std::max(Damping, G) * 8;
      continue;
    }
    for (size_t I = 0; I < N; ++I)
      Trial[I] = std::max(0.0, Y[I] + Step[I]);
    evaluate(B, Rates, Trial);
    if (Residual < Before) {
      std::ranges::copy(Trial, Y.begin());
      Damping = Residual < Before / 4 ? Damping / 64 : Damping / 4;
      continue;
    }
    evaluate(B, Rates, Y);
    if (Residual <= 4 * Rounding * Traffic)
      break;
    Damping = std::max(Damping, G * 1e-6) * 8;
  }
  Found.Error = 1.01 * (Residual + Rounding * Traffic + Doubt) / G;
  return Found;
}
