//===- PartTable.h - Which nodes a part of known slope is made of -*- C++ -*-=//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_GRAPH_PARTTABLE_H
#define NN2CRN_LIB_GRAPH_PARTTABLE_H

#include "nn2crn/Graph/Graph.h"

#include <algorithm>
#include <vector>

namespace nn2crn {

/// For each node the index of its part among Graph::parts(), or None. A part
/// that shares nodes with an earlier one, that something else enters or that
/// shows a value inside of it has no nodes: then nothing is known of it.
class PartTable {
public:
  static constexpr uint32_t None = UINT32_MAX;

  explicit PartTable(const Graph &G) : Of(G.nodes().size(), None) {
    if (G.parts().empty())
      return;
    std::vector<std::vector<uint32_t>> Readers(G.values().size());
    for (uint32_t I = 0; I < G.nodes().size(); ++I)
      for (const Node::Operand &O : G.nodes()[I].Operands)
        Readers[O.Value.Value].push_back(I);
    std::vector<bool> Shown(G.values().size());
    for (const GraphPort &P : G.outputs())
      Shown[P.Value.Value] = Shown[P.bounded().Value] = true;
    for (uint32_t P = 0; P < G.parts().size(); ++P)
      add(G, P, Readers, Shown);
  }
  uint32_t operator[](size_t Node) const { return Of[Node]; }

private:
  void add(const Graph &G, uint32_t Part,
           const std::vector<std::vector<uint32_t>> &Readers,
           const std::vector<bool> &Shown) {
    const GraphPart &P = G.parts()[Part];
    std::vector<ValueId> Work{P.To};
    std::vector<uint32_t> Mine;
    bool Good = true;
    while (!Work.empty() && Good) {
      ValueId V = Work.back();
      Work.pop_back();
      NodeId From = G.value(V).Producer;
      if (V == P.From || (From.isValid() && Of[From.Value] == Part))
        continue;
      Good = From.isValid() && Of[From.Value] == None;
      if (!Good)
        break;
      Of[From.Value] = Part;
      Mine.push_back(From.Value);
      for (const Node::Operand &O : G.node(From).Operands)
        Work.push_back(O.Value);
    }
    for (uint32_t N : Mine) {
      ValueId V = G.nodes()[N].Result;
      if (V != P.To)
        Good &= !Shown[V.Value] &&
                std::ranges::all_of(Readers[V.Value], [&](uint32_t Reader) {
                  return Of[Reader] == Part;
                });
    }
    if (!Good)
      for (uint32_t N : Mine)
        Of[N] = None;
  }

  std::vector<uint32_t> Of;
};

} // namespace nn2crn

#endif
