//===- Simplify.cpp - Layers out of products and sums ---------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Graph.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

using namespace nn2crn;

//===----------------------------------------------------------------------===//
// Matrices and biases
//===----------------------------------------------------------------------===//

/// The sum of two biases in \p Sum; false where a double cannot hold it, and
/// with \p MayRound where it is not finite. Both may be empty, meaning 0.
static bool addBiases(const std::vector<double> &A,
                      const std::vector<double> &B, bool MayRound,
                      std::vector<double> &Sum) {
  if (A.empty() || B.empty()) {
    Sum = A.empty() ? B : A;
    return true;
  }
  Sum.resize(A.size());
  for (size_t I = 0; I < A.size(); ++I) {
    // Knuth's TwoSum: Error is exactly what rounding took away.
    double S = A[I] + B[I], Tail = S - A[I];
    double Error = (A[I] - (S - Tail)) + (B[I] - Tail);
    if (MayRound ? !std::isfinite(S) : Error != 0) // NaN on overflow.
      return false;
    Sum[I] = S;
  }
  return true;
}

/// Whether \p M takes elements as they are, or a sum of them.
static bool hasOnlyOnes(const SparseMatrix &M) {
  return std::ranges::all_of(M.weights(), [](double W) { return W == 1; });
}

/// Whether every row of \p M has at most one entry, and so has every column.
static bool isPartOfPermutation(const SparseMatrix &M) {
  std::vector<bool> Used(M.columns());
  for (uint32_t R = 0; R < M.rows(); ++R) {
    auto Columns = M.columnsOf(R);
    if (Columns.size() > 1 || (Columns.size() == 1 && Used[Columns[0]]))
      return false;
    if (!Columns.empty())
      Used[Columns[0]] = true;
  }
  return true;
}

/// Whether every element of the result is made of at most one element, as in a
/// slice, a transpose, or a scale a channel.
static bool movesElements(const Node &N) {
  if (N.Kind != NodeKind::Affine)
    return false;
  // Most are told by their size, without a look at the rows.
  uint32_t Rows = 0;
  size_t Entries = 0;
  for (const Node::Operand &O : N.Operands) {
    Rows = O.Weights.rows();
    Entries += O.Weights.entries();
  }
  if (Entries > Rows)
    return false;
  for (uint32_t R = 0; R < Rows; ++R) {
    size_t InRow = 0;
    for (const Node::Operand &O : N.Operands)
      InRow += O.Weights.columnsOf(R).size();
    if (InRow > 1)
      return false;
  }
  return true;
}

/// A x B; false where a weight is not finite.
static bool multiply(const SparseMatrix &A, const SparseMatrix &B,
                     SparseMatrix &Out) {
  Out = SparseMatrix(B.columns());
  Out.reserve(A.rows(), A.entries());
  std::vector<std::pair<uint32_t, double>> Row;
  bool Finite = true;
  for (uint32_t R = 0; R < A.rows(); ++R) {
    Row.clear();
    for (size_t I = 0; I < A.columnsOf(R).size(); ++I) {
      uint32_t Inner = A.columnsOf(R)[I];
      for (size_t K = 0; K < B.columnsOf(Inner).size(); ++K)
        Row.push_back(
            {B.columnsOf(Inner)[K], A.weightsOf(R)[I] * B.weightsOf(Inner)[K]});
    }
    auto ByColumn = [](const auto &L, const auto &M) {
      return L.first < M.first;
    };
    if (!std::ranges::is_sorted(Row, ByColumn))
      std::ranges::sort(Row);
    for (size_t I = 0; I < Row.size();) {
      uint32_t Column = Row[I].first;
      double Sum = 0;
      for (; I < Row.size() && Row[I].first == Column; ++I)
        Sum += Row[I].second;
      Finite &= std::isfinite(Sum);
      Out.add(Column, Sum);
    }
    Out.endRow();
  }
  return Finite;
}

/// M x B, empty where \p B is.
static std::vector<double> timesBias(const SparseMatrix &M,
                                     const std::vector<double> &B) {
  std::vector<double> Out(B.empty() ? 0 : M.rows());
  for (uint32_t R = 0; R < Out.size(); ++R)
    for (size_t I = 0; I < M.columnsOf(R).size(); ++I)
      Out[R] += M.weightsOf(R)[I] * B[M.columnsOf(R)[I]];
  return Out;
}

//===----------------------------------------------------------------------===//
// Folding
//===----------------------------------------------------------------------===//

namespace {
class Folder {
public:
  Folder(std::span<const Value> Values, std::vector<Node> &Nodes,
         std::vector<uint32_t> Readers, std::vector<bool> Stays)
      : Values(Values), Nodes(Nodes), Readers(std::move(Readers)),
        Stays(std::move(Stays)) {}
  void run(Node &N);

private:
  bool fold(Node &N, Node::Operand &O, std::vector<Node::Operand> &Work);
  std::span<const Value> Values;
  std::vector<Node> &Nodes;
  /// Operands and outputs that read each value.
  std::vector<uint32_t> Readers;
  /// Values that are not folded away.
  std::vector<bool> Stays;
};
} // namespace

