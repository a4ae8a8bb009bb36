//===- CheckTest.cpp - What --check sees -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Collected.h"
#include "../ParseNetwork.h"
#include "../RandomCascade.h"
#include "../RandomFeedForward.h"
#include "../RandomGraph.h"
#include "../RandomNetwork.h"
#include "nn2crn/Driver/CheckPasses.h"
#include "nn2crn/Driver/CommandLine.h"
#include "nn2crn/Driver/Compile.h"
#include "nn2crn/Driver/Files.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/Lowering/NcRelu.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace nn2crn;
using namespace nn2crn::test;

namespace {
/// Puts another network in the place of the one there is, and says anything.
struct Replace : Pass {
  Replace(Network New, PassResult Says) : New(std::move(New)), Says(Says) {}
  PassInfo info() const override { return {"replace", "test", ""}; }
  PassResult run(Network &Net, PassContext &) override {
    uint64_t Generation = Net.generation();
    Net = New;
    Editor Edit(Net);
    while (Net.generation() <= Generation)
      Edit.setPort(0, Port(Net.ports()[0]));
    return Says;
  }
  Network New;
  PassResult Says;
};

struct Outcome {
  bool Ok;
  Collected Diags;
  std::string Printed;
  bool differs() const { return Diags.has(DiagId::CheckDifferent); }
  bool isUnchecked() const { return Diags.has(DiagId::NotChecked); }
  std::string text() const { return Diags.text() + Printed; }
};

void runChecked(Outcome &O, Pipeline &P, Network &Net, unsigned Inputs = 8) {
  CheckOptions Options;
  Options.Inputs = Inputs;
  Options.Verbose = true;
  Options.Progress = [](const Progress &) { return true; };
  PassCheck Check(Options);
  PassContext Context(O.Diags.Engine,
                      [&](std::string_view Text) { O.Printed += Text; });
  PassRunOptions Run;
  Run.Observers = {&Check};
  PassRun Did;
  O.Ok = runPipeline(P, Net, Context, Run, Did);
}

/// A pass that makes \p After of \p Before and says \p Says.
Outcome check(std::string_view Before, std::string_view After,
              PassResult Says) {
  Outcome O;
  Network Net = parse(Before);
  Pipeline P;
  P.Steps.push_back({std::make_unique<Replace>(parse(After), Says), {}, 0});
  runChecked(O, P, Net);
  EXPECT_EQ(O.Ok, !O.differs()) << O.text();
  return O;
}

constexpr auto Kinetics = Preserved::SameKinetics;
constexpr auto Equilibrium = Preserved::SameEquilibrium;
constexpr auto Difference = Preserved::SameDifference;
} // namespace

TEST(Check, SeesOtherKinetics) {
  constexpr const char *Ports = "@input x[] single\n@output y[] single\n";
  struct {
    const char *Before, *After, *Says;
  } Lies[] = {
      {"x -> y", "x -> y [k = 1.00001]", "speed at which reactions take 'x'"},
      {"x -> y", "x -> y; y @initial 0.1", "amount of 'y'"},
      // Far behind, and slow.
      {"x -> a; a -> b; b -> c; c -> d; d -> y [k = 1e-6]",
       "x -> a; a -> b; b -> c; c -> d; d -> y [k = 1.1e-6]", "'y'"},
      // The same equation, but another stochastic process.
      {"x -> y; -> 2 y [k = 1]", "x -> y; -> y [k = 2]", "spread of 'y'"},
      // What two reactions do is not undone by a third.
      {"x -> y; y ->", "x -> y; y -> [k = 2]; y -> 2 y", "'y'"},
      // Lumped although their rates differ.
      {"x -> a + b; a -> y [k = 1]; b -> y [k = 2]",
       "x -> 2 a; a -> y [k = 1.5]", "'y'"},
      {"x -> y; y @observed; z @observed; z -> y", "x -> y; y @observed",
       "species 'z', which is observed, is gone"},
      {"@bind y[0] = y\nx -> y", "@bind y[0] = 2 y\nx -> y", "port 'y'"},
  };
  for (auto [Before, After, Says] : Lies) {
    Outcome O = check(std::string(Ports) + Before, std::string(Ports) + After,
                      PassResult::changed(Kinetics));
    EXPECT_TRUE(O.differs()) << Before << "\n" << After << "\n" << O.text();
    EXPECT_NE(O.Diags.text().find(Says), std::string::npos) << O.text();
  }
  struct {
    const char *Before, *After;
  } Truths[] = {
      {"x -> a + b; a -> y; b -> y", "x -> 2 a; a -> y"},
      {"x -> y; x -> y", "x -> y [k = 2]"},
      {"x -> y + w; w -> 2 w [k = 1000]", "x -> y"},
      {"-> y [k = 1e200]; x + y -> y", "-> y [k = 1e200]; x + y -> y; w -> v"},
      {"2000000 x -> y", "2000000 x -> y + w"},
  };
  for (auto [Before, After] : Truths) {
    Outcome O = check(std::string(Ports) + Before, std::string(Ports) + After,
                      PassResult::changed(Kinetics));
    EXPECT_FALSE(O.differs()) << O.text();
    EXPECT_FALSE(O.isUnchecked()) << O.text();
  }
}

