//===- BoundsTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What ends a simulation early must bound what would come. Bounds that are too
// small hardly ever show in a simulation, so they are looked at themselves.
//
//===----------------------------------------------------------------------===//

#include "../../../lib/Simulation/ConsumptionBounds.h"
#include "../../../lib/Simulation/Equilibrium.h"
#include "SimulationFixture.h"

#include <cmath>

using namespace nn2crn;
using namespace nn2crn::test;

namespace {
SpeciesId find(const Network &Net, std::string_view Name) {
  for (SpeciesId S : Net.species())
    if (Net.nameText(S) == Name)
      return S;
  ADD_FAILURE() << "no species " << Name;
  return SpeciesId(0);
}

/// How much of \p Species can be consumed from the amounts in \p Text.
double consumable(std::string_view Text, std::string_view Species) {
  Network Net = parse(Text);
  CompiledNetwork C(Net);
  ConsumptionBounds B(C);
  B.compute(C.initial());
  return B.bounds()[find(Net, Species).Value];
}
} // namespace

TEST(ConsumptionBounds, AreLeastSupplies) {
  std::string Text = "X -> 2 M\nM + 3 N -> P\nX @i 1\nM @i 1\nN @i 6\n";
  EXPECT_EQ(consumable(Text, "M"), 2);
  EXPECT_EQ(consumable(Text, "N"), 6);
  EXPECT_EQ(consumable(Text, "P"), 0);
  // Several consumers add up, each by itself.
  EXPECT_EQ(consumable("M + A -> P\nM + B -> P\nM @i 5\nA @i 1\nB @i 2\n", "M"),
            3);
  // Reactions without a rate do nothing; what never ends gives any amount.
  Text = "-> N [k = 0]\n-> S\nN + Q -> C\nS + B -> C\nQ @i 3\nB @i 4\n";
  EXPECT_EQ(consumable(Text, "Q"), 0);
  EXPECT_EQ(consumable(Text, "B"), 4);
  EXPECT_EQ(consumable(Text, "S"), 4);
}

TEST(ConsumptionBounds, RingsArePools) {
  std::string Text =
      "M + N -> P\nN -> O\nO -> N\nM @i 3\nN @i 0.5\nO @i 0.25\n";
  EXPECT_EQ(consumable(Text, "M"), 0.75);
  EXPECT_EQ(consumable(Text, "N"), INFINITY);
  // A pool that grows on M, and no further.
  Text = "N + M -> 2 L\nL -> N\nW + N -> V\nN @i 0.25\nM @i 2\nW @i 10\n";
  EXPECT_EQ(consumable(Text, "M"), 2);
  EXPECT_EQ(consumable(Text, "W"), 2.25);
  // The same in one step, and by what it feeds into itself.
  EXPECT_EQ(consumable("A + B -> 2 B\nA @i 1\nB @i 1e-9\n", "A"), 1);
  EXPECT_EQ(
      consumable("N -> 2 L\nL -> N\nW + N -> V\nN @i 1e-9\nW @i 7\n", "W"), 7);
  // Nothing comes back from a pool that is empty.
  EXPECT_EQ(consumable("N -> O\nO -> N\nW + N -> V\nW @i 7\n", "W"), 0);
}

TEST(RemainingFlows, AnnihilationsCountWhereTheyShow) {
  Network Net = parse("@output y[2] dual scale=2\n@bind y[0] = p - q\n"
                      "@bind y[1] = p - n\nn -> q\np @i 2\nn @i 1.5\n");
  CompiledNetwork C(Net);
  const Port *Outputs[] = {&Net.ports()[0]};
  RemainingFlows::Annihilation Pair[] = {
      {find(Net, "p").Value, find(Net, "n").Value}};
  std::vector<RemainingFlows::Band> Bands;
  RemainingFlows Alone(C, Outputs, {}), Both(C, Outputs, Pair);
  Alone.compute(C.initial());
  Alone.bands(Bands);
  ASSERT_EQ(Bands.size(), 2u);
  EXPECT_EQ(Bands[0].Down, 0.75); // 1.5 come to q
  EXPECT_EQ(Bands[0].Up, 0);
  EXPECT_EQ(Bands[1].Down, 0);
  EXPECT_EQ(Bands[1].Up, 0.75);
  Both.compute(C.initial());
  Both.bands(Bands);
  EXPECT_EQ(Bands[0].Down, 1.5); // or p may lose 1.5 as well
  EXPECT_EQ(Bands[0].Up, 0);
  EXPECT_EQ(Bands[1].Down, 0); // p - n does not see it
  EXPECT_EQ(Bands[1].Up, 0.75);
}
