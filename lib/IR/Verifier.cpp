//===- Verifier.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/IR/Verifier.h"

#include "NameTable.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

using namespace nn2crn;

namespace {
class Verifier {
public:
  Verifier(const Network &Net, DiagnosticEngine &Diags)
      : Net(Net), Diags(Diags) {}

  bool run() {
    checkUnits();
    checkRates();
    checkSpecies();
    checkReactions();
    checkPorts();
    checkPhases();
    return Broken == 0;
  }

private:
  void broken(std::string Message, DiagLocation Where = {}) {
    constexpr unsigned MostErrors = 20;
    if (++Broken <= MostErrors)
      Diags.error(DiagId::InvalidNetwork, std::move(Where), std::move(Message));
  }

  static bool isAmount(double Value) {
    return std::isfinite(Value) && Value >= 0;
  }

  bool checkId(SpeciesId S, const std::string &User) {
    if (S.Value < Net.speciesRows() && Net.isAlive(S))
      return true;
    broken(User + " mentions species #" + std::to_string(S.Value) +
           ", which does not exist");
    return false;
  }

  void checkUnits() {
    const Units &U = Net.Units;
    if (!std::ranges::count(AmountUnits, U.Amount) ||
        !std::ranges::count(TimeUnits, U.Time))
      broken("'" + U.Amount + "' and '" + U.Time +
             "' are not a unit of amount and one of time");
    if (!std::isfinite(U.Volume) || U.Volume <= 0)
      broken("the volume is not a positive number");
  }

  void checkRates() {
    std::vector<std::string_view> Parameters;
    for (const RateConstant &R : Net.rates()) {
      if (!isAmount(R.Value.value()))
        broken("rate constant " + std::to_string(R.Value.value()) +
               " is not a finite number of at least 0");
      if (R.Parameter.empty())
        continue;
      if (!isIdentifier(R.Parameter))
        broken("parameter name '" + R.Parameter + "' is not an identifier");
      Parameters.push_back(R.Parameter);
    }
    std::sort(Parameters.begin(), Parameters.end());
    auto Twice = std::adjacent_find(Parameters.begin(), Parameters.end());
    if (Twice != Parameters.end())
      broken("parameter '" + std::string(*Twice) + "' is defined twice");
  }

  void checkSpecies() {
    NameTable Names;
    for (SpeciesId S : Net.species()) {
      SpeciesName N = Net.nameOf(S);
      if (N.signal().Value >= Net.signals().size() ||
          N.rail() > Rail::Negative) {
        broken("species #" + std::to_string(S.Value) + " has no valid name");
        continue;
      }
      if (std::exchange(Names[N], S).isValid())
        broken("two species are named '" + Net.nameText(S) + "'",
               Net.provenance().locate(Net.origin(S)));
      if (!isAmount(Net.initialValue(S)))
        broken("the initial amount of '" + Net.nameText(S) +
                   "' is not a finite number of at least 0",
               Net.provenance().locate(Net.origin(S)));
      if (Net.flags(S).InitialKind > 2)
        broken("species '" + Net.nameText(S) + "' has unknown flags");
    }
  }

  /// Short lists, the most by far, are compared in place.
  static bool hasTwice(std::vector<SpeciesId> &Seen) {
    constexpr size_t Short = 8;
    if (Seen.size() <= Short) {
      for (size_t I = 1; I < Seen.size(); ++I)
        for (size_t J = 0; J < I; ++J)
          if (Seen[I] == Seen[J])
            return true;
      return false;
    }
    std::sort(Seen.begin(), Seen.end());
    return std::adjacent_find(Seen.begin(), Seen.end()) != Seen.end();
  }

  void checkReactions() {
    auto Phases = static_cast<unsigned>(Net.phases().size());
    std::vector<SpeciesId> Seen;
    for (Reaction R : Net.reactions()) {
      auto Describe = [&] {
        return "reaction #" + std::to_string(R.id().Value);
      };
      for (auto Side : {R.reactants(), R.products()}) {
        Seen.clear();
        for (Term T : Side) {
          if (T.Species.Value >= Net.speciesRows() || !Net.isAlive(T.Species)) {
            checkId(T.Species, Describe());
            continue;
          }
          if (T.Coefficient == 0 || T.Coefficient > MaxCoefficient)
            broken(Describe() + " has coefficient " +
                       std::to_string(T.Coefficient) + ", expected 1 to " +
                       std::to_string(MaxCoefficient),
                   Net.provenance().locate(R.origin()));
          Seen.push_back(T.Species);
        }
        if (hasTwice(Seen))
          broken(Describe() + " lists a species twice on one side",
                 Net.provenance().locate(R.origin()));
      }
      if (R.rate().Value >= Net.rates().size())
        broken(Describe() + " has no valid rate constant");
      if (R.phases() >> Phases)
        broken(Describe() + " runs in a phase that does not exist",
               Net.provenance().locate(R.origin()));
    }
  }

