//===- backend-graph.cpp - ONNX backend tests on the graph -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   backend-graph FOLDER [--quiet] [--expect=LIST] [--only=NAME]
//                 [--page=FILE | --check-page=FILE]
//
// Reads the model of every test below FOLDER, fixing as few of its inputs as
// possible, evaluates the graph in doubles, and compares with the stored
// outputs: |difference| / max(1, |stored|) <= 1e-5 (1e-4 where the stored ones
// are rounded to that). Prints for each test
// "passed (what was fixed)", "WRONG" or "refused: why". A wrong answer is a
// failure, and so is a test of LIST that does not pass, and one that passes and
// is not in it. --page writes docs/reference/backend-tests.md, and --check-page
// fails where that page says something else.
//
//===----------------------------------------------------------------------===//

#include "../unit/GraphEval.h"
#include "StoredTest.h"
#include "nn2crn/Import/ONNX.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string_view>

using namespace nn2crn;
using namespace nn2crn::test;
namespace fs = std::filesystem;

namespace {
struct Verdict {
  enum class Kind : uint8_t { Passed, Wrong, Refused } K;
  std::string Why;
};
} // namespace

static std::vector<int64_t> withoutOnes(const std::vector<int64_t> &Shape) {
  // A leading 1 is not part of a port's shape.
  return !Shape.empty() && Shape[0] == 1
             ? std::vector<int64_t>(Shape.begin() + 1, Shape.end())
             : Shape;
}

/// Some results were written down with four digits.
static double toleranceOf(const std::string &Test) {
  return Test == "node/test_gridsample_bicubic" ? 1e-4 : 1e-5;
}

static std::string compare(const StoredTensor &Stored, const Vector &Got,
                           const std::vector<int64_t> &Shape,
                           double Tolerance) {
  if (Shape != withoutOnes(Stored.Values.Shape))
    return "the shape differs";
  for (size_t I = 0; I < Got.size(); ++I) {
    double Want = Stored.Values.Data[I], Has = heldBy(Stored.Type, Got[I]);
    if (Want == Has)
      continue;
    if (!(std::fabs(Has - Want) <= Tolerance * std::max(1.0, std::fabs(Want))))
      return "element " + std::to_string(I) + " is " + std::to_string(Has) +
             ", stored is " + std::to_string(Want);
  }
  return {};
}

/// The first error; of the table of operators the first line, without the
/// nodes.
static std::string reasonOf(const Collected &Diags) {
  for (const Diagnostic &D : Diags.All) {
    if (D.Level != Severity::Error)
      continue;
    if (D.Id != DiagId::UnsupportedOperator || D.Notes.empty())
      return D.Message;
    const std::string &Line = D.Notes[0].Message;
    size_t End = Line.find(" node");
    return Line.substr(0, Line.rfind(':', End));
  }
  return "no reason";
}

/// The page of the documentation: how many pass, and why others are refused.
static std::string page(const std::map<std::string, Verdict> &All) {
  std::map<std::string, unsigned> Passed;
  std::map<std::string, std::vector<std::string>> Refused;
  unsigned Sum = 0;
  for (const auto &[Name, V] : All) {
    Sum += V.K == Verdict::Kind::Passed;
    if (V.K == Verdict::Kind::Passed)
      ++Passed[V.Why];
    else if (V.K == Verdict::Kind::Refused)
      Refused[V.Why].push_back(Name.substr(Name.find('/') + 1));
  }
  std::string Text = R"(# ONNX's own tests

Made by `backend-graph` (test/backend) from the models that ONNX tests its
backends with, as Debian packages them (`libonnx-testdata`). Each model is read
as [onnx.md](onnx.md) says, with as few of its inputs fixed as possible, and what
it computes is compared with the outputs that are stored beside it. None gives
another answer; what cannot be compiled is refused.

| | tests |
| --- | --- |
)";
  for (const auto &[Why, Count] : Passed)
    Text += "| passed, " + Why + " | " + std::to_string(Count) + " |\n";
  Text += "| passed | " + std::to_string(Sum) + " |\n| refused | " +
          std::to_string(All.size() - Sum) + R"( |

