//===- Smooth.cpp ---------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Smooth.h"

#include "Elementary.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

using namespace nn2crn;

/// GeluTanh is x (1 + tanh u) / 2 with u = C (x + K x^3).
static constexpr double C = 0.7978845608028654, K = 0.044715;

static bool isElementary(SmoothKind Kind) { return Kind >= SmoothKind::Sqrt; }

std::string_view SmoothFunction::name() const {
  switch (Kind) {
  case SmoothKind::Sigmoid:
    return "Sigmoid";
  case SmoothKind::Tanh:
    return "Tanh";
  case SmoothKind::Softplus:
    return "Softplus";
  case SmoothKind::Softsign:
    return "Softsign";
  case SmoothKind::Elu:
    return "Elu";
  case SmoothKind::Selu:
    return "Selu";
  case SmoothKind::Celu:
    return "Celu";
  case SmoothKind::Gelu:
  case SmoothKind::GeluTanh:
    return "Gelu";
  case SmoothKind::Mish:
    return "Mish";
  case SmoothKind::Silu:
    return "Swish";
  case SmoothKind::HardSwish:
    return "HardSwish";
  case SmoothKind::Exp:
    return "Exp";
  case SmoothKind::SmoothedRelu:
    return "SmoothedRelu";
  case SmoothKind::ExpBelow:
    return "Softmax's Exp";
  case SmoothKind::LogAbove:
    return "Softmax's Log";
  default:
    return elementary::name(Kind);
  }
}

bool SmoothFunction::isValid() const {
  if (!std::isfinite(Alpha) || !std::isfinite(Gamma))
    return false;
  if (Kind == SmoothKind::SmoothedRelu)
    return Alpha > 0;
  return Alpha != 0 || (Kind != SmoothKind::Celu && Kind != SmoothKind::Silu);
}

double SmoothFunction::operator()(double X) const {
  double A = Alpha, G = Gamma;
  switch (Kind) {
  case SmoothKind::Sigmoid:
    return 1 / (1 + std::exp(-X));
  case SmoothKind::Tanh:
    return std::tanh(X);
  case SmoothKind::Softplus:
    return std::max(X, 0.0) + std::log1p(std::exp(-std::fabs(X)));
  case SmoothKind::Softsign:
    return X / (1 + std::fabs(X));
  case SmoothKind::Elu:
    return X >= 0 ? X : A * std::expm1(X);
  case SmoothKind::Selu:
    return G * (X >= 0 ? X : A * std::expm1(X));
  case SmoothKind::Celu:
    return X >= 0 ? X : A * std::expm1(X / A);
  case SmoothKind::Gelu:
    return X * std::erfc(-X / std::numbers::sqrt2) / 2;
  case SmoothKind::GeluTanh: {
    // (1 + tanh u) / 2 is the sigmoid of 2 u, without cancellation.
    return X / (1 + std::exp(-2 * C * (X + K * X * X * X)));
  }
  case SmoothKind::Mish: {
    if (X > 40)
      return X;
    double E = std::exp(X), N = E * (E + 2);
    return X * N / (N + 2);
  }
  case SmoothKind::Silu:
    return X / (1 + std::exp(-A * X));
  case SmoothKind::HardSwish:
    return X * std::clamp(X + 3, 0.0, 6.0) / 6;
  case SmoothKind::Exp:
    return std::exp(X);
  case SmoothKind::SmoothedRelu: {
    // Without cancellation on the left.
    double Root = std::sqrt(X * X + 4 * A);
    return X > 0 ? (X + Root) / 2 : 2 * A / (Root - X);
  }
  case SmoothKind::ExpBelow:
    return std::exp(std::min(X, 0.0));
  case SmoothKind::LogAbove:
    return std::log(std::max(X, 1.0));
  default:
    return elementary::value(*this, X);
  }
}

