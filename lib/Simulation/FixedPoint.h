//===- FixedPoint.h - Where a block comes to rest -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The fixed point of a block of Analysis/StableLimit.h, given what is upstream,
// with a bound on its error: the distance to the fixed point for any
// coefficients within theirs.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_SIMULATION_FIXEDPOINT_H
#define NN2CRN_LIB_SIMULATION_FIXEDPOINT_H

#include "nn2crn/Analysis/StableLimit.h"

#include <span>

namespace nn2crn {

/// A sum of rates, never negative, and a bound on its error.
struct Uncertain {
  double Value = 0, Error = 0;
  double low() const { return Error < Value ? Value - Error : 0; }
  double high() const { return Value + Error; }
};

/// What keeps a block from having one stable fixed point in a case.
enum class FixedPointProblem : uint8_t {
  None,
  /// What would take the species away is zero, or cannot be told from zero.
  NoLoss,
  /// The source is zero, or cannot be told from zero, so that 0 is a fixed
  /// point too.
  NoSource,
  /// The signs of the polynomial change more than once.
  Several,
  /// The iteration did not come to an end.
  Unsolved,
};

struct FixedPoint {
  Uncertain Amount;
  FixedPointProblem Problem = FixedPointProblem::None;
};

/// What is gained and lost in y^k.
struct RateCoefficient {
  Uncertain Gain, Loss;
};
/// The fixed point of dy/dt = sum over k of (Gain_k - Loss_k) y^k; \p Rate has
/// at most MaxBlockOrder + 1 entries. Not finite, without a problem, where
/// numbers overflow.
FixedPoint fixedPointOf(std::span<const RateCoefficient> Rate);

/// Fixed points of rings of species; keeps its scratch space.
class RingSolver {
public:
  /// The fixed point of \p B, with the sums of its flows as \p Rates, goes to
  /// \p Amounts; all of them are known to Error in sum. Culprit is the species,
  /// by its place in the block, that has a problem.
  struct Outcome {
    FixedPointProblem Problem = FixedPointProblem::None;
    double Error = 0;
    uint32_t Culprit = 0;
  };
  Outcome solve(const FixedPointBlock &B, std::span<const Uncertain> Rates,
                std::span<double> Amounts);

private:
  void evaluate(const FixedPointBlock &B, std::span<const Uncertain> Rates,
                std::span<const double> Y);
  void differentiate(const FixedPointBlock &B, std::span<const Uncertain> Rates,
                     std::span<const double> Y);
  bool direction(double Damping);
  bool iterate(const FixedPointBlock &B, std::span<const Uncertain> Rates,
               std::span<double> Y, double G, double Rounding);
  double contraction(const FixedPointBlock &B, std::span<const Uncertain> Rates,
                     uint32_t &Slowest);

  /// dy/dt, its sum of absolute values, that of the flows that make it, and
  /// what their errors make of it.
  std::vector<double> F;
  double Residual, Traffic, Doubt;
  /// Row-major: the Jacobian, and a matrix that is factored in place.
  std::vector<double> Jacobian, Matrix, Step, Trial;
};

} // namespace nn2crn

#endif
