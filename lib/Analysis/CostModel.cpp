//===- CostModel.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/CostModel.h"

#include "ReactionUse.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

using namespace nn2crn;

namespace {
constexpr DnaScheme Schemes[] = {
    {"soloveichik2010", 3, 1, 20, 20}, {"srinivas2017", 4, 1, 5, 20},
    {"lakin2012", 4, 1, 25, 20},       {"qian2011", 7, 2, 75, 20},
    {"chen2013", 8, 2, 40, 20},
};

class Estimator {
public:
  Estimator(const Network &Net, Cost &C) : Net(Net), C(C), Use(Net) {}

  /// All that a species can get, by species; empty where nothing bounds it.
  std::vector<double> bounds() {
    supplyInputs();
    if (!Net.phases().empty() || !sort())
      return {};
    forward();
    return std::move(Supply);
  }

  void run() {
    std::vector<double> Supply = bounds();
    if (Supply.empty())
      return;
    C.PeakConcentration = 0;
    C.TotalConcentration = 0;
    for (SpeciesId S : Net.species()) {
      double Most = Supply[S.Value];
      C.PeakConcentration = std::max(*C.PeakConcentration, Most);
      if (!RunsOut[S.Value])
        *C.TotalConcentration += Most;
    }
    for (std::optional<double> *Bound :
         {&C.PeakConcentration, &C.TotalConcentration, &C.SettlingTime})
      if (*Bound && !std::isfinite(**Bound))
        Bound->reset();
  }

private:
  /// As setPortAmounts sets a port: a value goes to the first species with its
  /// sign.
  void supplyInputs() {
    Supply.resize(Net.speciesRows());
    IsSet.resize(Net.speciesRows());
    for (SpeciesId S : Net.species())
      Supply[S.Value] = Net.initialValue(S);
    std::vector<double> Set(Net.speciesRows());
    for (const Port &P : Net.ports()) {
      if (P.Direction == PortDirection::Output)
        continue;
      for (size_t I = 0; I < P.elementCount(); ++I) {
        PortRange Range{P.Encoding == PortEncoding::DualRail ? -1.0 : 0.0, 1};
        if (const PortRange *Declared = P.range(I))
          Range = *Declared;
        else
          C.InputsDeclared = false;
        auto Sum = [&](double Value) {
          return (Value + P.offset(I).value()) * P.scale(I).value() -
                 P.constant(I).value();
        };
        bool Seen[2] = {false, false};
        for (const PortTerm &T : P.element(I)) {
          bool Positive = T.Coefficient > 0;
          IsSet[T.Species.Value] = true;
          if (std::exchange(Seen[Positive], true))
            continue;
          double Most = Positive ? Sum(Range.High) : -Sum(Range.Low);
          Set[T.Species.Value] +=
              std::max(Most, 0.0) / std::fabs(T.Coefficient);
        }
      }
    }
    // A sample replaces the amount at the start; without one that stays.
    for (SpeciesId S : Net.species())
      Supply[S.Value] = std::max(Supply[S.Value], Set[S.Value]);
  }

  /// Kahn's algorithm over the reactions that run; false where one is not
  /// productive or there is a cycle. Competition is fine here: a bound on a
  /// supply bounds every share of it.
  bool sort() {
    std::vector<uint32_t> Waits(Net.reactionRows());
    size_t Running = 0;
    for (Reaction R : Net.reactions()) {
      if (!Use.runs(R.id()))
        continue;
      if (!Use.isProductive(R))
        return false;
      ++Running;
      Use.forNetProducts(R, [&](SpeciesId S) {
        for (ReactionId User : Use.users(S))
          ++Waits[User.Value];
      });
    }
    Order.reserve(Running);
    for (Reaction R : Net.reactions())
      if (Use.runs(R.id()) && !Waits[R.id().Value])
        Order.push_back(R.id());
    for (size_t At = 0; At < Order.size(); ++At)
      Use.forNetProducts(Net.reaction(Order[At]), [&](SpeciesId S) {
        for (ReactionId User : Use.users(S))
          if (--Waits[User.Value] == 0)
            Order.push_back(User);
      });
    return Order.size() == Running;
  }

