//===- StableLimit.h - Networks of stable fixed points -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Networks that compute with their rates: each species tends to a fixed point
// that depends on what is upstream, whatever it started from.
//
// Under mass action the rate of change of a species is a polynomial in amounts.
// Species that depend on each other in a ring make a block, and blocks have an
// order. Once everything upstream has come to rest, a block is left alone with
// itself, and it has one limit, whatever it started from, where
//
//   it is one species, and the signs of its polynomial change once, from + to -
//       (Descartes: one positive root; the polynomial is positive below it and
//       negative beyond), or there is no positive coefficient and some negative
//       one (the limit is 0);
//   or every reaction that takes from a species y takes from y at least as much
//       as it changes all others of the block together, and some reaction that
//       needs nothing of the block but one y takes more than that. Then the
//       Jacobian contracts, in the sum of absolute values, by some g > 0 on
//       all nonnegative amounts: the distance of any two states falls like
//       exp(-g t).
//
// While upstream still moves, the polynomials move too, and in the limit that
// makes no difference as long as a block cannot run away meanwhile: its growth
// is at most linear in itself, or held by a constant loss of higher order. See
// docs/rationale/fixed-point-limits.md for the proofs.
//
// What can be told from the reactions is told here. Coefficients depend on the
// case; whether their signs are right is for the simulator to see.
//
// Species without such a fixed point, and all that the reactions which change
// them consume, must make a rate-independent network by themselves
// (FeedForward.h). It comes first: none of its reactions may need a species
// that tends to a fixed point. Species that no output depends on are left out.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_ANALYSIS_STABLELIMIT_H
#define NN2CRN_ANALYSIS_STABLELIMIT_H

#include "nn2crn/Analysis/FeedForward.h"

#include <string>
#include <vector>

namespace nn2crn {

/// Reactions that do the same to a block, added up: their rates are a common
/// power product of the block's species times a sum over what is upstream.
struct BlockFlow {
  struct Power {
    /// Index into FixedPointBlock::Species.
    uint32_t Local;
    uint32_t Exponent;
  };
  struct Change {
    uint32_t Local;
    double Amount;
  };
  /// Ascending by species; so are Changes.
  std::vector<Power> Powers;
  /// For a block of one species a single +1 or -1: how much one firing changes
  /// is in the rates.
  std::vector<Change> Changes;

  /// The sum: Constant, of \p Constants rates, + sum of rate * amount + sum of
  /// rate * product of powers. Species that never change and belong to no input
  /// are part of the rates.
  double Constant = 0;
  size_t Constants = 0;
  /// How often a rate was rounded at most in making it part of others.
  size_t Roundings = 0;
  struct Linear {
    double Rate;
    uint32_t Species;
  };
  std::vector<Linear> Linears;
  struct Factor {
    uint32_t Species;
    uint32_t Exponent;
  };
  struct Product {
    double Rate;
    std::vector<Factor> Factors;
  };
  std::vector<Product> Products;
};

/// Species that come to rest together once all upstream has.
struct FixedPointBlock {
  std::vector<SpeciesId> Species;
  std::vector<BlockFlow> Flows;
};

/// Why species have no fixed point that could be proven.
struct NoFixedPoint {
  enum class Kind : uint8_t {
    /// All that changes Species dies out, so that its limit depends on the
    /// history: a timed exponential, and the like.
    Timed,
    /// Nothing takes Species away.
    NoLoss,
    /// Species is made of itself only, so that 0 is a fixed point too.
    NoSource,
    /// What is upstream can make Species run away before it comes to rest.
    RunsAway,
    /// Reaction needs more of Species than MaxBlockOrder.
    HighOrder,
    /// A ring of Count species is larger than MaxBlockSpecies.
    LargeRing,
    /// Reaction takes less of Species than it changes others of its ring.
    NotContracting,
    /// Reactions that need Species take no more of it than they change others
    /// of its ring.
    Undamped,
    /// Reaction has a rate constant that is not positive.
    NoRate,
    /// Reaction, of the rate-independent part, needs Species, which tends to a
    /// fixed point.
    FeedsBack,
  };
  Kind What;
  SpeciesId Species;
  ReactionId Reaction;
  size_t Count = 0;
};

inline constexpr uint32_t MaxBlockOrder = 16;
inline constexpr size_t MaxBlockSpecies = 128;

/// What analyzeStableLimit found.
struct StableLimit {
  /// Everything that outputs depend on has one limit, as far as reactions
  /// alone can tell.
  bool Holds = false;
  /// The rate-independent part, which comes first. Its verdict is the reason
  /// where it does not hold.
  FeedForward First;
  /// In topological order.
  std::vector<FixedPointBlock> Blocks;
  /// Where it does not hold: species that take part in the reason. Empty where
  /// all of them are as good as rate-independent.
  std::vector<NoFixedPoint> Problems;
  /// How many species tend to fixed points, also where it does not hold.
  size_t Fixed = 0;

  explicit operator bool() const { return Holds; }
};

/// Linear in the size of \p Net, apart from rings of species. \p Net must not
/// have phases.
StableLimit analyzeStableLimit(const Network &Net);

/// One sentence on why \p S holds or does not.
std::string explainStableLimit(const Network &Net, const StableLimit &S);

/// Notes on \p D: what stands in the way, and what to do.
void noteStableLimit(const Network &Net, const StableLimit &S,
                     InFlightDiagnostic &D);

} // namespace nn2crn

#endif
