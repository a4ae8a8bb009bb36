//===- ONNXSmooth.cpp - Smooth functions of one variable -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXOperator.h"

#include <cmath>
#include <cstring>
#include <map>

using namespace nn2crn;
using namespace nn2crn::onnxreader;

Tensor Operator::smooth() {
  static const std::map<std::string, SmoothFunction> Functions = {
      {"Tanh", {SmoothKind::Tanh, 1, 1}},
      {"Softplus", {SmoothKind::Softplus, 1, 1}},
      {"Softsign", {SmoothKind::Softsign, 1, 1}},
      {"Elu", {SmoothKind::Elu, 1, 1}},
      // The defaults of set 6 and later; set 1 rounded them to four digits.
      {"Selu", {SmoothKind::Selu, 1.67326319f, 1.05070102f}},
      {"Celu", {SmoothKind::Celu, 1, 1}},
      {"Gelu", {SmoothKind::Gelu, 1, 1}},
      {"Mish", {SmoothKind::Mish, 1, 1}},
      {"Swish", {SmoothKind::Silu, 1, 1}},
      {"HardSwish", {SmoothKind::HardSwish, 1, 1}},
      {"Exp", {SmoothKind::Exp, 1, 1}},
      {"Sqrt", {SmoothKind::Sqrt, 1, 1}},
      {"Reciprocal", {SmoothKind::Reciprocal, 1, 1}},
      {"Log", {SmoothKind::Log, 1, 1}},
      {"Erf", {SmoothKind::Erf, 1, 1}},
      {"Sin", {SmoothKind::Sin, 1, 1}},
      {"Cos", {SmoothKind::Cos, 1, 1}},
      {"Tan", {SmoothKind::Tan, 1, 1}},
      {"Asin", {SmoothKind::Asin, 1, 1}},
      {"Acos", {SmoothKind::Acos, 1, 1}},
      {"Atan", {SmoothKind::Atan, 1, 1}},
      {"Sinh", {SmoothKind::Sinh, 1, 1}},
      {"Cosh", {SmoothKind::Cosh, 1, 1}},
      {"Asinh", {SmoothKind::Asinh, 1, 1}},
      {"Acosh", {SmoothKind::Acosh, 1, 1}},
      {"Atanh", {SmoothKind::Atanh, 1, 1}},
  };
  SmoothFunction F = Functions.at(N.op_type());
  if (F.Kind == SmoothKind::Selu && R.Opset < 6) {
    F.Alpha = 1.6732f;
    F.Gamma = 1.0507f;
  }
  auto Alpha = real("alpha", F.Alpha), Gamma = real("gamma", F.Gamma);
  if (!Alpha || !Gamma)
    return {};
  F.Alpha = *Alpha;
  F.Gamma = *Gamma;
  if (const onnx::AttributeProto *A = attribute("approximate")) {
    if (A->s() == "tanh")
      F.Kind = SmoothKind::GeluTanh;
    else if (A->s() != "none")
      return fail(DiagId::BadAttribute,
                  "expected none or tanh for 'approximate', found '" +
                      printable(A->s()) + "'");
  }
  if (!F.isValid())
    return fail(DiagId::BadAttribute,
                "expected finite attributes, and an alpha that is not 0 where "
                "it divides");
  return applied(*In[0], F);
}

Tensor Operator::applied(const Tensor &X, SmoothFunction F) {
  if (X.S == Tensor::State::Broken)
    return {};
  if (X.isKnown()) {
    const Tensor *One = &X;
    return folded({&One, 1}, X.Type, [F](auto V) {
      return F.isDefined(V[0], V[0]) ? F(V[0]) : NAN;
    });
  }
  if (!R.budget(elementsOf(X.Dims), 0, Context))
    return {};
  Tensor Out = X;
  Out.Id = R.G.addSmooth(Info.Result, X.Id, F, source());
  return Out;
}

Tensor Operator::power(const Tensor &X, double Exponent) {
  if (Exponent == 1)
    return X;
  if (Exponent == 0)
    return known(X.Dims, X.Type, std::vector<double>(elementsOf(X.Dims), 1));
  return applied(X, {SmoothKind::Pow, static_cast<float>(Exponent), 1});
}

