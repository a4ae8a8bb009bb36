//===- OdeTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SimulationFixture.h"

#include <cmath>

using namespace nn2crn;
using namespace nn2crn::test;

TEST(Ode, AnalyticSolutions) {
  // First order, and what k means for 2 A -> B: d[A]/dt = -2 k [A]^2.
  auto R = run(parse("A -> B [k = 0.5]\nA @i 2\n"), odeUntil(3));
  EXPECT_NEAR(amount(R, "A"), 2 * std::exp(-1.5), 1e-8);
  R = run(parse("2 A -> B [k = 0.5]\nA @i 2\n"), odeUntil(3));
  EXPECT_NEAR(amount(R, "A"), 2 / (1 + 2 * 0.5 * 2 * 3), 1e-8);
  EXPECT_NEAR(amount(R, "B"), (2 - 2.0 / 7) / 2, 1e-8);
  R = run(parse("3 A -> B [k = 0.5]\nA @i 2\n"), odeUntil(3));
  EXPECT_NEAR(amount(R, "A"), 1 / std::sqrt(0.25 + 2 * 3 * 0.5 * 3), 1e-8);
  // A + B with a head start for A: the closed form of two reactants.
  R = run(parse("A + B -> C [k = 0.7]\nA @i 3\nB @i 1\n"), odeUntil(2));
  double E = std::exp(0.7 * 2 * 2);
  EXPECT_NEAR(amount(R, "B"), 2 / (3 * E - 1), 1e-8);
  // Reversible, zeroth order against first, and a catalyst.
  R = run(parse("A -> B [k = 2]\nB -> A [k = 1]\nA @i 3\n"), odeUntil(0.4));
  EXPECT_NEAR(amount(R, "A"), 1 + 2 * std::exp(-1.2), 1e-8);
  R = run(parse("-> A [k = 3]\nA -> [k = 2]\n"), odeUntil(0.9));
  EXPECT_NEAR(amount(R, "A"), 1.5 * (1 - std::exp(-1.8)), 1e-8);
  R = run(parse("A + C -> B + C [k = 0.5]\nA @i 1\nC @i 4\n"), odeUntil(1));
  EXPECT_NEAR(amount(R, "A"), std::exp(-2), 1e-8);
  EXPECT_EQ(amount(R, "C"), 4);
}

TEST(Ode, HeldSpeciesDriveAndStay) {
  auto R = run(parse("F @constant 2\n2 F + A -> B + F [k = 0.25]\nA @i 1\n"),
               odeUntil(1.5));
  EXPECT_NEAR(amount(R, "A"), std::exp(-1.5), 1e-8);
  EXPECT_EQ(amount(R, "F"), 2);
}

TEST(Ode, KeepsWhatIsConserved) {
  // Lotka and Volterra with a ring; masses of A + B + C and of the ring stay.
  auto R = run(parse("A + B -> 2 B [k = 2]\nB + C -> 2 C [k = 1]\n"
                     "C + A -> 2 A [k = 3]\nR1 -> R2\nR2 -> R3\nR3 -> R1 [k = "
                     "9]\nA @i 1\nB @i 0.4\nC @i 0.2\nR1 @i 5\n"),
               odeUntil(200));
  EXPECT_NEAR(amount(R, "A") + amount(R, "B") + amount(R, "C"), 1.6, 1e-10);
  EXPECT_NEAR(amount(R, "R1"), 5 / (1 + 1 + 1.0 / 9), 1e-7);
}

TEST(Ode, StiffRobertson) {
  auto R = run(parse("A -> B [k = 0.04]\n2 B -> B + C [k = 3e7]\n"
                     "B + C -> A + C [k = 1e4]\nA @i 1\n"),
               odeUntil(4e6));
  // Reference: SciPy's Radau at a relative tolerance of 1e-12.
  EXPECT_NEAR(amount(R, "A"), 5.168096e-4, 1e-9);
  EXPECT_NEAR(amount(R, "A") + amount(R, "B") + amount(R, "C"), 1, 1e-9);
}

