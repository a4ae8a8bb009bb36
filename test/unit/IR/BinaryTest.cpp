//===- BinaryTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/IR/Binary.h"
#include "../RandomNetwork.h"
#include "nn2crn/IR/Text.h"

#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace nn2crn;

namespace {
std::string write(const Network &Net) {
  std::string Bytes;
  llvm::raw_string_ostream OS(Bytes);
  writeBinary(Net, OS);
  return Bytes;
}
std::optional<Network> read(std::string_view Bytes,
                            unsigned *Errors = nullptr) {
  DiagnosticEngine Diags([](const Diagnostic &) {});
  auto Net = readBinary(Bytes, "t.crnb", Diags);
  if (Errors)
    *Errors = Diags.errorCount();
  return Net;
}
/// Makes the header agree with a payload that was tampered with.
void seal(std::string &Bytes) {
  llvm::StringRef Payload = llvm::StringRef(Bytes).drop_front(32);
  uint64_t Size = Payload.size(), Sum = llvm::xxh3_64bits(Payload);
  std::memcpy(Bytes.data() + 16, &Size, 8);
  std::memcpy(Bytes.data() + 24, &Sum, 8);
}
} // namespace

TEST(Binary, LosesNothing) {
  for (uint32_t Seed = 0; Seed < 500; ++Seed) {
    Network Net = test::randomNetwork(Seed);
    {
      Editor Edit(Net);
      OriginId Node = Edit.provenance().addModelNode("node 'n' (Relu)", 100);
      for (Reaction R : Net.reactions())
        Edit.setOrigin(R.id(),
                       Edit.provenance().derive(
                           "pass", OriginId(Node.Value + R.id().Value)));
    }
    std::string Bytes = write(Net);
    auto Back = read(Bytes);
    ASSERT_TRUE(Back) << "seed " << Seed;
    EXPECT_EQ(Back->contentHash(), Net.contentHash());
    EXPECT_EQ(write(*Back), Bytes);
    for (Reaction R : Net.reactions())
      EXPECT_EQ(Back->provenance().describe(Back->reaction(R.id()).origin()),
                "node 'n' (Relu), element " + std::to_string(R.id().Value) +
                    ", by pass");
  }
}

TEST(Binary, DropsTombstones) {
  Network Net = test::randomNetwork(7);
  Network Before = Net;
  Editor Edit(Net);
  ReactionId R = Edit.addReaction({{SpeciesId(0), 1}}, {}, Edit.rate(1));
  Edit.erase(R);
  auto Back = read(write(Net));
  ASSERT_TRUE(Back);
  EXPECT_EQ(Back->contentHash(), Before.contentHash());
}

TEST(Binary, RefusesEveryTruncation) {
  std::string Bytes = write(test::randomNetwork(3));
  for (size_t Size = 0; Size < Bytes.size(); ++Size) {
    unsigned Errors = 0;
    EXPECT_FALSE(read(std::string_view(Bytes).substr(0, Size), &Errors));
    EXPECT_EQ(Errors, 1u) << Size;
  }
}

TEST(Binary, SurvivesDamageBehindAValidChecksum) {
  // Whatever is accepted must still be a network that has a text form.
  std::mt19937 Random(5);
  unsigned Accepted = 0;
  for (uint32_t Seed = 0; Seed < 4000; ++Seed) {
    std::string Bytes = write(test::randomNetwork(Seed % 40));
    for (uint32_t N = 1 + Random() % 3; N > 0; --N)
      Bytes[32 + Random() % (Bytes.size() - 32)] = static_cast<char>(Random());
    if (Random() % 4 == 0)
      Bytes.resize(32 + Random() % (Bytes.size() - 32));
    seal(Bytes);
    unsigned Errors = 0;
    auto Net = read(Bytes, &Errors);
    EXPECT_EQ(Net.has_value(), Errors == 0);
    if (!Net)
      continue;
    ++Accepted;
    std::string Text;
    llvm::raw_string_ostream OS(Text);
    printText(*Net, OS);
    DiagnosticEngine Diags(
        [](const Diagnostic &D) { ADD_FAILURE() << formatDiagnostic(D); });
    auto Again = parseText(Text, "t.crn", Diags);
    ASSERT_TRUE(Again) << "seed " << Seed << '\n' << Text;
    EXPECT_EQ(Again->contentHash(), Net->contentHash())
        << "seed " << Seed << '\n'
        << Text;
  }
  EXPECT_GT(Accepted, 0u);
}
