//===- TextPrinter.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/IR/Text.h"

#include "llvm/Support/raw_ostream.h"

#include <charconv>
#include <cmath>

using namespace nn2crn;

namespace {
class Printer {
public:
  Printer(const Network &Net, llvm::raw_ostream &OS) : Net(Net), OS(OS) {
    for (uint32_t I = 0; I < Net.signals().size(); ++I)
      Signals.push_back(quoted(Net.signals().text(SignalId(I))));
  }

  void run() {
    printHeader();
    if (!readerWouldNumberAlike())
      printSpeciesOrder();
    for (const RateConstant &R : Net.rates())
      if (!R.Parameter.empty())
        OS << "@parameter " << R.Parameter << " = " << R.Value.str() << '\n';
    for (const Phase &P : Net.phases())
      OS << "@phase " << quoted(P.Name)
         << " duration=" << formatDouble(P.Duration) << '\n';
    for (const Port &P : Net.ports())
      printPort(P);
    for (Reaction R : Net.reactions())
      printReaction(R);
    for (SpeciesId S : Net.species())
      printAttributes(S);
    for (const Phase &P : Net.phases()) {
      for (const Phase::Amount &A : P.Resets)
        printAmount("@reset ", P, A);
      for (const Phase::Amount &A : P.Doses)
        printAmount("@dose ", P, A);
    }
    flush();
  }

private:
  static std::string quoted(std::string_view Text) {
    std::string Out;
    appendQuoted(Out, Text);
    return Out;
  }
  /// A name in the buffer; appendName() would look at every letter of the
  /// signal each time.
  void putName(SpeciesId S) {
    SpeciesName Name = Net.nameOf(S);
    Line += Signals[Name.signal().Value];
    if (Name.hasIndex()) {
      Line += '.';
      putInteger(Name.index());
    }
    if (Name.rail() != Rail::None)
      Line += Name.rail() == Rail::Positive ? ".p" : ".n";
  }
  void putInteger(uint32_t Value) {
    char Buffer[12];
    Line.append(Buffer, std::to_chars(Buffer, std::end(Buffer), Value).ptr);
  }

  void printHeader() {
    if (!Net.Name.empty())
      OS << "@network " << quoted(Net.Name) << '\n';
    OS << "@units " << Net.Units.Amount << ' ' << Net.Units.Time << '\n';
    if (Net.Units.Volume != 1)
      OS << "@volume " << formatDouble(Net.Units.Volume) << '\n';
  }

  //===--- Numbering ------------------------------------------------------===//

  /// A reader numbers species in the order in which the text mentions them.
  /// Walks that order and compares.
  bool readerWouldNumberAlike() const {
    std::vector<bool> Seen(Net.speciesRows());
    uint32_t Next = 0;
    bool Alike = true;
    auto SkipDead = [&] {
      while (Next < Net.speciesRows() &&
             (Seen[Next] || !Net.isAlive(SpeciesId(Next))))
        ++Next;
    };
    auto Mention = [&](SpeciesId S) {
      if (Seen[S.Value])
        return;
      SkipDead();
      Alike &= S.Value == Next;
      Seen[S.Value] = true;
    };
    for (const Port &P : Net.ports())
      for (const PortTerm &T : P.Terms)
        Mention(T.Species);
    for (Reaction R : Net.reactions()) {
      for (auto Side : {R.reactants(), R.products()})
        for (Term T : Side)
          Mention(T.Species);
      if (!Alike)
        return false;
    }
    for (SpeciesId S : Net.species())
      if (hasAttributes(S))
        Mention(S);
    for (const Phase &P : Net.phases())
      for (const auto *Amounts : {&P.Resets, &P.Doses})
        for (const Phase::Amount &A : *Amounts)
          Mention(A.Species);
    SkipDead();
    return Alike && Next == Net.speciesRows();
  }

  void printSpeciesOrder() {
    constexpr size_t Width = 100;
    size_t Column = 0;
    for (SpeciesId S : Net.species()) {
      std::string Name = Net.nameText(S);
      if (Column == 0 || Column + Name.size() >= Width) {
        OS << (Column ? "\n@species" : "@species");
        Column = 8;
      }
      OS << ' ' << Name;
      Column += Name.size() + 1;
    }
    if (Column)
      OS << '\n';
  }

  //===--- Ports ----------------------------------------------------------===//

  template <class T, class Print>
  void printList(std::string_view Key, const std::vector<T> &Values,
                 Print PrintOne) {
    OS << ' ' << Key << '=';
    for (size_t I = 0; I < Values.size(); ++I) {
      if (I)
        OS << ',';
      PrintOne(Values[I]);
    }
  }

  bool hasDefaultBinding(const Port &P, size_t I) const {
    auto Signal = Net.signals().find(P.Name);
    if (!Signal || P.constant(I).kind() != Number::Kind::Exact ||
        P.constant(I).value() != 0)
      return false;
    auto Is = [&](const PortTerm &T, double Coefficient, Rail R) {
      SpeciesName Wanted =
          P.Shape.empty() ? SpeciesName(*Signal, R)
                          : SpeciesName(*Signal, static_cast<uint32_t>(I), R);
      return T.Coefficient == Coefficient && Net.nameOf(T.Species) == Wanted;
    };
    auto Element = P.element(I);
    if (P.Encoding == PortEncoding::SingleRail)
      return Element.size() == 1 && Is(Element[0], 1, Rail::None);
    return Element.size() == 2 && Is(Element[0], 1, Rail::Positive) &&
           Is(Element[1], -1, Rail::Negative);
  }

