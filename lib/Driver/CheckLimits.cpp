//===- CheckLimits.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/Simulation/Simulate.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

namespace {
/// Integrating is slow, so few inputs must do where there is no limit to be
/// had in one pass.
constexpr size_t MostIntegrated = 4;
constexpr double SettleTolerance = 1e-3;
/// Of values that were computed in one pass, beside what is known of their
/// errors.
constexpr double Rounding = 1e-9;

/// What outputs read in the end.
struct Measured {
  /// [Cases, readings]
  std::vector<double> Values;
  size_t Cases = 0, Readings = 0;
  /// In one pass, within Accuracy; otherwise integrated.
  bool Exact = false;
  double Accuracy = 0;
  /// Why there are no more cases.
  std::string Problem;
};

void append(Measured &M, const SimulationResult &R) {
  for (size_t Case = 0; Case < R.Cases; ++Case)
    for (const SimulationOutput &Out : R.Outputs) {
      size_t Elements = Out.elements();
      M.Values.insert(M.Values.end(),
                      Out.Values.begin() +
                          static_cast<std::ptrdiff_t>(Case * Elements),
                      Out.Values.begin() +
                          static_cast<std::ptrdiff_t>((Case + 1) * Elements));
    }
  M.Cases += R.Cases;
  M.Readings = M.Values.size() / M.Cases;
}

/// Long beyond what settles, and still soon over where nothing does.
double timeToGiveUp(const Network &Net) {
  double Slowest = 1;
  for (Reaction R : Net.reactions())
    if (R.rateConstant() > 0)
      Slowest = std::min(Slowest, R.rateConstant());
  return std::min(1e4 / Slowest, 1e100);
}

Measured measure(const Network &Net, const CheckInputs &Inputs, size_t First,
                 size_t Count, const ProgressCallback &Progress) {
  Measured M;
  SimulationOptions Options;
  Options.Progress = Progress;
  Options.Method = SimulationMethod::Equilibrium;
  bool MayIntegrate = true;
  DiagnosticEngine Diags([&](const Diagnostic &D) {
    if (D.Level != Severity::Error)
      return;
    if (M.Problem.empty())
      M.Problem = D.Message;
    MayIntegrate &=
        D.Id == DiagId::NotFeedForward || D.Id == DiagId::NoStableLimit;
  });
  auto All = Inputs.arrays(Net, First, Count, M.Problem);
  if (!All)
    return M;
  if (auto R = simulate(Net, *All, Options, Diags)) {
    M.Exact = true;
    M.Accuracy = R->Accuracy.value_or(0);
    append(M, *R);
    return M;
  }
  if (!MayIntegrate)
    return M;
  M.Problem.clear();
  Options.Method = SimulationMethod::Ode;
  Options.SettleTolerance = SettleTolerance;
  Options.MaxTime = timeToGiveUp(Net);
  for (size_t Case = First; Case < First + std::min(Count, MostIntegrated);
       ++Case) {
    auto One = Inputs.arrays(Net, Case, 1, M.Problem);
    auto R = One ? simulate(Net, *One, Options, Diags) : std::nullopt;
    if (!R)
      break;
    append(M, *R);
  }
  return M;
}

/// The largest amount that a case starts with, for a scale; 1 at most.
double scaleOf(const Network &Net, const InputArrays &Inputs, size_t Case) {
  std::vector<double> Amounts(Net.speciesRows());
  for (SpeciesId S : Net.species())
    Amounts[S.Value] = Net.initialValue(S);
  DiagnosticEngine Silent(nullptr);
  for (size_t I = 0; I < Inputs.Arrays.size(); ++I)
    setPortAmounts(*Inputs.Arrays[I].P, Inputs.values(I, Case), Amounts,
                   Silent);
  double Largest = 0;
  for (SpeciesId S : Net.species())
    Largest = std::max(Largest, Amounts[S.Value]);
  return Largest > 0 ? std::min(Largest, 1.0) : 1;
}

/// Runs both networks on inputs [\p First, \p First + \p Count) and compares
/// all that their outputs read. \p Name tells what a reading is.
template <class NameFn>
void compareBatch(CheckResult &Result, const Network &Before,
                  const Network &After, const CheckInputs &Inputs, size_t First,
                  size_t Count, double Bound, const ProgressCallback &Progress,
                  NameFn Name) {
  if (Count == 0) {
    Result.Unchecked = "no input was found that the ports take";
    return;
  }
  auto Given = Inputs.arrays(Before, First, Count, Result.Unchecked);
  if (!Given || !Inputs.arrays(After, First, Count, Result.Broken))
    return;
  Measured Was = measure(Before, Inputs, First, Count, Progress);
  if (Was.Cases == 0) {
    Result.Unchecked = "before it, " + Was.Problem;
    return;
  }
  Measured Is =
      measure(After, Inputs, First, Was.Exact ? Count : Was.Cases, Progress);
  size_t Cases = std::min(Was.Cases, Is.Cases);
  bool Exact = Was.Exact && Is.Exact;
  for (size_t Case = 0; Case < Cases; ++Case) {
    double Scale = scaleOf(Before, *Given, Case);
    if (!Exact && Scale < 0.01) {
      Result.Unchecked = "amounts are too small to tell when they have settled";
      return;
    }
    for (size_t I = 0; I < Was.Readings; ++I) {
      double A = Was.Values[Case * Was.Readings + I],
             B = Is.Values[Case * Is.Readings + I];
      double Size = std::max(std::fabs(A), std::fabs(B));
      double Allowed = Bound + (Exact ? Rounding * std::max(Scale, Size) +
                                            (Was.Accuracy + Is.Accuracy) *
                                                std::max(1.0, Size)
                                      : 4 * SettleTolerance * (1 + Size));
      Result.compare(First + Case, A, B, Allowed, [&] { return Name(I); });
    }
    ++Result.Compared;
  }
  if (!Was.Problem.empty() && !Was.Exact)
    Result.Unchecked = "before it, " + Was.Problem;
  else if (!Is.Problem.empty() && !Is.Exact)
    Result.Unchecked = "after it, " + Is.Problem;
  Result.Integrated |= !Exact;
}

/// Values beyond the declared ranges are a batch of their own, for what is
/// certain within them need not be beyond.
template <class NameFn>
void compareAll(CheckResult &Result, const Network &Before,
                const Network &After, const CheckInputs &Inputs, size_t Cases,
                double Bound, const ProgressCallback &Progress, NameFn Name) {
  size_t Inside = std::min(Inputs.inside(), Cases);
  compareBatch(Result, Before, After, Inputs, 0, Inside, Bound, Progress, Name);
  if (Cases > Inside && !Result.isBad())
    compareBatch(Result, Before, After, Inputs, Inside, Cases - Inside, Bound,
                 Progress, Name);
}

/// States are read as outputs are.
Network withStatesAsOutputs(const Network &Net) {
  Network Probe = Net;
  Editor Edit(Probe);
  for (const Port &P : Net.ports())
    if (P.Direction == PortDirection::State) {
      Port Copy = P;
      Copy.Direction = PortDirection::Output;
      Copy.Name += " (state)";
      Edit.addPort(std::move(Copy));
    }
  return Probe;
}

/// The only output reads one species after the other.
template <class SpeciesFn>
Network withAmountsAsOutput(const Network &Net,
                            std::span<const ObservedPair> Pairs,
                            SpeciesFn Species) {
  Network Probe = Net;
  Editor Edit(Probe);
  for (size_t I = Probe.ports().size(); I-- > 0;)
    if (Probe.ports()[I].Direction == PortDirection::Output)
      Edit.erasePort(I);
  Port P;
  P.Name = "observed";
  P.Direction = PortDirection::Output;
  P.Encoding = PortEncoding::SingleRail;
  P.Shape = {static_cast<int64_t>(Pairs.size())};
  for (const ObservedPair &Pair : Pairs) {
    PortTerm T{Species(Pair), 1};
    P.addElement({&T, 1});
  }
  Edit.addPort(std::move(P));
  return Probe;
}

std::string counted(size_t N, const char *One) {
  return std::to_string(N) + " " + One + (N == 1 ? "" : "s");
}
} // namespace

