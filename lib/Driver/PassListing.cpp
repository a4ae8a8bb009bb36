//===- PassListing.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/PassListing.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace nn2crn;

std::string nn2crn::passListing() {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  for (const PassInfo &Info : allPasses()) {
    OS << Info.Name << "\n    " << Info.Summary << '\n';
    std::unique_ptr<Pass> P = createPass(Info.Name);
    for (PassOption *O : P->options())
      OS << "    " << O->name() << '=' << O->defaultText() << "  " << O->help()
         << '\n';
  }
  return Text;
}

std::string nn2crn::pipelineListing() {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  for (const NamedPipeline &P : namedPipelines())
    OS << P.Name << "\n    " << P.Summary << "\n    "
       << (P.Text.empty() ? "(no passes)" : P.Text) << '\n';
  return Text;
}

std::string nn2crn::timingTable(const PassRun &Run) {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  OS << "   seconds    species  reactions  pass\n";
  double Sum = 0;
  for (const PassRun::Entry &E : Run.Entries) {
    OS << llvm::format("%10.6f %10zu %10zu  ", E.Seconds, E.Species,
                       E.Reactions)
       << E.Name << '\n';
    Sum += E.Seconds;
  }
  OS << llvm::format("%10.6f", Sum) << "                        all passes\n";
  return Text;
}

std::string nn2crn::counterTable(const PassRun &Run) {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  for (const PassRun::Entry &E : Run.Entries)
    for (const auto &[Name, Value] : E.Counters)
      OS << llvm::format("%12llu  ", static_cast<unsigned long long>(Value))
         << E.Name << '.' << Name << '\n';
  return Text;
}

std::string nn2crn::costTable(const PassRun &Run) {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  OS << " reactions    species      slots  largest       peak    strands"
        "          nt  depth     time  after\n";
  auto Count = [](uint64_t N) { return static_cast<unsigned long long>(N); };
  auto Maybe = [](const auto &Value) {
    std::string Shown = "-";
    if (Value)
      llvm::raw_string_ostream(Shown = "")
          << llvm::format("%.4g", static_cast<double>(*Value));
    return Shown;
  };
  auto Row = [&](const std::optional<Cost> &C, const std::string &Name) {
    if (!C)
      return;
    OS << llvm::format("%10llu %10llu %10llu %8llu %10s %10llu %11llu ",
                       Count(C->Reactions), Count(C->Species),
                       Count(C->ProductSlots), Count(C->MaxProducts),
                       Maybe(C->PeakConcentration).c_str(), Count(C->Strands),
                       Count(C->Nucleotides))
       << llvm::format("%6s %8s  %s\n", Maybe(C->Depth).c_str(),
                       Maybe(C->SettlingTime).c_str(), Name.c_str());
  };
  Row(Run.Before, "(before)");
  for (const PassRun::Entry &E : Run.Entries)
    Row(E.After, E.Name);
  return Text;
}

std::string nn2crn::railTable(const RailGrowth &Rails) {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  OS << "both rails, at most      value      ratio      bound     amount  of\n";
  auto Row = [&](const RailTotals &R, const std::string &Name) {
    std::string Ratio = "-";
    if (R.Value > 0)
      llvm::raw_string_ostream(Ratio = "")
          << llvm::format("%.4g", R.Seen / R.Value);
    OS << llvm::format("%19.4g %10.4g %10s %10.4g %10.4g  ", R.Seen, R.Value,
                       Ratio.c_str(), R.Bound, R.Amount)
       << Name << '\n';
  };
  for (const RailGrowth::Layer &L : Rails.Layers)
    Row(L, L.Name);
  Row(Rails.Outputs, "(outputs)");
  return Text;
}

std::string nn2crn::passReference() {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  OS << "# Passes\n\n"
        "Written by `scripts/update-docs` from the passes themselves; "
        "the examples are run as tests.\n\n"
        "A pipeline is a list of passes separated by commas, each with its "
        "options in braces, as in "
        "`fix<4>(merge-duplicates,eliminate-dead)`. `fix` repeats its passes "
        "until none of them changes anything, at most 16 times or the number "
        "given.\n\n"
        "## What passes keep\n\n"
        "Every run of a pass says what it kept of what is observed: the "
        "species "
        "of ports, those flagged `@observed`, those that phases dose or reset, "
        "or all species of a file without ports and flags. Each level implies "
        "those below it, for all inputs or on the declared ranges, and "
        "[`--check`](tools.md#--check-does-each-pass-keep-what-it-says) "
        "compares accordingly.\n\n"
        "| level | |\n| --- | --- |\n"
        "| same kinetics | the same differential equations and the same "
        "stochastic process |\n"
        "| same equilibrium | the same final amounts |\n"
        "| same difference | the same readings of ports; single rails may "
        "differ |\n"
        "| approximate | readings within a bound |\n\n"
        "## Named pipelines\n\n"
        "| name | passes | |\n| --- | --- | --- |\n";
  for (const NamedPipeline &P : namedPipelines())
    OS << "| `" << P.Name << "` | "
       << (P.Text.empty() ? "" : "`" + std::string(P.Text) + "`") << " | "
       << P.Summary << " |\n";
  for (const PassInfo &Info : allPasses()) {
    OS << "\n## " << Info.Name << "\n\nTo " << Info.Summary << ".\n"
       << llvm::StringRef(Info.Documentation.data(), Info.Documentation.size())
              .rtrim()
       << '\n';
    std::unique_ptr<Pass> P = createPass(Info.Name);
    if (!P->options().empty()) {
      OS << "\n| option | default | |\n| --- | --- | --- |\n";
      for (PassOption *O : P->options())
        OS << "| `" << O->name() << "` | `" << O->defaultText() << "` | "
           << O->help() << " |\n";
    }
    if (!P->counters().empty()) {
      OS << "\n| counter | |\n| --- | --- |\n";
      for (Counter *C : P->counters())
        OS << "| `" << C->name() << "` | " << C->help() << " |\n";
    }
  }
  return Text;
}

std::string nn2crn::diagnosticReference() {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  OS << "# Diagnostics\n\n"
        "Written by `scripts/update-docs`. Every message ends in one of these "
        "names in brackets.\n\n"
        "| name | what it means |\n| --- | --- |\n";
  for (DiagId Id : allDiagIds())
    OS << "| `" << diagName(Id) << "` | " << diagSummary(Id) << " |\n";
  return Text;
}
