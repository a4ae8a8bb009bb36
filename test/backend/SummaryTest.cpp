//===- SummaryTest.cpp ----------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Summary.h"

#include "gtest/gtest.h"

using namespace nn2crn::test;
using Kind = Verdict::Kind;

namespace {

constexpr const char *Text = "# comment\n"
                             "exact node/a\n"
                             "exact node/b\n"
                             "smooth node/c\n"
                             "stretch-linear node/d\n"
                             "later-bilinear node/e\n";

TEST(Summary, TiersSayWhatIsSmooth) {
  auto T = parseTiers(Text);
  ASSERT_TRUE(T);
  EXPECT_EQ(T->Names.size(), 4u);
  EXPECT_FALSE(T->isSmooth("node/a"));
  EXPECT_TRUE(T->isSmooth("node/c"));
  EXPECT_FALSE(T->isSmooth("node/d"));
  EXPECT_TRUE(T->isSmooth("node/e"));
  EXPECT_TRUE(T->isSmooth("node/unheard-of"));
}

TEST(Summary, BrokenTiersAreRefused) {
  EXPECT_FALSE(parseTiers("exact\n"));
  EXPECT_FALSE(parseTiers("exact node/a passed\n"));
  EXPECT_FALSE(parseTiers("exact node/a\nsmooth node/a\n"));
}

TEST(Summary, TableCountsEachTier) {
  std::vector<Outcome> All = {{"node/a", {Kind::Passed, true, "as it is"}},
                              {"node/b", {Kind::Passed, false, "as it is"}},
                              {"node/c", {Kind::Wrong, false, "0 is 1"}},
                              {"node/d", {Kind::Refused, false, "too large"}},
                              {"node/x", {Kind::Refused, false, "too large"}}};
  EXPECT_EQ(tierTable(All, *parseTiers(Text)),
            "| tier | tests | passed | of them compute | refused | wrong |\n"
            "| --- | --- | --- | --- | --- | --- |\n"
            "| exact | 2 | 2 | 1 | 0 | 0 |\n"
            "| smooth | 1 | 0 | 0 | 0 | 1 |\n"
            "| **together** | 3 | 2 | 1 | 0 | 1 |\n"
            "| stretch-linear | 1 | 0 | 0 | 1 | 0 |\n"
            "| later-bilinear | 0 | 0 | 0 | 0 | 0 |\n"
            "| no tier | 1 | 0 | 0 | 1 | 0 |\n"
            "| **all** | 5 | 2 | 1 | 2 | 1 |\n");
  std::string Page = referencePage(All, *parseTiers(Text));
  EXPECT_NE(Page.find("| too large | 2 | d |\n"), std::string::npos);
  EXPECT_NE(Page.find("| as it is | 2 |\n"), std::string::npos);
}

} // namespace
