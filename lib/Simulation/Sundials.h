//===- Sundials.h - One face for releases 6 and 7 -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The project looks for SUNDIALS 6.4 and works with 7: the releases differ in
// how contexts are made, how errors are reported and in the names of types.
// Everything of ours that touches SUNDIALS includes this header alone.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_SIMULATION_SUNDIALS_H
#define NN2CRN_LIB_SIMULATION_SUNDIALS_H

#include <cvode/cvode.h>
#include <cvode/cvode_ls.h>
#include <sundials/sundials_linearsolver.h>
#include <sundials/sundials_matrix.h>
#include <sundials/sundials_nvector.h>
#include <sundials/sundials_version.h>

#include <memory>
#include <span>
#include <type_traits>

namespace nn2crn::sun {

static_assert(std::is_same_v<sunrealtype, double>,
              "SUNDIALS must be built for double precision");

#if SUNDIALS_VERSION_MAJOR >= 7
using BooleanType = sunbooleantype;
inline int createContext(SUNContext *Context) {
  return SUNContext_Create(SUN_COMM_NULL, Context);
}
/// Keeps the library from printing; failures come back as return values.
inline void silence(SUNContext Context, void *) {
  SUNContext_ClearErrHandlers(Context);
  SUNContext_PushErrHandler(
      Context,
      [](int, const char *, const char *, const char *, SUNErrCode, void *,
         SUNContext) {},
      nullptr);
}
#else
using BooleanType = booleantype;
inline int createContext(SUNContext *Context) {
  return SUNContext_Create(nullptr, Context);
}
/// Keeps the library from printing; failures come back as return values.
inline void silence(SUNContext, void *Cvode) {
  CVodeSetErrHandlerFn(
      Cvode, [](int, const char *, const char *, char *, void *) {}, nullptr);
}
#endif

/// Owners; a context outlives all that was made in it.
struct Deleter {
  void operator()(SUNContext C) const { SUNContext_Free(&C); }
  void operator()(N_Vector V) const { N_VDestroy(V); }
  void operator()(SUNMatrix M) const { SUNMatDestroy(M); }
  void operator()(SUNLinearSolver S) const { SUNLinSolFree(S); }
};
struct CvodeDeleter {
  void operator()(void *Cvode) const { CVodeFree(&Cvode); }
};
template <class Handle>
using Owner = std::unique_ptr<std::remove_pointer_t<Handle>, Deleter>;
using CvodeOwner = std::unique_ptr<void, CvodeDeleter>;

/// A vector of \p Length doubles with operations of our own (NVector.cpp).
/// Null where memory ran out.
N_Vector newVector(sunindextype Length, SUNContext Context);
std::span<double> dataOf(N_Vector V);

} // namespace nn2crn::sun

#endif
