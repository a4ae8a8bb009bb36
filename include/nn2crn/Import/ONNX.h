//===- ONNX.h - Reading ONNX models -----------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// docs/reference/onnx.md lists operators, constants and shapes that are read.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_IMPORT_ONNX_H
#define NN2CRN_IMPORT_ONNX_H

#include "nn2crn/Graph/Graph.h"
#include "nn2crn/Support/Diagnostics.h"

#include <optional>
#include <string_view>

namespace nn2crn {

/// Operator sets of the default domain that are understood.
inline constexpr int MinOpset = 7, MaxOpset = 28;

/// How far a small file may be blown up; for fuzzing and services.
struct ONNXLimits {
  /// Elements of all activations together.
  uint64_t Elements = uint64_t{1} << 24;
  /// Weights of all matrices together, and elements of all constants together.
  uint64_t Weights = uint64_t{1} << 27;
};

/// Reads a model, binary or in ONNX's text syntax, and simplifies the graph.
/// Text is recognised by the extension `.onnxtext` or by its first character;
/// lines that begin with `//` are comments there, as `#` ones are anyway.
///
/// \p FileName is where \p Bytes came from: external data is looked for in its
/// folder. "-" or empty mean standard input, where there is no such folder.
///
/// All problems of the model are reported before it is refused. Never throws.
std::optional<Graph> importONNX(std::string_view Bytes,
                                std::string_view FileName,
                                DiagnosticEngine &Diags,
                                const ONNXLimits &Limits = {});

/// True where \p Bytes look like ONNX's text syntax.
bool looksLikeONNXText(std::string_view Bytes);

} // namespace nn2crn

#endif
