//===- CheckFlags.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/CheckFlags.h"

using namespace nn2crn;
namespace cl = llvm::cl;

CheckFlags::CheckFlags()
    : Check("check",
            cl::desc("Run the network before and after each pass, and compare\n"
                     "what the pass says that it keeps; where that differs\n"
                     "nothing is written and the exit code is 3")),
      Inputs("check-inputs", cl::init(CheckOptions().Inputs),
             cl::value_desc("n"),
             cl::desc("Random inputs of --check, beside corners (default 16)")),
      Seed("check-seed", cl::init(0), cl::value_desc("s"),
           cl::desc("Of the random inputs (default 0)")) {}

bool CheckFlags::check(const Tool &T) const {
  if ((Inputs.getNumOccurrences() || Seed.getNumOccurrences()) && !Check) {
    T.usage("--check-inputs and --check-seed go with --check");
    return false;
  }
  if (Inputs > 100000) {
    T.usage("--check-inputs expects a number from 0 to 100000");
    return false;
  }
  return true;
}

void CheckFlags::addTo(PassRunOptions &Run, bool Verbose) {
  if (!Check)
    return;
  CheckOptions Options;
  Options.Inputs = Inputs;
  Options.Seed = Seed;
  Options.Verbose = Verbose;
  Run.Observers.push_back(&Observer.emplace(std::move(Options)));
}
