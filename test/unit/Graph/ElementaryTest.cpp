//===- ElementaryTest.cpp - Roots, logarithms, powers, circular functions -===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Linearize.h"
#include "nn2crn/Graph/Smoothen.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

using namespace nn2crn;

namespace {
struct Case {
  SmoothFunction F;
  Interval On;
};

constexpr Case Cases[] = {
    {{SmoothKind::Sqrt}, {0, 9}},
    {{SmoothKind::Sqrt}, {0.25, 4}},
    {{SmoothKind::Reciprocal}, {0.1, 3}},
    {{SmoothKind::Reciprocal}, {-5, -0.5}},
    {{SmoothKind::Log}, {0.01, 20}},
    {{SmoothKind::Pow, 2}, {-3, 2}},
    {{SmoothKind::Pow, 3}, {-2, 1.5}},
    {{SmoothKind::Pow, 0.5f}, {0, 4}},
    {{SmoothKind::Pow, 1.5f}, {0, 4}},
    {{SmoothKind::Pow, 2.5f}, {0, 3}},
    {{SmoothKind::Pow, -1}, {-4, -0.25}},
    {{SmoothKind::Pow, -2}, {0.5, 4}},
    {{SmoothKind::Pow, -0.5f}, {0.1, 4}},
    {{SmoothKind::Erf}, {-4, 3}},
    {{SmoothKind::Sin}, {-7, 4}},
    {{SmoothKind::Sin}, {0.1, 1}},
    {{SmoothKind::Cos}, {-1, 9}},
    {{SmoothKind::Tan}, {-1.5, 1.2}},
    {{SmoothKind::Tan}, {2, 4.5}},
    {{SmoothKind::Asin}, {-1, 1}},
    {{SmoothKind::Acos}, {-1, 0.5}},
    {{SmoothKind::Atan}, {-8, 5}},
    {{SmoothKind::Sinh}, {-3, 2}},
    {{SmoothKind::Cosh}, {-2, 3}},
    {{SmoothKind::Asinh}, {-9, 4}},
    {{SmoothKind::Acosh}, {1, 9}},
    {{SmoothKind::Atanh}, {-0.95, 0.9}},
};

std::string label(const Case &C) {
  return std::string(C.F.name()) + " " + std::to_string(C.F.Alpha) + " from " +
         std::to_string(C.On.Low) + " to " + std::to_string(C.On.High);
}

/// Calls \p Do with the ends of cells of all sizes on the interval of \p C.
template <class Fn> void forCells(const Case &C, Fn Do) {
  for (int Parts : {1, 2, 3, 7, 50, 400})
    for (int I = 0; I < Parts; ++I) {
      double Width = (C.On.High - C.On.Low) / Parts;
      double Low = C.On.Low + I * Width;
      Do(Low, std::min(Low + Width, C.On.High));
    }
}

/// 100 places from \p Low to \p High, more of them near the ends.
double place(double Low, double High, int I) {
  double T = I / 100.0;
  return std::min(Low + (High - Low) * T * T * (3 - 2 * T), High);
}
} // namespace

TEST(Elementary, NoneIsFurtherFromItsChordThanItsCurvatureSays) {
  for (const Case &C : Cases)
    forCells(C, [&](double Low, double High) {
      double W = High - Low, Bound = C.F.curvature(Low, High) * W * W / 8;
      double Slope = (C.F(High) - C.F(Low)) / W, Most = 0;
      for (int I = 0; I <= 100; ++I) {
        double X = place(Low, High, I);
        Most = std::max(Most, std::fabs(C.F(X) - C.F(Low) - Slope * (X - Low)));
      }
      EXPECT_LE(Most, Bound + 1e-12) << label(C) << " cell " << Low;
      EXPECT_TRUE(std::isfinite(Bound)) << label(C) << " cell " << Low;
    });
}

