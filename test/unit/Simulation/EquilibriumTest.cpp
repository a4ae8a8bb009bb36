//===- EquilibriumTest.cpp -*- C++ -*-===//
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

static SimulationOptions limit() {
  return settled(SimulationMethod::Equilibrium);
}

TEST(Equilibrium, ExtentsAreMinimaOfSupplies) {
  auto R = run(parse("X -> A + B\n3 A + B -> C\nX @i 6\nB @i 1\n"), limit());
  EXPECT_EQ(amount(R, "C"), 2);
  EXPECT_EQ(amount(R, "A"), 0);
  EXPECT_EQ(amount(R, "B"), 5);
  EXPECT_EQ(amount(R, "X"), 0);
  // Two A's go in and one comes out: as many firings as there are A's.
  R = run(parse("2 A -> A + B\nA @i 0.7\n"), limit());
  EXPECT_EQ(amount(R, "B"), 0.7);
  EXPECT_LT(*R.Accuracy, 1e-14);
}

TEST(Equilibrium, CatalystsAreGates) {
  for (double C : {0.0, 1e-9, 5.0}) {
    std::string Text =
        "S -> C\nA + C -> B + C\nA @i 2\nS @i " + formatDouble(C) + "\n";
    auto R = run(parse(Text), limit());
    EXPECT_EQ(amount(R, "B"), C > 0 ? 2 : 0) << C;
    EXPECT_EQ(amount(R, "C"), C);
  }
}

TEST(Equilibrium, HeldSpeciesStayAndGate) {
  auto R = run(parse("F @constant 3\nA + F -> B\nA @i 2\n"), limit());
  EXPECT_EQ(amount(R, "F"), 3);
  EXPECT_EQ(amount(R, "B"), 2);
  R = run(parse("F @constant 0\nA + F -> B\nA @i 2\nA -> C\n"), limit());
  EXPECT_EQ(amount(R, "B"), 0);
  EXPECT_EQ(amount(R, "C"), 2);
  // A product that is held takes up what it is given.
  R = run(parse("F @constant 1\nA -> F + B\nA @i 2\n"), limit());
  EXPECT_EQ(amount(R, "F"), 1);
  EXPECT_EQ(amount(R, "B"), 2);
}

TEST(Equilibrium, AHeldInputAtZeroClosesItsGate) {
  Network Net = parse("@input u[1] single\n@output b[1] single\n"
                      "u.0 @constant 0\nA @i 2\nA + u.0 -> b.0\n");
  Array U;
  U.Shape = {3, 1};
  U.Data = {0, 1e-3, 4};
  InputArrays Inputs{{{&Net.ports()[0], U}}, 3};
  Reports R;
  auto Result = simulate(Net, Inputs, limit(), R.Diags);
  ASSERT_TRUE(Result) << R.Text;
  EXPECT_EQ(Result->Outputs[0].Values, (std::vector<double>{0, 2, 2}));
}

TEST(Equilibrium, TernaryNetsWhateverTheRates) {
  std::mt19937_64 Random(7);
  std::uniform_real_distribution<double> Value(-2, 2);
  for (uint64_t Seed = 1; Seed <= 5; ++Seed) {
    TernaryNet Mlp({4, 7, 6, 3}, Seed);
    Network Net = parse(Mlp.text([&] { return std::exp2(Value(Random)); }));
    constexpr size_t Cases = 21; // no multiple of a block
    Array X;
    X.Shape = {Cases, 4};
    for (size_t I = 0; I < Cases * 4; ++I)
      X.Data.push_back(Value(Random));
    InputArrays Inputs{{{Net.findPort("x", PortDirection::Input), X}}, Cases};
    Reports R;
    auto Result = simulate(Net, Inputs, limit(), R.Diags);
    ASSERT_TRUE(Result) << R.Text;
    for (size_t Case = 0; Case < Cases; ++Case) {
      auto Row = Inputs.values(0, Case);
      auto Want = Mlp.eval({Row.begin(), Row.end()});
      for (size_t I = 0; I < 3; ++I)
        EXPECT_NEAR(Result->Outputs[0].Values[Case * 3 + I], Want[I], 1e-12);
    }
    EXPECT_LT(*Result->Accuracy, 1e-14);
  }
}

