//===- CertainDownstream.h - Where order and timing cannot matter -*- C++
//-*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// FeedForward.h asks whether a whole network has one sure limit. A pass that
// moves material about needs the same of a part only: of all that the material
// can reach. If every reaction that is reachable from a species is
// noncompetitive, productive and on no cycle, then whatever arrives there ends
// in amounts that depend on how much arrives in all, and not on when or in what
// order. (Rate-independence notes, 1.3 and 1.4.)
//
// Why the species alone is not enough: in
//
//   X -> A, A -> C, A + D -> E, D -> W
//
// X is a reactant once, yet to replace it by A changes how A is shared out
// between C and E, since A and D are competed for.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_ANALYSIS_CERTAINDOWNSTREAM_H
#define NN2CRN_ANALYSIS_CERTAINDOWNSTREAM_H

#include "nn2crn/IR/Network.h"

#include <span>
#include <vector>

namespace nn2crn {

class CertainDownstream {
public:
  /// Linear in the size of \p Net. Nothing is certain in a network with phases.
  explicit CertainDownstream(const Network &Net);

  /// True where \p R, and every reaction that it can set off, is
  /// noncompetitive, productive and on no cycle. False for a reaction that
  /// never runs because a species is held at zero.
  bool certain(ReactionId R) const { return CertainReaction[R.Value]; }
  /// True where each reaction that needs \p S is certain: also where there is
  /// none. False for held species.
  bool certain(SpeciesId S) const { return CertainSpecies[S.Value]; }
  /// The certain reactions, each before those that use what it makes; a
  /// function of the network alone.
  std::span<const ReactionId> order() const { return Order; }

private:
  std::vector<bool> CertainReaction, CertainSpecies;
  std::vector<ReactionId> Order;
};

} // namespace nn2crn

#endif
