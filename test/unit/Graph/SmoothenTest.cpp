//===- SmoothenTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Smoothen.h"

#include "../RandomSmooth.h"
#include "nn2crn/Graph/Split.h"

#include <gtest/gtest.h>

using namespace nn2crn;
using namespace nn2crn::test;

namespace {
/// The largest of |F - P| on many points of \p On, denser near 0.
double seenError(const SmoothFunction &F, const SmoothedSum &P, Interval On) {
  double Most = 0;
  for (double X = 1e-4; X < 1e6; X *= 1.003)
    for (double At : {-X, X})
      if (At >= On.Low && At <= On.High)
        Most = std::max(Most, std::fabs(F(At) - P(At)));
  return Most;
}

Interval domain(const SmoothFunction &F) {
  return {F.ray(false) ? -HUGE_VAL : -3, F.ray(true) ? HUGE_VAL : 3};
}

bool onlySmoothed(const Graph &G) {
  return std::ranges::all_of(G.nodes(), [](const Node &N) {
    return N.Kind == NodeKind::Affine ||
           (N.Kind == NodeKind::Smooth &&
            N.Function.Kind == SmoothKind::SmoothedRelu);
  });
}

/// What Softmax promises of these, random graphs do not keep.
bool promises(const Graph &G) {
  return std::ranges::any_of(G.nodes(), [](const Node &N) {
    return N.Kind == NodeKind::Smooth &&
           (N.Function.Kind == SmoothKind::ExpBelow ||
            N.Function.Kind == SmoothKind::LogAbove);
  });
}

SourceId anySource(Graph &G) { return G.addSource({"n", "F", 13, "n"}); }
} // namespace

TEST(SmoothedSum, ErrorsAreProvenAndTight) {
  for (const SmoothFunction &F : SmoothFunctions)
    for (double Error : {1e-1, 1e-2, 1e-3}) {
      SCOPED_TRACE(std::string(F.name()) + " " + std::to_string(Error));
      Interval On = domain(F);
      auto P = smoothedWithin(F, On, Error);
      ASSERT_TRUE(P);
      EXPECT_LE(P->Error, Error);
      double Seen = seenError(F, *P, On);
      EXPECT_LE(Seen, P->Error);
      EXPECT_GE(Seen, 0.7 * P->Error);
      for (const SmoothedSum::Unit &U : P->Units)
        EXPECT_GT(U.Smoothing, 0);
    }
}

TEST(SmoothedSum, CommonActivationsTakeFewFastUnits) {
  struct {
    SmoothFunction F;
    double Error;
    size_t Units;
  } Known[] = {
      {{SmoothKind::Sigmoid}, 3e-5, 4},  {{SmoothKind::Sigmoid}, 3e-6, 6},
      {{SmoothKind::Tanh}, 6e-5, 4},     {{SmoothKind::Softplus}, 1e-5, 6},
      {{SmoothKind::Gelu}, 1e-4, 6},     {{SmoothKind::Silu}, 1e-5, 8},
      {{SmoothKind::Silu, -3}, 1e-5, 8}, {{SmoothKind::Mish}, 5e-4, 5},
  };
  for (const auto &K : Known) {
    SCOPED_TRACE(std::string(K.F.name()));
    auto P = smoothedWithin(K.F, {-HUGE_VAL, HUGE_VAL}, K.Error);
    ASSERT_TRUE(P);
    EXPECT_LE(P->Units.size(), K.Units);
    double Least = HUGE_VAL;
    for (const SmoothedSum::Unit &U : P->Units)
      Least = std::min<double>(Least, U.Smoothing);
    // Settles at a rate of 2 sqrt(h) or more.
    EXPECT_GT(Least, 0.02);
  }
  auto E = smoothedWithin({SmoothKind::Exp}, {-HUGE_VAL, 0}, 3e-5);
  ASSERT_TRUE(E);
  EXPECT_LE(E->Units.size(), 3u);
}

TEST(SmoothedSum, SlopesAndCurvaturesAreDerivatives) {
  auto P = smoothedWithin({SmoothKind::Mish}, {-HUGE_VAL, HUGE_VAL}, 1e-3);
  ASSERT_TRUE(P);
  constexpr double Step = 1e-5;
  for (double X = -6; X < 6; X += 0.37) {
    EXPECT_NEAR(P->slope(X), ((*P)(X + Step) - (*P)(X - Step)) / (2 * Step),
                1e-6);
    double Second = (P->slope(X + Step) - P->slope(X - Step)) / (2 * Step);
    EXPECT_LE(std::fabs(Second), P->curvature(X, X) + 1e-6);
    EXPECT_LE(P->curvature(X, X), P->curvature(X - 1, X + 1));
  }
}

