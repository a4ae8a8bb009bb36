//===- ArrayFileTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Support/ArrayFile.h"

#include <gtest/gtest.h>
#include <zip.h>

#include <bit>
#include <cmath>

using namespace nn2crn;

namespace {
/// Collects the texts of what was reported.
struct Reports {
  std::string Text;
  DiagnosticEngine Diags{
      [this](const Diagnostic &D) { Text += formatDiagnostic(D); }};
};

std::string npy(const std::string &Dict, const std::string &Content,
                int Version = 1) {
  std::string Bytes = "\x93NUMPY";
  Bytes += static_cast<char>(Version);
  Bytes += '\0';
  std::string Header = Dict + "\n";
  for (int I = 0; I < (Version == 1 ? 2 : 4); ++I)
    Bytes += static_cast<char>(Header.size() >> 8 * I);
  return Bytes + Header + Content;
}
std::string dict(const std::string &Type, const std::string &Shape,
                 bool Fortran = false) {
  return "{'descr': '" + Type +
         "', 'fortran_order': " + (Fortran ? "True" : "False") +
         ", 'shape': " + Shape + ", }";
}

/// \p Value as bytes of \p Size in the given order.
std::string word(uint64_t Value, int Size, bool Big) {
  std::string S;
  for (int I = 0; I < Size; ++I)
    S += static_cast<char>(Value >> 8 * (Big ? Size - 1 - I : I));
  return S;
}
} // namespace

TEST(Npy, ReadsEveryTypeInBothByteOrders) {
  struct Case {
    const char *Type;
    uint64_t Bits;
    double Value;
  };
  const Case Cases[] = {
      {"f8", std::bit_cast<uint64_t>(-1.25), -1.25},
      {"f4", std::bit_cast<uint32_t>(0.1f), 0.1f},
      {"f2", 0x3c01, 1.0009765625},
      {"f2", 0x8001, -0x1p-24},
      {"f2", 0x7bff, 65504},
      {"i1", 0x80, -128},
      {"i2", 0xff38, -200},
      {"i4", 0x80000000, -2147483648.0},
      {"i8", 0xffffffffffffffff, -1},
      {"u1", 0xff, 255},
      {"u2", 0xfffe, 65534},
      {"u4", 0xffffffff, 4294967295.0},
      {"u8", 0x8000000000000000, 0x1p63},
  };
  for (const Case &C : Cases)
    for (bool Big : {false, true}) {
      Reports R;
      std::string Type = (Big ? ">" : "<") + std::string(C.Type);
      auto A =
          parseNpy(npy(dict(Type, "(1,)"), word(C.Bits, C.Type[1] - '0', Big)),
                   "a.npy", R.Diags);
      ASSERT_TRUE(A) << Type << R.Text;
      EXPECT_EQ(A->Data, std::vector<double>{C.Value}) << Type;
      EXPECT_EQ(A->Shape, std::vector<int64_t>{1});
    }
  Reports R;
  auto Bools = parseNpy(npy(dict("|b1", "(3,)"), std::string("\1\0\1", 3), 2),
                        "b.npy", R.Diags);
  ASSERT_TRUE(Bools) << R.Text;
  EXPECT_EQ(Bools->Data, (std::vector<double>{1, 0, 1}));
  auto Infinite = parseNpy(npy(dict("<f2", "()"), word(0x7c00, 2, false), 3),
                           "s.npy", R.Diags);
  ASSERT_TRUE(Infinite) << R.Text;
  EXPECT_TRUE(Infinite->Shape.empty());
  EXPECT_EQ(Infinite->Data[0], INFINITY);
}

TEST(Npy, FortranOrderIsTurned) {
  // [[0,1,2],[3,4,5]] column by column, and a third axis.
  Reports R;
  auto A =
      parseNpy(npy(dict("|u1", "(2, 3)", true), std::string("\0\3\1\4\2\5", 6)),
               "a.npy", R.Diags);
  ASSERT_TRUE(A) << R.Text;
  EXPECT_EQ(A->Data, (std::vector<double>{0, 1, 2, 3, 4, 5}));
  std::string Content;
  for (int K = 0; K < 4; ++K)
    for (int J = 0; J < 3; ++J)
      for (int I = 0; I < 2; ++I)
        Content += static_cast<char>(I * 12 + J * 4 + K);
  A = parseNpy(npy(dict("|u1", "(2,3,4)", true), Content), "a.npy", R.Diags);
  ASSERT_TRUE(A) << R.Text;
  for (int I = 0; I < 24; ++I)
    EXPECT_EQ(A->Data[static_cast<size_t>(I)], I);
}

