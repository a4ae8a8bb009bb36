//===- Graph.h - The typed tensor graph of a model --------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is left of a model once its format is out of the way: values whose
// shapes are known, and nodes of very few kinds. Everything linear (matrix
// products, sums, and later convolutions, averages and data movement) is one
// kind, a sum of sparse matrices times values plus a bias; whoever lowers it
// need not know which operator it was.
//
// Elements count row-major. The batch axis is gone: one case flows through.
// Operators that only rename or reshape have no node at all.
//
// Nodes stand in topological order: the add functions take operands that exist
// already, so no other order can be built.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_GRAPH_GRAPH_H
#define NN2CRN_GRAPH_GRAPH_H

#include "nn2crn/Graph/Smooth.h"
#include "nn2crn/Graph/SparseMatrix.h"
#include "nn2crn/Support/Diagnostics.h"
#include "nn2crn/Support/Ids.h"
#include "nn2crn/Support/OutputMeaning.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace nn2crn {

using ValueId = Id<struct ValueTag>;
using NodeId = Id<struct NodeTag>;
/// An entry of a graph's table of sources.
using SourceId = Id<struct SourceTag>;

/// The model's node that something came from.
struct NodeSource {
  /// Empty where the model gives none.
  std::string Name;
  /// As the model spells it, as in "Gemm".
  std::string Operator;
  /// Version of the operator set it is read by; 0 where that means nothing.
  unsigned Opset = 0;
  /// The first result, which stands in for a missing name.
  std::string Result;

  /// "node 'conv1' (Conv)", or "node for 'y' (Conv)" where it has no name.
  std::string describe() const;
  /// The same with the opset, the place of a diagnostic: "node 'conv1' (Conv,
  /// opset 13)".
  std::string context() const;
};

/// A tensor that flows through the graph.
struct Value {
  /// The model's name for it; for people, not unique.
  std::string Name;
  /// Extents without the batch axis; empty for a scalar. All positive.
  std::vector<int64_t> Shape;
  /// Product of the extents.
  uint32_t Elements = 1;
  /// Invalid for an input of the graph.
  NodeId Producer;
};

enum class NodeKind : uint8_t {
  /// Result = sum of Weights x operand, plus Bias.
  Affine,
  /// Result = max(operand, 0), element by element.
  Relu,
  /// Result = Function(operand), element by element. linearize() replaces
  /// these; rounding weights, lowering and certificates are for graphs without.
  Smooth,
  /// Result = (Weights x first operand) / (Weights x second operand), element
  /// by element. Weights and operands are positive, and the first sum is part
  /// of the second, so that results are at most 1. smoothen() makes these; no
  /// model has them.
  Quotient,
};

struct Node {
  struct Operand {
    ValueId Value;
    /// One row an element of the result, one column an element of the operand.
    /// Unused for Relu and Smooth.
    SparseMatrix Weights;
    /// The node of the model that holds these weights.
    SourceId Source;
  };

  NodeKind Kind = NodeKind::Affine;
  /// Any number for Affine (none: a constant), one for Relu and Smooth, two for
  /// Quotient. A value may stand more than once; the terms add up.
  std::vector<Operand> Operands;
  /// Empty (all 0), or one an element of the result. Finite.
  std::vector<double> Bias;
  ValueId Result;
  SourceId Source;
  /// Of Smooth.
  SmoothFunction Function = {};
};

/// A named tensor at the border of the graph.
struct GraphPort {
  std::string Name;
  ValueId Value;
  /// As the border sees it: the same elements as the value, maybe in another
  /// shape.
  std::vector<int64_t> Shape;
  /// Of an output.
  OutputMeaning Meaning = {};
  /// Of an output that is the index of a winner: the scores that it is taken
  /// of. An index jumps, so that errors are bounded there instead.
  ValueId Scores = {};
  /// Of an input whose weights are rounded: element i is carried times 2 to the
  /// minus Halvings[i]; empty where all are carried once.
  std::vector<int> Halvings = {};

