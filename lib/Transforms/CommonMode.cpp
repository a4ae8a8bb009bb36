//===- CommonMode.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CommonMode.h"

#include "nn2crn/Analysis/FeedForward.h"

#include <algorithm>
#include <cmath>
#include <optional>

using namespace nn2crn;

namespace {
/// The field of integers modulo 2^61 - 1.
constexpr uint64_t Prime = (uint64_t{1} << 61) - 1;

uint64_t plus(uint64_t A, uint64_t B) {
  uint64_t Sum = A + B;
  return Sum >= Prime ? Sum - Prime : Sum;
}
uint64_t times(uint64_t A, uint64_t B) {
  __extension__ using Wide = unsigned __int128;
  Wide Product = static_cast<Wide>(A) * B;
  return plus(static_cast<uint64_t>(Product & Prime),
              static_cast<uint64_t>(Product >> 61));
}
uint64_t power(uint64_t Base, uint64_t Exponent) {
  uint64_t Result = 1;
  for (; Exponent; Exponent >>= 1, Base = times(Base, Base))
    if (Exponent & 1)
      Result = times(Result, Base);
  return Result;
}
/// Of what is not 0.
uint64_t inverse(uint64_t A) { return power(A, Prime - 2); }

/// A double as the fraction that it is.
uint64_t ofDouble(double Value) {
  int Exponent = 0;
  // 53 bits make an integer.
  auto Mantissa = static_cast<uint64_t>(
      std::ldexp(std::frexp(std::fabs(Value), &Exponent), 53));
  Exponent -= 53;
  // The order of 2 is 61.
  uint64_t Result =
      times(Mantissa,
            uint64_t{1} << static_cast<unsigned>(((Exponent % 61) + 61) % 61));
  return Value < 0 && Result != 0 ? Prime - Result : Result;
}

/// A fixed sequence that looks random (splitmix64).
uint64_t drawn(uint64_t I) {
  I = (I + 1) * 0x9e3779b97f4a7c15;
  I = (I ^ (I >> 30)) * 0xbf58476d1ce4e5b9;
  I = (I ^ (I >> 27)) * 0x94d049bb133111eb;
  return (I ^ (I >> 31)) % Prime;
}
} // namespace

CommonMode::CommonMode(const Network &Net, const CertainDownstream &Certain)
    : Net(Net), Certain(Certain), Held(heldSpecies(Net)),
      Set(Net.speciesRows()), More(Net.speciesRows()),
      Other(Net.speciesRows()) {
  for (const Port &P : Net.ports())
    if (P.Direction != PortDirection::Output)
      for (const PortTerm &T : P.Terms)
        Set[T.Species.Value] = true;
}

void CommonMode::feed(uint32_t Which, std::span<const SpeciesId> Species) {
  Fed = true;
  for (SpeciesId S : Species)
    for (size_t I = 0; I < 2; ++I)
      More[S.Value][I] = plus(More[S.Value][I], drawn(uint64_t{2} * Which + I));
}

/// Hands what is more of the reactants on. False where they get not the same.
bool CommonMode::passThrough(Reaction R) {
  for (Term T : R.products())
    Other[T.Species.Value] = T.Coefficient;
  std::optional<Form> Extent;
  bool Same = true, Gated = false;
  for (Term T : R.reactants()) {
    uint32_t S = T.Species.Value, Back = Other[S];
    if (Held[S] || T.Coefficient <= Back) {
      // Gates nothing where it is there anyhow. Where it may be missing,
      // neither more of it nor more of what it lets through goes the same way
      // in all cases.
      if (Set[S] || !(Net.initialValue(T.Species) > 0)) {
        Same &= More[S] == Form{};
        Gated = true;
      }
      continue;
    }
    Form Mine = More[S];
    if (uint32_t Taken = T.Coefficient - Back; Taken != 1 && Mine != Form{})
      for (uint64_t &F : Mine)
        F = times(F, inverse(Taken));
    Same &= !Extent || *Extent == Mine;
    Extent = Mine;
    More[S] = {}; // As much is left as before.
  }
  for (Term T : R.products())
    Other[T.Species.Value] = 0;
  if (!Same || !Extent || *Extent == Form{})
    return Same;
  if (Gated)
    return false;
  for (Term T : R.reactants())
    Other[T.Species.Value] = T.Coefficient;
  for (Term T : R.products()) {
    uint32_t S = T.Species.Value;
    if (!Held[S] && T.Coefficient > Other[S])
      for (size_t I = 0; I < 2; ++I)
        More[S][I] =
            plus(More[S][I], times((*Extent)[I], T.Coefficient - Other[S]));
  }
  for (Term T : R.reactants())
    Other[T.Species.Value] = 0;
  return true;
}

bool CommonMode::changesNoReading() {
  if (!Fed)
    return true;
  for (ReactionId R : Certain.order())
    if (!passThrough(Net.reaction(R)))
      return false;
  for (Reaction R : Net.reactions())
    if (!Certain.certain(R.id()))
      for (Term T : R.reactants())
        if (More[T.Species.Value] != Form{})
          return false;
  for (SpeciesId S : Net.species())
    if (Net.flags(S).Observed && More[S.Value] != Form{})
      return false;
  for (const Port &P : Net.ports()) {
    if (P.Direction == PortDirection::Input)
      continue;
    for (size_t I = 0; I < P.elementCount(); ++I) {
      Form Reading{};
      for (const PortTerm &T : P.element(I))
        if (More[T.Species.Value] != Form{})
          for (size_t K = 0; K < 2; ++K)
            Reading[K] = plus(Reading[K], times(More[T.Species.Value][K],
                                                ofDouble(T.Coefficient)));
      if (Reading != Form{})
        return false;
    }
  }
  return true;
}
