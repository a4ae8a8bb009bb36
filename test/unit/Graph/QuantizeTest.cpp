//===- QuantizeTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Quantize.h"

#include "../Layers.h"
#include "nn2crn/Graph/Evaluate.h"
#include "nn2crn/Graph/InputBox.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace nn2crn;
using namespace nn2crn::test;

namespace {
std::vector<std::string> text(const std::optional<CarriedScales> &Scales,
                              const Graph &G) {
  std::vector<std::string> Out;
  if (Scales)
    for (const Node &N : G.nodes()) {
      std::string Line;
      for (const Rational &R : (*Scales)[N.Result.Value])
        Line += (Line.empty() ? "" : " ") + R.str();
      Out.push_back(Line);
    }
  return Out;
}
using Lines = std::vector<std::string>;
} // namespace

TEST(IntegerScales, IntegersStayAsTheyAre) {
  Graph G = layers({{{2, 0}, {-5, 3}}, {{1, -1}}});
  EXPECT_EQ(text(integerScales(G, 8), G), (Lines{"1", "1", "1"}));
  EXPECT_FALSE(integerScales(G, 2)) << "5 does not fit two bits";
}

TEST(IntegerScales, IntegersBeyondAllCoefficientsHaveAStep) {
  Graph G = layers({{{6e28}, {-3e28}}});
  auto Scales = integerScales(G, 31);
  ASSERT_TRUE(Scales);
  EXPECT_EQ(scaleOf((*Scales)[G.nodes()[0].Result.Value], 0) *
                Rational::fromDouble(3e28),
            Rational(1));
}

TEST(IntegerScales, AStepForALayerOrForEachRow) {
  Graph Layer = layers({{{0.75, -0.25}, {0.5, 0}}, {{3, 1}}});
  EXPECT_EQ(text(integerScales(Layer, 4), Layer), (Lines{"4", "4", "4"}));
  double Third = 1.0 / 3, Seventh = 1.0 / 7;
  std::string OverThird = (Rational(1) / Rational::fromDouble(Third)).str(),
              OverSeventh = (Rational(1) / Rational::fromDouble(Seventh)).str();
  Graph Rows = layers({{{Third, -Third}, {Seventh, Seventh}}});
  EXPECT_EQ(text(integerScales(Rows, 1), Rows),
            (Lines{OverThird + " " + OverSeventh}));
  // What a row was scaled by goes into the columns of the next layer.
  Graph Two = layers({{{3, 1}, {0.375, 0.125}}, {{1, 1}, {2, -4}}});
  EXPECT_EQ(text(integerScales(Two, 5), Two), (Lines{"8", "8", "8"}));
}

TEST(IntegerScales, RealWeightsHaveNone) {
  NodeId Culprit;
  Graph G = layers({{{1, 1}}, {{1.0}}, {{1}, {M_PI}}, {{M_E, M_LN2}}});
  EXPECT_FALSE(integerScales(G, 31, &Culprit));
  EXPECT_EQ(G.node(Culprit).Operands[0].Weights.columns(), 2u);
}

TEST(Quantize, SmallIntegersAreFoundBehindRounding) {
  // Multiples of 0.1f and 0.3f, rounded to float.
  auto F = [](double K, float S) {
    return static_cast<double>(static_cast<float>(K * S));
  };
  Graph G = layers({{{F(7, 0.1f), F(-3, 0.1f), F(5, 0.1f)},
                     {F(2, 0.3f), F(7, 0.3f), F(-6, 0.3f)}},
                    {{F(5, 0.7f), F(-7, 0.7f)}}});
  Graph Before = G;
  Quantization Q = quantize(G, 16, {});
  EXPECT_EQ(Q.Bits, 8u);
  EXPECT_LT(Q.Bound, 1e-5);
  EXPECT_TRUE(integerScales(G, 31));
}

