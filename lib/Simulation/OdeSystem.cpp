//===- OdeSystem.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OdeSystem.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

static double power(double X, uint32_t N) {
  double Result = 1;
  for (; N; N >>= 1, X *= X)
    if (N & 1)
      Result *= X;
  return Result;
}

OdeSystem::OdeSystem(const CompiledNetwork &C) {
  constexpr uint32_t None = UINT32_MAX;
  std::vector<uint32_t> Equation(C.speciesCount(), None);
  for (size_t R = 0; R < C.reactionCount(); ++R)
    if (C.rate(R) > 0)
      for (const CompiledNetwork::Change &X : C.changes(R))
        Equation[X.Species] = 0;
  for (size_t S = 0; S < Equation.size(); ++S)
    if (Equation[S] != None) {
      Equation[S] = static_cast<uint32_t>(SpeciesOf.size());
      SpeciesOf.push_back(static_cast<uint32_t>(S));
    }
  for (size_t R = 0; R < C.reactionCount(); ++R) {
    if (!(C.rate(R) > 0) || C.changes(R).empty())
      continue;
    Base.push_back(C.rate(R));
    for (const CompiledNetwork::Reactant &A : C.reactants(R)) {
      if (Equation[A.Species] == None)
        Fixed.push_back({A.Species, A.Coefficient});
      else
        Factors.push_back({Equation[A.Species], A.Coefficient});
    }
    for (const CompiledNetwork::Change &X : C.changes(R))
      Changes.push_back({Equation[X.Species], X.Amount});
    FixedBegin.push_back(Fixed.size());
    FactorBegin.push_back(Factors.size());
    ChangeBegin.push_back(Changes.size());
  }
  makePattern();
  findFading();
}

void OdeSystem::findFading() {
  std::vector<bool> Made(size());
  for (const Change &X : Changes)
    if (X.Amount > 0)
      Made[X.Index] = true;
  // By equation.
  std::vector<uint32_t> Decay(size(), NoReaction);
  for (uint32_t R = 0; R < reactionCount(); ++R) {
    if (FactorBegin[R + 1] - FactorBegin[R] != 1)
      continue;
    const Factor &F = Factors[FactorBegin[R]];
    for (uint64_t X = ChangeBegin[R]; X < ChangeBegin[R + 1]; ++X)
      if (Changes[X].Index == F.Index && F.Power == 1 && !Made[F.Index])
        Decay[F.Index] = R;
  }
  Fading.assign(reactionCount(), NoReaction);
  for (uint32_t R = 0; R < reactionCount(); ++R)
    for (uint64_t F = FactorBegin[R]; F < FactorBegin[R + 1]; ++F) {
      bool Changed = false;
      for (uint64_t X = ChangeBegin[R]; X < ChangeBegin[R + 1]; ++X)
        Changed |= Changes[X].Index == Factors[F].Index;
      if (!Changed && Decay[Factors[F].Index] != NoReaction)
        Fading[R] = Decay[Factors[F].Index];
    }
}

void OdeSystem::makePattern() {
  // Entries by column, with duplicates; then sorted and made unique.
  std::vector<uint64_t> Begin(size() + 1, 0);
  auto ForEntries = [&](auto Visit) {
    for (size_t R = 0; R < reactionCount(); ++R)
      for (uint64_t F = FactorBegin[R]; F < FactorBegin[R + 1]; ++F)
        for (uint64_t X = ChangeBegin[R]; X < ChangeBegin[R + 1]; ++X)
          Visit(Factors[F].Index, Changes[X].Index);
  };
  for (size_t I = 0; I < size(); ++I)
    ++Begin[I + 1];
  ForEntries([&](uint32_t Column, uint32_t) { ++Begin[Column + 1]; });
  for (size_t I = 0; I < size(); ++I)
    Begin[I + 1] += Begin[I];
  if (Begin.back() > INT32_MAX) {
    Fits = false;
    return;
  }
  std::vector<int32_t> All(Begin.back());
  std::vector<uint64_t> Next(Begin.begin(), Begin.end() - 1);
  for (size_t I = 0; I < size(); ++I)
    All[Next[I]++] = static_cast<int32_t>(I);
  ForEntries([&](uint32_t Column, uint32_t Row) {
    All[Next[Column]++] = static_cast<int32_t>(Row);
  });
  ColumnBegin.push_back(0);
  for (size_t I = 0; I < size(); ++I) {
    auto First = All.begin() + static_cast<int64_t>(Begin[I]),
         Last = All.begin() + static_cast<int64_t>(Begin[I + 1]);
    std::sort(First, Last);
    Rows.insert(Rows.end(), First, std::unique(First, Last));
    ColumnBegin.push_back(static_cast<int32_t>(Rows.size()));
  }
  auto Place = [&](uint32_t Column, uint32_t Row) {
    auto First = Rows.begin() + ColumnBegin[Column],
         Last = Rows.begin() + ColumnBegin[Column + 1];
    return std::lower_bound(First, Last, static_cast<int32_t>(Row)) -
           Rows.begin();
  };
  for (uint32_t I = 0; I < size(); ++I)
    Diagonal.push_back(static_cast<int32_t>(Place(I, I)));
  ForEntries([&](uint32_t Column, uint32_t Row) {
    Slots.push_back(static_cast<uint32_t>(Place(Column, Row)));
  });
}