TEST(Check, SeesOtherPhases) {
  auto Run = [](const std::string &Phases, const std::string &Reactions) {
    std::string Start = "@output y[] single\n@output z[] single\n";
    return check(Start + "@phase one duration=2\n@phase two duration=1\n" +
                     "@dose one d = 1\n@reset two d = 0.5\n" +
                     "d -> y [k = 1, phase=one]\nd -> z [k = 1, phase=two]\n",
                 Start + Phases + Reactions, PassResult::changed(Kinetics))
        .differs();
  };
  std::string Phases = "@phase one duration=2\n@phase two duration=1\n"
                       "@dose one d = 1\n@reset two d = 0.5\n",
              Reactions =
                  "d -> y [k = 1, phase=one]\nd -> z [k = 1, phase=two]\n";
  EXPECT_FALSE(Run(Phases, Reactions + "w ->\n"));
  EXPECT_TRUE(Run(Phases, "d -> y [k = 1]\nd -> z [k = 1, phase=two]\n"));
  EXPECT_TRUE(Run(Phases, "d -> y [k = 1, phase=one]\n"
                          "d -> z [k = 2, phase=two]\n"));
  EXPECT_TRUE(Run("@phase one duration=2\n@phase two duration=1\n"
                  "@dose one d = 1\n@reset two d = 0.25\n",
                  Reactions));
  EXPECT_TRUE(Run("@phase one duration=2\n@phase two duration=3\n"
                  "@dose one d = 1\n@reset two d = 0.5\n",
                  Reactions));
}

TEST(Check, SeesOtherAmounts) {
  constexpr const char *Ports = "@input x[2] single\n@output y[1] dual\n";
  auto Run = [&](const char *Before, const char *After, Preserved Level) {
    return check(std::string(Ports) + Before, std::string(Ports) + After,
                 PassResult::changed(Level));
  };
  // One more on both rails: the same difference, but not the same amounts.
  Outcome O = Run("x.0 -> y.0.p; x.1 -> y.0.n",
                  "x.0 -> y.0.p; x.1 -> y.0.n; y.0.p @initial 1\n"
                  "y.0.n @initial 1",
                  Equilibrium);
  EXPECT_TRUE(O.differs()) << O.text();
  EXPECT_NE(O.text().find("species 'y.0.p' is"), std::string::npos) << O.text();
  EXPECT_FALSE(Run("x.0 -> y.0.p; x.1 -> y.0.n",
                   "x.0 -> y.0.p; x.1 -> y.0.n; y.0.p @initial 1\n"
                   "y.0.n @initial 1",
                   Difference)
                   .differs());
  // Rates do not matter where the limit is certain.
  EXPECT_FALSE(
      Run("x.0 + x.1 -> y.0.p", "x.0 + x.1 -> y.0.p [k = 3]", Equilibrium)
          .differs());
  EXPECT_TRUE(
      Run("x.0 + x.1 -> y.0.p", "x.0 + x.1 -> 2 y.0.p", Equilibrium).differs());
}

TEST(Check, IntegratesWhereRatesDecide) {
  constexpr const char *Text = "@input x[1] single\n@output y[2] single\n"
                               "x.0 -> y.0 [k = 1]\nx.0 -> y.1 [k = ";
  auto Run = [&](const char *Rate, Preserved Level) {
    return check(std::string(Text) + "2]", std::string(Text) + Rate,
                 PassResult::changed(Level));
  };
  for (Preserved Level : {Equilibrium, Difference}) {
    Outcome Wrong = Run("2.5]", Level), Right = Run("2]\nw ->", Level);
    EXPECT_TRUE(Wrong.differs()) << Wrong.text();
    EXPECT_FALSE(Right.differs()) << Right.text();
    EXPECT_FALSE(Right.isUnchecked()) << Right.text();
    EXPECT_NE(Right.Printed.find("integrated"), std::string::npos)
        << Right.text();
  }
}

