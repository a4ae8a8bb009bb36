//===- CalibrateTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Calibrate.h"

#include "../Layers.h"
#include "nn2crn/Graph/Evaluate.h"
#include "nn2crn/Graph/Quantize.h"
#include "nn2crn/Graph/RailGrowth.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace nn2crn;
using namespace nn2crn::test;

namespace {
Samples randomSamples(const Graph &G, std::mt19937 &Random, size_t Cases) {
  Samples S;
  S.Cases = Cases;
  std::normal_distribution<double> Normal;
  for (const GraphPort &P : G.inputs()) {
    S.Inputs.emplace_back(Cases * G.value(P.Value).Elements);
    for (double &X : S.Inputs.back())
      X = Normal(Random);
  }
  return S;
}

/// Cases of which \p B has another winner, straight from the definition.
std::vector<size_t> lostCases(const Graph &A, const Graph &B,
                              const Samples &S) {
  std::vector<size_t> Lost;
  for (size_t Case = 0; Case < S.Cases; ++Case) {
    std::vector<Vector> X;
    for (const Vector &All : S.Inputs) {
      size_t N = All.size() / S.Cases;
      X.emplace_back(All.begin() + static_cast<ptrdiff_t>(Case * N),
                     All.begin() + static_cast<ptrdiff_t>((Case + 1) * N));
    }
    Vector Ya = evaluate(A, X)[0], Yb = evaluate(B, X)[0];
    auto Winner = std::ranges::max_element(Yb) - Yb.begin();
    if (Ya.size() == 1
            ? Ya[0] * Yb[0] < 0 || (Ya[0] != 0 && Yb[0] == 0)
            : Ya[static_cast<size_t>(Winner)] < *std::ranges::max_element(Ya))
      Lost.push_back(Case);
  }
  return Lost;
}
} // namespace

TEST(Evaluate, CasesTogetherAreCasesOneByOne) {
  for (unsigned Seed = 0; Seed < 30; ++Seed) {
    std::mt19937 Random(Seed);
    Graph G = randomLayers(Random);
    Samples S = randomSamples(G, Random, CasesTogether);
    size_t N = S.Inputs[0].size() / CasesTogether;
    Vector Together(S.Inputs[0].size());
    for (size_t K = 0; K < CasesTogether; ++K)
      for (size_t I = 0; I < N; ++I)
        Together[I * CasesTogether + K] = S.Inputs[0][K * N + I];
    Vector All = evaluateTogether(G, {Together})[0];
    for (size_t K = 0; K < CasesTogether; ++K) {
      Vector X(S.Inputs[0].begin() + static_cast<ptrdiff_t>(K * N),
               S.Inputs[0].begin() + static_cast<ptrdiff_t>((K + 1) * N));
      Vector One = evaluateGraph(G, {X})[0];
      for (size_t I = 0; I < One.size(); ++I)
        EXPECT_EQ(All[I * CasesTogether + K], One[I]);
    }
  }
}

TEST(Winners, FindsWhatIsLost) {
  unsigned Some = 0;
  for (unsigned Seed = 0; Seed < 200; ++Seed) {
    std::mt19937 Random(Seed);
    Graph Model = randomLayers(Random), Rounded = Model;
    // Not a multiple of a block.
    Samples S = randomSamples(Model, Random, 1 + Random() % 100);
    quantize(Rounded, 2 + Random() % 5, {});
    auto Lost = lostCases(Model, Rounded, S);
    Winners W(Model, S);
    SampleReport R = W.compare(Rounded);
    EXPECT_EQ(R.Cases, S.Cases);
    EXPECT_EQ(R.Lost, Lost.size()) << Seed;
    EXPECT_EQ(R.FirstLost, Lost.empty() ? 0 : Lost[0]);
    EXPECT_GT(R.Error, 0);
    EXPECT_EQ(W.kept(Rounded), Lost.empty());
    EXPECT_EQ(W.kept(Rounded), Lost.empty()) << "the same from elsewhere";
    EXPECT_TRUE(W.kept(Model));
    Some += !Lost.empty();
  }
  EXPECT_GT(Some, 50u);
  EXPECT_LT(Some, 200u);
}