TEST(Ode, SettlesAtTheLimitOfTernaryNets) {
  std::mt19937_64 Random(11);
  std::uniform_real_distribution<double> Value(-2, 2);
  for (uint64_t Seed = 1; Seed <= 4; ++Seed) {
    TernaryNet Mlp({3, 6, 5, 3}, Seed);
    Network Net = parse(Mlp.text([&] { return std::exp2(Value(Random)); }));
    Array X;
    X.Shape = {6, 3};
    for (int I = 0; I < 18; ++I)
      X.Data.push_back(Value(Random));
    InputArrays Inputs{{{Net.findPort("x", PortDirection::Input), X}}, 6};
    Reports R;
    auto Limit =
        simulate(Net, Inputs, settled(SimulationMethod::Equilibrium), R.Diags);
    auto Ode = simulate(Net, Inputs, settled(SimulationMethod::Ode), R.Diags);
    SimulationOptions Decide = settled(SimulationMethod::Ode);
    Decide.Until = StopRule::Decided;
    auto Decided = simulate(Net, Inputs, Decide, R.Diags);
    ASSERT_TRUE(Limit && Ode && Decided) << R.Text;
    for (size_t I = 0; I < 18; ++I)
      EXPECT_NEAR(Ode->Outputs[0].Values[I], Limit->Outputs[0].Values[I],
                  1e-3 * (1 + std::abs(Limit->Outputs[0].Values[I])));
    for (size_t Case = 0; Case < 6; ++Case) {
      auto Row = [&](const SimulationResult &S) {
        return std::span(S.Outputs[0].Values).subspan(Case * 3, 3);
      };
      EXPECT_EQ(winner(Row(*Decided)), winner(Row(*Limit)));
      EXPECT_LE(Decided->SettleTimes[Case], 1e9);
    }
  }
}

TEST(Ode, SettlesAtTheLimitOfAnnihilatedNets) {
  std::mt19937_64 Random(12);
  std::uniform_real_distribution<double> Value(-2, 2);
  for (uint64_t Seed = 1; Seed <= 8; ++Seed) {
    TernaryNet Mlp({3, 6, 5, 3}, Seed);
    Network Net = parse(Mlp.text([&] { return std::exp2(Value(Random)); },
                                 /*Annihilate=*/true));
    Array X;
    X.Shape = {6, 3};
    for (int I = 0; I < 18; ++I)
      X.Data.push_back(Value(Random));
    InputArrays Inputs{{{Net.findPort("x", PortDirection::Input), X}}, 6};
    Reports R;
    auto Limit =
        simulate(Net, Inputs, settled(SimulationMethod::Equilibrium), R.Diags);
    auto Ode = simulate(Net, Inputs, settled(SimulationMethod::Ode), R.Diags);
    SimulationOptions Decide = settled(SimulationMethod::Ode);
    Decide.Until = StopRule::Decided;
    auto Decided = simulate(Net, Inputs, Decide, R.Diags);
    // Long after it is settled it is still there.
    double Last = 0;
    if (Ode)
      Last = quantile(Ode->SettleTimes, 1);
    auto Later = simulate(Net, Inputs, odeUntil(100 * (1 + Last)), R.Diags);
    ASSERT_TRUE(Limit && Ode && Decided && Later) << R.Text;
    EXPECT_EQ(Ode->Limit, LimitKind::Differences);
    for (size_t I = 0; I < 18; ++I) {
      double Want = Limit->Outputs[0].Values[I],
             Within = 1e-3 * (1 + std::abs(Want));
      EXPECT_NEAR(Ode->Outputs[0].Values[I], Want, Within);
      EXPECT_NEAR(Later->Outputs[0].Values[I], Want, Within);
    }
    for (size_t Case = 0; Case < 6; ++Case) {
      auto Row = [&](const SimulationResult &S) {
        return std::span(S.Outputs[0].Values).subspan(Case * 3, 3);
      };
      EXPECT_EQ(winner(Row(*Decided)), winner(Row(*Limit)));
    }
  }
}

TEST(Ode, AnAnnihilationMayCarryAReadingFromItsLimit) {
  // y = p - q begins at its limit 2, falls to 1 with n, and comes back with b.
  Network Net =
      parse("@output y[1] dual\n@bind y[0] = p - q\np + n ->\nn -> q\n"
            "b -> p [k = 1e-4]\np @i 2\nn @i 1\nb @i 1\n");
  auto R = run(Net, settled(SimulationMethod::Ode));
  EXPECT_EQ(R.Limit, LimitKind::Differences);
  EXPECT_NEAR(R.Outputs[0].Values[0], 2, 3e-3);
  EXPECT_GT(R.SettleTimes[0], 1e4);
}

