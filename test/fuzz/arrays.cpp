//===- arrays.cpp - Fuzzes the readers of arrays -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Support/ArrayFile.h"

#include <cstdlib>

using namespace nn2crn;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *Data, size_t Size) {
  std::string_view Bytes(reinterpret_cast<const char *>(Data), Size);
  DiagnosticEngine Diags([](const Diagnostic &) {});
  auto Check = [](const std::optional<Array> &A) {
    if (!A)
      return;
    size_t Elements = 1;
    for (int64_t Extent : A->Shape)
      Elements *= static_cast<size_t>(Extent);
    if (Elements != A->Data.size())
      abort();
  };
  Check(parseNpy(Bytes, "f.npy", Diags));
  Check(parseNpz(Bytes, "f.npz", "", Diags));
  Check(parseCsv(Bytes, "f.csv", Diags));
  Check(parseNumbers(Bytes));
  return 0;
}
