//===- RailPairsTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/RailPairs.h"
#include "../ParseNetwork.h"

#include "nn2crn/Analysis/SureFiring.h"
#include "nn2crn/IR/Editor.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace nn2crn;
using nn2crn::test::parse;
using Fate = SureFiring::Fate;

namespace {
/// The pairs as "a|b", in order of their first species.
std::vector<std::string> pairsOf(const Network &Net) {
  RailPairs Rails(Net);
  std::vector<std::string> Out;
  for (SpeciesId S : Net.species())
    if (auto M = Rails.mateOf(S)) {
      EXPECT_EQ(Rails.mateOf(*M), S);
      if (S < *M)
        Out.push_back(Net.nameText(S) + "|" + Net.nameText(*M));
    }
  EXPECT_EQ(Out.size(), Rails.size());
  return Out;
}
using Pairs = std::vector<std::string>;

/// Two layers, no name of which says what it is.
const std::string Layered = "@input x[] dual\n@output y[1] dual\n"
                            "@bind y[0] = A - B\n"
                            "x.p -> Z\nx.n -> W\n"
                            "Z -> M + H\nM + W -> K\n"
                            "H -> 2 C + D\nK -> 2 D + C\n"
                            "C -> N + G\nN + D -> F\n"
                            "G -> A\nF -> B\n";
} // namespace

TEST(RailPairs, LayersAreFollowedFromTheOutputsBack) {
  // H -> 2 C + D and K -> 2 D + C mirror each other, and (C, D) is a ReLU's.
  EXPECT_EQ(pairsOf(parse(Layered)),
            (Pairs{"A|B", "Z|W", "H|K", "C|D", "G|F"}));
}

TEST(RailPairs, AFanOutThatMirrorsAnotherOnlyInPartIsNone) {
  Network Net = parse("@output y[2] dual\n"
                      "h -> 2 y.0.p + y.1.n\nk -> y.0.n + y.1.p\n"
                      "u -> y.0.p + y.1.n\n");
  EXPECT_EQ(pairsOf(Net), (Pairs{"y.0.p|y.0.n", "y.1.p|y.1.n", "k|u"}));
}

TEST(RailPairs, WhatPortsReadMustCancelInEveryElement) {
  EXPECT_EQ(pairsOf(parse("@output y[2] dual\n@bind y[0] = a - b\n"
                          "@bind y[1] = a\n")),
            Pairs{});
  EXPECT_EQ(pairsOf(parse("@output y[2] dual\n@bind y[0] = a - b\n"
                          "@bind y[1] = 2 a - 2 b\n")),
            Pairs{"a|b"});
  EXPECT_EQ(pairsOf(parse("@output y[1] dual\n@bind y[0] = 2 a - b\n")),
            Pairs{});
  // Each species has one mate.
  EXPECT_EQ(pairsOf(parse("@output y[1] dual\n@bind y[0] = a + b - c\n")),
            Pairs{"a|c"});
}

TEST(RailPairs, SetAndSeenSpeciesAreNone) {
  EXPECT_EQ(pairsOf(parse("@input x[] dual\n@output y[] dual\n"
                          "x.p -> y.p\nx.n -> y.n\n")),
            Pairs{"y.p|y.n"});
  EXPECT_EQ(pairsOf(parse("@output y[] dual\ny.p @observed\n")), Pairs{});
  EXPECT_EQ(pairsOf(parse("@output y[] dual\n@state w[] dual\n"
                          "a -> y.p + w.p\nb -> y.n + w.n\n")),
            Pairs{"y.p|y.n"});
  EXPECT_EQ(pairsOf(parse("a -> y\nb -> z\n")), Pairs{});
  EXPECT_EQ(pairsOf(parse("@output y[] dual\n@phase run duration=1\n")),
            Pairs{});
}

