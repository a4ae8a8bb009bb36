//===- ONNXGraph.cpp - Names, order and ports of a model ------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXReader.h"

#include <algorithm>
#include <queue>

using namespace nn2crn;
using namespace nn2crn::onnxreader;

//===----------------------------------------------------------------------===//
// Names and order
//===----------------------------------------------------------------------===//

static bool isDefaultDomain(const std::string &Domain) {
  return Domain.empty() || Domain == "ai.onnx";
}

void Reader::checkOpsets() {
  const onnx::OperatorSetIdProto *Default = nullptr;
  for (const auto &Import : Model.opset_import())
    if (isDefaultDomain(Import.domain()) && !Default)
      Default = &Import;
  std::string Known = "operator sets " + std::to_string(MinOpset) + " to " +
                      std::to_string(MaxOpset) + " are supported";
  if (!Default) {
    P.error(DiagId::UnsupportedModel, {},
            "the model does not say which version of ONNX's operators it uses",
            {Known + "; export the model again"});
    Opset = MaxOpset;
    return;
  }
  int64_t Version = Default->version();
  if (Version < MinOpset || Version > MaxOpset)
    P.error(DiagId::UnsupportedModel, {},
            "the model uses operator set " + std::to_string(Version) + "; " +
                Known,
            {"convert it, as in onnx.version_converter.convert_version(model, "
             "13)"});
  Opset = static_cast<int>(std::clamp<int64_t>(Version, MinOpset, MaxOpset));
}

NodeSource Reader::sourceOf(const onnx::NodeProto &N) const {
  NodeSource S;
  S.Name = printable(N.name());
  S.Operator = printable(N.op_type());
  S.Opset = static_cast<unsigned>(Opset);
  if (!isDefaultDomain(N.domain())) {
    S.Operator = printable(N.domain()) + '.' + S.Operator;
    S.Opset = 0;
  }
  for (const std::string &Output : N.output())
    if (S.Result.empty())
      S.Result = printable(Output);
  return S;
}

void Reader::collectNames() {
  auto Define = [&](const std::string &Name, Definition D,
                    const std::string &Context) {
    if (Name.empty()) {
      P.error(DiagId::InvalidModel, Context, "expected a name, found none");
      return;
    }
    auto [Old, New] = Definitions.try_emplace(Name, D);
    // Older files list every initializer among the inputs too.
    if (New || (D.K == Definition::Kind::Input &&
                Old->second.K != Definition::Kind::Input))
      return;
    P.error(DiagId::InvalidModel, Context,
            "the name '" + printable(Name) + "' is defined more than once");
  };
  for (int I = 0; I < Source.initializer_size(); ++I)
    Define(Source.initializer(I).name(), {Definition::Kind::Initializer, I},
           "initializer '" + printable(Source.initializer(I).name()) + "'");
  for (int I = 0; I < Source.sparse_initializer_size(); ++I) {
    const std::string &Name = Source.sparse_initializer(I).values().name();
    std::string Context = "initializer '" + printable(Name) + "'";
    P.error(DiagId::UnsupportedModel, Context,
            "sparse initializers are not supported",
            {"save it as a dense tensor; zeros cost nothing once compiled"});
    Define(Name, {Definition::Kind::Sparse, I}, Context);
  }
  std::unordered_set<std::string> Seen;
  for (int I = 0; I < Source.input_size(); ++I) {
    const std::string &Name = Source.input(I).name();
    std::string Context = "input '" + printable(Name) + "'";
    if (!Seen.insert(Name).second)
      P.error(DiagId::InvalidModel, Context,
              "the model has several inputs of this name");
    else
      Define(Name, {Definition::Kind::Input, I}, Context);
  }
  for (int I = 0; I < Source.node_size(); ++I) {
    const onnx::NodeProto &N = Source.node(I);
    for (const std::string &Output : N.output())
      if (!Output.empty())
        Define(Output, {Definition::Kind::Node, I}, sourceOf(N).context());
    for (const std::string &Input : N.input())
      if (!Input.empty())
        Readers[Input].push_back(I);
  }
}

void Reader::checkReferences() {
  for (const onnx::NodeProto &N : Source.node()) {
    std::unordered_set<std::string_view> Read;
    for (const std::string &Name : N.input())
      if (!Name.empty() && Read.insert(Name).second && !Definitions.count(Name))
        P.error(DiagId::InvalidModel, sourceOf(N).context(),
                "it reads '" + printable(Name) +
                    "', which is no input, initializer or result of a node",
                {"an initializer may have been lost; export the model again"});
  }
  std::unordered_set<std::string> Seen;
  for (const onnx::ValueInfoProto &Output : Source.output()) {
    std::string Context = "output '" + printable(Output.name()) + "'";
    if (!Definitions.count(Output.name()))
      P.error(DiagId::InvalidModel, Context,
              "nothing in the model computes this output");
    if (!Seen.insert(Output.name()).second)
      P.error(DiagId::InvalidModel, Context,
              "the model has several outputs of this name");
  }
  if (Source.output_size() == 0)
    P.error(DiagId::InvalidModel, {}, "the model has no outputs");
}

