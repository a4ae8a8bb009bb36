//===- Components.h - Strongly connected components -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tarjan's algorithm (SIAM J. Comput. 1(2), 1972) without recursion, since a
// chain of reactions may be longer than any stack.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_SUPPORT_COMPONENTS_H
#define NN2CRN_SUPPORT_COMPONENTS_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nn2crn {

/// The strongly connected component of each node of a graph with \p Nodes
/// nodes. Components are numbered so that no edge leads to a lower number; \p
/// Count gets how many there are. \p Degree(node) is the number of edges from a
/// node, \p Target(node, I) where the I-th of them leads. Linear in nodes and
/// edges.
template <class DegreeFn, class TargetFn>
std::vector<uint32_t> stronglyConnected(size_t Nodes, DegreeFn Degree,
                                        TargetFn Target, uint32_t &Count) {
  constexpr uint32_t None = UINT32_MAX;
  std::vector<uint32_t> Of(Nodes, None), Index(Nodes, None), Low(Nodes), Stack;
  struct Frame {
    uint32_t Node;
    uint64_t Edge;
  };
  std::vector<Frame> Frames;
  uint32_t Next = 0;
  Count = 0;
  auto Enter = [&](uint32_t Node) {
    Index[Node] = Low[Node] = Next++;
    Stack.push_back(Node);
    Frames.push_back({Node, 0});
  };
  for (uint32_t Root = 0; Root < Nodes; ++Root) {
    if (Index[Root] != None)
      continue;
    Enter(Root);
    while (!Frames.empty()) {
      Frame &F = Frames.back();
      uint32_t Node = F.Node;
      if (F.Edge < Degree(Node)) {
        uint32_t To = Target(Node, F.Edge++);
        if (Index[To] == None)
          Enter(To); // invalidates F
        else if (Of[To] == None)
          Low[Node] = std::min(Low[Node], Index[To]);
        continue;
      }
      Frames.pop_back();
      if (!Frames.empty())
        Low[Frames.back().Node] = std::min(Low[Frames.back().Node], Low[Node]);
      if (Low[Node] != Index[Node])
        continue;
      uint32_t Member;
      do {
        Member = Stack.back();
        Stack.pop_back();
        Of[Member] = Count;
      } while (Member != Node);
      ++Count;
    }
  }
  // They are found from the last to the first.
  for (uint32_t &C : Of)
    C = Count - 1 - C;
  return Of;
}

} // namespace nn2crn

#endif
