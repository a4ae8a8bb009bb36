//===- Elementary.h - Roots, logarithms, powers, circular functions -*- C++
//-*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// SmoothFunction's answers for the functions of analysis: most have no
// asymptote, and some are not defined everywhere. Where the domain is closed
// (Sqrt at 0, Asin at 1), the value at its end goes on beyond it, so that a
// rounding error there is none.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_GRAPH_ELEMENTARY_H
#define NN2CRN_LIB_GRAPH_ELEMENTARY_H

#include "nn2crn/Graph/Smooth.h"

namespace nn2crn::elementary {

std::string_view name(SmoothKind Kind);
double value(const SmoothFunction &F, double X);
std::optional<SmoothFunction::Ray> ray(const SmoothFunction &F, bool Right);
double curvature(const SmoothFunction &F, double Low, double High);
double lipschitz(const SmoothFunction &F, double Low, double High);
SmoothFunction::Range range(const SmoothFunction &F, double Low, double High);
bool isDefined(const SmoothFunction &F, double Low, double High);
bool outgrowsLines(const SmoothFunction &F);

} // namespace nn2crn::elementary

#endif
