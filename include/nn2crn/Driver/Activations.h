//===- Activations.h - Smooth activations as ReLUs --*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_DRIVER_ACTIVATIONS_H
#define NN2CRN_DRIVER_ACTIVATIONS_H

#include "nn2crn/Driver/Weights.h"
#include "nn2crn/Graph/Linearize.h"

#include <optional>
#include <string>
#include <string_view>

namespace nn2crn {

/// What becomes of activations that are not piecewise linear.
struct ActivationOptions {
  /// "auto", "piecewise", "fixed-point" or "timed", which is "fixed-point" but
  /// for Exp, Sigmoid, Tanh and Softmax. Schemes other than auto decide it.
  std::string Way = "auto";
  /// Segments of each, at most, from 1 to MostSegments; for "piecewise".
  std::optional<unsigned> Segments;
};

bool isKnownActivationWay(std::string_view Way);
/// "auto, piecewise, fixed-point or timed".
std::string_view activationWays();

/// What was done to a model so that it can be lowered.
struct PreparedModel {
  Linearization Activations;
  Quantization Weights;
};

/// Approximates the activations of \p G and rounds its weights, and says what
/// that does. Without options each activation is within DefaultActivationError.
/// WeightOptions::Budget is for both: activations get half of it, or all where
/// weights need no rounding, and weights what activations leave. Empty after a
/// report.
std::optional<PreparedModel> prepareModel(Graph &G,
                                          const WeightOptions &Weights,
                                          const ActivationOptions &Activations,
                                          const InputBox &Box,
                                          DiagnosticEngine &Diags);

/// Reports that the function of \p N is not defined at all of \p Seen.
void reportUndefined(const Graph &G, const Node &N, Interval Seen,
                     bool Declared, DiagnosticEngine &Diags);

} // namespace nn2crn

#endif
