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

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace nn2crn;

std::string nn2crn::displayName(std::string_view Path) {
  return Path == "-" ? "<stdin>" : std::string(Path);
}

std::optional<std::string> nn2crn::readFile(std::string_view Path,
                                            DiagnosticEngine &Diags) {
  auto Buffer = llvm::MemoryBuffer::getFileOrSTDIN(
      llvm::StringRef(Path.data(), Path.size()), /*IsText=*/false,
      /*RequiresNullTerminator=*/false);
  if (!Buffer) {
    DiagLocation Where;
    Where.File = displayName(Path);
    Diags.error(DiagId::CannotRead, Where,
                "cannot read this file: " + Buffer.getError().message());
    return std::nullopt;
  }
  return (*Buffer)->getBuffer().str();
}

NetworkFormat nn2crn::networkFormatOf(std::string_view Path,
                                      std::string_view Bytes) {
  std::string Extension =
      llvm::sys::path::extension(llvm::StringRef(Path.data(), Path.size()))
          .lower();
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
  llvm::StringRef Text(Bytes.data(), Bytes.size());
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

std::optional<Network> nn2crn::loadNetwork(std::string_view Path,
                                           DiagnosticEngine &Diags) {
  auto Bytes = readFile(Path, Diags);
  if (!Bytes)
    return std::nullopt;
  std::string Name = displayName(Path);
  switch (networkFormatOf(Path, *Bytes)) {
  case NetworkFormat::Text:
    // Text holds no zeros. Said once, rather than an error for every line.
    if (Bytes->find('\0') != Bytes->npos) {
      DiagLocation Where;
      Where.File = Name;
      Diags
          .error(DiagId::UnknownFormat, Where,
                 "expected a network, found binary data")
          .note("networks are .crn, .crnb, .xml, .sbml and .net; a model "
                "becomes one by nn2crn model.onnx -o net.xml");
      return std::nullopt;
    }
    return parseText(*Bytes, Name, Diags);
  case NetworkFormat::Binary:
    return readBinary(*Bytes, Name, Diags);
  case NetworkFormat::SBML:
    return importSBML(*Bytes, Name, Diags);
  case NetworkFormat::BioNetGen:
    return importBioNetGen(*Bytes, Name, Diags);
  }
  return std::nullopt;
}
