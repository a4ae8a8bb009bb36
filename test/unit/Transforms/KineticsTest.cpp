//===- KineticsTest.cpp - Passes that keep kinetics, on random networks -*- C++
//-*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// "Same kinetics" means the same differential equations of what is observed.
// That can be checked without integrating: at random states the time derivative
// of every species that is left must be what it was, up to rounding.
//
//===----------------------------------------------------------------------===//

#include "../RandomNetwork.h"
#include "nn2crn/IR/Verifier.h"
#include "nn2crn/Transforms/Pipeline.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

using namespace nn2crn;

namespace {
using Amounts = std::map<std::string, double>;

/// d/dt of every species by name, and in Scale the size of what was added up.
Amounts derivative(const Network &Net, const Amounts &State, PhaseMask Phase,
                   Amounts &Scale) {
  Amounts Change;
  for (SpeciesId S : Net.species())
    Change[Net.nameText(S)] = Scale[Net.nameText(S)] = 0;
  for (Reaction R : Net.reactions()) {
    if (R.phases() && !(R.phases() & Phase))
      continue;
    double Rate = R.rateConstant();
    for (Term T : R.reactants())
      Rate *= std::pow(State.at(Net.nameText(T.Species)), T.Coefficient);
    for (int Sign : {-1, 1})
      for (Term T : Sign < 0 ? R.reactants() : R.products()) {
        Change[Net.nameText(T.Species)] += Sign * Rate * T.Coefficient;
        Scale[Net.nameText(T.Species)] += Rate * T.Coefficient;
      }
  }
  return Change;
}

/// Species of \p Net that can ever be there: from the amounts at the start and
/// whatever a port, phase or boundary may supply.
std::map<std::string, bool> reachable(const Network &Net) {
  std::map<std::string, bool> There;
  bool HasInputs = false;
  for (const Port &P : Net.ports())
    HasInputs |= P.Direction != PortDirection::Output;
  for (SpeciesId S : Net.species())
    There[Net.nameText(S)] =
        !HasInputs || Net.initialValue(S) > 0 || Net.flags(S).Boundary;
  for (const Port &P : Net.ports())
    if (P.Direction != PortDirection::Output)
      for (const PortTerm &T : P.Terms)
        There[Net.nameText(T.Species)] = true;
  for (const Phase &P : Net.phases())
    for (const auto *List : {&P.Doses, &P.Resets})
      for (const Phase::Amount &A : *List)
        There[Net.nameText(A.Species)] = true;
  for (bool Grew = true; Grew;) {
    Grew = false;
    for (Reaction R : Net.reactions()) {
      bool Fires = true;
      for (Term T : R.reactants())
        Fires &= There[Net.nameText(T.Species)];
      if (Fires)
        for (Term T : R.products())
          Grew |= !std::exchange(There[Net.nameText(T.Species)], true);
    }
  }
  return There;
}

void expectSameKinetics(const Network &Before, const Network &After,
                        uint32_t Seed) {
  std::mt19937 Random(Seed);
  auto There = reachable(Before);
  auto Observed = Before.observedSpecies();
  for (SpeciesId S : Before.species()) {
    std::string Name = Before.nameText(S);
    bool Left = false;
    for (SpeciesId T : After.species())
      Left |= After.nameText(T) == Name;
    EXPECT_TRUE(Left || !Observed[S.Value])
        << "seed " << Seed << ": " << Name << " was observed and is gone";
  }
  for (int Trial = 0; Trial < 4; ++Trial) {
    Amounts State, Scale, Unused;
    for (const auto &[Name, IsThere] : There)
      State[Name] = IsThere ? (Random() % 1000) / 250.0 : 0;
    auto Phase = static_cast<PhaseMask>(Random() % 4);
    Amounts Was = derivative(Before, State, Phase, Scale);
    for (const auto &[Name, Is] : derivative(After, State, Phase, Unused))
      EXPECT_NEAR(Is, Was.at(Name), 1e-12 * (1 + Scale.at(Name)))
          << "seed " << Seed << ", species " << Name;
  }
}
} // namespace

TEST(Kinetics, PassesKeepThemOnRandomNetworks) {
  std::map<std::string, unsigned> TimesChanged;
  for (const PassInfo &Info : allPasses())
    for (uint32_t Seed = 0; Seed < 1000; ++Seed) {
      Network Net = test::randomNetwork(Seed);
      Network Before = Net;
      DiagnosticEngine Diags([](const Diagnostic &D) {
        if (D.Id == DiagId::BrokenContract)
          ADD_FAILURE() << formatDiagnostic(D);
      });
      PassContext Context(Diags, [](std::string_view) {});
      auto P = Pipeline::parse(Info.Name, Diags);
      ASSERT_TRUE(P);
      PassRun Run;
      // A pass may refuse such a network, or keep less than the kinetics: that
      // is compared elsewhere, at its own level.
      if (!runPipeline(*P, Net, Context, {}, Run) ||
          Run.Level != Preserved::SameKinetics)
        continue;
      TimesChanged[std::string(Info.Name)] +=
          Run.Entries[0].Result.kind() == PassResult::Kind::Changed;
      expectSameKinetics(Before, Net, Seed);
    }
  for (const char *Rewriting :
       {"canonicalize", "merge-duplicates", "eliminate-dead"})
    EXPECT_GT(TimesChanged[Rewriting], Rewriting[0] == 'm' ? 0u : 100u)
        << Rewriting;
}

TEST(Kinetics, PipelinesReachAFixedPoint) {
  for (uint32_t Seed = 0; Seed < 300; ++Seed) {
    Network Net = test::randomNetwork(Seed);
    DiagnosticEngine Diags(
        [](const Diagnostic &D) { ADD_FAILURE() << formatDiagnostic(D); });
    PassContext Context(Diags, [](std::string_view) {});
    auto P = Pipeline::parse("fix(O1)", Diags);
    PassRun First, Second;
    ASSERT_TRUE(runPipeline(*P, Net, Context, {}, First));
    uint64_t Hash = Net.contentHash();
    ASSERT_TRUE(runPipeline(*P, Net, Context, {}, Second));
    EXPECT_EQ(Net.contentHash(), Hash) << "seed " << Seed;
    EXPECT_EQ(Second.Entries.size(), 3u) << "seed " << Seed;
  }
}
