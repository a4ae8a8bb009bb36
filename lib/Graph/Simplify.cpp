//===- Simplify.cpp - Layers out of products and sums ---------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Graph.h"

#include <iterator>
#include <utility>

using namespace nn2crn;

/// The sum of two biases in \p Sum; false where a double cannot hold it. Both
/// may be empty, meaning 0.
static bool addExactly(const std::vector<double> &A,
                       const std::vector<double> &B, std::vector<double> &Sum) {
  if (A.empty() || B.empty()) {
    Sum = A.empty() ? B : A;
    return true;
  }
  Sum.resize(A.size());
  for (size_t I = 0; I < A.size(); ++I) {
    // Knuth's TwoSum: Error is exactly what rounding took away.
    double S = A[I] + B[I], Tail = S - A[I];
    double Error = (A[I] - (S - Tail)) + (B[I] - Tail);
    if (Error != 0) // Also where the sum overflowed: Error is NaN then.
      return false;
    Sum[I] = S;
  }
  return true;
}

void nn2crn::simplify(Graph &G) {
  std::vector<uint32_t> Readers(G.Values.size());
  for (const Node &N : G.Nodes)
    for (const Node::Operand &O : N.Operands)
      ++Readers[O.Value.Value];
  for (const GraphPort &P : G.Outputs)
    ++Readers[P.Value.Value];

  // Producers stand before readers, so chains collapse in one walk.
  std::vector<bool> Folded(G.Nodes.size());
  for (Node &N : G.Nodes) {
    if (N.Kind != NodeKind::Affine)
      continue;
    std::vector<Node::Operand> Operands;
    for (Node::Operand &O : N.Operands) {
      NodeId From = G.value(O.Value).Producer;
      std::vector<double> Bias;
      if (!From.isValid() || Readers[O.Value.Value] != 1 ||
          G.node(From).Kind != NodeKind::Affine || !O.Weights.isIdentity() ||
          !addExactly(N.Bias, G.node(From).Bias, Bias)) {
        Operands.push_back(std::move(O));
        continue;
      }
      Node &Inner = G.Nodes[From.Value];
      Operands.insert(Operands.end(),
                      std::make_move_iterator(Inner.Operands.begin()),
                      std::make_move_iterator(Inner.Operands.end()));
      N.Bias = std::move(Bias);
      Folded[From.Value] = true;
    }
    N.Operands = std::move(Operands);
  }

  // What no output depends on goes, and with it what was folded.
  std::vector<bool> Needed(G.Values.size());
  for (const GraphPort &P : G.Inputs)
    Needed[P.Value.Value] = true;
  for (const GraphPort &P : G.Outputs)
    Needed[P.Value.Value] = true;
  for (size_t I = G.Nodes.size(); I-- > 0;)
    if (Needed[G.Nodes[I].Result.Value] && !Folded[I])
      for (const Node::Operand &O : G.Nodes[I].Operands)
        Needed[O.Value.Value] = true;

  std::vector<ValueId> NewValue(G.Values.size());
  std::vector<Value> Values;
  for (size_t I = 0; I < G.Values.size(); ++I) {
    if (!Needed[I])
      continue;
    NewValue[I] = ValueId(static_cast<uint32_t>(Values.size()));
    Values.push_back(std::move(G.Values[I]));
  }
  std::vector<Node> Nodes;
  for (Node &N : G.Nodes) {
    if (!Needed[N.Result.Value])
      continue;
    N.Result = NewValue[N.Result.Value];
    Values[N.Result.Value].Producer =
        NodeId(static_cast<uint32_t>(Nodes.size()));
    for (Node::Operand &O : N.Operands)
      O.Value = NewValue[O.Value.Value];
    Nodes.push_back(std::move(N));
  }
  for (auto *Ports : {&G.Inputs, &G.Outputs})
    for (GraphPort &P : *Ports)
      P.Value = NewValue[P.Value.Value];
  G.Values = std::move(Values);
  G.Nodes = std::move(Nodes);
}
