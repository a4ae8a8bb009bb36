//===- PiecewiseBound.cpp - How far off, proven ---------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Between two points a < b with no knot and no kink between them, the error is
// a smooth function with the curvature of the activation, and so nowhere
// further from its chord than (b - a)^2 / 8 times the largest curvature: at
// most the larger of the errors at the ends, plus that. Cells are halved until
// the addition does not matter.
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Piecewise.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

double PiecewiseLinear::operator()(double X) const {
  double Sum = Offset + Slope * X;
  for (const Knot &K : Knots) {
    if (X <= K.At)
      break;
    Sum += K.Change * (X - K.At);
  }
  return Sum;
}

double PiecewiseLinear::steepest() const {
  double At = Slope, Most = std::fabs(At);
  for (const Knot &K : Knots) {
    At += K.Change;
    Most = std::max(Most, std::fabs(At));
  }
  return Most;
}

SmoothFunction::Range PiecewiseLinear::range(double Low, double High) const {
  double A = (*this)(Low), B = (*this)(High);
  SmoothFunction::Range R{std::min(A, B), std::max(A, B)};
  double At = Slope, X = Low, Y = A;
  for (const Knot &K : Knots) {
    if (K.At >= High)
      break;
    if (K.At > Low) {
      Y += At * (K.At - X);
      X = K.At;
      R = {std::min(R.Low, Y), std::max(R.High, Y)};
    }
    At += K.Change;
  }
  // Sums in another order differ in the last digits.
  double Lost = 0x1p-44 * std::max(std::fabs(R.Low), std::fabs(R.High));
  return {R.Low - Lost, R.High + Lost};
}

namespace {
class ErrorBound {
public:
  ErrorBound(const SmoothFunction &F, const PiecewiseLinear &P) : F(F), P(P) {}

  double run(Interval On);

private:
  struct Point {
    double X, Error;
  };
  Point at(double X) {
    double Value = F(X), Line = P(X);
    // What the sums of both, and the library's functions, may be off by.
    double Terms = std::fabs(P.Offset) + std::fabs(P.Slope * X);
    for (const PiecewiseLinear::Knot &K : P.Knots) {
      if (X <= K.At)
        break;
      Terms += std::fabs(K.Change * (X - K.At));
    }
    double Slack = 0x1p-49 * (std::fabs(Value) + Terms);
    double Error = std::fabs(Value - Line) + Slack;
    Seen = std::max(Seen, Error);
    return {X, Error};
  }
  void cell(Point A, Point B, unsigned Depth);
  void ray(bool Right, double From);

  const SmoothFunction &F;
  const PiecewiseLinear &P;
  /// The largest error seen, and a bound on all.
  double Seen = 0, Most = 0;
};
} // namespace

void ErrorBound::cell(Point A, Point B, unsigned Depth) {
  double Width = B.X - A.X;
  double Here =
      std::max(A.Error, B.Error) + Width * Width / 8 * F.curvature(A.X, B.X);
  double Middle = A.X + Width / 2;
  // Not worth a closer look where it does not raise the bound by a thousandth.
  if (Here <= Seen * 1.001 || Depth == 0 || Middle <= A.X || Middle >= B.X) {
    Most = std::max(Most, Here);
    return;
  }
  Point M = at(Middle);
  cell(A, M, Depth - 1);
  cell(M, B, Depth - 1);
}

/// Beyond all knots both are nearly lines: where they are parallel, and since
/// the function comes closer to its own all the way, the error is between that
/// at the end and that of the lines.
void ErrorBound::ray(bool Right, double From) {
  auto R = F.ray(Right);
  double Slope = P.Slope, Offset = P.Offset;
  if (Right)
    for (const PiecewiseLinear::Knot &K : P.Knots) {
      Slope += K.Change;
      Offset -= K.Change * K.At;
    }
  if (!R || R->Slope != Slope) {
    Most = HUGE_VAL;
    return;
  }
  at(From);
  double Terms = std::fabs(P.Offset) + std::fabs(R->Offset);
  for (const PiecewiseLinear::Knot &K : P.Knots)
    Terms += std::fabs(K.Change * K.At);
  Most = std::max(Most, std::fabs(R->Offset - Offset) + 0x1p-49 * Terms);
}

double ErrorBound::run(Interval On) {
  double Low = On.Low, High = On.High;
  double Least = -F.farOut(), Greatest = F.farOut();
  for (double K : F.kinks()) {
    Least = std::min(Least, K);
    Greatest = std::max(Greatest, K);
  }
  if (!P.Knots.empty()) {
    Least = std::min(Least, P.Knots.front().At);
    Greatest = std::max(Greatest, P.Knots.back().At);
  }
  if (std::isinf(Low))
    ray(false, Low = std::min(Least, High));
  if (std::isinf(High))
    ray(true, High = std::max(Greatest, Low));
  std::vector<double> Ends = F.kinks();
  for (const PiecewiseLinear::Knot &K : P.Knots)
    Ends.push_back(K.At);
  std::erase_if(Ends, [&](double X) { return X <= Low || X >= High; });
  Ends.push_back(Low);
  Ends.push_back(High);
  std::ranges::sort(Ends);
  std::vector<Point> Points;
  for (double X : Ends)
    Points.push_back(at(X));
  // Middles first: they find most of the error, so that few cells need more.
  for (size_t I = 1; I < Ends.size(); ++I)
    at(Ends[I - 1] + (Ends[I] - Ends[I - 1]) / 2);
  for (size_t I = 1; I < Points.size(); ++I)
    if (std::isfinite(Most))
      cell(Points[I - 1], Points[I], 40);
  return std::max(Seen, Most);
}

double nn2crn::provenError(const SmoothFunction &F, const PiecewiseLinear &P,
                           Interval On) {
  return ErrorBound(F, P).run(On);
}
