//===- Compile.h - From a model to a network -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The library form of what `nn2crn` does, for programs that embed it.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_DRIVER_COMPILE_H
#define NN2CRN_DRIVER_COMPILE_H

#include "nn2crn/Driver/Activations.h"
#include "nn2crn/Driver/FixedPoint.h"
#include "nn2crn/Graph/RailGrowth.h"
#include "nn2crn/IR/Network.h"
#include "nn2crn/Import/ONNX.h"
#include "nn2crn/Support/Diagnostics.h"
#include "nn2crn/Transforms/Pipeline.h"
#include "nn2crn/Verification/Certificate.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nn2crn {

struct CompileOptions {
  /// "auto", "nc-relu" or "fixed-point". Auto computes smooth activations, and
  /// what depends on them, as fixed points, and what comes before without
  /// rates where its weights need no rounding or rounding is asked for; but all
  /// of it without rates where a certificate, segments or piecewise activations
  /// are asked for.
  std::string Scheme = "auto";
  /// ReLUs of the scheme fixed-point as sequestrations, rather than smoothed.
  bool SequesterRelus = false;
  /// A pipeline as text; docs/reference/passes.md.
  std::string Passes = "O1";
  WeightOptions Weights;
  ActivationOptions Activations;
  /// `[PORT=]LO:HI` each: the values that inputs take, declared before the
  /// passes.
  std::vector<std::string> InputRanges;
  /// `NAME=SPEC` each: inputs of the model that are constants of the network.
  std::vector<std::string> Set;
  /// Limits, what becomes of the model's head, and such constants as arrays;
  /// those of Set are added.
  ONNXOptions Reading;
  /// How the passes are run and watched.
  PassRunOptions Run;
  /// Hold the network against the model after all passes.
  bool Certify = false;
  /// Where reports of passes go.
  std::function<void(std::string_view)> Print = [](std::string_view) {};
};

/// What is known after a compilation, beside the network.
struct CompileReport {
  /// What the passes did, also where one failed.
  PassRun Passes;
  /// What was done to the activations and weights: of the one, where all of it
  /// is rate-independent, or of the other.
  PreparedModel Model;
  std::optional<FixedPointModel> FixedPoint;
  /// How large rails get in the part that is rate-independent, as the lowering
  /// makes it; passes change that. Empty where all of it is fixed points.
  std::optional<RailGrowth> Rails;
  /// Where CompileOptions::Certify asked for it.
  std::optional<Certificate> Proof;
};

/// Compiles the ONNX model in \p Bytes. \p FileName is where it came from:
/// external data is looked for beside it. Empty after errors; a certificate
/// that is not "equal" is no error here.
std::optional<Network> compileModel(std::string_view Bytes,
                                    std::string_view FileName,
                                    const CompileOptions &Options,
                                    DiagnosticEngine &Diags,
                                    CompileReport *Report = nullptr);

} // namespace nn2crn

#endif
