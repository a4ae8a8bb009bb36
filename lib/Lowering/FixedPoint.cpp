//===- FixedPoint.cpp -----------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FixedPointLowering.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;
using namespace nn2crn::fixedpoint;

//===----------------------------------------------------------------------===//
// Which sums have species
//===----------------------------------------------------------------------===//

static bool isExponential(const Node &N) {
  return N.Kind == NodeKind::Smooth && N.Function.Kind == SmoothKind::Exp;
}

bool FixedPointLowering::checkKinds() {
  for (const Node &N : G.nodes()) {
    if (N.Kind == NodeKind::Affine || N.Kind == NodeKind::Quotient)
      continue;
    bool Smoothed = N.Kind == NodeKind::Smooth &&
                    N.Function.Kind == SmoothKind::SmoothedRelu;
    if (Smoothed || (N.Kind == NodeKind::Relu && Relus) ||
        (isExponential(N) && Timer))
      continue;
    Diags
        .error(DiagId::UnsupportedOperator, G.locate(N.Source),
               "expected a smoothed ReLU, found " +
                   std::string(N.Kind == NodeKind::Relu ? "Relu"
                                                        : N.Function.name()))
        .note("replace activations by smoothed ReLUs first");
    return false;
  }
  return true;
}

/// A sum has species where that takes fewer reactions: with t terms and r
/// readers, t + 2 + 2 r with them and t r without. Outputs always have.
bool FixedPointLowering::choose() {
  std::vector<std::vector<uint64_t>> Reads(G.values().size()),
      Terms(G.values().size());
  for (size_t V = 0; V < G.values().size(); ++V)
    Reads[V].resize(G.values()[V].Elements);
  for (const Node &N : G.nodes())
    for (const Node::Operand &O : N.Operands) {
      auto &Of = Reads[O.Value.Value];
      if (N.Kind != NodeKind::Affine && N.Kind != NodeKind::Quotient)
        for (uint64_t &R : Of)
          ++R;
      else
        for (uint32_t R = 0; R < O.Weights.rows(); ++R)
          for (uint32_t C : O.Weights.columnsOf(R))
            ++Of[C];
    }
  uint64_t Reactions = 0;
  for (const GraphPort &P : G.inputs())
    Terms[P.Value.Value].assign(G.value(P.Value).Elements, 2);
  for (const Node &N : G.nodes()) {
    auto &Mine = Terms[N.Result.Value];
    uint32_t Elements = G.value(N.Result).Elements;
    if (N.Kind != NodeKind::Affine) {
      if (N.Kind != NodeKind::Quotient)
        for (uint64_t T : Terms[N.Operands[0].Value.Value])
          Reactions += T + 3;
      else
        for (const Node::Operand &O : N.Operands)
          for (uint32_t R = 0; R < Elements; ++R)
            for (uint32_t C : O.Weights.columnsOf(R))
              Reactions += Terms[O.Value.Value][C];
      Mine.assign(Elements, 1);
      Values[N.Result.Value].F = Form::Units;
      continue;
    }
    Mine.assign(Elements, 0);
    for (const Node::Operand &O : N.Operands)
      for (uint32_t R = 0; R < Elements; ++R)
        for (uint32_t C : O.Weights.columnsOf(R))
          Mine[R] += Terms[O.Value.Value][C];
    uint64_t With = 0, Without = 0, Own = 0;
    for (uint32_t I = 0; I < Elements; ++I) {
      uint64_t R = Reads[N.Result.Value][I];
      Own += Mine[I] + 3;
      With += Mine[I] + 2 + 2 * R;
      Without += Mine[I] * R;
    }
    if (!ShownAs[N.Result.Value] && Without <= With)
      continue;
    Values[N.Result.Value].F = Form::Rails;
    Reactions += Own;
    Mine.assign(Elements, 2);
  }
  if (Reactions < UINT32_MAX / 4)
    return true;
  DiagLocation Where;
  Where.File = G.File;
  Diags
      .error(DiagId::NetworkTooLarge, std::move(Where),
             "the network would have more than 2^30 reactions")
      .note("compile a smaller model");
  return false;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

void FixedPointLowering::readRow(const Node &N, uint32_t I, double Times,
                                 Reading &To) const {
  for (const Node::Operand &O : N.Operands) {
    auto Columns = O.Weights.columnsOf(I);
    auto Weights = O.Weights.weightsOf(I);
    for (size_t K = 0; K < Columns.size(); ++K)
      read(O.Value, Columns[K], Times * Weights[K], To);
  }
  if (!N.Bias.empty())
    To.Constant += Times * N.Bias[I];
}

void FixedPointLowering::read(ValueId V, uint32_t I, double Times,
                              Reading &To) const {
  const Held &H = Values[V.Value];
  if (H.F == Form::Folded)
    return readRow(G.node(G.value(V).Producer), I, Times, To);
  for (uint32_t K = H.Begin[I]; K < H.Begin[I + 1]; ++K)
    To.Sources.push_back(
        {H.Sources[K].Species, Times * H.Sources[K].Coefficient});
}

void FixedPointLowering::settle(Reading &R) {
  std::ranges::stable_sort(R.Sources, {},
                           [](const Source &S) { return S.Species.Value; });
  size_t Kept = 0;
  for (const Source &S : R.Sources)
    if (Kept != 0 && R.Sources[Kept - 1].Species == S.Species)
      R.Sources[Kept - 1].Coefficient += S.Coefficient;
    else
      R.Sources[Kept++] = S;
  R.Sources.resize(Kept);
  std::erase_if(R.Sources, [](const Source &S) { return S.Coefficient == 0; });
}

//===----------------------------------------------------------------------===//
// Reactions
//===----------------------------------------------------------------------===//

/// The inputs: ports of their own, or outputs of the network below.
void FixedPointLowering::addInputs() {
  for (const GraphPort &P : G.inputs()) {
    Held &H = Values[P.Value.Value];
    H.F = Form::Rails;
    uint32_t Elements = G.value(P.Value).Elements;
    auto Ports = Net.ports();
    auto Below = std::ranges::find_if(Ports, [&](const Port &Q) {
      return Q.Name == P.Name && Q.Direction == PortDirection::Output;
    });
    if (Below != Ports.end()) {
      for (uint32_t I = 0; I < Elements; ++I) {
        for (const PortTerm &T : Below->element(I))
          H.Sources.push_back(
              {T.Species, T.Coefficient / Below->scale(I).value()});
        H.endElement();
      }
      E.erasePort(static_cast<size_t>(Below - Ports.begin()));
      continue;
    }
    SignalId Signal = E.signal(P.Name);
    OriginId Origin =
        E.provenance().addModelNode("input '" + P.Name + "'", Elements);
    ValueRange Range;
    if (Box)
      Range = boxOf(*Box, static_cast<size_t>(&P - G.inputs().data()));
    Port Made;
    Made.Name = P.Name;
    Made.Direction = PortDirection::Input;
    Made.Shape = P.Shape;
    for (uint32_t I = 0; I < Elements; ++I) {
      OriginId Mine(Origin.Value + I);
      SpeciesId Up = E.addSpecies(SpeciesName(Signal, I, Rail::Positive), Mine);
      SpeciesId Down =
          E.addSpecies(SpeciesName(Signal, I, Rail::Negative), Mine);
      bound(Up, std::max(Range.High, 0.0), 0);
      bound(Down, std::max(-Range.Low, 0.0), 0);
      H.Sources.push_back({Up, 1});
      H.Sources.push_back({Down, -1});
      H.endElement();
      PortTerm Terms[] = {{Up, 1}, {Down, -1}};
      Made.addElement(Terms);
    }
    E.addPort(std::move(Made));
  }
}

/// Species \p Signal.I.p and \p Signal.I.n that relax to the positive and the
/// negative terms of \p R, each where there are any.
void FixedPointLowering::addRails(Held &H, SignalId Signal, uint32_t I,
                                  const Reading &R, OriginId Origin) {
  for (bool Negative : {false, true}) {
    double Sign = Negative ? -1 : 1;
    SpeciesId S;
    auto There = [&] {
      if (!S.isValid())
        S = E.addSpecies(
            SpeciesName(Signal, I, Negative ? Rail::Negative : Rail::Positive),
            Origin);
      return S;
    };
    if (Sign * R.Constant > 0)
      E.addReaction({}, {{There(), 1}}, E.rate(Number(std::fabs(R.Constant))),
                    Origin);
    for (const Source &From : R.Sources)
      if (Sign * From.Coefficient > 0)
        E.addReaction({{From.Species, 1}}, {{From.Species, 1}, {There(), 1}},
                      E.rate(Number(std::fabs(From.Coefficient))), Origin);
    if (!S.isValid())
      continue;
    E.addReaction({{S, 1}}, {}, One, Origin);
    // Decay with rate 1 from a distance of at most all that there will be.
    if (Box)
      bound(S, most(R, Negative), most(R, Negative) + lag(R));
    H.Sources.push_back({S, Sign});
  }
  H.endElement();
}

void FixedPointLowering::addSum(NodeId Id) {
  const Node &N = G.node(Id);
  Held &H = Values[N.Result.Value];
  if (H.F == Form::Folded)
    return;
  SignalId Signal = signalFor(N, "v", Sums);
  OriginId Origin = originOf(N);
  Reading R;
  for (uint32_t I = 0; I < G.value(N.Result).Elements; ++I) {
    R = {};
    readRow(N, I, 1, R);
    settle(R);
    addRails(H, Signal, I, R, OriginId(Origin.Value + I));
  }
}

double FixedPointLowering::most(const Reading &R, bool Negative) const {
  if (!Box)
    return 0;
  double Sign = Negative ? -1 : 1, Sum = std::max(Sign * R.Constant, 0.0);
  for (const Source &From : R.Sources)
    if (Sign * From.Coefficient > 0)
      Sum += std::fabs(From.Coefficient) * Bounds[From.Species.Value].Most;
  return Sum;
}

/// A sum on two rails that take each other away, of which the positive one is
/// the result.
void FixedPointLowering::addSequestrations(NodeId Id) {
  const Node &N = G.node(Id);
  Held &H = Values[N.Result.Value];
  SignalId Signal = signalFor(N, "u", Layer);
  OriginId Origin = originOf(N);
  Reading R;
  for (uint32_t I = 0; I < G.value(N.Result).Elements; ++I) {
    R = {};
    read(N.Operands[0].Value, I, 1, R);
    settle(R);
    OriginId Mine(Origin.Value + I);
    Held Rails;
    addRails(Rails, Signal, I, R, Mine);
    if (Rails.Sources.size() == 2) {
      double Smaller = std::min(most(R, false), most(R, true));
      double Fast = std::max(1.0, Smaller / (Relus->Error * Relus->Error));
      E.addReaction(
          {{Rails.Sources[0].Species, 1}, {Rails.Sources[1].Species, 1}}, {},
          E.rate(Number(Fast)), Mine);
    }
    if (!Rails.Sources.empty() && Rails.Sources[0].Coefficient > 0)
      H.Sources.push_back(Rails.Sources[0]);
    H.endElement();
  }
}

void FixedPointLowering::addUnits(NodeId Id) {
  const Node &N = G.node(Id);
  Held &H = Values[N.Result.Value];
  SignalId Signal = signalFor(N, "u", Layer);
  OriginId Origin = originOf(N);
  RateId Smoothing = E.rate(Number(double{N.Function.Alpha}));
  auto RateOf = [&](double C) { return E.rate(Number(std::fabs(C))); };
  Reading R;
  for (uint32_t I = 0; I < G.value(N.Result).Elements; ++I) {
    R = {};
    read(N.Operands[0].Value, I, 1, R);
    settle(R);
    OriginId Mine(Origin.Value + I);
    SpeciesId Y = E.addSpecies(SpeciesName(Signal, I, railFor(N)), Mine);
    E.addReaction({}, {{Y, 1}}, Smoothing, Mine);
    E.addReaction({{Y, 2}}, {{Y, 1}}, One, Mine);
    if (R.Constant > 0)
      E.addReaction({{Y, 1}}, {{Y, 2}}, RateOf(R.Constant), Mine);
    else if (R.Constant < 0)
      E.addReaction({{Y, 1}}, {}, RateOf(R.Constant), Mine);
    for (const Source &From : R.Sources)
      if (From.Coefficient > 0)
        E.addReaction({{From.Species, 1}, {Y, 1}}, {{From.Species, 1}, {Y, 2}},
                      RateOf(From.Coefficient), Mine);
      else
        E.addReaction({{From.Species, 1}, {Y, 1}}, {{From.Species, 1}},
                      RateOf(From.Coefficient), Mine);
    if (Box) {
      // s(x) is at most x and sqrt(h) above 0. The distance from it falls at
      // least as fast as the distance of log(y + h / s), but for what moves x.
      double Small = N.Function.Alpha, Most = most(R, false) + std::sqrt(Small);
      bound(Y, Most, std::log1p(Most * Most / Small) + lag(R));
    }
    H.Sources.push_back({Y, 1});
    H.endElement();
  }
}

void FixedPointLowering::addOutputs() {
  for (const GraphPort &P : G.outputs()) {
    const Held *H = &Values[P.Value.Value];
    // An input that is an output gets a copy that nothing else uses.
    Held Copy;
    if (!G.value(P.Value).Producer.isValid()) {
      Copy.F = Form::Rails;
      SignalId Signal = signalOf(P);
      OriginId Origin = E.provenance().addModelNode("output '" + P.Name + "'",
                                                    G.value(P.Value).Elements);
      for (uint32_t I = 0; I < G.value(P.Value).Elements; ++I) {
        Reading R;
        read(P.Value, I, 1, R);
        addRails(Copy, Signal, I, R, OriginId(Origin.Value + I));
      }
      H = &Copy;
    }
    Port Made;
    Made.Name = P.Name;
    Made.Direction = PortDirection::Output;
    Made.Meaning = P.Meaning;
    Made.Shape = P.Shape;
    std::vector<PortTerm> Terms;
    for (size_t I = 0; I + 1 < H->Begin.size(); ++I) {
      Terms.clear();
      for (uint32_t K = H->Begin[I]; K < H->Begin[I + 1]; ++K)
        Terms.push_back({H->Sources[K].Species, H->Sources[K].Coefficient});
      Made.addElement(Terms);
    }
    E.addPort(std::move(Made));
  }
}

std::optional<Network> FixedPointLowering::run() {
  if (!checkKinds())
    return std::nullopt;
  Values.resize(G.values().size());
  ShownAs.resize(G.values().size());
  for (const GraphPort &P : G.outputs())
    if (!ShownAs[P.Value.Value])
      ShownAs[P.Value.Value] = &P;
  if (!choose())
    return std::nullopt;
  Net.Name = G.Name;
  One = E.rate(1);
  addInputs();
  // Names of ports come first: everything else makes way.
  for (const GraphPort &P : G.outputs())
    OutputSignals.push_back(
        E.freshSignal(P.Name + (Net.signals().find(P.Name) ? "_out" : "")));
  for (uint32_t I = 0; I < G.nodes().size(); ++I)
    if (const Node &N = G.node(NodeId(I)); N.Kind == NodeKind::Affine)
      addSum(NodeId(I));
    else if (N.Kind == NodeKind::Relu)
      addSequestrations(NodeId(I));
    else if (N.Kind == NodeKind::Quotient) {
      if (!addQuotients(NodeId(I)))
        return std::nullopt;
    } else if (isExponential(N))
      addExponentials(NodeId(I));
    else
      addUnits(NodeId(I));
  if (!addTimer())
    return std::nullopt;
  addOutputs();
  return std::move(Net);
}

std::optional<Network> nn2crn::lowerFixedPoint(const Graph &G,
                                               DiagnosticEngine &Diags,
                                               const Sequestration *Relus,
                                               const Timing *Timer) {
  return FixedPointLowering(G, Network(), Diags, Relus, Timer).run();
}

std::optional<Network> nn2crn::lowerFixedPoint(const Graph &G, Network Below,
                                               DiagnosticEngine &Diags) {
  return FixedPointLowering(G, std::move(Below), Diags).run();
}
