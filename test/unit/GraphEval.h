//===- GraphEval.h - What a graph computes, for tests -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_GRAPHEVAL_H
#define NN2CRN_TEST_GRAPHEVAL_H

#include "Collected.h"
#include "nn2crn/Graph/Graph.h"

#include <algorithm>
#include <string>
#include <vector>

namespace nn2crn::test {

using Vector = std::vector<double>;

/// All values of \p G for one case, indexed by ValueId, straight from the
/// definition.
inline std::vector<Vector> evaluateAll(const Graph &G,
                                       const std::vector<Vector> &Inputs) {
  std::vector<Vector> Values(G.values().size());
  for (size_t I = 0; I < Inputs.size(); ++I)
    Values[G.inputs()[I].Value.Value] = Inputs[I];
  for (const Node &N : G.nodes()) {
    Vector Out(G.value(N.Result).Elements);
    for (const Node::Operand &O : N.Operands) {
      const Vector &In = Values[O.Value.Value];
      if (N.Kind == NodeKind::Relu) {
        for (size_t I = 0; I < Out.size(); ++I)
          Out[I] = std::max(In[I], 0.0);
        continue;
      }
      if (N.Kind == NodeKind::Smooth) {
        std::ranges::transform(In, Out.begin(), N.Function);
        continue;
      }
      for (uint32_t R = 0; R < Out.size(); ++R)
        for (size_t K = 0; K < O.Weights.columnsOf(R).size(); ++K)
          Out[R] += O.Weights.weightsOf(R)[K] * In[O.Weights.columnsOf(R)[K]];
    }
    for (size_t I = 0; I < N.Bias.size(); ++I)
      Out[I] += N.Bias[I];
    Values[N.Result.Value] = Out;
  }
  return Values;
}

/// The outputs of \p G for one case.
inline std::vector<Vector> evaluate(const Graph &G,
                                    const std::vector<Vector> &Inputs) {
  std::vector<Vector> Values = evaluateAll(G, Inputs), Outputs;
  for (const GraphPort &P : G.outputs())
    Outputs.push_back(Values[P.Value.Value]);
  return Outputs;
}

} // namespace nn2crn::test

#endif
