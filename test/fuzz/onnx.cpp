//===- onnx.cpp - Fuzzes the importer and the lowering -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Import/ONNX.h"
#include "nn2crn/IR/Verifier.h"
#include "nn2crn/Lowering/NcRelu.h"

#include <cstdlib>

using namespace nn2crn;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *Data, size_t Size) {
  DiagnosticEngine Diags([](const Diagnostic &D) {
    if (formatDiagnostic(D).empty())
      abort();
  });
  // Small limits: what is tested is that they hold.
  ONNXOptions Options;
  Options.Limits.Elements = Options.Limits.Weights = 1 << 16;
  auto G = importONNX({reinterpret_cast<const char *>(Data), Size}, "-", Diags,
                      Options);
  if (G.has_value() == Diags.hasErrors())
    abort();
  if (!G)
    return 0;
  auto Net = lowerNcRelu(*G, Diags);
  if (Net.has_value() == Diags.hasErrors())
    abort();
  if (Net && !verify(*Net, Diags))
    abort();
  return 0;
}
