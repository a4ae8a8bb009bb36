//===- PortValues.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/IR/PortValues.h"
#include "nn2crn/IR/Editor.h"

#include "llvm/Support/FileSystem.h"

#include <algorithm>
#include <charconv>
#include <cmath>

using namespace nn2crn;

static std::string elementText(const Port &P, size_t Element) {
  if (P.Shape.empty())
    return "port '" + P.Name + "'";
  std::string Index;
  size_t Rest = Element;
  for (size_t D = P.Shape.size(); D-- > 0;) {
    auto Extent = static_cast<size_t>(P.Shape[D]);
    Index = std::to_string(Rest % Extent) + (Index.empty() ? "" : ",") + Index;
    Rest /= Extent;
  }
  return "port '" + P.Name + "', element [" + Index + "]";
}

bool nn2crn::setPortAmounts(const Port &P, std::span<const double> Values,
                            std::span<double> Amounts,
                            DiagnosticEngine &Diags) {
  assert(Values.size() == P.elementCount() && "one value an element");
  for (size_t I = 0; I < P.elementCount(); ++I) {
    double V = Values[I], Offset = P.offset(I).value(),
           Scale = P.scale(I).value();
    if (!std::isfinite(V)) {
      Diags.error(DiagId::BadPortValue, {},
                  elementText(P, I) + ": expected a finite value, found " +
                      (std::isnan(V) ? "nan"
                       : V > 0       ? "inf"
                                     : "-inf"));
      return false;
    }
    double Sum = (V + Offset) * Scale - P.constant(I).value();
    const PortTerm *Rail = nullptr;
    for (const PortTerm &T : P.element(I)) {
      Amounts[T.Species.Value] = 0;
      if (!Rail && Sum != 0 && (T.Coefficient > 0) == (Sum > 0))
        Rail = &T;
    }
    // What only rounding of the offset leaves is no value of its own.
    double Noise =
        1e-12 * Scale * std::max({1.0, std::fabs(V), std::fabs(Offset)});
    if (Rail) {
      Amounts[Rail->Species.Value] = Sum / Rail->Coefficient;
    } else if (Sum != 0 && std::fabs(Sum) > Noise) {
      auto D =
          Diags.error(DiagId::BadPortValue, {},
                      elementText(P, I) + ": the value " + formatDouble(V) +
                          " needs a " + (Sum > 0 ? "positive" : "negative") +
                          " rail, which this port does not have");
      double Bound = P.constant(I).value() / Scale - Offset;
      if (P.element(I).empty())
        D.note("the element is the constant " + formatDouble(Bound));
      else
        D.note("it takes values " + std::string(Sum > 0 ? "up to " : "from ") +
               formatDouble(Bound));
      return false;
    }
    if (Rail && !std::isfinite(Amounts[Rail->Species.Value])) {
      Diags.error(DiagId::BadPortValue, {},
                  elementText(P, I) + ": the value " + formatDouble(V) +
                      " is too large for an amount");
      return false;
    }
  }
  return true;
}

void nn2crn::readPort(const Port &P, std::span<const double> Amounts,
                      std::span<double> Values) {
  assert(Values.size() == P.elementCount() && "one value an element");
  for (size_t I = 0; I < P.elementCount(); ++I) {
    double Sum = P.constant(I).value();
    for (const PortTerm &T : P.element(I))
      Sum += T.Coefficient * Amounts[T.Species.Value];
    Values[I] = Sum / P.scale(I).value() - P.offset(I).value();
  }
}

static std::span<const int64_t> withoutLeadingOnes(std::span<const int64_t> S) {
  while (!S.empty() && S[0] == 1)
    S = S.subspan(1);
  return S;
}

