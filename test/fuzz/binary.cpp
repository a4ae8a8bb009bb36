//===- binary.cpp - Fuzzes the binary form -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// The input is a payload; a header that fits is put before it, or the checksum
// would turn everything away. What is accepted must survive a round trip.

#include "nn2crn/IR/Binary.h"
#include "nn2crn/IR/Text.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include <cstdlib>
#include <cstring>

using namespace nn2crn;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *Data, size_t Size) {
  DiagnosticEngine Diags([](const Diagnostic &) {});
  std::string Bytes("NN2CRN\x1a\n\x01\0\0\0\0\0\0\0", 16);
  uint64_t Words[2] = {Size, llvm::xxh3_64bits(llvm::ArrayRef(Data, Size))};
  Bytes.append(reinterpret_cast<const char *>(Words), sizeof Words);
  Bytes.append(reinterpret_cast<const char *>(Data), Size);
  auto Net = readBinary(Bytes, "f", Diags);
  if (Net.has_value() == Diags.hasErrors())
    abort();
  if (!Net)
    return 0;
  std::string Text, Again;
  llvm::raw_string_ostream TextOS(Text), AgainOS(Again);
  printText(*Net, TextOS);
  writeBinary(*Net, AgainOS);
  auto Back = readBinary(Again, "again", Diags);
  if (!Back || Back->contentHash() != Net->contentHash())
    abort();
  return 0;
}
