//===- CancelRails.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/RailPairs.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/Transforms/Pass.h"

#include <algorithm>

using namespace nn2crn;

namespace {
struct CancelRails : Pass {
  static constexpr PassInfo Info{
      "cancel-rails", "cancel pairs that matter only in their difference",
      R"(
Where a product list, or the initial amounts, hold both members of a pair whose
difference is all that anybody sees, as many of each are dropped as the rarer
one has. A pair is

- two species that nothing consumes and that ports bind with opposite
  coefficients in exactly the same elements, as the rails of an output; or
- two species of which it is proven that adding one of each changes no reading:
  the two inputs of a ReLU, its two outputs, and fan-outs of those that mirror
  each other. The proof fires on paper what must fire anyway, until only outputs
  are left that add up to 0.

Nothing is cancelled that is seen by itself: a rail that a port reads alone,
`@observed` species, inputs, states, and whatever something competes for
downstream. Amounts marked `~` stay as they are.

Readings of ports are kept; the rails come out lower, which is the point.

```crn before
@input x[] dual
@output y[] dual
x.p -> 3 y.p + 2 y.n [k = 1]
x.n -> y.n [k = 1]
y.p @initial 1/2
y.n @initial 2
```

```crn after
@units nM s
@input x[] dual
@output y[] dual
x.p -> y.p [k = 1]
x.n -> y.n [k = 1]
y.n @initial 1.5
```
)"};

  Counter Pairs{this, "pairs", "pairs found in the network"};
  Counter Lists{this, "lists", "product lists that became shorter"};
  Counter Molecules{this, "molecules", "product molecules cancelled"};
  Counter Amounts{this, "amounts", "pairs of initial amounts cancelled"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &) override {
    RailPairs Rails(Net);
    Pairs += Rails.size();
    if (Rails.size() == 0)
      return PassResult::unchanged();
    Editor Edit(Net);
    uint64_t Generation = Net.generation();
    cancelLists(Edit, Rails);
    cancelAmounts(Edit, Rails);
    return Net.generation() != Generation
               ? PassResult::changed(Preserved::SameDifference)
               : PassResult::unchanged();
  }

private:
  void cancelLists(Editor &Edit, const RailPairs &Rails) {
    const Network &Net = Edit.network();
    std::vector<uint32_t> There(Net.speciesRows());
    std::vector<Term> Left, Right;
    for (Reaction R : Net.reactions()) {
      for (Term T : R.products())
        There[T.Species.Value] = T.Coefficient;
      Right.clear();
      uint64_t Cancelled = 0;
      for (Term T : R.products()) {
        auto Mate = Rails.mateOf(T.Species);
        uint32_t Both = Mate ? std::min(T.Coefficient, There[Mate->Value]) : 0;
        Cancelled += Both;
        if (T.Coefficient != Both)
          Right.push_back({T.Species, T.Coefficient - Both});
      }
      for (Term T : R.products())
        There[T.Species.Value] = 0;
      if (Cancelled == 0)
        continue;
      Left.assign(R.reactants().begin(), R.reactants().end());
      Edit.setTerms(R.id(), Left, Right);
      Edit.setOrigin(R.id(), Edit.provenance().derive(Info.Name, R.origin()));
      ++Lists;
      Molecules += Cancelled;
    }
  }

  void cancelAmounts(Editor &Edit, const RailPairs &Rails) {
    const Network &Net = Edit.network();
    for (SpeciesId P : Net.species()) {
      auto Mate = Rails.mateOf(P);
      if (!Mate || *Mate < P || Net.initialValue(P) == 0 ||
          Net.initialValue(*Mate) == 0)
        continue;
      Number A = Net.initial(P), B = Net.initial(*Mate);
      auto ExactA = A.exact(), ExactB = B.exact();
      if (!ExactA || !ExactB)
        continue;
      bool Less = *ExactA < *ExactB;
      Edit.setInitial(P, Less ? Number(0) : A - B);
      Edit.setInitial(*Mate, Less ? B - A : Number(0));
      ++Amounts;
    }
  }
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createCancelRails() {
  return std::make_unique<CancelRails>();
}
} // namespace nn2crn
