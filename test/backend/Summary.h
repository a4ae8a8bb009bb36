//===- Summary.h - What the backend tests come to -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_BACKEND_SUMMARY_H
#define NN2CRN_TEST_BACKEND_SUMMARY_H

#include "Runner.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace nn2crn::test {

/// What tests ask for: the tiers in the order of their file, and each test's.
struct Tiers {
  std::vector<std::string> Names;
  std::map<std::string, size_t> Of;

  /// True where a smooth function is asked for: in tiers that say so, and where
  /// no tier does.
  bool isSmooth(const std::string &Test) const;
};
/// Lines "TIER TEST"; `#` starts a comment line. Empty where \p Text has other
/// lines, or a test twice.
std::optional<Tiers> parseTiers(const std::string &Text);

/// What one test came to.
struct Outcome {
  std::string Test;
  Verdict V;
};

/// Passed, computing, refused and wrong tests by tier, as a Markdown table; the
/// tiers before the first "stretch" are summed up first.
std::string tierTable(const std::vector<Outcome> &All, const Tiers &T);
/// The page docs/reference/backend-tests.md.
std::string referencePage(const std::vector<Outcome> &All, const Tiers &T);

} // namespace nn2crn::test

#endif
