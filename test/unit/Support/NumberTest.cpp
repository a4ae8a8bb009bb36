//===- NumberTest.cpp -------------------------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Support/Number.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

using namespace nn2crn;

TEST(Rational, ReadsAndPrintsLowestTerms) {
  EXPECT_EQ(Rational::parse("6/4")->str(), "3/2");
  EXPECT_EQ(Rational::parse("-12")->str(), "-12");
  EXPECT_EQ(Rational(-4, -6).str(), "2/3");
  // Leading zeros do not make a number octal.
  EXPECT_EQ(Rational::parse("010/09")->str(), "10/9");
  for (const char *Bad : {"", "1/0", "1/-2", "+1", " 1", "1 ", "0x1", "1/2/3"})
    EXPECT_FALSE(Rational::parse(Bad)) << Bad;
}

TEST(Rational, ArithmeticIsExactBeyondWords) {
  Rational Big = *Rational::parse("123456789012345678901234567890");
  EXPECT_EQ((Big * Big / Big - Big).sign(), 0);
  EXPECT_EQ((Rational(1, 3) + Rational(1, 6)).str(), "1/2");
  EXPECT_TRUE(Rational(1, 3) < Rational(1, 2));
}

TEST(Rational, EveryDoubleSurvives) {
  std::mt19937_64 Random(1);
  for (int I = 0; I < 20000; ++I) {
    double Value = std::bit_cast<double>(Random());
    if (!std::isfinite(Value))
      continue;
    EXPECT_EQ(Rational::fromDouble(Value).toDouble(), Value);
  }
  EXPECT_EQ(Rational::fromDouble(5e-324).toDouble(), 5e-324);
}

TEST(Rational, RoundsToTheNearestDouble) {
  EXPECT_EQ(Rational(1, 3).toDouble(), 1.0 / 3);
  EXPECT_EQ(Rational::parse("1/10")->toDouble(), 0.1);
  // Half-way cases between doubles go to the even one; a hair more goes up.
  Rational Step = Rational::fromDouble(0x1p-53);
  EXPECT_EQ((Rational(1) + Step).toDouble(), 1.0);
  EXPECT_EQ((Rational(1) + Step + Rational::fromDouble(0x1p-200)).toDouble(),
            1 + 0x1p-52);
  EXPECT_EQ((Rational::fromDouble(5e-324) / Rational(2)).toDouble(), 0);
  EXPECT_EQ((Rational::fromDouble(5e-324) * Rational(3, 4)).toDouble(), 5e-324);
}

TEST(Number, KeepsWhatItStandsFor) {
  EXPECT_EQ(Number(0.25).str(), "0.25");
  EXPECT_EQ(Number::rational(Rational(1, 4)).kind(), Number::Kind::Exact);
  Number Third = Number::rational(Rational(1, 3));
  EXPECT_EQ(Third.str(), "1/3");
  EXPECT_EQ((Third * Number(3)).kind(), Number::Kind::Exact);
  EXPECT_EQ((Third * Number::approximate(3)).str(), "~1");
  // 2^53 + 1 is no double; its text must not read back as one.
  EXPECT_EQ(Number::rational(*Rational::parse("9007199254740993")).str(),
            "9007199254740993/1");
}

TEST(FormatDouble, IsWhatPeersAccept) {
  EXPECT_EQ(formatDouble(1), "1");
  EXPECT_EQ(formatDouble(0.1), "0.1");
  EXPECT_EQ(formatDouble(1e-5), "1e-05");
  EXPECT_EQ(formatDouble(1e22), "1e+22");
}
