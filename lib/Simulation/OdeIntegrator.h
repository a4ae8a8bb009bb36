//===- OdeIntegrator.h - CVODE on mass action -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_SIMULATION_ODEINTEGRATOR_H
#define NN2CRN_LIB_SIMULATION_ODEINTEGRATOR_H

#include "OdeSystem.h"

#include <memory>
#include <span>
#include <string>

namespace nn2crn {

/// Integrates samples of one system, one after the other: variable-order BDF
/// with a Newton iteration on the sparse analytic Jacobian. One per thread.
class OdeIntegrator {
public:
  /// \p System must outlive the integrator.
  OdeIntegrator(const OdeSystem &System, double RelativeTolerance,
                double AbsoluteTolerance);
  ~OdeIntegrator();

  /// Begins a sample at time 0 with \p Amounts by species id. Never steps
  /// beyond \p StopTime. False after a failure.
  bool start(std::span<const double> Amounts, double StopTime);
  /// One step of the integrator's own choosing. False after a failure.
  bool step();

  /// Whether nothing can ever change.
  bool isStatic() const;
  double time() const;
  /// Amounts of all species by id at time().
  std::span<const double> amounts() const;
  /// The same at a time within the last step.
  bool interpolate(double Time, std::span<double> Amounts);
  /// OdeSystem::slowestRelaxation here and now.
  double slowestRelaxation(double Level, std::span<const double> Consumable);
  /// What went wrong, for a person.
  const std::string &failure() const;

private:
  struct Impl;
  std::unique_ptr<Impl> P;
};

} // namespace nn2crn

#endif
