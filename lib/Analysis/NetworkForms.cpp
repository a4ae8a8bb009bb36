//===- NetworkForms.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/NetworkForms.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

//===----------------------------------------------------------------------===//
// Certainty
//===----------------------------------------------------------------------===//

Certainty nn2crn::analyzeCertainty(const Network &Net) {
  Certainty C{analyzeFeedForward(Net), {}};
  if (C.Order.Result != FeedForward::Verdict::Competing)
    return C;
  std::vector<bool> Held = heldSpecies(Net);
  std::vector<uint32_t> Users(Net.speciesRows());
  for (Reaction R : Net.reactions())
    for (Term T : R.reactants())
      ++Users[T.Species.Value];
  std::vector<bool> Aside(Net.reactionRows());
  std::vector<ReactionId> Annihilations;
  for (Reaction R : Net.reactions()) {
    auto Left = R.reactants();
    bool Pair = R.products().empty() && Left.size() == 2 && R.order() == 2 &&
                !Held[Left[0].Species.Value] && !Held[Left[1].Species.Value];
    if (Pair && (Users[Left[0].Species.Value] > 1 ||
                 Users[Left[1].Species.Value] > 1)) {
      Aside[R.id().Value] = true;
      Annihilations.push_back(R.id());
    }
  }
  if (Annihilations.empty())
    return C;
  if (FeedForward Rest = analyzeFeedForward(Net, Aside))
    return {std::move(Rest), std::move(Annihilations)};
  return C;
}

//===----------------------------------------------------------------------===//
// Numbers and inputs
//===----------------------------------------------------------------------===//

void nn2crn::includeInUnit(Rational &Unit, const Number &N) {
  // Approximate numbers have no exact value; they are refused elsewhere.
  if (auto Exact = N.exact(); Exact && Exact->sign() != 0)
    Unit = Unit * (*Exact * Unit).denominator();
}

Rational nn2crn::commonUnit(const Network &Net, Rational Unit) {
  for (SpeciesId S : Net.species())
    if (Net.initialValue(S) != 0)
      includeInUnit(Unit, Net.initial(S));
  for (const Port &P : Net.ports())
    for (const auto *Numbers : {&P.Offset, &P.Constants})
      for (const Number &N : *Numbers)
        includeInUnit(Unit, N);
  return Unit;
}

Interval nn2crn::acceptedValues(const Port &P, size_t Element, bool Declared) {
  Interval In;
  bool Up = false, Down = false;
  for (const PortTerm &T : P.element(Element))
    (T.Coefficient > 0 ? Up : Down) = true;
  // The value of which all rails are empty. Where that is no double, the one
  // beyond it is meant.
  Number Bound = P.constant(Element) / P.scale(Element) - P.offset(Element);
  bool Exact = Bound.kind() == Number::Kind::Exact;
  if (!Down)
    In.Low = Exact ? Bound.value() : std::nextafter(Bound.value(), -HUGE_VAL);
  if (!Up)
    In.High = Exact ? Bound.value() : std::nextafter(Bound.value(), HUGE_VAL);
  if (const PortRange *Range = P.range(Element); Range && Declared) {
    In.Low = std::max(In.Low, Range->Low);
    In.High = std::min(In.High, Range->High);
  }
  return In;
}

template <class T>
typename NetworkForms<T>::Variables
NetworkForms<T>::addVariables(const Network &Net, FormSpace<T> &Space,
                              bool Declared) {
  Variables V(Net.ports().size());
  for (size_t I = 0; I < V.size(); ++I)
    if (const Port &P = Net.ports()[I]; P.Direction != PortDirection::Output)
      for (size_t E = 0; E < P.elementCount(); ++E)
        V[I].push_back(Space.addVariable(acceptedValues(P, E, Declared)));
  return V;
}

//===----------------------------------------------------------------------===//
// The walk over the reactions
//===----------------------------------------------------------------------===//

