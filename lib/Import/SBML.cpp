//===- SBML.cpp -----------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Import/SBML.h"

#include "ForeignNames.h"
#include "SBMLAnnotation.h"
#include "SBMLLaw.h"
#include "SBMLUnits.h"
#include "XMLGuard.h"

#include "nn2crn/IR/Editor.h"
#include "nn2crn/IR/Verifier.h"

#include <sbml/extension/SBasePlugin.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <memory>

using namespace nn2crn;
using namespace nn2crn::sbml;

/// Further errors are counted, not told.
static constexpr unsigned MaxErrors = 20;

namespace {
class Reader {
public:
  Reader(SBMLDocument &Doc, const Model &M, std::string_view File,
         uint32_t Lines, DiagnosticEngine &Diags)
      : Doc(Doc), M(M), File(File), Diags(Diags), Laws(Symbols), Edit(Net) {
    Source = Edit.provenance().addSourceFile(File, Lines);
    LineCount = Lines;
  }

  std::optional<Network> run();

private:
  //===--- Diagnostics ----------------------------------------------------===//

  DiagLocation at(const SBase &Element) {
    DiagLocation Where;
    Where.File = std::string(File);
    Where.Line = Element.getLine();
    Where.Context = Element.getElementName();
    if (Element.isSetIdAttribute())
      Where.Context += " '" + Element.getIdAttribute() + "'";
    return Where;
  }
  bool refuse(const SBase &Element, std::string Message, std::string Note) {
    if (++Errors <= MaxErrors)
      Diags.error(DiagId::UnsupportedConstruct, at(Element), std::move(Message))
          .note(std::move(Note));
    return false;
  }
  bool badNumber(const SBase &Element, const std::string &What, double Value) {
    if (++Errors <= MaxErrors)
      Diags.error(DiagId::BadNumber, at(Element),
                  "expected a finite " + What + " of at least 0, found " +
                      std::to_string(Value));
    return false;
  }
  void assume(const SBase &Element, std::string Message) {
    Diags.warning(DiagId::AssumedValue, at(Element), std::move(Message));
  }
  OriginId origin(const SBase &Element) {
    return OriginId(Source.Value + std::min(Element.getLine(), LineCount));
  }

  //===--- Parts of a model -----------------------------------------------===//

  void refuseForeignLists();
  void readCompartments();
  void readSpecies();
  void readParameters();
  void readReaction(const ::Reaction &R);
  bool readSide(const ::Reaction &R, bool Products, std::vector<Term> &Out);
  bool addDirection(const ::Reaction &R, const Monomial &Law,
                    std::vector<Term> Left, std::vector<Term> Right);
  std::optional<RateId> rateOf(const ::Reaction &R, const Monomial &Law);

  SBMLDocument &Doc;
  const Model &M;
  std::string_view File;
  DiagnosticEngine &Diags;
  unsigned Errors = 0;
  OriginId Source;
  uint32_t LineCount = 0;

  const XMLNode *Ours = nullptr;
  Annotation Note;
  SymbolTable Symbols;
  LawReader Laws;
  Network Net;
  Editor Edit;
  /// The size of every compartment that holds species, and of each one.
  double Size = 1;
  std::vector<double> Sizes;
  /// By place in the list of species; symbols that stand for amounts where
  /// our amounts are concentrations, or for concentrations where ours are
  /// counts.
  std::vector<bool> OtherMeaning;
  std::vector<Number> ParameterValues;
  std::vector<std::string> ParameterNames;
};
} // namespace

//===----------------------------------------------------------------------===//
// What has no place in a network
//===----------------------------------------------------------------------===//

