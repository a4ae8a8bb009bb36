//===- MangleTest.cpp -----------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/IR/Mangle.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

using namespace nn2crn;

TEST(Mangle, SpellsTheUsualNamesPlainly) {
  EXPECT_EQ(mangle("x", 1, Rail::Positive), "x_1_p");
  EXPECT_EQ(mangle("h0", 37, Rail::Negative), "h0_37_n");
  EXPECT_EQ(mangle("M", 5), "M_5");
  EXPECT_EQ(mangle("A"), "A");
  EXPECT_EQ(mangle("y", std::nullopt, Rail::Positive), "y_p");
}

TEST(Mangle, EscapesWhatFormatsRefuse) {
  EXPECT_EQ(mangle("a_b"), "aZ5fb");
  EXPECT_EQ(mangle("Zeta"), "ZZeta");
  EXPECT_EQ(mangle("input.1", 0), "ZSinputZ2e1_0");
  EXPECT_EQ(mangle("15", 3), "ZS15_3");
  EXPECT_EQ(mangle(""), "ZS");
  EXPECT_EQ(mangle("", 0, Rail::Positive), "ZS_0_p");
  EXPECT_EQ(mangle("fc"), "ZSfc");
  EXPECT_EQ(mangle("w", 1), "ZSw_1");
  EXPECT_EQ(mangle("F"), "F");
}

TEST(Mangle, StepsAsideForReservedWords) {
  for (const char *Word : {"time", "pi", "tube", "species", "Null", "Trash",
                           "exponentiale", "avogadro", "mole", "lambda"})
    EXPECT_EQ(mangle(Word), std::string("ZS") + Word);
  // Only the whole identifier counts.
  EXPECT_EQ(mangle("time", 1), "time_1");
}

TEST(Mangle, ReadsBackWhatItWrote) {
  std::mt19937 Random(7);
  std::set<std::string> Ids;
  std::set<std::tuple<std::string, int64_t, int>> Names;
  constexpr const char *Words[] = {"time", "x", "Z", "ZZ", "ZS", "Z5f", "r",
                                   "k",    "p", "n", "_",  "0",  "fc",  "é"};
  for (int I = 0; I < 50000; ++I) {
    PlainName Name;
    for (unsigned Parts = Random() % 4; Parts > 0; --Parts)
      if (Random() % 2)
        Name.Signal += static_cast<char>(Random());
      else
        Name.Signal += Words[Random() % std::size(Words)];
    if (Random() % 2)
      Name.Index = Random() % (Random() % 2 ? 12 : SpeciesName::IndexLimit);
    Name.On = static_cast<Rail>(Random() % 3);
    std::string Id = mangle(Name.Signal, Name.Index, Name.On);
    ASSERT_EQ(demangle(Id), Name) << Id;
    ASSERT_FALSE(isReservedWord(Id)) << Id;
    ASSERT_TRUE(isIdentifier(Id) && Id[0] != '_') << Id;
    ASSERT_EQ(std::string("fiw0123456789").find(Id[0]), std::string::npos);
    ASSERT_EQ(Id.find("__"), std::string::npos) << Id;
    ASSERT_NE(Id.back(), '_') << Id;
    Ids.insert(Id);
    Names.emplace(Name.Signal, Name.Index ? int64_t(*Name.Index) : -1,
                  static_cast<int>(Name.On));
  }
  EXPECT_EQ(Ids.size(), Names.size()) << "two names share an identifier";
  for (int Byte = 0; Byte < 256; ++Byte) {
    std::string Signal(1, static_cast<char>(Byte));
    EXPECT_EQ(demangle(mangle(Signal)), (PlainName{Signal, {}, Rail::None}));
    EXPECT_EQ(demangleBytes(mangleBytes(Signal)), Signal);
  }
}

TEST(Mangle, ReadsNothingItDoesNotWrite) {
  for (const char *Id :
       {"",    "_",   "x_",           "x_01", "x__p",  "x_1_2", "x_q", "Zx",
        "Z5F", "Z41", "a-b",          "time", "fc",    "15",    "ZSx", "aZSb",
        "Z",   "Z5",  "x_1073741823", "r__1", "x_p_p", "x_-1"})
    EXPECT_FALSE(demangle(Id)) << Id;
}