template <class T>
NetworkForms<T>::NetworkForms(const Network &Net, const Certainty &C,
                              FormSpace<T> &Space)
    : Net(Net), C(C), Space(Space), Sum(Space), Held(heldSpecies(Net)),
      Begin(Net.speciesRows() + 1), SupplyUses(Net.speciesRows()),
      ExtentUses(Net.reactionRows()), Given(Net.speciesRows()),
      Supplies(Net.speciesRows()), Extents(Net.reactionRows()),
      Consumer(Net.speciesRows()) {
  // How much more of a product there is than of the same reactant.
  auto Gain = [](Reaction R, Term P) {
    for (Term L : R.reactants())
      if (L.Species == P.Species)
        return P.Coefficient > L.Coefficient ? P.Coefficient - L.Coefficient
                                             : 0;
    return P.Coefficient;
  };
  for (ReactionId Id : C.Order.Order)
    for (Term P : Net.reaction(Id).products())
      if (!Held[P.Species.Value] && Gain(Net.reaction(Id), P))
        ++Begin[P.Species.Value + 1];
  for (size_t S = 1; S < Begin.size(); ++S)
    Begin[S] += Begin[S - 1];
  Producers.resize(Begin.back());
  std::vector<uint64_t> Fill(Begin.begin(), Begin.end() - 1);
  for (ReactionId Id : C.Order.Order) {
    Reaction R = Net.reaction(Id);
    for (Term P : R.products())
      if (uint32_t Amount = Held[P.Species.Value] ? 0 : Gain(R, P))
        Producers[Fill[P.Species.Value]++] = {Id, Amount};
    for (Term L : R.reactants())
      if (!Held[L.Species.Value])
        ++SupplyUses[L.Species.Value];
  }
  // Ports read what is left, so supplies and the consumer's extent stay.
  std::vector<bool> Read(Net.speciesRows());
  for (const Port &P : Net.ports())
    if (P.Direction != PortDirection::Input)
      for (const PortTerm &L : P.Terms) {
        SupplyUses[L.Species.Value] += 2;
        Read[L.Species.Value] = true;
      }
  for (ReactionId Id : C.Order.Order) {
    for (Term L : Net.reaction(Id).reactants())
      if (Read[L.Species.Value]) {
        Consumer[L.Species.Value] = Id;
        ++ExtentUses[Id.Value];
      }
    for (Term P : Net.reaction(Id).products())
      ExtentUses[Id.Value] += SupplyUses[P.Species.Value] != 0;
  }
}

template <class T> bool NetworkForms<T>::fail(std::string Why) {
  if (Problem.empty())
    Problem = std::move(Why);
  return false;
}

template <class T> bool NetworkForms<T>::setInputs(const Variables &Inputs) {
  auto Zero = std::make_shared<const typename FormSpace<T>::Form>();
  for (size_t I = 0; I < Inputs.size(); ++I) {
    const Port &P = Net.ports()[I];
    for (size_t E = 0; E < Inputs[I].size(); ++E) {
      auto Scale = P.scale(E).exact(), Offset = P.offset(E).exact(),
           Constant = P.constant(E).exact();
      if (!Scale || !Offset || !Constant)
        return fail("port '" + P.Name +
                    "' has a scale or offset that is not "
                    "known exactly");
      Sum.add(Space.variable(Inputs[I][E]), *Scale);
      Sum.addConstant(*Offset * *Scale - *Constant);
      FormPtr U = Sum.take(), Up;
      for (const PortTerm &L : P.element(E)) {
        FormPtr &Amount = Given[L.Species.Value];
        if (Amount)
          return fail("species '" + Net.nameText(L.Species) +
                      "' belongs to two elements of inputs");
        Amount = Zero;
      }
      for (bool Positive : {true, false}) {
        auto Rails = P.element(E);
        auto Rail = std::ranges::find_if(Rails, [&](const PortTerm &L) {
          return (L.Coefficient > 0) == Positive;
        });
        if (Rail == Rails.end())
          continue;
        if (!Up)
          Up = Space.relu(U).Value;
        Rational Each =
            Rational(1) / Rational::fromDouble(std::fabs(Rail->Coefficient));
        Sum.add(Up, Each);
        if (!Positive)
          Sum.add(U, Rational(0) - Each);
        Given[Rail->Species.Value] = Sum.take();
      }
    }
  }
  return true;
}

