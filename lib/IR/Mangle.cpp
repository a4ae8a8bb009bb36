//===- Mangle.cpp ---------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/IR/Mangle.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"

#include <charconv>

using namespace nn2crn;

/// Words with a meaning, in lower case; one line a source.
static constexpr const char *ReservedWords =
    // ours
    "tube "
    // Antimony: statements and symbols
    "after at compartment const delete dna end event extent formula function "
    "gene has import in is maximize minimize model module operator priority "
    "reaction species substance substanceonly t0 persistent unit var volume "
    "area length analog "
    "time_unit constraint assertnever algebraic fromtrigger rxn uncertainty "
    // symbols and constants of infix mathematics
    "time avogadro pi exponentiale infinity inf nan notanumber true false t "
    // functions of infix mathematics
    "abs acos acosh acot acoth acsc acsch and arccos arccosh arccot arccoth "
    "arccsc arccsch arcsec arcsech arcsin arcsinh arctan arctanh asec asech "
    "asin asinh atan atanh atan2 ceil ceiling cos cosh cot coth csc csch delay "
    "divide eq exp factorial floor geq gt if implies leq ln log log10 lt max "
    "min minus mod neq not or piecewise plus pow power quotient rateof rem "
    "root sec sech sign sin sinh sqr sqrt tan tanh times xor uniform normal "
    "gamma beta poisson binomial bernoulli cauchy chisquare exponential "
    "laplace lognormal rayleigh multiply mratio sum avg geom hill lambda "
    // units
    "ampere avogadro becquerel candela celsius coulomb dimensionless farad "
    "gram gray henry hertz hour item joule katal kelvin kilogram liter litre "
    "lumen lux meter metre minute molar molarity mole newton ohm pascal radian "
    "second siemens sievert steradian tesla volt watt weber "
    // BioNetGen
    "actions begin compartments functions groups molecules null observables "
    "parameters population reactions rules seed trash types version "
    // COPASI and RoadRunner
    "default concentration particlenumber reference value metabolites "
    "conservationlaw "
    // Python and sympy, in which crnsimulator works
    "integer float symbol rational "
    "as assert async await break class continue def del elif else except "
    "finally for from global lambda none nonlocal numpy odeint pass p0 p t0 "
    "print raise return self sympy try while with yield "
    // DSD languages
    "bind condense domain dom fixed kinetic length macrostate open strand "
    "structure sup sequence state complex rule directive new def duplex "
    "toehold "
    // DOT
    "graph digraph subgraph node edge strict ";

bool nn2crn::isReservedWord(std::string_view Word) {
  static const llvm::StringSet<> Set = [] {
    llvm::StringSet<> Words;
    llvm::SmallVector<llvm::StringRef, 0> Split;
    llvm::StringRef(ReservedWords).split(Split, ' ', -1, /*KeepEmpty=*/false);
    for (llvm::StringRef W : Split)
      Words.insert(W);
    return Words;
  }();
  return Set.contains(llvm::StringRef(Word.data(), Word.size()).lower());
}

std::string nn2crn::mangleBytes(std::string_view Text) {
  std::string Out;
  for (unsigned char C : Text) {
    if (C == 'Z') {
      Out += "ZZ";
    } else if (llvm::isAlnum(static_cast<char>(C))) {
      Out += static_cast<char>(C);
    } else {
      Out += 'Z';
      Out += llvm::hexdigit(C >> 4, /*LowerCase=*/true);
      Out += llvm::hexdigit(C & 15, /*LowerCase=*/true);
    }
  }
  return Out;
}

std::string nn2crn::mangle(std::string_view Signal,
                           std::optional<uint32_t> Index, Rail On) {
  std::string Out = mangleBytes(Signal);
  bool Hidden = Out.empty() || llvm::isDigit(Out[0]) || Out[0] == 'f' ||
                Out[0] == 'i' || Out[0] == 'w';
  if (Index)
    Out += '_' + std::to_string(*Index);
  if (On != Rail::None)
    Out += On == Rail::Positive ? "_p" : "_n";
  if (Hidden || isReservedWord(Out))
    Out.insert(0, "ZS");
  return Out;
}

std::string nn2crn::mangle(const SignalTable &Signals, SpeciesName Name) {
  return mangle(Signals.text(Name.signal()),
                Name.hasIndex() ? std::optional(Name.index()) : std::nullopt,
                Name.rail());
}

std::optional<std::string> nn2crn::demangleBytes(std::string_view Text) {
  std::string Out;
  for (size_t I = 0; I < Text.size(); ++I) {
    if (!llvm::isAlnum(Text[I]))
      return std::nullopt;
    if (Text[I] != 'Z') {
      Out += Text[I];
    } else if (I + 1 < Text.size() && Text[I + 1] == 'Z') {
      Out += 'Z';
      ++I;
    } else if (I + 2 < Text.size() && llvm::isHexDigit(Text[I + 1]) &&
               llvm::isHexDigit(Text[I + 2])) {
      Out += static_cast<char>(llvm::hexFromNibbles(Text[I + 1], Text[I + 2]));
      I += 2;
    } else {
      return std::nullopt;
    }
  }
  // One spelling for each string: upper-case digits and escaped letters are
  // never written, so they are never read.
  if (mangleBytes(Out) != Text)
    return std::nullopt;
  return Out;
}

std::optional<PlainName> nn2crn::demangle(std::string_view Id) {
  PlainName Name;
  std::string_view Rest = Id;
  if (Rest.ends_with("_p") || Rest.ends_with("_n")) {
    Name.On = Rest.back() == 'p' ? Rail::Positive : Rail::Negative;
    Rest.remove_suffix(2);
  }
  if (size_t Bar = Rest.rfind('_'); Bar != Rest.npos) {
    const char *End = Rest.data() + Rest.size();
    uint32_t Index = 0;
    auto [Stop, Error] = std::from_chars(Rest.data() + Bar + 1, End, Index);
    if (Error != std::errc() || Stop != End || Index >= SpeciesName::IndexLimit)
      return std::nullopt;
    Name.Index = Index;
    Rest = Rest.substr(0, Bar);
  }
  if (Rest.starts_with("ZS"))
    Rest.remove_prefix(2);
  auto Signal = demangleBytes(Rest);
  if (!Signal)
    return std::nullopt;
  Name.Signal = std::move(*Signal);
  // Leading zeros and a ZS that is missing or not needed show here.
  if (mangle(Name.Signal, Name.Index, Name.On) != Id)
    return std::nullopt;
  return Name;
}