TEST(Npy, RefusesWhatItsContentDoesNotBearOut) {
  struct Case {
    std::string Bytes;
    const char *Says;
  };
  std::string Eight(8, '\0');
  const Case Cases[] = {
      {"", "does not begin"},
      {"\x93NUMPY\1", "does not begin"},
      {npy(dict("<f8", "(1,)"), Eight, 4), "version 4"},
      {std::string("\x93NUMPY\1\0\xff\xff{}", 12), "within its header"},
      {std::string("\x93NUMPY\2\0\xff\xff", 10), "truncated"},
      {npy(dict("<f8", "(2,)"), Eight), "need 16 bytes, but 8 follow"},
      {npy(dict("<f8", "(1,)"), Eight + "x"), "need 8 bytes, but 9 follow"},
      {npy(dict("<f8", "(4294967296, 4294967296)"), Eight), "limit"},
      {npy(dict("<f8", "(99999999999999999999,)"), Eight), "shape"},
      {npy(dict("<f8", "(-1,)"), Eight), "shape"},
      {npy(dict("|O", "(1,)"), Eight), "unknown"},
      {npy(dict("|O8", "(1,)"), Eight), "Python objects"},
      {npy(dict("<c16", "(1,)"), Eight), "complex"},
      {npy(dict("<U4", "(1,)"), Eight), "text"},
      {npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}",
           Eight),
       "named fields"},
      {npy("{'descr': '<f8', 'shape': (1,)}", Eight), "lacks"},
      {npy("{'descr': '<f8', 'fortran_order': 1, 'shape': (1,)}", Eight),
       "True nor False"},
      {npy("(", Eight), "dictionary"},
  };
  for (const Case &C : Cases) {
    Reports R;
    EXPECT_FALSE(parseNpy(C.Bytes, "bad.npy", R.Diags)) << C.Says;
    EXPECT_NE(R.Text.find(C.Says), std::string::npos) << R.Text;
    EXPECT_EQ(R.Text.rfind("bad.npy: error", 0), 0u) << R.Text;
  }
}

TEST(Npy, WhatIsWrittenReadsBack) {
  Array A;
  A.Shape = {2, 3};
  A.Data = {1, -0.5, 1e300, 5e-324, INFINITY, 0.1};
  std::string Bytes = npyBytes(A);
  Reports R;
  auto Back = parseNpy(Bytes, "a.npy", R.Diags);
  ASSERT_TRUE(Back) << R.Text;
  EXPECT_EQ(Back->Shape, A.Shape);
  EXPECT_EQ(Back->Data, A.Data);
  EXPECT_EQ((Bytes.size() - 48) % 64, 0u) << "data begin at 64 bytes";
}

TEST(Npz, KeysAndSingles) {
  Array A, B;
  A.Shape = {2};
  A.Data = {1, 2};
  B.Data = {7};
  std::vector<NamedArray> Two{{"x:0", A}, {"y", B}};
  Reports R;
  auto Bytes = npzBytes(Two, "a.npz", R.Diags);
  ASSERT_TRUE(Bytes) << R.Text;
  EXPECT_EQ(*Bytes, *npzBytes(Two, "a.npz", R.Diags)) << "same bytes each time";
  for (const char *Key : {"x:0", "x:0.npy"}) {
    auto Got = parseNpz(*Bytes, "a.npz", Key, R.Diags);
    ASSERT_TRUE(Got) << R.Text;
    EXPECT_EQ(Got->Data, A.Data);
    EXPECT_EQ(Got->Source, "a.npz:x:0");
  }
  EXPECT_FALSE(parseNpz(*Bytes, "a.npz", "", R.Diags));
  EXPECT_NE(R.Text.find("holds 2 arrays"), std::string::npos) << R.Text;
  EXPECT_FALSE(parseNpz(*Bytes, "a.npz", "z", R.Diags));
  EXPECT_NE(R.Text.find("it holds 'x:0', 'y'"), std::string::npos) << R.Text;
  auto One = npzBytes(std::span(Two).subspan(1), "a.npz", R.Diags);
  EXPECT_EQ(parseNpz(*One, "a.npz", "", R.Diags)->Data, B.Data);
  EXPECT_FALSE(parseNpz("PK junk", "a.npz", "", R.Diags));
  EXPECT_FALSE(parseNpz("", "a.npz", "", R.Diags));
  auto None = npzBytes({}, "a.npz", R.Diags);
  EXPECT_FALSE(parseNpz(*None, "a.npz", "x", R.Diags));
  // Every truncation is a report, never a crash.
  for (size_t N = 0; N < Bytes->size(); N += 7)
    EXPECT_FALSE(parseNpz(Bytes->substr(0, N), "a.npz", "y", R.Diags));
}

