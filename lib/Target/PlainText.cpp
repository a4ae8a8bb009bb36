//===- PlainText.cpp ------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The `.crn` that Nuskell, crnsimulator and crnverifier read: the strict subset
// of it that all of them accept. Reactions `A + 2B -> C [k = 0.5]`, amounts
// `A @initial 10` and `A @constant 10`; numbers with a lower-case exponent and
// digits on both sides of a point; an empty side is left empty.
//
// Rates: crnsimulator's rate of `2A -> B [k = 3]` is 3 [A]^2, of which A loses
// twice and B gains once. That is ours, so constants are written as they are.
//
// What the format cannot hold but can do without becomes a comment or is left
// out: units, ports (see --map), names of parameters. A boundary species is a
// constant one here, since nothing in this format acts from outside.
//
//===----------------------------------------------------------------------===//

#include "NetworkIds.h"

#include "nn2crn/IR/Mangle.h"

using namespace nn2crn;

static void writeSide(llvm::raw_ostream &OS, const SpeciesIds &Ids,
                      std::span<const Term> Terms) {
  bool First = true;
  for (Term T : Terms) {
    if (!First)
      OS << " + ";
    First = false;
    if (T.Coefficient != 1)
      OS << T.Coefficient;
    OS << Ids[T.Species];
  }
}

bool nn2crn::emitPlainText(const Network &Net, llvm::raw_ostream &OS,
                           DiagnosticEngine &Diags) {
  if (!expectNoPhases(Net, "the plain .crn", Diags))
    return false;
  SpeciesIds Ids(Net);
  OS << "# " << (Net.Name.empty() ? "network" : printable(Net.Name))
     << ", written by nn2crn; units: " << unitsText(Net)
     << "\n# rate of 'A + 2B -> C [k = r]': r [A] [B]^2; each event takes one A"
        " and two B\n";
  for (const RateConstant &K : Net.rates())
    if (!K.Parameter.empty())
      OS << "# parameter " << printable(K.Parameter) << " = " << K.Value.str()
         << '\n';

  std::vector<bool> Mentioned(Net.speciesRows());
  std::string Line;
  for (Reaction R : Net.reactions()) {
    for (auto Side : {R.reactants(), R.products()})
      for (Term T : Side)
        Mentioned[T.Species.Value] = true;
    writeSide(OS, Ids, R.reactants());
    OS << (R.reactants().empty() ? "->" : " ->");
    if (!R.products().empty())
      OS << ' ';
    writeSide(OS, Ids, R.products());
    OS << " [k = ";
    writeDouble(OS, R.rateConstant());
    OS << "]\n";
  }
  for (SpeciesId S : Net.species()) {
    SpeciesFlags F = Net.flags(S);
    bool Held = F.Constant || F.Boundary;
    double Amount = Net.initialValue(S);
    // Left out means 0; a species that no reaction mentions is kept by its
    // amount.
    if (!Held && Amount == 0 && Mentioned[S.Value])
      continue;
    OS << Ids[S] << (Held ? " @constant " : " @initial ");
    writeDouble(OS, Amount);
    OS << '\n';
  }
  return true;
}
