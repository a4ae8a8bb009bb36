//===- Isolated.h - Work in processes of its own -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_BACKEND_ISOLATED_H
#define NN2CRN_TEST_BACKEND_ISOLATED_H

#include <functional>
#include <string>

namespace nn2crn::test {

/// How a piece of work ended that had a process of its own.
struct IsolatedEnd {
  /// What it returned; empty where it did not come to that.
  std::string Answer;
  /// Why it did not return: "crashed: Aborted", "took more than 60 s".
  std::string Failure;
  /// Processor time.
  double Seconds = 0;
};

/// Calls \p Work(i) for all i below \p Count, each in a process of its own, at
/// most \p Jobs at a time and none longer than \p Seconds of processor time,
/// and hands what became of it to \p Done(i, end), in order of i.
void runIsolated(size_t Count, unsigned Jobs, unsigned Seconds,
                 const std::function<std::string(size_t)> &Work,
                 const std::function<void(size_t, const IsolatedEnd &)> &Done);

} // namespace nn2crn::test

#endif
