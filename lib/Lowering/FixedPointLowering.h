//===- FixedPointLowering.h - The lowering to fixed points ------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An element of a value is read as a sum over species, times coefficients, plus
// a constant. What that sum is made of depends on the value: the two rails of
// an input or of a sum with species of its own, the one species of a unit, or,
// for a sum without, the terms of all that it adds up.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_LOWERING_FIXEDPOINTLOWERING_H
#define NN2CRN_LIB_LOWERING_FIXEDPOINTLOWERING_H

#include "nn2crn/IR/Editor.h"
#include "nn2crn/Lowering/FixedPoint.h"

namespace nn2crn::fixedpoint {

/// A species that an element is read from, and how many times it counts.
struct Source {
  SpeciesId Species;
  double Coefficient;
};

/// A sum over species plus a constant.
struct Reading {
  std::vector<Source> Sources;
  double Constant = 0;
};

/// How a value is there.
enum class Form : uint8_t {
  /// Two rails an element, which are filled from outside or relax to a sum.
  Rails,
  /// A species an element.
  Units,
  /// No species: readers read what it is made of.
  Folded,
};

/// What an element of a value is read from: sources of element i at
/// [Begin[i], Begin[i + 1]); none where the value is folded.
struct Held {
  Form F = Form::Folded;
  std::vector<uint32_t> Begin{0};
  std::vector<Source> Sources;
  void endElement() { Begin.push_back(static_cast<uint32_t>(Sources.size())); }
};

class FixedPointLowering {
public:
  FixedPointLowering(const Graph &G, Network Below, DiagnosticEngine &Diags,
                     const Sequestration *Relus = nullptr,
                     const Timing *Timer = nullptr)
      : G(G), Diags(Diags), Relus(Relus), Timer(Timer),
        Box(Relus   ? &Relus->Box
            : Timer ? &Timer->Box
                    : nullptr),
        Net(std::move(Below)), E(Net) {}
  std::optional<Network> run();

private:
  bool checkKinds();
  bool choose();
  void addInputs();
  void addSum(NodeId Id);
  void addUnits(NodeId Id);
  void addSequestrations(NodeId Id);
  void addExponentials(NodeId Id);
  bool addQuotients(NodeId Id);
  /// All exponentials, once it is known how slow their timer must be.
  bool addTimer();
  /// The most that the positive, or negative, terms of \p R add up to.
  double most(const Reading &R, bool Negative) const;
  /// How late \p R is: the integral over time of its distance from its limit.
  double lag(const Reading &R) const;
  void addOutputs();

  /// Adds \p Times element \p I of \p V.
  void read(ValueId V, uint32_t I, double Times, Reading &To) const;
  /// Adds row \p I of the sum \p N.
  void readRow(const Node &N, uint32_t I, double Times, Reading &To) const;
  /// Sources in order of species, each once.
  static void settle(Reading &R);
  void addRails(Held &H, SignalId Signal, uint32_t I, const Reading &R,
                OriginId Origin);
  SignalId signalOf(const GraphPort &Output) const {
    return OutputSignals[static_cast<size_t>(&Output - G.outputs().data())];
  }
  void bound(SpeciesId S, double Amount, double Lag) {
    if (!Box)
      return;
    Bounds.resize(std::max<size_t>(Bounds.size(), S.Value + size_t{1}));
    Bounds[S.Value] = {Amount, Lag};
  }
  /// The signal of a node's species: the output that it is, or a new one.
  SignalId signalFor(const Node &N, const char *Letter, unsigned &Count) {
    const GraphPort *Shown = ShownAs[N.Result.Value];
    return Shown ? signalOf(*Shown)
                 : E.freshSignal(Letter + std::to_string(Count++));
  }
  Rail railFor(const Node &N) const {
    return ShownAs[N.Result.Value] ? Rail::Positive : Rail::None;
  }
  OriginId originOf(const Node &N) {
    return E.provenance().addModelNode(G.source(N.Source).describe(),
                                       G.value(N.Result).Elements);
  }

  const Graph &G;
  DiagnosticEngine &Diags;
  const Sequestration *Relus;
  const Timing *Timer;
  const InputBox *Box;
  Network Net;
  Editor E;
  RateId One;
  /// By ValueId.
  std::vector<Held> Values;
  /// By ValueId: the first output that shows it, or null.
  std::vector<const GraphPort *> ShownAs;
  /// By output: the signal that its name became.
  std::vector<SignalId> OutputSignals;
  /// For inputs in the box no amount tends to more than Most, and none is later
  /// than Lag (see lag()) where it starts at 0.
  struct Bound {
    double Most, Lag;
  };
  /// By SpeciesId; only for sequestrations and timers.
  std::vector<Bound> Bounds;
  struct Exponential {
    SpeciesId Species;
    Reading Argument;
    OriginId Origin;
    NodeId Node;
  };
  std::vector<Exponential> Exponentials;
  unsigned Layer = 0, Sums = 0, Exps = 0, Quotients = 0;
};

} // namespace nn2crn::fixedpoint

#endif
