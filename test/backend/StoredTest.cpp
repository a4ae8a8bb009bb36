//===- StoredTest.cpp -----------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StoredTest.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

using namespace nn2crn;
using namespace nn2crn::test;
namespace fs = std::filesystem;
using onnx::TensorProto;

//===----------------------------------------------------------------------===//
// Tensors, read apart from the reader that is tested
//===----------------------------------------------------------------------===//

static double half(uint16_t Bits) {
  int Exponent = Bits >> 10 & 31;
  double Mantissa = Bits & 1023;
  double V = Exponent == 31  ? (Mantissa == 0 ? INFINITY : NAN)
             : Exponent == 0 ? std::ldexp(Mantissa, -24)
                             : std::ldexp(1024 + Mantissa, Exponent - 25);
  return Bits >> 15 ? -V : V;
}

template <class T> static std::vector<double> raw(const std::string &Bytes) {
  std::vector<T> Values(Bytes.size() / sizeof(T));
  std::memcpy(Values.data(), Bytes.data(), Values.size() * sizeof(T));
  return {Values.begin(), Values.end()};
}

static std::vector<double> rawHalf(const std::string &Bytes, bool Brain) {
  std::vector<uint16_t> Words(Bytes.size() / 2);
  std::memcpy(Words.data(), Bytes.data(), Words.size() * 2);
  std::vector<double> Out;
  for (uint16_t W : Words)
    Out.push_back(Brain ? double{std::bit_cast<float>(uint32_t{W} << 16)}
                        : half(W));
  return Out;
}

std::optional<StoredTensor> test::readTensor(const TensorProto &T) {
  StoredTensor Out;
  Out.Type = T.data_type();
  Out.Values.Shape.assign(T.dims().begin(), T.dims().end());
  auto &Data = Out.Values.Data;
  const std::string &Bytes = T.raw_data();
  bool Raw = T.has_raw_data();
  auto Ints = [&] {
    Data.assign(T.int32_data().begin(), T.int32_data().end());
  };
  switch (T.data_type()) {
  case TensorProto::FLOAT:
    Data = raw<float>(Bytes);
    if (!Raw)
      Data.assign(T.float_data().begin(), T.float_data().end());
    break;
  case TensorProto::DOUBLE:
    Data = raw<double>(Bytes);
    if (!Raw)
      Data.assign(T.double_data().begin(), T.double_data().end());
    break;
  case TensorProto::INT64:
    Data = raw<int64_t>(Bytes);
    if (!Raw)
      Data.assign(T.int64_data().begin(), T.int64_data().end());
    break;
  case TensorProto::UINT64:
  case TensorProto::UINT32:
    Data = T.data_type() == TensorProto::UINT64 ? raw<uint64_t>(Bytes)
                                                : raw<uint32_t>(Bytes);
    if (!Raw)
      Data.assign(T.uint64_data().begin(), T.uint64_data().end());
    break;
  case TensorProto::INT32:
    Raw ? void(Data = raw<int32_t>(Bytes)) : Ints();
    break;
  case TensorProto::INT16:
    Raw ? void(Data = raw<int16_t>(Bytes)) : Ints();
    break;
  case TensorProto::UINT16:
    Raw ? void(Data = raw<uint16_t>(Bytes)) : Ints();
    break;
  case TensorProto::INT8:
    Raw ? void(Data = raw<int8_t>(Bytes)) : Ints();
    break;
  case TensorProto::UINT8:
  case TensorProto::BOOL:
    Raw ? void(Data = raw<uint8_t>(Bytes)) : Ints();
    break;
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16: {
    bool Brain = T.data_type() == TensorProto::BFLOAT16;
    if (Raw) {
      Data = rawHalf(Bytes, Brain);
      break;
    }
    for (int32_t Word : T.int32_data())
      Data.push_back(Brain ? double{std::bit_cast<float>(
                                 static_cast<uint32_t>(Word) << 16)}
                           : half(static_cast<uint16_t>(Word)));
    break;
  }
  default:
    return std::nullopt;
  }
  size_t Count = 1;
  for (int64_t Extent : Out.Values.Shape)
    Count *= static_cast<size_t>(Extent);
  if (Count != Data.size())
    return std::nullopt;
  return Out;
}

double test::heldBy(int32_t Type, double V) {
  if (Type == TensorProto::FLOAT)
    return static_cast<float>(V);
  int Digits = Type == TensorProto::FLOAT16 ? 11 : 8;
  if ((Type != TensorProto::FLOAT16 && Type != TensorProto::BFLOAT16) ||
      V == 0 || !std::isfinite(V))
    return V;
  int Step = std::ilogb(V) + 1 - Digits;
  if (Type == TensorProto::FLOAT16)
    Step = std::max(Step, -24);
  return std::ldexp(std::nearbyint(std::ldexp(V, -Step)), Step);
}

//===----------------------------------------------------------------------===//
// Tests
//===----------------------------------------------------------------------===//

static std::string contentOf(const fs::path &File) {
  std::ifstream In(File, std::ios::binary);
  std::ostringstream Out;
  Out << In.rdbuf();
  return Out.str();
}