TEST(RailPairs, CompetitionDownstreamLeavesNothingProven) {
  // H and G are taken by another reaction as well.
  for (const char *More : {"H -> A\n", "A + B -> Q\nA -> Q\n", "N -> B\n"}) {
    for (const std::string &P : pairsOf(parse(Layered + More)))
      EXPECT_TRUE(P == "A|B" || P == "G|F" || P == "C|D") << More << P;
    Pairs All = pairsOf(parse(Layered + More));
    EXPECT_EQ(std::ranges::count(All, "Z|W"), 0) << More;
    EXPECT_EQ(std::ranges::count(All, "H|K"), 0) << More;
  }
  // Outputs that annihilate are proven by what is left: nothing.
  EXPECT_EQ(pairsOf(parse("@output y[] dual\ny.p + y.n ->\nu -> y.p\n"
                          "v -> y.n\n")),
            (Pairs{"y.p|y.n", "u|v"}));
}

TEST(RailPairs, LinearInLayeredNetworks) {
  // 40 layers of 100 units, each of which feeds three of the next.
  Network Net;
  constexpr uint32_t Width = 100, Layers = 40;
  Editor Edit(Net);
  RateId One = Edit.rate(1);
  std::vector<SpeciesId> Next;
  Port Out;
  Out.Name = "y";
  Out.Direction = PortDirection::Output;
  Out.Shape = {Width};
  SignalId Y = Edit.signal("y");
  for (uint32_t I = 0; I < Width; ++I) {
    SpeciesId P = Edit.addSpecies(SpeciesName(Y, I, Rail::Positive));
    SpeciesId N = Edit.addSpecies(SpeciesName(Y, I, Rail::Negative));
    Next.insert(Next.end(), {P, N});
    Out.addElement(std::vector<PortTerm>{{P, 1}, {N, -1}});
  }
  Edit.addPort(Out);
  for (uint32_t L = 0; L < Layers; ++L) {
    SignalId S = Edit.signal("s" + std::to_string(L));
    std::vector<SpeciesId> Now;
    for (uint32_t I = 0; I < Width; ++I) {
      SpeciesId New[5];
      for (uint32_t K = 0; K < 5; ++K)
        New[K] = Edit.addSpecies(SpeciesName(S, 5 * I + K));
      auto [ZP, ZN, M, HP, HN] = New;
      Edit.addReaction({{ZP, 1}}, {{M, 1}, {HP, 1}}, One);
      Edit.addReaction({{M, 1}, {ZN, 1}}, {{HN, 1}}, One);
      std::vector<Term> Lists[2];
      for (uint32_t K : {1u, 7u, 30u})
        for (uint32_t R : {0u, 1u}) {
          uint32_t To = (I * 3 + K) % Width;
          Lists[R].push_back({Next[2 * To + ((R + K) & 1)], K});
        }
      Edit.addReaction(std::vector<Term>{{HP, 1}}, Lists[0], One);
      Edit.addReaction(std::vector<Term>{{HN, 1}}, Lists[1], One);
      Now.insert(Now.end(), {ZP, ZN});
    }
    Next = Now;
  }
  EXPECT_EQ(RailPairs(Net).size(), Width + 2 * Width * Layers);
}

TEST(SureFiring, FatesAndOrder) {
  Network Net = parse("@input x[] single\n@output y[] single\n"
                      "x -> a + b\na + b -> y\nc + k -> y + k\n"
                      "d -> e\nd -> f\nf -> y\ng + o -> y\nu -> x\n"
                      "o @constant 1\n");
  SureFiring Sure(Net);
  NameIndex Names(Net);
  auto FateOf = [&](const char *Name) { return Sure.fate(*Names.find(Name)); };
  EXPECT_EQ(FateOf("a"), Fate::Fires);
  EXPECT_EQ(FateOf("f"), Fate::Fires);
  EXPECT_EQ(FateOf("y"), Fate::Stays);
  // An input; a catalysed reaction; competition; a fuel; onto an input.
  for (const char *Open : {"x", "c", "k", "d", "g", "o", "u"})
    EXPECT_EQ(FateOf(Open), Fate::Open) << Open;
  ASSERT_EQ(Sure.order().size(), 2u);
  for (ReactionId R : Sure.order())
    EXPECT_EQ(Sure.order()[Sure.position(R)], R);
}
