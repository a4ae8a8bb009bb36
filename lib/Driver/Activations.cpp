//===- Activations.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/Activations.h"

#include <algorithm>

using namespace nn2crn;

bool nn2crn::isKnownActivationWay(std::string_view Way) {
  return Way == "auto" || Way == "piecewise" || Way == "fixed-point" ||
         Way == "timed";
}

std::string_view nn2crn::activationWays() {
  return "auto, piecewise, fixed-point or timed";
}

static Linearization approximated(Graph &G, const WeightOptions &Weights,
                                  const ActivationOptions &Options,
                                  const InputBox &Box, double &Share) {
  unsigned Most = Options.Segments.value_or(MostSegments);
  if (Weights.Budget) {
    Share = *Weights.Budget / 2;
    Graph Tried = G;
    Linearization L = linearizeWithin(Tried, Share, Most, Box);
    // One bit is the sign.
    unsigned Bits = Weights.Bits.value_or(WeightOptions::MostBits) - 1;
    if (!L.Unbounded && integerScales(Tried, Bits)) {
      // Nothing is left for weights to need.
      Share = *Weights.Budget;
      return linearizeWithin(G, Share, Most, Box);
    }
    G = std::move(Tried);
    return L;
  }
  if (Options.Segments)
    return linearizeWithSegments(G, *Options.Segments, Box);
  return linearizeWithError(G, DefaultActivationError, MostSegments, Box);
}

void nn2crn::reportUndefined(const Graph &G, const Node &N, Interval Seen,
                             bool Declared, DiagnosticEngine &Diags) {
  Diags
      .error(DiagId::UndefinedFunction, G.locate(N.Source),
             std::string(N.Function.name()) +
                 " is not defined at all values that it may see, from " +
                 formatRounded(Seen.Low, 2) + " to " +
                 formatRounded(Seen.High, 2) +
                 (Declared ? " for inputs in their ranges"
                           : " for inputs from -1 to 1, as no range is "
                             "declared"))
      .note("give an --input-range that keeps it where it is defined");
}

/// False after reporting that it cannot be.
static bool replaceActivations(Graph &G, const WeightOptions &Weights,
                               const ActivationOptions &Options,
                               const InputBox &Box, Linearization &L,
                               DiagnosticEngine &Diags) {
  // Each element becomes as many ReLUs as its function has knots, and they are
  // counted in 32 bits.
  for (const Node &N : G.nodes())
    if (uint64_t Elements = G.value(N.Result).Elements;
        N.Kind == NodeKind::Smooth && Elements * MostSegments > UINT32_MAX) {
      Diags
          .error(DiagId::NetworkTooLarge, G.locate(N.Source),
                 "an activation of " + std::to_string(Elements) +
                     " elements would become more than 2^32 ReLUs")
          .note("compile a smaller model");
      return false;
    }
  double Share = 0;
  L = approximated(G, Weights, Options, Box, Share);
  const char *Narrower = "give a narrower --input-range";
  if (L.Unbounded) {
    const Node &N = G.node(*L.Unbounded);
    if (L.Undefined) {
      reportUndefined(G, N, *L.Undefined, L.Declared, Diags);
      return false;
    }
    Diags
        .error(DiagId::ApproximatedActivations, G.locate(N.Source),
               std::string(N.Function.name()) +
                   " grows beyond all bounds for inputs in their ranges")
        .note(Narrower);
    return false;
  }
  DiagLocation Where;
  Where.File = G.File;
  std::string What =
      "activations are approximated by up to " + std::to_string(L.Segments) +
      " segments, within " + formatRounded(L.Error, 2) +
      " each; readings move by at most " + formatRounded(L.Bound, 2) +
      (L.Declared ? " for inputs in their ranges"
                  : " for inputs from -1 to 1, as no range is declared") +
      ", by " + formatRounded(L.Measured, 2) + " on random ones";
  if (!Weights.Budget || L.Bound <= Share) {
    Diags.remark(DiagId::ApproximatedActivations, Where, What);
    return true;
  }
  What += ", more than the budget of " + formatRounded(Share, 2) + " for them";
  const char *Larger = "give a larger --error-budget, or a narrower "
                       "--input-range";
  if (Options.Segments) {
    Diags.warning(DiagId::ApproximatedActivations, Where, What)
        .note("give more --segments")
        .note(Larger);
    return true;
  }
  Diags.error(DiagId::ApproximatedActivations, Where, What).note(Larger);
  return false;
}

std::optional<PreparedModel>
nn2crn::prepareModel(Graph &G, const WeightOptions &Weights,
                     const ActivationOptions &Activations, const InputBox &Box,
                     DiagnosticEngine &Diags) {
  PreparedModel P;
  WeightOptions Left = Weights;
  // Winners are those of the model as it is.
  std::optional<Winners> Keep;
  if (!readWinners(G, Weights, Diags, Keep))
    return std::nullopt;
  if (std::ranges::any_of(G.nodes(), [](const Node &N) {
        return N.Kind == NodeKind::Smooth;
      })) {
    if (!replaceActivations(G, Weights, Activations, Box, P.Activations, Diags))
      return std::nullopt;
    if (Left.Budget)
      Left.Budget =
          std::max(*Left.Budget - P.Activations.Bound, *Left.Budget / 2);
  }
  auto Rounded =
      roundModel(G, Left, Box, Diags, P.Activations, std::move(Keep));
  if (!Rounded)
    return std::nullopt;
  P.Weights = *Rounded;
  return P;
}
