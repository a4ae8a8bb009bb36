//===- FixedPoint.h - Models as stable fixed points -------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_DRIVER_FIXEDPOINT_H
#define NN2CRN_DRIVER_FIXEDPOINT_H

#include "nn2crn/Driver/Weights.h"
#include "nn2crn/Graph/Smoothen.h"
#include "nn2crn/IR/Network.h"
#include "nn2crn/Lowering/FixedPoint.h"

#include <optional>
#include <string>
#include <vector>

namespace nn2crn {

/// A model that can be lowered to fixed points, and what was done to it.
struct FixedPointModel {
  /// The part that rate-independent reactions compute, with rounded weights;
  /// empty where all of it is fixed points.
  std::optional<Graph> Sharp;
  Graph Rest;
  /// Names of the outputs of both, in the model's order.
  std::vector<std::string> Outputs;
  /// Of Sharp.
  Quantization Weights;
  /// Of Rest; the bound and the measured error are for the whole model.
  Smoothing Activations;
  /// How ReLUs of Rest are sequestrations, where they are.
  std::optional<Sequestration> Relus;
  /// How exact timed exponentials are, where there are any.
  std::optional<Timing> Timer;
};

struct FixedPointOptions {
  /// ReLUs that no smooth activation comes before stay exact, if their weights
  /// are integers times a step, or are to be rounded (WeightOptions::Bits, or
  /// samples to keep the winners of).
  bool Split = true;
  /// ReLUs are sequestrations instead of smoothed; not with Split.
  bool Sequester = false;
  /// Exp, Sigmoid, Tanh and Softmax are timed, where there are any. A
  /// rate-independent part settles too slowly for that: nothing is split then.
  bool Timed = false;
};

/// Prepares \p G and says what that does. Weights of rate-independent ReLUs are
/// rounded as WeightOptions say; those of fixed points are rate constants and
/// are not. WeightOptions::Budget is for all of it; without, an activation is
/// within DefaultSmoothError. Empty after a report.
std::optional<FixedPointModel> prepareFixedPoint(const Graph &G,
                                                 const FixedPointOptions &How,
                                                 const WeightOptions &Weights,
                                                 const InputBox &Box,
                                                 DiagnosticEngine &Diags);

/// Lowers the one part onto the other. Empty after a report.
std::optional<Network> lowerModel(const FixedPointModel &M,
                                  DiagnosticEngine &Diags);

} // namespace nn2crn

#endif
