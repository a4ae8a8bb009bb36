//===- PipelineTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Transforms/Pipeline.h"

#include <gtest/gtest.h>

using namespace nn2crn;

namespace {
std::optional<Pipeline> parse(std::string_view Text) {
  DiagnosticEngine Diags([](const Diagnostic &) {});
  return Pipeline::parse(Text, Diags);
}

struct Sample : Pass {
  Option<bool> Flag{this, "flag", true, ""};
  Option<unsigned> Count{this, "count", 4, ""};
  Option<int> Offset{this, "offset", 0, ""};
  Option<double> Bound{this, "bound", 0.5, ""};
  PassInfo info() const override { return {"sample", "", ""}; }
  PassResult run(Network &, PassContext &) override {
    return PassResult::unchanged();
  }
};
} // namespace

TEST(Pipeline, PrintsWhatItParses) {
  for (const char *Text :
       {"", "canonicalize", "canonicalize,eliminate-dead", "fix(canonicalize)",
        "fix<3>(canonicalize,fix(print-stats))"})
    EXPECT_EQ(parse(Text)->str(), Text);
  EXPECT_EQ(parse(" canonicalize { } , fix < 16 > ( O1 ) ")->str(),
            "canonicalize,fix(canonicalize,merge-duplicates,eliminate-dead)");
  for (const NamedPipeline &Named : namedPipelines())
    EXPECT_EQ(parse(Named.Name)->str(), parse(Named.Text)->str());
}

TEST(Pipeline, EveryPassPrintsWithItsOptions) {
  for (const PassInfo &Info : allPasses()) {
    auto P = createPass(Info.Name);
    ASSERT_TRUE(P);
    EXPECT_EQ(parse(Info.Name)->str(), Info.Name);
    for (PassOption *O : P->options())
      EXPECT_TRUE(O->parse(O->defaultText())) << Info.Name << ' ' << O->name();
  }
}

TEST(Options, ReadAndRefuse) {
  Sample S;
  PassOption *Flag = &S.Flag, *Count = &S.Count, *Offset = &S.Offset,
             *Bound = &S.Bound;
  EXPECT_TRUE(Flag->parse("false"));
  EXPECT_FALSE(S.Flag);
  EXPECT_FALSE(Flag->parse("yes"));
  EXPECT_TRUE(Count->parse("7"));
  EXPECT_EQ(S.Count, 7u);
  EXPECT_FALSE(Count->parse("-1"));
  EXPECT_FALSE(Count->parse("7 "));
  EXPECT_FALSE(Count->parse("99999999999"));
  EXPECT_TRUE(Offset->parse("-3"));
  EXPECT_EQ(Offset->text(), "-3");
  EXPECT_TRUE(Bound->parse("1e-3"));
  EXPECT_EQ(Bound->text(), "0.001");
  EXPECT_EQ(Bound->defaultText(), "0.5");
}

TEST(Pipeline, RefusesNonsense) {
  for (const char *Text :
       {",", "canonicalize,", "nothing", "fix", "fix()", "fix<0>(O1)",
        "fix<x>(O1)", "canonicalize{a=1}", "canonicalize{", "O1)", "fix(O1",
        "fix<99999999999>(O1)"})
    EXPECT_FALSE(parse(Text)) << Text;
  std::string Deep;
  for (int I = 0; I < 100000; ++I)
    Deep += "fix(";
  EXPECT_FALSE(parse(Deep));
}
