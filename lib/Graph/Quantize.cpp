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
#include <climits>
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

/// 2 to each of \p Exponents; one for all where they are alike.
static std::vector<Rational> powersOfTwo(std::span<const int> Exponents) {
  bool Alike = std::ranges::adjacent_find(Exponents, std::not_equal_to()) ==
               Exponents.end();
  std::vector<Rational> Out;
  for (int E : Alike ? Exponents.first(std::min<size_t>(Exponents.size(), 1))
                     : Exponents)
    // More than lowerings take, and still doubles.
    Out.push_back(
        Rational::fromDouble(std::ldexp(1, std::clamp(E, -1000, 1000))));
  if (Out.empty())
    Out.emplace_back(1);
  return Out;
}

/// The exponents of the scales of \p In.
static std::vector<int> exponentsOf(const Graph &G, const GraphPort &In) {
  std::vector<int> Out(G.value(In.Value).Elements);
  for (size_t I = 0; I < In.Halvings.size(); ++I)
    Out[I] = -In.Halvings[I];
  return Out;
}

std::optional<CarriedScales>
nn2crn::integerScales(const Graph &G, unsigned Bits, NodeId *Culprit) {
  CarriedScales Scale(G.values().size(), {Rational(1)});
  for (const GraphPort &In : G.inputs())
    Scale[In.Value.Value] = powersOfTwo(exponentsOf(G, In));
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

/// The exponent of the largest power of two of which all weights of row \p R,
/// as carried, are multiples; \p Exponents are those of the operands' scales,
/// by value and element. Empty where the row's weights of an operand, as they
/// are, need more than MostIntegerBits.
static std::optional<int>
powerOfTwo(const Node &N, uint32_t R,
           const std::vector<std::vector<int>> &Exponents) {
  int Out = INT_MAX;
  for (const Node::Operand &O : N.Operands) {
    double Most = 0, Unit = HUGE_VAL;
    auto Columns = O.Weights.columnsOf(R);
    auto Weights = O.Weights.weightsOf(R);
    for (size_t K = 0; K < Columns.size(); ++K) {
      double Low = lowestBit(Weights[K]);
      Most = std::max(Most, std::fabs(Weights[K]));
      Unit = std::min(Unit, Low);
      Out =
          std::min(Out, std::ilogb(Low) - Exponents[O.Value.Value][Columns[K]]);
    }
    if (Most >= std::ldexp(Unit, MostIntegerBits))
      return std::nullopt;
  }
  return Out == INT_MAX ? 0 : Out;
}

std::optional<CarriedScales> nn2crn::carriedScales(const Graph &G,
                                                   NodeId *Culprit) {
  if (auto Small = integerScales(G, MostIntegerBits, Culprit))
    return Small;
  // By value and element. Powers of two go into each other.
  std::vector<std::vector<int>> Exponents;
  for (const Value &V : G.values())
    Exponents.emplace_back(V.Elements);
  for (const GraphPort &In : G.inputs())
    Exponents[In.Value.Value] = exponentsOf(G, In);
  for (size_t I = 0; I < G.nodes().size(); ++I) {
    const Node &N = G.nodes()[I];
    std::vector<int> &Out = Exponents[N.Result.Value];
    if (N.Kind == NodeKind::Relu) {
      Out = Exponents[N.Operands[0].Value.Value];
      continue;
    }
    for (uint32_t R = 0; R < Out.size(); ++R) {
      auto Step = powerOfTwo(N, R, Exponents);
      if (!Step) {
        if (Culprit)
          *Culprit = NodeId(static_cast<uint32_t>(I));
        return std::nullopt;
      }
      Out[R] = -*Step;
    }
  }
  CarriedScales Scale;
  for (const std::vector<int> &Of : Exponents)
    Scale.push_back(powersOfTwo(Of));
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
