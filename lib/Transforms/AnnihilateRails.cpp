//===- AnnihilateRails.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/CostModel.h"
#include "nn2crn/Analysis/FeedForward.h"
#include "nn2crn/Analysis/RailPairs.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/Transforms/Pass.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

namespace {
struct AnnihilateRails : Pass {
  static constexpr PassInfo Info{
      "annihilate-rails", "let the rails of large values cancel in the tube",
      R"(
Only the difference of two rails says anything, yet both grow by about a layer's
width from layer to layer: a five-layer network of eight units each reaches
thousands of times its readings. This pass adds `p + n ->` for pairs of rails of
which both may get more than `above`, by the bounds of the cost model for inputs
in their declared ranges (of magnitude 1 where none is declared).

A pair is taken only where it is proven that adding the same amount to both of
its species changes no output. Readings then stay as they are, for every rate
constant; what single species end at depends on rates. So the network is no
longer noncompetitive, certificates say "differences", and passes that need
more leave the annihilated part alone: run this last, and on rails that still
exist (elimination takes them out; static-fire and cancel-rails do the same work
at compile time).

```crn before
@input x[] dual range=-1000:1000
@output y[] dual
x.p -> z.p + 2 a.p [k = 1]
x.n -> z.n + 2 a.n [k = 1]
a.p -> z.n [k = 1]
a.n -> z.p [k = 1]
z.p -> m + y.p [k = 1]
m + z.n -> y.n [k = 1]
```

```crn after
@units nM s
@input x[] dual range=-1000:1000
@output y[] dual
x.p -> z.p + 2 a.p [k = 1]
x.n -> z.n + 2 a.n [k = 1]
a.p -> z.n [k = 1]
a.n -> z.p [k = 1]
z.p -> m + y.p [k = 1]
m + z.n -> y.n [k = 1]
y.p + y.n -> [k = 1]
z.p + z.n -> [k = 1]
a.p + a.n -> [k = 1]
```
)"};

  Option<double> Above{this, "above", 100,
                       "least bound on both rails, in the network's unit of "
                       "amount"};
  Option<double> Rate{this, "rate", 1, "rate constant of the annihilations"};
  Counter Added{this, "added", "annihilations"};
  Counter Small{this, "small", "pairs of rails that stay small without"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &Context) override {
    if (!(Above >= 0) || !(Rate > 0) || !std::isfinite(double(Rate))) {
      Context.Diags.error(DiagId::BadArgument, {},
                          "annihilate-rails expects above of at least 0 and a "
                          "positive, finite rate");
      return PassResult::failed();
    }
    if (FeedForward F = analyzeFeedForward(Net); !F) {
      auto D = Context.Diags.error(
          DiagId::NotFeedForward, {},
          "annihilate-rails needs a network whose limit is certain: " +
              explainFeedForward(Net, F));
      noteFeedForward(Net, F, D);
      return PassResult::failed();
    }
    RailPairs Pairs(Net);
    std::vector<double> Bounds = supplyBounds(Net);
    Editor Edit(Net);
    RateId K = Edit.rate(Number(double(Rate)));
    bool Changed = false;
    for (SpeciesId S : Net.species()) {
      auto Mate = Pairs.mateOf(S);
      if (!Mate || *Mate < S)
        continue;
      if (std::min(Bounds[S.Value], Bounds[Mate->Value]) <= Above) {
        ++Small;
        continue;
      }
      Edit.addReaction({{S, 1}, {*Mate, 1}}, {}, K,
                       Edit.provenance().derive(Info.Name, Net.origin(S)));
      ++Added;
      Changed = true;
    }
    return Changed ? PassResult::changed(Preserved::SameDifference)
                   : PassResult::unchanged();
  }
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createAnnihilateRails() {
  return std::make_unique<AnnihilateRails>();
}
} // namespace nn2crn