TEST(Ode, ATieSettlesLikeOneOverT) {
  // M + N from equal amounts: what is left is 1 / (1 + t).
  Network Net = parse("@output y[1] single\n@bind y[0] = M\n"
                      "M + N -> P\nM @i 1\nN @i 1\n");
  auto R = run(Net, settled(SimulationMethod::Ode));
  EXPECT_NEAR(R.SettleTimes[0], 999, 60);
  EXPECT_LE(R.Outputs[0].Values[0], 1e-3);
  SimulationOptions Fine = settled(SimulationMethod::Ode);
  Fine.SettleTolerance = 1e-5;
  R = run(Net, Fine);
  EXPECT_NEAR(R.SettleTimes[0], 1e5, 1e4);
}

TEST(Ode, PassingTheLimitIsNotSettling) {
  // y begins at its limit 0, rises at rate 1 and is taken back at 1e-4.
  Network Net = parse("@output y[1] dual\nA -> y.0.p\nB -> y.0.n [k = 1e-4]\n"
                      "A @i 1\nB @i 1\n");
  auto R = run(Net, settled(SimulationMethod::Ode));
  EXPECT_GT(R.SettleTimes[0], 1e4);
  EXPECT_NEAR(R.Outputs[0].Values[0], 0, 1e-3);
}

TEST(Ode, SettlesWithoutALimitOnlyWhenAllIsStill) {
  // A slow start, a long delay line, and a slow leak: none may fool it. Each
  // has a reversible step, so that no limit is certain.
  for (const char *Text :
       {"@output y[1] single\n@bind y[0] = B\n"
        "A -> B [k = 1e-6]\nB -> A [k = 1e-6]\nA @i 2\n",
        "@output y[1] single\nA -> S [k = 1e-7]\nS -> A [k = 1e-7]\n"
        "S + I -> y.0 + S [k = 1e3]\nA @i 2\nI @i 1\n"}) {
    auto R = run(parse(Text), settled(SimulationMethod::Ode));
    EXPECT_NEAR(R.Outputs[0].Values[0], 1, 4e-3) << Text;
  }
  std::string Line = "@output y[1] single\nP -> Q\nQ -> P\nP @i 1\nS0 @i 1\n";
  for (int I = 0; I < 60; ++I)
    Line += "S" + std::to_string(I) + " -> " +
            (I == 59 ? "y.0" : "S" + std::to_string(I + 1)) + "\n";
  auto R = run(parse(Line), settled(SimulationMethod::Ode));
  EXPECT_NEAR(R.Outputs[0].Values[0], 1, 4e-3);
}

TEST(Ode, WhatIsLeftOverIsNotUnderWay) {
  // A limit that is not certain, for P and Q; M and then W have no partner any
  // more but what the integrator leaves of it.
  std::string Ring = "P -> Q\nQ -> P\nP @i 1\n@output y[1] single\n";
  for (const char *Text : {"M + N -> y.0\nM @i 3\nN @i 1\n",
                           "M + N -> y.0\nN -> O\nO -> N\nM @i 3\nN @i 0.6\n"
                           "O @i 0.4\n",
                           "M + N -> L\nW + L -> y.0\nM @i 3\nN @i 1\n"
                           "W @i 30\n",
                           "A + y.0 -> 2 y.0\nA @i 1\ny.0 @i 1e-9\n"}) {
    auto R = run(parse(Ring + Text), settled(SimulationMethod::Ode));
    ASSERT_EQ(R.SettleTimes.size(), 1u) << Text;
    EXPECT_LT(R.SettleTimes[0], 1000) << Text;
    EXPECT_NEAR(R.Outputs[0].Values[0], 1, 1e-3) << Text;
  }
  // Scarce is not used up: the source goes on.
  auto R = run(parse(Ring + "-> N [k = 1e-7]\nN ->\nM + N -> y.0\nM @i 1\n"),
               settled(SimulationMethod::Ode));
  EXPECT_NEAR(R.Outputs[0].Values[0], 1, 4e-3);
}

