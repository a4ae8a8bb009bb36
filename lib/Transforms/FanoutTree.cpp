//===- FanoutTree.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FanoutTree.h"

#include <algorithm>
#include <cassert>
#include <deque>

using namespace nn2crn;

uint64_t nn2crn::molecules(std::span<const Term> Side) {
  uint64_t Sum = 0;
  for (Term T : Side)
    Sum += T.Coefficient;
  return Sum;
}

// Molecules wait in line; the first ones are put together under a helper, which
// goes to the end of the line. As each round halves (or better) what is there,
// no leaf is more than one step deeper than another, which is the shallowest
// there is. Only the first group may be smaller than the rest.
FanoutTree nn2crn::planFanoutTree(std::span<const Term> Products,
                                  uint32_t MaxProducts, uint32_t RootProducts,
                                  uint32_t FirstHelper) {
  assert(MaxProducts >= 2 && RootProducts >= 1);
  FanoutTree Tree;
  std::deque<Term> Line(Products.begin(), Products.end());
  uint64_t Left = molecules(Products);
  if (Left <= RootProducts) {
    Tree.Root.assign(Line.begin(), Line.end());
    return Tree;
  }
  uint64_t Fewer = MaxProducts - 1, Excess = Left - RootProducts;
  uint64_t Groups = (Excess + Fewer - 1) / Fewer;
  auto Size = static_cast<uint32_t>(Excess - (Groups - 1) * Fewer + 1);
  while (Groups > 0) {
    SpeciesId Helper(FirstHelper + static_cast<uint32_t>(Tree.Helpers.size()));
    std::vector<Term> &Group = Tree.Helpers.emplace_back();
    uint32_t Copies = 1;
    if (Size == MaxProducts && Line.front().Coefficient >= Size) {
      // Many equal groups of equal molecules are one helper.
      Copies = static_cast<uint32_t>(
          std::min<uint64_t>(Line.front().Coefficient / Size, Groups));
      Group.push_back({Line.front().Species, Size});
      Line.front().Coefficient -= Copies * Size;
    } else {
      for (uint32_t Need = Size; Need > 0;) {
        if (Line.front().Coefficient == 0) {
          Line.pop_front();
          continue;
        }
        uint32_t Taken = std::min(Need, Line.front().Coefficient);
        Group.push_back({Line.front().Species, Taken});
        Line.front().Coefficient -= Taken;
        Need -= Taken;
      }
    }
    if (Line.front().Coefficient == 0)
      Line.pop_front();
    Line.push_back({Helper, Copies});
    Groups -= Copies;
    Size = MaxProducts;
  }
  Tree.Root.assign(Line.begin(), Line.end());
  return Tree;
}

SpeciesId FanoutHelpers::addNamed(SpeciesName Name, OriginId Parent) {
  SpeciesId S = Edit.addSpecies(Name, Edit.provenance().derive(Pass, Parent));
  SpeciesFlags Flags;
  Flags.Helper = true;
  Edit.setFlags(S, Flags);
  return S;
}

SpeciesId FanoutHelpers::add(OriginId Parent, Rail R) {
  // Names end at SpeciesName::IndexLimit; go on under the next signal.
  if (!Signal.isValid() || Next == SpeciesName::IndexLimit) {
    Signal = Edit.freshSignal("f");
    Next = 0;
  }
  return addNamed(SpeciesName(Signal, Next++, R), Parent);
}

SpeciesId FanoutHelpers::addMirrored(OriginId Parent) {
  return addNamed(SpeciesName(Signal, Next - 1, Rail::Negative), Parent);
}

void FanoutHelpers::becomes(SpeciesId Helper, std::span<const Term> Products) {
  if (!Rate.isValid()) {
    double Fastest = 0;
    for (Reaction R : Edit.network().reactions())
      if (R.order() == 1)
        Fastest = std::max(Fastest, R.rateConstant());
    Rate = Edit.rate(Fastest > 0 ? Fastest : 1);
  }
  Term Only{Helper, 1};
  Edit.addReaction({&Only, 1}, Products, Rate, Edit.network().origin(Helper));
}
