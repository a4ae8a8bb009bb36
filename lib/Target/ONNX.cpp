//===- ONNX.cpp -----------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The way back: the limit of a noncompetitive feed-forward network as an ONNX
// model in double precision, which any ONNX runtime evaluates. This is the
// other direction of the translation of Vasic, Chalk, Luchsinger, Khurshid and
// Soloveichik (PNAS 119(24), 2022). Rates do not matter to the limit and are
// left out.
//
// Inputs become amounts of rails by Relu; each level of minima (ONNXLevels.h)
// is one MatMul over what is known, an Add of initial amounts, and a Min; the
// outputs are one more MatMul. The batch axis comes first and is symbolic.
//
// Matrices are dense, as ONNX has no sparse product, but hold only the columns
// that a level uses, and only the operands of its minima.
//
//===----------------------------------------------------------------------===//

#include "NetworkIds.h"
#include "ONNXLevels.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"

#include "onnx/onnx_pb.h"
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <map>
#include <set>

using namespace nn2crn;

namespace {
constexpr int64_t IrVersion = 8, Opset = 13;
/// A protobuf message has less than 2 GB. What is no matrix is small.
constexpr uint64_t MostBytes = (uint64_t{1} << 31) - (uint64_t{1} << 24);

class ModelBuilder {
public:
  ModelBuilder(const Network &Net, const FlowLevels &Flow,
               DiagnosticEngine &Diags)
      : Net(Net), Flow(Flow), Diags(Diags) {}

  bool build() {
    Model.set_ir_version(IrVersion);
    Model.set_producer_name("nn2crn");
    auto *Imported = Model.add_opset_import();
    Imported->set_domain("");
    Imported->set_version(Opset);
    G = Model.mutable_graph();
    G->set_name(Net.Name.empty() ? "network" : text(Net.Name));
    nameOutputs();
    findUsed();
    for (uint32_t I = 0; I < Net.ports().size(); ++I)
      if (Net.ports()[I].Direction == PortDirection::Input)
        addInput(I);
    for (size_t Begin = 0; Begin < Flow.Minima.size() && Fits;) {
      size_t End = Begin;
      while (End < Flow.Minima.size() &&
             Flow.Minima[End].Level == Flow.Minima[Begin].Level)
        ++End;
      addLevel(Begin, End);
      Begin = End;
    }
    addOutputs();
    return Fits;
  }
  onnx::ModelProto Model;

private:
  using Kind = FlowVariable::Kind;
  /// A tensor [N, Width] whose columns are variables.
  struct Block {
    std::string Tensor;
    uint32_t Width;
  };
  /// Where a variable is.
  struct Place {
    uint32_t Block, Column;
  };

  //===--- Names, constants and nodes -------------------------------------===//

  static std::string text(std::string_view Name) {
    return llvm::json::isUTF8(Name) ? std::string(Name) : printable(Name);
  }
  std::string fresh(const std::string &Wanted) {
    std::string Name = Wanted;
    for (unsigned I = 1; !Taken.insert(Name).second; ++I)
      Name = Wanted + "_" + std::to_string(I);
    return Name;
  }
  /// Ports keep their names where they can; an output makes way for an input.
  void nameOutputs() {
    PortName.resize(Net.ports().size());
    for (bool Output : {false, true})
      for (size_t I = 0; I < Net.ports().size(); ++I) {
        const Port &P = Net.ports()[I];
        if ((P.Direction == PortDirection::Output) != Output)
          continue;
        std::string Name = text(P.Name);
        if (Name.empty())
          Name = Output ? "output" : "input";
        else if (Output && Taken.count(Name))
          Name += "_out";
        PortName[I] = fresh(Name);
      }
  }

