//===- GraphForms.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphForms.h"

#include <cassert>
#include <cmath>

using namespace nn2crn;

template <class T>
GraphForms<T>::GraphForms(const Graph &G, FormSpace<T> &Space,
                          const std::vector<std::vector<uint32_t>> &Inputs) {
  std::vector<std::vector<FormPtr>> Values(G.values().size());
  for (size_t I = 0; I < Inputs.size(); ++I)
    for (uint32_t V : Inputs[I])
      Values[G.inputs()[I].Value.Value].push_back(Space.variable(V));

  typename FormSpace<T>::Sum Sum(Space);
  for (size_t At = 0; At < G.nodes().size(); ++At) {
    const Node &N = G.nodes()[At];
    std::vector<FormPtr> &Out = Values[N.Result.Value];
    uint32_t Elements = G.value(N.Result).Elements;
    Out.reserve(Elements);
    for (uint32_t E = 0; E < Elements && !Space.overflowed(); ++E) {
      assert(N.Kind != NodeKind::Smooth && "only piecewise-linear graphs");
      if (N.Kind == NodeKind::Relu) {
        auto Relu = Space.relu(Values[N.Operands[0].Value.Value][E]);
        Units.push_back(
            {NodeId(static_cast<uint32_t>(At)), E, Relu.Sign, Relu.Atom});
        Out.push_back(std::move(Relu.Value));
        continue;
      }
      for (const Node::Operand &O : N.Operands) {
        auto Columns = O.Weights.columnsOf(E);
        auto Weights = O.Weights.weightsOf(E);
        for (size_t K = 0; K < Columns.size(); ++K) {
          const FormPtr &Form = Values[O.Value.Value][Columns[K]];
          if (double W = Weights[K]; W == std::rint(W) && std::fabs(W) < 0x1p53)
            Sum.add(Form, static_cast<int64_t>(W));
          else
            Sum.add(Form, Rational::fromDouble(W));
        }
      }
      if (!N.Bias.empty())
        Sum.addConstant(Rational::fromDouble(N.Bias[E]));
      Out.push_back(Sum.take());
    }
    if (Space.overflowed())
      return;
  }
  for (const GraphPort &P : G.outputs())
    Outputs.push_back(Values[P.Value.Value]);
}

template struct nn2crn::GraphForms<int64_t>;
template struct nn2crn::GraphForms<Int128>;
template struct nn2crn::GraphForms<Rational>;
