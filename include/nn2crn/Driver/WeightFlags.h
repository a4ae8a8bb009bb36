//===- WeightFlags.h - --weight-bits, --segments and so on -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_DRIVER_WEIGHTFLAGS_H
#define NN2CRN_DRIVER_WEIGHTFLAGS_H

#include "nn2crn/Driver/Activations.h"
#include "nn2crn/Driver/CommandLine.h"
#include "nn2crn/Import/ONNX.h"

namespace nn2crn {

/// The options of tools that round the weights, approximate the activations and
/// keep the head of a model. Make one between
/// Tool's constructor and Tool::parse().
class WeightFlags {
public:
  WeightFlags();
  /// False after a message about values that make no sense.
  bool check(const Tool &T) const;
  WeightOptions get() const;
  ActivationOptions activations() const;
  HeadOptions head() const;

private:
  llvm::cl::opt<unsigned> Bits;
  llvm::cl::opt<double> Budget;
  llvm::cl::list<std::string> Calibrate;
  llvm::cl::opt<std::string> Activation;
  llvm::cl::opt<unsigned> Segments;
  llvm::cl::opt<bool> KeepHead;
  llvm::cl::opt<double> HeadMargin;
};

} // namespace nn2crn

#endif
