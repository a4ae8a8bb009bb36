//===- RandomFeedForward.h - Networks with a sure limit, for tests -*- C++
//-*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_RANDOMFEEDFORWARD_H
#define NN2CRN_TEST_RANDOMFEEDFORWARD_H

#include "Limit.h"
#include "nn2crn/IR/Editor.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace nn2crn::test {

/// A noncompetitive, productive, feed-forward network with reactions of one to
/// three reactants, coefficients, catalysts, fuels, twins (species that are
/// made alike, and reactions on them), observed species, and ports with scales,
/// offsets, constants, missing and doubled rails. The same seed gives the same
/// network.
class RandomFeedForward {
public:
  explicit RandomFeedForward(unsigned Seed) : Random(Seed), Edit(Net) {
    addInputs();
    SignalId Fuel = Edit.signal("fuel");
    FuelSpecies = Edit.addSpecies(SpeciesName(Fuel));
    Edit.setInitial(FuelSpecies, 3);
    SpeciesFlags Flags = Net.flags(FuelSpecies);
    Flags.Constant = true;
    Edit.setFlags(FuelSpecies, Flags);
    unsigned Middle = 6 + below(12);
    for (unsigned I = 0; I < Middle; ++I)
      addSpecies();
    // Reactions in the order of their rank: products come later than what is
    // consumed, in the order of Free.
    unsigned Reactions = 3 + below(Middle);
    for (unsigned I = 0; I < Reactions && Next + 2 < Chain.size(); ++I)
      addReaction();
    addOutputs();
    addObserved();
  }

  Network take() { return std::move(Net); }

private:
  unsigned below(unsigned N) {
    return std::uniform_int_distribution<unsigned>(0, N - 1)(Random);
  }
  Number amount() {
    switch (below(4)) {
    case 0:
      return Number::rational(Rational(1 + below(9), 1 + below(9)));
    case 1:
      return (1 + below(64)) / 16.0;
    default:
      return 0;
    }
  }
  SpeciesId addSpecies() {
    SpeciesId S =
        Edit.addSpecies(SpeciesName(Edit.signal("s"), Count++, Rail::None));
    if (Number A = amount(); A.value() != 0)
      Edit.setInitial(S, A);
    Chain.push_back(S);
    return S;
  }

  void addInputs() {
    unsigned Ports = 1 + below(2);
    for (unsigned I = 0; I < Ports; ++I) {
      Port P;
      P.Name = "x" + std::to_string(I);
      unsigned Elements = 1 + below(4);
      P.Shape = {static_cast<int64_t>(Elements)};
      if (below(4) == 0)
        P.Scale = {Number::rational(Rational(1, 3))};
      if (below(4) == 0)
        P.Encoding = PortEncoding::SingleRail;
      if (P.Encoding == PortEncoding::SingleRail || below(4) == 0)
        P.Offset.assign(Elements, 4);
      SignalId Signal = Edit.signal(P.Name);
      for (unsigned E = 0; E < Elements; ++E) {
        auto Rail = [&](nn2crn::Rail R) {
          SpeciesId S = Edit.addSpecies(SpeciesName(Signal, E, R));
          Chain.push_back(S);
          return S;
        };
        std::vector<PortTerm> Terms{{Rail(Rail::Positive), 1}};
        if (P.Encoding == PortEncoding::DualRail)
          Terms.push_back({Rail(Rail::Negative), -1});
        if (below(8) == 0)
          Terms.push_back({Rail(Rail::None), 2});
        P.addElement(Terms);
      }
      Edit.addPort(std::move(P));
    }
    std::ranges::shuffle(Chain, Random);
  }

  /// Product lists over species that nothing before consumes.
  std::vector<Term> products(size_t From) {
    std::vector<Term> Terms;
    for (size_t I = From; I < Chain.size(); ++I)
      if (below(4) == 0)
        Terms.push_back({Chain[I], 1 + (below(3) ? 0 : below(3))});
    return Terms;
  }

  /// Consumes the next one to three of Chain; what is made comes later.
  void addReaction() {
    unsigned Reactants = below(2) ? 1 : 2 + (below(5) == 0);
    std::vector<Term> Left, Right;
    for (; Left.size() < Reactants && Next < Chain.size(); ++Next)
      if (below(6)) // Some are left unconsumed.
        Left.push_back({Chain[Next], 1 + (below(5) ? 0 : below(2) + 1)});
    if (Left.empty())
      return;
    Right = products(Next);
    std::erase_if(Right, [&](Term T) { return isInput(T.Species); });
    bool Twin = below(3) == 0 && std::ranges::none_of(Left, [&](Term T) {
                  return isInput(T.Species);
                });
    if (below(6) == 0) {
      Left.push_back({FuelSpecies, 1});
      if (below(2))
        Right.push_back({FuelSpecies, 1});
    }
    if (below(8) == 0) { // Given back in part.
      Left[0].Coefficient += 1;
      Right.push_back({Left[0].Species, 1});
    }
    RateId Rate = Edit.rate(1 + below(3));
    if (Twin)
      addTwin(Left, Right);
    Edit.addReaction(Left, Right, Rate);
  }

