//===- SBMLReactions.cpp --------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ForeignNames.h"
#include "SBMLReader.h"

#include <cmath>
#include <map>
#include <unordered_map>

using namespace nn2crn;
using namespace nn2crn::sbml;

bool ModelReader::readSide(const ::Reaction &R, bool Products,
                           std::vector<Term> &Out) {
  unsigned Count = Products ? R.getNumProducts() : R.getNumReactants();
  std::unordered_map<uint32_t, size_t> Place;
  for (unsigned I = 0; I < Count; ++I) {
    const SpeciesReference &Ref =
        *(Products ? R.getProduct(I) : R.getReactant(I));
    auto It = Symbols.find(Ref.getSpecies());
    if (It == Symbols.end() || It->second.K != Symbol::Kind::Species)
      return refuse(
          Ref, "expected the id of a species, found '" + Ref.getSpecies() + "'",
          "declare the species");
    double Times = 1;
    if (Ref.isSetStoichiometryMath())
      return refuse(Ref, "expected a number as stoichiometry, found a formula",
                    "write the number");
    if (Ref.isSetStoichiometry())
      Times = Ref.getStoichiometry();
    else if (Ref.getLevel() > 2)
      assume(Ref, "the stoichiometry of '" + Ref.getSpecies() +
                      "' is not given; taking 1");
    if (!(Times >= 1) || Times != std::floor(Times) || Times > MaxCoefficient)
      return refuse(Ref,
                    "expected a whole number from 1 to " +
                        std::to_string(MaxCoefficient) +
                        " as stoichiometry, found " + std::to_string(Times),
                    "scale the reaction to whole numbers");
    auto [At, New] = Place.emplace(It->second.Index, Out.size());
    if (New)
      Out.push_back({SpeciesId(It->second.Index), uint32_t(Times)});
    else if (double Sum = Times + Out[At->second].Coefficient;
             Sum <= MaxCoefficient)
      Out[At->second].Coefficient = uint32_t(Sum);
    else
      return refuse(Ref, "expected a coefficient of at most 31 bits",
                    "scale the reaction");
  }
  return true;
}

std::optional<RateId> ModelReader::rateOf(const ::Reaction &R,
                                          const Monomial &Law) {
  // A law is substance per time. For concentrations it is divided by the size,
  // and a symbol that is an amount is a concentration times the size; for
  // counts, one that is a concentration is a count divided by the size.
  bool Counts = Net.Units.Amount == "count";
  int64_t SizePower = Counts ? 0 : -1;
  for (auto [Index, Exponent] : Law.Species)
    if (OtherMeaning[Index])
      SizePower += Counts ? -Exponent : Exponent;
  Number Value =
      Law.Coefficient.value() < 0 ? -Law.Coefficient : Law.Coefficient;
  bool Bare = Value == Number(1);
  auto Scale = [&](const Number &Factor, int64_t Power) {
    if (Factor == Number(1))
      return;
    if (std::abs(Power) > 64) {
      Value = Number::approximate(Value.value() *
                                  std::pow(Factor.value(), double(Power)));
      return;
    }
    for (; Power > 0; --Power)
      Value = keepSmall(Value * Factor);
    for (; Power < 0; ++Power)
      Value = keepSmall(Value / Factor);
  };
  for (auto [Index, Exponent] : Law.Compartments) {
    if (Sizes[Index] == Size) {
      SizePower += Exponent;
      continue;
    }
    Bare = false;
    Scale(Number(Sizes[Index]), Exponent);
  }
  if (SizePower != 0 && Size != 1) {
    Bare = false;
    Scale(Number(Size), SizePower);
  }
  for (auto [Index, Exponent] : Law.Parameters) {
    const Number &P = ParameterValues[Index];
    if (!std::isfinite(P.value())) {
      badNumber(*M.getParameter(Index), "value", P.value());
      return std::nullopt;
    }
    if (P.value() == 0 && Exponent < 0) {
      refuse(R, "expected a finite rate constant, found a division by zero",
             "correct the parameter '" + M.getParameter(Index)->getId() + "'");
      return std::nullopt;
    }
    if (Bare && Law.Parameters.size() == 1 && Exponent == 1 &&
        !ParameterNames[Index].empty() && P.value() >= 0)
      return Edit.parameter(ParameterNames[Index], P);
    Scale(P, Exponent);
  }
  if (!std::isfinite(Value.value()) || Value.value() < 0) {
    badNumber(R, "rate constant", Value.value());
    return std::nullopt;
  }
  return Edit.rate(Value);
}

