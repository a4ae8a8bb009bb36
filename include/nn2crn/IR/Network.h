//===- Network.h - A chemical reaction network -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one data structure that everything between a model and a file works on:
// species with initial amounts, reactions with mass-action rate constants,
// ports and phases. Kept in columns (docs/rationale/ir-layout.md) so that ten
// million reactions fit a laptop; light proxies make loops pleasant:
//
//   for (Reaction R : Net.reactions())
//     for (Term T : R.products()) ...
//
// A network is changed only through Editor (Editor.h). Rows that were erased
// stay as tombstones, which loops skip, until compact() drops them.
//
// Semantics. Deterministic mass action: rate = k * prod [S]^n, and `2 A -> B`
// consumes two A each time, so d[A]/dt = -2 k [A]^2. Stochastic: propensity
// k * V^(1-order) * prod n!/(n-m)! (falling factorials of the counts).
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_IR_NETWORK_H
#define NN2CRN_IR_NETWORK_H

#include "nn2crn/IR/Names.h"
#include "nn2crn/IR/Port.h"
#include "nn2crn/IR/Provenance.h"
#include "nn2crn/Support/Ids.h"
#include "nn2crn/Support/Number.h"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace nn2crn {

class Editor;
class Network;

/// A species with its stoichiometric coefficient on one side of a reaction.
struct Term {
  SpeciesId Species;
  /// From 1 to MaxCoefficient.
  uint32_t Coefficient;
  friend bool operator==(Term, Term) = default;
};

/// Coefficients keep to 31 bits, so that differences fit a signed word.
inline constexpr uint32_t MaxCoefficient = INT32_MAX;
/// Distinct species on the two sides of one reaction.
inline constexpr uint32_t MaxReactants = 255, MaxProducts = (1u << 24) - 1;

/// Phase i is bit i; 0 means "always on".
using PhaseMask = uint16_t;
inline constexpr unsigned MaxPhases = 16;

struct SpeciesFlags {
  /// Its amount never changes (a fuel in excess).
  bool Constant : 1 = false;
  /// Reactions do not change it; doses and the outside do.
  bool Boundary : 1 = false;
  /// A by-product nobody reads.
  bool Waste : 1 = false;
  /// Its final amount matters although no port names it.
  bool Observed : 1 = false;
  /// The kind of the initial amount (Number::Kind).
  uint8_t InitialKind : 2 = 0;
  /// A tombstone.
  bool Dead : 1 = false;
  /// A step of a fan-out that products share or pass through on purpose;
  /// elimination keeps it.
  bool Helper : 1 = false;
  friend bool operator==(SpeciesFlags, SpeciesFlags) = default;
};
static_assert(sizeof(SpeciesFlags) == 1);

/// An interned rate constant: a number, or a parameter with a name. Numbers
/// are merged by value and kind, parameters never.
struct RateConstant {
  Number Value;
  /// Empty for a plain number.
  std::string Parameter;
};

/// A stretch of time in which a set of reactions runs; see the design,
/// "Phases".
struct Phase {
  struct Amount {
    SpeciesId Species;
    Number Value;
    friend bool operator==(const Amount &, const Amount &) = default;
  };
  std::string Name;
  /// In the network's time unit, positive.
  double Duration = 1;
  /// Added at the start of the phase, after the resets.
  std::vector<Amount> Doses;
  /// Set at the start of the phase.
  std::vector<Amount> Resets;
  friend bool operator==(const Phase &, const Phase &) = default;
};

/// The units there are, spelt as in every format that names them.
inline constexpr std::string_view AmountUnits[] = {"M",  "mM", "uM",
                                                   "nM", "pM", "count"};
inline constexpr std::string_view TimeUnits[] = {"s", "min", "h"};

/// What amounts and times mean.
struct Units {
  /// One of AmountUnits: a concentration, or "count" for molecules.
  std::string Amount = "nM";
  /// One of TimeUnits.
  std::string Time = "s";
  /// Litres, positive.
  double Volume = 1;
  friend bool operator==(const Units &, const Units &) = default;
};

/// A view of one reaction: two words, made on the fly.
class Reaction {
public:
  Reaction(const Network &Net, ReactionId Id) : Net(&Net), Id(Id) {}

  ReactionId id() const { return Id; }
  /// Distinct species, in the order they were written.
  std::span<const Term> reactants() const;
  std::span<const Term> products() const;
  RateId rate() const;
  /// The rate constant's value in the network's units.
  double rateConstant() const;
  PhaseMask phases() const;
  OriginId origin() const;
  /// Sum of the reactants' coefficients.
  uint64_t order() const;

private:
  const Network *Net;
  ReactionId Id;
};

class Network {
public:
  Network();
  Network(const Network &);
  Network(Network &&) noexcept;
  Network &operator=(const Network &);
  Network &operator=(Network &&) noexcept;
  ~Network();

  std::string Name;
  nn2crn::Units Units;

  //===--- Sizes ----------------------------------------------------------===//

  size_t speciesCount() const { return SpeciesTable.Name.size() - DeadSpecies; }
  size_t reactionCount() const {
    return ReactionTable.Rate.size() - DeadReactions;
  }
  /// Rows with the tombstones: every id is below these.
  size_t speciesRows() const { return SpeciesTable.Name.size(); }
  size_t reactionRows() const { return ReactionTable.Rate.size(); }
  bool isAlive(SpeciesId S) const { return !flags(S).Dead; }
  bool isAlive(ReactionId R) const {
    return ReactionTable.Rate[R.Value].isValid();
  }
  /// No tombstones, no gaps in the pool of terms.
  bool isCompact() const;

