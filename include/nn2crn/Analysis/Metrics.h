//===- Metrics.h - What a network costs -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_ANALYSIS_METRICS_H
#define NN2CRN_ANALYSIS_METRICS_H

#include "nn2crn/IR/Network.h"

#include <cstdint>

namespace nn2crn {

/// Counts of a network. Molecules are counted with their coefficients: `A ->
/// 2 B + C` has three products.
struct Metrics {
  uint64_t Species = 0, Reactions = 0;
  /// Reactions by the number of reactant molecules.
  uint64_t ZeroOrder = 0, Unimolecular = 0, Bimolecular = 0, Higher = 0;
  /// The largest number of molecules on one side of a reaction.
  uint64_t MaxReactants = 0, MaxProducts = 0;
  /// Molecules on each side of all reactions together; strands pay for the
  /// products.
  uint64_t ReactantSlots = 0, ProductSlots = 0;
  /// Species listed on any side, each counted once a side.
  uint64_t Terms = 0;
};

Metrics computeMetrics(const Network &Net);

} // namespace nn2crn

#endif
