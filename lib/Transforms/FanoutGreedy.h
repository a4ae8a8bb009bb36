//===- FanoutGreedy.h - Pairs of lines that agree ---------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The heart of FanoutFactoring.h. Lines (rows and columns) are sparse bit sets
// over the opposite kind. How much two lines have in common only falls while
// pairs are taken out, so that a queue of buckets whose entries are recounted
// when they come up is exact.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_TRANSFORMS_FANOUTGREEDY_H
#define NN2CRN_LIB_TRANSFORMS_FANOUTGREEDY_H

#include "FanoutFactoring.h"

#include <utility>

namespace nn2crn {

class FanoutGreedy {
public:
  /// \p Start may have helpers already. \p HelperWeight: a pair is taken where
  /// it has at least 3 + that in common.
  FanoutGreedy(FanoutGraph Start, uint32_t Rows, uint32_t Columns,
               int HelperWeight, uint32_t MaxDepth);
  FanoutGraph run();
  /// False where counting pairs would take minutes; then run() is not to be
  /// called.
  bool isFeasible() const;

private:
  using Edge = FanoutGraph::Edge;
  struct Word {
    uint32_t Index;
    uint64_t Plus, Minus;
  };
  struct Line {
    /// By Index; a word is never empty.
    std::vector<Word> Words;
    uint32_t Node;
    uint32_t Count = 0;
  };
  struct Candidate {
    uint32_t Side : 1, Opposite : 1, First : 30, Second;
  };
  struct Shared {
    uint32_t Line;
    bool Minus;
  };

  static void set(Line &L, uint32_t I, bool Minus);
  static void clear(Line &L, uint32_t I);
  template <class Fn> static void forBits(const Line &L, Fn Visit);
  static std::pair<uint32_t, uint32_t> common(const Line &A, const Line &B);
  void collect(const Candidate &C);
  void push(uint32_t Count, Candidate C);
  void dropLeast();
  void countAgainst(unsigned Side, uint32_t L, uint32_t End);
  void fillQueue();
  void take(const Candidate &C);
  void measureDepths();
  void deepen(uint32_t Node);
  template <class Fn> void forSuccessors(uint32_t Node, Fn Visit) const;
  template <class Fn> void forPredecessors(uint32_t Node, Fn Visit) const;

  uint32_t Threshold, MaxDepth;
  /// Rows and columns.
  std::vector<Line> Lines[2];
  /// By node: its row and its column, where it has one, and edges that are
  /// settled.
  std::vector<uint32_t> LineOf[2];
  std::vector<std::vector<Edge>> Settled[2];
  /// By node: the longest paths to it from rows, and from it to columns.
  std::vector<uint32_t> Before, After;

  std::vector<std::vector<Candidate>> Queue;
  uint64_t Queued = 0;
  /// Pairs below this are not in the queue.
  uint32_t Least;
  std::vector<Shared> Common;
  std::vector<uint32_t> Same, Other, Touched;
};

} // namespace nn2crn

#endif
