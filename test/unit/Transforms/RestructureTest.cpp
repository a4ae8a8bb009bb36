//===- RestructureTest.cpp - Passes that keep readings -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// shift-inputs, merge-identical-units, lump-species and renumber on random
// networks: what ports read, and what observed species end at, before and
// after.
//
//===----------------------------------------------------------------------===//

#include "../ParseNetwork.h"
#include "../RandomFeedForward.h"
#include "../RandomGraph.h"
#include "../RandomNetwork.h"
#include "nn2crn/IR/Text.h"
#include "nn2crn/IR/Verifier.h"
#include "nn2crn/Lowering/NcRelu.h"
#include "nn2crn/Transforms/Pipeline.h"

#include "llvm/Support/raw_ostream.h"

#include <map>

using namespace nn2crn;
using namespace nn2crn::test;

namespace {
/// Runs passes, which must succeed.
PassRun runPasses(Network &Net, std::string_view Passes) {
  Collected Diags;
  PassContext Context(Diags.Engine, [](std::string_view) {});
  auto P = Pipeline::parse(Passes, Diags.Engine);
  PassRun Run;
  EXPECT_TRUE(P && runPipeline(*P, Net, Context, {}, Run)) << Diags.text();
  return Run;
}
uint64_t count(const PassRun &Run, std::string_view Name) {
  for (const auto &Entry : Run.Entries)
    for (const auto &[Counter, Value] : Entry.Counters)
      if (Counter == Name)
        return Value;
  ADD_FAILURE() << "no counter " << Name;
  return 0;
}

std::string text(const Network &Net) {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  printText(Net, OS);
  return Text;
}

std::map<std::string, SpeciesId> speciesByName(const Network &Net) {
  std::map<std::string, SpeciesId> Names;
  for (SpeciesId S : Net.species())
    Names[Net.nameText(S)] = S;
  return Names;
}

/// Readings, and final amounts of what is flagged as observed.
void expectSameReadings(const Network &Before, const Network &After,
                        unsigned Seed) {
  auto Names = speciesByName(After);
  std::mt19937 Random(Seed);
  for (int Case = 0; Case < 4; ++Case) {
    auto Inputs = randomInputs(Before, Random);
    auto Was = settledReadings(Before, Inputs),
         Is = settledReadings(After, Inputs);
    ASSERT_EQ(Was.size(), Is.size());
    for (size_t I = 0; I < Was.size(); ++I)
      EXPECT_NEAR(Is[I], Was[I], 1e-9 * std::max(1.0, std::fabs(Was[I])))
          << "element " << I << ", case " << Case << "\n"
          << text(Before) << "\nbecame\n"
          << text(After);
    Was = settledAmounts(Before, Inputs);
    Is = settledAmounts(After, Inputs);
    for (SpeciesId S : Before.species())
      if (Before.flags(S).Observed) {
        ASSERT_TRUE(Names.count(Before.nameText(S))) << Before.nameText(S);
        EXPECT_NEAR(Is[Names[Before.nameText(S)].Value], Was[S.Value],
                    1e-9 * std::max(1.0, Was[S.Value]))
            << Before.nameText(S) << ", case " << Case << "\n"
            << text(Before) << "\nbecame\n"
            << text(After);
      }
  }
}

/// Final amounts of what is observed.
void expectSameEquilibrium(const Network &Before, const Network &After,
                           unsigned Seed) {
  auto Names = speciesByName(After);
  std::mt19937 Random(Seed);
  auto Inputs = randomInputs(Before, Random);
  auto Was = settledAmounts(Before, Inputs), Is = settledAmounts(After, Inputs);
  auto Observed = Before.observedSpecies();
  for (SpeciesId S : Before.species())
    if (Observed[S.Value]) {
      ASSERT_TRUE(Names.count(Before.nameText(S))) << Before.nameText(S);
      EXPECT_NEAR(Is[Names[Before.nameText(S)].Value], Was[S.Value],
                  1e-9 * std::max(1.0, Was[S.Value]))
          << Before.nameText(S) << "\n"
          << text(Before) << "\nbecame\n"
          << text(After);
    }
}

Network lowered(Builder &B) {
  Collected Diags;
  auto Net = lowerNcRelu(B.G, Diags.Engine);
  EXPECT_TRUE(Net) << Diags.text();
  return Net ? std::move(*Net) : Network();
}

/// Bounds for all inputs: finite, and on both sides of 0.
void declareRanges(Network &Net, unsigned Seed) {
  std::mt19937 Random(Seed);
  Editor Edit(Net);
  for (size_t I = 0; I < Net.ports().size(); ++I) {
    Port P = Net.ports()[I];
    if (P.Direction != PortDirection::Input)
      continue;
    P.Range.clear();
    bool Each = Random() % 2;
    for (size_t E = 0; E < (Each ? P.elementCount() : 1); ++E) {
      double Low = static_cast<double>(Random() % 96) / 16 - 4;
      P.Range.push_back({Low, Low + static_cast<double>(Random() % 64) / 16});
    }
    Edit.setPort(I, std::move(P));
  }
}
} // namespace

