//===- Text.h - The text form of networks -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// docs/reference/text-form.md has the grammar. A superset of the `.crn` that
// Nuskell and crnsimulator read: a file they accept means the same here.
// print(parse(t)) is a fixed point, and only provenance is lost in print().
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_IR_TEXT_H
#define NN2CRN_IR_TEXT_H

#include "nn2crn/IR/Network.h"
#include "nn2crn/Support/Diagnostics.h"

#include <optional>
#include <string_view>

namespace llvm {
class raw_ostream;
}

namespace nn2crn {

/// Reads a network. Errors carry line and column; reading goes on after one to
/// report more. Empty when there was an error.
std::optional<Network> parseText(std::string_view Text,
                                 std::string_view FileName,
                                 DiagnosticEngine &Diags);

/// Writes \p Net, which need not be compact.
void printText(const Network &Net, llvm::raw_ostream &OS);

} // namespace nn2crn

#endif
