//===- GraphForms.h - The function that a model computes -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_VERIFICATION_GRAPHFORMS_H
#define NN2CRN_LIB_VERIFICATION_GRAPHFORMS_H

#include "nn2crn/Analysis/LinearForms.h"
#include "nn2crn/Graph/Graph.h"

namespace nn2crn {

/// The outputs of a graph as forms over variables of its inputs.
template <class T> struct GraphForms {
  using FormPtr = typename FormSpace<T>::FormPtr;

  /// One list an output, one form an element.
  std::vector<std::vector<FormPtr>> Outputs;
  /// A ReLU unit.
  struct Unit {
    NodeId Node;
    uint32_t Element;
    /// As FormSpace::Relu.
    int Sign;
    uint32_t Atom;
  };
  std::vector<Unit> Units;

  /// \p Inputs holds the variables of each element of each input. Stops early
  /// once \p Space has overflowed.
  GraphForms(const Graph &G, FormSpace<T> &Space,
             const std::vector<std::vector<uint32_t>> &Inputs);
};

extern template struct GraphForms<int64_t>;
extern template struct GraphForms<Int128>;
extern template struct GraphForms<Rational>;

} // namespace nn2crn

#endif
