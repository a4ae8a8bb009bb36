//===- ONNXOps.cpp - One function an operator -----------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Semantics are those of the ONNX operator documentation for operator sets 7
// to 28; differences between the sets are noted where they matter.
//
//===----------------------------------------------------------------------===//

#include "ONNXReader.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

using namespace nn2crn;
using namespace nn2crn::onnxreader;

//===----------------------------------------------------------------------===//
// The table of operators
//===----------------------------------------------------------------------===//

struct Operator::Entry {
  const char *Name;
  Tensor (Operator::*Run)();
  int MinInputs, MaxInputs;
  /// Takes what a head (a final Softmax) made: passes it on or is one itself.
  bool TakesHead;
  std::initializer_list<const char *> Attributes;
};

const Operator::Entry *Operator::find(const onnx::NodeProto &N) {
  static const Entry Entries[] = {
      {"Gemm",
       &Operator::gemm,
       2,
       3,
       false,
       {"alpha", "beta", "transA", "transB"}},
      {"MatMul", &Operator::matMul, 2, 2, false, {}},
      {"Add", &Operator::add, 2, 2, false, {}},
      {"Relu", &Operator::relu, 1, 1, false, {}},
      {"Flatten", &Operator::flatten, 1, 1, true, {"axis"}},
      {"Reshape", &Operator::reshape, 2, 2, true, {"allowzero"}},
      {"Identity", &Operator::identity, 1, 1, true, {}},
      {"Constant",
       &Operator::constant,
       0,
       0,
       false,
       {"value", "value_float", "value_floats", "value_int", "value_ints",
        "value_string", "value_strings", "sparse_value"}},
      {"Dropout", &Operator::dropout, 1, 3, true, {"ratio", "seed"}},
      {"Softmax", &Operator::head, 1, 1, true, {"axis"}},
      {"LogSoftmax", &Operator::head, 1, 1, true, {"axis"}},
      {"ArgMax",
       &Operator::head,
       1,
       1,
       true,
       {"axis", "keepdims", "select_last_index"}},
  };
  if (!N.domain().empty() && N.domain() != "ai.onnx")
    return nullptr;
  for (const Entry &E : Entries)
    if (N.op_type() == E.Name)
      return &E;
  return nullptr;
}

bool Operator::isKnown(const onnx::NodeProto &N) { return find(N) != nullptr; }

Tensor Operator::run() {
  const Entry &E = *find(N);
  if (N.output_size() == 0 || N.output(0).empty())
    return fail(DiagId::InvalidModel, "expected a name for its result, found "
                                      "none");
  bool Good = checkAttributes(E);
  for (int I = 0; I < E.MinInputs; ++I)
    if (!has(I)) {
      fail(DiagId::InvalidModel,
           "expected at least " + std::to_string(E.MinInputs) +
               (E.MinInputs == 1 ? " operand" : " operands") +
               ", and operand " + std::to_string(I) + " is missing");
      return {};
    }
  if (N.input_size() > E.MaxInputs)
    return fail(DiagId::InvalidModel,
                "expected at most " + std::to_string(E.MaxInputs) +
                    " operands, found " + std::to_string(N.input_size()));
  for (int I = 0; I < N.input_size(); ++I) {
    In.push_back(has(I) ? &R.lookup(N.input(I)) : nullptr);
    if (!In.back())
      continue;
    Good &= In.back()->S != Tensor::State::Broken;
    if (!In.back()->Head.empty() && !E.TakesHead) {
      R.unsupported(*In.back()->HeadNode, "before the end of the model");
      Good = false;
    }
  }
  // What is wrong with an operand was reported where it came from.
  return Good ? (this->*E.Run)() : Tensor();
}

//===----------------------------------------------------------------------===//
// Attributes and results
//===----------------------------------------------------------------------===//

Tensor Operator::fail(DiagId Id, std::string Message,
                      std::vector<std::string> Notes) {
  R.P.error(Id, Context, std::move(Message), std::move(Notes));
  return {};
}

const onnx::AttributeProto *Operator::attribute(const char *Name) const {
  for (const onnx::AttributeProto &A : N.attribute())
    if (A.name() == Name)
      return &A;
  return nullptr;
}

