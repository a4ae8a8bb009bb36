//===- Timed.h - What timed exponentials compute ----------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_GRAPH_TIMED_H
#define NN2CRN_LIB_GRAPH_TIMED_H

#include "nn2crn/Graph/Graph.h"

#include <optional>
#include <vector>

namespace nn2crn {

/// Functions that a timer makes exact: Exp, Sigmoid and Tanh.
bool isTimed(const Node &N);

/// A node exp(b - log s) whose elements are exp(b) / s, where both exp(b) and
/// s, a sum of such, are values of the graph: the last step of a Softmax.
struct SoftmaxStep {
  /// exp(b) and s.
  ValueId Exponentials, Sums;
  /// b.
  ValueId Argument;
  /// By element of the node: the element of Exponentials and that of Sums. The
  /// one is a term of the other.
  std::vector<uint32_t> Term, Sum;
};

/// Empty where \p N is no such node.
std::optional<SoftmaxStep> softmaxStep(const Graph &G, const Node &N);

/// A graph whose timed functions stay, for smoothen().
class TimedParts {
public:
  /// Without \p On, nothing is timed.
  TimedParts(const Graph &G, bool On);

  bool isTimed(NodeId N) const { return On && nn2crn::isTimed(G.node(N)); }
  /// Null where the node is none.
  const SoftmaxStep *step(NodeId N) const {
    return Steps[N.Value] ? &*Steps[N.Value] : nullptr;
  }
  /// False where only steps of a Softmax read \p V, which do without.
  bool isNeeded(ValueId V) const { return Needed[V.Value]; }
  /// The first timed function with another one before it.
  std::optional<NodeId> chained() const { return Chained; }

private:
  const Graph &G;
  bool On;
  std::vector<std::optional<SoftmaxStep>> Steps;
  std::vector<bool> Needed;
  std::optional<NodeId> Chained;
};

/// Adds to \p To what computes the function of \p N, a timed one that is no
/// step of a Softmax, of \p From: exponentials and, for Sigmoid and Tanh, their
/// quotients.
ValueId addTimed(Graph &To, const Node &N, ValueId From, const Value &Was);
/// Adds a step of a Softmax, of what \p S reads in \p To.
ValueId addStep(Graph &To, const SoftmaxStep &S, ValueId Exponentials,
                ValueId Sums, const Node &N, const Value &Was);

} // namespace nn2crn

#endif
