//===- SBMLAnnotation.cpp -------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SBMLAnnotation.h"

#include "XML.h"

#include <cmath>

using namespace nn2crn;

static void writeNumbers(llvm::raw_ostream &OS, std::string_view Attribute,
                         std::span<const Number> Numbers) {
  OS << ' ' << Attribute << "=\"";
  for (size_t I = 0; I < Numbers.size(); ++I)
    OS << (I ? " " : "") << Numbers[I].str();
  OS << '"';
}

/// A bound may be infinite.
static std::string boundText(double Value) {
  return std::isfinite(Value) ? formatDouble(Value)
         : Value > 0          ? "inf"
                              : "-inf";
}

static void writePort(const Port &P, const SpeciesIds &Ids,
                      llvm::raw_ostream &OS) {
  OS << "<nn:port";
  writeXMLName(OS, P.Name);
  OS << " direction=\"" << P.directionName() << "\" encoding=\""
     << P.encodingName() << "\" shape=\"";
  for (size_t I = 0; I < P.Shape.size(); ++I)
    OS << (I ? " " : "") << P.Shape[I];
  OS << '"';
  writeNumbers(OS, "scale", P.Scale);
  writeNumbers(OS, "offset", P.Offset);
  if (!P.Range.empty()) {
    OS << " range=\"";
    for (size_t I = 0; I < P.Range.size(); ++I) {
      OS << (I ? " " : "") << boundText(P.Range[I].Low) << ':'
         << boundText(P.Range[I].High);
    }
    OS << '"';
  }
  const OutputMeaning &M = P.Meaning;
  if (!M.Labels.empty())
    OS << " labels=\"" << (M.LabelsAreIntegers ? "integers" : "words") << '"';
  OS << ">\n";
  for (const std::string &Name : M.Head) {
    OS << (M.HeadKept ? "<nn:kept" : "<nn:dropped");
    writeXMLName(OS, Name);
    OS << "/>\n";
  }
  for (const std::string &Label : M.Labels) {
    OS << "<nn:label";
    writeXMLName(OS, Label);
    OS << "/>\n";
  }
  for (size_t I = 0; I < P.elementCount(); ++I) {
    OS << "<nn:element";
    if (!P.Constants.empty())
      OS << " constant=\"" << P.Constants[I].str() << '"';
    OS << '>';
    for (const PortTerm &T : P.element(I)) {
      OS << "<nn:term species=\"" << Ids[T.Species] << "\" coefficient=\"";
      writeDouble(OS, T.Coefficient);
      OS << "\"/>";
    }
    OS << "</nn:element>\n";
  }
  OS << "</nn:port>\n";
}

void nn2crn::writeSBMLAnnotation(const Network &Net, const SpeciesIds &Ids,
                                 const RateIds &Rates, llvm::raw_ostream &OS) {
  OS << "<annotation>\n<nn:network "
        "xmlns:nn=\"https://nn2crn.org/ns/ports/1\"";
  writeXMLName(OS, Net.Name);
  writeXMLAttribute(OS, "amount", Net.Units.Amount);
  writeXMLAttribute(OS, "time", Net.Units.Time);
  writeXMLAttribute(OS, "volume", formatDouble(Net.Units.Volume));
  OS << ">\n";
  for (SpeciesId S : Net.species()) {
    SpeciesFlags F = Net.flags(S);
    bool Inexact =
        static_cast<Number::Kind>(F.InitialKind) != Number::Kind::Exact ||
        valueInSBML(Net.initialValue(S)) != Net.initialValue(S);
    // The file's own attributes cannot say "constant and boundary".
    bool Both = F.Constant && F.Boundary;
    if (!F.Waste && !F.Observed && !F.Helper && !Both && !Inexact)
      continue;
    OS << "<nn:species id=\"" << Ids[S] << '"';
    if (F.Waste || F.Observed || F.Helper || Both) {
      std::string Words;
      for (auto [Word, Set] : {std::pair("waste ", bool(F.Waste)),
                               {"observed ", bool(F.Observed)},
                               {"helper ", bool(F.Helper)},
                               {"boundary ", Both}})
        if (Set)
          Words += Word;
      Words.pop_back();
      OS << " flags=\"" << Words;
      OS << '"';
    }
    if (Inexact)
      OS << " initial=\"" << Net.initial(S).str() << '"';
    OS << "/>\n";
  }
  for (const RateIds::Use &U : Rates.uses()) {
    const Number &Value = Net.rateConstant(U.Rate).Value;
    if (Value.kind() != Number::Kind::Exact ||
        valueInSBML(Value.value()) != Value.value())
      OS << "<nn:rate id=\"" << U.Id << "\" value=\"" << Value.str()
         << "\"/>\n";
  }
  for (const Port &P : Net.ports())
    writePort(P, Ids, OS);
  OS << "</nn:network>\n</annotation>\n";
}
