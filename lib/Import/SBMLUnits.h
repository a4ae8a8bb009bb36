//===- SBMLUnits.h ----------------------------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the units of a foreign SBML model are in ours.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_IMPORT_SBMLUNITS_H
#define NN2CRN_LIB_IMPORT_SBMLUNITS_H

#include "nn2crn/IR/Network.h"

#include <sbml/SBMLTypes.h>

namespace nn2crn::sbml {

/// Finds our units for \p M, whose compartments have the given \p Size in
/// their own unit. False where there are none that fit or the model leaves them
/// open; then \p Out is the default, with \p Size as the volume.
bool readUnits(const Model &M, double Size, Units &Out);

} // namespace nn2crn::sbml

#endif