bool Operator::checkAttributes(const Entry &E) {
  bool Good = true;
  for (const onnx::AttributeProto &A : N.attribute()) {
    bool Known =
        std::any_of(E.Attributes.begin(), E.Attributes.end(),
                    [&](const char *Name) { return A.name() == Name; });
    if (!Known) {
      fail(DiagId::BadAttribute,
           "it has no attribute '" + printable(A.name()) + "'");
      Good = false;
    } else if (!A.ref_attr_name().empty()) {
      fail(DiagId::BadAttribute, "attribute '" + A.name() +
                                     "' refers to that of a function, and the "
                                     "node is in none");
      Good = false;
    }
  }
  return Good;
}

std::optional<int64_t> Operator::integer(const char *Name, int64_t Default) {
  const onnx::AttributeProto *A = attribute(Name);
  if (!A)
    return Default;
  // Files from before the type was recorded have none.
  if (A->has_i() && (!A->has_type() || A->type() == onnx::AttributeProto::INT))
    return A->i();
  fail(DiagId::BadAttribute,
       std::string("expected an integer as attribute '") + Name + "'");
  return std::nullopt;
}

std::optional<float> Operator::real(const char *Name, float Default) {
  const onnx::AttributeProto *A = attribute(Name);
  if (!A)
    return Default;
  if (A->has_f() && std::isfinite(A->f()) &&
      (!A->has_type() || A->type() == onnx::AttributeProto::FLOAT))
    return A->f();
  fail(DiagId::BadAttribute,
       std::string("expected a finite number as attribute '") + Name + "'");
  return std::nullopt;
}

SourceId Operator::source() {
  if (!Made.isValid())
    Made = R.G.addSource(Info);
  return Made;
}

Tensor Operator::renamed(const Tensor &From, Shape Dims) {
  Tensor T = From;
  T.Dims = std::move(Dims);
  return T;
}

Tensor Operator::affine(Shape Dims, std::vector<Node::Operand> Operands,
                        std::vector<double> Bias) {
  for (double B : Bias)
    if (!std::isfinite(B))
      return fail(DiagId::BadTensor, "a bias overflows");
  // Most sums have a constant of zeros somewhere.
  if (std::all_of(Bias.begin(), Bias.end(), [](double B) { return B == 0; }))
    Bias.clear();
  if (!R.budget(elementsOf(Dims), 0, Context))
    return {};
  Tensor T;
  T.S = Tensor::State::Activation;
  T.Id = R.G.addAffine(N.output(0), withoutBatch(Dims), std::move(Operands),
                       std::move(Bias), source());
  T.Dims = std::move(Dims);
  return T;
}

ValueId Operator::activation(const Tensor &T) {
  if (T.S == Tensor::State::Activation)
    return T.Id;
  return affine(T.Dims, {}, T.Known->Data).Id;
}

bool Operator::addTerm(const Tensor &T, const Shape &Dims, double Scale,
                       std::vector<Node::Operand> &Operands,
                       std::vector<double> &Bias) {
  uint64_t Count = elementsOf(Dims);
  if (Scale == 0)
    return true;
  if (!R.budget(0, Count, Context))
    return false;
  std::vector<uint32_t> Index = broadcastIndex(T.Dims, Dims);
  if (T.S == Tensor::State::Constant && Bias.empty()) {
    Bias.resize(Count);
    for (uint64_t I = 0; I < Count; ++I)
      Bias[I] = T.Known->Data[Index[I]] * Scale;
    return true;
  }
  // A second constant is a term of its own: their sum may be no double.
  ValueId V = activation(T);
  if (!V.isValid())
    return false;
  SparseMatrix M(static_cast<uint32_t>(elementsOf(T.Dims)));
  M.reserve(Count, Count);
  for (uint32_t Column : Index) {
    M.add(Column, Scale);
    M.endRow();
  }
  Operands.push_back({V, std::move(M), source()});
  return true;
}

