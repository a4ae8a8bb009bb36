//===- CheckKinetics.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Both networks take the same coarse explicit Euler steps, and in every state
// on the way what is observed must be gained and lost at the same speeds. No
// accuracy in time is needed: an Euler step is made of the rates in one state,
// so it commutes with every linear map that the equations commute with. What
// leaves species out that nothing observed depends on, or puts a sum in the
// place of its parts, gives the same observed amounts after each step, up to
// rounding, however long the step. So a difference is one of the equations.
//
// Gains and losses are compared by themselves, and so is the spread: the sum of
// speed x change^2, which tells `-> 2 A` from `-> A` at twice the speed. A
// bound on what rounding makes of all that goes along, as networks that grow or
// have reactions of high order blow errors up.
//
//===----------------------------------------------------------------------===//

#include "Check.h"
#include "nn2crn/Simulation/CompiledNetwork.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

namespace {
/// A step lets no amount lose more than this share.
constexpr double StepShare = 1.0 / 16;
/// As long as species appear for the first time the walk goes on, as far as
/// rounding allows.
constexpr unsigned LeastSteps = 32, MostSteps = 128;
/// What may differ anyhow, and how exact speeds are that are added up in any
/// order.
constexpr double Rounding = 1e-9, SpeedError = 1e-13;
/// Below this, numbers lose their digits.
constexpr double Tiny = 1e-290;

/// One of the networks on its walk.
class Walker {
public:
  explicit Walker(const Network &Net)
      : Net(Net), Amounts(Net.speciesRows()), Gain(Net.speciesRows()),
        Loss(Net.speciesRows()), Spread(Net.speciesRows()),
        AmountError(Net.speciesRows()), FlowError(Net.speciesRows()),
        SpreadError(Net.speciesRows()) {
    size_t Phases = std::max<size_t>(1, Net.phases().size());
    for (size_t Phase = 0; Phase < Phases; ++Phase) {
      std::vector<ReactionId> Running;
      for (Reaction R : Net.reactions())
        if (!R.phases() || (R.phases() >> Phase & 1))
          Running.push_back(R.id());
      Compiled.emplace_back(Net, Running);
    }
  }

  void start() {
    std::ranges::fill(Amounts, 0);
    std::ranges::fill(AmountError, 0);
    for (SpeciesId S : Net.species())
      Amounts[S.Value] = Net.initialValue(S);
  }
  void enter(size_t Phase) {
    Now = &Compiled[Phase];
    if (Net.phases().empty())
      return;
    for (const Phase::Amount &A : Net.phases()[Phase].Resets)
      Amounts[A.Species.Value] = A.Value.value();
    for (const Phase::Amount &A : Net.phases()[Phase].Doses)
      Amounts[A.Species.Value] += A.Value.value();
  }
  void look() {
    for (auto *Column : {&Gain, &Loss, &Spread, &FlowError, &SpreadError})
      std::ranges::fill(*Column, 0);
    for (size_t R = 0; R < Now->reactionCount(); ++R) {
      // With room, so that no order of factors overflows before another.
      long double Product = Now->rate(R);
      double Error = SpeedError;
      for (auto [S, Coefficient] : Now->reactants(R)) {
        long double Amount = Amounts[S];
        Product *= Coefficient == 1 ? Amount : std::pow(Amount, Coefficient);
        Error += Coefficient * (AmountError[S] / std::fabs(Amounts[S]));
      }
      auto Speed = static_cast<double>(Product);
      if (Speed == 0)
        continue;
      for (auto [S, Change] : Now->changes(R)) {
        (Change > 0 ? Gain : Loss)[S] += Speed * std::fabs(Change);
        Spread[S] += Speed * Change * Change;
        double Flow = std::fabs(Speed * Change) * Error;
        FlowError[S] += Flow;
        SpreadError[S] += Flow * std::fabs(Change);
      }
    }
  }
  /// Whether rounding has not eaten up what the bounds of it rest on, that
  /// errors are small.
  bool isAccurate() const {
    for (size_t S = 0; S < Amounts.size(); ++S)
      if (!std::isfinite(Amounts[S]) ||
          (Amounts[S] > Tiny && !(AmountError[S] <= 1e-6 * Amounts[S])))
        return false;
    return true;
  }
  /// A step for the state that was looked at.
  double stepLength() const {
    double Fastest = 0;
    for (size_t S = 0; S < Amounts.size(); ++S)
      if (Amounts[S] > 0)
        Fastest = std::max(Fastest, Loss[S] / Amounts[S]);
    return Fastest > 0 && std::isfinite(Fastest) ? StepShare / Fastest : 1;
  }
  /// True where a species that was not there is now.
  bool step(double Length) {
    bool Appeared = false;
    for (size_t S = 0; S < Amounts.size(); ++S) {
      Appeared |= Amounts[S] == 0 && Gain[S] > 0;
      Amounts[S] += Length * (Gain[S] - Loss[S]);
      AmountError[S] += Length * FlowError[S];
    }
    return Appeared;
  }

