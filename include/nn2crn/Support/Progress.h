//===- Progress.h - How far long work has come -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_SUPPORT_PROGRESS_H
#define NN2CRN_SUPPORT_PROGRESS_H

#include <functional>
#include <string_view>

namespace nn2crn {

/// What a long piece of work tells about itself.
struct Progress {
  /// What is being done, as in "cases".
  std::string_view Stage;
  /// From 0 to 1.
  double Fraction;
};

/// Called now and then, from one thread at a time but not always the same one.
/// Returning false asks the work to stop; it then reports Cancelled.
using ProgressCallback = std::function<bool(const Progress &)>;

} // namespace nn2crn

#endif