TEST(ShiftInputs, ReadsTheSameOnTheRange) {
  uint64_t Shifted = 0, Elements = 0;
  for (unsigned Seed = 0; Seed < 400; ++Seed) {
    SCOPED_TRACE("seed " + std::to_string(Seed));
    Builder B(Seed);
    B.fill();
    Network Net = lowered(B);
    declareRanges(Net, Seed);
    if (Seed % 2)
      runPasses(Net, "O1");
    Network Before = Net;
    PassRun Run = runPasses(Net, "shift-inputs");
    expectSameReadings(Before, Net, Seed);
    Shifted += count(Run, "shifted");
    EXPECT_EQ(count(Run, "unproven"), 0u) << text(Before);
    for (const Port &P : Net.ports())
      if (P.Direction == PortDirection::Input) {
        Elements += P.elementCount();
        EXPECT_EQ(P.Encoding, PortEncoding::SingleRail);
      }
    if (Run.Entries[0].Result.kind() == PassResult::Kind::Changed) {
      EXPECT_EQ(Run.Level, Preserved::SameDifference);
      EXPECT_TRUE(Run.OnRangeOnly);
    }
    // Nothing is left to do.
    EXPECT_EQ(runPasses(Net, "shift-inputs").Entries[0].Result.kind(),
              PassResult::Kind::Unchanged);
  }
  EXPECT_GT(Elements, 1000u);
  EXPECT_EQ(Shifted, Elements);
}

TEST(ShiftInputs, LeavesAloneWhatIsNotProven) {
  uint64_t Shifted = 0, Unproven = 0;
  for (unsigned Seed = 0; Seed < 1000; ++Seed) {
    SCOPED_TRACE("seed " + std::to_string(Seed));
    Network Net = randomFeedForward(Seed);
    declareRanges(Net, Seed);
    Network Before = Net;
    PassRun Run = runPasses(Net, "shift-inputs");
    // Values below an offset's bound have no rail from the start.
    bool Dual = std::ranges::all_of(Before.ports(), [](const Port &P) {
      return P.Direction == PortDirection::Output ||
             P.Encoding == PortEncoding::DualRail;
    });
    if (Dual)
      expectSameReadings(Before, Net, Seed);
    Shifted += count(Run, "shifted");
    Unproven += count(Run, "unproven");
  }
  EXPECT_GT(Shifted, 100u);
  EXPECT_GT(Unproven, 100u);
}

TEST(MergeIdenticalUnits, KeepsFinalAmounts) {
  uint64_t Merged = 0, Kept = 0;
  for (unsigned Seed = 0; Seed < 1500; ++Seed) {
    SCOPED_TRACE("seed " + std::to_string(Seed));
    Network Net = randomFeedForward(Seed);
    Network Before = Net;
    PassRun Run = runPasses(Net, "merge-identical-units");
    expectSameReadings(Before, Net, Seed);
    expectSameEquilibrium(Before, Net, Seed);
    Merged += count(Run, "merged");
    Kept += count(Run, "kept");
    EXPECT_EQ(Before.reactionCount(),
              Net.reactionCount() + count(Run, "merged"));
    EXPECT_EQ(Before.speciesCount(),
              Net.speciesCount() + count(Run, "species"));
    EXPECT_EQ(count(runPasses(Net, "merge-identical-units"), "merged"), 0u)
        << "in one go";
  }
  EXPECT_GT(Merged, 500u);
  EXPECT_GT(Kept, 10u);
}

