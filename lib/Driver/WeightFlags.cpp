//===- WeightFlags.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/WeightFlags.h"

#include <cmath>

using namespace nn2crn;
namespace cl = llvm::cl;

WeightFlags::WeightFlags()
    : Bits("weight-bits", cl::value_desc("n"),
           cl::desc("Round weights that are not integers times a step to this\n"
                    "many bits at most (default 16)")),
      Budget("error-budget", cl::value_desc("e"),
             cl::desc("Use the fewest bits that provably move no reading by\n"
                      "more than this, for inputs in their ranges")) {}

bool WeightFlags::check(const Tool &T) const {
  if (Bits.getNumOccurrences() &&
      (Bits < 2 || Bits > WeightOptions::MostBits)) {
    T.usage("--weight-bits expects a number from 2 to " +
            std::to_string(WeightOptions::MostBits));
    return false;
  }
  if (Budget.getNumOccurrences() && !(Budget > 0 && std::isfinite(Budget))) {
    T.usage("--error-budget expects a positive number");
    return false;
  }
  return true;
}

WeightOptions WeightFlags::get() const {
  WeightOptions Options;
  if (Bits.getNumOccurrences())
    Options.Bits = Bits;
  if (Budget.getNumOccurrences())
    Options.Budget = Budget;
  return Options;
}
