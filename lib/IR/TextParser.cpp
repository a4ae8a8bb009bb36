//===- TextParser.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NameTable.h"
#include "TextLexer.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/IR/Text.h"
#include "nn2crn/IR/Verifier.h"

#include "llvm/ADT/DenseMap.h"

#include <algorithm>
#include <array>
#include <cmath>

using namespace nn2crn;

namespace nn2crn {

/// Recursive descent over the grammar of docs/reference/text-form.md. Every
/// parse function returns false after it has reported an error; the statement
/// is then skipped and reading goes on.
class TextParser {
public:
  TextParser(std::string_view Text, std::string_view FileName,
             DiagnosticEngine &Diags)
      : Lex(Text, FileName, Diags), Diags(Diags), Edit(Net) {
    auto Lines = std::count(Text.begin(), Text.end(), '\n') + 1;
    File = Edit.provenance().addSourceFile(
        FileName,
        static_cast<uint32_t>(std::min<int64_t>(Lines, UINT32_MAX / 4)));
  }

  std::optional<Network> run() {
    constexpr unsigned MostErrors = 20;
    unsigned ErrorsBefore = Diags.errorCount();
    Network Done;
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
    checkPhaseUses();
    if (Diags.errorCount() != ErrorsBefore || !verify(Net, Diags))
      return std::nullopt;
    return std::move(Net);
  }

private:
  OriginId here() const { return OriginId(File.Value + Lex.line()); }

  //===--- Statements -----------------------------------------------------===//

  bool statement() {
    if (Lex.peek() == '@')
      return directive() && endOfStatement();
    return reactionOrAttributes() && endOfStatement();
  }

  bool endOfStatement() {
    Lex.skipBlanks();
    if (Lex.atStatementEnd())
      return true;
    Lex.expected("the end of the statement");
    return false;
  }

