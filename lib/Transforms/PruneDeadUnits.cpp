//===- PruneDeadUnits.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/NetworkForms.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/Transforms/Pass.h"

#include <algorithm>

using namespace nn2crn;

namespace {
struct PruneDeadUnits : Pass {
  static constexpr PassInfo Info{
      "prune-dead-units",
      "drop the reactant that never runs short on the declared inputs", R"(
A gate `m + z.n -> h.n` fires until one of its reactants is used up. Where it is
proven, for all inputs in the ranges that the ports declare, which one that is,
the other need not be a reactant: the unit is never active, or always. The gate
becomes unimolecular, and what is left of the other reactant, which nobody
observes, is no longer made.

The proof: supplies are written as exact linear forms over inputs and ReLUs
(certificates do the same), and the sign of their difference follows from the
bounds of those. Without a declared range (`--input-range`) only units are found
whose sign is the same for all inputs.

```crn before
@input x[] dual range=0:1
@output y[] dual
z.p @initial 1
x.p -> z.n [k = 1]
x.n -> z.p [k = 1]
z.p -> m + y.p [k = 1]
m + z.n -> y.n [k = 1]
```

```crn after
@units nM s
@species x.p x.n y.p y.n z.p z.n
@input x[] dual range=0:1
@output y[] dual
x.p -> z.n [k = 1]
x.n -> z.p [k = 1]
z.p -> y.p [k = 1]
z.n -> y.n [k = 1]
z.p @initial 1
```
)"};

  Counter Gates{this, "gates", "gates whose outcome is always the same"};
  Counter Kept{this, "kept",
               "such gates that are kept, since the reactant is observed or "
               "used elsewhere"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &Context) override {
    Certainty C = analyzeCertainty(Net);
    // An annihilated supply is not certain, so only plain networks.
    if (!C || !C.Annihilations.empty()) {
      Context.Diags.remark(
          DiagId::NotFeedForward, {},
          "prune-dead-units left the network as it is: " +
              explainFeedForward(Net, analyzeFeedForward(Net)));
      return PassResult::unchanged();
    }
    std::vector<Outcome> Found;
    withNumbersLargeEnough(
        [&](auto N) { return findOutcomes<decltype(N)>(Net, C, Found); });

    Editor Edit(Net);
    std::vector<bool> Observed = Net.observedSpecies();
    // Reactions that never run, as a held species is absent, count too.
    std::vector<uint32_t> Uses(Net.speciesRows());
    for (Reaction R : Net.reactions())
      for (Term T : R.reactants())
        ++Uses[T.Species.Value];
    std::vector<bool> Gone(Net.speciesRows());
    bool Changed = false;
    for (auto [Id, Spare] : Found) {
      if (Observed[Spare.Value] || Uses[Spare.Value] > 1) {
        ++Kept;
        continue;
      }
      Reaction R = Net.reaction(Id);
      std::vector<Term> Left, Right(R.products().begin(), R.products().end());
      for (Term T : R.reactants())
        if (T.Species != Spare)
          Left.push_back(T);
      std::erase_if(Right, [&](Term T) { return T.Species == Spare; });
      OriginId Origin = Edit.provenance().derive(Info.Name, R.origin());
      Edit.setTerms(Id, Left, Right);
      Edit.setOrigin(Id, Origin);
      Gone[Spare.Value] = Changed = true;
      ++Gates;
    }
    if (!Changed)
      return PassResult::unchanged();
    removeSpecies(Edit, Gone);
    bool OnRange = std::ranges::any_of(
        Net.ports(), [](const Port &P) { return !P.Range.empty(); });
    return PassResult::changed(Preserved::SameEquilibrium, OnRange);
  }

private:
  struct Outcome {
    ReactionId Gate;
    /// The reactant that never runs short.
    SpeciesId Spare;
  };

  /// False where the numbers are too small.
  template <class T>
  static bool findOutcomes(const Network &Net, const Certainty &C,
                           std::vector<Outcome> &Found) {
    FormSpace<T> Space(commonUnit(Net));
    NetworkForms<T> Forms(Net, C, Space);
    Found.clear();
    // What was found before a catalyst or an inexact amount stopped it holds.
    Forms.run(NetworkForms<T>::addVariables(Net, Space, /*Declared=*/true));
    for (const auto &G : Forms.gates())
      if (G.Sign != 0 && comparesTwo(Net, G.Reaction))
        Found.push_back({G.Reaction, G.Sign > 0 ? G.First : G.Second});
    return !Space.overflowed();
  }

  /// Two reactants, both used up. With more of them a comparison of the first
  /// two says nothing about the rest.
  static bool comparesTwo(const Network &Net, ReactionId Id) {
    Reaction R = Net.reaction(Id);
    return R.reactants().size() == 2 &&
           std::ranges::none_of(R.reactants(), [&](Term L) {
             return std::ranges::any_of(
                 R.products(), [&](Term P) { return P.Species == L.Species; });
           });
  }

  /// Nothing needs these any more, and nobody looks.
  static void removeSpecies(Editor &Edit, const std::vector<bool> &Gone) {
    const Network &Net = Edit.network();
    std::vector<Term> Left, Right;
    for (Reaction R : Net.reactions()) {
      auto IsGone = [&](Term T) { return Gone[T.Species.Value]; };
      if (std::ranges::none_of(R.products(), IsGone))
        continue;
      Left.assign(R.reactants().begin(), R.reactants().end());
      Right.assign(R.products().begin(), R.products().end());
      std::erase_if(Right, IsGone);
      Edit.setTerms(R.id(), Left, Right);
    }
    for (SpeciesId S : Net.species())
      if (Gone[S.Value])
        Edit.erase(S);
  }
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createPruneDeadUnits() {
  return std::make_unique<PruneDeadUnits>();
}
} // namespace nn2crn