template <class T> bool NetworkForms<T>::run(const Variables &Inputs) {
  if (!setInputs(Inputs))
    return false;
  if (!C.Annihilations.empty()) {
    Taken.resize(Net.speciesRows());
    for (ReactionId R : C.Annihilations) {
      uint32_t Amount = Space.addVariable({0, HUGE_VAL}, /*Marked=*/true);
      for (Term L : Net.reaction(R).reactants())
        Taken[L.Species.Value].push_back(Amount);
    }
  }
  for (ReactionId R : C.Order.Order)
    if (!fire(R) || Space.overflowed())
      return false;
  return true;
}

template <class T>
typename NetworkForms<T>::FormPtr NetworkForms<T>::supply(SpeciesId S) {
  FormPtr &Known = Supplies[S.Value];
  if (Known)
    return Known;
  auto Made = producers(S);
  FormPtr Result;
  bool Amount =
      !Given[S.Value] && (Net.initialValue(S) != 0 ||
                          Net.initial(S).kind() != Number::Kind::Exact);
  bool Less = !Taken.empty() && !Taken[S.Value].empty();
  if (Made.size() == 1 && Made[0].Amount == 1 && !Amount && !Given[S.Value] &&
      !Less) {
    Result = Extents[Made[0].Reaction.Value];
  } else {
    if (Given[S.Value])
      Sum.add(Given[S.Value], 1);
    if (Amount) {
      auto Exact = Net.initial(S).exact();
      if (!Exact) {
        fail("the amount of '" + Net.nameText(S) + "', " +
             Net.initial(S).str() + ", is not known exactly");
        return nullptr;
      }
      Sum.addConstant(*Exact);
    }
    for (const Producer &P : Made)
      Sum.add(Extents[P.Reaction.Value], P.Amount);
    if (Less)
      for (uint32_t V : Taken[S.Value])
        Sum.add(Space.variable(V), -1);
    Result = Sum.take();
  }
  // Rows are long: an extent goes when all that it makes has been added up.
  for (const Producer &P : Made)
    if (--ExtentUses[P.Reaction.Value] == 0)
      Extents[P.Reaction.Value] = nullptr;
  if (SupplyUses[S.Value] > 1)
    Known = Result;
  return Result;
}

template <class T> bool NetworkForms<T>::fire(ReactionId Id) {
  Reaction R = Net.reaction(Id);
  FormPtr Extent;
  SpeciesId First;
  bool Blocked = false;
  for (Term L : R.reactants()) {
    SpeciesId S = L.Species;
    // Held at its initial amount, which is not 0.
    if (Held[S.Value] && !Given[S.Value])
      continue;
    uint32_t Back = 0;
    for (Term P : R.products())
      if (P.Species == S)
        Back = P.Coefficient;
    FormPtr Supply = Held[S.Value] ? Given[S.Value] : supply(S);
    if (!Supply)
      return false;
    if (Held[S.Value] || Back >= L.Coefficient) {
      // A catalyst is a gate. It must be known to be there, or not.
      Interval In = Space.bounds(*Supply);
      if (Supply->isZero() || In.High <= 0)
        Blocked = true;
      else if (!(In.Low > 0))
        return fail("the catalyst '" + Net.nameText(S) + "' of reaction '" +
                    reactionText(Net, R) +
                    "' is neither proven to be there nor proven absent on the "
                    "inputs");
      continue;
    }
    FormPtr Each = Space.quotient(Supply, L.Coefficient - Back);
    if (!Extent) {
      Extent = Each;
      First = S;
      continue;
    }
    FormPtr More = Space.difference(Extent, Each);
    auto Relu = Space.relu(More);
    Gates.push_back({Id, Relu.Sign, Relu.Atom, First, S});
    if (Relu.Sign > 0)
      Extent = Each;
    else if (Relu.Sign == 0)
      Extent = Space.difference(Extent, Relu.Value);
  }
  if (Blocked)
    Extent = std::make_shared<const typename FormSpace<T>::Form>();
  if (ExtentUses[Id.Value] != 0)
    Extents[Id.Value] = std::move(Extent);
  return true;
}