namespace {
/// y = 1 from two rails that both grow by \p Steps doublings.
std::string cancelling(int Steps) {
  std::string T = "@input x[1] dual\n@output y[1] dual\nx.0.p -> a0.p + a0.n + "
                  "d\nx.0.n -> e\nd -> y.0.p\n";
  for (int I = 0; I < Steps; ++I)
    for (std::string Rail : {".p", ".n"})
      T += "a" + std::to_string(I) + Rail + " -> 2 a" + std::to_string(I + 1) +
           Rail + "\n";
  for (std::string Rail : {".p", ".n"})
    T += "a" + std::to_string(Steps) + Rail + " -> y.0" + Rail + "\n";
  return T;
}
} // namespace

TEST(Equilibrium, RailsMayCancelALot) {
  std::string X[] = {"0.1"};
  // 2^60 times the difference: beyond doubles, within pairs of them.
  auto R = run(parse(cancelling(60)), limit(), X);
  EXPECT_NEAR(R.Outputs[0].Values[0], 0.1, 1e-12);
  EXPECT_LT(*R.Accuracy, 1e-9);
  // 2^110 times: nothing is left, and that is said.
  std::string Said;
  run(parse(cancelling(110)), limit(), X, &Said);
  EXPECT_NE(Said.find("port 'y', element 0: the rails nearly cancel"),
            std::string::npos)
      << Said;
  run(parse(cancelling(1100)), limit(), X, &Said);
  EXPECT_NE(Said.find("beyond what double precision can hold"),
            std::string::npos)
      << Said;
}

TEST(Equilibrium, InexactInputsCountInTheAccuracy) {
  Network Net = parse("@input x[1] dual\n@output y[1] dual\n"
                      "x.0.p -> 1024 y.0.p\nx.0.n -> 1024 y.0.n\n");
  std::string X[] = {"0.1"};
  EXPECT_LT(*run(Net, limit(), X).Accuracy, 5e-16);
  Network Shifted = parse("@input x[1] single offset=3\n@output y[1] dual\n"
                          "x.0 -> 1024 y.0.p\ny.0.n @i 3072\n");
  auto R = run(Shifted, limit(), X);
  EXPECT_GT(*R.Accuracy, 1e-15);
  EXPECT_LE(std::abs(R.Outputs[0].Values[0] - 102.4),
            *R.Accuracy * R.Outputs[0].Values[0]);
}

TEST(Equilibrium, AnnihilatedNetsReadTheSame) {
  std::mt19937_64 Random(9);
  std::uniform_real_distribution<double> Value(-2, 2);
  for (uint64_t Seed = 1; Seed <= 5; ++Seed) {
    TernaryNet Mlp({4, 7, 6, 3}, Seed);
    Network Net = parse(Mlp.text([] { return 1.0; }, /*Annihilate=*/true));
    std::vector<double> X;
    std::string Spec;
    for (int I = 0; I < 4; ++I) {
      X.push_back(Value(Random));
      Spec += (I ? "," : "") + formatDouble(X.back());
    }
    auto R = run(Net, limit(), {&Spec, 1});
    EXPECT_EQ(R.Limit, LimitKind::Differences);
    EXPECT_GT(R.Annihilations, 10u);
    auto Want = Mlp.eval(X);
    for (size_t I = 0; I < 3; ++I)
      EXPECT_NEAR(R.Outputs[0].Values[I], Want[I], 1e-12);
  }
}

