//===- Rounding.cpp - Graphs with rounded weights -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Rounding.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

double nn2crn::lowestBit(double W) {
  int Exponent = 0;
  auto Digits =
      static_cast<int64_t>(std::ldexp(std::frexp(std::fabs(W), &Exponent), 53));
  return std::ldexp(static_cast<double>(Digits & -Digits), Exponent - 53);
}

namespace {
/// The nearest multiples of \p Step, of at most \p Most steps, but that each
/// row keeps its sum as far as the other neighbour of some weights allows: what
/// flows is mostly of one sign (a ReLU's result, a picture), and errors that
/// all go one way add up there.
SparseMatrix rounded(const SparseMatrix &W, double Step, double Most) {
  SparseMatrix Out(W.columns());
  Out.reserve(W.rows(), W.entries());
  std::vector<double> Steps;
  std::vector<size_t> Order;
  for (uint32_t R = 0; R < W.rows(); ++R) {
    auto Columns = W.columnsOf(R);
    auto Weights = W.weightsOf(R);
    Steps.resize(Columns.size());
    double Excess = 0;
    for (size_t K = 0; K < Columns.size(); ++K) {
      Steps[K] = std::rint(Weights[K] / Step);
      Excess += Steps[K] - Weights[K] / Step;
    }
    auto Error = [&](size_t K) { return Steps[K] - Weights[K] / Step; };
    auto Moves = static_cast<size_t>(std::fabs(std::rint(Excess)));
    if (Moves != 0) {
      double Way = Excess > 0 ? -1 : 1;
      Order.clear();
      // A zero stays one: sparsity is worth more.
      for (size_t K = 0; K < Steps.size(); ++K)
        if (Steps[K] != 0 && std::fabs(Steps[K] + Way) <= Most)
          Order.push_back(K);
      Moves = std::min(Moves, Order.size());
      std::ranges::nth_element(Order,
                               Order.begin() + static_cast<ptrdiff_t>(Moves),
                               {}, [&](size_t K) { return Error(K) * Way; });
      for (size_t I = 0; I < Moves; ++I)
        Steps[Order[I]] += Way;
    }
    for (size_t K = 0; K < Columns.size(); ++K)
      Out.add(Columns[K], Steps[K] * Step);
    Out.endRow();
  }
  return Out;
}

/// A step of which \p Most is at most \p Steps: any number where values of one
/// layer go into one layer only, since then all its weights share it; a power
/// of two where they meet values of others.
double stepFor(double Most, double Steps, bool Meets) {
  if (Meets)
    return std::exp2(std::ceil(std::log2(Most / Steps)));
  // Of few bits, so that multiples of it are doubles and proofs need no large
  // numbers.
  constexpr int Bits = 8;
  int Exponent = 0;
  double Leading = std::frexp(Most / Steps, &Exponent);
  return std::ldexp(std::ceil(std::ldexp(Leading, Bits)), Exponent - Bits);
}
} // namespace

namespace {
/// A number s of which all weights of the row are integer multiples, small and
/// but for the rounding of single precision; 0 where there is none. Of s only
/// the \p Bits leading bits are kept.
double smallStep(std::span<const double> Row, int Bits) {
  constexpr double MostSteps = 128, Slack = 0x1p-22;
  double Least = HUGE_VAL;
  for (double W : Row)
    Least = std::min(Least, std::fabs(W));
  if (!std::isfinite(Least))
    return 0;
  for (double Divisor = 1; Divisor <= 16; ++Divisor) {
    double Step = Least / Divisor;
    // The largest multiple tells the step best.
    double Best = 0, Most = 0;
    bool Fits = std::ranges::all_of(Row, [&](double W) {
      double Steps = std::rint(std::fabs(W) / Step);
      if (Steps > Most) {
        Most = Steps;
        Best = std::fabs(W) / Steps;
      }
      return Steps <= MostSteps && std::fabs(std::fabs(W) - Steps * Step) <=
                                       Slack * std::fabs(W) * Divisor;
    });
    if (!Fits)
      continue;
    int Exponent = 0;
    double Leading = std::frexp(Best, &Exponent);
    return std::ldexp(std::rint(std::ldexp(Leading, Bits)), Exponent - Bits);
  }
  return 0;
}
} // namespace

