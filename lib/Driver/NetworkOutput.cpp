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

std::string NetworkOutput::conflict() const {
  if (Case && Inputs.empty())
    return "--case chooses a case of --input, which is not given";
  std::pair<const char *, const std::string *> Files[] = {
      {"-o", &Path}, {"--map", &Map}, {"--stats", &Stats}};
  for (auto &[Option, File] : Files)
    for (auto &[Other, OtherFile] : Files)
      if (&File < &OtherFile && !File->empty() && *File == *OtherFile)
        return std::string(Option) + " and " + Other + " both write to " +
               (*File == "-" ? "standard output" : "'" + *File + "'");
  return {};
}

bool NetworkOutput::checkFormat(DiagnosticEngine &Diags) const {
  return chooseTarget(*this, Diags) != nullptr;
}

bool NetworkOutput::write(Network &Net, DiagnosticEngine &Diags) const {
  if (std::string Problem = conflict(); !Problem.empty()) {
    Diags.error(DiagId::BadArgument, {}, std::move(Problem));
    return false;
  }
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
  if (!Inputs.empty()) {
    auto Arrays = readInputs(Net, Inputs, Diags);
    if (!Arrays)
      return false;
    if (!setSample(Net, *Arrays, Case.value_or(0), Diags))
      return false;
  }

  OutputFile NetworkFile(Path), MapFile(Map), StatsFile(Stats);
  std::vector<OutputFile *> Files;
  auto Write = [&](OutputFile &File, auto Emit) {
    Files.push_back(&File);
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
  return OutputFile::commitAll(Files, Diags);
}
