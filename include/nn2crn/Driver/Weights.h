//===- Weights.h - Weights of a model as those of reactions -----*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_DRIVER_WEIGHTS_H
#define NN2CRN_DRIVER_WEIGHTS_H

#include "nn2crn/Graph/Quantize.h"
#include "nn2crn/Support/Diagnostics.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace nn2crn {

/// How real weights become integers times a step.
struct WeightOptions {
  /// Enough that readings of the models we know keep three to four digits.
  static constexpr unsigned DefaultBits = 16, MostBits = 31;

  /// At most this many, from 2 to MostBits. DefaultBits where neither is given.
  std::optional<unsigned> Bits;
  /// The fewest bits that keep a proven bound on all readings, for inputs in
  /// their ranges, at this or less. Alone it must be met; with Bits, a budget
  /// that is missed is a warning.
  std::optional<double> Budget;
  /// `[PORT=]SPEC` each, one for every input: the fewest bits for which these
  /// samples keep their winners. Alone they must; with Bits, samples that do
  /// not are a warning. Not together with Budget.
  std::vector<std::string> Calibrate;
};

/// The winners of \p Model on the samples that \p Options name; \p Out stays
/// empty where they name none. False after a report.
bool readWinners(const Graph &Model, const WeightOptions &Options,
                 DiagnosticEngine &Diags, std::optional<Winners> &Out);

/// "the winners of 3 of 150 samples change, the first in sample 17", which
/// count from 0.
std::string lostSamples(const SampleReport &Samples);

/// The box that `--input-range=[PORT=]LO:HI ...` declares; empty after a
/// report.
std::optional<InputBox> declaredBox(const Graph &G,
                                    std::span<const std::string> Specs,
                                    DiagnosticEngine &Diags);

/// Rounds the weights of \p G where they are not integers times a step, and
/// says what that does. \p Keep: of the samples that \p Options name, if any.
/// Empty after reporting that the budget is missed, or that samples lose their
/// winners. For models with smooth activations see prepareModel().
std::optional<Quantization> roundModel(Graph &G, const WeightOptions &Options,
                                       const InputBox &Box,
                                       DiagnosticEngine &Diags,
                                       const Linearization &Before = {},
                                       std::optional<Winners> Keep = {});

} // namespace nn2crn

#endif
