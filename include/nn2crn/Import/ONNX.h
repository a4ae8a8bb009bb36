//===- ONNX.h - Reading ONNX models -----------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// docs/reference/onnx.md says which models, constants and shapes are read, and
// docs/reference/operators.md, made from the reader's table, which operators.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_IMPORT_ONNX_H
#define NN2CRN_IMPORT_ONNX_H

#include "nn2crn/Graph/Graph.h"
#include "nn2crn/Support/ArrayFile.h"
#include "nn2crn/Support/Diagnostics.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nn2crn {

/// Operator sets of the default domain that are understood.
inline constexpr int MinOpset = 1, MaxOpset = 28;

/// How far a small file may be blown up; for fuzzing and services.
struct ONNXLimits {
  /// Elements of all activations together.
  uint64_t Elements = uint64_t{1} << 24;
  /// Weights of all matrices together, and elements of all constants together.
  uint64_t Weights = uint64_t{1} << 27;
};

/// A lead that rounded weights and approximated activations do not take away as
/// a rule: they keep scores within some thousandths.
inline constexpr double DefaultHeadMargin = 0x1p-7;

/// What becomes of operators at the end of a model that change no winner:
/// Softmax, LogSoftmax, Sigmoid, ArgMax and ArgMin.
struct HeadOptions {
  /// Compute them. Otherwise outputs hold what goes into them, and say so
  /// (OutputMeaning).
  bool Keep = false;
  /// By how much the greatest must lead the others for the index of an ArgMax
  /// to be exact; positive and finite, and rounded down to a power of two.
  double Margin = DefaultHeadMargin;
};

struct ONNXOptions {
  ONNXLimits Limits;
  /// Inputs of the model, by name, that are constants of the network: weights,
  /// shapes and axes that a model takes as inputs.
  std::map<std::string, Array> Fixed;
  HeadOptions Head = {};
};

/// What becomes of HeadOptions::Margin.
double usedMargin(double Margin);

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
                                const ONNXOptions &Options = {});

/// Adds what `--set=NAME=SPEC ...` gives to \p Options: each of \p Specs is
/// split at the first `=` whose left side is an input of the model in \p Bytes,
/// and its SPEC is read. False after reporting.
bool readFixedInputs(std::span<const std::string> Specs, std::string_view Bytes,
                     std::string_view FileName, ONNXOptions &Options,
                     DiagnosticEngine &Diags);

/// The page docs/reference/operators.md: what is read, and how it is compiled.
std::string onnxOperatorReference();

/// True where \p Bytes look like ONNX's text syntax.
bool looksLikeONNXText(std::string_view Bytes);

} // namespace nn2crn

#endif
