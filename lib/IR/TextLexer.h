//===- TextLexer.h - Tokens of the text form, on demand -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The text form has no global token set: `1.5` is a number after `[k =` and
// `.1.p` the rest of a name after `x`. So the parser asks for what it expects,
// and the lexer answers whether that stands at the cursor.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_IR_TEXTLEXER_H
#define NN2CRN_LIB_IR_TEXTLEXER_H

#include "nn2crn/IR/Names.h"
#include "nn2crn/Support/Diagnostics.h"
#include "nn2crn/Support/Number.h"

#include <optional>
#include <string>
#include <string_view>

namespace nn2crn {

class TextLexer {
public:
  TextLexer(std::string_view Text, std::string_view FileName,
            DiagnosticEngine &Diags)
      : Text(Text), FileName(FileName), Diags(Diags) {
    if (Text.starts_with("\xef\xbb\xbf")) // a byte order mark
      At = LineStart = 3;
  }

  //===--- Where the cursor is --------------------------------------------===//

  bool atEnd() const { return At == Text.size(); }
  /// At a line's end, its comment, or a `;`.
  bool atStatementEnd() const;
  char peek() const { return atEnd() ? '\0' : Text[At]; }
  size_t position() const { return At; }
  uint32_t line() const { return Line; }
  void skipBlanks() {
    while (At < Text.size() && (Text[At] == ' ' || Text[At] == '\t'))
      ++At;
  }
  /// Moves past blanks, comments and ends of statements to the next statement.
  void skipToStatement();
  /// Moves to the end of this statement, to go on after an error.
  void skipStatement();

  //===--- Expecting; each skips blanks first -----------------------------===//

  bool consume(char C);
  bool consume(std::string_view Punctuation);
  /// Consumes \p Word where it stands as a whole word.
  bool consumeWord(std::string_view Word);
  /// Letters, digits, `-` and `_`: keywords, directives, units.
  std::string_view word();
  /// An unsigned integer of at most \p Most; reports what is out of range.
  std::optional<uint64_t> integer(uint64_t Most);
  /// `-1.5e3`, `1/3` or `~0.7`, or nothing where no number stands here.
  /// Reports malformed and infinite ones and then returns nothing too;
  /// errorCount() of the engine tells the cases apart.
  std::optional<Number> number();
  /// `name` or `"quoted"`. \p Storage holds a quoted name with escapes.
  std::optional<std::string_view> identifier(std::string &Storage);
  bool atIdentifier();

  //===--- Reporting ------------------------------------------------------===//

  /// A stretch of a line, for a diagnostic that may come later. A location
  /// holds the text of the line, which is no thing to keep by the million.
  struct Spot {
    size_t LineStart, Start, End;
    uint32_t Line;
  };
  Spot spotFrom(size_t Start) const { return {LineStart, Start, At, Line}; }
  DiagLocation location(Spot S) const;
  DiagLocation locationFrom(size_t Start) const {
    return location(spotFrom(Start));
  }
  DiagLocation location() const { return locationFrom(At); }
  InFlightDiagnostic error(DiagId Id, DiagLocation Where, std::string Message) {
    return Diags.error(Id, std::move(Where), std::move(Message));
  }
  /// "expected WHAT, found ..." at the cursor.
  InFlightDiagnostic expected(std::string_view What);
  std::string found() const;
  /// Where the word or the single character at the cursor ends.
  size_t tokenEnd() const;

private:
  friend class TextParser;
  std::string_view Text, FileName;
  DiagnosticEngine &Diags;
  size_t At = 0, LineStart = 0;
  uint32_t Line = 1;
};

} // namespace nn2crn

#endif