  //===--- Species --------------------------------------------------------===//

  SpeciesName nameOf(SpeciesId S) const { return SpeciesTable.Name[S.Value]; }
  /// The text form of the name, as in "h0.3.p".
  std::string nameText(SpeciesId S) const;
  const SignalTable &signals() const { return Signals; }
  double initialValue(SpeciesId S) const {
    return SpeciesTable.Initial[S.Value];
  }
  /// With its exact companion.
  Number initial(SpeciesId S) const;
  SpeciesFlags flags(SpeciesId S) const { return SpeciesTable.Flags[S.Value]; }
  OriginId origin(SpeciesId S) const { return SpeciesTable.Origin[S.Value]; }

  //===--- Reactions ------------------------------------------------------===//

  Reaction reaction(ReactionId R) const { return Reaction(*this, R); }
  /// Rate constants in use and not, in order of their ids.
  std::span<const RateConstant> rates() const { return Rates; }
  const RateConstant &rateConstant(RateId R) const { return Rates[R.Value]; }

  //===--- Loops, in id order, over what is alive -------------------------===//

  template <class IdType> class LiveIterator {
  public:
    LiveIterator(const Network &Net, uint32_t I, uint32_t End)
        : Net(&Net), I(I), End(End) {
      skip();
    }
    auto operator*() const {
      if constexpr (std::is_same_v<IdType, ReactionId>)
        return Reaction(*Net, ReactionId(I));
      else
        return IdType(I);
    }
    LiveIterator &operator++() {
      ++I;
      skip();
      return *this;
    }
    bool operator!=(const LiveIterator &O) const { return I != O.I; }

  private:
    void skip() {
      while (I < End && !Net->isAlive(IdType(I)))
        ++I;
    }
    const Network *Net;
    uint32_t I, End;
  };
  template <class IdType> struct LiveRange {
    const Network *Net;
    uint32_t Rows;
    LiveIterator<IdType> begin() const { return {*Net, 0, Rows}; }
    LiveIterator<IdType> end() const { return {*Net, Rows, Rows}; }
  };
  /// Yields SpeciesId. Rows added while looping are not visited.
  LiveRange<SpeciesId> species() const {
    return {this, static_cast<uint32_t>(speciesRows())};
  }
  /// Yields Reaction. Rows added while looping are not visited.
  LiveRange<ReactionId> reactions() const {
    return {this, static_cast<uint32_t>(reactionRows())};
  }

  //===--- Ports, phases, provenance --------------------------------------===//

  /// In order of declaration.
  std::span<const Port> ports() const { return Ports; }
  /// An input and an output may have the same name.
  const Port *findPort(std::string_view PortName,
                       PortDirection Direction) const;
  std::span<const Phase> phases() const { return Phases; }
  const Provenance &provenance() const { return Origins; }
  /// Marks what passes must keep: port species, flagged species, species that
  /// are dosed or reset; every species where there is neither port nor flag.
  /// Indexed by SpeciesId.
  std::vector<bool> observedSpecies() const;

  //===--- Whole-network questions ----------------------------------------===//

  /// Grows with every edit.
  uint64_t generation() const { return Generation; }
  /// A hash over everything but provenance; equal networks have equal hashes.
  uint64_t contentHash() const;
  struct MemoryReport {
    /// Bytes in use (sizes, not capacities) of the reaction table with its
    /// terms, of the species table, and of names.
    size_t Reactions, Species, Names;
  };
  MemoryReport memory() const;

private:
  friend class Editor;
  friend class Reaction;
  friend struct BinaryAccess;

  struct {
#define NN2CRN_SPECIES_COLUMN(Name, Type, Default) std::vector<Type> Name;
#include "nn2crn/IR/Columns.def"
  } SpeciesTable;
  struct {
#define NN2CRN_REACTION_COLUMN(Name, Type, Default) std::vector<Type> Name;
#include "nn2crn/IR/Columns.def"
  } ReactionTable;
  std::vector<Term> Terms;
  /// Exact companions of initial amounts that are not doubles.
  std::map<SpeciesId, Number> ExactInitials;
  std::vector<RateConstant> Rates;
  SignalTable Signals;
  std::vector<Port> Ports;
  std::vector<Phase> Phases;
  Provenance Origins;
  size_t DeadSpecies = 0, DeadReactions = 0;
  uint64_t Generation = 0;
};

inline std::span<const Term> Reaction::reactants() const {
  const auto &T = Net->ReactionTable;
  return std::span(Net->Terms)
      .subspan(T.FirstTerm[Id.Value], T.Counts[Id.Value] & 0xff);
}
inline std::span<const Term> Reaction::products() const {
  const auto &T = Net->ReactionTable;
  return std::span(Net->Terms)
      .subspan(T.FirstTerm[Id.Value] + (T.Counts[Id.Value] & 0xff),
               T.Counts[Id.Value] >> 8);
}
inline RateId Reaction::rate() const {
  return Net->ReactionTable.Rate[Id.Value];
}
inline double Reaction::rateConstant() const {
  return Net->Rates[rate().Value].Value.value();
}
inline PhaseMask Reaction::phases() const {
  return Net->ReactionTable.Phases[Id.Value];
}
inline OriginId Reaction::origin() const {
  return Net->ReactionTable.Origin[Id.Value];
}

/// The text form of a reaction without its rate, as in "A + 2 B -> C".
std::string reactionText(const Network &Net, Reaction R);

} // namespace nn2crn

#endif
