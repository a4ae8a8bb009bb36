//===- FixedPoint.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One species. Let the coefficients a_k be known to lie between l_k and u_k,
// and l and u be the polynomials of these. If both change sign once, from + to
// -, then every polynomial between them is positive below the root of l and
// negative beyond the root of u, so all its roots are in between. A root y of
// the middle is good to e where l(y - e) > 0 > u(y + e), and that is checked,
// rounding included, whatever guess e comes from.
//
//===----------------------------------------------------------------------===//

#include "FixedPoint.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

using namespace nn2crn;

namespace {
constexpr double Unit = std::numeric_limits<double>::epsilon();
constexpr double Infinity = std::numeric_limits<double>::infinity();

struct Polynomial {
  std::array<double, MaxBlockOrder + 1> A{};
  size_t Degree = 0;

  /// Positive and negative terms by themselves, both as positive sums, so that
  /// rounding is relative to each.
  struct Parts {
    double Plus, Minus;
  };
  Parts at(double Y) const {
    Parts P{0, 0};
    for (size_t K = Degree + 1; K-- > 0;) {
      P.Plus = P.Plus * Y + std::max(A[K], 0.0);
      P.Minus = P.Minus * Y + std::max(-A[K], 0.0);
    }
    return P;
  }
  double slope(double Y) const {
    double D = 0;
    for (size_t K = Degree; K > 0; --K)
      D = D * Y + static_cast<double>(K) * A[K];
    return D;
  }
  /// Horner's scheme rounds twice a step.
  double slack() const { return static_cast<double>(Degree + 1) * Unit; }
  bool surelyNegative(double Y) const {
    Parts P = at(Y);
    return P.Plus * (1 + slack()) < P.Minus * (1 - slack());
  }
  bool surelyPositive(double Y) const {
    Parts P = at(Y);
    return P.Minus * (1 + slack()) < P.Plus * (1 - slack());
  }
  unsigned signChanges() const {
    unsigned Count = 0;
    double Last = 0;
    for (size_t K = 0; K <= Degree; ++K) {
      Count += A[K] != 0 && Last != 0 && (A[K] > 0) != (Last > 0);
      Last = A[K] != 0 ? A[K] : Last;
    }
    return Count;
  }
  double leading() const {
    for (size_t K = Degree + 1; K-- > 0;)
      if (A[K] != 0)
        return A[K];
    return 0;
  }

  /// A root, given that the polynomial is positive at 0 and negative far away.
  double root() const {
    if (Degree == 1)
      return A[0] / -A[1];
    if (Degree == 2 && A[2] < 0) {
      double Wide = std::sqrt(A[1] * A[1] - 4 * A[2] * A[0]);
      return A[1] > 0 ? (A[1] + Wide) / (-2 * A[2]) : 2 * A[0] / (Wide - A[1]);
    }
    double Low = 0, High = 1;
    auto Value = [&](double Y) {
      Parts P = at(Y);
      return P.Plus - P.Minus;
    };
    while (Value(High) > 0) {
      Low = High;
      High *= 2;
      if (!std::isfinite(High))
        return Infinity;
    }
    // Newton's method within a bracket, which halves where that does not help.
    double Y = High;
    for (unsigned Round = 0; Round < 2200; ++Round) {
      double V = Value(Y);
      (V > 0 ? Low : High) = Y;
      double Next = Y - V / slope(Y);
      if (V == 0 || std::fabs(Next - Y) <= Unit * Y / 2)
        return Y;
      if (!(Next > Low && Next < High) || Round % 8 == 7)
        Next = Low + (High - Low) / 2;
      if (Next <= Low || Next >= High)
        return Y;
      Y = Next;
    }
    return Y;
  }
};
} // namespace

/// The bound for a root \p Y of \p Middle.
static double boundOf(const Polynomial &Low, const Polynomial &Middle,
                      const Polynomial &High, double Y) {
  double Doubt = 0, Power = 1;
  for (size_t K = 0; K <= Middle.Degree; ++K, Power *= Y)
    Doubt +=
        Power * (std::max(High.A[K] - Middle.A[K], Middle.A[K] - Low.A[K]) +
                 Middle.slack() * std::fabs(Middle.A[K]));
  double Slope = std::fabs(Middle.slope(Y));
  double Error = Unit * Y + (Slope > 0 ? 1.1 * Doubt / Slope : 0);
  auto Holds = [&] {
    return High.surelyNegative(Y + Error) &&
           (Error >= Y || Low.surelyPositive(Y - Error));
  };
  while (Error < Infinity && !Holds())
    Error = Error > 0 ? 2 * Error : std::numeric_limits<double>::min();
  return Error;
}

FixedPoint nn2crn::fixedPointOf(std::span<const RateCoefficient> Rate) {
  Polynomial Low, Middle, High;
  Low.Degree = Middle.Degree = High.Degree = Rate.size() - 1;
  bool Finite = true, Grows = false, Falls = false;
  for (size_t K = 0; K < Rate.size(); ++K) {
    const RateCoefficient &C = Rate[K];
    Middle.A[K] = C.Gain.Value - C.Loss.Value;
    High.A[K] = C.Gain.high() - C.Loss.low();
    Low.A[K] = C.Gain.low() - C.Loss.high();
    Finite &= std::isfinite(High.A[K]) && std::isfinite(Low.A[K]);
    Grows |= K > 0 && High.A[K] > 0;
    Falls |= High.A[K] < 0;
  }
  if (!Finite)
    return {{std::numeric_limits<double>::quiet_NaN(), Infinity}, {}};
  if (!(Low.A[0] > 0) && Grows)
    return {{}, FixedPointProblem::NoSource};
  if (!Falls || High.leading() > 0)
    return {{}, FixedPointProblem::NoLoss};
  if (!(High.A[0] > 0))
    return {}; // nothing but losses
  if (High.signChanges() != 1 || (Low.A[0] > 0 && Low.signChanges() != 1))
    return {{}, FixedPointProblem::Several};
  FixedPoint P;
  P.Amount.Value = Middle.A[0] > 0 ? Middle.root() : 0;
  P.Amount.Error = boundOf(Low, Middle, High, P.Amount.Value);
  return P;
}
