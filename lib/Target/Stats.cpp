//===- Stats.cpp ----------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Counts of what a network holds, as JSON:
//
//   network            its name
//   units              {"amount", "time", "volume"}
//   species            live species
//   constant_species   those held constant or set from outside
//   initial_species    those that start with an amount
//   reactions          live reactions
//   zeroth_order, unimolecular, bimolecular, higher
//                      reactions by the sum of their reactants' coefficients:
//                      0, 1, 2, more
//   max_reactants, max_products
//                      most molecules on a side of one reaction, coefficients
//                      added up
//   reactant_slots, product_slots
//                      molecules on that side over all reactions, likewise
//   terms              species listed on any side, each counted once a side
//   strands, nucleotides
//                      what the default scheme of strand displacement needs
//                      (Analysis/CostModel.h)
//   depth, unimolecular_depth
//                      longest chain of reactions, and the most of one chain
//                      that have a single reactant molecule
//   peak_concentration_bound, total_concentration_bound
//                      no species ever gets more; no more is left in the end
//   concentration_inputs
//                      "declared", or "unit" where inputs without a range were
//                      taken to be between -1 and 1
//   estimated_settling_time
//                      in the unit of time, for typical samples
//                      (these five are null where the network has cycles,
//                      phases or reactions that never end)
//   rate_constants     different ones in use
//   parameters         rate constants with a name
//   phases             how many
//   ports              {"name", "direction", "shape", "elements"} of each
//
// There are no kinetics in it, so nothing is converted.
//
//===----------------------------------------------------------------------===//

#include "NetworkIds.h"

#include "nn2crn/Analysis/CostModel.h"

#include "llvm/Support/JSON.h"

using namespace nn2crn;

bool nn2crn::emitStats(const Network &Net, llvm::raw_ostream &OS,
                       DiagnosticEngine &) {
  uint64_t Constant = 0, Initial = 0;
  for (SpeciesId S : Net.species()) {
    SpeciesFlags F = Net.flags(S);
    Constant += F.Constant || F.Boundary;
    Initial += Net.initialValue(S) != 0;
  }
  Cost M = computeCost(Net);
  std::vector<bool> RateUsed(Net.rates().size());
  for (Reaction R : Net.reactions())
    RateUsed[R.rate().Value] = true;
  uint64_t Parameters = 0;
  for (const RateConstant &K : Net.rates())
    Parameters += !K.Parameter.empty();

  llvm::json::OStream J(OS, 2);
  auto Count = [&](llvm::StringRef Key, uint64_t N) { J.attribute(Key, N); };
  auto Maybe = [&](llvm::StringRef Key, const auto &N) {
    if (N)
      J.attribute(Key, *N);
    else
      J.attribute(Key, nullptr);
  };
  J.object([&] {
    J.attribute("network", llvm::json::fixUTF8(Net.Name));
    J.attributeObject("units", [&] {
      J.attribute("amount", llvm::json::fixUTF8(Net.Units.Amount));
      J.attribute("time", llvm::json::fixUTF8(Net.Units.Time));
      J.attribute("volume", Net.Units.Volume);
    });
    Count("species", M.Species);
    Count("constant_species", Constant);
    Count("initial_species", Initial);
    Count("reactions", M.Reactions);
    Count("zeroth_order", M.ZeroOrder);
    Count("unimolecular", M.Unimolecular);
    Count("bimolecular", M.Bimolecular);
    Count("higher", M.Higher);
    Count("max_reactants", M.MaxReactants);
    Count("max_products", M.MaxProducts);
    Count("reactant_slots", M.ReactantSlots);
    Count("product_slots", M.ProductSlots);
    Count("terms", M.Terms);
    Count("strands", M.Strands);
    Count("nucleotides", M.Nucleotides);
    Maybe("depth", M.Depth);
    Maybe("unimolecular_depth", M.UnimolecularDepth);
    Maybe("peak_concentration_bound", M.PeakConcentration);
    Maybe("total_concentration_bound", M.TotalConcentration);
    J.attribute("concentration_inputs", M.InputsDeclared ? "declared" : "unit");
    Maybe("estimated_settling_time", M.SettlingTime);
    Count("rate_constants", static_cast<uint64_t>(std::count(
                                RateUsed.begin(), RateUsed.end(), true)));
    Count("parameters", Parameters);
    Count("phases", Net.phases().size());
    J.attributeArray("ports", [&] {
      for (const Port &P : Net.ports())
        J.object([&] {
          J.attribute("name", llvm::json::fixUTF8(P.Name));
          J.attribute("direction", llvm::StringRef(P.directionName()));
          J.attributeArray("shape", [&] {
            for (int64_t Extent : P.Shape)
              J.value(Extent);
          });
          Count("elements", P.elementCount());
        });
    });
  });
  OS << '\n';
  return true;
}