std::optional<SmoothFunction::Ray> SmoothFunction::ray(bool Right) const {
  double A = Alpha, G = Gamma;
  switch (Kind) {
  case SmoothKind::Sigmoid:
    return Ray{0, Right ? 1.0 : 0.0};
  case SmoothKind::Tanh:
  case SmoothKind::Softsign:
    return Ray{0, Right ? 1.0 : -1.0};
  case SmoothKind::Softplus:
  case SmoothKind::Gelu:
  case SmoothKind::GeluTanh:
  case SmoothKind::Mish:
  case SmoothKind::HardSwish:
  case SmoothKind::SmoothedRelu:
    return Ray{Right ? 1.0 : 0.0, 0};
  case SmoothKind::Silu:
    return Ray{Right == (A > 0) ? 1.0 : 0.0, 0};
  case SmoothKind::Elu:
    return Right ? Ray{1, 0} : Ray{0, -A};
  case SmoothKind::Selu:
    return Right ? Ray{G, 0} : Ray{0, -G * A};
  case SmoothKind::Celu:
    if (Right)
      return Ray{1, 0};
    if (A > 0)
      return Ray{0, -A};
    return std::nullopt;
  case SmoothKind::Exp:
  case SmoothKind::LogAbove:
    if (Right)
      return std::nullopt;
    return Ray{0, 0};
  case SmoothKind::ExpBelow:
    return Ray{0, Right ? 1.0 : 0.0};
  default:
    return elementary::ray(*this, Right);
  }
}

bool SmoothFunction::isDefined(double Low, double High) const {
  return elementary::isDefined(*this, Low, High);
}

bool SmoothFunction::outgrowsLines(bool Right) const {
  return Kind == SmoothKind::Exp || Kind == SmoothKind::Celu
             ? !ray(Right)
             : elementary::outgrowsLines(*this);
}

double SmoothFunction::farOut() const {
  double A = std::fabs(static_cast<double>(Alpha));
  switch (Kind) {
  case SmoothKind::Celu:
    return 4 * std::max(1.0, A);
  case SmoothKind::Silu:
    return 4 * std::max(1.0, 1 / A);
  default:
    return 4;
  }
}

std::vector<double> SmoothFunction::kinks() const {
  switch (Kind) {
  case SmoothKind::Elu:
  case SmoothKind::Selu:
    return Alpha == 1 ? std::vector<double>{} : std::vector<double>{0};
  case SmoothKind::HardSwish:
    return {-3, 3};
  case SmoothKind::ExpBelow:
    return {0};
  case SmoothKind::LogAbove:
    return {1};
  default:
    return {};
  }
}

double SmoothFunction::curvature(double Low, double High) const {
  double A = std::fabs(static_cast<double>(Alpha));
  // The least and the greatest distance from 0.
  double Near =
      Low <= 0 && High >= 0 ? 0 : std::min(std::fabs(Low), std::fabs(High));
  double Far = std::max(std::fabs(Low), std::fabs(High));
  switch (Kind) {
  case SmoothKind::Sigmoid:
    return std::min(0.0963, std::exp(-Near));
  case SmoothKind::Tanh:
    return std::min(0.7699, 8 * std::exp(-2 * Near));
  case SmoothKind::Softplus:
    return std::min(0.25, std::exp(-Near));
  case SmoothKind::Softsign:
    return 2 / ((1 + Near) * (1 + Near) * (1 + Near));
  case SmoothKind::Elu:
    return Low >= 0 ? 0 : A * std::exp(std::min(High, 0.0));
  case SmoothKind::Selu:
    return Low >= 0 ? 0
                    : std::fabs(static_cast<double>(Gamma)) * A *
                          std::exp(std::min(High, 0.0));
  case SmoothKind::Celu:
    if (Low >= 0)
      return 0;
    return std::exp(Alpha > 0 ? std::min(High, 0.0) / A : -Low / A) / A;
  case SmoothKind::Gelu:
    return 0.39895 * std::exp(-Near * Near / 2) * std::max(2.0, Far * Far - 2);
  case SmoothKind::GeluTanh: {
    double U = C * (Near + K * Near * Near * Near);
    double Rise = C * (1 + 3 * K * Far * Far);
    return std::min(1.0, 4 * std::exp(-2 * U)) *
           std::max(C * (1 + 6 * K * Far * Far), Far * Rise * Rise);
  }
  case SmoothKind::Mish:
    return std::min({1.0, std::exp(High), 4 * std::exp(-2 * Low)}) *
           (2 + 3 * Far);
  case SmoothKind::Silu:
    return A * std::min(0.25, std::exp(-A * Near)) * std::max(2.0, A * Far);
  case SmoothKind::HardSwish:
    return High <= -3 || Low >= 3 ? 0 : 0.33334;
  case SmoothKind::Exp:
    return std::exp(High);
  case SmoothKind::SmoothedRelu: {
    double Root = std::sqrt(Near * Near + 4 * A);
    return 2 * A / (Root * Root * Root);
  }
  case SmoothKind::ExpBelow:
    return Low >= 0 ? 0 : std::exp(std::min(High, 0.0));
  case SmoothKind::LogAbove:
    Near = std::max(Low, 1.0);
    return High <= 1 ? 0 : 1 / (Near * Near);
  default:
    return elementary::curvature(*this, Low, High);
  }
}

