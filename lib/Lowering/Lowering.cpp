//===- Lowering.cpp - The table of schemes --------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Lowering/Lowering.h"

using namespace nn2crn;

static constexpr SchemeInfo Table[] = {
    {Scheme::Auto, "auto", "the scheme that fits the model best"},
    {Scheme::NcRelu, "nc-relu",
     "noncompetitive dual rail: exact under every rate law; smooth activations "
     "become piecewise linear, real weights are rounded"},
    {Scheme::FixedPoint, "fixed-point",
     "every neuron is a stable fixed point: weights are rate constants, ReLUs "
     "are smoothed, inputs are not used up"},
};

std::span<const SchemeInfo> nn2crn::schemes() { return Table; }

std::optional<Scheme> nn2crn::findScheme(std::string_view Name) {
  for (const SchemeInfo &S : Table)
    if (S.Name == Name)
      return S.Id;
  return std::nullopt;
}
