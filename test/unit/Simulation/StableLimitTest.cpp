//===- StableLimitTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../../lib/Simulation/FixedPoint.h"
#include "../RandomCascade.h"
#include "SimulationFixture.h"

#include <cmath>

using namespace nn2crn;
using namespace nn2crn::test;

static SimulationOptions limit() {
  return settled(SimulationMethod::Equilibrium);
}

static std::string refusal(std::string_view Text,
                           std::span<const std::string> Inputs = {}) {
  std::string Said;
  run(parse(Text), limit(), Inputs, &Said);
  return Said;
}

#define EXPECT_SAYS(Said, Part)                                                \
  EXPECT_NE((Said).find(Part), std::string::npos) << (Said)

//===----------------------------------------------------------------------===//
// Closed forms
//===----------------------------------------------------------------------===//

TEST(StableLimit, TheSmoothedReluIsItsClosedForm) {
  for (double X : {-1e6, -3.0, -1e-9, 0.0, 1e-3, 2.0, 1e8})
    for (double H : {1e-12, 1e-4, 1.0}) {
      std::string Text = "-> Y [k = " + formatDouble(H) + "]\n2 Y -> Y\n";
      if (X > 0)
        Text += "Y -> 2 Y [k = " + formatDouble(X) + "]\n";
      if (X < 0)
        Text += "Y -> [k = " + formatDouble(-X) + "]\n";
      auto R = run(parse(Text), limit());
      long double Root = std::sqrt((long double)X * X + 4 * H);
      double Want =
          static_cast<double>(X > 0 ? (X + Root) / 2 : 2 * H / (Root - X));
      EXPECT_NEAR(amount(R, "Y"), Want, 4e-16 * Want) << X << " " << H;
      EXPECT_EQ(R.Limit, LimitKind::Stable);
      EXPECT_LT(*R.Accuracy, 1e-14);
    }
}

TEST(StableLimit, ItDoesNotDependOnWhereItStarts) {
  for (std::string Start : {"0", "0.1", "40"}) {
    auto R = run(parse("-> Y [k = 2]\n2 Y -> Y\nY -> 2 Y\nY @i " + Start +
                       "\nY -> Y + Z\nZ ->\nZ @i " + Start + "\n"),
                 limit());
    EXPECT_NEAR(amount(R, "Y"), 2, 1e-15);
    EXPECT_NEAR(amount(R, "Z"), 2, 1e-15);
  }
}

TEST(StableLimit, SequestrationAtAnySpeed) {
  for (double K = 1e-6; K < 1e14; K *= 100)
    for (double In : {1e-9, 0.5, 1.0, 1.5, 1e6}) {
      auto R = run(parse("-> p [k = " + formatDouble(In) +
                         "]\n-> n\np -> [k = 2]\nn -> [k = 2]\n"
                         "p + n -> [k = " +
                         formatDouble(K) + "]\n"),
                   limit());
      long double M = 2 - K * ((long double)In - 1) / 2,
                  Root = std::sqrt(M * M + 4 * (long double)K * In);
      auto Want = static_cast<double>(M < 0 ? (Root - M) / (2 * K)
                                            : 2 * In / (Root + M));
      EXPECT_NEAR(amount(R, "p"), Want,
                  *R.Accuracy * std::max(1.0, Want) + 1e-16)
          << K << " " << In;
      EXPECT_LT(*R.Accuracy, 1e-14 * (1 + In)) << K << " " << In;
    }
}

TEST(StableLimit, RingsOfAnySize) {
  std::mt19937_64 Random(5);
  for (unsigned N : {3, 4, 5, 17, 60})
    for (bool Stiff : {false, true}) {
      std::string Text;
      auto Name = [&](size_t I) { return "r" + std::to_string(I % N); };
      auto K = [&](double Scale) {
        return " [k = " +
               formatDouble(Scale * static_cast<double>(1 + Random() % 9)) +
               "]\n";
      };
      for (size_t I = 0; I < N; ++I) {
        Text += "-> " + Name(I) + K(0.3) + Name(I) + " ->" + K(0.1);
        Text += Name(I) + " + " + Name(I + 1) + " ->" + K(Stiff ? 1e6 : 1);
        if (Random() % 2)
          Text += Name(I) + " -> " + Name(Random() % N) + K(0.2);
        Text += "2 " + Name(I) + " + " + Name(I + 2) + " -> " + Name(I) + K(1);
      }
      SCOPED_TRACE(Text);
      auto R = run(parse(Text), limit());
      EXPECT_EQ(R.Limit, LimitKind::Stable);
      EXPECT_LT(*R.Accuracy, 1e-9);
      auto Later = run(parse(Text), odeUntil(1e4));
      for (size_t I = 0; I < N; ++I)
        EXPECT_NEAR(amount(R, Name(I)), amount(Later, Name(I)), 1e-7);
    }
}