  const Network &Net;
  std::vector<double> Amounts, Gain, Loss, Spread;
  /// Bounds; of gains and losses together.
  std::vector<double> AmountError, FlowError, SpreadError;

private:
  std::vector<CompiledNetwork> Compiled;
  const CompiledNetwork *Now = nullptr;
};

/// Both networks, from one start after the other.
class Walk {
public:
  Walk(const Network &Before, const Network &After, const CheckInputs &Inputs,
       std::span<const ObservedPair> Pairs, CheckResult &Result)
      : Was(Before), Is(After), Inputs(Inputs), Pairs(Pairs), Result(Result) {
    for (const ObservedPair &P : Pairs) {
      SpeciesFlags F = Before.flags(P.Before);
      // Without inputs anything that is seen may be what a user sets by hand;
      // with them, it is what reactions do not change.
      if (F.Boundary || (!Inputs.hasPorts() && !F.Constant))
        Settable.push_back(P);
    }
  }

  /// Case \p Case of the inputs; of a network without any, random amounts
  /// but for the first case.
  bool start(size_t Case, std::mt19937_64 &Random) {
    Was.start();
    Is.start();
    if (Inputs.hasPorts()) {
      if (!give(Was, Case, Result.Unchecked) || !give(Is, Case, Result.Broken))
        return false;
    }
    if (Case > 0)
      for (auto [B, A] : Settable)
        Was.Amounts[B.Value] = Is.Amounts[A.Value] = 2 * randomShare(Random);
    return true;
  }

  void go(size_t Case) {
    size_t Phases = std::max<size_t>(1, Was.Net.phases().size());
    for (size_t Phase = 0; Phase < Phases; ++Phase) {
      Was.enter(Phase);
      Is.enter(Phase);
      bool Appeared = true;
      for (unsigned Step = 0;
           Step < LeastSteps || (Appeared && Step < MostSteps); ++Step) {
        Was.look();
        Is.look();
        if (!Was.isAccurate() || !compareState(Case))
          return;
        double Length = Was.stepLength();
        Appeared = Was.step(Length);
        Is.step(Length);
        ++Steps;
      }
    }
  }

  /// What ports read of the state there is.
  void comparePorts(size_t Case) {
    for (const Port &B : Was.Net.ports()) {
      const Port *A = Is.Net.findPort(B.Name, B.Direction);
      if (!A || A->elementCount() != B.elementCount()) {
        Result.Broken =
            "port '" + B.Name + "' is gone, or has another number of elements";
        return;
      }
      std::vector<double> Old(B.elementCount()), New(B.elementCount());
      readPort(B, Was.Amounts, Old);
      readPort(*A, Is.Amounts, New);
      for (size_t E = 0; E < Old.size(); ++E) {
        double Size = std::fabs(B.constant(E).value()), Error = 0;
        for (const PortTerm &T : B.element(E)) {
          double Times = std::fabs(T.Coefficient);
          Size += Times * std::fabs(Was.Amounts[T.Species.Value]);
          Error += Times * Was.AmountError[T.Species.Value];
        }
        Size = Size / B.scale(E).value() + std::fabs(B.offset(E).value());
        double Allowed =
            Rounding * Size + 4 * Error / B.scale(E).value() + Tiny;
        if (std::isfinite(Size))
          Result.compare(Case, Old[E], New[E], Allowed, [&] {
            return "port '" + B.Name + "', element " + std::to_string(E) +
                   ", on the way";
          });
      }
    }
  }

