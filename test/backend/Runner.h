//===- Runner.h - One backend test through the compiler -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_BACKEND_RUNNER_H
#define NN2CRN_TEST_BACKEND_RUNNER_H

#include "StoredTest.h"

#include <cstdint>
#include <string>

namespace nn2crn::test {

struct Verdict {
  enum class Kind : uint8_t {
    Passed,
    Refused,
    /// Another answer than the stored one, also by a crash or no answer.
    Wrong,
  };
  Kind K = Kind::Refused;
  /// Of Passed: the model does more than to choose, repeat and order elements.
  bool Computes = false;
  /// Of Passed: what was fixed. Otherwise one sentence.
  std::string Why;
  /// Of Passed: the compiler could not prove the error budget, and warned.
  bool Unproven = false;
};

struct RunOptions {
  /// Stop after the imported graph was evaluated.
  bool GraphOnly = false;
  /// A smooth function is asked for, which may be off by 1e-3, not 1e-5.
  bool Smooth = false;
};

/// Reads the model of \p T, with as few of its inputs fixed as possible, and
/// evaluates the graph in doubles on the stored inputs; then compiles it to
/// reactions, simulates these, and reads their output ports. Both must give
/// the stored outputs.
///
/// The compiler gets what a user would type: --activation=piecewise,
/// --error-budget of four fifths of the tolerance, and for each input the
/// --input-range that the stored values take. With --weight-bits=31 a
/// budget that rounded weights cannot be proven to keep is a warning; what then
/// differs from the stored outputs counts as refused.
Verdict runTest(const StoredTest &T, const RunOptions &Options);

} // namespace nn2crn::test

#endif
