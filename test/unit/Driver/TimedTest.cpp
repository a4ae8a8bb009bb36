//===- TimedTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Collected.h"
#include "../RandomSmooth.h"
#include "nn2crn/Driver/FixedPoint.h"
#include "nn2crn/IR/Verifier.h"
#include "nn2crn/Simulation/Simulate.h"
#include "nn2crn/Transforms/Pipeline.h"

#include <gtest/gtest.h>

using namespace nn2crn;
using namespace nn2crn::test;

namespace {
constexpr size_t Cases = 4;

ValueId dense(Graph &G, ValueId From, uint32_t Rows, std::mt19937 &Random,
              SourceId S) {
  std::normal_distribution<double> Normal;
  uint32_t In = G.value(From).Elements;
  SparseMatrix W(In);
  Vector Bias;
  for (uint32_t R = 0; R < Rows; ++R) {
    for (uint32_t C = 0; C < In; ++C)
      W.add(C, static_cast<float>(Normal(Random) / std::sqrt(In)));
    W.endRow();
    Bias.push_back(Normal(Random) / 2);
  }
  std::vector<Node::Operand> Operands;
  Operands.push_back({From, std::move(W), S});
  return G.addAffine("a", {Rows}, std::move(Operands), std::move(Bias), S);
}

/// A column of \p Size times \p Times.
SparseMatrix column(uint32_t Size, double Times) {
  SparseMatrix W(1);
  for (uint32_t I = 0; I < Size; ++I) {
    W.add(0, Times);
    W.endRow();
  }
  return W;
}
SparseMatrix row(uint32_t Size, uint32_t Begin, uint32_t End) {
  SparseMatrix W(Size);
  for (uint32_t I = Begin; I < End; ++I)
    W.add(I, 1);
  W.endRow();
  return W;
}

ValueId sum(Graph &G, ValueId A, SparseMatrix V, ValueId B, SparseMatrix W,
            SourceId S) {
  std::vector<Node::Operand> Operands;
  auto Rows = static_cast<int64_t>(V.rows());
  Operands.push_back({A, std::move(V), S});
  Operands.push_back({B, std::move(W), S});
  return G.addAffine("s", {Rows}, std::move(Operands), {}, S);
}
ValueId one(Graph &G, ValueId A, SparseMatrix V, SourceId S) {
  std::vector<Node::Operand> Operands;
  auto Rows = static_cast<int64_t>(V.rows());
  Operands.push_back({A, std::move(V), S});
  return G.addAffine("o", {Rows}, std::move(Operands), {}, S);
}

/// As the importer makes it.
ValueId softmax(Graph &G, ValueId X, bool Log, SourceId S) {
  uint32_t N = G.value(X).Elements;
  ValueId Most = one(G, X, row(N, 0, 1), S);
  for (uint32_t I = 1; I < N; ++I) {
    SparseMatrix Minus(1);
    Minus.add(0, -1);
    Minus.endRow();
    ValueId D = sum(G, X, row(N, I, I + 1), Most, std::move(Minus), S);
    Most = sum(G, Most, SparseMatrix::identity(1), G.addRelu("r", D, S),
               SparseMatrix::identity(1), S);
  }
  ValueId Below = sum(G, X, SparseMatrix::identity(N), Most, column(N, -1), S);
  ValueId Sum = one(G, G.addSmooth("e", Below, {SmoothKind::ExpBelow}, S),
                    row(N, 0, N), S);
  ValueId Out =
      sum(G, Below, SparseMatrix::identity(N),
          G.addSmooth("l", Sum, {SmoothKind::LogAbove}, S), column(N, -1), S);
  if (!Log)
    Out = G.addSmooth("p", Out, {SmoothKind::ExpBelow}, S);
  G.addPart({X, Out, Log ? 2 : 0.5});
  return Out;
}

/// A hidden layer or none, something timed, and a layer or none.
Graph randomTimed(unsigned Seed) {
  std::mt19937 Random(Seed);
  Graph G;
  SourceId S = G.addSource({"n", "Gemm", 13, "n"});
  ValueId At = G.addInput("x", {static_cast<int64_t>(1 + Random() % 3)});
  if (Seed % 3) {
    At = dense(G, At, 1 + Random() % 3, Random, S);
    SmoothFunction Before[] = {{SmoothKind::Softplus}, {SmoothKind::Silu}};
    At = Seed % 3 == 1 ? G.addRelu("h", At, S)
                       : G.addSmooth("h", At, Before[Random() % 2], S);
  }
  At = dense(G, At, 2 + Random() % 3, Random, S);
  switch (Seed % 5) {
  case 0:
    At = G.addSmooth("t", At, {SmoothKind::Sigmoid}, S);
    break;
  case 1:
    At = G.addSmooth("t", At, {SmoothKind::Tanh}, S);
    break;
  case 2:
    At = G.addSmooth("t", At, {SmoothKind::Exp}, S);
    break;
  default:
    At = softmax(G, At, Seed % 5 == 3, S);
  }
  if (Seed % 4 == 0)
    At = dense(G, At, 1 + Random() % 2, Random, S);
  G.addOutput("y", At, G.value(At).Shape);
  return G;
}

InputArrays samples(const Network &Net, unsigned Seed) {
  std::mt19937 Random(Seed);
  const Port *X = Net.findPort("x", PortDirection::Input);
  Array A;
  A.Shape = {static_cast<int64_t>(Cases),
             static_cast<int64_t>(X->elementCount())};
  for (size_t I = 0; I < Cases * X->elementCount(); ++I)
    A.Data.push_back((Random() % 2001) / 1000.0 - 1);
  return {{{X, std::move(A)}}, Cases};
}

std::optional<SimulationResult> integrated(const Network &Net, unsigned Seed,
                                           Collected &Diags) {
  SimulationOptions O;
  O.Method = SimulationMethod::Ode;
  O.SettleTolerance = 1e-7;
  O.Threads = 1;
  return simulate(Net, samples(Net, Seed), O, Diags.Engine);
}

double distance(const SimulationResult &R, const Graph &Model, const Array &X) {
  size_t Width = X.Data.size() / Cases;
  double Most = 0;
  for (size_t C = 0; C < Cases; ++C) {
    auto From = X.Data.begin() + static_cast<ptrdiff_t>(C * Width);
    Vector Want =
        evaluateGraph(Model, {{From, From + static_cast<ptrdiff_t>(Width)}})[0];
    for (size_t I = 0; I < Want.size(); ++I)
      Most = std::max(
          Most, std::fabs(Want[I] - R.Outputs[0].Values[C * Want.size() + I]));
  }
  return Most;
}
} // namespace

