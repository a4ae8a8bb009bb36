//===- ParseNetwork.h - Networks as text in tests -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_PARSENETWORK_H
#define NN2CRN_TEST_PARSENETWORK_H

#include "nn2crn/IR/Text.h"

#include <gtest/gtest.h>

namespace nn2crn::test {

/// The network that \p Text describes; an empty one, and a failure, where it
/// does not.
inline Network parse(std::string_view Text) {
  std::string Reported;
  DiagnosticEngine Diags(
      [&](const Diagnostic &D) { Reported += formatDiagnostic(D); });
  auto Net = parseText(Text, "t.crn", Diags);
  EXPECT_TRUE(Net) << Reported;
  return Net ? std::move(*Net) : Network();
}

} // namespace nn2crn::test

#endif
