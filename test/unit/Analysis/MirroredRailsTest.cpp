//===- MirroredRailsTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/MirroredRails.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/IR/Text.h"

#include <gtest/gtest.h>

using namespace nn2crn;

namespace {
/// The other rail of a species, by name; "" where there is none.
struct Rails {
  explicit Rails(std::string_view Text) : Net(parse(Text)), Found(Net) {}
  static Network parse(std::string_view Text) {
    DiagnosticEngine Diags(
        [](const Diagnostic &D) { ADD_FAILURE() << formatDiagnostic(D); });
    auto Net = parseText(Text, "t.crn", Diags);
    return Net ? std::move(*Net) : Network();
  }
  std::string mate(std::string_view Name) const {
    auto S = NameIndex(Net).find(Name);
    if (!S)
      return "no such species";
    SpeciesId Mate = Found.mate(*S);
    EXPECT_TRUE(!Mate.isValid() || Found.mate(Mate) == *S);
    return Mate.isValid() ? Net.nameText(Mate) : "";
  }
  uint32_t mate(uint32_t R) const { return Found.mate(ReactionId(R)).Value; }
  Network Net;
  MirroredRails Found;
};
constexpr uint32_t None = UINT32_MAX;
} // namespace

TEST(MirroredRails, FollowsPortsThroughALayer) {
  // Names are chosen to mislead.
  Rails R("@input x[2] dual\n@bind x[0] = a - b\n@bind x[1] = c - d\n"
          "a -> q.p + r.p\nb -> q.n + r.n\nc -> q.p + r.n\nd -> q.n + r.p\n");
  EXPECT_EQ(R.mate("a"), "b");
  EXPECT_EQ(R.mate(0u), 1u);
  EXPECT_EQ(R.mate(2u), 3u);
  EXPECT_EQ(R.mate("q.p"), "q.n");
  EXPECT_EQ(R.mate("r.n"), "r.p");
  Rails Misleading("@input x[1] dual\n@bind x[0] = a - b\n"
                   "a -> 2 q.p + r.p\nb -> 2 r.n + q.n\n");
  EXPECT_EQ(Misleading.mate("q.p"), "r.n");
  EXPECT_EQ(Misleading.mate("r.p"), "q.n");
}

TEST(MirroredRails, GoesBackFromOutputsAndThroughGates) {
  Rails R("@output y[2] dual\n"
          "a -> y.0.p + y.1.n\nb -> y.0.n + y.1.p\nc -> y.0.p\n");
  EXPECT_EQ(R.mate(0u), 1u);
  EXPECT_EQ(R.mate(2u), None);
  EXPECT_EQ(R.mate("c"), "");
  Rails Gate("@output y[] single\n@bind y[0] = h\n"
             "p -> m + h\nm + n -> i\nh -> u + 2 v\ni -> 2 u + v\n");
  EXPECT_EQ(Gate.mate("p"), "n");
  EXPECT_EQ(Gate.mate("h"), "i");
  EXPECT_EQ(Gate.mate("u"), "v");
  EXPECT_EQ(Gate.mate("m"), "");
  // Not where another reaction uses m.
  Rails Shared("@output y[] single\n@bind y[0] = h\n"
               "p -> m + h\nm + n -> i\nm -> k\n");
  EXPECT_EQ(Shared.mate("p"), "");
}

TEST(MirroredRails, FindsNothingWhereThereIsNothing) {
  Rails R("@input x[1] dual\nx.0.p -> a + b\nx.0.n -> a + b\n"
          "k -> l + m\n");
  // Made by both rails alike: its own mirror image.
  EXPECT_EQ(R.mate("x.0.p"), "x.0.n");
  EXPECT_EQ(R.mate("k"), "");
  EXPECT_EQ(R.mate("l"), "");
  EXPECT_EQ(Rails("").Net.speciesCount(), 0u);
}