void Reader::findOrder() {
  // The file's order where that is topological; otherwise the nearest to it.
  std::vector<unsigned> Waiting(static_cast<size_t>(Source.node_size()));
  auto NodeOf = [&](const std::string &Name) {
    auto It = Definitions.find(Name);
    return It == Definitions.end() || It->second.K != Definition::Kind::Node
               ? -1
               : It->second.Index;
  };
  std::priority_queue<int, std::vector<int>, std::greater<>> Ready;
  for (int I = 0; I < Source.node_size(); ++I) {
    for (const std::string &Input : Source.node(I).input())
      Waiting[static_cast<size_t>(I)] += NodeOf(Input) >= 0;
    if (Waiting[static_cast<size_t>(I)] == 0)
      Ready.push(I);
  }
  while (!Ready.empty()) {
    int I = Ready.top();
    Ready.pop();
    Order.push_back(I);
    // A name that stands twice among the results was reported, and counts once.
    std::unordered_set<std::string_view> Seen;
    for (const std::string &Output : Source.node(I).output()) {
      auto It = Readers.find(Output);
      if (It == Readers.end() || NodeOf(Output) != I ||
          !Seen.insert(Output).second)
        continue;
      for (int Reader : It->second)
        if (--Waiting[static_cast<size_t>(Reader)] == 0)
          Ready.push(Reader);
    }
  }
  if (Order.size() != Waiting.size())
    reportCycle(Waiting);
}

void Reader::reportCycle(const std::vector<unsigned> &Waiting) {
  // A node that waits has an operand whose node waits: walking up meets a
  // node for the second time, and the way between is a cycle.
  int At = 0;
  while (Waiting[static_cast<size_t>(At)] == 0)
    ++At;
  std::vector<int> Way;
  std::vector<bool> Seen(Waiting.size());
  while (!Seen[static_cast<size_t>(At)]) {
    Seen[static_cast<size_t>(At)] = true;
    Way.push_back(At);
    int Next = At;
    for (const std::string &Input : Source.node(At).input()) {
      auto It = Definitions.find(Input);
      if (It != Definitions.end() && It->second.K == Definition::Kind::Node &&
          Waiting[static_cast<size_t>(It->second.Index)] != 0) {
        Next = It->second.Index;
        break;
      }
    }
    At = Next;
  }
  Way.erase(Way.begin(), std::find(Way.begin(), Way.end(), At));
  std::reverse(Way.begin(), Way.end());
  std::string Names;
  constexpr size_t Shown = 8;
  for (size_t I = 0; I < std::min(Way.size(), Shown); ++I)
    Names += (I ? " -> " : "") + sourceOf(Source.node(Way[I])).describe();
  if (Way.size() > Shown)
    Names += " -> ...";
  P.error(DiagId::InvalidModel, sourceOf(Source.node(Way[0])).context(),
          "its result depends on itself: a cycle of " +
              std::to_string(Way.size()) +
              (Way.size() == 1 ? " node" : " nodes"),
          {"the cycle is " + Names});
}

void Reader::findLive() {
  Live.assign(static_cast<size_t>(Source.node_size()), false);
  std::vector<int> Work;
  auto Need = [&](const std::string &Name) {
    auto It = Definitions.find(Name);
    if (It == Definitions.end() || It->second.K != Definition::Kind::Node ||
        Live[static_cast<size_t>(It->second.Index)])
      return;
    Live[static_cast<size_t>(It->second.Index)] = true;
    Work.push_back(It->second.Index);
  };
  for (const onnx::ValueInfoProto &Output : Source.output())
    Need(Output.name());
  while (!Work.empty()) {
    int I = Work.back();
    Work.pop_back();
    for (const std::string &Input : Source.node(I).input())
      Need(Input);
  }
}

bool Reader::isRead(const std::string &Name) const {
  auto It = Readers.find(Name);
  if (It != Readers.end())
    for (int Node : It->second)
      if (Live[static_cast<size_t>(Node)])
        return true;
  return std::any_of(Source.output().begin(), Source.output().end(),
                     [&](const auto &O) { return O.name() == Name; });
}

