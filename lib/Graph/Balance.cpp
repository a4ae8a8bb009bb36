//===- Balance.cpp --------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Quantize.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

namespace nn2crn {
/// Friend of Graph.
class Balancer {
public:
  explicit Balancer(Graph &G)
      : G(G), Readers(G.values().size()), Shown(G.values().size()) {
    for (size_t I = 0; I < G.Nodes.size(); ++I)
      for (const Node::Operand &O : G.Nodes[I].Operands)
        Readers[O.Value.Value].push_back(I);
    for (const GraphPort &P : G.outputs())
      Shown[P.Value.Value] = Shown[P.bounded().Value] = true;
  }

  void run() {
    for (Node &N : G.Nodes)
      if (N.Kind == NodeKind::Relu)
        unit(N);
  }
  void runInputs() {
    for (GraphPort &P : G.Inputs)
      input(P);
  }

private:
  void input(GraphPort &P) {
    uint32_t Elements = G.value(P.Value).Elements;
    // By how much the largest weight of each element is smaller than that of
    // the layer, where it is least so.
    std::vector<double> Share(Elements);
    for (size_t I : Readers[P.Value.Value]) {
      const Node &N = G.Nodes[I];
      if (N.Kind != NodeKind::Affine)
        return;
      double Most = 0;
      for (const Node::Operand &O : N.Operands)
        for (double W : O.Weights.weights())
          Most = std::max(Most, std::fabs(W));
      for (const Node::Operand &O : N.Operands)
        for (uint32_t R = 0; O.Value == P.Value && R < O.Weights.rows(); ++R)
          for (size_t K = 0; K < O.Weights.columnsOf(R).size(); ++K) {
            double &S = Share[O.Weights.columnsOf(R)[K]];
            S = std::max(S, std::fabs(O.Weights.weightsOf(R)[K]) / Most);
          }
    }
    constexpr int Least = 4, Most = 60;
    std::vector<int> Halvings(Elements);
    for (uint32_t I = 0; I < Elements; ++I)
      if (Share[I] > 0 && -std::ilogb(Share[I]) > Least)
        Halvings[I] = std::min(-std::ilogb(Share[I]) - 1, Most);
    if (std::ranges::any_of(Halvings, [](int H) { return H != 0; }))
      P.Halvings = std::move(Halvings);
  }

  void unit(const Node &Relu) {
    ValueId In = Relu.Operands[0].Value, Out = Relu.Result;
    NodeId From = G.value(In).Producer;
    if (!From.isValid() || Shown[In.Value] || Shown[Out.Value] ||
        Readers[In.Value].size() != 1 || G.node(From).Kind != NodeKind::Affine)
      return;
    for (size_t I : Readers[Out.Value])
      if (G.Nodes[I].Kind != NodeKind::Affine)
        return;
    // The largest weights into and out of each unit.
    uint32_t Units = G.value(Out).Elements;
    std::vector<double> Into(Units), OutOf(Units), Factors(Units, 1);
    Node &Layer = G.Nodes[From.Value];
    for (const Node::Operand &O : Layer.Operands)
      for (uint32_t R = 0; R < Units; ++R)
        for (double W : O.Weights.weightsOf(R))
          Into[R] = std::max(Into[R], std::fabs(W));
    for (size_t I : Readers[Out.Value])
      for (const Node::Operand &O : G.Nodes[I].Operands)
        if (O.Value == Out)
          for (uint32_t R = 0; R < O.Weights.rows(); ++R)
            for (size_t K = 0; K < O.Weights.columnsOf(R).size(); ++K) {
              double &Most = OutOf[O.Weights.columnsOf(R)[K]];
              Most = std::max(Most, std::fabs(O.Weights.weightsOf(R)[K]));
            }
    bool Even = true;
    for (uint32_t U = 0; U < Units; ++U)
      if (Into[U] > 0 && OutOf[U] > 0) {
        Factors[U] = std::exp2(std::rint(std::log2(OutOf[U] / Into[U]) / 2));
        Even &= Factors[U] == 1;
      }
    if (Even)
      return;
    for (Node::Operand &O : Layer.Operands)
      O.Weights = O.Weights.withRowsTimes(Factors);
    for (size_t I = 0; I < Layer.Bias.size(); ++I)
      Layer.Bias[I] *= Factors[I];
    for (double &F : Factors)
      F = 1 / F;
    // A node that reads the value twice stands twice in the list.
    std::vector<size_t> Nodes = Readers[Out.Value];
    Nodes.erase(std::unique(Nodes.begin(), Nodes.end()), Nodes.end());
    for (size_t I : Nodes)
      for (Node::Operand &O : G.Nodes[I].Operands)
        if (O.Value == Out)
          O.Weights = O.Weights.withColumnsTimes(Factors);
  }

  Graph &G;
  std::vector<std::vector<size_t>> Readers;
  std::vector<bool> Shown;
};
} // namespace nn2crn

void nn2crn::balanceScales(Graph &G) { Balancer(G).run(); }
void nn2crn::balanceInputs(Graph &G) { Balancer(G).runInputs(); }
