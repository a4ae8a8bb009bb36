//===- NetworkIds.h ---------------------------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What emitters share: the identifiers of a network's species and rate
// constants, made once and kept in one block, and the questions that several of
// them ask. A species appears in many reactions, and mangling it anew each time
// would cost more than all the rest of writing.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_TARGET_NETWORKIDS_H
#define NN2CRN_LIB_TARGET_NETWORKIDS_H

#include "nn2crn/IR/Network.h"
#include "nn2crn/Support/Diagnostics.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace nn2crn {

/// The mangled identifiers of all live species.
class SpeciesIds {
public:
  explicit SpeciesIds(const Network &Net);
  llvm::StringRef operator[](SpeciesId S) const {
    return llvm::StringRef(Block).slice(Begin[S.Value], Begin[S.Value + 1]);
  }

private:
  std::string Block;
  std::vector<size_t> Begin;
};

/// The rate constants that a file declares: numbers that a live reaction uses,
/// and every named parameter, in the order of the network's table.
class RateIds {
public:
  struct Use {
    RateId Rate;
    /// Order of the reactions that use it; 0 where orders are not told apart.
    uint64_t Order;
    /// `k__1`, `k__eta`; `k__1_2` for reactions of order 2 where the same
    /// constant also serves those of a lower order.
    std::string Id;
  };
  /// \p ByOrder gives each order an entry of its own, for formats in which a
  /// constant has a unit: per second is not per molar and second.
  RateIds(const Network &Net, bool ByOrder);
  const std::vector<Use> &uses() const { return Uses; }
  llvm::StringRef operator()(const Reaction &R, uint64_t Order) const;

private:
  bool ByOrder;
  std::vector<Use> Uses;
  /// By RateId: where its uses begin.
  std::vector<uint32_t> First;
};

/// The decimal numeral of \p Value.
inline void writeDouble(llvm::raw_ostream &OS, double Value) {
  std::string Text;
  appendDouble(Text, Value);
  OS << Text;
}

/// True when \p Net has no phases; otherwise reports that \p Format cannot
/// hold them.
bool expectNoPhases(const Network &Net, std::string_view Format,
                    DiagnosticEngine &Diags);

/// A diagnostic's place when the network as a whole is meant.
DiagLocation wholeNetwork(const Network &Net);

/// \p Net's units in words, as in "nM, s".
std::string unitsText(const Network &Net);
/// True where amounts are numbers of molecules.
inline bool countsMolecules(const Network &Net) {
  return Net.Units.Amount == "count";
}

/// \p Text with everything but printable ASCII as `\xHH`, so that it can stand
/// in a comment or label of any format.
std::string printable(std::string_view Text);

// The emitters; each in the file of its name.
bool emitText(const Network &, llvm::raw_ostream &, DiagnosticEngine &);
bool emitPlainText(const Network &, llvm::raw_ostream &, DiagnosticEngine &);
bool emitBinary(const Network &, llvm::raw_ostream &, DiagnosticEngine &);
bool emitSBML(const Network &, llvm::raw_ostream &, DiagnosticEngine &);
bool emitAntimony(const Network &, llvm::raw_ostream &, DiagnosticEngine &);
bool emitBioNetGen(const Network &, llvm::raw_ostream &, DiagnosticEngine &);
bool emitDot(const Network &, llvm::raw_ostream &, DiagnosticEngine &);
bool emitONNX(const Network &, llvm::raw_ostream &, DiagnosticEngine &);
bool emitStats(const Network &, llvm::raw_ostream &, DiagnosticEngine &);

} // namespace nn2crn

#endif
