//===- ONNXOperator.h - One node of a model -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   ONNXOperators.def   the table: who reads which operator, and how
//   ONNXOperator.cpp    look-up, checks, attributes
//   ONNXAffine.cpp      the one path of everything linear, and of max
//   ONNXLinear.cpp      products, sums, normalisation, reductions
//   ONNXMovement.cpp    slices, transposes, pads: one element from one element
//   ONNXGather.cpp      the same by index tensors
//   ONNXWindow.cpp      convolutions and pools
//   ONNXResize.cpp      images of another size
//   ONNXEinsum.cpp      sums over named axes
//   ONNXSignal.cpp      losses, unpooling, Fourier transforms, sampling
//   ONNXPiecewise.cpp   what ReLUs express
//   ONNXSmooth.cpp      smooth functions of one variable
//   ONNXRecurrent.cpp   loops of known length
//   ONNXFold.cpp        what is known when the model is read
//   ONNXQuantize.cpp    quantisers
//   ONNXHead.cpp        operators that change no winner
//   ONNXLabels.cpp      names of classes
//
// An operator does not ask whether it works on constants or on activations: it
// says which matrix or which elements, and ONNXAffine.cpp computes or builds.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_IMPORT_ONNXOPERATOR_H
#define NN2CRN_LIB_IMPORT_ONNXOPERATOR_H

#include "ONNXReader.h"

#include <functional>

namespace nn2crn::onnxreader {

/// One node with what its operator needs.
class Operator {
public:
  /// With \p Compute heads of operands are computed, and so is the node's own.
  Operator(Reader &R, const onnx::NodeProto &N, bool Compute = false)
      : R(R), N(N), Compute(Compute), Info(R.sourceOf(N)),
        Context(Info.context()) {}
  /// The results of the node, the first at least.
  std::vector<Tensor> run();
  static bool isKnown(const onnx::NodeProto &N);
  static std::string reference();
  /// The axes that a head runs along, and the numbers of elements before them,
  /// in them and after them.
  struct Axes {
    size_t First = 0, End = 0;
    uint64_t Outer = 1, Length = 1, Inner = 1;
  };

private:
  struct Entry;
  static std::span<const Entry> table();
  static const Entry *find(const onnx::NodeProto &N);
  bool findOperands();
  /// Whether the result may stand for scores as operand 0 does.
  bool passesHead() const;
  void finishHead(Tensor &Out) const;
  /// The operand that heads come from.
  size_t data() const {
    return N.op_type() == "Sub" || N.op_type() == "ArrayFeatureExtractor";
  }

#define NN2CRN_ONNX_READER(METHOD) Tensor METHOD();
#include "ONNXOperators.def"

  //===--- ONNXOperator.cpp: operands and attributes
  //-----------------------===//

  bool has(size_t Input) const {
    return Input < In.size() && In[Input] != nullptr;
  }
  bool checkAttributes();
  const onnx::AttributeProto *attribute(const char *Name) const;
  /// The attribute, or \p Default where there is none. Reports a wrong type.
  std::optional<int64_t> integer(const char *Name, int64_t Default);
  std::optional<double> real(const char *Name, float Default);
  std::optional<std::string> text(const char *Name, const char *Default);
  /// Leaves \p Out alone where there is none; false after reporting. All
  /// numbers lie within 2^31, so that sums of a few cannot overflow.
  bool integers(const char *Name, Shape &Out);
  bool reals(const char *Name, std::vector<double> &Out);
  /// A list of integers that must be known: operand \p Input, or else the
  /// attribute \p Name; \p Out is left alone where neither is there. Numbers
  /// beyond 2^31 are clamped to it.
  bool list(const char *Name, size_t Input, Shape &Out);
  bool isListed(const char *Name, size_t Input) const {
    return has(Input) || (Name && attribute(Name));
  }
  /// The operand as a constant; null after reporting that it is computed.
  const Constant *constantOperand(size_t Input, const char *What);
  /// One number, which must be known; \p Default where the operand is missing.
  std::optional<double> scalarOperand(size_t Input, double Default,
                                      const char *What);
  /// \p Axis counted from the front; nothing after reporting.
  std::optional<size_t> axisOf(int64_t Axis, size_t Rank);
  /// Marks the axes in \p Axes; false after reporting.
  bool markAxes(const Shape &Axes, size_t Rank, std::vector<bool> &Marked);
  /// Before set 7, operand B of a sum or product as today's rules see it.
  std::optional<Tensor> legacyOperand(const Tensor &A, const Tensor &B);
  /// Reports and returns a broken tensor.
  Tensor fail(DiagId Id, std::string Message,
              std::vector<std::string> Notes = {});
  /// Adds the node to the table of what cannot be compiled.
  Tensor refuse(const std::string &Why);
  Tensor mismatch(const char *Verb, const Tensor &A, const Tensor &B);
  /// False after refusing arithmetic on integers that wrap around.
  bool mayCompute(const Tensor &T);

