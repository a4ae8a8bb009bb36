//===- CertificateTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Verification/Certificate.h"
#include "../ParseNetwork.h"

#include "../RandomGraph.h"
#include "nn2crn/Lowering/NcRelu.h"
#include "nn2crn/Transforms/Pipeline.h"

#include <gtest/gtest.h>

using namespace nn2crn;
using namespace nn2crn::test;
using Verdict = Certificate::Verdict;
using Limit = Certificate::Limit;

namespace {
/// Holds the network \p A against the network \p B.
Certificate compare(std::string_view A, std::string_view B) {
  Network Mine = parse(A), Other = parse(B);
  Collected Diags;
  auto C = certify(Mine, &Other, Diags.Engine);
  EXPECT_TRUE(C) << Diags.text();
  return C ? *C : Certificate();
}

constexpr std::string_view Relu = "@input x[] dual\n@output y[] dual\n"
                                  "x.p -> m + y.p\nm + x.n -> y.n\n";
constexpr std::string_view Ports = "@input x[2] dual\n@output y[] dual\n";
std::string withPorts(std::string_view Reactions) {
  return std::string(Ports) + std::string(Reactions);
}

/// relu(x) with a weight of the double nearest to 1/3, and a bias.
Graph thirds() {
  Graph G;
  SourceId S = G.addSource({"n", "Gemm", 13, "n"});
  ValueId X = G.addInput("x", {});
  SparseMatrix W(1);
  W.add(0, 1.0 / 3);
  W.endRow();
  ValueId R = G.addRelu("r", G.addAffine("a", {}, {{X, W, S}}, {0.1}, S), S);
  G.addOutput("y", R, {});
  return G;
}
} // namespace

TEST(Certificate, NamesOrderAndDetoursDoNotMatter) {
  // max(x, 0) in other words, in other orders, and through min(x, 0).
  for (const char *Same :
       {"@input x[] dual\n@output y[] dual\nq + x.n -> y.n\nx.p -> q + y.p\n",
        "@input x[] dual\n@output y[] dual\nx.p -> a + y.p\nx.n -> b\n"
        "a + b -> y.n\n",
        // x - min(x, 0) = x + max(-x, 0)
        "@input x[] dual\n@output y[] dual\nx.p -> b + y.p\n"
        "x.n -> a + y.n + w.p\na + b -> w.n\nw.p -> y.p\nw.n -> y.n\n",
        // Twice of it, halved by the scale of the port.
        "@input x[] dual\n@output y[] dual scale=2\nx.p -> m + 2 y.p\n"
        "m + x.n -> 2 y.n\n"}) {
    Certificate C = compare(Same, Relu);
    EXPECT_EQ(C.Result, Verdict::Equal) << Same << certificateSummary(C);
    EXPECT_EQ(C.Certain, Limit::Unique);
    EXPECT_EQ(C.Arithmetic, "64-bit");
    EXPECT_FALSE(C.Witness);
  }
}

TEST(Certificate, EveryMultipleAndSignOfAUnitIsOneAtom) {
  // relu(2x) + relu(-3x) against 2 relu(x) + 3 (relu(x) - x).
  Certificate C = compare(
      "@input x[] dual\n@output y[] dual\n"
      "x.p -> 2 a.p + 3 b.n\nx.n -> 2 a.n + 3 b.p\n"
      "a.p -> m + y.p\nm + a.n -> y.n\nb.p -> k + y.p\nk + b.n -> y.n\n",
      "@input x[] dual\n@output y[] dual\n"
      "x.p -> u.p + 3 y.n\nx.n -> u.n + 3 y.p\n"
      "u.p -> m + 5 y.p\nm + u.n -> 5 y.n\n");
  EXPECT_EQ(C.Result, Verdict::Equal) << certificateSummary(C);
}

TEST(Certificate, ADifferenceIsShown) {
  Certificate C = compare("@input x[] dual\n@output y[] dual\n"
                          "x.p -> m + y.p\nm + x.n -> y.n\nm @initial 1/3\n",
                          Relu);
  ASSERT_EQ(C.Result, Verdict::Different) << certificateSummary(C);
  ASSERT_TRUE(C.Witness);
  EXPECT_FALSE(C.Witness->NetworkReads == C.Witness->ReferenceGives);
  // With 1/3 of m the unit reads up to 1/3 less on the negative side.
  double X = C.Witness->Inputs[0].Values[0];
  EXPECT_LT(X, 0);
  EXPECT_NEAR(C.Witness->NetworkReads.toDouble(), -std::min(-X, 1.0 / 3),
              1e-15);
}

