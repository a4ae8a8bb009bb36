//===- ArrayFile.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Support/ArrayFile.h"
#include "nn2crn/Support/InputFile.h"
#include "nn2crn/Support/OutputFile.h"

#include "llvm/Support/raw_ostream.h"

#include <charconv>

using namespace nn2crn;

static bool endsWith(std::string_view Text, std::string_view Suffix) {
  if (Text.size() < Suffix.size())
    return false;
  Text.remove_prefix(Text.size() - Suffix.size());
  for (size_t I = 0; I < Text.size(); ++I)
    if ((Text[I] | 0x20) != (Suffix[I] | 0x20))
      return false;
  return true;
}

std::optional<Array> nn2crn::parseNumbers(std::string_view Text) {
  Array A;
  A.Source = "<numbers>";
  A.Flat = true;
  const char *At = Text.data(), *End = Text.data() + Text.size();
  auto SkipBlanks = [&] {
    while (At != End && (*At == ' ' || *At == '\t'))
      ++At;
  };
  while (true) {
    SkipBlanks();
    if (At != End && *At == '+')
      ++At;
    double Value;
    auto [Next, Error] = std::from_chars(At, End, Value);
    if (Error != std::errc())
      return std::nullopt;
    A.Data.push_back(Value);
    At = Next;
    SkipBlanks();
    if (At == End)
      break;
    if (*At++ != ',')
      return std::nullopt;
  }
  A.Shape = {static_cast<int64_t>(A.Data.size())};
  return A;
}

std::optional<Array> nn2crn::readArray(std::string_view Spec,
                                       DiagnosticEngine &Diags) {
  auto With = [&](std::string_view Path, auto Parse) -> std::optional<Array> {
    auto File = InputFile::open(Path, Diags);
    if (!File)
      return std::nullopt;
    return Parse(File->bytes());
  };
  if (Spec == "-")
    return With(Spec, [&](std::string_view Bytes) {
      if (Bytes.starts_with("\x93NUMPY"))
        return parseNpy(Bytes, "<stdin>", Diags);
      if (Bytes.starts_with("PK"))
        return parseNpz(Bytes, "<stdin>", "", Diags);
      return parseCsv(Bytes, "<stdin>", Diags);
    });
  size_t Split = Spec.find(".npz:");
  if (Split != std::string_view::npos || endsWith(Spec, ".npz")) {
    std::string_view Path = Spec.substr(
        0, Split == std::string_view::npos ? Spec.size() : Split + 4);
    std::string_view Key = Split == std::string_view::npos
                               ? std::string_view()
                               : Spec.substr(Split + 5);
    return With(Path, [&](std::string_view Bytes) {
      return parseNpz(Bytes, Path, Key, Diags);
    });
  }
  if (endsWith(Spec, ".npy"))
    return With(Spec, [&](std::string_view Bytes) {
      return parseNpy(Bytes, Spec, Diags);
    });
  for (std::string_view Extension : {".csv", ".tsv", ".txt", ".dat"})
    if (endsWith(Spec, Extension))
      return With(Spec, [&](std::string_view Bytes) {
        return parseCsv(Bytes, Spec, Diags);
      });
  if (auto Numbers = parseNumbers(Spec))
    return Numbers;
  Diags
      .error(DiagId::BadArgument, {},
             "'" + std::string(Spec) + "' names no array of numbers")
      .note("expected F.npy, F.npz:KEY, F.csv, or numbers separated by commas");
  return std::nullopt;
}
