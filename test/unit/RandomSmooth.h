//===- RandomSmooth.h - Random graphs with smooth activations ---*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_RANDOMSMOOTH_H
#define NN2CRN_TEST_RANDOMSMOOTH_H

#include "GraphEval.h"
#include "SmoothFunctions.h"
#include "nn2crn/Graph/Evaluate.h"
#include "nn2crn/Graph/InputBox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <random>

namespace nn2crn::test {

/// Two or three layers of real weights with activations between them, one of
/// which may be read twice.
inline Graph randomSmooth(std::mt19937 &Random) {
  std::normal_distribution<double> Normal;
  Graph G;
  SourceId S = G.addSource({"n", "Gemm", 13, "n"});
  ValueId At = G.addInput("x", {static_cast<int64_t>(1 + Random() % 4)}),
          Before;
  auto Layers = static_cast<unsigned>(1 + Random() % 3);
  for (unsigned L = 0; L <= Layers; ++L) {
    uint32_t In = G.value(At).Elements;
    auto Rows = static_cast<uint32_t>(1 + Random() % 5);
    if (Before.isValid() && Random() % 3 == 0)
      Rows = G.value(Before).Elements;
    SparseMatrix W(In);
    Vector Bias;
    for (uint32_t R = 0; R < Rows; ++R) {
      for (uint32_t C = 0; C < In; ++C)
        W.add(C, static_cast<float>(Normal(Random) / std::sqrt(In)));
      W.endRow();
      Bias.push_back(Normal(Random) / 2);
    }
    std::vector<Node::Operand> From;
    From.push_back({At, std::move(W), S});
    if (Before.isValid() && G.value(Before).Elements == Rows)
      From.push_back({Before, SparseMatrix::identity(Rows), S});
    Before = At;
    At = G.addAffine("a", {Rows}, std::move(From), std::move(Bias), S);
    if (L < Layers) {
      const auto &F = SmoothFunctions[Random() % std::size(SmoothFunctions)];
      At = Random() % 6 ? G.addSmooth("s", At, F, S) : G.addRelu("r", At, S);
    }
  }
  G.addOutput("y", At, G.value(At).Shape);
  return G;
}

inline bool isSmooth(const Graph &G) {
  return std::ranges::any_of(
      G.nodes(), [](const Node &N) { return N.Kind == NodeKind::Smooth; });
}

inline double largestError(const Graph &A, const Graph &B, const ValueRange &R,
                           std::mt19937 &Random) {
  double Most = 0;
  for (unsigned T = 0; T < 1000; ++T) {
    Vector X(A.value(A.inputs()[0].Value).Elements);
    for (double &V : X)
      V = R.Low + (Random() % 1001) / 1000.0 * (R.High - R.Low);
    Vector P = evaluate(A, {X})[0], Q = evaluate(B, {X})[0];
    Vector Again = evaluateGraph(A, {X})[0];
    for (size_t I = 0; I < P.size(); ++I) {
      EXPECT_NEAR(P[I], Again[I], 1e-9 * (1 + std::fabs(P[I])));
      Most = std::max(Most, std::fabs(P[I] - Q[I]));
    }
  }
  return Most;
}

} // namespace nn2crn::test

#endif