TEST(Certificate, WhatHoldsOnTheDeclaredRangeOnly) {
  constexpr char Identity[] = "@input x[] dual range=0:8\n@output y[] dual\n"
                              "x.p -> y.p\nx.n -> y.n\n";
  Certificate C = compare(Identity, Relu);
  EXPECT_EQ(C.Result, Verdict::Equal);
  EXPECT_EQ(C.Inputs, Certificate::InputSet::Declared);
  EXPECT_EQ(C.FixedUnits, 1u);
  // Without the range it does not hold; a single rail is a range of its own.
  EXPECT_EQ(compare("@input x[] dual\n@output y[] dual\nx.p -> y.p\n"
                    "x.n -> y.n\n",
                    Relu)
                .Result,
            Verdict::Different);
  Certificate Single =
      compare("@input x[] single\n@output y[] dual\nx -> y.p\n", Relu);
  EXPECT_EQ(Single.Result, Verdict::Equal) << certificateSummary(Single);
  EXPECT_EQ(Single.Inputs, Certificate::InputSet::Accepted);
  EXPECT_EQ(Single.Bounds[0].Elements[0].Low, 0);
}

TEST(Certificate, ARangeOfOneValueIsANumber) {
  Certificate C = compare("@input x[2] dual range=0.5:0.5,-1:1\n"
                          "@output y[] dual\nx.1.p -> y.p\nx.1.n -> y.n\n"
                          "y.p @initial 1.5\n",
                          withPorts("x.0.p -> 3 y.p\nx.0.n -> 3 y.n\n"
                                    "x.1.p -> y.p\nx.1.n -> y.n\n"));
  EXPECT_EQ(C.Result, Verdict::Equal) << certificateSummary(C);
  EXPECT_EQ(C.Inputs, Certificate::InputSet::Declared);
}

TEST(Certificate, WithoutInputsNothingIsProven) {
  // A single rail holds nothing below 0.
  constexpr char Declared[] =
      "@input x[] single range=-2:-1\n@output y[] dual\nx -> y.p\n";
  // What one accepts the other one does not.
  constexpr char Above[] =
      "@input x[] single offset=-1\n@output y[] dual\nx -> y.p\n";
  constexpr char Below[] = "@input x[] dual\n@bind x[0] = -x.n\n"
                           "@output y[] dual\nx.n -> 2 y.n\n";
  constexpr char Double[] =
      "@input x[] dual\n@output y[] dual\nx.p -> 2 y.p\nx.n -> 2 y.n\n";
  for (const Certificate &C :
       {compare(Declared, Double), compare(Above, Below)}) {
    EXPECT_EQ(C.Result, Verdict::Unproven) << certificateSummary(C);
    EXPECT_NE(C.Reason.find("no input"), std::string::npos) << C.Reason;
    EXPECT_EQ(C.Certain, Limit::Unique);
  }
}

TEST(Certificate, AUnitIsBoundedWhicheverSignCameFirst) {
  // 3 relu(x - 1), where relu(1 - x) is what the gate compares.
  constexpr char Mine[] = "@input x[] single offset=4 range=-4:4\n"
                          "@output y[] dual\nx -> p + 3 y.p\n"
                          "n + p -> 3 y.n\nn @initial 5\n";
  // relu(3 relu(x - 1)), and with what c or d holds more.
  constexpr char Twice[] = "@input x[] dual range=-4:4\n@output y[] dual\n"
                           "x.p -> m + h.p\nx.n -> z\nz @initial 1\n"
                           "m + z -> h.n\nh.p -> 3 c\nh.n -> 3 d\n"
                           "c -> k + y.p\nk + d -> y.n\n";
  EXPECT_EQ(compare(Mine, Twice).Result, Verdict::Equal);
  EXPECT_EQ(compare(Mine + std::string("y.p @initial 2\n"),
                    Twice + std::string("c @initial 2\n"))
                .Result,
            Verdict::Equal);
  EXPECT_EQ(compare(Mine + std::string("y.n @initial 1/8\n"),
                    Twice + std::string("d @initial 1/8\n"))
                .Result,
            Verdict::Different);
  // min(3 relu(x - 1), most): at most 9 on the range.
  auto AtMost = [&](const char *Most) {
    return compare(Mine, "@input x[] dual range=-4:4\n@output y[] dual\n"
                         "x.p -> m + h.p\nx.n -> z\nz @initial 1\n"
                         "m + z -> h.n\nh.p -> 3 c\nh.n -> 3 e + 3 y.n\n"
                         "c + e -> y.p\ne @initial " +
                             std::string(Most) + "\n")
        .Result;
  };
  EXPECT_EQ(AtMost("10"), Verdict::Equal);
  EXPECT_EQ(AtMost("8"), Verdict::Different);
}

