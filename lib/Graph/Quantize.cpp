//===- Quantize.cpp -------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Quantize.h"

#include "PartTable.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
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
// Bounds
//===----------------------------------------------------------------------===//

namespace {
/// What an element may be, and how far a quantised graph may be from it.
struct Spread {
  double Low, High, Error;
  double most() const { return std::max(std::fabs(Low), std::fabs(High)); }
};

/// Activations that were approximated, by the ValueId of their result; null for
/// all else.
using UnitTable = std::vector<const PiecewiseUnit *>;
UnitTable tableOf(const Graph &G, std::span<const PiecewiseUnit> Units) {
  UnitTable Out(G.values().size());
  for (const PiecewiseUnit &U : Units)
    Out[U.Result.Value] = &U;
  return Out;
}

/// True where only the last sum of \p U was rounded, if anything.
bool keepsPieces(const Graph &Exact, const Graph &Rounded,
                 const PiecewiseUnit &U) {
  if (!U.Shifted.isValid())
    return true;
  auto Weights = [&](const Graph &G) {
    return G.node(G.value(U.Shifted).Producer).Operands[0].Weights.weights();
  };
  return std::ranges::equal(Weights(Exact), Weights(Rounded));
}

/// Bounds what rounding moves, value by value.
class ErrorBound {
public:
  ErrorBound(const Graph &Exact, const Graph &Rounded, const Linearization &L)
      : Exact(Exact), Rounded(Rounded), L(L), UnitOf(tableOf(Exact, L.Units)),
        PartOf(Exact), Entering(Exact.parts().size()),
        Left(Exact.parts().size()) {}

  double run(const InputBox &Box);

private:
  using Spreads = std::vector<Spread>;
  using Operands = std::function<const Spreads &(ValueId)>;
  Spreads spreadsOf(size_t At, const Operands &In, bool *Proven = nullptr);
  void partNode(size_t At, uint32_t Part, Spreads &Out);
  /// Beyond what the approximated graph has, the model's own values too.
  double slackOf(const PiecewiseUnit &U) const {
    return L.Parts.empty() ? 0 : U.Function.Error;
  }

  const Graph &Exact, &Rounded;
  const Linearization &L;
  UnitTable UnitOf;
  PartTable PartOf;
  std::vector<Spreads> Values, Inside, Entering;
  /// Parts whose values leave what their activations are proven for.
  std::vector<bool> Left;
};
} // namespace

/// With v the exact value and v' the rounded one, sum w' v' - sum w v = sum w'
/// (v' - v) + sum (w' - w) v, and a ReLU makes no error larger. Nor does an
/// approximated activation by more than its steepest slope, which is far less
/// than the sum over its ReLUs. \p Proven becomes false where an activation
/// sees what it is not proven for.
ErrorBound::Spreads ErrorBound::spreadsOf(size_t At, const Operands &ValueOf,
                                          bool *Proven) {
  const Node &N = Exact.nodes()[At], &Q = Rounded.nodes()[At];
  Spreads Out(Exact.value(N.Result).Elements, {0, 0, 0});
  const PiecewiseUnit *U = UnitOf[N.Result.Value];
  if (U && !keepsPieces(Exact, Rounded, *U))
    U = nullptr;
  std::vector<double> OfWeights(U ? Out.size() : 0);
  for (size_t I = 0; I < N.Bias.size(); ++I)
    Out[I].Low = Out[I].High = N.Bias[I];
  for (size_t K = 0; K < N.Operands.size(); ++K) {
    const Spreads &In = ValueOf(N.Operands[K].Value);
    for (uint32_t R = 0; R < Out.size(); ++R) {
      Spread &S = Out[R];
      if (N.Kind == NodeKind::Relu) {
        S = {std::max(In[R].Low, 0.0), std::max(In[R].High, 0.0), In[R].Error};
        continue;
      }
      const SparseMatrix &W = N.Operands[K].Weights,
                         &WQ = Q.Operands[K].Weights;
      auto Columns = W.columnsOf(R), ColumnsQ = WQ.columnsOf(R);
      // Weights that round to 0 are not kept.
      for (size_t J = 0, JQ = 0; J < Columns.size(); ++J) {
        bool Kept = JQ < ColumnsQ.size() && ColumnsQ[JQ] == Columns[J];
        double A = W.weightsOf(R)[J], B = Kept ? WQ.weightsOf(R)[JQ++] : 0;
        const Spread &X = In[Columns[J]];
        S.Low += A * (A > 0 ? X.Low : X.High);
        S.High += A * (A > 0 ? X.High : X.Low);
        double Rounding = std::fabs(B - A) * X.most();
        S.Error += std::fabs(B) * X.Error + Rounding;
        if (U)
          OfWeights[R] += Rounding + std::fabs(B - A) * X.Error;
      }
    }
  }
  if (const PiecewiseUnit *Any = UnitOf[N.Result.Value]; Any && Proven)
    for (const Spread &X : ValueOf(Any->From))
      *Proven &=
          X.Low - X.Error >= Any->On.Low && X.High + X.Error <= Any->On.High;
  for (uint32_t R = 0; U && R < Out.size(); ++R) {
    const Spread &X = ValueOf(U->From)[R];
    auto Range = U->Function.range(X.Low, X.High);
    Out[R] = {std::max(Out[R].Low, Range.Low) - slackOf(*U),
              std::min(Out[R].High, Range.High) + slackOf(*U),
              std::min(Out[R].Error,
                       OfWeights[R] + U->Function.steepest() * X.Error)};
  }
  return Out;
}

