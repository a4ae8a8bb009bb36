//===- CheckNoncompetitive.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/FeedForward.h"
#include "nn2crn/Transforms/Pass.h"

#include <algorithm>

using namespace nn2crn;

namespace {
struct CheckNoncompetitive : Pass {
  static constexpr PassInfo Info{"check-noncompetitive",
                                 "stop unless no two reactions compete",
                                 R"(
A network is *noncompetitive* where whatever a reaction net-consumes is a
reactant of no other. Then no reaction ever takes from another, so whatever
comes to rest does so in amounts that depend neither on rate constants nor on
the rate law. Prints one line where it holds; where it does not, that is an error, which
lists the species that are competed for and the reactions that do, and the
pipeline stops.

A catalyst that nothing consumes may be shared, unless `strict=true`: then every
species is a reactant of at most one reaction. Species held constant
(`@constant`, `@boundary`) are nobody's reactants, and reactions that lack one
that is held at zero never run and count for nothing.

Whether the network comes to rest at all is the question of
`check-feedforward`.
)"};

  Option<bool> Strict{this, "strict", false,
                      "allow no shared catalysts either"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &Context) override {
    if (!Net.phases().empty()) {
      Context.Diags
          .error(DiagId::NotFeedForward, {},
                 "expected a network without phases, found " +
                     std::to_string(Net.phases().size()))
          .note("which reactions compete is a question about reactions that "
                "run together");
      return PassResult::failed();
    }
    auto Found = findCompetitions(Net, Strict);
    if (Found.empty()) {
      Context.Print(std::string(Strict ? "strictly noncompetitive: "
                                       : "noncompetitive: ") +
                    std::to_string(Net.reactionCount()) +
                    " reactions, none competes\n");
      return PassResult::unchanged();
    }
    report(Net, Found, Context.Diags);
    return PassResult::failed();
  }

private:
  /// Limits on what one report lists.
  static constexpr size_t MostSpecies = 8, MostReactions = 4;

  void report(const Network &Net, const std::vector<Competition> &Found,
              DiagnosticEngine &Diags) {
    auto D = Diags.error(
        DiagId::NotFeedForward, {},
        std::string("expected a ") + (Strict ? "strictly " : "") +
            "noncompetitive network, found reactions that compete for " +
            std::to_string(Found.size()) +
            (Found.size() == 1 ? " species" : " different species"));
    for (size_t I = 0; I < Found.size() && I < MostSpecies; ++I) {
      const auto &[Species, Reactions] = Found[I];
      for (size_t J = 0; J < Reactions.size() && J < MostReactions; ++J)
        D.note(Net.provenance().locate(Net.reaction(Reactions[J]).origin()),
               "'" + Net.nameText(Species) + "' is needed by " +
                   quotedReaction(Net, Reactions[J]));
      if (Reactions.size() > MostReactions)
        D.note("and by " + std::to_string(Reactions.size() - MostReactions) +
               " more");
    }
    if (Found.size() > MostSpecies)
      D.note("and so on for " + std::to_string(Found.size() - MostSpecies) +
             " more species");
    D.note("give each of the reactions its own copy of the species, made by "
           "one fan-out");
  }
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createCheckNoncompetitive() {
  return std::make_unique<CheckNoncompetitive>();
}
} // namespace nn2crn
