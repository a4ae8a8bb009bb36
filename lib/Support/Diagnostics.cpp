//===- Diagnostics.cpp ----------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Support/Diagnostics.h"

#include <algorithm>

using namespace nn2crn;

namespace {
struct DiagEntry {
  std::string_view Name, Summary;
};
constexpr DiagEntry Entries[] = {
#define NN2CRN_DIAG(Enum, Name, Summary) {Name, Summary},
#include "nn2crn/Support/Diagnostics.def"
};
} // namespace

std::string_view nn2crn::diagName(DiagId Id) {
  return Entries[static_cast<size_t>(Id)].Name;
}

std::string_view nn2crn::diagSummary(DiagId Id) {
  return Entries[static_cast<size_t>(Id)].Summary;
}

std::vector<DiagId> nn2crn::allDiagIds() {
  std::vector<DiagId> Ids(std::size(Entries));
  for (size_t I = 0; I < Ids.size(); ++I)
    Ids[I] = static_cast<DiagId>(I);
  return Ids;
}

InFlightDiagnostic::~InFlightDiagnostic() {
  if (Engine)
    Engine->report(D);
}

void DiagnosticEngine::report(const Diagnostic &D) {
  if (D.Level == Severity::Error)
    ++Errors;
  if (Consumer)
    Consumer(D);
}

namespace {
constexpr std::string_view Reset = "\x1b[0m", Bold = "\x1b[1m";

struct LevelStyle {
  std::string_view Word, Colour;
};

LevelStyle styleOf(Severity Level) {
  switch (Level) {
  case Severity::Note:
    return {"note", "\x1b[1;36m"};
  case Severity::Remark:
    return {"remark", "\x1b[1;34m"};
  case Severity::Warning:
    return {"warning", "\x1b[1;35m"};
  case Severity::Error:
    return {"error", "\x1b[1;31m"};
  }
  return {"error", ""};
}

void formatOne(std::string &Out, Severity Level, const DiagLocation &Where,
               std::string_view Message, std::string_view IdName,
               bool Colours) {
  auto Paint = [&](std::string_view Code) {
    if (Colours)
      Out += Code;
  };
  Paint(Bold);
  if (!Where.File.empty()) {
    Out += Where.File;
    if (Where.Line) {
      Out += ':' + std::to_string(Where.Line);
      if (Where.Column)
        Out += ':' + std::to_string(Where.Column);
    }
    Out += ": ";
  }
  if (!Where.Context.empty())
    Out += Where.Context + ": ";
  LevelStyle Style = styleOf(Level);
  Paint(Style.Colour);
  Out += Style.Word;
  Out += ": ";
  Paint(Reset);
  Out += Message;
  if (!IdName.empty()) {
    Out += " [";
    Out += IdName;
    Out += ']';
  }
  Out += '\n';
  if (Where.Column == 0 || Where.LineText.empty())
    return;

  // A window of the line that holds the caret, so that a line of a megabyte
  // does not fill the screen.
  constexpr size_t Before = 60, Width = 100;
  size_t Column = std::min<size_t>(Where.Column - 1, Where.LineText.size());
  size_t First = Column > Before ? Column - Before : 0;
  std::string Line = Where.LineText.substr(First, Width);
  std::replace_if(
      Line.begin(), Line.end(),
      [](unsigned char C) { return C < 0x20 || C == 0x7f; }, ' ');
  size_t Room = Line.size() + 1 - std::min(Line.size(), Column - First);
  size_t Length =
      std::clamp<size_t>(Where.Length, 1, std::max<size_t>(Room, 1));
  Out += Line + '\n' + std::string(Column - First, ' ');
  Paint("\x1b[1;32m");
  Out += '^' + std::string(Length - 1, '~');
  Paint(Reset);
  Out += '\n';
}
} // namespace

std::string nn2crn::formatDiagnostic(const Diagnostic &D, bool Colours) {
  std::string Out;
  formatOne(Out, D.Level, D.Where, D.Message, diagName(D.Id), Colours);
  for (const Diagnostic::Note &N : D.Notes)
    formatOne(Out, Severity::Note, N.Where, N.Message, {}, Colours);
  return Out;
}
