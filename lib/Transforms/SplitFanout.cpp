//===- SplitFanout.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FanoutTree.h"

#include "nn2crn/Analysis/CertainDownstream.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/Transforms/Pass.h"

#include <algorithm>

using namespace nn2crn;

namespace {
struct SplitFanout : Pass {
  static constexpr PassInfo Info{"split-fanout",
                                 "make long product lists into trees",
                                 R"(
A strand grows with the products of its reaction, and a synthesis ends at some
length. A reaction that makes more than `max-products` molecules hands them out
through a balanced tree of helper species instead, each of which turns into at
most as many. For n molecules there are at most ceil((n - 1) / (N - 1))
reactions in all, no tree of that kind is less deep, and equal molecules share
helpers: `A -> 1000000 B` takes a few reactions. Helpers are flagged `@helper`,
which elimination keeps.

What is made only comes later, in the same amounts. That leaves final amounts
as they are where everything that a product can set off is noncompetitive,
productive and on no cycle. Other products, and what is a reactant of the same
reaction, stay where they are; a reaction whose list stays too long for that is
left alone and counted.

```crn before
@input x[] dual
@output y[3] single
x.p -> 2 y.0 + 2 y.1 + y.2 [k = 1]
x.n -> y.0 + y.1 [k = 1]
```

```crn after
@units nM s
@input x[] dual
@output y[3] single
x.p -> 2 y.1 + y.2 + f.0 [k = 1]
x.n -> y.0 + y.1 [k = 1]
f.0 -> 2 y.0 [k = 1]
f.0 @helper
```
)"};

  Option<uint32_t> MaxProducts{this, "max-products", 4,
                               "most molecules that a reaction makes, from 2"};
  Counter Split{this, "split", "reactions made into trees"};
  Counter Helpers{this, "helpers", "helper species, each with its reaction"};
  Counter Kept{this, "kept", "reactions left with more products"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &Context) override {
    if (MaxProducts < 2) {
      Context.Diags
          .error(DiagId::BadArgument, {},
                 "split-fanout expects max-products of at least 2, found " +
                     MaxProducts.text())
          .note("a tree whose nodes have one branch never ends");
      return PassResult::failed();
    }
    const auto &Certain = Context.get<CertainDownstream>(Net);
    Editor Edit(Net);
    uint64_t Generation = Net.generation();
    FanoutHelpers Add(Edit, Info.Name);
    std::vector<bool> Needed(Net.speciesRows());
    std::vector<Term> Left, Stay, Move;
    for (Reaction R : Net.reactions()) {
      if (molecules(R.products()) <= MaxProducts)
        continue;
      Left.assign(R.reactants().begin(), R.reactants().end());
      for (Term T : Left)
        Needed[T.Species.Value] = true;
      Stay.clear();
      Move.clear();
      for (Term T : R.products())
        (Certain.certain(T.Species) && !Needed[T.Species.Value] ? Move : Stay)
            .push_back(T);
      for (Term T : Left)
        Needed[T.Species.Value] = false;
      uint64_t Staying = molecules(Stay);
      if (Move.empty() || Staying >= MaxProducts) {
        ++Kept;
        continue;
      }
      FanoutTree Tree = planFanoutTree(
          Move, MaxProducts, static_cast<uint32_t>(MaxProducts - Staying),
          static_cast<uint32_t>(Net.speciesRows()));
      OriginId Origin = R.origin();
      std::vector<SpeciesId> Added;
      for (size_t I = 0; I < Tree.Helpers.size(); ++I)
        Added.push_back(Add.add(Origin));
      for (size_t I = 0; I < Tree.Helpers.size(); ++I)
        Add.becomes(Added[I], Tree.Helpers[I]);
      Stay.insert(Stay.end(), Tree.Root.begin(), Tree.Root.end());
      Edit.setTerms(R.id(), Left, Stay);
      Edit.setOrigin(R.id(), Edit.provenance().derive(Info.Name, Origin));
      ++Split;
      Helpers += Tree.Helpers.size();
    }
    return Net.generation() != Generation
               ? PassResult::changed(Preserved::SameEquilibrium)
               : PassResult::unchanged();
  }
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createSplitFanout() {
  return std::make_unique<SplitFanout>();
}
} // namespace nn2crn