TEST(SmoothedSum, WrongSumsAreSeen) {
  SmoothFunction F{SmoothKind::Sigmoid};
  auto P = smoothedWithin(F, {-HUGE_VAL, HUGE_VAL}, 1e-4);
  ASSERT_TRUE(P);
  SmoothedSum Q = *P;
  Q.Offset += 0.01;
  EXPECT_GE(provenError(F, Q, {-HUGE_VAL, HUGE_VAL}), 0.0099);
  Q = *P;
  Q.Units[1].Change += 1e-9; // Grows without end far out.
  EXPECT_EQ(provenError(F, Q, {-HUGE_VAL, HUGE_VAL}), HUGE_VAL);
  EXPECT_LE(provenError(F, Q, {-50, 50}), 1.1e-4);
  Q = *P;
  Q.Units[2].At += 0.3;
  EXPECT_GE(provenError(F, Q, {-9, 9}), seenError(F, Q, {-9, 9}));
}

TEST(Smoothen, BoundsAreNeverExceeded) {
  std::vector<double> Ratios;
  for (unsigned Seed = 0; Seed < 260; ++Seed) {
    std::mt19937 Random(Seed);
    Graph Exact = randomSmooth(Random), G = Exact;
    if (promises(G))
      continue;
    ValueRange R{-2.0 + Random() % 3, 1.0 + Random() % 3};
    InputBox Box;
    if (Seed % 3 == 0)
      R = {-1, 1};
    else
      Box = {R};
    Smoothing S = Seed % 2 ? smoothenWithError(G, 1e-3, Box)
                           : smoothenWithin(G, 0.02, Box);
    if (S.Refused) // An exponential of an exponential.
      continue;
    EXPECT_EQ(verify(G), "");
    EXPECT_TRUE(onlySmoothed(G));
    EXPECT_EQ(S.Declared, Seed % 3 != 0);
    if (Seed % 2 == 0) {
      EXPECT_LE(S.Bound, 0.02) << "seed " << Seed;
    }
    double Most = largestError(Exact, G, R, Random);
    EXPECT_LE(Most, S.Bound) << "seed " << Seed;
    EXPECT_LE(S.Measured, S.Bound);
    if (Most > 0)
      Ratios.push_back(S.Bound / Most);
  }
  auto Middle = Ratios.begin() + static_cast<ptrdiff_t>(Ratios.size() / 2);
  std::ranges::nth_element(Ratios, Middle);
  std::printf("median of bound over measured error: %.1f\n", *Middle);
  EXPECT_GT(Ratios.size(), 200u);
  EXPECT_LT(*Middle, 50);
}

TEST(Smoothen, ErrorsOfInputsAreCarried) {
  Graph G;
  SourceId S = anySource(G);
  SparseMatrix W(1);
  W.add(0, 3);
  W.endRow();
  ValueId V =
      G.addAffine("v", {1}, {{G.addInput("x", {1}), std::move(W), S}}, {}, S);
  G.addOutput("y", G.addSmooth("y", V, {SmoothKind::Tanh}, S), {1});
  Graph H = G;
  InputBox Box{ValueRange{-1, 1}};
  double Alone = smoothenWithError(G, 1e-4, Box).Bound;
  std::vector<double> Errors{1e-3};
  double With = smoothenWithError(H, 1e-4, Box, {Errors}).Bound;
  EXPECT_NEAR(With - Alone, 3e-3, 1e-4);
}

TEST(Split, ComputesTheSame) {
  unsigned Splits = 0;
  for (unsigned Seed = 0; Seed < 300; ++Seed) {
    std::mt19937 Random(Seed);
    Graph G = randomSmooth(Random);
    if (Seed % 2) { // A second output, from the middle.
      ValueId V = G.nodes()[Random() % G.nodes().size()].Result;
      G.addOutput("middle", V, G.value(V).Shape);
    }
    auto Parts = splitSharp(G);
    if (!Parts)
      continue;
    ++Splits;
    EXPECT_EQ(verify(Parts->Sharp), "");
    EXPECT_EQ(verify(Parts->Rest), "");
    EXPECT_FALSE(isSmooth(Parts->Sharp));
    EXPECT_EQ(Parts->Sharp.inputs().size(), G.inputs().size());
    Graph J = join(Parts->Sharp, Parts->Rest);
    EXPECT_EQ(verify(J), "");
    EXPECT_EQ(measuredError(G, J, {}), 0) << "seed " << Seed;
    ASSERT_EQ(J.outputs().size(), G.outputs().size());
  }
  EXPECT_GT(Splits, 20u);
}
