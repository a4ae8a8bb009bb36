//===- ManagerTest.cpp - The contract between passes and their manager -*- C++
//-*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/IR/Editor.h"
#include "nn2crn/Transforms/Pipeline.h"

#include <gtest/gtest.h>

using namespace nn2crn;

namespace {
/// A pass made of a function, to misbehave in every way there is.
struct FunctionPass : Pass {
  using Body = std::function<PassResult(Network &, PassContext &)>;
  explicit FunctionPass(Body B) : B(std::move(B)) {}
  PassInfo info() const override { return {"function", "test", ""}; }
  PassResult run(Network &Net, PassContext &Context) override {
    return B(Net, Context);
  }
  Body B;
};

struct Outcome {
  bool Ok;
  std::string Messages;
  Network Net;
};

Outcome run(FunctionPass::Body Body) {
  Outcome O;
  Editor Edit(O.Net);
  SpeciesId A = Edit.addSpecies(SpeciesName(Edit.signal("A")));
  Edit.addReaction({{A, 1}}, {}, Edit.rate(1));
  DiagnosticEngine Diags(
      [&](const Diagnostic &D) { O.Messages += formatDiagnostic(D); });
  PassContext Context(Diags, [](std::string_view) {});
  Pipeline P;
  P.Steps.push_back({std::make_unique<FunctionPass>(std::move(Body)), {}, 0});
  PassRun Run;
  O.Ok = runPipeline(P, O.Net, Context, {}, Run);
  return O;
}

void addReaction(Network &Net) {
  Editor Edit(Net);
  Edit.addReaction({}, {{SpeciesId(0), 1}}, Edit.rate(2));
}
} // namespace

TEST(Manager, AcceptsHonestPasses) {
  EXPECT_TRUE(
      run([](Network &, PassContext &) { return PassResult::unchanged(); }).Ok);
  Outcome Changed = run([](Network &Net, PassContext &) {
    addReaction(Net);
    return PassResult::changed(Preserved::SameEquilibrium);
  });
  EXPECT_TRUE(Changed.Ok) << Changed.Messages;
  EXPECT_EQ(Changed.Net.reactionCount(), 2u);
  // Touched and put back is unchanged.
  EXPECT_TRUE(run([](Network &Net, PassContext &) {
                addReaction(Net);
                Editor(Net).erase(ReactionId(1));
                return PassResult::unchanged();
              }).Ok);
}

TEST(Manager, CatchesEveryLie) {
  struct {
    FunctionPass::Body Body;
    const char *Message;
  } Lies[] = {
      {[](Network &Net, PassContext &) {
         addReaction(Net);
         return PassResult::unchanged();
       },
       "says it changed nothing, but the network differs"},
      {[](Network &, PassContext &) {
         return PassResult::changed(Preserved::SameKinetics);
       },
       "says it changed the network, but it is the same"},
      {[](Network &, PassContext &) { return PassResult::failed(); },
       "failed without saying why"},
      {[](Network &Net, PassContext &Context) {
         addReaction(Net);
         Context.Diags.error(DiagId::PassRefused, {}, "no");
         return PassResult::failed();
       },
       "failed but had already changed the network"},
      {[](Network &, PassContext &Context) {
         Context.Diags.error(DiagId::PassRefused, {}, "no");
         return PassResult::unchanged();
       },
       "reported an error but did not fail"},
      {[](Network &Net, PassContext &) {
         Editor Edit(Net);
         Edit.addReaction({{SpeciesId(0), 0}}, {}, Edit.rate(1));
         return PassResult::changed(Preserved::SameKinetics);
       },
       "the network is broken after pass 'function'"},
  };
  for (const auto &Lie : Lies) {
    Outcome O = run(Lie.Body);
    EXPECT_FALSE(O.Ok) << Lie.Message;
    EXPECT_NE(O.Messages.find(Lie.Message), std::string::npos) << O.Messages;
    EXPECT_NE(O.Messages.find("[broken-contract]"), std::string::npos);
  }
}

TEST(Manager, AnalysesFollowTheNetwork) {
  struct CountReactions {
    explicit CountReactions(const Network &Net) : N(Net.reactionCount()) {}
    size_t N;
  };
  Outcome O = run([](Network &Net, PassContext &Context) {
    const auto *First = &Context.get<CountReactions>(Net);
    EXPECT_EQ(First->N, 1u);
    EXPECT_EQ(First, &Context.get<CountReactions>(Net));
    addReaction(Net);
    EXPECT_EQ(Context.get<CountReactions>(Net).N, 2u);
    return PassResult::changed(Preserved::SameKinetics);
  });
  EXPECT_TRUE(O.Ok);
}

TEST(Manager, LoopsEndAtTheirLimit) {
  Network Net;
  Editor(Net).addSpecies(SpeciesName(Editor(Net).signal("A")));
  DiagnosticEngine Diags([](const Diagnostic &) {});
  PassContext Context(Diags, [](std::string_view) {});
  Pipeline P;
  P.Steps.push_back({nullptr, {}, 5});
  P.Steps[0].Body.push_back(
      {std::make_unique<FunctionPass>([](Network &N, PassContext &) {
         addReaction(N);
         return PassResult::approximate(0.25, true);
       }),
       {},
       0});
  PassRun Run;
  ASSERT_TRUE(runPipeline(P, Net, Context, {}, Run));
  EXPECT_EQ(Net.reactionCount(), 5u);
  EXPECT_EQ(Run.Level, Preserved::Approximate);
  EXPECT_TRUE(Run.OnRangeOnly);
  EXPECT_EQ(Run.Bound, 1.25);
}
