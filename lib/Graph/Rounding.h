//===- Rounding.h - Graphs with rounded weights -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_GRAPH_ROUNDING_H
#define NN2CRN_LIB_GRAPH_ROUNDING_H

#include "nn2crn/Graph/Quantize.h"

#include <optional>
#include <span>
#include <vector>

namespace nn2crn {

/// The largest power of two that \p W, which is not 0, is a multiple of.
double lowestBit(double W);

/// Activations that were approximated, by the ValueId of their result; null for
/// all else.
using UnitTable = std::vector<const PiecewiseUnit *>;
UnitTable tableOf(const Graph &G, std::span<const PiecewiseUnit> Units);

/// The largest error of an output of \p Rounded, whose nodes are those of
/// \p Exact, for inputs in \p Box; of an index, of the scores that it is taken
/// of. \p L is what was approximated in \p Exact.
double errorBound(const Graph &Exact, const Graph &Rounded, const InputBox &Box,
                  const Linearization &L);

/// A graph with weights of so many bits, the sign included; 0 where the weights
/// are those of the graph that it was made from.
struct RoundedGraph {
  Graph Rounded;
  unsigned Bits = 0;
  bool isExact() const { return Bits == 0; }
};

/// Makes a graph's weights integers of any number of bits times a step.
class Rounding {
public:
  Rounding(const Graph &G, std::span<const PiecewiseUnit> Units)
      : G(G), Units(Units) {}
  /// With \p Bits, from 2 on, or fewer where that is all that is needed.
  RoundedGraph at(unsigned Bits);
  /// The graph with the values that \p R has but for rounding.
  const Graph &exact(const RoundedGraph &R) const;

private:
  void prepare();

  const Graph &G;
  std::span<const PiecewiseUnit> Units;
  /// Most models need none of what follows.
  bool Prepared = false;
  /// Small integers times a step a row, where the weights are such but for
  /// rounding, and the bits of those integers.
  std::optional<Graph> Small;
  unsigned SmallBits = 0;
  /// Units rescaled so that fewer bits hold the weights.
  Graph Balanced;
};

} // namespace nn2crn

#endif