TEST(MergeIdenticalUnits, OneOfTwoEqualUnitsIsLeft) {
  // Each hidden unit twice, each layer.
  Builder B(1);
  ValueId V = B.G.addInput("x", {5});
  for (uint32_t Layer = 0; Layer < 3; ++Layer) {
    uint32_t Columns = B.G.value(V).Elements;
    SparseMatrix W(Columns);
    Vector Bias;
    for (uint32_t R = 0; R < 4; ++R) {
      // Twins before this layer have the same weights or may differ.
      std::vector<double> Row;
      for (uint32_t C = 0; C < Columns; ++C)
        Row.push_back(B.below(2) ? 1 : -1);
      Bias.insert(Bias.end(), 2, B.number());
      for (int Twice = 0; Twice < 2; ++Twice) {
        for (uint32_t C = 0; C < Columns; ++C)
          W.add(C, Row[C]);
        W.endRow();
      }
    }
    std::vector<Node::Operand> Operands;
    Operands.push_back({V, std::move(W), B.S});
    V = B.G.addRelu(
        "h", B.G.addAffine("z", {8}, std::move(Operands), std::move(Bias), B.S),
        B.S);
  }
  B.G.addOutput("y", B.affine(2, {V}), {2});
  Network Net = lowered(B), Before = Net;
  runPasses(Net, "merge-identical-units");
  expectSameReadings(Before, Net, 1);
  auto Bimolecular = [](const Network &N) {
    size_t Count = 0;
    for (Reaction R : N.reactions())
      Count += R.reactants().size() == 2;
    return Count;
  };
  EXPECT_EQ(Bimolecular(Before), 24u);
  EXPECT_EQ(Bimolecular(Net), 12u);
}

TEST(MergeIdenticalUnits, CountsThatDoNotFitStay) {
  Network Net = parse("@input x[] single\n@output y[] single\n"
                      "x -> a + b\na -> 2147483647 y\nb -> y\n");
  PassRun Run = runPasses(Net, "merge-identical-units");
  EXPECT_EQ(count(Run, "merged"), 0u);
  EXPECT_EQ(count(Run, "kept"), 1u);
}

TEST(LumpSpecies, KeepsFinalAmounts) {
  uint64_t Lumped = 0, Timeless = 0;
  for (unsigned Seed = 0; Seed < 1500; ++Seed) {
    SCOPED_TRACE("seed " + std::to_string(Seed));
    Network Net = randomFeedForward(Seed);
    Network Before = Net;
    PassRun Run = runPasses(Net, "lump-species");
    expectSameReadings(Before, Net, Seed);
    expectSameEquilibrium(Before, Net, Seed);
    Lumped += count(Run, "lumped");
    Timeless += Run.Level == Preserved::SameEquilibrium;
    EXPECT_EQ(Before.speciesCount(), Net.speciesCount() + count(Run, "lumped"));
    EXPECT_EQ(count(runPasses(Net, "lump-species"), "lumped"), 0u)
        << "in one go";
  }
  EXPECT_GT(Lumped, 100u);
  EXPECT_GT(Timeless, 10u);
}

