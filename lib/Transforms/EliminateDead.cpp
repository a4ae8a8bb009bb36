//===- EliminateDead.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/IR/Editor.h"
#include "nn2crn/Transforms/Pass.h"

#include <algorithm>

using namespace nn2crn;

namespace {
struct EliminateDead : Pass {
  static constexpr PassInfo Info{"eliminate-dead",
                                 "remove what cannot reach an observed species",
                                 R"(
Removes, in this order,

1. reactions that never fire because a reactant is never supplied: it starts at
   0, no reaction that can fire makes it, and it is no input, state, dosed or
   boundary species;
2. reactions that change no species on which an observed one depends, and
   products on which nothing observed depends;
3. species that are left in no reaction and that nobody observes.

Observed are the species of ports, those flagged `@observed`, and those that are
dosed or reset; where a file has neither ports nor flags every species is
observed, and only unused ones could go, so nothing changes. Step 1 needs an
input or state port: in a file without them any species may be what a user sets
by hand.

```crn before
@input x[] single
@output y[] single
x -> y + side [k = 1]
side -> more [k = 1]
never + x -> y [k = 1]
```

```crn after
@units nM s
@input x[] single
@output y[] single
x -> y [k = 1]
```
)"};

  Counter NeverFire{this, "never-fire", "reactions that can never fire"};
  Counter Reactions{this, "reactions", "reactions that reach nothing observed"};
  Counter Products{this, "products", "products that nothing observed needs"};
  Counter Species{this, "species", "species removed"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &) override {
    Editor Edit(Net);
    uint64_t Generation = Net.generation();
    std::vector<bool> Observed = Net.observedSpecies();
    if (hasInputs(Net))
      removeWhatNeverFires(Edit);
    removeWhatReachesNothing(Edit, Observed);
    removeUnusedSpecies(Edit, Observed);
    return Net.generation() != Generation
               ? PassResult::changed(Preserved::SameKinetics)
               : PassResult::unchanged();
  }

private:
  static bool hasInputs(const Network &Net) {
    return std::any_of(
        Net.ports().begin(), Net.ports().end(),
        [](const Port &P) { return P.Direction != PortDirection::Output; });
  }

  /// Forward from what may be there: a reaction can fire once all its reactants
  /// can be supplied.
  void removeWhatNeverFires(Editor &Edit) {
    const Network &Net = Edit.network();
    std::vector<bool> Supplied(Net.speciesRows());
    std::vector<SpeciesId> Work;
    auto Supply = [&](SpeciesId S) {
      if (!Supplied[S.Value]) {
        Supplied[S.Value] = true;
        Work.push_back(S);
      }
    };
    for (const Port &P : Net.ports())
      if (P.Direction != PortDirection::Output)
        for (const PortTerm &T : P.Terms)
          Supply(T.Species);
    for (const Phase &P : Net.phases())
      for (const auto *Amounts : {&P.Doses, &P.Resets})
        for (const Phase::Amount &A : *Amounts)
          Supply(A.Species);
    // `~0`, and a fraction below all doubles, are not known to be nothing.
    for (SpeciesId S : Net.species())
      if (Net.initial(S) != Number(0) || Net.flags(S).Boundary)
        Supply(S);

    // Reactants of each reaction that are still missing.
    std::vector<uint32_t> Missing(Net.reactionRows());
    std::vector<bool> Fires(Net.reactionRows());
    auto Fire = [&](Reaction R) {
      Fires[R.id().Value] = true;
      for (Term T : R.products())
        Supply(T.Species);
    };
    for (Reaction R : Net.reactions()) {
      Missing[R.id().Value] = static_cast<uint32_t>(R.reactants().size());
      if (R.reactants().empty())
        Fire(R);
    }
    while (!Work.empty()) {
      SpeciesId S = Work.back();
      Work.pop_back();
      for (ReactionId R : Edit.consumers(S))
        if (--Missing[R.Value] == 0)
          Fire(Net.reaction(R));
    }
    for (Reaction R : Net.reactions())
      if (!Fires[R.id().Value]) {
        Edit.erase(R.id());
        ++NeverFire;
      }
  }

  static uint32_t coefficient(std::span<const Term> Side, SpeciesId S) {
    for (Term T : Side)
      if (T.Species == S)
        return T.Coefficient;
    return 0;
  }

  /// Backward from what is observed: a species depends on the reactions that
  /// change its amount, and those on their reactants.
  void removeWhatReachesNothing(Editor &Edit,
                                const std::vector<bool> &Observed) {
    const Network &Net = Edit.network();
    std::vector<bool> Needed = Observed, Live(Net.reactionRows());
    std::vector<SpeciesId> Work;
    for (SpeciesId S : Net.species())
      if (Needed[S.Value])
        Work.push_back(S);
    while (!Work.empty()) {
      SpeciesId S = Work.back();
      Work.pop_back();
      auto Visit = [&](std::span<const ReactionId> Users) {
        for (ReactionId Id : Users) {
          Reaction R = Net.reaction(Id);
          if (Live[Id.Value] ||
              coefficient(R.reactants(), S) == coefficient(R.products(), S))
            continue;
          Live[Id.Value] = true;
          for (Term T : R.reactants())
            if (!Needed[T.Species.Value]) {
              Needed[T.Species.Value] = true;
              Work.push_back(T.Species);
            }
        }
      };
      Visit(Edit.consumers(S));
      Visit(Edit.producers(S));
    }

    std::vector<Term> Left, Right;
    for (Reaction R : Net.reactions()) {
      if (!Live[R.id().Value]) {
        Edit.erase(R.id());
        ++Reactions;
        continue;
      }
      Right.clear();
      for (Term T : R.products())
        if (Needed[T.Species.Value])
          Right.push_back(T);
      if (Right.size() == R.products().size())
        continue;
      Products += R.products().size() - Right.size();
      Left.assign(R.reactants().begin(), R.reactants().end());
      Edit.setTerms(R.id(), Left, Right);
      Edit.setOrigin(R.id(), Edit.provenance().derive(Info.Name, R.origin()));
    }
  }

  void removeUnusedSpecies(Editor &Edit, const std::vector<bool> &Observed) {
    const Network &Net = Edit.network();
    std::vector<bool> Used = Observed;
    for (Reaction R : Net.reactions())
      for (auto Side : {R.reactants(), R.products()})
        for (Term T : Side)
          Used[T.Species.Value] = true;
    for (SpeciesId S : Net.species())
      if (!Used[S.Value]) {
        Edit.erase(S);
        ++Species;
      }
  }
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createEliminateDead() {
  return std::make_unique<EliminateDead>();
}
} // namespace nn2crn
