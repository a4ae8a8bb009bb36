//===- FanoutTest.cpp - Passes on product and reactant lists -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Helpers, expanded again, must give every reaction the products that it had,
// molecule for molecule; what may not be late must be where it was. And on
// feed-forward networks, whose limit one pass in topological order computes,
// final amounts of what is observed must not move.
//
//===----------------------------------------------------------------------===//

#include "../Limit.h"
#include "../ParseNetwork.h"
#include "../RandomNetwork.h"
#include "nn2crn/Analysis/CertainDownstream.h"
#include "nn2crn/Analysis/CostModel.h"
#include "nn2crn/Analysis/FeedForward.h"
#include "nn2crn/IR/Verifier.h"
#include "nn2crn/Transforms/Pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

using namespace nn2crn;
using nn2crn::test::parse;

namespace {
Network run(const Network &Before, const std::string &Passes,
            PassRun *Did = nullptr) {
  Network Net = Before;
  DiagnosticEngine Diags(
      [](const Diagnostic &D) { ADD_FAILURE() << formatDiagnostic(D); });
  PassContext Context(Diags, [](std::string_view) {});
  auto P = Pipeline::parse(Passes, Diags);
  PassRun Local;
  EXPECT_TRUE(P && runPipeline(*P, Net, Context, {}, Did ? *Did : Local));
  return Net;
}

/// A layered network: every species is used by at most one reaction (so that it
/// is feed-forward) unless \p Compete, and product lists have much in common.
Network layered(uint32_t Seed, bool Compete) {
  std::mt19937 Random(Seed);
  auto Below = [&](uint32_t N) { return static_cast<uint32_t>(Random() % N); };
  Network Net;
  Editor Edit(Net);
  RateId One = Edit.rate(1), Two = Edit.rate(2);
  std::vector<std::vector<SpeciesId>> Layers(2 + Below(3));
  const char *Signals[] = {"x", "f", "g", "h", "y"};
  for (size_t L = 0; L < Layers.size(); ++L) {
    bool Rails = Below(2) != 0;
    SignalId S = Edit.signal(Signals[L]);
    uint32_t Width = 2 + Below(9);
    for (uint32_t I = 0; I < Width; ++I)
      for (Rail R : {Rail::Positive, Rail::Negative}) {
        if (!Rails && R == Rail::Negative)
          continue;
        Layers[L].push_back(Edit.addSpecies({S, I, Rails ? R : Rail::None}));
        if (Below(4) == 0)
          Edit.setInitial(Layers[L].back(), Below(40) / 8.0);
      }
  }
  for (size_t L = 0; L + 1 < Layers.size(); ++L) {
    std::vector<SpeciesId> From = Layers[L], To = Layers[L + 1];
    uint32_t Density = 1 + Below(9);
    for (size_t At = 0; At < From.size();) {
      std::vector<Term> Left, Right;
      for (uint32_t N = Below(3) ? 1 : 1 + Below(4); N > 0 && At < From.size();
           --N)
        Left.push_back({From[At++], Below(6) ? 1 : 1 + Below(4)});
      for (SpeciesId S : To)
        if (Below(10) < Density)
          Right.push_back({S, Below(5) ? 1 : 1 + Below(9)});
      if (Below(8) == 0)
        Right.push_back({Layers.back()[0], 1});
      std::map<SpeciesId, uint32_t> Merged;
      for (Term T : Right)
        Merged[T.Species] += T.Coefficient;
      Right.clear();
      for (auto [S, N] : Merged)
        Right.push_back({S, N});
      Edit.addReaction(Left, Right, Below(2) ? One : Two);
    }
    if (Compete && Below(2))
      Edit.addReaction({{To[Below(static_cast<uint32_t>(To.size()))], 1}},
                       {{Layers.back()[0], 1}}, One);
  }
  for (auto [Name, Layer, Direction] :
       {std::tuple("x", &Layers.front(), PortDirection::Input),
        {"y", &Layers.back(), PortDirection::Output}}) {
    Port P;
    P.Name = Name;
    P.Direction = Direction;
    P.Encoding = PortEncoding::SingleRail;
    P.Shape = {static_cast<int64_t>(Layer->size())};
    for (SpeciesId S : *Layer)
      P.addElement(std::vector<PortTerm>{{S, 1}});
    Edit.addPort(std::move(P));
  }
  return Net;
}

/// A random ternary layer in dual rail between two ports, whose names say
/// nothing about rails.
Network denseLayer(uint32_t Seed, uint32_t Inputs, uint32_t Outputs) {
  std::mt19937 Random(Seed);
  Network Net;
  Editor Edit(Net);
  auto Rails = [&](const char *Name, uint32_t Count, PortDirection D) {
    Port P;
    P.Name = Name;
    P.Direction = D;
    P.Shape = {Count};
    std::vector<SpeciesId> All;
    for (uint32_t I = 0; I < 2 * Count; ++I)
      All.push_back(Edit.addSpecies({Edit.signal(Name), I}));
    for (uint32_t I = 0; I < Count; ++I)
      P.addElement(std::vector<PortTerm>{{All[I], 1}, {All[Count + I], -1}});
    Edit.addPort(std::move(P));
    return All;
  };
  auto X = Rails("x", Inputs, PortDirection::Input);
  auto Y = Rails("y", Outputs, PortDirection::Output);
  for (uint32_t I = 0; I < Inputs; ++I) {
    std::vector<Term> Same, Mirrored;
    for (uint32_t J = 0; J < Outputs; ++J)
      if (uint32_t W = static_cast<uint32_t>(Random() % 3)) {
        Same.push_back({Y[W == 1 ? J : Outputs + J], 1});
        Mirrored.push_back({Y[W == 1 ? Outputs + J : J], 1});
      }
    Term A{X[I], 1}, B{X[Inputs + I], 1};
    Edit.addReaction({&A, 1}, Same, Edit.rate(1));
    Edit.addReaction({&B, 1}, Mirrored, Edit.rate(1));
  }
  return Net;
}

using Amounts = std::map<std::string, uint64_t>;

/// Adds \p Count times the products of \p R to \p Out, with helpers that
/// \p Before does not know expanded.
void expand(const Network &Net, Reaction R, uint64_t Count,
            const std::map<std::string, bool> &Before,
            const std::map<SpeciesId, ReactionId> &Users, Amounts &Out) {
  for (Term T : R.products()) {
    std::string Name = Net.nameText(T.Species);
    if (Before.contains(Name)) {
      Out[Name] += Count * T.Coefficient;
      continue;
    }
    EXPECT_TRUE(Net.flags(T.Species).Helper) << Name;
    auto It = Users.find(T.Species);
    ASSERT_NE(It, Users.end()) << Name;
    expand(Net, Net.reaction(It->second), Count * T.Coefficient, Before, Users,
           Out);
  }
}

/// Reactions keep their places; those of helpers come after them.
void expectSameProducts(const Network &Before, const Network &After,
                        const std::string &What) {
  std::map<std::string, bool> Known;
  for (SpeciesId S : Before.species())
    Known[Before.nameText(S)] = true;
  std::map<SpeciesId, ReactionId> Users;
  for (Reaction R : After.reactions())
    for (Term T : R.reactants())
      if (!Known.contains(After.nameText(T.Species))) {
        EXPECT_EQ(R.order(), 1u);
        EXPECT_TRUE(Users.emplace(T.Species, R.id()).second);
      }
  CertainDownstream Certain(Before);
  ASSERT_GE(After.reactionCount(), Before.reactionCount());
  auto Now = After.reactions().begin();
  for (Reaction R : Before.reactions()) {
    Reaction Is = *Now;
    ++Now;
    EXPECT_TRUE(std::ranges::equal(R.reactants(), Is.reactants())) << What;
    EXPECT_EQ(R.rateConstant(), Is.rateConstant());
    Amounts Wanted, Got;
    for (Term T : R.products())
      Wanted[Before.nameText(T.Species)] = T.Coefficient;
    expand(After, Is, 1, Known, Users, Got);
    EXPECT_EQ(Got, Wanted) << What << ": " << reactionText(Before, R);
    for (Term T : R.products())
      if (!Certain.certain(T.Species)) {
        EXPECT_TRUE(std::ranges::count(Is.products(), T))
            << What << ": " << Before.nameText(T.Species)
            << " may not be late in " << reactionText(Before, R);
      }
  }
}

/// Final amounts by name, with \p Seed for the input ports.
std::map<std::string, double> limit(const Network &Net, uint32_t Seed) {
  std::mt19937 Random(Seed);
  std::vector<double> Amount(Net.speciesRows());
  for (SpeciesId S : Net.species())
    Amount[S.Value] = Net.initialValue(S);
  for (const Port &P : Net.ports())
    if (P.Direction == PortDirection::Input)
      for (PortTerm T : P.Terms)
        Amount[T.Species.Value] = static_cast<double>(Random() % 64) / 8;
  FeedForward F = analyzeFeedForward(Net);
  EXPECT_TRUE(F) << explainFeedForward(Net, F);
  test::fireInOrder(Net, F, Amount);
  auto Observed = Net.observedSpecies();
  std::map<std::string, double> Out;
  for (SpeciesId S : Net.species())
    if (Observed[S.Value])
      Out[Net.nameText(S)] = Amount[S.Value];
  return Out;
}

void expectSameLimit(const Network &Before, const Network &After,
                     const std::string &What) {
  for (uint32_t Seed = 0; Seed < 3; ++Seed) {
    auto Was = limit(Before, Seed), Is = limit(After, Seed);
    // Without ports and flags the helpers are observed as well.
    ASSERT_GE(Is.size(), Was.size()) << What;
    double Largest = 1;
    for (const auto &[Name, Value] : Was)
      Largest = std::max(Largest, Value);
    for (const auto &[Name, Value] : Was)
      EXPECT_NEAR(Is.at(Name), Value, 1e-9 * Largest) << What << ' ' << Name;
  }
}

uint64_t count(const PassRun &Did, std::string_view Counter) {
  for (const auto &[Name, Value] : Did.Entries[0].Counters)
    if (Name == Counter)
      return Value;
  ADD_FAILURE() << "no counter " << Counter;
  return 0;
}
} // namespace

