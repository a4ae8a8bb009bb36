//===- XMLGuard.h -----------------------------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A look at XML before a library gets it.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_IMPORT_XMLGUARD_H
#define NN2CRN_LIB_IMPORT_XMLGUARD_H

#include <string>
#include <string_view>

namespace nn2crn::sbml {

/// Refuses what an XML library may follow into trouble: a DOCTYPE (entities
/// that read other files or grow without bound), elements nested so deep that
/// recursion overflows the stack, and bytes that are not UTF-8 text. False with
/// a message in \p Problem and its line in \p Line.
bool guardXML(std::string_view Bytes, std::string &Problem, unsigned &Line);

} // namespace nn2crn::sbml

#endif
