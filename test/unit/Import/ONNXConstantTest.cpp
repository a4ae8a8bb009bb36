//===- ONNXConstantTest.cpp - Weights in every form -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXModels.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

using namespace nn2crn;
using namespace nn2crn::test;
using onnx::TensorProto;
namespace fs = std::filesystem;

static const std::vector<float> Weights{1, 0, -1, 0, 1, 1};

static void expectDense(const Imported &I) {
  ASSERT_TRUE(I.G) << I.text();
  EXPECT_EQ(I.run({2, 3}), DenseAnswer);
}

template <class T> static std::vector<T> as() {
  return {Weights.begin(), Weights.end()};
}

TEST(ONNXConstant, RawDataOfEveryType) {
  auto Check = [](int Type, std::string Bytes) {
    DenseModel M;
    M.W.set_data_type(Type);
    M.W.set_raw_data(Bytes);
    SCOPED_TRACE(Type);
    expectDense(M.import());
    // One byte more or less is not the tensor that was promised.
    M.W.set_raw_data(Bytes + '\0');
    EXPECT_EQ(M.import().Diags.errors(DiagId::BadTensor), 1u);
    Bytes.pop_back();
    M.W.set_raw_data(Bytes);
    EXPECT_EQ(M.import().Diags.errors(DiagId::BadTensor), 1u);
  };
  Check(TensorProto::FLOAT, rawBytes(Weights));
  Check(TensorProto::DOUBLE, rawBytes(as<double>()));
  Check(TensorProto::INT8, rawBytes(as<int8_t>()));
  Check(TensorProto::INT16, rawBytes(as<int16_t>()));
  Check(TensorProto::INT32, rawBytes(as<int32_t>()));
  Check(TensorProto::INT64, rawBytes(as<int64_t>()));
  std::vector<uint16_t> Half, BFloat;
  for (float V : Weights) {
    Half.push_back(V == 0 ? 0 : V > 0 ? 0x3c00 : 0xbc00);
    BFloat.push_back(static_cast<uint16_t>(std::bit_cast<uint32_t>(V) >> 16));
  }
  Check(TensorProto::FLOAT16, rawBytes(Half));
  Check(TensorProto::BFLOAT16, rawBytes(BFloat));
}

TEST(ONNXConstant, TypedFieldsOfEveryType) {
  auto Check = [](int Type, auto Add) {
    DenseModel M;
    M.W.set_data_type(Type);
    for (float V : Weights)
      Add(M.W, V);
    SCOPED_TRACE(Type);
    expectDense(M.import());
    Add(M.W, 0);
    EXPECT_EQ(M.import().Diags.errors(DiagId::BadTensor), 1u);
  };
  Check(TensorProto::FLOAT,
        [](TensorProto &T, float V) { T.add_float_data(V); });
  Check(TensorProto::DOUBLE,
        [](TensorProto &T, float V) { T.add_double_data(V); });
  Check(TensorProto::INT64, [](TensorProto &T, float V) {
    T.add_int64_data(static_cast<int64_t>(V));
  });
  for (int Type : {TensorProto::INT8, TensorProto::INT16, TensorProto::INT32})
    Check(Type, [](TensorProto &T, float V) {
      T.add_int32_data(static_cast<int32_t>(V));
    });
  Check(TensorProto::FLOAT16, [](TensorProto &T, float V) {
    T.add_int32_data(V == 0 ? 0 : V > 0 ? 0x3c00 : 0xbc00);
  });
}

TEST(ONNXConstant, UnsignedTypes) {
  DenseModel M;
  M.B.clear_float_data();
  M.B.set_data_type(TensorProto::UINT8);
  M.B.set_raw_data(rawBytes(std::vector<uint8_t>{255, 0, 128}));
  Imported I = M.fill().import();
  ASSERT_TRUE(I.G) << I.text();
  EXPECT_EQ(I.G->nodes()[0].Bias, (Vector{255, 0, 128}));
  DenseModel L;
  L.B.clear_float_data();
  L.B.set_data_type(TensorProto::UINT32);
  for (uint64_t V : {4294967295u, 0u, 7u})
    L.B.add_uint64_data(V);
  Imported J = L.fill().import();
  ASSERT_TRUE(J.G) << J.text();
  EXPECT_EQ(J.G->nodes()[0].Bias, (Vector{4294967295.0, 0, 7}));
}

