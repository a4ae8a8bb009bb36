//===- SBMLUnits.cpp ------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SBMLUnits.h"

#include <cmath>
#include <optional>

using namespace nn2crn;

namespace {
/// A base unit to a power, times a factor.
struct Measure {
  UnitKind_t Kind;
  int Exponent;
  double Factor;
};
} // namespace

/// The unit with the id \p Id, or for an empty one Level 2's default.
static std::optional<Measure> resolve(const Model &M, std::string Id,
                                      const char *Role, UnitKind_t Default) {
  if (Id.empty() && M.getLevel() < 3) {
    if (!M.getUnitDefinition(Role))
      return Measure{Default, 1, 1};
    Id = Role;
  }
  if (Id.empty())
    return std::nullopt;
  if (const UnitDefinition *D = M.getUnitDefinition(Id)) {
    if (D->getNumUnits() != 1)
      return std::nullopt;
    const Unit &U = *D->getUnit(0);
    return Measure{U.getKind(), U.getExponent(),
                   std::pow(U.getMultiplier() * std::pow(10, U.getScale()),
                            U.getExponent())};
  }
  UnitKind_t Kind = UnitKind_forName(Id.c_str());
  if (Kind == UNIT_KIND_INVALID)
    return M.getLevel() < 3 && Id == Role
               ? std::optional(Measure{Default, 1, 1})
               : std::nullopt;
  return Measure{Kind, 1, 1};
}

static bool isClose(double A, double B) { return std::fabs(A / B - 1) < 1e-9; }

bool nn2crn::sbml::readUnits(const Model &M, double Size, Units &Out) {
  Out = {};
  Out.Volume = Size;
  const Species *First = M.getSpecies(0);
  const Compartment *Home = M.getCompartment(0);
  std::string Substance = M.getSubstanceUnits(), Volume = M.getVolumeUnits();
  if (First && First->isSetSubstanceUnits())
    Substance = First->getSubstanceUnits();
  if (Home && Home->isSetUnits())
    Volume = Home->getUnits();
  auto Amount = resolve(M, Substance, "substance", UNIT_KIND_MOLE);
  auto Space = resolve(M, Volume, "volume", UNIT_KIND_LITRE);
  auto Time = resolve(M, M.getTimeUnits(), "time", UNIT_KIND_SECOND);
  if (!Amount || !Time || Amount->Exponent != 1 || Time->Exponent != 1 ||
      Time->Kind != UNIT_KIND_SECOND)
    return false;

  Units Found;
  Found.Volume = Size;
  bool Known = false;
  for (auto [Word, Seconds] :
       {std::pair("s", 1.0), {"min", 60.0}, {"h", 3600.0}})
    if (isClose(Time->Factor, Seconds)) {
      Found.Time = Word;
      Known = true;
    }
  if (!Known)
    return false;

  double Litres = 0;
  if (Space && Space->Exponent == 1 &&
      (Space->Kind == UNIT_KIND_LITRE || Space->Kind == UNIT_KIND_LITER))
    Litres = Space->Factor;
  else if (Space && Space->Exponent == 3 &&
           (Space->Kind == UNIT_KIND_METRE || Space->Kind == UNIT_KIND_METER))
    Litres = Space->Factor * 1000;
  if (Litres > 0 && std::isfinite(Litres))
    Found.Volume = isClose(Litres, 1) ? Size : Size * Litres;

  if (Amount->Kind == UNIT_KIND_ITEM) {
    if (Amount->Factor != 1)
      return false;
    Found.Amount = "count";
    Out = Found;
    return true;
  }
  if (Amount->Kind != UNIT_KIND_MOLE || !(Litres > 0))
    return false;
  for (auto [Word, Molar] : {std::pair("M", 1.0),
                             {"mM", 1e-3},
                             {"uM", 1e-6},
                             {"nM", 1e-9},
                             {"pM", 1e-12}})
    if (isClose(Amount->Factor / Litres, Molar)) {
      Found.Amount = Word;
      Out = Found;
      return true;
    }
  return false;
}