TEST(Quantize, TheBoundHoldsAndIsOfUse) {
  std::vector<double> Ratios;
  for (unsigned Seed = 0; Seed < 200; ++Seed) {
    std::mt19937 Random(Seed);
    Graph Exact = randomLayers(Random), G = Exact;
    unsigned Bits = 3 + Random() % 12;
    ValueRange R{-2.0 + Random() % 3, 1.0 + Random() % 4};
    Quantization Q = quantize(G, Bits, {R});
    ASSERT_FALSE(Q.Exact);
    ASSERT_TRUE(Q.Declared);
    EXPECT_EQ(Q.Bits, Bits);
    EXPECT_EQ(verify(G), "");
    auto Scales = integerScales(G, MostIntegerBits);
    ASSERT_TRUE(Scales) << "seed " << Seed;
    double Most = 0;
    for (unsigned T = 0; T < 2000; ++T) {
      Vector X(Exact.value(Exact.inputs()[0].Value).Elements);
      for (double &V : X)
        V = R.Low + (Random() % 1001) / 1000.0 * (R.High - R.Low);
      auto A = evaluate(Exact, {X})[0], B = evaluate(G, {X})[0];
      EXPECT_EQ(B, evaluateGraph(G, {X})[0]);
      for (size_t I = 0; I < A.size(); ++I)
        Most = std::max(Most, std::fabs(A[I] - B[I]));
    }
    EXPECT_LE(Most, Q.Bound) << "seed " << Seed;
    EXPECT_LE(Q.Measured, Q.Bound);
    if (Most > 0)
      Ratios.push_back(Q.Bound / Most);
  }
  std::ranges::nth_element(Ratios, Ratios.begin() + 100);
  std::printf("median of bound over measured error: %.1f\n", Ratios[100]);
  EXPECT_LT(Ratios[100], 50);
}

TEST(Quantize, BudgetsTakeTheFewestBits) {
  std::mt19937 Random(5);
  Graph Exact = randomLayers(Random);
  Graph G = Exact, Fewer = Exact;
  Quantization Q = quantizeWithin(G, 0.05, 31, {ValueRange{-1, 1}});
  EXPECT_LE(Q.Bound, 0.05);
  EXPECT_GT(quantize(Fewer, Q.Bits - 1, {ValueRange{-1, 1}}).Bound, 0.05);
  Graph Missed = Exact;
  EXPECT_GT(quantizeWithin(Missed, 1e-9, 8, {}).Bound, 1e-9);
}

TEST(Quantize, SumsOfLayersKeepTheirBits) {
  unsigned Large = 0;
  for (unsigned Seed = 0; Seed < 100; ++Seed) {
    std::mt19937 Random(Seed);
    Graph Exact = randomResidual(Random), G = Exact;
    Quantization Q = quantize(G, 16, {});
    EXPECT_TRUE(carriedScales(G));
    // Rows of one weight are one step.
    if (Q.Exact || Q.Bits == 8)
      continue;
    EXPECT_EQ(Q.Bits, 16u);
    // Steps of up to four layers multiply to more than a coefficient holds.
    Large += !integerScales(G, MostIntegerBits);
    std::mt19937_64 Samples(Seed);
    for (unsigned T = 0; T < 100; ++T) {
      auto Inputs = randomInputs(G, {}, Samples);
      auto A = evaluate(Exact, Inputs)[0], B = evaluate(G, Inputs)[0];
      for (size_t I = 0; I < A.size(); ++I)
        EXPECT_LE(std::fabs(A[I] - B[I]), Q.Bound) << "seed " << Seed;
    }
  }
  EXPECT_GT(Large, 20u);
}

TEST(Quantize, FeaturesOfAllSizesKeepTheirDigits) {
  // A feature with values up to 2^K has weights of 2^-K, as behind a scaler.
  unsigned Scaled = 0;
  for (unsigned Seed = 0; Seed < 100; ++Seed) {
    std::mt19937 Random(Seed);
    auto Weights = layerWeights(randomLayers(Random));
    Vector Sizes;
    for (size_t C = 0; C < Weights[0][0].size(); ++C) {
      Sizes.push_back(std::ldexp(1, static_cast<int>(Random() % 30)));
      for (Vector &Row : Weights[0])
        Row[C] /= Sizes[C];
    }
    Graph Exact = layers(Weights), G = Exact;
    Quantization Q = quantize(G, 14, {});
    if (Q.Exact || Q.Bits != 14)
      continue;
    ASSERT_TRUE(integerScales(G, MostIntegerBits)) << "seed " << Seed;
    Scaled += !G.inputs()[0].Halvings.empty();
    double Worst = 0, Largest = 1e-9;
    std::mt19937_64 Samples(Seed);
    for (unsigned T = 0; T < 100; ++T) {
      auto Inputs = randomInputs(G, {}, Samples);
      for (size_t C = 0; C < Sizes.size(); ++C)
        Inputs[0][C] *= Sizes[C];
      auto A = evaluate(Exact, Inputs)[0], B = evaluate(G, Inputs)[0];
      for (size_t I = 0; I < A.size(); ++I) {
        Worst = std::max(Worst, std::fabs(A[I] - B[I]));
        Largest = std::max(Largest, std::fabs(A[I]));
      }
    }
    EXPECT_LT(Worst, 0.02 * Largest) << "seed " << Seed;
  }
  EXPECT_GT(Scaled, 50u);
}