Fixed are: *structure*, the integers and booleans beside the data (shapes, axes,
indices, conditions); *weights*, the parameters of an operator; *operand*, every
input but the first.

| refused because | tests | such as |
| --- | --- | --- |
)";
  std::vector<std::pair<std::string, std::vector<std::string>>> Rows(
      Refused.begin(), Refused.end());
  std::ranges::stable_sort(Rows, [](const auto &A, const auto &B) {
    return A.second.size() > B.second.size();
  });
  for (const auto &[Why, Names] : Rows)
    Text += "| " + Why + " | " + std::to_string(Names.size()) + " | " +
            Names[0] + " |\n";
  return Text;
}

/// Whether two scores are so near to each other that the index of a winner need
/// not be exact, and \p Got is what is promised then.
static bool isUndecided(const Vector &Scores, const Vector &Got,
                        const StoredTensor &Stored) {
  for (size_t I = 0; I < Got.size(); ++I)
    if (Got[I] < 0 || Got[I] > Stored.Values.Data[I])
      return false;
  Vector Sorted = Scores;
  std::ranges::sort(Sorted);
  for (size_t I = 1; I < Sorted.size(); ++I)
    if (Sorted[I] - Sorted[I - 1] < usedMargin(DefaultHeadMargin))
      return true;
  return false;
}

static Verdict runOnce(const StoredTest &T, const StoredCase &C, Fixing How) {
  using enum Verdict::Kind;
  ONNXOptions Options;
  Options.Head.Keep = true;
  // What is larger is refused, so that the test is quick.
  Options.Limits.Elements = uint64_t{1} << 21;
  Options.Limits.Weights = uint64_t{1} << 22;
  for (const std::string &Name : fixedInputs(T, How)) {
    const auto &Stored = C.Inputs.at(Name);
    if (!Stored)
      return {Refused, "an input is no tensor of numbers"};
    Options.Fixed[Name] = Stored->Values;
  }
  Collected Diags;
  auto G = importONNX(T.Bytes, (T.Folder / "model.onnx").string(), Diags.Engine,
                      Options);
  if (!G)
    return {Refused, reasonOf(Diags)};
  if (std::string Broken = verify(*G); !Broken.empty())
    return {Wrong, "the graph is broken: " + Broken};
  for (const Diagnostic &D : Diags.All)
    if (D.Id == DiagId::DroppedHead)
      return {Refused, D.Message};
  std::vector<Vector> X;
  for (const GraphPort &P : G->inputs()) {
    const auto &Stored = C.Inputs.at(P.Name);
    if (!Stored)
      return {Refused, "an input is no tensor of numbers"};
    if (Stored->Values.Data.size() != G->value(P.Value).Elements)
      return {Refused, "the stored input is no single case"};
    for (double V : Stored->Values.Data)
      if (!std::isfinite(V))
        return {Refused, "a stored input is not finite"};
    X.push_back(Stored->Values.Data);
  }
  if (X.empty())
    return {Refused, "no input is left: the result is a constant"};
  std::vector<Vector> Y = evaluate(*G, X), All = evaluateAll(*G, X);
  for (size_t I = 0; I < Y.size(); ++I) {
    const GraphPort &P = G->outputs()[I];
    const auto &Stored = C.Outputs.at(P.Name);
    if (!Stored)
      return {Refused, "an output is no tensor of numbers"};
    if (std::string Why = compare(*Stored, Y[I], P.Shape, toleranceOf(T.Name));
        !Why.empty() && P.Scores.isValid() &&
        isUndecided(All[P.Scores.Value], Y[I], *Stored))
      return {Refused,
              "an index of a winner that leads by less than the margin"};
    else if (!Why.empty())
      return {Wrong, "output '" + P.Name + "': " + Why};
  }
  return {Passed, FixingName[static_cast<size_t>(How)]};
}

