//===- FileTest.cpp - Files read and written --------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Support/InputFile.h"
#include "nn2crn/Support/OutputFile.h"

#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

#include <filesystem>

using namespace nn2crn;
namespace fs = std::filesystem;

namespace {
class Files : public testing::Test {
protected:
  Files()
      : Folder(fs::path(testing::TempDir()) /
               testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::remove_all(Folder);
    fs::create_directories(Folder);
  }
  ~Files() override { fs::remove_all(Folder); }
  std::string path(const char *Name) const { return (Folder / Name).string(); }
  size_t count() const {
    return static_cast<size_t>(
        std::distance(fs::recursive_directory_iterator(Folder), {}));
  }
  std::string read(const std::string &Path) {
    auto File = InputFile::open(Path, Diags);
    return File ? std::string(File->bytes()) : "";
  }

  fs::path Folder;
  std::string Messages;
  DiagnosticEngine Diags{
      [&](const Diagnostic &D) { Messages += formatDiagnostic(D); }};
};
} // namespace

TEST_F(Files, AppearOnCommitOnly) {
  {
    OutputFile Dropped(path("dropped"));
    ASSERT_TRUE(Dropped.open(Diags));
    Dropped.stream() << "half";
  }
  EXPECT_EQ(count(), 0u);
  OutputFile Kept(path("kept"));
  ASSERT_TRUE(Kept.open(Diags));
  Kept.stream() << "whole";
  EXPECT_FALSE(fs::exists(path("kept")));
  ASSERT_TRUE(Kept.commit(Diags));
  EXPECT_EQ(read(path("kept")), "whole");
  EXPECT_EQ(count(), 1u);
}

TEST_F(Files, PathsMayHoldAnyCharacter) {
  fs::create_directories(path("100%"));
  OutputFile File(path("100%/a%%b"));
  ASSERT_TRUE(File.open(Diags)) << Messages;
  EXPECT_TRUE(File.commit(Diags)) << Messages;
  EXPECT_TRUE(fs::exists(path("100%/a%%b")));
}

TEST_F(Files, AppearTogetherOrNotAtAll) {
  if (!fs::exists("/dev/full"))
    GTEST_SKIP() << "no device that is always full";
  OutputFile First(path("first")), Full("/dev/full");
  ASSERT_TRUE(First.open(Diags));
  ASSERT_TRUE(Full.open(Diags));
  Full.stream() << "more than nothing";
  OutputFile *Both[] = {&First, &Full};
  EXPECT_FALSE(OutputFile::commitAll(Both, Diags));
  EXPECT_NE(Messages.find("/dev/full: error: cannot write this file"),
            std::string::npos)
      << Messages;
  EXPECT_FALSE(fs::exists(path("first")));
}

TEST_F(Files, WhatCannotBeReadIsReported) {
  EXPECT_FALSE(InputFile::open(path("missing"), Diags));
  EXPECT_NE(Messages.find("missing: error: cannot read this file: "),
            std::string::npos)
      << Messages;
}
