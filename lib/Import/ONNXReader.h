//===- ONNXReader.h - What the parts of the ONNX reader share ---*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   ONNXParse.cpp      bytes -> onnx::ModelProto
//   ONNXTensor.cpp     onnx::TensorProto -> Constant
//   ONNXGraph.cpp      names, order, ports; drives the operators
//   ONNXOps.cpp        one function an operator
//   ONNXMatrix.cpp     index arithmetic: products and broadcasting as matrices
//
// Everything below may meet arbitrary bytes. Problems are reported, the value
// concerned is left broken, and reading goes on so that one run shows them all.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_IMPORT_ONNXREADER_H
#define NN2CRN_LIB_IMPORT_ONNXREADER_H

#include "nn2crn/Import/ONNX.h"

#include "onnx/onnx_pb.h"

#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace nn2crn::onnxreader {

using Shape = std::vector<int64_t>;

/// A constant tensor. Every float, half and integer of up to 53 bits is
/// exactly a double.
struct Constant {
  Shape Dims;
  std::vector<double> Data;
};

/// What a name of the model stands for.
struct Tensor {
  enum class State : uint8_t {
    /// Something went wrong, and was reported.
    Broken,
    /// Flows through the network: Id is set.
    Activation,
    /// Known now: Known is set.
    Constant,
  };
  State S = State::Broken;
  /// With the batch axis, which is 1.
  Shape Dims;
  ValueId Id;
  const Constant *Known = nullptr;
  /// Operators that were left out because only the end of the model sees
  /// their results, as in "Softmax"; empty for most tensors.
  std::string Head;
  /// The last of Head removes an axis (ArgMax), so Dims is not what the model
  /// says from here on.
  bool HeadReduces = false;
  /// The last node of Head, for a message.
  const onnx::NodeProto *HeadNode = nullptr;
};

/// \p Name for a message: of bearable length, without control characters.
std::string printable(std::string_view Name);
/// \p Dims as ports and values show it: a leading axis of 1 is the batch.
Shape withoutBatch(const Shape &Dims);

/// Reports problems, the first hundred of a model.
class Problems {
public:
  Problems(DiagnosticEngine &Diags, std::string File)
      : Diags(Diags), File(std::move(File)) {}
  ~Problems();
  DiagLocation at(std::string Context = {}) const {
    DiagLocation Where;
    Where.File = File;
    Where.Context = std::move(Context);
    return Where;
  }
  void error(DiagId Id, std::string Context, std::string Message,
             std::vector<std::string> Notes = {});
  void remark(DiagId Id, std::string Context, std::string Message,
              std::vector<std::string> Notes = {});
  unsigned count() const { return Count; }
  const std::string &file() const { return File; }

private:
  static constexpr unsigned Shown = 100;
  DiagnosticEngine &Diags;
  std::string File;
  unsigned Count = 0;
};

//===--- ONNXParse.cpp
//------------------------------------------------------===//

/// False after reporting.
bool parseModel(std::string_view Bytes, std::string_view FileName,
                onnx::ModelProto &Model, DiagnosticEngine &Diags);

//===--- ONNXTensor.cpp
//-----------------------------------------------------===//

/// "float32", "int4", ... ; "type 99" for what ONNX does not know yet.
std::string typeName(int32_t Type);
/// Types whose values are numbers that a network can carry.
bool isNumeric(int32_t Type);

class ConstantReader {
public:
  ConstantReader(Problems &P, const ONNXLimits &Limits)
      : P(P), Limits(Limits) {}
  /// Null after reporting. \p Context says whose constant it is.
  const Constant *read(const onnx::TensorProto &T, const std::string &Context);
  /// Null after reporting.
  const Constant *make(Shape Dims, std::vector<double> Data,
                       const std::string &Context);

private:
  bool readInto(const onnx::TensorProto &T, const std::string &Context,
                Constant &Out);
  bool checkFinite(const std::vector<double> &Data, const std::string &Context);
  bool external(const onnx::TensorProto &T, const std::string &Context,
                uint64_t Expected, std::string &Bytes);
  Problems &P;
  const ONNXLimits &Limits;
  uint64_t Elements = 0;
  std::deque<Constant> Pool;
};

//===--- ONNXMatrix.cpp
//-----------------------------------------------------===//

std::string dimsText(const Shape &Dims);
uint64_t elementsOf(const Shape &Dims);
/// NumPy's rules; nothing where the shapes do not fit.
std::optional<Shape> broadcast(const Shape &A, const Shape &B);
/// For each element of \p To the element of \p From it is made of. \p From
/// must broadcast to \p To.
std::vector<uint32_t> broadcastIndex(const Shape &From, const Shape &To);

/// C[o,m,n] = sum over k of A[o,m,k] B[o,k,n], with the strides of both sides
/// within their tensors; an operand without the axis has stride 0.
struct Product {
  uint64_t Outer = 1, M = 1, K = 1, N = 1;
  uint64_t AO = 0, AM = 0, AK = 0, BO = 0, BK = 0, BN = 0;
  uint64_t entries() const { return Outer * M * N * K; }
};
/// The matrix that takes the activation to C where the other side is known:
/// \p Weights is A's data when \p WeightsLeft, otherwise B's.
SparseMatrix productMatrix(const Product &P, bool WeightsLeft,
                           std::span<const double> Weights, double Scale,
                           uint32_t ActivationElements);

