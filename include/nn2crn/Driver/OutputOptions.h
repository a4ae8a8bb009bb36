//===- OutputOptions.h - Options of tools that write networks -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_DRIVER_OUTPUTOPTIONS_H
#define NN2CRN_DRIVER_OUTPUTOPTIONS_H

#include "nn2crn/Driver/CommandLine.h"
#include "nn2crn/Driver/NetworkOutput.h"

namespace nn2crn {

/// -o, --emit, --input, --case, --map and --stats.
class OutputOptions {
public:
  OutputOptions();
  /// What the command line asked for, after Tool::parse(); empty after a
  /// message where that makes no sense.
  std::optional<NetworkOutput> get(const Tool &T) const;

private:
  llvm::cl::opt<std::string> Path, Emit;
  llvm::cl::list<std::string> Inputs;
  llvm::cl::opt<unsigned> Case;
  llvm::cl::opt<std::string> Map, Stats;
};

} // namespace nn2crn

#endif