TEST(StableLimit, OnlyLossesEndInNothing) {
  // The rails compete, so this is no rate-independent network.
  auto R =
      run(parse("p @i 3\nn @i 2\np ->\nn ->\np + n -> [k = 9]\n"), limit());
  EXPECT_EQ(R.Limit, LimitKind::Stable);
  EXPECT_EQ(amount(R, "p"), 0);
  R = run(parse("2 A -> A\nA -> A + B\nB ->\nA @i 1\nB @i 2\n"), limit());
  EXPECT_EQ(amount(R, "A"), 0);
  EXPECT_EQ(amount(R, "B"), 0);
  EXPECT_EQ(*R.Accuracy, 0);
}

TEST(StableLimit, WhatNoOutputDependsOnMayGrow) {
  std::string Text = "@output y[1] single\n-> y.0\ny.0 ->\ny.0 -> W\n";
  auto R = run(parse(Text), limit());
  EXPECT_NEAR(R.Outputs[0].Values[0], 0.5, 1e-15);
  // Unless it gets to infinity before the output gets anywhere.
  EXPECT_SAYS(refusal(Text + "2 W -> 3 W\n"),
              "nothing takes 'W' away by itself");
}

TEST(StableLimit, ManyCasesAtOnce) {
  Network Net = parse("@input u[2] single\n@output q[1] single\n"
                      "u.0 -> u.0 + q.0\nq.0 + u.1 -> u.1\n");
  constexpr size_t Cases = 19; // no multiple of a block
  Array U;
  U.Shape = {Cases, 2};
  for (size_t I = 0; I < Cases; ++I) {
    U.Data.push_back(static_cast<double>(I));
    U.Data.push_back(3);
  }
  InputArrays Inputs{{{Net.findPort("u", PortDirection::Input), U}}, Cases};
  Reports R;
  auto Result = simulate(Net, Inputs, limit(), R.Diags);
  ASSERT_TRUE(Result) << R.Text;
  for (size_t I = 0; I < Cases; ++I)
    EXPECT_DOUBLE_EQ(Result->Outputs[0].Values[I],
                     static_cast<double>(I) / 3.0);
}

TEST(StableLimit, RandomCascadesKeepTheirBound) {
  std::vector<double> Ratios;
  for (unsigned Seed = 1; Seed <= 200; ++Seed) {
    SCOPED_TRACE("seed " + std::to_string(Seed));
    RandomCascade C(Seed, 1 + Seed % 5, 2 + Seed % 7, Seed % 3 == 0);
    Network Net = parse(C.Text);
    constexpr size_t Cases = 11;
    std::mt19937_64 Random(Seed + 1000);
    Array X;
    X.Shape = {Cases, static_cast<int64_t>(C.Inputs)};
    for (size_t I = 0; I < Cases * C.Inputs; ++I)
      X.Data.push_back(Random() % 4 ? static_cast<double>(Random() % 1000) / 300
                                    : 0);
    InputArrays Inputs{{{Net.findPort("x", PortDirection::Input), X}}, Cases};
    Reports R;
    auto Result = simulate(Net, Inputs, limit(), R.Diags);
    ASSERT_TRUE(Result) << R.Text << C.Text;
    EXPECT_LT(*Result->Accuracy, 1e-8);
    double Worst = 0;
    for (size_t Case = 0; Case < Cases; ++Case) {
      auto Row = Inputs.values(0, Case);
      auto Want = C.limits({Row.begin(), Row.end()});
      for (size_t I = 0; I < C.Readings; ++I) {
        long double Got = Result->Outputs[0].Values[Case * C.Readings + I];
        long double Size = std::max(1.0L, std::fabs(Got));
        Worst = std::max(Worst,
                         static_cast<double>(std::fabs(Got - Want[I]) / Size));
      }
    }
    EXPECT_LE(Worst, *Result->Accuracy);
    if (Worst > 0)
      Ratios.push_back(*Result->Accuracy / Worst);
  }
  // What is left is rounding, whose bound adds up what mostly cancels.
  EXPECT_LT(quantile(Ratios, 0.5), 150);
  RecordProperty("median_ratio", std::to_string(quantile(Ratios, 0.5)));
}

//===----------------------------------------------------------------------===//
// In time
//===----------------------------------------------------------------------===//

