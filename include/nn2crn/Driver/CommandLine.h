//===- CommandLine.h - What every tool's main() shares -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_DRIVER_COMMANDLINE_H
#define NN2CRN_DRIVER_COMMANDLINE_H

#include "nn2crn/Driver/Reproducer.h"
#include "nn2crn/Support/Diagnostics.h"

#include "llvm/Support/CommandLine.h"

#include <optional>

namespace nn2crn {

/// Exit codes of all tools, as the documentation lists them.
enum ExitCode : int {
  ExitOk = 0,
  /// Errors were reported.
  ExitErrors = 1,
  /// The command line is wrong.
  ExitUsage = 2,
  /// A certificate that is not "equal", or a pass that --check found wrong.
  ExitComparison = 3,
  /// A bug in nn2crn.
  ExitInternal = 70,
};

/// A tool's start: takes LLVM's own options off the command line, so that only
/// ours are there, and turns a crash, or a pass that broke its contract, into
/// exit code 70 with a reproducer.
///
/// Options are llvm::cl objects constructed between this and parse():
///
///   Tool T(Argc, Argv, Overview);
///   cl::opt<std::string> Input(cl::Positional, ...);
///   if (!T.parse())
///     return ExitUsage;
class Tool {
public:
  /// \p Overview is shown first by --help: what the tool does, then examples.
  Tool(int Argc, char **Argv, const char *Overview);
  ~Tool();

  /// False after a message about a wrong command line. --help and --version
  /// end the process with 0.
  bool parse();
  /// Reports a command line that parsed but makes no sense; returns ExitUsage.
  int usage(const std::string &Message) const;

  /// To be told of passes, so that an internal error says which it was in.
  PassObserver &reproducer() { return Repro; }
  /// Prints to standard error, in colour on a terminal.
  DiagnosticEngine &diagnostics() { return Diags; }
  /// 0 or 1; 3 where nothing went wrong but a comparison (ExitComparison); 70
  /// where a pass broke its contract.
  int exitCode() const;

private:
  int Argc;
  char **Argv;
  const char *Overview;
  std::optional<llvm::cl::opt<std::string>> Folder;
  Reproducer Repro;
  bool Internal = false;
  unsigned Comparisons = 0;
  DiagnosticEngine Diags;
};

} // namespace nn2crn

#endif
