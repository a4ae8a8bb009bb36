//===- ONNXGraph.cpp - Names and order of a model
//---------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXOperator.h"

#include <algorithm>
#include <queue>

using namespace nn2crn;
using namespace nn2crn::onnxreader;

//===----------------------------------------------------------------------===//
// Names and order
//===----------------------------------------------------------------------===//

bool onnxreader::isDefaultDomain(const std::string &Domain) {
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
      It->second.Type = Source.initializer(Found->second.Index).data_type();
      It->second.Dims = Known->Dims;
      It->second.Known = Known;
    }
  }
  return It->second;
}

const Tensor &Reader::computed(const std::string &Name) {
  const Tensor &T = lookup(Name);
  if (T.Head.Operators.empty())
    return T;
  compute(Name);
  return Computed[Name];
}

void Reader::compute(const std::string &Wanted) {
  // The nodes between it and what has no head, by their rank.
  std::map<uint32_t, int> Nodes;
  std::vector<std::string> Work{Wanted};
  while (!Work.empty()) {
    std::string Name = std::move(Work.back());
    Work.pop_back();
    const Tensor &T = lookup(Name);
    if (T.Head.Operators.empty() || Computed.count(Name))
      continue;
    int Index = Definitions.at(Name).Index;
    bool New = Nodes.emplace(Rank[static_cast<size_t>(Index)], Index).second;
    if (New && !T.Head.OfScores)
      for (const std::string &Input : Source.node(Index).input())
        if (!Input.empty())
          Work.push_back(Input);
  }
  for (auto [_, Index] : Nodes) {
    const onnx::NodeProto &N = Source.node(Index);
    std::vector<Tensor> Results = Operator(*this, N, /*Compute=*/true).run();
    Computed.insert_or_assign(N.output(0), std::move(Results[0]));
  }
}

//===----------------------------------------------------------------------===//
// Nodes
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

void Reader::runNode(int Index) {
  const onnx::NodeProto &N = Source.node(Index);
  if (!Operator::isKnown(N)) {
    unsupported(N, {});
    return;
  }
  std::vector<Tensor> Results = Operator(*this, N).run();
  for (size_t I = 0; I < static_cast<size_t>(N.output_size()); ++I) {
    const std::string &Name = N.output(static_cast<int>(I));
    if (Name.empty())
      continue;
    if (I >= Results.size()) {
      if (isRead(Name) && Results[0].S != Tensor::State::Broken)
        P.error(DiagId::UnsupportedModel, sourceOf(N).context(),
                "its result '" + printable(Name) +
                    "' is used, and cannot be computed",
                {"remove what uses it; training needs it, the trained model "
                 "does not"});
      continue;
    }
    // A name defined twice keeps its first meaning.
    if (auto It = Definitions.find(Name);
        It != Definitions.end() && It->second.K == Definition::Kind::Node &&
        It->second.Index == Index)
      Tensors.insert_or_assign(Name, std::move(Results[I]));
  }
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
    return "an index jumps; only what is last in a model can be one";
  if (Why == "of two computed tensors" || Why == "by a computed tensor")
    return "one factor must be a constant; products of activations, as in "
           "attention, cannot be compiled. An input can be fixed with --set";
  if (Why.starts_with("with computed"))
    return "let a simplifier fold it, or fix the input that it comes from with "
           "--set";
  if (Why.ends_with("which rounds") || Why.ends_with("where it jumps"))
    return "only continuous functions can be compiled; leave it out of the "
           "exported model, or to the reader of the output";
  if (Why == "with select_last_index")
    return "equal scores cannot be told apart; export without it, or leave the "
           "head out";
  if (Why.ends_with("which wraps around"))
    return "export the model in float32";
  static const std::map<std::string, std::string, std::less<>> Advice = {
      {"If", "let a simplifier decide it when the condition is a constant"},
      {"Loop", "unroll it in the exporter"},
      {"LpPool", "use AveragePool or MaxPool"},
      {"GlobalLpPool", "use AveragePool or MaxPool"},
  };
  auto It = Advice.find(Op);
  return It != Advice.end()
             ? It->second
             : "express it by operators of docs/reference/operators.md, or let "
               "a simplifier fold it away";
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
  Rank.resize(static_cast<size_t>(Source.node_size()));
  for (uint32_t I = 0; I < Order.size(); ++I)
    Rank[static_cast<size_t>(Order[I])] = I;
  checkFixed();
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
