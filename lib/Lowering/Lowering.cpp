//===- Lowering.cpp - The table of schemes --------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Lowering/Lowering.h"

#include "nn2crn/Lowering/NcRelu.h"

using namespace nn2crn;

static constexpr SchemeInfo Table[] = {
    {Scheme::Auto, "auto", "the scheme that fits the model best"},
    {Scheme::NcRelu, "nc-relu",
     "noncompetitive dual rail: exact under every rate law; ReLU nets with "
     "weights -1, 0 and 1"},
};

std::span<const SchemeInfo> nn2crn::schemes() { return Table; }

std::optional<Scheme> nn2crn::findScheme(std::string_view Name) {
  for (const SchemeInfo &S : Table)
    if (S.Name == Name)
      return S.Id;
  return std::nullopt;
}

std::optional<Network> nn2crn::lower(const Graph &G, Scheme S,
                                     DiagnosticEngine &Diags) {
  switch (S) {
  case Scheme::Auto: // There is one so far.
  case Scheme::NcRelu:
    return lowerNcRelu(G, Diags);
  }
  return std::nullopt;
}
