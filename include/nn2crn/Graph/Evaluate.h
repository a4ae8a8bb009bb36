//===- Evaluate.h - What a graph gives --------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_GRAPH_EVALUATE_H
#define NN2CRN_GRAPH_EVALUATE_H

#include "nn2crn/Graph/Graph.h"

#include <vector>

namespace nn2crn {

/// The outputs of \p G, in double precision, for one case: a list for each
/// input, in the order of the ports, one number an element. With \p Scores
/// those of GraphPort::bounded() instead of the outputs themselves.
std::vector<std::vector<double>>
evaluateGraph(const Graph &G, const std::vector<std::vector<double>> &Inputs,
              bool Scores = false);

/// How many cases evaluateTogether() takes.
inline constexpr size_t CasesTogether = 16;

/// The same for CasesTogether cases side by side, which reads weights once for
/// all of them: number I of case K of a list is at I * CasesTogether + K.
std::vector<std::vector<double>>
evaluateTogether(const Graph &G, const std::vector<std::vector<double>> &Inputs,
                 bool Scores = false);

} // namespace nn2crn

#endif
