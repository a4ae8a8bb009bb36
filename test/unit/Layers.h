//===- Layers.h - Plain networks of real weights, for tests -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_LAYERS_H
#define NN2CRN_TEST_LAYERS_H

#include "GraphEval.h"

#include <random>
#include <vector>

namespace nn2crn::test {

/// Layers of ReLUs with these weights, by rows.
inline Graph layers(const std::vector<std::vector<Vector>> &Weights) {
  Graph G;
  SourceId S = G.addSource({"n", "Gemm", 13, "n"});
  ValueId At = G.addInput("x", {static_cast<int64_t>(Weights[0][0].size())});
  for (size_t L = 0; L < Weights.size(); ++L) {
    SparseMatrix W(G.value(At).Elements);
    for (const Vector &Row : Weights[L]) {
      for (uint32_t C = 0; C < Row.size(); ++C)
        W.add(C, Row[C]);
      W.endRow();
    }
    int64_t Rows = W.rows();
    At = G.addAffine("a", {Rows}, {{At, std::move(W), S}}, {}, S);
    if (L + 1 < Weights.size())
      At = G.addRelu("r", At, S);
  }
  G.addOutput("y", At, G.value(At).Shape);
  return G;
}

/// What layers() makes such a graph of.
inline std::vector<std::vector<Vector>> layerWeights(const Graph &G) {
  std::vector<std::vector<Vector>> Weights;
  for (const Node &N : G.nodes())
    if (N.Kind == NodeKind::Affine) {
      const SparseMatrix &W = N.Operands[0].Weights;
      auto &Rows = Weights.emplace_back(W.rows(), Vector(W.columns()));
      for (uint32_t R = 0; R < W.rows(); ++R)
        for (size_t K = 0; K < W.columnsOf(R).size(); ++K)
          Rows[R][W.columnsOf(R)[K]] = W.weightsOf(R)[K];
    }
  return Weights;
}

/// Two to four layers of normally distributed weights.
inline Graph randomLayers(std::mt19937 &Random) {
  std::normal_distribution<double> Normal;
  size_t In = 2 + Random() % 6, Depth = 2 + Random() % 3;
  std::vector<std::vector<Vector>> Weights;
  for (size_t L = 0; L < Depth; ++L) {
    std::vector<Vector> Rows(2 + Random() % 6, Vector(In));
    for (Vector &Row : Rows)
      for (double &W : Row)
        W = static_cast<float>(Normal(Random));
    In = Rows.size();
    Weights.push_back(std::move(Rows));
  }
  return layers(Weights);
}

/// x, and all of one to four layers of it, added up: twice as they are, once
/// with weights; all weights normally distributed.
inline Graph randomResidual(std::mt19937 &Random) {
  std::normal_distribution<double> Normal;
  Graph G;
  SourceId S = G.addSource({"n", "Gemm", 13, "n"});
  uint32_t Width = 1 + Random() % 4;
  auto Weights = [&] {
    SparseMatrix W(Width);
    for (uint32_t R = 0; R < Width; ++R) {
      for (uint32_t C = 0; C < Width; ++C)
        if (Random() % 4 != 0)
          W.add(C, static_cast<float>(Normal(Random)));
      W.endRow();
    }
    return W;
  };
  ValueId X = G.addInput("x", {Width}), At = X;
  std::vector<Node::Operand> Sum{{X, Weights(), S}};
  for (size_t Depth = 1 + Random() % 4; Depth > 0; --Depth) {
    At = G.addRelu("r", G.addAffine("a", {Width}, {{At, Weights(), S}}, {}, S),
                   S);
    Sum.push_back({At, SparseMatrix::identity(Width), S});
  }
  Sum.push_back({X, SparseMatrix::identity(Width), S});
  At = G.addAffine("s", {Width}, std::move(Sum), {}, S);
  G.addOutput("y", At, {Width});
  return G;
}

} // namespace nn2crn::test

#endif
