//===- ONNXOperatorTest.cpp - Operators, shapes and ports -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXModels.h"

#include <gtest/gtest.h>

using namespace nn2crn;
using namespace nn2crn::test;

static const std::string ConstW =
    "W = Constant <value = float[2,3] {1.0, 0.0, -1.0, 0.0, 1.0, 1.0}> ()\n";

static void expectRun(const Imported &I, const Vector &X, const Vector &Y) {
  ASSERT_TRUE(I.G) << I.text();
  EXPECT_EQ(verify(*I.G), "");
  EXPECT_EQ(I.run(X), Y);
}

static void expectError(const Imported &I, DiagId Id, std::string_view What) {
  EXPECT_FALSE(I.G);
  EXPECT_EQ(I.Diags.errors(Id), 1u) << I.text();
  EXPECT_TRUE(I.says(What)) << I.text();
}

TEST(ONNXOperator, GemmInAllItsForms) {
  expectRun(DenseModel().fill().import(), {2, 3}, DenseAnswer);
  expectRun(importText(ConstW + "y = Gemm (x, W)"), {2, 3}, {2, 3, 1});
  expectRun(importText(ConstW + R"(
      c = Constant <value_float = 3.0> ()
      y = Gemm <alpha = 0.5, beta = 2.0> (x, W, c))"),
            {2, 3}, {7, 7.5, 6.5});
  expectRun(importText(ConstW + R"(
      c = Constant <value = float[1,3] {1.0, 2.0, 3.0}> ()
      y = Gemm <beta = 0.0> (x, W, c))"),
            {2, 3}, {2, 3, 1});
  expectRun(importText(R"(
      W = Constant <value = float[3,2] {1.0, 0.0, 0.0, 1.0, -1.0, 1.0}> ()
      y = Gemm <transB = 1> (x, W))"),
            {2, 3}, {2, 3, 1});
  // Constant on the left: W^T x, with x a column.
  expectRun(importText(ConstW + "y = Gemm <transA = 1> (W, x)", "float[3, 1] y",
                       "float[2, 1] x"),
            {2, 3}, {2, 3, 1});
  // A computed tensor as C.
  expectRun(importText(R"(
      W = Constant <value = float[2,2] {0.0, 1.0, 1.0, 0.0}> ()
      y = Gemm <beta = -1.0> (x, W, x))"),
            {2, 5}, {3, -3});
}

TEST(ONNXOperator, GemmRefuses) {
  expectError(importText(ConstW + "y = Gemm <transA = 1> (x, W)"),
              DiagId::ShapeMismatch, "1 of [1,2] transposed against 2");
  expectError(importText(ConstW + "y = Gemm <transB = 1> (x, W)"),
              DiagId::ShapeMismatch,
              "node for 'y' (Gemm, opset 13): error: the inner extents differ: "
              "2 of [1,2] against 3 of [2,3] transposed");
  expectError(importText(ConstW + R"(
      c = Constant <value_floats = [1.0, 2.0]> ()
      y = Gemm (x, W, c))"),
              DiagId::ShapeMismatch,
              "operand C of shape [2] cannot be broadcast to [1,3]");
  expectError(importText("y = Gemm (x, x)"), DiagId::ShapeMismatch, "inner");
  expectError(importText("w = Constant <value_floats = [1.0, 2.0]> ()\n"
                         "y = Gemm (x, w)"),
              DiagId::ShapeMismatch, "expected two matrices");
  expectError(importText(ConstW + "y = Gemm <alpha = 1> (x, W)"),
              DiagId::BadAttribute, "finite number as attribute 'alpha'");
  expectError(importText(ConstW + "y = Gemm <gamma = 1> (x, W)"),
              DiagId::BadAttribute, "it has no attribute 'gamma'");
  expectError(importText("y = Gemm (x)"), DiagId::InvalidModel,
              "expected at least 2 operands, and operand 1 is missing");
}

TEST(ONNXOperator, MatMulOnEitherSideAndOfVectors) {
  expectRun(importText(ConstW + "y = MatMul (x, W)"), {2, 3}, {2, 3, 1});
  std::string V = "V = Constant <value = float[2,2] {1.0, 2.0, 3.0, 4.0}> ()\n";
  Imported Left =
      importText(V + "y = MatMul (V, x)", "float[2] y", "float[2] x");
  expectRun(Left, {5, 7}, {19, 43});
  EXPECT_EQ(Left.G->outputs()[0].Shape, (std::vector<int64_t>{2}));
  expectRun(importText(V + "y = MatMul (x, V)", "float[2] y", "float[2] x"),
            {5, 7}, {26, 38});
  // To a scalar.
  expectRun(importText("v = Constant <value_floats = [1.0, -1.0]> ()\n"
                       "y = MatMul (x, v)",
                       "float[N] y"),
            {5, 7}, {-2});
  // Leading axes of the computed side are kept.
  Imported Stack = importText(ConstW + "y = MatMul (x, W)", "float[N, 2, 3] y",
                              "float[N, 2, 2] x");
  expectRun(Stack, {2, 3, 1, 0}, {2, 3, 1, 1, 0, -1});
  EXPECT_EQ(Stack.G->outputs()[0].Shape, (std::vector<int64_t>{2, 3}));
  Imported StackLeft = importText(V + "y = MatMul (V, x)", "float[N, 2, 1] y",
                                  "float[N, 2, 1] x");
  expectRun(StackLeft, {5, 7}, {19, 43});
}

