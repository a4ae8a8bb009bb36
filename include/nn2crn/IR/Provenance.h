//===- Provenance.h - Where species and reactions came from -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A provenance costs a row one 32-bit id and a network one small block per
// source: ids are handed out in runs, so that "line 731 of a.crn" or "element
// 37 of node conv1" is a block's start plus an offset, and "what pass P made
// of those" is a parallel block. No row owns a record.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_IR_PROVENANCE_H
#define NN2CRN_IR_PROVENANCE_H

#include "nn2crn/Support/Diagnostics.h"
#include "nn2crn/Support/Ids.h"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nn2crn {

/// All origins of a network. Id 0 is "unknown".
class Provenance {
public:
  enum class Kind : uint8_t {
    Unknown,
    /// Offset = line, 1-based.
    SourceFile,
    /// Offset = element of the node's result, row-major.
    ModelNode,
    /// Offset = that of the parent block, whose start is Parent.
    Derived,
  };
  struct Block {
    Kind K = Kind::Unknown;
    OriginId Start, Parent;
    uint32_t Size = 0;
    /// File name, node description ("node 'conv1' (Conv)"), or pass name.
    std::string Label;
  };

  Provenance();

  /// A block of \p Lines + 1 ids; line n is the block's start plus n.
  OriginId addSourceFile(std::string_view File, uint32_t Lines);
  /// A block of \p Elements ids.
  OriginId addModelNode(std::string_view Description, uint32_t Elements);
  /// What pass \p Pass made of \p Parent. Repeated calls reuse one block for
  /// all that derives from the parent's block, and what a pass makes of its own
  /// results is still its result. Where the 2^32 ids are used up it is
  /// \p Parent itself: less is known, nothing is wrong.
  OriginId derive(std::string_view Pass, OriginId Parent);

  /// "a.crn:731", "node 'conv1' (Conv), element 37", with the passes it went
  /// through; empty where unknown.
  std::string describe(OriginId Id) const;
  /// The same as a place for a diagnostic.
  DiagLocation locate(OriginId Id) const;

  /// In order of Start, for the binary form.
  std::span<const Block> blocks() const { return Blocks; }
  /// Rebuilds from blocks() of another; false where they do not fit together.
  static bool restore(std::vector<Block> Blocks, Provenance &Out);

private:
  const Block &blockOf(OriginId Id) const;
  bool hasRoom(uint32_t Size) const { return Size <= UINT32_MAX - Next; }
  OriginId append(Block B);
  std::vector<Block> Blocks;
  /// Start of the block that derives from a block by a pass.
  std::map<std::pair<OriginId, std::string>, OriginId> Derived;
  uint32_t Next = 0;
};

} // namespace nn2crn

#endif
