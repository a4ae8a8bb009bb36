//===- OdeRun.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OdeRun.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

OdeOutcome
nn2crn::integrate(const Session &S, OdeIntegrator &I, SettleMonitor &Monitor,
                  std::span<const double> Amounts,
                  std::span<const double> Limits,
                  const std::function<void(OdeIntegrator &)> &OnStep) {
  // Far beyond what any settling takes; ends an integration that creeps.
  constexpr uint64_t MaxSteps = 5'000'000;
  OdeOutcome Outcome;
  double Stop = S.maxTime();
  auto Fail = [&](std::string Why) {
    Outcome.How = OdeOutcome::End::Failed;
    Outcome.Failure = std::move(Why);
    Outcome.Time = I.time();
    return Outcome;
  };
  if (!I.start(Amounts, Stop))
    return Fail(I.failure());
  Monitor.start(Limits);
  if (OnStep)
    OnStep(I);
  bool Met = Monitor.update(I);
  double Before = 0;
  for (uint64_t Steps = 1; !Met && I.time() < Stop; ++Steps) {
    // An amount that goes to infinity at a finite time draws the steps into
    // that time.
    if (Steps % 2000 == 0) {
      if (I.time() - Before < 1e-9 * I.time())
        return Fail("time stands still there; does an amount grow without "
                    "bound?");
      Before = I.time();
    }
    if (Steps == MaxSteps)
      return Fail("it took " + std::to_string(MaxSteps) + " steps");
    if (!I.step())
      return Fail(I.failure());
    if (OnStep)
      OnStep(I);
    Met = Monitor.update(I);
  }
  Outcome.Time = I.time();
  Outcome.Since = Monitor.since();
  if (S.options().Until != StopRule::EndTime && !Met &&
      !Monitor.keepsStill(I.time())) {
    Outcome.How = OdeOutcome::End::TimeOut;
    Outcome.Laggard = Monitor.laggard();
  }
  return Outcome;
}

static std::string reason(const Session &S, const SettleMonitor::Laggard &L) {
  using Kind = SettleMonitor::Laggard::Kind;
  std::string Element =
                  "element " + std::to_string(S.reading(L.Reading).second),
              Amount = formatRounded(L.Amount, 3);
  switch (L.What) {
  case Kind::Early:
    return "time has not doubled twice since the first step";
  case Kind::Distant:
    return Element + " is still " + Amount + " from its limit";
  case Kind::Moving:
    return Element + " still moved by " + Amount +
           " over the last two doublings of time";
  case Kind::Behind:
    return "it depends on '" + S.network().nameText(L.Species) +
           "', which still moved by " + Amount +
           " over the last two doublings of time";
  case Kind::Slow:
    return "what it depends on rests, but may yet move within a time of " +
           Amount;
  }
  return "";
}

bool nn2crn::reportOutcome(const Session &S, size_t Case,
                           const OdeOutcome &Outcome) {
  switch (Outcome.How) {
  case OdeOutcome::End::Reached:
    return true;
  case OdeOutcome::End::Failed:
    S.diags().error(DiagId::IntegrationFailed, {},
                    S.caseText(Case) + "the integration failed at t = " +
                        formatRounded(Outcome.Time, 3) + ": " +
                        Outcome.Failure);
    return false;
  case OdeOutcome::End::TimeOut: {
    bool Decided = S.options().Until == StopRule::Decided;
    auto D =
        S.diags().error(DiagId::NotSettled, {},
                        S.caseText(Case) + "port '" +
                            S.reading(Outcome.Laggard.Reading).first->Name +
                            "' has not " + (Decided ? "decided" : "settled") +
                            " by t = " + formatRounded(Outcome.Time, 3) + ": " +
                            reason(S, Outcome.Laggard));
    D.note("give a larger maximum time or settle tolerance, or a fixed end "
           "time");
    return false;
  }
  }
  return false;
}

bool nn2crn::runOde(const Session &S, SimulationResult &Result) {
  Limits Known;
  if (S.options().Until != StopRule::EndTime && S.hasLimit()) {
    if (!findLimits(S, Known))
      return false;
    if (!Known.Refused.empty())
      Result.Limit = LimitKind::Unknown;
  }
  OdeSystem System(S.compiled());
  std::vector<OdeOutcome> Outcomes(S.cases());
  struct State {
    OdeIntegrator I;
    SettleMonitor Monitor;
    std::vector<double> Amounts, Values;
  };
  LoopEnd End = parallelFor(
      S.cases(), S.options().Threads, S.options().Progress, "ode",
      [&] {
        return State{OdeIntegrator(System, S.options().RelativeTolerance,
                                   S.options().AbsoluteTolerance),
                     SettleMonitor(S),
                     std::vector<double>(S.compiled().speciesCount()),
                     std::vector<double>(S.readingCount())};
      },
      [&](State &T, size_t Case) {
        S.amounts(Case, T.Amounts);
        Outcomes[Case] = integrate(S, T.I, T.Monitor, T.Amounts,
                                   Known.of(Case, S.readingCount()));
        S.read(T.I.amounts(), T.Values);
        S.store(Result, Case, T.Values);
      });
  if (!S.finished(End))
    return false;

  constexpr size_t MostReports = 5;
  size_t Failures = 0;
  for (size_t Case = 0; Case < S.cases(); ++Case) {
    bool Bad = Outcomes[Case].How != OdeOutcome::End::Reached;
    if (Bad && Failures < MostReports)
      reportOutcome(S, Case, Outcomes[Case]);
    Failures += Bad;
    if (S.options().Until != StopRule::EndTime)
      Result.SettleTimes.push_back(Outcomes[Case].Since);
  }
  if (Failures > MostReports)
    S.diags().error(DiagId::NotSettled, {},
                    "and so in " + std::to_string(Failures - MostReports) +
                        " more cases");
  return Failures == 0;
}
