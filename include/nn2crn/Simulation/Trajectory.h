//===- Trajectory.h - One sample over time -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Integrates one sample and keeps what happens on the way, for a table or a
// picture.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_SIMULATION_TRAJECTORY_H
#define NN2CRN_SIMULATION_TRAJECTORY_H

#include "nn2crn/Simulation/Simulate.h"

namespace nn2crn {

struct TrajectoryOptions {
  /// Which case, counted from 0.
  size_t Case = 0;
  /// How many times: 0 keeps the integrator's own steps, thinned out to some
  /// thousand.
  unsigned Points = 0;
  enum class Spacing : uint8_t { Auto, Linear, Log } Times = Spacing::Auto;
};

struct Trajectory {
  /// Ascending, the first is 0.
  std::vector<double> Times;
  /// Output elements: "y[1]". Species: port species and observed ones.
  std::vector<std::string> ReadingNames, SpeciesNames;
  /// [times, readings] and [times, species].
  std::vector<double> Readings, Amounts;
  /// What to draw the time axis by: most happens in a small part of the time.
  bool LogTime = false;
  /// Of the network.
  std::string Name;
  Units Unit;
  /// The readings are amounts of species (a network without output ports).
  bool ReadingsAreAmounts = false;
};

/// Integrates case \p T.Case of \p Inputs, always as an ODE, under the stop
/// rule of \p Options. Empty after a report.
std::optional<Trajectory> traceCase(const Network &Net,
                                    const InputArrays &Inputs,
                                    const SimulationOptions &Options,
                                    const TrajectoryOptions &T,
                                    DiagnosticEngine &Diags);

/// A table: time, readings, amounts; names in the first line.
std::string trajectoryCsv(const Trajectory &T);

/// A picture of the readings over time, as a stand-alone SVG document.
std::string trajectorySvg(const Trajectory &T);

} // namespace nn2crn

#endif
