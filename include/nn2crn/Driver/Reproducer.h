//===- Reproducer.h - What an internal error leaves -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A folder with what it takes to look into an internal error: the command line,
// what was built, copies of the input files, and which pass was running; with
// --reproducer-dir also the network as it was before that pass. Why it is not
// more than that: docs/rationale/internal-errors.md.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_DRIVER_REPRODUCER_H
#define NN2CRN_DRIVER_REPRODUCER_H

#include "nn2crn/Transforms/Pipeline.h"

#include <string>
#include <vector>

namespace nn2crn {

/// One a process. Does what may allocate at the start, so that write() may be
/// called by a signal handler.
class Reproducer final : public PassObserver {
public:
  /// Input files above this are not copied, in bytes.
  static constexpr uint64_t LargestCopy = uint64_t{16} << 20;

  Reproducer(int Argc, char **Argv);
  /// Removes the network that was kept, unless write() was called.
  ~Reproducer() override;

  /// Writes to \p Path, in place of a new folder in the temporary one, and
  /// keeps the network before each pass from now on. False where it cannot be
  /// made.
  bool setFolder(const std::string &Path);

  void before(const Pass &P, size_t RunNumber, const Network &Net) override;
  bool after(const PassRun &, const Network &, PassContext &) override;

  /// Writes the folder, then says so on standard error. Async-signal-safe; once
  /// only, later calls do nothing.
  void write() noexcept;

private:
  struct Input {
    std::string From, Name, To;
  };
  void place();
  bool writeReport() const noexcept;
  bool copy(const Input &In) const noexcept;

  std::string Command, Report, Folder, ReportFile, NetworkFile;
  std::vector<Input> Inputs;
  /// The pass that runs, as text, and its number; in a place that does not
  /// move, as a signal may come at any time. Empty between passes.
  char Running[512] = "", Number[32] = "";
  bool Chosen = false, HasNetwork = false, Written = false;
};

} // namespace nn2crn

#endif