/// Replaces operand \p O of \p N by what its producer is made of, put into
/// \p Work; false where that would cost something.
bool Folder::fold(Node &N, Node::Operand &O, std::vector<Node::Operand> &Work) {
  NodeId From = Values[O.Value.Value].Producer;
  if (!From.isValid() || Nodes[From.Value].Kind != NodeKind::Affine ||
      Stays[O.Value.Value])
    return false;
  Node &Inner = Nodes[From.Value];
  uint32_t &Reads = Readers[O.Value.Value];
  bool IsIdentity = O.Weights.isIdentity();
  bool Moves = movesElements(Inner);
  if (!Moves &&
      (Reads != 1 || (!IsIdentity && !isPartOfPermutation(O.Weights))))
    return false;
  // Every operand brings a matrix with as many rows, which may be empty.
  uint64_t Rows = uint64_t{O.Weights.rows()} * Inner.Operands.size();
  if (Inner.Operands.size() > 2 && Rows > 4 * (O.Weights.entries() + 64) &&
      !(IsIdentity && Reads == 1))
    return false;
  // Where a weight scales it, a bias is a computed number anyway.
  std::vector<double> Bias;
  if (!addBiases(N.Bias,
                 IsIdentity ? Inner.Bias : timesBias(O.Weights, Inner.Bias),
                 !hasOnlyOnes(O.Weights), Bias))
    return false;
  std::vector<Node::Operand> Made;
  for (const Node::Operand &Q : Inner.Operands) {
    if (IsIdentity)
      continue;
    SparseMatrix Product;
    if (!multiply(O.Weights, Q.Weights, Product))
      return false;
    if (Product.entries() != 0)
      Made.push_back({Q.Value, std::move(Product),
                      hasOnlyOnes(Q.Weights) ? O.Source : Q.Source});
  }
  if (IsIdentity) {
    if (Reads == 1)
      Made.assign(std::make_move_iterator(Inner.Operands.begin()),
                  std::make_move_iterator(Inner.Operands.end()));
    else
      Made = Inner.Operands;
  }
  for (const Node::Operand &M : Made)
    ++Readers[M.Value.Value];
  if (--Reads == 0) {
    // Nobody needs it any more. What was moved out of it reads as before.
    if (IsIdentity)
      for (const Node::Operand &M : Made)
        --Readers[M.Value.Value];
    else
      for (const Node::Operand &Q : Inner.Operands)
        --Readers[Q.Value.Value];
  }
  N.Bias = std::move(Bias);
  // In order: the last comes out first.
  std::move(Made.rbegin(), Made.rend(), std::back_inserter(Work));
  return true;
}

void Folder::run(Node &N) {
  if (N.Kind != NodeKind::Affine)
    return;
  std::vector<Node::Operand> Work, Done;
  std::move(N.Operands.rbegin(), N.Operands.rend(), std::back_inserter(Work));
  while (!Work.empty()) {
    Node::Operand O = std::move(Work.back());
    Work.pop_back();
    if (!fold(N, O, Work))
      Done.push_back(std::move(O));
  }
  N.Operands = std::move(Done);
}

void nn2crn::simplify(Graph &G) {
  std::vector<uint32_t> Readers(G.Values.size());
  for (const Node &N : G.Nodes)
    for (const Node::Operand &O : N.Operands)
      ++Readers[O.Value.Value];
  for (const GraphPort &P : G.Outputs)
    ++Readers[P.Value.Value];
  // What is said of a value holds only while the value is there.
  std::vector<bool> Stays(G.Values.size());
  for (const GraphPort &P : G.Outputs)
    if (P.Scores.isValid())
      Stays[P.Scores.Value] = true;
  for (const GraphPart &P : G.Parts)
    Stays[P.From.Value] = Stays[P.To.Value] = true;

  // Producers stand before readers, so chains collapse in one walk.
  Folder F(G.Values, G.Nodes, std::move(Readers), std::move(Stays));
  for (Node &N : G.Nodes)
    F.run(N);

  // What no output depends on goes, and with it what was folded.
  std::vector<bool> Needed(G.Values.size());
  for (const GraphPort &P : G.Inputs)
    Needed[P.Value.Value] = true;
  for (const GraphPort &P : G.Outputs) {
    Needed[P.Value.Value] = true;
    Needed[P.bounded().Value] = true;
  }
  for (size_t I = G.Nodes.size(); I-- > 0;)
    if (Needed[G.Nodes[I].Result.Value])
      for (const Node::Operand &O : G.Nodes[I].Operands)
        Needed[O.Value.Value] = true;

  std::vector<ValueId> NewValue(G.Values.size());
  std::vector<Value> Values;
  for (size_t I = 0; I < G.Values.size(); ++I) {
    if (!Needed[I])
      continue;
    NewValue[I] = ValueId(static_cast<uint32_t>(Values.size()));
    Values.push_back(std::move(G.Values[I]));
  }
  std::vector<Node> Nodes;
  for (Node &N : G.Nodes) {
    if (!Needed[N.Result.Value])
      continue;
    N.Result = NewValue[N.Result.Value];
    Values[N.Result.Value].Producer =
        NodeId(static_cast<uint32_t>(Nodes.size()));
    for (Node::Operand &O : N.Operands)
      O.Value = NewValue[O.Value.Value];
    Nodes.push_back(std::move(N));
  }
  G.renumberEnds(NewValue);
  G.Values = std::move(Values);
  G.Nodes = std::move(Nodes);
}
