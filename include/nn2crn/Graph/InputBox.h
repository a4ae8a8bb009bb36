//===- InputBox.h - Where inputs come from ----------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_GRAPH_INPUTBOX_H
#define NN2CRN_GRAPH_INPUTBOX_H

#include "nn2crn/Graph/Graph.h"

#include <optional>
#include <random>
#include <vector>

namespace nn2crn {

/// The box that inputs come from: one range a graph input, empty where unknown.
struct ValueRange {
  double Low = -1, High = 1;
};
using InputBox = std::vector<std::optional<ValueRange>>;

/// The range of input \p I; -1 to 1 where none is known.
ValueRange boxOf(const InputBox &Box, size_t I);
/// True where the range of every input of \p G is known.
bool declaresAll(const Graph &G, const InputBox &Box);
/// The ranges of the outputs of \p G, for a graph that reads them.
InputBox outputBox(const Graph &G, const InputBox &Box);
/// A random point of the box: a list for each input of \p G.
std::vector<std::vector<double>>
randomInputs(const Graph &G, const InputBox &Box, std::mt19937_64 &Random);
/// About how many multiplications it takes to evaluate \p G.
double evaluationWork(const Graph &G);
/// The largest difference that up to 200 random inputs from the box show
/// between the outputs of two graphs with the same inputs, or between the
/// scores of outputs that are indices; outputs go by their names.
double measuredError(const Graph &A, const Graph &B, const InputBox &Box);

} // namespace nn2crn

#endif
