//===- Smoothen.h - Activations out of smoothed ReLUs -----------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Replaces every activation of a graph, ReLUs included, by smoothed ReLUs
// between two affine nodes, or by exponentials and quotients: what the
// fixed-point lowering has a reaction network for. The counterpart of
// Linearize.h, which replaces smooth activations by sharp ones.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_GRAPH_SMOOTHEN_H
#define NN2CRN_GRAPH_SMOOTHEN_H

#include "nn2crn/Graph/InputBox.h"
#include "nn2crn/Graph/SmoothedSum.h"

#include <optional>
#include <span>

namespace nn2crn {

/// What replacing activations by smoothed ReLUs did.
struct Smoothing {
  /// Nodes that were replaced, those that are timed among them, and units of
  /// them that a single element takes at most.
  size_t Activations = 0, Timed = 0;
  unsigned Units = 0;
  /// The largest error of one, on what it can see; proven. Of timed ones, for a
  /// timer that keeps exponents within ExponentError.
  double Error = 0;
  /// That of every ReLU.
  double ReluError = 0;
  /// That of the exponent of every timed exponential.
  double ExponentError = 0;
  /// The least smoothing, h: settling takes up to 1 / (2 sqrt(h)).
  double LeastSmoothing = 0;
  /// No output moves by more for inputs in the box.
  double Bound = 0;
  /// The largest that random inputs from the box showed; timers aside.
  double Measured = 0;
  /// False where unit inputs, -1 to 1, stand in for ranges that nobody gave.
  bool Declared = true;
  /// An activation for which no sum was found; then nothing was replaced.
  std::optional<NodeId> Refused;
  /// Where that is because it is not defined at all that it may see: that.
  std::optional<Interval> Undefined;
  /// Whether that is a timed one with another before it, which no timer can be
  /// slow enough for.
  bool Chained = false;
};

/// Error of an activation where nothing else is asked for: what four units have
/// for a sigmoid. Of one that grows faster than a line (Exp), times the largest
/// value where that is above 1.
inline constexpr double DefaultSmoothError = 3e-5;

struct SmoothenOptions {
  /// How far each input may be off already, which bounds and intervals take
  /// into account; 0 where it is too short.
  std::span<const double> InputErrors = {};
  /// ReLUs stay, since something else comes as near to them.
  bool KeepRelus = false;
  /// Exp, Sigmoid, Tanh and Softmax become exponentials (SmoothKind::Exp) and
  /// quotients of them, which a timer makes exact.
  bool Timed = false;
};

/// Whether \p G has functions that SmoothenOptions::Timed is for.
bool hasTimed(const Graph &G);

/// Each activation within \p Error.
Smoothing smoothenWithError(Graph &G, double Error, const InputBox &Box,
                            const SmoothenOptions &Options = {});
/// All with the same error, so that no output moves by more than \p Budget; a
/// bound above it means that none was found.
Smoothing smoothenWithin(Graph &G, double Budget, const InputBox &Box,
                         const SmoothenOptions &Options = {});

} // namespace nn2crn

#endif
