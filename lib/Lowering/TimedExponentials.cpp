//===- TimedExponentials.cpp ----------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With a timer T of rate e, the exponent of an exponential is off by
//
//   integral of e T(t) (x(t) - x) dt,   at most e times the lag of x,
//
// the integral of its distance from the limit x. Lags are bounded from the
// inputs on, which have none; docs/rationale/fixed-point.md derives how each
// kind of species adds to them. So the timer's rate follows from the error.
//
//===----------------------------------------------------------------------===//

#include "FixedPointLowering.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;
using namespace nn2crn::fixedpoint;

double FixedPointLowering::lag(const Reading &R) const {
  double Sum = 0;
  for (const Source &From : R.Sources)
    Sum += std::fabs(From.Coefficient) * Bounds[From.Species.Value].Lag;
  return Sum;
}

void FixedPointLowering::addExponentials(NodeId Id) {
  const Node &N = G.node(Id);
  Held &H = Values[N.Result.Value];
  SignalId Signal = signalFor(N, "e", Exps);
  OriginId Origin = originOf(N);
  for (uint32_t I = 0; I < G.value(N.Result).Elements; ++I) {
    Reading R;
    read(N.Operands[0].Value, I, 1, R);
    settle(R);
    OriginId Mine(Origin.Value + I);
    SpeciesId S = E.addSpecies(SpeciesName(Signal, I, railFor(N)), Mine);
    E.setInitial(S, Number(1));
    // As late as the timer is slow.
    bound(S, std::exp(most(R, false) + Timer->Error), HUGE_VAL);
    Exponentials.push_back({S, std::move(R), Mine, Id});
    H.Sources.push_back({S, 1});
    H.endElement();
  }
}

bool FixedPointLowering::addTimer() {
  if (Exponentials.empty())
    return true;
  double Latest = 0;
  for (const Exponential &X : Exponentials) {
    Latest = std::max(Latest, lag(X.Argument));
    if (std::isfinite(Latest))
      continue;
    Diags
        .error(DiagId::UnsupportedOperator, G.locate(G.node(X.Node).Source),
               "an exponential that waits for another timed one, or for "
               "amounts without a bound")
        .note("leave one of them to sums of smoothed ReLUs");
    return false;
  }
  double Rate = Latest > Timer->Error ? Timer->Error / Latest : 1;
  OriginId Origin = E.provenance().addModelNode("timer", 1);
  SpeciesId T = E.addSpecies(SpeciesName(E.freshSignal("timer")), Origin);
  E.setInitial(T, Number(1));
  E.addReaction({{T, 1}}, {}, E.rate(Number(Rate)), Origin);
  for (const Exponential &X : Exponentials) {
    auto Add = [&](std::vector<Term> With, double Coefficient) {
      With.push_back({T, 1});
      std::vector<Term> After = With;
      With.push_back({X.Species, 1});
      if (Coefficient > 0)
        After.push_back({X.Species, 2});
      E.addReaction(With, After, E.rate(Number(Rate * std::fabs(Coefficient))),
                    X.Origin);
    };
    for (const Source &From : X.Argument.Sources)
      Add({{From.Species, 1}}, From.Coefficient);
    if (X.Argument.Constant != 0)
      Add({}, X.Argument.Constant);
  }
  DiagLocation Where;
  Where.File = G.File;
  Diags.remark(DiagId::ApproximatedActivations, std::move(Where),
               std::to_string(Exponentials.size()) +
                   " exponentials are timed: they settle while a timer decays "
                   "with the rate " +
                   formatRounded(Rate, 2) +
                   ", and hold what inputs were from the start");
  return true;
}

/// P with dP/dt = n - d P, for positive sums n and d.
bool FixedPointLowering::addQuotients(NodeId Id) {
  const Node &N = G.node(Id);
  Held &H = Values[N.Result.Value];
  SignalId Signal = signalFor(N, "q", Quotients);
  OriginId Origin = originOf(N);
  for (uint32_t I = 0; I < G.value(N.Result).Elements; ++I) {
    OriginId Mine(Origin.Value + I);
    SpeciesId P = E.addSpecies(SpeciesName(Signal, I, railFor(N)), Mine);
    for (bool Under : {false, true}) {
      const Node::Operand &O = N.Operands[Under];
      Reading R;
      for (size_t K = 0; K < O.Weights.columnsOf(I).size(); ++K)
        read(O.Value, O.Weights.columnsOf(I)[K], O.Weights.weightsOf(I)[K], R);
      settle(R);
      bool Positive = R.Constant == 0;
      for (const Source &From : R.Sources)
        Positive &= From.Coefficient > 0;
      if (!Positive) {
        Diags
            .error(DiagId::UnsupportedOperator, G.locate(N.Source),
                   "expected a quotient of positive sums over species")
            .note("take sums over exponentials only");
        return false;
      }
      for (const Source &From : R.Sources)
        if (Under)
          E.addReaction({{From.Species, 1}, {P, 1}}, {{From.Species, 1}},
                        E.rate(Number(From.Coefficient)), Mine);
        else
          E.addReaction({{From.Species, 1}}, {{From.Species, 1}, {P, 1}},
                        E.rate(Number(From.Coefficient)), Mine);
    }
    bound(P, 1, HUGE_VAL);
    H.Sources.push_back({P, 1});
    H.endElement();
  }
  return true;
}