TEST(Fanout, ProductsAreTheSameOnRandomNetworks) {
  unsigned Changed = 0;
  for (uint32_t Seed = 0; Seed < 1000; ++Seed)
    for (const char *Passes :
         {"factor-fanout{max-depth=0}", "factor-fanout{max-depth=2}",
          "factor-fanout{objective=nucleotides max-products=4}",
          "factor-fanout{objective=reactions max-products=2}",
          "split-fanout{max-products=2}", "split-fanout{max-products=5}",
          "shift-and-add", "shift-and-add{max-coefficient=3}"}) {
      Network Before =
          Seed % 2 ? layered(Seed, Seed % 4 == 1) : test::randomNetwork(Seed);
      PassRun Did;
      Network After = run(Before, Passes, &Did);
      Changed += Did.Entries[0].Result.kind() == PassResult::Kind::Changed;
      std::string What = std::string(Passes) + " on " + std::to_string(Seed);
      expectSameProducts(Before, After, What);
      if (analyzeFeedForward(Before))
        expectSameLimit(Before, After, What);
    }
  EXPECT_GT(Changed, 1000u);
}

TEST(Fanout, FactoringIsNeverWorseUnderItsObjective) {
  for (uint32_t Seed = 0; Seed < 300; ++Seed) {
    Network Net = layered(Seed, false);
    EXPECT_LE(computeCost(run(Net, "factor-fanout{max-depth=0}")).ProductSlots,
              computeCost(Net).ProductSlots);
    EXPECT_LE(computeCost(run(Net, "factor-fanout{objective=nucleotides}"))
                  .Nucleotides,
              computeCost(Net).Nucleotides);
    for (const char *Limit : {"2", "3", "4"}) {
      std::string Most = std::string("max-products=") + Limit,
                  Split = "split-fanout{" + Most + "}";
      Cost Plain = computeCost(run(Net, Split));
      auto Factored = [&](const char *Objective) {
        return computeCost(
            run(Net, "factor-fanout{objective=" + std::string(Objective) + " " +
                         Most + "}," + Split));
      };
      EXPECT_LE(Factored("slots").ProductSlots, Plain.ProductSlots) << Seed;
      EXPECT_LE(Factored("nucleotides").Nucleotides, Plain.Nucleotides) << Seed;
      EXPECT_LE(Factored("reactions").Reactions, Plain.Reactions) << Seed;
    }
  }
}

