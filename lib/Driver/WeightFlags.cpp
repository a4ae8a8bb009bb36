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
             cl::desc("Use the fewest bits and segments that provably move no\n"
                      "reading by more than this, for inputs in their ranges")),
      Calibrate("calibrate", cl::value_desc("[port=]spec"),
                cl::desc("Use the fewest bits for which these samples keep\n"
                         "their winners: the largest element of an output,\n"
                         "or the sign of the only one")),
      Activation(
          "activation", cl::value_desc("way"), cl::init("auto"),
          cl::desc("What becomes of Sigmoid, Tanh and the like:\n"
                   "fixed-point (stable, the reactions' rates matter; the\n"
                   "default), piecewise (linear: rates do not matter, and\n"
                   "--certify can prove it), or timed (Exp, Sigmoid, Tanh\n"
                   "and Softmax exactly, once; others are fixed points)")),
      Segments("segments", cl::value_desc("n"),
               cl::desc("Approximate each such activation by n segments, at\n"
                        "most n with --error-budget (default of piecewise: as\n"
                        "many as keep it within 0.001)")),
      KeepHead(
          "keep-head",
          cl::desc("Compute a final Softmax, LogSoftmax, Sigmoid or\n"
                   "ArgMax; otherwise it is left out, since it changes no\n"
                   "winner, and the output shows what goes into it")),
      HeadMargin("head-margin", cl::value_desc("m"),
                 cl::init(DefaultHeadMargin),
                 cl::desc("The index of an ArgMax is exact where the winner\n"
                          "leads by this, rounded down to a power of two\n"
                          "(default 1/128); goes with --keep-head")) {}

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
  if (Budget.getNumOccurrences() && Calibrate.getNumOccurrences()) {
    T.usage("--error-budget and --calibrate both choose how far weights are "
            "rounded, the one proven for all inputs, the other measured on "
            "samples; give one of them");
    return false;
  }
  if (!isKnownActivationWay(Activation)) {
    T.usage("--activation expects " + std::string(activationWays()));
    return false;
  }
  if (Segments.getNumOccurrences() &&
      (Segments < 1 || Segments > MostSegments)) {
    T.usage("--segments expects a number from 1 to " +
            std::to_string(MostSegments));
    return false;
  }
  if (HeadMargin.getNumOccurrences()) {
    if (!KeepHead) {
      T.usage("--head-margin goes with --keep-head");
      return false;
    }
    // Far from where its inverse or differences of scores would not be doubles.
    if (!(HeadMargin >= 1e-9 && HeadMargin <= 1e9)) {
      T.usage("--head-margin expects a number from 1e-9 to 1e9");
      return false;
    }
  }
  return true;
}

HeadOptions WeightFlags::head() const {
  HeadOptions Options;
  Options.Keep = KeepHead;
  Options.Margin = HeadMargin;
  return Options;
}

ActivationOptions WeightFlags::activations() const {
  ActivationOptions Options;
  Options.Way = Activation;
  if (Segments.getNumOccurrences())
    Options.Segments = Segments;
  return Options;
}

WeightOptions WeightFlags::get() const {
  WeightOptions Options;
  if (Bits.getNumOccurrences())
    Options.Bits = Bits;
  if (Budget.getNumOccurrences())
    Options.Budget = Budget;
  Options.Calibrate.assign(Calibrate.begin(), Calibrate.end());
  return Options;
}