TEST(Check, SaysWhatItCouldNotCheck) {
  // Nothing here ever rests (Lotka and Volterra).
  constexpr const char *Ports = "@input x[] single\n@output y[] single\n";
  std::string Text =
      std::string(Ports) +
      "x -> y; y -> 2 y; y + z -> 2 z; z ->; y @initial 2\nz @initial 1\n";
  Outcome O = check(Text, Text + "w ->\n", PassResult::changed(Equilibrium));
  EXPECT_TRUE(O.Ok) << O.text();
  EXPECT_TRUE(O.isUnchecked()) << O.text();
  EXPECT_NE(O.Printed.find(", 0 inputs"), std::string::npos) << O.text();
  // Speeds that are no numbers any more.
  Text = std::string(Ports) + "-> y [k = 1e300]; x -> 1000 y [k = 1e308]\n";
  O = check(Text, Text + "w ->\n", PassResult::changed(Kinetics));
  EXPECT_TRUE(O.isUnchecked()) << O.text();
  // There is nothing that could be read.
  std::string Mute = "@input x[] single\nx -> a\n";
  O = check(Mute, Mute + "w ->\n", PassResult::changed(Difference));
  EXPECT_TRUE(O.isUnchecked()) << O.text();
}

TEST(Check, DrawsInputsAsThePassSays) {
  // Half of what is below 0 is lost, but the declared range begins at 0.
  std::string Ports = "@input x[1] dual range=0:2\n@output y[1] dual\n",
              Before = Ports + "x.0.p -> y.0.p\nx.0.n -> y.0.n\n",
              After = Ports + "x.0.p -> y.0.p\n2 x.0.n -> y.0.n\n";
  EXPECT_TRUE(
      check(Before, After, PassResult::changed(Difference, false)).differs());
  EXPECT_FALSE(
      check(Before, After, PassResult::changed(Difference, true)).differs());
  // An input that can no longer be given.
  Outcome O = check("@input x[1] dual\n@output y[] single\nx.0.p -> y\n",
                    "@input x[1] single\n@bind x[0] = x.0.p\n"
                    "@output y[] single\nx.0.p -> y\n",
                    PassResult::changed(Difference));
  EXPECT_TRUE(O.differs());
  EXPECT_NE(O.text().find("can no longer be given"), std::string::npos)
      << O.text();
}

TEST(Check, HoldsBoundsToTheirWord) {
  std::string Ports = "@input x[1] dual range=-1:1\n@output y[1] dual\n",
              Before = Ports + "x.0.p -> y.0.p\nx.0.n -> y.0.n\n",
              After = Before + "y.0.p @initial 0.25\n";
  EXPECT_FALSE(
      check(Before, After, PassResult::approximate(0.25, true)).differs());
  Outcome O = check(Before, After, PassResult::approximate(0.24, true));
  EXPECT_TRUE(O.differs());
  EXPECT_NE(O.text().find("'approximate within 0.24 on the declared ranges'"),
            std::string::npos)
      << O.text();
}

TEST(Check, StopsAtTheFirstPassThatLies) {
  Outcome O;
  Network Net =
      parse("@input x[] single\n@output y[] single\nx -> a\na -> y\n");
  DiagnosticEngine Silent(nullptr);
  auto P = Pipeline::parse("eliminate-unimolecular,O1", Silent);
  Network Wrong =
      parse("@input x[] single\n@output y[] single\nx -> 2 y [k = 1]\n");
  P->Steps.insert(P->Steps.begin() + 1,
                  {std::make_unique<Replace>(
                       Wrong, PassResult::changed(Preserved::SameEquilibrium)),
                   {},
                   0});
  runChecked(O, *P, Net);
  EXPECT_FALSE(O.Ok);
  EXPECT_EQ(O.Diags.errors(DiagId::CheckDifferent), 1u) << O.text();
  EXPECT_NE(O.text().find("pass 'replace' (2 of the pipeline)"),
            std::string::npos)
      << O.text();
  EXPECT_NE(O.text().find("--bisect-limit=1"), std::string::npos);
}

namespace {
/// Adds a molecule to every output.
struct AddOne : Pass {
  PassInfo info() const override { return {"add-one", "test", ""}; }
  PassResult run(Network &Net, PassContext &) override {
    Editor Edit(Net);
    for (const Port &P : Net.ports())
      if (P.Direction == PortDirection::Output)
        Edit.setInitial(P.Terms[0].Species,
                        Net.initial(P.Terms[0].Species) + Number(1));
    return PassResult::changed(Preserved::SameDifference);
  }
};
} // namespace

