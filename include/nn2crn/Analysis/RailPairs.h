//===- RailPairs.h - Species that matter only in their difference -*- C++
//-*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two species are a pair where adding one of each, at any time, changes no
// reading of any port. A pass may then cancel them where both are at hand, or
// let them annihilate.
//
// The proof. Take the multiset {p, n} and fire all that is sure to fire
// (SureFiring.h) in topological order; take out pairs that are proven already
// whenever both of their species are there. If nothing is left but species that
// no reaction needs, which nobody observes by themselves, and what they add to
// each element of each port is 0 in sum, {p, n} is a pair: the limit does not
// depend on when sure reactions fire, so the same happens to a {p, n} that is
// added to a running network. Some examples:
//
//   y = p - n                                  two rails that an output binds
//   z.p -> m + h.p, m + z.n -> h.n             become {h.p, h.n}
//   h.p -> 2 y.p + w.n, h.n -> 2 y.n + w.p     become pairs of y and of w
//
// Candidates come from what ports bind, from the shape of a gate, and from
// fan-outs that mirror each other; never from names. What is no candidate is no
// pair here, though it might be proven.
//
// No member of a pair is an input or a state, held, or flagged @observed; of
// output rails with several mates the first is taken, so that a species has one
// mate at most.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_ANALYSIS_RAILPAIRS_H
#define NN2CRN_ANALYSIS_RAILPAIRS_H

#include "nn2crn/IR/Network.h"

#include <optional>
#include <vector>

namespace nn2crn {

class RailPairs {
public:
  /// About linear in the size of \p Net: a proof costs as much as the lists
  /// that it looks at, and one that looks at far more than its own is given up.
  explicit RailPairs(const Network &Net);

  /// The other member of the pair of \p S. Mates of each other.
  std::optional<SpeciesId> mateOf(SpeciesId S) const {
    SpeciesId M = Mates[S.Value];
    return M.isValid() ? std::optional(M) : std::nullopt;
  }
  /// Number of pairs.
  size_t size() const { return Count; }

private:
  std::vector<SpeciesId> Mates;
  size_t Count = 0;
};

} // namespace nn2crn

#endif
