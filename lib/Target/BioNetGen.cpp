//===- BioNetGen.cpp ------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// BioNetGen's `.net`: numbered species and reactions, the cheapest of the
// formats that other tools read.
//
// Rates: the deterministic solvers of run_network multiply the rate by the
// amount of each reactant as often as it is listed, and take that many away,
// with no factor for equal reactants (measured: `1,1 2 k` with k = 0.5 takes 3
// to 0.75 in unit time, which is d[A]/dt = -2 k [A]^2). That is ours, so
// constants are written as they are. There is no volume: amounts are whatever
// the rates are per.
//
// An empty side is `0`, which run_network takes for the null species. A
// coefficient is a repeated number, so large ones are refused. Groups list, for
// each element of an output port, what its rails are the sum of.
//
// The comment on units is read back by our own reader.
//
//===----------------------------------------------------------------------===//

#include "NetworkIds.h"

#include "nn2crn/IR/Mangle.h"

using namespace nn2crn;

/// Molecules on one side of a reaction; a longer list is no use to anyone.
static constexpr uint64_t MaxListed = 1000000;

namespace {
class Writer {
public:
  Writer(const Network &Net, llvm::raw_ostream &OS)
      : Net(Net), OS(OS), Ids(Net), Rates(Net, /*ByOrder=*/false) {}

  void write() {
    OS << "# " << (Net.Name.empty() ? "network" : printable(Net.Name))
       << ", written by nn2crn; units: " << unitsText(Net)
       << "\n# rate of '1,2,2 3 k': k x1 x2^2; each event takes one of 1 and "
          "two"
          " of 2\n# nn2crn: name=\""
       << mangleBytes(Net.Name) << "\" amount=" << Net.Units.Amount
       << " time=" << Net.Units.Time << " volume=";
    writeDouble(OS, Net.Units.Volume);
    OS << "\nbegin parameters\n";
    uint64_t Number = 0;
    for (const RateIds::Use &U : Rates.uses()) {
      OS << "    " << ++Number << ' ' << U.Id << ' ';
      writeDouble(OS, Net.rateConstant(U.Rate).Value.value());
      OS << '\n';
    }
    OS << "end parameters\nbegin species\n";
    Place.resize(Net.speciesRows());
    Number = 0;
    for (SpeciesId S : Net.species()) {
      Place[S.Value] = static_cast<uint32_t>(++Number);
      SpeciesFlags F = Net.flags(S);
      OS << "    " << Number << (F.Constant || F.Boundary ? " $" : " ")
         << Ids[S] << "() ";
      writeDouble(OS, Net.initialValue(S));
      OS << '\n';
    }
    OS << "end species\nbegin reactions\n";
    Number = 0;
    for (Reaction R : Net.reactions()) {
      OS << "    " << ++Number << ' ';
      writeSide(R.reactants());
      writeSide(R.products());
      OS << Rates(R, 0) << '\n';
    }
    OS << "end reactions\nbegin groups\n";
    writeGroups();
    OS << "end groups\n";
  }

private:
  void writeSide(std::span<const Term> Terms) {
    if (Terms.empty())
      OS << '0';
    bool First = true;
    for (Term T : Terms)
      for (uint32_t I = 0; I < T.Coefficient; ++I) {
        if (!First)
          OS << ',';
        First = false;
        OS << Place[T.Species.Value];
      }
    OS << ' ';
  }

  void writeGroups() {
    uint64_t Number = 0;
    for (const Port &P : Net.ports()) {
      if (P.Direction == PortDirection::Input)
        continue;
      std::string Base = mangleBytes(P.Name);
      for (size_t I = 0; I < P.elementCount(); ++I)
        for (bool Positive : {true, false}) {
          std::string List;
          for (const PortTerm &T : P.element(I)) {
            if ((T.Coefficient > 0) != Positive)
              continue;
            double Size = Positive ? T.Coefficient : -T.Coefficient;
            if (!List.empty())
              List += ',';
            if (Size != 1)
              List += formatDouble(Size) + '*';
            List += std::to_string(Place[T.Species.Value]);
          }
          if (List.empty())
            continue;
          // A group's name may begin with any letter, but not with a digit.
          OS << "    " << ++Number << " o__" << Base;
          if (!P.Shape.empty())
            OS << '_' << I;
          OS << (Positive ? "_pos " : "_neg ") << List << '\n';
        }
    }
  }

  const Network &Net;
  llvm::raw_ostream &OS;
  SpeciesIds Ids;
  RateIds Rates;
  std::vector<uint32_t> Place;
};
} // namespace

bool nn2crn::emitBioNetGen(const Network &Net, llvm::raw_ostream &OS,
                           DiagnosticEngine &Diags) {
  if (!expectNoPhases(Net, "BioNetGen's .net", Diags))
    return false;
  for (Reaction R : Net.reactions())
    for (auto Side : {R.reactants(), R.products()}) {
      uint64_t Listed = 0;
      for (Term T : Side)
        Listed += T.Coefficient;
      if (Listed <= MaxListed)
        continue;
      DiagLocation Where = Net.provenance().locate(R.origin());
      Diags
          .error(
              DiagId::CannotExpress, std::move(Where),
              "expected at most " + std::to_string(MaxListed) +
                  " molecules on a side of a reaction, since .net lists each "
                  "one; found " +
                  std::to_string(Listed))
          .note(
              "write SBML, Antimony or .crn, where a coefficient is a number");
      return false;
    }
  Writer(Net, OS).write();
  return true;
}