Tensor Operator::product(const Tensor &A, const Tensor &B, const Product &P,
                         Shape Dims, double Scale, const Tensor *Bias,
                         double BiasScale) {
  if (A.S == Tensor::State::Activation && B.S == Tensor::State::Activation) {
    R.unsupported(N, "of two computed tensors");
    return {};
  }
  // Multiplied step by step, each step in range: shapes were bounded alone.
  uint64_t Entries = P.K;
  for (uint64_t Extent : {P.Outer, P.M, P.N})
    if (__builtin_mul_overflow(Entries, Extent, &Entries))
      Entries = UINT64_MAX;
  if (!R.budget(0, Entries, Context))
    return {};
  bool WeightsLeft = B.S == Tensor::State::Activation;
  const Tensor &Weights = WeightsLeft ? A : B, &Data = WeightsLeft ? B : A;
  std::vector<Node::Operand> Operands;
  ValueId V = activation(Data);
  if (!V.isValid())
    return {};
  SparseMatrix M = productMatrix(P, WeightsLeft, Weights.Known->Data, Scale,
                                 static_cast<uint32_t>(elementsOf(Data.Dims)));
  for (double W : M.weights())
    if (!std::isfinite(W))
      return fail(DiagId::BadTensor, "a weight times alpha overflows");
  Operands.push_back({V, std::move(M), source()});
  std::vector<double> Sum;
  if (Bias && !addTerm(*Bias, Dims, BiasScale, Operands, Sum))
    return {};
  return affine(std::move(Dims), std::move(Operands), std::move(Sum));
}

//===----------------------------------------------------------------------===//
// Linear operators
//===----------------------------------------------------------------------===//

Tensor Operator::gemm() {
  auto Alpha = real("alpha", 1), Beta = real("beta", 1);
  auto TransA = integer("transA", 0), TransB = integer("transB", 0);
  if (!Alpha || !Beta || !TransA || !TransB)
    return {};
  const Tensor &A = *In[0], &B = *In[1];
  if (A.Dims.size() != 2 || B.Dims.size() != 2)
    return fail(DiagId::ShapeMismatch,
                "expected two matrices, found the shapes " + dimsText(A.Dims) +
                    " and " + dimsText(B.Dims),
                {"a Flatten before it makes a matrix"});
  if (*TransA && A.S == Tensor::State::Activation)
    return fail(DiagId::UnsupportedModel,
                "transA would sum over the cases of a batch",
                {"transpose the weights instead (transB)"});
  auto RowsA = static_cast<uint64_t>(A.Dims[0]);
  auto ColumnsA = static_cast<uint64_t>(A.Dims[1]);
  auto RowsB = static_cast<uint64_t>(B.Dims[0]);
  auto ColumnsB = static_cast<uint64_t>(B.Dims[1]);
  Product P;
  P.M = *TransA ? ColumnsA : RowsA;
  P.K = *TransA ? RowsA : ColumnsA;
  P.N = *TransB ? RowsB : ColumnsB;
  P.AM = *TransA ? 1 : ColumnsA;
  P.AK = *TransA ? ColumnsA : 1;
  P.BK = *TransB ? 1 : ColumnsB;
  P.BN = *TransB ? ColumnsB : 1;
  uint64_t InnerB = *TransB ? ColumnsB : RowsB;
  if (P.K != InnerB)
    return fail(DiagId::ShapeMismatch,
                "the inner extents differ: " + std::to_string(P.K) + " of " +
                    dimsText(A.Dims) + (*TransA ? " transposed" : "") +
                    " against " + std::to_string(InnerB) + " of " +
                    dimsText(B.Dims) + (*TransB ? " transposed" : ""));
  Shape Dims{static_cast<int64_t>(P.M), static_cast<int64_t>(P.N)};
  const Tensor *C = In.size() > 2 ? In[2] : nullptr;
  if (C && broadcast(C->Dims, Dims) != Dims)
    return fail(DiagId::ShapeMismatch,
                "operand C of shape " + dimsText(C->Dims) +
                    " cannot be broadcast to " + dimsText(Dims));
  return product(A, B, P, std::move(Dims), *Alpha, C, *Beta);
}

