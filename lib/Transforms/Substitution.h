//===- Substitution.h - Species replaced by what they become -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The engine of passes that eliminate a species X with the only consumer
// X -> P: whoever makes X makes P instead, and what there is of X at the start
// becomes P. That is the schedule in which X -> P fires at once wherever X
// appears; it ends in the same amounts as any other where all that X can set
// off is certain (Analysis/CertainDownstream.h), and only there.
//
// Works on multisets and from the ends of the network backwards, so that every
// product list is final when it is put into another: the depth of a network
// does not matter, and the cost is the sum over all lists of the lengths of the
// lists put into them.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_TRANSFORMS_SUBSTITUTION_H
#define NN2CRN_LIB_TRANSFORMS_SUBSTITUTION_H

#include "nn2crn/Analysis/CertainDownstream.h"
#include "nn2crn/IR/Editor.h"

#include <functional>
#include <map>
#include <string_view>

namespace nn2crn {

/// Why the reactant of a unimolecular reaction cannot be replaced.
enum class Eligibility : uint8_t {
  Eligible,
  /// The species is no sole reactant, with coefficient 1, of a reaction.
  NotUnimolecular,
  /// Of a port, dosed, reset, flagged, held; or what it becomes would be put on
  /// a species whose amount a user sets.
  Observed,
  /// A step that was put in on purpose (@helper).
  Helper,
  /// A reactant of another reaction too, be it as a catalyst.
  Shared,
  /// Something that it sets off competes, never ends or is on a cycle.
  Uncertain,
};

class Substitution {
public:
  Substitution(Editor &Edit, const CertainDownstream &Certain);

  Eligibility eligibility(SpeciesId S) const { return Why[S.Value]; }
  size_t count(Eligibility E) const;

  /// An eligible species that may be replaced.
  struct Candidate {
    SpeciesId Species;
    /// What it becomes, with all replacements downstream made; ordered by
    /// species.
    std::span<const Term> Products;
    /// The same by number of molecules.
    uint64_t Molecules;
  };
  /// Asks \p Wanted for each eligible species, those downstream first, and
  /// replaces those that are. \p PassName signs what is changed. True where
  /// anything was.
  bool run(std::string_view PassName,
           const std::function<bool(const Candidate &)> &Wanted);

  /// Species that are gone.
  size_t replaced() const { return Replaced; }
  /// Species that were wanted and stay, since some list or amount would have
  /// grown beyond what can be written.
  size_t tooLarge() const { return TooLarge; }
  /// Initial amounts that were moved along.
  size_t movedAmounts() const { return MovedAmounts; }

private:
  void classify(const CertainDownstream &Certain);
  bool process(Reaction R, std::vector<Term> &Out);
  bool accumulate(Reaction R, std::vector<Term> &Out);
  void moveAmounts();

  struct Slice {
    size_t Begin = 0, Size = 0;
  };
  std::span<const Term> list(SpeciesId S) const {
    return std::span(Pool).subspan(Lists[S.Value].Begin, Lists[S.Value].Size);
  }

  Editor &Edit;
  const Network &Net;
  std::span<const ReactionId> Order;
  std::vector<Eligibility> Why;
  /// The reaction of each eligible species.
  std::vector<ReactionId> Consumer;
  /// Wanted so far, and those of them that stay in some list all the same.
  std::vector<bool> Chosen, Stays;
  std::vector<Slice> Lists;
  std::vector<Term> Pool;
  /// All 0 between uses.
  std::vector<uint64_t> Amount;
  std::vector<SpeciesId> Touched;
  /// Terms of the network once all lists are written.
  uint64_t TotalTerms = 0;
  std::map<SpeciesId, Number> NewInitials;
  size_t Replaced = 0, TooLarge = 0, MovedAmounts = 0;
};

} // namespace nn2crn

#endif
