//===- NcRelu.cpp ---------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every tensor that the network holds is a "wire": a pair of species an
// element. Each value of the graph has a wire. Where a value is read once, and
// as it is, by a ReLU or an output, its wire is the reader's own; otherwise the
// readers have wires of their own, and the value is fanned out to them.
//
// Species get their ids when something first mentions them, which is the order
// of the text form.
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Lowering/NcRelu.h"

#include "nn2crn/Graph/Quantize.h"
#include "nn2crn/IR/Editor.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

using namespace nn2crn;

//===----------------------------------------------------------------------===//
// Lowering
//===----------------------------------------------------------------------===//

namespace {

/// A tensor of the network. Species are made when first asked for.
struct Wire {
  SignalId Signal;
  /// The origin of element 0; the others follow.
  OriginId Origin;
  /// Rails p and n of element i at 2i and 2i + 1.
  std::vector<SpeciesId> Rails;
};

/// A reader of a value: where each element goes, and with what weight.
struct Reader {
  uint32_t Wire;
  /// Null for a reader that takes the value as it is.
  const SparseMatrix *Weights;
  /// What its result is carried times, by row.
  const std::vector<double> *Scale = nullptr;
};

class NcReluLowering {
public:
  NcReluLowering(const Graph &G, DiagnosticEngine &Diags)
      : G(G), Diags(Diags), E(Net) {}
  std::optional<Network> run();

private:
  static constexpr uint32_t None = UINT32_MAX;

  bool checkKinds();
  bool scaleWeights();
  bool checkSizes();
  void nameWires();
  uint32_t addWire(SignalId Signal, ValueId V, OriginId Origin);
  SpeciesId rail(uint32_t Wire, uint32_t Element, bool Negative);
  void addPort(const GraphPort &P, PortDirection Direction, uint32_t Wire);
  bool fanOut(ValueId V);
  void addRelu(size_t N);
  void setBiases();
  bool tooLarge(const std::string &What);

  const Graph &G;
  DiagnosticEngine &Diags;
  Network Net;
  Editor E;
  RateId One;
  /// How many times each value is carried, and the same as doubles, which are
  /// near enough to find an integer.
  CarriedScales Scale;
  std::vector<std::vector<double>> ScaleValue;
  std::vector<Wire> Wires;
  /// The wire of each value; what each ReLU takes in; what each output shows.
  std::vector<uint32_t> WireOf, ReluIn, OutputWire;
  /// The signal of the auxiliary species of each ReLU.
  std::vector<SignalId> MaskSignal;
  std::vector<OriginId> NodeOrigin;
  /// Readers of each value that have wires of their own, in order.
  std::vector<std::vector<Reader>> Readers;
};

} // namespace

bool NcReluLowering::tooLarge(const std::string &What) {
  DiagLocation Where;
  Where.File = G.File;
  Diags
      .error(DiagId::NetworkTooLarge, std::move(Where),
             "the network would have more than 2^32 " + What)
      .note("compile a smaller model");
  return false;
}

bool NcReluLowering::checkKinds() {
  for (const Node &N : G.nodes())
    if (N.Kind == NodeKind::Smooth) {
      Diags
          .error(DiagId::UnsupportedOperator, G.locate(N.Source),
                 "expected a piecewise-linear activation, found " +
                     std::string(N.Function.name()))
          .note("approximate it first, as --activation=piecewise does");
      return false;
    }
  return true;
}

