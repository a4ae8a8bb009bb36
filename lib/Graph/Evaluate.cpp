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

/// Number I of case K of a list is at I * Cases + K.
template <size_t Cases>
static std::vector<std::vector<double>>
evaluate(const Graph &G, const std::vector<std::vector<double>> &Inputs,
         bool Scores) {
  std::vector<std::vector<double>> Values(G.values().size());
  for (size_t I = 0; I < Inputs.size(); ++I)
    Values[G.inputs()[I].Value.Value] = Inputs[I];
  for (const Node &N : G.nodes()) {
    uint32_t Rows = G.value(N.Result).Elements;
    std::vector<double> Out(Rows * Cases);
    for (size_t I = 0; I < N.Bias.size(); ++I)
      std::fill_n(&Out[I * Cases], Cases, N.Bias[I]);
    std::vector<double> Over;
    for (const Node::Operand &O : N.Operands) {
      const std::vector<double> &In = Values[O.Value.Value];
      if (N.Kind == NodeKind::Quotient && &O == &N.Operands[1]) {
        Over = std::move(Out);
        Out.assign(Over.size(), 0);
      }
      if (N.Kind == NodeKind::Relu) {
        std::ranges::transform(In, Out.begin(),
                               [](double X) { return std::max(X, 0.0); });
        continue;
      }
      if (N.Kind == NodeKind::Smooth) {
        std::ranges::transform(In, Out.begin(),
                               [&](double X) { return N.Function(X); });
        continue;
      }
      for (uint32_t R = 0; R < Rows; ++R) {
        auto Columns = O.Weights.columnsOf(R);
        auto Weights = O.Weights.weightsOf(R);
        double Sum[Cases];
        std::copy_n(&Out[R * Cases], Cases, Sum);
        for (size_t K = 0; K < Columns.size(); ++K)
          for (size_t C = 0; C < Cases; ++C)
            Sum[C] += Weights[K] * In[Columns[K] * Cases + C];
        std::copy_n(Sum, Cases, &Out[R * Cases]);
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

std::vector<std::vector<double>>
nn2crn::evaluateGraph(const Graph &G,
                      const std::vector<std::vector<double>> &Inputs,
                      bool Scores) {
  return evaluate<1>(G, Inputs, Scores);
}

std::vector<std::vector<double>>
nn2crn::evaluateTogether(const Graph &G,
                         const std::vector<std::vector<double>> &Inputs,
                         bool Scores) {
  return evaluate<CasesTogether>(G, Inputs, Scores);
}
