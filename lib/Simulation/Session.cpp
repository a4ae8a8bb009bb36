//===- Session.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace nn2crn;

Session::Session(const Network &Net, const InputArrays &Inputs,
                 const SimulationOptions &Options, DiagnosticEngine &Diags)
    : Net(Net), Inputs(Inputs), Options(Options), Diags(Diags) {}

bool Session::prepare() {
  if (!Net.phases().empty()) {
    Diags
        .error(DiagId::NotSimulated, {},
               "the network runs in phases, and phases are not simulated yet")
        .note("its first phase is '" + Net.phases()[0].Name + "'");
    return false;
  }
  auto Positive = [&](double Value, std::string_view What) {
    if (Value > 0 && std::isfinite(Value))
      return true;
    Diags.error(DiagId::BadArgument, {},
                "expected a positive " + std::string(What) + ", found " +
                    (std::isfinite(Value) ? formatDouble(Value)
                                          : std::to_string(Value)));
    return false;
  };
  if ((Options.Until == StopRule::EndTime &&
       !Positive(Options.EndTime, "end time")) ||
      !Positive(Options.RelativeTolerance, "relative tolerance") ||
      !Positive(Options.AbsoluteTolerance, "absolute tolerance") ||
      !Positive(Options.SettleTolerance, "settle tolerance") ||
      (Options.MaxTime != 0 && !Positive(Options.MaxTime, "maximum time")))
    return false;
  if (Options.Method == SimulationMethod::Equilibrium &&
      Options.Until != StopRule::Settled) {
    Diags.error(DiagId::BadArgument, {},
                "an equilibrium has no times; expected the method 'ode' with "
                "an end time or 'decided'");
    return false;
  }

  for (const Port &P : Net.ports())
    if (P.Direction == PortDirection::Output)
      Outputs.push_back(&P);
  if (Outputs.empty()) {
    AllSpecies.Name = "species";
    AllSpecies.Direction = PortDirection::Output;
    AllSpecies.Encoding = PortEncoding::SingleRail;
    AllSpecies.Shape = {static_cast<int64_t>(Net.speciesCount())};
    for (SpeciesId S : Net.species()) {
      PortTerm T{S, 1};
      AllSpecies.addElement(std::span(&T, 1));
    }
    Outputs.push_back(&AllSpecies);
  }
  for (const Port *P : Outputs)
    Readings += P->elementCount();
  if (Options.Until == StopRule::Decided &&
      (Outputs.size() != 1 || Outputs[0] == &AllSpecies ||
       Outputs[0]->elementCount() < 2)) {
    Diags.error(DiagId::BadArgument, {},
                "'decided' needs one output port with at least two elements; "
                "the network has " +
                    (Outputs[0] == &AllSpecies
                         ? "no output port"
                         : std::to_string(Outputs.size()) + " with " +
                               std::to_string(Readings) +
                               " elements together"));
    return false;
  }

  std::vector<double> Scratch(Net.speciesRows());
  for (size_t Case = 0; Case < Inputs.Cases; ++Case)
    for (size_t I = 0; I < Inputs.Arrays.size(); ++I)
      if (!setPortAmounts(*Inputs.Arrays[I].P, Inputs.values(I, Case), Scratch,
                          Diags)) {
        if (Inputs.Cases > 1)
          Diags.remark(DiagId::BadPortValue, {},
                       "this is in case " + std::to_string(Case));
        return false;
      }

  analyze();
  return true;
}

void Session::analyze() {
  Certain = analyzeCertainty(Net);
  bool Competes = Certain && !Certain.Annihilations.empty();
  if (Competes)
    Unproven = Options.Until == StopRule::EndTime ? "a limit was not asked for"
                                                  : proveLimit();
  if (!isRateIndependent()) {
    Compiled = std::make_unique<CompiledNetwork>(Net);
    if (Options.Until != StopRule::EndTime)
      Stable = analyzeStableLimit(Net);
    if (isStable())
      Limit = std::make_unique<CompiledNetwork>(Net, Stable.First.Order);
    return;
  }
  std::vector<ReactionId> Order = Certain.Order.Order;
  if (Competes) {
    Limit = std::make_unique<CompiledNetwork>(Net, Order);
    for (ReactionId R : Certain.Annihilations) {
      auto Pair = Net.reaction(R).reactants();
      Annihilations.push_back({Pair[0].Species.Value, Pair[1].Species.Value});
      Order.push_back(R);
    }
  }
  Compiled = std::make_unique<CompiledNetwork>(Net, Order);
}

LimitKind Session::limitKind() const {
  return isStable()                      ? LimitKind::Stable
         : !isRateIndependent()          ? LimitKind::Unknown
         : Certain.Annihilations.empty() ? LimitKind::Unique
                                         : LimitKind::Differences;
}

