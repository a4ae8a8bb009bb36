//===- SBMLAnnotation.cpp -------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SBMLAnnotation.h"

#include "nn2crn/IR/Mangle.h"

#include "llvm/ADT/StringRef.h"

#include <charconv>
#include <cmath>
#include <limits>

using namespace nn2crn;
using namespace nn2crn::sbml;

/// A decimal numeral, or with \p Bounds also inf and -inf.
static std::optional<double> parseDouble(std::string_view Text,
                                         bool Bounds = false) {
  if (Bounds && (Text == "inf" || Text == "-inf"))
    return Text[0] == '-' ? -HUGE_VAL : HUGE_VAL;
  double Value;
  auto [End, Error] =
      std::from_chars(Text.data(), Text.data() + Text.size(), Value);
  if (Error != std::errc() || End != Text.data() + Text.size() ||
      !std::isfinite(Value))
    return std::nullopt;
  return Value;
}

bool nn2crn::sbml::stillHolds(const Number &Exact, double InFile) {
  double Value = Exact.value();
  return Value == InFile ||
         (InFile == 0 && Value < std::numeric_limits<double>::min());
}

std::optional<Number> nn2crn::sbml::parseNumber(std::string_view Text) {
  if (Text.find('/') != Text.npos) {
    auto R = Rational::parse(Text);
    if (!R || !std::isfinite(R->toDouble()))
      return std::nullopt;
    return Number::rational(*R);
  }
  bool Approximate = Text.starts_with('~');
  auto Value = parseDouble(Text.substr(Approximate));
  if (!Value)
    return std::nullopt;
  return Approximate ? Number::approximate(*Value) : Number(*Value);
}

static constexpr const char *Namespace = "https://nn2crn.org/ns/ports/1";

const XMLNode *Annotation::find(const Model &M) {
  // The accessor is not const: it may build the node from history elements.
  const XMLNode *All = const_cast<Model &>(M).getAnnotation();
  for (unsigned I = 0; All && I < All->getNumChildren(); ++I)
    if (const XMLNode &Child = All->getChild(I);
        Child.getName() == "network" && Child.getURI() == Namespace)
      return &Child;
  return nullptr;
}

namespace {
/// Attributes of one element, with diagnostics for those that are wrong.
class Attributes {
public:
  Attributes(const XMLNode &Node, std::string_view File, std::string Context,
             DiagnosticEngine &Diags)
      : Node(Node), File(File), Context(std::move(Context)), Diags(Diags) {}

  std::string text(const char *Key) const { return Node.getAttrValue(Key); }
  bool has(const char *Key) const { return Node.hasAttr(Key); }

  bool wrong(const char *Key, const std::string &Expected) {
    DiagLocation Where;
    Where.File = std::string(File);
    Where.Line = Node.getLine();
    Where.Context = Context;
    Diags
        .error(DiagId::MalformedInput, std::move(Where),
               std::string("expected ") + Expected + " as '" + Key +
                   "' in the nn2crn annotation, found '" +
                   text(Key).substr(0, 80) + "'")
        .note("correct it, or remove the annotation to read the network "
              "without ports");
    return false;
  }

  /// A name, plain or mangled.
  bool name(std::string &Out) {
    if (!has("mangledName")) {
      Out = text("name");
      return true;
    }
    auto Name = demangleBytes(text("mangledName"));
    if (!Name)
      return wrong("mangledName", "a mangled name");
    Out = std::move(*Name);
    return true;
  }

  /// One of \p Words; \p Out is its place.
  bool word(const char *Key, std::span<const std::string_view> Words,
            unsigned &Out) {
    std::string Found = text(Key), All;
    for (Out = 0; Out < Words.size(); ++Out) {
      if (Words[Out] == Found)
        return true;
      All += (All.empty() ? "" : " or ") + std::string(Words[Out]);
    }
    return wrong(Key, All);
  }

  /// A list with blanks between its items, each of which \p Take accepts.
  template <class Taker>
  bool list(const char *Key, const std::string &Expected, Taker Take) {
    std::string All = text(Key);
    llvm::StringRef Rest(All);
    while (!(Rest = Rest.ltrim()).empty()) {
      llvm::StringRef Item = Rest.take_until([](char C) { return C == ' '; });
      if (!Take(std::string_view(Item)))
        return wrong(Key, Expected);
      Rest = Rest.drop_front(Item.size());
    }
    return true;
  }

  bool numbers(const char *Key, std::vector<Number> &Out) {
    Out.clear();
    auto Take = [&](std::string_view Item) {
      auto N = parseNumber(Item);
      if (N)
        Out.push_back(*N);
      return N.has_value();
    };
    if (!list(Key, "a list of numbers", Take))
      return false;
    return !Out.empty() || wrong(Key, "at least one number");
  }

private:
  const XMLNode &Node;
  std::string_view File;
  std::string Context;
  DiagnosticEngine &Diags;
};
} // namespace