namespace nn2crn {
/// Friend of Graph. Makes each row of small integers times a step, but for
/// rounding, just that. False where a row is not.
bool snapWeights(Graph &G, int Bits) {
  for (Node &N : G.Nodes) {
    if (N.Kind != NodeKind::Affine)
      continue;
    for (Node::Operand &O : N.Operands) {
      SparseMatrix Out(O.Weights.columns());
      Out.reserve(O.Weights.rows(), O.Weights.entries());
      for (uint32_t R = 0; R < O.Weights.rows(); ++R) {
        auto Row = O.Weights.weightsOf(R);
        double Step = Row.empty() ? 1 : smallStep(Row, Bits);
        if (Step == 0)
          return false;
        for (size_t K = 0; K < Row.size(); ++K)
          Out.add(O.Weights.columnsOf(R)[K], std::rint(Row[K] / Step) * Step);
        Out.endRow();
      }
      O.Weights = std::move(Out);
    }
  }
  return true;
}

/// Friend of Graph.
class WeightRounder {
public:
  static void round(Graph &G, unsigned Bits,
                    std::span<const PiecewiseUnit> Units) {
    UnitTable UnitOf = tableOf(G, Units);
    // Both operands of an approximated activation are carried alike.
    bool Meets = std::ranges::any_of(G.Nodes, [&](const Node &N) {
      return N.Operands.size() > 1 && !UnitOf[N.Result.Value];
    });
    double Steps = std::exp2(Bits - 1) - 1; // One bit is the sign.
    std::vector<bool> Fixed = afterScores(G);
    // Weights of inputs are rounded as they are carried.
    auto Carry = [&](Node &N, int Sign) {
      for (Node::Operand &O : N.Operands)
        for (const GraphPort &In : G.Inputs) {
          if (O.Value != In.Value || In.Halvings.empty())
            continue;
          std::vector<double> Factors;
          for (int H : In.Halvings)
            Factors.push_back(std::ldexp(1, Sign * H));
          O.Weights = O.Weights.withColumnsTimes(Factors);
        }
    };
    for (Node &N : G.Nodes) {
      if (N.Kind != NodeKind::Affine || Fixed[N.Result.Value])
        continue;
      Carry(N, 1);
      roundLayer(N, Steps, Meets);
      Carry(N, -1);
    }
  }

private:
  static void roundLayer(Node &N, double Steps, bool Meets) {
    double Most = 0, Unit = 0;
    for (const Node::Operand &O : N.Operands)
      for (double W : O.Weights.weights()) {
        Most = std::max(Most, std::fabs(W));
        double Mine = lowestBit(W);
        Unit = Unit == 0 ? Mine : std::min(Unit, Mine);
      }
    if (Most == 0 || Most <= Unit * Steps)
      return;
    double Step = stepFor(Most, Steps, Meets);
    for (Node::Operand &O : N.Operands)
      O.Weights = rounded(O.Weights, Step, Steps);
  }

  /// By value: what makes an index of scores. Its weights are powers of two and
  /// indices, and others would make other classes, which no bound speaks of.
  static std::vector<bool> afterScores(const Graph &G) {
    std::vector<bool> Out(G.Values.size());
    for (const GraphPort &P : G.Outputs) {
      if (!P.Scores.isValid())
        continue;
      std::vector<ValueId> Work{P.Value};
      while (!Work.empty()) {
        ValueId V = Work.back();
        Work.pop_back();
        NodeId From = G.value(V).Producer;
        if (V == P.Scores || Out[V.Value] || !From.isValid())
          continue;
        Out[V.Value] = true;
        for (const Node::Operand &O : G.node(From).Operands)
          Work.push_back(O.Value);
      }
    }
    return Out;
  }
};
} // namespace nn2crn

/// A copy of \p Exact with small integers times a step a row, where its weights
/// are such but for rounding, and the steps go into each other.
static std::optional<Graph> snapped(const Graph &Exact) {
  for (int Bits : {24, 20, 16}) {
    Graph Tried = Exact;
    if (!snapWeights(Tried, Bits))
      return std::nullopt;
    if (integerScales(Tried, MostIntegerBits))
      return Tried;
  }
  return std::nullopt;
}

static bool sameWeights(const Graph &A, const Graph &B) {
  return std::ranges::equal(
      A.nodes(), B.nodes(), [](const auto &X, const auto &Y) {
        return std::ranges::equal(
            X.Operands, Y.Operands, [](const auto &U, const auto &V) {
              return std::ranges::equal(U.Weights.weights(),
                                        V.Weights.weights());
            });
      });
}

void Rounding::prepare() {
  if (Prepared)
    return;
  Prepared = true;
  Small = snapped(G);
  constexpr unsigned MostSmallBits = 8; // 128 steps either way
  if (Small)
    for (SmallBits = 2; SmallBits < MostSmallBits; ++SmallBits)
      if (integerScales(*Small, SmallBits - 1))
        break;
  Balanced = G;
  balanceInputs(Balanced);
  // What is known of approximated activations holds of values as they are.
  if (Units.empty())
    balanceScales(Balanced);
}

RoundedGraph Rounding::at(unsigned Bits) {
  // One bit is the sign.
  if (integerScales(G, Bits - 1))
    return {G, 0};
  prepare();
  if (Small && Bits >= SmallBits)
    return {*Small, sameWeights(G, *Small) ? 0 : SmallBits};
  RoundedGraph R{Balanced, Bits};
  WeightRounder::round(R.Rounded, Bits, Units);
  if (sameWeights(Balanced, R.Rounded) && carriedScales(G))
    R.Bits = 0;
  return R;
}

const Graph &Rounding::exact(const RoundedGraph &R) const {
  return R.isExact() || (Small && R.Bits >= SmallBits) ? G : Balanced;
}
