//===- ONNXParse.cpp - From bytes to a protobuf message -------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXReader.h"

#include "llvm/ADT/StringRef.h"

#include "onnx/defs/parser.h"
#include <google/protobuf/stubs/logging.h>

#include <charconv>
#include <climits>

using namespace nn2crn;
using namespace nn2crn::onnxreader;

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static bool isBlank(char C) {
  return C == ' ' || C == '\t' || C == '\r' || C == '\n';
}

/// Overwrites lines that begin with `//`, so that positions stay as they are.
/// `#` comments are part of the syntax.
static std::string blankComments(std::string_view Bytes) {
  std::string Text(Bytes);
  for (size_t Line = 0; Line < Text.size();) {
    size_t End = std::min(Text.find('\n', Line), Text.size());
    size_t First = Line;
    while (First < End && isBlank(Text[First]))
      ++First;
    if (Text.compare(First, 2, "//") == 0)
      std::fill(Text.begin() + First, Text.begin() + End, ' ');
    Line = End + 1;
  }
  return Text;
}

bool nn2crn::looksLikeONNXText(std::string_view Bytes) {
  // A model begins with "<" or a graph's name. No binary model has a printable
  // first byte: its fields come in order, and the first eight are tagged by
  // control characters, '"', '*' and the like.
  size_t I = 0;
  while (I < Bytes.size()) {
    if (isBlank(Bytes[I])) {
      ++I;
    } else if (Bytes[I] == '#' || Bytes.substr(I, 2) == "//") {
      I = std::min(Bytes.find('\n', I), Bytes.size());
    } else {
      break;
    }
  }
  return I < Bytes.size() && Bytes[I] == '<' && Bytes.find('\0') == Bytes.npos;
}

/// The deepest nesting of brackets outside strings and comments. The packaged
/// parser recurses once a level and knows no bound.
static unsigned nesting(std::string_view Text) {
  unsigned Depth = 0, Deepest = 0;
  for (size_t I = 0; I < Text.size(); ++I) {
    switch (Text[I]) {
    case '#':
      I = std::min(Text.find('\n', I), Text.size());
      break;
    case '"':
      I = std::min(Text.find('"', I + 1), Text.size());
      break;
    case '(':
    case '[':
    case '{':
    case '<':
      Deepest = std::max(Deepest, ++Depth);
      break;
    case ')':
    case ']':
    case '}':
      Depth -= Depth != 0;
      break;
    case '>':
      // "=>" opens nothing.
      Depth -= Depth != 0 && I != 0 && Text[I - 1] != '=';
      break;
    default:
      break;
    }
  }
  return Deepest;
}

/// Takes the position out of the parser's message, which reads
/// "[ParseError at position (line: 3 column: 14)]\nError context: ...\nWhat".
static void reportTextError(std::string_view Message, std::string_view Text,
                            std::string_view FileName,
                            DiagnosticEngine &Diags) {
  DiagLocation Where;
  Where.File = FileName;
  auto Number = [&](std::string_view Key) {
    unsigned Value = 0;
    if (size_t At = Message.find(Key); At != Message.npos)
      std::from_chars(Message.data() + At + Key.size(),
                      Message.data() + Message.size(), Value);
    return Value;
  };
  Where.Line = Number("line: ");
  Where.Column = Where.Line ? Number("column: ") : 0;
  for (unsigned Line = 1; Line < Where.Line && !Text.empty(); ++Line)
    Text.remove_prefix(std::min(Text.find('\n'), Text.size() - 1) + 1);
  Where.LineText = Text.substr(0, Text.find('\n'));
  size_t Last = Message.find_last_not_of(" \n");
  Message = Message.substr(0, Last == Message.npos ? 0 : Last + 1);
  // The last line of the message says what was expected.
  if (size_t Break = Message.rfind('\n'); Break != Message.npos)
    Message = Message.substr(Break + 1);
  std::string What(Message);
  if (!What.empty() && What[0] >= 'A' && What[0] <= 'Z')
    What[0] += 'a' - 'A';
  if (What.ends_with('.'))
    What.pop_back();
  Diags.error(DiagId::NotAModel, std::move(Where),
              "this is not ONNX text syntax: " + What);
}

