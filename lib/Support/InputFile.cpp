//===- InputFile.cpp ------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Support/InputFile.h"

#include "llvm/Support/MemoryBuffer.h"

#include <atomic>

using namespace nn2crn;

InputFile::InputFile(std::unique_ptr<llvm::MemoryBuffer> Buffer)
    : Buffer(std::move(Buffer)) {}
InputFile::InputFile(InputFile &&) noexcept = default;
InputFile::~InputFile() = default;

std::string_view InputFile::bytes() const { return Buffer->getBuffer(); }

std::string nn2crn::inputName(std::string_view Path) {
  return Path == "-" ? "<stdin>" : std::string(Path);
}

std::optional<InputFile> InputFile::open(std::string_view Path,
                                         DiagnosticEngine &Diags) {
  auto Fail = [&](const std::string &Why) {
    DiagLocation Where;
    Where.File = inputName(Path);
    Diags.error(DiagId::CannotRead, Where, "cannot read this file: " + Why);
    return std::nullopt;
  };
  static std::atomic<bool> StdinTaken = false;
  if (Path == "-" && StdinTaken.exchange(true))
    return Fail("standard input is asked for twice, and was read already");
  auto Buffer = llvm::MemoryBuffer::getFileOrSTDIN(
      Path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!Buffer)
    return Fail(Buffer.getError().message());
  return InputFile(std::move(*Buffer));
}
