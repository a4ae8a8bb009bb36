//===- RandomGraph.h - Graphs by seed, for tests -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_RANDOMGRAPH_H
#define NN2CRN_TEST_RANDOMGRAPH_H

#include "GraphEval.h"

#include <random>
#include <string>
#include <vector>

namespace nn2crn::test {

/// A graph under construction with random ternary layers.
struct Builder {
  explicit Builder(unsigned Seed) : Random(Seed) {}
  std::mt19937 Random;
  Graph G;
  SourceId S = G.addSource({"n", "Gemm", 13, "n"});

  unsigned below(unsigned N) {
    return std::uniform_int_distribution<unsigned>(0, N - 1)(Random);
  }
  /// Multiples of 1/64, so that sums in tests are exact.
  double number() { return (static_cast<double>(below(513)) - 256) / 64; }
  SparseMatrix ternary(uint32_t Rows, uint32_t Columns) {
    SparseMatrix M(Columns);
    for (uint32_t R = 0; R < Rows; ++R) {
      bool Empty = below(6) == 0;
      for (uint32_t C = 0; C < Columns; ++C)
        M.add(C, Empty ? 0 : static_cast<double>(below(3)) - 1);
      M.endRow();
    }
    return M;
  }
  ValueId affine(uint32_t Rows, std::vector<ValueId> From,
                 bool Identity = false) {
    std::vector<Node::Operand> Operands;
    for (ValueId V : From)
      Operands.push_back({V,
                          Identity ? SparseMatrix::identity(Rows)
                                   : ternary(Rows, G.value(V).Elements),
                          S});
    Vector Bias;
    if (below(4) != 0)
      for (uint32_t I = 0; I < Rows; ++I)
        Bias.push_back(below(3) ? number() : 0);
    return G.addAffine("a", {Rows}, std::move(Operands), std::move(Bias), S);
  }
  /// Up to seven nodes of all kinds over one or two inputs, values used any
  /// number of times, and up to three outputs.
  void fill() {
    std::vector<ValueId> Pool;
    for (unsigned I = 0; I < 1 + below(2); ++I)
      Pool.push_back(G.addInput("x" + std::to_string(I), {1 + below(4)}));
    for (unsigned I = 0; I < 1 + below(7); ++I) {
      ValueId A = Pool[below(static_cast<unsigned>(Pool.size()))];
      ValueId C = Pool[below(static_cast<unsigned>(Pool.size()))];
      switch (below(5)) {
      case 0:
      case 1:
        Pool.push_back(G.addRelu("r", A, S));
        break;
      case 2: // x + x, x + b
        Pool.push_back(affine(G.value(A).Elements,
                              below(2) ? std::vector{A} : std::vector{A, A},
                              true));
        break;
      case 3: // Any number of operands, also none.
        Pool.push_back(affine(1 + below(4), {}));
        break;
      default:
        Pool.push_back(affine(1 + below(4), {A, C, A}));
        break;
      }
    }
    for (unsigned I = 0; I < 1 + below(3); ++I) {
      ValueId V = Pool[below(static_cast<unsigned>(Pool.size()))];
      G.addOutput("y" + std::to_string(I), V, G.value(V).Shape);
    }
  }
};

/// A network of 1 to \p MostLayers ternary layers of up to \p Widest units:
/// random sparsity, rows of zeros, inputs that several layers share, skip
/// connections, several inputs and outputs. The same seed gives the same graph.
inline Builder randomGraph(unsigned Seed, unsigned MostLayers = 6,
                           unsigned Widest = 5) {
  Builder B(Seed);
  std::vector<ValueId> Pool;
  unsigned Inputs = 1 + B.below(2), Layers = 1 + B.below(MostLayers);
  for (unsigned I = 0; I < Inputs; ++I)
    Pool.push_back(B.G.addInput("x" + std::to_string(I), {1 + B.below(4)}));
  auto Any = [&] { return Pool[B.below(static_cast<unsigned>(Pool.size()))]; };
  for (unsigned L = 0; L < Layers; ++L) {
    // Mostly the layer before, now and then any value twice over.
    std::vector<ValueId> From{B.below(5) ? Pool.back() : Any()};
    if (B.below(3) == 0)
      From.push_back(Any());
    ValueId Z = B.affine(1 + B.below(Widest), From);
    Pool.push_back(L + 1 < Layers || B.below(2) ? B.G.addRelu("h", Z, B.S) : Z);
  }
  unsigned Outputs = 1 + B.below(2);
  for (unsigned I = 0; I < Outputs; ++I) {
    ValueId V = I == 0 ? Pool.back() : Any();
    if (B.below(3))
      V = B.affine(1 + B.below(3), {V});
    B.G.addOutput("y" + std::to_string(I), V, B.G.value(V).Shape);
  }
  return B;
}

} // namespace nn2crn::test

#endif
