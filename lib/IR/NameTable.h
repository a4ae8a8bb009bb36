//===- NameTable.h - From names to species, for millions of them -*- C++
//-*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Names that are near each other in a file mostly differ by a few in their
// index, but a hash scatters them over memory, and a cache miss for every term
// is what reading a large network would then cost. So each signal has an array
// by index and rail, as long as it stays dense; the rest is hashed.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_IR_NAMETABLE_H
#define NN2CRN_LIB_IR_NAMETABLE_H

#include "nn2crn/IR/Names.h"

#include "llvm/ADT/DenseMap.h"

#include <vector>

namespace nn2crn {

class NameTable {
public:
  /// The entry of \p Name, made with an invalid id where there is none. Valid
  /// until the next call.
  SpeciesId &operator[](SpeciesName Name) {
    if (Name.signal().Value >= BySignal.size())
      BySignal.resize(Name.signal().Value + 1);
    Signal &S = BySignal[Name.signal().Value];
    uint64_t Slot = slotOf(Name);
    if (Slot < S.Dense.size()) {
      SpeciesId &Entry = S.Dense[Slot];
      if (!Entry.isValid()) {
        ++S.Count;
        if (auto It = Sparse.find(Name.bits()); It != Sparse.end())
          Entry = It->second; // hashed before the array grew this far
      }
      return Entry;
    }
    if (Slot < Spread * (S.Count + Least)) {
      S.Dense.resize(2 * Slot + Least);
      return (*this)[Name];
    }
    ++S.Count;
    return Sparse[Name.bits()];
  }

  SpeciesId find(SpeciesName Name) const {
    if (Name.signal().Value < BySignal.size()) {
      const Signal &S = BySignal[Name.signal().Value];
      uint64_t Slot = slotOf(Name);
      if (Slot < S.Dense.size() && S.Dense[Slot].isValid())
        return S.Dense[Slot];
    }
    auto It = Sparse.find(Name.bits());
    return It == Sparse.end() ? SpeciesId() : It->second;
  }

private:
  /// An array may be this many times as long as it has entries.
  static constexpr uint64_t Spread = 8, Least = 8;

  static uint64_t slotOf(SpeciesName Name) {
    uint64_t Index = Name.hasIndex() ? uint64_t{Name.index()} + 1 : 0;
    return Index * 3 + static_cast<uint64_t>(Name.rail());
  }

  struct Signal {
    std::vector<SpeciesId> Dense;
    uint64_t Count = 0;
  };
  std::vector<Signal> BySignal;
  llvm::DenseMap<uint64_t, SpeciesId> Sparse;
};

} // namespace nn2crn

#endif