TEST(LumpSpecies, TheSumObeysTheEquationOfItsParts) {
  // Nothing here is certain: every rate counts. A state before has a and b, one
  // after has their sum in a.
  Network Before = parse("@input x[] single\n@output y[2] single\n"
                         "x -> a + 2 b\nx + a2 -> b + c [k = 3]\n"
                         "a -> c + y.0 [k = 2]\nb -> y.0 + c [k = 2]\n"
                         "c + c2 -> y.1 [k = 5]\nc -> a2\na2 -> x\nc2 -> b\n");
  Network After = Before;
  PassRun Run = runPasses(After, "lump-species");
  EXPECT_EQ(count(Run, "lumped"), 1u);
  EXPECT_EQ(Run.Level, Preserved::SameKinetics);
  auto Derivative = [](const Network &Net,
                       std::map<std::string, double> State) {
    std::map<std::string, double> Change;
    for (Reaction R : Net.reactions()) {
      double Rate = R.rateConstant();
      for (Term T : R.reactants())
        Rate *= std::pow(State[Net.nameText(T.Species)], T.Coefficient);
      for (Term T : R.reactants())
        Change[Net.nameText(T.Species)] -= Rate * T.Coefficient;
      for (Term T : R.products())
        Change[Net.nameText(T.Species)] += Rate * T.Coefficient;
    }
    return Change;
  };
  std::map<std::string, double> State;
  double Next = 0.5;
  for (SpeciesId S : Before.species())
    State[Before.nameText(S)] = Next += 0.25;
  auto Was = Derivative(Before, State);
  Was["a"] += Was["b"];
  State["a"] += State["b"];
  State.erase("b");
  for (const auto &[Name, Is] : Derivative(After, State))
    EXPECT_NEAR(Is, Was.at(Name), 1e-12) << Name;
}

TEST(LumpSpecies, CountsThatDoNotFitStay) {
  Network Net = parse("@input x[] single\n@output y[] single\n"
                      "x -> 2147483647 a + b\na -> y\nb -> y\n");
  EXPECT_EQ(count(runPasses(Net, "lump-species"), "lumped"), 0u);
}

TEST(LumpSpecies, LinearInLongChains) {
  // Two chains that meet at the end. To look at all species again for each link
  // would take minutes.
  constexpr int Links = 30000;
  std::string Text = "@input x[] single\n@output y[] single\nx -> a.0 + b.0\n";
  for (int I = 0; I < Links; ++I)
    for (const char *Chain : {"a.", "b."})
      Text += Chain + std::to_string(I) + " -> " +
              (I < Links - 1 ? Chain + std::to_string(I + 1) : "y") + "\n";
  Network Net = parse(Text);
  EXPECT_EQ(count(runPasses(Net, "lump-species"), "lumped"), uint64_t(Links));
  EXPECT_EQ(Net.reactionCount(), size_t(Links) + 1);
}

TEST(Renumber, MovesAndDoesNothingElse) {
  unsigned Moved = 0;
  for (unsigned Seed = 0; Seed < 600; ++Seed) {
    SCOPED_TRACE("seed " + std::to_string(Seed));
    Network Net = Seed % 2 ? randomFeedForward(Seed) : randomNetwork(Seed);
    auto Lines = [](const Network &N) {
      std::vector<std::string> All;
      for (Reaction R : N.reactions())
        All.push_back(reactionText(N, R) + " @ " +
                      formatDouble(R.rateConstant()) + " in " +
                      std::to_string(R.phases()));
      for (SpeciesId S : N.species())
        All.push_back(N.nameText(S) + " = " + N.initial(S).str());
      std::ranges::sort(All);
      return All;
    };
    auto Before = Lines(Net);
    PassRun Run = runPasses(Net, "renumber");
    EXPECT_EQ(Run.Level, Preserved::SameKinetics);
    Moved += Run.Entries[0].Result.kind() == PassResult::Kind::Changed;
    EXPECT_EQ(Lines(Net), Before);
    Collected Diags;
    EXPECT_TRUE(verify(Net, Diags.Engine)) << Diags.text();
    EXPECT_EQ(runPasses(Net, "renumber").Entries[0].Result.kind(),
              PassResult::Kind::Unchanged);
  }
  EXPECT_GT(Moved, 300u);
}

TEST(Restructure, TogetherOnLoweredGraphs) {
  for (unsigned Seed = 0; Seed < 200; ++Seed) {
    SCOPED_TRACE("seed " + std::to_string(Seed));
    Builder B(Seed);
    B.fill();
    Network Net = lowered(B);
    declareRanges(Net, Seed);
    Network Before = Net;
    runPasses(Net, "shift-inputs,fix(merge-identical-units,lump-species),O1,"
                   "renumber");
    expectSameReadings(Before, Net, Seed);
  }
}
