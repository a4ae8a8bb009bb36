//===- Ids.h - Typed 32-bit ids ---------------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_SUPPORT_IDS_H
#define NN2CRN_SUPPORT_IDS_H

#include <compare>
#include <cstdint>
#include <functional>

namespace nn2crn {

/// A 32-bit index that only compares with ids of the same kind.
template <class Tag> struct Id {
  uint32_t Value = UINT32_MAX;

  constexpr Id() = default;
  constexpr explicit Id(uint32_t Value) : Value(Value) {}
  /// False for a default-constructed id, which names nothing.
  constexpr bool isValid() const { return Value != UINT32_MAX; }
  friend constexpr auto operator<=>(Id, Id) = default;
};

using SpeciesId = Id<struct SpeciesTag>;
using ReactionId = Id<struct ReactionTag>;
/// An entry of a network's table of rate constants.
using RateId = Id<struct RateTag>;
/// An interned signal name, the part of a species name before its index.
using SignalId = Id<struct SignalTag>;
/// Where a species or reaction came from; see Provenance.h.
using OriginId = Id<struct OriginTag>;

} // namespace nn2crn

template <class Tag> struct std::hash<nn2crn::Id<Tag>> {
  size_t operator()(nn2crn::Id<Tag> I) const noexcept {
    return std::hash<uint32_t>()(I.Value);
  }
};

#endif