  //===--- ONNXAffine.cpp: results ----------------------------------------===//

  /// A term of a sum: a matrix times the elements of a tensor.
  struct Term {
    const Tensor *T;
    SparseMatrix M;
  };
  /// The sum of \p Terms and \p Bias: a constant where all terms are, otherwise
  /// a node of the graph.
  Tensor affine(Shape Dims, int32_t Type, std::vector<Term> Terms,
                std::vector<double> Bias = {});
  /// Element by element with broadcasting: the sum of \p Scales times \p Ts,
  /// plus \p Offset.
  Tensor sum(const Shape &Dims, std::span<const Tensor *const> Ts,
             std::span<const double> Scales, double Offset = 0);
  Tensor sum(const Tensor &A, double ScaleA, const Tensor &B, double ScaleB);
  Tensor scaled(const Tensor &T, double Scale, double Offset = 0);
  /// Element by element: \p Factors times \p T, plus \p Bias (or nothing).
  Tensor scaledEach(const Tensor &T, Shape Dims, std::span<const uint32_t> Of,
                    std::span<const double> Factors,
                    std::vector<double> Bias = {});
  /// Element i is element Of[i] of all \p Ts one after the other, or \p Fill
  /// where that is Nowhere.
  Tensor pick(Shape Dims, std::span<const Tensor *const> Ts,
              const std::vector<uint32_t> &Of, double Fill = 0);
  Tensor pick(Shape Dims, const Tensor &T, const std::vector<uint32_t> &Of,
              double Fill = 0) {
    const Tensor *One = &T;
    return pick(std::move(Dims), {&One, 1}, Of, Fill);
  }
  /// Along each axis by itself; a row without entries gives \p Fill.
  Tensor along(const Tensor &T, const std::vector<AxisMap> &Maps,
               double Fill = 0);
  /// The same elements under another shape.
  Tensor renamed(const Tensor &From, Shape Dims);
  /// max(T, 0)
  Tensor positive(const Tensor &T);
  /// \p F of each element.
  Tensor applied(const Tensor &T, SmoothFunction F);
  /// Each element to the power of \p Exponent.
  Tensor power(const Tensor &T, double Exponent);
  /// The greater of both, or with \p Sign -1 the lesser, with broadcasting.
  Tensor greater(const Tensor &A, const Tensor &B, double Sign);
  /// For each row of \p Groups the greatest of the elements that it names.
  Tensor greatest(const Tensor &T, Shape Dims, const SparseMatrix &Groups,
                  double Sign);
  /// The greater of n tensors, two by two.
  Tensor greatestOf(std::vector<Tensor> Ts, double Sign);
  Tensor clipped(const Tensor &T, double Low, double High);
  Tensor known(Shape Dims, int32_t Type, std::vector<double> Data);
  /// A constant computed from those in \p Ts, broadcast to each other. \p F
  /// gets one value a tensor.
  Tensor folded(std::span<const Tensor *const> Ts, int32_t Type,
                const std::function<double(std::span<const double>)> &F);
  /// The shape that all operands broadcast to; nothing after reporting.
  std::optional<Shape> commonShape(std::span<const Tensor *const> Ts);
  /// The value in the graph, made from the constant where it is one.
  ValueId activation(const Tensor &T);
  SourceId source();
  /// Whether a result of this shape fits the limits; false after reporting.
  bool fits(const Shape &Dims, uint64_t Weights = 0);
  /// A x B x \p Scale with the extents in \p P, plus \p Bias x \p BiasScale.
  Tensor product(const Tensor &A, const Tensor &B, const Product &P, Shape Dims,
                 double Scale, const Tensor *Bias, double BiasScale);

