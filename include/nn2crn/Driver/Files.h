//===- Files.h - Reading models and networks by name -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_DRIVER_FILES_H
#define NN2CRN_DRIVER_FILES_H

#include "nn2crn/IR/Network.h"
#include "nn2crn/Support/Diagnostics.h"

#include <optional>
#include <string>
#include <string_view>

namespace nn2crn {

/// The formats that networks are read from.
enum class NetworkFormat { Text, Binary, SBML, BioNetGen };

/// By the extension (`.crn`, `.crnb`, `.xml`, `.sbml`, `.net`), or, where that
/// says nothing and for standard input, by the content.
NetworkFormat networkFormatOf(std::string_view Path, std::string_view Bytes);

/// The content of \p Path, "-" being standard input; cannot-read otherwise.
std::optional<std::string> readFile(std::string_view Path,
                                    DiagnosticEngine &Diags);

/// Reads the network in \p Path.
std::optional<Network> loadNetwork(std::string_view Path,
                                   DiagnosticEngine &Diags);

} // namespace nn2crn

#endif
