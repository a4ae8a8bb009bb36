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

//===----------------------------------------------------------------------===//
// Parts of known slope
//===----------------------------------------------------------------------===//

namespace {
SparseMatrix dense(uint32_t Columns, const std::vector<Vector> &Rows) {
  SparseMatrix W(Columns);
  for (const Vector &Row : Rows) {
    for (uint32_t C = 0; C < Columns; ++C)
      if (Row[C] != 0)
        W.add(C, Row[C]);
    W.endRow();
  }
  return W;
}

/// Softmax of \p X as the ONNX reader builds it, but for the order of maxima.
ValueId addSoftmax(Graph &G, ValueId X, bool AddPart) {
  SourceId S(0);
  uint32_t N = G.value(X).Elements;
  auto Affine = [&](int64_t Rows, std::vector<Node::Operand> From) {
    return G.addAffine("a", {Rows}, std::move(From), {}, S);
  };
  auto Select = [&](ValueId V, uint32_t I, double Weight) {
    Vector Row(G.value(V).Elements);
    Row[I] = Weight;
    return Node::Operand{V, dense(G.value(V).Elements, {Row}), S};
  };
  ValueId Most = X;
  for (uint32_t I = 1; I < N; ++I) {
    // Of the first step both are elements of X.
    std::vector<Node::Operand> Rise, Sum;
    Rise.push_back(Select(X, I, 1));
    Rise.push_back(Select(Most, 0, -1));
    ValueId Above = G.addRelu("r", Affine(1, std::move(Rise)), S);
    Sum.push_back(Select(Most, 0, 1));
    Sum.push_back(Select(Above, 0, 1));
    Most = Affine(1, std::move(Sum));
  }
  std::vector<Node::Operand> From;
  From.push_back({X, SparseMatrix::identity(N), S});
  From.push_back({Most, dense(1, std::vector<Vector>(N, Vector{-1})), S});
  ValueId Below = Affine(N, std::move(From));
  ValueId Exps = G.addSmooth("e", Below, {SmoothKind::ExpBelow}, S);
  From.clear();
  From.push_back({Exps, dense(N, {Vector(N, 1)}), S});
  ValueId Log =
      G.addSmooth("l", Affine(1, std::move(From)), {SmoothKind::LogAbove}, S);
  From.clear();
  From.push_back({Below, SparseMatrix::identity(N), S});
  From.push_back({Log, dense(1, std::vector<Vector>(N, Vector{-1})), S});
  ValueId Y =
      G.addSmooth("y", Affine(N, std::move(From)), {SmoothKind::ExpBelow}, S);
  if (AddPart)
    G.addPart({X, Y, 0.5});
  return Y;
}

/// Softmax of \p N scores behind a hidden layer, with a layer after it where
/// \p After says so.
Graph classifier(std::mt19937 &Random, uint32_t N, bool After, bool AddPart) {
  std::normal_distribution<double> Normal;
  Graph G;
  SourceId S = G.addSource({"n", "Softmax", 13, "n"});
  auto Layer = [&](ValueId V, uint32_t Rows, double Size) {
    uint32_t In = G.value(V).Elements;
    std::vector<Vector> W(Rows, Vector(In));
    for (Vector &Row : W)
      for (double &Weight : Row)
        Weight = static_cast<float>(Size * Normal(Random) / std::sqrt(In));
    std::vector<Node::Operand> From;
    From.push_back({V, dense(In, W), S});
    return G.addAffine("z", {Rows}, std::move(From), {}, S);
  };
  ValueId H = Layer(G.addInput("x", {4}), 6, 2);
  H = Random() % 2 ? G.addSmooth("h", H, {SmoothKind::Tanh}, S)
                   : G.addRelu("h", H, S);
  ValueId P = addSoftmax(G, Layer(H, N, 4), AddPart);
  if (After) {
    P = G.addSmooth("t", Layer(P, 3, 2), {SmoothKind::Sigmoid}, S);
    P = Layer(P, 2, 1);
  }
  G.addOutput("y", P, G.value(P).Shape);
  return G;
}
} // namespace

