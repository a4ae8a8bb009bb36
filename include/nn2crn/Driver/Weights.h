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
};

/// The box that `--input-range=[PORT=]LO:HI ...` declares; empty after a
/// report.
std::optional<InputBox> declaredBox(const Graph &G,
                                    std::span<const std::string> Specs,
                                    DiagnosticEngine &Diags);

/// Rounds the weights of \p G where they are not integers times a step, and
/// says what that does. Empty after reporting that the budget is missed. For
/// models with smooth activations see prepareModel().
std::optional<Quantization> roundModel(Graph &G, const WeightOptions &Options,
                                       const InputBox &Box,
                                       DiagnosticEngine &Diags,
                                       const Linearization &Before = {});

} // namespace nn2crn

#endif
