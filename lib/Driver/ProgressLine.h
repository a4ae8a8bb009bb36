//===- ProgressLine.h - Progress on a terminal -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_DRIVER_PROGRESSLINE_H
#define NN2CRN_LIB_DRIVER_PROGRESSLINE_H

#include "nn2crn/Support/Progress.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>

namespace nn2crn {

/// A line on a terminal that counts up, shown once work has taken a while and
/// wiped at the end. Nothing where standard error is no terminal.
class ProgressLine {
public:
  ~ProgressLine() {
    if (Shown)
      llvm::errs() << "\r\x1b[K";
  }
  ProgressCallback callback() {
    if (!llvm::errs().is_displayed())
      return {};
    return [this](const Progress &P) {
      auto Now = std::chrono::steady_clock::now();
      if (Now - Last > std::chrono::milliseconds(500)) {
        llvm::errs() << "\r" << llvm::StringRef(P.Stage.data(), P.Stage.size())
                     << llvm::format(" %3.0f%%", 100 * P.Fraction);
        Last = Now;
        Shown = true;
      }
      return true;
    };
  }

private:
  std::chrono::steady_clock::time_point Last = std::chrono::steady_clock::now();
  bool Shown = false;
};

} // namespace nn2crn

#endif