TEST(Elementary, RangesAndSlopesHold) {
  for (const Case &C : Cases)
    forCells(C, [&](double Low, double High) {
      auto R = C.F.range(Low, High);
      double Slope = C.F.lipschitz(Low, High), Least = HUGE_VAL,
             Most = -HUGE_VAL;
      for (int I = 0; I <= 100; ++I) {
        double X = place(Low, High, I), Y = C.F(X);
        EXPECT_TRUE(R.Low <= Y && Y <= R.High) << label(C) << " at " << X;
        Least = std::min(Least, Y);
        Most = std::max(Most, Y);
        if (I == 100)
          break;
        double Next = place(Low, High, I + 1);
        EXPECT_LE(std::fabs(C.F(Next) - Y), Slope * (Next - X) + 1e-12)
            << label(C) << " at " << X;
      }
      // Not much wider than what is seen.
      EXPECT_LE(R.High - R.Low, (Most - Least) * 1.1 + 1e-3) << label(C);
    });
}

TEST(Elementary, ErrorsAreProvenAndTight) {
  for (const Case &C : Cases)
    for (unsigned Segments : {1U, 4U, 20U}) {
      PiecewiseLinear P = approximate(C.F, C.On, Segments);
      double Seen = 0;
      for (int I = 0; I <= 20000; ++I) {
        double T = I / 20000.0;
        double X = C.On.Low + (C.On.High - C.On.Low) * T * T * (3 - 2 * T);
        Seen = std::max(Seen, std::fabs(C.F(X) - P(X)));
      }
      EXPECT_LE(Seen, P.Error) << label(C);
      EXPECT_LE(P.Error, 1.2 * Seen) << label(C);
      EXPECT_LE(P.segments(), Segments) << label(C);
    }
}

TEST(Elementary, FewSegmentsAreFoundForAnError) {
  for (const Case &C : Cases) {
    auto P = approximateWithin(C.F, C.On, 1e-3);
    ASSERT_TRUE(P) << label(C);
    EXPECT_LE(P->Error, 1e-3) << label(C);
    EXPECT_LE(P->segments(), 150u) << label(C);
  }
}

TEST(Elementary, WhereTheyAreDefined) {
  auto Is = [](SmoothKind K, double Low, double High, float Alpha = 1) {
    return SmoothFunction{K, Alpha}.isDefined(Low, High);
  };
  EXPECT_TRUE(Is(SmoothKind::Sqrt, 0, 4));
  // What interval arithmetic makes of 0.
  EXPECT_TRUE(Is(SmoothKind::Sqrt, -4e-12, 4));
  EXPECT_FALSE(Is(SmoothKind::Sqrt, -0.001, 4));
  EXPECT_TRUE(Is(SmoothKind::Log, 1e-9, 4));
  EXPECT_FALSE(Is(SmoothKind::Log, 0, 4));
  EXPECT_TRUE(Is(SmoothKind::Reciprocal, -4, -1));
  EXPECT_FALSE(Is(SmoothKind::Reciprocal, -4, 2));
  EXPECT_FALSE(Is(SmoothKind::Reciprocal, 0, 2));
  EXPECT_TRUE(Is(SmoothKind::Pow, -4, 2, 3));
  EXPECT_FALSE(Is(SmoothKind::Pow, -4, 2, 2.5f));
  EXPECT_FALSE(Is(SmoothKind::Pow, -4, 2, -2));
  EXPECT_TRUE(Is(SmoothKind::Pow, -4, -2, -2));
  EXPECT_FALSE(Is(SmoothKind::Pow, 0, 2, -0.5f));
  EXPECT_TRUE(Is(SmoothKind::Tan, -1.57, 1.57));
  EXPECT_TRUE(Is(SmoothKind::Tan, 1.58, 4.71));
  EXPECT_FALSE(Is(SmoothKind::Tan, 1.5, 1.6));
  EXPECT_FALSE(Is(SmoothKind::Tan, 0.1, 3.3));
  EXPECT_TRUE(Is(SmoothKind::Asin, -1, 1));
  EXPECT_FALSE(Is(SmoothKind::Acos, -1, 1.001));
  EXPECT_TRUE(Is(SmoothKind::Acosh, 1, 5));
  EXPECT_FALSE(Is(SmoothKind::Acosh, 0.9, 5));
  EXPECT_TRUE(Is(SmoothKind::Atanh, -0.99, 0.99));
  EXPECT_FALSE(Is(SmoothKind::Atanh, -0.99, 1));
  EXPECT_TRUE(Is(SmoothKind::Sigmoid, -1e9, 1e9));
}