TEST(Check, EndsACompilation) {
  registerPass(
      []() -> std::unique_ptr<Pass> { return std::make_unique<AddOne>(); });
  constexpr const char *Model = R"(<ir_version: 7, opset_import: ["" : 13]>
g (float[1, 2] x) => (float[1, 2] y) { y = Relu(x) })";
  PassCheck Check({});
  CompileOptions Options;
  Options.Passes = "O2,add-one";
  for (bool Checked : {false, true}) {
    if (Checked)
      Options.Run.Observers = {&Check};
    Collected Diags;
    EXPECT_NE(
        compileModel(Model, "m.onnxtext", Options, Diags.Engine).has_value(),
        Checked)
        << Diags.text();
    EXPECT_EQ(Diags.has(DiagId::CheckDifferent), Checked) << Diags.text();
  }
}

TEST(Reproducer, IsThereAfterABrokenContract) {
  llvm::SmallString<128> Folder;
  ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("reproducer", Folder));
  std::string Where = "--reproducer-dir=" + (Folder + "/deep/er").str();
  char Name[] = "test", *Argv[] = {Name, Where.data()};
  {
    Tool T(2, Argv, "");
    ASSERT_TRUE(T.parse());
    // Says that it changed nothing.
    Pipeline P;
    P.Steps.push_back(
        {std::make_unique<Replace>(parse("@output y[] single\nB -> y\n"),
                                   PassResult::unchanged()),
         {},
         0});
    Network Net = parse("@output y[] single\nA -> y\n");
    PassContext Context(T.diagnostics(), [](std::string_view) {});
    PassRunOptions Options;
    Options.Observers = {&T.reproducer()};
    PassRun Run;
    EXPECT_FALSE(runPipeline(P, Net, Context, Options, Run));
    EXPECT_EQ(T.exitCode(), ExitInternal);
  }
  auto Report = llvm::MemoryBuffer::getFile(Folder + "/deep/er/report.txt");
  ASSERT_TRUE(Report);
  EXPECT_NE((*Report)->getBuffer().find("in pass 1 of the pipeline: replace"),
            llvm::StringRef::npos)
      << (*Report)->getBuffer().str();
  Collected Diags;
  auto Kept =
      loadNetwork((Folder + "/deep/er/before.crnb").str(), Diags.Engine);
  ASSERT_TRUE(Kept) << Diags.text();
  EXPECT_EQ(Kept->contentHash(),
            parse("@output y[] single\nA -> y\n").contentHash());
  llvm::sys::fs::remove_directories(Folder);
}

TEST(Check, ADifferenceIsExitCode3) {
  char Name[] = "test", *Argv[] = {Name};
  Tool T(1, Argv, "");
  T.diagnostics().warning(DiagId::NotChecked, {}, "seen in the test's log");
  EXPECT_EQ(T.exitCode(), ExitOk);
  T.diagnostics().error(DiagId::CheckDifferent, {}, "seen in the test's log");
  EXPECT_EQ(T.exitCode(), ExitComparison);
  T.diagnostics().error(DiagId::CannotWrite, {}, "seen in the test's log");
  EXPECT_EQ(T.exitCode(), ExitErrors);
}

namespace {
/// Runs \p Text on \p Net under the check; counts what could be compared.
void expectHonest(Network Net, const std::string &Text, unsigned &Compared) {
  Outcome O;
  DiagnosticEngine Silent(nullptr);
  auto P = Pipeline::parse(Text, Silent);
  ASSERT_TRUE(P);
  runChecked(O, *P, Net, 3);
  EXPECT_FALSE(O.differs()) << O.text();
  Compared += O.Printed.find("check:") != std::string::npos;
}
} // namespace

TEST(Check, RegisteredPassesDoNotLie) {
  std::map<std::string, unsigned> Compared;
  for (const PassInfo &Info : allPasses()) {
    if (Info.Name == AddOne().info().Name)
      continue;
    unsigned &Count = Compared[std::string(Info.Name)];
    for (unsigned Seed = 0; Seed < 60; ++Seed) {
      SCOPED_TRACE(std::string(Info.Name) + ", seed " + std::to_string(Seed));
      std::string Text(Info.Name);
      expectHonest(randomNetwork(Seed), Text, Count);
      expectHonest(RandomFeedForward(Seed).take(), Text, Count);
      expectHonest(parse(RandomCascade(Seed, 1 + Seed % 3, 3, Seed % 2).Text),
                   Text, Count);
      Builder B(Seed);
      B.fill();
      DiagnosticEngine Silent(nullptr);
      if (auto Net = lowerNcRelu(B.G, Silent))
        expectHonest(*Net, Text, Count);
      if (HasFailure())
        return;
    }
  }
  for (const char *Pass :
       {"canonicalize", "eliminate-dead", "eliminate-unimolecular"})
    EXPECT_GT(Compared[Pass], 20u) << Pass;
}
