//===- TextParserPorts.cpp - Ports in the text form -------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TextParser.h"

#include <cmath>

using namespace nn2crn;

bool TextParser::port(PortDirection Direction) {
  // Of all ports together: keeps a short hostile file from asking for all
  // memory.
  constexpr uint64_t MostElements = 1u << 22;
  Lex.skipBlanks();
  size_t Start = Lex.position();
  auto Name = expectIdentifier();
  if (!Name)
    return false;
  if (PortsSeen.count({Direction, *Name})) {
    Lex.error(DiagId::DuplicateDefinition, Lex.locationFrom(Start),
              "port '" + *Name + "' is already declared");
    return false;
  }
  Port P;
  P.Name = *Name;
  P.Direction = Direction;
  uint64_t Elements = 1;
  if (!expect('['))
    return false;
  if (!Lex.consume(']')) {
    do {
      Lex.skipBlanks();
      size_t At = Lex.position();
      auto Extent = Lex.integer(MostElements);
      if (!Extent)
        return false;
      Elements *= *Extent;
      if (*Extent == 0 || Elements > MostElements - PortElements) {
        Lex.error(DiagId::BadNumber, Lex.locationFrom(At),
                  "a port has at least 1 element, and all ports together at "
                  "most " +
                      std::to_string(MostElements));
        return false;
      }
      P.Shape.push_back(static_cast<int64_t>(*Extent));
    } while (Lex.consume(','));
    if (!expect(']'))
      return false;
  }
  if (Lex.consumeWord("single"))
    P.Encoding = PortEncoding::SingleRail;
  else if (!Lex.consumeWord("dual")) {
    Lex.expected("'dual' or 'single'");
    return false;
  }
  if (!portOptions(P, Elements))
    return false;
  Pending = std::move(P);
  PendingCount = Elements;
  PendingOrigin = here();
  PortElements += Elements;
  PortsSeen.emplace(Direction, *Name);
  return true;
}

template <class T, class ParseOne>
bool TextParser::perElementList(std::vector<T> &List, uint64_t Elements,
                                std::string_view Key, ParseOne Parse) {
  size_t Start = Lex.position();
  List.clear();
  do {
    std::optional<T> One = Parse();
    if (!One)
      return false;
    List.push_back(*One);
  } while (Lex.consume(','));
  if (List.size() == 1 || List.size() == Elements)
    return true;
  Lex.error(DiagId::SyntaxError, Lex.locationFrom(Start),
            "expected one " + std::string(Key) + " or one for each of the " +
                std::to_string(Elements) + " elements, found " +
                std::to_string(List.size()));
  return false;
}

bool TextParser::portOptions(Port &P, uint64_t Elements) {
  while (true) {
    Lex.skipBlanks();
    if (Lex.atStatementEnd())
      return true;
    if (Lex.consumeWord("scale")) {
      if (!expect('=') || !perElementList(P.Scale, Elements, "scale", [&] {
            return expectAmount("a scale", true);
          }))
        return false;
    } else if (Lex.consumeWord("offset")) {
      if (!expect('=') || !perElementList(P.Offset, Elements, "offset", [&] {
            return expectNumber("an offset");
          }))
        return false;
    } else if (Lex.consumeWord("range")) {
      if (!expect('=') ||
          !perElementList(P.Range, Elements, "range", [&] { return range(); }))
        return false;
    } else if (P.Direction == PortDirection::Output &&
               Lex.consumeWord("dropped")) {
      if (!headOperators(P.Meaning, false))
        return false;
    } else if (P.Direction == PortDirection::Output &&
               Lex.consumeWord("kept")) {
      if (!headOperators(P.Meaning, true))
        return false;
    } else if (P.Direction == PortDirection::Output &&
               Lex.consumeWord("labels")) {
      if (!labels(P.Meaning))
        return false;
    } else {
      Lex.expected(P.Direction == PortDirection::Output
                       ? "scale=, offset=, range=, dropped=, kept=, labels= or "
                         "the end of the statement"
                       : "scale=, offset=, range= or the end of the statement");
      return false;
    }
  }
}

bool TextParser::headOperators(OutputMeaning &M, bool Kept) {
  if (!expect('='))
    return false;
  M.Head.clear();
  M.HeadKept = Kept;
  do {
    auto Name = expectIdentifier();
    if (!Name)
      return false;
    M.Head.push_back(*Name);
  } while (Lex.consume(','));
  return true;
}

