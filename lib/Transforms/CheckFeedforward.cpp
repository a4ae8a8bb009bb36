//===- CheckFeedforward.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/FeedForward.h"
#include "nn2crn/Transforms/Pass.h"

using namespace nn2crn;

namespace {
struct CheckFeedforward : Pass {
  static constexpr PassInfo Info{"check-feedforward",
                                 "stop unless every reaction comes to an end",
                                 R"(
A network is *feed-forward* where "one reaction net-produces a reactant of the
other" has no cycles, and *productive* where every reaction has a positive rate
constant and net-consumes something that is not held constant. Then whatever
goes in comes to rest: supplies end, and none comes back. Prints one line where
both hold; where one does not, that is an error, which names the reaction or
the cycle, and the pipeline stops.

Whether the state in which it comes to rest depends on rates is the question of
`check-noncompetitive`.
)"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &Context) override {
    FeedForward F = analyzeTermination(Net);
    if (F) {
      Context.Print("feed-forward: " + std::to_string(F.Order.size()) +
                    " reactions run, no cycle, each ends when its supply "
                    "does\n");
      return PassResult::unchanged();
    }
    auto D = Context.Diags.error(DiagId::NotFeedForward, {},
                                 "expected a feed-forward network, but " +
                                     explainFeedForward(Net, F));
    noteFeedForward(Net, F, D);
    return PassResult::failed();
  }
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createCheckFeedforward() {
  return std::make_unique<CheckFeedforward>();
}
} // namespace nn2crn
