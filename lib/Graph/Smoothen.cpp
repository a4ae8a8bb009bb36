//===- Smoothen.cpp -------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Smoothen.h"

#include "Spread.h"

#include <map>

using namespace nn2crn;

namespace {
class Smoothener {
public:
  Smoothener(const Graph &G, const InputBox &Box,
             const SmoothenOptions &Options)
      : G(G), Inputs(inputSpreads(G, Box)) {
    Chosen.Declared = declaresAll(G, Box);
    for (size_t I = 0; I < Options.InputErrors.size(); ++I)
      for (Spread &S : Inputs[G.inputs()[I].Value.Value])
        S.Error = Options.InputErrors[I];
  }

  /// Chooses a sum for every activation and bounds what that does.
  const Smoothing &choose(double Error);
  /// The graph with what was chosen, but for ReLUs where those are kept.
  Graph replaced(bool KeepRelus) const;

private:
  struct Known {
    SmoothFunction F;
    Interval On;
    double Error;
    std::optional<SmoothedSum> P;
  };
  const SmoothedSum *fit(const SmoothFunction &F, Interval On, double Error);
  bool activate(const Node &N, const std::vector<Spread> &In,
                std::vector<Spread> &Out, double Error);

  const Graph &G;
  Spreads Inputs;
  Smoothing Chosen;
  /// By activation, in order.
  std::vector<SmoothedSum> Sums;
  /// Activations of one kind on one interval share their sum.
  std::vector<Known> Fits;
};
} // namespace

const SmoothedSum *Smoothener::fit(const SmoothFunction &F, Interval On,
                                   double Error) {
  for (const Known &K : Fits)
    if (K.F == F && K.On == On && K.Error == Error)
      return K.P ? &*K.P : nullptr;
  Fits.push_back({F, On, Error, smoothedWithin(F, On, Error)});
  return Fits.back().P ? &*Fits.back().P : nullptr;
}

bool Smoothener::activate(const Node &N, const std::vector<Spread> &In,
                          std::vector<Spread> &Out, double Error) {
  SmoothedSum P;
  if (N.Kind == NodeKind::Relu) {
    P = smoothedRelu(Error);
    for (size_t I = 0; I < Out.size(); ++I) {
      Out[I] = positive(In[I]);
      Out[I].Error += Error;
    }
  } else {
    SmoothFunction F = N.Function;
    auto Seen = argumentsOf(F, In);
    if (!Seen)
      return false;
    // On the whole line where that is possible: what few units there are know
    // the asymptotes anyway, and results are sane for all inputs.
    Interval On{F.ray(false) ? -HUGE_VAL : Seen->Low,
                F.ray(true) ? HUGE_VAL : Seen->High};
    double Off = 0;
    for (const Spread &S : In)
      Off = std::max(Off, S.Error);
    // What a Softmax promises of these is not in the intervals.
    if (F.Kind == SmoothKind::ExpBelow) {
      F.Kind = SmoothKind::Exp;
      On.High = Off;
    } else if (F.Kind == SmoothKind::LogAbove) {
      On.Low = 1;
    }
    const SmoothedSum *Found = fit(F, On, Error * Seen->Value);
    if (!Found)
      return false;
    P = *Found;
    double Slope = N.Function.lipschitz(Seen->Low, Seen->High);
    if (F.Kind == SmoothKind::Exp && F != N.Function)
      Slope = std::exp(Off);
    if (F.Kind == SmoothKind::LogAbove)
      // Below 1, where arguments may be by their errors, the sum goes on.
      Slope = std::max(Slope,
                       std::fabs(P.slope(1)) + Off * P.curvature(1 - Off, 1));
    for (size_t I = 0; I < Out.size(); ++I) {
      auto R = N.Function.range(In[I].Low, In[I].High);
      Out[I] = {R.Low, R.High, Slope * In[I].Error + P.Error};
    }
  }
  ++Chosen.Activations;
  Chosen.Units = std::max(Chosen.Units, static_cast<unsigned>(P.Units.size()));
  Chosen.Error = std::max(Chosen.Error, P.Error);
  for (const SmoothedSum::Unit &U : P.Units)
    Chosen.LeastSmoothing =
        std::min<double>(Chosen.LeastSmoothing, U.Smoothing);
  Sums.push_back(std::move(P));
  return true;
}

const Smoothing &Smoothener::choose(double Error) {
  bool Declared = Chosen.Declared;
  Chosen = Smoothing();
  Chosen.Declared = Declared;
  Chosen.LeastSmoothing = HUGE_VAL;
  Chosen.ReluError = Error;
  Sums.clear();
  Spreads Values = Inputs;
  NodeId Last;
  bool Fine = propagate(G, Values,
                        [&](NodeId Id, bool, const std::vector<Spread> &In,
                            std::vector<Spread> &Out) {
                          Last = Id;
                          return activate(G.node(Id), In, Out, Error);
                        });
  if (!Fine)
    Chosen.Refused = Last;
  Chosen.Bound = Fine ? outputError(G, Values) : HUGE_VAL;
  return Chosen;
}

