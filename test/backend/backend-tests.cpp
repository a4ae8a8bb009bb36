//===- backend-tests.cpp - ONNX's own tests, by chemistry -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   backend-tests FOLDER --tiers=FILE [--expect=LIST | --write-list=LIST]
//                 [--page=FILE | --check-page=FILE] [--only=TEST] [--quiet]
//                 [--graph-only] [--jobs=N]
//
// Runs every test below FOLDER (Runner.h says how), and prints for each
// "passed (what was fixed)", "WRONG: why" or "refused: why", and a table by
// tier. A wrong answer is a failure, and so is a crash, a test that takes
// longer than a minute, one of LIST that does not pass, and one that passes and
// is not in it. --write-list writes that list, --page
// docs/reference/backend-tests.md, and --check-page fails where that page says
// something else. --graph-only leaves out the chemistry, to see where an error
// comes from.
//
//===----------------------------------------------------------------------===//

#include "Isolated.h"
#include "Runner.h"
#include "Summary.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string_view>
#include <thread>

using namespace nn2crn::test;
namespace fs = std::filesystem;
using Kind = Verdict::Kind;

/// Of processor time, for one test.
static constexpr unsigned MostSeconds = 240;

namespace {
struct Arguments {
  fs::path Root;
  std::string Tiers, Expect, WriteList, Only, Page, CheckPage;
  bool Quiet = false, GraphOnly = false;
  unsigned Jobs = std::max(1U, std::thread::hardware_concurrency());
};
} // namespace

static std::optional<Arguments> parseArguments(int Argc, char **Argv) {
  Arguments Args;
  const std::pair<std::string_view, std::string *> Texts[] = {
      {"--tiers=", &Args.Tiers},          {"--expect=", &Args.Expect},
      {"--write-list=", &Args.WriteList}, {"--page=", &Args.Page},
      {"--check-page=", &Args.CheckPage}, {"--only=", &Args.Only}};
  for (int I = 1; I < Argc; ++I) {
    std::string_view Arg = Argv[I];
    auto It = std::ranges::find_if(
        Texts, [&](const auto &T) { return Arg.starts_with(T.first); });
    if (It != std::end(Texts))
      *It->second = Arg.substr(It->first.size());
    else if (Arg == "--quiet")
      Args.Quiet = true;
    else if (Arg == "--graph-only")
      Args.GraphOnly = true;
    else if (Arg.starts_with("--jobs="))
      Args.Jobs = static_cast<unsigned>(std::max(1, std::atoi(&Arg[7])));
    else if (Arg.starts_with("-") || !Args.Root.empty())
      return std::nullopt;
    else
      Args.Root = Arg;
  }
  if (!fs::is_directory(Args.Root) || Args.Tiers.empty())
    return std::nullopt;
  return Args;
}

static std::string contentOf(const std::string &File) {
  std::ifstream In(File, std::ios::binary);
  return {std::istreambuf_iterator<char>(In), {}};
}

static std::set<std::string> linesOf(const std::string &File) {
  std::set<std::string> Lines;
  std::ifstream In(File);
  for (std::string Line; std::getline(In, Line);)
    if (!Line.empty() && Line[0] != '#')
      Lines.insert(Line);
  return Lines;
}

//===----------------------------------------------------------------------===//
// Verdicts between processes: kind, computes, unproven, reason
//===----------------------------------------------------------------------===//

static std::string pack(const Verdict &V) {
  return std::to_string(static_cast<int>(V.K)) + (V.Computes ? "c" : "-") +
         (V.Unproven ? "u" : "-") + V.Why;
}

static Verdict unpack(const IsolatedEnd &End) {
  if (!End.Failure.empty())
    return {Kind::Wrong, false, End.Failure};
  return {static_cast<Kind>(End.Answer[0] - '0'), End.Answer[1] == 'c',
          End.Answer.substr(3), End.Answer[2] == 'u'};
}

static std::string lineOf(const Verdict &V) {
  switch (V.K) {
  case Kind::Passed:
    return "passed (" + V.Why + (V.Unproven ? ", budget unproven)" : ")");
  case Kind::Wrong:
    return "WRONG: " + V.Why;
  case Kind::Refused:
    break;
  }
  return "refused: " + V.Why;
}

int main(int Argc, char **Argv) {
  auto Args = parseArguments(Argc, Argv);
  auto Tiers = Args ? parseTiers(contentOf(Args->Tiers)) : std::nullopt;
  if (!Tiers || Tiers->Of.empty()) {
    std::fprintf(stderr, "backend-tests: expected the folder of the tests, and "
                         "--tiers=FILE with the tier of each\n");
    return 2;
  }
  std::vector<fs::path> Folders = findTests(Args->Root);
  if (!Args->Only.empty())
    std::erase_if(Folders, [&](const fs::path &F) {
      return fs::relative(F, Args->Root).generic_string() != Args->Only;
    });
  if (Folders.empty()) {
    std::fprintf(stderr, "backend-tests: found no tests\n");
    return 2;
  }
  std::set<std::string> Expected = linesOf(Args->Expect);
  std::vector<Outcome> All;
  unsigned Failures = 0;
  auto Work = [&](size_t I) {
    StoredTest T = loadTest(Args->Root, Folders[I]);
    return pack(runTest(T, {Args->GraphOnly, Tiers->isSmooth(T.Name)}));
  };
  auto Done = [&](size_t I, const IsolatedEnd &End) {
    std::string Test = fs::relative(Folders[I], Args->Root).generic_string();
    Verdict V = unpack(End);
    std::string Line = lineOf(V);
    bool Passed = V.K == Kind::Passed, Bad = V.K == Kind::Wrong;
    if (!Args->Expect.empty() && Passed != (Expected.count(Test) != 0)) {
      Bad = true;
      Line += Passed ? " [not in the list: add it]" : " [it used to pass]";
    }
    Failures += Bad;
    if (!Args->Quiet || Bad)
      std::printf("%s: %s (%.2f s)\n", Test.c_str(), Line.c_str(), End.Seconds);
    All.push_back({Test, V});
  };
  runIsolated(Folders.size(), Args->Jobs, MostSeconds, Work, Done);

  if (!Args->WriteList.empty()) {
    std::ofstream Out(Args->WriteList);
    Out << "# The backend tests that pass: what backend-tests --expect reads, "
           "and\n# --write-list writes.\n";
    for (const Outcome &O : All)
      if (O.V.K == Kind::Passed)
        Out << O.Test << '\n';
  }
  if (!Args->Page.empty())
    std::ofstream(Args->Page) << referencePage(All, *Tiers);
  if (!Args->CheckPage.empty() &&
      contentOf(Args->CheckPage) != referencePage(All, *Tiers)) {
    ++Failures;
    std::printf("%s is not current: write it with --page\n",
                Args->CheckPage.c_str());
  }
  std::printf("%s", tierTable(All, *Tiers).c_str());
  return Failures ? 1 : 0;
}
