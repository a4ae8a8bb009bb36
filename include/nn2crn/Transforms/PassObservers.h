//===- PassObservers.h - --print-after and --dump-dir -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TRANSFORMS_PASSOBSERVERS_H
#define NN2CRN_TRANSFORMS_PASSOBSERVERS_H

#include "nn2crn/Transforms/Pipeline.h"

namespace nn2crn {

/// Prints the network after some passes, to PassContext::Print.
class PrintAfter final : public PassObserver {
public:
  /// Names of passes; "all" and "changed" mean that.
  explicit PrintAfter(std::vector<std::string> Passes)
      : Passes(std::move(Passes)) {}
  bool after(const PassRun &Run, const Network &Net,
             PassContext &Context) override;

private:
  std::vector<std::string> Passes;
};

/// Writes a numbered file after every pass.
class DumpAfter final : public PassObserver {
public:
  /// A folder, which is made where there is none.
  explicit DumpAfter(std::string Folder) : Folder(std::move(Folder)) {}
  bool after(const PassRun &Run, const Network &Net,
             PassContext &Context) override;

private:
  std::string Folder;
};

} // namespace nn2crn

#endif