/// Adds what computes \p P of \p From, element by element, under the name of
/// \p Was.
static ValueId addSum(Graph &To, const SmoothedSum &P, ValueId From,
                      const Value &Was, SourceId Source) {
  auto Smoothed = [](float H) {
    return SmoothFunction{SmoothKind::SmoothedRelu, H, 1};
  };
  if (P.Offset == 0 && P.Slope == 0 && P.Units.size() == 1 &&
      P.Units[0].At == 0 && P.Units[0].Change == 1)
    return To.addSmooth(Was.Name, From, Smoothed(P.Units[0].Smoothing), Source);
  std::vector<Node::Operand> Sum;
  if (P.Slope != 0) {
    SparseMatrix W(Was.Elements);
    for (uint32_t I = 0; I < Was.Elements; ++I) {
      W.add(I, P.Slope);
      W.endRow();
    }
    Sum.push_back({From, std::move(W), Source});
  }
  // Units of one smoothing make one node.
  std::map<float, std::vector<SmoothedSum::Unit>> Groups;
  for (const SmoothedSum::Unit &U : P.Units)
    Groups[U.Smoothing].push_back(U);
  for (const auto &[H, Units] : Groups) {
    auto Each = static_cast<uint32_t>(Units.size());
    uint32_t All = Was.Elements * Each;
    SparseMatrix Copies(Was.Elements), Changes(All);
    std::vector<double> Shifts;
    for (uint32_t I = 0; I < Was.Elements; ++I) {
      for (uint32_t K = 0; K < Each; ++K) {
        Copies.add(I, 1);
        Copies.endRow();
        Shifts.push_back(-Units[K].At);
        Changes.add(I * Each + K, Units[K].Change);
      }
      Changes.endRow();
    }
    std::vector<Node::Operand> Shifted;
    Shifted.push_back({From, std::move(Copies), Source});
    ValueId V = To.addAffine(Was.Name + "_shifted", {static_cast<int64_t>(All)},
                             std::move(Shifted), std::move(Shifts), Source);
    V = To.addSmooth(Was.Name + "_units", V, Smoothed(H), Source);
    Sum.push_back({V, std::move(Changes), Source});
  }
  std::vector<double> Offset;
  if (P.Offset != 0)
    Offset.assign(Was.Elements, P.Offset);
  return To.addAffine(Was.Name, Was.Shape, std::move(Sum), std::move(Offset),
                      Source);
}

Graph Smoothener::replaced(bool KeepRelus) const {
  Graph To;
  To.Name = G.Name;
  To.File = G.File;
  for (const NodeSource &S : G.sources())
    To.addSource(S);
  std::vector<ValueId> New(G.values().size());
  for (const GraphPort &P : G.inputs())
    New[P.Value.Value] = To.addInput(P.Name, P.Shape);
  size_t Next = 0;
  for (const Node &N : G.nodes()) {
    const Value &Result = G.value(N.Result);
    ValueId &Out = New[N.Result.Value];
    if (N.Kind != NodeKind::Affine) {
      const SmoothedSum &P = Sums[Next++];
      ValueId From = New[N.Operands[0].Value.Value];
      Out = N.Kind == NodeKind::Relu && KeepRelus
                ? To.addRelu(Result.Name, From, N.Source)
                : addSum(To, P, From, Result, N.Source);
      continue;
    }
    std::vector<Node::Operand> Operands = N.Operands;
    for (Node::Operand &O : Operands)
      O.Value = New[O.Value.Value];
    Out = To.addAffine(Result.Name, Result.Shape, std::move(Operands), N.Bias,
                       N.Source);
  }
  for (const GraphPort &P : G.outputs())
    To.addOutput(P.Name, New[P.Value.Value], P.Shape, P.Meaning,
                 P.Scores.isValid() ? New[P.Scores.Value] : ValueId());
  return To;
}

static Smoothing finish(Graph &G, const Smoothener &Z, Smoothing S,
                        const InputBox &Box, const SmoothenOptions &Options) {
  if (S.Refused)
    return S;
  Graph Smoothed = Z.replaced(false);
  S.Measured = measuredError(G, Smoothed, Box);
  G = Options.KeepRelus ? Z.replaced(true) : std::move(Smoothed);
  return S;
}

Smoothing nn2crn::smoothenWithError(Graph &G, double Error, const InputBox &Box,
                                    const SmoothenOptions &Options) {
  Smoothener Z(G, Box, Options);
  Smoothing S = Z.choose(Error);
  return finish(G, Z, S, Box, Options);
}

Smoothing nn2crn::smoothenWithin(Graph &G, double Budget, const InputBox &Box,
                                 const SmoothenOptions &Options) {
  Smoothener Z(G, Box, Options);
  // Sums come in sizes, so that the bound grows with the error in steps.
  double Error = std::min(Budget, 0.1);
  Smoothing S;
  for (int Try = 0; Try < 40; ++Try) {
    S = Z.choose(Error);
    if (S.Refused || S.Bound <= Budget)
      break;
    double Less = std::isfinite(S.Bound) ? 0.98 * Budget / S.Bound : 0.1;
    Error *= std::clamp(Less, 0.01, 0.7);
  }
  return finish(G, Z, S, Box, Options);
}
