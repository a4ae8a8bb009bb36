//===- IsolatedTest.cpp ---------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Isolated.h"

#include "gtest/gtest.h"

#include <csignal>
#include <unistd.h>
#include <vector>

using namespace nn2crn::test;

namespace {

std::vector<IsolatedEnd> run(size_t Count, unsigned Jobs,
                             const std::function<std::string(size_t)> &Work) {
  std::vector<IsolatedEnd> All;
  runIsolated(Count, Jobs, 1, Work, [&](size_t I, const IsolatedEnd &End) {
    EXPECT_EQ(I, All.size()) << "told in order";
    All.push_back(End);
  });
  return All;
}

TEST(Isolated, AnswersComeInOrder) {
  auto All = run(20, 3, [](size_t I) {
    // The first are the last to be done.
    usleep(static_cast<useconds_t>(20000 - 1000 * I));
    return std::string(10000 * I, static_cast<char>('a' + I));
  });
  ASSERT_EQ(All.size(), 20u);
  for (size_t I = 0; I < All.size(); ++I) {
    EXPECT_EQ(All[I].Answer,
              std::string(10000 * I, static_cast<char>('a' + I)));
    EXPECT_EQ(All[I].Failure, "");
  }
}

TEST(Isolated, ACrashIsOneFailure) {
  auto All = run(3, 2, [](size_t I) {
    if (I == 1)
      std::raise(SIGKILL);
    return std::string("well");
  });
  EXPECT_EQ(All[0].Answer, "well");
  EXPECT_EQ(All[1].Answer, "");
  EXPECT_TRUE(All[1].Failure.starts_with("crashed: ")) << All[1].Failure;
  EXPECT_EQ(All[2].Answer, "well");
}

TEST(Isolated, AnEarlyEndIsNoAnswer) {
  auto All = run(1, 1, [](size_t) -> std::string { _exit(0); });
  EXPECT_EQ(All[0].Failure, "ended without an answer");
}

TEST(Isolated, WhatTakesTooLongIsStopped) {
  auto All = run(1, 1, [](size_t) -> std::string {
    for (volatile bool Again = true; Again;)
      ;
    return {};
  });
  EXPECT_EQ(All[0].Failure, "took more than 1 s");
}

} // namespace
