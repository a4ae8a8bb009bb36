//===- TextLexer.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TextLexer.h"

#include <algorithm>
#include <charconv>
#include <cmath>

using namespace nn2crn;

static bool isDigit(char C) { return C >= '0' && C <= '9'; }
static bool isLetter(char C) { return (C | 0x20) >= 'a' && (C | 0x20) <= 'z'; }
static bool isNameStart(char C) { return isLetter(C) || C == '_'; }
static bool isNameChar(char C) { return isNameStart(C) || isDigit(C); }

//===----------------------------------------------------------------------===//
// Moving
//===----------------------------------------------------------------------===//

bool TextLexer::atStatementEnd() const {
  if (atEnd())
    return true;
  char C = Text[At];
  return C == '\n' || C == '\r' || C == ';' || C == '#';
}

void TextLexer::skipToStatement() {
  while (!atEnd()) {
    char C = Text[At];
    if (C == '\n') {
      ++At;
      ++Line;
      LineStart = At;
    } else if (C == ' ' || C == '\t' || C == '\r' || C == ';') {
      ++At;
    } else if (C == '#') {
      size_t End = Text.find('\n', At);
      At = End == Text.npos ? Text.size() : End;
    } else {
      return;
    }
  }
}

void TextLexer::skipStatement() {
  while (!atStatementEnd()) {
    // A `;` or `#` inside quotes does not end the statement.
    if (Text[At] == '"') {
      size_t End = At + 1;
      while (End < Text.size() && Text[End] != '"' && Text[End] != '\n')
        End +=
            Text[End] == '\\' && End + 1 < Text.size() && Text[End + 1] != '\n'
                ? 2
                : 1;
      At = std::min(End, Text.size());
      if (atEnd() || Text[At] == '\n')
        return;
    }
    ++At;
  }
}

//===----------------------------------------------------------------------===//
// Expecting
//===----------------------------------------------------------------------===//

bool TextLexer::consume(char C) {
  skipBlanks();
  if (peek() != C)
    return false;
  ++At;
  return true;
}

bool TextLexer::consume(std::string_view Punctuation) {
  skipBlanks();
  if (!Text.substr(At).starts_with(Punctuation))
    return false;
  At += Punctuation.size();
  return true;
}

bool TextLexer::consumeWord(std::string_view Word) {
  skipBlanks();
  std::string_view Rest = Text.substr(At);
  if (!Rest.starts_with(Word) ||
      (Rest.size() > Word.size() && isNameChar(Rest[Word.size()])))
    return false;
  At += Word.size();
  return true;
}

std::string_view TextLexer::word() {
  skipBlanks();
  size_t Start = At;
  while (At < Text.size() && (isNameChar(Text[At]) || Text[At] == '-'))
    ++At;
  return Text.substr(Start, At - Start);
}

std::optional<uint64_t> TextLexer::integer(uint64_t Most) {
  skipBlanks();
  size_t Start = At;
  uint64_t Value = 0;
  constexpr uint64_t Ceiling = UINT64_MAX / 10 - 1;
  while (isDigit(peek())) {
    // Stays above Most once it is; Most is well below the ceiling.
    if (Value <= Ceiling)
      Value = Value * 10 + static_cast<uint64_t>(Text[At] - '0');
    ++At;
  }
  if (At == Start) {
    expected("an integer");
    return std::nullopt;
  }
  if (Value > Most) {
    error(DiagId::BadNumber, locationFrom(Start),
          "integer " + std::string(Text.substr(Start, At - Start)) +
              " is out of range, expected at most " + std::to_string(Most));
    return std::nullopt;
  }
  return Value;
}

