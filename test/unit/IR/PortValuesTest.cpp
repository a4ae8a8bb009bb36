//===- PortValuesTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/IR/PortValues.h"
#include "nn2crn/IR/Text.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace nn2crn;

namespace {
struct Reports {
  std::string Text;
  DiagnosticEngine Diags{
      [this](const Diagnostic &D) { Text += formatDiagnostic(D); }};
};

Port portOf(std::vector<std::vector<PortTerm>> Elements,
            std::vector<int64_t> Shape) {
  Port P;
  P.Name = "x";
  P.Shape = std::move(Shape);
  for (auto &E : Elements)
    P.addElement(E);
  return P;
}
constexpr SpeciesId A(0), B(1), C(2), D(3);

std::optional<size_t> cases(const Port &P, std::vector<int64_t> Shape,
                            bool Flat = false) {
  Array Values;
  Values.Shape = std::move(Shape);
  Values.Data.resize(shapeElements(Values.Shape));
  Values.Flat = Flat;
  Reports R;
  return casesForPort(P, Values, R.Diags);
}
} // namespace

TEST(PortValues, RailsTakeTheSign) {
  Port P = portOf({{{A, 1}, {B, -1}}, {{C, -2}, {D, 4}}}, {2});
  std::vector<double> Amounts{9, 9, 9, 9}, Values(2);
  Reports R;
  ASSERT_TRUE(setPortAmounts(P, std::vector{3.0, 8.0}, Amounts, R.Diags));
  EXPECT_EQ(Amounts, (std::vector<double>{3, 0, 0, 2}));
  ASSERT_TRUE(setPortAmounts(P, std::vector{-3.0, -8.0}, Amounts, R.Diags));
  EXPECT_EQ(Amounts, (std::vector<double>{0, 3, 4, 0}));
  readPort(P, Amounts, Values);
  EXPECT_EQ(Values, (std::vector<double>{-3, -8}));
}

TEST(PortValues, ScaleOffsetAndConstantInvert) {
  Port P = portOf({{{A, 2}, {C, 1}, {B, -1}}}, {});
  P.Scale = {Number(4)};
  P.Offset = {Number(0.5)};
  P.Constants = {Number(3)};
  std::vector<double> Amounts(4), Values(1);
  Reports R;
  for (double V : {-2.0, 0.25, 0.3, 7.0}) {
    ASSERT_TRUE(setPortAmounts(P, std::vector{V}, Amounts, R.Diags));
    readPort(P, Amounts, Values);
    EXPECT_NEAR(Values[0], V, 1e-14);
    EXPECT_EQ(Amounts[2], 0) << "only the first species of a rail is used";
  }
  // (1 + 0.5) * 4 - 3 = 3 over a coefficient of 2.
  ASSERT_TRUE(setPortAmounts(P, std::vector{1.0}, Amounts, R.Diags));
  EXPECT_EQ(Amounts[0], 1.5);
}

TEST(PortValues, MissingRailsAndWildValuesAreNamed) {
  Port P = portOf({{{A, 1}}, {{B, 1}}}, {2});
  P.Offset = {Number(1)};
  std::vector<double> Amounts(4);
  Reports R;
  EXPECT_TRUE(setPortAmounts(P, std::vector{-1.0, 0.0}, Amounts, R.Diags));
  EXPECT_TRUE(setPortAmounts(P, std::vector{-1 - 1e-15, 0.0}, Amounts, R.Diags))
      << "rounding is no value of its own";
  EXPECT_FALSE(setPortAmounts(P, std::vector{0.0, -1.5}, Amounts, R.Diags));
  EXPECT_NE(R.Text.find("port 'x', element [1]: the value -1.5 needs a "
                        "negative rail"),
            std::string::npos)
      << R.Text;
  EXPECT_NE(R.Text.find("takes values from -1"), std::string::npos) << R.Text;
  for (double Wild : {NAN, INFINITY, -INFINITY})
    EXPECT_FALSE(setPortAmounts(P, std::vector{Wild, 0.0}, Amounts, R.Diags));
}

