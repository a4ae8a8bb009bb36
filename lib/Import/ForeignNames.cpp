//===- ForeignNames.cpp ---------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ForeignNames.h"

#include "nn2crn/IR/Mangle.h"

#include <algorithm>

using namespace nn2crn;

SpeciesName nn2crn::speciesNameFor(Editor &Edit, std::string_view Id,
                                   bool Ours) {
  auto Name = Ours ? demangle(Id) : std::nullopt;
  if (!Name)
    return SpeciesName(Edit.signal(Id));
  SignalId Signal = Edit.signal(Name->Signal);
  return Name->Index ? SpeciesName(Signal, *Name->Index, Name->On)
                     : SpeciesName(Signal, Name->On);
}

std::string nn2crn::parameterNameFor(std::string_view Id, bool Ours) {
  if (!Ours || !Id.starts_with(RatePrefix))
    return std::string(Id);
  std::string_view Rest = Id.substr(RatePrefix.size());
  std::string_view Base = Rest.substr(0, Rest.find('_'));
  if (!Base.empty() && std::all_of(Base.begin(), Base.end(),
                                   [](char C) { return C >= '0' && C <= '9'; }))
    return {};
  auto Name = demangleBytes(Base);
  return Name && isIdentifier(*Name) ? *Name : std::string(Id);
}

Number nn2crn::keepSmall(const Number &N) {
  constexpr size_t Longest = 400;
  return N.kind() == Number::Kind::Rational && N.str().size() > Longest
             ? Number::approximate(N.value())
             : N;
}