  /// The same reactants once more, under other names, with other or the same
  /// products.
  void addTwin(std::vector<Term> Left, std::vector<Term> Right) {
    std::vector<Term> Products = below(2) ? Right : products(Next);
    std::erase_if(Products, [&](Term T) { return isInput(T.Species); });
    auto Rename = [&](SpeciesId S) {
      SpeciesId Other =
          Edit.addSpecies(SpeciesName(Edit.signal("t"), Count++, Rail::None));
      if (below(8)) // Some are started otherwise.
        Edit.setInitial(Other, Net.initial(S));
      std::vector<ReactionId> Makers(Edit.producers(S).begin(),
                                     Edit.producers(S).end());
      for (ReactionId R : Makers) {
        std::vector<Term> L(Net.reaction(R).reactants().begin(),
                            Net.reaction(R).reactants().end());
        std::vector<Term> P(Net.reaction(R).products().begin(),
                            Net.reaction(R).products().end());
        for (Term T : Net.reaction(R).products())
          if (T.Species == S)
            P.push_back({Other, T.Coefficient});
        Edit.setTerms(R, L, P);
      }
      return Other;
    };
    for (Term &T : Left)
      if (T.Species != FuelSpecies) {
        SpeciesId Was = T.Species;
        T.Species = Rename(Was);
        for (Term &Q : Products)
          if (Q.Species == Was)
            Q.Species = T.Species;
      }
    if (below(2))
      std::ranges::reverse(Left);
    Edit.addReaction(Left, Products, Edit.rate(1 + below(2)));
  }

  bool isInput(SpeciesId S) const {
    return std::ranges::any_of(Net.ports(), [&](const Port &P) {
      return P.Direction == PortDirection::Input &&
             std::ranges::any_of(
                 P.Terms, [&](const PortTerm &T) { return T.Species == S; });
    });
  }

  void addOutputs() {
    unsigned Ports = 1 + below(2);
    for (unsigned I = 0; I < Ports; ++I) {
      Port P;
      P.Name = "y" + std::to_string(I);
      P.Direction = PortDirection::Output;
      P.Shape = {2, 1 + below(2)};
      size_t Elements = shapeElements(P.Shape);
      if (below(3) == 0)
        P.Scale = {Number(2)};
      if (below(3) == 0)
        P.Offset = {Number(-0.5)};
      for (size_t E = 0; E < Elements; ++E) {
        std::vector<PortTerm> Terms;
        for (size_t S = 0; S < Net.speciesRows(); ++S)
          if (below(static_cast<unsigned>(Net.speciesRows())) < 2)
            Terms.push_back({SpeciesId(static_cast<uint32_t>(S)),
                             below(2) ? 1.0 : -1.0 - below(2)});
        P.addElement(Terms);
        if (below(6) == 0) {
          P.Constants.resize(Elements);
          P.Constants[E] = 0.25;
        }
      }
      Edit.addPort(std::move(P));
    }
  }

  /// Comes last, so that flags change nothing else of a seed.
  void addObserved() {
    for (SpeciesId S : Chain)
      if (!isInput(S) && below(12) == 0) {
        SpeciesFlags Flags = Net.flags(S);
        Flags.Observed = true;
        Edit.setFlags(S, Flags);
      }
  }

  std::mt19937 Random;
  Network Net;
  Editor Edit;
  SpeciesId FuelSpecies;
  std::vector<SpeciesId> Chain;
  size_t Next = 0;
  uint32_t Count = 0;
};

inline Network randomFeedForward(unsigned Seed) {
  return RandomFeedForward(Seed).take();
}

/// Values for the input ports of \p Net: in [-4, 4], or in their ranges where
/// that is smaller; multiples of 1/16.
inline std::vector<std::vector<double>> randomInputs(const Network &Net,
                                                     std::mt19937 &Random) {
  std::vector<std::vector<double>> All;
  for (const Port &P : Net.ports())
    if (P.Direction == PortDirection::Input) {
      std::vector<double> &X = All.emplace_back();
      for (size_t I = 0; I < P.elementCount(); ++I) {
        double Low = -4, High = 4;
        if (const PortRange *R = P.range(I)) {
          Low = std::max(Low, R->Low);
          High = std::max(Low, std::min(High, R->High));
        }
        auto Steps = static_cast<int>((High - Low) * 16);
        X.push_back(Low + std::uniform_int_distribution<int>(0, Steps)(Random) /
                              16.0);
      }
    }
  return All;
}

} // namespace nn2crn::test

#endif
