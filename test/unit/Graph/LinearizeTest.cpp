//===- LinearizeTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Linearize.h"

#include "../RandomSmooth.h"
#include "nn2crn/Graph/Quantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace nn2crn;
using namespace nn2crn::test;

namespace {
Graph single(SmoothFunction F) {
  Graph G;
  SourceId S = G.addSource({"n", "F", 13, "n"});
  G.addOutput("y", G.addSmooth("y", G.addInput("x", {2}), F, S), {2});
  return G;
}
} // namespace

TEST(Linearize, BoundsAreNeverExceeded) {
  std::vector<double> Ratios, Gains;
  for (unsigned Seed = 0; Seed < 200; ++Seed) {
    std::mt19937 Random(Seed);
    Graph Exact = randomSmooth(Random), G = Exact;
    ASSERT_EQ(verify(Exact), "");
    ValueRange R{-2.0 + Random() % 3, 1.0 + Random() % 3};
    InputBox Box;
    if (Seed % 3 == 0)
      R = {-1, 1};
    else
      Box = {R};
    Linearization L = Seed % 2
                          ? linearizeWithSegments(G, 2 + Random() % 12, Box)
                          : linearizeWithError(G, 0.01, 40, Box);
    if (L.Unbounded) // An exponential of an exponential.
      continue;
    EXPECT_EQ(verify(G), "");
    EXPECT_FALSE(isSmooth(G));
    EXPECT_EQ(L.Declared, Seed % 3 != 0 || L.Units.empty());
    double Most = largestError(Exact, G, R, Random);
    EXPECT_LE(Most, L.Bound) << "seed " << Seed;
    EXPECT_LE(L.Measured, L.Bound);
    if (Most > 0)
      Ratios.push_back(L.Bound / Most);
    // What rounding the weights does comes on top.
    Graph Rounded = G;
    Quantization Q = quantize(Rounded, 8 + Random() % 6, Box, L);
    EXPECT_LE(largestError(G, Rounded, R, Random), Q.Bound + 1e-12)
        << "seed " << Seed;
    EXPECT_LE(largestError(Exact, Rounded, R, Random),
              L.Bound + Q.Bound + 1e-12);
    // To know the activations helps mostly; without, units are balanced too.
    Graph Blind = G;
    double Unaware = quantize(Blind, Q.Exact ? 31 : Q.Bits, Box).Bound;
    if (Unaware > 0)
      Gains.push_back(Q.Bound / Unaware);
  }
  auto Middle = Ratios.begin() + static_cast<ptrdiff_t>(Ratios.size() / 2);
  std::ranges::nth_element(Ratios, Middle);
  std::printf("median of bound over measured error: %.1f\n", *Middle);
  EXPECT_LT(*Middle, 50);
  auto Gain = Gains.begin() + static_cast<ptrdiff_t>(Gains.size() / 2);
  std::ranges::nth_element(Gains, Gain);
  std::printf("median of rounding bounds over those without units: %.2f\n",
              *Gain);
  EXPECT_LT(*Gain, 1);
}

TEST(Linearize, OneFunctionOfAnIntervalIsShared) {
  Graph G = single({SmoothKind::Tanh});
  SourceId S(0);
  ValueId Other = G.addSmooth("z", G.inputs()[0].Value, {SmoothKind::Tanh}, S);
  G.addOutput("z", Other, {2});
  Linearization L = linearizeWithError(G, 0.01, 99, {});
  ASSERT_EQ(L.Units.size(), 2u);
  EXPECT_EQ(L.Units[0].Function.Knots[0].At, L.Units[1].Function.Knots[0].At);
  EXPECT_EQ(G.value(L.Units[1].Result).Name, "z");
  EXPECT_EQ(G.outputs()[1].Value, L.Units[1].Result);
}

TEST(Linearize, WithoutRangesItHoldsEverywhere) {
  Graph Exact = single({SmoothKind::Sigmoid}), G = Exact, Narrow = Exact;
  Linearization L = linearizeWithError(G, 0.01, 99, {});
  EXPECT_FALSE(L.Declared);
  for (double X : {-1e6, -7.0, 0.3, 4.0, 1e6})
    EXPECT_NEAR(evaluate(G, {{X, X}})[0][0], evaluate(Exact, {{X, X}})[0][0],
                0.01);
  // In a range it takes fewer segments.
  Linearization In = linearizeWithError(Narrow, 0.01, 99, {ValueRange{-1, 1}});
  EXPECT_TRUE(In.Declared);
  EXPECT_LT(In.Segments, L.Segments);
  // A wide one is as good as everywhere.
  Graph Wide = Exact;
  linearizeWithError(Wide, 0.01, 99, {ValueRange{-50, 50}});
  EXPECT_NEAR(evaluate(Wide, {{1e6, 0}})[0][0], 1, 0.01);
}

TEST(Linearize, BudgetsAreKeptWithFewSegments) {
  for (unsigned Seed : {1U, 2U, 4U, 5U}) {
    std::mt19937 Random(Seed);
    Graph Exact = randomSmooth(Random), G = Exact;
    if (!isSmooth(Exact))
      continue;
    InputBox Box{ValueRange{-1, 1}};
    Linearization L = linearizeWithin(G, 0.02, MostSegments, Box);
    EXPECT_LE(L.Bound, 0.02);
    EXPECT_GT(L.Bound, 0.002);
    Graph Few = Exact;
    EXPECT_GT(linearizeWithin(Few, 1e-7, 4, Box).Bound, 1e-7);
    EXPECT_FALSE(isSmooth(Few));
  }
}

TEST(Linearize, WhatGrowsTooFastIsLeft) {
  Graph G = single({SmoothKind::Exp});
  Linearization L = linearizeWithError(G, 0.01, 99, {ValueRange{0, 1000}});
  ASSERT_TRUE(L.Unbounded);
  EXPECT_TRUE(std::isinf(L.Bound));
  EXPECT_TRUE(isSmooth(G));
  Graph Fine = single({SmoothKind::Exp});
  EXPECT_FALSE(
      linearizeWithError(Fine, 0.01, 99, {ValueRange{-1e5, 3}}).Unbounded);
}

TEST(Linearize, GraphsWithoutStayAsTheyAre) {
  Graph G;
  SourceId S = G.addSource({"n", "Relu", 13, "n"});
  G.addOutput("y", G.addRelu("y", G.addInput("x", {2}), S), {2});
  Linearization L = linearizeWithin(G, 0.1, 9, {});
  EXPECT_TRUE(L.Units.empty());
  EXPECT_EQ(L.Bound, 0);
  EXPECT_EQ(G.nodes().size(), 1u);
}

TEST(Graph, SmoothNodesAreVerifiedAndKept) {
  Graph G = single({SmoothKind::Celu, 0.5f});
  EXPECT_EQ(verify(G), "");
  simplify(G);
  ASSERT_EQ(G.nodes().size(), 1u);
  EXPECT_EQ(G.nodes()[0].Function, (SmoothFunction{SmoothKind::Celu, 0.5f}));
  EXPECT_FALSE((SmoothFunction{SmoothKind::Celu, 0}).isValid());
  EXPECT_FALSE((SmoothFunction{SmoothKind::Elu, NAN}).isValid());
  EXPECT_NEAR(evaluate(G, {{-1, 2}})[0][0], 0.5 * (std::exp(-2) - 1), 1e-15);
}
