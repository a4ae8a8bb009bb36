//===- PrintStats.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/Metrics.h"
#include "nn2crn/Transforms/Pass.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace nn2crn;

namespace {
struct PrintStats : Pass {
  static constexpr PassInfo Info{"print-stats", "print the size of the network",
                                 R"(
Prints how many species and reactions there are at this point of a pipeline, the
reactions by order, and how long product lists are. Changes nothing.
)"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &Context) override {
    Metrics M = computeMetrics(Net);
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
