//===- Version.h - Which nn2crn this is -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_DRIVER_VERSION_H
#define NN2CRN_DRIVER_VERSION_H

#include <string>
#include <string_view>

namespace nn2crn {

/// "0.1.0".
std::string_view versionNumber();
/// The version, how it was built, and the libraries it stands on.
std::string versionText();

} // namespace nn2crn

#endif
