//===- Smooth.h - Activations that are not piecewise linear -----*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is proven of an activation, and all that its approximation relies on: a
// bound of its curvature on any interval, where its slope jumps, and the lines
// it goes along far out. docs/rationale/activations.md derives each.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_GRAPH_SMOOTH_H
#define NN2CRN_GRAPH_SMOOTH_H

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace nn2crn {

enum class SmoothKind : uint8_t {
  Sigmoid,   ///< 1 / (1 + exp(-x))
  Tanh,      ///< tanh(x)
  Softplus,  ///< log(1 + exp(x))
  Softsign,  ///< x / (1 + |x|)
  Elu,       ///< x, or Alpha (exp(x) - 1) for x < 0
  Selu,      ///< Gamma Elu(x)
  Celu,      ///< x, or Alpha (exp(x / Alpha) - 1) for x < 0
  Gelu,      ///< x (1 + erf(x / sqrt 2)) / 2
  GeluTanh,  ///< x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2
  Mish,      ///< x tanh(log(1 + exp(x)))
  Silu,      ///< x / (1 + exp(-Alpha x)), also called Swish
  HardSwish, ///< x min(max(x + 3, 0), 6) / 6
  Exp,       ///< exp(x)
  /// (x + sqrt(x^2 + 4 Alpha)) / 2, at most sqrt(Alpha) above the ReLU: what a
  /// stable reaction network computes (Lowering/FixedPoint.h). smoothen() makes
  /// it; no model has it.
  SmoothedRelu,
  // For Softmax. Who makes such a node promises that its argument is at most 0
  // (at least 1) for every input; intervals cannot know that.
  ExpBelow, ///< exp(min(x, 0))
  LogAbove, ///< log(max(x, 1))
  // Roots, logarithms, powers, circular and hyperbolic functions. Those that
  // are not defined everywhere need inputs in a range that keeps them there.
  Sqrt,
  Reciprocal,
  Log,
  Pow, ///< x^Alpha
  Erf,
  Sin,
  Cos,
  Tan,
  Asin,
  Acos,
  Atan,
  Sinh,
  Cosh,
  Asinh,
  Acosh,
  Atanh,
};

/// A function of one variable. Parameters have single precision, as attributes
/// of models do; what a kind does not name it does not use. Alpha of Celu and
/// Silu is not 0, of SmoothedRelu it is positive.
struct SmoothFunction {
  SmoothKind Kind = SmoothKind::Sigmoid;
  float Alpha = 1, Gamma = 1;

  bool operator==(const SmoothFunction &) const = default;
  /// As in "Sigmoid".
  std::string_view name() const;
  /// False for parameters that are not finite, or 0 where they divide.
  bool isValid() const;
  double operator()(double X) const;

  /// The line Slope x + Offset that the function approaches far to the right,
  /// or to the left; empty where it has none. From farOut() on the distance
  /// shrinks all the way.
  struct Ray {
    double Slope, Offset;
    double at(double X) const { return Slope * X + Offset; }
  };
  std::optional<Ray> ray(bool Right) const;
  double farOut() const;
  /// Where the slope jumps, ascending.
  std::vector<double> kinks() const;
  /// True where the function has a value everywhere from \p Low to \p High, but
  /// for what rounding adds to an interval.
  bool isDefined(double Low, double High) const;
  /// True where it has no asymptote and grows faster than a line, so that its
  /// error is in proportion to its values.
  bool outgrowsLines(bool Right) const;
  /// The second derivative is not larger in magnitude between \p Low and
  /// \p High, finite and with no kink inside. Or, where it has no bound (Sqrt
  /// at 0), the function is not further from its chord than with this one.
  double curvature(double Low, double High) const;
  /// The least and the greatest value on an interval with finite ends, or an
  /// interval with these in it.
  struct Range {
    double Low, High;
  };
  Range range(double Low, double High) const;
  /// |f(a) - f(b)| is at most that times |a - b|, for a and b in the interval,
  /// which has finite ends.
  double lipschitz(double Low, double High) const;
  /// What slopes are multiples of far out, so that they can be met exactly.
  double slopeUnit() const;
};

} // namespace nn2crn

#endif
