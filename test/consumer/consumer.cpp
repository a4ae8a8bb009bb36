//===- consumer.cpp - A program that embeds nn2crn --------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include <nn2crn/Driver/Compile.h>
#include <nn2crn/Driver/Files.h>

#include <iostream>

int main(int, char **Argv) {
  nn2crn::DiagnosticEngine Diags([](const nn2crn::Diagnostic &D) {
    std::cerr << nn2crn::formatDiagnostic(D);
  });
  auto Model = nn2crn::readFile(Argv[1], Diags);
  auto Net =
      Model ? nn2crn::compileModel(*Model, Argv[1], {}, Diags) : std::nullopt;
  if (!Net)
    return 1;
  std::cout << Net->reactionCount() << " reactions\n";
}