  void forward() {
    std::vector<uint64_t> Depth(Net.speciesRows()), Single(Net.speciesRows());
    std::vector<double> Time(Net.speciesRows());
    RunsOut.assign(Net.speciesRows(), false);
    std::vector<uint32_t> Consumed(Net.speciesRows());
    C.Depth = C.UnimolecularDepth = 0;
    C.SettlingTime = 0;
    for (ReactionId Id : Order) {
      Reaction R = Net.reaction(Id);
      double Extent = std::numeric_limits<double>::infinity(), Ready = 0;
      double K = R.rateConstant();
      uint64_t Chain = 0, SingleChain = 0, Order = 0, Free = 0;
      SpeciesId Only;
      Use.forReactants(R, [&](Term T, uint32_t Back) {
        uint32_t S = T.Species.Value;
        Consumed[S] = T.Coefficient;
        Order += T.Coefficient;
        ++Free;
        Only = T.Species;
        Chain = std::max(Chain, Depth[S]);
        SingleChain = std::max(SingleChain, Single[S]);
        Ready = std::max(Ready, Time[S]);
        if (T.Coefficient > Back)
          Extent = std::min(Extent, Supply[S] / (T.Coefficient - Back));
      });
      for (Term T : R.reactants())
        if (Use.isHeld(T.Species)) {
          K *= std::pow(Net.initialValue(T.Species), T.Coefficient);
          Free += IsSet[T.Species.Value]; // A user may give nothing.
        }
      constexpr double Settled = 1000;
      Ready += Order == 1 ? 1 / K : std::log(Settled) / K;
      ++Chain;
      SingleChain += Order == 1;
      if (Free == 1 && K > 0)
        RunsOut[Only.Value] = true;
      C.Depth = std::max(*C.Depth, Chain);
      C.UnimolecularDepth = std::max(*C.UnimolecularDepth, SingleChain);
      C.SettlingTime = std::max(*C.SettlingTime, Ready);
      for (Term T : R.products()) {
        uint32_t S = T.Species.Value;
        if (Use.isHeld(T.Species) || T.Coefficient <= Consumed[S])
          continue;
        Supply[S] += Extent * (T.Coefficient - Consumed[S]);
        Depth[S] = std::max(Depth[S], Chain);
        Single[S] = std::max(Single[S], SingleChain);
        Time[S] = std::max(Time[S], Ready);
      }
      for (Term T : R.reactants())
        Consumed[T.Species.Value] = 0;
    }
  }

  const Network &Net;
  Cost &C;
  ReactionUse Use;
  std::vector<ReactionId> Order;
  /// All that a species can get.
  std::vector<double> Supply;
  std::vector<bool> IsSet, RunsOut;
};
} // namespace

std::span<const DnaScheme> nn2crn::dnaSchemes() { return Schemes; }

std::span<const std::string_view> nn2crn::dnaSchemeNames() {
  static constexpr auto Names = [] {
    std::array<std::string_view, std::size(Schemes)> N;
    for (size_t I = 0; I < N.size(); ++I)
      N[I] = Schemes[I].Name;
    return N;
  }();
  return Names;
}

Cost nn2crn::computeCost(const Network &Net, const DnaScheme &Scheme) {
  Cost C;
  static_cast<Metrics &>(C) = computeMetrics(Net);
  C.Strands =
      Scheme.Strands * C.Reactions + Scheme.StrandsPerProduct * C.ProductSlots;
  C.Nucleotides = Scheme.Nucleotides * C.Reactions +
                  Scheme.NucleotidesPerProduct * C.ProductSlots;
  Estimator(Net, C).run();
  return C;
}

std::vector<double> nn2crn::supplyBounds(const Network &Net) {
  Cost Unused;
  return Estimator(Net, Unused).bounds();
}
