//===- FeedForward.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/FeedForward.h"

#include "ReactionUse.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

namespace {
class Analyzer {
public:
  Analyzer(const Network &Net, const std::vector<bool> &Aside)
      : Net(Net), Aside(Aside), Use(Net, Aside) {}

  FeedForward run(bool Noncompetitive) {
    if (!Net.phases().empty()) {
      F.Result = FeedForward::Verdict::Phased;
      return std::move(F);
    }
    for (Reaction R : Net.reactions())
      if (!Use.runs(R.id()) && (Aside.empty() || !Aside[R.id().Value]))
        F.NeverRun.push_back(R.id());
    if (checkProductive() && (!Noncompetitive || checkNoncompetitive()))
      sort();
    if (!F) {
      F.Order.clear();
      F.NeverRun.clear();
    }
    return std::move(F);
  }

private:
  bool fail(FeedForward::Verdict V, std::vector<ReactionId> Culprits,
            SpeciesId S = SpeciesId()) {
    F.Result = V;
    F.Reactions = std::move(Culprits);
    F.Species = S;
    return false;
  }

  bool checkProductive() {
    for (Reaction R : Net.reactions()) {
      if (!Use.runs(R.id()))
        continue;
      if (double K = R.rateConstant(); !(K > 0) || !std::isfinite(K))
        return fail(FeedForward::Verdict::NoRate, {R.id()});
      if (!Use.isProductive(R))
        return fail(FeedForward::Verdict::Unproductive, {R.id()});
    }
    return true;
  }

  bool checkNoncompetitive() {
    for (Reaction R : Net.reactions()) {
      if (!Use.runs(R.id()))
        continue;
      bool Fine = true;
      Use.forReactants(R, [&](Term T, uint32_t Back) {
        auto Rivals = Use.users(T.Species);
        if (Fine && T.Coefficient > Back && Rivals.size() > 1)
          Fine = fail(FeedForward::Verdict::Competing,
                      {R.id(), Rivals[Rivals[0] == R.id()]}, T.Species);
      });
      if (!Fine)
        return false;
    }
    return true;
  }

  /// Kahn's algorithm, first in first out, so that the order is a function of
  /// the network alone.
  void sort() {
    // An edge for each net product and each user of it.
    std::vector<uint32_t> Waits(Net.reactionRows(), 0);
    size_t Running = 0;
    for (Reaction R : Net.reactions()) {
      if (!Use.runs(R.id()))
        continue;
      ++Running;
      Use.forNetProducts(R, [&](SpeciesId S) {
        for (ReactionId User : Use.users(S))
          ++Waits[User.Value];
      });
    }
    F.Order.reserve(Running);
    for (Reaction R : Net.reactions())
      if (Use.runs(R.id()) && !Waits[R.id().Value])
        F.Order.push_back(R.id());
    for (size_t At = 0; At < F.Order.size(); ++At)
      Use.forNetProducts(Net.reaction(F.Order[At]), [&](SpeciesId S) {
        for (ReactionId User : Use.users(S))
          if (--Waits[User.Value] == 0)
            F.Order.push_back(User);
      });
    if (F.Order.size() != Running)
      reportCycle(Waits);
  }

  /// Every reaction that still waits has a producer that waits as well; going
  /// from producer to producer must meet a reaction twice.
  void reportCycle(const std::vector<uint32_t> &Waits) {
    std::vector<ReactionId> Producer(Net.reactionRows());
    ReactionId At;
    for (Reaction R : Net.reactions()) {
      if (!Use.runs(R.id()) || !Waits[R.id().Value])
        continue;
      if (!At.isValid())
        At = R.id();
      Use.forNetProducts(R, [&](SpeciesId S) {
        for (ReactionId User : Use.users(S))
          if (!Producer[User.Value].isValid())
            Producer[User.Value] = R.id();
      });
    }
    std::vector<bool> Seen(Net.reactionRows());
    for (; !Seen[At.Value]; At = Producer[At.Value])
      Seen[At.Value] = true;
    std::vector<ReactionId> Cycle{At};
    for (ReactionId R = Producer[At.Value]; R != At; R = Producer[R.Value])
      Cycle.push_back(R);
    std::reverse(Cycle.begin(), Cycle.end());
    std::rotate(Cycle.begin(), std::ranges::min_element(Cycle), Cycle.end());
    fail(FeedForward::Verdict::Cyclic, std::move(Cycle));
  }