TEST(PortValues, ShapesMatchUpToLeadingOnes) {
  std::vector<std::vector<PortTerm>> Four(4);
  Port Vector = portOf(Four, {4}), Row = portOf(Four, {1, 4}),
       Square = portOf(Four, {2, 2}), Scalar = portOf({{}}, {});
  EXPECT_EQ(cases(Vector, {4}), 1u);
  EXPECT_EQ(cases(Vector, {7, 4}), 7u);
  EXPECT_EQ(cases(Vector, {7, 1, 4}), 7u);
  EXPECT_EQ(cases(Vector, {1, 1, 4}), 1u);
  EXPECT_EQ(cases(Row, {4}), 1u);
  EXPECT_EQ(cases(Row, {7, 4}), 7u);
  EXPECT_EQ(cases(Row, {7, 1, 4}), 7u);
  EXPECT_EQ(cases(Square, {2, 2}), 1u);
  EXPECT_EQ(cases(Square, {5, 2, 2}), 5u);
  EXPECT_EQ(cases(Square, {2, 2, 2}), 2u);
  EXPECT_EQ(cases(Scalar, {}), 1u);
  EXPECT_EQ(cases(Scalar, {6}), 6u);
  EXPECT_FALSE(cases(Vector, {3, 5}));
  EXPECT_FALSE(cases(Vector, {4, 1}));
  EXPECT_FALSE(cases(Vector, {2, 3, 4}));
  EXPECT_FALSE(cases(Vector, {0, 4}));
  EXPECT_FALSE(cases(Square, {4})) << "an array knows its shape";
  EXPECT_FALSE(cases(Square, {5, 4}));
  // A table does not.
  EXPECT_EQ(cases(Square, {5, 4}, true), 5u);
  EXPECT_EQ(cases(Square, {4}, true), 1u);
  EXPECT_EQ(cases(Scalar, {3}, true), 3u);
  EXPECT_FALSE(cases(Square, {4, 5}, true));
}

TEST(PortValues, InputsAreReadSetAndChecked) {
  Reports R;
  auto Net = parseText("@input x[2] dual\n@input \"a=b\"[1] dual\n"
                       "x.0.p + \"a=b\".0.p -> y.0.p\n@output y[1] dual\n",
                       "t.crn", R.Diags);
  ASSERT_TRUE(Net) << R.Text;
  std::vector<std::string> Specs{"a=b=-4", "x=1,-2.5"};
  auto Inputs = readInputs(*Net, Specs, R.Diags);
  ASSERT_TRUE(Inputs) << R.Text;
  EXPECT_EQ(Inputs->Cases, 1u);
  ASSERT_TRUE(setSample(*Net, *Inputs, 0, R.Diags)) << R.Text;
  std::vector<double> Amounts;
  for (SpeciesId S : Net->species())
    Amounts.push_back(Net->initialValue(S));
  std::vector<double> X(2), AB(1);
  readPort(Net->ports()[0], Amounts, X);
  readPort(Net->ports()[1], Amounts, AB);
  EXPECT_EQ(X, (std::vector<double>{1, -2.5}));
  EXPECT_EQ(AB, (std::vector<double>{-4}));
  EXPECT_FALSE(setSample(*Net, *Inputs, 1, R.Diags));
  EXPECT_NE(R.Text.find("there is no case 1"), std::string::npos);

  struct Bad {
    std::vector<std::string> Specs;
    const char *Says;
  };
  for (const Bad &Case :
       {Bad{{"x=1,2"}, "input port 'a=b' of shape [1] is given no values"},
        Bad{{"x=1,2", "a=b=1", "x=1,2"}, "given values twice"},
        Bad{{"z=1,2"}, "no input port named 'z'"}, Bad{{"1,2"}, "say which"},
        Bad{{"x=1,2,3", "a=b=1"}, "port 'x' expects [2] or [cases,2], got [3]"},
        Bad{{"x=1,2", "a=b=1,2,3"}, "port 'a=b' has 3 cases"}}) {
    Reports Got;
    EXPECT_FALSE(readInputs(*Net, Case.Specs, Got.Diags)) << Case.Says;
    EXPECT_NE(Got.Text.find(Case.Says), std::string::npos) << Got.Text;
  }
  EXPECT_TRUE(readInputs(*Net, {}, R.Diags)->Arrays.empty());
}