Tensor Operator::pow() {
  const Tensor &A = *In[0];
  auto B = legacyOperand(A, *In[1]);
  if (!B)
    return {};
  const Tensor *Ts[] = {&A, &*B};
  if (A.isKnown() && B->isKnown())
    return folded(Ts, A.Type, [](auto V) { return std::pow(V[0], V[1]); });
  if (!B->isKnown())
    return refuse("with a computed exponent");
  auto Dims = commonShape(Ts);
  if (!mayCompute(A) || !Dims || !fits(*Dims))
    return {};
  std::vector<uint32_t> From = broadcastIndex(A.Dims, *Dims);
  // Elements by exponent: each is a function of its own.
  std::map<double, std::vector<uint32_t>> Groups;
  std::vector<uint32_t> Index = broadcastIndex(B->Dims, *Dims);
  for (uint32_t I = 0; I < Index.size(); ++I)
    Groups[B->Known->Data[Index[I]]].push_back(I);
  std::vector<Tensor> Parts;
  std::vector<const Tensor *> All;
  std::vector<uint32_t> Of(From.size());
  uint32_t Next = 0;
  for (const auto &[Exponent, Elements] : Groups) {
    if (static_cast<float>(Exponent) != Exponent)
      return refuse("with an exponent beyond single precision");
    if (!isFloating(A.Type) &&
        (Exponent < 0 || Exponent != std::trunc(Exponent)))
      return refuse("of computed integers, which rounds");
    std::vector<uint32_t> Bases;
    for (uint32_t I : Elements) {
      Bases.push_back(From[I]);
      Of[I] = Next++;
    }
    Parts.push_back(
        power(pick({static_cast<int64_t>(Bases.size())}, A, Bases), Exponent));
  }
  for (const Tensor &T : Parts)
    All.push_back(&T);
  return pick(std::move(*Dims), All, Of);
}

/// The single number of a float tensor, where it is one.
static std::optional<float> scalarOf(const onnx::TensorProto &T) {
  if (T.data_type() != onnx::TensorProto::FLOAT)
    return std::nullopt;
  float Value = 0;
  if (T.float_data_size() == 1)
    Value = T.float_data(0);
  else if (T.raw_data().size() == sizeof Value)
    std::memcpy(&Value, T.raw_data().data(), sizeof Value);
  else
    return std::nullopt;
  return Value;
}

void onnxreader::dropSoftplusGuards(onnx::GraphProto &G) {
  std::map<std::string, const onnx::NodeProto *> Makers;
  for (const onnx::NodeProto &N : G.node())
    for (const std::string &Name : N.output())
      Makers.emplace(Name, &N);
  std::map<std::string, const onnx::TensorProto *> Known;
  for (const onnx::TensorProto &T : G.initializer())
    Known.emplace(T.name(), &T);
  auto Threshold = [&](const std::string &Name) -> std::optional<float> {
    if (auto It = Known.find(Name); It != Known.end())
      return scalarOf(*It->second);
    auto It = Makers.find(Name);
    if (It == Makers.end() || It->second->op_type() != "Constant" ||
        It->second->attribute_size() != 1)
      return std::nullopt;
    const onnx::AttributeProto &A = It->second->attribute(0);
    if (A.name() == "value_float")
      return A.f();
    return A.name() == "value" ? scalarOf(A.t()) : std::nullopt;
  };
  auto Maker = [&](const std::string &Name, std::string_view Type, int Inputs) {
    auto It = Makers.find(Name);
    return It != Makers.end() && It->second->op_type() == Type &&
                   It->second->domain().empty() &&
                   It->second->input_size() == Inputs
               ? It->second
               : nullptr;
  };
  // exp(-15) is less than single precision tells apart there.
  constexpr float Linear = 15;
  for (onnx::NodeProto &N : *G.mutable_node()) {
    if (N.op_type() != "Where" || N.input_size() != 3 || !N.domain().empty())
      continue;
    const onnx::NodeProto *Guard = Maker(N.input(0), "Greater", 2),
                          *Soft = Maker(N.input(2), "Softplus", 1);
    if (!Guard || !Soft || Guard->input(0) != N.input(1) ||
        Soft->input(0) != N.input(1))
      continue;
    if (auto Bound = Threshold(Guard->input(1)); !Bound || *Bound < Linear)
      continue;
    std::string Result = N.input(2);
    N.set_op_type("Identity");
    N.clear_input();
    N.add_input(Result);
  }
}
