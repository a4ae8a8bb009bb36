//===- CertainDownstream.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/CertainDownstream.h"

#include "ReactionUse.h"

#include <algorithm>

using namespace nn2crn;

CertainDownstream::CertainDownstream(const Network &Net)
    : CertainReaction(Net.reactionRows()), CertainSpecies(Net.speciesRows()) {
  ReactionUse Use(Net);
  if (!Net.phases().empty())
    return;
  std::vector<bool> Bad(Net.reactionRows());
  std::vector<bool> Consumed(Net.speciesRows());
  for (Reaction R : Net.reactions())
    if (Use.runs(R.id())) {
      Bad[R.id().Value] = !Use.isProductive(R);
      Use.forReactants(R, [&](Term T, uint32_t Back) {
        if (T.Coefficient > Back)
          Consumed[T.Species.Value] = true;
      });
    }
  // Whoever needs what another takes competes, and so does that other.
  for (SpeciesId S : Net.species())
    if (Consumed[S.Value] && !Use.isHeld(S))
      if (auto Users = Use.users(S); Users.size() > 1)
        for (ReactionId R : Users)
          Bad[R.Value] = true;

  // From the ends backwards: a reaction is certain once all that it feeds are.
  // One on a cycle, or before one, waits for ever.
  struct Producer {
    SpeciesId Of;
    ReactionId Reaction;
  };
  std::vector<Producer> Producers;
  std::vector<uint32_t> Waits(Net.reactionRows());
  for (Reaction R : Net.reactions())
    if (Use.runs(R.id()))
      Use.forNetProducts(R, [&](SpeciesId S) {
        auto Users = Use.users(S);
        Waits[R.id().Value] += static_cast<uint32_t>(Users.size());
        if (!Users.empty())
          Producers.push_back({S, R.id()});
      });
  std::stable_sort(
      Producers.begin(), Producers.end(),
      [](const Producer &A, const Producer &B) { return A.Of < B.Of; });
  std::vector<uint64_t> Begin(Net.speciesRows() + 1);
  for (const Producer &P : Producers)
    ++Begin[P.Of.Value + 1];
  for (size_t S = 1; S < Begin.size(); ++S)
    Begin[S] += Begin[S - 1];

  auto Settle = [&](ReactionId R) {
    if (Bad[R.Value])
      return;
    CertainReaction[R.Value] = true;
    Order.push_back(R);
  };
  for (Reaction R : Net.reactions())
    if (Use.runs(R.id()) && Waits[R.id().Value] == 0)
      Settle(R.id());
  for (size_t At = 0; At < Order.size(); ++At)
    Use.forReactants(Net.reaction(Order[At]), [&](Term T, uint32_t) {
      for (uint64_t P = Begin[T.Species.Value]; P < Begin[T.Species.Value + 1];
           ++P)
        if (ReactionId R = Producers[P].Reaction; --Waits[R.Value] == 0)
          Settle(R);
    });
  std::reverse(Order.begin(), Order.end());

  for (SpeciesId S : Net.species())
    CertainSpecies[S.Value] =
        !Use.isHeld(S) && std::ranges::all_of(Use.users(S), [&](ReactionId R) {
          return CertainReaction[R.Value];
        });
}
