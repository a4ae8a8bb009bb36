//===- Editor.h - The only way to change a network -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An editor appends, rewrites and erases rows. It also answers who consumes
// and who produces a species, from an index that it builds at the first
// question and keeps up to date through its own edits. Make one editor for a
// run of edits; while it lives nothing else may change the network.
//
// Ids stay valid until compact().
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_IR_EDITOR_H
#define NN2CRN_IR_EDITOR_H

#include "nn2crn/IR/Network.h"

#include <initializer_list>
#include <memory>
#include <optional>

namespace nn2crn {

/// Where each row went; an invalid id where it was dropped. Empty vectors mean
/// that nothing moved.
struct IdMap {
  std::vector<SpeciesId> Species;
  std::vector<ReactionId> Reactions;
};

class Editor {
public:
  explicit Editor(Network &Net);
  ~Editor();
  Editor(const Editor &) = delete;
  Editor &operator=(const Editor &) = delete;

  const Network &network() const { return Net; }

  //===--- Building -------------------------------------------------------===//

  /// Room for that many rows and terms beyond those there are.
  void reserve(size_t Species, size_t Reactions, size_t Terms);
  SignalId signal(std::string_view Text) { return Net.Signals.intern(Text); }
  /// A signal named \p Wanted, or \p Wanted followed by the first number that
  /// makes it new ("h", then "h_1", "h_2", ...).
  SignalId freshSignal(std::string_view Wanted);
  /// \p Name must be new; the verifier checks.
  SpeciesId addSpecies(SpeciesName Name, OriginId Origin = OriginId(0));
  /// The rate constant \p Value, interned.
  RateId rate(const Number &Value);
  /// A parameter with a name of its own; an existing one of that name is
  /// returned as it is.
  RateId parameter(std::string_view Name, const Number &Value);
  std::optional<RateId> findParameter(std::string_view Name);
  void setParameter(RateId Parameter, const Number &Value);
  /// No species may stand twice on one side, no coefficient be 0, and sides
  /// keep within MaxReactants and MaxProducts.
  ReactionId addReaction(std::span<const Term> Reactants,
                         std::span<const Term> Products, RateId Rate,
                         OriginId Origin = OriginId(0), PhaseMask Phases = 0);
  ReactionId addReaction(std::initializer_list<Term> Reactants,
                         std::initializer_list<Term> Products, RateId Rate,
                         OriginId Origin = OriginId(0), PhaseMask Phases = 0) {
    return addReaction(std::span(Reactants.begin(), Reactants.size()),
                       std::span(Products.begin(), Products.size()), Rate,
                       Origin, Phases);
  }
  void addPort(Port P);
  /// The index of the new phase.
  unsigned addPhase(Phase P);
  Provenance &provenance() { return Net.Origins; }

  //===--- Changing -------------------------------------------------------===//

  /// \p Value must be finite and not negative.
  void setInitial(SpeciesId S, const Number &Value);
  void setFlags(SpeciesId S, SpeciesFlags Flags);
  void setOrigin(SpeciesId S, OriginId Origin);
  void setOrigin(ReactionId R, OriginId Origin);
  void setRate(ReactionId R, RateId Rate);
  void setPhases(ReactionId R, PhaseMask Phases);
  /// Rewrites both sides; the id stays. The spans must not point into the
  /// network's own terms, except into those of \p R itself.
  void setTerms(ReactionId R, std::span<const Term> Reactants,
                std::span<const Term> Products);
  void setPort(size_t Index, Port P);
  /// Those behind it move up.
  void erasePort(size_t Index);
  void erase(ReactionId R);
  /// \p S must be in no reaction, port or phase.
  void erase(SpeciesId S);

  /// Drops tombstones and closes gaps. Species and reactions keep their order,
  /// or take the one given (a permutation of the live rows).
  IdMap compact(std::span<const SpeciesId> Order = {},
                std::span<const ReactionId> ReactionOrder = {});

  //===--- Who uses a species ---------------------------------------------===//

  /// Reactions with \p S as a reactant, in id order. Valid until the next
  /// question about consumers.
  std::span<const ReactionId> consumers(SpeciesId S);
  /// Reactions with \p S as a product, in id order. Valid until the next
  /// question about producers.
  std::span<const ReactionId> producers(SpeciesId S);

private:
  struct UseIndex;
  UseIndex &index();
  struct RateIndex;
  RateIndex &rateIndex();
  void writeTerms(ReactionId R, std::span<const Term> Reactants,
                  std::span<const Term> Products);
  Network &Net;
  std::unique_ptr<UseIndex> Index;
  std::unique_ptr<RateIndex> Rates;
};

/// Looks species up by name. A snapshot: it does not follow later edits.
class NameIndex {
public:
  explicit NameIndex(const Network &Net);
  ~NameIndex();
  std::optional<SpeciesId> find(SpeciesName Name) const;
  /// By its text form without quotes in the signal's place, as in "h0.3.p".
  std::optional<SpeciesId> find(std::string_view Text) const;

private:
  struct Impl;
  const Network &Net;
  std::unique_ptr<Impl> P;
};

} // namespace nn2crn

#endif