void Reader::refuseForeignLists() {
  auto Refuse = [&](const SBase *First, unsigned Count, const char *What,
                    const char *Note) {
    if (Count != 0)
      refuse(*First,
             "expected reactions alone, found " + std::to_string(Count) + ' ' +
                 What,
             Note);
  };
  Refuse(M.getRule(0), M.getNumRules(), "rules",
         "write what the rules say as reactions with mass-action laws");
  Refuse(M.getEvent(0), M.getNumEvents(), "events",
         "remove them, or split the run where they happen");
  Refuse(M.getFunctionDefinition(0), M.getNumFunctionDefinitions(),
         "function definitions",
         "let the tool that wrote the file expand them (COPASI and libsbml "
         "can)");
  Refuse(M.getInitialAssignment(0), M.getNumInitialAssignments(),
         "initial assignments", "write the values themselves");
  if (M.isSetConversionFactor())
    refuse(M, "expected no conversion factor, found one on the model",
           "use one unit for extent and substance");
  // libsbml attaches some plugins to every document; these say nothing about
  // kinetics, or only allow functions in formulas that laws refuse anyway.
  constexpr std::string_view Harmless[] = {"l3v2extendedmath", "layout",
                                           "render", "groups"};
  for (unsigned I = 0; I < Doc.getNumPlugins(); ++I) {
    const SBasePlugin *P = Doc.getPlugin(I);
    std::string Package = P->getPackageName();
    if (Doc.getPackageRequired(P->getURI()) &&
        std::find(std::begin(Harmless), std::end(Harmless), Package) ==
            std::end(Harmless))
      refuse(Doc,
             "expected the core of SBML alone, found the package '" + Package +
                 "'",
             "let the tool that wrote the file flatten it to the core");
  }
}

//===----------------------------------------------------------------------===//
// Compartments, species, parameters
//===----------------------------------------------------------------------===//

void Reader::readCompartments() {
  for (unsigned I = 0; I < M.getNumCompartments(); ++I) {
    const Compartment &C = *M.getCompartment(I);
    double Value = C.isSetSize() ? C.getSize() : 1;
    if (!std::isfinite(Value) || Value <= 0) {
      if (++Errors <= MaxErrors)
        Diags.error(
            DiagId::BadNumber, at(C),
            "expected a positive, finite size of a compartment, found " +
                std::to_string(Value));
      Value = 1;
    } else if (!C.isSetSize()) {
      assume(C, "the compartment has no size; taking 1");
    }
    Symbols[C.getId()] = {Symbol::Kind::Compartment, I};
    Sizes.push_back(Value);
  }
  const Compartment *Home = nullptr;
  for (unsigned I = 0; I < M.getNumSpecies(); ++I) {
    const Compartment *C = M.getCompartment(M.getSpecies(I)->getCompartment());
    if (!C) {
      refuse(*M.getSpecies(I),
             "expected the id of a compartment, found '" +
                 M.getSpecies(I)->getCompartment() + "'",
             "give each species a compartment of the model");
      continue;
    }
    double Here = Sizes[Symbols[C->getId()].Index];
    if (!Home) {
      Home = C;
      Size = Here;
    } else if (Here != Size) {
      refuse(
          *C,
          "expected all compartments with species to be of one size, found " +
              formatDouble(Size) + " and " + formatDouble(Here),
          "a network is one well-mixed solution; rescale the amounts");
      return;
    }
  }
  if (!Home && !Sizes.empty())
    Size = Sizes[0];
}