SmoothFunction::Range SmoothFunction::range(double Low, double High) const {
  if (isElementary(Kind))
    return elementary::range(*this, Low, High);
  const SmoothFunction &F = *this;
  double AtLow = F(Low), AtHigh = F(High);
  Range R{std::min(AtLow, AtHigh), std::max(AtLow, AtHigh)};
  // Those that fall to a single valley, left of 0, and rise from there on.
  double Valley = HUGE_VAL;
  switch (Kind) {
  case SmoothKind::Elu:
  case SmoothKind::Selu:
  case SmoothKind::Celu:
    // Monotone on either side of 0, which is where they are 0.
    if (Low < 0 && High > 0)
      R = {std::min(R.Low, 0.0), std::max(R.High, 0.0)};
    break;
  case SmoothKind::Gelu:
    Valley = -0.16998;
    break;
  case SmoothKind::GeluTanh:
    Valley = -0.17005;
    break;
  case SmoothKind::Mish:
    Valley = -0.30885;
    break;
  case SmoothKind::HardSwish:
    Valley = -0.375;
    break;
  case SmoothKind::Silu:
    // A mirrored one has a hill at the right instead.
    if (Alpha < 0 && High > 0)
      R.High = std::max(R.High, -0.27847 / Alpha);
    if (Alpha > 0)
      Valley = -0.27847 / Alpha;
    break;
  default:
    break;
  }
  if (Low < 0)
    R.Low = std::min(R.Low, Valley);
  return R;
}

double SmoothFunction::lipschitz(double Low, double High) const {
  if (isElementary(Kind))
    return elementary::lipschitz(*this, Low, High);
  double A = std::fabs(static_cast<double>(Alpha)), All = HUGE_VAL;
  switch (Kind) {
  case SmoothKind::Sigmoid:
    All = 0.25;
    break;
  case SmoothKind::Tanh:
  case SmoothKind::Softplus:
  case SmoothKind::Softsign:
  case SmoothKind::SmoothedRelu:
    All = 1;
    break;
  case SmoothKind::Elu:
    All = std::max(1.0, A);
    break;
  case SmoothKind::Selu:
    All = std::fabs(static_cast<double>(Gamma)) * std::max(1.0, A);
    break;
  case SmoothKind::Celu:
    All = Alpha > 0 ? 1 : std::max(1.0, std::exp(-Low / A));
    break;
  case SmoothKind::Gelu:
  case SmoothKind::GeluTanh:
    All = 1.13;
    break;
  case SmoothKind::Mish:
    All = 1.089;
    break;
  case SmoothKind::Silu:
    All = 1.1;
    break;
  case SmoothKind::HardSwish:
    All = 1.5;
    break;
  case SmoothKind::Exp:
    All = std::exp(High);
    break;
  case SmoothKind::ExpBelow:
    All = Low >= 0 ? 0 : std::exp(std::min(High, 0.0));
    break;
  case SmoothKind::LogAbove:
    All = High <= 1 ? 0 : 1 / std::max(Low, 1.0);
    break;
  default:
    break;
  }
  // In a short cell the slope is near that of the chord.
  constexpr int Cells = 64;
  double Width = (High - Low) / Cells;
  if (!(Width > 1e-4))
    return All;
  std::vector<double> Ends = kinks();
  for (int I = 0; I <= Cells; ++I)
    Ends.push_back(I == Cells ? High : Low + I * Width);
  std::erase_if(Ends, [&](double X) { return X < Low || X > High; });
  std::ranges::sort(Ends);
  double Most = 0;
  for (size_t I = 1; I < Ends.size(); ++I) {
    double U = Ends[I - 1], V = Ends[I];
    if (V - U < 1e-6) // A kink beside an end: too short to tell.
      return All;
    Most = std::max(Most, std::fabs((*this)(V) - (*this)(U)) / (V - U) +
                              (V - U) * curvature(U, V));
  }
  return std::min(All, Most * (1 + 1e-9));
}

double SmoothFunction::slopeUnit() const {
  return Kind == SmoothKind::Selu && Gamma != 0
             ? std::fabs(static_cast<double>(Gamma))
             : 1;
}
