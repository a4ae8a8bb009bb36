//===- CostModelTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/CostModel.h"
#include "nn2crn/IR/Text.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace nn2crn;

namespace {
Cost cost(std::string_view Text,
          const DnaScheme &Scheme = dnaSchemes().front()) {
  std::string Reported;
  DiagnosticEngine Diags(
      [&](const Diagnostic &D) { Reported += formatDiagnostic(D); });
  auto Net = parseText(Text, "t.crn", Diags);
  EXPECT_TRUE(Net) << Reported;
  return Net ? computeCost(*Net, Scheme) : Cost();
}
const double Gate = std::log(1000.0);
} // namespace

TEST(CostModel, StrandsAndNucleotidesFollowTheScheme) {
  const char *Text = "A -> 2 B + C\nB + C -> D";
  Cost C = cost(Text);
  EXPECT_EQ(C.ProductSlots, 4u);
  EXPECT_EQ(C.Strands, 3u * 2 + 4);
  EXPECT_EQ(C.Nucleotides, 20u * (2 + 4));
  for (size_t I = 0; I < dnaSchemes().size(); ++I)
    EXPECT_EQ(dnaSchemeNames()[I], dnaSchemes()[I].Name);
  C = cost(Text, dnaSchemes()[3]);
  EXPECT_EQ(dnaSchemes()[3].Name, "qian2011");
  EXPECT_EQ(C.Strands, 7u * 2 + 2 * 4);
  EXPECT_EQ(C.Nucleotides, 75u * 2 + 20 * 4);
}

TEST(CostModel, AReluAndItsBounds) {
  // x = 3 .. -2 with weight 2: z.p <= 6, z.n <= 4 + the bias.
  Cost C = cost("@input x[1] dual range=-2:3\n@output h[1] dual\n"
                "x.0.p -> 2 z.0.p\nx.0.n -> 2 z.0.n [k = 0.5]\n"
                "z.0.p -> m + h.0.p\nm + z.0.n -> h.0.n [k = 4]\n"
                "z.0.n @initial 0.5\n");
  EXPECT_TRUE(C.InputsDeclared);
  EXPECT_EQ(C.Depth, 3u);
  EXPECT_EQ(C.UnimolecularDepth, 2u);
  EXPECT_EQ(C.PeakConcentration, 6.0);
  // m and z.n may be left, h.p and h.n are; x and z.p are used up.
  EXPECT_EQ(C.TotalConcentration, 6 + 4.5 + 6 + 4.5);
  EXPECT_DOUBLE_EQ(*C.SettlingTime, 2 + Gate / 4);
}

TEST(CostModel, PortsSayHowAmountsAreSet) {
  // (value + offset) x scale - constant, over the coefficient.
  Cost C = cost("@input x[1] dual scale=4 offset=1 range=-3:2\n"
                "@bind x[0] = 2 a + 9 b - 0.5 c + 2\n"
                "a + b + c -> d\n");
  EXPECT_EQ(C.PeakConcentration, 20.0); // c: (4 x 2 + 2) / 0.5
  // b gets nothing, so d does not come to be; a, b and c may be left.
  EXPECT_EQ(C.TotalConcentration, 5.0 + 20);
  C = cost("@input x[] dual\n@input u[] single\nx.p -> a\nx.n + u -> b\n");
  EXPECT_FALSE(C.InputsDeclared);
  EXPECT_EQ(C.PeakConcentration, 1.0);
  C = cost("@input u[] single range=0:inf\nu -> a\n");
  EXPECT_FALSE(C.PeakConcentration);
  EXPECT_FALSE(C.TotalConcentration);
  EXPECT_EQ(C.Depth, 1u);
  // What is set by a sample replaces what a file starts with.
  C = cost("@input u[] single range=0:2\nu -> a\nu @initial 5\n");
  EXPECT_EQ(C.PeakConcentration, 5.0);
}

TEST(CostModel, ExtentsAreBoundByTheScarcest) {
  Cost C = cost("2 A + B -> A + 6 C\nA @initial 3\nB @initial 2\n");
  EXPECT_EQ(C.PeakConcentration, 12.0); // B is the scarcer: 2 x 6.
  C = cost("A + F -> C [k = 2]\nA @initial 3\nF @constant 8\n");
  EXPECT_EQ(C.Depth, 1u);
  EXPECT_EQ(C.UnimolecularDepth, 1u);
  EXPECT_DOUBLE_EQ(*C.SettlingTime, 1 / 16.0);
  // A fuel that a user may leave out lets A stay.
  double Fuelled = *C.TotalConcentration;
  C = cost("@input F[] single range=0:8\nA + F -> C [k = 2]\n"
           "A @initial 3\nF @constant 8\n");
  EXPECT_EQ(C.TotalConcentration, Fuelled + 3);
  // Competition leaves the bounds sound.
  C = cost("P -> A\nN -> B\nP + N ->\nP @initial 2\nN @initial 1\n");
  EXPECT_EQ(C.PeakConcentration, 2.0);
  EXPECT_EQ(C.TotalConcentration, 3.0);
  C = cost("A -> 2147483647 B\nB -> 2147483647 C\nA @initial 1\n");
  EXPECT_DOUBLE_EQ(*C.PeakConcentration, 2147483647.0 * 2147483647.0);
}

TEST(CostModel, WhatHasNoAnswerIsEmpty) {
  for (const char *Text :
       {"X -> A\nA -> X", "-> A", "C -> C + A", "X -> A [k = 0]",
        "@phase one duration=1\nX -> A [k = 1, phase=one]\n"}) {
    Cost C = cost(Text);
    EXPECT_FALSE(C.Depth) << Text;
    EXPECT_FALSE(C.UnimolecularDepth) << Text;
    EXPECT_FALSE(C.PeakConcentration) << Text;
    EXPECT_FALSE(C.TotalConcentration) << Text;
    EXPECT_FALSE(C.SettlingTime) << Text;
    EXPECT_GT(C.Strands, 0u) << Text;
  }
  EXPECT_EQ(cost("").Depth, 0u);
}
