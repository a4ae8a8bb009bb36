//===- ComparisonTest.cpp -------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Comparison.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace nn2crn::test;
using onnx::TensorProto;

namespace {

StoredTensor stored(int32_t Type, std::vector<int64_t> Shape,
                    std::vector<double> Data) {
  StoredTensor T;
  T.Type = Type;
  T.Values.Shape = std::move(Shape);
  T.Values.Data = std::move(Data);
  return T;
}

std::string oneFloat(double Want, double Got, double Tolerance = 1e-5) {
  return difference(stored(TensorProto::FLOAT, {}, {Want}), {{Got}}, {},
                    Tolerance);
}

TEST(Comparison, FloatsAreOffByTheToleranceAtMost) {
  EXPECT_EQ(oneFloat(0.5, 0.500009), "");
  EXPECT_NE(oneFloat(0.5, 0.500011), "");
  EXPECT_NE(oneFloat(0.5, 0.499989), "");
  EXPECT_EQ(oneFloat(0.5, 0.5009, 1e-3), "");
  EXPECT_NE(oneFloat(0.5, 0.5011, 1e-3), "");
}

TEST(Comparison, LargeFloatsAreOffInProportion) {
  EXPECT_EQ(oneFloat(-800, -800.007), "");
  EXPECT_NE(oneFloat(-800, -800.009), "");
}

TEST(Comparison, WhatIsNoNumberIsWrong) {
  EXPECT_NE(oneFloat(0.5, NAN), "");
  EXPECT_NE(oneFloat(0.5, INFINITY), "");
  EXPECT_NE(oneFloat(NAN, 0.5), "");
  EXPECT_EQ(oneFloat(INFINITY, INFINITY), "");
}

TEST(Comparison, SaysWhichElementIsWrong) {
  StoredTensor Want = stored(TensorProto::FLOAT, {1, 3}, {1, 2, 3});
  EXPECT_EQ(difference(Want, {{1, 2, 3}}, {{3}}, 1e-5), "");
  EXPECT_EQ(difference(Want, {{1, 2.5, 3}}, {{3}}, 1e-5),
            "element 1 is 2.500000, stored is 2.000000");
}

TEST(Comparison, IntegersAreNotOff) {
  StoredTensor Want = stored(TensorProto::INT64, {2}, {7, -3});
  EXPECT_EQ(difference(Want, {{7.0001, -2.9999}}, {{2}}, 1e-5), "");
  EXPECT_NE(difference(Want, {{8, -3}}, {{2}}, 1e-3), "");
  // Nearest, but by chance.
  EXPECT_NE(difference(Want, {{7.3, -3}}, {{2}}, 1e-3), "");
  StoredTensor Large = stored(TensorProto::INT32, {}, {1000000});
  EXPECT_NE(difference(Large, {{1000001}}, {}, 1e-3), "");
}

TEST(Comparison, HalvesAreRoundedFirst) {
  // Neighbours of 16-bit floats are 1/1024 apart there.
  StoredTensor Want = stored(TensorProto::FLOAT16, {}, {1 + 1.0 / 1024});
  EXPECT_EQ(difference(Want, {{1.0009}}, {}, 1e-5), "");
  EXPECT_NE(difference(Want, {{1.0004}}, {}, 1e-5), "");
}

TEST(Comparison, ShapesCount) {
  StoredTensor Want = stored(TensorProto::FLOAT, {2, 3}, {1, 2, 3, 4, 5, 6});
  std::vector<double> Got{1, 2, 3, 4, 5, 6};
  EXPECT_EQ(difference(Want, Got, {{2, 3}}, 1e-5), "");
  EXPECT_NE(difference(Want, Got, {{3, 2}}, 1e-5), "");
  EXPECT_NE(difference(Want, Got, {{6}}, 1e-5), "");
  EXPECT_NE(difference(Want, {{1, 2, 3}}, {{2, 3}}, 1e-5), "");
}

} // namespace
