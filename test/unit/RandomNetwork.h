//===- RandomNetwork.h - Networks by seed, for properties and benchmarks -*- C++
//-*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_RANDOMNETWORK_H
#define NN2CRN_TEST_RANDOMNETWORK_H

#include "nn2crn/IR/Editor.h"

#include <random>

namespace nn2crn::test {

/// A network that uses every feature of the IR, names that need quotes and
/// numbers with exact companions among them. The same seed gives the same
/// network.
inline Network randomNetwork(uint32_t Seed) {
  std::mt19937 Random(Seed);
  auto Below = [&](uint32_t N) { return static_cast<uint32_t>(Random() % N); };
  auto Amount = [&]() -> Number {
    switch (Below(5)) {
    case 0:
      return Number::rational(Rational(1 + Below(50), 1 + Below(50)));
    case 1:
      return Number::approximate(Below(1000) / 7.0);
    case 2:
      return Number(Below(10));
    default:
      return Number(std::ldexp(1.0 + Below(1u << 30), -int(Below(60))));
    }
  };
  Network Net;
  if (Below(2))
    Net.Name = Below(2) ? "net" : "a net";
  if (Below(2)) {
    Net.Units.Amount = "uM";
    Net.Units.Time = "min";
    Net.Units.Volume = 0.5;
  }
  Editor Edit(Net);
  constexpr const char *Signals[] = {"x",         "h0",    "a b",
                                     "in\"put\\", "\x01z", "_1"};
  std::vector<SpeciesId> All;
  uint32_t Names = 3 + Below(12);
  std::vector<SpeciesName> Taken;
  for (uint32_t I = 0; I < Names; ++I) {
    SignalId Signal = Edit.signal(Signals[Below(6)]);
    Rail R = static_cast<Rail>(Below(3));
    SpeciesName Name =
        Below(4) ? SpeciesName(Signal, Below(20), R) : SpeciesName(Signal, R);
    if (std::find(Taken.begin(), Taken.end(), Name) != Taken.end())
      continue;
    Taken.push_back(Name);
    All.push_back(Edit.addSpecies(Name));
  }
  auto Pick = [&] { return All[Below(static_cast<uint32_t>(All.size()))]; };
  for (SpeciesId S : All) {
    if (Below(3) == 0)
      Edit.setInitial(S, Amount());
    SpeciesFlags F = Net.flags(S);
    F.Constant = Below(8) == 0;
    F.Boundary = Below(8) == 0;
    F.Waste = Below(8) == 0;
    F.Observed = Below(8) == 0;
    F.Helper = Below(8) == 0;
    Edit.setFlags(S, F);
  }
  uint32_t Phases = Below(3);
  for (uint32_t I = 0; I < Phases; ++I) {
    Phase P{I ? "second phase" : "first", 1 + Below(5) / 4.0, {}, {}};
    P.Doses.push_back({Pick(), Amount()});
    if (Below(2))
      P.Resets.push_back({Pick(), Amount()});
    Edit.addPhase(std::move(P));
  }
  auto Side = [&](uint32_t Most) {
    std::vector<Term> Terms;
    for (uint32_t I = Below(Most + 1); I > 0; --I) {
      SpeciesId S = Pick();
      bool Twice = false;
      for (Term T : Terms)
        Twice |= T.Species == S;
      if (!Twice)
        Terms.push_back({S, 1 + (Below(3) ? 0 : Below(5))});
    }
    return Terms;
  };
  for (uint32_t I = Below(20); I > 0; --I) {
    RateId R = Below(4) ? Edit.rate(Amount())
                        : Edit.parameter(Below(2) ? "eta" : "k", Amount());
    Edit.addReaction(Side(3), Side(24), R, OriginId(0),
                     static_cast<PhaseMask>(Below(1u << Phases)));
  }
  for (uint32_t I = Below(4); I > 0; --I) {
    Port P;
    P.Name = "port " + std::to_string(I);
    P.Direction = static_cast<PortDirection>(Below(3));
    P.Encoding = static_cast<PortEncoding>(Below(2));
    if (Below(4))
      P.Shape = {int64_t{1} + Below(3)};
    size_t Elements = shapeElements(P.Shape);
    if (Below(3) == 0)
      P.Scale.assign(Elements, Number::rational(Rational(1, 3)));
    if (Below(3) == 0)
      P.Offset = {Number(-0.5)};
    if (Below(3) == 0)
      P.Range = {{-1, HUGE_VAL}};
    for (size_t E = 0; E < Elements; ++E) {
      std::vector<PortTerm> Terms;
      for (SpeciesId S : All)
        if (Below(static_cast<uint32_t>(All.size())) < 2)
          Terms.push_back({S, Below(2) ? 1.0 : -0.25 * (1 + Below(8))});
      P.addElement(Terms);
    }
    if (Below(3) == 0)
      for (size_t E = 0; E < Elements; ++E)
        P.Constants.push_back(Below(2) ? Number(-1.5) : Amount());
    if (P.Direction == PortDirection::Output && Below(2) == 0) {
      P.Meaning.Head = {"Softmax", "ArgMax"};
      P.Meaning.HeadKept = Below(2) == 0;
      P.Meaning.LabelsAreIntegers = Below(2) == 0;
      P.Meaning.Labels =
          P.Meaning.LabelsAreIntegers
              ? std::vector<std::string>{"-7", "0", "12"}
              : std::vector<std::string>{"a", "b \"c\"\n", "7", ""};
    }
    Edit.addPort(std::move(P));
  }
  return Net;
}

} // namespace nn2crn::test

#endif
