//===- Linearize.h - Smooth activations out of ReLUs ------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Replaces every smooth activation of a graph by an optimal piecewise-linear
// one, which is a layer of ReLUs between two affine nodes. What is left can be
// computed by rate-independent reactions, and certified.
//
// Where the ranges of all inputs are known, an activation is approximated on
// what interval arithmetic says that it can see, and on the whole line on sides
// where that goes far enough out. Where they are not, on the whole line, so
// that results are sane for all inputs; but only as far as inputs from -1 to 1
// take it on sides without an asymptote (Exp).
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_GRAPH_LINEARIZE_H
#define NN2CRN_GRAPH_LINEARIZE_H

#include "nn2crn/Graph/InputBox.h"
#include "nn2crn/Graph/Piecewise.h"

#include <optional>
#include <vector>

namespace nn2crn {

/// An activation that was replaced: Result = Function(From), by way of the
/// ReLUs Pieces of the values Shifted. Both invalid where Function is a line.
struct PiecewiseUnit {
  ValueId From, Shifted, Pieces, Result;
  PiecewiseLinear Function;
  /// Where Function.Error is proven.
  Interval On;
};

/// What replacing activations does to a part of known slope by itself.
struct PartError {
  /// How far To is from where From, as it is, should take it; infinite where
  /// the part is none (PartTable.h).
  double Own;
  /// How far From is from what it should be.
  double Arriving;
};

/// What replacing activations did.
struct Linearization {
  std::vector<PiecewiseUnit> Units;
  /// As Graph::parts().
  std::vector<PartError> Parts;
  /// The most that one has.
  unsigned Segments = 0;
  /// The largest error of one, on what it can see; proven.
  double Error = 0;
  /// No output moves by more for inputs in the box; 0 where nothing was to do.
  /// Of an output that is an index, the scores that it is taken of.
  double Bound = 0;
  /// The largest that random inputs from the box showed.
  double Measured = 0;
  /// False where unit inputs, -1 to 1, stand in for ranges that nobody gave.
  bool Declared = true;
  /// An activation of whose values there is no saying how large they are, or
  /// whether there are any; then nothing was replaced.
  std::optional<NodeId> Unbounded;
  /// Where that is because it is not defined at all that it may see: that.
  std::optional<Interval> Undefined;
};

/// Error of an activation where nothing else is asked for. Of one that grows
/// faster than a line (Exp, Pow), times the largest value where that is
/// above 1.
inline constexpr double DefaultActivationError = 1e-3;

/// Each activation with the least error that \p Segments have.
Linearization linearizeWithSegments(Graph &G, unsigned Segments,
                                    const InputBox &Box);
/// Each with the fewest segments, up to \p Most, of an error of at most
/// \p Error; with the least error of \p Most where that is not enough.
Linearization linearizeWithError(Graph &G, double Error, unsigned Most,
                                 const InputBox &Box);
/// With the fewest segments, up to \p Most, for which all have the same error
/// and no output moves by more than \p Budget; a bound above it means that
/// \p Most are not enough.
Linearization linearizeWithin(Graph &G, double Budget, unsigned Most,
                              const InputBox &Box);

} // namespace nn2crn

#endif
