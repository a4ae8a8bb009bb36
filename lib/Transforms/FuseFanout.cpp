//===- FuseFanout.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Substitution.h"
#include "nn2crn/Transforms/Pass.h"

#include <algorithm>

using namespace nn2crn;

namespace {
struct FuseFanout : Pass {
  static constexpr PassInfo Info{
      "fuse-fanout", "merge fan-outs with what makes their reactants",
      R"(
Puts a fan-out `X -> P` into the reactions that make `X` where that makes
nothing larger: with *n* molecules of `X` in all product lists and *m* molecules
in `P`, there are *n + m* before and *n m* afterwards, and it is done where
*n m* is at most *n + m*. So chains of fan-outs become one, and the outputs of a
ReLU become what they fan out to.

Right under the same conditions as `eliminate-unimolecular`, which does not ask
about sizes; `@helper` species stay, as there. With `max-products` no product list may grow beyond that many
molecules either.

```crn before
@input x[] dual
@output y[2] dual
x.p -> h.p + m [k = 1]
m + x.n -> h.n [k = 1]
h.p -> y.0.p + y.1.n [k = 1]
h.n -> y.0.n + y.1.p [k = 1]
```

```crn after
@units nM s
@input x[] dual
@output y[2] dual
x.p -> y.0.p + y.1.n + m [k = 1]
m + x.n -> y.0.n + y.1.p [k = 1]
```
)"};

  Option<uint64_t> MaxProducts{
      this, "max-products", 0,
      "most molecules in a list that grows; 0 for no limit"};
  Counter Fused{this, "fused", "fan-outs merged into others"};
  Counter TooLong{this, "too-long", "fan-outs kept for max-products"};
  Counter TooLarge{this, "kept-large",
                   "kept, since a coefficient would not fit"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &Context) override {
    auto Certain = Context.get<CertainDownstream>(Net);
    Editor Edit(Net);
    Substitution S(Edit, Certain);
    Sizes Lists(Net, S, MaxProducts != 0);
    bool Changed = S.run(Info.Name, [&](const Substitution::Candidate &C) {
      uint64_t N = Lists.Made[C.Species.Value], M = C.Molecules;
      // n m <= n + m without overflow: one of them is at most 1, or both
      // are 2.
      if (N > 1 && M > 1 && (N != 2 || M != 2))
        return false;
      if (MaxProducts != 0 && !Lists.grow(C.Species, M, MaxProducts)) {
        ++TooLong;
        return false;
      }
      return true;
    });
    Fused += S.replaced();
    TooLarge += S.tooLarge();
    return Changed ? PassResult::changed(Preserved::SameEquilibrium)
                   : PassResult::unchanged();
  }

private:
  /// How often each species is made, and how long lists get.
  struct Sizes {
    Sizes(const Network &Net, const Substitution &S, bool Limited)
        : Made(Net.speciesRows()) {
      for (Reaction R : Net.reactions())
        for (Term T : R.products())
          Made[T.Species.Value] += T.Coefficient;
      if (!Limited)
        return;
      Molecules.resize(Net.reactionRows());
      Begin.resize(Net.speciesRows() + 1);
      auto ForUses = [&](auto Visit) {
        for (Reaction R : Net.reactions())
          for (Term T : R.products())
            if (S.eligibility(T.Species) == Eligibility::Eligible)
              Visit(R.id(), T);
      };
      for (Reaction R : Net.reactions())
        for (Term T : R.products())
          Molecules[R.id().Value] += T.Coefficient;
      ForUses([&](ReactionId, Term T) { ++Begin[T.Species.Value + 1]; });
      for (size_t I = 1; I < Begin.size(); ++I)
        Begin[I] += Begin[I - 1];
      Uses.resize(Begin.back());
      std::vector<size_t> Fill(Begin.begin(), Begin.end() - 1);
      ForUses([&](ReactionId R, Term T) {
        Uses[Fill[T.Species.Value]++] = {R, T.Coefficient};
      });
    }

    /// Makes room for \p M molecules in place of each \p X wherever it is made;
    /// false, with nothing done, where a list that grows would exceed \p Most.
    bool grow(SpeciesId X, uint64_t M, uint64_t Most) {
      auto Its = std::span(Uses).subspan(Begin[X.Value],
                                         Begin[X.Value + 1] - Begin[X.Value]);
      if (M > 1)
        for (auto [R, N] : Its) {
          uint64_t Old = Molecules[R.Value];
          if (Old > Most || (M - 1) > (Most - Old) / N)
            return false;
        }
      for (auto [R, N] : Its)
        Molecules[R.Value] = Molecules[R.Value] + N * M - N;
      return true;
    }

    std::vector<uint64_t> Made;
    std::vector<uint64_t> Molecules;
    struct Use {
      ReactionId Reaction;
      uint32_t Coefficient;
    };
    /// Who makes each eligible species, in CSR form.
    std::vector<size_t> Begin;
    std::vector<Use> Uses;
  };
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createFuseFanout() {
  return std::make_unique<FuseFanout>();
}
} // namespace nn2crn