TEST(Certificate, OffsetsShiftExactly) {
  // x + 0.1 on one rail; the constant 0.1 is taken off again.
  Certificate C = compare("@input x[] single offset=0.1\n@output y[] dual\n"
                          "x -> y.p\ny.n @initial 0.1\n",
                          "@input x[] dual\n@output y[] dual\nx.p -> y.p\n"
                          "x.n -> y.n\n");
  EXPECT_EQ(C.Result, Verdict::Equal) << certificateSummary(C);
}

TEST(Certificate, AnnihilationKeepsReadings) {
  constexpr char Annihilated[] =
      "@input x[2] dual\n@output y[] dual\n"
      "x.0.p -> z.p\nx.0.n -> z.n\nx.1.p -> z.n\nx.1.n -> z.p\n"
      "z.p -> m + y.p\nm + z.n -> y.n\nz.p + z.n -> [k = 5]\n";
  constexpr char Plain[] =
      "@input x[2] dual\n@output y[] dual\n"
      "x.0.p -> z.p\nx.0.n -> z.n\nx.1.p -> z.n\nx.1.n -> z.p\n"
      "z.p -> m + y.p\nm + z.n -> y.n\n";
  Certificate C = compare(Annihilated, Plain);
  EXPECT_EQ(C.Result, Verdict::Equal) << certificateSummary(C);
  EXPECT_EQ(C.Certain, Limit::Differences);
  EXPECT_EQ(C.RateDependentSpecies,
            (std::vector<std::string>{"y.p", "y.n", "z.p", "z.n", "m"}));
  EXPECT_EQ(C.Species, 9u);
}

TEST(Certificate, AnnihilationThatIsReadIsNotCertain) {
  // Only one rail is read.
  Certificate C = compare("@input x[2] single\n@output y[] single\n"
                          "x.0 -> p\nx.1 -> n\np + n -> [k = 5]\np -> y\n",
                          "@input x[2] single\n@output y[] single\nx.0 -> y\n");
  EXPECT_EQ(C.Result, Verdict::Unproven);
  EXPECT_EQ(C.Certain, Limit::Uncertain);
  EXPECT_NE(C.Reason.find("annihilated"), std::string::npos) << C.Reason;
}

TEST(Certificate, CatalystsMustBeCertain) {
  constexpr char Copy[] = "@input x[] dual range=0:1\n@output y[] dual\n"
                          "x.p -> y.p\n";
  auto With = [](const char *More) {
    return "@input x[] dual range=0:1\n@output y[] dual\n" + std::string(More);
  };
  EXPECT_EQ(compare(With("x.p + c -> y.p + c\nc @initial 1\n"), Copy).Result,
            Verdict::Equal);
  EXPECT_EQ(compare(With("x.p -> y.p\nc + d -> y.n + c\nd @initial 1\n"), Copy)
                .Result,
            Verdict::Equal)
      << "the catalyst is never there";
  Certificate C = compare(With("x.p -> y.p + c\nd + c -> y.n + c\n"
                               "d @initial 1\n"),
                          Copy);
  EXPECT_EQ(C.Result, Verdict::Unproven);
  EXPECT_NE(C.Reason.find("catalyst 'c'"), std::string::npos) << C.Reason;
}

TEST(Certificate, AHeldInputMayBeAbsent) {
  constexpr std::string_view Fuelled =
      "@input x[] single\n@input h[1] single\n@bind h[0] = H\n"
      "@output y[] single\nx + H -> y\nH @constant 1\n";
  constexpr std::string_view Free =
      "@input x[] single\n@input h[1] single\n@bind h[0] = H\n"
      "@output y[] single\nx -> y\nH @constant 1\n";
  EXPECT_EQ(compare(Fuelled, Free).Result, Verdict::Unproven);
  EXPECT_EQ(compare(Free, Fuelled).Result, Verdict::Unproven);
  std::string There(Fuelled);
  There.replace(There.find("h[1] single"), 11, "h[1] single range=0.5:1");
  EXPECT_EQ(compare(There, Free).Result, Verdict::Equal);
}

