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
#include <tuple>
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
  /// What the weights make.
  ValueId Result;
};

/// Where an element goes, and how many of it.
struct Target {
  uint32_t Wire, Element;
  int64_t Weight;
};

/// Where the copies of element From that stage Stage makes go.
struct RaisedTarget {
  uint32_t From, Stage;
  Target To;
};

class NcReluLowering {
public:
  NcReluLowering(const Graph &G, DiagnosticEngine &Diags)
      : G(G), Diags(Diags), E(Net) {}
  std::optional<Network> run();

private:
  static constexpr uint32_t None = UINT32_MAX;
  /// How many copies one stage makes of what it is given. Some digits of fewer
  /// bits than coefficients have can be added up.
  static constexpr unsigned StageBits = 28;
  static constexpr double StageFactor = 0x1p28;

  bool checkKinds();
  bool scaleWeights();
  bool checkSizes();
  void nameWires();
  uint32_t addWire(SignalId Signal, ValueId V, OriginId Origin);
  SpeciesId rail(uint32_t Wire, uint32_t Element, bool Negative);
  void addPort(const GraphPort &P, PortDirection Direction, uint32_t Wire);
  struct FanOut {
    std::vector<uint64_t> Begin;
    std::vector<Target> Targets;
    /// By element and stage.
    std::vector<RaisedTarget> Raised;
    /// True where a wire reads more than once.
    bool Repeats = false;
  };
  int64_t coefficient(ValueId V, const Reader &R, uint32_t Row, uint32_t Column,
                      double W, double Most, std::vector<RaisedTarget> *Raised);
  FanOut targetsOf(ValueId V);
  uint32_t stageWire(ValueId V, uint32_t Stage, std::vector<uint32_t> &Made);
  bool addFanOut(ValueId V, uint32_t I, bool Negative, SpeciesId From,
                 std::span<const Target> Targets, SpeciesId Copies);
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
  std::vector<Term> ProductsScratch;
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
  auto Found = carriedScales(G, &Culprit);
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
      .note("round them to fewer bits, as --weight-bits does");
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
        List.push_back({WireOf[N.Result.Value], &O.Weights, N.Result});
      else if (WireOf[O.Value.Value] != ReluIn[I])
        List.push_back({ReluIn[I], nullptr, {}});
    }
  }
  for (size_t I = 0; I < G.outputs().size(); ++I) {
    ValueId V = G.outputs()[I].Value;
    if (WireOf[V.Value] != OutputWire[I])
      Readers[V.Value].push_back({OutputWire[I], nullptr, {}});
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

/// The coefficient of weight \p W in \p Row and \p Column of \p R, a reader of
/// \p V. Of one that is beyond \p Most the lowest digit to the base
/// StageFactor; the others go to \p Raised, unless null.
int64_t NcReluLowering::coefficient(ValueId V, const Reader &R, uint32_t Row,
                                    uint32_t Column, double W, double Most,
                                    std::vector<RaisedTarget> *Raised) {
  auto At = [](const std::vector<double> &Scales, size_t I) {
    return Scales[Scales.size() > 1 ? I : 0];
  };
  double C =
      W * At(ScaleValue[R.Result.Value], Row) / At(ScaleValue[V.Value], Column);
  if (std::fabs(C) <= Most)
    return std::llrint(C);
  // Scales are powers of two and C is exact, or it is below 2^31 and an integer
  // but for rounding.
  auto Digit = [Rest = std::rint(C)]() mutable {
    double Low = std::fmod(Rest, StageFactor);
    Rest = (Rest - Low) / StageFactor;
    return std::pair(static_cast<int64_t>(Low), Rest != 0);
  };
  auto [Lowest, More] = Digit();
  for (uint32_t Stage = 1; More && Raised; ++Stage) {
    int64_t D = 0;
    std::tie(D, More) = Digit();
    if (D != 0)
      Raised->push_back({Column, Stage, {R.Wire, Row, D}});
  }
  return Lowest;
}

/// Who reads the elements of \p V, and with what coefficients: those of element
/// i from Begin[i] to Begin[i + 1], in the order of readers and of rows.
NcReluLowering::FanOut NcReluLowering::targetsOf(ValueId V) {
  const std::vector<Reader> &List = Readers[V.Value];
  uint32_t Elements = G.value(V).Elements;
  FanOut F;
  for (size_t I = 1; I < List.size(); ++I)
    F.Repeats |= List[I].Wire == List[I - 1].Wire;
  // What will be added up needs room.
  double Most = F.Repeats ? StageFactor : MaxCoefficient;
  // Rows of each matrix, turned into columns: a counting sort.
  F.Begin.assign(size_t{Elements} + 1, 0);
  auto ForEach = [&](std::vector<RaisedTarget> *Raised, auto Do) {
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
          Do(Columns[K], Target{R.Wire, Row,
                                coefficient(V, R, Row, Columns[K], Weights[K],
                                            Most, Raised)});
      }
    }
  };
  ForEach(&F.Raised,
          [&](uint32_t From, const Target &) { ++F.Begin[size_t{From} + 1]; });
  for (uint32_t I = 0; I < Elements; ++I)
    F.Begin[I + 1] += F.Begin[I];
  F.Targets.resize(F.Begin.back());
  std::vector<uint64_t> Next(F.Begin.begin(), F.Begin.end() - 1);
  ForEach(nullptr,
          [&](uint32_t From, const Target &T) { F.Targets[Next[From]++] = T; });
  std::stable_sort(F.Raised.begin(), F.Raised.end(),
                   [](const RaisedTarget &A, const RaisedTarget &B) {
                     return std::pair(A.From, A.Stage) <
                            std::pair(B.From, B.Stage);
                   });
  return F;
}

