//===- OutputFile.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Support/OutputFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

#include <cassert>

using namespace nn2crn;

OutputFile::OutputFile(std::string_view Path) : Path(Path) {}

OutputFile::~OutputFile() {
  if (Stream)
    Stream->clear_error();
  Stream.reset();
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
    Stream = std::make_unique<llvm::raw_fd_ostream>("-", EC);
    return EC ? fail(Diags, EC.message()) : true;
  }
  fs::file_status Status;
  EC = fs::status(Path, Status);
  if (!EC && Status.type() == fs::file_type::directory_file)
    return fail(Diags, "it is a folder");
  if (!EC && Status.type() != fs::file_type::regular_file) {
    Stream = std::make_unique<llvm::raw_fd_ostream>(Path, EC, fs::OF_None);
    return EC ? fail(Diags, EC.message()) : true;
  }
  // A symbolic link keeps pointing where it does.
  llvm::SmallString<128> Target;
  if (!EC && !fs::real_path(Path, Target))
    Path = std::string(Target);
  llvm::SmallString<128> Name;
  int Descriptor = -1;
  EC = fs::createUniqueFile(Path + ".%%%%%%.tmp", Descriptor, Name, fs::OF_None,
                            fs::all_read | fs::all_write);
  if (EC)
    return fail(Diags, EC.message());
  Temporary = std::string(Name);
  llvm::sys::RemoveFileOnSignal(Temporary);
  Stream = std::make_unique<llvm::raw_fd_ostream>(Descriptor, true);
  return true;
}

llvm::raw_ostream &OutputFile::stream() {
  assert(Stream && "open() first");
  return *Stream;
}

bool OutputFile::commit(DiagnosticEngine &Diags) {
  assert(Stream && "open() first");
  Stream->flush();
  if (!Stream->has_error() && Path != "-")
    Stream->close();
  if (std::error_code EC = Stream->error()) {
    Stream->clear_error();
    return fail(Diags, EC.message());
  }
  Stream.reset();
  if (Temporary.empty())
    return true;
  if (std::error_code EC = llvm::sys::fs::rename(Temporary, Path))
    return fail(Diags, EC.message());
  llvm::sys::DontRemoveFileOnSignal(Temporary);
  Temporary.clear();
  return true;
}