static Verdict runTest(const StoredTest &T) {
  using enum Verdict::Kind;
  if (T.Cases.empty())
    return {Refused, "nothing is stored"};
  Verdict Best{Refused, {}};
  std::vector<std::string> Before{"none"};
  for (Fixing How : {Fixing::None, Fixing::Structure, Fixing::Parameters,
                     Fixing::Operands}) {
    // The last step that changes anything gives the reason.
    std::vector<std::string> Fixed = fixedInputs(T, How);
    if (Fixed == Before)
      continue;
    Before = Fixed;
    Verdict All{Passed, {}};
    for (const StoredCase &C : T.Cases) {
      Verdict V = runOnce(T, C, How);
      if (V.K != Passed) {
        All = V;
        break;
      }
      All.Why = V.Why;
    }
    if (All.K != Refused)
      return All;
    if (Best.Why.empty() || !All.Why.starts_with("no input is left"))
      Best = All;
  }
  return Best;
}

int main(int Argc, char **Argv) {
  fs::path Root;
  std::string Expect, Only, Page, CheckPage;
  bool Quiet = false;
  for (int I = 1; I < Argc; ++I) {
    std::string_view Arg = Argv[I];
    if (Arg == "--quiet")
      Quiet = true;
    else if (Arg.starts_with("--expect="))
      Expect = Arg.substr(9);
    else if (Arg.starts_with("--page="))
      Page = Arg.substr(7);
    else if (Arg.starts_with("--check-page="))
      CheckPage = Arg.substr(13);
    else if (Arg.starts_with("--only="))
      Only = Arg.substr(7);
    else
      Root = Arg;
  }
  if (Root.empty() || !fs::is_directory(Root)) {
    std::fprintf(stderr, "backend-graph: expected the folder of the tests\n");
    return 2;
  }
  std::set<std::string> Expected;
  if (std::ifstream In(Expect); In)
    for (std::string Line; std::getline(In, Line);)
      if (!Line.empty() && Line[0] != '#')
        Expected.insert(Line);
  unsigned Count[3] = {}, Failures = 0;
  std::map<std::string, Verdict> All;
  for (const fs::path &Folder : findTests(Root)) {
    StoredTest T = loadTest(Root, Folder);
    if (!Only.empty() && T.Name != Only)
      continue;
    if (!Quiet) {
      // Before it runs, so that a crash has a name.
      std::printf("%s: ", T.Name.c_str());
      std::fflush(stdout);
    }
    Verdict V = runTest(T);
    ++Count[static_cast<size_t>(V.K)];
    All[T.Name] = V;
    bool Passed = V.K == Verdict::Kind::Passed;
    std::string Line = Passed                        ? "passed (" + V.Why + ")"
                       : V.K == Verdict::Kind::Wrong ? "WRONG: " + V.Why
                                                     : "refused: " + V.Why;
    bool Bad = V.K == Verdict::Kind::Wrong;
    if (!Expect.empty() && Passed != (Expected.count(T.Name) != 0)) {
      Bad = true;
      Line += Passed ? " [not in the list: add it]" : " [it used to pass]";
    }
    Failures += Bad;
    if (!Quiet)
      std::printf("%s\n", Line.c_str());
    else if (Bad)
      std::printf("%s: %s\n", T.Name.c_str(), Line.c_str());
  }
  if (!Page.empty())
    std::ofstream(Page) << page(All);
  if (!CheckPage.empty()) {
    std::ifstream In(CheckPage);
    std::string Text{std::istreambuf_iterator<char>(In), {}};
    if (Text != page(All)) {
      ++Failures;
      std::printf("%s is not current: write it with --page\n",
                  CheckPage.c_str());
    }
  }
  std::printf("%u passed, %u wrong, %u refused\n", Count[0], Count[1],
              Count[2]);
  return Failures ? 1 : 0;
}