//===--- ONNXGraph.cpp
//------------------------------------------------------===//

class Reader {
public:
  Reader(const onnx::ModelProto &Model, Problems &P, const ONNXLimits &Limits)
      : Model(Model), Source(Model.graph()), P(P), Limits(Limits),
        Constants(P, Limits) {}
  /// The graph, empty after reporting.
  std::optional<Graph> run();

private:
  friend class Operator;
  void checkOpsets();
  void collectNames();
  void checkReferences();
  void findOrder();
  void reportCycle(const std::vector<unsigned> &Waiting);
  void findLive();
  void addInputs();
  void addInput(const onnx::ValueInfoProto &Info);
  int64_t axisFromReaders(const std::string &Name) const;
  void addOutputs();
  void addOutput(const onnx::ValueInfoProto &Info);
  void checkBatch();
  void runNode(int Index);
  void reportUnsupported();

  bool isRead(const std::string &Name) const;
  /// What \p Name stands for; broken where it is unknown.
  const Tensor &lookup(const std::string &Name);
  NodeSource sourceOf(const onnx::NodeProto &N) const;
  void unsupported(const onnx::NodeProto &N, const std::string &Why);
  /// Counts \p Elements against the limit; false after reporting.
  bool budget(uint64_t Elements, uint64_t Weights, const std::string &Context);

  const onnx::ModelProto &Model;
  const onnx::GraphProto &Source;
  Problems &P;
  const ONNXLimits &Limits;
  ConstantReader Constants;
  Graph G;
  int Opset = 0;
  uint64_t ElementsUsed = 0, WeightsUsed = 0;
  bool OverBudget = false;

  /// Where a name is first defined: an initializer, an input or a node.
  struct Definition {
    enum class Kind : uint8_t { Initializer, Input, Node, Sparse } K;
    int Index;
  };
  std::unordered_map<std::string, Definition> Definitions;
  std::unordered_map<std::string, Tensor> Tensors;
  /// Nodes whose results an output needs, in topological order.
  std::vector<int> Order;
  std::vector<bool> Live;
  /// Nodes that read each name.
  std::unordered_map<std::string, std::vector<int>> Readers;

  struct Unsupported {
    unsigned Count = 0;
    std::vector<std::string> Names;
    std::string Operator, Why;
  };
  std::map<std::string, Unsupported> UnsupportedOps;
  /// Nodes in that table, so that none counts twice.
  std::unordered_set<const onnx::NodeProto *> Counted;
};

//===--- ONNXOps.cpp
//--------------------------------------------------------===//

/// One node with what its operator needs.
class Operator {
public:
  Operator(Reader &R, const onnx::NodeProto &N)
      : R(R), N(N), Info(R.sourceOf(N)), Context(Info.context()) {}
  /// The first result of the node.
  Tensor run();
  static bool isKnown(const onnx::NodeProto &N);

private:
  struct Entry;
  static const Entry *find(const onnx::NodeProto &N);
  Tensor gemm();
  Tensor matMul();
  Tensor add();
  Tensor relu();
  Tensor flatten();
  Tensor reshape();
  Tensor identity();
  Tensor constant();
  Tensor dropout();
  Tensor head();

  bool has(int Input) const {
    return Input < N.input_size() && !N.input(Input).empty();
  }
  const onnx::AttributeProto *attribute(const char *Name) const;
  /// The attribute, or \p Default where there is none. Reports a wrong type.
  std::optional<int64_t> integer(const char *Name, int64_t Default);
  std::optional<float> real(const char *Name, float Default);
  bool checkAttributes(const Entry &E);
  /// Reports and returns a broken tensor.
  Tensor fail(DiagId Id, std::string Message,
              std::vector<std::string> Notes = {});
  /// The activation of \p T, made from the constant where it is one.
  ValueId activation(const Tensor &T);
  Tensor renamed(const Tensor &From, Shape Dims);
  Tensor affine(Shape Dims, std::vector<Node::Operand> Operands,
                std::vector<double> Bias);
  /// A x B x \p Scale with the extents in \p P, plus \p Bias x \p BiasScale.
  Tensor product(const Tensor &A, const Tensor &B, const Product &P, Shape Dims,
                 double Scale, const Tensor *Bias, double BiasScale);
  /// Adds \p T, broadcast to \p Dims and times \p Scale, to a sum.
  bool addTerm(const Tensor &T, const Shape &Dims, double Scale,
               std::vector<Node::Operand> &Operands, std::vector<double> &Bias);
  SourceId source();

  Reader &R;
  const onnx::NodeProto &N;
  NodeSource Info;
  std::string Context;
  std::vector<const Tensor *> In;
  SourceId Made;
};

} // namespace nn2crn::onnxreader

#endif
