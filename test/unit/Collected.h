//===- Collected.h - Keeps diagnostics, for tests -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_COLLECTED_H
#define NN2CRN_TEST_COLLECTED_H

#include "nn2crn/Support/Diagnostics.h"

#include <algorithm>
#include <string>
#include <vector>

namespace nn2crn::test {

/// Keeps what was reported.
struct Collected {
  std::vector<Diagnostic> All;
  DiagnosticEngine Engine{[this](const Diagnostic &D) { All.push_back(D); }};
  /// Everything as a person would read it.
  std::string text() const {
    std::string Out;
    for (const Diagnostic &D : All)
      Out += formatDiagnostic(D);
    return Out;
  }
  bool has(DiagId Id) const {
    return std::any_of(All.begin(), All.end(),
                       [&](const Diagnostic &D) { return D.Id == Id; });
  }
  size_t errors(DiagId Id) const {
    return static_cast<size_t>(
        std::count_if(All.begin(), All.end(), [&](const Diagnostic &D) {
          return D.Id == Id && D.Level == Severity::Error;
        }));
  }
};

} // namespace nn2crn::test

#endif