std::optional<Number> TextLexer::number() {
  skipBlanks();
  size_t Start = At;
  bool Approximate = peek() == '~';
  if (Approximate)
    ++At;
  if (peek() == '-')
    ++At;
  if (!isDigit(peek()) && peek() != '.') {
    At = Start;
    return std::nullopt;
  }
  while (isDigit(peek()))
    ++At;
  auto Malformed = [&](std::string_view Why) {
    while (isNameChar(peek()) || peek() == '.')
      ++At;
    error(DiagId::BadNumber, locationFrom(Start),
          "'" + std::string(Text.substr(Start, At - Start)) + "' " +
              std::string(Why));
    return std::nullopt;
  };
  size_t NumeralStart = Start + Approximate;
  if (peek() == '/' && !Approximate) {
    ++At;
    while (isDigit(peek()))
      ++At;
    auto Fraction =
        Rational::parse(Text.substr(NumeralStart, At - NumeralStart));
    if (!Fraction)
      return Malformed("is not a fraction such as 2/3");
    Number Value = Number::rational(*Fraction);
    if (!std::isfinite(Value.value()))
      return Malformed("is beyond the range of numbers");
    return Value;
  }
  if (peek() == '.') {
    ++At;
    while (isDigit(peek()))
      ++At;
  }
  if ((peek() | 0x20) == 'e') {
    size_t Exponent = At + 1;
    if (Exponent < Text.size() &&
        (Text[Exponent] == '+' || Text[Exponent] == '-'))
      ++Exponent;
    if (Exponent < Text.size() && isDigit(Text[Exponent])) {
      At = Exponent;
      while (isDigit(peek()))
        ++At;
    }
  }
  double Value = 0;
  auto [End, Error] =
      std::from_chars(Text.data() + NumeralStart, Text.data() + At, Value);
  if (Error == std::errc::result_out_of_range)
    return Malformed("is beyond the range of numbers");
  if (Error != std::errc() || End != Text.data() + At || isNameChar(peek()) ||
      peek() == '.')
    return Malformed("is not a number");
  return Approximate ? Number::approximate(Value) : Number(Value);
}

bool TextLexer::atIdentifier() {
  skipBlanks();
  return isNameStart(peek()) || peek() == '"';
}

std::optional<std::string_view> TextLexer::identifier(std::string &Storage) {
  skipBlanks();
  size_t Start = At;
  if (isNameStart(peek())) {
    while (isNameChar(peek()))
      ++At;
    return Text.substr(Start, At - Start);
  }
  if (peek() != '"') {
    expected("a name");
    return std::nullopt;
  }
  ++At;
  Storage.clear();
  auto HexDigit = [](char C) {
    return isDigit(C) ? C - '0' : C >= 'a' && C <= 'f' ? C - 'a' + 10 : -1;
  };
  while (!atEnd() && Text[At] != '"' && Text[At] != '\n' && Text[At] != '\r') {
    if (Text[At] != '\\') {
      Storage += Text[At++];
      continue;
    }
    std::string_view Escape = Text.substr(At, 4);
    if (Escape.starts_with("\\\"") || Escape.starts_with("\\\\")) {
      Storage += Escape[1];
      At += 2;
    } else if (Escape.size() == 4 && Escape[1] == 'x' &&
               HexDigit(Escape[2]) >= 0 && HexDigit(Escape[3]) >= 0) {
      Storage +=
          static_cast<char>(HexDigit(Escape[2]) << 4 | HexDigit(Escape[3]));
      At += 4;
    } else {
      error(DiagId::SyntaxError, location(),
            "expected \\\", \\\\ or \\x with two lower-case hexadecimal digits "
            "in a quoted name");
      return std::nullopt;
    }
  }
  if (peek() != '"') {
    error(DiagId::SyntaxError, locationFrom(Start),
          "this quoted name has no closing quote");
    return std::nullopt;
  }
  ++At;
  return Storage;
}

//===----------------------------------------------------------------------===//
// Reporting
//===----------------------------------------------------------------------===//

DiagLocation TextLexer::location(Spot S) const {
  DiagLocation Where;
  Where.File = FileName;
  Where.Line = S.Line;
  Where.Column = static_cast<unsigned>(S.Start - S.LineStart + 1);
  Where.Length = static_cast<unsigned>(std::max<size_t>(S.End - S.Start, 1));
  size_t End = std::min(Text.find('\n', S.LineStart), Text.size());
  Where.LineText = Text.substr(S.LineStart, End - S.LineStart);
  return Where;
}

size_t TextLexer::tokenEnd() const {
  size_t End = At;
  while (End < Text.size() && isNameChar(Text[End]))
    ++End;
  if (End != At)
    return End;
  // One character, which may be several bytes of UTF-8.
  End = std::min(At + 1, Text.size());
  while (End < Text.size() && (Text[End] & 0xc0) == 0x80)
    ++End;
  return End;
}

std::string TextLexer::found() const {
  if (atEnd())
    return "the end of the file";
  if (atStatementEnd())
    return "the end of the statement";
  std::string Shown(Text.substr(At, std::min<size_t>(tokenEnd() - At, 40)));
  for (char &C : Shown)
    if (static_cast<unsigned char>(C) < 0x20 || C == 0x7f)
      C = '?';
  return "'" + Shown + "'";
}

InFlightDiagnostic TextLexer::expected(std::string_view What) {
  DiagLocation Where = location();
  if (!atStatementEnd())
    Where.Length = static_cast<unsigned>(tokenEnd() - At);
  return error(DiagId::SyntaxError, std::move(Where),
               "expected " + std::string(What) + ", found " + found());
}