const Tensor &Reader::lookup(const std::string &Name) {
  auto [It, New] = Tensors.try_emplace(Name);
  if (!New)
    return It->second;
  auto Found = Definitions.find(Name);
  if (Found != Definitions.end() &&
      Found->second.K == Definition::Kind::Initializer) {
    const Constant *Known =
        Constants.read(Source.initializer(Found->second.Index),
                       "initializer '" + printable(Name) + "'");
    if (Known) {
      It->second.S = Tensor::State::Constant;
      It->second.Dims = Known->Dims;
      It->second.Known = Known;
    }
  }
  return It->second;
}

//===----------------------------------------------------------------------===//
// Inputs and outputs
//===----------------------------------------------------------------------===//

bool Reader::budget(uint64_t Elements, uint64_t Weights,
                    const std::string &Context) {
  bool Fits = Elements <= Limits.Elements - ElementsUsed &&
              Weights <= Limits.Weights - WeightsUsed;
  if (Fits) {
    ElementsUsed += Elements;
    WeightsUsed += Weights;
  } else if (!OverBudget) {
    OverBudget = true;
    P.error(DiagId::ModelTooLarge, Context,
            "with this the model has more than " +
                std::to_string(Limits.Elements) + " elements or " +
                std::to_string(Limits.Weights) + " weights");
  }
  return Fits;
}

int64_t Reader::axisFromReaders(const std::string &Start) const {
  // Through operators that keep [batch, n] as it is, to the first weight.
  std::vector<std::string> Work{Start};
  std::unordered_set<std::string> Seen{Start};
  while (!Work.empty()) {
    std::string Name = std::move(Work.back());
    Work.pop_back();
    auto It = Readers.find(Name);
    if (It == Readers.end())
      continue;
    for (int I : It->second) {
      const onnx::NodeProto &N = Source.node(I);
      const std::string &Op = N.op_type();
      if (!isDefaultDomain(N.domain()) || N.input(0) != Name)
        continue;
      if ((Op == "Gemm" || Op == "MatMul") && N.input_size() > 1) {
        auto Weight = Definitions.find(N.input(1));
        if (Weight == Definitions.end() ||
            Weight->second.K != Definition::Kind::Initializer)
          continue;
        const auto &Dims = Source.initializer(Weight->second.Index).dims();
        bool Transposed = false;
        for (const auto &A : N.attribute())
          Transposed |= A.name() == "transB" && A.i() != 0;
        if (Dims.size() == 2)
          return Dims.Get(Transposed ? 1 : 0);
      } else if ((Op == "Identity" || Op == "Dropout" || Op == "Relu" ||
                  Op == "Flatten") &&
                 N.output_size() > 0 && Seen.insert(N.output(0)).second) {
        Work.push_back(N.output(0));
      }
    }
  }
  return 0;
}

void Reader::addInput(const onnx::ValueInfoProto &Info) {
  std::string Context = "input '" + printable(Info.name()) + "'";
  Tensor &T = Tensors[Info.name()];
  if (!Info.type().has_tensor_type()) {
    P.error(DiagId::UnsupportedModel, Context,
            "expected a tensor, found another type");
    return;
  }
  const auto &Type = Info.type().tensor_type();
  if (!isNumeric(Type.elem_type())) {
    P.error(DiagId::UnsupportedModel, Context,
            "inputs of type " + typeName(Type.elem_type()) +
                " are not supported",
            {"supported are floating-point and integer tensors"});
    return;
  }
  Shape Dims;
  bool Good = true;
  if (Type.has_shape()) {
    for (int I = 0; I < Type.shape().dim_size(); ++I) {
      const auto &Axis = Type.shape().dim(I);
      // -1 is how some exporters write an unknown length.
      int64_t Length = Axis.has_dim_value() ? Axis.dim_value() : 0;
      if (Length < -1) {
        P.error(DiagId::ShapeMismatch, Context,
                "axis " + std::to_string(I) + " has the length " +
                    std::to_string(Length));
        Good = false;
      }
      if (Length <= 0 && I == 0)
        Length = 1;
      if (Length <= 0 && I == 1 && Type.shape().dim_size() == 2)
        Length = axisFromReaders(Info.name());
      if (Length <= 0 && Good) {
        P.error(DiagId::UnknownShape, Context,
                "nothing says how long axis " + std::to_string(I) +
                    (Axis.dim_param().empty()
                         ? ""
                         : " ('" + printable(Axis.dim_param()) + "')") +
                    " is; only the leading axis, the batch, may be left open",
                {"export the model with that axis fixed"});
        Good = false;
      }
      Dims.push_back(Length);
    }
  } else if (int64_t Length = axisFromReaders(Info.name()); Length > 0) {
    Dims = {1, Length};
  } else {
    P.error(DiagId::UnknownShape, Context, "its shape is unknown",
            {"export the model with the shape of its inputs"});
    Good = false;
  }
  if (!Good || !budget(elementsOf(Dims), 0, Context))
    return;
  T.S = Tensor::State::Activation;
  T.Id = G.addInput(Info.name(), withoutBatch(Dims));
  T.Dims = std::move(Dims);
}

