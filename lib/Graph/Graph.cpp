//===- Graph.cpp ----------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Graph.h"

#include <algorithm>
#include <cmath>
#include <utility>

using namespace nn2crn;

//===----------------------------------------------------------------------===//
// Sources
//===----------------------------------------------------------------------===//

static std::string nodeText(const NodeSource &S, const std::string &Inside) {
  std::string Text = "node ";
  if (S.Name.empty())
    Text += "for '" + S.Result + '\'';
  else
    Text += '\'' + S.Name + '\'';
  return Text + " (" + Inside + ')';
}

std::string NodeSource::describe() const { return nodeText(*this, Operator); }

std::string NodeSource::context() const {
  if (Opset == 0)
    return describe();
  return nodeText(*this, Operator + ", opset " + std::to_string(Opset));
}

DiagLocation Graph::locate(SourceId S) const {
  DiagLocation Where;
  Where.File = File;
  Where.Context = Sources[S.Value].context();
  return Where;
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

static uint64_t countElements(std::span<const int64_t> Shape) {
  uint64_t Count = 1;
  for (int64_t Extent : Shape) {
    assert(Extent > 0 && "extents are positive");
    Count *= static_cast<uint64_t>(Extent);
    assert(Count <= UINT32_MAX && "tensors have fewer than 2^32 elements");
  }
  return Count;
}

SourceId Graph::addSource(NodeSource Source) {
  Sources.push_back(std::move(Source));
  return SourceId(static_cast<uint32_t>(Sources.size() - 1));
}

ValueId Graph::addValue(std::string ValueName, std::vector<int64_t> Shape,
                        NodeId From) {
  auto Elements = static_cast<uint32_t>(countElements(Shape));
  Values.push_back({std::move(ValueName), std::move(Shape), Elements, From});
  return ValueId(static_cast<uint32_t>(Values.size() - 1));
}

ValueId Graph::addInput(std::string InputName, std::vector<int64_t> Shape) {
  ValueId V = addValue(InputName, Shape, NodeId());
  Inputs.push_back({std::move(InputName), V, std::move(Shape)});
  return V;
}

ValueId Graph::addAffine(std::string ResultName, std::vector<int64_t> Shape,
                         std::vector<Node::Operand> Operands,
                         std::vector<double> Bias, SourceId Source) {
  NodeId N(static_cast<uint32_t>(Nodes.size()));
  ValueId Result = addValue(std::move(ResultName), std::move(Shape), N);
  for (const Node::Operand &O : Operands) {
    assert(O.Value < Result && "operands come before what is made of them");
    assert(O.Weights.rows() == value(Result).Elements &&
           O.Weights.columns() == value(O.Value).Elements &&
           "a matrix fits its operand and its result");
    (void)O;
  }
  assert((Bias.empty() || Bias.size() == value(Result).Elements) &&
         "one bias an element");
  Nodes.push_back(
      {NodeKind::Affine, std::move(Operands), std::move(Bias), Result, Source});
  return Result;
}

ValueId Graph::addRelu(std::string ResultName, ValueId Operand,
                       SourceId Source) {
  NodeId N(static_cast<uint32_t>(Nodes.size()));
  ValueId Result = addValue(std::move(ResultName), value(Operand).Shape, N);
  std::vector<Node::Operand> Operands;
  Operands.push_back({Operand, SparseMatrix(), Source});
  Nodes.push_back({NodeKind::Relu, std::move(Operands), {}, Result, Source});
  return Result;
}

ValueId Graph::addSmooth(std::string ResultName, ValueId Operand,
                         SmoothFunction Function, SourceId Source) {
  assert(Function.isValid() && "parameters are numbers that can be divided by");
  ValueId Result = addRelu(std::move(ResultName), Operand, Source);
  Nodes.back().Kind = NodeKind::Smooth;
  Nodes.back().Function = Function;
  return Result;
}

ValueId Graph::addQuotient(std::string ResultName, std::vector<int64_t> Shape,
                           Node::Operand Over, Node::Operand Under,
                           SourceId Source) {
  std::vector<Node::Operand> Operands;
  Operands.push_back(std::move(Over));
  Operands.push_back(std::move(Under));
  ValueId Result = addAffine(std::move(ResultName), std::move(Shape),
                             std::move(Operands), {}, Source);
  Nodes.back().Kind = NodeKind::Quotient;
  return Result;
}

void Graph::addOutput(std::string OutputName, ValueId V,
                      std::vector<int64_t> Shape, OutputMeaning Meaning,
                      ValueId Scores) {
  assert(countElements(Shape) == value(V).Elements &&
         "an output's shape has the elements of its value");
  Outputs.push_back(
      {std::move(OutputName), V, std::move(Shape), std::move(Meaning), Scores});
}

void Graph::addPart(GraphPart Part) {
  assert(Part.From < Part.To && Part.To.Value < Values.size() &&
         "a part leads from one value to a later one");
  Parts.push_back(Part);
}

void Graph::renumberEnds(std::span<const ValueId> New) {
  for (auto *Ports : {&Inputs, &Outputs})
    for (GraphPort &P : *Ports) {
      P.Value = New[P.Value.Value];
      if (P.Scores.isValid())
        P.Scores = New[P.Scores.Value];
    }
  for (GraphPart &P : Parts)
    P = {New[P.From.Value], New[P.To.Value], P.Slope};
  std::erase_if(Parts, [](const GraphPart &P) {
    return !P.From.isValid() || !P.To.isValid();
  });
}

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

static bool shapeHolds(std::span<const int64_t> Shape, uint32_t Elements) {
  uint64_t Count = 1;
  for (int64_t Extent : Shape) {
    if (Extent <= 0 || Extent > UINT32_MAX)
      return false;
    Count *= static_cast<uint64_t>(Extent);
    if (Count > UINT32_MAX)
      return false;
  }
  return Count == Elements;
}

static std::string verifyNode(const Graph &G, NodeId Id) {
  const Node &N = G.node(Id);
  if (N.Result.Value >= G.values().size() || G.value(N.Result).Producer != Id)
    return "its result does not name it as the producer";
  if (N.Source.Value >= G.sources().size())
    return "its source does not exist";
  const Value &Result = G.value(N.Result);
  for (const Node::Operand &O : N.Operands) {
    if (O.Value.Value >= G.values().size())
      return "an operand does not exist";
    const Value &V = G.value(O.Value);
    if (V.Producer.isValid() && V.Producer >= Id)
      return "an operand is made at or after it";
    if (O.Source.Value >= G.sources().size())
      return "an operand's source does not exist";
    if (N.Kind == NodeKind::Relu || N.Kind == NodeKind::Smooth) {
      if (V.Elements != Result.Elements)
        return "its operand and its result differ in size";
      continue;
    }
    if (O.Weights.rows() != Result.Elements ||
        O.Weights.columns() != V.Elements)
      return "a matrix does not fit its operand and the result";
    for (double W : O.Weights.weights())
      if (!std::isfinite(W))
        return "a weight is not finite";
      else if (N.Kind == NodeKind::Quotient && !(W > 0))
        return "a weight of a quotient is not positive";
    for (uint32_t R = 0; N.Kind == NodeKind::Quotient && R < Result.Elements;
         ++R)
      if (O.Weights.columnsOf(R).empty())
        return "a quotient has an empty sum";
  }
  if (N.Kind == NodeKind::Quotient) {
    if (N.Operands.size() != 2 || !N.Bias.empty())
      return "a quotient has two operands and no bias";
  } else if (N.Kind != NodeKind::Affine &&
             (N.Operands.size() != 1 || !N.Bias.empty())) {
    return "an activation has one operand and no bias";
  }
  if (N.Kind == NodeKind::Smooth && !N.Function.isValid())
    return "its function has a parameter that it cannot have";
  if (!N.Bias.empty() && N.Bias.size() != Result.Elements)
    return "it does not have one bias an element";
  for (double B : N.Bias)
    if (!std::isfinite(B))
      return "a bias is not finite";
  return {};
}

std::string nn2crn::verify(const Graph &G) {
  for (const Value &V : G.values())
    if (!shapeHolds(V.Shape, V.Elements))
      return "value '" + V.Name + "' has a shape that its elements do not fill";
  for (uint32_t I = 0; I < G.nodes().size(); ++I)
    if (std::string Broken = verifyNode(G, NodeId(I)); !Broken.empty())
      return "node " + std::to_string(I) + ": " + Broken;
  for (auto Ports : {G.inputs(), G.outputs()})
    for (const GraphPort &P : Ports)
      if (P.Value.Value >= G.values().size() ||
          !shapeHolds(P.Shape, G.value(P.Value).Elements))
        return "port '" + P.Name + "' does not fit its value";
  for (const GraphPort &P : G.outputs())
    if (P.Scores.isValid() && P.Scores.Value >= G.values().size())
      return "the scores of output '" + P.Name + "' do not exist";
  for (const GraphPart &P : G.parts())
    if (P.To.Value >= G.values().size() || !(P.From < P.To) || !(P.Slope >= 0))
      return "a part of known slope has ends that do not exist";
  for (const GraphPort &P : G.inputs()) {
    if (G.value(P.Value).Producer.isValid())
      return "input '" + P.Name + "' is made by a node";
    if (!P.Halvings.empty() && P.Halvings.size() != G.value(P.Value).Elements)
      return "input '" + P.Name + "' is not carried by elements";
  }
  return {};
}
