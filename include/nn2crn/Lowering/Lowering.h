//===- Lowering.h - The schemes of lowering ---------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LOWERING_LOWERING_H
#define NN2CRN_LOWERING_LOWERING_H

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace nn2crn {

/// How a network computes; one header a scheme.
enum class Scheme : uint8_t {
  /// The scheme that fits the graph best: NcRelu for what is piecewise linear,
  /// FixedPoint for smooth activations and what depends on them.
  Auto,
  NcRelu,
  FixedPoint,
};

struct SchemeInfo {
  Scheme Id;
  std::string_view Name, Summary;
};
/// In the order in which help lists them.
std::span<const SchemeInfo> schemes();
std::optional<Scheme> findScheme(std::string_view Name);

} // namespace nn2crn

#endif
