//===- SBML.cpp -----------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// SBML Level 3 Version 2, streamed.
//
// Rates: a kinetic law is in substance per time, and stoichiometry alone says
// how many molecules an event takes. Ours is k [A]^2 events per volume and
// time, so the law is `tube * k * A^2`, where `tube` is the volume and `A` a
// concentration. With counts of molecules (items, hasOnlySubstanceUnits) `A` is
// a number and the volume stays out. The product with `power` is the shape in
// which COPASI recognises mass action and offers its stochastic solvers.
//
// The profile is the one that libsbml passes with every consistency check on
// and no message at all: units for everything, a rate constant for each order
// it serves (its unit depends on that), an initial value for every species,
// empty lists left out. A constant species has boundaryCondition and constant;
// one that only the outside changes has boundaryCondition alone. Catalysts are
// reactant and product, so there are no modifiers.
//
// Ports are in an annotation: SBMLAnnotation.h.
//
//===----------------------------------------------------------------------===//

#include "NetworkIds.h"
#include "SBMLAnnotation.h"
#include "XML.h"

#include "nn2crn/IR/Mangle.h"

#include "llvm/ADT/StringSwitch.h"

using namespace nn2crn;

namespace {
class Writer {
public:
  Writer(const Network &Net, llvm::raw_ostream &OS)
      : Net(Net), OS(OS), Ids(Net), Rates(Net, /*ByOrder=*/true),
        Counts(countsMolecules(Net)) {
    Scale = llvm::StringSwitch<int>(Net.Units.Amount)
                .Case("mM", -3)
                .Case("uM", -6)
                .Case("nM", -9)
                .Case("pM", -12)
                .Default(0);
    Substance = llvm::StringSwitch<llvm::StringRef>(Net.Units.Amount)
                    .Case("M", "mole")
                    .Case("mM", "mmole")
                    .Case("uM", "umole")
                    .Case("nM", "nmole")
                    .Case("pM", "pmole")
                    .Default("item");
    TimeUnit = llvm::StringSwitch<llvm::StringRef>(Net.Units.Time)
                   .Case("min", "minute")
                   .Case("h", "hour")
                   .Default("second");
    TimeMultiplier = llvm::StringSwitch<llvm::StringRef>(TimeUnit)
                         .Case("minute", "60")
                         .Case("hour", "3600")
                         .Default("1");
  }

  void write() {
    OS << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<sbml xmlns=\"http://www.sbml.org/sbml/level3/version2/core\" "
          "level=\"3\" version=\"2\">\n<model id=\"m__"
       << mangleBytes(Net.Name) << '"';
    if (!Net.Name.empty())
      writeXMLAttribute(OS, "name",
                        isXMLText(Net.Name) ? Net.Name : printable(Net.Name));
    OS << " substanceUnits=\"" << Substance << "\" timeUnits=\"" << TimeUnit
       << "\" volumeUnits=\"litre\" extentUnits=\"" << Substance
       << "\" sboTerm=\"SBO:0000" << (Counts ? "295" : "293") << "\">\n";
    writeSBMLAnnotation(Net, Ids, Rates, OS);
    writeUnits();
    OS << "<listOfCompartments>\n<compartment id=\"" << ref(CompartmentId)
       << "\" spatialDimensions=\"3\" size=\"";
    writeDouble(OS, Net.Units.Volume);
    OS << "\" units=\"litre\" constant=\"true\" sboTerm=\"SBO:0000290\"/>\n"
          "</listOfCompartments>\n";
    writeSpecies();
    writeRates();
    writeReactions();
    OS << "</model>\n</sbml>\n";
  }

private:
  void writeUnit(llvm::StringRef Kind, int64_t Exponent, int UnitScale,
                 llvm::StringRef Multiplier) {
    OS << "<unit kind=\"" << Kind << "\" exponent=\"" << Exponent
       << "\" scale=\"" << UnitScale << "\" multiplier=\"" << Multiplier
       << "\"/>";
  }

  /// What a network needs and SBML lacks: scaled moles, minutes, and for each
  /// order the unit (substance / volume)^(1 - order) / time.
  void writeUnits() {
    std::vector<uint64_t> Orders;
    for (const RateIds::Use &U : Rates.uses())
      Orders.push_back(U.Order);
    std::sort(Orders.begin(), Orders.end());
    Orders.erase(std::unique(Orders.begin(), Orders.end()), Orders.end());
    if (Orders.empty() && Scale == 0 && TimeMultiplier == "1")
      return;
    OS << "<listOfUnitDefinitions>\n";
    if (Scale != 0) {
      OS << "<unitDefinition id=\"" << Substance << "\"><listOfUnits>";
      writeUnit("mole", 1, Scale, "1");
      OS << "</listOfUnits></unitDefinition>\n";
    }
    if (TimeMultiplier != "1") {
      OS << "<unitDefinition id=\"" << TimeUnit << "\"><listOfUnits>";
      writeUnit("second", 1, 0, TimeMultiplier);
      OS << "</listOfUnits></unitDefinition>\n";
    }
    for (uint64_t Order : Orders) {
      OS << "<unitDefinition id=\"order_" << Order << "\"><listOfUnits>";
      auto Power = 1 - static_cast<int64_t>(Order);
      if (Power != 0) {
        writeUnit(Counts ? "item" : "mole", Power, Scale, "1");
        if (!Counts)
          writeUnit("litre", -Power, 0, "1");
      }
      writeUnit("second", -1, 0, TimeMultiplier);
      OS << "</listOfUnits></unitDefinition>\n";
    }
    OS << "</listOfUnitDefinitions>\n";
  }