void OdeSystem::foldRates(std::span<const double> Amounts,
                          std::span<double> Rates) const {
  for (size_t R = 0; R < reactionCount(); ++R) {
    Rates[R] = Base[R];
    for (uint64_t F = FixedBegin[R]; F < FixedBegin[R + 1]; ++F)
      Rates[R] *= power(Amounts[Fixed[F].Index], Fixed[F].Power);
  }
}

/// Amounts that an integrator's noise has made negative run reactions
/// backwards, whatever their order: |y|^n with the sign of the noise. Taken
/// literally, mass action would let two negative reactants feed on each other.
double OdeSystem::speed(double Rate, size_t R, const double *Y) const {
  double V = Rate;
  bool Negative = false;
  for (uint64_t F = FactorBegin[R]; F < FactorBegin[R + 1]; ++F) {
    double A = Y[Factors[F].Index];
    Negative |= A < 0;
    V *= Factors[F].Power == 1 ? std::fabs(A)
                               : power(std::fabs(A), Factors[F].Power);
  }
  return Negative ? -V : V;
}

void OdeSystem::derivative(std::span<const double> Rates, const double *Y,
                           double *Dy) const {
  std::fill_n(Dy, size(), 0.0);
  for (size_t R = 0; R < reactionCount(); ++R) {
    double V = speed(Rates[R], R, Y);
    if (V == 0)
      continue;
    for (uint64_t X = ChangeBegin[R]; X < ChangeBegin[R + 1]; ++X)
      Dy[Changes[X].Index] += Changes[X].Amount * V;
  }
}

void OdeSystem::jacobian(std::span<const double> Rates, const double *Y,
                         double *Values) const {
  std::fill_n(Values, Rows.size(), 0.0);
  const uint32_t *Slot = Slots.data();
  for (size_t R = 0; R < reactionCount(); ++R) {
    uint64_t ChangeCount = ChangeBegin[R + 1] - ChangeBegin[R];
    for (uint64_t F = FactorBegin[R]; F < FactorBegin[R + 1]; ++F) {
      double A = Y[Factors[F].Index];
      double D = Rates[R];
      if (Factors[F].Power != 1)
        D *= Factors[F].Power * power(std::fabs(A), Factors[F].Power - 1);
      bool OtherNegative = false;
      for (uint64_t G = FactorBegin[R]; G < FactorBegin[R + 1]; ++G) {
        if (G == F)
          continue;
        double B = Y[Factors[G].Index];
        OtherNegative |= B < 0;
        D *= power(std::fabs(B), Factors[G].Power);
      }
      // d|y| is -dy below zero, which undoes the sign that y itself brings.
      if (OtherNegative && A >= 0)
        D = -D;
      if (D != 0) {
        const Change *X = Changes.data() + ChangeBegin[R];
        for (uint64_t I = 0; I < ChangeCount; ++I)
          Values[Slot[I]] += X[I].Amount * D;
      }
      Slot += ChangeCount;
    }
  }
}

double OdeSystem::slowestRelaxation(std::span<const double> Rates,
                                    const double *Y, double Level,
                                    std::span<const double> Consumable,
                                    std::vector<double> &Scratch) const {
  // Loss as a rate per amount, from the derivative of each consuming reaction
  // by the amount it consumes; it is there even while the amount is still 0.
  Scratch.assign(3 * size(), 0.0);
  double *Loss = Scratch.data(), *Gain = Loss + size(), *Source = Gain + size();
  for (size_t R = 0; R < reactionCount(); ++R) {
    double V = std::fabs(speed(Rates[R], R, Y));
    // Decay takes at least one at a time.
    if (Fading[R] != NoReaction && V <= Level * Rates[Fading[R]])
      continue;
    // Net-consumed species come first: a reaction without any never ends.
    bool Endless = !(Changes[ChangeBegin[R]].Amount < 0);
    for (uint64_t X = ChangeBegin[R]; X < ChangeBegin[R + 1]; ++X) {
      uint32_t S = Changes[X].Index;
      if (Changes[X].Amount > 0) {
        Gain[S] += Changes[X].Amount * V;
        Source[S] += Endless ? Changes[X].Amount * V : 0;
      } else if (Y[S] > 0 && Consumable[SpeciesOf[S]] > Level)
        Loss[S] -= Changes[X].Amount * V / Y[S];
    }
  }
  double Slowest = 0;
  for (size_t S = 0; S < size(); ++S) {
    if (Loss[S] > 0 && std::max(Y[S], Gain[S] / Loss[S]) > Level)
      Slowest = std::max(Slowest, 1 / Loss[S]);
    // Piles up for ever, and shows after this time.
    if (Loss[S] == 0 && Source[S] > 0)
      Slowest = std::max(Slowest, Level / Source[S]);
  }
  return Slowest;
}
