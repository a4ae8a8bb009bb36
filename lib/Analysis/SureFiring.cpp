//===- SureFiring.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/SureFiring.h"

#include "nn2crn/Analysis/CertainDownstream.h"
#include "nn2crn/Analysis/FeedForward.h"

#include <algorithm>

using namespace nn2crn;

SureFiring::SureFiring(const Network &Net)
    : Fates(Net.speciesRows(), Fate::Open), Consumers(Net.speciesRows()),
      Positions(Net.reactionRows(), UINT32_MAX), Set(Net.speciesRows()),
      Held(heldSpecies(Net)) {
  for (const Port &P : Net.ports())
    if (P.Direction != PortDirection::Output)
      for (const PortTerm &T : P.Terms)
        Set[T.Species.Value] = true;
  if (!Net.phases().empty())
    return;

  CertainDownstream Certain(Net);
  std::vector<bool> Made(Net.speciesRows());
  for (ReactionId Id : Certain.order()) {
    Reaction R = Net.reaction(Id);
    // Nothing on both sides, so that a firing takes what the coefficients say.
    bool Plain = true;
    for (Term T : R.products()) {
      Made[T.Species.Value] = true;
      Plain &= !Set[T.Species.Value];
    }
    for (Term T : R.reactants()) {
      uint32_t S = T.Species.Value;
      Plain &= !Held[S] && !Set[S] && !Made[S];
    }
    for (Term T : R.products())
      Made[T.Species.Value] = false;
    if (!Plain)
      continue;
    Positions[Id.Value] = static_cast<uint32_t>(Order.size());
    Order.push_back(Id);
  }

  std::vector<uint32_t> Uses(Net.speciesRows());
  std::vector<ReactionId> User(Net.speciesRows());
  for (Reaction R : Net.reactions())
    for (Term T : R.reactants()) {
      ++Uses[T.Species.Value];
      User[T.Species.Value] = R.id();
    }
  for (SpeciesId S : Net.species()) {
    if (Held[S.Value] || Set[S.Value])
      continue;
    if (Uses[S.Value] == 0)
      Fates[S.Value] = Fate::Stays;
    else if (Uses[S.Value] == 1 && fires(User[S.Value])) {
      Fates[S.Value] = Fate::Fires;
      Consumers[S.Value] = User[S.Value];
    }
  }
  // A reaction one of whose reactants is also needed by one that never runs.
  for (ReactionId R : Order)
    if (!std::ranges::all_of(Net.reaction(R).reactants(), [&](Term T) {
          return Fates[T.Species.Value] == Fate::Fires;
        })) {
      Positions[R.Value] = UINT32_MAX;
      for (Term T : Net.reaction(R).reactants())
        if (Fates[T.Species.Value] == Fate::Fires) {
          Fates[T.Species.Value] = Fate::Open;
          Consumers[T.Species.Value] = ReactionId();
        }
    }
  std::erase_if(Order, [&](ReactionId R) { return !fires(R); });
  for (uint32_t I = 0; I < Order.size(); ++I)
    Positions[Order[I].Value] = I;
}
