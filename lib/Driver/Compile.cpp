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

using namespace nn2crn;

std::optional<Network> nn2crn::compileModel(std::string_view Bytes,
                                            std::string_view FileName,
                                            const CompileOptions &Options,
                                            DiagnosticEngine &Diags,
                                            CompileReport *Report) {
  registerDriverPasses();
  auto S = findScheme(Options.Scheme);
  if (!S) {
    std::string Known;
    for (const SchemeInfo &Info : schemes())
      Known += (Known.empty() ? "" : ", ") + std::string(Info.Name);
    Diags
        .error(DiagId::BadArgument, {},
               "no scheme is named '" + Options.Scheme + "'")
        .note("known schemes: " + Known);
    return std::nullopt;
  }
  if (!isKnownActivationWay(Options.Activations.Way)) {
    Diags
        .error(DiagId::BadArgument, {},
               "no way to treat activations is named '" +
                   Options.Activations.Way + "'")
        .note("known ways: auto, piecewise");
    return std::nullopt;
  }
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
  auto Prepared =
      Box ? prepareModel(*G, Options.Weights, Options.Activations, *Box, Diags)
          : std::nullopt;
  if (!Prepared)
    return std::nullopt;
  Out.Model = std::move(*Prepared);
  auto Net = lower(*G, *S, Diags);
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