Tensor Operator::matMul() {
  const Tensor &A = *In[0], &B = *In[1];
  auto Mismatch = [&] {
    return fail(DiagId::ShapeMismatch, "cannot multiply the shapes " +
                                           dimsText(A.Dims) + " and " +
                                           dimsText(B.Dims));
  };
  if (A.Dims.empty() || B.Dims.empty())
    return Mismatch();
  // A vector gets an axis, which the result loses again.
  Shape DimsA = A.Dims, DimsB = B.Dims;
  bool VectorA = DimsA.size() == 1, VectorB = DimsB.size() == 1;
  if (VectorA)
    DimsA.insert(DimsA.begin(), 1);
  if (VectorB)
    DimsB.push_back(1);
  Product P;
  P.M = static_cast<uint64_t>(DimsA.end()[-2]);
  P.K = static_cast<uint64_t>(DimsA.back());
  P.N = static_cast<uint64_t>(DimsB.back());
  if (DimsA.back() != DimsB.end()[-2])
    return Mismatch();
  P.AM = P.K;
  P.AK = 1;
  P.BK = P.N;
  P.BN = 1;
  // Leading axes: those of one side, the other must have none that count.
  Shape OuterA(DimsA.begin(), DimsA.end() - 2);
  Shape OuterB(DimsB.begin(), DimsB.end() - 2);
  auto Dims = broadcast(OuterA, OuterB);
  if (!Dims)
    return Mismatch();
  uint64_t CountA = elementsOf(OuterA), CountB = elementsOf(OuterB);
  P.Outer = elementsOf(*Dims);
  if ((CountA != 1 && CountA != P.Outer) ||
      (CountB != 1 && CountB != P.Outer)) {
    R.unsupported(N, "with leading axes that repeat in part");
    return {};
  }
  P.AO = CountA == 1 ? 0 : P.M * P.K;
  P.BO = CountB == 1 ? 0 : P.K * P.N;
  if (!VectorA)
    Dims->push_back(static_cast<int64_t>(P.M));
  if (!VectorB)
    Dims->push_back(static_cast<int64_t>(P.N));
  return product(A, B, P, std::move(*Dims), 1, nullptr, 0);
}

Tensor Operator::add() {
  const Tensor &A = *In[0], &B = *In[1];
  auto Dims = broadcast(A.Dims, B.Dims);
  if (!Dims)
    return fail(DiagId::ShapeMismatch, "cannot add the shapes " +
                                           dimsText(A.Dims) + " and " +
                                           dimsText(B.Dims));
  std::vector<Node::Operand> Operands;
  std::vector<double> Bias;
  if (!addTerm(A, *Dims, 1, Operands, Bias) ||
      !addTerm(B, *Dims, 1, Operands, Bias))
    return {};
  return affine(std::move(*Dims), std::move(Operands), std::move(Bias));
}

//===----------------------------------------------------------------------===//
// The rest
//===----------------------------------------------------------------------===//

Tensor Operator::relu() {
  ValueId V = activation(*In[0]);
  if (!V.isValid() || !R.budget(elementsOf(In[0]->Dims), 0, Context))
    return {};
  Tensor T;
  T.S = Tensor::State::Activation;
  T.Dims = In[0]->Dims;
  T.Id = R.G.addRelu(N.output(0), V, source());
  return T;
}

Tensor Operator::identity() { return *In[0]; }

Tensor Operator::dropout() {
  if (has(2)) {
    const Tensor &Training = *In[2];
    if (Training.S != Tensor::State::Constant || Training.Known->Data[0] != 0)
      return fail(DiagId::UnsupportedModel,
                  "the model is exported for training",
                  {"export it in evaluation mode"});
  }
  return *In[0];
}

Tensor Operator::flatten() {
  const Tensor &T = *In[0];
  auto Rank = static_cast<int64_t>(T.Dims.size());
  auto Axis = integer("axis", 1);
  if (!Axis)
    return {};
  if (*Axis < -Rank || *Axis > Rank)
    return fail(DiagId::BadAttribute, "axis " + std::to_string(*Axis) +
                                          " is beyond the shape " +
                                          dimsText(T.Dims));
  auto Split = T.Dims.begin() + (*Axis < 0 ? *Axis + Rank : *Axis);
  Shape Left(T.Dims.begin(), Split), Right(Split, T.Dims.end());
  return renamed(T, {static_cast<int64_t>(elementsOf(Left)),
                     static_cast<int64_t>(elementsOf(Right))});
}

