//===- MutationTest.cpp - Wrong networks must be caught -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random models are lowered, some of them optimised, and damaged in one place:
// a coefficient, a reaction, a rail, an amount. No certificate may say "equal"
// where any of 10,000 inputs shows a difference, and what one shows as a
// difference must be one, by evaluators that share no code with it.
//
//===----------------------------------------------------------------------===//

#include "../Limit.h"
#include "../RandomGraph.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/IR/Text.h"
#include "nn2crn/Lowering/NcRelu.h"
#include "nn2crn/Transforms/Pipeline.h"
#include "nn2crn/Verification/Certificate.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace nn2crn;
using namespace nn2crn::test;

namespace {
/// One random damage; false where there was nothing to damage that way.
bool mutate(Network &Net, std::mt19937 &Random) {
  Editor Edit(Net);
  auto Below = [&](size_t N) { return static_cast<uint32_t>(Random() % N); };
  if (Net.reactionCount() == 0)
    return false;
  std::vector<ReactionId> Rows;
  for (Reaction R : Net.reactions())
    Rows.push_back(R.id());
  Reaction R = Net.reaction(Rows[Below(Rows.size())]);
  std::vector<Term> Left(R.reactants().begin(), R.reactants().end());
  std::vector<Term> Right(R.products().begin(), R.products().end());
  switch (Below(4)) {
  case 0: // A coefficient.
    if (Right.empty())
      return false;
    ++Right[Below(Right.size())].Coefficient;
    Edit.setTerms(R.id(), Left, Right);
    return true;
  case 1:
    Edit.erase(R.id());
    return true;
  case 2: { // A rail: a product becomes one that another reaction makes.
    Reaction Other = Net.reaction(Rows[Below(Rows.size())]);
    if (Right.empty() || Other.products().empty())
      return false;
    SpeciesId To = Other.products()[Below(Other.products().size())].Species;
    for (auto Side :
         {std::span<const Term>(Left), std::span<const Term>(Right)})
      for (Term T : Side)
        if (T.Species == To)
          return false;
    Right[Below(Right.size())].Species = To;
    Edit.setTerms(R.id(), Left, Right);
    return true;
  }
  default: { // An amount.
    if (Right.empty())
      return false;
    SpeciesId S = Right[Below(Right.size())].Species;
    Edit.setInitial(S, Net.initial(S) + Number((1 + Below(8)) / 4.0));
    return true;
  }
  }
}

std::vector<Vector> randomInputs(const Graph &G, std::mt19937 &Random) {
  std::vector<Vector> Inputs;
  double Scale = std::ldexp(1.0, static_cast<int>(Random() % 6) - 2);
  for (const GraphPort &P : G.inputs()) {
    Vector X(G.value(P.Value).Elements);
    for (double &V : X)
      V = Random() % 5
              ? (static_cast<double>(Random() % 2001) - 1000) / 1000 * Scale
              : 0;
    Inputs.push_back(X);
  }
  return Inputs;
}

/// Largest difference of outputs, in units of the larger of 1 and the outputs.
double apart(const std::vector<Vector> &A, const std::vector<Vector> &B) {
  double Most = 0;
  for (size_t I = 0; I < A.size(); ++I)
    for (size_t K = 0; K < A[I].size(); ++K)
      Most = std::max(Most, std::fabs(A[I][K] - B[I][K]) /
                                std::max(1.0, std::fabs(B[I][K])));
  return Most;
}

void optimise(Network &Net, const char *Passes) {
  Collected Diags;
  auto P = Pipeline::parse(Passes, Diags.Engine);
  ASSERT_TRUE(P) << Diags.text();
  PassContext Context(Diags.Engine, [](std::string_view) {});
  PassRun Run;
  ASSERT_TRUE(runPipeline(*P, Net, Context, {}, Run)) << Diags.text();
}

} // namespace

TEST(Mutation, WhatIsWholeIsEqual) {
  for (uint32_t Seed = 0; Seed < 300; ++Seed) {
    Collected Diags;
    Builder B(Seed);
    if (Seed % 3 == 0)
      B.fill();
    else
      B = randomGraph(Seed);
    const Graph &G = B.G;
    auto Net = lowerNcRelu(G, Diags.Engine);
    ASSERT_TRUE(Net) << Diags.text();
    if (Seed % 2)
      optimise(*Net, "O2");
    auto C = certify(*Net, &G, Diags.Engine);
    ASSERT_TRUE(C) << Diags.text();
    EXPECT_TRUE(C->isEqual()) << "seed " << Seed << '\n'
                              << certificateSummary(*C);
  }
}

TEST(Mutation, NoWrongNetworkIsEqual) {
  unsigned Mutants = 0, Different = 0, Unproven = 0;
  for (uint32_t Seed = 0; Mutants < 600; ++Seed) {
    ASSERT_LT(Seed, 3000u) << "too few mutants";
    std::mt19937 Random(Seed);
    Collected Diags;
    Builder B = randomGraph(Seed, 4);
    const Graph &G = B.G;
    auto Net = lowerNcRelu(G, Diags.Engine);
    ASSERT_TRUE(Net);
    if (Random() % 2)
      optimise(*Net, "O2");
    if (!mutate(*Net, Random))
      continue;
    FeedForward Order = analyzeFeedForward(*Net);
    if (!Order)
      continue;
    ++Mutants;
    auto C = certify(*Net, &G, Diags.Engine);
    ASSERT_TRUE(C) << Diags.text();
    switch (C->Result) {
    case Certificate::Verdict::Equal:
      for (unsigned Trial = 0; Trial < 10000; ++Trial) {
        auto X = randomInputs(G, Random);
        ASSERT_LT(apart(readOutputs(*Net, settledAmounts(*Net, Order, X)),
                        evaluate(G, X)),
                  1e-9)
            << "seed " << Seed;
      }
      break;
    case Certificate::Verdict::Different: {
      ++Different;
      ASSERT_TRUE(C->Witness) << "seed " << Seed;
      std::vector<Vector> X;
      for (const auto &I : C->Witness->Inputs)
        X.push_back(I.Values);
      size_t Port = 0;
      while (G.outputs()[Port].Name != C->Witness->Port)
        ++Port;
      double Reads = readOutputs(
          *Net, settledAmounts(*Net, Order, X))[Port][C->Witness->Element];
      double Gives = evaluate(G, X)[Port][C->Witness->Element];
      EXPECT_NE(Reads, Gives) << "seed " << Seed;
      EXPECT_NEAR(Reads, C->Witness->NetworkReads.toDouble(),
                  1e-9 * std::max(1.0, std::fabs(Reads)));
      EXPECT_NEAR(Gives, C->Witness->ReferenceGives.toDouble(),
                  1e-9 * std::max(1.0, std::fabs(Gives)));
      break;
    }
    case Certificate::Verdict::Unproven:
      ++Unproven;
      EXPECT_FALSE(C->Reason.empty());
      break;
    }
  }
  EXPECT_LT(Unproven * 10, Mutants);
  // Otherwise this test shows nothing.
  EXPECT_GT(Different * 2, Mutants);
  RecordProperty("mutants", static_cast<int>(Mutants));
  std::printf("%u mutants: %u different, %u unproven, %u equal\n", Mutants,
              Different, Unproven, Mutants - Different - Unproven);
}