  /// Where errors are bounded.
  ValueId bounded() const { return Scores.isValid() ? Scores : Value; }
};

/// A part of the graph of which more is known than interval arithmetic finds:
/// nothing but From enters it, and To moves by at most Slope times as much as
/// From does, both taken by the element that moves most. A Softmax has 1/2,
/// where interval arithmetic over its maxima and sums has hundreds.
struct GraphPart {
  ValueId From, To;
  double Slope;
};

class Graph {
public:
  /// The model's own name for the graph, or the stem of its file's.
  std::string Name;
  /// The file it was read from, for diagnostics.
  std::string File;

  //===--- Building -------------------------------------------------------===//

  SourceId addSource(NodeSource Source);
  ValueId addInput(std::string Name, std::vector<int64_t> Shape);
  /// \p Operands must exist and fit: rows = elements of the result, columns =
  /// elements of the operand. \p Bias is empty or one an element.
  ValueId addAffine(std::string Name, std::vector<int64_t> Shape,
                    std::vector<Node::Operand> Operands,
                    std::vector<double> Bias, SourceId Source);
  ValueId addRelu(std::string Name, ValueId Operand, SourceId Source);
  /// \p Function must be valid.
  ValueId addSmooth(std::string Name, ValueId Operand, SmoothFunction Function,
                    SourceId Source);
  /// Matrices fit, and have positive weights and no empty row.
  ValueId addQuotient(std::string Name, std::vector<int64_t> Shape,
                      Node::Operand Over, Node::Operand Under, SourceId Source);
  /// One value may stand under several outputs, and may be an input.
  void addOutput(std::string Name, ValueId Value, std::vector<int64_t> Shape,
                 OutputMeaning Meaning = {}, ValueId Scores = {});
  void addPart(GraphPart Part);

  //===--- Reading --------------------------------------------------------===//

  std::span<const Node> nodes() const { return Nodes; }
  const Node &node(NodeId N) const { return Nodes[N.Value]; }
  std::span<const Value> values() const { return Values; }
  const Value &value(ValueId V) const { return Values[V.Value]; }
  std::span<const GraphPort> inputs() const { return Inputs; }
  std::span<const GraphPort> outputs() const { return Outputs; }
  std::span<const GraphPart> parts() const { return Parts; }
  const NodeSource &source(SourceId S) const { return Sources[S.Value]; }
  std::span<const NodeSource> sources() const { return Sources; }
  /// Where a diagnostic about \p S points.
  DiagLocation locate(SourceId S) const;

private:
  friend void simplify(Graph &G);
  friend class WeightRounder;
  friend bool snapWeights(Graph &G, int Bits);
  friend class Linearizer;
  friend class Balancer;
  ValueId addValue(std::string Name, std::vector<int64_t> Shape, NodeId From);
  /// After a rewrite: \p New says by old ids where the values are now. Parts
  /// of which an end is gone go too.
  void renumberEnds(std::span<const ValueId> New);
  std::vector<NodeSource> Sources;
  std::vector<Value> Values;
  std::vector<Node> Nodes;
  std::vector<GraphPort> Inputs, Outputs;
  std::vector<GraphPart> Parts;
};

/// Checks shapes, matrices, order and ports: what the add functions assert, for
/// graphs that come from elsewhere. Empty where all is well, otherwise one
/// sentence on the first rule that is broken.
std::string verify(const Graph &G);

/// Folds an affine node into the affine nodes that read it, where that costs no
/// further weights: one that is added as it is, or of which elements are moved
/// or scaled, by its only reader; and one that only moves or scales elements
/// itself, by every reader. So a product, a bias, a scale a channel and a
/// transpose become one layer. Sums of a model's biases stay exact: where a
/// double cannot hold one, nothing is folded. Products of weights are rounded.
/// Nodes that no output depends on are dropped.
void simplify(Graph &G);

} // namespace nn2crn

#endif
