//===- Exact.h - Networks and models in fractions -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A counterexample is believed because it was computed, on both sides, in the
// plainest way there is and without rounding. Nothing here knows of forms.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_VERIFICATION_EXACT_H
#define NN2CRN_LIB_VERIFICATION_EXACT_H

#include "nn2crn/Analysis/FeedForward.h"
#include "nn2crn/Graph/Graph.h"
#include "nn2crn/IR/Network.h"

#include <optional>
#include <vector>

namespace nn2crn {

/// Values of ports, one list a port.
using ExactValues = std::vector<std::vector<Rational>>;

/// The readings of all output ports of \p Net (in the order of ports, empty for
/// the others) with \p Inputs (in the order of ports) on its input ports, after
/// firing the reactions of \p Order once each. Empty where a number is not
/// exact or a value needs a rail that is not there.
std::optional<ExactValues> exactLimit(const Network &Net,
                                      const FeedForward &Order,
                                      const ExactValues &Inputs);

/// The outputs of \p G for \p Inputs, in the order of its ports.
ExactValues exactOutputs(const Graph &G, const ExactValues &Inputs);

} // namespace nn2crn

#endif
