//===- Canonicalize.cpp -*- C++ -*-===//
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
struct Canonicalize : Pass {
  static constexpr PassInfo Info{
      "canonicalize", "order terms and drop reactions without effect",
      R"(
Sorts the terms on each side of a reaction by species, and drops reactions that
do nothing: those whose two sides are the same, and those whose rate constant is
the plain number 0. A named parameter may be given another value later, so its
reactions stay.

```crn before
B + A -> C + A [k = 1]
A -> A [k = 2]
C -> B [k = 0]
A @initial 1
B @initial 1
```

```crn after
@units nM s
B + A -> A + C [k = 1]
B @initial 1
A @initial 1
```
)"};

  Counter Sorted{this, "sorted", "reactions whose terms were put in order"};
  Counter Dropped{this, "dropped", "reactions without effect"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &) override {
    Editor Edit(Net);
    auto BySpecies = [](Term A, Term B) { return A.Species < B.Species; };
    std::vector<Term> Left, Right;
    bool Changed = false;
    for (Reaction R : Net.reactions()) {
      Left.assign(R.reactants().begin(), R.reactants().end());
      Right.assign(R.products().begin(), R.products().end());
      bool InOrder = std::is_sorted(Left.begin(), Left.end(), BySpecies) &&
                     std::is_sorted(Right.begin(), Right.end(), BySpecies);
      std::sort(Left.begin(), Left.end(), BySpecies);
      std::sort(Right.begin(), Right.end(), BySpecies);
      const RateConstant &Rate = Net.rateConstant(R.rate());
      bool NeverFires = Rate.Parameter.empty() && Rate.Value == Number(0);
      if (Left == Right || NeverFires) {
        Edit.erase(R.id());
        ++Dropped;
        Changed = true;
      } else if (!InOrder) {
        Edit.setTerms(R.id(), Left, Right);
        ++Sorted;
        Changed = true;
      }
    }
    return Changed ? PassResult::changed(Preserved::SameKinetics)
                   : PassResult::unchanged();
  }
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createCanonicalize() {
  return std::make_unique<Canonicalize>();
}
} // namespace nn2crn
