//===- BioNetGen.cpp ------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Import/BioNetGen.h"

#include "ConstantExpression.h"
#include "ForeignNames.h"

#include "nn2crn/IR/Mangle.h"
#include "nn2crn/IR/Verifier.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

#include <charconv>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

using namespace nn2crn;

static constexpr unsigned MaxErrors = 20;

namespace {
class Reader {
public:
  Reader(llvm::StringRef Text, std::string_view File, DiagnosticEngine &Diags)
      : Text(Text), File(File), Diags(Diags), Edit(Net) {}

  std::optional<Network> run();

private:
  bool error(DiagId Id, std::string Message, std::string Note = {});
  void readLine(llvm::StringRef Words);
  void readComment(llvm::StringRef Comment);
  void readParameter(llvm::StringRef Words);
  void readSpecies(llvm::StringRef Words);
  void readReaction(llvm::StringRef Words);
  bool readSide(llvm::StringRef List, std::vector<Term> &Out);
  std::optional<Number> evaluate(llvm::StringRef Expression, const char *What);
  OriginId origin() { return OriginId(Source.Value + LineNumber); }

  llvm::StringRef Text;
  std::string_view File;
  DiagnosticEngine &Diags;
  unsigned Errors = 0;
  Network Net;
  Editor Edit;
  OriginId Source;
  uint32_t LineNumber = 0;
  llvm::StringRef Line;
  /// The block that the line is in, and where it began.
  std::string Block;
  uint32_t BlockLine = 0;
  bool Ours = false, AnyBlock = false;
  std::unordered_map<std::string, Number> Parameters;
  std::unordered_set<std::string> Functions, SpeciesSeen;
};
} // namespace

/// The next word of \p Rest, which loses it.
static llvm::StringRef nextWord(llvm::StringRef &Rest) {
  Rest = Rest.ltrim();
  llvm::StringRef Word = Rest.take_until(llvm::isSpace);
  Rest = Rest.drop_front(Word.size()).ltrim();
  return Word;
}

static bool isIndex(llvm::StringRef Word) {
  return !Word.empty() && llvm::all_of(Word, llvm::isDigit);
}

bool Reader::error(DiagId Id, std::string Message, std::string Note) {
  if (++Errors > MaxErrors)
    return false;
  DiagLocation Where;
  Where.File = std::string(File);
  Where.Line = LineNumber;
  Where.Column = LineNumber ? 1 + Line.find_first_not_of(" \t") : 0;
  Where.Length = std::max<unsigned>(1, Line.trim().size());
  constexpr size_t LongestShown = 160;
  if (Line.size() <= LongestShown)
    Where.LineText = Line.str();
  else
    Where.Column = 0;
  auto D = Diags.error(Id, std::move(Where), std::move(Message));
  if (!Note.empty())
    D.note(std::move(Note));
  return false;
}

std::optional<Number> Reader::evaluate(llvm::StringRef Expression,
                                       const char *What) {
  ConstantExpression E(std::string_view(Expression),
                       [&](std::string_view Name) -> std::optional<Number> {
                         auto It = Parameters.find(std::string(Name));
                         return It == Parameters.end()
                                    ? std::nullopt
                                    : std::optional(It->second);
                       });
  auto Value = E.evaluate();
  if (!Value)
    error(DiagId::UnsupportedConstruct,
          std::string("expected an expression of constants as ") + What +
              ", found " + E.why(),
          "rates and amounts may be numbers, parameters, and + - * / ^ of "
          "such");
  return Value;
}

void Reader::readParameter(llvm::StringRef Words) {
  llvm::StringRef Name = nextWord(Words);
  // The number in front is a counter, and nothing refers to it.
  if (isIndex(Name))
    Name = nextWord(Words);
  if (Words.consume_front("="))
    Words = Words.ltrim();
  if (!isIdentifier(Name)) {
    error(DiagId::MalformedInput,
          "expected a parameter as in '1 k1 0.5', found the name '" +
              Name.str() + "'");
    return;
  }
  auto Value = evaluate(Words, "a parameter's value");
  if (!Value)
    return;
  if (!Parameters.emplace(Name.str(), *Value).second)
    error(DiagId::DuplicateDefinition,
          "expected a new name, found '" + Name.str() + "' again");
  // Ours are declared whether they are used or not.
  if (std::string Known = parameterNameFor(Name, Ours);
      Ours && !Known.empty() && Value->value() >= 0)
    Edit.parameter(Known, *Value);
}

