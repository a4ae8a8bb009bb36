//===- Weights.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/Weights.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/IR/PortValues.h"

using namespace nn2crn;

std::optional<InputBox> nn2crn::declaredBox(const Graph &G,
                                            std::span<const std::string> Specs,
                                            DiagnosticEngine &Diags) {
  // A network with nothing but the ports: the rules for specs are theirs.
  Network Ports;
  Editor Edit(Ports);
  for (const GraphPort &In : G.inputs()) {
    Port P;
    P.Name = In.Name;
    Edit.addPort(std::move(P));
  }
  if (!declareInputRanges(Ports, Specs, Diags))
    return std::nullopt;
  InputBox Box;
  for (const Port &P : Ports.ports()) {
    Box.emplace_back();
    if (!P.Range.empty())
      Box.back() = ValueRange{P.Range[0].Low, P.Range[0].High};
  }
  return Box;
}

static std::string twoDigits(double V) {
  char Text[32];
  snprintf(Text, sizeof Text, "%.2g", V);
  return Text;
}

std::optional<Quantization>
nn2crn::roundModel(Graph &G, const WeightOptions &Options, const InputBox &Box,
                   DiagnosticEngine &Diags, const Linearization &Before) {
  unsigned Most = Options.Bits.value_or(
      Options.Budget ? WeightOptions::MostBits : WeightOptions::DefaultBits);
  Quantization Q = Options.Budget
                       ? quantizeWithin(G, *Options.Budget, Most, Box, Before)
                       : quantize(G, Most, Box, Before);
  if (Q.Exact)
    return Q;
  DiagLocation Where;
  Where.File = G.File;
  std::string What =
      "weights are rounded to " + std::to_string(Q.Bits) +
      " bits; readings move by at most " + twoDigits(Q.Bound) +
      (Q.Declared ? " for inputs in their ranges"
                  : " for inputs from -1 to 1, as no range is declared") +
      ", by " + twoDigits(Q.Measured) + " on random ones";
  // Not "greater", so that a bound that is no number counts as missed.
  bool Missed = Options.Budget && !(Q.Bound <= *Options.Budget);
  if (!Missed) {
    Diags.remark(DiagId::RoundedWeights, Where, What);
    return Q;
  }
  What += ", more than the budget of " + twoDigits(*Options.Budget);
  const char *Advice = "give a larger --error-budget, or a narrower "
                       "--input-range";
  if (Options.Bits) {
    Diags.warning(DiagId::RoundedWeights, Where, What)
        .note("give more --weight-bits")
        .note(Advice);
    return Q;
  }
  Diags.error(DiagId::RoundedWeights, Where, What).note(Advice);
  return std::nullopt;
}
