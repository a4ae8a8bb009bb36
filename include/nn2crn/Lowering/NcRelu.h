//===- NcRelu.h - Noncompetitive dual-rail ReLU networks --------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The construction of Vasic, Chalk, Luchsinger, Khurshid and Soloveichik,
// "Programming and training rate-independent chemical reaction networks", PNAS
// 119(24) e2111552119 (2022). A value v is two species, v = [v.p] - [v.n], and
// every rate constant is 1, because none matters: each species is consumed by
// one reaction only, so the network ends in the same state under every rate
// law.
//
//   fan-out     v.p -> sum of w z.p over w > 0 + sum of |w| z.n over w < 0,
//               v.n -> the same with rails exchanged; one reaction a rail
//               carries all consumers, and none is written where there are none
//   bias        initial amount on the rail of its sign
//   scale       weights that are integers times a step are carried as the
//               integers w; values then are multiples of what the model has,
//               which the scale of the output port takes off (Quantize.h)
//   large       where layers of different scales meet, w may be beyond what a
//   weights     coefficient can be: x.p has 2^28 copies made, those 2^28 each,
//               and each of them makes its digit of w, to the base 2^28
//   ReLU        z.p -> m + h.p,  m + z.n -> h.n
//
// With p and n for all that z.p and z.n ever receive, h.p gets p and h.n gets
// min(p, n), so that the difference is max(p - n, 0).
//
// A layered net of widths n_0, n_1, ... n_L and n_out takes 2 n_0 + 4 sum n_l
// reactions and 2 n_0 + 5 sum n_l + 2 n_out species, less the fan-outs that
// are empty.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LOWERING_NCRELU_H
#define NN2CRN_LOWERING_NCRELU_H

#include "nn2crn/Graph/Graph.h"
#include "nn2crn/IR/Network.h"
#include "nn2crn/Support/Diagnostics.h"

#include <optional>

namespace nn2crn {

/// Lowers \p G, whose weights must be integers below 2^31 times a step
/// (carriedScales()); a node without is reported.
///
/// Inputs are only ever consumed: no reaction makes an input species and none
/// has an initial amount. What is read at an output port is consumed by
/// nothing.
std::optional<Network> lowerNcRelu(const Graph &G, DiagnosticEngine &Diags);

} // namespace nn2crn

#endif