void Reader::readSpecies() {
  bool Counts = Net.Units.Amount == "count";
  std::unordered_map<std::string, bool> Taken;
  for (unsigned I = 0; I < M.getNumSpecies(); ++I) {
    const Species &S = *M.getSpecies(I);
    if (!Taken.emplace(S.getId(), true).second)
      refuse(S, "expected an id of its own, found one given before",
             "name each species once");
    if (S.isSetConversionFactor())
      refuse(S, "expected no conversion factor, found one",
             "use one unit for extent and substance");
    SpeciesId Id = Edit.addSpecies(
        speciesNameFor(Edit, S.getId(), Ours != nullptr), origin(S));
    Symbols[S.getId()] = {Symbol::Kind::Species, I};
    OtherMeaning.push_back(S.getHasOnlySubstanceUnits() != Counts);

    double Amount = 0;
    if (S.isSetInitialConcentration())
      Amount = S.getInitialConcentration() * (Counts ? Size : 1);
    else if (S.isSetInitialAmount())
      Amount = S.getInitialAmount() / (Counts ? 1 : Size);
    if (!std::isfinite(Amount) || Amount < 0)
      badNumber(S, "initial amount", Amount);
    else
      Edit.setInitial(Id, Amount);
    SpeciesFlags F = Net.flags(Id);
    F.Constant = S.getConstant();
    F.Boundary = S.getBoundaryCondition() && !S.getConstant();
    if (auto It = Note.Species.find(S.getId()); It != Note.Species.end()) {
      F.Waste = It->second.Waste;
      F.Observed = It->second.Observed;
      F.Boundary |= It->second.Boundary;
      Edit.setFlags(Id, F);
      // The exact companion holds as long as nobody changed the amount.
      if (It->second.Initial && stillHolds(*It->second.Initial, Amount))
        Edit.setInitial(Id, *It->second.Initial);
    } else {
      Edit.setFlags(Id, F);
    }
  }
}

void Reader::readParameters() {
  for (unsigned I = 0; I < M.getNumParameters(); ++I) {
    const Parameter &P = *M.getParameter(I);
    Symbols[P.getId()] = {Symbol::Kind::Parameter, I};
    // A parameter that no law uses may have any value, or none.
    Number Value(P.isSetValue() ? P.getValue() : NAN);
    if (auto It = Note.Rates.find(P.getId());
        It != Note.Rates.end() && stillHolds(It->second, Value.value()))
      Value = It->second;
    std::string Name = parameterNameFor(P.getId(), Ours != nullptr);
    if (Ours && !Name.empty() && Value.value() >= 0 &&
        std::isfinite(Value.value())) {
      // The orders of one parameter are one again, unless somebody gave them
      // different values.
      auto Known = Edit.findParameter(Name);
      if (Known && !(Net.rateConstant(*Known).Value == Value))
        Name = P.getId();
      Edit.parameter(Name, Value);
    }
    ParameterValues.push_back(Value);
    ParameterNames.push_back(std::move(Name));
  }
}

//===----------------------------------------------------------------------===//
// Reactions
//===----------------------------------------------------------------------===//

