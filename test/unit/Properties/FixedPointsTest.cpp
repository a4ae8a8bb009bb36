//===- FixedPointsTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Passes are written for rate-independent networks. What they make of others
// must read the same, or they must refuse.
//
//===----------------------------------------------------------------------===//

#include "../Collected.h"
#include "../ParseNetwork.h"
#include "../RandomCascade.h"
#include "RandomPipeline.h"
#include "nn2crn/Simulation/Simulate.h"
#include "nn2crn/Transforms/Pipeline.h"

using namespace nn2crn;
using namespace nn2crn::test;

namespace {
/// Readings of three cases in the limit; empty where that is refused.
std::vector<double> limitOf(const Network &Net, size_t Inputs,
                            std::string &Said) {
  Array X;
  X.Shape = {3, static_cast<int64_t>(Inputs)};
  for (size_t I = 0; I < 3 * Inputs; ++I)
    X.Data.push_back(static_cast<double>((I * 7) % 5) / 2);
  InputArrays Arrays{{{Net.findPort("x", PortDirection::Input), X}}, 3};
  SimulationOptions O;
  O.Method = SimulationMethod::Equilibrium;
  O.Threads = 1;
  Collected Diags;
  auto R = simulate(Net, Arrays, O, Diags.Engine);
  Said = Diags.text();
  return R ? R->Outputs[0].Values : std::vector<double>();
}

void checkPipeline(const std::string &Passes, unsigned Seed,
                   unsigned &Changed) {
  SCOPED_TRACE(Passes + ", NN2CRN_SEED=" + std::to_string(Seed));
  RandomCascade C(Seed, 1 + Seed % 3, 3, Seed % 2 == 0);
  Network Net = parse(C.Text);
  std::string Said;
  auto Want = limitOf(Net, C.Inputs, Said);
  ASSERT_FALSE(Want.empty()) << Said;
  uint64_t Before = Net.contentHash();
  Collected Diags;
  auto P = Pipeline::parse(Passes, Diags.Engine);
  ASSERT_TRUE(P) << Diags.text();
  PassContext Context(Diags.Engine, [](std::string_view) {});
  PassRun Run;
  runPipeline(*P, Net, Context, PassRunOptions(), Run);
  Changed += Net.contentHash() != Before;
  auto Got = limitOf(Net, C.Inputs, Said);
  ASSERT_EQ(Got.size(), Want.size()) << Said;
  for (size_t I = 0; I < Want.size(); ++I)
    EXPECT_NEAR(Got[I], Want[I], 1e-9 * (1 + Want[I]) + Run.Bound) << I;
}
} // namespace

TEST(Properties, PassesKeepFixedPoints) {
  std::vector<std::string> Pipelines{"O1", "O2"};
  for (const PassInfo &Info : allPasses())
    Pipelines.emplace_back(Info.Name);
  unsigned Changed = 0;
  auto All = seeds(24);
  for (const std::string &Passes : Pipelines)
    for (unsigned Seed : All) {
      checkPipeline(Passes, Seed, Changed);
      if (HasFailure())
        return;
    }
  if (All.size() > 1) {
    EXPECT_GT(Changed, 24u);
  }
}
