//===- MirroredRails.h - Which species and reactions mirror each other -*- C++
//-*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In a dual-rail network `x.p -> a.p + b.n` comes with `x.n -> a.n + b.p`. This
// finds such pairs in the reactions themselves, never in names: it starts from
// the rails that ports bind and from gates `a -> m + c`, `m + b -> d` (a and b,
// c and d), and goes on by
//
//   - rails that only one reaction each consumes, alone: the two reactions;
//   - species that mirrored reactions make in mirrored amounts, and reactions
//     that make mirrored amounts of mirrored species.
//
// Pairs are proposals. A pass that relies on one checks what it relies on.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_ANALYSIS_MIRROREDRAILS_H
#define NN2CRN_ANALYSIS_MIRROREDRAILS_H

#include "nn2crn/IR/Network.h"

#include <vector>

namespace nn2crn {

class MirroredRails {
public:
  /// Linear in the size of \p Net, but for sorting species and reactions.
  explicit MirroredRails(const Network &Net);

  /// The other rail of \p S, which then has \p S; an invalid id where there is
  /// none. Never \p S itself.
  SpeciesId mate(SpeciesId S) const { return OfSpecies[S.Value]; }
  /// The reaction that mirrors \p R, likewise.
  ReactionId mate(ReactionId R) const { return OfReaction[R.Value]; }

private:
  std::vector<SpeciesId> OfSpecies;
  std::vector<ReactionId> OfReaction;
  friend class MirrorFinder;
};

} // namespace nn2crn

#endif
