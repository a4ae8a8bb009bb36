//===- Lowering.h - From a graph to a network -------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LOWERING_LOWERING_H
#define NN2CRN_LOWERING_LOWERING_H

#include "nn2crn/Graph/Graph.h"
#include "nn2crn/IR/Network.h"
#include "nn2crn/Support/Diagnostics.h"

#include <optional>
#include <span>
#include <string_view>

namespace nn2crn {

/// How a network computes; one header a scheme.
enum class Scheme : uint8_t {
  /// The scheme that fits the graph best.
  Auto,
  NcRelu,
};

struct SchemeInfo {
  Scheme Id;
  std::string_view Name, Summary;
};
/// In the order in which help lists them.
std::span<const SchemeInfo> schemes();
std::optional<Scheme> findScheme(std::string_view Name);

/// Empty after reporting.
std::optional<Network> lower(const Graph &G, Scheme S, DiagnosticEngine &Diags);

} // namespace nn2crn

#endif