TEST(ONNXOperator, MatMulRefuses) {
  expectError(importText("y = MatMul (x, x)", "float[2, 2] y", "float[2, 2] x"),
              DiagId::UnsupportedOperator, "MatMul of two computed tensors");
  expectError(importText(ConstW + "y = MatMul (W, x)"), DiagId::ShapeMismatch,
              "cannot multiply the shapes [2,3] and [1,2]");
  expectError(importText("s = Constant <value_float = 1.0> ()\n"
                         "y = MatMul (x, s)"),
              DiagId::ShapeMismatch, "[1,2] and []");
}

TEST(ONNXOperator, MatMulWithAddIsOneLayer) {
  Imported I = importText(ConstW + R"(
      p = MatMul (x, W)
      b = Constant <value_floats = [0.5, 0.0, -1.0]> ()
      y = Add (p, b))");
  expectRun(I, {2, 3}, DenseAnswer);
  EXPECT_EQ(I.G->nodes().size(), 1u);
}

TEST(ONNXOperator, AddBroadcasts) {
  expectRun(importText("y = Add (x, x)"), {2, -3}, {4, -6});
  expectRun(importText("r = Relu (x)\ny = Add (r, x)"), {2, -3}, {4, -3});
  Imported Outer = importText("y = Add (x, z)", "float[N, 2, 3] y",
                              "float[N, 2, 1] x, float[1, 3] z");
  ASSERT_TRUE(Outer.G) << Outer.text();
  EXPECT_EQ(evaluate(*Outer.G, {{10, 20}, {1, 2, 3}})[0],
            (Vector{11, 12, 13, 21, 22, 23}));
  expectError(importText("c = Constant <value_floats = [1.0, 2.0, 3.0]> ()\n"
                         "y = Add (x, c)"),
              DiagId::ShapeMismatch, "cannot add the shapes [1,2] and [3]");
}

TEST(ONNXOperator, ConstantsAloneFlowToo) {
  Imported I = importText(R"(
      a = Constant <value = float[1,2] {1.5, -2.0}> ()
      b = Relu (a)
      c = Add (a, a)
      d = Add (b, c)
      y = Add (x, d))");
  expectRun(I, {0, 0}, {4.5, -4});
  Imported Out =
      importText("y = Constant <value_floats = [1.0, 2.0]> ()", "float[2] y");
  expectRun(Out, {0, 0}, {1, 2});
}

TEST(ONNXOperator, RenamingsCostNothing) {
  Imported I = importText(R"(
      a = Identity (x)
      b, mask = Dropout (a)
      c = Flatten (b)
      s = Constant <value = int64[2] {0, -1}> ()
      d = Reshape (c, s)
      y = Flatten <axis = -1> (d))");
  expectRun(I, {2, -3}, {2, -3});
  EXPECT_EQ(I.G->nodes().size(), 0u);
  Imported Image = importText("f = Flatten (x)\ny = Relu (f)", "float[N, 12] y",
                              "float[N, 3, 2, 2] x");
  ASSERT_TRUE(Image.G) << Image.text();
  EXPECT_EQ(Image.G->inputs()[0].Shape, (std::vector<int64_t>{3, 2, 2}));
  EXPECT_EQ(Image.G->outputs()[0].Shape, (std::vector<int64_t>{12}));
}

