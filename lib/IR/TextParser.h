//===- TextParser.h - Reads the text form -----------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shared by TextParser.cpp and TextParserPorts.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_IR_TEXTPARSER_H
#define NN2CRN_LIB_IR_TEXTPARSER_H

#include "NameTable.h"
#include "TextLexer.h"
#include "nn2crn/IR/Editor.h"

#include "llvm/ADT/DenseSet.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace nn2crn {

/// Recursive descent over the grammar of docs/reference/text-form.md. Every
/// parse function returns false after it has reported an error; the statement
/// is then skipped and reading goes on.
class TextParser {
public:
  TextParser(std::string_view Text, std::string_view FileName,
             DiagnosticEngine &Diags)
      : Lex(Text, FileName, Diags), Diags(Diags), Edit(Net) {
    auto Lines = std::ranges::count(Text, '\n') + 1;
    File = Edit.provenance().addSourceFile(
        FileName,
        static_cast<uint32_t>(std::min<int64_t>(Lines, UINT32_MAX / 4)));
  }
  std::optional<Network> run();

private:
  OriginId here() const { return OriginId(File.Value + Lex.line()); }

  //===--- Statements -----------------------------------------------------===//

  bool statement();
  bool endOfStatement();
  bool directive();
  bool expect(char C);
  std::optional<Number> expectNumber(std::string_view What);

  /// A number of at least 0 (or above 0).
  std::optional<Number> expectAmount(std::string_view What,
                                     bool Positive = false);

  /// A number that the network keeps as a double and nothing else: a fraction
  /// or an approximate one would silently lose what it says.
  std::optional<double> expectDecimal(std::string_view What,
                                      bool Positive = false);
  bool isDecimal(const Number &N, std::string_view What, size_t Start);
  std::optional<std::string> expectIdentifier();
  bool networkName();
  bool units();
  bool volume();
  bool speciesOrder();
  bool parameter();

  //===--- Phases ---------------------------------------------------------===//

  std::optional<size_t> phaseNamed(std::string_view Name) const;
  bool phase();
  bool dose() { return phaseAmount(&Phase::Doses); }
  bool reset() { return phaseAmount(&Phase::Resets); }
  bool phaseAmount(std::vector<Phase::Amount> Phase::*List);

  /// Reactions may name phases that are declared further down.
  void finishPhases();
  void runIn(ReactionId R, size_t PhaseIndex);

  //===--- Ports ----------------------------------------------------------===//

  bool inputPort() { return port(PortDirection::Input); }
  bool outputPort() { return port(PortDirection::Output); }
  bool statePort() { return port(PortDirection::State); }
  bool port(PortDirection Direction);

  template <class T, class ParseOne>
  bool perElementList(std::vector<T> &List, uint64_t Elements,
                      std::string_view Key, ParseOne Parse);
  bool portOptions(Port &P, uint64_t Elements);
  bool headOperators(OutputMeaning &M, bool Kept);
  bool labels(OutputMeaning &M);
  std::optional<double> rangeBound();
  std::optional<PortRange> range();

  /// `@bind y[1] = y.1.p + 2 w.3 - y.1.n + 0.5`, right below its port.
  bool binding();
  bool functional(std::vector<PortTerm> &Terms, Number &Constant);

  /// Gives the elements of the pending port up to \p End the species that are
  /// named after them.
  void bindByName(uint64_t End);

  /// A port is complete when the first statement that is no @bind comes.
  void finishPort();

  //===--- Species --------------------------------------------------------===//

  SpeciesId speciesOf(SpeciesName Name, OriginId Origin);

  /// Interned. Neighbouring names mostly share their signal with one of the
  /// last few, and comparing is cheaper than hashing.
  SignalId signal(std::string_view Text);

  /// `x`, `x.3`, `x.p`, `x.3.p`, `"any text".3.n`; no blanks inside.
  std::optional<SpeciesId> speciesName();
  bool isDigitAhead() const;
  bool attributes(SpeciesId S, size_t Start);

  //===--- Reactions ------------------------------------------------------===//

  /// A statement that begins with a name is a reaction unless an @ follows.
  bool reactionOrAttributes();
  bool atArrow();
  bool moreTerms(std::vector<Term> &Side);
  bool term(std::vector<Term> &Side);

  /// The term of \p S on a side being read. Long sides are looked up in a
  /// table of where each species stood last, as a fan-out may have thousands.
  Term *findTerm(std::vector<Term> &Side, SpeciesId S);

  /// `[k = 1]`, `[1]`, `[kf = 1, kr = 2]`, `[k = eta, phase = a b]` or nothing.
  bool rateAndAdd(bool Reversible);
  std::optional<RateId> rate();

  /// A reaction that names a phase not declared yet.
  struct LaterPhase {
    ReactionId R;
    std::string Name;
    TextLexer::Spot Where;
  };

  TextLexer Lex;
  DiagnosticEngine &Diags;
  Network Net;
  Editor Edit;
  OriginId File;
  NameTable ByName;
  llvm::DenseSet<uint32_t> HasAmount;
  std::vector<uint32_t> LastSeen;
  /// Complete at the end of the file.
  std::vector<Phase> Phases;
  std::vector<LaterPhase> LaterPhases;
  std::set<std::pair<PortDirection, std::string>> PortsSeen;
  uint64_t PortElements = 0;
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

#endif
