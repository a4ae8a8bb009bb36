//===- Quantize.cpp -------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Quantize.h"

#include "nn2crn/Graph/Evaluate.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <unordered_set>

using namespace nn2crn;

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

/// The scale of a node's result; empty where no step makes its weights integers
/// below 2^Bits. Real weights show that within a few.
static std::optional<Rational>
resultScale(const Node &N, const CarriedScales &Scale, unsigned Bits) {
  Rational Most, Step, Limit(int64_t{1} << Bits);
  bool Integers = true;
  for (const Node::Operand &O : N.Operands) {
    const Rational &From = Scale[O.Value.Value];
    std::unordered_set<double> Seen;
    for (double W : O.Weights.weights()) {
      if (!Seen.insert(std::fabs(W)).second)
        continue;
      Rational Carried = Rational::fromDouble(std::fabs(W)) / From;
      Integers &= Carried.isInteger();
      Step = Step.sign() == 0 ? Carried : commonMeasure(Step, Carried);
      if (Most < Carried)
        Most = Carried;
      if (!(Most < Step * Limit) && !(Integers && Most < Limit))
        return std::nullopt;
    }
  }
  return Integers || Step.sign() == 0 ? Rational(1) : Rational(1) / Step;
}

std::optional<CarriedScales>
nn2crn::integerScales(const Graph &G, unsigned Bits, NodeId *Culprit) {
  CarriedScales Scale(G.values().size(), Rational(1));
  for (size_t I = 0; I < G.nodes().size(); ++I) {
    const Node &N = G.nodes()[I];
    if (N.Kind == NodeKind::Relu) {
      Scale[N.Result.Value] = Scale[N.Operands[0].Value.Value];
      continue;
    }
    auto Found = resultScale(N, Scale, Bits);
    if (!Found) {
      if (Culprit)
        *Culprit = NodeId(static_cast<uint32_t>(I));
      return std::nullopt;
    }
    Scale[N.Result.Value] = *Found;
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

ValueRange boxOf(const InputBox &Box, size_t Input) {
  return Input < Box.size() && Box[Input] ? *Box[Input] : ValueRange();
}

/// The largest error of an output: with v the exact value and v' the rounded
/// one, sum w' v' - sum w v = sum w' (v' - v) + sum (w' - w) v, and a ReLU
/// makes no error larger.
double errorBound(const Graph &Exact, const Graph &Rounded,
                  const InputBox &Box) {
  std::vector<std::vector<Spread>> Values(Exact.values().size());
  for (size_t I = 0; I < Exact.inputs().size(); ++I) {
    ValueRange R = boxOf(Box, I);
    ValueId V = Exact.inputs()[I].Value;
    Values[V.Value].assign(Exact.value(V).Elements, {R.Low, R.High, 0});
  }
  for (size_t At = 0; At < Exact.nodes().size(); ++At) {
    const Node &N = Exact.nodes()[At], &Q = Rounded.nodes()[At];
    std::vector<Spread> Out(Exact.value(N.Result).Elements, {0, 0, 0});
    for (size_t I = 0; I < N.Bias.size(); ++I)
      Out[I].Low = Out[I].High = N.Bias[I];
    for (size_t K = 0; K < N.Operands.size(); ++K) {
      const auto &In = Values[N.Operands[K].Value.Value];
      for (uint32_t R = 0; R < Out.size(); ++R) {
        Spread &S = Out[R];
        if (N.Kind == NodeKind::Relu) {
          S = {std::max(In[R].Low, 0.0), std::max(In[R].High, 0.0),
               In[R].Error};
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
          S.Error += std::fabs(B) * X.Error + std::fabs(B - A) * X.most();
        }
      }
    }
    Values[N.Result.Value] = std::move(Out);
  }
  double Bound = 0;
  for (const GraphPort &P : Exact.outputs())
    for (const Spread &S : Values[P.Value.Value])
      Bound = std::max(Bound, S.Error);
  // What rounding of this computation itself may have lost.
  return Bound * (1 + 1e-9);
}

double measuredError(const Graph &Exact, const Graph &Rounded,
                     const InputBox &Box) {
  std::mt19937_64 Random(1);
  double Most = 0;
  constexpr unsigned Samples = 200;
  // Large models get fewer: this is a figure for people, not a proof.
  double Work = 1;
  for (const Node &N : Exact.nodes())
    for (const Node::Operand &O : N.Operands)
      Work += static_cast<double>(O.Weights.entries());
  auto Trials = static_cast<unsigned>(
      std::clamp(2e8 / Work, 8.0, static_cast<double>(Samples)));
  for (unsigned T = 0; T < Trials; ++T) {
    std::vector<std::vector<double>> Inputs;
    for (size_t I = 0; I < Exact.inputs().size(); ++I) {
      ValueRange R = boxOf(Box, I);
      std::vector<double> X(Exact.value(Exact.inputs()[I].Value).Elements);
      for (double &V : X)
        V = R.Low +
            static_cast<double>(Random() >> 11) * 0x1p-53 * (R.High - R.Low);
      Inputs.push_back(std::move(X));
    }
    auto A = evaluateGraph(Exact, Inputs), B = evaluateGraph(Rounded, Inputs);
    for (size_t I = 0; I < A.size(); ++I)
      for (size_t K = 0; K < A[I].size(); ++K)
        Most = std::max(Most, std::fabs(A[I][K] - B[I][K]));
  }
  return Most;
}

//===----------------------------------------------------------------------===//
// Rounding
//===----------------------------------------------------------------------===//

SparseMatrix rounded(const SparseMatrix &W, double Step) {
  SparseMatrix Out(W.columns());
  Out.reserve(W.rows(), W.entries());
  for (uint32_t R = 0; R < W.rows(); ++R) {
    auto Columns = W.columnsOf(R);
    auto Weights = W.weightsOf(R);
    for (size_t K = 0; K < Columns.size(); ++K)
      Out.add(Columns[K], std::rint(Weights[K] / Step) * Step);
    Out.endRow();
  }
  return Out;
}
} // namespace

namespace nn2crn {
/// Friend of Graph.
void roundWeights(Graph &G, unsigned Bits) {
  for (Node &N : G.Nodes) {
    if (N.Kind != NodeKind::Affine)
      continue;
    double Most = 0;
    for (const Node::Operand &O : N.Operands)
      for (double W : O.Weights.weights())
        Most = std::max(Most, std::fabs(W));
    int Exponent = 0;
    std::frexp(Most, &Exponent); // Most < 2^Exponent
    double Step = std::ldexp(1.0, Exponent - static_cast<int>(Bits) + 1);
    for (Node::Operand &O : N.Operands)
      if (Most != 0)
        O.Weights = rounded(O.Weights, Step);
  }
}
} // namespace nn2crn

static Quantization quantizeCopy(const Graph &Exact, Graph &Out, unsigned Bits,
                                 const InputBox &Box) {
  Quantization Q;
  Q.Bits = Bits;
  for (size_t I = 0; I < Exact.inputs().size(); ++I)
    Q.Declared &= I < Box.size() && Box[I].has_value();
  Out = Exact;
  roundWeights(Out, Bits);
  Q.Bound = errorBound(Exact, Out, Box);
  return Q;
}

Quantization nn2crn::quantize(Graph &G, unsigned Bits, const InputBox &Box) {
  // One bit is the sign.
  if (integerScales(G, Bits - 1)) {
    Quantization Q;
    Q.Bits = Bits;
    Q.Exact = true;
    return Q;
  }
  Graph Exact = std::move(G);
  Quantization Q = quantizeCopy(Exact, G, Bits, Box);
  Q.Measured = measuredError(Exact, G, Box);
  return Q;
}

Quantization nn2crn::quantizeWithin(Graph &G, double Budget, unsigned MostBits,
                                    const InputBox &Box) {
  unsigned Bits = 2;
  for (; Bits < MostBits; ++Bits) {
    if (integerScales(G, Bits - 1))
      break;
    Graph Tried;
    if (quantizeCopy(G, Tried, Bits, Box).Bound <= Budget)
      break;
  }
  return quantize(G, Bits, Box);
}
