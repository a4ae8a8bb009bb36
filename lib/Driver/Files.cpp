//===- Files.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/Files.h"
#include "nn2crn/IR/Binary.h"
#include "nn2crn/IR/Text.h"
#include "nn2crn/Import/BioNetGen.h"
#include "nn2crn/Import/SBML.h"
#include "nn2crn/Support/InputFile.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Path.h"

using namespace nn2crn;

std::optional<std::string> nn2crn::readFile(std::string_view Path,
                                            DiagnosticEngine &Diags) {
  auto File = InputFile::open(Path, Diags);
  return File ? std::optional<std::string>(File->bytes()) : std::nullopt;
}

NetworkFormat nn2crn::networkFormatOf(std::string_view Path,
                                      std::string_view Bytes) {
  std::string Extension = llvm::sys::path::extension(Path).lower();
  if (Extension == ".crn")
    return NetworkFormat::Text;
  if (Extension == ".crnb")
    return NetworkFormat::Binary;
  if (Extension == ".xml" || Extension == ".sbml")
    return NetworkFormat::SBML;
  if (Extension == ".net")
    return NetworkFormat::BioNetGen;

  if (isBinaryNetwork(Bytes))
    return NetworkFormat::Binary;
  llvm::StringRef Text(Bytes);
  Text.consume_front("\xef\xbb\xbf"); // a byte order mark
  if (Text.ltrim().starts_with("<"))
    return NetworkFormat::SBML;
  while (!Text.empty()) {
    auto [Line, Rest] = Text.split('\n');
    Line = Line.trim();
    if (!Line.empty() && !Line.starts_with("#"))
      return Line.starts_with("begin ") ? NetworkFormat::BioNetGen
                                        : NetworkFormat::Text;
    Text = Rest;
  }
  return NetworkFormat::Text;
}

/// A model, an array or a picture given for a network would otherwise draw a
/// screen of syntax errors. No text has a zero byte.
static bool isText(std::string_view Bytes) {
  constexpr size_t Looked = 1 << 16;
  return Bytes.substr(0, Looked).find('\0') == Bytes.npos;
}

std::optional<Network> nn2crn::loadNetwork(std::string_view Path,
                                           DiagnosticEngine &Diags) {
  auto File = InputFile::open(Path, Diags);
  if (!File)
    return std::nullopt;
  std::string_view Bytes = File->bytes();
  std::string Name = inputName(Path);
  switch (networkFormatOf(Path, Bytes)) {
  case NetworkFormat::Text:
    if (Path.ends_with(".onnx") || Path.ends_with(".onnxtext") ||
        !isText(Bytes)) {
      DiagLocation Where;
      Where.File = Name;
      Diags
          .error(DiagId::UnknownFormat, Where,
                 "expected a reaction network (.crn, .crnb, .xml, .net), found "
                 "something else")
          .note("a trained model is compiled first: nn2crn MODEL.onnx -o "
                "NET.crn");
      return std::nullopt;
    }
    return parseText(Bytes, Name, Diags);
  case NetworkFormat::Binary:
    return readBinary(Bytes, Name, Diags);
  case NetworkFormat::SBML:
    return importSBML(Bytes, Name, Diags);
  case NetworkFormat::BioNetGen:
    return importBioNetGen(Bytes, Name, Diags);
  }
  return std::nullopt;
}
