//===- Settling.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Settling.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

SettleMonitor::SettleMonitor(const Session &S)
    : S(S), Rule(S.options().Until), Values(S.readingCount()) {
  if (Rule == StopRule::EndTime)
    return;
  if (S.isRateIndependent()) {
    Flows.emplace(S.compiledLimit(), S.outputs(), S.annihilations());
  } else {
    findInfluences();
    Consumable.emplace(S.compiled());
  }
}

double SettleMonitor::tolerance(double Value) const {
  return S.options().SettleTolerance * (1 + std::fabs(Value));
}

void SettleMonitor::start(std::span<const double> TheLimits) {
  Limits = TheLimits;
  Entry = -1;
  NextCheck = 0;
  LimitWinner = Limits.empty() ? 0 : winner(Limits);
  LastWinner = SIZE_MAX;
  WinnerSince = 0;
  Last = {};
  Station = 0;
  StillSince = 0;
  Previous.clear();
  Current.clear();
}

double SettleMonitor::since() const {
  if (Rule == StopRule::Decided)
    return WinnerSince;
  return Flows ? std::max(Entry, 0.0) : StillSince;
}

bool SettleMonitor::update(OdeIntegrator &I) {
  if (Rule == StopRule::EndTime)
    return false;
  S.read(I.amounts(), Values);
  if (Rule == StopRule::Decided) {
    size_t W = winner(Values);
    if (W != LastWinner) {
      WinnerSince = LastWinner == SIZE_MAX ? 0 : I.time();
      LastWinner = W;
    }
  }
  if (I.isStatic() || Values.empty())
    return true;
  return Flows ? updateWithLimit(I) : updateWithout(I);
}

//===----------------------------------------------------------------------===//
// With a limit
//===----------------------------------------------------------------------===//

bool SettleMonitor::updateWithLimit(OdeIntegrator &I) {
  bool Within = true;
  double Furthest = -1;
  for (size_t R = 0; R < Values.size(); ++R) {
    double Distance = std::fabs(Values[R] - Limits[R]);
    double Excess = Distance / tolerance(Limits[R]);
    Within &= Excess <= 1;
    if (Excess > Furthest) {
      Furthest = Excess;
      Last = {Laggard::Kind::Distant, R, Distance, {}};
    }
  }
  if (!Within)
    Entry = -1;
  else if (Entry < 0)
    Entry = I.time();
  bool Worth =
      Rule == StopRule::Decided ? LastWinner == LimitWinner || Within : Within;
  if (!Worth || I.time() < NextCheck)
    return false;
  // The check costs as much as a step or two.
  NextCheck = I.time() * 1.1;
  Flows->compute(I.amounts());
  return bandsFit();
}

bool SettleMonitor::bandsFit() {
  Flows->bands(Bands);
  std::vector<double> Low(Values.size()), High(Values.size());
  bool Settled = true;
  for (size_t R = 0; R < Values.size(); ++R) {
    Low[R] = Values[R] - Bands[R].Down;
    High[R] = Values[R] + Bands[R].Up;
    Settled &= std::max(High[R] - Limits[R], Limits[R] - Low[R]) <=
               tolerance(Limits[R]);
  }
  if (Rule == StopRule::Settled)
    return Settled;
  if (LastWinner == LimitWinner) {
    bool Safe = true;
    for (size_t J = 0; J < Values.size(); ++J)
      Safe &= J == LimitWinner || Low[LimitWinner] > High[J];
    return Safe || Settled;
  }
  // Settled with another winner: fine only where the limit is a tie itself.
  return Settled && Limits[LimitWinner] - Limits[LastWinner] <=
                        2 * tolerance(Limits[LimitWinner]);
}

bool SettleMonitor::keepsStill(double Time) const {
  return Rule == StopRule::Settled && Flows && Entry >= 0 && 4 * Entry <= Time;
}

//===----------------------------------------------------------------------===//
// Without a limit
//===----------------------------------------------------------------------===//

