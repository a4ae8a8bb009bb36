//===- Simulate.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/Simulate.h"
#include "ProgressLine.h"
#include "nn2crn/Support/OutputFile.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <memory>

using namespace nn2crn;

namespace {
/// Files that appear together at the end or not at all.
class FileSet {
public:
  explicit FileSet(DiagnosticEngine &Diags) : Diags(Diags) {}
  bool add(const std::string &Path, std::string_view Bytes) {
    auto File = std::make_unique<OutputFile>(Path);
    if (!File->open(Diags))
      return false;
    File->stream() << llvm::StringRef(Bytes.data(), Bytes.size());
    Files.push_back(std::move(File));
    return true;
  }
  bool commit() {
    std::vector<OutputFile *> All;
    for (auto &File : Files)
      All.push_back(File.get());
    return OutputFile::commitAll(All, Diags);
  }

private:
  DiagnosticEngine &Diags;
  std::vector<std::unique_ptr<OutputFile>> Files;
};

/// [cases, ...shape of the port]
Array arrayOf(const SimulationResult &Result, const SimulationOutput &Out) {
  Array A;
  A.Shape.push_back(static_cast<int64_t>(Result.Cases));
  A.Shape.insert(A.Shape.end(), Out.Shape.begin(), Out.Shape.end());
  A.Data = Out.Values;
  return A;
}

ColumnNames columnsOf(const SimulationOutput &Out) {
  ColumnNames Columns{Out.ElementNames};
  if (Columns.Names.empty())
    for (size_t I = 0; I < Out.elements(); ++I)
      Columns.Names.push_back(
          Out.Shape.empty() ? Out.Name : Out.Name + "." + std::to_string(I));
  return Columns;
}

std::optional<std::string> npzOf(const SimulationResult &Result,
                                 std::span<const SimulationOutput> Outputs,
                                 const std::string &Path,
                                 DiagnosticEngine &Diags) {
  std::vector<NamedArray> Arrays;
  for (const SimulationOutput &Out : Outputs) {
    if (Out.ElementNames.empty()) {
      Arrays.push_back({Out.Name, arrayOf(Result, Out)});
      continue;
    }
    // Species have no place for their names inside an array.
    size_t Elements = Out.elements();
    for (size_t I = 0; I < Elements; ++I) {
      Array A;
      A.Shape = {static_cast<int64_t>(Result.Cases)};
      for (size_t Case = 0; Case < Result.Cases; ++Case)
        A.Data.push_back(Out.Values[Case * Elements + I]);
      Arrays.push_back({Out.ElementNames[I], std::move(A)});
    }
  }
  return npzBytes(Arrays, Path, Diags);
}

enum class OutputFormat { Npy, Npz, Csv };
struct OutputTarget {
  std::string Path;
  OutputFormat Format;
  /// Null for all ports.
  const Port *Only;
};

/// Where results go; checked before the simulation, which may take long.
std::optional<std::vector<OutputTarget>>
findTargets(const Network &Net, const SimulateRequest &Request,
            DiagnosticEngine &Diags) {
  std::vector<OutputTarget> Targets;
  size_t OutputPorts = static_cast<size_t>(
      std::ranges::count(Net.ports(), PortDirection::Output, &Port::Direction));
  for (const std::string &Spec : Request.Outputs) {
    OutputTarget Target{Spec, OutputFormat::Csv, nullptr};
    for (size_t At = Spec.find('='); At != Spec.npos && !Target.Only;
         At = Spec.find('=', At + 1)) {
      if (const Port *P =
              Net.findPort(Spec.substr(0, At), PortDirection::Output)) {
        Target.Only = P;
        Target.Path = Spec.substr(At + 1);
      }
    }
    std::string Extension = llvm::sys::path::extension(Target.Path).lower();
    if (Extension == ".npz")
      Target.Format = OutputFormat::Npz;
    else if (Extension == ".npy")
      Target.Format = OutputFormat::Npy;
    else if (Target.Path != "-" && Extension != ".csv") {
      Diags
          .error(DiagId::UnknownFormat, {},
                 "cannot tell the format of the output '" + Target.Path + "'")
          .note("known extensions are .npz, .npy and .csv; - is a table on "
                "standard output");
      continue;
    }
    if (!Target.Only && OutputPorts > 1 && Target.Format != OutputFormat::Npz) {
      std::string List;
      for (const Port &P : Net.ports())
        if (P.Direction == PortDirection::Output)
          List += (List.empty() ? "'" : ", '") + P.Name + "'";
      Diags
          .error(DiagId::BadArgument, {},
                 "'" + Target.Path + "' holds one array, but the network has " +
                     std::to_string(OutputPorts) + " output ports")
          .note("say which, as in --output=PORT=FILE, or write a .npz; the "
                "ports are " +
                List);
      continue;
    }
    Targets.push_back(std::move(Target));
  }
  if (Targets.size() != Request.Outputs.size())
    return std::nullopt;
  return Targets;
}

/// \p Label on one line.
std::string visible(std::string_view Label) {
  std::string Out;
  for (char C : Label)
    Out += static_cast<unsigned char>(C) < 0x20 || C == 0x7f ? '?' : C;
  return Out;
}

void printTable(const SimulationResult &Result, llvm::raw_ostream &OS) {
  constexpr size_t MostColumns = 12, MostRows = 50, Wide = 13;
  for (const SimulationOutput &Out : Result.Outputs) {
    size_t Elements = Out.elements(), Shown = std::min(Elements, MostColumns);
    ColumnNames Columns = columnsOf(Out);
    // A single sample of many species reads better downwards.
    if (Result.Cases == 1 && !Out.ElementNames.empty()) {
      for (size_t I = 0; I < Elements; ++I)
        OS << llvm::format("%-20s %.10g\n", Columns.Names[I].c_str(),
                           Out.Values[I]);
      continue;
    }
    bool Winners = Elements > 1 && Out.ElementNames.empty();
    // Labels stand in place of indices, which need no column of their own.
    auto LabelAt = [&](size_t Case) {
      return Out.Meaning.labelOf(
          std::span(Out.Values).subspan(Case * Elements, Elements));
    };
    bool Labels = Result.Cases != 0 && !LabelAt(0).empty();
    OS << "  case";
    for (size_t I = 0; I < Shown; ++I)
      OS << ' ' << llvm::right_justify(Columns.Names[I], Wide);
    OS << (Shown < Elements ? "  ..." : "")
       << (Labels    ? "  label\n"
           : Winners ? "  winner\n"
                     : "\n");
    for (size_t Case = 0; Case < std::min(Result.Cases, MostRows); ++Case) {
      auto Row = std::span(Out.Values).subspan(Case * Elements, Elements);
      OS << llvm::format("%6zu", Case);
      for (size_t I = 0; I < Shown; ++I)
        OS << ' ' << llvm::format("%13.7g", Row[I]);
      OS << (Shown < Elements ? "  ..." : "");
      if (Labels)
        OS << "  " << visible(LabelAt(Case));
      else if (Winners)
        OS << llvm::format("  %6zu", winner(Row));
      OS << '\n';
    }
    if (Result.Cases > MostRows)
      OS << "and " << Result.Cases - MostRows
         << " more cases; --output writes them all\n";
  }
}

bool addOutput(const SimulationResult &Result, const OutputTarget &Target,
               FileSet &Files, DiagnosticEngine &Diags) {
  std::span<const SimulationOutput> Outputs = Result.Outputs;
  for (size_t I = 0; Target.Only && I < Outputs.size(); ++I)
    if (Outputs[I].Name == Target.Only->Name) {
      Outputs = Outputs.subspan(I, 1);
      break;
    }
  if (Target.Format == OutputFormat::Npz) {
    auto Bytes = npzOf(Result, Outputs, Target.Path, Diags);
    return Bytes && Files.add(Target.Path, *Bytes);
  }
  const SimulationOutput &Out = Outputs[0];
  Array A = arrayOf(Result, Out);
  return Files.add(Target.Path, Target.Format == OutputFormat::Npy
                                    ? npyBytes(A)
                                    : csvText(A, columnsOf(Out)));
}
} // namespace

