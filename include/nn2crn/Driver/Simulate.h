//===- Simulate.h - What crn-sim does -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_DRIVER_SIMULATE_H
#define NN2CRN_DRIVER_SIMULATE_H

#include "nn2crn/Simulation/Simulate.h"
#include "nn2crn/Simulation/Trajectory.h"

#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
}

namespace nn2crn {

/// A run of crn-sim as its command line says it; empty strings for what was
/// not asked.
struct SimulateRequest {
  /// `[PORT=]SPEC` each.
  std::vector<std::string> Inputs;
  /// `[PORT=]FILE` each; a table on standard output where there is none.
  std::vector<std::string> Outputs;
  SimulationOptions Options;
  /// Spec of the true classes.
  std::string Labels;
  std::string Report;
  std::string TrajectoryCsv, Plot;
  TrajectoryOptions Trajectory;
};

/// Simulates \p Net and writes all files or reports why not. The table and the
/// score go to \p OS. Returns false after errors.
bool runSimulation(const Network &Net, const SimulateRequest &Request,
                   llvm::raw_ostream &OS, DiagnosticEngine &Diags);

} // namespace nn2crn

#endif