TEST(Timed, NetworksAreWithinTheirBounds) {
  std::vector<double> Ratios;
  for (unsigned Seed = 0; Seed < 200; ++Seed) {
    SCOPED_TRACE("seed " + std::to_string(Seed));
    Graph G = randomTimed(Seed);
    ASSERT_EQ(verify(G), "");
    WeightOptions W;
    if (Seed % 2)
      W.Budget = 0.01;
    Collected Diags;
    FixedPointOptions How;
    How.Timed = true;
    How.Split = Seed % 7 != 0;
    How.Sequester = !How.Split;
    auto M = prepareFixedPoint(G, How, W, {ValueRange{-1, 1}}, Diags.Engine);
    ASSERT_TRUE(M) << Diags.text();
    EXPECT_FALSE(M->Sharp);
    EXPECT_GT(M->Activations.Timed, 0u);
    EXPECT_EQ(verify(M->Rest), "");
    if (W.Budget) {
      EXPECT_LE(M->Activations.Bound, *W.Budget);
    }
    auto Net = lowerModel(*M, Diags.Engine);
    ASSERT_TRUE(Net) << Diags.text();
    ASSERT_TRUE(verify(*Net, Diags.Engine)) << Diags.text();
    auto R = integrated(*Net, Seed, Diags);
    ASSERT_TRUE(R) << Diags.text();
    double Most = distance(*R, G, samples(*Net, Seed).Arrays[0].Values);
    // Settled is a rule for readings at rest, not a proof.
    EXPECT_LE(Most, M->Activations.Bound + 1e-6);
    Ratios.push_back(M->Activations.Bound / Most);
    // Passes keep what is read.
    if (Seed % 6)
      continue;
    for (const char *Level : {"O1", "O2"}) {
      Network Passed = *Net;
      auto P = Pipeline::parse(Level, Diags.Engine);
      PassContext Context(Diags.Engine, [](std::string_view) {});
      PassRun Run;
      ASSERT_TRUE(runPipeline(*P, Passed, Context, {}, Run)) << Diags.text();
      auto Again = integrated(Passed, Seed, Diags);
      ASSERT_TRUE(Again) << Diags.text();
      for (size_t I = 0; I < R->Outputs[0].Values.size(); ++I)
        EXPECT_NEAR(Again->Outputs[0].Values[I], R->Outputs[0].Values[I], 1e-6)
            << Level;
    }
  }
  auto Middle = Ratios.begin() + static_cast<ptrdiff_t>(Ratios.size() / 2);
  std::ranges::nth_element(Ratios, Middle);
  std::printf("%zu networks; median of bound over measured error: %.1f\n",
              Ratios.size(), *Middle);
  EXPECT_LT(*Middle, 50);
}

