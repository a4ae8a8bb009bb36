//===- SplitMix.h - Random numbers for benchmarks -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_BENCHMARKS_SPLITMIX_H
#define NN2CRN_BENCHMARKS_SPLITMIX_H

#include <cstdint>

namespace nn2crn::bench {

/// A small generator whose stream does not depend on the standard library.
struct SplitMix {
  uint64_t State;
  uint32_t below(uint32_t N) {
    uint64_t Z = (State += 0x9e3779b97f4a7c15);
    Z = (Z ^ (Z >> 30)) * 0xbf58476d1ce4e5b9;
    Z = (Z ^ (Z >> 27)) * 0x94d049bb133111eb;
    Z ^= Z >> 31;
    return static_cast<uint32_t>((Z >> 32) * N >> 32);
  }
};

} // namespace nn2crn::bench

#endif
