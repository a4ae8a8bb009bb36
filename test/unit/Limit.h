//===- Limit.h - What a feed-forward network ends in -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The limit straight from the definition in FeedForward.h, for tests of all
// that claims to keep it. Shares no code with the simulator, nor with
// certificates.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_LIMIT_H
#define NN2CRN_TEST_LIMIT_H

#include "nn2crn/Analysis/FeedForward.h"
#include "nn2crn/IR/PortValues.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace nn2crn::test {

/// Fires each reaction of \p Order once, as far as it goes. \p Amounts: by
/// species.
inline void fireInOrder(const Network &Net, const FeedForward &Order,
                        std::vector<double> &Amounts) {
  std::vector<bool> Held = heldSpecies(Net);
  std::vector<int64_t> Change(Net.speciesRows());
  for (ReactionId Id : Order.Order) {
    Reaction R = Net.reaction(Id);
    for (Term T : R.products())
      Change[T.Species.Value] += T.Coefficient;
    for (Term T : R.reactants())
      Change[T.Species.Value] -= T.Coefficient;
    double Extent = HUGE_VAL;
    for (Term T : R.reactants()) {
      uint32_t S = T.Species.Value;
      if (!Held[S] && Change[S] < 0)
        Extent = std::min(Extent, Amounts[S] / static_cast<double>(-Change[S]));
      else if (Amounts[S] <= 0)
        Extent = 0;
    }
    for (auto Side : {R.reactants(), R.products()})
      for (Term T : Side) {
        uint32_t S = T.Species.Value;
        if (!Held[S])
          Amounts[S] = std::max(
              0.0, Amounts[S] + Extent * static_cast<double>(Change[S]));
        Change[S] = 0;
      }
  }
}

/// The amounts that \p Net starts with; \p Inputs: one list for each input
/// port.
inline std::vector<double>
amountsAtStart(const Network &Net,
               const std::vector<std::vector<double>> &Inputs) {
  std::vector<double> Amounts(Net.speciesRows());
  for (SpeciesId S : Net.species())
    Amounts[S.Value] = Net.initialValue(S);
  DiagnosticEngine Diags(
      [](const Diagnostic &D) { ADD_FAILURE() << formatDiagnostic(D); });
  size_t Next = 0;
  for (const Port &P : Net.ports())
    if (P.Direction == PortDirection::Input &&
        !setPortAmounts(P, Inputs[Next++], Amounts, Diags))
      ADD_FAILURE() << "port " << P.Name << " does not take a value";
  return Amounts;
}

/// The final amounts of \p Net, by species id, where the order is known.
inline std::vector<double>
settledAmounts(const Network &Net, const FeedForward &Order,
               const std::vector<std::vector<double>> &Inputs) {
  std::vector<double> Amounts = amountsAtStart(Net, Inputs);
  fireInOrder(Net, Order, Amounts);
  return Amounts;
}
/// The final amounts of \p Net, which must be feed-forward, by species id.
inline std::vector<double>
settledAmounts(const Network &Net,
               const std::vector<std::vector<double>> &Inputs) {
  FeedForward F = analyzeFeedForward(Net);
  EXPECT_TRUE(F) << explainFeedForward(Net, F);
  return settledAmounts(Net, F, Inputs);
}

/// What each output port of \p Net reads, given final amounts.
inline std::vector<std::vector<double>>
readOutputs(const Network &Net, const std::vector<double> &Amounts) {
  std::vector<std::vector<double>> Outputs;
  for (const Port &P : Net.ports())
    if (P.Direction == PortDirection::Output) {
      Outputs.emplace_back(P.elementCount());
      readPort(P, Amounts, Outputs.back());
    }
  return Outputs;
}

/// What the output ports of \p Net read, one after another.
inline std::vector<double>
settledReadings(const Network &Net,
                const std::vector<std::vector<double>> &Inputs) {
  std::vector<double> All;
  for (const auto &Values : readOutputs(Net, settledAmounts(Net, Inputs)))
    All.insert(All.end(), Values.begin(), Values.end());
  return All;
}

} // namespace nn2crn::test

#endif
