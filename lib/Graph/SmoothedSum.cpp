//===- SmoothedSum.cpp ----------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/SmoothedSum.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <span>

using namespace nn2crn;

/// s(D) without cancellation.
static double smoothed(double D, double H) {
  double Root = std::sqrt(D * D + 4 * H);
  return D > 0 ? (D + Root) / 2 : 2 * H / (Root - D);
}

double SmoothedSum::operator()(double X) const {
  double Sum = Offset + Slope * X;
  for (const Unit &U : Units)
    Sum += U.Change * smoothed(X - U.At, U.Smoothing);
  return Sum;
}

double SmoothedSum::curvature(double Low, double High) const {
  double Sum = 0;
  for (const Unit &U : Units) {
    double Near = U.At < Low ? Low - U.At : U.At > High ? U.At - High : 0;
    double Root = std::sqrt(Near * Near + 4.0 * U.Smoothing);
    Sum += std::fabs(U.Change) * 2 * U.Smoothing / (Root * Root * Root);
  }
  return Sum;
}

double SmoothedSum::slope(double X) const {
  double Sum = Slope;
  for (const Unit &U : Units) {
    double D = X - U.At, H = U.Smoothing;
    Sum += U.Change * smoothed(D, H) / std::sqrt(D * D + 4 * H);
  }
  return Sum;
}

SmoothedSum nn2crn::smoothedRelu(double Error) {
  // The largest distance, at 0, is the root of the smoothing.
  auto H = static_cast<float>(Error * Error * (1 - 1e-6));
  assert(H > 0 && "a smoothing is positive");
  SmoothedSum P;
  P.Units.push_back({0, 1, H});
  P.Error = Error;
  return P;
}

//===----------------------------------------------------------------------===//
// How far off, proven
//===----------------------------------------------------------------------===//
//
// As in PiecewiseBound.cpp: between two points with no kink between them the
// error is a smooth function, and so nowhere further from its chord than the
// largest curvature times the squared distance over 8. Far out, the distance of
// the function from its asymptote shrinks all the way, and so does that of
// every unit from its own, which is at most h / |x - At|.

namespace {
class ErrorBound {
public:
  ErrorBound(const SmoothFunction &F, const SmoothedSum &P) : F(F), P(P) {}
  double run(Interval On);

private:
  struct Point {
    double X, Error;
  };
  Point at(double X);
  void cell(Point A, Point B, unsigned Depth);
  /// Where the cells end on a side that goes on for ever.
  double ray(bool Right);

  const SmoothFunction &F;
  const SmoothedSum &P;
  /// The largest error seen, and a bound on all.
  double Seen = 0, Most = 0;
  /// Cells that are still to be looked at before giving up.
  unsigned Left = 1 << 20;
};
} // namespace

ErrorBound::Point ErrorBound::at(double X) {
  // What the sums of both, and the library's functions, may be off by.
  double Value = F(X), Terms = std::fabs(P.Offset) + std::fabs(P.Slope * X) +
                               std::fabs(Value);
  for (const SmoothedSum::Unit &U : P.Units)
    Terms += std::fabs(U.Change) * smoothed(X - U.At, U.Smoothing);
  double Error = std::fabs(Value - P(X)) + 0x1p-48 * Terms;
  Seen = std::max(Seen, Error);
  return {X, Error};
}

void ErrorBound::cell(Point A, Point B, unsigned Depth) {
  double Width = B.X - A.X, Middle = A.X + Width / 2;
  double Here =
      std::max(A.Error, B.Error) +
      Width * Width / 8 * (F.curvature(A.X, B.X) + P.curvature(A.X, B.X));
  // Not worth a closer look where it hardly raises the bound.
  if (Here <= Seen * 1.01 || Depth == 0 || Left == 0 || Middle <= A.X ||
      Middle >= B.X) {
    Most = std::max(Most, Here);
    return;
  }
  --Left;
  Point M = at(Middle);
  cell(A, M, Depth - 1);
  cell(M, B, Depth - 1);
}

double ErrorBound::ray(bool Right) {
  auto R = F.ray(Right);
  double Slope = P.Slope, Offset = P.Offset, Terms = std::fabs(P.Offset);
  for (const SmoothedSum::Unit &U : P.Units)
    if (Right) {
      Slope += U.Change;
      Offset -= U.Change * U.At;
      Terms += std::fabs(U.Change * U.At);
    }
  double X = F.farOut();
  for (double K : F.kinks())
    X = std::max(X, std::fabs(K) + 1);
  for (const SmoothedSum::Unit &U : P.Units)
    X = std::max(X, std::fabs(U.At) + 1);
  if (!R || R->Slope != Slope) {
    Most = HUGE_VAL;
    return Right ? X : -X;
  }
  for (;; X *= 2) {
    double At = Right ? X : -X;
    double Beyond = std::fabs(F(At) - R->at(At)) +
                    std::fabs(Offset - R->Offset) + 0x1p-48 * Terms;
    for (const SmoothedSum::Unit &U : P.Units)
      Beyond += std::fabs(U.Change) * U.Smoothing / std::fabs(At - U.At);
    // Far enough where that does not decide.
    if (Beyond <= Seen || X > 0x1p40) {
      Most = std::max(Most, Beyond);
      return At;
    }
  }
}