std::string Session::proveLimit() const {
  // The proof is about values on rails, as samples are put there; amounts that
  // the network brings itself may be anything.
  bool InRange = true;
  std::vector<double> Initial(Net.speciesRows()), Values;
  for (SpeciesId S : Net.species())
    Initial[S.Value] = Net.initialValue(S);
  for (const Port &P : Net.ports()) {
    if (P.Direction == PortDirection::Output)
      continue;
    auto CheckRange = [&](std::span<const double> Case) {
      for (size_t E = 0; E < Case.size(); ++E)
        if (const PortRange *Range = P.range(E))
          InRange &= Case[E] >= Range->Low && Case[E] <= Range->High;
    };
    auto Given = std::ranges::find(Inputs.Arrays, &P, &PortArray::P);
    if (Given != Inputs.Arrays.end()) {
      auto At = static_cast<size_t>(Given - Inputs.Arrays.begin());
      for (size_t Case = 0; Case < Inputs.Cases; ++Case)
        CheckRange(Inputs.values(At, Case));
      continue;
    }
    Values.resize(P.elementCount());
    readPort(P, Initial, Values);
    CheckRange(Values);
    for (size_t E = 0; E < P.elementCount(); ++E) {
      auto Rails = P.element(E);
      const PortTerm *Full = nullptr;
      for (const PortTerm &T : Rails) {
        if (Initial[T.Species.Value] == 0)
          continue;
        bool First = std::ranges::none_of(
            Rails.first(static_cast<size_t>(&T - Rails.data())),
            [&](const PortTerm &Other) {
              return (Other.Coefficient > 0) == (T.Coefficient > 0);
            });
        if (Full || !First)
          return "the network begins with several rails of port '" + P.Name +
                 "', element " + std::to_string(E) +
                 ", filled, as no input value does";
        Full = &T;
      }
    }
  }
  return proveReadings(Net, Certain, /*Declared=*/InRange);
}

std::pair<const Port *, size_t> Session::reading(size_t I) const {
  for (const Port *P : Outputs) {
    if (I < P->elementCount())
      return {P, I};
    I -= P->elementCount();
  }
  assert(false && "a reading beyond all outputs");
  return {Outputs.back(), 0};
}

void Session::read(std::span<const double> Amounts,
                   std::span<double> Values) const {
  size_t At = 0;
  for (const Port *P : Outputs) {
    readPort(*P, Amounts, Values.subspan(At, P->elementCount()));
    At += P->elementCount();
  }
}

void Session::amounts(size_t Case, std::span<double> Amounts,
                      std::span<double> Errors) const {
  std::ranges::copy(Compiled->initial(), Amounts.begin());
  if (!Errors.empty())
    std::ranges::copy(Compiled->initialError(), Errors.begin());
  DiagnosticEngine Silent(nullptr); // prepare() has seen every case
  for (size_t A = 0; A < Inputs.Arrays.size(); ++A) {
    const Port &P = *Inputs.Arrays[A].P;
    std::span<const double> Values = Inputs.values(A, Case);
    setPortAmounts(P, Values, Amounts, Silent);
    if (Errors.empty())
      continue;
    for (size_t I = 0; I < P.elementCount(); ++I) {
      double Offset = P.offset(I).value(), Scale = P.scale(I).value(),
             Constant = P.constant(I).value();
      int Exponent;
      bool Plain =
          Offset == 0 && Constant == 0 && std::frexp(Scale, &Exponent) == 0.5;
      for (const PortTerm &T : P.element(I)) {
        double Size = std::fabs(T.Coefficient);
        bool Exact = Plain && std::frexp(Size, &Exponent) == 0.5;
        Errors[T.Species.Value] =
            Exact ? 0
                  : 2 * std::numeric_limits<double>::epsilon() *
                        ((std::fabs(Values[I]) + std::fabs(Offset)) * Scale +
                         std::fabs(Constant)) /
                        Size;
      }
    }
  }
}

double Session::maxTime() const {
  if (Options.Until == StopRule::EndTime)
    return Options.EndTime;
  if (Options.MaxTime > 0)
    return Options.MaxTime;
  double Slowest = 1;
  for (size_t R = 0; R < Compiled->reactionCount(); ++R)
    if (Compiled->rate(R) > 0)
      Slowest = std::min(Slowest, Compiled->rate(R));
  return std::min(1e9 / Slowest, 1e100);
}

SimulationResult Session::emptyResult() const {
  SimulationResult Result;
  Result.Cases = cases();
  Result.Limit = limitKind();
  Result.Annihilations = Annihilations.size();
  for (const Port *P : Outputs) {
    SimulationOutput Out;
    Out.Name = P->Name;
    Out.Meaning = P->Meaning;
    Out.Shape = P->Shape;
    Out.Values.resize(cases() * P->elementCount());
    if (P == &AllSpecies)
      for (SpeciesId S : Net.species())
        Out.ElementNames.push_back(Net.nameText(S));
    Result.Outputs.push_back(std::move(Out));
  }
  return Result;
}

void Session::store(SimulationResult &Result, size_t Case,
                    std::span<const double> Values) const {
  size_t At = 0;
  for (SimulationOutput &Out : Result.Outputs) {
    size_t Elements = Out.Values.size() / cases();
    std::ranges::copy(Values.subspan(At, Elements),
                      Out.Values.begin() +
                          static_cast<int64_t>(Case * Elements));
    At += Elements;
  }
}

std::string Session::caseText(size_t Case) const {
  return cases() > 1 ? "case " + std::to_string(Case) + ": " : "";
}

bool Session::finished(LoopEnd End) const {
  switch (End) {
  case LoopEnd::Done:
    return true;
  case LoopEnd::Cancelled:
    Diags.error(DiagId::Cancelled, {}, "the simulation was cancelled");
    return false;
  case LoopEnd::OutOfMemory:
    Diags.error(DiagId::IntegrationFailed, {},
                "there is not enough memory to simulate this network; try "
                "fewer threads");
    return false;
  }
  return false;
}