Tensor Operator::reshape() {
  const Tensor &T = *In[0], &Wanted = *In[1];
  auto AllowZero = integer("allowzero", 0);
  if (!AllowZero)
    return {};
  if (Wanted.S != Tensor::State::Constant) {
    R.unsupported(N, "to a computed shape");
    return {};
  }
  if (T.HeadReduces) {
    R.unsupported(*T.HeadNode, "before the end of the model");
    return {};
  }
  if (Wanted.Dims.size() != 1)
    return fail(DiagId::ShapeMismatch,
                "expected a list of extents as second operand, found the "
                "shape " +
                    dimsText(Wanted.Dims));
  Shape Dims;
  int64_t Open = -1;
  uint64_t Known = 1;
  for (double Extent : Wanted.Known->Data) {
    size_t At = Dims.size();
    if (Extent == 0 && !*AllowZero && At < T.Dims.size())
      Extent = static_cast<double>(T.Dims[At]);
    if (Extent == -1 && Open < 0) {
      Open = static_cast<int64_t>(At);
      Extent = 1;
    }
    if (!(Extent >= 1 && Extent <= UINT32_MAX) || Extent != std::floor(Extent))
      return fail(DiagId::ShapeMismatch,
                  "the new shape has an extent that cannot be used: number " +
                      std::to_string(At) + " is " + std::to_string(Extent));
    Dims.push_back(static_cast<int64_t>(Extent));
    if (__builtin_mul_overflow(Known, static_cast<uint64_t>(Extent), &Known))
      Known = UINT64_MAX;
  }
  uint64_t Count = elementsOf(T.Dims);
  if (Open >= 0 && Count % Known == 0) {
    Dims[static_cast<size_t>(Open)] = static_cast<int64_t>(Count / Known);
    Known = Count;
  }
  if (Known != Count) {
    if (Open >= 0)
      Dims[static_cast<size_t>(Open)] = -1;
    return fail(DiagId::ShapeMismatch,
                "cannot reshape " + dimsText(T.Dims) + " to " + dimsText(Dims),
                {"if the first extent is a batch, export the model with a "
                 "batch of 1 or a symbolic one"});
  }
  return renamed(T, std::move(Dims));
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
  const Constant *Known;
  auto FromList = [&](const auto &List) {
    return R.Constants.make({List.size()}, {List.begin(), List.end()}, Context);
  };
  if (Name == "value" && Given->has_t())
    Known = R.Constants.read(Given->t(), Context);
  else if (Name == "value_float")
    Known = R.Constants.make({}, {Given->f()}, Context);
  else if (Name == "value_int")
    Known = R.Constants.make({}, {static_cast<double>(Given->i())}, Context);
  else if (Name == "value_floats" && Given->floats_size() > 0)
    Known = FromList(Given->floats());
  else if (Name == "value_ints" && Given->ints_size() > 0)
    Known = FromList(Given->ints());
  else if (Name == "value_string" || Name == "value_strings" ||
           Name == "sparse_value")
    return fail(DiagId::UnsupportedModel,
                "constants given as '" + Name + "' are not supported",
                {"save it as a dense tensor of numbers"});
  else
    return fail(DiagId::BadTensor, "the constant has no elements");
  if (!Known)
    return {};
  Tensor T;
  T.S = Tensor::State::Constant;
  T.Dims = Known->Dims;
  T.Known = Known;
  return T;
}

Tensor Operator::head() {
  const Tensor &T = *In[0];
  bool IsArgMax = N.op_type() == "ArgMax";
  auto Rank = static_cast<int64_t>(T.Dims.size());
  // Before set 13 a Softmax runs over everything from its axis on.
  bool Old = !IsArgMax && R.Opset < 13;
  auto Axis = integer("axis", IsArgMax ? 0 : Old ? 1 : -1);
  if (!Axis)
    return {};
  if (*Axis < -Rank || *Axis >= Rank + Old)
    return fail(DiagId::BadAttribute, "axis " + std::to_string(*Axis) +
                                          " is beyond the shape " +
                                          dimsText(T.Dims));
  auto First = T.Dims.begin() + (*Axis < 0 ? *Axis + Rank : *Axis);
  uint64_t Group = elementsOf(Shape(First, Old ? T.Dims.end() : First + 1));
  uint64_t Count = elementsOf(T.Dims);
  // Over a batch of one it turns everything into the same number; after
  // another head it must compare the same elements.
  if (T.HeadReduces || (Group == 1 && Count != 1)) {
    R.unsupported(N, "along an axis of length 1");
    return {};
  }
  if (!T.Head.empty() && Group != Count) {
    R.unsupported(N, "after " + T.Head);
    return {};
  }
  Tensor Out = T;
  if (Out.S == Tensor::State::Constant) {
    Out.Id = activation(T);
    if (!Out.Id.isValid())
      return {};
    Out.S = Tensor::State::Activation;
  }
  Out.Head += (Out.Head.empty() ? "" : " and ") + N.op_type();
  Out.HeadReduces = IsArgMax;
  Out.HeadNode = &N;
  return Out;
}
