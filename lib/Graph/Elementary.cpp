//===- Elementary.cpp -----------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Elementary.h"

#include <algorithm>
#include <cmath>
#include <numbers>

using namespace nn2crn;
using std::numbers::pi;

std::string_view elementary::name(SmoothKind Kind) {
  switch (Kind) {
  case SmoothKind::Sqrt:
    return "Sqrt";
  case SmoothKind::Reciprocal:
    return "Reciprocal";
  case SmoothKind::Log:
    return "Log";
  case SmoothKind::Pow:
    return "Pow";
  case SmoothKind::Erf:
    return "Erf";
  case SmoothKind::Sin:
    return "Sin";
  case SmoothKind::Cos:
    return "Cos";
  case SmoothKind::Tan:
    return "Tan";
  case SmoothKind::Asin:
    return "Asin";
  case SmoothKind::Acos:
    return "Acos";
  case SmoothKind::Atan:
    return "Atan";
  case SmoothKind::Sinh:
    return "Sinh";
  case SmoothKind::Cosh:
    return "Cosh";
  case SmoothKind::Asinh:
    return "Asinh";
  case SmoothKind::Acosh:
    return "Acosh";
  case SmoothKind::Atanh:
    return "Atanh";
  default:
    return {};
  }
}

static bool isInteger(double P) { return P == std::rint(P); }
static bool isEven(double P) { return isInteger(P) && isInteger(P / 2); }

double elementary::value(const SmoothFunction &F, double X) {
  double P = F.Alpha;
  switch (F.Kind) {
  case SmoothKind::Sqrt:
    return std::sqrt(std::max(X, 0.0));
  case SmoothKind::Reciprocal:
    return 1 / X;
  case SmoothKind::Log:
    return std::log(X);
  case SmoothKind::Pow:
    return std::pow(P > 0 && !isInteger(P) ? std::max(X, 0.0) : X, P);
  case SmoothKind::Erf:
    return std::erf(X);
  case SmoothKind::Sin:
    return std::sin(X);
  case SmoothKind::Cos:
    return std::cos(X);
  case SmoothKind::Tan:
    return std::tan(X);
  case SmoothKind::Asin:
    return std::asin(std::clamp(X, -1.0, 1.0));
  case SmoothKind::Acos:
    return std::acos(std::clamp(X, -1.0, 1.0));
  case SmoothKind::Atan:
    return std::atan(X);
  case SmoothKind::Sinh:
    return std::sinh(X);
  case SmoothKind::Cosh:
    return std::cosh(X);
  case SmoothKind::Asinh:
    return std::asinh(X);
  case SmoothKind::Acosh:
    return std::acosh(std::max(X, 1.0));
  case SmoothKind::Atanh:
    return std::atanh(X);
  default:
    return 0;
  }
}

std::optional<SmoothFunction::Ray> elementary::ray(const SmoothFunction &F,
                                                   bool Right) {
  double Sign = Right ? 1 : -1;
  if (F.Kind == SmoothKind::Atan)
    return SmoothFunction::Ray{0, Sign * pi / 2};
  if (F.Kind == SmoothKind::Erf)
    return SmoothFunction::Ray{0, Sign};
  return std::nullopt;
}

bool elementary::outgrowsLines(const SmoothFunction &F) {
  switch (F.Kind) {
  case SmoothKind::Reciprocal:
  case SmoothKind::Tan:
  case SmoothKind::Sinh:
  case SmoothKind::Cosh:
    return true;
  case SmoothKind::Pow:
    return F.Alpha > 1 || F.Alpha < 0;
  default:
    return false;
  }
}

bool elementary::isDefined(const SmoothFunction &F, double Low, double High) {
  double P = F.Alpha;
  // Interval arithmetic rounds outwards, also at the end of a domain.
  double Slack = 1e-10 * std::max(std::fabs(Low), std::fabs(High));
  switch (F.Kind) {
  case SmoothKind::Sqrt:
    return Low >= -Slack;
  case SmoothKind::Log:
    return Low > 0;
  case SmoothKind::Reciprocal:
    return Low > 0 || High < 0;
  case SmoothKind::Pow:
    if (isInteger(P))
      return P >= 0 || Low > 0 || High < 0;
    return P > 0 ? Low >= -Slack : Low > 0;
  case SmoothKind::Tan:
    // Nearer to a pole than that, the difference of two is not to be told.
    return std::fabs(Low) < 1e6 && std::fabs(High) < 1e6 &&
           std::floor((Low - 1e-9) / pi + 0.5) ==
               std::floor((High + 1e-9) / pi + 0.5);
  case SmoothKind::Asin:
  case SmoothKind::Acos:
    return Low >= -1 - Slack && High <= 1 + Slack;
  case SmoothKind::Acosh:
    return Low >= 1 - Slack;
  case SmoothKind::Atanh:
    return Low > -1 && High < 1;
  default:
    return true;
  }
}

/// |f'| at the distance \p X from the point of symmetry.
static double slope(const SmoothFunction &F, double X) {
  double P = F.Alpha;
  switch (F.Kind) {
  case SmoothKind::Sqrt:
    return 0.5 / std::sqrt(X);
  case SmoothKind::Reciprocal:
    return 1 / (X * X);
  case SmoothKind::Log:
    return 1 / X;
  case SmoothKind::Pow:
    return P == 0 ? 0 : std::fabs(P) * std::pow(X, P - 1);
  case SmoothKind::Erf:
    return 2 / std::sqrt(pi) * std::exp(-X * X);
  case SmoothKind::Tan:
    return 1 + std::tan(X) * std::tan(X);
  case SmoothKind::Asin:
  case SmoothKind::Acos:
    return 1 / std::sqrt(1 - X * X);
  case SmoothKind::Atan:
    return 1 / (1 + X * X);
  case SmoothKind::Sinh:
    return std::cosh(X);
  case SmoothKind::Cosh:
    return std::sinh(X);
  case SmoothKind::Asinh:
    return 1 / std::sqrt(1 + X * X);
  case SmoothKind::Acosh:
    return 1 / std::sqrt(X * X - 1);
  case SmoothKind::Atanh:
    return 1 / (1 - X * X);
  default: // Sin, Cos
    return 1;
  }
}