  std::string node(const char *Op, std::span<const std::string> Inputs,
                   const std::string &Result) {
    onnx::NodeProto *N = G->add_node();
    N->set_op_type(Op);
    N->set_name(Result);
    for (const std::string &In : Inputs)
      N->add_input(In);
    N->add_output(Result);
    return Result;
  }
  std::string node(const char *Op, std::initializer_list<std::string> Inputs,
                   const std::string &Result) {
    return node(Op, std::span(Inputs.begin(), Inputs.size()), Result);
  }
  static void setAxis(onnx::NodeProto *N, int64_t Axis) {
    auto *A = N->add_attribute();
    A->set_name("axis");
    A->set_type(onnx::AttributeProto::INT);
    A->set_i(Axis);
  }

  std::string integers(const std::string &Name, std::span<const int64_t> List) {
    onnx::TensorProto *T = G->add_initializer();
    T->set_name(fresh(Name));
    T->set_data_type(onnx::TensorProto::INT64);
    T->add_dims(static_cast<int64_t>(List.size()));
    std::string Bytes(List.size() * 8, '\0');
    for (size_t I = 0; I < List.size(); ++I)
      llvm::support::endian::write64le(Bytes.data() + 8 * I,
                                       static_cast<uint64_t>(List[I]));
    T->set_raw_data(std::move(Bytes));
    return T->name();
  }

  static void store(std::string &Bytes, uint64_t Index, double Value) {
    llvm::support::endian::write64le(Bytes.data() + 8 * Index,
                                     std::bit_cast<uint64_t>(Value));
  }
  /// Room for \p Count doubles, all 0, or nothing where the file would get too
  /// large.
  std::optional<std::string> zeros(uint64_t Count) {
    if (Count > (MostBytes - Bytes) / 8) {
      if (Fits)
        Diags
            .error(DiagId::CannotExpress, wholeNetwork(Net),
                   "an ONNX model has less than 2 GB, and this network's "
                   "matrices have more")
            .note("translate a network with fewer fan-outs in a row, or a "
                  "smaller model");
      Fits = false;
      return std::nullopt;
    }
    Bytes += 8 * Count;
    return std::string(8 * Count, '\0');
  }
  std::string doubles(const std::string &Name, std::vector<int64_t> Dims,
                      std::string Data) {
    onnx::TensorProto *T = G->add_initializer();
    T->set_name(fresh(Name));
    T->set_data_type(onnx::TensorProto::DOUBLE);
    for (int64_t D : Dims)
      T->add_dims(D);
    T->set_raw_data(std::move(Data));
    return T->name();
  }
  std::string doubles(const std::string &Name, std::span<const double> List) {
    auto Data = zeros(List.size());
    if (!Data)
      return "";
    for (size_t I = 0; I < List.size(); ++I)
      store(*Data, I, List[I]);
    return doubles(Name, {static_cast<int64_t>(List.size())}, std::move(*Data));
  }

  void declare(onnx::ValueInfoProto *V, const Port &P,
               const std::string &Name) {
    V->set_name(Name);
    auto *T = V->mutable_type()->mutable_tensor_type();
    T->set_elem_type(onnx::TensorProto::DOUBLE);
    T->mutable_shape()->add_dim()->set_dim_param("N");
    for (int64_t Extent : P.Shape)
      T->mutable_shape()->add_dim()->set_dim_value(Extent);
  }

  //===--- Inputs ---------------------------------------------------------===//

  uint32_t addBlock(std::string Tensor, uint32_t Width) {
    Blocks.push_back({std::move(Tensor), Width});
    return static_cast<uint32_t>(Blocks.size() - 1);
  }

  /// Which kinds of variables of each input port occur, by port and kind.
  void findUsed() {
    KindUsed.assign(Net.ports().size(), {});
    PlaceOf.resize(Flow.Variables.size());
    auto Look = [&](const FlowForm &F) {
      for (FlowForm::Term T : F.Terms) {
        const FlowVariable &V = Flow.Variables[T.Variable];
        if (V.K <= Kind::Signed)
          KindUsed[V.First][static_cast<size_t>(V.K)] = true;
      }
    };
    for (const FlowMinimum &M : Flow.Minima)
      std::ranges::for_each(M.Operands, Look);
    std::ranges::for_each(Flow.Readings, Look);
    OfPort.resize(Net.ports().size());
    OfMinimum.resize(Flow.Minima.size());
    for (uint32_t I = 0; I < Flow.Variables.size(); ++I) {
      const FlowVariable &V = Flow.Variables[I];
      (V.K <= Kind::Signed ? OfPort : OfMinimum)[V.First].push_back(I);
    }
  }

