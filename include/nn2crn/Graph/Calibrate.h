//===- Calibrate.h - Does a graph keep a model's winners? -------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A bound on errors holds for all inputs and is pessimistic. Whoever has
// samples can ask instead whether a changed graph decides them as the model
// does: which element of an output is the largest, or, where there is one
// element, its sign.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_GRAPH_CALIBRATE_H
#define NN2CRN_GRAPH_CALIBRATE_H

#include "nn2crn/Graph/Graph.h"

#include <optional>
#include <string>
#include <vector>

namespace nn2crn {

/// Inputs for a graph.
struct Samples {
  size_t Cases = 0;
  /// A list for each input, in the order of the ports: one case after another,
  /// one number an element.
  std::vector<std::vector<double>> Inputs;
};

/// What a graph does with samples, compared with the model.
struct SampleReport {
  size_t Cases = 0;
  /// Cases of which an output has another winner, and the first of them.
  size_t Lost = 0;
  size_t FirstLost = 0;
  /// The largest difference between elements of outputs.
  double Error = 0;
};

/// The winners of a model on samples; of an output that is an index, those of
/// the scores that it is taken of. Where elements share the largest value
/// each of them is a winner; a single element that is zero has either sign.
class Winners {
public:
  Winners(const Graph &Model, Samples S);

  /// True where \p G, whose inputs are the model's in the same order, has the
  /// model's winner in each output, by name, and each case. Stops at the first
  /// that it has not, and begins with it the next time.
  bool kept(const Graph &G);
  /// All cases.
  SampleReport compare(const Graph &G) const;

private:
  /// The model's output: one case after another.
  struct Reference {
    std::string Name;
    size_t Elements;
    std::vector<double> Values;
  };
  bool compareBlock(const Graph &G, size_t First, SampleReport &Report) const;
  std::vector<std::vector<double>> block(size_t First) const;

  Samples S;
  std::vector<Reference> Outputs;
  /// Where kept() begins.
  size_t Hard = 0;
};

} // namespace nn2crn

#endif
