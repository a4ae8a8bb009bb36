//===- Bimolecularize.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FanoutTree.h"

#include "nn2crn/Analysis/CertainDownstream.h"
#include "nn2crn/Analysis/FeedForward.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/Transforms/Pass.h"

#include <algorithm>
#include <functional>

using namespace nn2crn;

namespace {
struct Bimolecularize : Pass {
  static constexpr PassInfo Info{"bimolecularize",
                                 "join many reactants two at a time",
                                 R"(
Makes a reaction of more than `max-reactants` molecules a chain that joins them
step by step: `A + B + C -> P` becomes `A + B -> J`, `J + C -> P`.

The last step still happens min(A, B, C) times. What is left differs: A keeps
A - min(A, B) where it kept A - min(A, B, C), and the rest is in J. So each
reactant must be needed by this reaction alone and observed by nobody (no species
of a port, none that is flagged `@observed`), not made again by the reaction and
not held constant, and the reaction and all that it can set off must be
noncompetitive, productive and on no cycle. Then all that is observed ends in
the same amounts, and the network stays as certain as it was. (A single reactant
may be observed: it is used up either way.)

All molecules of a species have to go into one step, or two steps would compete
for it: `2 A + B -> P` becomes `2 A -> J`, `J + B -> P`, and `4 X` becomes
`2 X -> J`, `2 J`. With three there is no such way: `2 X -> J`, `J + X -> P`
strands material, and 0.67 or 0.04 of P come of 3 X, as rates will have it. With
`reversible` the steps before the last one can go back, as in `2 X -> J`,
`J -> 2 X`, `J + X -> P`. Under mass action the limit is again the same, as
nothing is at rest while X is left; but X is competed for, so that a certificate
of rate-independence is lost, the end takes as long as with the original, and of
a count the remainder may be in J rather than in X. That is why it is off unless
asked for.

Joined species are flagged `@helper`. Steps that are new run with constant 1,
the last one with that of the reaction.

```crn before
@input x[] single
@output y[] single
x -> a + 2 b + c [k = 1]
a + b + c -> y [k = 1]
```

```crn after
@units nM s
@input x[] single
@output y[] single
x -> a + 2 b + c [k = 1]
c + j.0 -> y [k = 1]
a + b -> j.0 [k = 1]
j.0 @helper
```
)"};

  Option<uint32_t> MaxReactants{this, "max-reactants", 2,
                                "most molecules that react at once, from 2"};
  Option<bool> Reversible{this, "reversible", false,
                          "also where a reactant repeats too often, by steps "
                          "that can go back: mass action only, no "
                          "certificate"};
  Counter Chained{this, "chained", "reactions made into chains"};
  Counter Reversed{this, "reversed", "of these, with steps that can go back"};
  Counter Kept{this, "kept", "reactions left with more reactants"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &Context) override {
    if (MaxReactants < 2) {
      Context.Diags
          .error(DiagId::BadArgument, {},
                 "bimolecularize expects max-reactants of at least 2, found " +
                     MaxReactants.text())
          .note("a reaction of one molecule joins nothing");
      return PassResult::failed();
    }
    const auto &Certain = Context.get<CertainDownstream>(Net);
    std::vector<bool> Observed = Net.observedSpecies();
    std::vector<bool> Held = heldSpecies(Net);
    Editor Edit(Net);
    uint64_t Generation = Net.generation();
    Signal = SignalId();
    Next = 0;
    std::vector<bool> Made(Net.speciesRows());
    for (Reaction R : Net.reactions()) {
      if (R.order() <= MaxReactants)
        continue;
      for (Term T : R.products())
        Made[T.Species.Value] = true;
      auto Private = [&](Term T) {
        return Edit.consumers(T.Species).size() == 1 &&
               !Held[T.Species.Value] && !Made[T.Species.Value];
      };
      bool Hidden = std::ranges::none_of(
          R.reactants(), [&](Term T) { return Observed[T.Species.Value]; });
      bool Repeats = std::ranges::any_of(R.reactants(), [&](Term T) {
        return remainder(T.Coefficient) > MaxReactants;
      });
      // All of a single reactant is used up either way.
      bool Fits = Certain.certain(R.id()) &&
                  std::ranges::all_of(R.reactants(), Private) &&
                  (Hidden || R.reactants().size() == 1) &&
                  (!Repeats || Reversible) && R.order() <= MostMolecules;
      for (Term T : R.products())
        Made[T.Species.Value] = false;
      if (!Fits) {
        ++Kept;
        continue;
      }
      chain(Edit, R.id());
      ++Chained;
      Reversed += Repeats;
    }
    return Net.generation() != Generation
               ? PassResult::changed(Preserved::SameEquilibrium)
               : PassResult::unchanged();
  }

private:
  /// Far beyond what ever meets; a chain has as many steps.
  static constexpr uint64_t MostMolecules = 1024;

