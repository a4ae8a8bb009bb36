//===- CompiledNetwork.h - A network made for running -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A network is edited, a compiled network is run: the reactions of interest in
// the order of interest, flat arrays, numbers as doubles, nothing to skip. It
// never changes, so that samples, ensembles and threads share one and bring
// amounts (and later rates) of their own.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_SIMULATION_COMPILEDNETWORK_H
#define NN2CRN_SIMULATION_COMPILEDNETWORK_H

#include "nn2crn/IR/Network.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace nn2crn {

class CompiledNetwork {
public:
  /// A reactant with its coefficient: the exponent of mass action.
  struct Reactant {
    uint32_t Species;
    uint32_t Coefficient;
  };
  /// What one firing does to a species; never 0.
  struct Change {
    uint32_t Species;
    double Amount;
  };

  /// Compiles the reactions \p Order, or all live ones in id order. Species
  /// keep their ids. Held species (Constant, Boundary) stay reactants and are
  /// left out of changes.
  explicit CompiledNetwork(
      const Network &Net,
      std::optional<std::span<const ReactionId>> Order = std::nullopt);

  /// Every species id is below this.
  size_t speciesCount() const { return Initial.size(); }
  size_t reactionCount() const { return Rates.size(); }

  /// The reaction of the network that reaction \p R here is.
  ReactionId idOf(size_t R) const { return Ids[R]; }
  double rate(size_t R) const { return Rates[R]; }
  std::span<const Reactant> reactants(size_t R) const {
    return std::span(Reactants).subspan(ReactantBegin[R], ReactantBegin[R + 1] -
                                                              ReactantBegin[R]);
  }
  /// What is net-consumed comes first.
  std::span<const Change> changes(size_t R) const {
    return std::span(Changes).subspan(ChangeBegin[R],
                                      ChangeBegin[R + 1] - ChangeBegin[R]);
  }
  std::span<const Change> consumed(size_t R) const {
    return changes(R).first(Consumed[R]);
  }
  std::span<const Change> produced(size_t R) const {
    return changes(R).subspan(Consumed[R]);
  }
  /// Reactants that the reaction needs and does not net-consume: catalysts and
  /// held species.
  std::span<const uint32_t> gates(size_t R) const {
    return std::span(Gates).subspan(GateBegin[R],
                                    GateBegin[R + 1] - GateBegin[R]);
  }
  /// Initial amounts of the network, by species id.
  std::span<const double> initial() const { return Initial; }
  /// What is not known of an initial amount because it is not a double.
  std::span<const double> initialError() const { return InitialError; }

private:
  std::vector<ReactionId> Ids;
  std::vector<double> Rates;
  std::vector<uint64_t> ReactantBegin{0}, ChangeBegin{0}, GateBegin{0};
  std::vector<uint32_t> Consumed;
  std::vector<Reactant> Reactants;
  std::vector<Change> Changes;
  std::vector<uint32_t> Gates;
  std::vector<double> Initial, InitialError;
};

} // namespace nn2crn

#endif