TEST(ONNXConstant, HalvesAreExact) {
  // Subnormal, smallest normal, 1/3 rounded, largest.
  DenseModel M;
  M.W.set_data_type(TensorProto::FLOAT16);
  M.W.set_raw_data(rawBytes(
      std::vector<uint16_t>{0x0001, 0x83ff, 0x0400, 0x3555, 0x7bff, 0x8000}));
  Imported I = M.import();
  ASSERT_TRUE(I.G) << I.text();
  EXPECT_EQ(I.run({1, 0}),
            (Vector{0.5 + 0x1p-24, -1023 * 0x1p-24, -1 + 0x1p-14}));
  EXPECT_EQ(I.run({0, 1}), (Vector{0.5 + 1365 * 0x1p-12, 65504, -1}));
}

TEST(ONNXConstant, NotFiniteIsLocated) {
  for (float Bad : {std::numeric_limits<float>::infinity(),
                    -std::numeric_limits<float>::infinity(),
                    std::numeric_limits<float>::quiet_NaN()}) {
    DenseModel M;
    auto Values = Weights;
    Values[4] = Bad;
    M.W.set_raw_data(rawBytes(Values));
    Imported I = M.import();
    EXPECT_FALSE(I.G);
    EXPECT_TRUE(I.says("m.onnx: initializer 'W': error: 1 of 6 numbers are not "
                       "finite; the first is"))
        << I.text();
    EXPECT_TRUE(I.says("at element 4 [bad-tensor]")) << I.text();
  }
  DenseModel Half;
  Half.W.set_data_type(TensorProto::FLOAT16);
  Half.W.set_raw_data(
      rawBytes(std::vector<uint16_t>{0x7c00, 0x7e00, 0, 0, 0, 0}));
  EXPECT_TRUE(Half.import().says("2 of 6 numbers are not finite"));
}

TEST(ONNXConstant, ListedAsInputsTheyAreNoPorts) {
  DenseModel M;
  M.fill();
  DenseModel::declare(*M.G.add_input(), "W", {2, 3});
  DenseModel::declare(*M.G.add_input(), "b", {3});
  Imported I = M.import();
  expectDense(I);
  EXPECT_EQ(I.G->inputs().size(), 1u);
}