bool NcReluLowering::scaleWeights() {
  NodeId Culprit;
  auto Found = integerScales(G, MostIntegerBits, &Culprit);
  if (Found) {
    Scale = std::move(*Found);
    // Well within doubles, so that biases times them are amounts too.
    constexpr double Largest = 0x1p800;
    bool Fits = true;
    for (const std::vector<Rational> &S : Scale) {
      ScaleValue.emplace_back();
      for (const Rational &R : S) {
        ScaleValue.back().push_back(R.toDouble());
        Fits &= ScaleValue.back().back() < Largest &&
                ScaleValue.back().back() > 1 / Largest;
      }
    }
    if (Fits)
      return true;
    DiagLocation Where;
    Where.File = G.File;
    Diags
        .error(DiagId::UnsupportedWeight, std::move(Where),
               "the steps of the layers multiply to a scale that amounts "
               "cannot have")
        .note("round weights to fewer bits, as --weight-bits does, or compile "
              "fewer layers at a time");
    return false;
  }
  Diags
      .error(DiagId::UnsupportedWeight, G.locate(G.node(Culprit).Source),
             "expected weights that are integers below 2^31 times a common "
             "step, since they become stoichiometric coefficients")
      .note("round them to fewer bits, as --weight-bits does; where values of "
            "different layers are added, their steps multiply up");
  return false;
}

bool NcReluLowering::checkSizes() {
  // Bounds, not counts: five species and four reactions an element, and twice
  // the weights in terms.
  uint64_t Elements = 0, Terms = 0;
  for (const Value &V : G.values())
    Elements += V.Elements;
  for (const GraphPort &P : G.outputs())
    Elements += G.value(P.Value).Elements;
  for (const Node &N : G.nodes())
    for (const Node::Operand &O : N.Operands)
      Terms += 2 * O.Weights.entries();
  Terms += 12 * Elements;
  if (Elements > UINT32_MAX / 8)
    return tooLarge("species");
  if (Terms > UINT32_MAX)
    return tooLarge("terms");
  E.reserve(5 * Elements, 4 * Elements, Terms);
  return true;
}

uint32_t NcReluLowering::addWire(SignalId Signal, ValueId V, OriginId Origin) {
  Wires.push_back({Signal, Origin,
                   std::vector<SpeciesId>(size_t{2} * G.value(V).Elements)});
  return static_cast<uint32_t>(Wires.size() - 1);
}

SpeciesId NcReluLowering::rail(uint32_t Of, uint32_t Element, bool Negative) {
  Wire &W = Wires[Of];
  SpeciesId &S = W.Rails[size_t{2} * Element + Negative];
  if (!S.isValid())
    S = E.addSpecies(SpeciesName(W.Signal, Element,
                                 Negative ? Rail::Negative : Rail::Positive),
                     OriginId(W.Origin.Value + Element));
  return S;
}