/// The same target twice (as in x + x) makes one term. Readers of one wire
/// stand together, as a node's operands do, but their rows alternate.
static std::span<Target> mergeRepeats(std::span<Target> Here) {
  // Wires of readers need not ascend: sort within each wire's run.
  for (size_t First = 0; First < Here.size();) {
    size_t End = First;
    while (End < Here.size() && Here[End].Wire == Here[First].Wire)
      ++End;
    std::sort(
        Here.begin() + static_cast<ptrdiff_t>(First),
        Here.begin() + static_cast<ptrdiff_t>(End),
        [](const Target &A, const Target &B) { return A.Element < B.Element; });
    First = End;
  }
  size_t Kept = 0;
  for (const Target &T : Here)
    if (Kept != 0 && Here[Kept - 1].Wire == T.Wire &&
        Here[Kept - 1].Element == T.Element)
      // As many summands as operands: far from overflowing.
      Here[Kept - 1].Weight += T.Weight;
    else
      Here[Kept++] = T;
  return Here.first(Kept);
}

/// Adds "From -> ..." of element \p I of \p V, with what \p Targets say and, if
/// valid, \p Copies, which get StageFactor. \p Negative: of the negative rail.
bool NcReluLowering::addFanOut(ValueId V, uint32_t I, bool Negative,
                               SpeciesId From, std::span<const Target> Targets,
                               SpeciesId Copies) {
  std::vector<Term> &Products = ProductsScratch;
  Products.clear();
  DiagLocation Where;
  for (const Target &T : Targets) {
    if (T.Weight == 0)
      continue;
    uint64_t Coefficient = static_cast<uint64_t>(std::abs(T.Weight));
    if (Coefficient > MaxCoefficient) {
      Where.File = G.File;
      Where.Context = Net.provenance().describe(Wires[T.Wire].Origin);
      Diags.error(DiagId::CoefficientOverflow, std::move(Where),
                  "a sum of weights is beyond 2^31");
      return false;
    }
    Products.push_back({rail(T.Wire, T.Element, (T.Weight < 0) != Negative),
                        static_cast<uint32_t>(Coefficient)});
  }
  if (Copies.isValid())
    Products.push_back({Copies, static_cast<uint32_t>(StageFactor)});
  if (Products.size() > MaxProducts) {
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
  return true;
}

/// The wire of what is made StageFactor times in each of \p Stage stages.
uint32_t NcReluLowering::stageWire(ValueId V, uint32_t Stage,
                                   std::vector<uint32_t> &Made) {
  while (Made.size() < Stage) {
    const Wire &Of = Wires[WireOf[V.Value]];
    std::string Name = std::string(Net.signals().text(Of.Signal)) + "_up" +
                       std::to_string(StageBits * (Made.size() + 1));
    Made.push_back(addWire(E.freshSignal(Name), V, Of.Origin));
  }
  return Made[Stage - 1];
}

/// Fans a value out to its readers: a reaction a rail and element, with all of
/// them as products, and one more for each stage of large coefficients.
bool NcReluLowering::fanOut(ValueId V) {
  FanOut F = targetsOf(V);
  std::vector<uint32_t> StageWires;
  std::vector<Target> Digits;
  auto NextRaised = F.Raised.cbegin();
  for (uint32_t I = 0; I < G.value(V).Elements; ++I) {
    std::span<Target> Here(F.Targets.data() + F.Begin[I],
                           F.Begin[I + 1] - F.Begin[I]);
    auto Raised = NextRaised;
    while (NextRaised != F.Raised.cend() && NextRaised->From == I)
      ++NextRaised;
    uint32_t Stages = Raised == NextRaised ? 0 : std::prev(NextRaised)->Stage;
    if (F.Repeats)
      Here = mergeRepeats(Here);
    if (Stages == 0 &&
        std::none_of(Here.begin(), Here.end(),
                     [](const Target &T) { return T.Weight != 0; }))
      continue;
    for (bool Negative : {false, true}) {
      SpeciesId From = rail(WireOf[V.Value], I, Negative);
      std::span<const Target> At = Here;
      auto Read = Raised;
      for (uint32_t Stage = 0; Stage <= Stages; ++Stage) {
        if (Stage != 0) {
          Digits.clear();
          for (; Read != NextRaised && Read->Stage == Stage; ++Read)
            Digits.push_back(Read->To);
          At = mergeRepeats(Digits);
        }
        SpeciesId Copies;
        if (Stage != Stages)
          Copies = rail(stageWire(V, Stage + 1, StageWires), I, Negative);
        if (!addFanOut(V, I, Negative, From, At, Copies))
          return false;
        From = Copies;
      }
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
