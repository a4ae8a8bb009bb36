//===- Piecewise.h - Optimal piecewise-linear functions ---------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Continuous piecewise-linear functions nearest to an activation: of all with
// as many segments, anywhere, the one whose largest error is least. Intervals
// may be infinite where the function has an asymptote: there the outer segment
// is parallel to it, and the error is bounded on the whole line.
//
// docs/rationale/activations.md has the derivation.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_GRAPH_PIECEWISE_H
#define NN2CRN_GRAPH_PIECEWISE_H

#include "nn2crn/Graph/Smooth.h"

#include <optional>
#include <vector>

namespace nn2crn {

/// Offset + Slope x + sum of Change relu(x - At).
struct PiecewiseLinear {
  struct Knot {
    double At, Change;
  };
  double Offset = 0, Slope = 0;
  /// Ascending.
  std::vector<Knot> Knots;
  /// Proven: the function is nowhere further away, on the interval asked for.
  double Error = 0;

  double operator()(double X) const;
  unsigned segments() const { return static_cast<unsigned>(Knots.size() + 1); }
  /// The largest slope in magnitude.
  double steepest() const;
  /// The least and the greatest value between finite ends.
  SmoothFunction::Range range(double Low, double High) const;
};

/// An end may be infinite where the function has an asymptote there.
struct Interval {
  double Low, High;
  bool operator==(const Interval &) const = default;
};

/// How numbers are chosen.
enum class Numbers : uint8_t {
  /// Slopes are multiples of a power of two (and of slopeUnit()), knots and
  /// offset have few bits; a tenth of the error may be due to that.
  Few,
  /// As they come.
  Any,
};

/// More segments than that are not made.
inline constexpr unsigned MostSegments = 512;

/// The best with at most \p Segments, or with two where one cannot go along
/// both asymptotes.
PiecewiseLinear approximate(const SmoothFunction &F, Interval On,
                            unsigned Segments, Numbers N = Numbers::Few);

/// The one with the fewest segments whose error is proven to be \p Error or
/// less; empty where that takes more than \p Most.
std::optional<PiecewiseLinear> approximateWithin(const SmoothFunction &F,
                                                 Interval On, double Error,
                                                 unsigned Most = MostSegments,
                                                 Numbers N = Numbers::Few);

/// A proven bound on how far \p P is from \p F on \p On; infinite where it is
/// not bounded. Within 0.2 % of the largest error, but for rounding.
double provenError(const SmoothFunction &F, const PiecewiseLinear &P,
                   Interval On);

} // namespace nn2crn

#endif