static bool parseONNXText(std::string_view Bytes, std::string_view FileName,
                          onnx::ModelProto &Model, DiagnosticEngine &Diags) {
  DiagLocation Where;
  Where.File = FileName;
  if (Bytes.find('\0') != Bytes.npos) {
    Diags.error(DiagId::NotAModel, Where,
                "this is not ONNX text syntax: it holds zero bytes");
    return false;
  }
  std::string Text = blankComments(Bytes);
  constexpr unsigned MaxNesting = 64;
  if (unsigned Depth = nesting(Text); Depth > MaxNesting) {
    Diags.error(DiagId::NotAModel, Where,
                "brackets are nested " + std::to_string(Depth) +
                    " deep; at most " + std::to_string(MaxNesting) +
                    " are read");
    return false;
  }
  onnx::OnnxParser Parser(Text.c_str());
  std::string Problem;
  try {
    onnx::Common::Status Status = Parser.Parse(Model);
    if (!Status.IsOK())
      Problem = Status.ErrorMessage();
    else if (!Parser.EndOfInput())
      Problem = "[at position " + Parser.GetCurrentPos() +
                "]\nexpected the end of the file after the graph";
    else
      return true;
  } catch (const std::exception &) {
    // Thrown by the conversion of a numeral; the parser stands behind it.
    Problem = "[at position " + Parser.GetCurrentPos() +
              "]\nexpected a number in range before this place";
  }
  reportTextError(Problem, Text, FileName, Diags);
  return false;
}

//===----------------------------------------------------------------------===//
// Binary
//===----------------------------------------------------------------------===//

static bool parseBinary(std::string_view Bytes, std::string_view FileName,
                        onnx::ModelProto &Model, DiagnosticEngine &Diags) {
  DiagLocation Where;
  Where.File = FileName;
  if (Bytes.size() > INT_MAX) {
    Diags
        .error(DiagId::NotAModel, Where,
               "the file has " + std::to_string(Bytes.size()) +
                   " bytes; an ONNX file has at most 2147483647")
        .note("save the model with its weights as external data");
    return false;
  }
  bool Whole;
  {
    // Otherwise protobuf writes its own messages to standard error.
    google::protobuf::LogSilencer Quiet;
    Whole = Model.ParsePartialFromArray(Bytes.data(),
                                        static_cast<int>(Bytes.size()));
  }
  // Short texts can pass for a protobuf whose fields are all unknown.
  bool Plausible =
      Model.has_graph() ||
      (Whole && (Model.has_ir_version() || Model.opset_import_size()));
  if (Whole && Plausible)
    return true;
  if (Plausible)
    Diags
        .error(DiagId::NotAModel, Where,
               "the ONNX model is truncated or damaged")
        .note("copy or export the file again");
  else
    Diags
        .error(DiagId::NotAModel, Where,
               "expected an ONNX model, found something else")
        .note("export the trained network to ONNX, as in "
              "torch.onnx.export(model, example, \"model.onnx\")");
  return false;
}

/// True for a file that begins as XML does, SBML among it.
static bool looksLikeXML(std::string_view Bytes) {
  llvm::StringRef Text = llvm::StringRef(Bytes.data(), Bytes.size()).ltrim();
  return Text.starts_with("<?xml") || Text.starts_with("<sbml");
}

bool onnxreader::parseModel(std::string_view Bytes, std::string_view FileName,
                            onnx::ModelProto &Model, DiagnosticEngine &Diags) {
  if (Bytes.empty()) {
    DiagLocation Where;
    Where.File = FileName;
    Diags.error(DiagId::NotAModel, std::move(Where),
                "expected an ONNX model, found an empty file");
    return false;
  }
  // ONNX's text begins with "<" as well.
  if (looksLikeXML(Bytes)) {
    DiagLocation Where;
    Where.File = FileName;
    Diags
        .error(DiagId::NotAModel, std::move(Where),
               "expected an ONNX model, found XML")
        .note("a network that is compiled already is run by crn-sim and "
              "changed by crn-opt");
    return false;
  }
  if (FileName.ends_with(".onnxtext") || looksLikeONNXText(Bytes))
    return parseONNXText(Bytes, FileName, Model, Diags);
  return parseBinary(Bytes, FileName, Model, Diags);
}
