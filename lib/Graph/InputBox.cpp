//===- InputBox.cpp -------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/InputBox.h"

#include "nn2crn/Graph/Evaluate.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

ValueRange nn2crn::boxOf(const InputBox &Box, size_t I) {
  return I < Box.size() && Box[I] ? *Box[I] : ValueRange();
}

bool nn2crn::declaresAll(const Graph &G, const InputBox &Box) {
  for (size_t I = 0; I < G.inputs().size(); ++I)
    if (I >= Box.size() || !Box[I])
      return false;
  return true;
}

std::vector<std::vector<double>> nn2crn::randomInputs(const Graph &G,
                                                      const InputBox &Box,
                                                      std::mt19937_64 &Random) {
  std::vector<std::vector<double>> Inputs;
  for (size_t I = 0; I < G.inputs().size(); ++I) {
    ValueRange R = boxOf(Box, I);
    std::vector<double> X(G.value(G.inputs()[I].Value).Elements);
    for (double &V : X)
      V = R.Low +
          static_cast<double>(Random() >> 11) * 0x1p-53 * (R.High - R.Low);
    Inputs.push_back(std::move(X));
  }
  return Inputs;
}

double nn2crn::evaluationWork(const Graph &G) {
  double Work = 1;
  for (const Node &N : G.nodes()) {
    Work += G.value(N.Result).Elements;
    for (const Node::Operand &O : N.Operands)
      Work += static_cast<double>(O.Weights.entries());
  }
  return Work;
}

double nn2crn::measuredError(const Graph &Exact, const Graph &Rounded,
                             const InputBox &Box) {
  std::mt19937_64 Random(1);
  double Most = 0;
  // Large models get fewer: this is a figure for people, not a proof.
  double Work = evaluationWork(Exact) + evaluationWork(Rounded);
  auto Trials = static_cast<unsigned>(std::clamp(4e8 / Work, 8.0, 200.0));
  for (unsigned T = 0; T < Trials; ++T) {
    auto Inputs = randomInputs(Exact, Box, Random);
    auto A = evaluateGraph(Exact, Inputs, /*Scores=*/true),
         B = evaluateGraph(Rounded, Inputs, /*Scores=*/true);
    for (size_t I = 0; I < A.size(); ++I)
      for (size_t J = 0; J < B.size(); ++J)
        if (Exact.outputs()[I].Name == Rounded.outputs()[J].Name)
          for (size_t K = 0; K < A[I].size(); ++K)
            Most = std::max(Most, std::fabs(A[I][K] - B[J][K]));
  }
  return Most;
}