bool ModelReader::addDirection(const ::Reaction &R, const Monomial &Law,
                               std::vector<Term> Left,
                               std::vector<Term> Right) {
  auto Wrong = [&](const std::string &Why) {
    return refuse(R,
                  "expected mass action, a rate constant times the reactants "
                  "to the powers of their coefficients; found " +
                      lawText(R.getKineticLaw()->getMath()) + ", where " + Why,
                  "write each step of the mechanism as a reaction of its own");
  };
  std::map<uint32_t, int64_t> Powers;
  for (Term T : Left)
    Powers[T.Species.Value] = T.Coefficient;
  for (Term T : Left)
    if (auto It = Law.Species.find(T.Species.Value);
        It == Law.Species.end() || It->second != T.Coefficient)
      return Wrong("'" + M.getSpecies(T.Species.Value)->getId() +
                   "' has the power " +
                   std::to_string(It == Law.Species.end() ? 0 : It->second) +
                   " and the coefficient " + std::to_string(T.Coefficient));
  for (auto [Index, Exponent] : Law.Species) {
    if (Powers.count(Index))
      continue;
    const std::string &Id = M.getSpecies(Index)->getId();
    bool Modifier = false;
    for (unsigned I = 0; I < R.getNumModifiers(); ++I)
      Modifier |= R.getModifier(I)->getSpecies() == Id;
    if (!Modifier)
      return Wrong("'" + Id + "' is neither reactant nor modifier");
    // A catalyst is taken and given back.
    Term T{SpeciesId(Index), uint32_t(Exponent)};
    Left.push_back(T);
    auto Same = std::find_if(Right.begin(), Right.end(),
                             [&](Term P) { return P.Species == T.Species; });
    if (Same == Right.end())
      Right.push_back(T);
    else if (Same->Coefficient > MaxCoefficient - T.Coefficient)
      return Wrong("coefficients grow beyond 31 bits");
    else
      Same->Coefficient += T.Coefficient;
  }
  if (Left.size() > MaxReactants || Right.size() > MaxProducts)
    return Wrong("there are more than " + std::to_string(MaxReactants) +
                 " reactants or " + std::to_string(MaxProducts) + " products");
  auto Rate = rateOf(R, Law);
  if (!Rate)
    return false;
  Edit.addReaction(Left, Right, *Rate, origin(R));
  return true;
}

void ModelReader::readReaction(const ::Reaction &R) {
  if (R.isSetFast() && R.getFast()) {
    refuse(R, "expected a reaction with kinetics, found a fast one",
           "give it a rate, or put its equilibrium into other reactions");
    return;
  }
  const KineticLaw *K = R.getKineticLaw();
  if (!K || !K->getMath()) {
    refuse(R, "expected a mass-action kinetic law, found none",
           "give the reaction a kinetic law, as in tube * k * A * B");
    return;
  }
  std::unordered_map<std::string, double> Locals;
  for (unsigned I = 0; I < K->getNumParameters(); ++I) {
    const Parameter &P = *K->getParameter(I);
    if (!P.isSetValue() || !std::isfinite(P.getValue())) {
      badNumber(P, "value", P.getValue());
      return;
    }
    Locals.emplace(P.getId(), P.getValue());
  }
  Laws.setLocals(std::move(Locals));
  std::vector<Monomial> Sum;
  std::vector<Term> Left, Right;
  if (!readSide(R, false, Left) || !readSide(R, true, Right))
    return;
  if (!Laws.read(*K->getMath(), Sum)) {
    refuse(R,
           "expected mass action, a product of constants and powers of the "
           "reactants; found " +
               lawText(K->getMath()) + ", which has " + Laws.why(),
           "write each step of the mechanism as a reaction of its own");
    return;
  }
  bool Difference = Sum.size() == 2 && (Sum[0].Coefficient.value() < 0) !=
                                           (Sum[1].Coefficient.value() < 0);
  if (Sum.size() == 2 && !Difference) {
    refuse(R,
           "expected mass action or a difference of two such terms, found a "
           "sum: " +
               lawText(K->getMath()),
           "write each term as a reaction of its own");
    return;
  }
  if (Difference && Sum[0].Coefficient.value() < 0)
    std::swap(Sum[0], Sum[1]);
  // A single negative term runs backwards only.
  if (Sum.size() == 1 && Sum[0].Coefficient.value() < 0) {
    addDirection(R, Sum[0], std::move(Right), std::move(Left));
    return;
  }
  if (addDirection(R, Sum[0], Left, Right) && Difference)
    addDirection(R, Sum[1], std::move(Right), std::move(Left));
}