//===----------------------------------------------------------------------===//
// Readings
//===----------------------------------------------------------------------===//

template <class T>
typename NetworkForms<T>::FormPtr NetworkForms<T>::finalAmount(SpeciesId S) {
  FormPtr All = supply(S);
  ReactionId By = Consumer[S.Value];
  if (!All || !By.isValid() || Held[S.Value])
    return All;
  uint32_t Each = 0, Back = 0;
  for (Term L : Net.reaction(By).reactants())
    if (L.Species == S)
      Each = L.Coefficient;
  for (Term P : Net.reaction(By).products())
    if (P.Species == S)
      Back = P.Coefficient;
  if (Back >= Each)
    return All;
  Sum.add(All, 1);
  Sum.add(Extents[By.Value], -static_cast<int64_t>(Each - Back));
  return Sum.take();
}

template <class T>
typename NetworkForms<T>::FormPtr NetworkForms<T>::reading(const Port &P,
                                                           size_t Element) {
  auto Scale = P.scale(Element).exact(), Offset = P.offset(Element).exact(),
       Constant = P.constant(Element).exact();
  if (!Scale || !Offset || !Constant) {
    fail("port '" + P.Name +
         "' has a scale, offset or constant that is not known exactly");
    return nullptr;
  }
  // All first: an amount may itself be a sum.
  std::vector<FormPtr> Amounts;
  for (const PortTerm &L : P.element(Element))
    if (Amounts.push_back(finalAmount(L.Species)); !Amounts.back())
      return nullptr;
  for (size_t I = 0; I < Amounts.size(); ++I)
    Sum.add(Amounts[I],
            Rational::fromDouble(P.element(Element)[I].Coefficient) / *Scale);
  Sum.addConstant(*Constant / *Scale - *Offset);
  return Sum.take();
}

//===----------------------------------------------------------------------===//
// The proof
//===----------------------------------------------------------------------===//

/// False where the numbers of type T are too small.
template <class T>
static bool tryToProve(const Network &Net, const Certainty &C, bool Declared,
                       std::string &Problem) {
  FormSpace<T> Space(commonUnit(Net));
  NetworkForms<T> Forms(Net, C, Space);
  Problem.clear();
  if (!Forms.run(NetworkForms<T>::addVariables(Net, Space, Declared)))
    Problem = Forms.problem();
  for (const Port &P : Net.ports())
    for (size_t E = 0; E < P.elementCount() && Problem.empty() &&
                       P.Direction != PortDirection::Input;
         ++E) {
      auto Reading = Forms.reading(P, E);
      if (!Reading)
        Problem = Forms.problem();
      else if (Space.isMarked(*Reading))
        Problem = "element " + std::to_string(E) + " of " +
                  std::string(P.directionName()) + " '" + P.Name +
                  "' depends on how much is annihilated, and so on rate "
                  "constants";
    }
  return !Space.overflowed();
}

std::string nn2crn::proveReadings(const Network &Net, const Certainty &C,
                                  bool Declared) {
  bool Read = std::ranges::any_of(Net.ports(), [](const Port &P) {
    return P.Direction == PortDirection::Output;
  });
  if (!Read && !C.Annihilations.empty())
    return "the network has no output ports, and the amounts of its species "
           "depend on how much is annihilated, and so on rate constants";
  std::string Problem;
  withNumbersLargeEnough([&](auto N) {
    return tryToProve<decltype(N)>(Net, C, Declared, Problem);
  });
  return Problem;
}

template class nn2crn::NetworkForms<int64_t>;
template class nn2crn::NetworkForms<Int128>;
template class nn2crn::NetworkForms<Rational>;
