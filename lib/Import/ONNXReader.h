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
//   ONNXGraph.cpp      names and order; drives the operators
//   ONNXPorts.cpp      inputs, outputs, and what is fixed of them
//   ONNXOperator.h     one node; the files behind it are listed there
//   ONNXMatrix.cpp     index arithmetic: products and movement as matrices
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
#include <memory>
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
  /// Of text, whose Data are the places in this list.
  std::vector<std::string> Strings = {};
};

/// Names of classes, in the order of their indices.
struct ClassLabels {
  std::vector<std::string> Names;
  bool AreIntegers = false;
};

/// Operators that change no winner and that are still to be computed, if
/// anybody needs them: ONNXHead.cpp.
struct Head {
  /// In order, as in Softmax and ArgMax; empty for most tensors.
  std::vector<std::string> Operators;
  /// Where the tensor's elements compare as the scores that it stands for do.
  enum class Scope : uint8_t {
    /// Anywhere: every element is a rising function of its own score.
    Element,
    /// Anywhere: all elements are one group.
    All,
    /// Along Axis.
    Axis,
    /// In groups that are not told apart any more.
    Parts,
  } Over = Scope::Element;
  size_t Axis = 0;
  /// The last operator removes an axis (ArgMax), so Dims is not what the model
  /// says from here on.
  bool IsIndex = false;
  /// An ArgMax that takes the winner of the scores before other operators.
  bool OfScores = false;
  /// The node of the last operator.
  const onnx::NodeProto *Node = nullptr;
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
  /// The element type, an onnx::TensorProto::DataType.
  int32_t Type = onnx::TensorProto::FLOAT;
  /// With the batch axis, which is 1 where the model leaves it open. Only a
  /// constant may have no elements.
  Shape Dims;
  ValueId Id;
  const Constant *Known = nullptr;
  onnxreader::Head Head;
  /// Null where the model gives none.
  std::shared_ptr<const ClassLabels> Labels;
  /// Of an index of a winner: among how many; 0 for other tensors.
  int64_t Classes = 0;
  /// Of such an index, once computed: what it is taken of.
  ValueId Scores;

  bool isKnown() const { return S == State::Constant; }
  bool isActivation() const { return S == State::Activation; }
};

/// \p Name for a message: of bearable length, without control characters.
std::string printable(std::string_view Name);
/// The domain of ONNX's own operators.
bool isDefaultDomain(const std::string &Domain);
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
/// `Where(x > t, x, Softplus(x))` is a guard against overflow, as PyTorch's
/// exporter writes it: for t of 15 or more it says the same as the Softplus
/// alone, to 4e-7, and becomes that. A comparison in general jumps.
void dropSoftplusGuards(onnx::GraphProto &G);

/// Types whose values are numbers that a network can carry.
bool isNumeric(int32_t Type);
bool isFloating(int32_t Type);
inline bool isText(const Tensor &T) {
  return T.Type == onnx::TensorProto::STRING;
}
/// The value of \p Type next to \p V, ties to even: what a runtime that
/// computes in that type would hold. Integers are rounded towards zero.
double roundTo(int32_t Type, double V);
/// The least and the greatest value of an integer type.
std::pair<double, double> rangeOf(int32_t Type);

class ConstantReader {
public:
  ConstantReader(Problems &P, const ONNXLimits &Limits)
      : P(P), Limits(Limits) {}
  /// Null after reporting. \p Context says whose constant it is.
  const Constant *read(const onnx::TensorProto &T, const std::string &Context);
  /// Null after reporting. \p Data may be empty where \p Dims says so.
  const Constant *make(Shape Dims, std::vector<double> Data,
                       const std::string &Context);
  /// False after reporting that constants of \p Count more elements are too
  /// many; asked before they are computed.
  bool room(uint64_t Count, const std::string &Context);

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

/// No element: what lies beyond the border of a tensor.
inline constexpr uint32_t Nowhere = UINT32_MAX;
/// Row-major strides.
std::vector<int64_t> stridesOf(const Shape &Dims);
/// The elements that a tensor of shape \p Dims takes from one where a step
/// along axis i is Strides[i] elements, from \p Offset on.
std::vector<uint32_t> strided(const Shape &Dims,
                              const std::vector<int64_t> &Strides,
                              int64_t Offset = 0);

/// What happens along one axis: rows are positions of the result, columns
/// positions of the operand. Empty where the axis stays as it is.
using AxisMap = std::optional<SparseMatrix>;
/// Row r takes Columns[r], or nothing where that is negative.
SparseMatrix selection(const std::vector<int64_t> &Columns, uint32_t Extent);
/// The Kronecker product of one map an axis of \p From: what slices, pads,
/// tiles, pools over averages and reductions all are.
SparseMatrix alongAxes(const Shape &From, const std::vector<AxisMap> &Maps);
/// Rows and entries of that product, before it is made.
std::pair<uint64_t, uint64_t> costAlongAxes(const Shape &From,
                                            const std::vector<AxisMap> &Maps);

/// C[o,m,n] = sum over k of A[o,m,k] B[o,k,n], with the strides of both sides
/// within their tensors. OuterA and OuterB say where matrix o of each begins.
struct Product {
  uint64_t M = 1, K = 1, N = 1;
  uint64_t AM = 0, AK = 0, BK = 0, BN = 0;
  std::vector<uint64_t> OuterA{0}, OuterB{0};
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
  Reader(const onnx::ModelProto &Model, Problems &P, const ONNXOptions &Options)
      : Model(Model), Source(Model.graph()), P(P), Options(Options),
        Limits(Options.Limits), Constants(P, Limits) {}
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
  void checkFixed();
  void fixInput(const onnx::ValueInfoProto &Info, const Array &Values);
  int64_t axisFromReaders(const std::string &Name) const;
  void addOutputs();
  void addOutput(const onnx::ValueInfoProto &Info);
  void sayHead(const Tensor &T, bool Kept, const std::string &Context);
  void checkBatch();
  void runNode(int Index);
  void reportUnsupported();

  bool isRead(const std::string &Name) const;
  /// What \p Name stands for; broken where it is unknown.
  const Tensor &lookup(const std::string &Name);
  /// The same without a head: its numbers, computed if they are not yet.
  const Tensor &computed(const std::string &Name);
  void compute(const std::string &Name);
  NodeSource sourceOf(const onnx::NodeProto &N) const;
  void unsupported(const onnx::NodeProto &N, const std::string &Why);
  /// Counts \p Elements and \p Weights against the limits; false after
  /// reporting. Asked before anything of that size is made.
  bool budget(uint64_t Elements, uint64_t Weights, const std::string &Context);

  const onnx::ModelProto &Model;
  const onnx::GraphProto &Source;
  Problems &P;
  const ONNXOptions &Options;
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
  /// Of tensors with a head, those without that were needed.
  std::unordered_map<std::string, Tensor> Computed;
  /// Nodes whose results an output needs, in topological order.
  std::vector<int> Order;
  std::vector<bool> Live;
  /// By node, the place in Order.
  std::vector<uint32_t> Rank;
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

} // namespace nn2crn::onnxreader

#endif
