//===- Exact.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exact.h"

#include <algorithm>

using namespace nn2crn;

/// Puts \p Values on the rails of \p P, as PortValues.h does.
static bool setExactAmounts(const Port &P, std::span<const Rational> Values,
                            std::vector<Rational> &Amounts) {
  for (size_t I = 0; I < P.elementCount(); ++I) {
    auto Scale = P.scale(I).exact(), Offset = P.offset(I).exact(),
         Constant = P.constant(I).exact();
    if (!Scale || !Offset || !Constant)
      return false;
    Rational Sum = (Values[I] + *Offset) * *Scale - *Constant;
    const PortTerm *Rail = nullptr;
    for (const PortTerm &T : P.element(I)) {
      Amounts[T.Species.Value] = Rational(0);
      if (!Rail && (T.Coefficient > 0) == (Sum.sign() > 0))
        Rail = &T;
    }
    if (Sum.sign() == 0)
      continue;
    if (!Rail)
      return false;
    Amounts[Rail->Species.Value] =
        Sum / Rational::fromDouble(Rail->Coefficient);
  }
  return true;
}

std::optional<ExactValues> nn2crn::exactLimit(const Network &Net,
                                              const FeedForward &Order,
                                              const ExactValues &Inputs) {
  std::vector<Rational> Amounts(Net.speciesRows());
  for (SpeciesId S : Net.species()) {
    auto Exact = Net.initial(S).exact();
    if (!Exact)
      return std::nullopt;
    Amounts[S.Value] = *Exact;
  }
  for (size_t I = 0; I < Inputs.size(); ++I)
    if (!Inputs[I].empty() &&
        !setExactAmounts(Net.ports()[I], Inputs[I], Amounts))
      return std::nullopt;

  std::vector<bool> Held = heldSpecies(Net);
  for (ReactionId Id : Order.Order) {
    Reaction R = Net.reaction(Id);
    std::optional<Rational> Extent;
    bool Blocked = false;
    for (Term T : R.reactants()) {
      if (Held[T.Species.Value]) {
        Blocked |= Amounts[T.Species.Value].sign() == 0;
        continue;
      }
      uint32_t Back = 0;
      for (Term P : R.products())
        if (P.Species == T.Species)
          Back = P.Coefficient;
      if (Back >= T.Coefficient) {
        Blocked |= Amounts[T.Species.Value].sign() == 0;
        continue;
      }
      Rational Each = Amounts[T.Species.Value] / Rational(T.Coefficient - Back);
      if (!Extent || Each < *Extent)
        Extent = Each;
    }
    if (Blocked || !Extent || Extent->sign() == 0)
      continue;
    for (Term T : R.reactants())
      if (!Held[T.Species.Value])
        Amounts[T.Species.Value] =
            Amounts[T.Species.Value] - *Extent * Rational(T.Coefficient);
    for (Term T : R.products())
      if (!Held[T.Species.Value])
        Amounts[T.Species.Value] =
            Amounts[T.Species.Value] + *Extent * Rational(T.Coefficient);
  }

  ExactValues Out(Net.ports().size());
  for (size_t I = 0; I < Out.size(); ++I) {
    const Port &P = Net.ports()[I];
    if (P.Direction == PortDirection::Input)
      continue;
    for (size_t E = 0; E < P.elementCount(); ++E) {
      auto Scale = P.scale(E).exact(), Offset = P.offset(E).exact(),
           Sum = P.constant(E).exact();
      if (!Scale || !Offset || !Sum)
        return std::nullopt;
      for (const PortTerm &T : P.element(E))
        Sum = *Sum +
              Rational::fromDouble(T.Coefficient) * Amounts[T.Species.Value];
      Out[I].push_back(*Sum / *Scale - *Offset);
    }
  }
  return Out;
}

ExactValues nn2crn::exactOutputs(const Graph &G, const ExactValues &Inputs) {
  ExactValues Values(G.values().size());
  for (size_t I = 0; I < Inputs.size(); ++I)
    Values[G.inputs()[I].Value.Value] = Inputs[I];
  for (const Node &N : G.nodes()) {
    std::vector<Rational> Out(G.value(N.Result).Elements);
    for (size_t I = 0; I < N.Bias.size(); ++I)
      Out[I] = Rational::fromDouble(N.Bias[I]);
    for (const Node::Operand &O : N.Operands) {
      const std::vector<Rational> &In = Values[O.Value.Value];
      assert(N.Kind != NodeKind::Smooth && "only piecewise-linear graphs");
      if (N.Kind == NodeKind::Relu) {
        for (size_t I = 0; I < Out.size(); ++I)
          Out[I] = In[I].sign() > 0 ? In[I] : Rational(0);
        continue;
      }
      for (uint32_t R = 0; R < Out.size(); ++R) {
        auto Columns = O.Weights.columnsOf(R);
        auto Weights = O.Weights.weightsOf(R);
        for (size_t K = 0; K < Columns.size(); ++K)
          if (In[Columns[K]].sign() != 0)
            Out[R] = Out[R] + Rational::fromDouble(Weights[K]) * In[Columns[K]];
      }
    }
    Values[N.Result.Value] = std::move(Out);
  }
  ExactValues Outputs;
  for (const GraphPort &P : G.outputs())
    Outputs.push_back(Values[P.Value.Value]);
  return Outputs;
}
