//===- Simulate.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Simulation/Simulate.h"
#include "Session.h"

#include <algorithm>
#include <chrono>
#include <cmath>

using namespace nn2crn;

std::string_view nn2crn::methodName(SimulationMethod M) {
  switch (M) {
  case SimulationMethod::Auto:
    return "auto";
  case SimulationMethod::Equilibrium:
    return "equilibrium";
  case SimulationMethod::Ode:
    return "ode";
  }
  return "";
}

std::string_view nn2crn::limitName(LimitKind K) {
  switch (K) {
  case LimitKind::Unknown:
    return "unknown";
  case LimitKind::Unique:
    return "unique";
  case LimitKind::Differences:
    return "differences";
  case LimitKind::Stable:
    return "stable";
  }
  return "";
}

/// Why the limit of readings is, or is not, certain.
static std::string explainLimit(const Session &S) {
  const Network &Net = S.network();
  const Certainty &C = S.certainty();
  // Where only some species lack a fixed point, they are what to talk about.
  if (!S.isRateIndependent() && S.stable().Fixed > 0)
    return explainStableLimit(Net, S.stable());
  if (!S.unproven().empty())
    return explainFeedForward(Net, analyzeFeedForward(Net));
  std::string Why = explainFeedForward(Net, C.Order);
  return C.Annihilations.empty() ? Why
                                 : Why + " apart from annihilations (" +
                                       std::to_string(C.Annihilations.size()) +
                                       "), on which no output depends";
}

/// Somebody insists on the limit, and there is none.
static void reportNoLimit(const Session &S) {
  const Network &Net = S.network();
  bool Mixed = S.stable().Fixed > 0;
  auto D = S.diags().error(
      Mixed ? DiagId::NoStableLimit : DiagId::NotFeedForward, {},
      "the method 'equilibrium' is not valid here: " + explainLimit(S));
  noteFeedForward(Net, Mixed ? S.stable().First : analyzeFeedForward(Net), D);
  noteStableLimit(Net, S.stable(), D);
  if (!S.unproven().empty())
    D.note("readings that do not depend on annihilations are certain, but " +
           S.unproven());
  D.note("use the method 'ode', which integrates in time");
}

std::optional<SimulationResult>
nn2crn::simulate(const Network &Net, const InputArrays &Inputs,
                 const SimulationOptions &Options, DiagnosticEngine &Diags) {
  auto Begin = std::chrono::steady_clock::now();
  Session S(Net, Inputs, Options, Diags);
  if (!S.prepare())
    return std::nullopt;
  if (Options.Method == SimulationMethod::Equilibrium && !S.hasLimit()) {
    reportNoLimit(S);
    return std::nullopt;
  }

  SimulationResult Result = S.emptyResult();
  Result.Method = Options.Method;
  if (Options.Method == SimulationMethod::Auto) {
    bool Timed = Options.Until != StopRule::Settled;
    Result.Method = S.hasLimit() && !Timed ? SimulationMethod::Equilibrium
                                           : SimulationMethod::Ode;
    Result.Why = Timed ? "a time was asked for" : explainLimit(S);
  }
  if (Result.Method == SimulationMethod::Equilibrium) {
    Limits Found;
    if (!findLimits(S, Found))
      return std::nullopt;
    if (Found.Refused.empty()) {
      Result.Accuracy = Found.Accuracy;
      for (size_t Case = 0; Case < S.cases(); ++Case)
        S.store(Result, Case, Found.of(Case, S.readingCount()));
    } else if (Options.Method == SimulationMethod::Auto) {
      Result.Method = SimulationMethod::Ode;
      Result.Why = Found.Refused;
    } else {
      Diags.error(DiagId::NoStableLimit, {}, Found.Refused)
          .note("use the method 'ode', which integrates in time");
      return std::nullopt;
    }
  }
  if (Result.Method == SimulationMethod::Ode && !runOde(S, Result))
    return std::nullopt;
  Result.WallSeconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - Begin)
          .count();
  return Result;
}

double nn2crn::quantile(std::span<const double> Values, double Q) {
  assert(!Values.empty() && "a quantile of nothing");
  std::vector<double> Sorted(Values.begin(), Values.end());
  std::ranges::sort(Sorted);
  auto At = std::ceil(Q * static_cast<double>(Sorted.size())) - 1;
  return Sorted[static_cast<size_t>(
      std::clamp(At, 0.0, static_cast<double>(Sorted.size() - 1)))];
}

size_t nn2crn::winner(std::span<const double> Values) {
  return static_cast<size_t>(std::ranges::max_element(Values) - Values.begin());
}

std::optional<LabelScore> nn2crn::scoreLabels(const SimulationResult &Result,
                                              const Array &Labels,
                                              DiagnosticEngine &Diags) {
  if (Result.Outputs.size() != 1) {
    Diags.error(DiagId::BadArgument, {},
                "labels need a single output port; the network has " +
                    std::to_string(Result.Outputs.size()));
    return std::nullopt;
  }
  DiagLocation Where;
  Where.File = Labels.Source == "<numbers>" ? "" : Labels.Source;
  if (Labels.Data.size() != Result.Cases) {
    Diags.error(DiagId::WrongShape, Where,
                "expected one label for each of " +
                    std::to_string(Result.Cases) + " cases, got " +
                    shapeText(Labels.Shape));
    return std::nullopt;
  }
  const SimulationOutput &Out = Result.Outputs[0];
  size_t Elements = Out.elements();
  LabelScore Score{0, Result.Cases};
  for (size_t Case = 0; Case < Result.Cases; ++Case) {
    auto Row = std::span(Out.Values).subspan(Case * Elements, Elements);
    double Answer =
        Elements == 1 ? std::round(Row[0]) : static_cast<double>(winner(Row));
    Score.Right += Answer == Labels.Data[Case];
  }
  return Score;
}
