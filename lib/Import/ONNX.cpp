//===- ONNX.cpp - The entrance of the ONNX reader -------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Import/ONNX.h"

#include "ONNXReader.h"

#include "llvm/Support/Path.h"

#include <algorithm>
#include <new>

using namespace nn2crn;
using namespace nn2crn::onnxreader;

std::string onnxreader::printable(std::string_view Name) {
  constexpr size_t Longest = 80;
  std::string Text(Name.substr(0, Longest));
  for (char &C : Text)
    if (static_cast<unsigned char>(C) < 0x20 || C == 0x7f)
      C = '?';
  if (Name.size() > Longest)
    Text += "...";
  return Text;
}

Shape onnxreader::withoutBatch(const Shape &Dims) {
  if (Dims.empty() || Dims[0] > 1)
    return Dims;
  return Shape(Dims.begin() + 1, Dims.end());
}

void Problems::error(DiagId Id, std::string Context, std::string Message,
                     std::vector<std::string> Notes) {
  if (++Count > Shown)
    return;
  auto D = Diags.error(Id, at(std::move(Context)), std::move(Message));
  for (std::string &Note : Notes)
    D.note(std::move(Note));
}

void Problems::remark(DiagId Id, std::string Context, std::string Message,
                      std::vector<std::string> Notes) {
  auto D = Diags.remark(Id, at(std::move(Context)), std::move(Message));
  for (std::string &Note : Notes)
    D.note(std::move(Note));
}

Problems::~Problems() {
  if (Count > Shown)
    Diags.error(DiagId::InvalidModel, at(),
                "the model has " + std::to_string(Count - Shown) +
                    " more problems");
}

bool nn2crn::readFixedInputs(std::span<const std::string> Specs,
                             std::string_view Bytes, std::string_view FileName,
                             ONNXOptions &Options, DiagnosticEngine &Diags) {
  if (Specs.empty())
    return true;
  onnx::ModelProto Model;
  if (!parseModel(Bytes, FileName, Model, Diags))
    return false;
  Problems P(Diags, std::string(FileName));
  std::string Names;
  for (const auto &Input : Model.graph().input())
    Names += (Names.empty() ? "" : ", ") + printable(Input.name());
  for (const std::string &Spec : Specs) {
    size_t Split = std::string::npos;
    for (const auto &Input : Model.graph().input())
      if (Spec.starts_with(Input.name() + '='))
        Split = std::min(Split, Input.name().size());
    if (Split == std::string::npos) {
      P.error(DiagId::UnknownPort, {},
              "--set expects the name of an input of the model, '=' and "
              "values, found '" +
                  printable(Spec) + "'",
              {"inputs of the model: " + (Names.empty() ? "none" : Names)});
      return false;
    }
    std::string Name = Spec.substr(0, Split);
    auto Values = readArray(std::string_view(Spec).substr(Split + 1), Diags);
    if (!Values)
      return false;
    if (!Options.Fixed.try_emplace(Name, std::move(*Values)).second) {
      P.error(DiagId::BadArgument, {},
              "--set gives values to '" + printable(Name) + "' twice");
      return false;
    }
  }
  return true;
}

std::optional<Graph> nn2crn::importONNX(std::string_view Bytes,
                                        std::string_view FileName,
                                        DiagnosticEngine &Diags,
                                        const ONNXOptions &Options) {
  try {
    onnx::ModelProto Model;
    if (!parseModel(Bytes, FileName, Model, Diags))
      return std::nullopt;
    Problems P(Diags, std::string(FileName));
    if (!Model.has_graph()) {
      P.error(DiagId::NotAModel, {}, "the ONNX model holds no graph");
      return std::nullopt;
    }
    std::optional<Graph> G = Reader(Model, P, Options).run();
    if (G && G->Name.empty()) {
      llvm::StringRef Stem = llvm::sys::path::stem(FileName);
      G->Name = Stem.empty() || Stem == "-" ? "model" : Stem.str();
    }
    return G;
  } catch (const std::bad_alloc &) {
    DiagLocation Where;
    Where.File = FileName;
    Diags.error(DiagId::ModelTooLarge, std::move(Where),
                "there is not enough memory for this model");
    return std::nullopt;
  } catch (const std::exception &E) {
    // From protobuf, the text parser or the standard library.
    DiagLocation Where;
    Where.File = FileName;
    Diags.error(DiagId::NotAModel, std::move(Where),
                std::string("the model cannot be read: ") + E.what());
    return std::nullopt;
  }
}
