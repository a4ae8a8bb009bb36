//===- SBMLReader.h - From an SBML model to a network ----------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shared by SBML.cpp (the document, and what stands in lists) and
// SBMLReactions.cpp (the reactions and their kinetic laws).
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_IMPORT_SBMLREADER_H
#define NN2CRN_LIB_IMPORT_SBMLREADER_H

#include "SBMLAnnotation.h"
#include "SBMLLaw.h"

#include "nn2crn/IR/Editor.h"
#include "nn2crn/Support/Diagnostics.h"

#include <sbml/SBMLTypes.h>

#include <algorithm>
#include <string>
#include <vector>

namespace nn2crn::sbml {

/// Further errors are counted, not told.
inline constexpr unsigned MaxErrors = 20;

/// Turns a model into a network, part by part, and reports what has no place
/// in one.
class ModelReader {
public:
  ModelReader(SBMLDocument &Doc, const Model &M, std::string_view File,
              uint32_t Lines, DiagnosticEngine &Diags)
      : Doc(Doc), M(M), File(File), Diags(Diags), Laws(Symbols), Edit(Net) {
    Source = Edit.provenance().addSourceFile(File, Lines);
    LineCount = Lines;
  }

  /// Empty after errors.
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

} // namespace nn2crn::sbml

#endif