CheckResult nn2crn::checkReadings(const Network &Before, const Network &After,
                                  const CheckInputs &Inputs, size_t Cases,
                                  double Bound,
                                  const ProgressCallback &Progress) {
  CheckResult Result;
  Network Was = withStatesAsOutputs(Before), Is = withStatesAsOutputs(After);
  std::vector<std::string> Names;
  auto Outputs = [](const Network &Net) {
    std::vector<const Port *> All;
    for (const Port &P : Net.ports())
      if (P.Direction == PortDirection::Output)
        All.push_back(&P);
    return All;
  };
  auto Old = Outputs(Was), New = Outputs(Is);
  for (size_t I = 0; I < Old.size(); ++I) {
    if (I >= New.size() || New[I]->Name != Old[I]->Name ||
        New[I]->elementCount() != Old[I]->elementCount()) {
      Result.Broken = "port '" + Old[I]->Name +
                      "' is gone, or has another number of elements";
      return Result;
    }
    for (size_t E = 0; E < Old[I]->elementCount(); ++E)
      Names.push_back("port '" + Old[I]->Name + "', element " +
                      std::to_string(E) + ",");
  }
  if (New.size() != Old.size()) {
    Result.Broken = "port '" + New.back()->Name + "' is new";
    return Result;
  }
  Result.What = counted(Names.size(), "reading");
  if (Names.empty()) {
    Result.Unchecked = "no output or state port reads anything";
    return Result;
  }
  compareAll(Result, Was, Is, Inputs, Cases, Bound, Progress,
             [&](size_t I) { return Names[I]; });
  return Result;
}

CheckResult nn2crn::checkAmounts(const Network &Before, const Network &After,
                                 const CheckInputs &Inputs, size_t Cases,
                                 const ProgressCallback &Progress) {
  CheckResult Result;
  auto Pairs = pairObserved(Before, After, Result);
  Result.What = counted(Pairs.size(), "amount");
  if (Pairs.empty())
    return Result;
  Network Was = withAmountsAsOutput(Before, Pairs,
                                    [](auto &P) { return P.Before; }),
          Is = withAmountsAsOutput(After, Pairs,
                                   [](auto &P) { return P.After; });
  compareAll(Result, Was, Is, Inputs, Cases, 0, Progress, [&](size_t I) {
    return "species '" + Before.nameText(Pairs[I].Before) + "'";
  });
  return Result;
}
