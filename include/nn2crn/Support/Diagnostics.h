//===- Diagnostics.h - What a user is told ----------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Everything a user can cause and mend is reported as a diagnostic: a stable
// id, a severity, a place, a message, and notes that say what to do. Libraries
// never print; they hand diagnostics to an engine, and whoever owns the engine
// decides what becomes of them.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_SUPPORT_DIAGNOSTICS_H
#define NN2CRN_SUPPORT_DIAGNOSTICS_H

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace nn2crn {

enum class Severity : uint8_t { Note, Remark, Warning, Error };

/// The stable ids, declared with their summaries in Diagnostics.def.
enum class DiagId : uint16_t {
#define NN2CRN_DIAG(Enum, Name, Summary) Enum,
#include "nn2crn/Support/Diagnostics.def"
};

/// The spelling of \p Id, as in "unknown-name".
std::string_view diagName(DiagId Id);
/// One sentence on what \p Id means, for the reference page.
std::string_view diagSummary(DiagId Id);
/// All ids in order of declaration.
std::vector<DiagId> allDiagIds();

/// Where a diagnostic points. Every part may be unknown: an empty file prints
/// nothing, a zero line means "the file as a whole".
struct DiagLocation {
  std::string File;
  /// 1-based; 0 where unknown.
  unsigned Line = 0, Column = 0;
  /// How many characters the caret underlines, at least 1 when Column is set.
  unsigned Length = 1;
  /// The text of the line, for the caret.
  std::string LineText;
  /// A place inside a model, as in "node 'conv1' (Conv, opset 13)".
  std::string Context;
};

struct Diagnostic {
  DiagId Id;
  Severity Level;
  DiagLocation Where;
  std::string Message;
  /// Each note says more or what to do; a note may have a place of its own.
  struct Note {
    DiagLocation Where;
    std::string Message;
  };
  std::vector<Note> Notes;

  Diagnostic &note(std::string Text) {
    Notes.push_back({{}, std::move(Text)});
    return *this;
  }
  Diagnostic &note(DiagLocation At, std::string Text) {
    Notes.push_back({std::move(At), std::move(Text)});
    return *this;
  }
};

/// Receives finished diagnostics.
using DiagnosticConsumer = std::function<void(const Diagnostic &)>;

class DiagnosticEngine;

/// A diagnostic being built; reported when it goes out of scope.
class InFlightDiagnostic {
public:
  InFlightDiagnostic(DiagnosticEngine &Engine, Diagnostic D)
      : Engine(&Engine), D(std::move(D)) {}
  InFlightDiagnostic(InFlightDiagnostic &&Other)
      : Engine(Other.Engine), D(std::move(Other.D)) {
    Other.Engine = nullptr;
  }
  InFlightDiagnostic &operator=(InFlightDiagnostic &&) = delete;
  ~InFlightDiagnostic();

  InFlightDiagnostic &note(std::string Text) {
    D.note(std::move(Text));
    return *this;
  }
  InFlightDiagnostic &note(DiagLocation At, std::string Text) {
    D.note(std::move(At), std::move(Text));
    return *this;
  }

private:
  DiagnosticEngine *Engine;
  Diagnostic D;
};

/// Counts diagnostics and hands them to a consumer.
class DiagnosticEngine {
public:
  explicit DiagnosticEngine(DiagnosticConsumer Consumer)
      : Consumer(std::move(Consumer)) {}

  InFlightDiagnostic error(DiagId Id, DiagLocation Where, std::string Message) {
    return {*this,
            {Id, Severity::Error, std::move(Where), std::move(Message), {}}};
  }
  InFlightDiagnostic warning(DiagId Id, DiagLocation Where,
                             std::string Message) {
    return {*this,
            {Id, Severity::Warning, std::move(Where), std::move(Message), {}}};
  }
  /// Something worth knowing that needs no action.
  InFlightDiagnostic remark(DiagId Id, DiagLocation Where,
                            std::string Message) {
    return {*this,
            {Id, Severity::Remark, std::move(Where), std::move(Message), {}}};
  }
  void report(const Diagnostic &D);

  unsigned errorCount() const { return Errors; }
  bool hasErrors() const { return Errors != 0; }

private:
  DiagnosticConsumer Consumer;
  unsigned Errors = 0;
};

/// The text a person reads: "file:line:col: error: message [id]", the line with
/// a caret under it where there is one, then the notes. Ends in a newline.
std::string formatDiagnostic(const Diagnostic &D, bool Colours = false);

} // namespace nn2crn

#endif