bool TextParser::labels(OutputMeaning &M) {
  if (!expect('='))
    return false;
  M.Labels.clear();
  Lex.skipBlanks();
  M.LabelsAreIntegers = !Lex.atIdentifier();
  do {
    Lex.skipBlanks();
    if (!M.LabelsAreIntegers) {
      auto Name = expectIdentifier();
      if (!Name)
        return false;
      M.Labels.push_back(*Name);
      continue;
    }
    size_t Start = Lex.position();
    std::string Text = Lex.consume('-') ? "-" : "";
    Text += Lex.word();
    if (!isIntegerLabel(Text)) {
      Lex.error(DiagId::SyntaxError, Lex.locationFrom(Start),
                "expected integers or names as labels");
      return false;
    }
    M.Labels.push_back(std::move(Text));
  } while (Lex.consume(','));
  return true;
}

std::optional<double> TextParser::rangeBound() {
  if (Lex.consumeWord("inf"))
    return HUGE_VAL;
  if (Lex.consume("-inf"))
    return -HUGE_VAL;
  return expectDecimal("a bound");
}

std::optional<PortRange> TextParser::range() {
  Lex.skipBlanks();
  size_t Start = Lex.position();
  auto Low = rangeBound();
  if (!Low || !expect(':'))
    return std::nullopt;
  auto High = rangeBound();
  if (!High)
    return std::nullopt;
  if (!(*Low <= *High)) {
    Lex.error(DiagId::BadNumber, Lex.locationFrom(Start),
              "this range is empty: its lower bound is above its upper one");
    return std::nullopt;
  }
  return PortRange{*Low, *High};
}

bool TextParser::binding() {
  Lex.skipBlanks();
  size_t Start = Lex.position();
  auto Name = expectIdentifier();
  if (!Name)
    return false;
  if (!Pending || Pending->Name != *Name) {
    Lex.error(DiagId::UnknownName, Lex.locationFrom(Start),
              "@bind must stand right below the port it belongs to");
    return false;
  }
  if (!expect('['))
    return false;
  Lex.skipBlanks();
  size_t At = Lex.position();
  auto I = Lex.integer(PendingCount - 1);
  if (!I || !expect(']') || !expect('='))
    return false;
  if (*I < Pending->elementCount()) {
    Lex.error(DiagId::DuplicateDefinition, Lex.locationFrom(At),
              "elements are bound once and in order, and this one is behind");
    return false;
  }
  bindByName(*I);
  Number Constant;
  std::vector<PortTerm> Terms;
  if (!functional(Terms, Constant))
    return false;
  Pending->addElement(Terms);
  if (Constant.value() != 0 || Constant.kind() != Number::Kind::Exact) {
    Pending->Constants.resize(PendingCount);
    Pending->Constants[*I] = Constant;
  }
  return true;
}

bool TextParser::functional(std::vector<PortTerm> &Terms, Number &Constant) {
  bool HasConstant = false, First = true;
  do {
    double Sign = 1;
    if (Lex.consume('-'))
      Sign = -1;
    else if (!First && !Lex.consume('+'))
      return true;
    First = false;
    Lex.skipBlanks();
    size_t Start = Lex.position();
    Number Coefficient(1);
    if (!Lex.atIdentifier()) {
      auto N = expectNumber("a species, a coefficient or a constant");
      if (!N)
        return false;
      Coefficient = *N;
      if (!Lex.atIdentifier()) {
        if (HasConstant) {
          Lex.error(DiagId::SyntaxError, Lex.locationFrom(Start),
                    "an element has one constant at most");
          return false;
        }
        HasConstant = true;
        Constant = Sign < 0 ? -Coefficient : Coefficient;
        continue;
      }
    }
    auto S = speciesName();
    if (!S)
      return false;
    if (Coefficient.value() == 0) {
      Lex.error(DiagId::BadNumber, Lex.locationFrom(Start),
                "a coefficient must not be 0");
      return false;
    }
    if (!isDecimal(Coefficient, "a coefficient", Start))
      return false;
    Terms.push_back({*S, Sign * Coefficient.value()});
    Lex.skipBlanks();
  } while (!Lex.atStatementEnd());
  return true;
}

void TextParser::bindByName(uint64_t End) {
  Port &P = *Pending;
  SignalId Signal = Edit.signal(P.Name);
  for (auto I = static_cast<uint32_t>(P.elementCount()); I < End; ++I) {
    auto Named = [&](Rail R) {
      SpeciesName Name =
          P.Shape.empty() ? SpeciesName(Signal, R) : SpeciesName(Signal, I, R);
      return speciesOf(Name, PendingOrigin);
    };
    if (P.Encoding == PortEncoding::SingleRail) {
      P.addElement(std::array{PortTerm{Named(Rail::None), 1}});
    } else {
      SpeciesId Positive = Named(Rail::Positive);
      P.addElement(std::array{PortTerm{Positive, 1},
                              PortTerm{Named(Rail::Negative), -1}});
    }
  }
}

void TextParser::finishPort() {
  if (!Pending)
    return;
  bindByName(PendingCount);
  Edit.addPort(std::move(*Pending));
  Pending.reset();
}
