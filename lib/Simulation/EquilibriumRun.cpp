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

using namespace nn2crn;

namespace {
/// The worst reading of a block of cases.
struct Worst {
  double Accuracy = 0;
  /// Set where a reading is worth nothing.
  bool Failed = false;
  size_t Case = 0, Reading = 0;
  EquilibriumBlock::Reading What{0, 0};
};
/// Beyond this a reading is noise.
constexpr double LeastAccuracy = 1e-3;

std::string digits(double Value) {
  char Text[32];
  snprintf(Text, sizeof Text, "%.2g", Value);
  return Text;
}
} // namespace

bool nn2crn::runEquilibrium(const Session &S, std::vector<double> &Limits,
                            double &Accuracy) {
  size_t Species = S.compiledLimit().speciesCount();
  size_t Lanes = EquilibriumBlock(S.compiledLimit()).lanes();
  size_t Blocks = (S.cases() + Lanes - 1) / Lanes;
  Limits.resize(S.cases() * S.readingCount());
  std::vector<Worst> Found(Blocks);

  struct State {
    EquilibriumBlock Block;
    std::vector<double> Amounts, Errors;
  };
  LoopEnd End = parallelFor(
      Blocks, S.options().Threads, S.options().Progress, "equilibrium",
      [&] {
        return State{EquilibriumBlock(S.compiledLimit()),
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
        Worst &W = Found[B];
        for (size_t L = 0; L < Count; ++L) {
          double *Out = &Limits[(First + L) * S.readingCount()];
          size_t At = 0;
          for (const Port *P : S.outputs())
            for (size_t I = 0; I < P->elementCount(); ++I, ++At) {
              EquilibriumBlock::Reading R = T.Block.read(L, *P, I);
              Out[At] = R.Value;
              double Relative = R.Error / std::max(1.0, std::fabs(R.Value));
              // Not "greater", so that a NaN counts as worthless.
              bool Fails = !(Relative <= LeastAccuracy);
              if (!Fails)
                W.Accuracy = std::max(W.Accuracy, Relative);
              else if (!W.Failed)
                W = {W.Accuracy, true, First + L, At, R};
            }
        }
      });
  if (!S.finished(End))
    return false;

  const Worst *FirstFailure = nullptr;
  Accuracy = 0;
  for (const Worst &W : Found) {
    Accuracy = std::max(Accuracy, W.Accuracy);
    if (W.Failed && !FirstFailure)
      FirstFailure = &W;
  }
  if (!FirstFailure)
    return true;
  auto [P, Element] = S.reading(FirstFailure->Reading);
  bool Overflow = !std::isfinite(FirstFailure->What.Value) ||
                  !std::isfinite(FirstFailure->What.Error);
  auto D = S.diags().error(
      DiagId::LostAccuracy, {},
      S.caseText(FirstFailure->Case) + "port '" + P->Name + "', element " +
          std::to_string(Element) +
          (Overflow
               ? ": amounts grow beyond what double precision can hold"
               : ": the rails nearly cancel; the reading " +
                     digits(FirstFailure->What.Value) + " may be wrong by " +
                     digits(FirstFailure->What.Error)));
  D.note("amounts grow from layer to layer by about a layer's width; cancel "
         "rails in between");
  return false;
}