TEST(StableLimit, TimeLeadsThere) {
  for (unsigned Seed = 1; Seed <= 24; ++Seed) {
    SCOPED_TRACE("seed " + std::to_string(Seed));
    RandomCascade C(Seed, 1 + Seed % 3, 3, Seed % 2 == 0);
    Network Net = parse(C.Text);
    std::string Spec = "1.5,0.25";
    for (size_t I = 2; I < C.Inputs; ++I)
      Spec += ",0.75";
    auto Limit = run(Net, limit(), {&Spec, 1});
    auto Ode = run(Net, settled(SimulationMethod::Ode), {&Spec, 1});
    auto Later = run(Net, odeUntil(1e5), {&Spec, 1});
    EXPECT_EQ(Ode.Limit, LimitKind::Stable);
    EXPECT_EQ(Later.Limit, LimitKind::Unknown);
    for (size_t I = 0; I < C.Readings; ++I) {
      double Want = Limit.Outputs[0].Values[I];
      EXPECT_NEAR(Ode.Outputs[0].Values[I], Want, 1e-3 * (1 + Want));
      EXPECT_NEAR(Later.Outputs[0].Values[I], Want, 1e-6 * (1 + Want));
    }
  }
}

/// Whatever the reactions: what is accepted is where time leads. Most random
/// networks are refused, and the smaller the more likely they are not.
TEST(StableLimit, AcceptedNetworksGoThereInTime) {
  std::mt19937_64 Random(11);
  auto Below = [&](unsigned N) { return static_cast<unsigned>(Random() % N); };
  unsigned Accepted = 0;
  for (unsigned Round = 0; Round < 20000; ++Round) {
    unsigned Species = 1 + Below(4), Reactions = Species + Below(2 * Species);
    std::string Text;
    auto Side = [&](unsigned Most) {
      std::string Terms;
      for (unsigned N = Below(Most + 1); N > 0; --N)
        Terms += (Terms.empty() ? "" : " + ") +
                 std::string(1, static_cast<char>('A' + Below(Species)));
      return Terms;
    };
    for (unsigned R = 0; R < Reactions; ++R) {
      std::string From = Below(4) ? Side(2) : Side(3),
                  To = Below(3) ? Side(2) : From;
      if (From == To && Below(2))
        To += (To.empty() ? "" : " + ") +
              std::string(1, static_cast<char>('A' + Below(Species)));
      Text +=
          From + " -> " + To + " [k = " + std::to_string(1 + Below(9)) + "]\n";
    }
    for (unsigned S = 0; S < Species; ++S)
      Text += std::string(1, static_cast<char>('A' + S)) + " @initial " +
              std::to_string(Below(4)) + "\n";
    Reports Quiet;
    auto Net = parseText(Text, "t.crn", Quiet.Diags);
    if (!Net)
      continue;
    auto Inputs = readInputs(*Net, {}, Quiet.Diags);
    auto Limit = simulate(*Net, *Inputs, limit(), Quiet.Diags);
    if (!Limit || Limit->Limit != LimitKind::Stable)
      continue;
    ++Accepted;
    SCOPED_TRACE(Text);
    auto Later = run(*Net, odeUntil(1e10)); // -y^3 takes its time
    if (Later.Outputs.empty())
      continue;
    for (size_t I = 0; I < Limit->Outputs[0].Values.size(); ++I) {
      double Want = Limit->Outputs[0].Values[I];
      EXPECT_NEAR(Later.Outputs[0].Values[I], Want, 1e-2 * (1 + Want))
          << Limit->Outputs[0].ElementNames[I];
    }
  }
  EXPECT_GT(Accepted, 1000u);
}

TEST(StableLimit, RestingElsewhereIsNotSettled) {
  // y takes off late, and stays so small that all looks at rest until then.
  Network Net = parse("@output z[1] single\n-> y [k = 1e-14]\n"
                      "y -> 2 y [k = 5e-4]\n2 y -> y\n"
                      "y -> y + z.0 [k = 1e6]\nz.0 ->\n");
  auto R = run(Net, settled(SimulationMethod::Ode));
  EXPECT_NEAR(R.Outputs[0].Values[0], 500, 0.501);
  EXPECT_GT(R.SettleTimes[0], 1e4);
}

TEST(StableLimit, DecidedIsTheLimitsWinner) {
  // y.1 is ahead until y.0 has come up.
  Network Net = parse("@output y[2] single\n-> y.0 [k = 2e-3]\n"
                      "y.0 -> [k = 1e-3]\n-> y.1\ny.1 ->\n");
  SimulationOptions Decide = settled(SimulationMethod::Ode);
  Decide.Until = StopRule::Decided;
  auto R = run(Net, Decide);
  EXPECT_EQ(winner(R.Outputs[0].Values), 0u);
  EXPECT_NEAR(R.SettleTimes[0], 693, 40);
}