namespace {
/// The function of an input.
Graph single(SmoothFunction F) {
  Graph G;
  SourceId S = G.addSource({"n", "F", 13, "n"});
  G.addOutput("y", G.addSmooth("y", G.addInput("x", {2}), F, S), {2});
  return G;
}
} // namespace

TEST(Elementary, AreReplacedOnlyWhereTheyAreDefined) {
  Graph G = single({SmoothKind::Sqrt}), Same = G;
  Linearization Fine = linearizeWithError(G, 1e-3, 100, {ValueRange{0, 4}});
  EXPECT_FALSE(Fine.Unbounded);
  EXPECT_LE(Fine.Bound, 1.001e-3);
  EXPECT_LE(Fine.Measured, Fine.Bound);
  Linearization Not = linearizeWithError(Same, 1e-3, 100, {ValueRange{-1, 4}});
  ASSERT_TRUE(Not.Unbounded && Not.Undefined);
  EXPECT_EQ(Not.Undefined->Low, -1);
  EXPECT_EQ(Not.Undefined->High, 4);
  EXPECT_EQ(Same.nodes()[0].Kind, NodeKind::Smooth);
  Smoothing Round = smoothenWithError(Same, 1e-3, {ValueRange{-1, 4}});
  ASSERT_TRUE(Round.Refused && Round.Undefined);
  EXPECT_EQ(Round.Undefined->Low, -1);
  Graph Log = single({SmoothKind::Log});
  Smoothing Good = smoothenWithError(Log, 1e-2, {ValueRange{0.5, 4}});
  EXPECT_FALSE(Good.Refused);
  EXPECT_LE(Good.Measured, Good.Bound);
  EXPECT_LE(Good.Bound, 1.001e-2);
}

TEST(Elementary, OneValueIsEnough) {
  // A range of a single point, also at the end of a domain.
  for (auto [F, X] : {std::pair{SmoothFunction{SmoothKind::Atanh}, 0.75},
                      {SmoothFunction{SmoothKind::Acosh}, 1.0},
                      {SmoothFunction{SmoothKind::Asin}, 1.0},
                      {SmoothFunction{SmoothKind::Reciprocal}, -2.0}}) {
    Graph G = single(F);
    Linearization L = linearizeWithError(G, 1e-3, 100, {ValueRange{X, X}});
    ASSERT_FALSE(L.Unbounded) << F.name();
    EXPECT_LE(L.Measured, 1e-3) << F.name();
  }
}

TEST(Elementary, ErrorsPassThroughSteepSlopes) {
  // sqrt(sigmoid(x)) has steep slopes at the left, but bounded ones.
  Graph G;
  SourceId S = G.addSource({"n", "F", 13, "n"});
  ValueId H = G.addSmooth("h", G.addInput("x", {1}), {SmoothKind::Sigmoid}, S);
  G.addOutput("y", G.addSmooth("y", H, {SmoothKind::Sqrt}, S), {1});
  Linearization L = linearizeWithin(G, 1e-3, 400, {ValueRange{-2, 2}});
  ASSERT_FALSE(L.Unbounded);
  EXPECT_LE(L.Bound, 1e-3);
  EXPECT_LE(L.Measured, L.Bound);
}
