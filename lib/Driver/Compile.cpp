//===- Compile.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/Compile.h"
#include "nn2crn/Driver/Certify.h"
#include "nn2crn/IR/PortValues.h"
#include "nn2crn/Lowering/Lowering.h"
#include "nn2crn/Transforms/Pipeline.h"

#include "nn2crn/Lowering/NcRelu.h"

#include <algorithm>
#include <cstdio>

using namespace nn2crn;

/// False after reporting options that are wrong or contradict each other.
static bool checkWays(const CompileOptions &Options, DiagnosticEngine &Diags) {
  auto Reject = [&](const std::string &What, const std::string &Remedy) {
    Diags.error(DiagId::BadArgument, {}, What).note(Remedy);
    return false;
  };
  const std::string &Way = Options.Activations.Way;
  if (!findScheme(Options.Scheme)) {
    std::string Known;
    for (const SchemeInfo &Info : schemes())
      Known += (Known.empty() ? "" : ", ") + std::string(Info.Name);
    return Reject("no scheme is named '" + Options.Scheme + "'",
                  "known schemes: " + Known);
  }
  if (!isKnownActivationWay(Way))
    return Reject("no way to treat activations is named '" + Way + "'",
                  "known ways: " + std::string(activationWays()));
  bool FixedPoint =
      Options.Scheme == "fixed-point" || Way == "fixed-point" || Way == "timed";
  if ((Options.Scheme == "nc-relu" &&
       (Way == "fixed-point" || Way == "timed")) ||
      (Options.Scheme == "fixed-point" && Way == "piecewise"))
    return Reject("the scheme " + Options.Scheme + " has no " + Way +
                      " activations",
                  "leave out one of the two");
  if (FixedPoint && Options.Activations.Segments)
    return Reject("fixed points have no segments",
                  "say how exact activations are by the error budget");
  if (Options.SequesterRelus && Options.Scheme != "fixed-point")
    return Reject("only the scheme fixed-point has sequestrations",
                  "ask for that scheme, or leave ReLUs as they are");
  if (FixedPoint && Options.Certify)
    return Reject("only rate-independent networks have certificates",
                  "use the scheme nc-relu, which approximates activations by "
                  "segments");
  return true;
}

static bool usesFixedPoints(const CompileOptions &Options, const Graph &G) {
  if (Options.Scheme != "auto")
    return Options.Scheme == "fixed-point";
  if (Options.Activations.Way == "piecewise" || Options.Certify ||
      Options.Activations.Segments)
    return false;
  return std::ranges::any_of(
      G.nodes(), [](const Node &N) { return N.Kind == NodeKind::Smooth; });
}

/// Says how large rails get where they hold much more than their difference
/// (instruments that are right within 1 % then read nothing), and where rounded
/// weights are carried as large integers.
static void reportRails(const Graph &G, const RailGrowth &Rails, bool Rounded,
                        DiagnosticEngine &Diags) {
  constexpr double Many = 100;
  if (!Rounded && !(Rails.seen() > Many))
    return;
  char Text[256];
  snprintf(Text, sizeof Text,
           "the rails of an output together hold up to %.3g times the largest "
           "reading on random inputs%s, at most %.3g times; amounts reach "
           "%.3g at most",
           Rails.seen(), Rails.Declared ? "" : " from -1 to 1", Rails.bound(),
           Rails.LargestAmount);
  DiagLocation Where;
  Where.File = G.File;
  auto D = Diags.remark(DiagId::RailGrowth, Where, Text);
  if (Rails.seen() > Many)
    D.note("-v has each layer; the pass annihilate-rails keeps amounts small, "
           "which then depend on rates while readings do not");
}

/// The network before the passes. Empty after a report.
static std::optional<Network> lowered(Graph &G, const CompileOptions &Options,
                                      const InputBox &Box,
                                      CompileReport &Report,
                                      DiagnosticEngine &Diags) {
  if (usesFixedPoints(Options, G)) {
    FixedPointOptions How{Options.Scheme == "auto", Options.SequesterRelus,
                          Options.Activations.Way == "timed"};
    Report.FixedPoint = prepareFixedPoint(G, How, Options.Weights, Box, Diags);
    if (!Report.FixedPoint)
      return std::nullopt;
    if (const auto &Sharp = Report.FixedPoint->Sharp)
      Report.Rails = railGrowth(*Sharp, Box);
    return lowerModel(*Report.FixedPoint, Diags);
  }
  auto Prepared =
      prepareModel(G, Options.Weights, Options.Activations, Box, Diags);
  if (!Prepared)
    return std::nullopt;
  Report.Model = std::move(*Prepared);
  auto Net = lowerNcRelu(G, Diags);
  if (Net) {
    Report.Rails = railGrowth(G, Box);
    reportRails(G, *Report.Rails, !Report.Model.Weights.Exact, Diags);
  }
  return Net;
}

std::optional<Network> nn2crn::compileModel(std::string_view Bytes,
                                            std::string_view FileName,
                                            const CompileOptions &Options,
                                            DiagnosticEngine &Diags,
                                            CompileReport *Report) {
  registerDriverPasses();
  if (!checkWays(Options, Diags))
    return std::nullopt;
  auto Passes = Pipeline::parse(Options.Passes, Diags);
  if (!Passes)
    return std::nullopt;
  ONNXOptions Reading = Options.Reading;
  if (!readFixedInputs(Options.Set, Bytes, FileName, Reading, Diags))
    return std::nullopt;
  auto G = importONNX(Bytes, FileName, Diags, Reading);
  if (!G)
    return std::nullopt;
  CompileReport Unread;
  CompileReport &Out = Report ? *Report : Unread;
  auto Box = declaredBox(*G, Options.InputRanges, Diags);
  auto Net = Box ? lowered(*G, Options, *Box, Out, Diags) : std::nullopt;
  if (!Net || !declareInputRanges(*Net, Options.InputRanges, Diags))
    return std::nullopt;
  PassContext Context(Diags, Options.Print);
  if (!runPipeline(*Passes, *Net, Context, Options.Run, Out.Passes))
    return std::nullopt;
  if (Options.Certify)
    if (Out.Proof = certifyPrepared(*Net, *G, Out.Model, Diags); !Out.Proof)
      return std::nullopt;
  return Net;
}
