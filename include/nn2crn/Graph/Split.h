//===- Split.h - The part of a graph that is piecewise linear ---*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// ReLUs that no smooth activation comes before can be computed exactly, by
// rate-independent reactions; what comes after cannot. A graph is cut there.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_GRAPH_SPLIT_H
#define NN2CRN_GRAPH_SPLIT_H

#include "nn2crn/Graph/Graph.h"

#include <optional>

namespace nn2crn {

struct SplitGraph {
  /// All inputs of the graph; the ReLUs that depend on no smooth activation,
  /// and what they depend on. Its outputs are the graph's own, as far as they
  /// depend on no smooth activation, and then the inputs of Rest.
  Graph Sharp;
  /// Everything else. Its inputs have names that no port of the graph has.
  Graph Rest;
};

/// Empty where there is no ReLU to split off.
std::optional<SplitGraph> splitSharp(const Graph &G);

/// One graph again: inputs of \p After are outputs of \p Before by name.
Graph join(const Graph &Before, const Graph &After);

} // namespace nn2crn

#endif
