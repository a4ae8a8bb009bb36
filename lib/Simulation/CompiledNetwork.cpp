//===- CompiledNetwork.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Simulation/CompiledNetwork.h"
#include "nn2crn/Analysis/FeedForward.h"

#include <limits>

using namespace nn2crn;

CompiledNetwork::CompiledNetwork(
    const Network &Net, std::optional<std::span<const ReactionId>> Wanted) {
  std::vector<bool> Held = heldSpecies(Net);
  Initial.resize(Net.speciesRows());
  InitialError.resize(Net.speciesRows());
  for (SpeciesId S : Net.species()) {
    Initial[S.Value] = Net.initialValue(S);
    auto Kind = static_cast<Number::Kind>(Net.flags(S).InitialKind);
    if (Kind != Number::Kind::Exact)
      InitialError[S.Value] =
          Initial[S.Value] * std::numeric_limits<double>::epsilon();
  }

  std::vector<ReactionId> All;
  if (!Wanted)
    for (Reaction R : Net.reactions())
      All.push_back(R.id());
  std::span<const ReactionId> Order = Wanted ? *Wanted : All;
  Ids.assign(Order.begin(), Order.end());
  Rates.reserve(Order.size());
  Consumed.reserve(Order.size());
  // Scratch: coefficients on the other side, 0 between uses.
  std::vector<uint32_t> Other(Net.speciesRows());
  for (ReactionId Id : Order) {
    Reaction R = Net.reaction(Id);
    Rates.push_back(R.rateConstant());
    for (Term T : R.products())
      Other[T.Species.Value] = T.Coefficient;
    for (Term T : R.reactants()) {
      uint32_t S = T.Species.Value;
      Reactants.push_back({S, T.Coefficient});
      if (Held[S] || T.Coefficient <= Other[S])
        Gates.push_back(S);
      else
        Changes.push_back(
            {S, static_cast<double>(Other[S]) - double(T.Coefficient)});
    }
    for (Term T : R.products())
      Other[T.Species.Value] = 0;
    Consumed.push_back(
        static_cast<uint32_t>(Changes.size() - ChangeBegin.back()));
    for (Term T : R.reactants())
      Other[T.Species.Value] = T.Coefficient;
    for (Term T : R.products()) {
      uint32_t S = T.Species.Value;
      if (!Held[S] && T.Coefficient > Other[S])
        Changes.push_back({S, double(T.Coefficient) - double(Other[S])});
    }
    for (Term T : R.reactants())
      Other[T.Species.Value] = 0;
    ReactantBegin.push_back(Reactants.size());
    ChangeBegin.push_back(Changes.size());
    GateBegin.push_back(Gates.size());
  }
}
