//===- Networks.h -----------------------------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_TARGET_NETWORKS_H
#define NN2CRN_TEST_TARGET_NETWORKS_H

#include "../Collected.h"
#include "../RandomNetwork.h"

#include "nn2crn/Target/Target.h"

#include "llvm/Support/raw_ostream.h"

#include <optional>
#include <string>
#include <vector>

namespace nn2crn::test {

/// What \p Target writes for \p Net; empty where it refuses.
inline std::string emitAs(std::string_view Target, const Network &Net) {
  Collected Diags;
  std::string Out;
  llvm::raw_string_ostream OS(Out);
  const TargetInfo *T = findTarget(Target);
  return T && T->Emit(Net, OS, Diags.Engine) && !Diags.Engine.hasErrors() ? Out
                                                                          : "";
}

/// Random networks without phases, which most formats refuse.
inline std::optional<Network> randomStaticNetwork(uint32_t Seed) {
  Network Net = randomNetwork(Seed);
  if (!Net.phases().empty())
    return std::nullopt;
  if (Seed % 5 == 0)
    Net.Units = {"count", "h", 1e-12};
  return Net;
}

/// Two ports, a gate, dimerisation, a catalyst, a fuel, a source, a sink, a
/// named parameter used at two orders, and a name with every kind of byte.
inline Network handBuilt() {
  Network Net;
  Net.Name = "hand <built> & \"quoted\"";
  Net.Units = {"nM", "min", 2};
  Editor E(Net);
  SignalId X = E.signal("x"), Y = E.signal("input.1"), F = E.signal("fuel"),
           W = E.signal("time"), U = E.signal("\xc3\xa9\xff\x01_Z");
  SpeciesId Xp = E.addSpecies({X, 0, Rail::Positive}),
            Xn = E.addSpecies({X, 0, Rail::Negative}),
            X1 = E.addSpecies({X, 1, Rail::Positive}),
            Yp = E.addSpecies(SpeciesName(Y, Rail::Positive)),
            Yn = E.addSpecies(SpeciesName(Y, Rail::Negative)),
            Fuel = E.addSpecies(SpeciesName(F)),
            Waste = E.addSpecies(SpeciesName(W)),
            Odd = E.addSpecies({U, 1234567});
  E.setInitial(Xp, 3);
  E.setInitial(Xn, Number::rational(Rational(1, 3)));
  E.setInitial(Fuel, Number::approximate(100.5));
  E.setInitial(Odd, 1e-7);
  SpeciesFlags Held;
  Held.Constant = true;
  Held.InitialKind = Net.flags(Fuel).InitialKind;
  E.setFlags(Fuel, Held);
  SpeciesFlags IsWaste;
  IsWaste.Waste = true;
  E.setFlags(Waste, IsWaste);
  RateId One = E.rate(1), Third = E.rate(Number::rational(Rational(1, 3))),
         Eta = E.parameter("eta", 0.05), Unused = E.parameter("spare", 7);
  (void)Unused;
  E.addReaction({{Xp, 1}}, {{Yp, 2}, {Waste, 1}}, One);
  E.addReaction({{Xn, 2}}, {{Yn, 1}}, One);
  E.addReaction({{Yp, 1}, {Yn, 1}}, {}, One);
  E.addReaction({{Odd, 1}, {Fuel, 1}}, {{Odd, 2}, {Fuel, 1}}, Third);
  E.addReaction({}, {{X1, 3}}, Eta);
  E.addReaction({{X1, 1}}, {}, Eta);
  E.addReaction({{X1, 2}, {Yp, 1}}, {{Odd, 1}}, Eta);
  Port In;
  In.Name = "x";
  In.Shape = {2};
  In.Scale = {Number(2)};
  In.Offset = {Number(0), Number::rational(Rational(1, 3))};
  In.Range = {{0, 8}, {-HUGE_VAL, 1}};
  In.addElement(std::vector<PortTerm>{{Xp, 1}, {Xn, -1}});
  In.addElement(std::vector<PortTerm>{{X1, 1}});
  E.addPort(In);
  Port Out;
  Out.Name = "y \xc3\xa9 \"<>&'";
  Out.Direction = PortDirection::Output;
  Out.addElement(std::vector<PortTerm>{{Yp, 2}, {Waste, 2}, {Yn, -2}});
  Out.Constants = {Number(0.5)};
  E.addPort(Out);
  Port State;
  State.Name = "\x01";
  State.Direction = PortDirection::State;
  State.Encoding = PortEncoding::SingleRail;
  State.addElement(std::vector<PortTerm>{{Odd, 1}});
  E.addPort(State);
  return Net;
}

} // namespace nn2crn::test

#endif