bool Reader::readSide(const ::Reaction &R, bool Products,
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

std::optional<RateId> Reader::rateOf(const ::Reaction &R, const Monomial &Law) {
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

bool Reader::addDirection(const ::Reaction &R, const Monomial &Law,
                          std::vector<Term> Left, std::vector<Term> Right) {
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
  if (Left.size() > MaxReactants)
    return Wrong("there are more than " + std::to_string(MaxReactants) +
                 " reactants");
  auto Rate = rateOf(R, Law);
  if (!Rate)
    return false;
  Edit.addReaction(Left, Right, *Rate, origin(R));
  return true;
}

void Reader::readReaction(const ::Reaction &R) {
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

std::optional<Network> Reader::run() {
  Ours = Annotation::find(M);
  if (Ours && !Note.read(*Ours, File, Diags))
    return std::nullopt;
  refuseForeignLists();
  readCompartments();
  if (Ours) {
    Net.Name = Note.Name;
    Net.Units = Note.NetworkUnits;
    Net.Units.Volume = Size;
  } else {
    Net.Name = M.isSetName() ? M.getName() : M.getId();
    if (!readUnits(M, Size, Net.Units))
      assume(M, "the units are not of the kind that a network has (M to pM "
                "or items; s, min or h); keeping the numbers, as nM and s in " +
                    formatDouble(Size) + " l");
  }
  readSpecies();
  readParameters();
  for (unsigned I = 0; I < M.getNumReactions(); ++I)
    readReaction(*M.getReaction(I));
  if (Errors > MaxErrors)
    Diags.remark(DiagId::UnsupportedConstruct, at(M),
                 std::to_string(Errors - MaxErrors) + " more of this kind");
  if (Errors != 0)
    return std::nullopt;
  if (Ours) {
    auto Look = [&](const std::string &Id) -> std::optional<SpeciesId> {
      auto It = Symbols.find(Id);
      if (It == Symbols.end() || It->second.K != Symbol::Kind::Species)
        return std::nullopt;
      return SpeciesId(It->second.Index);
    };
    if (!Note.readPorts(*Ours, File, Look, Diags))
      return std::nullopt;
    for (Port &P : Note.Ports)
      Edit.addPort(std::move(P));
  }
  if (!verify(Net, Diags))
    return std::nullopt;
  return std::move(Net);
}

//===----------------------------------------------------------------------===//
// The document
//===----------------------------------------------------------------------===//

static DiagLocation inFile(std::string_view File, unsigned Line = 0) {
  DiagLocation Where;
  Where.File = std::string(File);
  Where.Line = Line;
  return Where;
}

/// libsbml's messages run over lines and indents.
static std::string oneLine(const std::string &Text) {
  std::string Out;
  for (char C : Text) {
    bool Blank = C == ' ' || C == '\n' || C == '\t' || C == '\r';
    if (!Blank)
      Out += C;
    else if (!Out.empty() && Out.back() != ' ')
      Out += ' ';
  }
  while (!Out.empty() && (Out.back() == ' ' || Out.back() == '.'))
    Out.pop_back();
  return Out;
}

static std::optional<Network> readDocument(std::string_view Bytes,
                                           std::string_view File,
                                           DiagnosticEngine &Diags) {
  std::string Problem;
  unsigned Line = 0;
  if (!guardXML(Bytes, Problem, Line)) {
    Diags.error(DiagId::MalformedInput, inFile(File, Line), Problem);
    return std::nullopt;
  }
  std::unique_ptr<SBMLDocument> Doc(
      readSBMLFromString(std::string(Bytes).c_str()));
  unsigned Shown = 0;
  for (unsigned I = 0; Doc && I < Doc->getNumErrors(); ++I) {
    const SBMLError &E = *Doc->getError(I);
    if (E.getSeverity() < LIBSBML_SEV_ERROR)
      continue;
    if (++Shown <= MaxErrors)
      Diags.error(DiagId::MalformedInput, inFile(File, E.getLine()),
                  oneLine(E.getMessage()) + " [libsbml " +
                      std::to_string(E.getErrorId()) + "]");
  }
  if (Shown != 0)
    return std::nullopt;
  const Model *M = Doc ? Doc->getModel() : nullptr;
  if (!M) {
    Diags
        .error(DiagId::MalformedInput, inFile(File),
               "expected an SBML document with a model, found none")
        .note("an SBML file begins with <sbml> and holds one <model>");
    return std::nullopt;
  }
  if (Doc->getLevel() < 2) {
    Diags
        .error(DiagId::UnsupportedConstruct, inFile(File),
               "expected SBML Level 2 or 3, found Level " +
                   std::to_string(Doc->getLevel()))
        .note("convert the file with libsbml or the tool that wrote it");
    return std::nullopt;
  }
  auto Lines = std::count(Bytes.begin(), Bytes.end(), '\n') + 1;
  return Reader(*Doc, *M, File, static_cast<uint32_t>(Lines), Diags).run();
}

bool nn2crn::isSBML(std::string_view Bytes) {
  return Bytes.substr(0, 4096).find("<sbml") != Bytes.npos;
}

std::optional<Network> nn2crn::importSBML(std::string_view Bytes,
                                          std::string_view FileName,
                                          DiagnosticEngine &Diags) {
  try {
    return readDocument(Bytes, FileName, Diags);
  } catch (const std::exception &E) {
    Diags.error(DiagId::MalformedInput, inFile(FileName),
                std::string("libsbml gave up on the document: ") + E.what());
  } catch (...) {
    Diags.error(DiagId::MalformedInput, inFile(FileName),
                "libsbml gave up on the document");
  }
  return std::nullopt;
}