TEST(Quantize, InputsOfOneSizeAreCarriedAsTheyAre) {
  Graph G = layers({{{1.1, 0.3, 0.08}, {0.7, -0.9, 0.07}}, {{1.3, 0.2}}});
  quantize(G, 12, {});
  EXPECT_TRUE(G.inputs()[0].Halvings.empty());
  // Known integers are exact whatever their size.
  Graph Exact = layers({{{64, 1}, {32, 1}}, {{1, 1}}});
  EXPECT_TRUE(quantize(Exact, 16, {}).Exact);
  EXPECT_TRUE(Exact.inputs()[0].Halvings.empty());
}

TEST(CarriedScales, WeightsThemselvesKeepTo31Bits) {
  NodeId Culprit;
  EXPECT_FALSE(carriedScales(layers({{{1, M_PI}}}), &Culprit));
  // As they are carried, 3 is 3 x 2^60 here.
  Graph G;
  SourceId S = G.addSource({"n", "Gemm", 13, "n"});
  auto One = [](double W) {
    SparseMatrix M(1);
    M.add(0, W);
    M.endRow();
    return M;
  };
  ValueId X = G.addInput("x", {1});
  ValueId A = G.addAffine("a", {1}, {{X, One(0x1p-30), S}}, {}, S);
  ValueId B = G.addAffine("b", {1}, {{A, One(0x1p-30), S}}, {}, S);
  ValueId Y = G.addAffine("y", {1}, {{B, One(1), S}, {X, One(3), S}}, {}, S);
  G.addOutput("y", Y, {1});
  EXPECT_FALSE(integerScales(G, MostIntegerBits));
  auto Scales = carriedScales(G);
  ASSERT_TRUE(Scales);
  EXPECT_EQ((*Scales)[Y.Value][0].toDouble(), 0x1p60);
}

TEST(BalanceScales, ComputesTheSameWithFewerBits) {
  unsigned Better = 0;
  for (unsigned Seed = 0; Seed < 100; ++Seed) {
    std::mt19937 Random(Seed);
    Graph Even = randomLayers(Random);
    // Hidden units of very different size.
    auto Weights = layerWeights(Even);
    for (size_t L = 0; L + 1 < Weights.size(); ++L)
      for (size_t U = 0; U < Weights[L].size(); ++U) {
        double C = std::exp2(static_cast<double>(Random() % 9) - 4);
        for (double &W : Weights[L][U])
          W *= C;
        for (Vector &Row : Weights[L + 1])
          Row[U] /= C;
      }
    Graph Uneven = layers(Weights), Balanced = Uneven;
    balanceScales(Balanced);
    EXPECT_EQ(verify(Balanced), "");
    for (unsigned T = 0; T < 20; ++T) {
      Vector X(Even.value(Even.inputs()[0].Value).Elements);
      for (double &V : X)
        V = (Random() % 1001) / 500.0 - 1;
      // Powers of two: not even rounding differs.
      EXPECT_EQ(evaluate(Balanced, {X}), evaluate(Uneven, {X}));
    }
    auto Largest = [](const Graph &G) {
      double Most = 0;
      for (const Node &N : G.nodes())
        if (N.Kind == NodeKind::Affine)
          for (double W : N.Operands[0].Weights.weights())
            Most = std::max(Most, std::fabs(W));
      return Most;
    };
    Better += Largest(Balanced) < Largest(Uneven);
  }
  EXPECT_GT(Better, 90u);
}

TEST(BalanceScales, LeavesWhatIsReadElsewhere) {
  // The hidden value is an output of its own.
  Graph G;
  SourceId S = G.addSource({"n", "Gemm", 13, "n"});
  ValueId X = G.addInput("x", {1});
  SparseMatrix W(1), V(1);
  W.add(0, 64);
  W.endRow();
  V.add(0, 1);
  V.endRow();
  ValueId H = G.addRelu("r", G.addAffine("a", {1}, {{X, W, S}}, {}, S), S);
  ValueId Y = G.addAffine("b", {1}, {{H, V, S}}, {}, S);
  G.addOutput("y", Y, {1});
  G.addOutput("h", H, {1});
  balanceScales(G);
  EXPECT_EQ(evaluate(G, {{1.0}}), (std::vector<Vector>{{64}, {64}}));
}
