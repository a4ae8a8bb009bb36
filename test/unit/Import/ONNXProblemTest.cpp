//===- ONNXProblemTest.cpp - Broken and hostile models -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXModels.h"

#include <gtest/gtest.h>

#include <random>

using namespace nn2crn;
using namespace nn2crn::test;

static void expectError(const Imported &I, DiagId Id, std::string_view What) {
  EXPECT_FALSE(I.G);
  EXPECT_EQ(I.Diags.errors(Id), 1u) << I.text();
  EXPECT_TRUE(I.says(What)) << I.text();
}

TEST(ONNXProblem, AllAreShownAtOnce) {
  DenseModel M; // W is not filled in.
  M.Gemm.set_input(2, "lost");
  auto AddNode = [&](const char *Op, const char *Name, const char *In,
                     const char *Out) {
    auto &N = *M.G.add_node();
    N.set_op_type(Op);
    N.set_name(Name);
    N.add_input(In);
    N.add_output(Out);
  };
  AddNode("Det", "s1", "x", "s1");
  AddNode("Det", "s2", "s1", "s2");
  AddNode("Attention", "c", "s2", "c");
  AddNode("Relu", "again", "x", "y");
  DenseModel::declare(*M.G.add_output(), "c", {0, 2});
  DenseModel::declare(*M.G.add_output(), "nothing", {0, 2});
  M.Model.mutable_opset_import(0)->set_version(99);
  Imported I = M.import();
  EXPECT_FALSE(I.G);
  EXPECT_EQ(I.Diags.errors(DiagId::InvalidModel), 3u) << I.text();
  EXPECT_EQ(I.Diags.errors(DiagId::BadTensor), 1u) << I.text();
  EXPECT_EQ(I.Diags.errors(DiagId::UnsupportedModel), 1u);
  EXPECT_TRUE(I.says("it reads 'lost', which is no input")) << I.text();
  EXPECT_TRUE(I.says("the name 'y' is defined more than once"));
  EXPECT_TRUE(I.says("output 'nothing': error: nothing in the model computes"));
  // One table for operators.
  EXPECT_EQ(I.Diags.errors(DiagId::UnsupportedOperator), 1u);
  EXPECT_TRUE(I.says("3 nodes of the model use operators that cannot be "
                     "compiled"));
  EXPECT_TRUE(I.says("note: Attention: 1 node ('c'); "));
  EXPECT_TRUE(I.says("note: Det: 2 nodes ('s1', 's2'); express it by "
                     "operators"));
}

TEST(ONNXProblem, OtherDomainsAreNamed) {
  DenseModel M;
  M.fill();
  M.Gemm.set_domain("com.acme");
  expectError(M.import(), DiagId::UnsupportedOperator,
              "com.acme.Gemm: 1 node ('dense0')");
}

TEST(ONNXProblem, NodesThatNoOutputNeedsAreIgnored) {
  DenseModel M;
  M.fill();
  auto &N = *M.G.add_node();
  N.set_op_type("Sin");
  N.add_input("x");
  N.add_output("unused");
  EXPECT_TRUE(M.import().G);
}

TEST(ONNXProblem, OrderIsFoundAndCyclesAreShown) {
  Imported Shuffled = importText("y = Relu (b)\nb = Add (a, x)\na = Relu (x)");
  ASSERT_TRUE(Shuffled.G) << Shuffled.text();
  EXPECT_EQ(Shuffled.run({1, -1}), (Vector{2, 0}));
  Imported Cycle =
      importText("a = Relu (c)\nb = Add (a, x)\nc = Relu (b)\ny = Relu (c)");
  expectError(Cycle, DiagId::InvalidModel, "a cycle of 3 nodes");
  EXPECT_TRUE(Cycle.says("node for 'b' (Add) -> node for 'c' (Relu)") ||
              Cycle.says("node for 'c' (Relu) -> node for 'a' (Relu)"))
      << Cycle.text();
  expectError(importText("y = Add (x, y)"), DiagId::InvalidModel,
              "a cycle of 1 node");
}

