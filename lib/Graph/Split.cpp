//===- Split.cpp ----------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Split.h"

#include "PartTable.h"

#include <map>
#include <set>
#include <string>
#include <vector>

using namespace nn2crn;

/// Copies node \p N of \p G into \p To, where the values of \p G are \p New.
static void copyNode(const Graph &G, const Node &N, Graph &To,
                     std::vector<ValueId> &New) {
  const Value &Result = G.value(N.Result);
  ValueId &Out = New[N.Result.Value];
  if (N.Kind == NodeKind::Affine) {
    std::vector<Node::Operand> Operands = N.Operands;
    for (Node::Operand &O : Operands)
      O.Value = New[O.Value.Value];
    Out = To.addAffine(Result.Name, Result.Shape, std::move(Operands), N.Bias,
                       N.Source);
    return;
  }
  ValueId From = New[N.Operands[0].Value.Value];
  Out = N.Kind == NodeKind::Relu
            ? To.addRelu(Result.Name, From, N.Source)
            : To.addSmooth(Result.Name, From, N.Function, N.Source);
}

/// Adds the output \p P of a graph whose values are \p New in \p To.
static void addOutput(Graph &To, const GraphPort &P,
                      const std::vector<ValueId> &New) {
  To.addOutput(P.Name, New[P.Value.Value], P.Shape, P.Meaning,
               P.Scores.isValid() ? New[P.Scores.Value] : ValueId());
}

namespace {
class Splitter {
public:
  explicit Splitter(const Graph &G)
      : G(G), Smooth(G.values().size()), Sharp(G.values().size()) {}
  std::optional<SplitGraph> run();

private:
  bool mark();
  std::string freshName(const std::string &Wanted);

  const Graph &G;
  /// By ValueId: depends on a smooth activation; belongs to the sharp part.
  std::vector<bool> Smooth, Sharp;
  std::set<std::string> Taken;
};
} // namespace

bool Splitter::mark() {
  bool Any = false;
  PartTable PartOf(G);
  for (const Node &N : G.nodes()) {
    bool Depends = N.Kind == NodeKind::Smooth;
    for (const Node::Operand &O : N.Operands)
      Depends = Depends || Smooth[O.Value.Value];
    Smooth[N.Result.Value] = Depends;
    // A Softmax stays whole: it is known how errors grow in it.
    size_t At = static_cast<size_t>(&N - G.nodes().data());
    bool Root =
        N.Kind == NodeKind::Relu && !Depends && PartOf[At] == PartTable::None;
    Sharp[N.Result.Value] = Root;
    Any = Any || Root;
  }
  for (const GraphPort &P : G.outputs())
    if (!Smooth[P.Value.Value])
      Sharp[P.Value.Value] = true;
  for (size_t I = G.nodes().size(); I-- > 0;)
    if (Sharp[G.nodes()[I].Result.Value])
      for (const Node::Operand &O : G.nodes()[I].Operands)
        Sharp[O.Value.Value] = true;
  return Any;
}

std::string Splitter::freshName(const std::string &Wanted) {
  std::string Name = Wanted;
  for (unsigned I = 1; !Taken.insert(Name).second; ++I)
    Name = Wanted + "_" + std::to_string(I);
  return Name;
}

std::optional<SplitGraph> Splitter::run() {
  if (!mark())
    return std::nullopt;
  SplitGraph Out;
  for (Graph *Part : {&Out.Sharp, &Out.Rest}) {
    Part->Name = G.Name;
    Part->File = G.File;
    for (const NodeSource &S : G.sources())
      Part->addSource(S);
  }
  std::vector<ValueId> Before(G.values().size()), After(G.values().size());
  for (const GraphPort &P : G.inputs()) {
    Taken.insert(P.Name);
    Sharp[P.Value.Value] = true;
    Before[P.Value.Value] = Out.Sharp.addInput(P.Name, P.Shape);
  }
  for (const Node &N : G.nodes())
    if (Sharp[N.Result.Value])
      copyNode(G, N, Out.Sharp, Before);
  for (const GraphPort &P : G.outputs()) {
    Taken.insert(P.Name);
    if (!Smooth[P.Value.Value])
      addOutput(Out.Sharp, P, Before);
  }
  // All inputs come before all nodes.
  for (const Node &N : G.nodes())
    if (!Sharp[N.Result.Value])
      for (const Node::Operand &O : N.Operands)
        if (ValueId V = O.Value; Sharp[V.Value] && !After[V.Value].isValid()) {
          std::string Name = freshName(G.value(V).Name);
          After[V.Value] = Out.Rest.addInput(Name, G.value(V).Shape);
          Out.Sharp.addOutput(Name, Before[V.Value], G.value(V).Shape);
        }
  for (const Node &N : G.nodes())
    if (!Sharp[N.Result.Value])
      copyNode(G, N, Out.Rest, After);
  for (const GraphPort &P : G.outputs())
    if (Smooth[P.Value.Value])
      addOutput(Out.Rest, P, After);
  for (GraphPart P : G.parts()) {
    P.From = After[P.From.Value];
    P.To = After[P.To.Value];
    if (P.From.isValid() && P.To.isValid())
      Out.Rest.addPart(P);
  }
  return Out;
}

std::optional<SplitGraph> nn2crn::splitSharp(const Graph &G) {
  return Splitter(G).run();
}

Graph nn2crn::join(const Graph &Before, const Graph &After) {
  Graph Out;
  Out.Name = Before.Name;
  Out.File = Before.File;
  // Both have the sources of the graph that they come from.
  for (const NodeSource &S : Before.sources())
    Out.addSource(S);
  std::vector<ValueId> First(Before.values().size()),
      Second(After.values().size());
  for (const GraphPort &P : Before.inputs())
    First[P.Value.Value] = Out.addInput(P.Name, P.Shape);
  for (const Node &N : Before.nodes())
    copyNode(Before, N, Out, First);
  std::map<std::string_view, ValueId> Read;
  for (const GraphPort &P : After.inputs())
    Read.emplace(P.Name, P.Value);
  for (const GraphPort &P : Before.outputs())
    if (auto It = Read.find(P.Name); It != Read.end())
      Second[It->second.Value] = First[P.Value.Value];
    else
      addOutput(Out, P, First);
  for (const Node &N : After.nodes())
    copyNode(After, N, Out, Second);
  for (const GraphPort &P : After.outputs())
    addOutput(Out, P, Second);
  return Out;
}