  //===--- ONNXWindow.cpp -------------------------------------------------===//

  struct Window;
  /// Reads the attributes of a window with extents \p Kernel that moves over
  /// the axes of \p T after the first two; false after reporting.
  bool readWindow(const Tensor &T, const Shape &Kernel, Window &W);
  /// The same with the attribute kernel_shape.
  bool readPool(const Tensor &T, Window &W);
  bool readTransposed(const Tensor &T, const Shape &Kernel, Window &W);
  /// One map an axis of \p T: the elements that each window sees.
  std::vector<AxisMap> windowMaps(const Tensor &T, const Window &W,
                                  bool Average, bool CountPads);
  Tensor convolved(const Window &W, int64_t Maps, bool Transposed);

  //===--- ONNXHead.cpp ---------------------------------------------------===//

  Tensor withHead(Tensor T, Head::Scope Over, size_t Axis);
  /// The attribute axis; with \p FromAxisOn all axes from there on are meant.
  std::optional<Axes> headAxes(int64_t Default, bool FromAxisOn);
  /// Operand 0 as it is, or \p AsNumbers without a head; null after reporting.
  const Tensor *operandOfHead(bool AsNumbers);
  Tensor softmaxOf(const Tensor &Given, const Axes &A, bool Log);
  Tensor knownWinner(const Tensor &X, const Axes &A, Shape Dims, double Sign,
                     bool Last);
  Tensor winnerOf(const Tensor &Given, const Axes &A);
  // These take tensors of shape [outer, n, inner].
  Tensor along(const Tensor &T, SparseMatrix M);
  /// Positions of the middle axis, counted through all of \p Ts.
  Tensor takeAlong(std::span<const Tensor *const> Ts,
                   const std::vector<int64_t> &Of);
  /// For each element the greatest other one.
  Tensor greatestOther(const Tensor &X);

  //===--- ONNXLabels.cpp -------------------------------------------------===//

  static Tensor labelled(Tensor T, ClassLabels Labels);
  Tensor castLabels(int32_t To);
  bool encoderTable(std::map<std::string, std::string> &Table,
                    std::string &Default, bool &GivesWords);

  //===--- ONNXRecurrent.cpp ----------------------------------------------===//

  struct Layer;
  /// Reads and checks a recurrent layer; false after reporting.
  bool readLayer(Layer &L);
  /// The state after the step of direction \p D that sees position \p At, from
  /// the one before it (null for zeros).
  Tensor step(const Layer &L, int64_t D, int64_t At, const Tensor *Before);

  //===--- Others ---------------------------------------------------------===//

  /// The axes that a reduction runs over; false after reporting.
  bool reducedAxes(std::vector<bool> &Reduced);
  /// log(sum exp(T)) over the axes \p Over, which stay with length 1.
  Tensor logSumExp(const Tensor &T, const std::vector<bool> &Over);
  /// The loss of logarithms of probabilities, with classes and weights as
  /// operands 1 and 2.
  Tensor likelihoodLoss(const Tensor &T);
  std::vector<AxisMap> ones(const Shape &Dims, const std::vector<bool> &Over,
                            double Weight);
  Shape reducedShape(const Shape &Dims, const std::vector<bool> &Reduced,
                     bool Keep);
  /// The channel of each element, axis 1 unless \p Axis says otherwise.
  std::vector<uint32_t> channelOf(const Shape &Dims, size_t Axis);
  Tensor permuted(const Tensor &T, const Shape &Dims,
                  const std::vector<size_t> &Order, Shape Final);
  /// Operand 0 with element Places[i] replaced by element i of operand 2.
  Tensor scattered(const std::vector<uint32_t> &Places);
  bool gatherIndex(const Constant &Index, int64_t Extent,
                   std::vector<int64_t> &Out);
  /// The channel of each element that a quantiser's numbers go by.
  bool quantizerChannels(std::vector<uint32_t> &Of);
  Tensor read(const onnx::TensorProto &Given);

  Reader &R;
  const onnx::NodeProto &N;
  bool Compute, Passing = false;
  const Entry *Row = nullptr;
  NodeSource Info;
  std::string Context;
  /// Null where an operand is missing.
  std::vector<const Tensor *> In;
  /// Results after the first.
  std::vector<Tensor> More;
  SourceId Made;
};

} // namespace nn2crn::onnxreader

#endif
