//===- Limit.h - The limit of a network in doubles, for tests -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_VERIFICATION_LIMIT_H
#define NN2CRN_TEST_VERIFICATION_LIMIT_H

#include "../GraphEval.h"
#include "nn2crn/Analysis/FeedForward.h"
#include "nn2crn/IR/PortValues.h"

namespace nn2crn::test {

/// Fires each reaction of a feed-forward network once, and reads the outputs in
/// the order of their ports. Empty where an input cannot be set.
inline std::vector<Vector> limitOf(const Network &Net, const FeedForward &Order,
                                   const std::vector<Vector> &Inputs) {
  Collected Diags;
  Vector Amounts(Net.speciesRows());
  for (SpeciesId S : Net.species())
    Amounts[S.Value] = Net.initialValue(S);
  size_t Next = 0;
  for (const Port &P : Net.ports())
    if (P.Direction == PortDirection::Input &&
        !setPortAmounts(P, Inputs[Next++], Amounts, Diags.Engine))
      return {};
  for (ReactionId Id : Order.Order) {
    Reaction R = Net.reaction(Id);
    double Extent = HUGE_VAL;
    auto Back = [&](SpeciesId S) {
      for (Term P : R.products())
        if (P.Species == S)
          return P.Coefficient;
      return 0u;
    };
    for (Term T : R.reactants())
      if (uint32_t B = Back(T.Species); T.Coefficient > B)
        Extent =
            std::min(Extent, Amounts[T.Species.Value] / (T.Coefficient - B));
      else if (Amounts[T.Species.Value] <= 0)
        Extent = 0;
    for (Term T : R.reactants())
      Amounts[T.Species.Value] -= Extent * T.Coefficient;
    for (Term T : R.products())
      Amounts[T.Species.Value] += Extent * T.Coefficient;
  }
  std::vector<Vector> Outputs;
  for (const Port &P : Net.ports())
    if (P.Direction == PortDirection::Output) {
      Outputs.emplace_back(P.elementCount());
      readPort(P, Amounts, Outputs.back());
    }
  return Outputs;
}

} // namespace nn2crn::test

#endif
