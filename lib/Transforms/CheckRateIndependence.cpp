//===- CheckRateIndependence.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/NetworkForms.h"
#include "nn2crn/Transforms/Pass.h"

#include <algorithm>

using namespace nn2crn;

namespace {
struct CheckRateIndependence : Pass {
  static constexpr PassInfo Info{
      "check-rate-independence",
      "prove that the limit does not depend on rate constants",
      R"(
A network that is noncompetitive, productive and feed-forward has one limit
state, the same for all rate constants and every rate law. This pass proves that,
prints what it proved, and stops the pipeline with the culprits where it cannot.
`allow` says what may be in the network:

| | |
| --- | --- |
| `catalysts` | reactants that a reaction does not use up, where each is proven to be there, or proven absent, for all inputs in the declared ranges |
| `nothing` | no shared reactant at all: every species that is not held is a reactant of one reaction at most |
| `annihilations` | also reactions `p + n ->` that compete, where it is proven that no output reads how much they take; then readings are certain, single amounts are not |

Changes nothing.
)"};

  static constexpr std::string_view Allowances[] = {"catalysts", "nothing",
                                                    "annihilations"};
  enum { Catalysts, Nothing, Annihilations };
  Choice Allow{this, "allow", Allowances,
               "what the network may hold beside plain consumption"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &Context) override {
    Certainty C = analyzeCertainty(Net);
    if (!C)
      return refuse(Net, C.Order, Context.Diags);
    if (!C.Annihilations.empty() && Allow.index() != Annihilations)
      return refuse(Net, analyzeFeedForward(Net), Context.Diags);
    if (Allow.index() == Nothing && !checkUnshared(Net, Context.Diags))
      return PassResult::failed();
    if (std::string Problem = proveReadings(Net, C, /*Declared=*/true);
        !Problem.empty()) {
      Context.Diags.error(DiagId::NotRateIndependent, {}, Problem);
      return PassResult::failed();
    }
    Context.Print(
        C.Annihilations.empty()
            ? "rate-independent: one limit for all rate constants and every "
              "rate law\n"
            : "rate-independent readings: no output depends on what " +
                  std::to_string(C.Annihilations.size()) +
                  (C.Annihilations.size() == 1 ? " annihilation takes\n"
                                               : " annihilations take\n"));
    return PassResult::unchanged();
  }

private:
  static PassResult refuse(const Network &Net, const FeedForward &F,
                           DiagnosticEngine &Diags) {
    auto D =
        Diags.error(DiagId::NotRateIndependent, {}, explainFeedForward(Net, F));
    noteFeedForward(Net, F, D);
    return PassResult::failed();
  }

  static bool checkUnshared(const Network &Net, DiagnosticEngine &Diags) {
    auto Found = findCompetitions(Net, /*Strict=*/true);
    if (!Found.empty()) {
      const Competition &C = Found.front();
      auto D = Diags.error(DiagId::NotRateIndependent, {},
                           "'" + Net.nameText(C.Species) +
                               "' is a reactant of two reactions");
      for (ReactionId Id : std::span(C.Reactions).first(2))
        D.note(Net.provenance().locate(Net.reaction(Id).origin()),
               "reaction " + quotedReaction(Net, Id));
      return false;
    }
    return true;
  }
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createCheckRateIndependence() {
  return std::make_unique<CheckRateIndependence>();
}
} // namespace nn2crn
