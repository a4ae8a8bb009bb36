//===- Renumber.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/FeedForward.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/Transforms/Pass.h"

#include <algorithm>

using namespace nn2crn;

namespace {
struct Renumber : Pass {
  static constexpr PassInfo Info{
      "renumber", "put species and reactions in the order in which they act",
      R"(
Moves rows and changes nothing else, so that simulators find together in memory
what is used together, and readers of a file see it in the order of events.

Reactions go by level: in a feed-forward network the longest chain of reactions
that ends in one, in any other the least number of steps from inputs and from
what is there at the start. Within a level they keep their order; reactions that
nothing reaches come last. Species come as the text form first mentions them:
those of ports, then those of reactions.

```crn before
@input x[] single
@output y[] single
b -> y [k = 1]
x -> a [k = 1]
a -> b [k = 1]
```

```crn after
@units nM s
@input x[] single
@output y[] single
x -> a [k = 1]
a -> b [k = 1]
b -> y [k = 1]
```
)"};

  Counter Reactions{this, "reactions", "reactions that moved"};
  Counter Species{this, "species", "species that moved"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &) override {
    std::vector<ReactionId> Order = byLevel(Net, levels(Net));
    std::vector<SpeciesId> SpeciesOrder = byMention(Net, Order);
    uint64_t Moved = 0;
    auto Count = [&](const auto &Wanted, auto Live, Counter &C) {
      size_t I = 0;
      for (auto Row : Live)
        if (Wanted[I++] != Row) {
          ++C;
          ++Moved;
        }
    };
    std::vector<ReactionId> Live;
    for (Reaction R : Net.reactions())
      Live.push_back(R.id());
    Count(Order, Live, Reactions);
    Count(SpeciesOrder, Net.species(), Species);
    if (Moved == 0)
      return PassResult::unchanged();
    Editor(Net).compact(SpeciesOrder, Order);
    return PassResult::changed(Preserved::SameKinetics);
  }

private:
  static constexpr uint32_t Unreached = UINT32_MAX;

  /// By ReactionId.
  static std::vector<uint32_t> levels(const Network &Net) {
    FeedForward F = analyzeFeedForward(Net);
    if (!F)
      return distances(Net);
    std::vector<uint32_t> Level(Net.reactionRows(), Unreached),
        Made(Net.speciesRows()), Taken(Net.speciesRows());
    std::vector<bool> Held = heldSpecies(Net);
    for (ReactionId Id : F.Order) {
      Reaction R = Net.reaction(Id);
      uint32_t L = 0;
      for (Term T : R.reactants()) {
        L = std::max(L, Made[T.Species.Value]);
        Taken[T.Species.Value] = T.Coefficient;
      }
      Level[Id.Value] = L;
      // What is only given back comes from elsewhere.
      for (Term T : R.products())
        if (uint32_t S = T.Species.Value; !Held[S] && T.Coefficient > Taken[S])
          Made[S] = std::max(Made[S], L + 1);
      for (Term T : R.reactants())
        Taken[T.Species.Value] = 0;
    }
    return Level;
  }

  /// Breadth first: a reaction is reached one step after the first of its
  /// reactants.
  static std::vector<uint32_t> distances(const Network &Net) {
    std::vector<uint32_t> Level(Net.reactionRows(), Unreached);
    std::vector<bool> Seen(Net.speciesRows());
    std::vector<SpeciesId> Work, Next;
    auto See = [&](SpeciesId S) {
      if (!Seen[S.Value]) {
        Seen[S.Value] = true;
        Next.push_back(S);
      }
    };
    for (const Port &P : Net.ports())
      if (P.Direction != PortDirection::Output)
        for (const PortTerm &T : P.Terms)
          See(T.Species);
    for (const Phase &P : Net.phases())
      for (const auto *Amounts : {&P.Doses, &P.Resets})
        for (const Phase::Amount &A : *Amounts)
          See(A.Species);
    for (SpeciesId S : Net.species())
      if (Net.initial(S) != Number(0))
        See(S);
    std::vector<uint64_t> Begin(Net.speciesRows() + 1);
    for (Reaction R : Net.reactions())
      for (Term T : R.reactants())
        ++Begin[T.Species.Value + 1];
    for (size_t S = 1; S < Begin.size(); ++S)
      Begin[S] += Begin[S - 1];
    std::vector<ReactionId> Users(Begin.back());
    std::vector<uint64_t> Fill(Begin.begin(), Begin.end() - 1);
    for (Reaction R : Net.reactions())
      for (Term T : R.reactants())
        Users[Fill[T.Species.Value]++] = R.id();
    for (uint32_t Step = 0; Step == 0 || !Next.empty(); ++Step) {
      std::swap(Work, Next);
      Next.clear();
      for (SpeciesId S : Work)
        for (uint64_t I = Begin[S.Value]; I < Begin[S.Value + 1]; ++I)
          if (uint32_t &L = Level[Users[I].Value]; L == Unreached) {
            L = Step;
            for (Term T : Net.reaction(Users[I]).products())
              See(T.Species);
          }
      if (Step == 0)
        for (Reaction R : Net.reactions())
          if (R.reactants().empty()) {
            Level[R.id().Value] = 0;
            for (Term T : R.products())
              See(T.Species);
          }
    }
    return Level;
  }

  static std::vector<ReactionId> byLevel(const Network &Net,
                                         const std::vector<uint32_t> &Level) {
    std::vector<ReactionId> Order;
    Order.reserve(Net.reactionCount());
    for (Reaction R : Net.reactions())
      Order.push_back(R.id());
    std::stable_sort(Order.begin(), Order.end(),
                     [&](ReactionId A, ReactionId B) {
                       return Level[A.Value] < Level[B.Value];
                     });
    return Order;
  }

  static std::vector<SpeciesId>
  byMention(const Network &Net, const std::vector<ReactionId> &Reactions) {
    std::vector<bool> Seen(Net.speciesRows());
    std::vector<SpeciesId> Order;
    Order.reserve(Net.speciesCount());
    auto See = [&](SpeciesId S) {
      if (!Seen[S.Value]) {
        Seen[S.Value] = true;
        Order.push_back(S);
      }
    };
    for (const Port &P : Net.ports())
      for (const PortTerm &T : P.Terms)
        See(T.Species);
    for (ReactionId R : Reactions)
      for (auto Side :
           {Net.reaction(R).reactants(), Net.reaction(R).products()})
        for (Term T : Side)
          See(T.Species);
    for (SpeciesId S : Net.species())
      See(S);
    return Order;
  }
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createRenumber() { return std::make_unique<Renumber>(); }
} // namespace nn2crn