void Reader::readSpecies(llvm::StringRef Words) {
  llvm::StringRef Number = nextWord(Words), Name = nextWord(Words);
  uint32_t Index;
  if (Number.getAsInteger(10, Index) || Index != Net.speciesRows() + 1) {
    error(DiagId::MalformedInput,
          "expected species numbered from 1 upwards; here " +
              std::to_string(Net.speciesRows() + 1) + ", found '" +
              Number.str() + "'");
    return;
  }
  bool Held = Name.consume_front("$");
  llvm::StringRef Bare = Name;
  if (Bare.consume_back("()") && isIdentifier(Bare))
    Name = Bare;
  if (Name.empty() || Words.empty()) {
    error(DiagId::MalformedInput,
          "expected a species as in '1 A() 100', found '" + Line.trim().str() +
              "'");
    return;
  }
  if (!SpeciesSeen.insert(Name.str()).second)
    error(DiagId::DuplicateDefinition,
          "expected a new species, found '" + Name.str() + "' again");
  SpeciesId S = Edit.addSpecies(speciesNameFor(Edit, Name, Ours), origin());
  if (Held) {
    SpeciesFlags F = Net.flags(S);
    F.Constant = true;
    Edit.setFlags(S, F);
  }
  auto Amount = evaluate(Words, "an amount");
  if (Amount && Amount->value() < 0)
    error(DiagId::BadNumber, "expected an amount of at least 0, found " +
                                 formatDouble(Amount->value()));
  else if (Amount)
    Edit.setInitial(S, *Amount);
}

bool Reader::readSide(llvm::StringRef List, std::vector<Term> &Out) {
  if (List == "0")
    return true;
  std::unordered_map<uint32_t, size_t> Place;
  llvm::SmallVector<llvm::StringRef, 8> Items;
  List.split(Items, ',');
  for (llvm::StringRef Item : Items) {
    uint32_t Index;
    if (Item.getAsInteger(10, Index) || Index == 0 || Index > Net.speciesRows())
      return error(DiagId::MalformedInput,
                   "expected numbers of species from 1 to " +
                       std::to_string(Net.speciesRows()) +
                       " with commas between, found '" + Item.str() + "'");
    auto [At, New] = Place.emplace(Index, Out.size());
    if (New)
      Out.push_back({SpeciesId(Index - 1), 1});
    else
      ++Out[At->second].Coefficient;
  }
  return true;
}

void Reader::readReaction(llvm::StringRef Words) {
  llvm::StringRef Number = nextWord(Words), Left = nextWord(Words),
                  Right = nextWord(Words), Rate = Words;
  std::vector<Term> Reactants, Products;
  if (!isIndex(Number) || Rate.empty()) {
    error(DiagId::MalformedInput,
          "expected a reaction as in '1 1,2 3 k1', found '" +
              Line.trim().substr(0, 80).str() + "'");
    return;
  }
  if (!readSide(Left, Reactants) || !readSide(Right, Products))
    return;
  if (Reactants.size() > MaxReactants || Products.size() > MaxProducts) {
    error(DiagId::UnsupportedConstruct,
          "expected at most " + std::to_string(MaxReactants) +
              " different reactants and " + std::to_string(MaxProducts) +
              " products, found " + std::to_string(Reactants.size()) + " and " +
              std::to_string(Products.size()));
    return;
  }
  if (Functions.count(Rate.str())) {
    error(DiagId::UnsupportedConstruct,
          "expected a constant rate, found the function '" + Rate.str() + "'",
          "a network has mass-action kinetics only");
    return;
  }
  auto Value = evaluate(Rate, "a rate");
  if (!Value)
    return;
  if (Value->value() < 0) {
    error(DiagId::BadNumber, "expected a rate of at least 0, found " +
                                 formatDouble(Value->value()));
    return;
  }
  // A parameter alone keeps its name; anything computed becomes a number.
  std::string Name =
      Parameters.count(Rate.str()) ? parameterNameFor(Rate, Ours) : "";
  Edit.addReaction(Reactants, Products,
                   Name.empty() ? Edit.rate(*Value)
                                : Edit.parameter(Name, *Value),
                   origin());
}

