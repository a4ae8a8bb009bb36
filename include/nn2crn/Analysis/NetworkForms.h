//===- NetworkForms.h - The function that a network computes -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In a network whose limit is certain, all that is ever supplied of a species
// is a linear form over the extents of the reactions that make it, and the
// extent of a reaction is a minimum over what it consumes:
//
//   min(a, b) = a - relu(a - b)
//
// so that, gate by gate in topological order, every reading becomes a linear
// form over inputs and relus of such forms (LinearForms.h). Nothing but the
// reactions is looked at: no names, and no record of what they came from.
//
// An input element with value v puts u = (v + offset) scale - constant on its
// rails: relu(u) on the positive one, relu(u) - u on the negative one.
//
// Annihilations. `p + n ->` competes with whatever else needs p or n. Let t be
// the amount that it takes in all, whatever rates make of that. In the limit
// every other reaction is as exhausted as it would be had both p and n been
// supplied t less; so t is one more variable, and a reading whose form does not
// depend on it is certain although the amounts of single species are not.
// (Rate-independence notes, 1.4: the difference certificate.)
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_ANALYSIS_NETWORKFORMS_H
#define NN2CRN_ANALYSIS_NETWORKFORMS_H

#include "nn2crn/Analysis/FeedForward.h"
#include "nn2crn/Analysis/LinearForms.h"

#include <string>

namespace nn2crn {

/// How far the limit of a network is certain.
struct Certainty {
  /// Of the network without the annihilations that were set aside.
  FeedForward Order;
  /// Reactions `p + n ->` that compete with others. Where there are any, only
  /// readings that do not depend on them are certain.
  std::vector<ReactionId> Annihilations;
  explicit operator bool() const { return static_cast<bool>(Order); }
};
/// Where the network is not certain even without annihilations, Order is the
/// verdict on the network as it is.
Certainty analyzeCertainty(const Network &Net);

/// Empty where it is proven that all readings of \p Net, of which \p C holds,
/// are certain: catalysts are there, or absent, for all values that the inputs
/// accept, and no output or state depends on what annihilations take. Otherwise
/// one sentence on what could not be proven. \p Declared: only for values
/// within the declared ranges. Values are put on rails as setPortAmounts()
/// does.
///
/// Where there are annihilations, a network without output ports has nothing
/// to prove: the amounts of all its species are read.
std::string proveReadings(const Network &Net, const Certainty &C,
                          bool Declared);

/// A common denominator of the numbers that forms of \p Net begin with, for
/// FormSpace's constructor.
Rational commonUnit(const Network &Net, Rational Unit = Rational(1));
/// The least common multiple of \p Unit and the denominator of \p N.
void includeInUnit(Rational &Unit, const Number &N);

/// The values that the elements of an input port may have: those that its
/// rails can hold, and with \p Declared those within the declared range.
Interval acceptedValues(const Port &P, size_t Element, bool Declared);

template <class T> class NetworkForms {
public:
  using FormPtr = typename FormSpace<T>::FormPtr;
  /// The variable of each element of each port; empty for an output port.
  using Variables = std::vector<std::vector<uint32_t>>;

  /// \p Net and \p C, which must hold, outlive this.
  NetworkForms(const Network &Net, const Certainty &C, FormSpace<T> &Space);

  /// New variables for the inputs of \p Net, bounded by what they accept.
  static Variables addVariables(const Network &Net, FormSpace<T> &Space,
                                bool Declared);

  /// Goes through all reactions. False where the function cannot be told;
  /// problem() says why.
  bool run(const Variables &Inputs);
  /// One sentence, after run() or reading() did not succeed.
  const std::string &problem() const { return Problem; }
  /// The value of an element of an output or state port in the end; null where
  /// a number is not exact.
  FormPtr reading(const Port &P, size_t Element);

  /// A reaction with two or more consumed reactants compares their supplies.
  struct Gate {
    ReactionId Reaction;
    /// The supply per firing of the first is never less (+1), never more (-1),
    /// or either (0) than the second's.
    int Sign;
    /// Where Sign is 0.
    uint32_t Atom;
    /// The reactants that were compared.
    SpeciesId First, Second;
  };
  std::span<const Gate> gates() const { return Gates; }

private:
  struct Producer {
    ReactionId Reaction;
    uint32_t Amount;
  };
  bool setInputs(const Variables &Inputs);
  bool fire(ReactionId R);
  FormPtr supply(SpeciesId S);
  FormPtr finalAmount(SpeciesId S);
  bool fail(std::string Why);
  std::span<const Producer> producers(SpeciesId S) const {
    return std::span(Producers).subspan(Begin[S.Value],
                                        Begin[S.Value + 1] - Begin[S.Value]);
  }

  const Network &Net;
  const Certainty &C;
  FormSpace<T> &Space;
  typename FormSpace<T>::Sum Sum;
  std::vector<bool> Held;
  /// Net production, species by species.
  std::vector<uint64_t> Begin;
  std::vector<Producer> Producers;
  /// How often a supply is asked for, and by how many products an extent.
  std::vector<uint32_t> SupplyUses, ExtentUses;
  std::vector<FormPtr> Given, Supplies, Extents;
  /// The reaction that consumes a species, where a port reads what is left.
  std::vector<ReactionId> Consumer;
  /// Variables of annihilations, by species: each takes as much.
  std::vector<std::vector<uint32_t>> Taken;
  std::vector<Gate> Gates;
  std::string Problem;
};

extern template class NetworkForms<int64_t>;
extern template class NetworkForms<Int128>;
extern template class NetworkForms<Rational>;

} // namespace nn2crn

#endif
