//===- NetworkOutput.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/NetworkOutput.h"
#include "nn2crn/IR/PortValues.h"
#include "nn2crn/Support/OutputFile.h"
#include "nn2crn/Target/Map.h"
#include "nn2crn/Target/Target.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace nn2crn;

namespace {
const TargetInfo *chooseTarget(const NetworkOutput &Out,
                               DiagnosticEngine &Diags) {
  auto List = [](bool Extensions) {
    std::string Known;
    for (const TargetInfo &T : targets()) {
      if (!Extensions)
        Known += (Known.empty() ? "" : ", ") + std::string(T.Name);
      for (std::string_view E : T.Extensions)
        if (Extensions)
          Known += (Known.empty() ? "" : ", ") + std::string(E);
    }
    return Known;
  };
  if (!Out.Emit.empty()) {
    const TargetInfo *T = findTarget(Out.Emit);
    if (!T)
      Diags
          .error(DiagId::UnknownFormat, {},
                 "--emit does not know '" + Out.Emit + "'")
          .note("known formats: " + List(false));
    return T;
  }
  if (Out.Path == "-")
    return findTarget("crn");
  std::string Extension =
      llvm::sys::path::extension(llvm::StringRef(Out.Path)).str();
  const TargetInfo *T = targetForExtension(Extension);
  if (!T) {
    DiagLocation Where;
    Where.File = Out.Path;
    Diags
        .error(DiagId::UnknownFormat, Where,
               Extension.empty()
                   ? std::string("this name has no extension to choose a "
                                 "format by")
                   : "no format has the extension '" + Extension + "'")
        .note("known extensions: " + List(true))
        .note("or choose a format with --emit: " + List(false));
  }
  return T;
}
} // namespace

bool NetworkOutput::write(Network &Net, DiagnosticEngine &Diags) const {
  const TargetInfo *T = chooseTarget(*this, Diags);
  if (!T)
    return false;
  if (T->Binary && Path == "-" && llvm::outs().is_displayed()) {
    Diags
        .error(DiagId::CannotWrite, {},
               "a binary network is not written to a terminal")
        .note("name a file with -o, or redirect the output");
    return false;
  }
  if (Inputs.empty() && Case != 0) {
    Diags
        .error(DiagId::BadArgument, {},
               "--case=" + std::to_string(Case) + " names a case of no input")
        .note("give the samples as well, as in --input=samples.npy");
    return false;
  }
  if (!Inputs.empty()) {
    auto Arrays = readInputs(Net, Inputs, Diags);
    if (!Arrays)
      return false;
    if (Case >= Arrays->Cases) {
      Diags.error(DiagId::BadArgument, {},
                  "--case=" + std::to_string(Case) + " is beyond the input's " +
                      std::to_string(Arrays->Cases) +
                      " cases, which count from 0");
      return false;
    }
    if (!setSample(Net, *Arrays, Case, Diags))
      return false;
  }

  // Everything is written aside before anything appears.
  OutputFile NetworkFile(Path), MapFile(Map), StatsFile(Stats);
  auto Write = [&](OutputFile &File, auto Emit) {
    return File.open(Diags) && Emit(File.stream());
  };
  if (!Write(NetworkFile,
             [&](llvm::raw_ostream &OS) { return T->Emit(Net, OS, Diags); }))
    return false;
  if (!Map.empty() && !Write(MapFile, [&](llvm::raw_ostream &OS) {
        return writeMap(Net, *T, OS, Diags);
      }))
    return false;
  if (!Stats.empty() && !Write(StatsFile, [&](llvm::raw_ostream &OS) {
        return findTarget("stats")->Emit(Net, OS, Diags);
      }))
    return false;
  return NetworkFile.commit(Diags) && (Map.empty() || MapFile.commit(Diags)) &&
         (Stats.empty() || StatsFile.commit(Diags));
}