/// Our own emitter says `nn2crn: name="..." amount=nM time=s volume=1`.
void Reader::readComment(llvm::StringRef Comment) {
  Comment = Comment.trim();
  if (AnyBlock || !Comment.consume_front("nn2crn:"))
    return;
  Units Found;
  std::optional<std::string> Name;
  bool Volume = false;
  while (!(Comment = Comment.ltrim()).empty()) {
    auto [Key, Value] = nextWord(Comment).split('=');
    if (Key == "name")
      Name = demangleBytes(Value.trim('"'));
    else if (Key == "amount")
      Found.Amount = Value.str();
    else if (Key == "time")
      Found.Time = Value.str();
    else if (Key == "volume")
      Volume = !Value.getAsDouble(Found.Volume) &&
               std::isfinite(Found.Volume) && Found.Volume > 0;
  }
  if (!Name || !Volume || !llvm::is_contained(AmountUnits, Found.Amount) ||
      !llvm::is_contained(TimeUnits, Found.Time)) {
    error(DiagId::MalformedInput,
          "expected the comment of nn2crn to give name, amount, time and "
          "volume",
          "correct it, or remove it to read amounts as counts of molecules");
    return;
  }
  Ours = true;
  Net.Name = *Name;
  Net.Units = Found;
}

void Reader::readLine(llvm::StringRef Words) {
  llvm::StringRef Rest = Words;
  llvm::StringRef First = nextWord(Rest);
  if (First == "begin" && Block.empty()) {
    Block = Rest.str();
    BlockLine = LineNumber;
    AnyBlock = true;
    constexpr llvm::StringRef Known[] = {"parameters", "species", "reactions",
                                         "groups", "functions"};
    if (!llvm::is_contained(Known, Rest))
      error(DiagId::UnsupportedConstruct,
            "expected a block of parameters, species, reactions, functions or "
            "groups, found '" +
                Block + "'",
            "write the file with BioNetGen's writeNetwork");
    return;
  }
  if (First == "end") {
    if (Rest != Block || Block.empty())
      error(DiagId::MalformedInput,
            Block.empty() ? "expected 'begin', found 'end'"
                          : "expected 'end " + Block + "', found 'end " +
                                Rest.str() + "'");
    Block.clear();
    return;
  }
  if (Block == "parameters")
    readParameter(Words);
  else if (Block == "species")
    readSpecies(Words);
  else if (Block == "reactions")
    readReaction(Words);
  else if (Block == "functions")
    Functions.insert((isIndex(First) ? Rest : Words)
                         .take_until([](char C) {
                           return C == '(' || C == '=' || llvm::isSpace(C);
                         })
                         .str());
  else if (Block.empty())
    error(DiagId::MalformedInput,
          "expected 'begin' and the name of a block, found '" +
              Words.substr(0, 80).str() + "'");
}

std::optional<Network> Reader::run() {
  // Until a comment of ours says otherwise.
  Net.Units.Amount = "count";
  auto Lines = static_cast<uint32_t>(Text.count('\n') + 1);
  Source = Edit.provenance().addSourceFile(File, Lines);
  llvm::StringRef Rest = Text;
  while (!Rest.empty()) {
    std::tie(Line, Rest) = Rest.split('\n');
    ++LineNumber;
    Line = Line.rtrim('\r');
    auto [Words, Comment] = Line.split('#');
    readComment(Comment);
    Words = Words.trim();
    if (!Words.empty())
      readLine(Words);
  }
  if (!Block.empty()) {
    LineNumber = BlockLine;
    Line = "";
    error(DiagId::MalformedInput,
          "expected 'end " + Block + "', found the end of the file");
  } else if (!AnyBlock) {
    LineNumber = 0;
    error(DiagId::MalformedInput,
          "expected a .net file with blocks of species and reactions, found "
          "none");
  }
  if (Errors != 0 || !verify(Net, Diags))
    return std::nullopt;
  return std::move(Net);
}

std::optional<Network> nn2crn::importBioNetGen(std::string_view Bytes,
                                               std::string_view FileName,
                                               DiagnosticEngine &Diags) {
  return Reader(llvm::StringRef(Bytes), FileName, Diags).run();
}
