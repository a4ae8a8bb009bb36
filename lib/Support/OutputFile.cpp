//===- OutputFile.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Support/OutputFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

#include <cassert>

using namespace nn2crn;

OutputFile::OutputFile(std::string_view Path) : Path(Path) {}

OutputFile::~OutputFile() {
  if (File)
    File->clear_error(); // or closing it would be fatal
  File.reset();
  if (!Temporary.empty()) {
    llvm::sys::fs::remove(Temporary);
    llvm::sys::DontRemoveFileOnSignal(Temporary);
  }
}

bool OutputFile::fail(DiagnosticEngine &Diags, const std::string &Why) {
  DiagLocation Where;
  Where.File = Path == "-" ? "<stdout>" : Path;
  Diags.error(DiagId::CannotWrite, Where, "cannot write this file: " + Why);
  return false;
}

bool OutputFile::open(DiagnosticEngine &Diags) {
  namespace fs = llvm::sys::fs;
  std::error_code EC;
  if (Path == "-") {
    // Held back, so that a failure half-way prints nothing.
    Stdout = std::make_unique<llvm::raw_string_ostream>(Held);
    return true;
  }
  fs::file_status Status;
  EC = fs::status(Path, Status);
  if (!EC && Status.type() == fs::file_type::directory_file)
    return fail(Diags, "it is a folder");
  if (!EC && Status.type() != fs::file_type::regular_file) {
    File = std::make_unique<llvm::raw_fd_ostream>(Path, EC, fs::OF_None);
    return EC ? fail(Diags, EC.message()) : true;
  }
  // A symbolic link keeps pointing where it does.
  llvm::SmallString<128> Target;
  if (!EC && !fs::real_path(Path, Target))
    Path = std::string(Target);
  // Not by createUniqueFile(), which takes a % in the path for its own.
  std::string Name;
  int Descriptor = -1;
  for (unsigned Try = 0; Try < 100; ++Try) {
    Name = Path + '.' + llvm::utohexstr(llvm::sys::Process::GetRandomNumber()) +
           ".tmp";
    EC = fs::openFileForWrite(Name, Descriptor, fs::CD_CreateNew, fs::OF_None,
                              fs::all_read | fs::all_write);
    if (EC != std::errc::file_exists)
      break;
  }
  if (EC)
    return fail(Diags, EC.message());
  Temporary = Name;
  llvm::sys::RemoveFileOnSignal(Temporary);
  if (Status.type() == fs::file_type::regular_file)
    fs::setPermissions(Temporary, Status.permissions());
  File = std::make_unique<llvm::raw_fd_ostream>(Descriptor, true);
  return true;
}

llvm::raw_ostream &OutputFile::stream() {
  assert((File || Stdout) && "open() first");
  if (Stdout)
    return *Stdout;
  return *File;
}

bool OutputFile::commitAll(std::span<OutputFile *const> Files,
                           DiagnosticEngine &Diags) {
  for (bool (OutputFile::*Step)(DiagnosticEngine &) :
       {&OutputFile::close, &OutputFile::publish})
    for (OutputFile *F : Files)
      if (!(F->*Step)(Diags))
        return false;
  return true;
}

/// Everything that a full disk could spoil.
bool OutputFile::close(DiagnosticEngine &Diags) {
  assert((File || Stdout) && "open() first");
  if (!File)
    return true;
  File->close();
  std::error_code EC = File->error();
  File->clear_error();
  File.reset();
  return EC ? fail(Diags, EC.message()) : true;
}

bool OutputFile::publish(DiagnosticEngine &Diags) {
  std::error_code EC;
  if (Stdout) {
    Stdout.reset();
    llvm::raw_fd_ostream Out("-", EC);
    Out << Held;
    Out.flush();
    EC = Out.error();
    Out.clear_error();
    return EC ? fail(Diags, EC.message()) : true;
  }
  if (Temporary.empty())
    return true;
  if ((EC = llvm::sys::fs::rename(Temporary, Path)))
    return fail(Diags, EC.message());
  llvm::sys::DontRemoveFileOnSignal(Temporary);
  Temporary.clear();
  return true;
}
