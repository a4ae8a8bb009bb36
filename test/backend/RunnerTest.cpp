//===- RunnerTest.cpp -----------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Runner.h"

#include "onnx/defs/parser.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace nn2crn::test;
using Kind = Verdict::Kind;
using onnx::TensorProto;

namespace {

StoredTensor floats(std::vector<int64_t> Shape, std::vector<double> Data) {
  StoredTensor T;
  T.Type = TensorProto::FLOAT;
  T.Values.Shape = std::move(Shape);
  T.Values.Data = std::move(Data);
  return T;
}

/// A test of the graph \p Text with one case.
StoredTest testOf(const char *Text, StoredCase C) {
  StoredTest T;
  T.Name = "node/test_made_up";
  onnx::OnnxParser Parser(Text);
  auto Status = Parser.Parse(T.Model);
  EXPECT_TRUE(Status.IsOK()) << Status.ErrorMessage();
  T.Bytes = T.Model.SerializeAsString();
  T.Cases.push_back(std::move(C));
  return T;
}

constexpr const char *Product =
    "<ir_version: 8, opset_import: [\"\" : 13]>\n"
    "g (float[2, 2] x, float[2, 1] w) => (float[2, 1] y) {\n"
    "  p = MatMul (x, w)\n"
    "  y = Relu (p)\n"
    "}\n";

StoredCase productCase(double Last) {
  StoredCase C;
  C.Inputs["x"] = floats({2, 2}, {1, 2, 3, 0.5});
  C.Inputs["w"] = floats({2, 1}, {0.3f, -0.7f});
  C.Outputs["y"] = floats({2, 1}, {0, Last});
  return C;
}
const double Right = 3 * double{0.3f} - 0.5 * double{0.7f};

} // namespace

TEST(Runner, RightAnswersPass) {
  Verdict V = runTest(testOf(Product, productCase(Right)), {});
  EXPECT_EQ(V.K, Kind::Passed) << V.Why;
  EXPECT_EQ(V.Why, "operand fixed");
  EXPECT_TRUE(V.Computes);
}

TEST(Runner, WrongAnswersAreSeen) {
  for (double Off : {2e-5, -2e-5, 1.0}) {
    Verdict V = runTest(testOf(Product, productCase(Right + Off)), {});
    EXPECT_EQ(V.K, Kind::Wrong);
    EXPECT_NE(V.Why.find("output 'y': element 1"), std::string::npos) << V.Why;
  }
}

TEST(Runner, WhatMovesDoesNotCompute) {
  StoredCase C;
  C.Inputs["x"] = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  C.Outputs["y"] = floats({3, 2}, {1, 4, 2, 5, 3, 6});
  Verdict V = runTest(testOf("<ir_version: 8, opset_import: [\"\" : 13]>\n"
                             "g (float[2, 3] x) => (float[3, 2] y) {\n"
                             "  y = Transpose (x)\n"
                             "}\n",
                             C),
                      {});
  EXPECT_EQ(V.K, Kind::Passed) << V.Why;
  EXPECT_EQ(V.Why, "as it is");
  EXPECT_FALSE(V.Computes);
}

TEST(Runner, SmoothFunctionsHaveTheirOwnTolerance) {
  constexpr const char *Text = "<ir_version: 8, opset_import: [\"\" : 13]>\n"
                               "g (float[3] x) => (float[3] y) {\n"
                               "  y = Tanh (x)\n"
                               "}\n";
  StoredCase C;
  C.Inputs["x"] = floats({3}, {-2, 0.5, 1});
  C.Outputs["y"] = floats({3}, {std::tanh(-2), std::tanh(0.5), std::tanh(1)});
  EXPECT_EQ(runTest(testOf(Text, C), {false, true}).K, Kind::Passed);
  // Also of 1e-5, with more segments.
  EXPECT_EQ(runTest(testOf(Text, C), {false, false}).K, Kind::Passed);
  C.Outputs["y"]->Values.Data[1] += 2e-3;
  EXPECT_EQ(runTest(testOf(Text, C), {false, true}).K, Kind::Wrong);
}

TEST(Runner, WhatCannotBeStoredOrReadIsRefused) {
  StoredCase C = productCase(NAN);
  EXPECT_EQ(runTest(testOf(Product, C), {}).Why,
            "a stored output is not finite");
  StoredTest Empty = testOf(Product, C);
  Empty.Cases.clear();
  EXPECT_EQ(runTest(Empty, {}).Why, "nothing is stored");
  StoredCase Strings = productCase(Right);
  Strings.Inputs["x"].reset();
  EXPECT_EQ(runTest(testOf(Product, Strings), {}).Why,
            "an input is no tensor of numbers");
}
