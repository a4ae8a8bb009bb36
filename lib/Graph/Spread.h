//===- Spread.h - Intervals and errors of all values ------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Interval arithmetic from the inputs to the outputs of a model, beside a bound
// on how far the same model with other activations is from it.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_GRAPH_SPREAD_H
#define NN2CRN_LIB_GRAPH_SPREAD_H

#include "PartTable.h"

#include "nn2crn/Graph/InputBox.h"
#include "nn2crn/Graph/Linearize.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <vector>

namespace nn2crn {

/// What an element of the model may be, and how far the other model may be from
/// it.
struct Spread {
  double Low, High, Error;
};
/// What a ReLU makes of it.
inline Spread positive(const Spread &S) {
  return {std::max(S.Low, 0.0), std::max(S.High, 0.0), S.Error};
}
/// The error that \p Error becomes where slopes are at most \p Slope. One
/// without a bound (Sqrt at 0) does no harm to what is exact.
inline double passedOn(double Slope, double Error) {
  return Error == 0 ? 0 : Slope * Error;
}
/// Of every element, by ValueId.
using Spreads = std::vector<std::vector<Spread>>;

/// The spreads of the inputs of \p G; all that is known at the beginning.
Spreads inputSpreads(const Graph &G, const InputBox &Box);

/// What a node reads, by the value's id.
using SpreadOf = std::function<const std::vector<Spread> &(ValueId)>;

/// What comes of \p N, an affine node. Weights and biases of both models are
/// the same.
std::vector<Spread> affineSpreads(const Graph &G, const Node &N,
                                  const SpreadOf &In);

/// The largest error of an output.
double outputError(const Graph &G, const Spreads &Values);

/// Extends \p Values from the inputs to all values of \p G. \p Activate is
/// called for every node that is not affine, in order, as
/// `bool Activate(NodeId, bool InPart, const std::vector<Spread> &In,
/// std::vector<Spread> &Out)`; where it answers false, that is the end. Then,
/// false.
///
/// Within a part of known slope everything is held against what should come of
/// the values that enter it as they are, and at its end what enters it adds as
/// much as the slope says. \p Parts, if not null, gets what that is.
template <class Fn>
bool propagate(const Graph &G, Spreads &Values, Fn Activate,
               std::vector<PartError> *Parts = nullptr) {
  PartTable PartOf(G);
  Spreads Entering(G.parts().size());
  std::vector<PartError> Errors(G.parts().size(), {HUGE_VAL, HUGE_VAL});
  for (uint32_t At = 0; At < G.nodes().size(); ++At) {
    const Node &N = G.node(NodeId(At));
    uint32_t Part = PartOf[At];
    bool InPart = Part != PartTable::None;
    ValueId From = InPart ? G.parts()[Part].From : ValueId();
    if (InPart && Entering[Part].empty()) {
      PartError &E = Errors[Part];
      E.Arriving = 0;
      for (const Spread &S : Values[From.Value]) {
        Entering[Part].push_back({S.Low - S.Error, S.High + S.Error, 0});
        E.Arriving = std::max(E.Arriving, S.Error);
      }
    }
    auto In = [&](ValueId V) -> const std::vector<Spread> & {
      return InPart && V == From ? Entering[Part] : Values[V.Value];
    };
    std::vector<Spread> Out;
    if (N.Kind == NodeKind::Affine) {
      Out = affineSpreads(G, N, In);
    } else {
      Out.resize(G.value(N.Result).Elements);
      if (!Activate(NodeId(At), InPart, In(N.Operands[0].Value), Out))
        return false;
    }
    // What rounding of this computation itself may have lost.
    for (Spread &S : Out) {
      double Lost = 1e-12 * std::max(std::fabs(S.Low), std::fabs(S.High));
      S = {S.Low - Lost, S.High + Lost, S.Error * (1 + 1e-12)};
    }
    if (InPart && N.Result == G.parts()[Part].To) {
      PartError &E = Errors[Part];
      E.Own = 0;
      for (Spread &S : Out) {
        E.Own = std::max(E.Own, S.Error);
        S.Error += G.parts()[Part].Slope * E.Arriving * (1 + 1e-12);
      }
    }
    Values[N.Result.Value] = std::move(Out);
  }
  if (Parts)
    *Parts = std::move(Errors);
  return true;
}

/// The arguments of an activation, errors included; empty where one is too
/// large for any approximation to be of use, or where the activation has no
/// asymptote and a value too large.
struct Arguments {
  double Low, High;
  /// The largest value where the activation outgrows all lines, if that is
  /// above 1, else 1.
  double Value = 1;
  /// False where the activation is not defined at all of them.
  bool Defined = true;
};
std::optional<Arguments> argumentsOf(const SmoothFunction &F,
                                     const std::vector<Spread> &In);

} // namespace nn2crn

#endif
