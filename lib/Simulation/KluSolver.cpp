//===- KluSolver.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KluSolver.h"

#include <algorithm>

using namespace nn2crn;

KluSolver::KluSolver(const OdeSystem &System, SUNContext Context)
    : System(System),
      ColumnBegin(System.columnBegin().begin(), System.columnBegin().end()),
      Rows(System.rows().begin(), System.rows().end()), Jacobian(Rows.size()),
      Values(Rows.size()) {
  klu_defaults(&Common);
  // The columns of a compiled network have sums near 1 in the mean and rows of
  // any size; scaling costs a pass and gains nothing on diagonally strong
  // matrices like I - gamma J.
  Common.scale = 0;
  Symbolic = klu_analyze(static_cast<int32_t>(System.size()),
                         ColumnBegin.data(), Rows.data(), &Common);

  Matrix.reset(SUNMatNewEmpty(Context));
  if (Matrix) {
    Matrix->content = this;
    Matrix->ops->getid = [](SUNMatrix) { return SUNMATRIX_CUSTOM; };
    Matrix->ops->destroy = [](SUNMatrix M) {
      M->content = nullptr;
      SUNMatFreeEmpty(M);
    };
    Matrix->ops->zero = [](SUNMatrix M) {
      std::ranges::fill(static_cast<KluSolver *>(M->content)->Values, 0.0);
      return 0;
    };
  }
  Solver.reset(SUNLinSolNewEmpty(Context));
  if (Solver) {
    Solver->content = this;
    Solver->ops->gettype = [](SUNLinearSolver) {
      return SUNLINEARSOLVER_DIRECT;
    };
    Solver->ops->getid = [](SUNLinearSolver) { return SUNLINEARSOLVER_CUSTOM; };
    Solver->ops->initialize = [](SUNLinearSolver) { return 0; };
    Solver->ops->setup = [](SUNLinearSolver S, SUNMatrix) {
      return static_cast<KluSolver *>(S->content)->factor();
    };
    Solver->ops->solve = [](SUNLinearSolver S, SUNMatrix, N_Vector X,
                            N_Vector B, double) {
      return static_cast<KluSolver *>(S->content)->solve(X, B);
    };
    Solver->ops->free = [](SUNLinearSolver S) {
      S->content = nullptr;
      SUNLinSolFreeEmpty(S);
      return 0;
    };
  }
}

KluSolver::~KluSolver() {
  klu_free_numeric(&Numeric, &Common);
  klu_free_symbolic(&Symbolic, &Common);
}

void KluSolver::combine(double Gamma) {
  for (size_t I = 0; I < Values.size(); ++I)
    Values[I] = -Gamma * Jacobian[I];
  for (int32_t D : System.diagonal())
    Values[static_cast<size_t>(D)] += 1;
}

/// 0, or positive: CVODE then tries again with a smaller step.
int KluSolver::factor() {
  // The old pivots usually do; where they no longer do, choose anew.
  constexpr double WorstCondition = 1e-14;
  if (Numeric) {
    if (klu_refactor(ColumnBegin.data(), Rows.data(), Values.data(), Symbolic,
                     Numeric, &Common) &&
        klu_rcond(Symbolic, Numeric, &Common) && Common.rcond > WorstCondition)
      return 0;
    klu_free_numeric(&Numeric, &Common);
  }
  Numeric = klu_factor(ColumnBegin.data(), Rows.data(), Values.data(), Symbolic,
                       &Common);
  return Numeric && Common.status == KLU_OK ? 0 : 1;
}

int KluSolver::solve(N_Vector X, N_Vector B) {
  std::span<double> To = sun::dataOf(X), From = sun::dataOf(B);
  if (To.data() != From.data())
    std::ranges::copy(From, To.begin());
  return klu_solve(Symbolic, Numeric, static_cast<int32_t>(System.size()), 1,
                   To.data(), &Common)
             ? 0
             : 1;
}
