//===- ONNXFold.cpp - What is known when the model is read ----------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXOperator.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;
using namespace nn2crn::onnxreader;

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

Tensor Operator::read(const onnx::TensorProto &Given) {
  Tensor T;
  T.Known = R.Constants.read(Given, Context);
  if (!T.Known)
    return {};
  T.S = Tensor::State::Constant;
  T.Type = Given.data_type();
  T.Dims = T.Known->Dims;
  return T;
}

Tensor Operator::constant() {
  const onnx::AttributeProto *Given = nullptr;
  for (const onnx::AttributeProto &A : N.attribute())
    if (!Given)
      Given = &A;
    else
      return fail(DiagId::BadAttribute,
                  "expected one value, found several attributes");
  if (!Given)
    return fail(DiagId::BadAttribute, "expected a value, found none");
  const std::string &Name = Given->name();
  using onnx::TensorProto;
  auto FromList = [&](const auto &List, int32_t Type) {
    return known({List.size()}, Type, {List.begin(), List.end()});
  };
  if (Name == "value" && Given->has_t())
    return read(Given->t());
  if (Name == "value_float")
    return known({}, TensorProto::FLOAT, {Given->f()});
  if (Name == "value_int")
    return known({}, TensorProto::INT64, {static_cast<double>(Given->i())});
  if (Name == "value_floats")
    return FromList(Given->floats(), TensorProto::FLOAT);
  if (Name == "value_ints")
    return FromList(Given->ints(), TensorProto::INT64);
  if (Name == "value_string" || Name == "value_strings" ||
      Name == "sparse_value")
    return fail(DiagId::UnsupportedModel,
                "constants given as '" + Name + "' are not supported",
                {"save it as a dense tensor of numbers"});
  return fail(DiagId::BadTensor, "the constant has no value");
}

Tensor Operator::constantOfShape() {
  Shape Dims;
  if (!list(nullptr, 0, Dims))
    return {};
  for (int64_t Extent : Dims)
    if (Extent < 0)
      return fail(DiagId::ShapeMismatch,
                  "expected extents, found " + dimsText(Dims));
  double Value = 0;
  int32_t Type = onnx::TensorProto::FLOAT;
  if (const onnx::AttributeProto *A = attribute("value")) {
    Tensor Given = read(A->t());
    if (!Given.isKnown())
      return {};
    if (Given.Known->Data.size() != 1)
      return fail(DiagId::BadAttribute, "expected a single number as value");
    Value = Given.Known->Data[0];
    Type = Given.Type;
  }
  if (!fits(Dims))
    return {};
  std::vector<double> Data(elementsOf(Dims), Value);
  return known(std::move(Dims), Type, std::move(Data));
}

Tensor Operator::eyeLike() {
  const Shape &Dims = In[0]->Dims;
  auto Type = integer("dtype", In[0]->Type), Diagonal = integer("k", 0);
  if (!Type || !Diagonal)
    return {};
  if (Dims.size() != 2)
    return fail(DiagId::ShapeMismatch,
                "expected a matrix, found the shape " + dimsText(Dims));
  if (!fits(Dims))
    return {};
  std::vector<double> Data(elementsOf(Dims));
  auto Columns = static_cast<uint64_t>(Dims[1]);
  for (uint64_t I = 0; I < Data.size(); ++I)
    Data[I] = static_cast<int64_t>(I % Columns) ==
              static_cast<int64_t>(I / Columns) +
                  std::clamp<int64_t>(*Diagonal, INT32_MIN, INT32_MAX);
  return known(Dims, static_cast<int32_t>(std::clamp<int64_t>(*Type, 0, 99)),
               std::move(Data));
}

Tensor Operator::range() {
  auto Start = scalarOperand(0, 0, "bounds");
  auto Limit = scalarOperand(1, 0, "bounds");
  auto Step = scalarOperand(2, 1, "bounds");
  if (!Start || !Limit || !Step)
    return {};
  double Count = std::max(std::ceil((*Limit - *Start) / *Step), 0.0);
  if (!(Count <= 0x1p40))
    return fail(DiagId::BadTensor, "the range does not end");
  Shape Dims{static_cast<int64_t>(Count)};
  if (!fits(Dims))
    return {};
  std::vector<double> Data(elementsOf(Dims));
  for (size_t I = 0; I < Data.size(); ++I)
    Data[I] = *Start + static_cast<double>(I) * *Step;
  return known(std::move(Dims), In[0]->Type, std::move(Data));
}

