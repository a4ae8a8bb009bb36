//===- GraphTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../GraphEval.h"
#include "../RandomGraph.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace nn2crn;
using namespace nn2crn::test;

static SparseMatrix dense(uint32_t Columns, const std::vector<Vector> &Rows) {
  SparseMatrix M(Columns);
  for (const Vector &Row : Rows) {
    for (uint32_t C = 0; C < Columns; ++C)
      M.add(C, Row[C]);
    M.endRow();
  }
  return M;
}

TEST(SparseMatrix, SkipsZerosAndKnowsTheIdentity) {
  SparseMatrix M = dense(3, {{0, 2, 0}, {0, 0, 0}, {1, 0, -1}});
  EXPECT_EQ(M.rows(), 3u);
  EXPECT_EQ(M.entries(), 3u);
  EXPECT_TRUE(M.columnsOf(1).empty());
  EXPECT_EQ(M.weightsOf(2)[1], -1);
  EXPECT_FALSE(M.isIdentity());
  EXPECT_TRUE(SparseMatrix::identity(4).isIdentity());
  EXPECT_FALSE(dense(2, {{1, 0}, {0, 2}}).isIdentity());
  EXPECT_FALSE(dense(2, {{0, 1}, {1, 0}}).isIdentity());
  EXPECT_FALSE(dense(2, {{1, 0}}).isIdentity());
}

TEST(Graph, SourcesSayWhereAndWhat) {
  EXPECT_EQ((NodeSource{"conv1", "Conv", 13, "y"}).context(),
            "node 'conv1' (Conv, opset 13)");
  EXPECT_EQ((NodeSource{"", "Conv", 13, "y"}).describe(),
            "node for 'y' (Conv)");
}

namespace {
/// x -> W x -> + b -> y, with the sum as a node of its own.
struct MatMulAdd {
  Graph G;
  SourceId S = G.addSource({"layer", "MatMul", 13, "t"});
  ValueId X = G.addInput("x", {2});
  ValueId T = G.addAffine("t", {2}, operands(X, dense(2, {{1, 2}, {3, 4}})),
                          {0.5, 0}, S);
  std::vector<Node::Operand> operands(ValueId V, SparseMatrix M) {
    std::vector<Node::Operand> Out;
    Out.push_back({V, std::move(M), S});
    return Out;
  }
  ValueId sum(std::vector<double> Bias) {
    return G.addAffine("y", {2}, operands(T, SparseMatrix::identity(2)),
                       std::move(Bias), S);
  }
};
} // namespace

TEST(Simplify, ProductAndBiasAreOneLayer) {
  MatMulAdd M;
  M.G.addOutput("y", M.sum({1, -1}), {2});
  auto Before = evaluate(M.G, {{3, 5}});
  simplify(M.G);
  ASSERT_EQ(M.G.nodes().size(), 1u);
  EXPECT_EQ(M.G.nodes()[0].Bias, (Vector{1.5, -1}));
  EXPECT_EQ(evaluate(M.G, {{3, 5}}), Before);
  EXPECT_EQ(verify(M.G), "");
  EXPECT_EQ(M.G.value(M.G.outputs()[0].Value).Name, "y");
}

TEST(Simplify, KeepsWhatIsReadElsewhere) {
  MatMulAdd M;
  M.G.addOutput("y", M.sum({1, -1}), {2});
  M.G.addOutput("t", M.T, {2});
  simplify(M.G);
  EXPECT_EQ(M.G.nodes().size(), 2u);
  EXPECT_EQ(verify(M.G), "");
}

TEST(Simplify, KeepsSumsThatNoDoubleHolds) {
  MatMulAdd M;
  M.G.addOutput("y", M.sum({0x1p-60, 0}), {2});
  simplify(M.G);
  EXPECT_EQ(M.G.nodes().size(), 2u);
  MatMulAdd Large;
  // 0.5 + max would round to max.
  Large.G.addOutput("y", Large.sum({std::numeric_limits<double>::max(), 0}),
                    {2});
  simplify(Large.G);
  EXPECT_EQ(Large.G.nodes().size(), 2u);
}

TEST(Simplify, DropsWhatNoOutputNeedsButNoInput) {
  MatMulAdd M;
  M.G.addInput("unused", {3});
  M.G.addRelu("dead", M.T, M.S);
  M.G.addOutput("x again", M.X, {2});
  simplify(M.G);
  EXPECT_EQ(M.G.nodes().size(), 0u);
  EXPECT_EQ(M.G.inputs().size(), 2u);
  EXPECT_EQ(verify(M.G), "");
}