//===----------------------------------------------------------------------===//
// What is refused
//===----------------------------------------------------------------------===//

TEST(StableLimit, RefusesASecondFixedPointAtZero) {
  std::string Said = refusal("U @i 1\nU + Y -> U + 2 Y\n2 Y -> Y\nY @i 1\n");
  EXPECT_SAYS(Said, "'Y' is only made from itself");
  EXPECT_SAYS(Said, "give 'Y' a positive source");
  // The source may be there, and 0 in one case.
  Network Net = parse("@input u[1] single\n@output y[1] single\n"
                      "u.0 -> u.0 + y.0\ny.0 -> 2 y.0\n2 y.0 -> y.0\n");
  Array U;
  U.Shape = {3, 1};
  U.Data = {2, 0, 1};
  InputArrays Inputs{{{&Net.ports()[0], U}}, 3};
  Reports R;
  EXPECT_FALSE(simulate(Net, Inputs, limit(), R.Diags));
  EXPECT_SAYS(R.Text, "case 1: 'y.0' has a second fixed point at 0");
  EXPECT_SAYS(R.Text, "[no-stable-limit]");
  // Time tells what becomes of it, and the report why that was asked.
  auto Result = simulate(Net, Inputs, settled(SimulationMethod::Auto), R.Diags);
  ASSERT_TRUE(Result) << R.Text;
  EXPECT_EQ(Result->Method, SimulationMethod::Ode);
  EXPECT_EQ(Result->Limit, LimitKind::Unknown);
  EXPECT_SAYS(Result->Why, "case 1: 'y.0'");
  EXPECT_NEAR(Result->Outputs[0].Values[0], 2, 3e-3);
  EXPECT_EQ(Result->Outputs[0].Values[1], 0);
}

TEST(StableLimit, RefusesWhatNothingTakesAway) {
  EXPECT_SAYS(refusal("-> A\nA ->\nA -> A + B\n"),
              "nothing takes 'B' away by itself");
  std::string In = "2,0";
  EXPECT_SAYS(refusal("@input u[2] single\n@output q[1] single\n"
                      "u.0 -> u.0 + q.0\nq.0 + u.1 -> u.1\n",
                      {&In, 1}),
              "'q.0' does not come to rest: what would take it away is 0");
  // Growth beats the loss, or ties with it.
  for (std::string K : {"1", "2"})
    EXPECT_SAYS(refusal("-> A\nA -> 2 A [k = " + K + "]\nA ->\n"),
                "'A' does not come to rest");
  // A ring that loses nothing on one side.
  In = "1,0";
  EXPECT_SAYS(refusal("@input u[2] single\n@output y[1] single\n"
                      "u.0 -> u.0 + y.0\nu.0 -> u.0 + z\ny.0 ->\n"
                      "z + u.1 -> u.1\nz + y.0 ->\n",
                      {&In, 1}),
              "'z' does not come to rest");
}

TEST(StableLimit, RefusesSeveralFixedPoints) {
  // 3 roots: 0.1518, 0.4, 0.988 or so.
  EXPECT_SAYS(refusal("-> Y [k = 0.06]\nY -> [k = 0.6]\n"
                      "2 Y -> 3 Y [k = 1.5]\n3 Y -> 2 Y\n"),
              "'Y' may have several fixed points");
  // A switch of two species that shut each other off.
  EXPECT_SAYS(refusal("-> A\n-> B\nA ->\nB ->\n"
                      "A + B -> A + B + C\nC ->\nC + A -> C\n"),
              "is not proven to be stable");
}

TEST(StableLimit, RefusesCatalyticRings) {
  std::string Said =
      refusal("-> A\nA -> A + B\nB -> B + A\nA ->\nB ->\nC ->\n-> C\n");
  EXPECT_SAYS(Said, "reactions that need 'A' do not take more of it than");
  EXPECT_SAYS(Said, "[no-stable-limit]");
  // With losses enough it is proven.
  auto R = run(parse("-> A\nA -> A + B\nB -> B + A\nA -> [k = 2]\n"
                     "B -> [k = 2]\n"),
               limit());
  EXPECT_NEAR(amount(R, "A"), 2.0 / 3, 1e-15);
  EXPECT_NEAR(amount(R, "B"), 1.0 / 3, 1e-15);
}

