//===- TextParser.cpp -----------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TextParser.h"
#include "nn2crn/IR/Text.h"
#include "nn2crn/IR/Verifier.h"

#include <algorithm>

using namespace nn2crn;

std::optional<Network> TextParser::run() {
  constexpr unsigned MostErrors = 20;
  unsigned ErrorsBefore = Diags.errorCount();
  for (Lex.skipToStatement(); !Lex.atEnd(); Lex.skipToStatement()) {
    if (!statement())
      Lex.skipStatement();
    if (Diags.errorCount() - ErrorsBefore >= MostErrors) {
      Diags.error(DiagId::SyntaxError, Lex.location(),
                  "too many errors, the rest of the file was not read");
      break;
    }
  }
  finishPort();
  finishPhases();
  if (Diags.errorCount() != ErrorsBefore || !verify(Net, Diags))
    return std::nullopt;
  return std::move(Net);
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

bool TextParser::statement() {
  if (Lex.peek() == '@')
    return directive() && endOfStatement();
  return reactionOrAttributes() && endOfStatement();
}

bool TextParser::endOfStatement() {
  Lex.skipBlanks();
  if (Lex.atStatementEnd())
    return true;
  Lex.expected("the end of the statement");
  return false;
}

bool TextParser::directive() {
  struct Entry {
    std::string_view Word;
    bool (TextParser::*Parse)();
  };
  static constexpr Entry Directives[] = {
      {"network", &TextParser::networkName},
      {"units", &TextParser::units},
      {"volume", &TextParser::volume},
      {"species", &TextParser::speciesOrder},
      {"parameter", &TextParser::parameter},
      {"phase", &TextParser::phase},
      {"dose", &TextParser::dose},
      {"reset", &TextParser::reset},
      {"input", &TextParser::inputPort},
      {"output", &TextParser::outputPort},
      {"state", &TextParser::statePort},
      {"bind", &TextParser::binding},
  };
  size_t Start = Lex.position();
  Lex.consume('@');
  std::string_view Word = Lex.word();
  for (const Entry &E : Directives)
    if (E.Word == Word) {
      if (Word != "bind")
        finishPort();
      return (this->*E.Parse)();
    }
  std::string Known;
  for (const Entry &E : Directives)
    Known += (Known.empty() ? "@" : ", @") + std::string(E.Word);
  Lex.error(DiagId::UnknownDirective, Lex.locationFrom(Start),
            "unknown directive '@" + std::string(Word) + "'")
      .note("known directives: " + Known);
  return false;
}

bool TextParser::expect(char C) {
  if (Lex.consume(C))
    return true;
  Lex.expected(std::string("'") + C + "'");
  return false;
}

std::optional<Number> TextParser::expectNumber(std::string_view What) {
  unsigned Before = Diags.errorCount();
  auto N = Lex.number();
  if (!N && Diags.errorCount() == Before)
    Lex.expected(What);
  return N;
}

std::optional<Number> TextParser::expectAmount(std::string_view What,
                                               bool Positive) {
  Lex.skipBlanks();
  size_t Start = Lex.position();
  auto N = expectNumber(What);
  if (!N)
    return std::nullopt;
  if (N->value() < 0 || (Positive && N->value() == 0)) {
    Lex.error(DiagId::BadNumber, Lex.locationFrom(Start),
              std::string(What) +
                  (Positive ? " must be above 0" : " must not be negative"));
    return std::nullopt;
  }
  return N;
}

std::optional<double> TextParser::expectDecimal(std::string_view What,
                                                bool Positive) {
  Lex.skipBlanks();
  size_t Start = Lex.position();
  auto N = Positive ? expectAmount(What, true) : expectNumber(What);
  return N && isDecimal(*N, What, Start) ? std::optional(N->value())
                                         : std::nullopt;
}

bool TextParser::isDecimal(const Number &N, std::string_view What,
                           size_t Start) {
  if (N.kind() == Number::Kind::Exact)
    return true;
  Lex.error(DiagId::BadNumber, Lex.locationFrom(Start),
            "expected a decimal number as " + std::string(What) + ", found " +
                N.str());
  return false;
}

std::optional<std::string> TextParser::expectIdentifier() {
  std::string Storage;
  auto Name = Lex.identifier(Storage);
  return Name ? std::optional<std::string>(*Name) : std::nullopt;
}

bool TextParser::networkName() {
  auto Name = expectIdentifier();
  if (Name)
    Net.Name = *Name;
  return Name.has_value();
}

bool TextParser::units() {
  auto Expect = [&](std::span<const std::string_view> Known,
                    std::string_view What, std::string &Into) {
    Lex.skipBlanks();
    size_t Start = Lex.position();
    std::string_view Word = Lex.word();
    if (std::find(Known.begin(), Known.end(), Word) != Known.end()) {
      Into = Word;
      return true;
    }
    std::string List;
    for (std::string_view K : Known)
      List += (List.empty() ? "" : ", ") + std::string(K);
    Lex.error(DiagId::SyntaxError, Lex.locationFrom(Start),
              "expected a unit of " + std::string(What) + " (" + List + ")");
    return false;
  };
  return Expect(AmountUnits, "amount", Net.Units.Amount) &&
         Expect(TimeUnits, "time", Net.Units.Time);
}

bool TextParser::volume() {
  auto V = expectDecimal("the volume in litres", true);
  if (V)
    Net.Units.Volume = *V;
  return V.has_value();
}

bool TextParser::speciesOrder() {
  do {
    if (!speciesName())
      return false;
    Lex.skipBlanks();
  } while (!Lex.atStatementEnd());
  return true;
}

bool TextParser::parameter() {
  Lex.skipBlanks();
  size_t Start = Lex.position();
  auto Name = expectIdentifier();
  if (!Name)
    return false;
  if (!isIdentifier(*Name)) {
    Lex.error(DiagId::SyntaxError, Lex.locationFrom(Start),
              "a parameter's name must be an identifier");
    return false;
  }
  if (Edit.findParameter(*Name)) {
    Lex.error(DiagId::DuplicateDefinition, Lex.locationFrom(Start),
              "parameter '" + *Name + "' is already defined");
    return false;
  }
  if (!expect('='))
    return false;
  auto Value = expectAmount("a rate constant");
  if (Value)
    Edit.parameter(*Name, *Value);
  return Value.has_value();
}

//===----------------------------------------------------------------------===//
// Phases
//===----------------------------------------------------------------------===//

std::optional<size_t> TextParser::phaseNamed(std::string_view Name) const {
  auto It = std::ranges::find(Phases, Name, &Phase::Name);
  return It == Phases.end() ? std::nullopt
                            : std::optional<size_t>(It - Phases.begin());
}

bool TextParser::phase() {
  Lex.skipBlanks();
  size_t Start = Lex.position();
  auto Name = expectIdentifier();
  if (!Name)
    return false;
  if (phaseNamed(*Name)) {
    Lex.error(DiagId::DuplicateDefinition, Lex.locationFrom(Start),
              "phase '" + *Name + "' is already defined");
    return false;
  }
  if (Phases.size() == MaxPhases) {
    Lex.error(DiagId::SyntaxError, Lex.locationFrom(Start),
              "a network has at most " + std::to_string(MaxPhases) + " phases");
    return false;
  }
  if (!Lex.consumeWord("duration")) {
    Lex.expected("duration=");
    return false;
  }
  if (!expect('='))
    return false;
  auto Duration = expectDecimal("a duration", true);
  if (!Duration)
    return false;
  Phases.push_back({*Name, *Duration, {}, {}});
  return true;
}

bool TextParser::phaseAmount(std::vector<Phase::Amount> Phase::*List) {
  Lex.skipBlanks();
  size_t Start = Lex.position();
  auto Name = expectIdentifier();
  if (!Name)
    return false;
  auto Index = phaseNamed(*Name);
  if (!Index) {
    Lex.error(DiagId::UnknownName, Lex.locationFrom(Start),
              "no phase is named '" + *Name + "'")
        .note("declare it above, as in: @phase " + *Name + " duration=1");
    return false;
  }
  auto S = speciesName();
  if (!S || !expect('='))
    return false;
  auto Value = expectAmount("an amount");
  if (!Value)
    return false;
  (Phases[*Index].*List).push_back({*S, *Value});
  return true;
}

void TextParser::finishPhases() {
  constexpr unsigned MostErrors = 20;
  unsigned Unknown = 0;
  for (const auto &[R, Name, Where] : LaterPhases) {
    if (auto Index = phaseNamed(Name))
      runIn(R, *Index);
    else if (++Unknown <= MostErrors)
      Diags.error(DiagId::UnknownName, Lex.location(Where),
                  "no phase is named '" + Name + "'");
  }
  for (Phase &P : Phases)
    Edit.addPhase(std::move(P));
}

void TextParser::runIn(ReactionId R, size_t PhaseIndex) {
  Edit.setPhases(
      R, static_cast<PhaseMask>(Net.reaction(R).phases() | 1u << PhaseIndex));
}

//===----------------------------------------------------------------------===//
// Species
//===----------------------------------------------------------------------===//

SpeciesId TextParser::speciesOf(SpeciesName Name, OriginId Origin) {
  SpeciesId &S = ByName[Name];
  if (!S.isValid())
    S = Edit.addSpecies(Name, Origin);
  return S;
}

SignalId TextParser::signal(std::string_view Text) {
  for (SignalId Recent : RecentSignals)
    if (Recent.isValid() && Net.signals().text(Recent) == Text)
      return Recent;
  SignalId Id = Edit.signal(Text);
  RecentSignals[NextRecent++ % RecentSignals.size()] = Id;
  return Id;
}

std::optional<SpeciesId> TextParser::speciesName() {
  Lex.skipBlanks();
  size_t Start = Lex.position();
  auto Signal = Lex.identifier(NameStorage);
  if (!Signal)
    return std::nullopt;
  SignalId Id = signal(*Signal);
  std::optional<uint32_t> Index;
  Rail R = Rail::None;
  if (Lex.peek() == '.' && isDigitAhead()) {
    Lex.consume('.');
    size_t DigitsAt = Lex.position();
    auto I = Lex.integer(SpeciesName::IndexLimit - 1);
    if (!I)
      return std::nullopt;
    if (Lex.position() - DigitsAt > 1 && Lex.Text[DigitsAt] == '0') {
      Lex.error(DiagId::SyntaxError, Lex.locationFrom(DigitsAt),
                "an index has no leading zeros")
          .note("quote the name to keep them as text");
      return std::nullopt;
    }
    Index = static_cast<uint32_t>(*I);
  }
  if (Lex.peek() == '.') {
    Lex.consume('.');
    if (Lex.consumeWord("p"))
      R = Rail::Positive;
    else if (Lex.consumeWord("n"))
      R = Rail::Negative;
    else {
      Lex.expected(Index ? "the rail 'p' or 'n'"
                         : "an index or the rail 'p' or 'n'")
          .note("a name with other dots must be quoted, as in \"a.b\"");
      return std::nullopt;
    }
  }
  if (Lex.peek() == '.') {
    Lex.error(DiagId::SyntaxError, Lex.locationFrom(Start),
              "a name is a signal, an index and a rail at most")
        .note("a name with other dots must be quoted, as in \"a.b\"");
    return std::nullopt;
  }
  return speciesOf(Index ? SpeciesName(Id, *Index, R) : SpeciesName(Id, R),
                   here());
}

bool TextParser::isDigitAhead() const {
  char C = Lex.position() + 1 < Lex.Text.size() ? Lex.Text[Lex.position() + 1]
                                                : '\0';
  return C >= '0' && C <= '9';
}

bool TextParser::attributes(SpeciesId S, size_t Start) {
  while (Lex.consume('@')) {
    size_t At = Lex.position();
    std::string_view Word = Lex.word();
    SpeciesFlags Flags = Net.flags(S);
    if (Word == "initial" || Word == "i" || Word == "constant" || Word == "c") {
      auto Value = expectAmount("an amount");
      if (!Value)
        return false;
      // Peers let the last one win, so it does here.
      if (!HasAmount.insert(S.Value).second)
        Diags.warning(DiagId::DuplicateDefinition, Lex.locationFrom(Start),
                      "'" + Net.nameText(S) +
                          "' already has an amount; this one replaces it");
      Edit.setInitial(S, *Value);
      Flags = Net.flags(S);
      Flags.Constant = Word[0] == 'c';
    } else if (Word == "boundary") {
      Flags.Boundary = true;
    } else if (Word == "waste") {
      Flags.Waste = true;
    } else if (Word == "observed") {
      Flags.Observed = true;
    } else if (Word == "helper") {
      Flags.Helper = true;
    } else {
      Lex.error(DiagId::UnknownDirective, Lex.locationFrom(At),
                "unknown attribute '@" + std::string(Word) + "'")
          .note("known attributes: @initial, @constant, @boundary, @waste, "
                "@observed, @helper");
      return false;
    }
    Edit.setFlags(S, Flags);
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Reactions
//===----------------------------------------------------------------------===//

bool TextParser::reactionOrAttributes() {
  finishPort();
  size_t Start = Lex.position();
  Left.clear();
  Right.clear();
  if (!atArrow()) {
    if (!term(Left))
      return false;
    Lex.skipBlanks();
    if (Lex.peek() == '@' && Left.size() == 1 && !LastHadCoefficient)
      return attributes(Left[0].Species, Start);
    if (!moreTerms(Left))
      return false;
  }
  bool Reversible = Lex.consume("<=>");
  if (!Reversible && !Lex.consume("->")) {
    Lex.expected("'+', '->' or '<=>'");
    return false;
  }
  Lex.skipBlanks();
  if (!Lex.atStatementEnd() && Lex.peek() != '[')
    if (!term(Right) || !moreTerms(Right))
      return false;
  if (Left.size() > MaxReactants || Right.size() > MaxProducts ||
      (Reversible && Right.size() > MaxReactants)) {
    Lex.error(DiagId::SyntaxError, Lex.locationFrom(Start),
              "a reaction has at most " + std::to_string(MaxReactants) +
                  " distinct reactants and " + std::to_string(MaxProducts) +
                  " distinct products");
    return false;
  }
  return rateAndAdd(Reversible);
}

bool TextParser::atArrow() {
  Lex.skipBlanks();
  return Lex.peek() == '-' || Lex.peek() == '<';
}

bool TextParser::moreTerms(std::vector<Term> &Side) {
  while (Lex.consume('+'))
    if (!term(Side))
      return false;
  return true;
}

bool TextParser::term(std::vector<Term> &Side) {
  uint64_t Coefficient = 1;
  Lex.skipBlanks();
  size_t Start = Lex.position();
  LastHadCoefficient = Lex.peek() >= '0' && Lex.peek() <= '9';
  if (LastHadCoefficient) {
    auto N = Lex.integer(MaxCoefficient);
    if (!N)
      return false;
    Coefficient = *N;
    if (Coefficient == 0) {
      Lex.error(DiagId::BadNumber, Lex.locationFrom(Start),
                "a coefficient must be at least 1")
          .note("an empty side is written as nothing, as in 'A ->'");
      return false;
    }
  }
  auto S = speciesName();
  if (!S)
    return false;
  // A + A is 2 A.
  Term *Same = findTerm(Side, *S);
  if (!Same) {
    Side.push_back({*S, static_cast<uint32_t>(Coefficient)});
    return true;
  }
  if (Same->Coefficient + Coefficient > MaxCoefficient) {
    Lex.error(DiagId::CoefficientOverflow, Lex.locationFrom(Start),
              "the coefficients of '" + Net.nameText(*S) +
                  "' add up to more than " + std::to_string(MaxCoefficient));
    return false;
  }
  Same->Coefficient += static_cast<uint32_t>(Coefficient);
  return true;
}

Term *TextParser::findTerm(std::vector<Term> &Side, SpeciesId S) {
  constexpr size_t Short = 16;
  if (Side.size() <= Short) {
    auto It = std::find_if(Side.begin(), Side.end(),
                           [&](Term T) { return T.Species == S; });
    return It == Side.end() ? nullptr : &*It;
  }
  if (LastSeen.size() < Net.speciesRows())
    LastSeen.resize(Net.speciesRows() + Net.speciesRows() / 2);
  if (Side.size() == Short + 1)
    for (uint32_t I = 0; I < Side.size(); ++I)
      LastSeen[Side[I].Species.Value] = I;
  uint32_t &At = LastSeen[S.Value];
  if (At < Side.size() && Side[At].Species == S)
    return &Side[At];
  At = static_cast<uint32_t>(Side.size());
  return nullptr;
}

bool TextParser::rateAndAdd(bool Reversible) {
  std::optional<RateId> Forward, Backward;
  PhaseMask Mask = 0;
  std::vector<std::pair<std::string, TextLexer::Spot>> Later;
  // `[k]` is the parameter k, and `[k = 1]` an ordinary rate.
  auto Label = [&](std::string_view Word) {
    size_t Before = Lex.position();
    if (Lex.consumeWord(Word) && !Lex.consume('='))
      Lex.At = Before;
  };
  if (Lex.consume('[')) {
    if (Reversible) {
      Label("kf");
      if (!(Forward = rate()) || !expect(','))
        return false;
      Label("kr");
      if (!(Backward = rate()))
        return false;
    } else {
      Label("k");
      if (!(Forward = rate()))
        return false;
    }
    if (Lex.consume(',')) {
      if (!Lex.consumeWord("phase")) {
        Lex.expected("'phase ='");
        return false;
      }
      if (!expect('='))
        return false;
      do {
        Lex.skipBlanks();
        size_t Start = Lex.position();
        auto Name = expectIdentifier();
        if (!Name)
          return false;
        if (auto Index = phaseNamed(*Name))
          Mask |= static_cast<PhaseMask>(1u << *Index);
        else
          Later.emplace_back(*Name, Lex.spotFrom(Start));
      } while (Lex.atIdentifier());
    }
    if (!expect(']'))
      return false;
  }
  auto Add = [&](const std::vector<Term> &From, const std::vector<Term> &To,
                 std::optional<RateId> Rate) {
    ReactionId R =
        Edit.addReaction(From, To, Rate ? *Rate : Edit.rate(1), here(), Mask);
    for (const auto &[Name, Where] : Later)
      LaterPhases.push_back({R, Name, Where});
  };
  Add(Left, Right, Forward);
  if (Reversible)
    Add(Right, Left, Backward);
  return true;
}

std::optional<RateId> TextParser::rate() {
  Lex.skipBlanks();
  size_t Start = Lex.position();
  if (Lex.atIdentifier()) {
    auto Name = expectIdentifier();
    if (!Name)
      return std::nullopt;
    auto Found = Edit.findParameter(*Name);
    if (!Found)
      Lex.error(DiagId::UnknownName, Lex.locationFrom(Start),
                "no parameter is named '" + *Name + "'")
          .note("declare it above, as in: @parameter " + *Name + " = 1");
    return Found;
  }
  auto Value = expectAmount("a rate constant");
  return Value ? std::optional(Edit.rate(*Value)) : std::nullopt;
}

std::optional<Network> nn2crn::parseText(std::string_view Text,
                                         std::string_view FileName,
                                         DiagnosticEngine &Diags) {
  return TextParser(Text, FileName, Diags).run();
}