/// Decides which wire every value, ReLU and output has, and names them.
void NcReluLowering::nameWires() {
  // Names of ports come first: everything else makes way.
  std::vector<SignalId> InputSignal, OutputSignal;
  for (const GraphPort &P : G.inputs())
    InputSignal.push_back(E.signal(P.Name));
  // An output may bear the name of the input that it repeats.
  std::unordered_set<std::string_view> Taken;
  for (const GraphPort &P : G.inputs())
    Taken.insert(P.Name);
  for (const GraphPort &P : G.outputs())
    OutputSignal.push_back(Taken.contains(P.Name) ? SignalId()
                                                  : E.signal(P.Name));
  for (size_t I = 0; I < OutputSignal.size(); ++I)
    if (!OutputSignal[I].isValid())
      OutputSignal[I] = E.freshSignal(G.outputs()[I].Name + "_out");

  WireOf.assign(G.values().size(), None);
  ReluIn.assign(G.nodes().size(), None);
  OutputWire.assign(G.outputs().size(), None);
  MaskSignal.resize(G.nodes().size());
  Readers.resize(G.values().size());
  NodeOrigin.resize(G.nodes().size());
  std::vector<uint32_t> Uses(G.values().size());
  for (const Node &N : G.nodes())
    for (const Node::Operand &O : N.Operands)
      ++Uses[O.Value.Value];
  for (const GraphPort &P : G.outputs())
    ++Uses[P.Value.Value];

  for (size_t I = 0; I < G.inputs().size(); ++I) {
    const GraphPort &P = G.inputs()[I];
    OriginId Origin = E.provenance().addModelNode("input '" + P.Name + "'",
                                                  G.value(P.Value).Elements);
    WireOf[P.Value.Value] = addWire(InputSignal[I], P.Value, Origin);
  }
  for (size_t I = 0; I < G.nodes().size(); ++I) {
    const Node &N = G.nodes()[I];
    NodeOrigin[I] = E.provenance().addModelNode(G.source(N.Source).describe(),
                                                G.value(N.Result).Elements);
  }

  // An output shares the wire of the value it shows where it is the only
  // reader and the value is made here.
  for (size_t I = 0; I < G.outputs().size(); ++I) {
    ValueId V = G.outputs()[I].Value;
    NodeId From = G.value(V).Producer;
    bool Shares = From.isValid() && Uses[V.Value] == 1;
    OriginId Origin = Shares ? NodeOrigin[From.Value]
                             : E.provenance().addModelNode(
                                   "output '" + G.outputs()[I].Name + "'",
                                   G.value(V).Elements);
    OutputWire[I] = addWire(OutputSignal[I], V, Origin);
    if (Shares)
      WireOf[V.Value] = OutputWire[I];
  }
  unsigned Layer = 0, Linear = 0;
  for (size_t I = 0; I < G.nodes().size(); ++I) {
    const Node &N = G.nodes()[I];
    if (N.Kind == NodeKind::Affine) {
      // Affine values that one ReLU alone reads are named with that ReLU.
      continue;
    }
    std::string Number = std::to_string(Layer++);
    ValueId From = N.Operands[0].Value;
    NodeId Producer = G.value(From).Producer;
    bool Shares = Producer.isValid() && Uses[From.Value] == 1 &&
                  G.node(Producer).Kind == NodeKind::Affine;
    ReluIn[I] = addWire(E.freshSignal("z" + Number), From,
                        NodeOrigin[Shares ? Producer.Value : I]);
    if (Shares)
      WireOf[From.Value] = ReluIn[I];
    MaskSignal[I] = E.freshSignal("m" + Number);
    if (WireOf[N.Result.Value] == None)
      WireOf[N.Result.Value] =
          addWire(E.freshSignal("h" + Number), N.Result, NodeOrigin[I]);
  }
  for (size_t I = 0; I < G.nodes().size(); ++I) {
    ValueId Result = G.nodes()[I].Result;
    if (WireOf[Result.Value] == None)
      WireOf[Result.Value] = addWire(
          E.freshSignal("v" + std::to_string(Linear++)), Result, NodeOrigin[I]);
  }

  // Who has a wire of its own is fanned out to.
  for (size_t I = 0; I < G.nodes().size(); ++I) {
    const Node &N = G.nodes()[I];
    for (const Node::Operand &O : N.Operands) {
      auto &List = Readers[O.Value.Value];
      if (N.Kind == NodeKind::Affine)
        List.push_back(
            {WireOf[N.Result.Value], &O.Weights, &ScaleValue[N.Result.Value]});
      else if (WireOf[O.Value.Value] != ReluIn[I])
        List.push_back({ReluIn[I], nullptr});
    }
  }
  for (size_t I = 0; I < G.outputs().size(); ++I) {
    ValueId V = G.outputs()[I].Value;
    if (WireOf[V.Value] != OutputWire[I])
      Readers[V.Value].push_back({OutputWire[I], nullptr});
  }
}

