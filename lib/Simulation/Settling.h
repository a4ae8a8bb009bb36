//===- Settling.h - When a simulation may end -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_SIMULATION_SETTLING_H
#define NN2CRN_LIB_SIMULATION_SETTLING_H

#include "ConsumptionBounds.h"
#include "Equilibrium.h"
#include "OdeIntegrator.h"
#include "Session.h"

#include <optional>

namespace nn2crn {

/// Watches one integration after the other and says when to stop.
///
/// A small derivative proves nothing: a gate whose inputs tie closes like
/// 1/(kt), and a slow reaction upstream has yet to show. With a limit, what is
/// still to flow bounds where readings can go from here, whatever the rates.
/// Without one, nothing that the outputs depend on may have moved over two
/// doublings of time, and time must be long against every relaxation that can
/// still take something away. That is so with fixed points as well, which move
/// with the rates; what readings come to must then be the known limit.
class SettleMonitor {
public:
  explicit SettleMonitor(const Session &S);

  /// Begins a case; \p Limits are its limit readings where the network has
  /// them.
  void start(std::span<const double> Limits);
  /// Looks at the state after a step. True when the stop rule is met.
  bool update(OdeIntegrator &I);
  /// To be asked at the very end: readings that have kept to their limits over
  /// two doublings of time although it is not proven that they stay.
  bool keepsStill(double Time) const;

  /// Since when the rule is met.
  double since() const;
  /// What kept the rule from being met.
  struct Laggard {
    enum class Kind : uint8_t {
      /// Time has not doubled twice since the first step.
      Early,
      /// Reading is Amount from its limit, the furthest of all.
      Distant,
      /// Reading moved by Amount over two doublings of time, the most of all.
      Moving,
      /// All readings rest, but Species, on which they depend, moved by Amount.
      Behind,
      /// All rests, but there are relaxations that take a time of Amount.
      Slow,
    } What = Kind::Early;
    size_t Reading = 0;
    double Amount = 0;
    SpeciesId Species;
  };
  Laggard laggard() const { return Last; }

private:
  bool updateWithLimit(OdeIntegrator &I);
  bool updateWithout(OdeIntegrator &I);
  bool isAtLimit();
  bool bandsFit();
  double tolerance(double Value) const;
  void findInfluences();

  const Session &S;
  StopRule Rule;
  std::optional<RemainingFlows> Flows;
  std::span<const double> Limits;
  std::vector<double> Values;
  std::vector<RemainingFlows::Band> Bands;
  double Entry = -1, NextCheck = 0;
  size_t LimitWinner = 0, LastWinner = 0;
  double WinnerSince = 0;
  Laggard Last;

  /// Without a limit: species the outputs depend on, with the extremes of the
  /// window before the last station and of the one since.
  std::vector<uint32_t> Influences;
  std::optional<ConsumptionBounds> Consumable;
  struct Extremes {
    double Low, High;
  };
  std::vector<Extremes> Previous, Current;
  double Station = 0, StillSince = 0;
};

} // namespace nn2crn

#endif