std::optional<size_t> nn2crn::casesForPort(const Port &P, const Array &Values,
                                           DiagnosticEngine &Diags) {
  std::span<const int64_t> Have = Values.Shape;
  std::span<const int64_t> Want = withoutLeadingOnes(P.Shape);
  auto Same = [&](std::span<const int64_t> S) {
    return std::ranges::equal(withoutLeadingOnes(S), Want);
  };
  auto Elements = static_cast<int64_t>(P.elementCount());
  std::optional<int64_t> Cases;
  if (Values.Flat && Have.size() == 2 && Have[1] == Elements)
    Cases = Have[0];
  else if (Values.Flat && Have.size() == 1 && Have[0] == Elements)
    Cases = 1;
  else if (Values.Flat && Have.size() == 1 && Elements == 1)
    Cases = Have[0];
  else if (!Values.Flat && !Have.empty() && Same(Have.subspan(1)))
    Cases = Have[0];
  else if (!Values.Flat && Same(Have))
    Cases = 1;
  DiagLocation Where;
  Where.File = Values.Source == "<numbers>" ? "" : Values.Source;
  if (!Cases) {
    std::string Shape = shapeText(P.Shape);
    std::string WithCases =
        P.Shape.empty() ? "[cases]" : "[cases," + Shape.substr(1);
    auto D = Diags.error(DiagId::WrongShape, Where,
                         "port '" + P.Name + "' expects " + Shape + " or " +
                             WithCases + ", got " + shapeText(Values.Shape));
    if (Values.Flat && P.Shape.size() > 1)
      D.note("a row of a table stands for the " + std::to_string(Elements) +
             " elements in row-major order");
    return std::nullopt;
  }
  if (*Cases == 0) {
    Diags.error(DiagId::WrongShape, Where,
                "port '" + P.Name + "' expects at least one case, got " +
                    shapeText(Values.Shape));
    return std::nullopt;
  }
  return static_cast<size_t>(*Cases);
}

/// Whether \p Spec as it stands is for a file that exists: `run=3.npz:x`.
static bool namesFile(std::string_view Spec) {
  size_t Split = Spec.find(".npz:");
  if (Split != std::string_view::npos)
    Spec = Spec.substr(0, Split + 4);
  return llvm::sys::fs::exists(llvm::StringRef(Spec));
}

std::optional<PortSpec> nn2crn::splitPortSpec(const Network &Net,
                                              PortDirection Direction,
                                              std::string_view Spec,
                                              DiagnosticEngine &Diags) {
  auto Fits = [&](const Port &P) {
    return P.Direction == Direction || P.Direction == PortDirection::State;
  };
  std::string_view Kind =
      Direction == PortDirection::Input ? "input" : "output";
  for (size_t At = Spec.find('='); At != std::string_view::npos;
       At = Spec.find('=', At + 1))
    for (const Port &P : Net.ports())
      if (Fits(P) && P.Name == Spec.substr(0, At))
        return PortSpec{&P, Spec.substr(At + 1)};

  const Port *Only = nullptr;
  size_t Count = 0;
  std::string List;
  for (const Port &P : Net.ports()) {
    if (!Fits(P))
      continue;
    if (P.Direction == Direction) {
      Only = &P;
      ++Count;
    }
    List += (List.empty() ? "'" : ", '") + P.Name + "'";
  }
  size_t Equals = Spec.find('=');
  std::string_view Named =
      Equals == std::string_view::npos ? Spec : Spec.substr(0, Equals);
  if (List.empty())
    Diags
        .error(DiagId::UnknownPort, {},
               "the network has no " + std::string(Kind) + " ports")
        .note("ports are declared in the text form by '@" + std::string(Kind) +
              "' lines");
  else if (Equals != std::string_view::npos && (Count != 1 || !namesFile(Spec)))
    Diags
        .error(DiagId::UnknownPort, {},
               "the network has no " + std::string(Kind) + " port named '" +
                   std::string(Named) + "'")
        .note("its " + std::string(Kind) + " ports are " + List);
  else if (Count != 1)
    Diags
        .error(DiagId::UnknownPort, {},
               "the network has several " + std::string(Kind) +
                   " ports; say which, as in 'PORT=" + std::string(Spec) + "'")
        .note("they are " + List);
  else
    return PortSpec{Only, Spec};
  return std::nullopt;
}

static std::optional<PortRange> parseRange(std::string_view Text,
                                           DiagnosticEngine &Diags) {
  size_t Colon = Text.find(':');
  PortRange R{};
  auto Read = [](std::string_view T, double &Value) {
    auto [End, Error] = std::from_chars(T.data(), T.data() + T.size(), Value);
    return Error == std::errc() && End == T.data() + T.size() &&
           std::isfinite(Value);
  };
  if (Colon == std::string_view::npos || !Read(Text.substr(0, Colon), R.Low) ||
      !Read(Text.substr(Colon + 1), R.High)) {
    Diags
        .error(DiagId::BadArgument, {},
               "expected two finite numbers as in -1:1, found '" +
                   std::string(Text) + "'")
        .note("a range is the lowest and the highest value of all elements");
    return std::nullopt;
  }
  if (R.Low > R.High) {
    Diags.error(DiagId::BadArgument, {},
                "the range '" + std::string(Text) +
                    "' is empty: its lower bound is above its upper one");
    return std::nullopt;
  }
  // There is one zero.
  return PortRange{R.Low + 0.0, R.High + 0.0};
}

