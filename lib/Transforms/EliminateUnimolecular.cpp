//===- EliminateUnimolecular.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Substitution.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/Transforms/Pass.h"

#include <algorithm>

using namespace nn2crn;

namespace {
struct EliminateUnimolecular : Pass {
  static constexpr PassInfo Info{
      "eliminate-unimolecular",
      "let reactions make at once what their products turn into",
      R"(
Where `X -> P` is all that becomes of `X`, whoever makes `X` makes `P` instead,
the initial amount of `X` is added to those of `P`, and `X` goes with its
reaction. What is left of a ReLU network is one bimolecular reaction for each
neuron and one fan-out for each input rail. Works on multisets and from the end
of the network backwards, so at any depth. (The optimisation of Vasic et al.,
PNAS 119(24), 2022.)

`X` is replaced only where

- it is the sole reactant of its reaction, with coefficient 1, and a reactant of
  no other, be it as a catalyst;
- nobody sees or sets it: it is in no port, not `@observed`, not `@helper`, not
  held, dosed or reset, and nothing in `P` is an input or state, whose amounts a user sets;
- every reaction that it can set off is noncompetitive, productive and on no
  cycle. Without that the rewrite would be wrong: from `X -> A; A -> X` the limit is a
  mixture, and in `X -> A; A -> C; A + D -> E; D -> W` it matters when `A`
  arrives.

Everything else stays, and counters say why. A species also stays where a list
would hold a coefficient beyond 31 bits.

Final amounts of all other species are kept. The number of *molecules* in
product lists may grow by a factor of the width for each layer: `static-fire`
and `cancel-rails`, afterwards, bring it down.

An input species has no producer that could make something else, and stays. With
`keep-inputs=false` an input whose reaction has become a mere change of name,
`x -> Y` where nobody else makes or sees `Y` and nothing is there of it at the start,
takes the place of `Y`: the reaction goes, and `x` is consumed by
what consumed `Y`. What is left of `x` in the end is then what was left of `Y`, so
only readings of outputs and states are kept.

```crn before
@input x[] single
@output y[] single
x -> 2 X + Z [k = 1]
X -> M + y [k = 1]
Z -> N [k = 1]
M + N -> y [k = 1]
X @initial 1/3
```

```crn after
@units nM s
@input x[] single
@output y[] single
x -> 2 y + 2 M + N [k = 1]
M + N -> y [k = 1]
y @initial 1/3
M @initial 1/3
```
)"};

  Option<bool> KeepInputs{this, "keep-inputs", true,
                          "keep reactions that only rename an input species"};
  Counter Eliminated{this, "eliminated",
                     "species replaced by what they become"};
  Counter Amounts{this, "amounts", "initial amounts moved along"};
  Counter Inputs{this, "inputs", "input species that took another's place"};
  Counter Observed{this, "kept-observed",
                   "kept, since somebody sets or sees them"};
  Counter Helpers{this, "kept-helpers", "kept, since they are @helper"};
  Counter Shared{this, "kept-shared",
                 "kept, since another reaction needs them too"};
  Counter Uncertain{this, "kept-uncertain",
                    "kept, since what they set off competes or has no end"};
  Counter TooLarge{this, "kept-large",
                   "kept, since a coefficient would not fit"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &Context) override {
    bool Changed = false, Renamed = false;
    {
      // A copy, as the cached one goes when the network changes.
      auto Certain = Context.get<CertainDownstream>(Net);
      Editor Edit(Net);
      Substitution S(Edit, Certain);
      Observed += S.count(Eligibility::Observed);
      Helpers += S.count(Eligibility::Helper);
      Shared += S.count(Eligibility::Shared);
      Uncertain += S.count(Eligibility::Uncertain);
      Changed = S.run(Info.Name, [](const auto &) { return true; });
      Eliminated += S.replaced();
      TooLarge += S.tooLarge();
      Amounts += S.movedAmounts();
    }
    if (!KeepInputs)
      Renamed = renameInputs(Net, Context.get<CertainDownstream>(Net));
    if (Renamed)
      return PassResult::changed(Preserved::SameDifference);
    return Changed ? PassResult::changed(Preserved::SameEquilibrium)
                   : PassResult::unchanged();
  }

private:
  bool renameInputs(Network &Net, CertainDownstream Certain) {
    Editor Edit(Net);
    std::vector<bool> Seen = Net.observedSpecies();
    std::vector<bool> IsInput(Net.speciesRows());
    for (bool Others : {false, true})
      for (const Port &P : Net.ports())
        if ((P.Direction != PortDirection::Input) == Others)
          for (const PortTerm &T : P.Terms)
            IsInput[T.Species.Value] = !Others;
    bool Changed = false;
    std::vector<Term> Left, Right;
    for (SpeciesId X : Net.species()) {
      SpeciesFlags Flags = Net.flags(X);
      if (!IsInput[X.Value] || Flags.Observed || !Certain.certain(X) ||
          Edit.consumers(X).size() != 1 || !Edit.producers(X).empty())
        continue;
      Reaction R = Net.reaction(Edit.consumers(X)[0]);
      if (R.order() != 1 || R.products().size() != 1 ||
          R.products()[0].Coefficient != 1)
        continue;
      SpeciesId Y = R.products()[0].Species;
      SpeciesFlags Its = Net.flags(Y);
      if (Seen[Y.Value] || Its.Helper || Its.Constant || Its.Boundary ||
          Edit.producers(Y).size() != 1 || Net.initial(Y) != Number(0))
        continue;
      auto Users = Edit.consumers(Y);
      for (ReactionId Id : std::vector(Users.begin(), Users.end())) {
        Reaction U = Net.reaction(Id);
        Left.assign(U.reactants().begin(), U.reactants().end());
        Right.assign(U.products().begin(), U.products().end());
        for (Term &T : Left)
          if (T.Species == Y)
            T.Species = X;
        Edit.setTerms(Id, Left, Right);
        Edit.setOrigin(Id, Edit.provenance().derive(Info.Name, U.origin()));
      }
      Edit.erase(R.id());
      Edit.erase(Y);
      ++Inputs;
      Changed = true;
    }
    return Changed;
  }
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createEliminateUnimolecular() {
  return std::make_unique<EliminateUnimolecular>();
}
} // namespace nn2crn