Tensor Operator::shapeOrSize() {
  const Shape &Dims = In[0]->Dims;
  if (N.op_type() == "Size")
    return known({}, onnx::TensorProto::INT64,
                 {static_cast<double>(elementsOf(Dims))});
  auto Rank = static_cast<int64_t>(Dims.size());
  auto Start = integer("start", 0), End = integer("end", Rank);
  if (!Start || !End)
    return {};
  auto Place = [Rank](int64_t At) {
    return std::clamp<int64_t>(At < 0 ? At + Rank : At, 0, Rank);
  };
  std::vector<double> Data;
  for (int64_t Axis = Place(*Start); Axis < Place(*End); ++Axis)
    Data.push_back(static_cast<double>(Dims[static_cast<size_t>(Axis)]));
  Shape Length{static_cast<int64_t>(Data.size())};
  return known(std::move(Length), onnx::TensorProto::INT64, std::move(Data));
}

Tensor Operator::nonZero() {
  const Constant *C = constantOperand(0, "data");
  if (!C)
    return {};
  const Shape &Dims = In[0]->Dims;
  std::vector<int64_t> Strides = stridesOf(Dims);
  std::vector<uint64_t> Found;
  for (uint64_t I = 0; I < C->Data.size(); ++I)
    if (C->Data[I] != 0)
      Found.push_back(I);
  Shape Out{static_cast<int64_t>(Dims.size()),
            static_cast<int64_t>(Found.size())};
  if (!fits(Out))
    return {};
  std::vector<double> Data;
  for (size_t Axis = 0; Axis < Dims.size(); ++Axis)
    for (uint64_t I : Found)
      Data.push_back(static_cast<double>(static_cast<int64_t>(I) /
                                         Strides[Axis] % Dims[Axis]));
  return known(std::move(Out), onnx::TensorProto::INT64, std::move(Data));
}

//===----------------------------------------------------------------------===//
// Functions of constants
//===----------------------------------------------------------------------===//

namespace {
using Values = std::span<const double>;
struct Function {
  std::string_view Name;
  bool GivesBool;
  double (*Of)(Values);
};
} // namespace

static constexpr Function Functions[] = {
    {"Floor", false, [](Values V) { return std::floor(V[0]); }},
    {"Ceil", false, [](Values V) { return std::ceil(V[0]); }},
    {"Round", false, [](Values V) { return std::nearbyint(V[0]); }},
    {"Sign", false,
     [](Values V) { return static_cast<double>((V[0] > 0) - (V[0] < 0)); }},
    {"Not", true, [](Values V) { return V[0] == 0 ? 1.0 : 0.0; }},
    {"Equal", true, [](Values V) { return V[0] == V[1] ? 1.0 : 0.0; }},
    {"Less", true, [](Values V) { return V[0] < V[1] ? 1.0 : 0.0; }},
    {"LessOrEqual", true, [](Values V) { return V[0] <= V[1] ? 1.0 : 0.0; }},
    {"Greater", true, [](Values V) { return V[0] > V[1] ? 1.0 : 0.0; }},
    {"GreaterOrEqual", true, [](Values V) { return V[0] >= V[1] ? 1.0 : 0.0; }},
    {"And", true, [](Values V) { return V[0] != 0 && V[1] != 0 ? 1.0 : 0.0; }},
    {"Or", true, [](Values V) { return V[0] != 0 || V[1] != 0 ? 1.0 : 0.0; }},
    {"Xor", true,
     [](Values V) { return (V[0] != 0) != (V[1] != 0) ? 1.0 : 0.0; }},
};

Tensor Operator::fold() {
  std::vector<const Tensor *> Ts(In.begin(), In.end());
  if (!std::ranges::all_of(Ts, &Tensor::isKnown))
    return refuse("of a computed tensor");
  Tensor B;
  if (Ts.size() == 2) {
    auto Second = legacyOperand(*Ts[0], *Ts[1]);
    if (!Second)
      return {};
    B = *Second;
    Ts[1] = &B;
  }
  if (N.op_type() == "Mod") {
    auto Truncates = integer("fmod", 0);
    if (!Truncates)
      return {};
    bool LikeC = *Truncates != 0;
    return folded(Ts, Ts[0]->Type, [LikeC](Values V) {
      // Otherwise the result has the sign of the divisor.
      double M = std::fmod(V[0], V[1]);
      return LikeC || M == 0 || (M < 0) == (V[1] < 0) ? M : M + V[1];
    });
  }
  for (const Function &F : Functions)
    if (N.op_type() == F.Name)
      return folded(Ts, F.GivesBool ? onnx::TensorProto::BOOL : Ts[0]->Type,
                    F.Of);
  return refuse("");
}
