//===- OdeSystem.h - Mass-action equations -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The equations of deterministic mass action,
//
//   d[S]/dt = sum over reactions of change(S) * k * prod [A]^n
//
// over those species that some reaction changes. What never changes is folded
// into the rates, sample by sample. The Jacobian is analytic and sparse.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_SIMULATION_ODESYSTEM_H
#define NN2CRN_LIB_SIMULATION_ODESYSTEM_H

#include "nn2crn/Simulation/CompiledNetwork.h"

#include <cstdint>
#include <span>
#include <vector>

namespace nn2crn {

/// The structure: shared by all samples and threads.
class OdeSystem {
public:
  explicit OdeSystem(const CompiledNetwork &C);

  /// Number of equations.
  size_t size() const { return SpeciesOf.size(); }
  /// The species of each equation.
  std::span<const uint32_t> species() const { return SpeciesOf; }
  size_t reactionCount() const { return Base.size(); }

  /// The rate constants of a sample, with the amounts of species that never
  /// change multiplied in.
  void foldRates(std::span<const double> Amounts,
                 std::span<double> Rates) const;
  /// The rates of all reactions times their changes: dy/dt.
  void derivative(std::span<const double> Rates, const double *Y,
                  double *Dy) const;

  /// The pattern of the Jacobian by columns, rows ascending, diagonal included.
  std::span<const int32_t> columnBegin() const { return ColumnBegin; }
  std::span<const int32_t> rows() const { return Rows; }
  std::span<const int32_t> diagonal() const { return Diagonal; }
  /// False where the Jacobian has more entries than its 32-bit indices count.
  bool fits() const { return Fits; }
  /// The Jacobian's values, in the order of rows().
  void jacobian(std::span<const double> Rates, const double *Y,
                double *Values) const;

  /// By how much the state may still move although it moves slowly now: the
  /// longest relaxation time 1/loss of any species whose amount or level it
  /// tends to is above \p Level, and the longest time in which a source that
  /// never ends makes \p Level of something that is never consumed. Of a
  /// species of which less than \p Level can be consumed any more, by
  /// \p Consumable, nothing is lost; and a reaction that will fire less than
  /// \p Level times before a catalyst of it has decayed is left out.
  double slowestRelaxation(std::span<const double> Rates, const double *Y,
                           double Level, std::span<const double> Consumable,
                           std::vector<double> &Scratch) const;

private:
  struct Factor {
    uint32_t Index;
    uint32_t Power;
  };
  struct Change {
    uint32_t Index;
    double Amount;
  };
  double speed(double Rate, size_t R, const double *Y) const;
  void makePattern();
  void findFading();

  std::vector<uint32_t> SpeciesOf;
  std::vector<double> Base;
  std::vector<uint64_t> FixedBegin{0}, FactorBegin{0}, ChangeBegin{0};
  /// Reactants that never change, by species.
  std::vector<Factor> Fixed;
  /// Reactants that do, by equation.
  std::vector<Factor> Factors;
  std::vector<Change> Changes;
  /// By reaction: one in which a catalyst of it, that nothing makes, decays by
  /// itself; or NoReaction.
  std::vector<uint32_t> Fading;
  static constexpr uint32_t NoReaction = UINT32_MAX;
  std::vector<int32_t> ColumnBegin, Rows, Diagonal;
  /// For each reaction, each of its factors, each of its changes: the place in
  /// the Jacobian.
  std::vector<uint32_t> Slots;
  bool Fits = true;
};

} // namespace nn2crn

#endif