  const Network &Net;
  const std::vector<bool> &Aside;
  ReactionUse Use;
  FeedForward F;
};

} // namespace

std::string nn2crn::quotedReaction(const Network &Net, ReactionId R) {
  // A fan-out may have thousands of products.
  std::string Text = reactionText(Net, Net.reaction(R));
  if (Text.size() > 100)
    Text = Text.substr(0, 97) + "...";
  return "'" + Text + "'";
}

std::vector<bool> nn2crn::heldSpecies(const Network &Net) {
  std::vector<bool> Held(Net.speciesRows());
  for (SpeciesId S : Net.species()) {
    SpeciesFlags Flags = Net.flags(S);
    Held[S.Value] = Flags.Constant || Flags.Boundary;
  }
  return Held;
}

FeedForward nn2crn::analyzeFeedForward(const Network &Net) {
  return analyzeFeedForward(Net, {});
}

FeedForward nn2crn::analyzeFeedForward(const Network &Net,
                                       const std::vector<bool> &Aside) {
  return Analyzer(Net, Aside).run(/*Noncompetitive=*/true);
}

FeedForward nn2crn::analyzeTermination(const Network &Net) {
  return Analyzer(Net, {}).run(/*Noncompetitive=*/false);
}

std::vector<Competition> nn2crn::findCompetitions(const Network &Net,
                                                  bool Strict) {
  ReactionUse Use(Net);
  std::vector<bool> Counts(Net.speciesRows(), Strict);
  if (!Strict)
    for (Reaction R : Net.reactions())
      if (Use.runs(R.id()))
        Use.forReactants(R, [&](Term T, uint32_t Back) {
          if (T.Coefficient > Back)
            Counts[T.Species.Value] = true;
        });
  std::vector<Competition> Found;
  for (SpeciesId S : Net.species())
    if (auto Users = Use.users(S); Counts[S.Value] && Users.size() > 1)
      Found.push_back({S, {Users.begin(), Users.end()}});
  return Found;
}

std::string nn2crn::explainFeedForward(const Network &Net,
                                       const FeedForward &F) {
  switch (F.Result) {
  case FeedForward::Verdict::Holds:
    return "the network is noncompetitive, productive and feed-forward";
  case FeedForward::Verdict::Phased:
    return "the network runs in phases";
  case FeedForward::Verdict::NoRate:
    return "reaction " + quotedReaction(Net, F.Reactions[0]) +
           " has a rate constant that is not positive";
  case FeedForward::Verdict::Unproductive:
    return "reaction " + quotedReaction(Net, F.Reactions[0]) +
           " net-consumes nothing that is not held constant, so it never ends";
  case FeedForward::Verdict::Competing:
    return "reactions " + quotedReaction(Net, F.Reactions[0]) + " and " +
           quotedReaction(Net, F.Reactions[1]) + " compete for '" +
           Net.nameText(F.Species) + "'";
  case FeedForward::Verdict::Cyclic:
    return F.Reactions.size() == 1
               ? "reaction " + quotedReaction(Net, F.Reactions[0]) +
                     " net-produces its own reactant"
               : "the " + std::to_string(F.Reactions.size()) +
                     " reactions from " + quotedReaction(Net, F.Reactions[0]) +
                     " on form a cycle";
  }
  return "";
}

void nn2crn::noteFeedForward(const Network &Net, const FeedForward &F,
                             InFlightDiagnostic &D) {
  constexpr size_t Most = 8;
  for (size_t I = 0; I < F.Reactions.size() && I < Most; ++I) {
    ReactionId R = F.Reactions[I];
    D.note(Net.provenance().locate(Net.reaction(R).origin()),
           "reaction " + quotedReaction(Net, R));
  }
  if (F.Reactions.size() > Most)
    D.note("and " + std::to_string(F.Reactions.size() - Most) + " more");
  if (F.Result != FeedForward::Verdict::Competing)
    return;
  auto Annihilates = [&](ReactionId Id) {
    Reaction R = Net.reaction(Id);
    return R.products().empty() && R.reactants().size() == 2 && R.order() == 2;
  };
  if (std::ranges::any_of(F.Reactions, Annihilates))
    D.note("an annihilation leaves differences of rails as they are, but "
           "their amounts depend on rates");
}