TEST(Certificate, StatesAreReadInTheEnd) {
  constexpr std::string_view Once =
      "@input x[] single\n@state w[1] single\n@bind w[0] = W\n"
      "@output y[] single\nx -> y + W\n";
  constexpr std::string_view Twice =
      "@input x[] single\n@state w[1] single\n@bind w[0] = W\n"
      "@output y[] single\nx -> y + 2 W\n";
  EXPECT_EQ(compare(Once, Once).Result, Verdict::Equal);
  Certificate C = compare(Once, Twice);
  EXPECT_EQ(C.Result, Verdict::Different);
  ASSERT_TRUE(C.Witness);
  EXPECT_EQ(C.Witness->Port, "w");
}

TEST(Certificate, NumbersBelowAllDoublesKeepTheirSign) {
  // Between 0 and the amount of z.n a gate does not yet let all of it through.
  for (std::string Tiny : {"1/1" + std::string(400, '0'), std::string("5e-324"),
                           std::string("1e-310")})
    for (std::string Coefficient : {"", "1000000007 "}) {
      std::string Head = "@input x[] dual\n@output y[] dual\nz.n @initial " +
                         Tiny + "\n" + Coefficient;
      Certificate C = compare(Head + "x.p -> m + y.p\nm + z.n -> y.n\n",
                              Head + "x.p -> y.p\nz.n -> y.n\n");
      EXPECT_NE(C.Result, Verdict::Equal) << Tiny;
    }
}

TEST(Certificate, RangesMayBeAsWideAsDoublesAre) {
  // The same minimum in two orders: no form is equal, and no input differs.
  std::string Head = "@input x[3] dual range=-1.7e308:1.7e308\n"
                     "@output y[] single\n";
  Network Mine = parse(Head + "x.0.p + x.1.p -> t\nt + x.2.p -> y\n");
  Network Other = parse(Head + "x.2.p + x.1.p -> t\nt + x.0.p -> y\n");
  for (uint64_t Seed = 1; Seed <= 20; ++Seed) {
    CertifyOptions Options;
    Options.Seed = Seed;
    Options.Effort = 1e5;
    Collected Diags;
    auto C = certify(Mine, &Other, Diags.Engine, Options);
    ASSERT_TRUE(C) << Diags.text();
    EXPECT_EQ(C->Result, Verdict::Unproven);
  }
}

TEST(Certificate, AReferenceThatDependsOnRatesProvesNothing) {
  constexpr std::string_view Raced =
      "@input x[] dual\n@output y[] dual\nx.p -> a\nx.n -> y.n\n"
      "b @initial 1\na + b ->\nb -> y.p\na -> y.p\n";
  constexpr std::string_view Plain = "@input x[] dual\n@output y[] dual\n"
                                     "x.p -> y.p\nx.n -> y.n\n";
  Certificate C = compare(Plain, Raced);
  EXPECT_EQ(C.Result, Verdict::Unproven);
  EXPECT_NE(C.Reason.find("rate constants"), std::string::npos) << C.Reason;
}

TEST(Certificate, WhatCompetesOrCyclesIsNotCertain) {
  for (const char *Text :
       {"x.0.p -> y.p\nx.0.p -> y.n\n", "x.0.p -> a\na -> b\nb -> a + y.p\n"}) {
    Certificate C = compare(withPorts(Text), Ports);
    EXPECT_EQ(C.Result, Verdict::Unproven) << Text;
    EXPECT_EQ(C.Certain, Limit::Uncertain);
    EXPECT_FALSE(C.Reason.empty());
  }
}

TEST(Certificate, ThreeReactantsAndConsumedPairs) {
  // min of three, whichever way it is folded.
  Certificate C = compare("@input x[3] single\n@output y[] single\n"
                          "x.0 + x.1 + x.2 -> y\n",
                          "@input x[3] single\n@output y[] single\n"
                          "x.1 + x.2 -> d\nd + x.0 -> y\n");
  EXPECT_NE(C.Result, Verdict::Different) << certificateSummary(C);
  Certificate Halves = compare("@input x[] single\n@output y[] single\n"
                               "2 x -> y\n",
                               "@input x[] single\n@output y[] single scale=2\n"
                               "x -> y\n");
  EXPECT_EQ(Halves.Result, Verdict::Equal) << certificateSummary(Halves);
}