TEST(ONNXProblem, RepeatedNames) {
  DenseModel Input;
  Input.fill();
  DenseModel::declare(*Input.G.add_input(), "x", {0, 2});
  expectError(Input.import(), DiagId::InvalidModel,
              "several inputs of this name");
  DenseModel Output;
  Output.fill();
  DenseModel::declare(*Output.G.add_output(), "y", {0, 3});
  expectError(Output.import(), DiagId::InvalidModel,
              "several outputs of this name");
  DenseModel Weight;
  Weight.fill();
  *Weight.G.add_initializer() = Weight.W;
  expectError(Weight.import(), DiagId::InvalidModel,
              "initializer 'W': error: the name 'W' is defined more than once");
  expectError(importText("a, a = Dropout (x)\nb = Relu (a)\ny = Add (b, a)"),
              DiagId::InvalidModel, "the name 'a' is defined more than once");
  DenseModel None;
  None.G.clear_output();
  EXPECT_TRUE(None.import().says("the model has no outputs"));
}

TEST(ONNXProblem, ManyAreCut) {
  std::string Nodes;
  for (int I = 0; I < 300; ++I)
    Nodes +=
        "a" + std::to_string(I) + " = Relu (lost" + std::to_string(I) + ")\n";
  Imported I = importText(Nodes + "y = Relu (x)");
  EXPECT_EQ(I.Diags.All.size(), 101u);
  EXPECT_TRUE(I.says("the model has 200 more problems"));
}

