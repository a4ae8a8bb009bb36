//===- FeedForwardTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/FeedForward.h"
#include "../ParseNetwork.h"
#include "nn2crn/IR/Editor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

using namespace nn2crn;
using nn2crn::test::parse;
using Verdict = FeedForward::Verdict;

namespace {
struct Expectation {
  const char *Text;
  Verdict Want;
  const char *Says;
};
} // namespace

TEST(FeedForward, CounterExamplesOfTheTheorem) {
  for (const Expectation &E : {
           Expectation{"X -> A\nA -> X", Verdict::Cyclic,
                       "the 2 reactions from 'X -> A' on form a cycle"},
           {"X -> A\nA -> C\nA + D -> E\nD -> W", Verdict::Competing,
            "'A -> C' and 'A + D -> E' compete for 'A'"},
           {"C -> C + A", Verdict::Unproductive, "never ends"},
           {"-> A", Verdict::Unproductive, "'-> A'"},
           {"X -> 2 X", Verdict::Unproductive, "'X -> 2 X'"},
           {"A + C -> 2 C", Verdict::Cyclic, "its own reactant"},
           {"X -> A [k = 0]", Verdict::NoRate, "not positive"},
           // Annihilation decides only differences.
           {"P -> A\nN -> B\nP + N ->", Verdict::Competing, "'P'"},
           // Something consumes the catalyst.
           {"A + C -> B + C\nC -> D", Verdict::Competing, "compete for 'C'"},
       }) {
    Network Net = parse(E.Text);
    FeedForward F = analyzeFeedForward(Net);
    EXPECT_EQ(F.Result, E.Want) << E.Text;
    EXPECT_TRUE(F.Order.empty());
    EXPECT_NE(explainFeedForward(Net, F).find(E.Says), std::string::npos)
        << explainFeedForward(Net, F);
  }
}

TEST(FeedForward, WhatHolds) {
  for (const char *Text : {
           "", "X -> A + B\nA + B -> C", "2 A -> B",
           "2 A -> A + B",                   // net-consumes one A
           "A + C -> B + C\nX + C -> Y + C", // a shared catalyst
           "C @constant 1\nA + C -> B\nX + C -> Y\nB -> 2 C",
           "C @constant 0\nC -> C + A", // never runs
       }) {
    Network Net = parse(Text);
    FeedForward F = analyzeFeedForward(Net);
    EXPECT_TRUE(F) << Text << ": " << explainFeedForward(Net, F);
    EXPECT_EQ(F.Order.size() + F.NeverRun.size(), Net.reactionCount());
  }
  // Held species do not count as consumed.
  Network Fuel = parse("C @constant 1\nC -> A");
  EXPECT_EQ(analyzeFeedForward(Fuel).Result, Verdict::Unproductive);
}

TEST(FeedForward, AHeldInputMayBeGivenAnyAmount) {
  Network Net = parse("@input u[1] single\n@output a[1] single\n"
                      "u.0 @constant 0\nu.0 + b -> u.0 + a.0\n");
  FeedForward F = analyzeFeedForward(Net);
  ASSERT_TRUE(F) << explainFeedForward(Net, F);
  EXPECT_EQ(F.Order.size(), 1u);
  EXPECT_TRUE(F.NeverRun.empty());
}

TEST(FeedForward, OrderPutsProducersAndCatalystsFirst) {
  Network Net = parse("D + C -> E + C\nB -> C\nA -> B + D\n");
  FeedForward F = analyzeFeedForward(Net);
  ASSERT_TRUE(F);
  EXPECT_EQ(F.Order, (std::vector<ReactionId>{ReactionId(2), ReactionId(1),
                                              ReactionId(0)}));
}

TEST(FeedForward, CycleIsTheCycleAlone) {
  Network Net = parse("I -> A\nA -> B\nB -> C\nC -> A\nC2 -> Z\nB2 -> C2\n");
  FeedForward F = analyzeFeedForward(Net);
  ASSERT_EQ(F.Result, Verdict::Cyclic);
  EXPECT_EQ(F.Reactions, (std::vector<ReactionId>{ReactionId(1), ReactionId(2),
                                                  ReactionId(3)}));
  std::string Text;
  DiagnosticEngine Diags(
      [&](const Diagnostic &D) { Text += formatDiagnostic(D); });
  {
    auto D = Diags.error(DiagId::NotFeedForward, {}, "no");
    noteFeedForward(Net, F, D);
  }
  EXPECT_NE(Text.find("t.crn:3: note: reaction 'B -> C'"), std::string::npos)
      << Text;
}

TEST(FeedForward, LinearInLongChainsAndWideFanOuts) {
  Network Net;
  Editor Edit(Net);
  RateId One = Edit.rate(1);
  SignalId S = Edit.signal("s");
  constexpr uint32_t N = 200000;
  for (uint32_t I = 0; I <= N; ++I)
    Edit.addSpecies(SpeciesName(S, I));
  // The chain backwards, so that the id order is of no help.
  for (uint32_t I = N; I-- > 0;)
    Edit.addReaction({{SpeciesId(I), 1}}, {{SpeciesId(I + 1), 1}}, One);
  auto Begin = std::chrono::steady_clock::now();
  FeedForward F = analyzeFeedForward(Net);
  ASSERT_TRUE(F);
  EXPECT_EQ(F.Order.front(), ReactionId(N - 1));
  EXPECT_EQ(F.Order.back(), ReactionId(0));
  EXPECT_LT(std::chrono::steady_clock::now() - Begin, std::chrono::seconds(5));
}
