//===- CheckPasses.h - Do passes keep what they say? -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs the network before and after each pass that changed it, and compares
// what the pass says that it kept (Preserved). This finds mistakes and proves
// nothing: see docs/rationale/optimizer.md, and `certify` for a proof.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_DRIVER_CHECKPASSES_H
#define NN2CRN_DRIVER_CHECKPASSES_H

#include "nn2crn/Support/Progress.h"
#include "nn2crn/Transforms/Pipeline.h"

#include <cstdint>

namespace nn2crn {

struct CheckOptions {
  /// Random inputs, beside zeros and corners of the ranges.
  unsigned Inputs = 16;
  /// Of the random numbers.
  uint64_t Seed = 0;
  /// Say of every pass what was compared, to PassContext::Print.
  bool Verbose = false;
  /// Where none is given, a terminal shows how far long work has come.
  ProgressCallback Progress;
};

/// Compares after each pass that changed the network. What differs is an error
/// (check-different), and the pipeline ends there; what could not be compared
/// is a warning (not-checked). Keeps a copy of the network.
class PassCheck final : public PassObserver {
public:
  explicit PassCheck(CheckOptions Options) : Options(std::move(Options)) {}
  void begin(const Network &Net) override { Before = Net; }
  bool after(const PassRun &Run, const Network &Net,
             PassContext &Context) override;

private:
  CheckOptions Options;
  /// As it was after the pass before.
  Network Before;
};

} // namespace nn2crn

#endif