TEST(GraphParts, BoundsHoldAndAreUseful) {
  std::vector<double> Ratios, Gains;
  for (unsigned Seed = 0; Seed < 100; ++Seed) {
    std::mt19937 Random(Seed), Again(Seed);
    uint32_t N = Seed % 2 ? 10 : 2 + Seed % 5;
    bool After = Seed % 4 == 0;
    Graph Exact = classifier(Random, N, After, true), G = Exact;
    Graph Plain = classifier(Again, N, After, false);
    ASSERT_EQ(verify(Exact), "");
    InputBox Box{ValueRange{-1, 1}};
    Linearization L = Seed % 3 ? linearizeWithError(G, 0.002, 60, Box)
                               : linearizeWithSegments(G, 12, Box);
    ASSERT_FALSE(L.Unbounded);
    EXPECT_EQ(verify(G), "");
    ASSERT_EQ(L.Parts.size(), 1u);
    EXPECT_TRUE(std::isfinite(L.Parts[0].Own));
    EXPECT_LE(largestError(Exact, G, {-1, 1}, Random), L.Bound) << Seed;
    Graph Rounded = G, RoundedPlain = Plain;
    unsigned Bits = 8 + Seed % 8;
    Quantization Q = quantize(Rounded, Bits, Box, L);
    double Most = largestError(Exact, Rounded, {-1, 1}, Random);
    EXPECT_LE(Most, L.Bound + Q.Bound) << Seed;
    Linearization LP = Seed % 3
                           ? linearizeWithError(RoundedPlain, 0.002, 60, Box)
                           : linearizeWithSegments(RoundedPlain, 12, Box);
    double PlainBound = LP.Bound + quantize(RoundedPlain, Bits, Box, LP).Bound;
    Ratios.push_back((L.Bound + Q.Bound) / Most);
    Gains.push_back(PlainBound / (L.Bound + Q.Bound));
  }
  for (auto *List : {&Ratios, &Gains})
    std::ranges::sort(*List);
  std::printf("Softmax, bound over measured error: median %.1f; "
              "of intervals alone median %.0f times as much\n",
              Ratios[50], Gains[50]);
  EXPECT_LT(Ratios[50], 50);
  EXPECT_GT(Gains[50], 2);
}

TEST(GraphParts, WhatIsSeenInsideIsNoPart) {
  std::mt19937 Random(1);
  Graph G = classifier(Random, 3, false, true);
  // The exponentials stand under an output.
  for (const Node &N : G.nodes())
    if (N.Function.Kind == SmoothKind::ExpBelow && G.outputs().size() == 1)
      G.addOutput("e", N.Result, {3});
  Graph Exact = G;
  Linearization L = linearizeWithError(G, 0.002, 60, {ValueRange{-1, 1}});
  EXPECT_TRUE(std::isinf(L.Parts.at(0).Own));
  EXPECT_LE(largestError(Exact, G, {-1, 1}, Random), L.Bound);
}

TEST(GraphParts, SimplifyKeepsTheirEnds) {
  std::mt19937 Random(1);
  Graph G = classifier(Random, 3, false, true);
  size_t Nodes = G.nodes().size();
  simplify(G);
  ASSERT_EQ(G.parts().size(), 1u);
  EXPECT_EQ(verify(G), "");
  EXPECT_LE(G.nodes().size(), Nodes);
  EXPECT_EQ(G.parts()[0].To, G.outputs()[0].Value);
}

TEST(Quantize, AnIndexKeepsItsNumbersAndItsScoresAreBounded) {
  Graph G;
  SourceId S = G.addSource({"n", "ArgMax", 13, "n"});
  ValueId X = G.addInput("x", {2});
  std::vector<Node::Operand> From;
  From.push_back({X, dense(2, {{0.3, 0.123}, {0.7, -0.2}}), S});
  ValueId Scores = G.addAffine("s", {2}, std::move(From), {}, S);
  From.clear();
  From.push_back({Scores, dense(2, {{-128, 128}}), S});
  ValueId Lead = G.addAffine("l", {1}, std::move(From), {}, S);
  ValueId Wins = G.addRelu("w", Lead, S);
  From.clear();
  From.push_back({Wins, dense(1, {{999}}), S});
  OutputMeaning M;
  M.Head = {"ArgMax"};
  M.HeadKept = true;
  G.addOutput("y", G.addAffine("i", {1}, std::move(From), {}, S), {1}, M,
              Scores);
  Graph Rounded = G;
  Quantization Q = quantize(Rounded, 4, {});
  EXPECT_FALSE(Q.Exact);
  EXPECT_GT(Q.Bound, 0);
  EXPECT_LT(Q.Bound, 0.3); // Of the scores, not of an index of hundreds.
  EXPECT_GE(Q.Bound, Q.Measured);
  // But for factors that balance the two.
  auto WeightOf = [&](size_t Node) {
    return Rounded.nodes()[Node].Operands[0].Weights.weightsOf(0).back();
  };
  EXPECT_EQ(WeightOf(1) * WeightOf(3), 128 * 999);
}
