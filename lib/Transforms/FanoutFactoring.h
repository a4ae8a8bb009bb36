//===- FanoutFactoring.h - Sharing what fan-outs have in common -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A sparse matrix of +1 and -1 as a directed graph from its rows to its columns
// by way of helpers, so that the product of the signs along each path, summed
// over the paths from a row to a column, is the matrix. The paths are disjoint:
// a zero has none and another entry exactly one. An edge is a product molecule
// and a helper a reaction, each twice where rows and columns are pairs of rails
// and a minus leads to the other one.
//
// The method: greedy extraction of what two rows, or two columns, have in
// common up to a sign, most first, over the whole graph. It starts from the
// bare matrix and from seeds, in which rows that agree on a block of columns
// (or the other way round) share a helper: Arlazarov, Dinic, Kronrod, Faradzev,
// "four Russians", 1970, for addition chains of matrices. Helpers that do not
// pay are removed again, and the cheapest of all is taken.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_TRANSFORMS_FANOUTFACTORING_H
#define NN2CRN_LIB_TRANSFORMS_FANOUTFACTORING_H

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace nn2crn {

/// What a reaction with n products costs once no list may be longer than
/// MaxProducts.
struct FanoutCost {
  /// 0 for no limit.
  uint32_t MaxProducts = 0;
  uint64_t PerReaction = 0, PerProduct = 1;

  uint64_t of(uint64_t Products) const {
    if (Products == 0)
      return PerReaction;
    uint64_t Reactions = 1;
    if (MaxProducts && Products > MaxProducts)
      Reactions = (Products - 1 + MaxProducts - 2) / (MaxProducts - 1);
    return PerReaction * Reactions + PerProduct * (Products + Reactions - 1);
  }
  /// How many edges a helper weighs when pairs are chosen: a threshold only,
  /// what is taken is decided by of().
  int helperWeight() const {
    if (MaxProducts)
      return -1;
    return PerProduct ? static_cast<int>(PerReaction / PerProduct) : 0;
  }
};

struct FanoutMatrix {
  struct Entry {
    uint32_t Column;
    bool Minus;
  };
  uint32_t Columns = 0;
  /// 2 where rows and columns are pairs of rails, else 1 and no minus.
  unsigned Rails = 1;
  /// A row's entries, columns ascending.
  std::vector<std::vector<Entry>> Rows;
  /// Molecules that the row's reaction makes beside them, on each rail.
  std::vector<std::array<uint64_t, 2>> Beside;
};

struct FanoutGraph {
  struct Edge {
    uint32_t To;
    bool Minus;
    friend bool operator==(Edge, Edge) = default;
  };
  /// Rows, then columns (which lead nowhere), then helpers, each of which has
  /// more than one edge.
  std::vector<std::vector<Edge>> Out;
};

/// A graph for \p M that costs less than \p M itself, if one is found.
/// \p MaxDepth bounds the edges on a path; 0 for no bound. What is returned has
/// been expanded and compared with \p M.
std::optional<FanoutGraph>
factorFanout(const FanoutMatrix &M, const FanoutCost &Cost, uint32_t MaxDepth);

} // namespace nn2crn

#endif
