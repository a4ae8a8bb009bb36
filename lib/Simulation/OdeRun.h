//===- OdeRun.h - One integration from start to stop -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_SIMULATION_ODERUN_H
#define NN2CRN_LIB_SIMULATION_ODERUN_H

#include "Settling.h"

#include <functional>

namespace nn2crn {

/// What became of one case.
struct OdeOutcome {
  enum class End : uint8_t { Reached, Failed, TimeOut } How = End::Reached;
  /// When it stopped, and since when the stop rule was met.
  double Time = 0, Since = 0;
  /// Where it failed: why.
  std::string Failure;
  /// Where time ran out: what had not come to rest.
  SettleMonitor::Laggard Laggard;
};

/// Integrates from \p Amounts until the session's stop rule is met. Calls
/// \p OnStep, where given, at the start and after each step.
OdeOutcome integrate(const Session &S, OdeIntegrator &I, SettleMonitor &Monitor,
                     std::span<const double> Amounts,
                     std::span<const double> Limits,
                     const std::function<void(OdeIntegrator &)> &OnStep = {});

/// Reports \p Outcome of case \p Case where it is not Reached.
bool reportOutcome(const Session &S, size_t Case, const OdeOutcome &Outcome);

} // namespace nn2crn

#endif
