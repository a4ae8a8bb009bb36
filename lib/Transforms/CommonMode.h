//===- CommonMode.h - What the same more on both rails changes -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In a dual-rail network the same amount on both rails of a value should change
// no reading: it goes through as the same more everywhere. min(a + d, b + d) =
// min(a, b) + d, so where each reaction with several reactants gets the same
// more d of every one (per firing), it fires d more often, whatever the amounts
// are, and leaves as much as before. Then all that is more is linear in what is
// fed, and a port reads the same if its coefficients cancel it.
//
// "The same" is for all that is fed at once and for any amounts of each: an
// identity between linear forms. The forms are compared by their values at two
// points of the field of 2^61 - 1 elements, drawn from a fixed sequence: two
// different forms agree in both with a probability of 2^-122.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_TRANSFORMS_COMMONMODE_H
#define NN2CRN_LIB_TRANSFORMS_COMMONMODE_H

#include "nn2crn/Analysis/CertainDownstream.h"
#include "nn2crn/IR/Network.h"

#include <array>
#include <span>
#include <vector>

namespace nn2crn {

class CommonMode {
public:
  /// Both must outlive this.
  CommonMode(const Network &Net, const CertainDownstream &Certain);

  /// The same unknown amount, number \p Which, more of each of \p Species,
  /// which nothing holds.
  void feed(uint32_t Which, std::span<const SpeciesId> Species);
  /// True where it is proven that no output or state port reads anything else,
  /// and that no more is left of any species flagged Observed, for any amounts
  /// of what is fed. Linear in the size of the network.
  bool changesNoReading();

private:
  /// A linear form of what is fed, at two points.
  using Form = std::array<uint64_t, 2>;
  bool passThrough(Reaction R);

  const Network &Net;
  const CertainDownstream &Certain;
  /// Held species, and those whose amount at the start a user sets.
  std::vector<bool> Held, Set;
  std::vector<Form> More;
  /// Scratch, all 0 between uses.
  std::vector<uint32_t> Other;
  bool Fed = false;
};

} // namespace nn2crn

#endif
