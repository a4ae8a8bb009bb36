//===- FixedPointTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/FixedPoint.h"

#include "../Collected.h"
#include "../RandomSmooth.h"
#include "nn2crn/IR/Verifier.h"
#include "nn2crn/Simulation/Simulate.h"
#include "nn2crn/Transforms/Pipeline.h"

#include <gtest/gtest.h>

using namespace nn2crn;
using namespace nn2crn::test;

namespace {
constexpr size_t Cases = 20;

/// Samples from the box, as an array of the only input.
InputArrays samples(const Network &Net, const Graph &G, ValueRange R,
                    std::mt19937 &Random) {
  Array A;
  A.Shape = {static_cast<int64_t>(Cases)};
  for (int64_t Extent : G.inputs()[0].Shape)
    A.Shape.push_back(Extent);
  A.Data.resize(Cases * G.value(G.inputs()[0].Value).Elements);
  for (double &V : A.Data)
    V = R.Low + (Random() % 1001) / 1000.0 * (R.High - R.Low);
  return {{{Net.findPort("x", PortDirection::Input), std::move(A)}}, Cases};
}

/// The largest distance of the readings from the model's.
double largestDistance(const SimulationResult &Result, const Graph &Model,
                       const Array &X) {
  double Most = 0;
  size_t Width = X.Data.size() / Cases;
  for (size_t C = 0; C < Cases; ++C) {
    Vector One(X.Data.begin() + static_cast<ptrdiff_t>(C * Width),
               X.Data.begin() + static_cast<ptrdiff_t>((C + 1) * Width));
    auto Want = evaluateGraph(Model, {One});
    for (size_t P = 0; P < Want.size(); ++P)
      for (size_t I = 0; I < Want[P].size(); ++I)
        Most = std::max(
            Most, std::fabs(Want[P][I] -
                            Result.Outputs[P].Values[C * Want[P].size() + I]));
  }
  return Most;
}

bool promises(const Graph &G) {
  return std::ranges::any_of(G.nodes(), [](const Node &N) {
    return N.Kind == NodeKind::Smooth &&
           (N.Function.Kind == SmoothKind::ExpBelow ||
            N.Function.Kind == SmoothKind::LogAbove);
  });
}
} // namespace

TEST(FixedPoint, NetworksAreWithinTheirBounds) {
  unsigned Mixed = 0;
  std::vector<double> Ratios;
  for (unsigned Seed = 0; Seed < 260; ++Seed) {
    std::mt19937 Random(Seed);
    Graph G = randomSmooth(Random);
    if (promises(G))
      continue;
    if (Seed % 4 == 1) { // A second output, from the middle.
      ValueId V = G.nodes()[Random() % G.nodes().size()].Result;
      G.addOutput("middle", V, G.value(V).Shape);
    }
    bool Split = Seed % 2;
    ValueRange R{-1, 1.0 + Random() % 2};
    InputBox Box{R};
    WeightOptions W;
    if (Seed % 3 == 0)
      W.Budget = 0.05;
    else if (Split)
      W.Bits = 16;
    Collected Diags;
    FixedPointOptions How{Split, !Split && Seed % 4 == 0};
    auto M = prepareFixedPoint(G, How, W, Box, Diags.Engine);
    if (!M) // An exponential of an exponential.
      continue;
    Mixed += M->Sharp.has_value();
    if (W.Budget) {
      EXPECT_LE(M->Activations.Bound, 0.05) << "seed " << Seed;
    }
    auto Net = lowerModel(*M, Diags.Engine);
    ASSERT_TRUE(Net) << Diags.text();
    ASSERT_TRUE(verify(*Net, Diags.Engine)) << Diags.text();
    ASSERT_EQ(Net->ports().size(), 1 + G.outputs().size());
    if (!M->Sharp) {
      for (Reaction X : Net->reactions())
        EXPECT_LE(X.reactants().size(), 2u);
    }
    InputArrays In = samples(*Net, G, R, Random);
    SimulationOptions O;
    O.Method = SimulationMethod::Equilibrium;
    auto Result = simulate(*Net, In, O, Diags.Engine);
    ASSERT_TRUE(Result) << "seed " << Seed << "\n" << Diags.text();
    double Most = largestDistance(*Result, G, In.Arrays[0].Values);
    EXPECT_LE(Most, M->Activations.Bound + 1e-9) << "seed " << Seed;
    if (Most > 0)
      Ratios.push_back(M->Activations.Bound / Most);
    // Integrating comes to the same, where nothing takes too long.
    if (Seed % 10 == 0 && M->Activations.LeastSmoothing > 1e-4) {
      O.Method = SimulationMethod::Ode;
      auto Ode = simulate(*Net, In, O, Diags.Engine);
      ASSERT_TRUE(Ode) << "seed " << Seed << "\n" << Diags.text();
      for (size_t P = 0; P < Ode->Outputs.size(); ++P)
        for (size_t I = 0; I < Ode->Outputs[P].Values.size(); ++I)
          EXPECT_NEAR(Ode->Outputs[P].Values[I], Result->Outputs[P].Values[I],
                      2e-3 * (1 + std::fabs(Result->Outputs[P].Values[I])))
              << "seed " << Seed;
    }
  }
  EXPECT_GT(Mixed, 8u);
  auto Middle = Ratios.begin() + static_cast<ptrdiff_t>(Ratios.size() / 2);
  std::ranges::nth_element(Ratios, Middle);
  std::printf("%zu networks, %u mixed; median of bound over measured error: "
              "%.1f\n",
              Ratios.size(), Mixed, *Middle);
  EXPECT_GE(Ratios.size(), 200u);
  EXPECT_LT(*Middle, 50);
}

TEST(FixedPoint, BudgetsThatAreMissedAreReported) {
  std::mt19937 Random(3);
  Graph G;
  SourceId S = G.addSource({"n", "Exp", 13, "n"});
  G.addOutput("y", G.addSmooth("y", G.addInput("x", {1}), {SmoothKind::Exp}, S),
              {1});
  Collected Diags;
  EXPECT_FALSE(
      prepareFixedPoint(G, {}, {}, {ValueRange{0, 900}}, Diags.Engine));
  EXPECT_EQ(Diags.errors(DiagId::ApproximatedActivations), 1u);
}
