//===- PipelinesTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random networks through random pipelines of all registered passes: whatever
// they do, ports must read the same. A failure names its seed;
//
//   NN2CRN_SEED=1234 unit-Properties
//
// runs that one alone.
//
//===----------------------------------------------------------------------===//

#include "RandomPipeline.h"
#include "nn2crn/Analysis/Metrics.h"
#include "nn2crn/Analysis/NetworkForms.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/Lowering/NcRelu.h"
#include "nn2crn/Simulation/Simulate.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace nn2crn;
using namespace nn2crn::test;

namespace {

/// A lowered network, its ports with random ranges, and inputs within them.
struct Subject {
  Builder B;
  Network Net;
  size_t Cases;
  /// One a port of the graph, [Cases, elements].
  std::vector<std::vector<double>> Inputs;

  Subject(unsigned Seed, unsigned MostLayers, unsigned Widest, size_t Cases)
      : B(randomGraph(Seed, MostLayers, Widest)), Cases(Cases) {
    Collected Diags;
    auto Lowered = lowerNcRelu(B.G, Diags.Engine);
    EXPECT_TRUE(Lowered) << Diags.text();
    if (!Lowered)
      return;
    Net = std::move(*Lowered);
    Editor Edit(Net);
    for (size_t I = 0; I < Net.ports().size(); ++I) {
      Port P = Net.ports()[I];
      if (P.Direction != PortDirection::Input)
        continue;
      // Of either sign, or of one; for all elements, or for each.
      size_t Ranges = B.below(2) ? 1 : P.elementCount();
      for (size_t R = 0; R < Ranges; ++R) {
        double Low = B.below(3) ? B.number() : 0;
        P.Range.push_back({Low, Low + std::abs(B.number()) + 0.5});
      }
      auto &Values = Inputs.emplace_back();
      for (size_t Case = 0; Case < Cases; ++Case)
        for (size_t E = 0; E < P.elementCount(); ++E) {
          const PortRange &R = *P.range(E);
          double Steps = std::floor((R.High - R.Low) * 64);
          Values.push_back(R.Low +
                           B.below(static_cast<unsigned>(Steps) + 1) / 64.0);
        }
      Edit.setPort(I, std::move(P));
    }
  }

  std::optional<SimulationResult> simulate(const Network &N,
                                           const SimulationOptions &Options,
                                           DiagnosticEngine &Diags) const {
    InputArrays Arrays;
    Arrays.Cases = Cases;
    for (size_t I = 0; I < Inputs.size(); ++I) {
      const Port *P = N.findPort(B.G.inputs()[I].Name, PortDirection::Input);
      if (!P) {
        ADD_FAILURE() << "input port " << B.G.inputs()[I].Name << " is gone";
        return std::nullopt;
      }
      Array A;
      A.Shape = {static_cast<int64_t>(Cases)};
      A.Shape.insert(A.Shape.end(), P->Shape.begin(), P->Shape.end());
      A.Data = Inputs[I];
      Arrays.Arrays.push_back({P, std::move(A)});
    }
    return nn2crn::simulate(N, Arrays, Options, Diags);
  }

  /// What the graph computes, by output and case.
  std::vector<std::vector<double>> expected() const {
    std::vector<std::vector<double>> Want(B.G.outputs().size());
    for (size_t Case = 0; Case < Cases; ++Case) {
      auto Out = evaluate(B.G, inputsOf(Case));
      for (size_t I = 0; I < Out.size(); ++I)
        Want[I].insert(Want[I].end(), Out[I].begin(), Out[I].end());
    }
    return Want;
  }
  std::vector<Vector> inputsOf(size_t Case) const {
    std::vector<Vector> In;
    for (const std::vector<double> &All : Inputs) {
      auto N = static_cast<std::ptrdiff_t>(All.size() / Cases);
      auto Begin = All.begin() + static_cast<std::ptrdiff_t>(Case) * N;
      In.emplace_back(Begin, Begin + N);
    }
    return In;
  }
  /// The least |z| that a ReLU sees in any case.
  double margin() const {
    double Least = INFINITY;
    for (size_t Case = 0; Case < Cases; ++Case) {
      auto Values = evaluateAll(B.G, inputsOf(Case));
      for (const Node &N : B.G.nodes())
        if (N.Kind == NodeKind::Relu)
          for (double Z : Values[N.Operands[0].Value.Value])
            Least = std::min(Least, std::abs(Z));
    }
    return Least;
  }

