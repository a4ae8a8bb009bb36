//===- crn-check.cpp - Does a network compute a model? -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/Certify.h"
#include "nn2crn/Driver/CommandLine.h"
#include "nn2crn/Driver/Files.h"
#include "nn2crn/Driver/WeightFlags.h"

#include "llvm/Support/raw_ostream.h"

using namespace nn2crn;
namespace cl = llvm::cl;

static constexpr char Overview[] =
    R"(proves that a reaction network computes a model, or shows that it does not

  crn-check iris.crn --against=iris.onnx
      the verdict, and on which inputs it holds; ends with 3 where the network
      does not compute the model, or where that could not be proven
  crn-check net.xml --against=model.onnx --json=certificate.json
      the same for a program to read
)";

int main(int Argc, char **Argv) {
  Tool T(Argc, Argv, Overview);
  cl::opt<std::string> Input(
      cl::Positional, cl::init("-"),
      cl::desc("<net.crn, .crnb, .xml, .net, or - for stdin>"));
  cl::opt<std::string> Against(
      "against", cl::Required, cl::value_desc("model.onnx"),
      cl::desc("The model that the network should compute"));
  cl::list<std::string> Set(
      "set", cl::value_desc("input=values"),
      cl::desc("Values of an input of the model that were given to nn2crn"));
  cl::opt<std::string> Json("json", cl::value_desc("file"),
                            cl::desc("Write the certificate (JSON); - is "
                                     "stdout, in place of the text"));
  WeightFlags Weights;
  if (!T.parse() || !Weights.check(T))
    return ExitUsage;
  if (Input == "-" && Against == "-")
    return T.usage("the network and the model cannot both come from stdin");
  if (Weights.activations().Way == "fixed-point")
    return T.usage("only rate-independent networks can be proven; expected "
                   "--activation=piecewise or none");

  DiagnosticEngine &Diags = T.diagnostics();
  auto Net = loadNetwork(Input, Diags);
  if (!Net)
    return T.exitCode();
  auto C = certifyAgainstModel(
      *Net, Against, Weights.get(), Weights.activations(), Diags,
      std::vector<std::string>(Set.begin(), Set.end()), Weights.head());
  if (!C)
    return T.exitCode();
  if (Json != "-")
    llvm::outs() << certificateSummary(*C);
  llvm::outs().flush(); // Before what is reported.
  if (Json.getNumOccurrences())
    writeCertificateFile(*C, Json, Diags);
  reportCertificate(*C, Diags);
  return T.exitCode();
}