  /// The largest group of \p Molecules alike that divides them and may meet;
  /// 1 where there is none.
  uint32_t group(uint32_t Molecules) const {
    for (uint32_t Size = std::min<uint32_t>(MaxReactants, Molecules); Size > 1;
         --Size)
      if (Molecules % Size == 0)
        return Size;
    return 1;
  }
  /// What no grouping makes less.
  uint32_t remainder(uint32_t Molecules) const {
    while (Molecules > MaxReactants && group(Molecules) > 1)
      Molecules /= group(Molecules);
    return Molecules;
  }

  void chain(Editor &Edit, ReactionId Id) {
    const Network &Net = Edit.network();
    Reaction R = Net.reaction(Id);
    OriginId Origin = Edit.provenance().derive(Info.Name, R.origin());
    std::vector<Term> Products(R.products().begin(), R.products().end());
    std::vector<Term> Items(R.reactants().begin(), R.reactants().end());
    RateId One = Edit.rate(1);
    auto Join = [&](std::vector<Term> Side, bool GoesBack) {
      if (!Signal.isValid())
        Signal = Edit.freshSignal("j");
      std::ranges::sort(Side, {}, &Term::Species);
      Term J{Edit.addSpecies(SpeciesName(Signal, Next++), Origin), 1};
      SpeciesFlags Flags;
      Flags.Helper = true;
      Edit.setFlags(J.Species, Flags);
      Edit.addReaction(Side, {&J, 1}, One, Origin);
      if (GoesBack)
        Edit.addReaction({&J, 1}, Side, One, Origin);
      return J;
    };

    for (Term &T : Items) {
      while (T.Coefficient > MaxReactants && group(T.Coefficient) > 1) {
        uint32_t Size = group(T.Coefficient);
        T = {Join({{T.Species, Size}}, false).Species, T.Coefficient / Size};
      }
      if (T.Coefficient <= MaxReactants)
        continue;
      Term J = Join({{T.Species, MaxReactants}}, true);
      T.Coefficient -= MaxReactants;
      for (; T.Coefficient >= MaxReactants; T.Coefficient -= MaxReactants - 1)
        J = Join({J, {T.Species, MaxReactants - 1}}, true);
      if (Items.size() == 1) {
        Items.push_back(J);
        break;
      }
      T = Join({J, T}, false);
    }
    // Whole items into each step, those with most molecules first.
    while (molecules(Items) > MaxReactants) {
      std::ranges::stable_sort(Items, std::greater(), &Term::Coefficient);
      std::vector<Term> Step, Rest;
      uint64_t Room = MaxReactants;
      for (Term T : Items) {
        bool Fits = T.Coefficient <= Room;
        Room -= Fits ? T.Coefficient : 0;
        (Fits ? Step : Rest).push_back(T);
      }
      Rest.push_back(Join(std::move(Step), false));
      Items = std::move(Rest);
    }
    std::ranges::sort(Items, {}, &Term::Species);
    Edit.setTerms(Id, Items, Products);
    Edit.setOrigin(Id, Origin);
  }

  SignalId Signal;
  uint32_t Next = 0;
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createBimolecularize() {
  return std::make_unique<Bimolecularize>();
}
} // namespace nn2crn
