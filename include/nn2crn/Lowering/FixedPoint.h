//===- FixedPoint.h - Neurons as stable fixed points ------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The construction of Anderson, Joshi and Deshpande, "On reaction network
// implementations of neural networks", J. R. Soc. Interface 18:20210031 (2021).
// Weights are rate constants, so any real number will do; layers read each
// other as catalysts, so nothing is used up, and the network follows its inputs
// from any initial state. Every reaction has at most two reactants.
//
//   unit    dy/dt = h + x y - y^2 with x = sum of w u + b:
//             -> Y [h],  2 Y -> Y [1],
//             U + Y -> U + 2 Y [w] or U + Y -> U [-w],
//             Y -> 2 Y [b] or Y -> [-b]
//           The only fixed point in y >= 0 is (x + sqrt(x^2 + 4 h)) / 2, the
//           smoothed ReLU. It is reached from everywhere, at last with the rate
//           sqrt(x^2 + 4 h), which is at least 2 sqrt(h).
//   sum     v = [V.p] - [V.n]:
//             U -> U + V.p [w] or U -> U + V.n [-w],
//             -> V.p [b] or -> V.n [-b],  V.p -> [1],  V.n -> [1]
//           Both rails relax with rate 1. A sum that costs less without has no
//           species: its readers read what it is made of.
//
//   ReLU    instead of a unit, by sequestration: the rails of a sum, and
//             V.p + V.n -> [k]
//           The difference is the sum whatever k is, and V.p is above its
//           positive part by at most sqrt(m / k), m the smaller of what makes
//           V.p and V.n. Exact to any digit at the rate 1, for one fast
//           reaction.
//
// The network is a cascade, each species (or pair, in a sequestration) with one
// attracting fixed point given those before it; so it converges from
// everywhere, exponentially at last. docs/rationale/fixed-point.md has the
// proof.
//
//   timed   exponentials and their quotients, exactly, but once:
//             T -> [e], T(0) = 1
//             U + T + E -> U + T + 2 E [e w] or U + T + E -> U + T [-e w],
//             T + E -> T + 2 E [e b] or T + E -> T [-e b],  E(0) = 1
//             E -> E + P [a],  E' + P -> E' [a']
//           While T decays, E grows to exp(integral of e T x): to exp(x), if x
//           has settled by the time that the timer has run much. P tends to the
//           quotient of a sum over E and one over E'. The only reactions with
//           three reactants. The limit depends on the history: these species
//           must start at 1, all others at 0, and inputs must not change.
//
// A graph may be lowered onto a rate-independent network, whose final amounts
// it reads: a mixed network.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LOWERING_FIXEDPOINT_H
#define NN2CRN_LOWERING_FIXEDPOINT_H

#include "nn2crn/Graph/InputBox.h"
#include "nn2crn/IR/Network.h"
#include "nn2crn/Support/Diagnostics.h"

#include <optional>

namespace nn2crn {

/// ReLUs by sequestration.
struct Sequestration {
  /// How far each may be off for inputs in the box.
  double Error = 0;
  InputBox Box;
};

/// Exponentials by a timer.
struct Timing {
  /// How far an exponent may be off, for inputs in the box, because what it is
  /// made of has not settled when the timer starts.
  double Error = 0;
  InputBox Box;
};

/// Lowers \p G, whose activations must be smoothed ReLUs (smoothen()), and
/// ReLUs where \p Relus says how, and exponentials where \p Timer says how
/// exact. Says how slow the timer has to be. Empty after a report.
std::optional<Network> lowerFixedPoint(const Graph &G, DiagnosticEngine &Diags,
                                       const Sequestration *Relus = nullptr,
                                       const Timing *Timer = nullptr);

/// Lowers \p G onto \p Below: inputs of \p G are outputs of \p Below by name,
/// and stop being outputs. No reaction consumes what they read.
std::optional<Network> lowerFixedPoint(const Graph &G, Network Below,
                                       DiagnosticEngine &Diags);

} // namespace nn2crn

#endif
