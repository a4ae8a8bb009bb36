//===- MergeDuplicates.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/IR/Editor.h"
#include "nn2crn/Transforms/Pass.h"

#include "llvm/ADT/Hashing.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

using namespace nn2crn;

namespace {
struct MergeDuplicates : Pass {
  static constexpr PassInfo Info{
      "merge-duplicates", "replace equal reactions by one with the summed rate",
      R"(
Two reactions with the same reactants, the same products and the same phases run
side by side at the sum of their rates, so one reaction with the summed rate
constant takes their place. Named parameters are left alone: each may be changed
by its name.

```crn before
A + B -> C [k = 1]
B + A -> C [k = 1/3]
A -> C [k = 1]
```

```crn after
@units nM s
A + B -> C [k = 4/3]
A -> C [k = 1]
```
)"};

  Counter Merged{this, "merged", "reactions merged into an earlier one"};

  PassInfo info() const override { return Info; }

  /// Both sides in order of species, with the phases: equal for reactions that
  /// may be merged.
  struct Key {
    std::vector<Term> Left, Right;
    PhaseMask Phases;

    explicit Key(Reaction R)
        : Left(R.reactants().begin(), R.reactants().end()),
          Right(R.products().begin(), R.products().end()), Phases(R.phases()) {
      for (auto *Side : {&Left, &Right})
        std::sort(Side->begin(), Side->end(),
                  [](Term A, Term B) { return A.Species < B.Species; });
    }
    friend bool operator==(const Key &, const Key &) = default;

    size_t hash() const {
      llvm::hash_code H = llvm::hash_combine(Phases, Left.size());
      for (const auto *Side : {&Left, &Right})
        for (Term T : *Side)
          H = llvm::hash_combine(H, T.Species.Value, T.Coefficient);
      return H;
    }
  };

  PassResult run(Network &Net, PassContext &) override {
    Editor Edit(Net);
    // Hashes to the reactions kept so far; keys are made again to compare, as
    // keeping them would double the network.
    std::unordered_multimap<size_t, ReactionId> Kept;
    Kept.reserve(Net.reactionCount());
    bool Changed = false;
    for (Reaction R : Net.reactions()) {
      const RateConstant &Rate = Net.rateConstant(R.rate());
      if (!Rate.Parameter.empty())
        continue;
      Key Mine(R);
      size_t Hash = Mine.hash();
      auto [It, End] = Kept.equal_range(Hash);
      while (It != End && !(Key(Net.reaction(It->second)) == Mine))
        ++It;
      if (It == End) {
        Kept.emplace(Hash, R.id());
        continue;
      }
      Reaction First = Net.reaction(It->second);
      Number Sum = Net.rateConstant(First.rate()).Value + Rate.Value;
      if (!std::isfinite(Sum.value()))
        continue;
      Edit.setRate(First.id(), Edit.rate(Sum));
      Edit.setOrigin(First.id(),
                     Edit.provenance().derive(Info.Name, First.origin()));
      Edit.erase(R.id());
      ++Merged;
      Changed = true;
    }
    return Changed ? PassResult::changed(Preserved::SameKinetics)
                   : PassResult::unchanged();
  }
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createMergeDuplicates() {
  return std::make_unique<MergeDuplicates>();
}
} // namespace nn2crn