TEST(Winners, TiesHaveSeveral) {
  Graph Tie = layers({{{1}, {1}, {0}}});
  Winners W(Tie, {1, {{2}}});
  EXPECT_TRUE(W.kept(layers({{{2}, {1}, {0}}})));
  EXPECT_TRUE(W.kept(layers({{{1}, {2}, {0}}})));
  EXPECT_FALSE(W.kept(layers({{{1}, {1}, {2}}})));
  // One element: its sign; 0 has either.
  Winners Sign(layers({{{1}}}), {3, {{2, -1, 0}}});
  EXPECT_TRUE(Sign.kept(layers({{{0.1}}})));
  EXPECT_FALSE(Sign.kept(layers({{{-1}}})));
  EXPECT_EQ(Sign.compare(layers({{{-1}}})).Lost, 2u);
  EXPECT_EQ(Sign.compare(layers({{{0}}})).Lost, 2u);
}

TEST(Calibrate, TakesTheFewestBitsThatKeepAll) {
  unsigned Total = 0;
  for (unsigned Seed = 0; Seed < 100; ++Seed) {
    std::mt19937 Random(Seed);
    Graph Model = randomLayers(Random), Chosen = Model;
    Samples S = randomSamples(Model, Random, 40);
    Winners W(Model, S);
    auto Keeps = [&](const Graph &G) { return W.kept(G); };
    Quantization Q = quantizeWhile(Chosen, Keeps, 31, {});
    EXPECT_TRUE(lostCases(Model, Chosen, S).empty()) << Seed;
    for (unsigned Bits = 2; Bits < Q.Bits; ++Bits) {
      Graph Fewer = Model;
      quantize(Fewer, Bits, {});
      EXPECT_FALSE(lostCases(Model, Fewer, S).empty()) << Seed << ' ' << Bits;
    }
    Total += Q.Bits;
    // A cap that is too low is what is taken.
    if (Q.Bits > 3) {
      Graph Capped = Model;
      EXPECT_EQ(quantizeWhile(Capped, Keeps, Q.Bits - 1, {}).Bits, Q.Bits - 1);
    }
  }
  EXPECT_GT(Total, 300u);
  EXPECT_LT(Total, 1400u);
}

TEST(Calibrate, WeightsThatNeedNoRoundingStay) {
  Graph G = layers({{{0.25, -200}, {3, 1.5}}, {{1, 1}, {0, -2}}}), Before = G;
  bool Asked = false;
  auto Never = [&](const Graph &) { return Asked = true; };
  EXPECT_TRUE(quantizeWhile(G, Never, 31, {}).Exact);
  EXPECT_FALSE(Asked);
  EXPECT_TRUE(
      std::ranges::equal(G.nodes()[0].Operands[0].Weights.weights(),
                         Before.nodes()[0].Operands[0].Weights.weights()));
  // But for a cap below their own bits.
  EXPECT_EQ(quantizeWhile(G, Never, 6, {}).Bits, 2u);
  EXPECT_TRUE(Asked);
}

TEST(RailGrowth, FollowsTheRails) {
  // z = x0 - 2 x1 on [-1, 3]: p is at most 3 + 2, n is at most 1 + 6, both at
  // most 3 + 6. relu: p, and min(p, n) = 5.
  Graph G = layers({{{1, -2}}, {{-4}}});
  RailGrowth R = railGrowth(G, {ValueRange{-1, 3}});
  ASSERT_EQ(R.Layers.size(), 3u);
  EXPECT_EQ(R.Layers[0].Bound, 9);
  EXPECT_EQ(R.Layers[1].Bound, 9);
  EXPECT_EQ(R.Layers[2].Bound, 36);
  EXPECT_EQ(R.Outputs.Bound, 36);
  EXPECT_EQ(R.LargestAmount, 36);
  EXPECT_TRUE(R.Declared);
  // Inputs that are never negative need one rail.
  EXPECT_EQ(
      railGrowth(layers({{{1, -1}}, {{1}}}), {ValueRange{0, 1}}).Outputs.Bound,
      2);
  // Amounts are those of the integers: 4 times, then 12 times.
  Graph Half = layers({{{0.25, 1.75}}, {{1.0 / 3}, {2.0 / 3}}});
  R = railGrowth(Half, {});
  EXPECT_FALSE(R.Declared);
  EXPECT_EQ(R.Layers[0].Amount, 8);
  EXPECT_NEAR(R.Outputs.Bound, 4.0 / 3, 1e-15);
  EXPECT_EQ(R.Outputs.Amount, 16);
  // Nothing to read: no ratio.
  EXPECT_EQ(railGrowth(layers({{{0, 0}}}), {}).seen(), 0);
}