/// |f''| there.
static double bend(const SmoothFunction &F, double X) {
  double P = F.Alpha, Square = X * X;
  switch (F.Kind) {
  case SmoothKind::Sqrt:
    return 0.25 / (X * std::sqrt(X));
  case SmoothKind::Reciprocal:
    return 2 / (Square * X);
  case SmoothKind::Log:
    return 1 / Square;
  case SmoothKind::Pow:
    return P == 0 || P == 1 ? 0 : std::fabs(P * (P - 1)) * std::pow(X, P - 2);
  case SmoothKind::Erf:
    return 4 / std::sqrt(pi) * X * std::exp(-Square);
  case SmoothKind::Tan:
    return 2 * std::tan(X) * (1 + std::tan(X) * std::tan(X));
  case SmoothKind::Asin:
  case SmoothKind::Acos:
    return X / std::pow(1 - Square, 1.5);
  case SmoothKind::Atan:
    return 2 * X / ((1 + Square) * (1 + Square));
  case SmoothKind::Sinh:
    return std::sinh(X);
  case SmoothKind::Cosh:
    return std::cosh(X);
  case SmoothKind::Asinh:
    return X / std::pow(1 + Square, 1.5);
  case SmoothKind::Acosh:
    return X / std::pow(Square - 1, 1.5);
  case SmoothKind::Atanh:
    return 2 * X / ((1 - Square) * (1 - Square));
  default: // Sin, Cos
    return 1;
  }
}

namespace {
/// Where |f'| and |f''| are greatest: they rise up to there and fall after it.
struct Peaks {
  double Slope, Bend;
};
} // namespace

static Peaks peaks(const SmoothFunction &F) {
  switch (F.Kind) {
  case SmoothKind::Sqrt:
  case SmoothKind::Reciprocal:
  case SmoothKind::Log:
  case SmoothKind::Acosh:
    return {0, 0};
  case SmoothKind::Pow:
    return {F.Alpha >= 1 ? HUGE_VAL : 0, F.Alpha >= 2 ? HUGE_VAL : 0};
  case SmoothKind::Erf:
  case SmoothKind::Asinh:
    return {0, 1 / std::numbers::sqrt2};
  case SmoothKind::Atan:
    return {0, 1 / std::numbers::sqrt3};
  default:
    return {HUGE_VAL, HUGE_VAL};
  }
}

/// The largest of \p Of between \p Low and \p High; infinite where that reaches
/// beyond the domain.
static double largest(double (*Of)(const SmoothFunction &, double),
                      const SmoothFunction &F, double Peak, double Low,
                      double High) {
  if (F.Kind == SmoothKind::Tan) {
    double Pole = pi * std::rint((Low + (High - Low) / 2) / pi);
    Low -= Pole;
    High -= Pole;
  }
  double Near =
      Low <= 0 && High >= 0 ? 0 : std::min(std::fabs(Low), std::fabs(High));
  double Far = std::max(std::fabs(Low), std::fabs(High));
  double Most = Of(F, std::clamp(Peak, Near, Far));
  return Most >= 0 ? Most * (1 + 1e-12) : HUGE_VAL;
}

static bool isMonotone(const SmoothFunction &F) {
  return F.Kind != SmoothKind::Sin && F.Kind != SmoothKind::Cos &&
         F.Kind != SmoothKind::Cosh &&
         !(F.Kind == SmoothKind::Pow && isEven(F.Alpha));
}

double elementary::lipschitz(const SmoothFunction &F, double Low, double High) {
  return largest(slope, F, peaks(F).Slope, Low, High);
}

double elementary::curvature(const SmoothFunction &F, double Low, double High) {
  double Most = largest(bend, F, peaks(F).Bend, Low, High);
  if (!isMonotone(F) || !(High > Low))
    return Most;
  // Neither it nor its chord leaves the values at the ends.
  double Rise = std::fabs(value(F, High) - value(F, Low)) / (High - Low);
  return std::min(Most, 8 * Rise / (High - Low) * (1 + 1e-12));
}

/// True where Low <= Place + k Period <= High for some k, or nearly.
static bool passes(double Low, double High, double Place, double Period) {
  double Lost = 1e-9 * (1 + std::max(std::fabs(Low), std::fabs(High)));
  double Next = Place + Period * std::ceil((Low - Lost - Place) / Period);
  return Next <= High + Lost;
}

SmoothFunction::Range elementary::range(const SmoothFunction &F, double Low,
                                        double High) {
  double A = value(F, Low), B = value(F, High);
  SmoothFunction::Range R{std::min(A, B), std::max(A, B)};
  if (F.Kind == SmoothKind::Sin || F.Kind == SmoothKind::Cos) {
    double Top = F.Kind == SmoothKind::Sin ? pi / 2 : 0;
    if (passes(Low, High, Top, 2 * pi))
      R.High = 1;
    if (passes(Low, High, Top + pi, 2 * pi))
      R.Low = -1;
  } else if (!isMonotone(F) && Low < 0 && High > 0) {
    R.Low = value(F, 0);
  }
  return R;
}