  void addInput(uint32_t Index) {
    const Port &P = Net.ports()[Index];
    auto Elements = static_cast<uint32_t>(P.elementCount());
    const std::string &Name = PortName[Index];
    declare(G->add_input(), P, Name);
    std::string S = Name;
    if (P.Shape.size() != 1) {
      int64_t Flat[] = {-1, Elements};
      S = node("Reshape", {S, integers(Name + "/flat", Flat)},
               fresh(Name + "/elements"));
    }
    auto PerElement = [&](const char *Op, const char *What, double Neutral,
                          auto Value) {
      std::vector<double> All(Elements);
      for (uint32_t I = 0; I < Elements; ++I)
        All[I] = Value(I);
      if (std::ranges::all_of(All, [&](double V) { return V == Neutral; }))
        return;
      S = node(Op, {S, doubles(Name + "/" + What, All)},
               fresh(Name + "/" + What + "ed"));
    };
    PerElement("Add", "offset", 0,
               [&](size_t I) { return P.offset(I).value(); });
    PerElement("Mul", "scale", 1, [&](size_t I) { return P.scale(I).value(); });
    PerElement("Sub", "constant", 0,
               [&](size_t I) { return P.constant(I).value(); });

    // max(-s, 0) is max(s, 0) - s, without rounding.
    auto [UsesPositive, UsesNegative, UsesSigned] = KindUsed[Index];
    uint32_t BlockOf[3] = {};
    if (UsesPositive || UsesNegative) {
      std::string Positive = node("Relu", {S}, fresh(Name + "/positive"));
      if (UsesPositive)
        BlockOf[0] = addBlock(Positive, Elements);
      if (UsesNegative)
        BlockOf[1] = addBlock(
            node("Sub", {Positive, S}, fresh(Name + "/negative")), Elements);
    }
    if (UsesSigned)
      BlockOf[2] = addBlock(S, Elements);
    for (uint32_t V : OfPort[Index])
      PlaceOf[V] = {BlockOf[static_cast<size_t>(Flow.Variables[V].K)],
                    Flow.Variables[V].Second};
    if (Anything.empty())
      Anything = S, AnythingWidth = Elements;
  }

  //===--- Linear forms ---------------------------------------------------===//

  /// The tensor [N, width] of all columns that \p Forms use, and in Row the
  /// row of each variable in a matrix to be multiplied by.
  std::string gather(std::span<const FlowForm *const> Forms,
                     const std::string &Name, uint64_t &Width) {
    std::set<uint32_t> Used;
    std::vector<uint32_t> Variables;
    for (const FlowForm *F : Forms)
      for (FlowForm::Term T : F->Terms) {
        if (Row.size() <= T.Variable)
          Row.resize(Flow.Variables.size(), Unset);
        if (Row[T.Variable] == Unset) {
          Row[T.Variable] = 0;
          Variables.push_back(T.Variable);
          Used.insert(PlaceOf[T.Variable].Block);
        }
      }
    Touched = std::move(Variables);
    if (Used.empty()) {
      // Constants alone still have a batch axis.
      Width = AnythingWidth;
      return Anything;
    }
    std::map<uint32_t, uint64_t> First;
    std::vector<std::string> Tensors;
    Width = 0;
    for (uint32_t B : Used) {
      First[B] = Width;
      Width += Blocks[B].Width;
      Tensors.push_back(Blocks[B].Tensor);
    }
    std::string All = Tensors[0];
    if (Tensors.size() > 1) {
      All = node("Concat", Tensors, fresh(Name + "/known"));
      setAxis(G->mutable_node(G->node_size() - 1), 1);
    }
    for (uint32_t V : Touched)
      Row[V] = First[PlaceOf[V].Block] + PlaceOf[V].Column;
    // A matrix with more empty rows than others is worth a selection.
    if (Touched.size() * 2 > Width)
      return All;
    std::vector<int64_t> Columns;
    for (uint32_t V : Touched)
      Columns.push_back(static_cast<int64_t>(Row[V]));
    std::ranges::sort(Columns);
    for (uint32_t V : Touched)
      Row[V] = static_cast<uint64_t>(
          std::ranges::lower_bound(Columns, static_cast<int64_t>(Row[V])) -
          Columns.begin());
    Width = Columns.size();
    return select(All, Columns, Name + "/used");
  }
  std::string select(const std::string &From, std::span<const int64_t> Columns,
                     const std::string &Name) {
    std::string Result = node(
        "Gather", {From, integers(Name + "_columns", Columns)}, fresh(Name));
    setAxis(G->mutable_node(G->node_size() - 1), 1);
    return Result;
  }

