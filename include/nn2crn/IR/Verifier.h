//===- Verifier.h - The rules that every network keeps -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_IR_VERIFIER_H
#define NN2CRN_IR_VERIFIER_H

#include "nn2crn/IR/Network.h"
#include "nn2crn/Support/Diagnostics.h"

namespace nn2crn {

/// Checks that ids are in range and alive, names unique, coefficients from 1
/// to MaxCoefficient with no species twice on a side, rates and amounts finite
/// and not negative, and ports and phases well formed. Reports what is broken
/// (at most 20 errors) and returns whether all is well. Safe on any network,
/// however broken.
bool verify(const Network &Net, DiagnosticEngine &Diags);

} // namespace nn2crn

#endif
