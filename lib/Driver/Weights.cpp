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

#include <algorithm>
#include <cmath>

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

bool nn2crn::readWinners(const Graph &Model, const WeightOptions &Options,
                         DiagnosticEngine &Diags, std::optional<Winners> &Out) {
  if (Options.Calibrate.empty())
    return true;
  if (Options.Budget) {
    Diags
        .error(DiagId::BadArgument, {},
               "an error budget and samples to calibrate with both choose how "
               "far weights are rounded")
        .note("a budget is proven for all inputs, samples are measured: give "
              "one of them");
    return false;
  }
  // As for ranges.
  Network Ports;
  Editor Edit(Ports);
  for (const GraphPort &In : Model.inputs()) {
    Port P;
    P.Name = In.Name;
    P.Shape = In.Shape;
    for (uint32_t I = 0; I < Model.value(In.Value).Elements; ++I)
      P.addElement({});
    Edit.addPort(std::move(P));
  }
  auto Read = readInputs(Ports, Options.Calibrate, Diags, "--calibrate");
  if (!Read)
    return false;
  Samples S;
  S.Cases = Read->Cases;
  for (const Port &P : Ports.ports()) {
    PortArray &A = *std::ranges::find(Read->Arrays, &P, &PortArray::P);
    auto Bad = std::ranges::find_if_not(
        A.Values.Data, [](double V) { return std::isfinite(V); });
    if (Bad != A.Values.Data.end()) {
      auto At = static_cast<size_t>(Bad - A.Values.Data.begin());
      Diags.error(DiagId::BadPortValue, {},
                  "sample " + std::to_string(At / P.elementCount()) +
                      " for port '" + P.Name +
                      "' has a value that is not finite");
      return false;
    }
    S.Inputs.push_back(std::move(A.Values.Data));
  }
  Out.emplace(Model, std::move(S));
  return true;
}

std::string nn2crn::lostSamples(const SampleReport &Samples) {
  return (Samples.Lost == 1 ? "the winner" : "the winners") +
         std::string(" of ") + std::to_string(Samples.Lost) + " of " +
         std::to_string(Samples.Cases) +
         (Samples.Lost == 1 ? " samples changes, that of sample "
                            : " samples change, the first that of sample ") +
         std::to_string(Samples.FirstLost);
}

std::optional<Quantization>
nn2crn::roundModel(Graph &G, const WeightOptions &Options, const InputBox &Box,
                   DiagnosticEngine &Diags, const Linearization &Before,
                   std::optional<Winners> Keep) {
  unsigned Most = Options.Bits.value_or(Options.Budget || Keep
                                            ? WeightOptions::MostBits
                                            : WeightOptions::DefaultBits);
  // What activations alone have lost, no weights bring back.
  SampleReport Alone;
  if (Keep)
    Alone = Keep->compare(G);
  Quantization Q =
      Options.Budget ? quantizeWithin(G, *Options.Budget, Most, Box, Before)
      : Keep && Alone.Lost == 0
          ? quantizeWhile(
                G, [&](const Graph &Tried) { return Keep->kept(Tried); }, Most,
                Box, Before)
          : quantize(G, Most, Box, Before);
  if (Keep)
    Q.Samples = Keep->compare(G);
  bool Lost = Q.Samples && Q.Samples->Lost != 0;
  DiagLocation Where;
  Where.File = G.File;
  if (Q.Exact && !Lost) {
    if (Keep)
      Diags.remark(DiagId::RoundedWeights, Where,
                   "weights need no rounding; the winners of all " +
                       std::to_string(Q.Samples->Cases) + " samples stay");
    return Q;
  }
  std::string What =
      Q.Exact
          ? std::string("weights need no rounding")
          : "weights are rounded to " + std::to_string(Q.Bits) + " bits" +
                (Keep && !Lost
                     ? ", the fewest that keep the winners of all " +
                           std::to_string(Q.Samples->Cases) + " samples"
                     : "") +
                "; readings move by at most " + formatRounded(Q.Bound, 2) +
                (Q.Declared
                     ? " for inputs in their ranges"
                     : " for inputs from -1 to 1, as no range is declared") +
                ", by " + formatRounded(Q.Measured, 2) + " on random ones";
  if (Keep)
    What += ", by " + formatRounded(Q.Samples->Error, 2) + " on the samples";
  // Not "greater", so that a bound that is no number counts as missed.
  bool Missed = Options.Budget && !(Q.Bound <= *Options.Budget);
  if (!Missed && !Lost) {
    Diags.remark(DiagId::RoundedWeights, Where, What);
    return Q;
  }
  if (Missed)
    What += ", more than the budget of " + formatRounded(*Options.Budget, 2);
  else
    What += "; " + lostSamples(*Q.Samples);
  const char *Advice =
      Missed ? "give a larger --error-budget, or a narrower --input-range"
      : Alone.Lost != 0
          ? "approximated activations alone change winners: give more "
            "--segments, or samples that the model decides more clearly"
          : "leave out samples that the model does not decide clearly";
  if (Options.Bits) {
    Diags.warning(DiagId::RoundedWeights, Where, What)
        .note("give more --weight-bits")
        .note(Advice);
    return Q;
  }
  auto D = Diags.error(DiagId::RoundedWeights, Where, What);
  D.note(Advice);
  if (Lost)
    D.note("with --weight-bits samples may lose their winners");
  return std::nullopt;
}
