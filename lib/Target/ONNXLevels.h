//===- ONNXLevels.h - A network as minima of linear forms ------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The limit of a network that analyzeFeedForward holds for, as formulas. How
// often a reaction fires is
//
//   extent = min over what it net-consumes of supply / (consumed per firing)
//   supply = initial amount + what earlier reactions net-produce
//
// so the extent of a reaction that consumes one species is linear in those
// before it, and what is left are the reactions that consume several: the
// minima. Their operands, and what output ports read, are linear forms of
// inputs and of earlier minima. The level of a minimum is the longest chain of
// minima that ends in it; those of one level do not depend on each other.
//
// A form does not reach back further than it must. The fan-outs of a hidden
// unit supply the next layer with what the unit was supplied with, and that is
// an operand of the unit's own minimum (`Z+ -> M + H+`, `M + Z- -> H-`: what H+
// passes on is M's supply). So forms refer to operands of earlier levels as
// well, and stay as wide as a layer.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_TARGET_ONNXLEVELS_H
#define NN2CRN_LIB_TARGET_ONNXLEVELS_H

#include "nn2crn/IR/Network.h"
#include "nn2crn/Support/Diagnostics.h"

#include <optional>
#include <vector>

namespace nn2crn {

/// What a linear form is made of.
struct FlowVariable {
  enum class Kind : uint8_t {
    /// Element Second of input port First in amounts, s = (value + offset) *
    /// scale - constant: max(s, 0), max(-s, 0), or s itself.
    Positive,
    Negative,
    Signed,
    /// The extent of minimum First.
    Extent,
    /// Operand Second of minimum First.
    Operand,
  };
  Kind K;
  uint32_t First, Second;
};

struct FlowForm {
  struct Term {
    /// An index into FlowLevels::Variables.
    uint32_t Variable;
    double Coefficient;
  };
  double Constant = 0;
  std::vector<Term> Terms;
};

struct FlowMinimum {
  /// From 1.
  uint32_t Level = 0;
  /// At least two.
  std::vector<FlowForm> Operands;
};

struct FlowLevels {
  std::vector<FlowVariable> Variables;
  /// By level. Operands refer to inputs and to minima of lower levels.
  std::vector<FlowMinimum> Minima;
  /// What the elements of all output ports read, in order.
  std::vector<FlowForm> Readings;
};

/// Empty after a report, where \p Net has no such formulas or no ports.
std::optional<FlowLevels> findLevels(const Network &Net,
                                     DiagnosticEngine &Diags);

} // namespace nn2crn

#endif