TEST(StableLimit, RefusesWhatMayRunAwayMeanwhile) {
  // U goes to zero, but may be large enough for long enough.
  EXPECT_SAYS(refusal("U ->\nU @i 9\n-> Y\nY ->\nU + 2 Y -> U + 3 Y\n"),
              "may run away before what it depends on rests");
  auto R = run(parse("U ->\nU @i 9\n-> Y\nU + 2 Y -> U + 3 Y\n3 Y -> 2 Y\n"),
               limit());
  EXPECT_NEAR(amount(R, "Y"), 1, 1e-15);
}

TEST(StableLimit, RefusesRateIndependentReactionsOnFixedPoints) {
  EXPECT_SAYS(refusal("-> U\nU ->\nU + X -> U + Z\nX @i 1\n"),
              "'U + X -> U + Z' needs 'U', which tends to a fixed point");
  EXPECT_SAYS(refusal("-> V\nV ->\n-> U\nU ->\nU + X -> Z\nX @i 1\n"),
              "net-consumes nothing");
}

TEST(StableLimit, SaysWhereErrorsAddUp) {
  // y -> (growth 2^n) y: 60 wires, each of which makes 4 of 1.
  std::string Text = "@output y[1] single\n@bind y[0] = r\n-> w0 [k = 0.1]\n"
                     "w0 ->\n";
  for (int I = 0; I < 60; ++I) {
    std::string From = "w" + std::to_string(I),
                To = "w" + std::to_string(I + 1);
    Text += From + " -> " + From + " + " + To + " [k = 4.1]\n" + To + " ->\n";
  }
  // r = 1 / (1 + difference of two large amounts)
  Text += "-> v0 [k = 0.1]\nv0 ->\n";
  for (int I = 0; I < 60; ++I) {
    std::string From = "v" + std::to_string(I),
                To = "v" + std::to_string(I + 1);
    Text += From + " -> " + From + " + " + To + " [k = 4.1]\n" + To + " ->\n";
  }
  Text += "-> r\nr + w60 -> w60 + 2 r\nr + v60 -> v60\n2 r -> r\n";
  std::string Said = refusal(Text);
  EXPECT_SAYS(Said, "port 'y', element 0: errors add up");
  EXPECT_SAYS(Said, "[no-stable-limit]");
}

//===----------------------------------------------------------------------===//
// Single polynomials
//===----------------------------------------------------------------------===//

TEST(StableLimit, BoundsHoldForAllCoefficientsWithinTheirs) {
  std::mt19937_64 Random(3);
  auto Uniform = [&] {
    return std::uniform_real_distribution<double>(0, 1)(Random);
  };
  size_t Checked = 0;
  for (int Round = 0; Round < 3000; ++Round) {
    size_t Degree = 1 + Random() % 5;
    std::vector<RateCoefficient> C(Degree + 1);
    double Relative = std::exp2(-static_cast<double>(Random() % 40));
    for (size_t K = 0; K <= Degree; ++K) {
      if (K < Degree && Random() % 3)
        C[K].Gain = {Uniform(), Relative * Uniform()};
      if (K > 0 && (K == Degree || Random() % 3))
        C[K].Loss = {Uniform(), Relative * Uniform()};
    }
    FixedPoint P = fixedPointOf(C);
    if (P.Problem != FixedPointProblem::None)
      continue;
    ++Checked;
    // Move every coefficient within its bound and look at the sign on both
    // sides: what is within the bound has all roots.
    for (int Move = 0; Move < 10; ++Move) {
      std::vector<long double> A;
      for (const RateCoefficient &K : C) {
        auto Moved = [&](Uncertain U) {
          double To = U.Value + (Move == 0   ? U.Error
                                 : Move == 1 ? -U.Error
                                             : (2 * Uniform() - 1) * U.Error);
          return std::max(0.0, To);
        };
        A.push_back((long double)Moved(K.Gain) - Moved(K.Loss));
      }
      auto At = [&](long double Y) {
        long double V = 0;
        for (size_t K = A.size(); K-- > 0;)
          V = V * Y + A[K];
        return V;
      };
      long double Low = (long double)P.Amount.Value - P.Amount.Error,
                  High = (long double)P.Amount.Value + P.Amount.Error;
      for (double Far : {1.0, 1.5, 10.0, 1e3}) {
        if (P.Amount.Value > 0 || P.Amount.Error > 0) {
          EXPECT_LE(At(High * Far), 0) << Round;
        }
        if (Low > 0) {
          EXPECT_GE(At(Low / Far), 0) << Round;
        }
      }
    }
  }
  EXPECT_GT(Checked, 500u);
}
