//===- Runner.cpp ---------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Runner.h"
#include "../unit/GraphEval.h"
#include "Comparison.h"
#include "nn2crn/Driver/Compile.h"
#include "nn2crn/Simulation/Simulate.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

using namespace nn2crn;
using namespace nn2crn::test;
using Kind = Verdict::Kind;

/// Some results were written down with four digits.
static double toleranceOf(const StoredTest &T, bool Smooth) {
  return Smooth ? 1e-3 : T.Name == "node/test_gridsample_bicubic" ? 1e-4 : 1e-5;
}

/// The first error; of the table of operators the first line, without the
/// nodes.
static std::string reasonOf(const Collected &Diags) {
  for (const Diagnostic &D : Diags.All) {
    if (D.Level != Severity::Error)
      continue;
    // Without figures that every change of a bound would change.
    if (D.Id == DiagId::UndefinedFunction)
      return D.Message.substr(0, D.Message.find(", from"));
    if (D.Id == DiagId::ApproximatedActivations)
      return "the error budget of activations cannot be kept";
    if (D.Id != DiagId::UnsupportedOperator || D.Notes.empty())
      return D.Message;
    const std::string &Line = D.Notes[0].Message;
    size_t End = Line.find(" node");
    return Line.substr(0, Line.rfind(':', End));
  }
  return "no reason";
}

/// Where each element of a result is an element of an operand, or 0.
static bool onlyMoves(const Node &N) {
  if (N.Kind != NodeKind::Affine || N.Operands.size() > 1 || !N.Bias.empty())
    return false;
  for (const Node::Operand &O : N.Operands)
    for (uint32_t R = 0; R < O.Weights.rows(); ++R)
      if (auto W = O.Weights.weightsOf(R);
          W.size() > 1 || (W.size() == 1 && W[0] != 1))
        return false;
  return true;
}

/// What is missing of \p C for the inputs of \p G, or empty.
static std::string unusable(const Graph &G, const StoredCase &C) {
  if (G.inputs().empty())
    return "no input is left: the result is a constant";
  for (const GraphPort &P : G.inputs()) {
    const auto &Stored = C.Inputs.at(P.Name);
    if (!Stored)
      return "an input is no tensor of numbers";
    if (Stored->Values.Data.size() != G.value(P.Value).Elements)
      return "the stored input is no single case";
    if (!std::ranges::all_of(Stored->Values.Data,
                             [](double V) { return std::isfinite(V); }))
      return "a stored input is not finite";
  }
  for (const GraphPort &P : G.outputs()) {
    const auto &Stored = C.Outputs.at(P.Name);
    if (!Stored)
      return "an output is no tensor of numbers";
    if (!std::ranges::all_of(Stored->Values.Data,
                             [](double V) { return std::isfinite(V); }))
      return "a stored output is not finite";
  }
  // Each of these becomes dozens of reactions, so that a test would take half a
  // minute.
  constexpr uint64_t MostSmooth = 20000;
  uint64_t Smooth = 0;
  for (const Node &N : G.nodes())
    if (N.Kind == NodeKind::Smooth)
      Smooth += G.value(N.Result).Elements;
  if (Smooth > MostSmooth)
    return "more than " + std::to_string(MostSmooth) +
           " smooth activations are too many for a test";
  return {};
}

static std::string graphDifference(const Graph &G, const StoredCase &C,
                                   double Tolerance) {
  std::vector<Vector> X;
  for (const GraphPort &P : G.inputs())
    X.push_back(C.Inputs.at(P.Name)->Values.Data);
  std::vector<Vector> Y = evaluate(G, X);
  for (size_t I = 0; I < Y.size(); ++I) {
    const GraphPort &P = G.outputs()[I];
    if (std::string Why =
            difference(*C.Outputs.at(P.Name), Y[I], P.Shape, Tolerance);
        !Why.empty())
      return "graph: output '" + P.Name + "': " + Why;
  }
  return {};
}

/// `NAME=LO:HI` of the values that are stored.
static std::string rangeOf(const std::string &Name, const Array &Values) {
  auto [Low, High] = std::ranges::minmax(Values.Data);
  char Text[64];
  std::snprintf(Text, sizeof Text, "=%.17g:%.17g", Low, High);
  return Name + Text;
}

static InputArrays inputsOf(const Network &Net, const StoredCase &C) {
  InputArrays Inputs;
  for (const Port &P : Net.ports())
    if (P.Direction == PortDirection::Input) {
      Array A = C.Inputs.at(P.Name)->Values;
      A.Shape = P.Shape;
      Inputs.Arrays.push_back({&P, std::move(A)});
    }
  return Inputs;
}

