//===- Map.h - What is where in an emitted file -----------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The side file of --map: which species of an emitted file are the rails of
// which element of which tensor, so that a script can feed and read the network
// in another tool.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TARGET_MAP_H
#define NN2CRN_TARGET_MAP_H

#include "nn2crn/Target/Target.h"

namespace nn2crn {

/// Writes the map of \p Net as it stands in a file of \p T:
///
///   {"network": name,
///    "ports": [{"name", "direction": "input"|"output"|"state", "shape",
///               "encoding": "dual-rail"|"single-rail", "scale", "offset",
///               "head": [operator, ...], "kept": bool, "labels": [...],
///               "elements": [[positive, negative], ...]}, ...],
///    "species": {name in our text form: id, ...},
///    "reactions": {id: reaction in our text form, ...}}
///
/// A rail is an id, null where there is none, or a list of ids whose amounts
/// add up. An element's value is (positive - negative) / scale - offset, where
/// scale and offset are a number for all elements or a list with one for each.
/// An element's constant is in its offset, and a coefficient that all terms of
/// an element share is in its scale. Only outputs at the end of which the model
/// has operators that change no winner have "head", and only those with names
/// of classes "labels" (OutputMeaning). False after a diagnostic, where an
/// element's coefficients differ in magnitude.
bool writeMap(const Network &Net, const TargetInfo &T, llvm::raw_ostream &OS,
              DiagnosticEngine &Diags);

} // namespace nn2crn

#endif