TEST(Fanout, DoublingTakesAsFewMoleculesAsPromised) {
  for (uint32_t A = 1; A < 200; ++A)
    for (uint32_t B : {1u, 3u, 64u, A}) {
      Network Net = parse("@output y[2] single\nx -> " + std::to_string(A) +
                          " y.0 + " + std::to_string(B) + " y.1\n");
      PassRun Did;
      Network After = run(Net, "shift-and-add", &Did);
      uint64_t Was = computeCost(Net).ProductSlots,
               Is = computeCost(After).ProductSlots;
      EXPECT_EQ(Was - Is, count(Did, "saved")) << A << ' ' << B;
      EXPECT_EQ(computeCost(After).Reactions, 1 + count(Did, "helpers"));
      // A chain down to the last bit is one of those that it chooses from.
      uint64_t Bits = std::bit_width(A | B);
      EXPECT_LE(Is, std::min<uint64_t>(Was, 2 * (Bits - 1) + std::popcount(A) +
                                                std::popcount(B)));
      expectSameProducts(Net, After, std::to_string(A));
      // Nothing is left to gain.
      EXPECT_EQ(run(After, "shift-and-add").contentHash(), After.contentHash());
    }
  // The widest coefficients there are.
  Network Net = parse("@output y[2] single\nx -> 2147483647 y.0 + y.1\n");
  EXPECT_LE(computeCost(run(Net, "shift-and-add")).ProductSlots, 92u);
}

