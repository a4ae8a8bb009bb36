//===- Equilibrium.h - The limit in one pass -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The limit state of a network that analyzeFeedForward holds for: each
// reaction fires once, to completion, in topological order. Where
// analyzeStableLimit holds, that is the first part, and the fixed points of
// blocks of species follow, in topological order as well.
//
// Amounts are pairs of doubles (106 bits) with a running bound on their error,
// because the two rails of a deep network may be 10^4 and far more times their
// difference. The bound says how much of a reading is left.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_SIMULATION_EQUILIBRIUM_H
#define NN2CRN_LIB_SIMULATION_EQUILIBRIUM_H

#include "FixedPoint.h"
#include "nn2crn/Simulation/CompiledNetwork.h"

#include <array>
#include <span>
#include <vector>

namespace nn2crn {

/// What an amount, and a bound on its error, is for each of several cases side
/// by side: species S of lane L is at S * lanes() + L.
class EquilibriumBlock {
public:
  /// \p C must be compiled in topological order. \p Fixed, where there is any,
  /// has the blocks that come after it. Both must outlive the block.
  explicit EquilibriumBlock(const CompiledNetwork &C,
                            const StableLimit *Fixed = nullptr);
  /// Cases that are computed together; fewer where a block would not fit the
  /// caches anyhow.
  size_t lanes() const { return Lanes; }

  /// Sets the initial amounts of a lane, with bounds on their errors.
  void start(size_t Lane, std::span<const double> Amounts,
             std::span<const double> Errors);
  /// Fires all reactions, then finds all fixed points.
  void run();
  /// Why a lane has no certain limit, with the first species that lacks one.
  /// Its amounts mean nothing then.
  struct Refusal {
    FixedPointProblem What = FixedPointProblem::None;
    SpeciesId Species;
  };
  Refusal refusal(size_t Lane) const { return Refusals[Lane]; }
  /// A reading: value of the functional of a port's element, and a bound on
  /// its error.
  struct Reading {
    double Value, Error;
  };
  Reading read(size_t Lane, const Port &P, size_t Element) const;
  double amount(size_t Lane, SpeciesId S) const {
    return High[S.Value * Lanes + Lane];
  }
  double error(size_t Lane, SpeciesId S) const {
    return Error[S.Value * Lanes + Lane];
  }

private:
  static constexpr size_t WideLanes = 8;
  template <size_t L> void fireAll();
  void settle();
  template <size_t L> void settleAll();
  void settleOne(const FixedPointBlock &B, size_t Lane);
  void settleRing(const FixedPointBlock &B, size_t Lane);
  void put(const FixedPointBlock &B, size_t Lane, size_t Local,
           Uncertain Amount);

  const CompiledNetwork &C;
  const StableLimit *Fixed;
  size_t Lanes;
  std::vector<double> High, Low, Error;
  std::vector<Refusal> Refusals;
  /// Of the flows of a block, lane by lane.
  std::vector<Uncertain> Sums;
  std::vector<double> RingAmounts;
  RingSolver Rings;
};

/// What is still to come from a state on the way to the limit, in plain
/// doubles: how much more each species will be produced and consumed, whatever
/// the rates. Bounds every later reading.
///
/// Annihilations p + n -> on top of such a network only ever take supplies
/// away. Extents are minima of supplies, so in topological order none is larger
/// than it would be without annihilations, at any time: the bounds on what the
/// other reactions do hold as they are. What an annihilation itself does to a
/// reading is at most (coefficient of p + that of n) times what is and comes of
/// the scarcer of the two; nothing, where the two are an element's rails.
class RemainingFlows {
public:
  using Annihilation = std::array<uint32_t, 2>;
  /// \p C without the annihilations.
  RemainingFlows(const CompiledNetwork &C, std::span<const Port *const> Outputs,
                 std::span<const Annihilation> Annihilations);
  /// \p Amounts by species id; negative ones (an integrator's noise) count as
  /// zero.
  void compute(std::span<const double> Amounts);
  /// How far a reading can still go up and down.
  struct Band {
    double Up, Down;
  };
  /// Of all outputs' elements, one after the other.
  void bands(std::vector<Band> &Bands) const;

private:
  const CompiledNetwork &C;
  std::span<const Port *const> Outputs;
  std::vector<double> Amount, In, Out;
  /// Annihilations that change a reading themselves, and by how much for each
  /// unit that they take.
  struct Direct {
    size_t Reading;
    Annihilation Pair;
    double Effect;
  };
  std::vector<Direct> Directs;
};

} // namespace nn2crn

#endif
