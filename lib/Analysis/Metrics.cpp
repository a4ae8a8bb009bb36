//===- Metrics.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/Metrics.h"

#include <algorithm>

using namespace nn2crn;

Metrics nn2crn::computeMetrics(const Network &Net) {
  Metrics M;
  M.Species = Net.speciesCount();
  M.Reactions = Net.reactionCount();
  for (Reaction R : Net.reactions()) {
    uint64_t Reactants = R.order(), Products = 0;
    for (Term T : R.products())
      Products += T.Coefficient;
    ++(Reactants == 0   ? M.ZeroOrder
       : Reactants == 1 ? M.Unimolecular
       : Reactants == 2 ? M.Bimolecular
                        : M.Higher);
    M.MaxReactants = std::max(M.MaxReactants, Reactants);
    M.MaxProducts = std::max(M.MaxProducts, Products);
    M.ReactantSlots += Reactants;
    M.ProductSlots += Products;
    M.Terms += R.reactants().size() + R.products().size();
  }
  return M;
}
