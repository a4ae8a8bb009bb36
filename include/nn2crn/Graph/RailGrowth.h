//===- RailGrowth.h - How large rails get -----------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A signed value is a difference of two amounts, and what the rails hold in
// common grows from layer to layer: every ReLU hands on all of its positive
// input, and as much of its negative one. Who reads a difference of two large
// amounts needs accurate instruments, and who makes them needs much material.
// (Rate-independence notes, 1.4.)
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_GRAPH_RAILGROWTH_H
#define NN2CRN_GRAPH_RAILGROWTH_H

#include "nn2crn/Graph/InputBox.h"
#include "nn2crn/Graph/Quantize.h"

#include <string>
#include <vector>

namespace nn2crn {

/// Of an element with the rails p and n, as the lowering nc-relu makes them:
/// what p + n is at most. In the model's own numbers unless said otherwise.
struct RailTotals {
  /// Proven, for all inputs in the box.
  double Bound = 0;
  /// The largest that random inputs from the box showed.
  double Seen = 0;
  /// The largest |p - n| of those inputs.
  double Value = 0;
  /// The bound as an amount: times what values are carried times.
  double Amount = 0;
};

struct RailGrowth {
  /// A node with the largest of its elements.
  struct Layer : RailTotals {
    std::string Name;
  };
  /// In the order of the graph.
  std::vector<Layer> Layers;
  /// The largest of all elements of outputs, and the largest amount of all
  /// values.
  RailTotals Outputs;
  double LargestAmount = 0;
  /// Outputs in multiples of the largest reading that was seen; 0 where that
  /// was 0.
  double bound() const { return multiple(Outputs.Bound); }
  double seen() const { return multiple(Outputs.Seen); }
  /// False where unit inputs, -1 to 1, stand in for ranges that nobody gave.
  bool Declared = true;

private:
  double multiple(double Total) const {
    return Outputs.Value > 0 ? Total / Outputs.Value : 0;
  }
};

/// \p G has no smooth activations, and carriedScales().
RailGrowth railGrowth(const Graph &G, const InputBox &Box);

} // namespace nn2crn

#endif
