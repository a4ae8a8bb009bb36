//===- ReactionUse.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ReactionUse.h"

#include "nn2crn/Analysis/FeedForward.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

ReactionUse::ReactionUse(const Network &Net, const std::vector<bool> &Aside)
    : Held(heldSpecies(Net)), Runs(Net.reactionRows()),
      Begin(Net.speciesRows() + 1), Scratch(Net.speciesRows()) {
  std::vector<bool> Given(Net.speciesRows());
  for (const Port &P : Net.ports())
    if (P.Direction != PortDirection::Output)
      for (const PortTerm &T : P.Terms)
        Given[T.Species.Value] = true;
  for (Reaction R : Net.reactions()) {
    if (!Aside.empty() && Aside[R.id().Value])
      continue;
    Runs[R.id().Value] = std::ranges::none_of(R.reactants(), [&](Term T) {
      uint32_t S = T.Species.Value;
      return Held[S] && !Given[S] && Net.initialValue(T.Species) == 0;
    });
    if (Runs[R.id().Value])
      for (Term T : R.reactants())
        if (!Held[T.Species.Value])
          ++Begin[T.Species.Value + 1];
  }
  for (size_t S = 1; S < Begin.size(); ++S)
    Begin[S] += Begin[S - 1];
  List.resize(Begin.back());
  std::vector<uint64_t> Fill(Begin.begin(), Begin.end() - 1);
  for (Reaction R : Net.reactions())
    if (Runs[R.id().Value])
      for (Term T : R.reactants())
        if (!Held[T.Species.Value])
          List[Fill[T.Species.Value]++] = R.id();
}

bool ReactionUse::isProductive(Reaction R) const {
  double K = R.rateConstant();
  bool Consumes = false;
  forReactants(
      R, [&](Term T, uint32_t Back) { Consumes |= T.Coefficient > Back; });
  return Consumes && K > 0 && std::isfinite(K);
}
