//===- ConsumptionBounds.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConsumptionBounds.h"

#include "nn2crn/Support/Components.h"

#include <algorithm>
#include <limits>
#include <numeric>

using namespace nn2crn;

ConsumptionBounds::ConsumptionBounds(const CompiledNetwork &C)
    : C(C), Bounds(C.speciesCount()) {
  findPools();
  Order.resize(C.reactionCount());
  std::iota(Order.begin(), Order.end(), 0u);
  std::ranges::stable_sort(
      Order, {}, [&](uint32_t R) { return PoolOf[C.speciesCount() + R]; });
}

/// Nodes are species, then reactions.
void ConsumptionBounds::findPools() {
  size_t Species = C.speciesCount(), Nodes = Species + C.reactionCount();
  std::vector<uint64_t> Begin(Species + 1);
  for (size_t R = 0; R < C.reactionCount(); ++R)
    for (const CompiledNetwork::Change &Use : C.consumed(R))
      ++Begin[Use.Species + 1];
  for (size_t S = 0; S < Species; ++S)
    Begin[S + 1] += Begin[S];
  std::vector<uint32_t> Users(Begin.back());
  std::vector<uint64_t> Fill(Begin.begin(), Begin.end() - 1);
  for (size_t R = 0; R < C.reactionCount(); ++R)
    for (const CompiledNetwork::Change &Use : C.consumed(R))
      Users[Fill[Use.Species]++] = static_cast<uint32_t>(R);
  auto Degree = [&](uint32_t Node) {
    return Node < Species ? Begin[Node + 1] - Begin[Node]
                          : C.produced(Node - Species).size();
  };
  auto Target = [&](uint32_t Node, uint64_t Edge) {
    return Node < Species
               ? static_cast<uint32_t>(Species + Users[Begin[Node] + Edge])
               : C.produced(Node - Species)[Edge].Species;
  };

  uint32_t Pools;
  PoolOf = stronglyConnected(Nodes, Degree, Target, Pools);
  Mass.resize(Pools);
}

/// At most how often reaction \p R fires; \p Outside: by what it takes from
/// pools before its own.
double ConsumptionBounds::extent(uint32_t R, bool Outside) const {
  uint32_t Own = PoolOf[C.speciesCount() + R];
  double Extent = std::numeric_limits<double>::infinity(), OwnTaken = 0;
  auto Uses = C.consumed(R);
  for (const CompiledNetwork::Change &Use : Uses) {
    uint32_t Pool = PoolOf[Use.Species];
    if (Pool == Own)
      OwnTaken -= Use.Amount;
    else
      Extent = std::min(Extent, Mass[Pool] / -Use.Amount);
  }
  if (Outside || OwnTaken == 0)
    return Extent;
  for (const CompiledNetwork::Change &Make : C.produced(R))
    if (PoolOf[Make.Species] == Own)
      OwnTaken -= Make.Amount;
  return OwnTaken > 0 ? std::min(Extent, Mass[Own] / OwnTaken) : Extent;
}

void ConsumptionBounds::compute(std::span<const double> Amounts) {
  std::ranges::fill(Mass, 0);
  std::ranges::fill(Bounds, 0);
  for (size_t S = 0; S < C.speciesCount(); ++S)
    Mass[PoolOf[S]] += std::max(Amounts[S], 0.0);
  for (size_t First = 0, End; First < Order.size(); First = End) {
    uint32_t Own = PoolOf[C.speciesCount() + Order[First]];
    for (End = First;
         End < Order.size() && PoolOf[C.speciesCount() + Order[End]] == Own;
         ++End) {
      // Growth of the pool by one of its own reactions.
      uint32_t R = Order[End];
      double Gain = 0;
      for (const CompiledNetwork::Change &X : C.changes(R))
        if (PoolOf[X.Species] == Own)
          Gain += X.Amount;
      if (Gain > 0 && C.rate(R) > 0)
        Mass[Own] += Gain * extent(R, /*Outside=*/true);
    }
    for (size_t I = First; I < End; ++I) {
      uint32_t R = Order[I];
      double Extent = C.rate(R) > 0 ? extent(R, /*Outside=*/false) : 0;
      if (Extent == 0)
        continue;
      for (const CompiledNetwork::Change &Use : C.consumed(R))
        Bounds[Use.Species] -= Use.Amount * Extent;
      for (const CompiledNetwork::Change &Make : C.produced(R))
        if (PoolOf[Make.Species] != Own)
          Mass[PoolOf[Make.Species]] += Make.Amount * Extent;
    }
  }
}
