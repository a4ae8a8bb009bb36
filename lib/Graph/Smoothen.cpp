//===- Smoothen.cpp -------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Smoothen.h"

#include "Spread.h"
#include "Timed.h"

#include <map>

using namespace nn2crn;

namespace {
class Smoothener {
public:
  Smoothener(const Graph &G, const InputBox &Box,
             const SmoothenOptions &Options)
      : G(G), Inputs(inputSpreads(G, Box)),
        Timed(G, Options.Timed, Options.Timed ? ranges() : Spreads()) {
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
  bool time(NodeId Id, const Spreads &Values, const std::vector<Spread> &In,
            std::vector<Spread> &Out, double Error);

  /// Of all values, without errors.
  Spreads ranges() const;

  const Graph &G;
  Spreads Inputs;
  TimedParts Timed;
  Smoothing Chosen;
  /// By activation, in order; of no use for timed ones.
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
    if (!Seen->Defined) {
      Chosen.Undefined = Interval{Seen->Low, Seen->High};
      return false;
    }
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
      Out[I] = {R.Low, R.High, passedOn(Slope, In[I].Error) + P.Error};
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

/// What becomes of \p In in the model.
static void applyModel(const Node &N, const std::vector<Spread> &In,
                       std::vector<Spread> &Out) {
  for (size_t I = 0; I < Out.size(); ++I)
    if (N.Kind == NodeKind::Relu) {
      Out[I] = positive(In[I]);
    } else {
      auto R = N.Function.range(In[I].Low, In[I].High);
      Out[I] = {R.Low, R.High, In[I].Error};
    }
}

Spreads Smoothener::ranges() const {
  Spreads Values = Inputs;
  propagate(G, Values,
            [&](NodeId Id, bool, const std::vector<Spread> &In,
                std::vector<Spread> &Out) {
              applyModel(G.node(Id), In, Out);
              return true;
            });
  return Values;
}

/// Where an exponential is off by the factor exp(+-\p Off), from a value of at
/// most exp(\p High).
static double exponentialError(double High, double Off) {
  return std::exp(High) * std::expm1(Off);
}

/// Exponents are off by \p Error at most, beside what arrives.
bool Smoothener::time(NodeId Id, const Spreads &Values,
                      const std::vector<Spread> &In, std::vector<Spread> &Out,
                      double Error) {
  const SmoothFunction &F = G.node(Id).Function;
  // Where only an exponential would be too large, half of it may not be.
  constexpr double Largest = 27; // exp of it is below 10^12
  double Slope = 0, Own = 0;
  const SoftmaxStep *Step = Timed.step(Id);
  if (Timed.scores(Id)) {
    // Only quotients matter, which see to the errors.
    applyModel(G.node(Id), In, Out);
    ++Chosen.Activations;
    ++Chosen.Timed;
    Sums.emplace_back();
    return true;
  }
  bool Half = F.Kind == SmoothKind::Sigmoid,
       Bounded = Half || F.Kind == SmoothKind::Tanh;
  if (Bounded) {
    auto Seen = argumentsOf(F, In);
    if (!Seen || std::max(-Seen->Low, Seen->High) > (Half ? 2 : 1) * Largest)
      return false;
    // Both exponents are off, and with them the argument by twice as much, for
    // Sigmoid four times. The steepest slopes are 1/4 and 1.
    Slope = F.lipschitz(Seen->Low, Seen->High);
    Own = Half ? Error / 2 : Error;
  }
  for (size_t I = 0; I < Out.size(); ++I) {
    auto R = F.range(In[I].Low, In[I].High);
    double Off = 0;
    if (Step) {
      // The absolute values in a row of a Softmax's Jacobian add up to at most
      // 1/2.
      const Node &Sum = G.node(G.value(Step->Sums).Producer);
      for (uint32_t K : Sum.Operands[0].Weights.columnsOf(Step->Sum[I]))
        Off = std::max(Off, Timed.argumentError(*Step, K, Id, Values));
      Off = (Off + Error) / 2;
    } else if (Bounded) {
      Off = Slope * In[I].Error + Own;
    } else {
      double High = F.Kind == SmoothKind::ExpBelow ? std::min(In[I].High, 0.0)
                                                   : In[I].High;
      if (!(High + In[I].Error <= Largest) || !(In[I].Low > -1e12))
        return false;
      Off = exponentialError(High, In[I].Error + Error);
      Own = std::max(Own, exponentialError(High, Error));
    }
    Out[I] = {R.Low, R.High, Off};
  }
  ++Chosen.Activations;
  ++Chosen.Timed;
  Chosen.Error = std::max(Chosen.Error, Step ? Error / 2 : Own);
  Sums.emplace_back();
  return true;
}

const Smoothing &Smoothener::choose(double Error) {
  bool Declared = Chosen.Declared;
  Chosen = Smoothing();
  Chosen.Declared = Declared;
  Chosen.LeastSmoothing = HUGE_VAL;
  Chosen.ReluError = Chosen.ExponentError = Error;
  Sums.clear();
  if (Timed.chained()) {
    Chosen.Refused = Timed.chained();
    Chosen.Chained = true;
    Chosen.Bound = HUGE_VAL;
    return Chosen;
  }
  Spreads Values = Inputs;
  NodeId Last;
  bool Fine =
      propagate(G, Values,
                [&](NodeId Id, bool, const std::vector<Spread> &In,
                    std::vector<Spread> &Out) {
                  Last = Id;
                  const Node &N = G.node(Id);
                  if (!Timed.isNeeded(N.Result)) {
                    applyModel(N, In, Out); // Nobody looks, but for intervals.
                    Sums.emplace_back();
                    return true;
                  }
                  return Timed.isTimed(Id) ? time(Id, Values, In, Out, Error)
                                           : activate(N, In, Out, Error);
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
  for (uint32_t At = 0; At < G.nodes().size(); ++At) {
    const Node &N = G.nodes()[At];
    const Value &Result = G.value(N.Result);
    ValueId &Out = New[N.Result.Value];
    bool Activation = N.Kind != NodeKind::Affine;
    Next += Activation;
    if (!Timed.isNeeded(N.Result))
      continue;
    if (const SoftmaxStep *S = Timed.step(NodeId(At))) {
      Out = addStep(To, *S, New[S->Exponentials.Value], New[S->Sums.Value], N,
                    Result);
      continue;
    }
    if (const Scores *S = Timed.scores(NodeId(At))) {
      Out = addShifted(To, *S, New, N, Result);
      continue;
    }
    if (Timed.isTimed(NodeId(At))) {
      Out = addTimed(To, N, New[N.Operands[0].Value.Value], Result);
      continue;
    }
    if (Activation) {
      const SmoothedSum &P = Sums[Next - 1];
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
  // Sums come in sizes, so that the bound grows with the error in steps; and
  // what errors of the inputs make is there however small others are.
  double Error = std::min(Budget, 0.1), Best = Error, Least = HUGE_VAL;
  constexpr unsigned MostStill = 8;
  Smoothing S = Z.choose(Error);
  for (unsigned Still = 0; !S.Refused && S.Bound > Budget;) {
    Still = S.Bound < 0.99 * Least ? 0 : Still + 1;
    if (Still == MostStill)
      break;
    if (S.Bound < Least) {
      Least = S.Bound;
      Best = Error;
    }
    double Less = std::isfinite(S.Bound) ? 0.98 * Budget / S.Bound : 0.1;
    Error *= std::clamp(Less, 0.01, 0.7);
    S = Z.choose(Error);
  }
  if (std::isfinite(Least) && (S.Refused || S.Bound > Budget))
    S = Z.choose(Best);
  return finish(G, Z, S, Box, Options);
}
