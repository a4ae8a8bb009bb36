//===- WitnessSearch.h - Inputs on which two functions differ -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_VERIFICATION_WITNESSSEARCH_H
#define NN2CRN_LIB_VERIFICATION_WITNESSSEARCH_H

#include "nn2crn/Analysis/LinearForms.h"

#include <functional>

namespace nn2crn {

/// Looks for values of variables at which one of \p Differences is not zero.
/// First at random, at many scales; then, since two functions may differ near a
/// kink of a ReLU only, on both sides of the kinks of those involved.
///
/// \p Confirm is given the values of \p Variables in their order, and says
/// whether the difference is real; the search ends when it does. It is asked
/// for what differs in doubles, and a few times for what does not seem to, at
/// most some dozens of times.
template <class T>
bool searchWitness(const FormSpace<T> &Space,
                   std::span<const uint32_t> Variables,
                   std::span<const typename FormSpace<T>::FormPtr> Differences,
                   uint64_t Seed, double Effort,
                   const std::function<bool(std::span<const double>)> &Confirm);

} // namespace nn2crn

#endif
