//===- ActivationsTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/Activations.h"

#include "../GraphEval.h"
#include "../SmoothFunctions.h"
#include "nn2crn/Driver/Certify.h"
#include "nn2crn/Driver/FixedPoint.h"
#include "nn2crn/Lowering/NcRelu.h"

#include <gtest/gtest.h>

#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <random>

using namespace nn2crn;
using namespace nn2crn::test;

namespace {
/// 2 inputs, a layer of 3 units, an activation, one output.
Graph network(SmoothFunction F, bool Integers = false) {
  std::mt19937 Random(7);
  std::normal_distribution<double> Normal;
  auto Weight = [&] {
    double W = Normal(Random);
    return Integers ? std::rint(2 * W) : W;
  };
  auto Dense = [&](uint32_t Rows, uint32_t Columns) {
    SparseMatrix W(Columns);
    for (uint32_t R = 0; R < Rows; ++R) {
      for (uint32_t C = 0; C < Columns; ++C)
        W.add(C, Weight());
      W.endRow();
    }
    return W;
  };
  Graph G;
  SourceId S = G.addSource({"act", "Tanh", 13, "h"});
  ValueId X = G.addInput("x", {2});
  ValueId Z = G.addAffine("z", {3}, {{X, Dense(3, 2), S}}, {0.5, 0, -0.25}, S);
  ValueId H = G.addSmooth("h", Z, F, S);
  G.addOutput("y", G.addAffine("y", {1}, {{H, Dense(1, 3), S}}, {}, S), {1});
  return G;
}

double largestError(const Graph &A, const Graph &B) {
  double Most = 0;
  for (int I = -20; I <= 20; ++I)
    for (int K = -20; K <= 20; ++K) {
      std::vector<Vector> X{{I / 20.0, K / 20.0}};
      Most = std::max(Most,
                      std::fabs(evaluate(A, X)[0][0] - evaluate(B, X)[0][0]));
    }
  return Most;
}
} // namespace

TEST(Activations, AllAreLoweredAndCertified) {
  for (const SmoothFunction &F : SmoothFunctions)
    for (bool Declared : {false, true}) {
      SCOPED_TRACE(std::string(F.name()));
      Graph Model = network(F), G = Model;
      InputBox Box;
      if (Declared)
        Box = {ValueRange{-1, 1}};
      Collected Diags;
      auto P = prepareModel(G, {}, {}, Box, Diags.Engine);
      ASSERT_TRUE(P) << Diags.text();
      EXPECT_TRUE(Diags.has(DiagId::ApproximatedActivations));
      EXPECT_LE(P->Activations.Error, 2e-2) << Diags.text();
      EXPECT_EQ(P->Activations.Declared, Declared);
      EXPECT_LE(largestError(Model, G),
                P->Activations.Bound + P->Weights.Bound);
      auto Net = lowerNcRelu(G, Diags.Engine);
      ASSERT_TRUE(Net) << Diags.text();
      auto C = certifyPrepared(*Net, G, *P, Diags.Engine);
      ASSERT_TRUE(C && C->isEqual()) << Diags.text();
      EXPECT_EQ(C->Certain, Certificate::Limit::Unique);
      ASSERT_TRUE(C->Approximated);
      EXPECT_EQ(C->Approximated->Segments, P->Activations.Segments);
      EXPECT_NE(certificateSummary(*C).find("  activations piecewise linear"),
                std::string::npos)
          << certificateSummary(*C);
      std::string Json;
      llvm::raw_string_ostream OS(Json);
      writeCertificate(*C, OS);
      EXPECT_NE(OS.str().find("\"approximation\": {"), std::string::npos);
    }
}

TEST(Activations, SegmentsAreAsAsked) {
  Graph G = network({SmoothKind::Tanh});
  Collected Diags;
  auto P =
      prepareModel(G, {}, {"piecewise", 7}, {ValueRange{-1, 1}}, Diags.Engine);
  ASSERT_TRUE(P);
  EXPECT_EQ(P->Activations.Segments, 7u);
}

TEST(Activations, WeightsAndActivationsShareABudget) {
  Graph Model = network({SmoothKind::Softplus}), G = Model;
  Collected Diags;
  WeightOptions W;
  W.Budget = 0.02;
  InputBox Box{ValueRange{-1, 1}};
  auto P = prepareModel(G, W, {}, Box, Diags.Engine);
  ASSERT_TRUE(P) << Diags.text();
  EXPECT_LE(P->Activations.Bound, 0.01);
  EXPECT_LE(P->Activations.Bound + P->Weights.Bound, 0.02);
  EXPECT_LE(largestError(Model, G), 0.02);
  // Where weights need nothing, activations have all of it.
  Graph Exact = network({SmoothKind::Softplus}, true);
  auto All = prepareModel(Exact, W, {}, Box, Diags.Engine);
  ASSERT_TRUE(All);
  EXPECT_TRUE(All->Weights.Exact);
  EXPECT_LE(All->Activations.Bound, 0.02);
  EXPECT_GT(All->Activations.Bound, 0.01);
}

TEST(Activations, MissedBudgetsAreReported) {
  WeightOptions W;
  W.Budget = 1e-3;
  Collected Warned, Alone;
  Graph G = network({SmoothKind::Tanh}), H = G;
  EXPECT_TRUE(prepareModel(G, W, {"auto", 4}, {}, Warned.Engine));
  EXPECT_NE(Warned.text().find("for them"), std::string::npos) << Warned.text();
  W.Budget = 1e-9;
  EXPECT_FALSE(prepareModel(H, W, {}, {}, Alone.Engine));
  EXPECT_EQ(Alone.errors(DiagId::ApproximatedActivations), 1u);
  Collected Wild;
  Graph E = network({SmoothKind::Exp});
  EXPECT_FALSE(prepareModel(E, {}, {}, {ValueRange{-900, 900}}, Wild.Engine));
  EXPECT_NE(Wild.text().find("grows beyond all bounds"), std::string::npos);
}

TEST(Activations, FunctionsAreKeptWhereTheyAreDefined) {
  Graph G = network({SmoothKind::Log}), H = G;
  Collected Diags;
  EXPECT_FALSE(prepareModel(G, {}, {}, {ValueRange{-1, 1}}, Diags.Engine));
  EXPECT_EQ(Diags.errors(DiagId::UndefinedFunction), 1u) << Diags.text();
  EXPECT_NE(Diags.text().find("Log is not defined at all values"),
            std::string::npos);
  Collected Round;
  EXPECT_FALSE(
      prepareFixedPoint(H, {true}, {}, {ValueRange{-1, 1}}, Round.Engine));
  EXPECT_EQ(Round.errors(DiagId::UndefinedFunction), 1u) << Round.text();
}

TEST(Activations, OnlyPiecewiseLinearGraphsAreLoweredAndCertified) {
  Graph G = network({SmoothKind::Tanh}), Prepared = G;
  Collected Diags;
  EXPECT_FALSE(lowerNcRelu(G, Diags.Engine));
  EXPECT_EQ(Diags.errors(DiagId::UnsupportedOperator), 1u);
  ASSERT_TRUE(prepareModel(Prepared, {}, {}, {}, Diags.Engine));
  auto Net = lowerNcRelu(Prepared, Diags.Engine);
  ASSERT_TRUE(Net);
  EXPECT_FALSE(certify(*Net, &G, Diags.Engine));
  EXPECT_EQ(Diags.errors(DiagId::NotComparable), 1u);
}
