//===- SBML.h ---------------------------------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads the core of SBML Levels 2 and 3 where it is mass action: kinetic laws
// that are products of constants, compartment sizes and powers of exactly the
// reactants (and of modifiers, which are catalysts), in any order and nesting.
// A difference of two such products is split into two reactions. Rules, events,
// function definitions and every other law are refused, each with its line.
//
// A kinetic law is substance per time; it becomes a rate constant for
// concentrations (or counts, where the substance is items) by the sizes of the
// compartments, all of which must be alike where there are species.
//
// A file that we wrote reads back as the network it came from: names, order,
// amounts, rates, flags and ports (Target/SBML.cpp,
// lib/Target/SBMLAnnotation.h). In other files an id is a signal.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_IMPORT_SBML_H
#define NN2CRN_IMPORT_SBML_H

#include "nn2crn/IR/Network.h"
#include "nn2crn/Support/Diagnostics.h"

#include <optional>
#include <string_view>

namespace nn2crn {

/// Reads a network. What is wrong or not mass action is a diagnostic (at most
/// some twenty of them) and the result empty. Nothing outside of \p Bytes is
/// read: documents with a DOCTYPE, and so with entities, are refused.
std::optional<Network> importSBML(std::string_view Bytes,
                                  std::string_view FileName,
                                  DiagnosticEngine &Diags);

} // namespace nn2crn

#endif
