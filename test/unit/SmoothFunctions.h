//===- SmoothFunctions.h - One of each activation, for tests -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_SMOOTHFUNCTIONS_H
#define NN2CRN_TEST_SMOOTHFUNCTIONS_H

#include "nn2crn/Graph/Smooth.h"

namespace nn2crn::test {

inline constexpr SmoothFunction SmoothFunctions[] = {
    {SmoothKind::Sigmoid},
    {SmoothKind::Tanh},
    {SmoothKind::Softplus},
    {SmoothKind::Softsign},
    {SmoothKind::Elu},
    {SmoothKind::Elu, 2},
    {SmoothKind::Elu, -0.5f},
    {SmoothKind::Selu, 1.67326319217681884765625f, 1.05070102214813232421875f},
    {SmoothKind::Celu, 0.7f},
    {SmoothKind::Celu, -0.7f},
    {SmoothKind::Gelu},
    {SmoothKind::GeluTanh},
    {SmoothKind::Mish},
    {SmoothKind::Silu},
    {SmoothKind::Silu, -1.7f},
    {SmoothKind::HardSwish},
    {SmoothKind::Exp},
    {SmoothKind::ExpBelow},
    {SmoothKind::LogAbove},
};

} // namespace nn2crn::test

#endif