TEST(ONNXConstant, ConstantNodesInEveryForm) {
  expectDense(importText(R"(
      W = Constant <value = float[2,3] {1.0, 0.0, -1.0, 0.0, 1.0, 1.0}> ()
      b = Constant <value_floats = [0.5, 0.0, -1.0]> ()
      y = Gemm (x, W, b))"));
  Imported I = importText(R"(
      one = Constant <value_float = 1.0> ()
      two = Constant <value_int = 2> ()
      three = Constant <value_ints = [3, 4]> ()
      a = Add (x, one)
      b = Add (a, two)
      y = Add (three, b))");
  ASSERT_TRUE(I.G) << I.text();
  EXPECT_EQ(I.run({10, 20}), (Vector{16, 27}));
  EXPECT_EQ(I.G->nodes().size(), 1u);
  Imported S = importText("s = Constant <value_string = \"a\"> ()\n"
                          "y = Add (x, s)");
  EXPECT_EQ(S.Diags.errors(DiagId::UnsupportedModel), 1u) << S.text();
  Imported E = importText("s = Constant <value_floats = []> ()\n"
                          "y = Add (x, s)");
  EXPECT_FALSE(E.G);
}

TEST(ONNXConstant, ReachThroughRenamings) {
  Imported I = importText(R"(
      flat = Constant <value = float[6] {1.0, 0.0, -1.0, 0.0, 1.0, 1.0}> ()
      shape = Constant <value_ints = [2, -1]> ()
      W = Reshape (flat, shape)
      V = Identity (W)
      p = MatMul (x, V)
      b = Constant <value_floats = [0.5, 0.0, -1.0]> ()
      y = Add (b, p))");
  expectDense(I);
  EXPECT_EQ(I.G->nodes().size(), 1u);
}

TEST(ONNXConstant, RefusesWhatItCannotHold) {
  DenseModel M;
  M.W.set_data_type(22); // int4
  M.W.set_raw_data("abc");
  Imported I = M.import();
  EXPECT_TRUE(I.says("constants of type int4 are not supported")) << I.text();
  M.W.set_data_type(TensorProto::STRING);
  EXPECT_EQ(M.import().Diags.errors(DiagId::BadTensor), 1u); // No words.
  for (int Word = 0; Word < 6; ++Word)
    M.W.add_string_data("word");
  EXPECT_EQ(M.import().Diags.errors(DiagId::UnsupportedModel), 1u);
  M.W.set_data_type(-5);
  EXPECT_TRUE(M.import().says("type -5"));

  DenseModel S;
  S.fill();
  auto &Sparse = *S.G.add_sparse_initializer();
  Sparse.mutable_values()->set_name("s");
  Imported J = S.import();
  EXPECT_TRUE(J.says("initializer 's': error: sparse initializers are not "
                     "supported [unsupported-model]"))
      << J.text();
}

TEST(ONNXConstant, HostileShapes) {
  auto Check = [](std::vector<int64_t> Dims, const char *What) {
    DenseModel M;
    M.W.clear_dims();
    for (int64_t Length : Dims)
      M.W.add_dims(Length);
    M.W.set_raw_data("1234");
    Imported I = M.import();
    EXPECT_FALSE(I.G);
    EXPECT_TRUE(I.says(What)) << I.text();
  };
  int64_t Max = std::numeric_limits<int64_t>::max();
  Check({2, -3}, "has a negative extent [bad-tensor]");
  Check({0, 3}, "expected 0 bytes for float32[0,3], found 4 [bad-tensor]");
  Check({Max, Max}, "[model-too-large]");
  Check({Max, 0}, "[model-too-large]");
  Check({1 << 16, 1 << 16, 1 << 16, 1 << 16}, "[model-too-large]");
  Check({1 << 13, 1 << 13}, "expected 268435456 bytes for float32[8192,8192]");
  // Lists of axes may be empty, weights may not.
  DenseModel M;
  M.W.set_dims(0, 0);
  EXPECT_TRUE(M.import().says("operand 1 of shape [0,3] has no elements "
                              "[bad-tensor]"))
      << M.import().text();
}

//===----------------------------------------------------------------------===//
// External data
//===----------------------------------------------------------------------===//

namespace {
class ONNXExternal : public testing::Test {
protected:
  fs::path Root, Folder;
  DenseModel M;

  void SetUp() override {
    std::string Pattern =
        (fs::path(testing::TempDir()) / "nn2crn-XXXXXX").string();
    ASSERT_NE(mkdtemp(Pattern.data()), nullptr);
    Root = Pattern;
    Folder = Root / "model";
    fs::create_directory(Folder);
    write(Folder / "w.data", "head" + rawBytes(Weights) + "tail");
    write(Root / "outside.data", rawBytes(Weights));
    M.W.set_data_location(TensorProto::EXTERNAL);
  }
  void TearDown() override { fs::remove_all(Root); }
  static void write(const fs::path &To, const std::string &Bytes) {
    std::ofstream(To, std::ios::binary) << Bytes;
  }
  Imported with(std::vector<std::pair<const char *, std::string>> Entries) {
    M.W.clear_external_data();
    for (auto &[Key, Value] : Entries) {
      auto *Entry = M.W.add_external_data();
      Entry->set_key(Key);
      Entry->set_value(Value);
    }
    return M.import((Folder / "m.onnx").string());
  }
  void refused(std::vector<std::pair<const char *, std::string>> Entries,
               const char *What) {
    Imported I = with(std::move(Entries));
    EXPECT_FALSE(I.G);
    EXPECT_EQ(I.Diags.errors(DiagId::ExternalData), 1u);
    EXPECT_TRUE(I.says("initializer 'W': error: ")) << I.text();
    EXPECT_TRUE(I.says(What)) << I.text();
  }
};
} // namespace

TEST_F(ONNXExternal, IsReadBesideTheModel) {
  expectDense(
      with({{"location", "w.data"}, {"offset", "4"}, {"length", "24"}}));
  expectDense(with({{"location", "w.data"}, {"offset", "4"}}));
  expectDense(with({{"location", "./w.data"}, {"offset", "4"}}));
  fs::create_directory(Folder / "sub");
  write(Folder / "sub" / "w", rawBytes(Weights));
  expectDense(with({{"location", "sub/w"}, {"checksum", "abc"}}));
  // Names of tensors, each of which was saved in a file of its own.
  for (const char *Name : {"back\\slash", "x:0", "..."}) {
    write(Folder / Name, rawBytes(Weights));
    expectDense(with({{"location", Name}}));
  }
  // A link within the folder is as good as the file.
  fs::create_symlink("sub/w", Folder / "link");
  expectDense(with({{"location", "link"}}));
}

TEST_F(ONNXExternal, IsFoundWhenTheModelHasNoFolderInItsName) {
  fs::path Old = fs::current_path();
  fs::current_path(Folder);
  with({{"location", "w.data"}, {"offset", "4"}});
  Imported I = M.import("m.onnx");
  fs::current_path(Old);
  expectDense(I);
}

TEST_F(ONNXExternal, NeverLeavesTheFolder) {
  refused({{"location", "../outside.data"}}, "in the folder of the model");
  refused({{"location", "sub/../../outside.data"}}, "in the folder");
  refused({{"location", (Root / "outside.data").string()}}, "in the folder");
  refused({{"location", (Folder / "w.data").string()}}, "in the folder");
  refused({{"location", "C:\\w.data"}}, "in the folder");
  refused({{"location", "\\\\server\\w.data"}}, "in the folder");
  refused({{"location", "..\\outside.data"}}, "in the folder");
  refused({{"location", std::string("w.data\0x", 8)}}, "in the folder");
  fs::create_symlink("../outside.data", Folder / "escape");
  refused({{"location", "escape"}}, "a link that leads out of it");
  fs::create_directory_symlink("..", Folder / "up");
  refused({{"location", "up/outside.data"}}, "a link that leads out of it");
  // A sibling folder whose name merely begins the same.
  fs::create_directory(Root / "model2");
  write(Root / "model2" / "w", rawBytes(Weights));
  fs::create_directory_symlink("../model2", Folder / "two");
  refused({{"location", "two/w"}}, "a link that leads out of it");
}

TEST_F(ONNXExternal, SaysWhatIsWrong) {
  refused({{"location", "missing"}}, "cannot read external data 'missing'");
  refused({}, "names no file");
  refused({{"location", "."}}, "");
  refused({{"location", "w.data"}, {"offset", "12"}},
          "expected 24 bytes at offset 12, found a file of 32 bytes");
  refused({{"location", "w.data"}, {"offset", "18446744073709551610"}},
          "too short");
  refused({{"location", "w.data"}, {"offset", "-4"}},
          "as offset of the external data, found '-4'");
  refused({{"location", "w.data"}, {"offset", "4x"}}, "found '4x'");
  refused({{"location", "w.data"}, {"length", "20"}},
          "expected 24 bytes of external data for float32[2,3], found a length "
          "of 20");
  refused({{"location", "w.data"}, {"length", ""}}, "found ''");
  fs::create_directory(Folder / "sub");
  refused({{"location", "sub"}}, "'sub' is not a file");
}

TEST_F(ONNXExternal, NeedsAFile) {
  with({{"location", "w.data"}, {"offset", "4"}});
  for (const char *Name : {"", "-"}) {
    Imported I = M.import(Name);
    EXPECT_FALSE(I.G);
    EXPECT_TRUE(I.says("a model on standard input has no folder")) << I.text();
  }
}
