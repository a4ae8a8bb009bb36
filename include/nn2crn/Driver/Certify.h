//===- Certify.h - Certificates from files, and as a pass -------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_DRIVER_CERTIFY_H
#define NN2CRN_DRIVER_CERTIFY_H

#include "nn2crn/Driver/Activations.h"
#include "nn2crn/Import/ONNX.h"
#include "nn2crn/Verification/Certificate.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nn2crn {

/// Holds \p Net against \p Model, whose activations were approximated and
/// weights rounded as \p How says; the certificate says so too.
std::optional<Certificate> certifyPrepared(const Network &Net,
                                           const Graph &Model,
                                           const PreparedModel &How,
                                           DiagnosticEngine &Diags);

/// Holds \p Net against the model in the file \p ModelPath ("-" for standard
/// input), prepared as a compilation with these options does it for the ranges
/// that \p Net declares. \p Set holds `NAME=SPEC` each: inputs of the model
/// that were fixed. Empty after reporting that there is nothing to compare
/// with; a verdict that is not Equal is not reported.
std::optional<Certificate> certifyAgainstModel(
    const Network &Net, std::string_view ModelPath,
    const WeightOptions &Weights, const ActivationOptions &Activations,
    DiagnosticEngine &Diags, std::span<const std::string> Set = {},
    const HeadOptions &Head = {});

/// Writes \p C as JSON to \p Path, whole or not at all.
bool writeCertificateFile(const Certificate &C, std::string_view Path,
                          DiagnosticEngine &Diags);

/// Registers the passes that cross layers: `certify`. May be called again.
void registerDriverPasses();

} // namespace nn2crn

#endif
