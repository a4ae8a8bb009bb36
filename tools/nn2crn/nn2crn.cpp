//===- nn2crn.cpp - From a trained network to reactions -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/Certify.h"
#include "nn2crn/Driver/CheckFlags.h"
#include "nn2crn/Driver/CommandLine.h"
#include "nn2crn/Driver/Compile.h"
#include "nn2crn/Driver/Files.h"
#include "nn2crn/Driver/OutputOptions.h"
#include "nn2crn/Driver/PassListing.h"
#include "nn2crn/Driver/WeightFlags.h"
#include "nn2crn/Lowering/Lowering.h"
#include "nn2crn/Support/InputFile.h"
#include "nn2crn/Transforms/Pipeline.h"

#include "llvm/Support/raw_ostream.h"

using namespace nn2crn;
namespace cl = llvm::cl;

static constexpr char Overview[] =
    R"(compiles a trained neural network (ONNX) to a chemical reaction network

  nn2crn model.onnx -o net.xml
      writes SBML, to be opened in COPASI, RoadRunner or any other simulator
  nn2crn model.onnx -o net.xml --input=samples.npy --case=7 --map=net.json
      the same with sample 7 as initial amounts, and a list of which species
      stand for which element of which tensor
)";

int main(int Argc, char **Argv) {
  Tool T(Argc, Argv, Overview);
  cl::opt<std::string> Model(
      cl::Positional, cl::Required,
      cl::desc("<model.onnx, .onnxtext, or - for stdin>"));
  cl::opt<std::string> Level(
      "O", cl::Prefix, cl::value_desc("level"),
      cl::desc(
          "Optimisation: -O0 leaves the reactions as the lowering writes\n"
          "them, -O1 cleans up (default), -O2 takes the fewest reactions,\n"
          "-Odsd the fewest DNA strands; crn-opt --list-pipelines"));
  cl::opt<unsigned> MaxProducts(
      "max-products", cl::init(4), cl::value_desc("n"),
      cl::desc("Products of a reaction at most, for -Odsd (default 4)"));
  cl::opt<unsigned> MaxReactants(
      "max-reactants", cl::init(2), cl::value_desc("n"),
      cl::desc("Reactants of a reaction at most, for -Odsd (default 2)"));
  cl::opt<std::string> Passes(
      "passes", cl::value_desc("pipeline"),
      cl::desc("Passes to run after those of -O, which is -O0 when only this\n"
               "is given; crn-opt --list-passes shows them"));
  cl::opt<std::string> SchemeName(
      "scheme", cl::init("auto"), cl::value_desc("name"),
      cl::desc("How neurons become reactions: nc-relu (rate-independent),\n"
               "fixed-point (weights are rates), or auto (default): nc-relu,\n"
               "but fixed points for smooth activations and what follows"));
  cl::opt<std::string> Relu(
      "relu", cl::init("smoothed"), cl::value_desc("way"),
      cl::desc("ReLUs of --scheme=fixed-point: smoothed (default), or\n"
               "sequestration (settles sooner, with a fast reaction)"));
  cl::list<std::string> Set(
      "set", cl::value_desc("input=values"),
      cl::desc("Make an input of the model a constant: weights, shapes and\n"
               "axes that the model takes as inputs. May stand several times"));
  cl::list<std::string> InputRanges(
      "input-range", cl::value_desc("[port=]lo:hi"),
      cl::desc("The values that all elements of an input take, for passes\n"
               "that rely on a range"));
  WeightFlags Weights;
  cl::opt<std::string> Certify(
      "certify", cl::ValueOptional, cl::value_desc("file"),
      cl::desc("Prove that the reactions compute the model, and print the\n"
               "certificate, or also write it (JSON); without a proof the\n"
               "network is not written and the exit code is 3"));
  cl::opt<bool> Verbose(
      "verbose", cl::desc("Print what the network costs before the passes and\n"
                          "after each"));
  cl::alias Short("v", cl::aliasopt(Verbose), cl::desc("Same as --verbose"));
  CheckFlags Check;
  OutputOptions Output;
  if (!T.parse() || !Weights.check(T) || !Check.check(T))
    return ExitUsage;
  std::string Named = "O" + (Level.getNumOccurrences()    ? std::string(Level)
                             : Passes.getNumOccurrences() ? "0"
                                                          : "1");
  if (std::ranges::none_of(namedPipelines(), [&](const NamedPipeline &P) {
        return P.Name == Named;
      }))
    return T.usage("there is no level -" + Named +
                   " in this version; there are -O0, -O1, -O2 and -Odsd");
  bool Limited =
      MaxProducts.getNumOccurrences() || MaxReactants.getNumOccurrences();
  if (Limited && Named != "Odsd")
    return T.usage("--max-products and --max-reactants go with -Odsd");
  if (MaxProducts < 2 || MaxReactants < 2)
    return T.usage("--max-products and --max-reactants expect at least 2");
  if (!findScheme(SchemeName))
    return T.usage("there is no scheme '" + SchemeName +
                   "' in this version; there are auto, nc-relu and "
                   "fixed-point");

  if (Relu != "smoothed" && Relu != "sequestration")
    return T.usage("--relu expects smoothed or sequestration");
  if (Relu.getNumOccurrences() && SchemeName != "fixed-point")
    return T.usage("--relu goes with --scheme=fixed-point");

  auto Out = Output.get(T);
  DiagnosticEngine &Diags = T.diagnostics();
  if (!Out || !Pipeline::parse(Passes, Diags))
    return ExitUsage;
  if (!Out->checkFormat(Diags))
    return T.exitCode();

  CompileOptions Options;
  Options.Scheme = SchemeName;
  Options.SequesterRelus = Relu == "sequestration";
  Options.InputRanges.assign(InputRanges.begin(), InputRanges.end());
  Options.Set.assign(Set.begin(), Set.end());
  Options.Print = [](std::string_view Text) { llvm::errs() << Text; };
  auto Pipe = Pipeline::parse(Named, Diags);
  if (Limited) {
    for (const char *Fanout : {"factor-fanout", "split-fanout"})
      Pipe->setOption(Fanout, "max-products", std::to_string(MaxProducts));
    Pipe->setOption("bimolecularize", "max-reactants",
                    std::to_string(MaxReactants));
  }
  Options.Passes = Pipe->str();
  Options.Run.CollectCosts = Verbose;
  Options.Run.Observers.push_back(&T.reproducer());
  Check.addTo(Options.Run, Verbose);
  Options.Weights = Weights.get();
  Options.Activations = Weights.activations();
  Options.Reading.Head = Weights.head();
  Options.Certify = Certify.getNumOccurrences() != 0;
  if (!Passes.empty())
    Options.Passes += (Options.Passes.empty() ? "" : ",") + Passes;

  CompileReport Report;
  auto Bytes = readFile(Model, Diags);
  if (!Bytes)
    return T.exitCode();
  auto Net = compileModel(*Bytes, inputName(Model), Options, Diags, &Report);
  if (Verbose && Report.Rails)
    llvm::errs() << railTable(*Report.Rails);
  if (Verbose && Report.Passes.Before)
    llvm::errs() << costTable(Report.Passes);
  if (!Net)
    return T.exitCode();
  if (Report.Proof) {
    llvm::errs() << certificateSummary(*Report.Proof);
    reportCertificate(*Report.Proof, Diags);
    if (!Certify.empty() &&
        !writeCertificateFile(*Report.Proof, Certify, Diags))
      return T.exitCode();
    if (!Report.Proof->isEqual())
      return T.exitCode();
  }
  Out->write(*Net, Diags);
  return T.exitCode();
}