  void compare(const SimulationResult &Got, double Relative, double Absolute) {
    auto Want = expected();
    ASSERT_EQ(Got.Outputs.size(), Want.size());
    for (size_t I = 0; I < Want.size(); ++I) {
      EXPECT_EQ(Got.Outputs[I].Name, B.G.outputs()[I].Name);
      ASSERT_EQ(Got.Outputs[I].Values.size(), Want[I].size());
      for (size_t J = 0; J < Want[I].size(); ++J)
        EXPECT_NEAR(Got.Outputs[I].Values[J], Want[I][J],
                    Relative * std::max(1.0, std::abs(Want[I][J])) + Absolute)
            << "output " << I << ", value " << J;
    }
  }
};

/// Passes that only look, so that to refuse is their work.
bool onlyChecks(const PassRun &Run) {
  return !Run.Entries.empty() && Run.Entries.back().Name.starts_with("check-");
}

/// Whether readings have one limit, for inputs in range.
bool isCertain(const Network &Net) {
  Certainty C = analyzeCertainty(Net);
  return C && (C.Annihilations.empty() ||
               proveReadings(Net, C, /*Declared=*/true).empty());
}

SimulationOptions atRest(SimulationMethod M) {
  SimulationOptions O;
  O.Method = M;
  O.Threads = 1;
  return O;
}

} // namespace

TEST(Properties, RandomPipelinesKeepReadings) {
  unsigned Refused = 0, Uncertain = 0, Changed = 0, Compared = 0;
  auto All = seeds(5000);
  for (unsigned Seed : All) {
    Subject S(Seed, 6, 5, 3);
    std::string Text = randomPipeline(S.B);
    SCOPED_TRACE("NN2CRN_SEED=" + std::to_string(Seed) + ", pipeline " + Text);
    Network Net = S.Net;
    PassRun Run;
    // What ran before a refusal is compared too.
    if (!runOn(Net, Text, Run) && !onlyChecks(Run))
      ++Refused;
    Changed += Net.contentHash() != S.Net.contentHash();
    if (!isCertain(Net)) {
      ++Uncertain;
      continue;
    }
    Collected Diags;
    auto Got =
        S.simulate(Net, atRest(SimulationMethod::Equilibrium), Diags.Engine);
    ASSERT_TRUE(Got) << Diags.text();
    S.compare(*Got, 1e-9, Run.Bound);
    ++Compared;
    if (HasFailure())
      return;
  }
  if (All.size() < 2)
    return;
  EXPECT_LE(Refused * 5, All.size());
  EXPECT_GE(Changed * 2, All.size());
  EXPECT_GE(Compared, 3000u) << Uncertain << " are not certain";
}

TEST(Properties, EveryPassKeepsReadingsByItself) {
  for (const PassInfo &Info : allPasses())
    for (unsigned Seed : seeds(200)) {
      SCOPED_TRACE(std::string(Info.Name) +
                   ", NN2CRN_SEED=" + std::to_string(Seed));
      Subject S(Seed, 5, 5, 2);
      Network Net = S.Net;
      PassRun Run;
      runOn(Net, std::string(Info.Name), Run);
      if (!isCertain(Net))
        continue;
      Collected Diags;
      auto Got =
          S.simulate(Net, atRest(SimulationMethod::Equilibrium), Diags.Engine);
      ASSERT_TRUE(Got) << Diags.text();
      S.compare(*Got, 1e-9, Run.Bound);
      if (HasFailure())
        return;
    }
}

TEST(Properties, LevelO2LeavesGatesAndInputsAlone) {
  auto All = seeds(1000);
  unsigned Shorter = 0;
  for (unsigned Seed : All) {
    SCOPED_TRACE("NN2CRN_SEED=" + std::to_string(Seed));
    Subject S(Seed, 6, 5, 3);
    size_t Units = 0, Rails = 0;
    for (const Node &N : S.B.G.nodes())
      if (N.Kind == NodeKind::Relu)
        Units += S.B.G.value(N.Result).Elements;
    for (const GraphPort &P : S.B.G.inputs())
      Rails += 2 * S.B.G.value(P.Value).Elements;
    Network Eliminated = S.Net;
    PassRun Run;
    ASSERT_TRUE(runOn(Eliminated,
                      "O1,prune-dead-units,shift-inputs,eliminate-dead,"
                      "merge-identical-units,eliminate-unimolecular,O1",
                      Run));
    ASSERT_TRUE(runOn(S.Net, "O2", Run));
    Metrics Before = computeMetrics(Eliminated), After = computeMetrics(S.Net);
    EXPECT_LE(After.MaxProducts, Before.MaxProducts);
    EXPECT_LE(After.ProductSlots, Before.ProductSlots);
    Shorter += After.ProductSlots < Before.ProductSlots;
    size_t Gates = 0, Others = 0;
    for (Reaction R : S.Net.reactions())
      ++(R.order() == 2 ? Gates : Others);
    EXPECT_LE(Gates, Units);
    EXPECT_LE(Others, Rails);
    FeedForward F = analyzeFeedForward(S.Net);
    EXPECT_TRUE(F) << explainFeedForward(S.Net, F);
    EXPECT_TRUE(findCompetitions(S.Net, /*Strict=*/true).empty());
    Collected Diags;
    auto Got =
        S.simulate(S.Net, atRest(SimulationMethod::Equilibrium), Diags.Engine);
    ASSERT_TRUE(Got) << Diags.text();
    S.compare(*Got, 1e-9, 0);
    if (HasFailure())
      return;
  }
  if (All.size() > 1) {
    EXPECT_GE(Shorter * 4, All.size());
  }
}