TEST(Fanout, DoublingNeverTakesMoreMolecules) {
  for (uint32_t Seed = 0; Seed < 300; ++Seed) {
    Network Net = layered(Seed, Seed % 3 == 0);
    EXPECT_LE(computeCost(run(Net, "shift-and-add")).ProductSlots,
              computeCost(Net).ProductSlots);
  }
}

TEST(Fanout, MirroredRailsShareWhateverTheirNames) {
  Network Net = denseLayer(1, 60, 40);
  PassRun Did;
  Network After = run(Net, "factor-fanout{max-depth=0}", &Did);
  EXPECT_EQ(count(Did, "paired"), count(Did, "shared"));
  EXPECT_EQ(count(Did, "saved"),
            computeCost(Net).ProductSlots - computeCost(After).ProductSlots);
  EXPECT_LT(computeCost(After).ProductSlots,
            computeCost(Net).ProductSlots * 6 / 10);
  expectSameProducts(Net, After, "dense");
  // A mirror that is off by one molecule is seen, and that part left direct.
  Editor Edit(Net);
  Reaction R = Net.reaction(ReactionId(0));
  std::vector<Term> Left(R.reactants().begin(), R.reactants().end()),
      Right(R.products().begin() + 1, R.products().end());
  Edit.setTerms(ReactionId(0), Left, Right);
  Network Broken = run(Net, "factor-fanout{max-depth=0}");
  expectSameProducts(Net, Broken, "broken mirror");
}

TEST(Fanout, DepthIsCapped) {
  Network Net = denseLayer(2, 40, 30);
  uint64_t Slots = UINT64_MAX;
  for (uint32_t Most : {1u, 2u, 3u, 4u, 6u}) {
    Cost C = computeCost(
        run(Net, "factor-fanout{max-depth=" + std::to_string(Most) + "}"));
    EXPECT_LE(C.Depth, Most);
    EXPECT_LE(C.ProductSlots, Slots);
    Slots = C.ProductSlots + C.ProductSlots / 50;
  }
}

TEST(Fanout, TreesAreAsSmallAndShallowAsTheyCanBe) {
  for (uint32_t Most : {2u, 3u, 4u, 7u})
    for (uint32_t N = 1; N < 130; ++N) {
      std::string Text = "@output y[] single\nx -> ";
      for (uint32_t I = 0; I < N; ++I)
        Text += (I ? " + s." : "s.") + std::to_string(I);
      Network Net = parse(Text + "\n");
      Cost C = computeCost(
          run(Net, "split-fanout{max-products=" + std::to_string(Most) + "}"));
      uint64_t Depth = 0;
      for (uint64_t Reach = 1; Reach < N; Reach *= Most)
        ++Depth;
      EXPECT_EQ(C.Reactions, std::max(1u, (N - 1 + Most - 2) / (Most - 1)));
      EXPECT_EQ(C.Depth, std::max<uint64_t>(1, Depth)) << N << ' ' << Most;
      EXPECT_LE(C.MaxProducts, Most);
    }
}

TEST(Fanout, LargeCoefficientsTakeFewHelpers) {
  Network Net = parse("x -> 2147483647 a + 2147483646 b + c\n"
                      "y -> 7 a\n");
  for (uint32_t Most : {2u, 4u, 1000u}) {
    Network After =
        run(Net, "split-fanout{max-products=" + std::to_string(Most) + "}");
    Cost C = computeCost(After);
    EXPECT_LE(C.MaxProducts, Most);
    EXPECT_LT(C.Reactions, 200u);
    expectSameProducts(Net, After, std::to_string(Most));
  }
}

TEST(Fanout, JoinsKeepLimits) {
  unsigned Chained = 0, Kept = 0;
  for (uint32_t Seed = 0; Seed < 500; ++Seed)
    for (const char *Most : {"2", "3"}) {
      Network Before = layered(Seed, Seed % 2 == 0);
      PassRun Did;
      Network After =
          run(Before, std::string("bimolecularize{max-reactants=") + Most + "}",
              &Did);
      Chained += count(Did, "chained");
      Kept += count(Did, "kept");
      if (analyzeFeedForward(Before))
        expectSameLimit(Before, After, std::to_string(Seed));
      if (count(Did, "kept") == 0) {
        EXPECT_LE(computeCost(After).MaxReactants, std::stoul(Most));
      }
      EXPECT_EQ(count(Did, "reversed"), 0u);
    }
  EXPECT_GT(Chained, 100u);
  EXPECT_GT(Kept, 100u);
}
