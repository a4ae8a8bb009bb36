//===- ForeignNames.h -------------------------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the readers of other formats share: names that our own emitters mangled,
// and exact arithmetic that cannot grow without bound.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_IMPORT_FOREIGNNAMES_H
#define NN2CRN_LIB_IMPORT_FOREIGNNAMES_H

#include "nn2crn/IR/Editor.h"

#include <string>
#include <string_view>

namespace nn2crn {

/// The name that \p Id stands for: undone where \p Ours and mangle() can have
/// made it, otherwise a plain signal.
SpeciesName speciesNameFor(Editor &Edit, std::string_view Id, bool Ours);

/// The parameter that \p Id stands for. In a file of ours `k__eta` is eta,
/// `k__eta_2` too (for reactions of second order), and `k__1` is a number,
/// which has an empty name. Otherwise \p Id itself.
std::string parameterNameFor(std::string_view Id, bool Ours);

/// \p N, or its double where the fraction has grown long: a file of a few
/// lines can square a number forty times.
Number keepSmall(const Number &N);

} // namespace nn2crn

#endif