void NcReluLowering::addPort(const GraphPort &P, PortDirection Direction,
                             uint32_t Wire) {
  Port Made;
  Made.Name = P.Name;
  Made.Direction = Direction;
  Made.Shape = P.Shape;
  Made.Meaning = P.Meaning;
  Made.Scale.clear();
  for (const Rational &S : Scale[P.Value.Value])
    Made.Scale.push_back(Number::rational(S));
  uint32_t Elements = G.value(P.Value).Elements;
  Made.Begin.reserve(size_t{Elements} + 1);
  Made.Terms.reserve(size_t{2} * Elements);
  for (uint32_t I = 0; I < Elements; ++I) {
    PortTerm Terms[] = {{rail(Wire, I, false), 1}, {rail(Wire, I, true), -1}};
    Made.addElement(Terms);
  }
  E.addPort(std::move(Made));
}

/// Fans a value out to its readers: a reaction a rail and element, with all of
/// them as products.
bool NcReluLowering::fanOut(ValueId V) {
  struct Target {
    uint32_t Wire, Element;
    int64_t Weight;
  };
  const std::vector<Reader> &List = Readers[V.Value];
  uint32_t Elements = G.value(V).Elements;
  // Rows of each matrix, turned into columns: a counting sort, which keeps
  // the order of readers and of rows.
  std::vector<uint64_t> Begin(size_t{Elements} + 1);
  auto At = [](const std::vector<double> &Scales, size_t I) {
    return Scales[Scales.size() > 1 ? I : 0];
  };
  auto ForEach = [&](auto Do) {
    for (const Reader &R : List) {
      if (!R.Weights) {
        for (uint32_t I = 0; I < Elements; ++I)
          Do(I, Target{R.Wire, I, 1});
        continue;
      }
      for (uint32_t Row = 0; Row < R.Weights->rows(); ++Row) {
        auto Columns = R.Weights->columnsOf(Row);
        auto Weights = R.Weights->weightsOf(Row);
        for (size_t K = 0; K < Columns.size(); ++K)
          Do(Columns[K],
             Target{R.Wire, Row,
                    std::llrint(Weights[K] * At(*R.Scale, Row) /
                                At(ScaleValue[V.Value], Columns[K]))});
      }
    }
  };
  ForEach([&](uint32_t From, const Target &) { ++Begin[size_t{From} + 1]; });
  for (uint32_t I = 0; I < Elements; ++I)
    Begin[I + 1] += Begin[I];
  std::vector<Target> Targets(Begin.back());
  std::vector<uint64_t> Next(Begin.begin(), Begin.end() - 1);
  ForEach([&](uint32_t From, const Target &T) { Targets[Next[From]++] = T; });

  // The same target twice (as in x + x) makes one term. Readers of one wire
  // stand together, as a node's operands do, but their rows alternate.
  bool Repeats = false;
  for (size_t I = 1; I < List.size(); ++I)
    Repeats |= List[I].Wire == List[I - 1].Wire;
  std::vector<Term> Products;
  for (uint32_t I = 0; I < Elements; ++I) {
    std::span<Target> Here(Targets.data() + Begin[I], Begin[I + 1] - Begin[I]);
    if (Repeats) {
      // Wires of readers need not ascend: sort within each wire's run.
      for (size_t First = 0; First < Here.size();) {
        size_t End = First;
        while (End < Here.size() && Here[End].Wire == Here[First].Wire)
          ++End;
        std::sort(Here.begin() + static_cast<ptrdiff_t>(First),
                  Here.begin() + static_cast<ptrdiff_t>(End),
                  [](const Target &A, const Target &B) {
                    return A.Element < B.Element;
                  });
        First = End;
      }
      size_t Kept = 0;
      for (size_t K = 0; K < Here.size(); ++K)
        if (Kept != 0 && Here[Kept - 1].Wire == Here[K].Wire &&
            Here[Kept - 1].Element == Here[K].Element)
          // As many summands as operands: far from overflowing.
          Here[Kept - 1].Weight += Here[K].Weight;
        else
          Here[Kept++] = Here[K];
      Here = Here.first(Kept);
    }
    if (std::none_of(Here.begin(), Here.end(),
                     [](const Target &T) { return T.Weight != 0; }))
      continue;
    for (bool Negative : {false, true}) {
      SpeciesId From = rail(WireOf[V.Value], I, Negative);
      Products.clear();
      for (const Target &T : Here) {
        if (T.Weight == 0)
          continue;
        uint64_t Coefficient = static_cast<uint64_t>(std::abs(T.Weight));
        if (Coefficient > MaxCoefficient) {
          DiagLocation Where;
          Where.File = G.File;
          Where.Context = Net.provenance().describe(Wires[T.Wire].Origin);
          Diags.error(DiagId::CoefficientOverflow, std::move(Where),
                      "a sum of weights is beyond 2^31");
          return false;
        }
        Products.push_back({rail(T.Wire, T.Element, (T.Weight < 0) != Negative),
                            static_cast<uint32_t>(Coefficient)});
      }
      if (Products.size() > MaxProducts) {
        DiagLocation Where;
        Where.File = G.File;
        Diags
            .error(DiagId::NetworkTooLarge, std::move(Where),
                   "value '" + G.value(V).Name + "' has an element with " +
                       std::to_string(Products.size()) +
                       " readers; a reaction has at most " +
                       std::to_string(MaxProducts) + " products")
            .note("compile a smaller model");
        return false;
      }
      Term Consumed[] = {{From, 1}};
      E.addReaction(Consumed, Products, One,
                    OriginId(Wires[WireOf[V.Value]].Origin.Value + I));
    }
  }
  return true;
}