bool nn2crn::runSimulation(const Network &Net, const SimulateRequest &Request,
                           llvm::raw_ostream &OS, DiagnosticEngine &Diags) {
  auto Targets = findTargets(Net, Request, Diags);
  auto Inputs = readInputs(Net, Request.Inputs, Diags);
  std::optional<Array> Labels;
  if (!Request.Labels.empty() && !(Labels = readArray(Request.Labels, Diags)))
    return false;
  if (!Targets || !Inputs)
    return false;

  std::optional<SimulationResult> Result;
  {
    ProgressLine Line;
    SimulationOptions Options = Request.Options;
    if (!Options.Progress)
      Options.Progress = Line.callback();
    Result = simulate(Net, *Inputs, Options, Diags);
  }
  if (!Result)
    return false;
  std::optional<LabelScore> Score;
  if (Labels && !(Score = scoreLabels(*Result, *Labels, Diags)))
    return false;
  FileSet Files(Diags);
  for (const OutputTarget &Target : *Targets)
    if (!addOutput(*Result, Target, Files, Diags))
      return false;
  if (!Request.TrajectoryCsv.empty() || !Request.Plot.empty()) {
    auto T =
        traceCase(Net, *Inputs, Request.Options, Request.Trajectory, Diags);
    if (!T)
      return false;
    if (!Request.TrajectoryCsv.empty() &&
        !Files.add(Request.TrajectoryCsv, trajectoryCsv(*T)))
      return false;
    if (!Request.Plot.empty() && !Files.add(Request.Plot, trajectorySvg(*T)))
      return false;
  }
  if (!Request.Report.empty() &&
      !Files.add(Request.Report, reportJson(*Result, Score)))
    return false;
  if (Request.Outputs.empty())
    printTable(*Result, OS);
  if (Request.Outputs.empty() && Result->Limit == LimitKind::Differences)
    OS << "outputs are certain; amounts of single species are not, for "
       << Result->Annihilations
       << (Result->Annihilations == 1 ? " annihilation takes"
                                      : " annihilations take")
       << " from them what rates decide\n";
  if (Score)
    OS << "accuracy " << llvm::format("%.4f", Score->accuracy()) << ": "
       << Score->Right << " of " << Score->Cases << " labels\n";
  OS.flush();
  return Files.commit();
}