TEST(Npz, ReadsDeflatedMembersAndNoticesDamage) {
  Array A;
  A.Shape = {5000};
  A.Data.resize(5000, 0.25);
  std::string Content = npyBytes(A);
  zip_error_t Error;
  zip_error_init(&Error);
  zip_source_t *Source = zip_source_buffer_create(nullptr, 0, 0, &Error);
  zip_t *Z = zip_open_from_source(Source, ZIP_TRUNCATE, &Error);
  zip_source_keep(Source);
  zip_int64_t I = zip_file_add(
      Z, "a.npy", zip_source_buffer(Z, Content.data(), Content.size(), 0), 0);
  ASSERT_EQ(I, 0);
  ASSERT_EQ(zip_set_file_compression(Z, 0, ZIP_CM_DEFLATE, 9), 0);
  ASSERT_EQ(zip_close(Z), 0);
  std::string Bytes(2000, '\0');
  zip_source_open(Source);
  auto Read = zip_source_read(Source, Bytes.data(), Bytes.size());
  zip_source_close(Source);
  zip_source_free(Source);
  ASSERT_GT(Read, 0);
  Bytes.resize(static_cast<size_t>(Read));
  Reports R;
  auto Back = parseNpz(Bytes, "a.npz", "a", R.Diags);
  ASSERT_TRUE(Back) << R.Text;
  EXPECT_EQ(Back->Data, A.Data);
  for (size_t At = 40; At < 60; ++At) {
    std::string Damaged = Bytes;
    Damaged[At] = static_cast<char>(Damaged[At] ^ 0x55);
    EXPECT_FALSE(parseNpz(Damaged, "a.npz", "a", R.Diags)) << At;
  }
}

TEST(Csv, SeparatorsHeadersAndComments) {
  Reports R;
  for (const char *Text :
       {"1,2,3\n4,5,6\n", "a,b,c\r\n1,2,3\r\n4,5,6", "1;2;3\n\n4;5;6\n",
        "# made by hand\n  1 2\t3\n4 5 6\n", "\"1\",\"2\",3\n+4,5.0,6e0\n",
        "\xef\xbb\xbf"
        "one\ttwo\tthree\n1\t2\t3\n4\t5\t6\n"}) {
    auto A = parseCsv(Text, "a.csv", R.Diags);
    ASSERT_TRUE(A) << Text << R.Text;
    EXPECT_EQ(A->Shape, (std::vector<int64_t>{2, 3})) << Text;
    EXPECT_EQ(A->Data, (std::vector<double>{1, 2, 3, 4, 5, 6})) << Text;
    EXPECT_TRUE(A->Flat);
  }
}

TEST(Csv, ErrorsHaveAPlace) {
  struct Case {
    const char *Text, *Says;
  };
  for (Case C : {Case{"1,2\n3,x7\n", "a.csv:2:3: error: expected a number, "
                                     "found 'x7'"},
                 Case{"1,2\n3\n", "a.csv:2:1: error: expected 2 fields as in "
                                  "the lines before, found 1"},
                 Case{"1,,3\n", "a.csv:1:3: error: expected a number, found an "
                                "empty field"},
                 Case{"a,1\n", "a.csv:1:1: error: expected a number, found "
                               "'a'"},
                 Case{"1,2e999\n", "a.csv:1:3"},
                 Case{"", "a.csv: error: expected lines of numbers"},
                 Case{"\n# nothing\n", "empty table"}}) {
    Reports R;
    EXPECT_FALSE(parseCsv(C.Text, "a.csv", R.Diags)) << C.Text;
    EXPECT_NE(R.Text.find(C.Says), std::string::npos) << R.Text;
  }
}

TEST(Csv, WritesRowsAndQuotesNames) {
  Array A;
  A.Shape = {2, 2};
  A.Data = {1, 0.5, -3, NAN};
  EXPECT_EQ(csvText(A, {{"y", "a,\"b\""}}),
            "y,\"a,\"\"b\"\"\"\n1,0.5\n-3,nan\n");
}

TEST(Spec, NumbersAndUnknownFiles) {
  Reports R;
  auto A = readArray(" 1, 2.5,-3,+4e1", R.Diags);
  ASSERT_TRUE(A) << R.Text;
  EXPECT_EQ(A->Data, (std::vector<double>{1, 2.5, -3, 40}));
  EXPECT_EQ(A->Shape, std::vector<int64_t>{4});
  for (const char *Bad : {"1,", "1 2", "", "a.mat", "1,x", ","})
    EXPECT_FALSE(readArray(Bad, R.Diags)) << Bad;
  R.Text.clear();
  EXPECT_FALSE(readArray("no such.npz:a.npz:b", R.Diags));
  EXPECT_EQ(R.Text.rfind("no such.npz: error: cannot read", 0), 0u) << R.Text;
}
