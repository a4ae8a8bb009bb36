//===- ONNXModels.h - Models for the importer's tests -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_ONNXMODELS_H
#define NN2CRN_TEST_ONNXMODELS_H

#include "nn2crn/Import/ONNX.h"

#include "../GraphEval.h"
#include "onnx/onnx_pb.h"

#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace nn2crn::test {

/// What importing \p Bytes gave and said.
struct Imported {
  /// Before G, which is read while this listens.
  Collected Diags;
  std::optional<Graph> G;

  explicit Imported(std::string_view Bytes, std::string_view File = "m.onnx",
                    const ONNXLimits &Limits = {}, const HeadOptions &Head = {})
      : G(importONNX(Bytes, File, Diags.Engine, {Limits, {}, Head})) {}
  std::string text() const { return Diags.text(); }
  bool says(std::string_view What) const {
    return text().find(What) != std::string::npos;
  }
  /// The only output for one case of the only input.
  Vector run(const Vector &X) const { return evaluate(*G, {X})[0]; }
};

/// A model in ONNX's text syntax around nodes; 'x' is float[N, 2].
inline std::string textModel(const std::string &Nodes,
                             const std::string &Output = "float[N, m] y",
                             const std::string &Input = "float[N, 2] x",
                             int Opset = 13) {
  return "<ir_version: 7, opset_import: [\"\" : " + std::to_string(Opset) +
         "]>\ng (" + Input + ") => (" + Output + ") {\n" + Nodes + "\n}\n";
}
inline Imported importText(const std::string &Nodes,
                           const std::string &Output = "float[N, m] y",
                           const std::string &Input = "float[N, 2] x",
                           int Opset = 13) {
  return Imported(textModel(Nodes, Output, Input, Opset), "m.onnxtext");
}

template <class T> std::string rawBytes(const std::vector<T> &Values) {
  std::string Bytes(Values.size() * sizeof(T), '\0');
  std::memcpy(Bytes.data(), Values.data(), Bytes.size());
  return Bytes;
}

/// y = x W + b with W an initializer [2,3] to be filled in, b = (0.5, 0, -1).
struct DenseModel {
  onnx::ModelProto Model;
  onnx::GraphProto &G = *Model.mutable_graph();
  onnx::TensorProto &W = *G.add_initializer();
  onnx::TensorProto &B = *G.add_initializer();
  onnx::NodeProto &Gemm = *G.add_node();

  DenseModel(const DenseModel &) = delete;
  explicit DenseModel(int Opset = 13, int IrVersion = 7) {
    Model.set_ir_version(IrVersion);
    Model.add_opset_import()->set_version(Opset);
    G.set_name("dense");
    declare(*G.add_input(), "x", {0, 2});
    declare(*G.add_output(), "y", {0, 3});
    W.set_name("W");
    W.set_data_type(onnx::TensorProto::FLOAT);
    W.add_dims(2);
    W.add_dims(3);
    B.set_name("b");
    B.set_data_type(onnx::TensorProto::FLOAT);
    B.add_dims(3);
    for (float V : {0.5f, 0.0f, -1.0f})
      B.add_float_data(V);
    Gemm.set_op_type("Gemm");
    Gemm.set_name("dense0");
    for (const char *Name : {"x", "W", "b"})
      Gemm.add_input(Name);
    Gemm.add_output("y");
  }
  /// Fills W with (1, 0, -1), (0, 1, 1).
  DenseModel &fill() {
    for (float V : {1, 0, -1, 0, 1, 1})
      W.add_float_data(V);
    return *this;
  }
  static void declare(onnx::ValueInfoProto &Info, const char *Name,
                      const std::vector<int64_t> &Dims) {
    Info.set_name(Name);
    auto &Type = *Info.mutable_type()->mutable_tensor_type();
    Type.set_elem_type(onnx::TensorProto::FLOAT);
    Type.mutable_shape()->Clear();
    for (int64_t Length : Dims) {
      auto *Axis = Type.mutable_shape()->add_dim();
      if (Length != 0)
        Axis->set_dim_value(Length);
      else
        Axis->set_dim_param("N");
    }
  }
  std::string bytes() const { return Model.SerializeAsString(); }
  Imported import(std::string_view File = "m.onnx") const {
    return Imported(bytes(), File);
  }
};

/// What a DenseModel computes for x = (2, 3).
inline const Vector DenseAnswer{2.5, 3, 0};

} // namespace nn2crn::test

#endif
