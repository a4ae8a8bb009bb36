//===- Session.h - What all methods share -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_SIMULATION_SESSION_H
#define NN2CRN_LIB_SIMULATION_SESSION_H

#include "nn2crn/Analysis/FeedForward.h"
#include "nn2crn/Simulation/CompiledNetwork.h"
#include "nn2crn/Simulation/Simulate.h"

#include "Parallel.h"

#include <memory>

namespace nn2crn {

/// A network with its samples, checked and compiled.
class Session {
public:
  Session(const Network &Net, const InputArrays &Inputs,
          const SimulationOptions &Options, DiagnosticEngine &Diags);

  /// Checks the options and every sample, analyses and compiles. False after a
  /// report.
  bool prepare();

  const Network &network() const { return Net; }
  const SimulationOptions &options() const { return Options; }
  DiagnosticEngine &diags() const { return Diags; }
  size_t cases() const { return Inputs.Cases; }
  const FeedForward &feedForward() const { return Order; }
  /// The reactions in topological order where there is one, else in id order.
  const CompiledNetwork &compiled() const { return *Compiled; }
  /// Output ports; a port of all species where the network has none.
  std::span<const Port *const> outputs() const { return Outputs; }
  /// Readings of one case, all outputs together.
  size_t readingCount() const { return Readings; }
  /// The output and element that reading \p I is.
  std::pair<const Port *, size_t> reading(size_t I) const;
  /// Reads all outputs, one after the other.
  void read(std::span<const double> Amounts, std::span<double> Values) const;

  /// The amounts that case \p Case begins with, and where \p Errors is not
  /// empty, bounds on what is lost in turning values into them.
  void amounts(size_t Case, std::span<double> Amounts,
               std::span<double> Errors = {}) const;
  /// MaxTime, or what stands for its 0.
  double maxTime() const;
  /// An empty result with room for all readings.
  SimulationResult emptyResult() const;
  /// Puts the readings of one case in their places.
  void store(SimulationResult &Result, size_t Case,
             std::span<const double> Values) const;
  /// "case 3: " where there are several cases.
  std::string caseText(size_t Case) const;
  /// Reports how a loop ended early; true where it did not.
  bool finished(LoopEnd End) const;

private:
  const Network &Net;
  const InputArrays &Inputs;
  const SimulationOptions &Options;
  DiagnosticEngine &Diags;
  FeedForward Order;
  std::unique_ptr<CompiledNetwork> Compiled;
  Port AllSpecies;
  std::vector<const Port *> Outputs;
  size_t Readings = 0;
};

/// The limits of all cases, in one pass each. \p Limits gets the readings,
/// [cases, readings]. Reports where the accuracy does not suffice.
bool runEquilibrium(const Session &S, std::vector<double> &Limits,
                    double &Accuracy);

/// Integrates all cases.
bool runOde(const Session &S, SimulationResult &Result);

} // namespace nn2crn

#endif
