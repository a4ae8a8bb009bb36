//===- Spread.cpp ---------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Spread.h"

using namespace nn2crn;

Spreads nn2crn::inputSpreads(const Graph &G, const InputBox &Box) {
  Spreads Values(G.values().size());
  for (size_t I = 0; I < G.inputs().size(); ++I) {
    ValueRange R = boxOf(Box, I);
    ValueId V = G.inputs()[I].Value;
    Values[V.Value].assign(G.value(V).Elements, {R.Low, R.High, 0});
  }
  return Values;
}

std::vector<Spread> nn2crn::affineSpreads(const Graph &G, const Node &N,
                                          const SpreadOf &ValueOf) {
  std::vector<Spread> Out(G.value(N.Result).Elements, {0, 0, 0});
  for (size_t I = 0; I < N.Bias.size(); ++I)
    Out[I].Low = Out[I].High = N.Bias[I];
  for (const Node::Operand &O : N.Operands) {
    const auto &In = ValueOf(O.Value);
    for (uint32_t R = 0; R < Out.size(); ++R) {
      Spread &S = Out[R];
      auto Columns = O.Weights.columnsOf(R);
      for (size_t J = 0; J < Columns.size(); ++J) {
        double A = O.Weights.weightsOf(R)[J];
        const Spread &X = In[Columns[J]];
        S.Low += A * (A > 0 ? X.Low : X.High);
        S.High += A * (A > 0 ? X.High : X.Low);
        S.Error += std::fabs(A) * X.Error;
      }
    }
  }
  return Out;
}

InputBox nn2crn::outputBox(const Graph &G, const InputBox &Box) {
  Spreads Values = inputSpreads(G, Box);
  propagate(G, Values,
            [&](NodeId Id, bool, const std::vector<Spread> &In,
                std::vector<Spread> &Out) {
              const Node &N = G.node(Id);
              for (size_t I = 0; I < Out.size(); ++I)
                if (N.Kind == NodeKind::Relu) {
                  Out[I] = positive(In[I]);
                } else {
                  auto R = N.Function.range(In[I].Low, In[I].High);
                  Out[I] = {R.Low, R.High, 0};
                }
              return true;
            });
  InputBox Out;
  for (const GraphPort &P : G.outputs()) {
    ValueRange All{HUGE_VAL, -HUGE_VAL};
    for (const Spread &S : Values[P.Value.Value])
      All = {std::min(All.Low, S.Low), std::max(All.High, S.High)};
    Out.push_back(All);
  }
  return Out;
}

double nn2crn::outputError(const Graph &G, const Spreads &Values) {
  double Most = 0;
  for (const GraphPort &P : G.outputs())
    for (const Spread &S : Values[P.bounded().Value])
      Most = std::max(Most, S.Error);
  return Most;
}

std::optional<Arguments> nn2crn::argumentsOf(const SmoothFunction &F,
                                             const std::vector<Spread> &In) {
  Arguments A{HUGE_VAL, -HUGE_VAL};
  for (const Spread &S : In) {
    A.Low = std::min(A.Low, S.Low - S.Error);
    A.High = std::max(A.High, S.High + S.Error);
  }
  constexpr double Largest = 1e12;
  for (bool Right : {false, true}) {
    double End = Right ? A.High : A.Low;
    if (!(std::fabs(End) < Largest))
      return std::nullopt;
  }
  A.Defined = F.isDefined(A.Low, A.High);
  if (!A.Defined)
    return A;
  for (bool Right : {false, true})
    if (F.outgrowsLines(Right))
      A.Value = std::max(A.Value, std::fabs(F(Right ? A.High : A.Low)));
  if (!(A.Value < Largest))
    return std::nullopt;
  return A;
}
