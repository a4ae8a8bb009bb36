//===- RandomPipeline.h - Random pipelines for property tests -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_PROPERTIES_RANDOMPIPELINE_H
#define NN2CRN_TEST_PROPERTIES_RANDOMPIPELINE_H

#include "../RandomGraph.h"
#include "nn2crn/Transforms/Pipeline.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace nn2crn::test {

/// Seeds 0 to \p N - 1, or the one that the environment asks for.
inline std::vector<unsigned> seeds(unsigned N) {
  if (const char *One = std::getenv("NN2CRN_SEED"))
    return {static_cast<unsigned>(std::strtoul(One, nullptr, 10))};
  std::vector<unsigned> All(N);
  for (unsigned I = 0; I < N; ++I)
    All[I] = I;
  return All;
}

/// A value that the option takes; most numbers limit some size.
inline std::string optionText(Builder &B, const PassOption &O) {
  std::string_view Expects = O.expects();
  if (Expects.starts_with("an integer"))
    return std::to_string(2 + B.below(5));
  if (Expects == "a number")
    return O.defaultText();
  // "catalysts, nothing or annihilations"
  std::vector<std::string> Words{""};
  for (size_t At = 0; At < Expects.size();) {
    size_t Skip = Expects.substr(At).starts_with(", ")     ? 2
                  : Expects.substr(At).starts_with(" or ") ? 4
                                                           : 0;
    if (Skip)
      Words.emplace_back();
    else
      Words.back() += Expects[At];
    At += std::max<size_t>(Skip, 1);
  }
  return Words[B.below(static_cast<unsigned>(Words.size()))];
}

inline std::string randomStep(Builder &B) {
  auto All = allPasses();
  unsigned I = B.below(static_cast<unsigned>(All.size()) + 2);
  if (I >= All.size())
    return I == All.size() ? "O2" : "fix<3>(static-fire,cancel-rails)";
  std::string Text(All[I].Name), Options;
  auto P = createPass(All[I].Name);
  for (PassOption *O : P->options())
    if (B.below(2))
      Options += (Options.empty() ? "" : " ") + std::string(O->name()) + "=" +
                 optionText(B, *O);
  return Options.empty() ? Text : Text + "{" + Options + "}";
}

inline std::string randomPipeline(Builder &B) {
  std::string Text;
  unsigned Steps = 1 + B.below(6);
  for (unsigned I = 0; I < Steps; ++I)
    Text += (I ? "," : "") + randomStep(B);
  return Text;
}

/// False where a pass refused.
inline bool runOn(Network &Net, const std::string &Text, PassRun &Run) {
  Collected Diags;
  PassContext Context(Diags.Engine, [](std::string_view) {});
  auto P = Pipeline::parse(Text, Diags.Engine);
  EXPECT_TRUE(P) << Diags.text();
  bool Ran = P && runPipeline(*P, Net, Context, {}, Run);
  EXPECT_EQ(Diags.errors(DiagId::BrokenContract), 0u) << Diags.text();
  EXPECT_EQ(Diags.errors(DiagId::InvalidNetwork), 0u) << Diags.text();
  return Ran;
}

} // namespace nn2crn::test

#endif
