//===- InputFile.h - Files that are read ------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_SUPPORT_INPUTFILE_H
#define NN2CRN_SUPPORT_INPUTFILE_H

#include "nn2crn/Support/Diagnostics.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace llvm {
class MemoryBuffer;
}

namespace nn2crn {

/// A file's bytes, mapped into memory where that pays.
class InputFile {
public:
  /// "-" is standard input, of which a process has one: asking for it again is
  /// an error. What cannot be read is reported as cannot-read.
  static std::optional<InputFile> open(std::string_view Path,
                                       DiagnosticEngine &Diags);
  InputFile(InputFile &&) noexcept;
  ~InputFile();

  /// Valid as long as the object.
  std::string_view bytes() const;

private:
  explicit InputFile(std::unique_ptr<llvm::MemoryBuffer> Buffer);
  std::unique_ptr<llvm::MemoryBuffer> Buffer;
};

/// How \p Path is called in messages.
std::string inputName(std::string_view Path);

} // namespace nn2crn

#endif