/// Simulates and compares.
static Verdict runNetwork(const Network &Net, const StoredCase &C,
                          const Graph &G, double Tolerance) {
  Collected Diags;
  SimulationOptions How;
  How.Method = SimulationMethod::Equilibrium;
  How.Threads = 1;
  auto Result = simulate(Net, inputsOf(Net, C), How, Diags.Engine);
  if (!Result)
    return {Kind::Wrong, false, "not simulated: " + reasonOf(Diags)};
  if (Result->Outputs.size() != G.outputs().size())
    return {Kind::Wrong, false, "the network has other outputs"};
  for (const SimulationOutput &Out : Result->Outputs)
    if (std::string Why = difference(*C.Outputs.at(Out.Name), Out.Values,
                                     Out.Shape, Tolerance);
        !Why.empty())
      return {Kind::Wrong, false,
              "reactions: output '" + Out.Name + "': " + Why};
  return {Kind::Passed, false, {}};
}

/// Compiles, simulates, compares. Refused only by the compiler.
static Verdict runChemistry(const StoredTest &T, const StoredCase &C,
                            const Graph &G, ONNXOptions Reading,
                            double Tolerance) {
  CompileOptions Options;
  Options.Reading = std::move(Reading);
  // Passes have tests of their own.
  Options.Passes = "O0";
  // Some is left for what the stored outputs were rounded by.
  Options.Weights.Budget = 0.8 * Tolerance;
  Options.Activations.Way = "piecewise";
  for (const GraphPort &P : G.inputs())
    Options.InputRanges.push_back(rangeOf(P.Name, C.Inputs.at(P.Name)->Values));
  // With both, a budget that cannot be proven is a warning.
  Options.Weights.Bits = WeightOptions::MostBits;
  Collected Diags;
  auto Net = compileModel(T.Bytes, (T.Folder / "model.onnx").string(), Options,
                          Diags.Engine);
  if (!Net)
    return {Kind::Refused, false, reasonOf(Diags)};
  Verdict V = runNetwork(*Net, C, G, Tolerance);
  for (const Diagnostic &D : Diags.All)
    if (D.Level == Severity::Warning && D.Id == DiagId::RoundedWeights) {
      // Who was warned was not promised anything.
      if (V.K == Kind::Wrong)
        return {Kind::Refused, false, D.Message};
      V.Unproven = true;
    }
  return V;
}

static Verdict runCase(const StoredTest &T, const StoredCase &C, Fixing How,
                       const RunOptions &Options) {
  ONNXOptions Reading;
  // What is larger is refused, so that the test is quick.
  Reading.Limits.Elements = uint64_t{1} << 21;
  Reading.Limits.Weights = uint64_t{1} << 22;
  Reading.Head.Keep = true;
  for (const std::string &Name : fixedInputs(T, How)) {
    const auto &Stored = C.Inputs.at(Name);
    if (!Stored)
      return {Kind::Refused, false, "an input is no tensor of numbers"};
    Reading.Fixed[Name] = Stored->Values;
  }
  Collected Diags;
  auto G = importONNX(T.Bytes, (T.Folder / "model.onnx").string(), Diags.Engine,
                      Reading);
  if (!G)
    return {Kind::Refused, false, reasonOf(Diags)};
  if (std::string Broken = verify(*G); !Broken.empty())
    return {Kind::Wrong, false, "the graph is broken: " + Broken};
  if (std::string Why = unusable(*G, C); !Why.empty())
    return {Kind::Refused, false, Why};
  double Tolerance = toleranceOf(T, Options.Smooth);
  if (std::ranges::none_of(G->outputs(), [&](const GraphPort &P) {
        return isFloat(C.Outputs.at(P.Name)->Type);
      }))
    Tolerance = IntegerTolerance;
  // Smooth functions are still themselves here.
  if (std::string Why = graphDifference(*G, C, toleranceOf(T, false));
      !Why.empty())
    return {Kind::Wrong, false, Why};
  Verdict V{Kind::Passed, false, {}};
  if (!Options.GraphOnly)
    V = runChemistry(T, C, *G, std::move(Reading), Tolerance);
  V.Computes =
      V.K == Kind::Passed && !std::ranges::all_of(G->nodes(), onlyMoves);
  return V;
}

Verdict test::runTest(const StoredTest &T, const RunOptions &Options) {
  if (T.Cases.empty())
    return {Kind::Refused, false, "nothing is stored"};
  Verdict Best{Kind::Refused, false, {}};
  std::vector<std::string> Before{"none"};
  for (Fixing How : {Fixing::None, Fixing::Structure, Fixing::Parameters,
                     Fixing::Operands}) {
    // The last step that changes anything gives the reason.
    std::vector<std::string> Fixed = fixedInputs(T, How);
    if (Fixed == Before)
      continue;
    Before = Fixed;
    Verdict All{Kind::Passed, false, FixingName[static_cast<size_t>(How)]};
    for (const StoredCase &C : T.Cases) {
      Verdict V = runCase(T, C, How, Options);
      if (V.K != Kind::Passed) {
        All = V;
        break;
      }
      All.Computes |= V.Computes;
      All.Unproven |= V.Unproven;
    }
    if (All.K != Kind::Refused)
      return All;
    if (Best.Why.empty() || !All.Why.starts_with("no input is left"))
      Best = All;
  }
  return Best;
}
