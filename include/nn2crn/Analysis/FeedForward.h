//===- FeedForward.h - Networks whose limit is sure -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A network that is
//
//   noncompetitive  whatever a reaction net-consumes is a reactant of no other
//   productive      every reaction has a positive rate and net-consumes
//                   something that is not held constant
//   feed-forward    "r net-produces a reactant of s" has no cycles
//
// has one limit state, the same for every rate law, and reaches it by firing
// each reaction to completion once, in topological order: only r takes what r
// consumes, so no firing ever disables or shortens another, firings commute,
// and a limit that is reached at all is the only one; productive reactions end
// when their supply does, and without cycles no supply comes back. (For Petri
// nets: conflict-free, hence persistent. The idea is that of Vasic, Chalk,
// Luchsinger, Khurshid and Soloveichik, PNAS 119(24), 2022.)
//
// The extent of a reaction is the least supply / (consumed per firing) over
// what it net-consumes; a reactant that it does not consume is a gate: without
// it nothing happens.
//
// Species held constant (flags Constant and Boundary) at a positive amount are
// left out of reactant lists; at zero their reactions never run.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_ANALYSIS_FEEDFORWARD_H
#define NN2CRN_ANALYSIS_FEEDFORWARD_H

#include "nn2crn/IR/Network.h"
#include "nn2crn/Support/Diagnostics.h"

#include <vector>

namespace nn2crn {

/// What analyzeFeedForward found.
struct FeedForward {
  enum class Verdict : uint8_t {
    Holds,
    /// The network has phases; the question is about one network that runs.
    Phased,
    /// Reactions[0] has a rate that is not positive.
    NoRate,
    /// Reactions[0] net-consumes nothing that is not held constant.
    Unproductive,
    /// Reactions[0] net-consumes Species, a reactant of Reactions[1] too.
    Competing,
    /// Each of Reactions net-produces a reactant of the next, the last one of
    /// the first.
    Cyclic,
  };
  Verdict Result = Verdict::Holds;
  /// Where it holds: all reactions that can run, producers before users.
  std::vector<ReactionId> Order;
  /// Reactions that never run, for a reactant is held at zero.
  std::vector<ReactionId> NeverRun;
  /// Where it does not hold: the culprits.
  std::vector<ReactionId> Reactions;
  SpeciesId Species;

  explicit operator bool() const { return Result == Verdict::Holds; }
};

/// Linear in the size of \p Net. A held species of an input port counts as
/// positive, since it may be given any amount.
FeedForward analyzeFeedForward(const Network &Net);
/// The same for the network without the reactions that \p Aside marks, indexed
/// by ReactionId.
FeedForward analyzeFeedForward(const Network &Net,
                               const std::vector<bool> &Aside);

/// The same without the question about competition: whether every reaction
/// comes to an end.
FeedForward analyzeTermination(const Network &Net);

/// A species and the reactions that compete for it.
struct Competition {
  SpeciesId Species;
  /// All that need it, in id order; at least two.
  std::vector<ReactionId> Reactions;
};

/// Every competition there is, in order of species: a species that one reaction
/// net-consumes and another needs. \p Strict: also those that several
/// reactions need and none consumes, shared catalysts. Reactions that never run
/// count for nothing. Linear in the size of \p Net.
std::vector<Competition> findCompetitions(const Network &Net,
                                          bool Strict = false);

/// One sentence on why \p F does not hold, with names:
/// "reactions 'A -> B' and 'A -> C' compete for 'A'".
std::string explainFeedForward(const Network &Net, const FeedForward &F);

/// Notes on \p D: the culprits with their origins, and what to do.
void noteFeedForward(const Network &Net, const FeedForward &F,
                     InFlightDiagnostic &D);

/// The text of a reaction in quotes, cut where it is long.
std::string quotedReaction(const Network &Net, ReactionId R);

/// Marks the species whose amount no reaction changes (Constant or Boundary),
/// indexed by SpeciesId.
std::vector<bool> heldSpecies(const Network &Net);

} // namespace nn2crn

#endif