void Reader::addInputs() {
  for (int I = 0; I < Source.input_size(); ++I) {
    // Skips defaults of initializers, and names given twice.
    auto It = Definitions.find(Source.input(I).name());
    if (It != Definitions.end() && It->second.K == Definition::Kind::Input &&
        It->second.Index == I)
      addInput(Source.input(I));
  }
}

void Reader::addOutput(const onnx::ValueInfoProto &Info) {
  std::string Context = "output '" + printable(Info.name()) + "'";
  Tensor T = lookup(Info.name());
  if (T.S == Tensor::State::Broken)
    return;
  if (T.S == Tensor::State::Constant) {
    if (!budget(elementsOf(T.Dims), 0, Context))
      return;
    NodeSource Constant;
    Constant.Name = Constant.Result = printable(Info.name());
    Constant.Operator = "constant output";
    T.Id = G.addAffine(Info.name(), withoutBatch(T.Dims), {}, T.Known->Data,
                       G.addSource(Constant));
  }
  if (!T.Head.empty())
    P.remark(DiagId::DroppedHead, Context,
             "the final " + T.Head + " is dropped: the winner is the same",
             {"the port holds what goes into it"});
  const auto &Type = Info.type().tensor_type();
  if (Info.type().has_tensor_type() && Type.has_shape() && !T.HeadReduces) {
    Shape Declared;
    for (const auto &Axis : Type.shape().dim())
      Declared.push_back(std::max<int64_t>(Axis.dim_value(), 0));
    // The leading axis may be open, or frozen at another batch; a shape that is
    // open elsewhere promises nothing.
    if (!Declared.empty() && (Declared[0] == 0 || Declared.size() > 1))
      Declared[0] = 1;
    bool Open = std::count(Declared.begin(), Declared.end(), 0) != 0;
    if (!Open && elementsOf(Declared) != elementsOf(withoutBatch(T.Dims)) &&
        elementsOf(Declared) *
                static_cast<uint64_t>(T.Dims.empty() ? 1 : T.Dims[0]) !=
            elementsOf(T.Dims))
      P.error(DiagId::ShapeMismatch, Context,
              "it is declared with the shape " + dimsText(Declared) +
                  ", but the model computes " + dimsText(T.Dims),
              {"export the model again"});
  }
  G.addOutput(Info.name(), T.Id, withoutBatch(T.Dims));
}

void Reader::addOutputs() {
  for (const onnx::ValueInfoProto &Output : Source.output())
    if (Definitions.count(Output.name()))
      addOutput(Output);
}

