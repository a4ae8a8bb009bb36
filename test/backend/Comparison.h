//===- Comparison.h - Values against stored ones -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_BACKEND_COMPARISON_H
#define NN2CRN_TEST_BACKEND_COMPARISON_H

#include "StoredTest.h"

#include <span>
#include <string>

namespace nn2crn::test {

/// How far from an integer its reading may be.
inline constexpr double IntegerTolerance = 0.25;

/// What is wrong with \p Got, a case of the shape \p Shape as a port has it
/// (no leading 1), against \p Stored; empty where nothing is. An element,
/// rounded as the stored type would hold it, may be off by \p Tolerance times
/// max(1, |stored|). Integers may be off by IntegerTolerance before they are
/// rounded.
std::string difference(const StoredTensor &Stored, std::span<const double> Got,
                       std::span<const int64_t> Shape, double Tolerance);

/// \p Shape without a leading 1, which is no part of a port's shape.
std::vector<int64_t> portShape(std::span<const int64_t> Shape);

} // namespace nn2crn::test

#endif
