//===- Timed.h - What timed exponentials compute ----------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_GRAPH_TIMED_H
#define NN2CRN_LIB_GRAPH_TIMED_H

#include "PartTable.h"
#include "Spread.h"

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

/// Exponentials of which only quotients matter: exp(x - m) may be exp(x - c) as
/// well, where m, the maximum, and c are the same for all that are added up.
struct Scores {
  struct Element {
    /// x.
    ValueId Of;
    uint32_t Column;
    double Centre;
  };
  std::vector<Element> Elements;
};

/// A graph whose timed functions stay, for smoothen().
class TimedParts {
public:
  /// \p Ranges of all values. Without \p On, nothing is timed.
  TimedParts(const Graph &G, bool On, const Spreads &Ranges);

  bool isTimed(NodeId N) const { return On && nn2crn::isTimed(G.node(N)); }
  /// Null where the node is none.
  const SoftmaxStep *step(NodeId N) const {
    return Steps[N.Value] ? &*Steps[N.Value] : nullptr;
  }
  /// Null where the argument of the exponential \p N is taken as it is.
  const Scores *scores(NodeId N) const {
    return Shifted[N.Value] ? &*Shifted[N.Value] : nullptr;
  }
  /// How far element \p I of the argument that the exponentials of \p S have is
  /// off, in the view of the step \p Reader.
  double argumentError(const SoftmaxStep &S, uint32_t I, NodeId Reader,
                       const Spreads &Values) const;
  /// False where only steps of a Softmax read \p V, which do without.
  bool isNeeded(ValueId V) const { return Needed[V.Value]; }
  /// The first timed function with another one before it.
  std::optional<NodeId> chained() const { return Chained; }

private:
  void findNeeded(bool BySteps);
  void findScores(const Spreads &Ranges);
  std::optional<Scores> scoresOf(NodeId N, const Spreads &Ranges) const;

  const Graph &G;
  bool On;
  PartTable PartOf;
  std::vector<std::optional<SoftmaxStep>> Steps;
  std::vector<std::optional<Scores>> Shifted;
  /// By ValueId: a sum of some step.
  std::vector<bool> Summing;
  std::vector<bool> Needed;
  std::optional<NodeId> Chained;
};

/// Adds to \p To what computes the function of \p N, a timed one that is no
/// step of a Softmax, of \p From: exponentials and, for Sigmoid and Tanh, their
/// quotients.
ValueId addTimed(Graph &To, const Node &N, ValueId From, const Value &Was);
/// Adds the exponentials of \p S, where the values of the graph are \p New.
ValueId addShifted(Graph &To, const Scores &S, const std::vector<ValueId> &New,
                   const Node &N, const Value &Was);
/// Adds a step of a Softmax, of what \p S reads in \p To.
ValueId addStep(Graph &To, const SoftmaxStep &S, ValueId Exponentials,
                ValueId Sums, const Node &N, const Value &Was);

} // namespace nn2crn

#endif