void Reader::checkBatch() {
  // A leading axis that goes in and comes out again is a batch. One that does
  // not come out (rows of an image, say) is none.
  for (const onnx::ValueInfoProto &Input : Source.input()) {
    auto In = Tensors.find(Input.name());
    if (In == Tensors.end() || In->second.S != Tensor::State::Activation ||
        In->second.Dims.size() < 2 || In->second.Dims[0] == 1)
      continue;
    int64_t Batch = In->second.Dims[0];
    for (const onnx::ValueInfoProto &Output : Source.output()) {
      auto Out = Tensors.find(Output.name());
      if (Out == Tensors.end() || Out->second.S != Tensor::State::Activation ||
          Out->second.Dims.size() < 2 || Out->second.Dims[0] != Batch)
        continue;
      P.error(DiagId::FixedBatch, "input '" + printable(Input.name()) + "'",
              "the model is exported for " + std::to_string(Batch) +
                  " cases at once: the input is " + dimsText(In->second.Dims) +
                  ", output '" + printable(Output.name()) + "' is " +
                  dimsText(Out->second.Dims),
              {"export it with a batch axis that is symbolic or 1; a network "
               "computes one case"});
      break;
    }
  }
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

void Reader::runNode(int Index) {
  const onnx::NodeProto &N = Source.node(Index);
  if (!Operator::isKnown(N)) {
    unsupported(N, {});
    return;
  }
  Tensor Result = Operator(*this, N).run();
  for (int I = 1; I < N.output_size(); ++I)
    if (!N.output(I).empty() && isRead(N.output(I)))
      P.error(DiagId::UnsupportedModel, sourceOf(N).context(),
              "its result '" + printable(N.output(I)) +
                  "' is used, and only the first result is available",
              {"remove what uses it; a mask of Dropout has no meaning after "
               "training"});
  // A name defined twice keeps its first meaning.
  if (N.output_size() > 0 && !N.output(0).empty())
    if (auto It = Definitions.find(N.output(0));
        It != Definitions.end() && It->second.K == Definition::Kind::Node &&
        It->second.Index == Index)
      Tensors.insert_or_assign(N.output(0), std::move(Result));
}

void Reader::unsupported(const onnx::NodeProto &N, const std::string &Why) {
  if (!Counted.insert(&N).second)
    return;
  NodeSource S = sourceOf(N);
  Unsupported &U = UnsupportedOps[S.Operator + (Why.empty() ? "" : " " + Why)];
  ++U.Count;
  if (U.Names.size() < 3)
    U.Names.push_back(S.Name.empty() ? S.Result : S.Name);
  U.Operator = S.Operator;
  U.Why = Why;
}

/// What to do about an operator that is not supported.
static std::string adviceFor(const std::string &Op, std::string_view Why) {
  if (Why == "before the end of the model")
    return "only a final one can be left out; train the model without it";
  if (Why == "of two computed tensors")
    return "one factor must be a constant; products of activations, as in "
           "attention, cannot be compiled";
  static const std::map<std::string, std::string, std::less<>> Advice = {
      {"BatchNormalization",
       "fold it into the layer before it, as exporters do in evaluation mode"},
      {"Cast", "remove it, or export the model in one type"},
      {"DequantizeLinear", "export the weights as plain numbers"},
      {"QuantizeLinear", "export the weights as plain numbers"},
      {"LogSoftmax", "leave it to the reader of the output"},
      {"Softmax", "leave it to the reader of the output"},
      {"ArgMax", "leave it to the reader of the output"},
      {"Sigmoid", "train the model with Relu in its place"},
      {"Tanh", "train the model with Relu in its place"},
      {"Gelu", "train the model with Relu in its place"},
      {"Elu", "train the model with Relu in its place"},
      {"Selu", "train the model with Relu in its place"},
      {"Softplus", "train the model with Relu in its place"},
      {"LeakyRelu", "train the model with Relu in its place"},
      {"Conv", "use dense layers (Gemm)"},
      {"MaxPool", "use dense layers (Gemm)"},
      {"AveragePool", "use dense layers (Gemm)"},
      {"GlobalAveragePool", "use dense layers (Gemm)"},
      {"Sub", "fold it into the layer beside it, or add a negated constant"},
      {"Mul", "fold it into the weights of the layer beside it"},
      {"Div", "fold it into the weights of the layer beside it"},
      {"ai.onnx.ml.ZipMap",
       "export with options={'zipmap': False, 'output_class_labels': False}"},
  };
  auto It = Advice.find(Op);
  return It != Advice.end()
             ? It->second
             : "express it by Gemm, MatMul, Add and Relu, or let a simplifier "
               "fold it away";
}

void Reader::reportUnsupported() {
  if (UnsupportedOps.empty())
    return;
  unsigned Nodes = 0;
  std::vector<std::string> Notes;
  for (const auto &[Op, U] : UnsupportedOps) {
    Nodes += U.Count;
    std::string Names;
    for (const std::string &Name : U.Names)
      Names += (Names.empty() ? "'" : ", '") + Name + "'";
    if (U.Count > U.Names.size())
      Names += ", ...";
    Notes.push_back(Op + ": " + std::to_string(U.Count) +
                    (U.Count == 1 ? " node (" : " nodes (") + Names + "); " +
                    adviceFor(U.Operator, U.Why));
  }
  Notes.push_back("supported are Gemm, MatMul, Add, Relu, Flatten, Reshape, "
                  "Identity, Constant, Dropout, and a Softmax, LogSoftmax or "
                  "ArgMax at the end");
  P.error(DiagId::UnsupportedOperator, {},
          std::to_string(Nodes) +
              (Nodes == 1 ? " node of the model uses an operator"
                          : " nodes of the model use operators") +
              " that cannot be compiled",
          std::move(Notes));
}

std::optional<Graph> Reader::run() {
  G.Name = Source.name();
  G.File = P.file();
  checkOpsets();
  collectNames();
  checkReferences();
  findOrder();
  findLive();
  addInputs();
  for (int I : Order)
    if (Live[static_cast<size_t>(I)])
      runNode(I);
  addOutputs();
  checkBatch();
  reportUnsupported();
  if (P.count() != 0)
    return std::nullopt;
  simplify(G);
  return std::move(G);
}
