//===- Evaluate.cpp -------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Evaluate.h"

#include <algorithm>

using namespace nn2crn;

std::vector<std::vector<double>>
nn2crn::evaluateGraph(const Graph &G,
                      const std::vector<std::vector<double>> &Inputs,
                      bool Scores) {
  std::vector<std::vector<double>> Values(G.values().size());
  for (size_t I = 0; I < Inputs.size(); ++I)
    Values[G.inputs()[I].Value.Value] = Inputs[I];
  for (const Node &N : G.nodes()) {
    std::vector<double> Out(G.value(N.Result).Elements);
    std::copy(N.Bias.begin(), N.Bias.end(), Out.begin());
    std::vector<double> Over;
    for (const Node::Operand &O : N.Operands) {
      const std::vector<double> &In = Values[O.Value.Value];
      if (N.Kind == NodeKind::Quotient && &O == &N.Operands[1]) {
        Over = std::move(Out);
        Out.assign(Over.size(), 0);
      }
      for (uint32_t R = 0; R < Out.size(); ++R) {
        if (N.Kind == NodeKind::Relu) {
          Out[R] = std::max(In[R], 0.0);
          continue;
        }
        if (N.Kind == NodeKind::Smooth) {
          Out[R] = N.Function(In[R]);
          continue;
        }
        auto Columns = O.Weights.columnsOf(R);
        auto Weights = O.Weights.weightsOf(R);
        for (size_t K = 0; K < Columns.size(); ++K)
          Out[R] += Weights[K] * In[Columns[K]];
      }
    }
    for (size_t R = 0; R < Over.size(); ++R)
      Out[R] = Over[R] / Out[R];
    Values[N.Result.Value] = std::move(Out);
  }
  std::vector<std::vector<double>> Outputs;
  for (const GraphPort &P : G.outputs())
    Outputs.push_back(Values[(Scores ? P.bounded() : P.Value).Value]);
  return Outputs;
}
