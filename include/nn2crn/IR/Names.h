//===- Names.h - Species names as signal, index and rail -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A compiler makes names by the million, nearly all of the form `h0.37.p`:
// element 37 of signal h0, positive rail. Kept as strings they would cost more
// than the reactions (73 bytes against 8, docs/rationale/ir-layout.md), so a
// name is its three parts and the signal alone is a string, interned.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_IR_NAMES_H
#define NN2CRN_IR_NAMES_H

#include "nn2crn/Support/Ids.h"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace nn2crn {

/// Which half of a dual-rail value a species is named as. Only a name: what
/// belongs together is recorded in ports.
enum class Rail : uint8_t { None, Positive, Negative };

/// A species name in 8 bytes: `signal`, `signal.index`, `signal.rail` or
/// `signal.index.rail`.
class SpeciesName {
public:
  /// Indices are below this bound.
  static constexpr uint32_t IndexLimit = (1u << 30) - 1;

  SpeciesName() = default;
  explicit SpeciesName(SignalId Signal, Rail R = Rail::None)
      : Signal(Signal), Packed(static_cast<uint32_t>(R) << 30) {}
  /// \p Index must be below IndexLimit.
  SpeciesName(SignalId Signal, uint32_t Index, Rail R = Rail::None)
      : Signal(Signal), Packed(static_cast<uint32_t>(R) << 30 | (Index + 1)) {}

  SignalId signal() const { return Signal; }
  bool hasIndex() const { return (Packed & IndexMask) != 0; }
  uint32_t index() const { return (Packed & IndexMask) - 1; }
  Rail rail() const { return static_cast<Rail>(Packed >> 30); }
  /// The same name on another rail.
  SpeciesName onRail(Rail R) const {
    SpeciesName N = *this;
    N.Packed = (Packed & IndexMask) | static_cast<uint32_t>(R) << 30;
    return N;
  }
  /// All three parts in one word, for hashing and the binary form.
  uint64_t bits() const { return uint64_t{Signal.Value} << 32 | Packed; }
  static SpeciesName fromBits(uint64_t Bits) {
    SpeciesName N;
    N.Signal = SignalId(static_cast<uint32_t>(Bits >> 32));
    N.Packed = static_cast<uint32_t>(Bits);
    return N;
  }
  friend bool operator==(SpeciesName, SpeciesName) = default;

private:
  static constexpr uint32_t IndexMask = (1u << 30) - 1;
  SignalId Signal;
  uint32_t Packed = 0;
};

/// Interned strings with dense ids in order of first appearance.
class SignalTable {
public:
  SignalTable() = default;
  SignalTable(const SignalTable &Other);
  SignalTable &operator=(const SignalTable &Other);
  SignalTable(SignalTable &&) = default;
  SignalTable &operator=(SignalTable &&) = default;

  SignalId intern(std::string_view Text);
  std::optional<SignalId> find(std::string_view Text) const;
  std::string_view text(SignalId Id) const { return Texts[Id.Value]; }
  size_t size() const { return Texts.size(); }
  /// Heap bytes held, for memory reports.
  size_t bytes() const;

private:
  // A deque, so that the views in the map stay valid while it grows.
  std::deque<std::string> Texts;
  std::unordered_map<std::string_view, SignalId> Ids;
};

/// True where \p Text may stand unquoted as a signal: a letter or underscore,
/// then letters, digits and underscores.
bool isIdentifier(std::string_view Text);

/// Appends \p Name in text form, quoting the signal where it must be.
void appendName(std::string &Out, const SignalTable &Signals, SpeciesName Name);
/// Appends \p Text as an identifier, or quoted with \" \\ and \xHH escapes.
void appendQuoted(std::string &Out, std::string_view Text);

} // namespace nn2crn

#endif