std::vector<fs::path> test::findTests(const fs::path &Root) {
  std::vector<fs::path> Out;
  for (const auto &Entry : fs::recursive_directory_iterator(Root))
    if (Entry.path().filename() == "model.onnx")
      Out.push_back(Entry.path().parent_path());
  std::ranges::sort(Out);
  return Out;
}

std::vector<std::string> StoredTest::inputs() const {
  std::set<std::string> Initializers;
  for (const auto &T : Model.graph().initializer())
    Initializers.insert(T.name());
  std::vector<std::string> Out;
  for (const auto &Input : Model.graph().input())
    if (!Initializers.count(Input.name()))
      Out.push_back(Input.name());
  return Out;
}

int32_t StoredTest::typeOf(const std::string &Input) const {
  for (const auto &Info : Model.graph().input())
    if (Info.name() == Input)
      return Info.type().tensor_type().elem_type();
  return 0;
}

StoredTest test::loadTest(const fs::path &Root, const fs::path &Folder) {
  StoredTest T;
  T.Name = fs::relative(Folder, Root).generic_string();
  T.Folder = Folder;
  T.Bytes = contentOf(Folder / "model.onnx");
  T.Model.ParseFromString(T.Bytes);
  auto Read =
      [](const fs::path &File,
         const onnx::ValueInfoProto &Info) -> std::optional<StoredTensor> {
    TensorProto Proto;
    if (!Proto.ParseFromString(contentOf(File)) || !Proto.has_data_type())
      return std::nullopt;
    // NumPy has no bfloat16: the words are stored as integers.
    if (Info.type().tensor_type().elem_type() == TensorProto::BFLOAT16 &&
        Proto.data_type() == TensorProto::UINT16)
      Proto.set_data_type(TensorProto::BFLOAT16);
    return readTensor(Proto);
  };
  const onnx::GraphProto &G = T.Model.graph();
  std::map<std::string, const onnx::ValueInfoProto *> Infos;
  for (const auto &Info : G.input())
    Infos[Info.name()] = &Info;
  std::vector<std::string> Inputs = T.inputs();
  for (int Set = 0;; ++Set) {
    fs::path Data = Folder / ("test_data_set_" + std::to_string(Set));
    if (!fs::exists(Data))
      break;
    StoredCase C;
    for (size_t I = 0; I < Inputs.size(); ++I)
      C.Inputs[Inputs[I]] = Read(Data / ("input_" + std::to_string(I) + ".pb"),
                                 *Infos[Inputs[I]]);
    for (int I = 0; I < G.output_size(); ++I)
      C.Outputs[G.output(I).name()] =
          Read(Data / ("output_" + std::to_string(I) + ".pb"), G.output(I));
    T.Cases.push_back(std::move(C));
  }
  return T;
}

//===----------------------------------------------------------------------===//
// What is fixed
//===----------------------------------------------------------------------===//

bool test::isFloat(int32_t Type) {
  return Type == TensorProto::FLOAT || Type == TensorProto::DOUBLE ||
         Type == TensorProto::FLOAT16 || Type == TensorProto::BFLOAT16;
}

/// The operands of an operator that hold its parameters.
static bool isParameter(const std::string &Operator, int Place) {
  static const std::map<std::string, std::pair<int, int>> Places = {
      {"Conv", {1, 2}},
      {"ConvTranspose", {1, 2}},
      {"Gemm", {1, 2}},
      {"BatchNormalization", {1, 4}},
      {"PRelu", {1, 1}},
      {"Dropout", {1, 2}},
      {"Clip", {1, 2}},
      {"Pad", {1, 3}},
      {"Resize", {1, 3}},
      {"Upsample", {1, 1}},
      {"GridSample", {1, 1}},
      {"DequantizeLinear", {1, 2}},
      {"MaxUnpool", {1, 2}},
      {"STFT", {1, 3}},
      {"RNN", {1, 3}},
      {"SoftmaxCrossEntropyLoss", {1, 2}},
      {"NegativeLogLikelihoodLoss", {1, 2}}};
  auto It = Places.find(Operator);
  return It != Places.end() && Place >= It->second.first &&
         Place <= It->second.second;
}

std::vector<std::string> test::fixedInputs(const StoredTest &T, Fixing How) {
  std::vector<std::string> Inputs = T.inputs(), Out;
  bool AnyFloat = std::ranges::any_of(
      Inputs, [&](const auto &Name) { return isFloat(T.typeOf(Name)); });
  std::set<std::string> Parameters;
  for (const auto &N : T.Model.graph().node())
    for (int I = 0; I < N.input_size(); ++I)
      if (isParameter(N.op_type(), I))
        Parameters.insert(N.input(I));
  for (size_t I = 0; I < Inputs.size(); ++I) {
    int32_t Type = T.typeOf(Inputs[I]);
    // Data comes first, also where it is integers.
    bool IsStructure =
        Type == TensorProto::BOOL || (AnyFloat && I != 0 && !isFloat(Type));
    if ((How >= Fixing::Structure && IsStructure) ||
        (How >= Fixing::Parameters && Parameters.count(Inputs[I])) ||
        (How >= Fixing::Operands && I != 0))
      Out.push_back(Inputs[I]);
  }
  return Out;
}