bool nn2crn::declareInputRanges(Network &Net,
                                std::span<const std::string> Specs,
                                DiagnosticEngine &Diags) {
  std::vector<std::optional<PortRange>> Ranges(Net.ports().size());
  unsigned Before = Diags.errorCount();
  for (const std::string &Spec : Specs) {
    auto Split = splitPortSpec(Net, PortDirection::Input, Spec, Diags);
    if (!Split)
      continue;
    const Port &P = *Split->P;
    auto &Range = Ranges[static_cast<size_t>(&P - Net.ports().data())];
    if (P.Direction != PortDirection::Input)
      Diags.error(DiagId::BadArgument, {},
                  "port '" + P.Name +
                      "' is a state, which no range of inputs bounds");
    else if (Range)
      Diags.error(DiagId::BadArgument, {},
                  "port '" + P.Name + "' is given a range twice");
    else
      Range = parseRange(Split->Spec, Diags);
  }
  if (Diags.errorCount() != Before)
    return false;
  Editor Edit(Net);
  for (size_t I = 0; I < Ranges.size(); ++I)
    if (Ranges[I]) {
      Port P = Net.ports()[I];
      P.Range = {*Ranges[I]};
      Edit.setPort(I, std::move(P));
    }
  return true;
}

std::optional<InputArrays>
nn2crn::readInputs(const Network &Net, std::span<const std::string> Specs,
                   DiagnosticEngine &Diags, std::string_view Option) {
  InputArrays Inputs;
  unsigned Before = Diags.errorCount();
  for (const std::string &Spec : Specs) {
    auto Split = splitPortSpec(Net, PortDirection::Input, Spec, Diags);
    if (!Split)
      continue;
    const Port *P = Split->P;
    if (std::ranges::any_of(Inputs.Arrays,
                            [&](const PortArray &A) { return A.P == P; })) {
      Diags.error(DiagId::BadArgument, {},
                  "port '" + P->Name + "' is given values twice");
      continue;
    }
    auto Values = readArray(Split->Spec, Diags);
    if (!Values)
      continue;
    auto Cases = casesForPort(*P, *Values, Diags);
    if (!Cases)
      continue;
    if (!Inputs.Arrays.empty() && *Cases != Inputs.Cases) {
      Diags.error(DiagId::WrongShape, {},
                  "port '" + P->Name + "' has " + std::to_string(*Cases) +
                      " cases, but port '" + Inputs.Arrays[0].P->Name +
                      "' has " + std::to_string(Inputs.Cases));
      continue;
    }
    Inputs.Cases = *Cases;
    Inputs.Arrays.push_back({P, std::move(*Values)});
  }
  if (Diags.errorCount() != Before)
    return std::nullopt;
  if (Inputs.Arrays.empty())
    return Inputs;
  for (const Port &P : Net.ports())
    if (P.Direction == PortDirection::Input &&
        std::ranges::none_of(Inputs.Arrays,
                             [&](const PortArray &A) { return A.P == &P; }))
      Diags
          .error(DiagId::MissingInput, {},
                 "input port '" + P.Name + "' of shape " + shapeText(P.Shape) +
                     " is given no values")
          .note("add " + std::string(Option) + "=" + P.Name + "=SPEC");
  if (Diags.errorCount() != Before)
    return std::nullopt;
  return Inputs;
}

bool nn2crn::setSample(Network &Net, const InputArrays &Inputs, size_t Case,
                       DiagnosticEngine &Diags) {
  if (Case >= Inputs.Cases) {
    Diags.error(DiagId::BadArgument, {},
                "there is no case " + std::to_string(Case) +
                    "; cases run from 0 to " +
                    std::to_string(Inputs.Cases - 1));
    return false;
  }
  std::vector<double> Amounts(Net.speciesRows());
  for (size_t I = 0; I < Inputs.Arrays.size(); ++I)
    if (!setPortAmounts(*Inputs.Arrays[I].P, Inputs.values(I, Case), Amounts,
                        Diags))
      return false;
  // The ports the arrays point at belong to the network; editing amounts
  // leaves them alone.
  Editor Edit(Net);
  for (const PortArray &A : Inputs.Arrays)
    for (const PortTerm &T : A.P->Terms)
      Edit.setInitial(T.Species, Number(Amounts[T.Species.Value]));
  return true;
}