/// A part by itself, from the values that really enter it: what its own weights
/// move, plus what moves what enters it, times its slope. \p Out is what is
/// known without that.
void ErrorBound::partNode(size_t At, uint32_t Part, Spreads &Out) {
  const GraphPart &P = Exact.parts()[Part];
  Spreads &In = Entering[Part];
  double Arriving = 0;
  for (const Spread &S : Values[P.From.Value])
    Arriving = std::max(Arriving, S.Error);
  if (In.empty())
    for (const Spread &S : Values[P.From.Value]) {
      double Away = L.Parts[Part].Arriving + Arriving;
      In.push_back({S.Low - Away, S.High + Away, 0});
    }
  bool Proven = true;
  Spreads Own = spreadsOf(
      At,
      [&](ValueId V) -> const Spreads & {
        return V == P.From ? In : Inside[V.Value];
      },
      &Proven);
  if (!Proven)
    Left[Part] = true;
  if (Exact.nodes()[At].Result == P.To && !Left[Part])
    for (size_t I = 0; I < Out.size(); ++I)
      Out[I].Error = std::min(Out[I].Error, Own[I].Error + P.Slope * Arriving);
  Inside[Exact.nodes()[At].Result.Value] = std::move(Own);
}

double ErrorBound::run(const InputBox &Box) {
  Values.resize(Exact.values().size());
  Inside.resize(Exact.values().size());
  for (size_t I = 0; I < Exact.inputs().size(); ++I) {
    ValueRange R = boxOf(Box, I);
    ValueId V = Exact.inputs()[I].Value;
    Values[V.Value].assign(Exact.value(V).Elements, {R.Low, R.High, 0});
  }
  for (size_t At = 0; At < Exact.nodes().size(); ++At) {
    Spreads Out = spreadsOf(
        At, [&](ValueId V) -> const Spreads & { return Values[V.Value]; });
    uint32_t Part = PartOf[At];
    if (Part < L.Parts.size() && std::isfinite(L.Parts[Part].Own))
      partNode(At, Part, Out);
    Values[Exact.nodes()[At].Result.Value] = std::move(Out);
  }
  double Bound = 0;
  for (const GraphPort &P : Exact.outputs())
    for (const Spread &S : Values[P.bounded().Value])
      Bound = std::max(Bound, S.Error);
  // What rounding of this computation itself may have lost.
  return Bound * (1 + 1e-9);
}

/// The largest error of an output.
static double errorBound(const Graph &Exact, const Graph &Rounded,
                         const InputBox &Box, const Linearization &L) {
  return ErrorBound(Exact, Rounded, L).run(Box);
}

//===----------------------------------------------------------------------===//
// Rounding
//===----------------------------------------------------------------------===//

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
    for (Node &N : G.Nodes) {
      if (N.Kind != NodeKind::Affine || Fixed[N.Result.Value])
        continue;
      double Most = 0, Unit = 0;
      for (const Node::Operand &O : N.Operands)
        for (double W : O.Weights.weights()) {
          Most = std::max(Most, std::fabs(W));
          double Mine = lowestBit(W);
          Unit = Unit == 0 ? Mine : std::min(Unit, Mine);
        }
      if (Most == 0 || Most <= Unit * Steps)
        continue;
      double Step = stepFor(Most, Steps, Meets);
      for (Node::Operand &O : N.Operands)
        O.Weights = rounded(O.Weights, Step, Steps);
    }
  }

private:
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
  /// The largest power of two that \p W, which is not 0, is a multiple of.
  static double lowestBit(double W) {
    int Exponent = 0;
    auto Digits = static_cast<int64_t>(
        std::ldexp(std::frexp(std::fabs(W), &Exponent), 53));
    return std::ldexp(static_cast<double>(Digits & -Digits), Exponent - 53);
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

Quantization nn2crn::quantize(Graph &G, unsigned Bits, const InputBox &Box,
                              const Linearization &Before) {
  std::span<const PiecewiseUnit> Units = Before.Units;
  Quantization Q;
  constexpr unsigned SmallBits = 8; // 128 steps either way
  constexpr unsigned LeastBits = 2;
  // One bit is the sign.
  std::optional<Graph> Small;
  Q.Exact = integerScales(G, Bits - 1).has_value();
  if (!Q.Exact && Bits >= SmallBits) {
    Small = snapped(G);
    Q.Exact = Small && sameWeights(G, *Small);
  }
  if (Q.Exact)
    return Q;
  // What is known of approximated activations holds of values as they are.
  if (!Small && Units.empty())
    balanceScales(G);
  Graph Exact = G;
  if (Small) {
    G = std::move(*Small);
    Q.Bits = SmallBits;
  } else {
    // Where values of different layers are added, steps multiply up.
    for (Q.Bits = Bits;; --Q.Bits) {
      G = Exact;
      WeightRounder::round(G, Q.Bits, Units);
      if (Q.Bits <= LeastBits || integerScales(G, MostIntegerBits))
        break;
    }
  }
  Q.Declared = declaresAll(G, Box);
  Q.Bound = errorBound(Exact, G, Box, Before);
  Q.Measured = measuredError(Exact, G, Box);
  return Q;
}

Quantization nn2crn::quantizeWithin(Graph &G, double Budget, unsigned MostBits,
                                    const InputBox &Box,
                                    const Linearization &Before) {
  std::span<const PiecewiseUnit> Units = Before.Units;
  unsigned Bits = 2;
  Graph Balanced = G;
  // What is known of approximated activations holds of values as they are.
  if (Units.empty())
    balanceScales(Balanced);
  for (; Bits < MostBits; ++Bits) {
    // One bit is the sign.
    if (integerScales(G, Bits - 1))
      break;
    Graph Tried = Balanced;
    WeightRounder::round(Tried, Bits, Units);
    if (errorBound(Balanced, Tried, Box, Before) <= Budget)
      break;
  }
  return quantize(G, Bits, Box, Before);
}
