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
#include <tuple>

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
  std::vector<double> Doubts(N);
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

/// Two species that decay and annihilate, the ring that everybody builds: each
/// is the positive root of a quadratic. False for any other ring.
static bool solvePair(const FixedPointBlock &B,
                      std::span<const Uncertain> Rates, std::span<double> Y) {
  if (B.Species.size() != 2)
    return false;
  double Source[2] = {}, Loss[2] = {}, Both = 0;
  for (size_t I = 0; I < B.Flows.size(); ++I) {
    const auto &[Powers, Changes] =
        std::tie(B.Flows[I].Powers, B.Flows[I].Changes);
    bool Single = Changes.size() == 1 && Powers.size() <= 1;
    if (Single && Powers.empty())
      Source[Changes[0].Local] += Changes[0].Amount * Rates[I].Value;
    else if (Single && Powers[0].Local == Changes[0].Local &&
             Powers[0].Exponent == 1 && Changes[0].Amount < 0)
      Loss[Changes[0].Local] -= Changes[0].Amount * Rates[I].Value;
    else if (Powers.size() == 2 && Changes.size() == 2 &&
             Powers[0].Exponent == 1 && Powers[1].Exponent == 1 &&
             Changes[0].Amount == -1 && Changes[1].Amount == -1)
      Both += Rates[I].Value;
    else
      return false;
  }
  for (int I : {0, 1}) {
    // Loss[0] y0 - Loss[1] y1 = Source[0] - Source[1] leaves y alone in
    // A y^2 + M y = Source.
    double A = Both * Loss[I] / Loss[1 - I],
           M = Loss[I] - Both * (Source[I] - Source[1 - I]) / Loss[1 - I],
           Root = std::sqrt(M * M + 4 * A * Source[I]);
    Y[static_cast<size_t>(I)] =
        M < 0 ? (Root - M) / (2 * A) : 2 * Source[I] / (Root + M);
  }
  return std::isfinite(Y[0]) && std::isfinite(Y[1]);
}

/// Newton's method; where that does not lead anywhere soon, implicit steps in
/// time that must bring the rates down, as small ones always do in a
/// contracting system. Goes on as long as rounding lets it.
bool RingSolver::iterate(const FixedPointBlock &B,
                         std::span<const Uncertain> Rates, std::span<double> Y,
                         double G, double Rounding) {
  constexpr unsigned Free = 40, Most = 1000;
  auto Done = [&] { return Residual <= 4 * Rounding * Traffic; };
  if (!solvePair(B, Rates, Y))
    std::ranges::fill(Y, 0);
  evaluate(B, Rates, Y);
  double Damping = 0;
  for (unsigned Round = 0; Round < Most && Residual > 0; ++Round) {
    if (Round == Free) {
      std::ranges::fill(Y, 0);
      evaluate(B, Rates, Y);
      Damping = G;
    }
    differentiate(B, Rates, Y);
    double Before = Residual;
    bool WasDone = Done(), Moves = direction(Damping);
    if (Moves) {
      for (size_t I = 0; I < Y.size(); ++I)
        Trial[I] = std::max(0.0, Y[I] + Step[I]);
      evaluate(B, Rates, Trial);
      Moves = Residual < Before || (Round < Free && !WasDone);
    }
    if (Moves) {
      std::ranges::copy(Trial, Y.begin());
      Damping = Residual < Before / 4 ? Damping / 64 : Damping / 4;
    } else {
      evaluate(B, Rates, Y);
      Damping = std::max(Damping, G * 1e-6) * 8;
    }
    // Once within rounding, as long as it still halves.
    if (WasDone && !(Residual < Before / 2))
      break;
  }
  return Done();
}

RingSolver::Outcome RingSolver::solve(const FixedPointBlock &B,
                                      std::span<const Uncertain> Rates,
                                      std::span<double> Y) {
  constexpr double Unit = std::numeric_limits<double>::epsilon();
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
  // A rate is a product, and a species has a sum of them.
  size_t Operations = 2;
  for (const BlockFlow &Flow : B.Flows) {
    size_t Order = 1;
    for (BlockFlow::Power P : Flow.Powers)
      Order += P.Exponent;
    Operations = std::max(Operations, 2 + Order + B.Flows.size());
  }
  double Rounding = 0.51 * Unit * static_cast<double>(Operations);
  if (!iterate(B, Rates, Y, G, Rounding)) {
    Found.Problem = FixedPointProblem::Unsolved;
    return Found;
  }
  Found.Error = 1.01 * (Residual + Rounding * Traffic + Doubt) / G;
  return Found;
}
