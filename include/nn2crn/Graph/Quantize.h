//===- Quantize.h - Weights as integers times a step ------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rate-independent reactions have weights as stoichiometric coefficients, which
// are integers. By positive homogeneity, relu(q z) = q relu(z), a layer whose
// weights are integers times a common step may carry its values times a scale:
// with integer = scale[result] x weight / scale[operand] for every weight, all
// that is carried is right, and a reading is divided by its scale. (Rate-
// independence notes, 1.7.)
//
// Weights that are such already keep their values: integers, and ternary and
// binary ones with a scale a layer or a row (a scale of a row goes into the
// columns of the next layer). So do, but for the rounding of the model's own
// numbers, small integers times a scale a row. In any other graph each layer's
// weights become multiples of a power of two: then what is computed is again a
// graph of doubles, and the steps of different layers go into each other.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_GRAPH_QUANTIZE_H
#define NN2CRN_GRAPH_QUANTIZE_H

#include "nn2crn/Graph/Calibrate.h"
#include "nn2crn/Graph/Graph.h"
#include "nn2crn/Graph/Linearize.h"
#include "nn2crn/Support/Number.h"

#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace nn2crn {

/// By ValueId: how many times its elements are carried, one scale for all or
/// one each. Inputs have what GraphPort::Halvings says, a ReLU's result what
/// its operand has.
using CarriedScales = std::vector<std::vector<Rational>>;
inline const Rational &scaleOf(const std::vector<Rational> &Scales, size_t I) {
  return Scales[Scales.size() > 1 ? I : 0];
}

/// Coefficients of reactions keep to 31 bits.
inline constexpr unsigned MostIntegerBits = 31;

/// Scales for which every weight of \p G is an integer below 2^\p Bits in
/// magnitude. Empty where there are none, with \p Culprit, unless null, the
/// first node without.
std::optional<CarriedScales> integerScales(const Graph &G, unsigned Bits,
                                           NodeId *Culprit = nullptr);

/// integerScales() of MostIntegerBits. Where there are none, since values of
/// different layers meet, in a sum or behind a concatenation, whose scales have
/// multiplied up to different sizes: powers of two. Then only the weights as
/// they are, of one operand, need as few bits; as carried they are integers of
/// any size, with as few digits, and a lowering makes them in stages.
std::optional<CarriedScales> carriedScales(const Graph &G,
                                           NodeId *Culprit = nullptr);

/// Makes the largest weights into and out of each hidden ReLU unit as equal as
/// powers of two can: its row and bias times c, its columns over c, since
/// relu(c z) = c relu(z). The graph computes the same, exactly but for doubles
/// that under- or overflow. Weights of one layer then differ less in size, and
/// fewer bits hold them.
void balanceScales(Graph &G);

/// Sets Halvings of inputs: where all weights of an element are smaller than
/// others of their layers by 16 times and more, as weights of a feature with
/// large values are, it is carried as many times less, and they get as many
/// bits.
void balanceInputs(Graph &G);

/// What rounding the weights of a graph did.
struct Quantization {
  /// Of each weight, the sign included; 0 where Exact.
  unsigned Bits = 0;
  /// True where the weights were integers times a step, and stayed.
  bool Exact = false;
  /// No reading moves by more for inputs in the box; 0 where exact. Where
  /// activations were approximated before: both together move none by more than
  /// Linearization::Bound plus this. Of an output that is an index, the scores
  /// that it is taken of.
  double Bound = 0;
  /// The largest that 200 random inputs from the box showed.
  double Measured = 0;
  /// False where unit inputs, -1 to 1, stand in for ranges that nobody gave.
  bool Declared = true;
  /// Where bits were chosen so that samples keep their winners: what became of
  /// these.
  std::optional<SampleReport> Samples;
};

/// Rounds the weights of \p G to \p Bits, from 2 to 31, where they are not
/// integers of as many bits times a step already. A layer of integers of as
/// many bits times a power of two stays as it is, and so does what makes an
/// index of scores. \p Before is what was approximated in \p G:
/// to know it makes bounds tighter.
Quantization quantize(Graph &G, unsigned Bits, const InputBox &Box,
                      const Linearization &Before = {});

/// The fewest bits, up to \p MostBits, of which the bound is at most
/// \p Budget; \p MostBits where none is.
Quantization quantizeWithin(Graph &G, double Budget, unsigned MostBits,
                            const InputBox &Box,
                            const Linearization &Before = {});

/// The fewest bits, up to \p MostBits, of which the rounded graph is \p Good;
/// \p MostBits where none is. Weights that are integers of up to KeptBits times
/// a step, and of no more than \p MostBits, stay as they are and are not asked
/// about.
inline constexpr unsigned KeptBits = 16;
Quantization quantizeWhile(Graph &G,
                           const std::function<bool(const Graph &)> &Good,
                           unsigned MostBits, const InputBox &Box,
                           const Linearization &Before = {});

} // namespace nn2crn

#endif
