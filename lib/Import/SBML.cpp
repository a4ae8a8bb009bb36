//===- SBML.cpp -----------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Import/SBML.h"

#include "ForeignNames.h"
#include "SBMLReader.h"
#include "SBMLUnits.h"
#include "XMLGuard.h"

#include "nn2crn/IR/Verifier.h"

#include <sbml/extension/SBasePlugin.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <memory>

using namespace nn2crn;
using namespace nn2crn::sbml;

//===----------------------------------------------------------------------===//
// What has no place in a network
//===----------------------------------------------------------------------===//

void ModelReader::refuseForeignLists() {
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

void ModelReader::readCompartments() {
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

void ModelReader::readSpecies() {
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
      F.Helper = It->second.Helper;
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

void ModelReader::readParameters() {
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
// The whole model
//===----------------------------------------------------------------------===//

std::optional<Network> ModelReader::run() {
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
  return ModelReader(*Doc, *M, File, static_cast<uint32_t>(Lines), Diags).run();
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
