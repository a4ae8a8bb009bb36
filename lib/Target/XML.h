//===- XML.h ----------------------------------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writing text into XML so that any reader gives it back.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_TARGET_XML_H
#define NN2CRN_LIB_TARGET_XML_H

#include "llvm/Support/raw_ostream.h"

#include <string_view>

namespace nn2crn {

/// True where XML 1.0 can hold \p Text: UTF-8 without control characters and
/// without U+FFFE and U+FFFF.
bool isXMLText(std::string_view Text);

/// Writes ` Attribute="Text"` with \p Text escaped; isXMLText(Text) holds.
void writeXMLAttribute(llvm::raw_ostream &OS, std::string_view Attribute,
                       std::string_view Text);

/// Writes \p Text under the attribute `name` where XML can hold it, and
/// otherwise mangled under `mangledName`.
void writeXMLName(llvm::raw_ostream &OS, std::string_view Text);

} // namespace nn2crn

#endif