TEST(Ode, WhatNeverSettlesIsAnError) {
  std::string Said;
  SimulationOptions O = settled(SimulationMethod::Ode);
  O.MaxTime = 1000;
  run(parse("@output y[1] single\n-> y.0\n"), O, {}, &Said);
  EXPECT_NE(Said.find("port 'y' has not settled by t = 1e+03"),
            std::string::npos)
      << Said;
  // A clock.
  run(parse("A + B -> 2 B\nB + C -> 2 C\nC + A -> 2 A\nA @i 1\nB @i 0.4\nC @i "
            "0.2\n"),
      O, {}, &Said);
  EXPECT_NE(Said.find("[not-settled]"), std::string::npos) << Said;
  // What is behind the output, and how.
  run(parse("@output y[1] single\nS -> A [k = 1e-7]\nA -> S [k = 1e-7]\n"
            "S + I -> S + y.0\nS @i 2\n"),
      O, {}, &Said);
  EXPECT_NE(Said.find("what it depends on rests, but may yet move within a "
                      "time of 1e+07"),
            std::string::npos)
      << Said;
  run(parse("@output y[1] single\nS -> A [k = 1e-3]\nA -> S [k = 1e-3]\n"
            "S + I -> S + y.0\nS @i 2\n"),
      O, {}, &Said);
  EXPECT_NE(Said.find("it depends on 'S', which still moved by "),
            std::string::npos)
      << Said;
  // With a limit: 1 / (1 + t) is not within 1e-3 yet.
  O.MaxTime = 100;
  run(parse("@output y[1] single\n@bind y[0] = M\nM + N -> P\nM @i 1\nN @i 1"),
      O, {}, &Said);
  EXPECT_NE(Said.find("is still 0.0099 from its limit"), std::string::npos)
      << Said;
}

TEST(Ode, BlowingUpIsAnError) {
  std::string Said;
  run(parse("2 A -> 3 A\nA @i 1\n"), odeUntil(2), {}, &Said);
  EXPECT_NE(Said.find("the integration failed at t = "), std::string::npos)
      << Said;
  EXPECT_NE(Said.find("[integration-failed]"), std::string::npos) << Said;
}

TEST(Ode, NothingToDoIsDone) {
  auto R = run(parse("A @i 2\n"), odeUntil(5));
  EXPECT_EQ(amount(R, "A"), 2);
  R = run(parse("A -> B [k = 0]\nA @i 2\n"), settled(SimulationMethod::Ode));
  EXPECT_EQ(amount(R, "A"), 2);
  R = run(parse("A -> B\n"), settled(SimulationMethod::Ode));
  EXPECT_EQ(amount(R, "B"), 0);
}

TEST(Simulate, RequestsThatMakeNoSense) {
  Network Net = parse("@input x[1] dual\nx.0.p -> A\n");
  std::string Said;
  SimulationOptions Decide = settled(SimulationMethod::Ode);
  Decide.Until = StopRule::Decided;
  run(Net, Decide, {}, &Said);
  EXPECT_NE(Said.find("'decided' needs one output port"), std::string::npos);
  run(Net, odeUntil(-1), {}, &Said);
  EXPECT_NE(Said.find("expected a positive end time, found -1"),
            std::string::npos)
      << Said;
  SimulationOptions Timed = odeUntil(1);
  Timed.Method = SimulationMethod::Equilibrium;
  run(Net, Timed, {}, &Said);
  EXPECT_NE(Said.find("has no times"), std::string::npos) << Said;
  std::string Specs[] = {"nan"};
  run(Net, odeUntil(1), Specs, &Said);
  EXPECT_NE(Said.find("expected a finite value, found nan"), std::string::npos)
      << Said;
}

TEST(Simulate, CanBeCancelled) {
  TernaryNet Mlp({3, 6, 2}, 1);
  Network Net = parse(Mlp.text([] { return 1.0; }));
  Array X;
  X.Shape = {64, 3};
  X.Data.resize(64 * 3, 0.5);
  InputArrays Inputs{{{Net.findPort("x", PortDirection::Input), X}}, 64};
  SimulationOptions O = odeUntil(10);
  int Calls = 0;
  O.Threads = 2;
  O.Progress = [&](const Progress &P) {
    EXPECT_GT(P.Fraction, 0);
    return ++Calls < 3;
  };
  Reports R;
  EXPECT_FALSE(simulate(Net, Inputs, O, R.Diags));
  EXPECT_NE(R.Text.find("[cancelled]"), std::string::npos) << R.Text;
  EXPECT_LT(Calls, 10);
}