void NcReluLowering::addRelu(size_t N) {
  uint32_t In = ReluIn[N], Out = WireOf[G.nodes()[N].Result.Value];
  uint32_t Elements = G.value(G.nodes()[N].Result).Elements;
  for (uint32_t I = 0; I < Elements; ++I) {
    OriginId Origin(NodeOrigin[N].Value + I);
    SpeciesId ZP = rail(In, I, false);
    SpeciesId M = E.addSpecies(SpeciesName(MaskSignal[N], I), Origin);
    SpeciesId HP = rail(Out, I, false);
    E.addReaction({{ZP, 1}}, {{M, 1}, {HP, 1}}, One, Origin);
    SpeciesId ZN = rail(In, I, true);
    SpeciesId HN = rail(Out, I, true);
    E.addReaction({{M, 1}, {ZN, 1}}, {{HN, 1}}, One, Origin);
  }
}

void NcReluLowering::setBiases() {
  for (const Node &N : G.nodes())
    for (uint32_t I = 0; I < N.Bias.size(); ++I)
      if (N.Bias[I] != 0)
        E.setInitial(rail(WireOf[N.Result.Value], I, N.Bias[I] < 0),
                     Number(std::abs(N.Bias[I])) *
                         Number::rational(scaleOf(Scale[N.Result.Value], I)));
}

std::optional<Network> NcReluLowering::run() {
  if (!checkKinds() || !scaleWeights() || !checkSizes())
    return std::nullopt;

  Net.Name = G.Name;
  One = E.rate(1);
  nameWires();
  for (const GraphPort &P : G.inputs())
    addPort(P, PortDirection::Input, WireOf[P.Value.Value]);
  for (size_t I = 0; I < G.outputs().size(); ++I)
    addPort(G.outputs()[I], PortDirection::Output, OutputWire[I]);
  for (const GraphPort &P : G.inputs())
    if (!fanOut(P.Value))
      return std::nullopt;
  for (size_t I = 0; I < G.nodes().size(); ++I) {
    if (G.nodes()[I].Kind == NodeKind::Relu)
      addRelu(I);
    if (!Readers[G.nodes()[I].Result.Value].empty() &&
        !fanOut(G.nodes()[I].Result))
      return std::nullopt;
  }
  setBiases();
  return std::move(Net);
}

std::optional<Network> nn2crn::lowerNcRelu(const Graph &G,
                                           DiagnosticEngine &Diags) {
  return NcReluLowering(G, Diags).run();
}