TEST(ONNXProblem, NamesAreMadePrintable) {
  DenseModel M;
  M.Gemm.set_name("evil\x1b[31m" + std::string(10000, 'a'));
  M.Gemm.set_op_type("Boom\n");
  Imported I = M.import();
  EXPECT_TRUE(I.says("evil?[31ma")) << I.text();
  EXPECT_LT(I.text().size(), 2000u);
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

TEST(ONNXLimits, SmallFilesCannotBlowUp) {
  Imported Huge = importText("y = Relu (x)", "float[] y",
                             "float[N, 100000, 100000, 100000, 100000] x");
  expectError(Huge, DiagId::ModelTooLarge, "input 'x': error: ");
  // 10^8 products from a few bytes.
  Imported Products = importText(
      "W = Constant <value = float[1,100000] {1.0}> ()\ny = MatMul (x, W)",
      "float[] y", "float[N, 100000, 1] x");
  EXPECT_FALSE(Products.G);
  ONNXLimits Small;
  Small.Elements = 10;
  Imported Relus(textModel("a = Relu (x)\nb = Relu (a)\nc = Relu (b)\n"
                           "d = Relu (c)\ny = Relu (d)"),
                 "m.onnxtext", Small);
  expectError(Relus, DiagId::ModelTooLarge,
              "node for 'y' (Relu, opset 13): error: with this the model has "
              "more than 10 elements");
  Small = {};
  Small.Weights = 5;
  Imported Weights(DenseModel().fill().bytes(), "m.onnx", Small);
  expectError(Weights, DiagId::ModelTooLarge, "more than 5 elements");
}

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

TEST(ONNXBytes, WhatIsNoModel) {
  expectError(Imported(""), DiagId::NotAModel, "found an empty file");
  for (const char *Other :
       {"hello world, this is no model", "\x7f\x45LF\x02\x01\x01", "PK\x03\x04",
        "{\"a\": 1}", "@network iris\n@input x[4] dual\n", "\x89PNG\r\n"})
    expectError(Imported(Other), DiagId::NotAModel, "m.onnx: error: ");
  DenseModel M;
  M.Model.clear_graph();
  expectError(Imported(M.bytes()), DiagId::NotAModel, "holds no graph");
}

TEST(ONNXBytes, EveryTruncationIsADiagnostic) {
  std::string Bytes = DenseModel().fill().bytes();
  for (size_t Length = 0; Length < Bytes.size(); ++Length) {
    Imported I(std::string_view(Bytes).substr(0, Length));
    // A cut between fields can leave a model that is merely smaller.
    EXPECT_TRUE(I.G || I.Diags.Engine.hasErrors()) << Length;
  }
}

/// Models whose operators have many attributes and operands to damage.
static std::string textWithAllKinds(size_t Which) {
  static const char *const Nodes[] = {
      "W = Constant <value = float[2,3] {1.0, 0.0, -1.0, 0.0, 1.0, 1.0}> ()\n"
      "a = Gemm <alpha = 1.0, transB = 0> (x, W)\n"
      "s = Constant <value_ints = [0, -1]> ()\n"
      "b = Reshape (a, s)\nc = Add (b, b)\ny = Softmax <axis = -1> (c)",
      "s = Constant <value_ints = [1, 1, 1, 2]> ()\n"
      "i = Reshape (x, s)\n"
      "K = Constant <value = float[2,1,1,2] {1.0, 2.0, 3.0, 4.0}> ()\n"
      "c = Conv <pads = [0, 1, 0, 1], strides = [1, 2], group = 1> (i, K)\n"
      "m = MaxPool <kernel_shape = [1, 2], ceil_mode = 1> (c)\n"
      "t = ConvTranspose <output_padding = [0, 0], dilations = [1, 2]> (c, K)\n"
      "p = AveragePool <kernel_shape = [1, 2], auto_pad = \"SAME_UPPER\"> (t)\n"
      "r = ReduceMax <axes = [2, 3], keepdims = 1> (p)\n"
      "q = ReduceSum <keepdims = 0> (m)\ny = Add (r, q)",
      "b = Constant <value_ints = [0]> ()\ne = Constant <value_ints = [9]> ()\n"
      "k = Constant <value_ints = [-1]> ()\n"
      "n = Constant <value_ints = [0, 1, 1, 0]> ()\n"
      "a = Constant <value_ints = [2, 3]> ()\n"
      "s = Slice (x, k, e, k)\nt = Tile (x, a)\n"
      "p = Pad <mode = \"reflect\"> (x, n)\nu = Unsqueeze (x, b)\n"
      "w1 = Constant <value_ints = [3, 2]> ()\nv = Expand (u, w1)\ng = Gather "
      "<axis = 1> (x, b)\n"
      "f = Shape (x)\nh = ConstantOfShape (f)\nj = Add (x, h)\n"
      "l, o = Split <axis = 1> (j)\nw = Concat <axis = 0> (l, g, o)\n"
      "z = Transpose <perm = [1, 0]> (w)\nd = Clip (z)\n"
      "y = LeakyRelu <alpha = 0.5> (d)",
      "b = Constant <value_floats = [1.0, 1.0]> ()\n"
      "r = Resize <mode = \"linear\"> (x, , b)\n"
      "s = Constant <value_float = 0.5> ()\nz = Constant <value = int8 {1}> "
      "()\n"
      "b2 = Constant <value_float = 9.0> ()\n"
      "q = QuantizeLinear (b, s, z)\nd = DequantizeLinear <axis = 0> (q, s, "
      "z)\n"
      "m = Mul (r, d)\nn = Range (s, b2, s)\ne = Exp (b)\nv = Div (m, e)\n"
      "i = Constant <value = int64[1,2] {0, 1}> ()\n"
      "c = CumSum (v, z)\ng = GatherElements <axis = 1> (c, i)\nh = "
      "HardSigmoid (v)\n"
      "t = BatchNormalization (h, b, b, b, b)\ny = Max (t, v, x)"};
  // What is no output is not read.
  static const char *const Outputs[] = {
      "float[N, m] y", "float[N, m] y",
      "float[] y, float[] s, float[] t, float[] p, float[] v",
      "float[] y, float[] g, float[] n, float[] v"};
  return textModel(Nodes[Which % 4], Outputs[Which % 4]);
}

TEST(ONNXBytes, DamagedModelsAreReadOrRefused) {
  std::string Binary = DenseModel().fill().bytes();
  for (size_t Which = 0; Which < 4; ++Which) {
    Imported Whole(textWithAllKinds(Which), "m.onnxtext");
    ASSERT_TRUE(Whole.G) << Which << Whole.text();
  }
  std::mt19937 Random(7);
  auto Below = [&](size_t N) { return Random() % N; };
  ONNXLimits Small;
  Small.Elements = Small.Weights = 1 << 16;
  unsigned Read = 0, Refused = 0;
  for (int Round = 0; Round < 40000; ++Round) {
    bool IsText = Round % 2 != 0;
    std::string Bytes =
        IsText ? textWithAllKinds(static_cast<size_t>(Round / 2)) : Binary;
    for (size_t Edits = 1 + Below(4); Edits-- > 0;) {
      size_t At = Below(Bytes.size());
      switch (Below(4)) {
      case 0:
        Bytes[At] = static_cast<char>(Random());
        break;
      case 1:
        Bytes[At] = "0123456789-.,<>(){}[]\"=:xyWab#/ \n"[Below(32)];
        break;
      case 2:
        Bytes.erase(At, 1 + Below(4));
        break;
      default:
        Bytes.insert(At, Bytes.substr(Below(Bytes.size()), 1 + Below(12)));
        break;
      }
      if (Bytes.empty())
        Bytes = "x";
    }
    Imported I(Bytes, IsText ? "m.onnxtext" : "m.onnx", Small);
    ASSERT_NE(I.G.has_value(), I.Diags.Engine.hasErrors()) << I.text();
    ASSERT_EQ(I.G ? verify(*I.G) : "", "");
    ++(I.G ? Read : Refused);
  }
  // Otherwise the damage is too little or too much to mean anything.
  EXPECT_GT(Read, 500u);
  EXPECT_GT(Refused, 5000u);
}

TEST(ONNXBytes, DeepNestingIsRefused) {
  // Subgraphs within attributes, beyond protobuf's own bound.
  onnx::GraphProto Inner;
  Inner.set_name("g");
  for (int I = 0; I < 200; ++I) {
    onnx::GraphProto Outer;
    auto &A = *Outer.add_node()->add_attribute();
    A.set_name("body");
    *A.mutable_g() = std::move(Inner);
    Inner = std::move(Outer);
  }
  onnx::ModelProto Model;
  Model.set_ir_version(7);
  *Model.mutable_graph() = Inner;
  expectError(Imported(Model.SerializeAsString()), DiagId::NotAModel,
              "truncated or damaged");
  for (const char *Bracket : {"(", "{", "[", "<"}) {
    std::string Text = "<ir_version: 7>\ng (";
    for (int I = 0; I < 100000; ++I)
      Text += std::string("seq") + Bracket;
    expectError(Imported(Text, "m.onnxtext"), DiagId::NotAModel,
                "brackets are nested");
  }
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

TEST(ONNXText, IsRecognisedByContent) {
  std::string Text =
      "# RUN: x\n// RUN: y\n  // z\n" + textModel("y = Relu (x)");
  EXPECT_TRUE(Imported(Text, "-").G);
  EXPECT_TRUE(Imported(Text, "m.onnxtext").G);
  EXPECT_TRUE(looksLikeONNXText(Text));
  EXPECT_FALSE(looksLikeONNXText(DenseModel().bytes()));
  EXPECT_FALSE(looksLikeONNXText(""));
  EXPECT_FALSE(looksLikeONNXText("# only a comment"));
}

TEST(ONNXText, ErrorsPointAtTheirPlace) {
  Imported I("// a comment\n<ir_version: 7, opset_import: [\"\" : 13]>\n"
             "g (float[N, 2] x) => (float[N, 2] y) {\n  y = Relu x\n}\n",
             "m.onnxtext");
  ASSERT_EQ(I.Diags.All.size(), 1u);
  EXPECT_EQ(I.Diags.All[0].Id, DiagId::NotAModel);
  EXPECT_EQ(I.Diags.All[0].Where.Line, 4u) << I.text();
  EXPECT_EQ(I.Diags.All[0].Where.LineText, "  y = Relu x");
  EXPECT_TRUE(I.says("this is not ONNX text syntax: expected")) << I.text();
}

TEST(ONNXText, NumbersOutOfRangeAreDiagnostics) {
  for (const char *Number : {"1e999", "-", "99999999999999999999"}) {
    Imported I = importText(std::string("c = Constant <value = float[1] {") +
                            Number + "}> ()\ny = Add (x, c)");
    if (std::string_view(Number) == "99999999999999999999")
      continue; // A float of that size is fine.
    EXPECT_FALSE(I.G) << Number;
    EXPECT_TRUE(I.says("[not-a-model]")) << I.text();
  }
  EXPECT_FALSE(importText("y = Flatten <axis = 99999999999999999999> (x)").G);
  EXPECT_FALSE(Imported(std::string("<\0>", 3), "m.onnxtext").G);
  EXPECT_FALSE(Imported(textModel("y = Relu (x)") + "rest", "m.onnxtext").G);
}
