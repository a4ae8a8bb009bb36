//===- CommandLine.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/CommandLine.h"
#include "nn2crn/Driver/Certify.h"
#include "nn2crn/Driver/Version.h"

#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/PrettyStackTrace.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

#include <csignal>
#include <new>
#include <unistd.h>

using namespace nn2crn;
namespace cl = llvm::cl;

namespace {
/// Of the tool that runs.
Reproducer *Current;

void onCrash(void *) {
  // Whatever happens in here, it ends: a file system may be the trouble.
  std::signal(SIGALRM, [](int) { _exit(ExitInternal); });
  alarm(20);
  if (Current)
    Current->write();
  _exit(ExitInternal);
}

/// Memory that ends is the machine's fault, not ours: no bug is reported, and
/// no half file stays.
[[noreturn]] void onOutOfMemory() {
  static constexpr char Text[] = "error: not enough memory\n"
                                 "note: use a smaller model, or a machine or "
                                 "limit (ulimit -v) with more\n";
  [[maybe_unused]] auto Written = write(STDERR_FILENO, Text, sizeof(Text) - 1);
  llvm::sys::RunInterruptHandlers(); // Removes files that are being written.
  _exit(ExitErrors);
}
} // namespace

Tool::Tool(int Argc, char **Argv, const char *Overview)
    : Argc(Argc), Argv(Argv), Overview(Overview), Repro(Argc, Argv),
      Diags([this](const Diagnostic &D) {
        Comparisons += D.Id == DiagId::CertificateDifferent ||
                       D.Id == DiagId::CertificateUnproven ||
                       D.Id == DiagId::CheckDifferent;
        llvm::errs() << formatDiagnostic(D, llvm::errs().has_colors());
        if (D.Id == DiagId::BrokenContract) {
          Internal = true;
          Repro.write();
        }
      }) {
  Current = &Repro;
  llvm::sys::AddSignalHandler(onCrash, nullptr);
  // A file beyond the limit on sizes is then reported as any other that cannot
  // be written. After LLVM's handlers, which take this signal for a crash.
  std::signal(SIGXFSZ, SIG_IGN);
  std::set_new_handler(onOutOfMemory);
  llvm::install_bad_alloc_error_handler(
      [](void *, const char *, bool) { onOutOfMemory(); });
  registerDriverPasses();
  // LLVM's own options are not ours to show or accept.
  std::vector<cl::Option *> Foreign;
  for (auto &Entry : cl::getRegisteredOptions())
    if (llvm::StringRef Name = Entry.getKey();
        Name != "help" && Name != "h" && Name != "version")
      Foreign.push_back(Entry.getValue());
  for (cl::Option *O : Foreign)
    O->removeArgument();
  Folder.emplace(
      "reproducer-dir", cl::value_desc("folder"),
      cl::desc("Where an internal error leaves what it takes to look "
               "into it,\nwith the network before the pass "
               "(default: a new folder in\nthe temporary one, "
               "without)"));
  cl::SetVersionPrinter(
      [](llvm::raw_ostream &OS) { OS << versionText() << '\n'; });
}

bool Tool::parse() {
  if (!cl::ParseCommandLineOptions(Argc, Argv, Overview, &llvm::errs()))
    return false;
  if (Folder->getNumOccurrences() && !Repro.setFolder(*Folder)) {
    usage("--reproducer-dir: cannot make the folder '" + *Folder + "'");
    return false;
  }
  return true;
}

Tool::~Tool() {
  Current = nullptr;
  Folder->removeArgument(); // A later tool of the process would meet it.
}

int Tool::usage(const std::string &Message) const {
  llvm::StringRef Name = Argv[0];
  llvm::errs() << Name.substr(Name.rfind('/') + 1) << ": " << Message << '\n';
  return ExitUsage;
}

int Tool::exitCode() const {
  return Internal                           ? ExitInternal
         : Diags.errorCount() > Comparisons ? ExitErrors
         : Comparisons                      ? ExitComparison
                                            : ExitOk;
}
