//===- Quantize.cpp -------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Quantize.h"

#include "Rounding.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <unordered_set>

using namespace nn2crn;

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

namespace {
/// The largest step of which all that is added are multiples, if none of them
/// is 2^Bits steps or more. Real weights exceed that within a few.
class CommonStep {
public:
  explicit CommonStep(unsigned Bits) : Limit(int64_t{1} << Bits) {}
  /// \p V is positive.
  bool add(const Rational &V) {
    Integers &= V.isInteger();
    Step = Step.sign() == 0 ? V : commonMeasure(Step, V);
    if (Most < V)
      Most = V;
    return Most < Step * Limit || areSmallIntegers();
  }
  /// What makes integers below 2^Bits of all; 1 where they are.
  Rational scale() const {
    return areSmallIntegers() || Step.sign() == 0 ? Rational(1)
                                                  : Rational(1) / Step;
  }

private:
  bool areSmallIntegers() const { return Integers && Most < Limit; }
  Rational Limit, Step, Most;
  bool Integers = true;
};

/// Calls \p Add with the magnitude of every weight of row \p R, as carried,
/// until it answers false.
template <class Fn>
bool forRow(const Node &N, const CarriedScales &Scale, uint32_t R, Fn Add) {
  for (const Node::Operand &O : N.Operands) {
    auto Columns = O.Weights.columnsOf(R);
    auto Weights = O.Weights.weightsOf(R);
    for (size_t K = 0; K < Columns.size(); ++K)
      if (!Add(Weights[K], scaleOf(Scale[O.Value.Value], Columns[K])))
        return false;
  }
  return true;
}

/// The scales of a node's result, one for all rows or else one a row; empty
/// where there are none.
std::vector<Rational> resultScales(const Node &N, const CarriedScales &Scale,
                                   uint32_t Rows, unsigned Bits) {
  CommonStep All(Bits);
  // Most layers have few different weights, or far too many.
  bool Uniform = std::ranges::all_of(N.Operands, [&](const auto &O) {
    const auto &From = Scale[O.Value.Value];
    std::unordered_set<double> Seen;
    for (uint32_t R = 0; R < O.Weights.rows(); ++R)
      for (size_t K = 0; K < O.Weights.columnsOf(R).size(); ++K) {
        double W = std::fabs(O.Weights.weightsOf(R)[K]);
        if (From.size() == 1 && !Seen.insert(W).second)
          continue;
        if (!All.add(Rational::fromDouble(W) /
                     scaleOf(From, O.Weights.columnsOf(R)[K])))
          return false;
      }
    return true;
  });
  if (Uniform)
    return {All.scale()};
  std::vector<Rational> Out;
  for (uint32_t R = 0; R < Rows; ++R) {
    CommonStep Mine(Bits);
    if (!forRow(N, Scale, R, [&](double W, const Rational &From) {
          return Mine.add(Rational::fromDouble(std::fabs(W)) / From);
        }))
      return {};
    Out.push_back(Mine.scale());
  }
  return Out;
}
} // namespace

std::optional<CarriedScales>
nn2crn::integerScales(const Graph &G, unsigned Bits, NodeId *Culprit) {
  CarriedScales Scale(G.values().size(), {Rational(1)});
  for (size_t I = 0; I < G.nodes().size(); ++I) {
    const Node &N = G.nodes()[I];
    assert(N.Kind != NodeKind::Smooth && "approximate activations first");
    std::vector<Rational> &Out = Scale[N.Result.Value];
    Out = N.Kind == NodeKind::Relu ? Scale[N.Operands[0].Value.Value]
                                   : std::vector<Rational>();
    // The smallest integers there are.
    for (unsigned Try : {8u, 16u, Bits})
      if (Out.empty() && (Try <= Bits))
        Out = resultScales(N, Scale, G.value(N.Result).Elements, Try);
    if (Out.empty()) {
      if (Culprit)
        *Culprit = NodeId(static_cast<uint32_t>(I));
      return std::nullopt;
    }
  }
  return Scale;
}

//===----------------------------------------------------------------------===//
// Rounding
//===----------------------------------------------------------------------===//

/// Makes \p G what was chosen and says how far it is off.
static Quantization take(Graph &G, RoundedGraph Chosen, const Rounding &From,
                         const InputBox &Box, const Linearization &Before) {
  Quantization Q;
  Q.Bits = Chosen.Bits;
  Q.Exact = Chosen.isExact();
  if (Q.Exact)
    return Q;
  const Graph &Exact = From.exact(Chosen);
  Q.Declared = declaresAll(G, Box);
  Q.Bound = errorBound(Exact, Chosen.Rounded, Box, Before);
  Q.Measured = measuredError(Exact, Chosen.Rounded, Box);
  G = std::move(Chosen.Rounded);
  return Q;
}

Quantization nn2crn::quantize(Graph &G, unsigned Bits, const InputBox &Box,
                              const Linearization &Before) {
  Graph Given = G;
  Rounding R(Given, Before.Units);
  return take(G, R.at(Bits), R, Box, Before);
}

/// The fewest bits up to \p MostBits whose graph is \p Good, or what
/// \p MostBits give.
static RoundedGraph
fewestBits(Rounding &R, unsigned MostBits,
           const std::function<bool(const RoundedGraph &)> &Good) {
  constexpr unsigned LeastBits = 2;
  for (unsigned Bits = LeastBits;; ++Bits) {
    RoundedGraph Tried = R.at(Bits);
    // Fewer than asked for have been tried.
    if (Tried.isExact() || Bits == MostBits ||
        (Tried.Bits == Bits && Good(Tried)))
      return Tried;
  }
}

Quantization nn2crn::quantizeWithin(Graph &G, double Budget, unsigned MostBits,
                                    const InputBox &Box,
                                    const Linearization &Before) {
  Graph Given = G;
  Rounding R(Given, Before.Units);
  RoundedGraph Chosen = fewestBits(R, MostBits, [&](const RoundedGraph &Tried) {
    return errorBound(R.exact(Tried), Tried.Rounded, Box, Before) <= Budget;
  });
  return take(G, std::move(Chosen), R, Box, Before);
}

Quantization
nn2crn::quantizeWhile(Graph &G, const std::function<bool(const Graph &)> &Good,
                      unsigned MostBits, const InputBox &Box,
                      const Linearization &Before) {
  Graph Given = G;
  Rounding R(Given, Before.Units);
  RoundedGraph Chosen = R.at(std::min(MostBits, KeptBits));
  if (!Chosen.isExact())
    Chosen = fewestBits(R, MostBits, [&](const RoundedGraph &Tried) {
      return Good(Tried.Rounded);
    });
  return take(G, std::move(Chosen), R, Box, Before);
}
