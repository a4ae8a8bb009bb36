//===- Session.h - What all methods share -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_SIMULATION_SESSION_H
#define NN2CRN_LIB_SIMULATION_SESSION_H

#include "nn2crn/Analysis/NetworkForms.h"
#include "nn2crn/Analysis/StableLimit.h"
#include "nn2crn/Simulation/Simulate.h"

#include "Equilibrium.h"
#include "Parallel.h"

#include <memory>
#include <string>

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
  const Certainty &certainty() const { return Certain; }
  /// Whether the limit of every reading is certain, whatever the rates: that of
  /// every amount is, or there are annihilations and it is proven that no
  /// reading of these samples depends on what they take. (Not asked for a fixed
  /// end time.)
  bool isRateIndependent() const { return Certain && Unproven.empty(); }
  /// Whether every reading has a limit, be it for these rates alone. Those of
  /// single cases may yet turn out to have none. (Fixed points are not asked
  /// for at a fixed end time.)
  bool hasLimit() const { return isRateIndependent() || isStable(); }
  /// What is known of fixed points, where the limit depends on rates.
  const StableLimit &stable() const { return Stable; }
  /// Whether there are species that tend to fixed points, and all is proven
  /// that reactions alone can tell.
  bool isStable() const { return Stable && Stable.Fixed > 0; }
  LimitKind limitKind() const;
  /// Where only annihilations stand in the way: what could not be proven.
  const std::string &unproven() const { return Unproven; }
  /// All reactions that can run; those of the limit first, where there is one.
  const CompiledNetwork &compiled() const { return *Compiled; }
  /// The reactions that make the limit, in topological order: without those
  /// that annihilate, and before fixed points. Needs hasLimit().
  const CompiledNetwork &compiledLimit() const {
    return Limit ? *Limit : *Compiled;
  }
  std::span<const RemainingFlows::Annihilation> annihilations() const {
    return Annihilations;
  }
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
  void analyze();
  std::string proveLimit() const;
  const Network &Net;
  const InputArrays &Inputs;
  const SimulationOptions &Options;
  DiagnosticEngine &Diags;
  Certainty Certain;
  std::string Unproven;
  StableLimit Stable;
  std::unique_ptr<CompiledNetwork> Compiled, Limit;
  std::vector<RemainingFlows::Annihilation> Annihilations;
  Port AllSpecies;
  std::vector<const Port *> Outputs;
  size_t Readings = 0;
};

/// The limits of all cases, in one pass each.
struct Limits {
  /// [cases, readings]
  std::vector<double> Readings;
  /// See SimulationResult.
  double Accuracy = 0;
  /// With fixed points: why the first of those cases whose readings are NaN has
  /// no certain limit. Empty where all have one.
  std::string Refused;
  /// Of one case; empty where it has no limit.
  std::span<const double> of(size_t Case, size_t Count) const {
    if (Readings.empty() ||
        (Count > 0 && Readings[Case * Count] != Readings[Case * Count]))
      return {};
    return std::span(Readings).subspan(Case * Count, Count);
  }
};
/// Reports where the accuracy does not suffice. With fixed points these cases,
/// and those that turn out to have none, become NaN instead.
bool findLimits(const Session &S, Limits &Found);

/// Integrates all cases.
bool runOde(const Session &S, SimulationResult &Result);

} // namespace nn2crn

#endif
