//===- EditorTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/IR/Editor.h"
#include "../RandomNetwork.h"
#include "nn2crn/IR/Verifier.h"

#include <gtest/gtest.h>

using namespace nn2crn;

namespace {
std::vector<ReactionId> usersByScan(const Network &Net, SpeciesId S,
                                    bool Products) {
  std::vector<ReactionId> Users;
  for (Reaction R : Net.reactions())
    for (Term T : Products ? R.products() : R.reactants())
      if (T.Species == S)
        Users.push_back(R.id());
  return Users;
}
template <class T> std::vector<T> vec(std::span<const T> S) {
  return {S.begin(), S.end()};
}
} // namespace

TEST(Editor, IndexFollowsEdits) {
  for (uint32_t Seed = 0; Seed < 200; ++Seed) {
    Network Net = test::randomNetwork(Seed);
    std::mt19937 Random(Seed);
    Editor Edit(Net);
    for (int Step = 0; Step < 30; ++Step) {
      auto S = SpeciesId(Random() % static_cast<uint32_t>(Net.speciesRows()));
      auto T = SpeciesId(Random() % static_cast<uint32_t>(Net.speciesRows()));
      switch (Random() % 3) {
      case 0:
        Edit.addReaction({{S, 1}}, {{T, 2}}, Edit.rate(1));
        break;
      case 1:
        if (Net.reactionCount())
          Edit.setTerms((*Net.reactions().begin()).id(),
                        std::vector<Term>{{T, 1}}, std::vector<Term>{{S, 3}});
        break;
      case 2:
        if (Net.reactionCount())
          Edit.erase((*Net.reactions().begin()).id());
        break;
      }
      EXPECT_EQ(vec(Edit.consumers(S)), usersByScan(Net, S, false));
      EXPECT_EQ(vec(Edit.producers(S)), usersByScan(Net, S, true));
    }
    DiagnosticEngine Diags(
        [](const Diagnostic &D) { ADD_FAILURE() << formatDiagnostic(D); });
    EXPECT_TRUE(verify(Net, Diags));
    uint64_t Hash = Net.contentHash();
    Edit.compact();
    EXPECT_TRUE(Net.isCompact());
    EXPECT_EQ(Net.contentHash(), Hash);
  }
}

TEST(Editor, CompactTakesAnOrder) {
  Network Net;
  Editor Edit(Net);
  SpeciesId A = Edit.addSpecies(SpeciesName(Edit.signal("A")));
  SpeciesId B = Edit.addSpecies(SpeciesName(Edit.signal("B")));
  SpeciesId C = Edit.addSpecies(SpeciesName(Edit.signal("C")));
  Edit.setInitial(C, Number::rational(Rational(1, 3)));
  ReactionId R = Edit.addReaction({{A, 1}}, {{C, 2}}, Edit.rate(1));
  Edit.erase(B);
  IdMap Map = Edit.compact(std::vector<SpeciesId>{C, A});
  EXPECT_FALSE(Map.Species[B.Value].isValid());
  EXPECT_EQ(Map.Species[C.Value], SpeciesId(0));
  EXPECT_EQ(Map.Reactions[R.Value], ReactionId(0));
  EXPECT_EQ(Net.initial(SpeciesId(0)).str(), "1/3");
  EXPECT_EQ(reactionText(Net, Net.reaction(ReactionId(0))), "A -> 2 C");
}

TEST(Editor, UsesFollowRewrittenRows) {
  Network Net;
  Editor Edit(Net);
  SpeciesId A = Edit.addSpecies(SpeciesName(Edit.signal("A")));
  SpeciesId B = Edit.addSpecies(SpeciesName(Edit.signal("B")));
  ReactionId R = Edit.addReaction({{A, 1}}, {{B, 1}}, Edit.rate(1));
  EXPECT_EQ(Edit.consumers(A).size(), 1u); // builds the index
  ReactionId Late = Edit.addReaction({{A, 1}}, {}, Edit.rate(1));
  Edit.setTerms(Late, Net.reaction(R).products(), {});
  Edit.setTerms(R, Net.reaction(R).products(), Net.reaction(R).reactants());
  EXPECT_TRUE(Edit.consumers(A).empty());
  EXPECT_EQ(Edit.consumers(B).size(), 2u);
  EXPECT_EQ(Edit.producers(A).size(), 1u);
  EXPECT_TRUE(Edit.producers(B).empty());
}

TEST(Editor, FreshSignalsAreNew) {
  Network Net;
  Editor Edit(Net);
  Edit.signal("h");
  Edit.signal("h_1");
  EXPECT_EQ(Net.signals().text(Edit.freshSignal("h")), "h_2");
  EXPECT_EQ(Net.signals().text(Edit.freshSignal("z")), "z");
}

TEST(NameIndex, FindsByText) {
  Network Net;
  Editor Edit(Net);
  SpeciesId Plain = Edit.addSpecies(SpeciesName(Edit.signal("a.1")));
  SpeciesId Rail1 =
      Edit.addSpecies(SpeciesName(Edit.signal("a"), 1, Rail::Positive));
  NameIndex Names(Net);
  EXPECT_EQ(Names.find("a.1"), Plain);
  EXPECT_EQ(Names.find("a.1.p"), Rail1);
  EXPECT_EQ(Names.find("a.1.n"), std::nullopt);
  EXPECT_EQ(Names.find("a.01.p"), std::nullopt);
}

TEST(Verifier, ReportsWhatIsBroken) {
  Network Net;
  Editor Edit(Net);
  SignalId Signal = Edit.signal("A");
  SpeciesId A = Edit.addSpecies(SpeciesName(Signal));
  Edit.addSpecies(SpeciesName(Signal));
  Edit.addReaction({{A, 0}}, {{SpeciesId(9), 1}}, RateId(4));
  Edit.addReaction({{A, 1}, {A, 1}}, {}, Edit.rate(-1), OriginId(0), 1);
  Port P;
  P.Name = "p";
  P.Shape = {2};
  Edit.addPort(P);
  Net.Units = {"gallons", "s", 0};
  std::string Messages;
  DiagnosticEngine Diags(
      [&](const Diagnostic &D) { Messages += D.Message + '\n'; });
  EXPECT_FALSE(verify(Net, Diags));
  for (const char *Expected :
       {"two species are named 'A'", "has coefficient 0",
        "species #9, which does not exist", "no valid rate constant",
        "lists a species twice on one side", "is not a finite number",
        "runs in a phase that does not exist", "does not bind 2 elements",
        "'gallons' and 's' are not a unit",
        "the volume is not a positive number"})
    EXPECT_NE(Messages.find(Expected), std::string::npos) << Expected;
}