  void writeSpecies() {
    if (Net.speciesCount() == 0)
      return;
    OS << "<listOfSpecies>\n";
    std::string Name;
    for (SpeciesId S : Net.species()) {
      SpeciesFlags F = Net.flags(S);
      Name.clear();
      appendName(Name, Net.signals(), Net.nameOf(S));
      OS << "<species id=\"" << Ids[S] << '"';
      writeXMLAttribute(OS, "name", isXMLText(Name) ? Name : printable(Name));
      OS << " compartment=\"" << ref(CompartmentId)
         << (Counts ? "\" initialAmount=\"" : "\" initialConcentration=\"");
      writeDouble(OS, valueInSBML(Net.initialValue(S)));
      OS << "\" hasOnlySubstanceUnits=\"" << (Counts ? "true" : "false")
         << "\" boundaryCondition=\""
         << (F.Constant || F.Boundary ? "true" : "false") << "\" constant=\""
         << (F.Constant ? "true" : "false") << "\" sboTerm=\"SBO:0000247\"/>\n";
    }
    OS << "</listOfSpecies>\n";
  }

  void writeRates() {
    if (Rates.uses().empty())
      return;
    OS << "<listOfParameters>\n";
    for (const RateIds::Use &U : Rates.uses()) {
      const RateConstant &K = Net.rateConstant(U.Rate);
      OS << "<parameter id=\"" << U.Id << '"';
      if (!K.Parameter.empty() && isXMLText(K.Parameter))
        writeXMLAttribute(OS, "name", K.Parameter);
      OS << " value=\"";
      writeDouble(OS, valueInSBML(K.Value.value()));
      // Zeroth-order, unimolecular and bimolecular rate constant; beyond that
      // the parent term, kinetic constant.
      llvm::StringRef Term = U.Order == 0   ? "48"
                             : U.Order == 1 ? "35"
                             : U.Order == 2 ? "36"
                                            : "09";
      OS << "\" units=\"order_" << U.Order
         << "\" constant=\"true\" sboTerm=\"SBO:00000" << Term << "\"/>\n";
    }
    OS << "</listOfParameters>\n";
  }

  void writeSide(llvm::StringRef List, std::span<const Term> Terms) {
    if (Terms.empty())
      return;
    OS << "<listOf" << List << ">\n";
    for (Term T : Terms) {
      OS << "<speciesReference species=\"" << Ids[T.Species]
         << "\" stoichiometry=\"";
      if (T.Coefficient == 1)
        OS << '1';
      else
        OS << T.Coefficient;
      OS << "\" constant=\"true\"/>\n";
    }
    OS << "</listOf" << List << ">\n";
  }

  /// Mass action of orders 0, 1, 2 (one reactant) and 2 (two); beyond that the
  /// parent term, mass action rate law.
  static llvm::StringRef lawTerm(uint64_t Order, size_t Reactants) {
    if (Order == 0)
      return "47";
    if (Order == 1)
      return "49";
    if (Order == 2)
      return Reactants == 1 ? "52" : "54";
    return "12";
  }

  void writeReactions() {
    if (Net.reactionCount() == 0)
      return;
    OS << "<listOfReactions>\n";
    uint64_t Number = 0;
    for (Reaction R : Net.reactions()) {
      OS << "<reaction id=\"" << ref(ReactionPrefix) << ++Number
         << "\" reversible=\"false\" sboTerm=\"SBO:0000176\">\n";
      std::span<const Term> Reactants = R.reactants();
      writeSide("Reactants", Reactants);
      writeSide("Products", R.products());
      uint64_t Order = R.order();
      OS << "<kineticLaw sboTerm=\"SBO:00000"
         << lawTerm(Order, Reactants.size())
         << "\"><math xmlns=\"http://www.w3.org/1998/Math/MathML\">";
      bool Product = !Counts || !Reactants.empty();
      if (Product)
        OS << "<apply><times/>";
      if (!Counts)
        OS << "<ci>" << ref(CompartmentId) << "</ci>";
      OS << "<ci>" << Rates(R, Order) << "</ci>";
      for (Term T : Reactants) {
        if (T.Coefficient == 1)
          OS << "<ci>" << Ids[T.Species] << "</ci>";
        else
          OS << "<apply><power/><ci>" << Ids[T.Species]
             << "</ci><cn type=\"integer\">" << T.Coefficient
             << "</cn></apply>";
      }
      if (Product)
        OS << "</apply>";
      OS << "</math></kineticLaw>\n</reaction>\n";
    }
    OS << "</listOfReactions>\n";
  }

  const Network &Net;
  llvm::raw_ostream &OS;
  SpeciesIds Ids;
  RateIds Rates;
  bool Counts;
  int Scale;
  llvm::StringRef Substance, TimeUnit, TimeMultiplier;
};
} // namespace

bool nn2crn::emitSBML(const Network &Net, llvm::raw_ostream &OS,
                      DiagnosticEngine &Diags) {
  if (!expectNoPhases(Net, "SBML as written here", Diags))
    return false;
  Writer(Net, OS).write();
  return true;
}
