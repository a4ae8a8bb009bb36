//===- DamagedTest.cpp - What passes promise, on odd networks -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lowered models are what passes are for, and are all of one kind. Here they
// are damaged in some places: other coefficients and products, catalysts and
// fuels that may be absent or that a user gives, species that are observed,
// held or marked, rails that a port reads alone, amounts on one rail. Where
// such a network is still feed-forward, whatever a pass says that it kept must
// be kept: amounts of what is observed, or readings.
//
//===----------------------------------------------------------------------===//

#include "../RandomFeedForward.h"
#include "RandomPipeline.h"
#include "nn2crn/IR/Text.h"
#include "nn2crn/Lowering/NcRelu.h"

#include "llvm/Support/raw_ostream.h"

#include <map>

using namespace nn2crn;
using namespace nn2crn::test;

namespace {
class Damage {
public:
  Damage(Network &Net, Builder &B) : Net(Net), B(B), Edit(Net) {}

  void ports() {
    for (size_t I = 0; I < Net.ports().size(); ++I) {
      Port P = Net.ports()[I];
      if (P.Direction == PortDirection::Input && below(4)) {
        size_t Ranges = below(2) ? 1 : P.elementCount();
        for (size_t R = 0; R < Ranges; ++R) {
          double Low = below(3) ? -1.0 * below(4) : 0;
          P.Range.push_back({Low, Low + 0.5 + below(4)});
        }
      }
      if (below(6) == 0)
        P.Scale = {Number(0.5 * (1 + below(4)))};
      if (below(6) == 0)
        P.Offset = {Number(0.5)};
      if (P.Direction == PortDirection::Output && !P.Terms.empty()) {
        PortTerm &T = P.Terms[below(P.Terms.size())];
        if (below(6) == 0)
          T.Coefficient *= 2;
        // Anything may be read, also by itself.
        SpeciesId S = anySpecies();
        if (below(8) == 0 && std::ranges::none_of(P.Terms, [&](PortTerm U) {
              return U.Species == S;
            }))
          T.Species = S;
      }
      Edit.setPort(I, std::move(P));
    }
  }

  void somewhere() {
    std::vector<ReactionId> Rows;
    for (Reaction R : Net.reactions())
      Rows.push_back(R.id());
    if (Rows.empty())
      return;
    Reaction R = Net.reaction(Rows[below(Rows.size())]);
    std::vector<Term> Left(R.reactants().begin(), R.reactants().end()),
        Right(R.products().begin(), R.products().end());
    SpeciesId S = anySpecies();
    bool New = true;
    for (auto *Side : {&Left, &Right})
      for (Term T : *Side)
        New &= T.Species != S;
    switch (below(9)) {
    case 0:
      if (!Right.empty())
        Right[below(Right.size())].Coefficient += 1 + below(2);
      break;
    case 1:
      if (!Left.empty())
        Left[below(Left.size())].Coefficient += 1;
      break;
    case 2:
      if (New && !Right.empty())
        Right[below(Right.size())].Species = S;
      break;
    case 3:
      if (New)
        Right.push_back({S, 1});
      break;
    case 4:
      if (!Right.empty())
        Right.pop_back();
      break;
    case 5:
      flag(S);
      break;
    case 6:
      Edit.setInitial(S, below(3) ? Number((1 + below(8)) / 4.0)
                                  : Number::rational(Rational(1, 3)));
      break;
    case 7: // Something that is there already is a catalyst as well.
      if (New) {
        Left.push_back({S, 1});
        Right.push_back({S, 1});
      }
      break;
    default:
      gate(Left, Right);
      break;
    }
    Edit.setTerms(R.id(), Left, Right);
  }

private:
  unsigned below(size_t N) { return B.below(static_cast<unsigned>(N)); }
  SpeciesId anySpecies() {
    std::vector<SpeciesId> All;
    for (SpeciesId S : Net.species())
      All.push_back(S);
    return All[below(All.size())];
  }
  void flag(SpeciesId S) {
    SpeciesFlags F = Net.flags(S);
    switch (below(4)) {
    case 0:
      F.Observed = true;
      break;
    case 1:
      F.Constant = true;
      break;
    case 2:
      F.Helper = true;
      break;
    default:
      F.Boundary = true;
      break;
    }
    Edit.setFlags(S, F);
  }
  /// A new catalyst or fuel: absent, there, or given by a port.
  void gate(std::vector<Term> &Left, std::vector<Term> &Right) {
    SpeciesId S = Edit.addSpecies(SpeciesName(Edit.freshSignal("c")));
    if (below(2))
      Edit.setInitial(S, 1);
    bool Fuel = below(2);
    if (Fuel) {
      SpeciesFlags F;
      F.Constant = true;
      F.InitialKind = Net.flags(S).InitialKind;
      Edit.setFlags(S, F);
    } else {
      Right.push_back({S, 1});
    }
    Left.push_back({S, 1});
    if (below(2)) {
      Port P;
      P.Name = Net.nameText(S);
      P.Encoding = PortEncoding::SingleRail;
      P.Shape = {1};
      PortTerm T{S, 1};
      P.addElement({&T, 1});
      P.Range = {{0, 1}};
      Edit.addPort(std::move(P));
    }
  }

