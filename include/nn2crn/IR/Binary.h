//===- Binary.h - The binary form of networks -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The columns of a compact network, little-endian, with a header, a version
// and a checksum: lossless, provenance included, and read at the speed of the
// disk. docs/reference/binary-form.md has the layout.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_IR_BINARY_H
#define NN2CRN_IR_BINARY_H

#include "nn2crn/IR/Network.h"
#include "nn2crn/Support/Diagnostics.h"

#include <optional>
#include <string_view>

namespace llvm {
class raw_ostream;
}

namespace nn2crn {

/// True where \p Bytes begin as the binary form does.
bool isBinaryNetwork(std::string_view Bytes);

/// Reads a network; anything damaged is a diagnostic, never a crash. The
/// result has passed the verifier.
std::optional<Network> readBinary(std::string_view Bytes,
                                  std::string_view FileName,
                                  DiagnosticEngine &Diags);

/// Writes \p Net; a network with tombstones is compacted on the way.
void writeBinary(const Network &Net, llvm::raw_ostream &OS);

} // namespace nn2crn

#endif
