//===- Mangle.h - Species names as identifiers of any format ----*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A signal may be any string of bytes; SBML, Antimony, BioNetGen and the plain
// `.crn` take letters, digits and underscores. One mapping serves them all, and
// it can be undone, so that a file of ours reads back with its names.
//
//   x.1.p       x_1_p          index and rail are appended
//   my_net      myZ5fnet       any other byte is Z and two hexadecimal digits
//   Zeta        ZZeta          Z itself is doubled
//   fc1         ZSfc1          ZS begins a signal that may not begin the name
//   "15".3      ZS15_3
//
// ZS stands before a signal that is empty, begins with a digit, or begins with
// f, i or w (Nuskell keeps those letters for its own species), and where the
// whole identifier would be a word with a meaning in one of the formats
// (`time`, `species`, `pi`). An underscore never stands in a mangled signal and
// never twice in a row in a species, so that these can not clash:
//
//   r__7        the seventh reaction
//   k__2        the second rate constant that is a number
//   k__eta      the rate constant that is the parameter eta
//   tube        the compartment
//
// No identifier ends in an underscore: Nuskell makes names of its own that way.
// Mangling is in IR, not in Target, because readers undo it.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_IR_MANGLE_H
#define NN2CRN_IR_MANGLE_H

#include "nn2crn/IR/Names.h"

#include <optional>
#include <string>
#include <string_view>

namespace nn2crn {

/// A species name that is not tied to a table of signals.
struct PlainName {
  std::string Signal;
  std::optional<uint32_t> Index;
  Rail On = Rail::None;
  friend bool operator==(const PlainName &, const PlainName &) = default;
};

/// The compartment of every emitted network.
inline constexpr std::string_view CompartmentId = "tube";
/// What reaction and rate-constant identifiers begin with.
inline constexpr std::string_view ReactionPrefix = "r__", RatePrefix = "k__";

/// The identifier of a species: `[A-Za-z][A-Za-z0-9_]*`, different for
/// different names. \p Index must be below SpeciesName::IndexLimit.
std::string mangle(std::string_view Signal,
                   std::optional<uint32_t> Index = std::nullopt,
                   Rail On = Rail::None);
std::string mangle(const SignalTable &Signals, SpeciesName Name);
/// The mangled signal without regard to what stands around it: no ZS, no
/// suffix. For names that get a prefix (`k__eta`).
std::string mangleBytes(std::string_view Text);

/// The name whose identifier is \p Id; empty where mangle() never gives \p Id.
std::optional<PlainName> demangle(std::string_view Id);
/// Undoes mangleBytes().
std::optional<std::string> demangleBytes(std::string_view Text);

/// True for a word that one of the formats keeps for itself, in any case.
bool isReservedWord(std::string_view Word);

} // namespace nn2crn

#endif
