//===- Reproducer.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/Reproducer.h"
#include "nn2crn/Driver/Version.h"
#include "nn2crn/IR/Binary.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace nn2crn;

static std::string commandLine(int Argc, char **Argv) {
  std::string Line;
  for (int I = 0; I < Argc; ++I) {
    std::string_view Word = Argv[I];
    bool Plain =
        !Word.empty() &&
        Word.find_first_of(" \t\n'\"\\$*?&;()<>|`#~{}[]!") == Word.npos;
    Line += I ? " " : "";
    if (Plain) {
      Line += Word;
      continue;
    }
    Line += '\'';
    for (char C : Word)
      Line += C == '\'' ? std::string("'\\''") : std::string(1, C);
    Line += '\'';
  }
  return Line;
}

/// The file that a word of the command line names: `F`, `--option=F`,
/// `--input=x=F.npz:key`. Empty where there is none.
static std::string fileOf(llvm::StringRef Word) {
  for (;;) {
    for (llvm::StringRef Path :
         {Word, Word.substr(0, Word.find(".npz:") + strlen(".npz"))})
      if (!Path.empty() && llvm::sys::fs::is_regular_file(Path))
        return Path.str();
    size_t Equals = Word.find('=');
    if (Equals == Word.npos)
      return {};
    Word = Word.substr(Equals + 1);
  }
}

Reproducer::Reproducer(int Argc, char **Argv)
    : Command(commandLine(Argc, Argv)) {
  llvm::SmallString<128> Here, Temporary;
  llvm::sys::fs::current_path(Here);
  llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, Temporary);
  llvm::sys::path::append(Temporary,
                          "nn2crn-error-" + std::to_string(getpid()));
  Folder = Temporary.c_str();
  Report = "An internal error of " + versionText() + "\n\ncommand: " + Command +
           "\nin: " + Here.c_str() + "\n\n";
  for (int I = 1; I < Argc; ++I) {
    std::string Path =
        std::string_view(Argv[I - 1]) == "-o" ? "" : fileOf(Argv[I]);
    if (!Path.empty())
      Inputs.push_back({Path,
                        "input" + std::to_string(Inputs.size() + 1) + '-' +
                            llvm::sys::path::filename(Path).str(),
                        ""});
  }
  place();
}

void Reproducer::place() {
  ReportFile = Folder + "/report.txt";
  NetworkFile = Folder + "/before.crnb";
  for (Input &In : Inputs)
    In.To = Folder + '/' + In.Name;
}

bool Reproducer::setFolder(const std::string &Path) {
  if (llvm::sys::fs::create_directories(Path) ||
      !llvm::sys::fs::is_directory(Path))
    return false;
  Folder = Path;
  Chosen = true;
  place();
  return true;
}

Reproducer::~Reproducer() {
  if (Chosen && !Written)
    unlink(NetworkFile.c_str());
}

void Reproducer::before(const Pass &P, size_t RunNumber, const Network &Net) {
  Running[0] = 0;
  HasNetwork = false;
  if (Chosen) {
    std::error_code EC;
    llvm::raw_fd_ostream OS(NetworkFile, EC);
    if (!EC) {
      writeBinary(Net, OS);
      OS.close();
      HasNetwork = !OS.has_error();
      OS.clear_error();
    }
  }
  snprintf(Number, sizeof Number, "%zu", RunNumber);
  snprintf(Running, sizeof Running, "%s", passText(P).c_str());
}

bool Reproducer::after(const PassRun &, const Network &, PassContext &) {
  Running[0] = 0;
  return true;
}

//===----------------------------------------------------------------------===//
// From here on only what a signal handler may call
//===----------------------------------------------------------------------===//

static bool put(int To, const char *Text, size_t Size) noexcept {
  while (Size > 0) {
    ssize_t Done = ::write(To, Text, Size);
    if (Done < 0 && errno == EINTR)
      continue;
    if (Done <= 0)
      return false;
    Text += Done;
    Size -= static_cast<size_t>(Done);
  }
  return true;
}
static bool put(int To, const char *Text) noexcept {
  return put(To, Text, strlen(Text));
}
static bool put(int To, const std::string &Text) noexcept {
  return put(To, Text.data(), Text.size());
}

static int create(const std::string &Path) noexcept {
  return open(Path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
}

bool Reproducer::copy(const Input &In) const noexcept {
  // Not on the stack, which may be what has run out.
  static char Buffer[1 << 16];
  int From = open(In.From.c_str(), O_RDONLY | O_NONBLOCK);
  struct stat Status;
  if (From < 0 || fstat(From, &Status) != 0 || !S_ISREG(Status.st_mode) ||
      static_cast<uint64_t>(Status.st_size) > LargestCopy)
    return false;
  int To = create(In.To);
  if (To < 0)
    return false;
  ssize_t Got;
  bool Good = true;
  while (Good && (Got = read(From, Buffer, sizeof Buffer)) > 0)
    Good = put(To, Buffer, static_cast<size_t>(Got));
  close(From);
  return close(To) == 0 && Good && Got == 0;
}

bool Reproducer::writeReport() const noexcept {
  // A folder that is there already may be somebody else's.
  if (mkdir(Folder.c_str(), 0700) != 0 && !Chosen)
    return false;
  int To = create(ReportFile);
  if (To < 0)
    return false;
  bool Good = put(To, Report);
  if (Running[0])
    Good &= put(To, "It happened in pass ") && put(To, Number) &&
            put(To, " of the pipeline: ") && put(To, Running) && put(To, "\n");
  if (Running[0] && HasNetwork)
    Good &= put(To, "before.crnb is the network before it:\n  crn-opt "
                    "before.crnb -o after.crn --passes='") &&
            put(To, Running) && put(To, "'\n");
  for (const Input &In : Inputs)
    Good &= copy(In) ? put(To, In.Name) && put(To, " is ") &&
                           put(To, In.From) && put(To, "\n")
                     : put(To, In.From) &&
                           put(To, " is not here: it is larger than 16 MiB, or "
                                   "cannot be copied. Please add it.\n");
  Good &= put(To, "Standard input and files beside a model are never here; "
                  "please add what was used.\n");
  return close(To) == 0 && Good;
}

void Reproducer::write() noexcept {
  if (Written)
    return;
  Written = true;
  bool Good = writeReport();
  int To = STDERR_FILENO;
  put(To, "internal error: this is a bug in nn2crn ");
  put(To, versionNumber().data(), versionNumber().size());
  if (Running[0]) {
    put(To, "\nin pass ");
    put(To, Number);
    put(To, " of the pipeline: ");
    put(To, Running);
  }
  put(To, "\n");
  put(To, Good ? "please report it with the files in "
               : "please report it with the input files and this command:\n  ");
  if (Good) {
    put(To, Folder);
    put(To, ", where this command and its input files are:\n  ");
  }
  put(To, Command);
  put(To, "\n");
  if (Running[0] && !Chosen)
    put(To, "note: --reproducer-dir=FOLDER also keeps the network as it was "
            "before the pass\n");
}
