//===- BioNetGen.h ----------------------------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads BioNetGen's `.net` files: parameters, species and reactions. A
// parameter may be an expression of constants (+ - * / ^ and parentheses); a
// rate is a parameter, a number or a product of such. Rates that are functions
// are refused.
//
// The rate of `1,1 2 k` is k times the square of the amount, as run_network
// computes it, which is ours. The format has no units: amounts are taken as
// counts of molecules, unless a comment of our own emitter says otherwise.
// Species patterns are kept as names; `A()` is A. Groups are left out, since
// nothing says which of them are outputs.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_IMPORT_BIONETGEN_H
#define NN2CRN_IMPORT_BIONETGEN_H

#include "nn2crn/IR/Network.h"
#include "nn2crn/Support/Diagnostics.h"

#include <optional>
#include <string_view>

namespace nn2crn {

/// Reads a network; what is wrong is a diagnostic with its line, and the
/// result empty.
std::optional<Network> importBioNetGen(std::string_view Bytes,
                                       std::string_view FileName,
                                       DiagnosticEngine &Diags);

} // namespace nn2crn

#endif
