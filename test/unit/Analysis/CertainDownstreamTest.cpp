//===- CertainDownstreamTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/CertainDownstream.h"
#include "nn2crn/IR/Text.h"

#include <gtest/gtest.h>

using namespace nn2crn;

namespace {
/// The reactions of \p Text that are certain, as '1', and those that are not.
std::string certainty(std::string_view Text) {
  DiagnosticEngine Diags(
      [](const Diagnostic &D) { ADD_FAILURE() << formatDiagnostic(D); });
  auto Net = parseText(Text, "t.crn", Diags);
  if (!Net)
    return "";
  CertainDownstream C(*Net);
  std::string Out;
  for (Reaction R : Net->reactions())
    Out += C.certain(R.id()) ? '1' : '0';
  size_t Last = 0;
  std::vector<size_t> Place(Net->reactionRows());
  for (ReactionId R : C.order())
    Place[R.Value] = ++Last;
  auto Made = [](Reaction R, Term T) {
    for (Term U : R.reactants())
      if (U.Species == T.Species)
        return T.Coefficient > U.Coefficient;
    return true;
  };
  for (Reaction R : Net->reactions())
    for (Term T : R.products())
      for (Reaction User : Net->reactions())
        for (Term U : User.reactants())
          if (U.Species == T.Species && Made(R, T) && Place[R.id().Value]) {
            EXPECT_LT(Place[R.id().Value], Place[User.id().Value]);
          }
  return Out;
}
} // namespace

TEST(CertainDownstream, LooksAtAllThatIsReached) {
  // A layer of ReLU.
  EXPECT_EQ(certainty("x -> p + n\np -> m + h\nm + n -> g\n"), "111");
  // A cycle, what leads to it, and what it leads to.
  EXPECT_EQ(certainty("I -> A\nA -> B\nB -> A + C\nC -> D\n"), "0001");
  // The counter-example: X is a reactant once, but A and D are competed for.
  EXPECT_EQ(certainty("X -> A\nA -> C\nA + D -> E\nD -> W\nC -> F\n"), "00001");
  // Whoever shares a catalyst with its consumer.
  EXPECT_EQ(certainty("A + C -> B + C\nC -> D\nY -> A\n"), "000");
  EXPECT_EQ(certainty("A + C -> B + C\nY + C -> Z + C\nW -> Y\n"), "111");
  // No rate, no consumption.
  EXPECT_EQ(certainty("A -> B\nB -> C [k = 0]\nC -> D\n"), "001");
  EXPECT_EQ(certainty("A -> B\nB -> B + C\n"), "00");
  EXPECT_EQ(certainty("A + B -> 2 A\n"), "0");
}

TEST(CertainDownstream, SpeciesAreCertainWithAllTheirUsers) {
  DiagnosticEngine Diags(
      [](const Diagnostic &D) { ADD_FAILURE() << formatDiagnostic(D); });
  auto Net = parseText("X -> A\nA -> C\nA + D -> E\nC -> F\n"
                       "K @constant 1\n",
                       "t.crn", Diags);
  ASSERT_TRUE(Net);
  CertainDownstream C(*Net);
  std::string Certain;
  for (SpeciesId S : Net->species())
    if (C.certain(S))
      Certain += Net->nameText(S);
  // What nothing needs is certain, what is held is not.
  EXPECT_EQ(Certain, "CEF");
}

TEST(CertainDownstream, HeldSpeciesAndPhases) {
  EXPECT_EQ(certainty("F @constant 1\nA + F -> B\nX + F -> Y\n"), "11");
  EXPECT_EQ(certainty("F @constant 0\nA + F -> B\nA -> C\n"), "01");
  EXPECT_EQ(certainty("@phase p duration = 1\nA -> B [k = 1, phase = p]\n"),
            "0");
}