TEST(Simplify, ChainsOfSumsCollapseWithAllTheirOperands) {
  MatMulAdd M;
  ValueId U = M.G.addAffine(
      "u", {2}, M.operands(M.X, dense(2, {{0, 1}, {1, 0}})), {0, 2}, M.S);
  auto Both = M.operands(M.T, SparseMatrix::identity(2));
  Both.push_back({U, SparseMatrix::identity(2), M.S});
  ValueId Sum = M.G.addAffine("s", {2}, std::move(Both), {}, M.S);
  ValueId Y = M.G.addAffine(
      "y", {2}, M.operands(Sum, SparseMatrix::identity(2)), {1, 1}, M.S);
  M.G.addOutput("y", Y, {2});
  auto Before = evaluate(M.G, {{-3, 7}});
  simplify(M.G);
  ASSERT_EQ(M.G.nodes().size(), 1u);
  EXPECT_EQ(M.G.nodes()[0].Operands.size(), 2u);
  EXPECT_EQ(evaluate(M.G, {{-3, 7}}), Before);
}

TEST(Simplify, MovementAndScalesFoldIntoTheirNeighbours) {
  // x, moved and scaled, is read by a layer and by a ReLU; the layer's result
  // is scaled a channel, turned round and shifted.
  MatMulAdd M;
  ValueId Moved = M.G.addAffine(
      "m", {3}, M.operands(M.X, dense(2, {{0, 2}, {1, 0}, {0, 0}})), {0, 0, 1},
      M.S);
  ValueId Layer = M.G.addAffine(
      "l", {2}, M.operands(Moved, dense(3, {{1, 1, 1}, {-1, 0, 2}})), {1, 0},
      M.S);
  ValueId Scaled = M.G.addAffine(
      "s", {2}, M.operands(Layer, dense(2, {{0, 0.1}, {3, 0}})), {0.1, 0}, M.S);
  ValueId Relu = M.G.addRelu("r", Moved, M.S);
  M.G.addOutput("y", Scaled, {2});
  M.G.addOutput("r", Relu, {3});
  auto Before = evaluate(M.G, {{3, 5}});
  simplify(M.G);
  EXPECT_EQ(verify(M.G), "");
  // The movement stays for the ReLU; everything else is one node.
  EXPECT_EQ(M.G.nodes().size(), 3u);
  auto After = evaluate(M.G, {{3, 5}});
  EXPECT_EQ(After[1], Before[1]);
  for (size_t I = 0; I < 2; ++I)
    EXPECT_NEAR(After[0][I], Before[0][I], 1e-14);
}

TEST(Simplify, DoesNotCopyWeights) {
  // A layer that is repeated stays: its weights would stand there twice.
  MatMulAdd M;
  ValueId Twice = M.G.addAffine(
      "r", {4}, M.operands(M.T, dense(2, {{1, 0}, {0, 1}, {1, 0}, {0, 1}})), {},
      M.S);
  M.G.addOutput("y", Twice, {4});
  simplify(M.G);
  EXPECT_EQ(M.G.nodes().size(), 2u);
}

TEST(Simplify, ComputesTheSameOnRandomGraphs) {
  for (unsigned Seed = 0; Seed < 500; ++Seed) {
    Builder B(Seed);
    if (Seed % 2)
      B.fill();
    else
      B = randomGraph(Seed, 8, 4);
    std::vector<Vector> X;
    for (const GraphPort &P : B.G.inputs()) {
      X.emplace_back();
      for (uint32_t I = 0; I < B.G.value(P.Value).Elements; ++I)
        X.back().push_back(static_cast<double>(B.below(17)) - 8);
    }
    size_t Nodes = B.G.nodes().size();
    auto Before = evaluate(B.G, X);
    simplify(B.G);
    ASSERT_EQ(verify(B.G), "") << Seed;
    ASSERT_LE(B.G.nodes().size(), Nodes);
    auto After = evaluate(B.G, X);
    for (size_t I = 0; I < Before.size(); ++I)
      for (size_t K = 0; K < Before[I].size(); ++K)
        ASSERT_NEAR(After[I][K], Before[I][K],
                    1e-12 * std::max(1.0, std::fabs(Before[I][K])))
            << Seed;
  }
}

TEST(GraphVerify, NamesTheBrokenRule) {
  MatMulAdd M;
  EXPECT_EQ(verify(M.G), "");
  Graph Infinite;
  SourceId S = Infinite.addSource({"c", "Constant", 13, "c"});
  Infinite.addAffine("c", {1}, {}, {INFINITY}, S);
  EXPECT_EQ(verify(Infinite), "node 0: a bias is not finite");
  Graph Foreign;
  S = Foreign.addSource({"c", "Constant", 13, "c"});
  Foreign.addAffine("c", {1}, {}, {1}, SourceId(7));
  EXPECT_EQ(verify(Foreign), "node 0: its source does not exist");
}
