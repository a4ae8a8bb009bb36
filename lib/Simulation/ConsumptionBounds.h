//===- ConsumptionBounds.h - What can still be used up -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How much of each species any network can still consume from a state, whatever
// the rates. Once N is used up in M + N -> P, integrators leave some 1e-15 of
// it, which is no sign that M is about to go, only slowly.
//
// Species that are made from each other in a ring (a strongly connected
// component of "is consumed where that is made") form a pool. No firing adds to
// a pool but those that consume something outside, and that comes from pools
// earlier in the order; each firing that takes more out of a pool than it
// returns happens at most (what is and comes of the pool) / (what it takes)
// times. A pool that can grow by itself has no bound.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_SIMULATION_CONSUMPTIONBOUNDS_H
#define NN2CRN_LIB_SIMULATION_CONSUMPTIONBOUNDS_H

#include "nn2crn/Simulation/CompiledNetwork.h"

#include <span>
#include <vector>

namespace nn2crn {

class ConsumptionBounds {
public:
  /// \p C must outlive this. Linear in its size, as compute() is.
  explicit ConsumptionBounds(const CompiledNetwork &C);
  /// From \p Amounts by species id; negative ones count as zero.
  void compute(std::span<const double> Amounts);
  /// How much of each species can still be consumed in all; infinity where
  /// nothing bounds it.
  std::span<const double> bounds() const { return Bounds; }

private:
  void findPools();
  double extent(uint32_t R, bool Outside) const;
  const CompiledNetwork &C;
  /// By species, then reactions: pools ascend from what is consumed to what is
  /// made. A reaction is in a pool where it is part of the ring.
  std::vector<uint32_t> PoolOf;
  /// Reactions by pool.
  std::vector<uint32_t> Order;
  std::vector<double> Mass, Bounds;
};

} // namespace nn2crn

#endif
