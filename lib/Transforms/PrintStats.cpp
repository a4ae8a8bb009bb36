//===- PrintStats.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/CostModel.h"
#include "nn2crn/Transforms/Pass.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace nn2crn;

namespace {
struct PrintStats : Pass {
  static constexpr PassInfo Info{"print-stats", "print the size of the network",
                                 R"(
Prints how many species and reactions there are at this point of a pipeline, the
reactions by order, how long product lists are, and what the cost model says:
strands and nucleotides in a scheme of strand displacement, the longest chain of
reactions, bounds of concentrations, and an estimate of the time to settle.
Concentrations, depth and time have no answer, and a dash, where the network has
cycles, phases or reactions that never end. Changes nothing.

| scheme | strands of a reaction with n products | longest strand, nucleotides |
| --- | --- | --- |
| `soloveichik2010` | 3 + n | 20 + 20 n |
| `srinivas2017` | 4 + n | 5 + 20 n |
| `lakin2012` | 4 + n | 25 + 20 n |
| `qian2011` | 7 + 2 n | 75 + 20 n |
| `chen2013` | 8 + 2 n | 40 + 20 n |

`nucleotides` adds up the longest strand of every reaction. Concentrations are
bounds for all inputs within the declared ranges, or for inputs of magnitude 1
where none are declared. The time takes 1/k for a reaction of one molecule and
ln(1000)/k for one of more along the slowest chain. It is an estimate: the mean
over samples of published networks was 0.5 to 1.1 times that, and a gate whose
two inputs are nearly equal makes a sample much slower.
)"};

  Choice Scheme{this, "scheme", dnaSchemeNames(),
                "whose strands and nucleotides"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &Context) override {
    Cost M = computeCost(Net, dnaSchemes()[Scheme.index()]);
    std::string Text;
    llvm::raw_string_ostream OS(Text);
    auto Row = [&](const char *What, uint64_t Value) {
      OS << llvm::format("%-16s %12llu\n", What,
                         static_cast<unsigned long long>(Value));
    };
    Row("species", M.Species);
    Row("reactions", M.Reactions);
    Row("  zeroth order", M.ZeroOrder);
    Row("  unimolecular", M.Unimolecular);
    Row("  bimolecular", M.Bimolecular);
    Row("  higher", M.Higher);
    Row("max reactants", M.MaxReactants);
    Row("max products", M.MaxProducts);
    Row("product slots", M.ProductSlots);
    Row("strands", M.Strands);
    Row("nucleotides", M.Nucleotides);
    auto Estimate = [&](const char *What, const auto &Value) {
      std::string Shown = "-";
      if (Value)
        llvm::raw_string_ostream(Shown = "")
            << llvm::format("%.6g", static_cast<double>(*Value));
      OS << llvm::format("%-16s %12s\n", What, Shown.c_str());
    };
    Estimate("depth", M.Depth);
    Estimate("  unimolecular", M.UnimolecularDepth);
    Estimate("peak bound", M.PeakConcentration);
    Estimate("total bound", M.TotalConcentration);
    Estimate("settling time", M.SettlingTime);
    Context.Print(Text);
    return PassResult::unchanged();
  }
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createPrintStats() {
  return std::make_unique<PrintStats>();
}
} // namespace nn2crn
