//===- NVector.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Vectors for SUNDIALS. Distributions ship release 6 compiled without
// optimisation, which makes its own serial vector 4 to 8 times slower than
// these loops; and they are what an integration step mostly does.
//
//===----------------------------------------------------------------------===//

#include "Sundials.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <vector>

using namespace nn2crn;

namespace {
using Content = std::vector<double>;

size_t sizeOf(N_Vector V) { return static_cast<Content *>(V->content)->size(); }
double *at(N_Vector V) { return static_cast<Content *>(V->content)->data(); }

/// Z[I] = F(I) for all I. Z may be one of the operands; element by element
/// that does no harm.
template <class Fn> void fill(N_Vector Z, Fn F) {
  double *Out = at(Z);
#ifndef __clang__ // which checks for overlap at run time by itself
#pragma GCC ivdep
#endif
  for (size_t I = 0, N = sizeOf(Z); I < N; ++I)
    Out[I] = F(I);
}

void linearSum(double A, N_Vector X, double B, N_Vector Y, N_Vector Z) {
  const double *P = at(X), *Q = at(Y);
  fill(Z, [=](size_t I) { return A * P[I] + B * Q[I]; });
}

void scale(double A, N_Vector X, N_Vector Z) {
  const double *P = at(X);
  fill(Z, [=](size_t I) { return A * P[I]; });
}

/// Sums in 8 strands, so that the order of additions is fixed by us and not by
/// what the compiler finds to vectorise.
template <class Fn> double sum(size_t N, Fn F) {
  double Strand[8] = {};
  size_t I = 0;
  for (; I + 8 <= N; I += 8)
    for (size_t J = 0; J < 8; ++J)
      Strand[J] += F(I + J);
  double Total = 0;
  for (; I < N; ++I)
    Total += F(I);
  for (double S : Strand)
    Total += S;
  return Total;
}

double weightedNorm(N_Vector X, N_Vector W) {
  const double *P = at(X), *Q = at(W);
  size_t N = sizeOf(X);
  double Squares = sum(N, [=](size_t I) {
    double T = P[I] * Q[I];
    return T * T;
  });
  return std::sqrt(Squares / static_cast<double>(N));
}

int linearCombination(int Count, double *C, N_Vector *X, N_Vector Z) {
  // CVODE's own combinations have at most 6 terms and begin with Z or not; the
  // first is scaled into Z and the rest added.
  if (Count == 1) {
    scale(C[0], X[0], Z);
    return 0;
  }
  linearSum(C[0], X[0], C[1], X[1], Z);
  for (int K = 2; K < Count; ++K)
    linearSum(1, Z, C[K], X[K], Z);
  return 0;
}

void setOperations(N_Vector V) {
  N_Vector_Ops O = V->ops;
  O->nvgetvectorid = [](N_Vector) { return SUNDIALS_NVEC_CUSTOM; };
  O->nvgetlength = [](N_Vector X) {
    return static_cast<sunindextype>(sizeOf(X));
  };
  O->nvclone = [](N_Vector X) {
    return sun::newVector(static_cast<sunindextype>(sizeOf(X)), X->sunctx);
  };
  O->nvdestroy = [](N_Vector X) {
    delete static_cast<Content *>(X->content);
    X->content = nullptr;
    N_VFreeEmpty(X);
  };
  O->nvgetarraypointer = at;
  O->nvlinearsum = linearSum;
  O->nvconst = [](double C, N_Vector Z) { std::fill_n(at(Z), sizeOf(Z), C); };
  O->nvprod = [](N_Vector X, N_Vector Y, N_Vector Z) {
    const double *P = at(X), *Q = at(Y);
    fill(Z, [=](size_t I) { return P[I] * Q[I]; });
  };
  O->nvdiv = [](N_Vector X, N_Vector Y, N_Vector Z) {
    const double *P = at(X), *Q = at(Y);
    fill(Z, [=](size_t I) { return P[I] / Q[I]; });
  };
  O->nvscale = scale;
  O->nvabs = [](N_Vector X, N_Vector Z) {
    const double *P = at(X);
    fill(Z, [=](size_t I) { return std::fabs(P[I]); });
  };
  O->nvinv = [](N_Vector X, N_Vector Z) {
    const double *P = at(X);
    fill(Z, [=](size_t I) { return 1 / P[I]; });
  };
  O->nvaddconst = [](N_Vector X, double B, N_Vector Z) {
    const double *P = at(X);
    fill(Z, [=](size_t I) { return P[I] + B; });
  };
  O->nvdotprod = [](N_Vector X, N_Vector Y) {
    const double *P = at(X), *Q = at(Y);
    return sum(sizeOf(X), [=](size_t I) { return P[I] * Q[I]; });
  };
  O->nvmaxnorm = [](N_Vector X) {
    double Most = 0;
    for (size_t I = 0, N = sizeOf(X); I < N; ++I)
      Most = std::max(Most, std::fabs(at(X)[I]));
    return Most;
  };
  O->nvmin = [](N_Vector X) {
    return *std::min_element(at(X), at(X) + sizeOf(X));
  };
  O->nvwrmsnorm = weightedNorm;
  O->nvlinearcombination = linearCombination;
  O->nvscaleaddmulti = [](int Count, double *A, N_Vector X, N_Vector *Y,
                          N_Vector *Z) {
    for (int K = 0; K < Count; ++K)
      linearSum(A[K], X, 1, Y[K], Z[K]);
    return 0;
  };
  O->nvscalevectorarray = [](int Count, double *C, N_Vector *X, N_Vector *Z) {
    for (int K = 0; K < Count; ++K)
      scale(C[K], X[K], Z[K]);
    return 0;
  };
}
} // namespace

N_Vector sun::newVector(sunindextype Length, SUNContext Context) {
  N_Vector V = N_VNewEmpty(Context);
  if (!V)
    return nullptr;
  try { // the caller is C and takes null for an answer
    V->content = new Content(static_cast<size_t>(Length));
  } catch (const std::bad_alloc &) {
    N_VFreeEmpty(V);
    return nullptr;
  }
  setOperations(V);
  return V;
}

std::span<double> sun::dataOf(N_Vector V) { return {at(V), sizeOf(V)}; }
