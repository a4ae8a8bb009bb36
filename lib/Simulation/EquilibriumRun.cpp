//===- EquilibriumRun.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Equilibrium.h"
#include "Session.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace nn2crn;

namespace {
/// What became of a block of cases.
struct Found {
  double Accuracy = 0;
  /// The first case whose readings are worth nothing, and the first of these.
  bool Failed = false;
  size_t Case = 0, Reading = 0;
  EquilibriumBlock::Reading What{0, 0};
  EquilibriumBlock::Refusal Why;
};
/// Beyond this a reading is noise.
constexpr double LeastAccuracy = 1e-3;

std::string refusalText(const Session &S, EquilibriumBlock::Refusal R) {
  std::string Name = "'" + S.network().nameText(R.Species) + "'";
  switch (R.What) {
  case FixedPointProblem::NoLoss:
    return Name + " does not come to rest: what would take it away is 0, or "
                  "too small to tell";
  case FixedPointProblem::NoSource:
    return Name + " has a second fixed point at 0: its source is 0, or too "
                  "small to tell";
  case FixedPointProblem::Several:
    return Name + " may have several fixed points: the signs of its rate, as a "
                  "polynomial in itself, change more than once";
  case FixedPointProblem::Unsolved:
    return "no fixed point of " + Name +
           " and the species that depend on it was found";
  case FixedPointProblem::None:
    break;
  }
  return "";
}

std::string accuracyText(const Session &S, const Found &F) {
  auto [P, Element] = S.reading(F.Reading);
  std::string Text =
      "port '" + P->Name + "', element " + std::to_string(Element);
  if (!std::isfinite(F.What.Value) || !std::isfinite(F.What.Error))
    return Text + ": amounts grow beyond what double precision can hold";
  return Text +
         (S.isStable() ? ": errors add up" : ": the rails nearly cancel") +
         "; the reading " + formatRounded(F.What.Value, 2) +
         " may be wrong by " + formatRounded(F.What.Error, 2);
}
} // namespace

bool nn2crn::findLimits(const Session &S, Limits &Result) {
  const StableLimit *Fixed = S.isStable() ? &S.stable() : nullptr;
  size_t Species = S.compiledLimit().speciesCount();
  size_t Lanes = EquilibriumBlock(S.compiledLimit()).lanes();
  size_t Blocks = (S.cases() + Lanes - 1) / Lanes;
  Result.Readings.resize(S.cases() * S.readingCount());
  std::vector<Found> All(Blocks);

  struct State {
    EquilibriumBlock Block;
    std::vector<double> Amounts, Errors;
  };
  LoopEnd End = parallelFor(
      Blocks, S.options().Threads, S.options().Progress, "equilibrium",
      [&] {
        return State{EquilibriumBlock(S.compiledLimit(), Fixed),
                     std::vector<double>(Species),
                     std::vector<double>(Species)};
      },
      [&](State &T, size_t B) {
        size_t First = B * Lanes, Count = std::min(Lanes, S.cases() - First);
        for (size_t L = 0; L < Lanes; ++L) {
          // Lanes without a case repeat the last one.
          if (L < Count)
            S.amounts(First + L, T.Amounts, T.Errors);
          T.Block.start(L, T.Amounts, T.Errors);
        }
        T.Block.run();
        Found &F = All[B];
        for (size_t L = 0; L < Count; ++L) {
          auto Out =
              std::span(Result.Readings)
                  .subspan((First + L) * S.readingCount(), S.readingCount());
          EquilibriumBlock::Refusal Why = T.Block.refusal(L);
          bool Fails = Why.What != FixedPointProblem::None;
          double Worst = 0;
          size_t At = 0, Reading = 0;
          EquilibriumBlock::Reading What{0, 0};
          for (const Port *P : S.outputs())
            for (size_t I = 0; I < P->elementCount() && !Fails; ++I, ++At) {
              EquilibriumBlock::Reading R = T.Block.read(L, *P, I);
              Out[At] = R.Value;
              double Relative = R.Error / std::max(1.0, std::fabs(R.Value));
              Worst = std::max(Worst, Relative);
              // Not "greater", so that a NaN counts as worthless.
              Fails = !(Relative <= LeastAccuracy);
              Reading = At;
              What = R;
            }
          if (!Fails) {
            F.Accuracy = std::max(F.Accuracy, Worst);
            continue;
          }
          std::ranges::fill(Out, std::numeric_limits<double>::quiet_NaN());
          if (!F.Failed)
            F = {F.Accuracy, true, First + L, Reading, What, Why};
        }
      });
  if (!S.finished(End))
    return false;

  const Found *Failure = nullptr;
  for (const Found &F : All) {
    Result.Accuracy = std::max(Result.Accuracy, F.Accuracy);
    if (F.Failed && !Failure)
      Failure = &F;
  }
  if (!Failure)
    return true;
  std::string Text =
      S.caseText(Failure->Case) + (Failure->Why.What != FixedPointProblem::None
                                       ? refusalText(S, Failure->Why)
                                       : accuracyText(S, *Failure));
  if (Fixed) {
    Result.Refused = std::move(Text);
    return true;
  }
  S.diags()
      .error(DiagId::LostAccuracy, {}, Text)
      .note("amounts grow from layer to layer by about a layer's width; cancel "
            "rails in between");
  return false;
}
