//===- SBMLLaw.h ------------------------------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Recognises mass action in a kinetic law.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_IMPORT_SBMLLAW_H
#define NN2CRN_LIB_IMPORT_SBMLLAW_H

#include "nn2crn/Support/Number.h"

#include <sbml/SBMLTypes.h>

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace nn2crn::sbml {

/// What an id of a model names, and its place in the list of its kind.
struct Symbol {
  enum class Kind : uint8_t { Species, Compartment, Parameter };
  Kind K;
  uint32_t Index;
};
using SymbolTable = std::unordered_map<std::string, Symbol>;

/// A product of a number and powers. A negative number is a term that is
/// subtracted.
struct Monomial {
  Number Coefficient{1};
  /// By place in the model's list, with nonzero exponents. Exponents of species
  /// are positive.
  std::map<uint32_t, int64_t> Species, Compartments, Parameters;
};

/// Reads laws as sums of at most two monomials.
class LawReader {
public:
  explicit LawReader(const SymbolTable &Symbols) : Symbols(Symbols) {}

  /// Makes the local parameters of a law known; they hide global names.
  void setLocals(std::unordered_map<std::string, double> NewLocals) {
    Locals = std::move(NewLocals);
  }
  /// False where \p Law is no such sum, with what stands in the way in why().
  bool read(const ASTNode &Law, std::vector<Monomial> &Out);
  const std::string &why() const { return Why; }

private:
  bool fail(std::string Reason) {
    Why = std::move(Reason);
    return false;
  }
  bool readName(const ASTNode &Name, Monomial &Out);
  bool readPower(const ASTNode &Power, std::vector<Monomial> &Out);
  bool raise(Monomial &M, int64_t Exponent);
  bool multiply(std::vector<Monomial> &Left,
                const std::vector<Monomial> &Right);

  const SymbolTable &Symbols;
  std::unordered_map<std::string, double> Locals;
  std::string Why;
};

/// \p Law as infix text for a message, cut where it is long.
std::string lawText(const ASTNode *Law);

} // namespace nn2crn::sbml

#endif
