//===- TrajectoryTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SimulationFixture.h"

#include "nn2crn/Simulation/Trajectory.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;
using namespace nn2crn::test;

namespace {
Trajectory trace(const Network &Net, const SimulationOptions &O,
                 const TrajectoryOptions &T) {
  Reports R;
  auto Got = traceCase(Net, {}, O, T, R.Diags);
  EXPECT_TRUE(Got) << R.Text;
  return Got ? std::move(*Got) : Trajectory();
}
} // namespace

TEST(Trajectory, PointsLieOnTheSolution) {
  Network Net = parse("@output y[2] single\nA -> y.0 [k = 2]\nA @i 1\n");
  for (auto Spacing :
       {TrajectoryOptions::Spacing::Linear, TrajectoryOptions::Spacing::Log}) {
    Trajectory T = trace(Net, odeUntil(3), {0, 40, Spacing});
    ASSERT_EQ(T.Times.size(), 40u);
    EXPECT_EQ(T.Times.front(), 0);
    EXPECT_EQ(T.Times.back(), 3);
    EXPECT_TRUE(std::ranges::is_sorted(T.Times));
    EXPECT_EQ(T.ReadingNames, (std::vector<std::string>{"y[0]", "y[1]"}));
    for (size_t I = 0; I < 40; ++I)
      EXPECT_NEAR(T.Readings[2 * I], 1 - std::exp(-2 * T.Times[I]), 1e-7);
  }
  Trajectory Steps = trace(Net, odeUntil(3), {});
  EXPECT_EQ(Steps.Times.back(), 3);
  EXPECT_GT(Steps.Times.size(), 20u);
}

TEST(Trajectory, LongRunsAreThinnedAndLogarithmic) {
  // Fast at first, then a tail over six decades.
  Network Net = parse("@output y[1] single\nA -> B\nB -> A\n"
                      "2 A -> y.0 [k = 0.1]\nA @i 1\n");
  SimulationOptions O = settled(SimulationMethod::Ode);
  O.SettleTolerance = 1e-5;
  Trajectory T = trace(Net, O, {});
  EXPECT_TRUE(T.LogTime);
  EXPECT_LE(T.Times.size(), 4000u);
  EXPECT_TRUE(std::ranges::is_sorted(T.Times));
  std::string Svg = trajectorySvg(T);
  EXPECT_NE(Svg.find("time (s, logarithmic)"), std::string::npos);
  EXPECT_EQ(Svg.find("nan"), std::string::npos);
  EXPECT_EQ(Svg.find("inf"), std::string::npos);
}

TEST(Trajectory, TableHasNamesAndRows) {
  Network Net = parse("@output y[1] dual\nA -> y.0.p\nA @i 1\n");
  Trajectory T = trace(Net, odeUntil(1), {0, 2, {}});
  std::string Csv = trajectoryCsv(T);
  EXPECT_EQ(Csv.rfind("time,y[0],y.0.p,y.0.n\n0,0,0,0\n1,0.632120", 0), 0u)
      << Csv;
  Reports R;
  EXPECT_FALSE(traceCase(Net, {}, odeUntil(1), {1, 0, {}}, R.Diags));
  EXPECT_NE(R.Text.find("there is no case 1"), std::string::npos);
}

TEST(Trajectory, PicturesOfNothingAndOfNamesWithAngles) {
  Network Net = parse("\"<a&b>\" -> B\n");
  Trajectory T = trace(Net, odeUntil(1), {});
  std::string Svg = trajectorySvg(T);
  EXPECT_NE(Svg.find("&lt;a&amp;b&gt;"), std::string::npos) << Svg;
  EXPECT_EQ(Svg.find("nan"), std::string::npos);
}

TEST(Report, SaysWhatApplies) {
  SimulationResult Result;
  Result.Cases = 4;
  Result.Method = SimulationMethod::Ode;
  Result.SettleTimes = {4, 1, 2, 3};
  std::string Json = reportJson(Result, LabelScore{3, 4});
  for (const char *Part : {"\"cases\": 4", "\"method\": \"ode\"", "\"min\": 1",
                           "\"median\": 2", "\"max\": 4", "\"right\": 3",
                           "\"accuracy\": 0.75", "\"wall_seconds\": 0"})
    EXPECT_NE(Json.find(Part), std::string::npos) << Part << Json;
  EXPECT_EQ(Json.find("why"), std::string::npos);
  EXPECT_EQ(Json.find("limit"), std::string::npos);
  Result.Limit = LimitKind::Unique;
  Json = reportJson(Result, {});
  EXPECT_NE(Json.find("\"limit\": \"unique\""), std::string::npos) << Json;
}

TEST(Labels, CountWinners) {
  SimulationResult Result;
  Result.Cases = 3;
  Result.Outputs.push_back({"y", {2}, {1, 2, 3, 0, 5, 5}, {}});
  Array Labels;
  Labels.Shape = {3};
  Labels.Data = {1, 1, 0};
  Reports R;
  auto Score = scoreLabels(Result, Labels, R.Diags);
  ASSERT_TRUE(Score);
  EXPECT_EQ(Score->Right, 2u) << "the first of equals wins";
  Labels.Data.push_back(0);
  Labels.Shape = {4};
  EXPECT_FALSE(scoreLabels(Result, Labels, R.Diags));
  EXPECT_NE(R.Text.find("expected one label for each of 3 cases, got [4]"),
            std::string::npos);
}
