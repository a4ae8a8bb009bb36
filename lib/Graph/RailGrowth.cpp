//===- RailGrowth.cpp -----------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/RailGrowth.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

using namespace nn2crn;

namespace {
/// Of one element: each rail, and both together. Bounds or, where an input is
/// given, what there is.
struct Rails {
  double P = 0, N = 0, Both = 0;
};
using RailTable = std::vector<std::vector<Rails>>;

/// The weights of row \p R for the value of operand \p First, added up over all
/// operands that are this value, as its fan-out has one term for them. Sums
/// that are 0 may stand among them.
void addWeights(const Node &N, size_t First, uint32_t R,
                std::vector<std::pair<uint32_t, double>> &Out) {
  Out.clear();
  for (size_t O = First; O < N.Operands.size(); ++O) {
    if (N.Operands[O].Value != N.Operands[First].Value)
      continue;
    const SparseMatrix &W = N.Operands[O].Weights;
    auto Middle = static_cast<ptrdiff_t>(Out.size());
    for (size_t K = 0; K < W.columnsOf(R).size(); ++K)
      Out.emplace_back(W.columnsOf(R)[K], W.weightsOf(R)[K]);
    if (Middle == 0)
      continue;
    std::inplace_merge(Out.begin(), Out.begin() + Middle, Out.end(),
                       [](auto A, auto B) { return A.first < B.first; });
    size_t Kept = 0;
    for (auto [Column, Weight] : Out)
      if (Kept != 0 && Out[Kept - 1].first == Column)
        Out[Kept - 1].second += Weight;
      else
        Out[Kept++] = {Column, Weight};
    Out.resize(Kept);
  }
}

bool standsBefore(const Node &N, size_t Operand) {
  for (size_t O = 0; O < Operand; ++O)
    if (N.Operands[O].Value == N.Operands[Operand].Value)
      return true;
  return false;
}

/// A fan-out carries |w| of each rail, to the other one where w < 0.
std::vector<Rails> carryAffine(const Graph &G, const Node &N,
                               const RailTable &Values) {
  std::vector<Rails> Out(G.value(N.Result).Elements);
  for (size_t I = 0; I < N.Bias.size(); ++I) {
    (N.Bias[I] > 0 ? Out[I].P : Out[I].N) = std::fabs(N.Bias[I]);
    Out[I].Both = std::fabs(N.Bias[I]);
  }
  std::vector<std::pair<uint32_t, double>> Row;
  for (size_t O = 0; O < N.Operands.size(); ++O) {
    if (standsBefore(N, O))
      continue;
    const std::vector<Rails> &In = Values[N.Operands[O].Value.Value];
    for (uint32_t R = 0; R < Out.size(); ++R) {
      addWeights(N, O, R, Row);
      for (auto [Column, Weight] : Row) {
        const Rails &X = In[Column];
        double W = std::fabs(Weight);
        Out[R].P += W * (Weight > 0 ? X.P : X.N);
        Out[R].N += W * (Weight > 0 ? X.N : X.P);
        Out[R].Both += W * X.Both;
      }
    }
  }
  return Out;
}

/// The rails of all values from those of the inputs. A ReLU's positive rail
/// gets all of p, and the negative one min(p, n): where p + n is at most t,
/// p + min(p, n) is at most t too.
void carry(const Graph &G, RailTable &Values) {
  for (const Node &N : G.nodes()) {
    std::vector<Rails> &Out = Values[N.Result.Value];
    if (N.Kind == NodeKind::Affine) {
      Out = carryAffine(G, N, Values);
      continue;
    }
    for (const Rails &Z : Values[N.Operands[0].Value.Value]) {
      double Negative = std::min(Z.P, Z.N);
      Out.push_back({Z.P, Negative, std::min(Z.Both, Z.P + Negative)});
    }
  }
}

/// Rails of the inputs where these are anywhere in the box.
RailTable boundsOf(const Graph &G, const InputBox &Box) {
  RailTable Values(G.values().size());
  for (size_t I = 0; I < G.inputs().size(); ++I) {
    ValueRange R = boxOf(Box, I);
    ValueId V = G.inputs()[I].Value;
    // All of a value is on one rail.
    Rails Most{std::max(R.High, 0.0), std::max(-R.Low, 0.0), 0};
    Most.Both = std::max(Most.P, Most.N);
    Values[V.Value].assign(G.value(V).Elements, Most);
  }
  carry(G, Values);
  return Values;
}

/// Rails of everything for one random input.
RailTable sampleOf(const Graph &G, const InputBox &Box,
                   std::mt19937_64 &Random) {
  RailTable Values(G.values().size());
  auto Inputs = randomInputs(G, Box, Random);
  for (size_t I = 0; I < Inputs.size(); ++I)
    for (double X : Inputs[I])
      Values[G.inputs()[I].Value.Value].push_back(
          {std::max(X, 0.0), std::max(-X, 0.0), std::fabs(X)});
  carry(G, Values);
  return Values;
}

void widen(RailTotals &Into, const RailTotals &By) {
  Into.Bound = std::max(Into.Bound, By.Bound);
  Into.Seen = std::max(Into.Seen, By.Seen);
  Into.Value = std::max(Into.Value, By.Value);
  Into.Amount = std::max(Into.Amount, By.Amount);
}
} // namespace

RailGrowth nn2crn::railGrowth(const Graph &G, const InputBox &Box) {
  auto Scale = carriedScales(G);
  std::vector<RailTotals> Of(G.values().size());
  RailTable Bounds = boundsOf(G, Box);
  for (size_t V = 0; V < Of.size(); ++V)
    for (size_t I = 0; I < Bounds[V].size(); ++I) {
      double Both = Bounds[V][I].Both;
      double Times = Scale ? scaleOf((*Scale)[V], I).toDouble() : 1;
      widen(Of[V], {Both, 0, 0, Both * Times});
    }
  std::mt19937_64 Random(1);
  // Fewer for large graphs: figures for people, not proofs.
  auto Trials =
      static_cast<unsigned>(std::clamp(1e8 / evaluationWork(G), 8.0, 200.0));
  for (; Trials > 0; --Trials) {
    RailTable Sample = sampleOf(G, Box, Random);
    for (size_t V = 0; V < Of.size(); ++V)
      for (const Rails &R : Sample[V])
        widen(Of[V], {0, R.Both, std::fabs(R.P - R.N), 0});
  }
  RailGrowth Growth;
  Growth.Declared = declaresAll(G, Box);
  for (const RailTotals &Each : Of)
    Growth.LargestAmount = std::max(Growth.LargestAmount, Each.Amount);
  for (const Node &N : G.nodes()) {
    RailGrowth::Layer L;
    static_cast<RailTotals &>(L) = Of[N.Result.Value];
    L.Name = G.source(N.Source).describe();
    Growth.Layers.push_back(std::move(L));
  }
  for (const GraphPort &P : G.outputs())
    widen(Growth.Outputs, Of[P.Value.Value]);
  return Growth;
}