  void printPort(const Port &P) {
    OS << '@' << P.directionName() << ' ';
    OS << quoted(P.Name) << shapeText(P.Shape)
       << (P.Encoding == PortEncoding::DualRail ? " dual" : " single");
    auto PrintNumber = [&](const Number &N) { OS << N.str(); };
    if (P.Scale != std::vector<Number>{Number(1)})
      printList("scale", P.Scale, PrintNumber);
    if (P.Offset != std::vector<Number>{Number(0)})
      printList("offset", P.Offset, PrintNumber);
    if (!P.Range.empty())
      printList("range", P.Range, [&](PortRange R) {
        OS << bound(R.Low) << ':' << bound(R.High);
      });
    printMeaning(P.Meaning);
    OS << '\n';
    for (size_t I = 0; I < P.elementCount(); ++I)
      if (!hasDefaultBinding(P, I))
        printBinding(P, I);
  }

  void printMeaning(const OutputMeaning &M) {
    auto PrintName = [&](const std::string &Name) { OS << quoted(Name); };
    if (!M.Head.empty())
      printList(M.HeadKept ? "kept" : "dropped", M.Head, PrintName);
    if (M.LabelsAreIntegers)
      printList("labels", M.Labels,
                [&](const std::string &Label) { OS << Label; });
    else if (!M.Labels.empty())
      printList("labels", M.Labels, PrintName);
  }

  static std::string bound(double Value) {
    if (Value == HUGE_VAL)
      return "inf";
    if (Value == -HUGE_VAL)
      return "-inf";
    return formatDouble(Value);
  }

  void printBinding(const Port &P, size_t I) {
    OS << "@bind " << quoted(P.Name) << '[' << I << "] =";
    bool First = true;
    for (const PortTerm &T : P.element(I)) {
      double Magnitude = std::abs(T.Coefficient);
      OS << (T.Coefficient < 0 ? (First ? " -" : " - ")
                               : (First ? " " : " + "));
      if (Magnitude != 1)
        OS << formatDouble(Magnitude) << ' ';
      OS << Net.nameText(T.Species);
      First = false;
    }
    Number C = P.constant(I);
    if (First || C.kind() != Number::Kind::Exact || C.value() != 0) {
      bool Negative = C.value() < 0;
      OS << (First ? (Negative ? " -" : " ") : (Negative ? " - " : " + "))
         << (Negative ? (-C).str() : C.str());
    }
    OS << '\n';
  }

  //===--- Reactions and species ------------------------------------------===//

  void putSide(std::span<const Term> Terms) {
    for (size_t I = 0; I < Terms.size(); ++I) {
      if (I)
        Line += " + ";
      if (Terms[I].Coefficient != 1) {
        putInteger(Terms[I].Coefficient);
        Line += ' ';
      }
      putName(Terms[I].Species);
    }
  }

  void printReaction(Reaction R) {
    putSide(R.reactants());
    Line += R.reactants().empty() ? "->" : " ->";
    if (!R.products().empty())
      Line += ' ';
    putSide(R.products());
    const RateConstant &Rate = Net.rateConstant(R.rate());
    Line += " [k = ";
    if (!Rate.Parameter.empty())
      Line += Rate.Parameter;
    else if (Rate.Value.kind() == Number::Kind::Exact)
      appendDouble(Line, Rate.Value.value());
    else
      Line += Rate.Value.str();
    if (R.phases()) {
      Line += ", phase =";
      for (size_t I = 0; I < Net.phases().size(); ++I)
        if (R.phases() >> I & 1) {
          Line += ' ';
          appendQuoted(Line, Net.phases()[I].Name);
        }
    }
    Line += ']';
    endLine();
  }
  void endLine() {
    Line += '\n';
    constexpr size_t Chunk = 1 << 16;
    if (Line.size() > Chunk)
      flush();
  }
  void flush() {
    OS << Line;
    Line.clear();
  }

  bool hasAttributes(SpeciesId S) const {
    SpeciesFlags F = Net.flags(S);
    return Net.initialValue(S) != 0 || F.InitialKind != 0 || F.Constant ||
           F.Boundary || F.Waste || F.Observed || F.Helper;
  }

  void printAttributes(SpeciesId S) {
    if (!hasAttributes(S))
      return;
    SpeciesFlags F = Net.flags(S);
    putName(S);
    Number Initial = Net.initial(S);
    if (F.Constant)
      Line += " @constant " + Initial.str();
    else if (Initial.value() != 0 || Initial.kind() != Number::Kind::Exact)
      Line += " @initial " + Initial.str();
    if (F.Boundary)
      Line += " @boundary";
    if (F.Waste)
      Line += " @waste";
    if (F.Observed)
      Line += " @observed";
    if (F.Helper)
      Line += " @helper";
    endLine();
  }

  void printAmount(std::string_view Word, const Phase &P,
                   const Phase::Amount &A) {
    Line += Word;
    appendQuoted(Line, P.Name);
    Line += ' ';
    putName(A.Species);
    Line += " = " + A.Value.str();
    endLine();
  }

  const Network &Net;
  llvm::raw_ostream &OS;
  /// The signals as they are written.
  std::vector<std::string> Signals;
  /// Text not yet handed to the stream.
  std::string Line;
};
} // namespace

void nn2crn::printText(const Network &Net, llvm::raw_ostream &OS) {
  Printer(Net, OS).run();
}
