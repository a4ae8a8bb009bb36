//===- Antimony.cpp -------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Antimony, the text language of Tellurium.
//
// Rates: a reaction's formula is its rate in amount per time, and Antimony
// knows no other meaning of `2 A => B` than that each event takes two A. Ours
// is k [A]^2 events per time and volume, so the formula is `tube*k*A^2`, where
// `tube` is the volume and `A` a concentration. With counts of molecules
// (`substanceOnly` species) `A` is a number and the volume stays out.
//
// Ports have no place here; --map writes them beside the file.
//
//===----------------------------------------------------------------------===//

#include "NetworkIds.h"

#include "nn2crn/IR/Mangle.h"

#include "llvm/ADT/StringSwitch.h"

using namespace nn2crn;

namespace {
class Writer {
public:
  Writer(const Network &Net, llvm::raw_ostream &OS)
      : Net(Net), OS(OS), Ids(Net), Rates(Net, /*ByOrder=*/false),
        Counts(countsMolecules(Net)) {}

  void write() {
    OS << "// " << (Net.Name.empty() ? "network" : printable(Net.Name))
       << ", written by nn2crn; units: " << unitsText(Net)
       << "\n// a formula is a rate in amount per time; each event takes the "
          "coefficients on the left\n"
       << "model m__" << mangleBytes(Net.Name) << "()\n";
    writeUnits();
    OS << "  compartment " << CompartmentId << " = ";
    writeDouble(OS, Net.Units.Volume);
    OS << ";\n";
    for (SpeciesId S : Net.species()) {
      SpeciesFlags F = Net.flags(S);
      OS << (F.Constant ? "  const " : "  ")
         << (Counts ? "substanceOnly species " : "species ")
         << (F.Constant || F.Boundary ? "$" : "") << Ids[S] << " in "
         << CompartmentId << ";\n";
    }
    uint64_t Number = 0;
    for (Reaction R : Net.reactions())
      writeReaction(R, ++Number);
    for (SpeciesId S : Net.species()) {
      OS << "  " << Ids[S] << " = ";
      writeDouble(OS, Net.initialValue(S));
      OS << ";\n";
    }
    for (const RateIds::Use &U : Rates.uses()) {
      OS << "  " << U.Id << " = ";
      writeDouble(OS, Net.rateConstant(U.Rate).Value.value());
      OS << ";\n";
    }
    OS << "end\n";
  }

private:
  void writeUnits() {
    llvm::StringRef Amount =
        llvm::StringSwitch<llvm::StringRef>(Net.Units.Amount)
            .Case("M", "mole")
            .Case("mM", "1e-3 mole")
            .Case("uM", "1e-6 mole")
            .Case("nM", "1e-9 mole")
            .Case("pM", "1e-12 mole")
            .Default("item");
    llvm::StringRef Time = llvm::StringSwitch<llvm::StringRef>(Net.Units.Time)
                               .Case("min", "60 second")
                               .Case("h", "3600 second")
                               .Default("second");
    OS << "  unit substance = " << Amount << ";\n  unit extent = " << Amount
       << ";\n  unit volume = litre;\n  unit time_unit = " << Time << ";\n";
  }

  void writeSide(std::span<const Term> Terms) {
    bool First = true;
    for (Term T : Terms) {
      OS << (First ? " " : " + ");
      First = false;
      if (T.Coefficient != 1)
        OS << T.Coefficient << ' ';
      OS << Ids[T.Species];
    }
  }

  void writeReaction(Reaction R, uint64_t Number) {
    OS << "  " << ReactionPrefix << Number << ':';
    writeSide(R.reactants());
    OS << " =>";
    writeSide(R.products());
    OS << "; ";
    if (!Counts)
      OS << CompartmentId << '*';
    OS << Rates(R, 0);
    for (Term T : R.reactants()) {
      OS << '*' << Ids[T.Species];
      if (T.Coefficient != 1)
        OS << '^' << T.Coefficient;
    }
    OS << ";\n";
  }

  const Network &Net;
  llvm::raw_ostream &OS;
  SpeciesIds Ids;
  RateIds Rates;
  bool Counts;
};
} // namespace

bool nn2crn::emitAntimony(const Network &Net, llvm::raw_ostream &OS,
                          DiagnosticEngine &Diags) {
  if (!expectNoPhases(Net, "Antimony", Diags))
    return false;
  Writer(Net, OS).write();
  return true;
}