  bool directive() {
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

  bool expect(char C) {
    if (Lex.consume(C))
      return true;
    Lex.expected(std::string("'") + C + "'");
    return false;
  }

  std::optional<Number> expectNumber(std::string_view What) {
    unsigned Before = Diags.errorCount();
    auto N = Lex.number();
    if (!N && Diags.errorCount() == Before)
      Lex.expected(What);
    return N;
  }

  /// A number of at least 0 (or above 0).
  std::optional<Number> expectAmount(std::string_view What,
                                     bool Positive = false) {
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
    // -0 is 0.
    return N->value() == 0 && N->kind() == Number::Kind::Exact ? Number(0) : N;
  }

  std::optional<std::string> expectIdentifier() {
    std::string Storage;
    auto Name = Lex.identifier(Storage);
    return Name ? std::optional<std::string>(*Name) : std::nullopt;
  }

  bool networkName() {
    auto Name = expectIdentifier();
    if (Name)
      Net.Name = *Name;
    return Name.has_value();
  }

  bool units() {
    static constexpr std::string_view Amounts[] = {"M",  "mM", "uM",
                                                   "nM", "pM", "count"};
    static constexpr std::string_view Times[] = {"s", "min", "h"};
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
    return Expect(Amounts, "amount", Net.Units.Amount) &&
           Expect(Times, "time", Net.Units.Time);
  }

  bool volume() {
    auto V = expectAmount("the volume in litres", true);
    if (V)
      Net.Units.Volume = V->value();
    return V.has_value();
  }

  bool speciesOrder() {
    do {
      if (!speciesName())
        return false;
      Lex.skipBlanks();
    } while (!Lex.atStatementEnd());
    return true;
  }

  bool parameter() {
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

  //===--- Phases ---------------------------------------------------------===//

  std::optional<size_t> phaseNamed(std::string_view Name) const {
    for (size_t I = 0; I < Net.phases().size(); ++I)
      if (Net.phases()[I].Name == Name)
        return I;
    return std::nullopt;
  }

  bool phase() {
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
    if (Net.phases().size() == MaxPhases) {
      Lex.error(DiagId::SyntaxError, Lex.locationFrom(Start),
                "a network has at most " + std::to_string(MaxPhases) +
                    " phases");
      return false;
    }
    if (!Lex.consumeWord("duration")) {
      Lex.expected("duration=");
      return false;
    }
    if (!expect('='))
      return false;
    auto Duration = expectAmount("a duration", true);
    if (!Duration)
      return false;
    Edit.addPhase({*Name, Duration->value(), {}, {}});
    return true;
  }

  bool dose() { return phaseAmount(&Phase::Doses); }
  bool reset() { return phaseAmount(&Phase::Resets); }

  bool phaseAmount(std::vector<Phase::Amount> Phase::*List) {
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
    Phase P = Net.phases()[*Index];
    (P.*List).push_back({*S, *Value});
    Edit.setPhase(*Index, std::move(P));
    return true;
  }

  /// Reactions may name phases that are declared further down.
  void checkPhaseUses() {
    for (const auto &[R, Name, Where] : PhaseUses) {
      auto Index = phaseNamed(Name);
      if (!Index) {
        Diags.error(DiagId::UnknownName, Where,
                    "no phase is named '" + Name + "'");
        continue;
      }
      Edit.setPhases(
          R, static_cast<PhaseMask>(Net.reaction(R).phases() | 1u << *Index));
    }
  }

  //===--- Ports ----------------------------------------------------------===//

  bool inputPort() { return port(PortDirection::Input); }
  bool outputPort() { return port(PortDirection::Output); }
  bool statePort() { return port(PortDirection::State); }

  bool port(PortDirection Direction) {
    // Keeps a short hostile file from asking for all memory.
    constexpr uint64_t MostElements = 1u << 22;
    Lex.skipBlanks();
    size_t Start = Lex.position();
    auto Name = expectIdentifier();
    if (!Name)
      return false;
    for (const Port &Other : Net.ports())
      if (Other.Name == *Name && Other.Direction == Direction) {
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
        if (*Extent == 0 || Elements > MostElements) {
          Lex.error(DiagId::BadNumber, Lex.locationFrom(At),
                    "a port has from 1 to " + std::to_string(MostElements) +
                        " elements");
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
    return true;
  }

  template <class T, class ParseOne>
  bool perElementList(std::vector<T> &List, uint64_t Elements,
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

  bool portOptions(Port &P, uint64_t Elements) {
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
        if (!expect('=') || !perElementList(P.Range, Elements, "range",
                                            [&] { return range(); }))
          return false;
      } else {
        Lex.expected("scale=, offset=, range= or the end of the statement");
        return false;
      }
    }
  }

  std::optional<double> rangeBound() {
    if (Lex.consumeWord("inf"))
      return HUGE_VAL;
    if (Lex.consume("-inf"))
      return -HUGE_VAL;
    auto N = expectNumber("a bound");
    return N ? std::optional(N->value()) : std::nullopt;
  }

  std::optional<PortRange> range() {
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

  /// `@bind y[1] = y.1.p + 2 w.3 - y.1.n + 0.5`, right below its port.
  bool binding() {
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

  bool functional(std::vector<PortTerm> &Terms, Number &Constant) {
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
      Terms.push_back({*S, Sign * Coefficient.value()});
      Lex.skipBlanks();
    } while (!Lex.atStatementEnd());
    return true;
  }

  /// Gives the elements of the pending port up to \p End the species that are
  /// named after them.
  void bindByName(uint64_t End) {
    Port &P = *Pending;
    SignalId Signal = Edit.signal(P.Name);
    for (auto I = static_cast<uint32_t>(P.elementCount()); I < End; ++I) {
      auto Named = [&](Rail R) {
        SpeciesName Name = P.Shape.empty() ? SpeciesName(Signal, R)
                                           : SpeciesName(Signal, I, R);
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

  /// A port is complete when the first statement that is no @bind comes.
  void finishPort() {
    if (!Pending)
      return;
    bindByName(PendingCount);
    Edit.addPort(std::move(*Pending));
    Pending.reset();
  }

  //===--- Species --------------------------------------------------------===//

  SpeciesId speciesOf(SpeciesName Name, OriginId Origin) {
    SpeciesId &S = ByName[Name];
    if (!S.isValid())
      S = Edit.addSpecies(Name, Origin);
    return S;
  }

  /// Interned. Neighbouring names mostly share their signal with one of the
  /// last few, and comparing is cheaper than hashing.
  SignalId signal(std::string_view Text) {
    for (SignalId Recent : RecentSignals)
      if (Recent.isValid() && Net.signals().text(Recent) == Text)
        return Recent;
    SignalId Id = Edit.signal(Text);
    RecentSignals[NextRecent++ % RecentSignals.size()] = Id;
    return Id;
  }

  /// `x`, `x.3`, `x.p`, `x.3.p`, `"any text".3.n`; no blanks inside.
  std::optional<SpeciesId> speciesName() {
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

  bool isDigitAhead() const {
    char C = Lex.position() + 1 < Lex.Text.size() ? Lex.Text[Lex.position() + 1]
                                                  : '\0';
    return C >= '0' && C <= '9';
  }

  bool attributes(SpeciesId S, size_t Start) {
    while (Lex.consume('@')) {
      size_t At = Lex.position();
      std::string_view Word = Lex.word();
      SpeciesFlags Flags = Net.flags(S);
      if (Word == "initial" || Word == "i" || Word == "constant" ||
          Word == "c") {
        auto Value = expectAmount("an amount");
        if (!Value)
          return false;
        // Peers let the last one win, so it does here.
        if (!HasAmount.try_emplace(S.Value, true).second)
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
      } else {
        Lex.error(DiagId::UnknownDirective, Lex.locationFrom(At),
                  "unknown attribute '@" + std::string(Word) + "'")
            .note("known attributes: @initial, @constant, @boundary, @waste, "
                  "@observed");
        return false;
      }
      Edit.setFlags(S, Flags);
    }
    return true;
  }

  //===--- Reactions ------------------------------------------------------===//

  /// A statement that begins with a name is a reaction unless an @ follows.
  bool reactionOrAttributes() {
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
                    " distinct reactants");
      return false;
    }
    return rateAndAdd(Reversible);
  }

  bool atArrow() {
    Lex.skipBlanks();
    return Lex.peek() == '-' || Lex.peek() == '<';
  }

  bool moreTerms(std::vector<Term> &Side) {
    while (Lex.consume('+'))
      if (!term(Side))
        return false;
    return true;
  }

  bool term(std::vector<Term> &Side) {
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

  /// The term of \p S on a side being read. Long sides are looked up in a
  /// table of where each species stood last, as a fan-out may have thousands.
  Term *findTerm(std::vector<Term> &Side, SpeciesId S) {
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

  /// `[k = 1]`, `[1]`, `[kf = 1, kr = 2]`, `[k = eta, phase = a b]` or nothing.
  bool rateAndAdd(bool Reversible) {
    std::optional<RateId> Forward, Backward;
    std::vector<std::pair<std::string, DiagLocation>> Phases;
    if (Lex.consume('[')) {
      if (Reversible) {
        if (Lex.consumeWord("kf") && !expect('='))
          return false;
        if (!(Forward = rate()) || !expect(','))
          return false;
        if (Lex.consumeWord("kr") && !expect('='))
          return false;
        if (!(Backward = rate()))
          return false;
      } else {
        size_t Before = Lex.position();
        // `[k]` is the parameter k.
        if (Lex.consumeWord("k") && !Lex.consume('='))
          Lex.At = Before;
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
          Phases.emplace_back(*Name, Lex.locationFrom(Start));
        } while (Lex.atIdentifier());
      }
      if (!expect(']'))
        return false;
    }
    auto Add = [&](const std::vector<Term> &From, const std::vector<Term> &To,
                   std::optional<RateId> Rate) {
      ReactionId R =
          Edit.addReaction(From, To, Rate ? *Rate : Edit.rate(1), here());
      for (const auto &[Name, Where] : Phases)
        PhaseUses.push_back({R, Name, Where});
    };
    Add(Left, Right, Forward);
    if (Reversible)
      Add(Right, Left, Backward);
    return true;
  }

  std::optional<RateId> rate() {
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

  struct PhaseUse {
    ReactionId R;
    std::string Name;
    DiagLocation Where;
  };

  TextLexer Lex;
  DiagnosticEngine &Diags;
  Network Net;
  Editor Edit;
  OriginId File;
  NameTable ByName;
  llvm::DenseMap<uint32_t, bool> HasAmount;
  std::vector<uint32_t> LastSeen;
  std::vector<PhaseUse> PhaseUses;
  /// The port whose @bind lines are being read.
  std::optional<Port> Pending;
  uint64_t PendingCount = 0;
  OriginId PendingOrigin;
  std::array<SignalId, 4> RecentSignals;
  unsigned NextRecent = 0;
  // Scratch space of one statement.
  std::vector<Term> Left, Right;
  bool LastHadCoefficient = false;
  std::string NameStorage;
};

} // namespace nn2crn

std::optional<Network> nn2crn::parseText(std::string_view Text,
                                         std::string_view FileName,
                                         DiagnosticEngine &Diags) {
  return TextParser(Text, FileName, Diags).run();
}
