//===- CsvFormat.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Support/ArrayFile.h"
#include "nn2crn/Support/Number.h"

#include <charconv>
#include <cmath>

using namespace nn2crn;

namespace {
struct Field {
  std::string_view Text;
  /// 0-based.
  size_t Column;
};

bool isBlank(char C) { return C == ' ' || C == '\t'; }

/// Cuts a line at \p Separator, or at runs of blanks where that is a blank.
/// Quotation marks around a field are dropped.
void cutLine(std::string_view Line, char Separator, std::vector<Field> &Out) {
  Out.clear();
  size_t At = 0;
  while (true) {
    while (At < Line.size() && isBlank(Line[At]) &&
           (Line[At] != Separator || Separator == ' '))
      ++At;
    if (Separator == ' ' && At == Line.size())
      return;
    size_t End = At;
    bool Quoted = At < Line.size() && Line[At] == '"';
    if (Quoted)
      End = std::min(Line.find('"', At + 1), Line.size() - 1) + 1;
    while (End < Line.size() &&
           !(Separator == ' ' ? isBlank(Line[End]) : Line[End] == Separator))
      ++End;
    std::string_view Text = Line.substr(At, End - At);
    size_t Column = At;
    while (!Text.empty() && isBlank(Text.back()))
      Text.remove_suffix(1);
    if (Text.size() >= 2 && Text.front() == '"' && Text.back() == '"') {
      Text = Text.substr(1, Text.size() - 2);
      ++Column;
    }
    Out.push_back({Text, Column});
    if (End >= Line.size())
      return;
    At = End + 1;
  }
}

bool parseField(std::string_view Text, double &Value) {
  if (Text.starts_with('+') && !Text.starts_with("+-"))
    Text.remove_prefix(1);
  auto [End, Error] =
      std::from_chars(Text.data(), Text.data() + Text.size(), Value);
  if (Error == std::errc::result_out_of_range &&
      End == Text.data() + Text.size())
    return false;
  return Error == std::errc() && End == Text.data() + Text.size();
}
} // namespace

std::optional<Array> nn2crn::parseCsv(std::string_view Text,
                                      std::string_view Name,
                                      DiagnosticEngine &Diags) {
  Array A;
  A.Source = Name;
  A.Flat = true;
  DiagLocation Where;
  Where.File = Name;
  auto Fail = [&](std::string_view Line, size_t Column, size_t Length,
                  const std::string &Why) -> std::optional<Array> {
    Where.Column = static_cast<unsigned>(Column + 1);
    Where.Length = static_cast<unsigned>(std::max<size_t>(Length, 1));
    Where.LineText = Line;
    Diags.error(DiagId::BadArray, Where, Why);
    return std::nullopt;
  };
  if (Text.starts_with("\xef\xbb\xbf"))
    Text.remove_prefix(3);
  char Separator = 0;
  size_t Columns = 0, Rows = 0;
  bool MayBeHeader = true;
  std::vector<Field> Fields;
  while (!Text.empty()) {
    size_t End = std::min(Text.find('\n'), Text.size());
    std::string_view Line = Text.substr(0, End);
    Text.remove_prefix(std::min(End + 1, Text.size()));
    ++Where.Line;
    if (Line.ends_with('\r'))
      Line.remove_suffix(1);
    size_t First = Line.find_first_not_of(" \t");
    if (First == std::string_view::npos || Line[First] == '#')
      continue;
    if (!Separator)
      Separator = Line.find(';') != std::string_view::npos   ? ';'
                  : Line.find(',') != std::string_view::npos ? ','
                                                             : ' ';
    cutLine(Line, Separator, Fields);
    if (!Columns)
      Columns = Fields.size();
    if (Fields.size() != Columns)
      return Fail(Line, 0, Line.size(),
                  "expected " + std::to_string(Columns) +
                      " fields as in the lines before, found " +
                      std::to_string(Fields.size()));
    if (MayBeHeader) {
      MayBeHeader = false;
      bool AnyNumber = false;
      double Value;
      for (const Field &F : Fields)
        AnyNumber |= parseField(F.Text, Value);
      if (!AnyNumber)
        continue;
    }
    for (const Field &F : Fields) {
      double Value;
      if (!parseField(F.Text, Value))
        return Fail(Line, F.Column, F.Text.size(),
                    F.Text.empty()
                        ? "expected a number, found an empty field"
                        : "expected a number, found '" +
                              std::string(F.Text.substr(0, 40)) + "'");
      A.Data.push_back(Value);
    }
    ++Rows;
    if (A.Data.size() > MaxArrayElements)
      return Fail(Line, 0, 1,
                  "the table is beyond the limit of " +
                      std::to_string(MaxArrayElements) + " numbers");
  }
  if (!Columns) {
    Where.Line = 0;
    Diags.error(DiagId::BadArray, Where,
                "expected lines of numbers, found an empty table");
    return std::nullopt;
  }
  A.Shape = {static_cast<int64_t>(Rows), static_cast<int64_t>(Columns)};
  return A;
}

static std::string csvName(const std::string &Name) {
  if (Name.find_first_of(",\"\n\r") == std::string::npos)
    return Name;
  std::string Quoted = "\"";
  for (char C : Name)
    Quoted += C == '"' ? std::string("\"\"") : std::string(1, C);
  return Quoted + '"';
}

std::string nn2crn::csvText(const Array &Values, const ColumnNames &Columns) {
  std::string Out;
  for (size_t I = 0; I < Columns.Names.size(); ++I)
    Out += (I ? "," : "") + csvName(Columns.Names[I]);
  if (!Columns.Names.empty())
    Out += '\n';
  size_t Rows = Values.Shape.empty() ? 1 : static_cast<size_t>(Values.Shape[0]);
  size_t Width = Rows ? Values.Data.size() / Rows : 0;
  for (size_t R = 0; R < Rows; ++R) {
    for (size_t C = 0; C < Width; ++C) {
      if (C)
        Out += ',';
      double Value = Values.Data[R * Width + C];
      if (std::isfinite(Value))
        appendDouble(Out, Value);
      else
        Out += std::isnan(Value) ? "nan" : Value > 0 ? "inf" : "-inf";
    }
    Out += '\n';
  }
  return Out;
}