TEST(ONNXOperator, ReshapeRules) {
  auto Reshape = [](const std::string &Extents, const std::string &Options) {
    return importText("s = Constant <value_ints = " + Extents +
                          "> ()\ny = Reshape " + Options + "(x, s)",
                      "float[] y", "float[N, 2, 3] x");
  };
  EXPECT_EQ(Reshape("[0, 0, -1]", "").G->outputs()[0].Shape,
            (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(Reshape("[3, 2]", "").G->outputs()[0].Shape,
            (std::vector<int64_t>{3, 2}));
  EXPECT_EQ(Reshape("[-1]", "").G->outputs()[0].Shape,
            (std::vector<int64_t>{6}));
  expectError(Reshape("[4, -1]", ""), DiagId::ShapeMismatch,
              "cannot reshape [1,2,3] to [4,-1]");
  expectError(Reshape("[32, 6]", ""), DiagId::ShapeMismatch, "batch");
  expectError(Reshape("[-1, -1]", ""), DiagId::ShapeMismatch, "number 1 is -1");
  expectError(Reshape("[0, -1]", "<allowzero = 1> "), DiagId::ShapeMismatch,
              "number 0 is 0");
  expectError(Reshape("[1, 6, 1, 0]", ""), DiagId::ShapeMismatch, "number 3");
  expectError(Reshape("[9223372036854775807, 2]", ""), DiagId::ShapeMismatch,
              "cannot be used");
  expectError(importText("y = Reshape (x, x)"), DiagId::UnsupportedOperator,
              "Reshape with computed shape");
  expectError(importText("y = Flatten <axis = 3> (x)"), DiagId::BadAttribute,
              "axis 3 is beyond the shape [1,2]");
}

TEST(ONNXOperator, DropoutOnlyAtInference) {
  std::string Ratio = "r = Constant <value_float = 0.5> ()\n";
  expectRun(importText(Ratio + "t = Constant <value = bool[1] {0}> ()\n"
                               "y = Dropout (x, r, t)"),
            {1, 2}, {1, 2});
  expectError(importText(Ratio + "t = Constant <value = bool[1] {1}> ()\n"
                                 "y = Dropout (x, r, t)"),
              DiagId::UnsupportedModel, "exported for training");
  // Nothing is dropped with the ratio 0, nor at inference: the mask is 1.
  expectRun(importText("r = Constant <value_float = 0.0> ()\n"
                       "t = Constant <value = bool[1] {1}> ()\n"
                       "y = Dropout (x, r, t)"),
            {1, 2}, {1, 2});
  expectRun(importText("a, mask = Dropout (x)\nm = Cast <to = 1> (mask)\n"
                       "y = Add (a, m)"),
            {1, 2}, {2, 3});
  expectError(importText("a, i = MaxPool <kernel_shape = [2]> (x)\n"
                         "j = Cast <to = 1> (i)\ny = Add (a, j)",
                         "float[1, 1, 1] y", "float[1, 1, 2] x"),
              DiagId::UnsupportedModel, "its result 'i' is used");
}

TEST(ONNXOperator, EveryKnownOpset) {
  for (int Opset = MinOpset; Opset <= MaxOpset; ++Opset)
    for (int IrVersion : {3, 7, 10, 13})
      expectRun(DenseModel(Opset, IrVersion).fill().import(), {2, 3},
                DenseAnswer);
  for (int Opset : {-1, 0, 29, 1000})
    expectError(DenseModel(Opset).fill().import(), DiagId::UnsupportedModel,
                "the model uses operator set " + std::to_string(Opset) +
                    "; operator sets 1 to 28 are supported");
  DenseModel Named;
  Named.fill();
  Named.Model.mutable_opset_import(0)->set_domain("ai.onnx");
  Named.Model.add_opset_import()->set_domain("ai.onnx.ml");
  expectRun(Named.import(), {2, 3}, DenseAnswer);
  Named.Model.clear_opset_import();
  expectError(Named.import(), DiagId::UnsupportedModel, "does not say which");
}

//===----------------------------------------------------------------------===//
// Shapes of ports
//===----------------------------------------------------------------------===//

TEST(ONNXPort, BatchAxesAreLeftOut) {
  using Dims = std::vector<int64_t>;
  auto ShapeOf = [](const std::string &Input) {
    Imported I = importText("y = Relu (x)", "float[] y", Input);
    EXPECT_TRUE(I.G) << I.text();
    return I.G ? I.G->inputs()[0].Shape : Dims{-1};
  };
  EXPECT_EQ(ShapeOf("float[N, 4] x"), (Dims{4}));
  EXPECT_EQ(ShapeOf("float[1, 4] x"), (Dims{4}));
  EXPECT_EQ(ShapeOf("float[0, 4] x"), (Dims{4}));
  EXPECT_EQ(ShapeOf("float[?, 4] x"), (Dims{4}));
  EXPECT_EQ(ShapeOf("float[4] x"), (Dims{4}));
  EXPECT_EQ(ShapeOf("float[N, 1, 4] x"), (Dims{1, 4}));
  EXPECT_EQ(ShapeOf("float[N] x"), (Dims{}));
  EXPECT_EQ(ShapeOf("float16[N, 4] x"), (Dims{4}));
}

TEST(ONNXPort, OtherOpenAxesNeedAWeight) {
  Imported Told = importText(ConstW + "r = Relu (x)\ny = MatMul (r, W)",
                             "float[N, 3] y", "float[N, M] x");
  // The weight is a node here, so only an initializer tells.
  expectError(Told, DiagId::UnknownShape,
              "input 'x': error: nothing says how long axis 1 ('M') is");
  DenseModel M;
  M.fill();
  DenseModel::declare(*M.G.mutable_input(0), "x", {0, 0});
  expectRun(M.import(), {2, 3}, DenseAnswer);
  M.G.mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  expectRun(M.import(), {2, 3}, DenseAnswer);
  DenseModel::declare(*M.G.mutable_input(0), "x", {-1, -1});
  expectRun(M.import(), {2, 3}, DenseAnswer);
  DenseModel::declare(*M.G.mutable_input(0), "x", {0, -7});
  expectError(M.import(), DiagId::ShapeMismatch, "axis 1 has the length -7");
  expectError(importText("y = Relu (x)", "float[] y", "float[] x"),
              DiagId::UnknownShape, "its shape is unknown");
}

TEST(ONNXPort, FixedBatchesAreComputedAtOnceWithARemark) {
  DenseModel M;
  M.fill();
  DenseModel::declare(*M.G.mutable_input(0), "x", {32, 2});
  DenseModel::declare(*M.G.mutable_output(0), "y", {32, 3});
  Imported Batch = M.import();
  ASSERT_TRUE(Batch.G) << Batch.text();
  EXPECT_EQ(Batch.G->inputs()[0].Shape, (std::vector<int64_t>{32, 2}));
  EXPECT_EQ(Batch.G->outputs()[0].Shape, (std::vector<int64_t>{32, 3}));
  EXPECT_TRUE(Batch.says("input 'x': remark: the network takes 32 cases at "
                         "once, if the leading axis is a batch"))
      << Batch.text();
  Vector Cases(64, 0.0), Want(96);
  Cases[62] = 2;
  Cases[63] = 3;
  for (size_t I = 0; I < 32; ++I)
    for (size_t K = 0; K < 3; ++K)
      Want[3 * I + K] = I == 31 ? DenseAnswer[K] : Vector{0.5, 0, -1}[K];
  EXPECT_EQ(Batch.run(Cases), Want);
  // Rows of one image are no batch.
  Imported Image = importText("y = Flatten <axis = 0> (x)", "float[1, 12] y",
                              "float[4, 3] x");
  ASSERT_TRUE(Image.G) << Image.text();
  EXPECT_EQ(Image.G->inputs()[0].Shape, (std::vector<int64_t>{4, 3}));
  EXPECT_TRUE(Image.Diags.All.empty()) << Image.text();
}

TEST(ONNXPort, DeclaredOutputsMustAgree) {
  DenseModel M;
  M.fill();
  DenseModel::declare(*M.G.mutable_output(0), "y", {0, 4});
  expectError(M.import(), DiagId::ShapeMismatch,
              "output 'y': error: it is declared with the shape [1,4], but the "
              "model computes [1,3]");
  for (const std::vector<int64_t> &Fine :
       std::vector<std::vector<int64_t>>{{0, 0}, {64, 3}, {3}, {0, 3, 1}}) {
    DenseModel::declare(*M.G.mutable_output(0), "y", Fine);
    expectRun(M.import(), {2, 3}, DenseAnswer);
  }
}

TEST(ONNXPort, OutputsMayBeInputsAndEachOther) {
  Imported I = importText("a = Identity (x)\nb = Relu (x)\nc = Identity (b)",
                          "float[N, 2] x, float[N, 2] a, float[N, 2] b, "
                          "float[N, 2] c");
  ASSERT_TRUE(I.G) << I.text();
  ASSERT_EQ(I.G->outputs().size(), 4u);
  EXPECT_EQ(I.G->outputs()[0].Name, "x");
  EXPECT_EQ(evaluate(*I.G, {{1, -2}}),
            (std::vector<Vector>{{1, -2}, {1, -2}, {1, 0}, {1, 0}}));
}

TEST(ONNXPort, TypesThatAreNoNumbersAreRefused) {
  expectError(
      importText("y = Identity (x)", "string[N, 2] y", "string[N, 2] x"),
      DiagId::UnsupportedModel, "inputs of type string");
  DenseModel M;
  M.fill();
  M.G.mutable_input(0)->mutable_type()->mutable_sequence_type();
  expectError(M.import(), DiagId::UnsupportedModel, "expected a tensor");
}

TEST(ONNXPort, NamesComeFromTheModelOrItsFile) {
  EXPECT_EQ(DenseModel().fill().import().G->Name, "dense");
  DenseModel M;
  M.fill();
  M.G.clear_name();
  EXPECT_EQ(M.import("dir/net.v2.onnx").G->Name, "net.v2");
  EXPECT_EQ(M.import("-").G->Name, "model");
}