TEST(Certificate, LargeNumbersTakeWiderArithmetic) {
  // A chain of 2^20 each: beyond 64 bits after four, beyond 128 after seven.
  for (auto [Length, Arithmetic] :
       {std::pair(2, "64-bit"), {5, "128-bit"}, {12, "fractions"}}) {
    std::string Text = "@input x[] single\n@output y[] single\nx -> a0\n";
    for (int I = 0; I < Length; ++I)
      Text += "a" + std::to_string(I) + " -> 1048576 a" +
              std::to_string(I + 1) + "\n";
    Text += "a" + std::to_string(Length) + " -> y\n";
    Certificate C = compare(Text, Text);
    EXPECT_EQ(C.Result, Verdict::Equal);
    EXPECT_EQ(C.Arithmetic, Arithmetic);
  }
}

TEST(Certificate, ApproximateAmountsProveNothing) {
  Certificate C = compare("@input x[] dual\n@output y[] dual\n"
                          "x.p -> m + y.p\nm + x.n -> y.n\nm @initial ~0.5\n",
                          Relu);
  EXPECT_EQ(C.Result, Verdict::Unproven);
  EXPECT_NE(C.Reason.find("~0.5"), std::string::npos) << C.Reason;
}

TEST(Certificate, RealWeightsAreComparedExactly) {
  // 1/3 as a fraction is not the double nearest to it.
  Network Net = parse("@input x[] dual scale=1\n@output y[] dual scale=3\n"
                      "x.p -> z.p\nx.n -> z.n\nz.p -> m + y.p\nm + z.n -> y.n\n"
                      "z.p @initial 0.3\n");
  Graph G = thirds();
  Collected Diags;
  auto C = certify(Net, &G, Diags.Engine);
  ASSERT_TRUE(C);
  EXPECT_EQ(C->Result, Verdict::Different) << certificateSummary(*C);
}

TEST(Certificate, DoublingsAreTheIntegersTheyStandFor) {
  unsigned Changed = 0;
  for (unsigned Seed = 0; Seed < 60; ++Seed) {
    SCOPED_TRACE(Seed);
    Builder B(Seed);
    unsigned Bits = 2 + Seed % 11;
    auto Integers = [&](uint32_t Rows, uint32_t Columns) {
      SparseMatrix M(Columns);
      for (uint32_t R = 0; R < Rows; ++R) {
        for (uint32_t C = 0; C < Columns; ++C)
          M.add(C, static_cast<double>(B.below(2u << Bits)) - (1 << Bits));
        M.endRow();
      }
      return M;
    };
    ValueId V = B.G.addInput("x", {3});
    for (uint32_t Width : {4u, 3u, 2u}) {
      auto W = Integers(Width, B.G.value(V).Elements);
      V = B.G.addAffine("a", {Width}, {{V, W, B.S}}, {}, B.S);
      if (Width > 2)
        V = B.G.addRelu("r", V, B.S);
    }
    B.G.addOutput("y", V, {2});
    Collected Diags;
    auto Net = lowerNcRelu(B.G, Diags.Engine);
    ASSERT_TRUE(Net) << Diags.text();
    auto P = Pipeline::parse(
        Seed % 2 ? "shift-and-add" : "fuse-fanout,shift-and-add,factor-fanout",
        Diags.Engine);
    PassContext Context(Diags.Engine, [](std::string_view) {});
    PassRun Run;
    size_t Before = Net->speciesCount();
    ASSERT_TRUE(runPipeline(*P, *Net, Context, {}, Run)) << Diags.text();
    Changed += Net->speciesCount() != Before;
    auto C = certify(*Net, &B.G, Diags.Engine);
    ASSERT_TRUE(C) << Diags.text();
    EXPECT_EQ(C->Result, Verdict::Equal) << certificateSummary(*C);
  }
  EXPECT_GE(Changed, 55u);
}

TEST(Certificate, PortsMustFit) {
  Network A = parse(Ports), B = parse(Relu), None = parse("a -> b\n");
  Collected Diags;
  EXPECT_FALSE(certify(A, &B, Diags.Engine));
  EXPECT_FALSE(certify(None, &None, Diags.Engine));
  Network Two = parse("@input x[] dual\n@output y[] dual\n@output w[] dual\n"),
          Other =
              parse("@input x[] dual\n@output y[] dual\n@output v[] dual\n");
  EXPECT_FALSE(certify(Two, &Other, Diags.Engine));
  EXPECT_FALSE(certify(Two, &B, Diags.Engine));
  EXPECT_EQ(Diags.errors(DiagId::NotComparable), 4u) << Diags.text();
}