  /// The tensor [N, forms] of their values.
  std::string evaluate(std::span<const FlowForm *const> Forms,
                       const std::string &Name) {
    uint64_t Rows = 0;
    std::string Known = gather(Forms, Name, Rows);
    std::string Result;
    if (std::ranges::all_of(Forms, [](const FlowForm *F) {
          return F->Terms.size() == 1 && F->Terms[0].Coefficient == 1;
        })) {
      std::vector<int64_t> Columns;
      for (const FlowForm *F : Forms)
        Columns.push_back(static_cast<int64_t>(Row[F->Terms[0].Variable]));
      Result = select(Known, Columns, Name + "/selected");
    } else if (auto Matrix = zeros(Rows * Forms.size())) {
      for (size_t I = 0; I < Forms.size(); ++I)
        for (FlowForm::Term T : Forms[I]->Terms)
          store(*Matrix, Row[T.Variable] * Forms.size() + I, T.Coefficient);
      std::string W = doubles(
          Name + "/matrix",
          {static_cast<int64_t>(Rows), static_cast<int64_t>(Forms.size())},
          std::move(*Matrix));
      Result = node("MatMul", {Known, W}, fresh(Name + "/product"));
    }
    for (uint32_t V : Touched)
      Row[V] = Unset;
    std::vector<double> Constants;
    for (const FlowForm *F : Forms)
      Constants.push_back(F->Constant);
    if (std::ranges::any_of(Constants, [](double C) { return C != 0; }))
      Result = node("Add", {Result, doubles(Name + "/initial", Constants)},
                    fresh(Name + "/sum"));
    return Result;
  }

  /// Splits columns into tensors of \p Widths.
  std::vector<std::string> split(const std::string &From,
                                 std::span<const int64_t> Widths,
                                 const std::string &Name) {
    if (Widths.size() == 1)
      return {From};
    onnx::NodeProto *N = G->add_node();
    N->set_op_type("Split");
    N->add_input(From);
    N->add_input(integers(Name + "/widths", Widths));
    N->set_name(fresh(Name + "/split"));
    setAxis(N, 1);
    std::vector<std::string> Parts;
    for (size_t I = 0; I < Widths.size(); ++I) {
      Parts.push_back(fresh(Name + "/part" + std::to_string(I)));
      N->add_output(Parts.back());
    }
    return Parts;
  }

  //===--- Levels and outputs ---------------------------------------------===//

