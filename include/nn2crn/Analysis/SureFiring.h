//===- SureFiring.h - What may be fired before anything runs -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where all that a reaction can set off is certain (CertainDownstream.h), it
// may be fired on paper wherever its reactants are at hand together: in a
// product list, among initial amounts, in a multiset that an analysis asks
// about. The limit of the network does not depend on the order of firings, and
// this is one of the orders.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_ANALYSIS_SUREFIRING_H
#define NN2CRN_ANALYSIS_SUREFIRING_H

#include "nn2crn/IR/Network.h"

#include <span>
#include <vector>

namespace nn2crn {

class SureFiring {
public:
  /// Linear in the size of \p Net. In a network with phases nothing is sure.
  explicit SureFiring(const Network &Net);

  enum class Fate : uint8_t {
    /// No reaction has it as a reactant, and none can change what there is of
    /// it but by adding.
    Stays,
    /// Only consumer() has it as a reactant, and that is sure.
    Fires,
    /// Anything else: held species, inputs, states, catalysts, species that are
    /// competed for.
    Open,
  };
  Fate fate(SpeciesId S) const { return Fates[S.Value]; }
  /// The sure reaction that consumes \p S; invalid unless that fires.
  ReactionId consumer(SpeciesId S) const { return Consumers[S.Value]; }

  /// True for a reaction that may be fired: certain, its reactants all consumed
  /// and neither held nor set by a user, nor any of its products set by one.
  bool fires(ReactionId R) const { return Positions[R.Value] != UINT32_MAX; }
  /// Its place in order(); what a reaction makes is consumed by reactions of
  /// larger positions. Of reactions that fire.
  uint32_t position(ReactionId R) const { return Positions[R.Value]; }
  /// The reactions that fire, in order of position.
  std::span<const ReactionId> order() const { return Order; }

  /// A species of an input or state port.
  bool isSet(SpeciesId S) const { return Set[S.Value]; }
  /// A constant or boundary species, which no reaction changes.
  bool isHeld(SpeciesId S) const { return Held[S.Value]; }

private:
  std::vector<Fate> Fates;
  std::vector<ReactionId> Consumers;
  std::vector<uint32_t> Positions;
  std::vector<ReactionId> Order;
  std::vector<bool> Set, Held;
};

} // namespace nn2crn

#endif
