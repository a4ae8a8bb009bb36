//===- ProvenanceTest.cpp ---------------------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/IR/Provenance.h"

#include <gtest/gtest.h>

using namespace nn2crn;

TEST(Provenance, NamesThePassesOnTheWay) {
  Provenance P;
  OriginId File = P.addSourceFile("a.crn", 10);
  OriginId Line(File.Value + 3);
  OriginId Once = P.derive("split", Line);
  EXPECT_EQ(P.describe(Once), "a.crn:3, by split");
  EXPECT_EQ(P.describe(P.derive("merge", Once)), "a.crn:3, by split, by merge");
  EXPECT_EQ(P.locate(Once).File, "a.crn");
  EXPECT_EQ(P.locate(Once).Line, 3u);
  // One block serves all lines.
  size_t Blocks = P.blocks().size();
  EXPECT_EQ(P.describe(P.derive("split", OriginId(File.Value + 7))),
            "a.crn:7, by split");
  EXPECT_EQ(P.blocks().size(), Blocks);
}

TEST(Provenance, APassRunAgainAddsNothing) {
  Provenance P;
  OriginId Line(P.addSourceFile("a.crn", 10).Value + 3);
  OriginId Once = P.derive("split", Line);
  EXPECT_EQ(P.derive("split", Once), Once);
}

TEST(Provenance, RunsOutOfIdsGracefully) {
  Provenance P;
  OriginId Big = P.addModelNode("node 'n' (Gemm)", UINT32_MAX / 2);
  OriginId First = P.derive("a", Big);
  EXPECT_NE(First, Big);
  EXPECT_EQ(P.derive("b", Big), Big);
  EXPECT_EQ(P.describe(P.derive("b", First)),
            "node 'n' (Gemm), element 0, by a");
}

TEST(Provenance, ManyBlocksAreNoBurden) {
  // Quadratic work would take minutes here.
  constexpr uint32_t Nodes = 200000;
  Provenance P;
  std::vector<OriginId> Starts;
  for (uint32_t I = 0; I < Nodes; ++I)
    Starts.push_back(P.addModelNode("node", 1));
  for (unsigned Round = 0; Round < 2; ++Round)
    for (OriginId Start : Starts)
      P.derive("pass", Start);
  EXPECT_EQ(P.blocks().size(), 1 + 2 * size_t{Nodes});
}