bool Annotation::read(const XMLNode &Node, std::string_view File,
                      DiagnosticEngine &Diags) {
  Attributes A(Node, File, "model", Diags);
  unsigned Word;
  if (!A.name(Name) || !A.word("amount", AmountUnits, Word))
    return false;
  NetworkUnits.Amount = AmountUnits[Word];
  if (!A.word("time", TimeUnits, Word))
    return false;
  NetworkUnits.Time = TimeUnits[Word];
  for (unsigned I = 0; I < Node.getNumChildren(); ++I) {
    const XMLNode &Child = Node.getChild(I);
    std::string Id = Child.getAttrValue("id");
    Attributes Of(Child, File, "'" + Id + "'", Diags);
    if (Child.getName() == "species") {
      SpeciesNote &Note = Species[Id];
      auto Take = [&](std::string_view Flag) {
        bool *Known = Flag == "waste"      ? &Note.Waste
                      : Flag == "observed" ? &Note.Observed
                      : Flag == "helper"   ? &Note.Helper
                      : Flag == "boundary" ? &Note.Boundary
                                           : nullptr;
        if (Known)
          *Known = true;
        return Known != nullptr;
      };
      if (!Of.list("flags", "waste, observed, helper or boundary", Take))
        return false;
      if (Of.has("initial")) {
        Note.Initial = parseNumber(Of.text("initial"));
        if (!Note.Initial || Note.Initial->value() < 0)
          return Of.wrong("initial", "an amount of at least 0");
      }
    } else if (Child.getName() == "rate") {
      auto Value = parseNumber(Of.text("value"));
      if (!Value || Value->value() < 0)
        return Of.wrong("value", "a rate of at least 0");
      Rates.insert_or_assign(Id, *Value);
    }
  }
  return true;
}

static bool readElement(const XMLNode &Node, Attributes A,
                        std::string_view File, const std::string &Context,
                        const Annotation::SpeciesLookup &Look, Port &P,
                        std::vector<std::optional<Number>> &Constants,
                        DiagnosticEngine &Diags) {
  std::vector<PortTerm> Terms;
  for (unsigned I = 0; I < Node.getNumChildren(); ++I) {
    const XMLNode &Child = Node.getChild(I);
    if (Child.getName() != "term")
      continue;
    Attributes Of(Child, File, Context, Diags);
    auto S = Look(Of.text("species"));
    if (!S)
      return Of.wrong("species", "the id of a species");
    auto Coefficient = parseDouble(Of.text("coefficient"));
    if (!Coefficient || *Coefficient == 0)
      return Of.wrong("coefficient", "a number other than 0");
    Terms.push_back({*S, *Coefficient});
  }
  P.addElement(Terms);
  Constants.emplace_back();
  if (!A.has("constant"))
    return true;
  Constants.back() = parseNumber(A.text("constant"));
  return Constants.back().has_value() || A.wrong("constant", "a number");
}

static bool readMeaning(const XMLNode &Node, Attributes A,
                        std::string_view File, const std::string &Context,
                        OutputMeaning &M, DiagnosticEngine &Diags) {
  unsigned Word = 0;
  static constexpr std::string_view Kinds[] = {"words", "integers"};
  if (A.has("labels") && !A.word("labels", Kinds, Word))
    return false;
  M.LabelsAreIntegers = Word == 1;
  for (unsigned I = 0; I < Node.getNumChildren(); ++I) {
    const XMLNode &Child = Node.getChild(I);
    Attributes Of(Child, File, Context, Diags);
    std::string Name;
    bool Kept = Child.getName() == "kept";
    if (!Kept && Child.getName() != "dropped" && Child.getName() != "label")
      continue;
    if (!Of.name(Name))
      return false;
    M.HeadKept |= Kept;
    (Child.getName() == "label" ? M.Labels : M.Head).push_back(std::move(Name));
  }
  return true;
}

bool Annotation::readPorts(const XMLNode &Node, std::string_view File,
                           const SpeciesLookup &Look, DiagnosticEngine &Diags) {
  for (unsigned I = 0; I < Node.getNumChildren(); ++I) {
    const XMLNode &Child = Node.getChild(I);
    if (Child.getName() != "port")
      continue;
    Port P;
    std::string Context = "port '" + Child.getAttrValue("name") + "'";
    Attributes A(Child, File, Context, Diags);
    unsigned Word;
    if (!A.name(P.Name) || !A.word("direction", PortDirectionNames, Word))
      return false;
    P.Direction = static_cast<PortDirection>(Word);
    if (!A.word("encoding", PortEncodingNames, Word))
      return false;
    P.Encoding = static_cast<PortEncoding>(Word);
    auto TakeExtent = [&](std::string_view Item) {
      int64_t Extent;
      if (llvm::StringRef(Item).getAsInteger(10, Extent) || Extent <= 0)
        return false;
      P.Shape.push_back(Extent);
      return true;
    };
    auto TakeRange = [&](std::string_view Item) {
      auto [Low, High] = llvm::StringRef(Item).split(':');
      auto L = parseDouble(Low, true), H = parseDouble(High, true);
      if (!L || !H || !(*L <= *H))
        return false;
      P.Range.push_back({*L, *H});
      return true;
    };
    if (!A.list("shape", "positive extents", TakeExtent) ||
        !A.numbers("scale", P.Scale) || !A.numbers("offset", P.Offset) ||
        !A.list("range", "ranges LOW:HIGH", TakeRange))
      return false;
    if (!readMeaning(Child, A, File, Context, P.Meaning, Diags))
      return false;
    std::vector<std::optional<Number>> Constants;
    bool AnyConstant = false;
    for (unsigned J = 0; J < Child.getNumChildren(); ++J) {
      const XMLNode &Element = Child.getChild(J);
      if (Element.getName() != "element")
        continue;
      if (!readElement(Element, Attributes(Element, File, Context, Diags), File,
                       Context, Look, P, Constants, Diags))
        return false;
      AnyConstant |= Constants.back().has_value();
    }
    for (const auto &C : Constants)
      if (AnyConstant)
        P.Constants.push_back(C.value_or(Number(0)));
    // Shapes and counts that do not fit together are the verifier's.
    Ports.push_back(std::move(P));
  }
  return true;
}
