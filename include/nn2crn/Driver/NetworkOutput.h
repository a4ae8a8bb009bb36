//===- NetworkOutput.h - Writing a network and what goes with it -*- C++
//-*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_DRIVER_NETWORKOUTPUT_H
#define NN2CRN_DRIVER_NETWORKOUTPUT_H

#include "nn2crn/IR/Network.h"
#include "nn2crn/Support/Diagnostics.h"

#include <string>
#include <vector>

namespace nn2crn {

/// What `nn2crn` and `crn-opt` write: the options -o, --emit, --input, --case,
/// --map and --stats.
struct NetworkOutput {
  /// "-" is standard output.
  std::string Path = "-";
  /// A target's name; empty to go by the extension of Path.
  std::string Emit;
  /// `[PORT=]SPEC` each.
  std::vector<std::string> Inputs;
  /// Counted from 0.
  unsigned Case = 0;
  /// Empty where not wanted.
  std::string Map, Stats;

  /// Sets the sample in \p Net, then writes all files or none.
  bool write(Network &Net, DiagnosticEngine &Diags) const;
};

} // namespace nn2crn

#endif