/// What the timer alone does: the graph with smoothed ReLUs has the limits for
/// an endless one.
TEST(Timed, ExponentsAreAsExactAsTheTimerIsSlow) {
  double Closest = 0;
  for (unsigned Seed = 2; Seed < 80; Seed += 5) {
    if (Seed % 3 == 0 || Seed % 4 == 0)
      continue; // Nothing before, or something after.
    SCOPED_TRACE("seed " + std::to_string(Seed));
    Graph G = randomTimed(Seed);
    WeightOptions W;
    W.Budget = 0.5;
    Collected Diags;
    FixedPointOptions How;
    How.Timed = true;
    auto M = prepareFixedPoint(G, How, W, {ValueRange{-1, 1}}, Diags.Engine);
    ASSERT_TRUE(M) << Diags.text();
    auto Net = lowerModel(*M, Diags.Engine);
    ASSERT_TRUE(Net) << Diags.text();
    auto R = integrated(*Net, Seed, Diags);
    ASSERT_TRUE(R) << Diags.text();
    const Array X = samples(*Net, Seed).Arrays[0].Values;
    size_t Width = X.Data.size() / Cases;
    for (size_t C = 0; C < Cases; ++C) {
      auto From = X.Data.begin() + static_cast<ptrdiff_t>(C * Width);
      Vector Want = evaluateGraph(
          M->Rest, {{From, From + static_cast<ptrdiff_t>(Width)}})[0];
      for (size_t I = 0; I < Want.size(); ++I) {
        double Off = std::fabs(
            std::log(R->Outputs[0].Values[C * Want.size() + I] / Want[I]));
        EXPECT_LE(Off, M->Timer->Error + 1e-6);
        Closest = std::max(Closest, Off / M->Timer->Error);
      }
    }
  }
  std::printf("exponents are off by up to %.2g times the bound\n", Closest);
  EXPECT_GT(Closest, 0.05); // The bound is about something.
}

TEST(Timed, AtMostThreeReactants) {
  Graph G = randomTimed(6);
  Collected Diags;
  FixedPointOptions How;
  How.Timed = true;
  auto M = prepareFixedPoint(G, How, {}, {ValueRange{-1, 1}}, Diags.Engine);
  ASSERT_TRUE(M) << Diags.text();
  auto Net = lowerModel(*M, Diags.Engine);
  ASSERT_TRUE(Net) << Diags.text();
  size_t Most = 0;
  for (Reaction R : Net->reactions())
    Most = std::max(Most, R.reactants().size());
  EXPECT_EQ(Most, 3u);
}

/// The integrator must not take a slow timer for rest.
TEST(Timed, SettledWaitsForTheTimer) {
  Graph G = randomTimed(1);
  Collected Diags;
  FixedPointOptions How;
  How.Timed = true;
  WeightOptions W;
  W.Budget = 1e-6;
  auto M = prepareFixedPoint(G, How, W, {ValueRange{-1, 1}}, Diags.Engine);
  ASSERT_TRUE(M) << Diags.text();
  auto Net = lowerModel(*M, Diags.Engine);
  ASSERT_TRUE(Net) << Diags.text();
  InputArrays In = samples(*Net, 1);
  SimulationOptions O;
  O.Method = SimulationMethod::Ode; // With the default tolerance of 1e-3.
  auto R = simulate(*Net, In, O, Diags.Engine);
  ASSERT_TRUE(R) << Diags.text();
  EXPECT_LE(distance(*R, G, In.Arrays[0].Values), 2e-3);
}

TEST(Timed, LimitsAreRefusedAndAutoIntegrates) {
  Graph G = randomTimed(5);
  Collected Diags;
  FixedPointOptions How;
  How.Timed = true;
  auto M = prepareFixedPoint(G, How, {}, {ValueRange{-1, 1}}, Diags.Engine);
  ASSERT_TRUE(M) << Diags.text();
  auto Net = lowerModel(*M, Diags.Engine);
  ASSERT_TRUE(Net) << Diags.text();
  SimulationOptions O;
  O.Method = SimulationMethod::Equilibrium;
  EXPECT_FALSE(simulate(*Net, samples(*Net, 1), O, Diags.Engine));
  EXPECT_EQ(Diags.errors(DiagId::NoStableLimit), 1u);
  EXPECT_NE(Diags.text().find("it is timed"), std::string::npos)
      << Diags.text();
  O.Method = SimulationMethod::Auto;
  auto R = simulate(*Net, samples(*Net, 1), O, Diags.Engine);
  ASSERT_TRUE(R) << Diags.text();
  EXPECT_EQ(R->Method, SimulationMethod::Ode);
}

TEST(Timed, TimedBehindTimedIsRefused) {
  std::mt19937 Random(3);
  Graph G;
  SourceId S = G.addSource({"n", "Tanh", 13, "n"});
  ValueId At = G.addInput("x", {2});
  At = G.addSmooth("t", At, {SmoothKind::Tanh}, S);
  At = dense(G, At, 2, Random, S);
  At = G.addSmooth("u", At, {SmoothKind::Sigmoid}, S);
  G.addOutput("y", At, {2});
  FixedPointOptions How;
  How.Timed = true;
  for (bool Budget : {false, true}) {
    WeightOptions W;
    if (Budget)
      W.Budget = 0.1;
    Collected Diags;
    EXPECT_FALSE(
        prepareFixedPoint(G, How, W, {ValueRange{-1, 1}}, Diags.Engine));
    EXPECT_EQ(Diags.errors(DiagId::ApproximatedActivations), 1u);
    EXPECT_NE(Diags.text().find("another timed activation"), std::string::npos);
  }
}
