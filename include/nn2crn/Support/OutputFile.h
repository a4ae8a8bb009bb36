//===- OutputFile.h - Files that appear whole or not at all -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_SUPPORT_OUTPUTFILE_H
#define NN2CRN_SUPPORT_OUTPUTFILE_H

#include "nn2crn/Support/Diagnostics.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace llvm {
class raw_ostream;
class raw_fd_ostream;
class raw_string_ostream;
} // namespace llvm

namespace nn2crn {

/// Writes beside the target and renames on commit(), so that readers see the
/// old file or the whole new one. "-" is standard output. Destroyed without
/// commit, it leaves nothing behind. A target that is not a regular file (a
/// device, a pipe) is written in place.
class OutputFile {
public:
  explicit OutputFile(std::string_view Path);
  ~OutputFile();
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;

  /// Opens the file; an error is reported as cannot-write.
  bool open(DiagnosticEngine &Diags);
  /// Only after open() succeeded.
  llvm::raw_ostream &stream();
  /// Flushes and moves the file into place; a full disk shows here.
  bool commit(DiagnosticEngine &Diags) { return commitAll({{this}}, Diags); }
  /// The same for files that belong together. All are flushed before the first
  /// one appears, so that a full disk leaves none of them.
  static bool commitAll(std::span<OutputFile *const> Files,
                        DiagnosticEngine &Diags);

private:
  bool fail(DiagnosticEngine &Diags, const std::string &Why);
  bool close(DiagnosticEngine &Diags);
  bool publish(DiagnosticEngine &Diags);
  std::string Path, Temporary;
  std::unique_ptr<llvm::raw_fd_ostream> File;
  std::unique_ptr<llvm::raw_string_ostream> Stdout;
  std::string Held;
};

} // namespace nn2crn

#endif
