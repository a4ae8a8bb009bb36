//===- KluSolver.h - Sparse Newton systems for CVODE -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A matrix and a linear solver for SUNDIALS that hold I - gamma J for the
// pattern of an OdeSystem and factor it with KLU directly; SUNDIALS' own
// wrappers of KLU copy the matrix and come unoptimised from distributions.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_SIMULATION_KLUSOLVER_H
#define NN2CRN_LIB_SIMULATION_KLUSOLVER_H

#include "OdeSystem.h"
#include "Sundials.h"

#include <klu.h>

#include <vector>

namespace nn2crn {

class KluSolver {
public:
  KluSolver(const OdeSystem &System, SUNContext Context);
  ~KluSolver();
  KluSolver(const KluSolver &) = delete;
  KluSolver &operator=(const KluSolver &) = delete;

  /// False where the pattern could not be analysed (memory).
  bool valid() const { return Matrix && Solver && Symbolic; }
  SUNMatrix matrix() const { return Matrix.get(); }
  SUNLinearSolver solver() const { return Solver.get(); }

  /// Forgets the pivots, so that a sample's result does not depend on which
  /// one was integrated before it.
  void reset() { klu_free_numeric(&Numeric, &Common); }
  /// Where the Jacobian goes; kept until the next one.
  std::span<double> jacobian() { return Jacobian; }
  /// Makes the matrix I - \p Gamma * jacobian().
  void combine(double Gamma);

private:
  int factor();
  int solve(N_Vector X, N_Vector B);

  const OdeSystem &System;
  // KLU's interface takes its index arrays without const.
  std::vector<int32_t> ColumnBegin, Rows;
  std::vector<double> Jacobian, Values;
  klu_common Common;
  klu_symbolic *Symbolic = nullptr;
  klu_numeric *Numeric = nullptr;
  sun::Owner<SUNMatrix> Matrix;
  sun::Owner<SUNLinearSolver> Solver;
};

} // namespace nn2crn

#endif
