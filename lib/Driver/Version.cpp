//===- Version.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/Version.h"

#include "llvm/Config/llvm-config.h"

using namespace nn2crn;

std::string_view nn2crn::versionNumber() { return NN2CRN_VERSION; }

std::string nn2crn::versionText() {
  std::string Text = "nn2crn ";
  Text += versionNumber();
#ifdef NDEBUG
  Text += ", optimised";
#else
  Text += ", with assertions";
#endif
  Text += "\nLLVM " LLVM_VERSION_STRING ", ONNX " NN2CRN_ONNX_VERSION
          ", protobuf " NN2CRN_PROTOBUF_VERSION
          ", SUNDIALS " NN2CRN_SUNDIALS_VERSION;
  return Text;
}
