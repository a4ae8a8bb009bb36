//===- CheckFlags.h - --check and what goes with it -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_DRIVER_CHECKFLAGS_H
#define NN2CRN_DRIVER_CHECKFLAGS_H

#include "nn2crn/Driver/CheckPasses.h"
#include "nn2crn/Driver/CommandLine.h"

#include <optional>

namespace nn2crn {

/// The options of tools that run passes. Make one between Tool's constructor
/// and Tool::parse().
class CheckFlags {
public:
  CheckFlags();
  /// False after a message about options that make no sense.
  bool check(const Tool &T) const;
  /// Adds a PassCheck to \p Run where that is asked for; this must outlive the
  /// run.
  void addTo(PassRunOptions &Run, bool Verbose);

private:
  llvm::cl::opt<bool> Check;
  llvm::cl::opt<unsigned> Inputs;
  llvm::cl::opt<uint64_t> Seed;
  std::optional<PassCheck> Observer;
};

} // namespace nn2crn

#endif