  size_t Steps = 0;

private:
  bool give(Walker &W, size_t Case, std::string &Problem) {
    auto Given = Inputs.arrays(W.Net, Case, 1, Problem);
    DiagnosticEngine Silent(nullptr);
    for (size_t I = 0; Given && I < Given->Arrays.size(); ++I)
      setPortAmounts(*Given->Arrays[I].P, Given->values(I, 0), W.Amounts,
                     Silent);
    return Given.has_value();
  }

  /// False where there is nothing more to learn.
  bool compareState(size_t Case) {
    for (auto [B, A] : Pairs) {
      auto Compare = [&](const std::vector<double> &Old,
                         const std::vector<double> &New,
                         const std::vector<double> &Error, const char *What) {
        double X = Old[B.Value], Y = New[A.Value];
        if (!(std::fabs(X) < 1e290) || !std::isfinite(Error[B.Value]))
          return false;
        Result.compare(
            Case, X, Y,
            Rounding * std::max(std::fabs(X), std::fabs(Y)) +
                4 * Error[B.Value] + Tiny,
            [&] { return What + Was.Net.nameText(B) + "', on the way,"; });
        return true;
      };
      if (!Compare(Was.Amounts, Is.Amounts, Was.AmountError,
                   "the amount of '") ||
          !Compare(Was.Gain, Is.Gain, Was.FlowError,
                   "the speed at which reactions make '") ||
          !Compare(Was.Loss, Is.Loss, Was.FlowError,
                   "the speed at which reactions take '") ||
          !Compare(Was.Spread, Is.Spread, Was.SpreadError, "the spread of '"))
        return false;
    }
    return !Result.Worst;
  }

  Walker Was, Is;
  const CheckInputs &Inputs;
  std::span<const ObservedPair> Pairs;
  std::vector<ObservedPair> Settable;
  CheckResult &Result;
};

/// What phases say beside amounts, which are compared on the way.
bool samePhases(const Network &Before, const Network &After) {
  return std::ranges::equal(
      Before.phases(), After.phases(), [](const Phase &A, const Phase &B) {
        return A.Name == B.Name && A.Duration == B.Duration;
      });
}
} // namespace

CheckResult nn2crn::checkKinetics(const Network &Before, const Network &After,
                                  const CheckInputs &Inputs, size_t Cases,
                                  const ProgressCallback &Progress) {
  CheckResult Result;
  auto Pairs = pairObserved(Before, After, Result);
  if (!samePhases(Before, After)) {
    Result.Broken = "phases have other names or durations";
    return Result;
  }
  Result.What = std::to_string(Pairs.size()) + " species";
  if (Pairs.empty())
    return Result;
  Walk W(Before, After, Inputs, Pairs, Result);
  std::mt19937_64 Random(Inputs.seed() + 1);
  for (size_t Case = 0; Case < Cases; ++Case) {
    if (!W.start(Case, Random))
      return Result;
    size_t StepsBefore = W.Steps;
    W.go(Case);
    if (!Result.isBad() && W.Steps == StepsBefore) {
      Result.Unchecked = "speeds grow beyond what numbers can hold";
      return Result;
    }
    if (!Result.isBad())
      W.comparePorts(Case);
    if (Result.isBad())
      return Result;
    ++Result.Compared;
    if (Progress && !Progress({"check", static_cast<double>(Case + 1) /
                                            static_cast<double>(Cases)})) {
      Result.Unchecked = "it was cancelled";
      return Result;
    }
  }
  Result.What += " over " + std::to_string(W.Steps / Cases) + " steps";
  return Result;
}
