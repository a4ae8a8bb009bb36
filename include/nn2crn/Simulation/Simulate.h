//===- Simulate.h - Samples in, readings out -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs a network on a batch of samples and reads its output ports: by the
// limit in one pass where that is valid, or by integrating mass action.
// Results do not depend on the number of threads.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_SIMULATION_SIMULATE_H
#define NN2CRN_SIMULATION_SIMULATE_H

#include "nn2crn/IR/PortValues.h"
#include "nn2crn/Support/Progress.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nn2crn {

enum class SimulationMethod : uint8_t {
  /// Equilibrium where that is valid and nothing about time was asked,
  /// otherwise ODE.
  Auto,
  /// The limit, in one pass over a noncompetitive, productive, feed-forward
  /// network (Analysis/FeedForward.h). There may be annihilations on top, where
  /// it is proven that no reading depends on what they take; or fixed points
  /// that are proven to be the only ones, and stable (Analysis/StableLimit.h).
  Equilibrium,
  /// Deterministic mass action in time.
  Ode,
};
std::string_view methodName(SimulationMethod M);

/// What of the limit is certain.
enum class LimitKind : uint8_t {
  /// Nothing that is known, or it was not asked.
  Unknown,
  /// Every amount, whatever the rates.
  Unique,
  /// Every reading, whatever the rates, but not the amounts of single species:
  /// annihilations take
  /// from them what rates decide.
  Differences,
  /// Every reading, at the rates there are: it is made of fixed points to which
  /// species tend from any amount.
  Stable,
};
std::string_view limitName(LimitKind K);

/// When an integration ends.
enum class StopRule : uint8_t {
  /// At SimulationOptions::EndTime.
  EndTime,
  /// When every output is within the settle tolerance of its limit, and what is
  /// still to react cannot carry it away again. Where the limit is not known:
  /// when nothing that the outputs depend on changed over two doublings of
  /// time.
  Settled,
  /// When the largest element of the only output port is the limit's and no
  /// other can overtake it any more.
  Decided,
};

struct SimulationOptions {
  SimulationMethod Method = SimulationMethod::Auto;
  StopRule Until = StopRule::Settled;
  /// In the network's time unit, positive; for StopRule::EndTime.
  double EndTime = 0;
  /// Of the integrator, on amounts. The difference of two rails is less
  /// accurate by the ratio of the rails to it.
  double RelativeTolerance = 1e-9, AbsoluteTolerance = 1e-12;
  /// How close to its limit an output counts as settled: t + t |limit|.
  double SettleTolerance = 1e-3;
  /// When to give up on settling. 0: 10^9 in units of the slowest rate
  /// constant, or of time where that is longer.
  double MaxTime = 0;
  /// 0: as many as the machine has.
  unsigned Threads = 0;
  ProgressCallback Progress;
};

/// All cases of one output port.
struct SimulationOutput {
  std::string Name;
  /// Of one case.
  std::vector<int64_t> Shape;
  /// [cases, ...Shape], row-major.
  std::vector<double> Values;
  /// Set for a network without output ports, whose only output is the amounts
  /// of all species: their names.
  std::vector<std::string> ElementNames;
  OutputMeaning Meaning = {};

  size_t elements() const { return shapeElements(Shape); }
};

struct SimulationResult {
  size_t Cases = 0;
  /// Never Auto.
  SimulationMethod Method = SimulationMethod::Equilibrium;
  /// Why Auto took it; empty where it was asked for.
  std::string Why;
  LimitKind Limit = LimitKind::Unknown;
  /// How many reactions make the difference between LimitKind::Unique and
  /// LimitKind::Differences.
  size_t Annihilations = 0;
  /// Equilibrium: a bound on the error of every reading, relative to
  /// max(1, |reading|).
  std::optional<double> Accuracy;
  /// One a case: since when it is settled or decided. Empty with EndTime.
  std::vector<double> SettleTimes;
  std::vector<SimulationOutput> Outputs;
  double WallSeconds = 0;
};

/// Runs all cases of \p Inputs; without arrays, the one sample that the
/// network's own initial amounts are. Empty after a report.
std::optional<SimulationResult> simulate(const Network &Net,
                                         const InputArrays &Inputs,
                                         const SimulationOptions &Options,
                                         DiagnosticEngine &Diags);

/// The least of \p Values that a share \p Q of them does not exceed, 0 to 1.
double quantile(std::span<const double> Values, double Q);

/// The index of the largest of \p Values; of the first, where several are.
size_t winner(std::span<const double> Values);

/// How many cases have the winner that \p Labels (one a case) says.
struct LabelScore {
  size_t Right, Cases;
  double accuracy() const {
    return static_cast<double>(Right) / static_cast<double>(Cases);
  }
};
/// Needs one output port and as many labels as cases; a single output is
/// rounded and compared itself. Reports otherwise.
std::optional<LabelScore> scoreLabels(const SimulationResult &Result,
                                      const Array &Labels,
                                      DiagnosticEngine &Diags);

/// The JSON of `crn-sim --report`, with a newline.
std::string reportJson(const SimulationResult &Result,
                       const std::optional<LabelScore> &Labels);

} // namespace nn2crn

#endif
