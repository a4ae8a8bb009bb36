//===- FixedPoint.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/FixedPoint.h"
#include "nn2crn/Graph/Split.h"
#include "nn2crn/Lowering/FixedPoint.h"
#include "nn2crn/Lowering/NcRelu.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

static std::string twoDigits(double V) {
  char Text[32];
  snprintf(Text, sizeof Text, "%.2g", V);
  return Text;
}

namespace {
class Preparation {
public:
  Preparation(const Graph &G, const WeightOptions &Options, const InputBox &Box,
              DiagnosticEngine &Diags)
      : G(G), Options(Options), Box(Box), Diags(Diags) {}
  std::optional<FixedPointModel> run(bool Split);

private:
  void roundSharp();
  double gain() const;
  bool report();

  const Graph &G;
  const WeightOptions &Options;
  const InputBox &Box;
  DiagnosticEngine &Diags;
  FixedPointModel M;
  /// Of G, where there are samples.
  std::optional<Winners> Keep;
  /// Of the inputs of Rest: their ranges, and how far they are off.
  InputBox RestBox;
  std::vector<double> RestErrors;
};
} // namespace

/// How much an error of the inputs of Rest can grow in it.
double Preparation::gain() const {
  // Not the errors of activations, which are the same in both.
  auto Bound = [&](double Each) {
    Graph Tried = M.Rest;
    return smoothenWithError(Tried, DefaultSmoothError, RestBox,
                             std::vector(RestBox.size(), Each))
        .Bound;
  };
  double Each = *Options.Budget / 64;
  return (Bound(Each) - Bound(0)) / Each;
}

void Preparation::roundSharp() {
  unsigned Most = Options.Bits.value_or(Options.Budget || Keep
                                            ? WeightOptions::MostBits
                                            : WeightOptions::DefaultBits);
  // Fixed points hardly move anything: they are compared at the end.
  auto KeepsWinners = [&](const Graph &Tried) {
    return Keep->kept(join(Tried, M.Rest));
  };
  if (Keep)
    M.Weights = quantizeWhile(*M.Sharp, KeepsWinners, Most, Box);
  else if (Options.Budget)
    M.Weights =
        quantizeWithin(*M.Sharp, *Options.Budget / 2 / gain(), Most, Box);
  else
    M.Weights = quantize(*M.Sharp, Most, Box);
  RestErrors.assign(RestBox.size(), M.Weights.Bound);
}

/// False after reporting that it cannot be.
bool Preparation::report() {
  const Smoothing &S = M.Activations;
  if (S.Refused) {
    const Node &N = M.Rest.node(*S.Refused);
    Diags
        .error(DiagId::ApproximatedActivations, G.locate(N.Source),
               "no fixed point was found that is near enough to " +
                   std::string(N.Kind == NodeKind::Relu ? "Relu"
                                                        : N.Function.name()) +
                   " for inputs in their ranges")
        .note("give a narrower --input-range, or a larger --error-budget");
    return false;
  }
  DiagLocation Where;
  Where.File = G.File;
  std::string What = "activations are fixed points of up to " +
                     std::to_string(S.Units) + " units, within " +
                     twoDigits(S.Error) + " each; ";
  bool Lost = M.Weights.Samples && M.Weights.Samples->Lost != 0;
  What +=
      !M.Sharp || M.Weights.Exact
          ? "weights are not rounded; "
          : "weights before the last ReLU are rounded to " +
                std::to_string(M.Weights.Bits) + " bits" +
                (Keep && !Lost ? ", the fewest that keep the winners of "
                                 "all " +
                                     std::to_string(M.Weights.Samples->Cases) +
                                     " samples; "
                               : "; ");
  What += "readings move by at most " + twoDigits(S.Bound) +
          (S.Declared ? " for inputs in their ranges"
                      : " for inputs from -1 to 1, as no range is declared") +
          ", by " + twoDigits(S.Measured) + " on random ones";
  if (Keep)
    What += ", by " + twoDigits(M.Weights.Samples->Error) + " on the samples";
  bool Missed = Options.Budget && !(S.Bound <= *Options.Budget);
  if (!Missed && !Lost) {
    Diags.remark(DiagId::ApproximatedActivations, Where, What);
    return true;
  }
  if (Missed)
    What += ", more than the budget of " + twoDigits(*Options.Budget);
  else
    What += "; " + lostSamples(*M.Weights.Samples);
  const char *Advice =
      Missed ? "give a larger --error-budget, or a narrower --input-range"
             : "leave out samples that the model does not decide clearly";
  if (M.Sharp && Options.Bits) {
    Diags.warning(DiagId::ApproximatedActivations, Where, What)
        .note("give more --weight-bits")
        .note(Advice);
    return true;
  }
  Diags.error(DiagId::ApproximatedActivations, Where, What).note(Advice);
  return false;
}

std::optional<FixedPointModel> Preparation::run(bool Split) {
  if (!readWinners(G, Options, Diags, Keep))
    return std::nullopt;
  std::optional<SplitGraph> Parts;
  if (Split)
    Parts = splitSharp(G);
  RestBox = Box;
  if (Parts) {
    InputBox All = outputBox(Parts->Sharp, Box);
    RestBox.assign(All.end() -
                       static_cast<ptrdiff_t>(Parts->Rest.inputs().size()),
                   All.end());
    M.Sharp = std::move(Parts->Sharp);
    M.Rest = std::move(Parts->Rest);
    roundSharp();
  } else {
    M.Rest = G;
  }
  M.Activations =
      Options.Budget
          ? smoothenWithin(M.Rest, *Options.Budget, RestBox, RestErrors)
          : smoothenWithError(M.Rest, DefaultSmoothError, RestBox, RestErrors);
  M.Activations.Declared = declaresAll(G, Box);
  if (M.Sharp && !M.Activations.Refused)
    M.Activations.Measured = measuredError(G, join(*M.Sharp, M.Rest), Box);
  if (Keep && !M.Activations.Refused)
    M.Weights.Samples =
        Keep->compare(M.Sharp ? join(*M.Sharp, M.Rest) : M.Rest);
  if (!report())
    return std::nullopt;
  return std::move(M);
}

std::optional<FixedPointModel>
nn2crn::prepareFixedPoint(const Graph &G, bool Split,
                          const WeightOptions &Weights, const InputBox &Box,
                          DiagnosticEngine &Diags) {
  return Preparation(G, Weights, Box, Diags).run(Split);
}

std::optional<Network> nn2crn::lowerModel(const FixedPointModel &M,
                                          DiagnosticEngine &Diags) {
  if (!M.Sharp)
    return lowerFixedPoint(M.Rest, Diags);
  auto Below = lowerNcRelu(*M.Sharp, Diags);
  if (!Below)
    return std::nullopt;
  return lowerFixedPoint(M.Rest, std::move(*Below), Diags);
}
