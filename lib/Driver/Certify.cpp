//===- Certify.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/Certify.h"
#include "nn2crn/Driver/Files.h"
#include "nn2crn/Import/ONNX.h"
#include "nn2crn/Support/InputFile.h"
#include "nn2crn/Support/OutputFile.h"
#include "nn2crn/Transforms/Pass.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

std::optional<Certificate> nn2crn::certifyPrepared(const Network &Net,
                                                   const Graph &Model,
                                                   const PreparedModel &How,
                                                   DiagnosticEngine &Diags) {
  auto C = certify(Net, &Model, Diags);
  if (!C)
    return C;
  if (const Linearization &L = How.Activations; !L.Units.empty())
    C->Approximated = {L.Units.size(), L.Segments, L.Bound, L.Declared};
  if (const Quantization &Q = How.Weights; !Q.Exact)
    C->Rounding = {Q.Bits, Q.Bound, Q.Declared};
  return C;
}

/// The ranges that \p Net declares for the inputs of \p G; one for all elements
/// of each, as that is what a model's weights are rounded for.
static InputBox networkBox(const Network &Net, const Graph &G) {
  InputBox Box(G.inputs().size());
  for (size_t I = 0; I < Box.size(); ++I) {
    const Port *P = Net.findPort(G.inputs()[I].Name, PortDirection::Input);
    if (!P || P->Range.empty())
      continue;
    ValueRange All{P->Range[0].Low, P->Range[0].High};
    for (const PortRange &R : P->Range)
      All = {std::min(All.Low, R.Low), std::max(All.High, R.High)};
    if (std::isfinite(All.Low) && std::isfinite(All.High))
      Box[I] = All;
  }
  return Box;
}

std::optional<Certificate> nn2crn::certifyAgainstModel(
    const Network &Net, std::string_view ModelPath,
    const WeightOptions &Weights, const ActivationOptions &Activations,
    DiagnosticEngine &Diags, std::span<const std::string> Set,
    const HeadOptions &Head) {
  auto Bytes = readFile(ModelPath, Diags);
  if (!Bytes)
    return std::nullopt;
  ONNXOptions Reading;
  Reading.Head = Head;
  if (!readFixedInputs(Set, *Bytes, inputName(ModelPath), Reading, Diags))
    return std::nullopt;
  auto G = importONNX(*Bytes, inputName(ModelPath), Diags, Reading);
  if (!G)
    return std::nullopt;
  auto How = prepareModel(*G, Weights, Activations, networkBox(Net, *G), Diags);
  if (!How)
    return std::nullopt;
  return certifyPrepared(Net, *G, *How, Diags);
}

bool nn2crn::writeCertificateFile(const Certificate &C, std::string_view Path,
                                  DiagnosticEngine &Diags) {
  OutputFile File{std::string(Path)};
  if (!File.open(Diags))
    return false;
  writeCertificate(C, File.stream());
  return File.commit(Diags);
}

namespace {
struct Certify : Pass {
  static constexpr PassInfo Info{
      "certify", "prove that the network still computes what it did",
      R"(
Recovers, in exact arithmetic, the piecewise-linear function of every output from
the reactions as they are at this point, and proves it equal to that of the
network as the pipeline found it, or of a model given with `against`. Prints the
certificate. Where it cannot be proven, or is wrong, the pipeline stops there
with an error, and with an input that shows it where there is one.
docs/reference/certificate.md says what the lines mean. Changes nothing.

    crn-opt net.crn --passes='eliminate-unimolecular,certify' -o small.crn
)"};

  Option<std::string> Against{this, "against", "",
                              "a model to compare with, instead of the "
                              "network that the pipeline began with"};

  PassInfo info() const override { return Info; }
  bool needsOriginal() const override { return std::string(Against).empty(); }

  PassResult run(Network &Net, PassContext &Context) override {
    auto C = needsOriginal() ? certify(Net, Context.Original, Context.Diags)
                             : certifyAgainstModel(Net, std::string(Against),
                                                   {}, {}, Context.Diags);
    if (!C)
      return PassResult::failed();
    Context.Print(certificateSummary(*C));
    reportCertificate(*C, Context.Diags);
    return C->isEqual() ? PassResult::unchanged() : PassResult::failed();
  }
};
} // namespace

void nn2crn::registerDriverPasses() {
  registerPass(
      []() -> std::unique_ptr<Pass> { return std::make_unique<Certify>(); });
}
