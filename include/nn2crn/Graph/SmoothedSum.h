//===- SmoothedSum.h - Activations as sums of smoothed ReLUs ----*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The unit of Anderson, Joshi and Deshpande (J. R. Soc. Interface 18:20210031)
// has the smoothed ReLU s(d) = (d + sqrt(d^2 + 4 h)) / 2 as its fixed point.
// Sums of few of them come very near to the activations in use, on the whole
// line: four to a sigmoid within 0.00003, eight within 10^-6, with h of the
// order of 1, so that they settle in a time of the order of 1 as well.
//
// A table (SmoothedSums.def, from scripts/fit-activations) proposes sums for
// the common activations; for others the optimal piecewise-linear function is
// taken with its corners rounded. The error of each is proven here.
// docs/rationale/activations.md has the derivation.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_GRAPH_SMOOTHEDSUM_H
#define NN2CRN_GRAPH_SMOOTHEDSUM_H

#include "nn2crn/Graph/Piecewise.h"

#include <optional>
#include <vector>

namespace nn2crn {

/// Offset + Slope x + sum of Change s(x - At).
struct SmoothedSum {
  struct Unit {
    double At, Change;
    /// h, positive.
    float Smoothing;
    bool operator==(const Unit &) const = default;
  };
  double Offset = 0, Slope = 0;
  /// Ascending by At.
  std::vector<Unit> Units;
  /// Proven: the function is nowhere further away, on the interval asked for.
  double Error = 0;

  double operator()(double X) const;
  /// The second derivative is not larger in magnitude between \p Low and
  /// \p High.
  double curvature(double Low, double High) const;
  double slope(double X) const;
};

/// The ReLU itself, within \p Error (not 0) on the whole line.
SmoothedSum smoothedRelu(double Error);

/// A sum with few units whose error is proven to be \p Error or less on \p On;
/// empty where that takes more than \p Most.
std::optional<SmoothedSum> smoothedWithin(const SmoothFunction &F, Interval On,
                                          double Error,
                                          unsigned Most = MostSegments);

/// A proven bound on how far \p P is from \p F on \p On; infinite where it is
/// not bounded.
double provenError(const SmoothFunction &F, const SmoothedSum &P, Interval On);

} // namespace nn2crn

#endif
