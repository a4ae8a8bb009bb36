//===- FixedPoint.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/FixedPoint.h"
#include "nn2crn/Driver/Activations.h"
#include "nn2crn/Graph/Split.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/Lowering/NcRelu.h"

#include <algorithm>
#include <cassert>
#include <cmath>

using namespace nn2crn;

namespace {
class Preparation {
public:
  Preparation(const Graph &G, const WeightOptions &Options, const InputBox &Box,
              DiagnosticEngine &Diags)
      : G(G), Options(Options), Box(Box), Diags(Diags) {}
  std::optional<FixedPointModel> run(const FixedPointOptions &How);

private:
  void roundSharp();
  /// Outputs of the model that no smooth activation comes before.
  bool hasSharpOutputs() const {
    return M.Sharp->outputs().size() > M.Rest.inputs().size();
  }
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
    std::vector<double> Errors(RestBox.size(), Each);
    return smoothenWithError(Tried, DefaultSmoothError, RestBox, {Errors})
        .Bound;
  };
  double Each = *Options.Budget / 64;
  return (Bound(Each) - Bound(0)) / Each;
}

static bool hasExactWeights(Graph G, const InputBox &Box) {
  return quantize(G, WeightOptions::DefaultBits, Box).Exact;
}

void Preparation::roundSharp() {
  unsigned Most = Options.Bits.value_or(Options.Budget || Keep
                                            ? WeightOptions::MostBits
                                            : WeightOptions::DefaultBits);
  if (Keep) {
    // Fixed points hardly move anything: they are compared at the end.
    auto KeepsWinners = [&](const Graph &Tried) {
      return Keep->kept(join(Tried, M.Rest));
    };
    M.Weights = quantizeWhile(*M.Sharp, KeepsWinners, Most, Box);
  } else if (Options.Budget) {
    // Half of it for the inputs of Rest; all of it for outputs that are sharp.
    double Share = *Options.Budget / 2 / gain();
    if (hasSharpOutputs())
      Share = std::min(Share, *Options.Budget);
    M.Weights = quantizeWithin(*M.Sharp, Share, Most, Box);
  } else {
    M.Weights = quantize(*M.Sharp, Most, Box);
  }
  RestErrors.assign(RestBox.size(), M.Weights.Bound);
}

/// False after reporting that it cannot be.
bool Preparation::report() {
  const Smoothing &S = M.Activations;
  if (S.Chained) {
    const Node &N = M.Rest.node(*S.Refused);
    Diags
        .error(DiagId::ApproximatedActivations, G.locate(N.Source),
               std::string(N.Function.name()) +
                   " comes after another timed activation, and would have to "
                   "wait for it")
        .note("only one layer of a model can be timed; use "
              "--activation=fixed-point");
    return false;
  }
  if (S.Refused) {
    const Node &N = M.Rest.node(*S.Refused);
    if (S.Undefined) {
      reportUndefined(G, N, *S.Undefined, S.Declared, Diags);
      return false;
    }
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
  std::string What;
  if (M.Timer)
    What = std::to_string(S.Timed) + " of " + std::to_string(S.Activations) +
           " activations are timed";
  else
    What = "activations are fixed points of up to " + std::to_string(S.Units) +
           " units";
  What += ", within " + formatRounded(S.Error, 2) + " each; ";
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
  What += "readings move by at most " + formatRounded(S.Bound, 2) +
          (S.Declared ? " for inputs in their ranges"
                      : " for inputs from -1 to 1, as no range is declared") +
          ", by " + formatRounded(S.Measured, 2) + " on random ones" +
          (M.Timer ? ", timers aside" : "");
  if (Keep)
    What += ", by " + formatRounded(M.Weights.Samples->Error, 2) +
            " on the samples";
  bool Missed = Options.Budget && !(S.Bound <= *Options.Budget);
  if (!Missed && !Lost) {
    Diags.remark(DiagId::ApproximatedActivations, Where, What);
    return true;
  }
  if (Missed)
    What += ", more than the budget of " + formatRounded(*Options.Budget, 2);
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

std::optional<FixedPointModel> Preparation::run(const FixedPointOptions &How) {
  assert(!(How.Split && How.Sequester) &&
         "amounts of the sharp part are not bounded");
  if (!readWinners(G, Options, Diags, Keep))
    return std::nullopt;
  bool Timed = How.Timed && hasTimed(G);
  std::optional<SplitGraph> Parts;
  if (How.Split && !Timed)
    Parts = splitSharp(G);
  // Weights that would have to be rounded are better off as rates, unless
  // rounding is asked for.
  if (Parts && !Options.Bits && !Keep && !hasExactWeights(Parts->Sharp, Box))
    Parts.reset();
  RestBox = Box;
  for (const GraphPort &P : G.outputs())
    M.Outputs.push_back(P.Name);
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
  SmoothenOptions Smoothen{RestErrors, How.Sequester, Timed};
  M.Activations =
      Options.Budget
          ? smoothenWithin(M.Rest, *Options.Budget, RestBox, Smoothen)
          : smoothenWithError(M.Rest, DefaultSmoothError, RestBox, Smoothen);
  if (How.Sequester)
    M.Relus = Sequestration{M.Activations.ReluError, Box};
  if (Timed)
    M.Timer = Timing{M.Activations.ExponentError, Box};
  M.Activations.Declared = declaresAll(G, Box);
  if (M.Sharp && hasSharpOutputs())
    M.Activations.Bound = std::max(M.Activations.Bound, M.Weights.Bound);
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
nn2crn::prepareFixedPoint(const Graph &G, const FixedPointOptions &How,
                          const WeightOptions &Weights, const InputBox &Box,
                          DiagnosticEngine &Diags) {
  return Preparation(G, Weights, Box, Diags).run(How);
}

/// Puts the outputs of \p Net into the order of \p Names.
static void orderOutputs(Network &Net, std::span<const std::string> Names) {
  std::vector<Port> Outputs;
  for (const std::string &Name : Names)
    Outputs.push_back(*Net.findPort(Name, PortDirection::Output));
  Editor E(Net);
  size_t Next = 0;
  for (size_t I = 0; I < Net.ports().size(); ++I)
    if (Net.ports()[I].Direction == PortDirection::Output)
      E.setPort(I, std::move(Outputs[Next++]));
}

std::optional<Network> nn2crn::lowerModel(const FixedPointModel &M,
                                          DiagnosticEngine &Diags) {
  if (!M.Sharp)
    return lowerFixedPoint(M.Rest, Diags, M.Relus ? &*M.Relus : nullptr,
                           M.Timer ? &*M.Timer : nullptr);
  auto Below = lowerNcRelu(*M.Sharp, Diags);
  if (!Below)
    return std::nullopt;
  auto Net = lowerFixedPoint(M.Rest, std::move(*Below), Diags);
  if (Net)
    orderOutputs(*Net, M.Outputs);
  return Net;
}
