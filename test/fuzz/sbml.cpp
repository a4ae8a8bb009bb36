//===- sbml.cpp - Fuzzes the readers of other people's formats -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Import/SBML.h"
#include "nn2crn/IR/Verifier.h"
#include "nn2crn/Import/BioNetGen.h"

#include <cstdlib>

using namespace nn2crn;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *Data, size_t Size) {
  std::string_view Bytes(reinterpret_cast<const char *>(Data), Size);
  for (auto *Import : {importSBML, importBioNetGen}) {
    DiagnosticEngine Diags([](const Diagnostic &) {});
    auto Net = Import(Bytes, "f", Diags);
    if (Net.has_value() == Diags.hasErrors() || (Net && !verify(*Net, Diags)))
      abort();
  }
  return 0;
}
