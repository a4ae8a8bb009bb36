//===- TextTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/IR/Text.h"
#include "../RandomNetwork.h"

#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

using namespace nn2crn;

namespace {
std::string print(const Network &Net) {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  printText(Net, OS);
  return Text;
}

struct Parsed {
  std::optional<Network> Net;
  std::string Messages;
};
Parsed parse(std::string_view Text) {
  Parsed P;
  DiagnosticEngine Diags(
      [&](const Diagnostic &D) { P.Messages += formatDiagnostic(D); });
  P.Net = parseText(Text, "t.crn", Diags);
  return P;
}
} // namespace

TEST(Text, LosesNothingButProvenance) {
  for (uint32_t Seed = 0; Seed < 2000; ++Seed) {
    Network Net = test::randomNetwork(Seed);
    std::string Text = print(Net);
    Parsed Back = parse(Text);
    ASSERT_TRUE(Back.Net) << "seed " << Seed << '\n' << Text << Back.Messages;
    EXPECT_EQ(print(*Back.Net), Text) << "seed " << Seed;
    EXPECT_EQ(Back.Net->contentHash(), Net.contentHash())
        << "seed " << Seed << '\n'
        << Text;
  }
}

TEST(Text, ReadsWhatPeersWrite) {
  Parsed P = parse("# comment\r\nA + 2B -> C   [k = 0.5]\r\nC <=> D [kf = 1, "
                   "kr = 0.1]\n-> A [3]; A ->\nA @initial 10\nF @constant "
                   "100; G @i 1\nH @c 2");
  ASSERT_TRUE(P.Net) << P.Messages;
  EXPECT_EQ(print(*P.Net), "@units nM s\n"
                           "A + 2 B -> C [k = 0.5]\n"
                           "C -> D [k = 1]\n"
                           "D -> C [k = 0.1]\n"
                           "-> A [k = 3]\n"
                           "A -> [k = 1]\n"
                           "A @initial 10\n"
                           "F @constant 100\n"
                           "G @initial 1\n"
                           "H @constant 2\n");
}

TEST(Text, AddsUpRepeatedTerms) {
  std::string Long = "X ->";
  for (int I = 0; I < 40; ++I)
    Long += " + Y." + std::to_string(I % 30);
  Long.replace(5, 2, "");
  Parsed P = parse("A + A -> A + 2 B + B\n" + Long);
  ASSERT_TRUE(P.Net) << P.Messages;
  Reaction First = P.Net->reaction(ReactionId(0));
  EXPECT_EQ(reactionText(*P.Net, First), "2 A -> A + 3 B");
  Reaction Second = P.Net->reaction(ReactionId(1));
  ASSERT_EQ(Second.products().size(), 30u);
  for (uint32_t I = 0; I < 30; ++I)
    EXPECT_EQ(Second.products()[I].Coefficient, I < 10 ? 2u : 1u);
}

TEST(Text, KnowsTheLineOfEverything) {
  Parsed P = parse("A -> B\n\nB -> C\n");
  ASSERT_TRUE(P.Net);
  EXPECT_EQ(
      P.Net->provenance().describe(P.Net->reaction(ReactionId(1)).origin()),
      "t.crn:3");
}

TEST(Text, GoesOnAfterAnError) {
  Parsed P = parse("A -> 0B\nA - B\nA -> B [k = 1e999]\nA.x -> B\n@nothing\n"
                   "x.007 -> A\n\"open -> B\nA -> B [k = missing]\n");
  EXPECT_FALSE(P.Net);
  for (const char *Expected :
       {"t.crn:1:6: error: a coefficient must be at least 1",
        "t.crn:2:3: error: expected '+', '->' or '<=>', found '-'",
        "t.crn:3:13: error: '1e999' is beyond the range of numbers",
        "t.crn:4:3: error: expected an index or the rail 'p' or 'n'",
        "t.crn:5:1: error: unknown directive '@nothing'",
        "t.crn:6:3: error: an index has no leading zeros",
        "t.crn:7:1: error: this quoted name has no closing quote",
        "t.crn:8:13: error: no parameter is named 'missing'"})
    EXPECT_NE(P.Messages.find(Expected), std::string::npos)
        << Expected << " not in\n"
        << P.Messages;
}

TEST(Text, RefusesWhatItWouldLose) {
  // Coefficients, volumes, durations and bounds are doubles and no more.
  Parsed P = parse("@volume 1/3\n@phase a duration=~1\n"
                   "@input x[] single range=0:2/3\n"
                   "@output y[] single\n@bind y[0] = 1/3 b\n");
  EXPECT_FALSE(P.Net);
  for (const char *Expected :
       {"t.crn:1:9: error: expected a decimal number as the volume in litres, "
        "found 1/3 [bad-number]",
        "t.crn:2:19: error: expected a decimal number as a duration, found ~1",
        "expected a decimal number as a bound, found 2/3",
        "t.crn:5:14: error: expected a decimal number as a coefficient, found "
        "1/3"})
    EXPECT_NE(P.Messages.find(Expected), std::string::npos)
        << Expected << " not in\n"
        << P.Messages;
}

TEST(Text, ParametersMayBeNamedLikeTheirPlace) {
  Parsed P = parse("\xef\xbb\xbf@parameter k = 1; @parameter kf = 2\n"
                   "@parameter kr = 3\nA -> B [k]\nA <=> B [kf, kr]\n");
  ASSERT_TRUE(P.Net) << P.Messages;
  EXPECT_EQ(print(*P.Net), "@units nM s\n@parameter k = 1\n"
                           "@parameter kf = 2\n@parameter kr = 3\n"
                           "A -> B [k = k]\nA -> B [k = kf]\n"
                           "B -> A [k = kr]\n");
}

TEST(Text, ZeroHasOneSign) {
  Parsed P = parse("@input x[] single offset=-0\nA -> [k = -0]\nA @initial -0");
  ASSERT_TRUE(P.Net) << P.Messages;
  Parsed Back = parse(print(*P.Net));
  ASSERT_TRUE(Back.Net) << Back.Messages;
  EXPECT_EQ(Back.Net->contentHash(), P.Net->contentHash());
}

TEST(Text, HostileShapesAreRefused) {
  // The bound is on all ports together, or many short lines would do.
  Parsed P = parse("@input a[2] dual\n@input b[4194303] dual\n");
  EXPECT_FALSE(P.Net);
  EXPECT_NE(P.Messages.find("all ports together at most 4194304"),
            std::string::npos)
      << P.Messages;
}

TEST(Text, LongListsAreNoBurden) {
  // Each of these took minutes, or all memory, when its work was quadratic.
  constexpr int Many = 100000;
  std::string Doses = "@phase a duration=1\n", Ports, OneLine = Doses;
  for (int I = 0; I < Many; ++I) {
    std::string Number = std::to_string(I);
    Doses += "@dose a x." + Number + " = 1\n";
    Ports += "@input p" + Number + "[] single\n";
    OneLine += "A -> B [k = 1, phase = a b];";
  }
  OneLine += "\n@phase b duration=1\n";
  Parsed P = parse(Doses);
  ASSERT_TRUE(P.Net) << P.Messages;
  EXPECT_EQ(P.Net->phases()[0].Doses.size(), size_t{Many});
  P = parse(Ports);
  ASSERT_TRUE(P.Net) << P.Messages;
  EXPECT_EQ(P.Net->ports().size(), size_t{Many});
  P = parse(OneLine);
  ASSERT_TRUE(P.Net) << P.Messages;
  EXPECT_EQ(P.Net->reaction(ReactionId(Many - 1)).phases(), 3);
}