  void checkPorts() {
    std::set<std::pair<PortDirection, std::string_view>> Names;
    for (const Port &P : Net.ports()) {
      std::string Which = "port '" + P.Name + "'";
      if (!Names.emplace(P.Direction, P.Name).second)
        broken(Which + " is declared twice");
      checkPort(P, Which);
    }
  }

  void checkPort(const Port &P, const std::string &Which) {
    size_t Elements = 1;
    for (int64_t Extent : P.Shape) {
      // Also keeps the product from overflowing.
      if (Extent <= 0 || Elements > UINT32_MAX / static_cast<size_t>(Extent)) {
        broken(Which + " has the impossible shape " + shapeText(P.Shape));
        return;
      }
      Elements *= static_cast<size_t>(Extent);
    }
    if (P.Begin.size() != Elements + 1 || P.Begin.front() != 0 ||
        P.Begin.back() != P.Terms.size() ||
        !std::is_sorted(P.Begin.begin(), P.Begin.end())) {
      broken(Which + " of shape " + shapeText(P.Shape) + " does not bind " +
             std::to_string(Elements) + " elements");
      return;
    }
    auto FitsElements = [&](size_t Size, bool MayBeEmpty) {
      return Size == 1 || Size == Elements || (MayBeEmpty && Size == 0);
    };
    if (!FitsElements(P.Scale.size(), false) ||
        !FitsElements(P.Offset.size(), false) ||
        !FitsElements(P.Range.size(), true) ||
        (!P.Constants.empty() && P.Constants.size() != Elements)) {
      broken(Which +
             " has a scale, offset, range or constants that are neither "
             "one for all elements nor one each");
      return;
    }
    for (const Number &N : P.Scale)
      if (!std::isfinite(N.value()) || N.value() <= 0)
        broken(Which + " has a scale that is not a positive number");
    for (const auto *Numbers : {&P.Offset, &P.Constants})
      for (const Number &N : *Numbers)
        if (!std::isfinite(N.value()))
          broken(Which + " has an offset or constant that is not finite");
    for (PortRange R : P.Range)
      if (!(R.Low <= R.High))
        broken(Which + " has an empty range");
    const OutputMeaning &M = P.Meaning;
    if (P.Direction != PortDirection::Output && M != OutputMeaning())
      broken(Which + " is no output, and has a head or labels");
    if ((M.HeadKept && M.Head.empty()) ||
        (M.LabelsAreIntegers &&
         (M.Labels.empty() || !std::ranges::all_of(M.Labels, isIntegerLabel))))
      broken(Which + " keeps a head or has integer labels that are none");
    std::vector<SpeciesId> Seen;
    for (size_t E = 0; E < Elements; ++E) {
      Seen.clear();
      for (const PortTerm &T : P.element(E)) {
        if (!std::isfinite(T.Coefficient) || T.Coefficient == 0)
          broken(Which + " has a coefficient that is 0 or not finite");
        if (checkId(T.Species, Which))
          Seen.push_back(T.Species);
      }
      if (hasTwice(Seen))
        broken(Which + " lists a species twice in element " +
               std::to_string(E));
    }
  }

  void checkPhases() {
    if (Net.phases().size() > MaxPhases)
      broken("there are more than " + std::to_string(MaxPhases) + " phases");
    for (size_t I = 0; I < Net.phases().size(); ++I) {
      const Phase &P = Net.phases()[I];
      std::string Which = "phase '" + P.Name + "'";
      for (size_t J = 0; J < I; ++J)
        if (Net.phases()[J].Name == P.Name)
          broken(Which + " is declared twice");
      if (!std::isfinite(P.Duration) || P.Duration <= 0)
        broken(Which + " does not have a positive duration");
      for (const auto *Amounts : {&P.Doses, &P.Resets})
        for (const Phase::Amount &A : *Amounts) {
          checkId(A.Species, Which);
          if (!isAmount(A.Value.value()))
            broken(Which + " sets an amount that is not a finite number of at "
                           "least 0");
        }
    }
  }

  const Network &Net;
  DiagnosticEngine &Diags;
  unsigned Broken = 0;
};
} // namespace

bool nn2crn::verify(const Network &Net, DiagnosticEngine &Diags) {
  return Verifier(Net, Diags).run();
}
