//===- RandomTernary.h - Random ternary models by seed ----------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_BENCHMARKS_RANDOMTERNARY_H
#define NN2CRN_BENCHMARKS_RANDOMTERNARY_H

#include "SplitMix.h"
#include "nn2crn/Graph/Graph.h"

#include <cstdint>
#include <string>
#include <vector>

namespace nn2crn::bench {

/// Dense layers of these widths with ReLUs between them. Weights are -1, 0 and
/// 1, a third each; biases are multiples of 1/8 up to 1.
inline Graph randomTernary(const std::vector<uint32_t> &Widths, uint64_t Seed) {
  Graph G;
  G.Name = "ternary";
  SplitMix Random{Seed};
  ValueId At = G.addInput("x", {Widths[0]});
  for (size_t L = 1; L < Widths.size(); ++L) {
    SourceId S = G.addSource({"fc" + std::to_string(L), "Gemm", 13, ""});
    SparseMatrix W(Widths[L - 1]);
    std::vector<double> Bias;
    for (uint32_t R = 0; R < Widths[L]; ++R) {
      for (uint32_t C = 0; C < Widths[L - 1]; ++C)
        W.add(C, static_cast<double>(Random.below(3)) - 1);
      W.endRow();
      Bias.push_back((static_cast<double>(Random.below(17)) - 8) / 8);
    }
    At = G.addAffine("a", {Widths[L]}, {{At, std::move(W), S}}, std::move(Bias),
                     S);
    if (L + 1 < Widths.size())
      At = G.addRelu("r", At, S);
  }
  G.addOutput("y", At, {Widths.back()});
  return G;
}

} // namespace nn2crn::bench

#endif
