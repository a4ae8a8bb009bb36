//===- SBMLLaw.cpp --------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SBMLLaw.h"

#include "ForeignNames.h"

#include <cmath>
#include <cstdlib>

using namespace nn2crn;
using namespace nn2crn::sbml;

/// Beyond these a law is a mistake, not chemistry; they also keep exact
/// arithmetic small.
static constexpr int64_t MaxConstantExponent = 16, MaxExponent = INT32_MAX;

static void mergePowers(std::map<uint32_t, int64_t> &Into,
                        const std::map<uint32_t, int64_t> &From, int64_t Sign) {
  for (auto [Index, Exponent] : From)
    if ((Into[Index] += Sign * Exponent) == 0)
      Into.erase(Index);
}

bool LawReader::multiply(std::vector<Monomial> &Left,
                         const std::vector<Monomial> &Right) {
  if (Left.size() * Right.size() > 2)
    return fail("a product that expands to more than two terms");
  std::vector<Monomial> Out;
  for (const Monomial &L : Left)
    for (const Monomial &R : Right) {
      Monomial M = L;
      M.Coefficient = keepSmall(M.Coefficient * R.Coefficient);
      mergePowers(M.Species, R.Species, 1);
      mergePowers(M.Compartments, R.Compartments, 1);
      mergePowers(M.Parameters, R.Parameters, 1);
      for (auto [Index, Exponent] : M.Species)
        if (Exponent > MaxExponent)
          return fail("an exponent beyond 31 bits");
      Out.push_back(std::move(M));
    }
  Left = std::move(Out);
  return true;
}

bool LawReader::readName(const ASTNode &Name, Monomial &Out) {
  std::string Id = Name.getName() ? Name.getName() : "";
  if (auto It = Locals.find(Id); It != Locals.end()) {
    Out.Coefficient = Number(It->second);
    return true;
  }
  auto It = Symbols.find(Id);
  if (It == Symbols.end())
    return fail("the name '" + Id +
                "', which is no species, compartment or parameter");
  auto &Powers = It->second.K == Symbol::Kind::Species       ? Out.Species
                 : It->second.K == Symbol::Kind::Compartment ? Out.Compartments
                                                             : Out.Parameters;
  Powers[It->second.Index] = 1;
  return true;
}

bool LawReader::raise(Monomial &M, int64_t Exponent) {
  if (std::abs(Exponent) > MaxConstantExponent &&
      (M.Coefficient != Number(1) || !M.Compartments.empty() ||
       !M.Parameters.empty()))
    return fail("a constant to a power beyond " +
                std::to_string(MaxConstantExponent));
  if (Exponent <= 0 && !M.Species.empty())
    return fail("a species to a power that is not positive");
  if (Exponent < 0 && M.Coefficient.value() == 0)
    return fail("a division by zero");
  Number Coefficient(1);
  for (int64_t I = 0; I < std::abs(Exponent) && !(M.Coefficient == Number(1));
       ++I)
    Coefficient = keepSmall(Exponent > 0 ? Coefficient * M.Coefficient
                                         : Coefficient / M.Coefficient);
  M.Coefficient = Coefficient;
  for (auto *Powers : {&M.Species, &M.Compartments, &M.Parameters}) {
    for (auto &[Index, Power] : *Powers)
      if (Power > MaxExponent / std::max<int64_t>(1, std::abs(Exponent)))
        return fail("an exponent beyond 31 bits");
      else
        Power *= Exponent;
    if (Exponent == 0)
      Powers->clear();
  }
  return true;
}

bool LawReader::readPower(const ASTNode &Power, std::vector<Monomial> &Out) {
  if (Power.getNumChildren() != 2)
    return fail("a power without a base and an exponent");
  if (!read(*Power.getChild(0), Out))
    return false;
  if (Out.size() != 1)
    return fail("a power of a sum");
  // The exponent may itself be written as any constant, as in 4/2 or -1.
  std::vector<Monomial> Exponent;
  if (!read(*Power.getChild(1), Exponent))
    return false;
  const Monomial &E = Exponent[0];
  if (Exponent.size() != 1 || !E.Species.empty() || !E.Compartments.empty() ||
      !E.Parameters.empty() ||
      E.Coefficient.value() != std::floor(E.Coefficient.value()) ||
      std::fabs(E.Coefficient.value()) > double(MaxExponent))
    return fail("an exponent that is not a whole number");
  return raise(Out[0], static_cast<int64_t>(E.Coefficient.value()));
}

bool LawReader::read(const ASTNode &Law, std::vector<Monomial> &Out) {
  Out.assign(1, Monomial());
  std::vector<Monomial> Part;
  switch (Law.getType()) {
  case AST_INTEGER:
    Out[0].Coefficient = Number(double(Law.getInteger()));
    return true;
  case AST_REAL:
  case AST_REAL_E:
    if (!std::isfinite(Law.getReal()))
      return fail("a number that is not finite");
    Out[0].Coefficient = Number(Law.getReal());
    return true;
  case AST_RATIONAL:
    if (Law.getDenominator() == 0)
      return fail("a division by zero");
    Out[0].Coefficient =
        Number::rational(Rational(Law.getNumerator(), Law.getDenominator()));
    return true;
  case AST_NAME:
    return readName(Law, Out[0]);
  case AST_TIMES:
    for (unsigned I = 0; I < Law.getNumChildren(); ++I)
      if (!read(*Law.getChild(I), Part) || !multiply(Out, Part))
        return false;
    return true;
  case AST_DIVIDE:
    if (Law.getNumChildren() != 2)
      return fail("a quotient without two sides");
    if (!read(*Law.getChild(0), Out) || !read(*Law.getChild(1), Part))
      return false;
    if (Part.size() != 1 || !Part[0].Species.empty())
      return fail("a quotient by something that is not constant");
    return raise(Part[0], -1) && multiply(Out, Part);
  case AST_POWER:
  case AST_FUNCTION_POWER:
    return readPower(Law, Out);
  case AST_PLUS:
  case AST_MINUS: {
    unsigned Children = Law.getNumChildren();
    if (Children == 0 || Children > 2)
      return fail("a sum of " + std::to_string(Children) + " terms");
    if (!read(*Law.getChild(0), Out))
      return false;
    if (Children == 2 && !read(*Law.getChild(1), Part))
      return false;
    if (Law.getType() == AST_MINUS)
      for (Monomial &M : Children == 1 ? Out : Part)
        M.Coefficient = -M.Coefficient;
    Out.insert(Out.end(), Part.begin(), Part.end());
    if (Out.size() > 2)
      return fail("a sum of more than two terms");
    return true;
  }
  case AST_NAME_TIME:
    return fail("the time");
  case AST_NAME_AVOGADRO:
    return fail("Avogadro's number");
  case AST_FUNCTION:
  case AST_FUNCTION_DELAY:
    return fail("a call of the function '" +
                std::string(Law.getName() ? Law.getName() : "") + "'");
  default:
    return fail("something that is neither product, quotient by a constant, "
                "power nor difference");
  }
}

std::string nn2crn::sbml::lawText(const ASTNode *Law) {
  char *Text = Law ? SBML_formulaToL3String(Law) : nullptr;
  std::string Out = Text ? Text : "nothing";
  std::free(Text);
  constexpr size_t Longest = 120;
  if (Out.size() > Longest) {
    Out.resize(Longest);
    Out += "...";
  }
  return Out;
}