  void addLevel(size_t Begin, size_t End) {
    std::string Name = "level" + std::to_string(Flow.Minima[Begin].Level);
    // Minima by how many operands they have: a Min for each number.
    std::map<size_t, std::vector<uint32_t>> ByArity;
    for (size_t M = Begin; M < End; ++M)
      ByArity[Flow.Minima[M].Operands.size()].push_back(
          static_cast<uint32_t>(M));
    std::vector<const FlowForm *> Forms;
    std::vector<int64_t> Widths;
    for (const auto &[Arity, List] : ByArity)
      for (size_t Operand = 0; Operand < Arity; ++Operand) {
        for (uint32_t M : List)
          Forms.push_back(&Flow.Minima[M].Operands[Operand]);
        Widths.push_back(static_cast<int64_t>(List.size()));
      }
    std::vector<std::string> Parts = split(evaluate(Forms, Name), Widths, Name);
    size_t Next = 0;
    for (const auto &[Arity, List] : ByArity) {
      auto Width = static_cast<uint32_t>(List.size());
      auto Operands = std::span(Parts).subspan(Next, Arity);
      Next += Arity;
      uint32_t First = addBlocks(Operands, Width);
      uint32_t Extents =
          addBlock(node("Min", Operands, fresh(Name + "/extent")), Width);
      for (uint32_t Column = 0; Column < Width; ++Column)
        for (uint32_t V : OfMinimum[List[Column]])
          PlaceOf[V] = {Flow.Variables[V].K == Kind::Extent
                            ? Extents
                            : First + Flow.Variables[V].Second,
                        Column};
    }
  }
  uint32_t addBlocks(std::span<const std::string> Tensors, uint32_t Width) {
    auto First = static_cast<uint32_t>(Blocks.size());
    for (const std::string &T : Tensors)
      addBlock(T, Width);
    return First;
  }

  void addOutputs() {
    if (!Fits)
      return;
    std::vector<const FlowForm *> Forms;
    for (const FlowForm &F : Flow.Readings)
      Forms.push_back(&F);
    std::vector<uint32_t> Ports;
    std::vector<int64_t> Widths;
    for (uint32_t I = 0; I < Net.ports().size(); ++I)
      if (Net.ports()[I].Direction == PortDirection::Output) {
        Ports.push_back(I);
        Widths.push_back(static_cast<int64_t>(Net.ports()[I].elementCount()));
      }
    std::vector<std::string> Parts =
        split(evaluate(Forms, "outputs"), Widths, "outputs");
    for (size_t I = 0; I < Ports.size(); ++I) {
      const Port &P = Net.ports()[Ports[I]];
      const std::string &Name = PortName[Ports[I]];
      std::vector<int64_t> Shape = {-1};
      Shape.insert(Shape.end(), P.Shape.begin(), P.Shape.end());
      node("Reshape", {Parts[I], integers(Name + "/shape", Shape)}, Name);
      declare(G->add_output(), P, Name);
    }
  }

  static constexpr uint64_t Unset = UINT64_MAX;
  const Network &Net;
  const FlowLevels &Flow;
  DiagnosticEngine &Diags;
  onnx::GraphProto *G = nullptr;
  bool Fits = true;
  /// Of matrices so far.
  uint64_t Bytes = 0;
  std::set<std::string> Taken;
  std::vector<std::string> PortName;
  std::vector<std::array<bool, 3>> KindUsed;
  std::vector<std::vector<uint32_t>> OfPort, OfMinimum;
  std::vector<Block> Blocks;
  std::vector<Place> PlaceOf;
  /// By variable: its row in the matrix being made; scratch.
  std::vector<uint64_t> Row;
  std::vector<uint32_t> Touched;
  /// Any tensor [N, width].
  std::string Anything;
  uint32_t AnythingWidth = 0;
};

/// Hands protobuf's bytes on, so that the model is not in memory twice.
class Sink : public google::protobuf::io::CopyingOutputStream {
public:
  explicit Sink(llvm::raw_ostream &OS) : OS(OS) {}
  bool Write(const void *Data, int Size) override {
    OS.write(static_cast<const char *>(Data), static_cast<size_t>(Size));
    return true;
  }

private:
  llvm::raw_ostream &OS;
};
} // namespace

bool nn2crn::emitONNX(const Network &Net, llvm::raw_ostream &OS,
                      DiagnosticEngine &Diags) {
  auto Flow = findLevels(Net, Diags);
  if (!Flow)
    return false;
  ModelBuilder Builder(Net, *Flow, Diags);
  if (!Builder.build())
    return false;
  Sink Out(OS);
  google::protobuf::io::CopyingOutputStreamAdaptor Stream(&Out);
  return Builder.Model.SerializeToZeroCopyStream(&Stream);
}
