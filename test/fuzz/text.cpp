//===- text.cpp - Fuzzes the text form -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Whatever is accepted must print to a fixed point, with nothing lost.

#include "nn2crn/IR/Text.h"

#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace nn2crn;

static std::string print(const Network &Net) {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  printText(Net, OS);
  return Text;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *Data, size_t Size) {
  unsigned Reported = 0;
  DiagnosticEngine Diags([&](const Diagnostic &D) {
    Reported += D.Level == Severity::Error;
    if (formatDiagnostic(D, true).empty())
      abort();
  });
  auto Net =
      parseText({reinterpret_cast<const char *>(Data), Size}, "f", Diags);
  if (Net.has_value() != (Reported == 0))
    abort();
  if (!Net)
    return 0;
  std::string Text = print(*Net);
  auto Again = parseText(Text, "again", Diags);
  if (!Again || print(*Again) != Text ||
      Again->contentHash() != Net->contentHash())
    abort();
  return 0;
}