void SettleMonitor::findInfluences() {
  // Backwards from the outputs: a reactant influences whatever its reaction
  // changes.
  const CompiledNetwork &C = S.compiled();
  std::vector<uint64_t> Begin(C.speciesCount() + 1);
  for (size_t R = 0; R < C.reactionCount(); ++R)
    for (const CompiledNetwork::Change &X : C.changes(R))
      ++Begin[X.Species + 1];
  for (size_t I = 0; I < C.speciesCount(); ++I)
    Begin[I + 1] += Begin[I];
  std::vector<uint32_t> Changers(Begin.back());
  std::vector<uint64_t> Next(Begin.begin(), Begin.end() - 1);
  for (size_t R = 0; R < C.reactionCount(); ++R)
    for (const CompiledNetwork::Change &X : C.changes(R))
      Changers[Next[X.Species]++] = static_cast<uint32_t>(R);

  std::vector<bool> Seen(C.speciesCount());
  auto Add = [&](uint32_t Species) {
    if (!Seen[Species])
      Influences.push_back(Species);
    Seen[Species] = true;
  };
  for (const Port *P : S.outputs())
    for (const PortTerm &T : P->Terms)
      Add(T.Species.Value);
  for (size_t At = 0; At < Influences.size(); ++At)
    for (uint64_t K = Begin[Influences[At]]; K < Begin[Influences[At] + 1]; ++K)
      for (const CompiledNetwork::Reactant &A : C.reactants(Changers[K]))
        Add(A.Species);
}

/// Rest at another place than a known limit is only a pause.
bool SettleMonitor::isAtLimit() {
  double Furthest = 1;
  for (size_t R = 0; R < Limits.size(); ++R) {
    double Distance = std::fabs(Values[R] - Limits[R]),
           Excess = Distance / tolerance(Limits[R]);
    if (Excess > Furthest) {
      Furthest = Excess;
      Last = {Laggard::Kind::Distant, R, Distance, {}};
    }
  }
  if (Furthest > 1)
    return false;
  // Decided with another winner: fine only where the limit is a tie itself.
  return Rule != StopRule::Decided || Limits.empty() ||
         Limits[LimitWinner] - Limits[LastWinner] <=
             2 * tolerance(Limits[LimitWinner]);
}

bool SettleMonitor::updateWithout(OdeIntegrator &I) {
  std::span<const double> Amounts = I.amounts();
  // Readings first, then the amounts behind them.
  size_t Count = Values.size() + Influences.size();
  auto Value = [&](size_t K) {
    return K < Values.size() ? Values[K]
                             : Amounts[Influences[K - Values.size()]];
  };
  auto Restart = [&](std::vector<Extremes> &E) {
    E.resize(Count);
    for (size_t K = 0; K < Count; ++K)
      E[K] = {Value(K), Value(K)};
  };
  if (Current.empty()) {
    Restart(Current);
    Station = 2 * I.time();
    StillSince = I.time();
    return false;
  }
  for (size_t K = 0; K < Count; ++K) {
    Current[K].Low = std::min(Current[K].Low, Value(K));
    Current[K].High = std::max(Current[K].High, Value(K));
  }
  if (I.time() < Station)
    return false;

  bool OutputsRest = !Previous.empty(), AllRest = OutputsRest;
  Last = {};
  double Most = -1;
  for (size_t K = 0; K < Count && OutputsRest; ++K) {
    double Moved = std::max(Current[K].High, Previous[K].High) -
                   std::min(Current[K].Low, Previous[K].Low);
    bool Rests = Moved <= tolerance(Value(K));
    AllRest &= Rests;
    if (K < Values.size()) {
      OutputsRest &= Rests;
      if (Moved > Most)
        Last = {Laggard::Kind::Moving, K, Moved, {}};
      Most = std::max(Most, Moved);
    } else if (!Rests && Last.What != Laggard::Kind::Behind) {
      Last = {Laggard::Kind::Behind, 0, Moved,
              SpeciesId(Influences[K - Values.size()])};
    }
  }
  if (!OutputsRest)
    StillSince = I.time();
  bool Stop = false;
  if (AllRest) {
    Consumable->compute(Amounts);
    double Slowest =
        I.slowestRelaxation(S.options().SettleTolerance, Consumable->bounds());
    Stop = 8 * Slowest <= I.time();
    Last = {Laggard::Kind::Slow, 0, Slowest, {}};
    Stop &= isAtLimit();
  }
  std::swap(Previous, Current);
  Restart(Current);
  Station = 2 * I.time();
  return Stop;
}