double ErrorBound::run(Interval On) {
  // Some points first: they find most of the error.
  double Low = std::max(On.Low, -16.0), High = std::min(On.High, 16.0);
  for (int I = 0; I <= 256 && Low <= High; ++I)
    at(Low + (High - Low) * I / 256);
  std::vector<double> Ends = F.kinks();
  for (const SmoothedSum::Unit &U : P.Units)
    Ends.push_back(U.At);
  Low = std::isinf(On.Low) ? ray(false) : On.Low;
  High = std::isinf(On.High) ? ray(true) : On.High;
  if (!std::isfinite(Most))
    return Most;
  std::erase_if(Ends, [&](double X) { return X <= Low || X >= High; });
  // Cells that grow with the distance from 0.
  for (double X = 1; X < std::max(std::fabs(Low), std::fabs(High)); X *= 2)
    for (double End : {-X, X})
      if (End > Low && End < High)
        Ends.push_back(End);
  Ends.push_back(Low);
  Ends.push_back(High);
  std::ranges::sort(Ends);
  Point A = at(Ends[0]);
  for (size_t I = 1; I < Ends.size(); ++I) {
    Point B = at(Ends[I]);
    cell(A, B, 50);
    A = B;
  }
  return std::max(Seen, Most);
}

double nn2crn::provenError(const SmoothFunction &F, const SmoothedSum &P,
                           Interval On) {
  return ErrorBound(F, P).run(On);
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

namespace {
/// The functions that the table has; all others are these, stretched.
enum class Base : uint8_t {
  Sigmoid,
  Softplus,
  Silu,
  Gelu,
  GeluTanh,
  Softsign,
  Mish,
  Elu,
  Exp,
  Log8,
  Log64,
  Log1024,
};

struct Proposal {
  Base Of;
  double Offset, Slope;
  std::vector<SmoothedSum::Unit> Units;
};

/// Fewest units first.
const std::vector<Proposal> &proposals() {
  static const std::vector<Proposal> Table = {
#define FIT(OF, OFFSET, SLOPE, ...) {Base::OF, OFFSET, SLOPE, {__VA_ARGS__}},
#include "SmoothedSums.def"
#undef FIT
  };
  return Table;
}

/// f(x) = Times g(Stretch x - Shift) + Offset + Slope x + Jump relu(x), with
/// Stretch > 0.
struct Stretched {
  Base G;
  double Times = 1, Stretch = 1, Shift = 0, Offset = 0, Slope = 0, Jump = 0;
};
} // namespace

/// How \p F on \p On is made from the table, if it is.
static std::optional<Stretched> stretched(const SmoothFunction &F,
                                          Interval On) {
  double A = F.Alpha, G = F.Gamma;
  switch (F.Kind) {
  case SmoothKind::Sigmoid:
    return Stretched{Base::Sigmoid};
  case SmoothKind::Tanh: // 2 sigmoid(2 x) - 1
    return Stretched{Base::Sigmoid, 2, 2, 0, -1};
  case SmoothKind::Softplus:
    return Stretched{Base::Softplus};
  case SmoothKind::Softsign:
    return Stretched{Base::Softsign};
  case SmoothKind::Gelu:
    return Stretched{Base::Gelu};
  case SmoothKind::GeluTanh:
    return Stretched{Base::GeluTanh};
  case SmoothKind::Mish:
    return Stretched{Base::Mish};
  case SmoothKind::Elu: // A elu(x) + (1 - A) relu(x), with elu that of A = 1
    return Stretched{Base::Elu, A, 1, 0, 0, 0, 1 - A};
  case SmoothKind::Selu:
    return Stretched{Base::Elu, G * A, 1, 0, 0, 0, G * (1 - A)};
  case SmoothKind::Celu: // A elu(x / A)
    if (A > 0)
      return Stretched{Base::Elu, A, 1 / A};
    return std::nullopt;
  case SmoothKind::Silu: // silu(A x) / A, and x minus the mirrored one
    return Stretched{Base::Silu, 1 / A, std::fabs(A), 0, 0, A > 0 ? 0.0 : 1.0};
  case SmoothKind::Exp: // exp(H) exp(x - H) for x up to H
    if (std::isfinite(On.High))
      return Stretched{Base::Exp, std::exp(On.High), 1, On.High};
    return std::nullopt;
  case SmoothKind::LogAbove:
    if (On.Low < 1 || !(On.High <= 1024))
      return std::nullopt;
    return Stretched{On.High <= 8    ? Base::Log8
                     : On.High <= 64 ? Base::Log64
                                     : Base::Log1024};
  default:
    return std::nullopt;
  }
}

/// The slopes far out are met exactly: an error there would grow without end.
static void matchRays(const SmoothFunction &F, SmoothedSum &P) {
  if (auto Left = F.ray(false))
    P.Slope = Left->Slope;
  auto Right = F.ray(true);
  if (!Right || P.Units.empty())
    return;
  double Most = 0;
  for (const SmoothedSum::Unit &U : P.Units)
    Most = std::max(Most, std::fabs(U.Change));
  // Of so few bits that they add up exactly in any order.
  double Step = std::exp2(std::ceil(std::log2(Most)) - 40), Sum = 0;
  for (SmoothedSum::Unit &U : P.Units)
    Sum += U.Change = std::rint(U.Change / Step) * Step;
  P.Units.back().Change += Right->Slope - P.Slope - Sum;
}

static SmoothedSum apply(const Proposal &From, const Stretched &S,
                         const SmoothFunction &F, double Error) {
  SmoothedSum P;
  P.Offset = S.Times * (From.Offset - From.Slope * S.Shift) + S.Offset;
  P.Slope = S.Times * From.Slope * S.Stretch + S.Slope;
  // s_h(B x - t) = B s_k(x - t / B) with k = h / B^2.
  for (const SmoothedSum::Unit &U : From.Units)
    P.Units.push_back(
        {(U.At + S.Shift) / S.Stretch, S.Times * U.Change * S.Stretch,
         static_cast<float>(U.Smoothing / (S.Stretch * S.Stretch))});
  if (S.Jump != 0) {
    double Root = Error / 4 / std::fabs(S.Jump);
    P.Units.push_back({0, S.Jump, static_cast<float>(Root * Root)});
  }
  std::ranges::sort(P.Units, {}, &SmoothedSum::Unit::At);
  matchRays(F, P);
  return P;
}

//===----------------------------------------------------------------------===//
// Corners rounded
//===----------------------------------------------------------------------===//

/// The best piecewise-linear function within a part of the error, with as much
/// smoothing as the rest allows: in proportion to how near the next knot is.
static std::optional<SmoothedSum> rounded(const SmoothFunction &F, Interval On,
                                          double Error, unsigned Most) {
  constexpr double Share = 0.7;
  auto Sharp = approximateWithin(F, On, Share * Error, Most);
  if (!Sharp)
    return std::nullopt;
  SmoothedSum P;
  P.Offset = Sharp->Offset;
  P.Slope = Sharp->Slope;
  std::span Knots(Sharp->Knots);
  for (double Fraction = 0.5; Fraction > 0x1p-30; Fraction /= 2) {
    P.Units.clear();
    for (size_t I = 0; I < Knots.size(); ++I) {
      double Gap = 1;
      if (I > 0)
        Gap = std::min(Gap, Knots[I].At - Knots[I - 1].At);
      if (I + 1 < Knots.size())
        Gap = std::min(Gap, Knots[I + 1].At - Knots[I].At);
      double Root = Fraction * Gap;
      P.Units.push_back(
          {Knots[I].At, Knots[I].Change, static_cast<float>(Root * Root)});
    }
    if (std::ranges::any_of(P.Units, [](const SmoothedSum::Unit &U) {
          return !(U.Smoothing > 0);
        }))
      return std::nullopt;
    P.Error = provenError(F, P, On);
    if (P.Error <= Error)
      return P;
  }
  return std::nullopt;
}

std::optional<SmoothedSum> nn2crn::smoothedWithin(const SmoothFunction &F,
                                                  Interval On, double Error,
                                                  unsigned Most) {
  if (auto S = stretched(F, On))
    for (const Proposal &From : proposals()) {
      if (From.Of != S->G || From.Units.size() + (S->Jump != 0) > Most)
        continue;
      SmoothedSum P = apply(From, *S, F, Error);
      if (std::ranges::any_of(P.Units, [](const SmoothedSum::Unit &U) {
            return !(U.Smoothing > 0 && std::isfinite(U.Smoothing));
          }))
        continue;
      P.Error = provenError(F, P, On);
      if (P.Error <= Error)
        return P;
    }
  return rounded(F, On, Error, Most);
}
