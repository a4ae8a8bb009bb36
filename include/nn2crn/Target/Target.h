//===- Target.h - The formats that networks are written in ------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One table of all output formats: a tool's --emit, its help, the choice by a
// file's extension and the ids in a map all come from it. An emitter streams;
// it holds identifiers, never a tree of the document, so that a network of a
// million reactions is written at the speed of memory.
//
// Every emitter says in the comment at its head how its format turns a rate
// constant into a rate, and converts to that from ours (Network.h).
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TARGET_TARGET_H
#define NN2CRN_TARGET_TARGET_H

#include "nn2crn/IR/Network.h"
#include "nn2crn/Support/Diagnostics.h"

#include <span>
#include <string>
#include <string_view>

namespace llvm {
class raw_ostream;
}

namespace nn2crn {

/// How a file names its species.
enum class SpeciesSpelling : uint8_t {
  /// As in our text form: `x.1.p`.
  Text,
  /// As an identifier: `x_1_p` (IR/Mangle.h).
  Mangled,
};

/// How a file names its reactions.
enum class ReactionSpelling : uint8_t {
  /// By their place among the reactions, from 1: `7`.
  Number,
  /// By an identifier: `r__7`.
  Mangled,
};

struct TargetInfo {
  /// What --emit calls it.
  std::string_view Name;
  /// With the dot, the usual one first; no two targets share one.
  std::span<const std::string_view> Extensions;
  /// One line for the help.
  std::string_view Summary;
  /// Not text: keep it off a terminal.
  bool Binary;
  SpeciesSpelling Species;
  ReactionSpelling Reactions;
  /// Writes \p Net, which need not be compact. False after a diagnostic, when
  /// the network holds what the format cannot say; what was written to \p OS
  /// is then to be thrown away.
  bool (*Emit)(const Network &Net, llvm::raw_ostream &OS,
               DiagnosticEngine &Diags);
};

/// All targets, in the order of the help.
std::span<const TargetInfo> targets();
/// By its name; null where there is none.
const TargetInfo *findTarget(std::string_view Name);
/// By an extension with its dot, as in ".xml", in any case; null where there is
/// none.
const TargetInfo *targetForExtension(std::string_view Extension);

/// What \p T's file calls a species.
std::string speciesIdIn(const TargetInfo &T, const Network &Net, SpeciesId S);
/// What \p T's file calls the reaction at place \p Number, from 1, among the
/// living ones.
std::string reactionIdIn(const TargetInfo &T, uint64_t Number);

} // namespace nn2crn

#endif