  Network &Net;
  Builder &B;
  Editor Edit;
};

/// A damaged network and the generator of what happens to it.
struct Subject {
  Builder B;
  Network Net;

  explicit Subject(unsigned Seed) : B(randomGraph(Seed, 3, 3)) {
    Collected Diags;
    auto Lowered = lowerNcRelu(B.G, Diags.Engine);
    EXPECT_TRUE(Lowered) << Diags.text();
    Net = std::move(*Lowered);
    PassRun Run;
    if (B.below(2))
      runOn(Net, B.below(2) ? "eliminate-unimolecular" : "O2", Run);
    Damage D(Net, B);
    D.ports();
    for (unsigned I = 1 + B.below(4); I > 0; --I)
      D.somewhere();
  }
};

std::string text(const Network &Net) {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  printText(Net, OS);
  return Text;
}

void expectKept(const Network &Before, const Network &After, Preserved Level,
                std::mt19937 &Random) {
  std::map<std::string, SpeciesId> Names;
  for (SpeciesId S : After.species())
    Names[After.nameText(S)] = S;
  auto Observed = Before.observedSpecies();
  for (int Case = 0; Case < 3; ++Case) {
    auto Inputs = randomInputs(Before, Random);
    auto Was = settledAmounts(Before, Inputs),
         Is = settledAmounts(After, Inputs);
    if (Level <= Preserved::SameEquilibrium)
      for (SpeciesId S : Before.species())
        if (Observed[S.Value]) {
          std::string Name = Before.nameText(S);
          ASSERT_TRUE(Names.count(Name)) << Name;
          EXPECT_NEAR(Is[Names[Name].Value], Was[S.Value],
                      1e-9 * std::max(1.0, Was[S.Value]))
              << Name;
        }
    auto Read = readOutputs(Before, Was), Reads = readOutputs(After, Is);
    ASSERT_EQ(Read.size(), Reads.size());
    for (size_t P = 0; P < Read.size(); ++P)
      for (size_t E = 0; E < Read[P].size(); ++E)
        EXPECT_NEAR(Reads[P][E], Read[P][E],
                    1e-9 * std::max(1.0, std::fabs(Read[P][E])))
            << "output " << P << ", element " << E;
    if (testing::Test::HasFailure()) {
      for (const auto &Values : Inputs)
        ADD_FAILURE() << testing::PrintToString(Values);
      ADD_FAILURE() << text(Before) << "\nbecame\n" << text(After);
      return;
    }
  }
}

/// Runs \p Text, and compares where both networks have a limit that is sure.
bool check(Subject &S, const std::string &Text) {
  Network Net = S.Net;
  PassRun Run;
  runOn(Net, Text, Run);
  if (Net.contentHash() == S.Net.contentHash() || !analyzeFeedForward(Net))
    return false;
  expectKept(S.Net, Net, Run.Level, S.B.Random);
  return true;
}
} // namespace

TEST(Damaged, EveryPassKeepsItsPromise) {
  unsigned Compared = 0;
  auto Seeds = seeds(3000);
  for (unsigned Seed : Seeds) {
    Subject S(Seed);
    if (!analyzeFeedForward(S.Net))
      continue;
    for (const PassInfo &Info : allPasses()) {
      SCOPED_TRACE(std::string(Info.Name) +
                   ", NN2CRN_SEED=" + std::to_string(Seed));
      Compared += check(S, std::string(Info.Name));
      if (HasFailure())
        return;
    }
  }
  if (Seeds.size() > 1) {
    EXPECT_GE(Compared, 5000u);
  }
}

TEST(Damaged, RandomPipelinesKeepTheirPromise) {
  unsigned Compared = 0;
  auto Seeds = seeds(5000);
  for (unsigned Seed : Seeds) {
    Subject S(Seed + 1000000);
    if (!analyzeFeedForward(S.Net))
      continue;
    std::string Text = randomPipeline(S.B);
    SCOPED_TRACE("NN2CRN_SEED=" + std::to_string(Seed) + ", pipeline " + Text);
    Compared += check(S, Text);
    if (HasFailure())
      return;
  }
  if (Seeds.size() > 1) {
    EXPECT_GE(Compared, 2000u);
  }
}
