//===- ReactionUse.h - Which reactions run, and on what -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the analyses of feed-forward networks share: species held constant are
// left out of reactant lists, reactions that lack a held species never run, and
// a species knows the reactions that need it.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_ANALYSIS_REACTIONUSE_H
#define NN2CRN_LIB_ANALYSIS_REACTIONUSE_H

#include "nn2crn/IR/Network.h"

#include <utility>
#include <vector>

namespace nn2crn {

/// A snapshot of \p Net, made in linear time.
class ReactionUse {
public:
  /// Reactions that \p Aside marks count as not running.
  explicit ReactionUse(const Network &Net, const std::vector<bool> &Aside = {});

  /// A held species of an input port counts as positive, since it may be given
  /// any amount.
  bool runs(ReactionId R) const { return Runs[R.Value]; }
  bool isHeld(SpeciesId S) const { return Held[S.Value]; }
  /// Running reactions with \p S, which is not held, among their reactants, in
  /// id order.
  std::span<const ReactionId> users(SpeciesId S) const {
    return std::span(List).subspan(Begin[S.Value],
                                   Begin[S.Value + 1] - Begin[S.Value]);
  }

  /// Calls \p Visit(term, coefficient among the products) for each reactant
  /// that is not held, in time linear in the reaction.
  template <class Fn> void forReactants(Reaction R, Fn Visit) const {
    for (Term T : R.products())
      Scratch[T.Species.Value] = T.Coefficient;
    for (Term T : R.reactants())
      if (!Held[T.Species.Value])
        Visit(T, Scratch[T.Species.Value]);
    for (Term T : R.products())
      Scratch[T.Species.Value] = 0;
  }
  /// Calls \p Visit(species) for what the reaction net-produces and nothing
  /// holds.
  template <class Fn> void forNetProducts(Reaction R, Fn Visit) const {
    for (Term T : R.reactants())
      Scratch[T.Species.Value] = T.Coefficient;
    for (Term T : R.products())
      if (!Held[T.Species.Value] && T.Coefficient > Scratch[T.Species.Value])
        Visit(T.Species);
    for (Term T : R.reactants())
      Scratch[T.Species.Value] = 0;
  }
  /// Calls \p Visit(species, change) for everything that one firing changes and
  /// nothing holds. \p Visit must not call these functions.
  template <class Fn> void forChanges(Reaction R, Fn Visit) const {
    for (Term T : R.products())
      Scratch[T.Species.Value] = T.Coefficient;
    for (Term T : R.reactants()) {
      int64_t Back = std::exchange(Scratch[T.Species.Value], 0);
      if (!Held[T.Species.Value] && Back != T.Coefficient)
        Visit(T.Species, Back - int64_t{T.Coefficient});
    }
    for (Term T : R.products())
      if (uint32_t Made = std::exchange(Scratch[T.Species.Value], 0);
          Made && !Held[T.Species.Value])
        Visit(T.Species, int64_t{Made});
  }
  /// True where \p R has a finite positive rate and net-consumes something.
  bool isProductive(Reaction R) const;

private:
  std::vector<bool> Held, Runs;
  std::vector<uint64_t> Begin;
  std::vector<ReactionId> List;
  /// All 0 between uses.
  mutable std::vector<uint32_t> Scratch;
};

} // namespace nn2crn

#endif