TEST(Properties, AnnihilatedRailsSettleAtTheLimit) {
  unsigned Compared = 0, Flat = 0, Plain = 0, Slow = 0;
  auto All = seeds(300);
  for (unsigned Seed : All) {
    Subject S(Seed + 200000, 4, 4, 1);
    SCOPED_TRACE("NN2CRN_SEED=" + std::to_string(Seed));
    PassRun Run;
    ASSERT_TRUE(runOn(S.Net, "O1,annihilate-rails{above=0}", Run));
    if (analyzeFeedForward(S.Net)) {
      ++Plain;
      continue;
    }
    {
      Editor Edit(S.Net);
      std::uniform_real_distribution<double> Exponent(-1.5, 1.5);
      for (Reaction R : S.Net.reactions())
        Edit.setRate(R.id(), Edit.rate(std::pow(10, Exponent(S.B.Random))));
    }
    Collected Diags;
    auto Limit =
        S.simulate(S.Net, atRest(SimulationMethod::Equilibrium), Diags.Engine);
    ASSERT_TRUE(Limit) << Diags.text();
    EXPECT_EQ(Limit->Limit, LimitKind::Differences);
    S.compare(*Limit, 1e-9, 0);
    if (S.margin() < 1e-3) {
      ++Flat;
      continue;
    }
    SimulationOptions Options = atRest(SimulationMethod::Ode);
    Options.SettleTolerance = 2e-4;
    auto Got = S.simulate(S.Net, Options, Diags.Engine);
    if (!Got) {
      ++Slow;
      EXPECT_EQ(Diags.errors(DiagId::NotSettled), 1u) << Diags.text();
    } else {
      S.compare(*Got, 1e-3, 0);
      ++Compared;
    }
    if (HasFailure())
      return;
  }
  if (All.size() < 2)
    return;
  EXPECT_GE(Compared, 100u)
      << Flat << " have equal supplies, " << Plain << " no annihilations, "
      << Slow << " did not settle";
}

TEST(Properties, RatesDoNotMatter) {
  unsigned Compared = 0, Flat = 0, Slow = 0;
  auto All = seeds(400);
  for (unsigned Seed : All) {
    Subject S(Seed + 100000, 3, 3, 1);
    if (S.margin() < 1e-3) {
      // A gate with equal supplies closes like 1/t: left to equilibrium.
      ++Flat;
      continue;
    }
    std::string Text = Seed % 3 ? randomPipeline(S.B) : "O2";
    SCOPED_TRACE("NN2CRN_SEED=" + std::to_string(Seed) + ", pipeline " + Text);
    PassRun Run;
    runOn(S.Net, Text, Run);
    {
      Editor Edit(S.Net);
      std::uniform_real_distribution<double> Exponent(-1.5, 1.5);
      for (Reaction R : S.Net.reactions())
        Edit.setRate(R.id(), Edit.rate(std::pow(10, Exponent(S.B.Random))));
    }
    SimulationOptions Options = atRest(SimulationMethod::Ode);
    Options.SettleTolerance = 2e-4;
    Collected Diags;
    auto Got = S.simulate(S.Net, Options, Diags.Engine);
    if (!Got) {
      ++Slow;
      EXPECT_EQ(Diags.errors(DiagId::NotSettled), 1u) << Diags.text();
    } else {
      S.compare(*Got, 1e-3, Run.Bound);
      ++Compared;
    }
    if (HasFailure())
      return;
  }
  if (All.size() < 2)
    return;
  EXPECT_GE(Compared, 150u)
      << Flat << " have equal supplies, " << Slow << " did not settle";
}
