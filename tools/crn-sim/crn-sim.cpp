//===- crn-sim.cpp - Runs networks on samples -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/CommandLine.h"
#include "nn2crn/Driver/Files.h"
#include "nn2crn/Driver/Simulate.h"

#include "llvm/Support/raw_ostream.h"

using namespace nn2crn;
namespace cl = llvm::cl;

static constexpr char Overview[] =
    R"(runs a reaction network on samples and reads its output ports

  crn-sim iris.crn --input=samples.csv
      the outputs of every sample, in the limit of long time
  crn-sim iris.crn --input=5.1,3.5,1.4,0.2 --method=ode --plot=iris.svg
      one sample in time, with a picture of the outputs
)";

int main(int Argc, char **Argv) {
  Tool T(Argc, Argv, Overview);
  SimulateRequest Request;
  SimulationOptions &Options = Request.Options;
  cl::opt<std::string> Input(
      cl::Positional, cl::init("-"),
      cl::desc("<net.crn, .crnb, .xml, .net, or - for stdin>"));
  cl::list<std::string> Inputs(
      "input", cl::value_desc("[port=]spec"),
      cl::desc("Samples: a .npy or .csv file, file.npz:key, or numbers with\n"
               "commas; shape [cases, ...port] or the port's own"));
  cl::list<std::string> Outputs(
      "output", cl::value_desc("[port=]file"),
      cl::desc("Where to write what the output ports read: .npz (all ports),\n"
               ".npy or .csv (one), - for CSV on stdout; without it a table\n"
               "is printed"));
  cl::opt<SimulationMethod, true> Method(
      "method", cl::location(Options.Method), cl::desc("How to simulate"),
      cl::values(clEnumValN(SimulationMethod::Auto, "auto",
                            "the limit where it is certain, else in time"),
                 clEnumValN(SimulationMethod::Equilibrium, "equilibrium",
                            "the limit, in one pass over the reactions"),
                 clEnumValN(SimulationMethod::Ode, "ode",
                            "deterministic mass action in time")));
  cl::opt<double> EndTime("t-end", cl::value_desc("time"),
                          cl::desc("Integrate up to this time"));
  cl::opt<StopRule> Until(
      "until", cl::desc("Integrate until all outputs are"),
      cl::init(StopRule::Settled),
      cl::values(clEnumValN(StopRule::Settled, "settled",
                            "at rest, at their limit (default)"),
                 clEnumValN(StopRule::Decided, "decided",
                            "certain of the largest element")));
  cl::opt<double, true> SettleTolerance(
      "settle-tolerance", cl::location(Options.SettleTolerance),
      cl::init(Options.SettleTolerance), cl::value_desc("t"),
      cl::desc("Settled means within t + t*|limit| (default 0.001)"));
  cl::opt<double> MaxTime(
      "max-time", cl::value_desc("time"),
      cl::desc("Give up on settling then (default 1e9 of the slowest rate)"));
  cl::opt<double, true> Relative(
      "rtol", cl::location(Options.RelativeTolerance),
      cl::init(Options.RelativeTolerance), cl::value_desc("t"),
      cl::desc("Relative tolerance of the integrator (default 1e-9)"));
  cl::opt<double, true> Absolute(
      "atol", cl::location(Options.AbsoluteTolerance),
      cl::init(Options.AbsoluteTolerance), cl::value_desc("t"),
      cl::desc("Absolute tolerance of the integrator (default 1e-12)"));
  cl::opt<std::string, true> Labels(
      "labels", cl::location(Request.Labels), cl::value_desc("spec"),
      cl::desc("True classes, to count how often the largest output is right"));
  cl::opt<std::string, true> Report(
      "report", cl::location(Request.Report), cl::value_desc("file"),
      cl::desc("Write how it went: method, accuracy, times (JSON)"));
  cl::opt<std::string, true> TrajectoryFile(
      "trajectory", cl::location(Request.TrajectoryCsv), cl::value_desc("file"),
      cl::desc("Write one case over time: outputs and observed species (CSV)"));
  cl::opt<std::string, true> PlotFile(
      "plot", cl::location(Request.Plot), cl::value_desc("file"),
      cl::desc("Draw the outputs of one case over time (SVG)"));
  cl::opt<size_t, true> Case(
      "case", cl::location(Request.Trajectory.Case), cl::value_desc("k"),
      cl::desc("The case of --trajectory and --plot, from 0 (default)"));
  cl::opt<unsigned, true> Points(
      "points", cl::location(Request.Trajectory.Points), cl::value_desc("n"),
      cl::desc("Times in the trajectory (default: the integrator's steps)"));
  cl::opt<TrajectoryOptions::Spacing, true> Times(
      "times", cl::location(Request.Trajectory.Times),
      cl::desc("How times of a trajectory lie"),
      cl::values(
          clEnumValN(TrajectoryOptions::Spacing::Auto, "auto",
                     "as suits what happens (default)"),
          clEnumValN(TrajectoryOptions::Spacing::Linear, "linear", "evenly"),
          clEnumValN(TrajectoryOptions::Spacing::Log, "log",
                     "evenly in the logarithm")));
  cl::opt<unsigned, true> Threads(
      "threads", cl::location(Options.Threads), cl::value_desc("n"),
      cl::desc("Threads (default: all); results do not depend on it"));
  if (!T.parse())
    return ExitUsage;

  Options.Until = Until;
  if (EndTime.getNumOccurrences()) {
    if (Until.getNumOccurrences())
      return T.usage("--t-end and --until exclude each other");
    if (!(EndTime > 0) || EndTime > 1e300)
      return T.usage("--t-end expects a positive time");
    Options.Until = StopRule::EndTime;
    Options.EndTime = EndTime;
  }
  if (Options.Method == SimulationMethod::Equilibrium &&
      (EndTime.getNumOccurrences() || Until.getNumOccurrences()))
    return T.usage("--method=equilibrium has no times; leave out --t-end and "
                   "--until, or use --method=ode");
  for (const cl::opt<double, true> *O :
       {&SettleTolerance, &Relative, &Absolute})
    if (!(*O > 0 && *O < 1))
      return T.usage("--" + O->ArgStr.str() +
                     " expects a number between 0 and 1");
  if (MaxTime.getNumOccurrences()) {
    if (!(MaxTime > 0) || MaxTime > 1e300)
      return T.usage("--max-time expects a positive time");
    Options.MaxTime = MaxTime;
  }
  if ((Case.getNumOccurrences() || Points.getNumOccurrences() ||
       Times.getNumOccurrences()) &&
      Request.Plot.empty() && Request.TrajectoryCsv.empty())
    return T.usage("--case, --points and --times go with --trajectory or "
                   "--plot");
  if (Points.getNumOccurrences() && Points < 2)
    return T.usage("--points expects at least 2");
  Request.Inputs.assign(Inputs.begin(), Inputs.end());
  Request.Outputs.assign(Outputs.begin(), Outputs.end());

  auto Net = loadNetwork(Input, T.diagnostics());
  if (Net)
    runSimulation(*Net, Request, llvm::outs(), T.diagnostics());
  return T.exitCode();
}
