//===- ONNXReference.h - Operators as their definition has them -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tensors with element-wise access and models of one node, to hold the importer
// against loops that a person can read beside the definition of the operator.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_ONNXREFERENCE_H
#define NN2CRN_TEST_ONNXREFERENCE_H

#include "ONNXModels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

namespace nn2crn::test {

using Dims = std::vector<int64_t>;

/// A tensor that knows its shape.
struct Dense {
  Dims Shape;
  Vector Data;

  explicit Dense(Dims S = {}) : Shape(std::move(S)), Data(count(Shape)) {}
  static size_t count(const Dims &S) {
    int64_t N = 1;
    for (int64_t Extent : S)
      N *= Extent;
    return static_cast<size_t>(N);
  }
  size_t place(const Dims &At) const {
    int64_t P = 0;
    for (size_t I = 0; I < Shape.size(); ++I)
      P = P * Shape[I] + At[I];
    return static_cast<size_t>(P);
  }
  double &at(const Dims &At) { return Data[place(At)]; }
  double at(const Dims &At) const { return Data[place(At)]; }
  bool inside(const Dims &At) const {
    for (size_t I = 0; I < Shape.size(); ++I)
      if (At[I] < 0 || At[I] >= Shape[I])
        return false;
    return true;
  }
};

/// Calls \p Do with every position of a tensor of shape \p S.
inline void forEach(const Dims &S,
                    const std::function<void(const Dims &)> &Do) {
  Dims At(S.size());
  for (size_t N = Dense::count(S); N-- > 0;) {
    Do(At);
    for (size_t Axis = S.size(); Axis-- > 0;) {
      if (++At[Axis] < S[Axis])
        break;
      At[Axis] = 0;
    }
  }
}

/// Random numbers, shapes and tensors by seed. Values are multiples of 1/8, so
/// that what is only added and moved is exact.
struct Dice {
  std::mt19937 Random;
  explicit Dice(unsigned Seed) : Random(Seed) {}
  int64_t from(int64_t Low, int64_t High) {
    return std::uniform_int_distribution<int64_t>(Low, High)(Random);
  }
  Dims shape(size_t Rank, int64_t Most) {
    Dims S;
    for (size_t I = 0; I < Rank; ++I)
      S.push_back(from(1, Most));
    return S;
  }
  Dense tensor(Dims Shape) {
    Dense T(std::move(Shape));
    for (double &V : T.Data)
      V = static_cast<double>(from(-40, 40)) / 8;
    return T;
  }
};

/// A model of one node with the input x and results y, y1, ...
struct OneNode {
  onnx::ModelProto Model;
  onnx::GraphProto &G = *Model.mutable_graph();
  onnx::NodeProto &N = *G.add_node();

  OneNode(const OneNode &) = delete;
  OneNode(const char *Op, const Dims &X, int Opset = 13, int Results = 1) {
    Model.set_ir_version(8);
    Model.add_opset_import()->set_version(Opset);
    G.set_name("g");
    N.set_op_type(Op);
    DenseModel::declare(*G.add_input(), "x", X);
    N.add_input("x");
    for (int I = 0; I < Results; ++I) {
      std::string Name = I == 0 ? "y" : "y" + std::to_string(I);
      N.add_output(Name);
      auto &Out = *G.add_output();
      Out.set_name(Name);
      Out.mutable_type()->mutable_tensor_type()->set_elem_type(
          onnx::TensorProto::FLOAT);
    }
  }
  OneNode &attribute(const char *Name, int64_t V) {
    auto &A = *N.add_attribute();
    A.set_name(Name);
    A.set_type(onnx::AttributeProto::INT);
    A.set_i(V);
    return *this;
  }
  OneNode &attribute(const char *Name, float V) {
    auto &A = *N.add_attribute();
    A.set_name(Name);
    A.set_type(onnx::AttributeProto::FLOAT);
    A.set_f(V);
    return *this;
  }
  OneNode &attribute(const char *Name, const char *V) {
    auto &A = *N.add_attribute();
    A.set_name(Name);
    A.set_type(onnx::AttributeProto::STRING);
    A.set_s(V);
    return *this;
  }
  OneNode &attribute(const char *Name, const Dims &V) {
    auto &A = *N.add_attribute();
    A.set_name(Name);
    A.set_type(onnx::AttributeProto::INTS);
    for (int64_t I : V)
      A.add_ints(I);
    return *this;
  }
  /// A constant operand of floats.
  OneNode &operand(const Dense &T) {
    auto &C = constant(onnx::TensorProto::FLOAT, T.Shape);
    for (double V : T.Data)
      C.add_float_data(static_cast<float>(V));
    return *this;
  }
  /// A constant list of integers.
  OneNode &operand(const Dims &List) {
    auto &C =
        constant(onnx::TensorProto::INT64, {static_cast<int64_t>(List.size())});
    for (int64_t V : List)
      C.add_int64_data(V);
    return *this;
  }
  /// The same with a shape, or of another type.
  OneNode &integers(const Dense &T, int Type = onnx::TensorProto::INT64) {
    auto &C = constant(Type, T.Shape);
    for (double V : T.Data)
      if (Type == onnx::TensorProto::INT64)
        C.add_int64_data(static_cast<int64_t>(V));
      else
        C.add_int32_data(static_cast<int32_t>(V));
    return *this;
  }
  OneNode &missing() {
    N.add_input("");
    return *this;
  }
  /// Another computed operand.
  OneNode &input(const char *Name, const Dims &Shape) {
    DenseModel::declare(*G.add_input(), Name, Shape);
    N.add_input(Name);
    return *this;
  }
  Imported import() const { return Imported(Model.SerializeAsString()); }
  /// Expects each result for \p Xs. A leading 1 is no part of a port's shape.
  void expect(const std::vector<Dense> &Xs, const std::vector<Dense> &Ys,
              double Tolerance = 1e-6) const {
    Imported I = import();
    ASSERT_TRUE(I.G) << I.text() << Model.DebugString();
    ASSERT_EQ(verify(*I.G), "");
    std::vector<Vector> In;
    for (const Dense &X : Xs)
      In.push_back(X.Data);
    std::vector<Vector> Out = evaluate(*I.G, In);
    ASSERT_EQ(Out.size(), Ys.size());
    for (size_t K = 0; K < Ys.size(); ++K) {
      Dims Shape = Ys[K].Shape;
      if (!Shape.empty() && Shape[0] == 1)
        Shape.erase(Shape.begin());
      ASSERT_EQ(I.G->outputs()[K].Shape, Shape) << Model.DebugString();
      for (size_t E = 0; E < Out[K].size(); ++E)
        ASSERT_NEAR(Out[K][E], Ys[K].Data[E], Tolerance)
            << "element " << E << '\n'
            << Model.DebugString();
    }
  }
  void refuses(std::string_view What) const {
    Imported I = import();
    EXPECT_FALSE(I.G) << Model.DebugString();
    EXPECT_TRUE(I.says(What)) << I.text();
  }

private:
  onnx::TensorProto &constant(int Type, const Dims &Shape) {
    auto &C = *G.add_initializer();
    C.set_name("c" + std::to_string(G.initializer_size()));
    C.set_data_type(Type);
    for (int64_t Extent : Shape)
      C.add_dims(Extent);
    N.add_input(C.name());
    return C;
  }
};

} // namespace nn2crn::test

#endif
