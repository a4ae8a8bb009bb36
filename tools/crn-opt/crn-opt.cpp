//===- crn-opt.cpp - Passes on networks, and conversion between formats -*- C++
//-*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/CheckFlags.h"
#include "nn2crn/Driver/CommandLine.h"
#include "nn2crn/Driver/Files.h"
#include "nn2crn/Driver/OutputOptions.h"
#include "nn2crn/Driver/PassListing.h"
#include "nn2crn/IR/PortValues.h"
#include "nn2crn/Import/ONNX.h"
#include "nn2crn/Transforms/PassObservers.h"

#include "llvm/Support/raw_ostream.h"

using namespace nn2crn;
namespace cl = llvm::cl;

static constexpr char Overview[] =
    R"(runs passes on a reaction network, and converts between formats

  crn-opt net.crn -o net.xml
      the same network as SBML
  crn-opt net.crn --passes='canonicalize,eliminate-dead' --counters
      the network after two passes, with what they did
)";

int main(int Argc, char **Argv) {
  Tool T(Argc, Argv, Overview);
  cl::opt<std::string> Input(
      cl::Positional, cl::init("-"),
      cl::desc("<net.crn, .crnb, .xml, .net, or - for stdin>"));
  cl::opt<std::string> Passes("passes", cl::value_desc("pipeline"),
                              cl::desc("Passes to run, in order"));
  cl::list<std::string> InputRanges(
      "input-range", cl::value_desc("[port=]lo:hi"),
      cl::desc("The values that all elements of an input take, for passes\n"
               "that rely on a range"));
  OutputOptions Output;
  PassRunOptions Run;
  cl::opt<bool, true> VerifyEach(
      "verify-each", cl::location(Run.VerifyEach), cl::init(true),
      cl::desc("Verify the network after each pass (default)"));
  CheckFlags Check;
  cl::list<std::string> PrintAfterPasses(
      "print-after", cl::CommaSeparated, cl::value_desc("pass|all|changed"),
      cl::desc("Print the network to stderr after these passes"));
  cl::opt<std::string> DumpDir(
      "dump-dir", cl::value_desc("folder"),
      cl::desc("Write a numbered file after every pass"));
  cl::opt<int> BisectLimit(
      "bisect-limit", cl::init(-1), cl::value_desc("n"),
      cl::desc("Run only the first n passes, to find the one at fault"));
  cl::opt<bool> Timing("timing", cl::desc("Print what each pass took"));
  cl::opt<bool> Counters("counters", cl::desc("Print what each pass counted"));
  cl::opt<bool> Verbose(
      "verbose", cl::desc("Print what the network costs before the passes and "
                          "after each"));
  cl::alias Short("v", cl::aliasopt(Verbose), cl::desc("Same as --verbose"));
  cl::opt<bool> ListPasses("list-passes",
                           cl::desc("List passes with their options"));
  cl::opt<bool> ListPipelines("list-pipelines",
                              cl::desc("List the pipelines that have names"));
  cl::opt<std::string> PrintReference(
      "print-reference", cl::value_desc("passes|diagnostics|operators"),
      cl::desc("Print a page of the reference and stop"));
  cl::opt<bool> PrintPipeline("print-pipeline",
                              cl::desc("Print the pipeline, named ones spelt "
                                       "out, and stop"));
  if (!T.parse() || !Check.check(T))
    return ExitUsage;
  if (PrintReference.getNumOccurrences()) {
    if (PrintReference == "passes")
      llvm::outs() << passReference();
    else if (PrintReference == "diagnostics")
      llvm::outs() << diagnosticReference();
    else if (PrintReference == "operators")
      llvm::outs() << onnxOperatorReference();
    else
      return T.usage("there are reference pages of passes, diagnostics and "
                     "operators");
    return ExitOk;
  }
  if (ListPasses || ListPipelines) {
    llvm::outs() << (ListPasses ? passListing() : "")
                 << (ListPipelines ? pipelineListing() : "");
    return ExitOk;
  }
  DiagnosticEngine &Diags = T.diagnostics();
  auto P = Pipeline::parse(Passes, Diags);
  auto Out = Output.get(T);
  if (!P || !Out)
    return ExitUsage;
  for (const std::string &Name : PrintAfterPasses)
    if (Name != "all" && Name != "changed" && !createPass(Name))
      return T.usage("--print-after expects the name of a pass, all or "
                     "changed, found '" +
                     Name + "'");
  if (BisectLimit.getNumOccurrences() && BisectLimit < 0)
    return T.usage("--bisect-limit expects a number of at least 0");
  if (PrintPipeline) {
    llvm::outs() << P->str() << '\n';
    return ExitOk;
  }
  if (!Out->checkFormat(Diags))
    return T.exitCode();
  Run.Observers.push_back(&T.reproducer());
  PrintAfter Printer({PrintAfterPasses.begin(), PrintAfterPasses.end()});
  DumpAfter Dumper(DumpDir);
  if (!PrintAfterPasses.empty())
    Run.Observers.push_back(&Printer);
  if (!DumpDir.empty())
    Run.Observers.push_back(&Dumper);
  Check.addTo(Run, Verbose);
  Run.BisectLimit = BisectLimit;
  Run.CollectCosts = Verbose;

  auto Net = loadNetwork(Input, Diags);
  if (!Net || !declareInputRanges(*Net,
                                  std::vector<std::string>(InputRanges.begin(),
                                                           InputRanges.end()),
                                  Diags))
    return T.exitCode();
  PassContext Context(Diags,
                      [](std::string_view Text) { llvm::errs() << Text; });
  PassRun Did;
  bool Ok = runPipeline(*P, *Net, Context, Run, Did);
  if (Timing)
    llvm::errs() << timingTable(Did);
  if (Counters)
    llvm::errs() << counterTable(Did);
  if (Verbose)
    llvm::errs() << costTable(Did);
  if (Ok)
    Out->write(*Net, Diags);
  return T.exitCode();
}
