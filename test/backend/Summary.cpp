//===- Summary.cpp --------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Summary.h"

#include <algorithm>
#include <sstream>

using namespace nn2crn;
using namespace nn2crn::test;
using Kind = Verdict::Kind;

bool Tiers::isSmooth(const std::string &Test) const {
  auto It = Of.find(Test);
  return It == Of.end() || Names[It->second].ends_with("smooth") ||
         Names[It->second].starts_with("later");
}

std::optional<Tiers> test::parseTiers(const std::string &Text) {
  Tiers T;
  std::istringstream In(Text);
  for (std::string Line; std::getline(In, Line);) {
    if (Line.empty() || Line[0] == '#')
      continue;
    std::istringstream Words(Line);
    std::string Tier, Test, More;
    if (!(Words >> Tier >> Test) || Words >> More)
      return std::nullopt;
    auto At = std::ranges::find(T.Names, Tier);
    auto Index = static_cast<size_t>(At - T.Names.begin());
    if (At == T.Names.end())
      T.Names.push_back(Tier);
    if (!T.Of.emplace(Test, Index).second)
      return std::nullopt;
  }
  return T;
}

namespace {
struct Tally {
  unsigned Tests = 0, Passed = 0, Computing = 0, Refused = 0, Wrong = 0;

  void add(const Verdict &V) {
    ++Tests;
    Passed += V.K == Kind::Passed;
    Computing += V.Computes;
    Refused += V.K == Kind::Refused;
    Wrong += V.K == Kind::Wrong;
  }
  void add(const Tally &T) {
    Tests += T.Tests;
    Passed += T.Passed;
    Computing += T.Computing;
    Refused += T.Refused;
    Wrong += T.Wrong;
  }
  std::string row(const std::string &Name) const {
    std::string Out = "| " + Name;
    for (unsigned N : {Tests, Passed, Computing, Refused, Wrong})
      Out += " | " + std::to_string(N);
    return Out + " |\n";
  }
};
} // namespace

std::string test::tierTable(const std::vector<Outcome> &All, const Tiers &T) {
  std::vector<Tally> By(T.Names.size() + 1);
  for (const Outcome &O : All) {
    auto It = T.Of.find(O.Test);
    By[It == T.Of.end() ? T.Names.size() : It->second].add(O.V);
  }
  std::string Out = "| tier | tests | passed | of them compute | refused | "
                    "wrong |\n| --- | --- | --- | --- | --- | --- |\n";
  Tally Sum;
  bool InFront = true;
  for (size_t I = 0; I < T.Names.size(); ++I) {
    if (InFront && T.Names[I].starts_with("stretch")) {
      Out += Sum.row("**together**");
      InFront = false;
    }
    Out += By[I].row(T.Names[I]);
    Sum.add(By[I]);
  }
  Out += By.back().row("no tier");
  Sum.add(By.back());
  return Out + Sum.row("**all**");
}

/// Rows "why | how many | first of them", most first.
static std::string refusedRows(const std::vector<Outcome> &All) {
  std::map<std::string, std::vector<std::string>> Refused;
  for (const Outcome &O : All)
    if (O.V.K == Kind::Refused)
      Refused[O.V.Why].push_back(O.Test.substr(O.Test.find('/') + 1));
  std::vector<std::pair<std::string, std::vector<std::string>>> Rows(
      Refused.begin(), Refused.end());
  std::ranges::stable_sort(Rows, [](const auto &A, const auto &B) {
    return A.second.size() > B.second.size();
  });
  std::string Out;
  for (const auto &[Why, Names] : Rows)
    Out += "| " + Why + " | " + std::to_string(Names.size()) + " | " +
           Names[0] + " |\n";
  return Out;
}

std::string test::referencePage(const std::vector<Outcome> &All,
                                const Tiers &T) {
  std::map<std::string, unsigned> Fixed;
  unsigned Unproven = 0;
  for (const Outcome &O : All)
    if (O.V.K == Kind::Passed) {
      ++Fixed[O.V.Why];
      Unproven += O.V.Unproven;
    }
  std::string Text = R"(# ONNX's own tests

Made by `backend-tests` (test/backend) from the models that ONNX tests its
backends with, as Debian packages them (`libonnx-testdata`). Each model is read
as [onnx.md](onnx.md) says, with as few of its inputs fixed as possible. The
graph is evaluated in doubles; then it is compiled to reactions, which are
simulated, and the readings of their output ports are compared with the outputs
that are stored beside the model: |difference| / max(1, |stored|) is at most
1e-5, and 1e-3 where a smooth function is approximated; integers are the nearest
ones. None
gives another answer; what cannot be compiled is refused.

The compiler is called as `nn2crn --activation=piecewise --weight-bits=31
--error-budget=E --input-range=...` with four fifths of that tolerance as the
budget (0.2 for integers), and for each input the range that the stored values
take. Where rounded weights cannot be proven to keep the budget that gives a
warning; readings that are off then count as refused.

)" + tierTable(All, T) +
                     R"(
Tiers are what the tests ask for (test/backend/tiers.txt): *exact*, piecewise
linear in every input; *baked*, so once structure (shapes, axes, indices,
conditions), weights, or the second operand are fixed; *smooth*, a smooth
function of one variable or a Softmax; the rest goes beyond what is promised. A
model computes when it does more than to choose, repeat and order elements.

| passed, with | tests |
| --- | --- |
)";
  for (const auto &[Why, Count] : Fixed)
    Text += "| " + Why + " | " + std::to_string(Count) + " |\n";
  Text += "\nThe budget is proven for all of them";
  if (Unproven != 0)
    Text += " but " + std::to_string(Unproven);
  Text += ".\n";
  return Text + R"(
| refused because | tests | such as |
| --- | --- | --- |
)" + refusedRows(All);
}
