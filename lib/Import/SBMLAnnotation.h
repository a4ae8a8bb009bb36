//===- SBMLAnnotation.h -----------------------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads the annotation in which our own SBML keeps what SBML has no words for;
// its form is in lib/Target/SBMLAnnotation.h.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_IMPORT_SBMLANNOTATION_H
#define NN2CRN_LIB_IMPORT_SBMLANNOTATION_H

#include "nn2crn/IR/Network.h"
#include "nn2crn/Support/Diagnostics.h"

#include <sbml/SBMLTypes.h>

#include <functional>
#include <optional>
#include <unordered_map>

namespace nn2crn::sbml {

/// The annotation's content, with species still by their ids.
class Annotation {
public:
  struct SpeciesNote {
    bool Waste = false, Observed = false, Helper = false, Boundary = false;
    std::optional<Number> Initial;
  };
  std::string Name;
  Units NetworkUnits;
  std::unordered_map<std::string, SpeciesNote> Species;
  std::unordered_map<std::string, Number> Rates;
  std::vector<Port> Ports;

  using SpeciesLookup =
      std::function<std::optional<SpeciesId>(const std::string &)>;

  /// The annotation of \p M; null where it has none of ours.
  static const XMLNode *find(const Model &M);
  /// Reads all but the ports; they need the species. False after a diagnostic.
  bool read(const XMLNode &Node, std::string_view File,
            DiagnosticEngine &Diags);
  bool readPorts(const XMLNode &Node, std::string_view File,
                 const SpeciesLookup &Look, DiagnosticEngine &Diags);
};

/// True where \p Exact, from the annotation, still is what \p InFile is the
/// double of; somebody may have changed the file's number. Numbers below all
/// normal doubles are 0 in a file.
bool stillHolds(const Number &Exact, double InFile);

/// Reads "0.25", "1/3" or "~0.7"; finite.
std::optional<Number> parseNumber(std::string_view Text);

} // namespace nn2crn::sbml

#endif