TEST(Equilibrium, AnnihilationsOnlyWhereProven) {
  // b competes for what a annihilates with, and a is read.
  const char *Text = "@input x[] dual range=0:8\n@output y[] dual\n"
                     "x.p -> a + b\nx.n -> y.n + b\na -> y.p\na + b ->\n"
                     "b -> c\n";
  std::string Said, In = "3";
  run(parse(Text), limit(), {&In, 1}, &Said);
  EXPECT_NE(Said.find("element 0 of output 'y' depends on how much is "
                      "annihilated"),
            std::string::npos)
      << Said;
  // z cancels, and its gate is indifferent to that.
  const char *Gate = "@input x[] dual range=0:8\n@output y[] dual\n"
                     "x.p -> z.p\nx.n -> z.n\nz.p + z.n ->\n"
                     "z.p -> m + y.p\nm + z.n -> y.n\n";
  EXPECT_EQ(run(parse(Gate), limit(), {&In, 1}).Outputs[0].Values[0], 3);
  In = "-3";
  EXPECT_EQ(run(parse(Gate), limit(), {&In, 1}).Outputs[0].Values[0], 0);
  // The proof is about rails as values fill them.
  run(parse(std::string(Gate) + "x.p @i 2\nx.n @i 1\n"), limit(), {}, &Said);
  EXPECT_NE(Said.find("begins with several rails of port 'x', element 0"),
            std::string::npos)
      << Said;
  EXPECT_EQ(run(parse(std::string(Gate) + "x.p @i 2\n"), limit())
                .Outputs[0]
                .Values[0],
            2);
  // Within the range there is no x.n to make y of p, which annihilates.
  const char *Positive = "@input x[] dual range=0:8\n@output y[] single\n"
                         "x.p -> y\np + n ->\np + x.n -> y + x.n\np @i 3\n"
                         "n @i 1\n";
  In = "2";
  EXPECT_EQ(run(parse(Positive), limit(), {&In, 1}).Outputs[0].Values[0], 2);
  In = "-1";
  run(parse(Positive), limit(), {&In, 1}, &Said);
  EXPECT_NE(Said.find("the catalyst 'x.n' of reaction"), std::string::npos)
      << Said;
  // All amounts are read.
  run(parse("p -> q\np + n ->\nn -> r\n"), limit(), {}, &Said);
  EXPECT_NE(Said.find("the network has no output ports"), std::string::npos)
      << Said;
}

TEST(Equilibrium, RefusesWithTheReason) {
  std::string Said;
  run(parse("A -> B\nA -> C\n"), limit(), {}, &Said);
  EXPECT_NE(Said.find("compete for 'A'"), std::string::npos) << Said;
  EXPECT_NE(Said.find("[not-feed-forward]"), std::string::npos) << Said;
  EXPECT_NE(Said.find("t.crn:2: note: reaction 'A -> C'"), std::string::npos)
      << Said;
  auto R = run(parse("A -> B\nB -> A [k=3]\nA @i 1\n"),
               settled(SimulationMethod::Auto));
  EXPECT_EQ(R.Method, SimulationMethod::Ode);
  EXPECT_NE(R.Why.find("cycle"), std::string::npos) << R.Why;
  EXPECT_NEAR(amount(R, "A"), 0.75, 2e-3);
}

TEST(Equilibrium, SameForAnyNumberOfThreads) {
  TernaryNet Mlp({3, 6, 5, 2}, 3);
  Network Net = parse(Mlp.text([] { return 1.0; }));
  Array X;
  X.Shape = {50, 3};
  std::mt19937_64 Random(5);
  for (int I = 0; I < 150; ++I)
    X.Data.push_back(std::uniform_real_distribution<double>(-1, 1)(Random));
  InputArrays Inputs{{{Net.findPort("x", PortDirection::Input), X}}, 50};
  for (SimulationMethod M :
       {SimulationMethod::Equilibrium, SimulationMethod::Ode}) {
    std::vector<double> First;
    for (unsigned Threads : {1, 3, 2}) {
      SimulationOptions O = settled(M);
      O.Threads = Threads;
      Reports R;
      auto Result = simulate(Net, Inputs, O, R.Diags);
      ASSERT_TRUE(Result) << R.Text;
      if (First.empty())
        First = Result->Outputs[0].Values;
      EXPECT_EQ(Result->Outputs[0].Values, First);
    }
  }
}
