//===- PassObservers.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Transforms/PassObservers.h"
#include "nn2crn/IR/Text.h"
#include "nn2crn/Support/OutputFile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

using namespace nn2crn;

static bool changed(const PassRun::Entry &E) {
  return E.Result.kind() == PassResult::Kind::Changed;
}

bool PrintAfter::after(const PassRun &Run, const Network &Net,
                       PassContext &Context) {
  const PassRun::Entry &Last = Run.Entries.back();
  if (std::ranges::none_of(Passes, [&](std::string_view Wanted) {
        return Wanted == "all" || Wanted == Last.Name ||
               (changed(Last) && Wanted == "changed");
      }))
    return true;
  std::string Text = "# after " + Last.Name + '\n';
  llvm::raw_string_ostream OS(Text);
  printText(Net, OS);
  Context.Print(Text);
  return true;
}

bool DumpAfter::after(const PassRun &Run, const Network &Net,
                      PassContext &Context) {
  if (std::error_code EC = llvm::sys::fs::create_directories(Folder)) {
    DiagLocation Where;
    Where.File = Folder;
    Context.Diags.error(DiagId::CannotWrite, Where,
                        "cannot make this folder: " + EC.message());
    return false;
  }
  const PassRun::Entry &Last = Run.Entries.back();
  std::string Number = std::to_string(Run.Entries.size());
  Number.insert(0, 4 - std::min<size_t>(4, Number.size()), '0');
  OutputFile File(Folder + '/' + Number + '-' + Last.Name +
                  (changed(Last) ? "-changed.crn" : "-unchanged.crn"));
  if (!File.open(Context.Diags))
    return false;
  printText(Net, File.stream());
  return File.commit(Context.Diags);
}
