//===- FanoutTree.h - Long product lists as trees of helpers ----*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_TRANSFORMS_FANOUTTREE_H
#define NN2CRN_LIB_TRANSFORMS_FANOUTTREE_H

#include "nn2crn/IR/Editor.h"

#include <span>
#include <vector>

namespace nn2crn {

/// A product list cut up: Root stands in its place, and helper I becomes
/// Helpers[I]. In both the species numbered FirstHelper + I is helper I.
struct FanoutTree {
  std::vector<Term> Root;
  std::vector<std::vector<Term>> Helpers;
};

/// Cuts \p Products so that no helper becomes more than \p MaxProducts
/// molecules (at least 2) and the root has at most \p RootProducts (at least
/// 1). The tree is as shallow as there is one and has no more than
/// ceil((n - RootProducts) / (MaxProducts - 1)) helpers for n molecules; equal
/// molecules share helpers, so that `A -> 1000000 B` takes a few.
FanoutTree planFanoutTree(std::span<const Term> Products, uint32_t MaxProducts,
                          uint32_t RootProducts, uint32_t FirstHelper);

/// Molecules on one side.
uint64_t molecules(std::span<const Term> Side);

/// Adds helpers of fan-outs: species `f.0`, `f.1`, ... flagged as helpers, each
/// with the reaction that turns it into its products.
class FanoutHelpers {
public:
  FanoutHelpers(Editor &Edit, std::string_view Pass) : Edit(Edit), Pass(Pass) {}

  /// A new helper that derives from \p Parent.
  SpeciesId add(OriginId Parent, Rail R = Rail::None);
  /// The other rail of the helper that was added last.
  SpeciesId addMirrored(OriginId Parent);
  /// \p Helper becomes \p Products, as fast as the fastest unimolecular
  /// reaction that there was at first, or with constant 1.
  void becomes(SpeciesId Helper, std::span<const Term> Products);

private:
  SpeciesId addNamed(SpeciesName Name, OriginId Parent);
  Editor &Edit;
  std::string_view Pass;
  SignalId Signal;
  uint32_t Next = 0;
  RateId Rate;
};

} // namespace nn2crn

#endif
