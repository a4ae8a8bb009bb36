//===- ONNXRecurrent.cpp - Loops of known length, unrolled ----------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A simple recurrent layer, h = f(W x + R h + B), is as many layers as the
// sequence has steps. Gated ones (LSTM, GRU) multiply two signals.
//
//===----------------------------------------------------------------------===//

#include "ONNXOperator.h"

using namespace nn2crn;
using namespace nn2crn::onnxreader;

namespace {
/// The extents of a recurrent layer.
struct Extents {
  int64_t Steps, Cases, Inputs, Directions, Hidden;
  /// Cases are the first axis of data and results, not the second.
  bool CasesFirst;

  uint32_t input(int64_t Step, int64_t Case, int64_t I) const {
    int64_t Outer = CasesFirst ? Case * Steps + Step : Step * Cases + Case;
    return static_cast<uint32_t>(Outer * Inputs + I);
  }
  /// Of an initial state.
  uint32_t state(int64_t Direction, int64_t Case, int64_t H) const {
    int64_t Outer =
        CasesFirst ? Case * Directions + Direction : Direction * Cases + Case;
    return static_cast<uint32_t>(Outer * Hidden + H);
  }
  Shape states() const {
    return CasesFirst ? Shape{Cases, Directions, Hidden}
                      : Shape{Directions, Cases, Hidden};
  }
};
} // namespace

/// Adds \p Count weights of row \p Row of \p From to a row of \p M, for columns
/// that ascend from \p Column on.
static void addRow(SparseMatrix &M, const Constant &From, int64_t Row,
                   int64_t Count, uint32_t Column) {
  for (int64_t I = 0; I < Count; ++I)
    M.add(Column + static_cast<uint32_t>(I),
          From.Data[static_cast<size_t>(Row * Count + I)]);
}

Tensor Operator::recurrent() {
  auto Direction = text("direction", "forward");
  auto Layout = integer("layout", 0);
  auto Size = integer("hidden_size", 0);
  if (!Direction || !Layout || !Size)
    return {};
  for (const char *Name : {"clip", "activation_alpha", "activation_beta"})
    if (attribute(Name))
      return refuse(std::string("with the attribute '") + Name + "'");
  const Tensor &X = *In[0];
  const Constant *W = constantOperand(1, "weights"),
                 *Back = constantOperand(2, "weights"),
                 *Bias = has(3) ? constantOperand(3, "biases") : nullptr;
  if (!W || !Back || (has(3) && !Bias) || !mayCompute(X))
    return {};
  bool Backward = *Direction == "reverse", Both = *Direction == "bidirectional";
  if (!Backward && !Both && *Direction != "forward")
    return fail(DiagId::BadAttribute,
                "'" + printable(*Direction) + "' is no direction");
  Extents E{};
  E.CasesFirst = *Layout != 0;
  E.Directions = Both ? 2 : 1;
  if (X.Dims.size() != 3 || In[1]->Dims.size() != 3)
    return mismatch("apply a recurrent layer to", X, *In[1]);
  E.Steps = X.Dims[E.CasesFirst ? 1 : 0];
  E.Cases = X.Dims[E.CasesFirst ? 0 : 1];
  E.Inputs = X.Dims[2];
  E.Hidden = In[1]->Dims[1];
  if (In[1]->Dims != Shape{E.Directions, E.Hidden, E.Inputs} ||
      In[2]->Dims != Shape{E.Directions, E.Hidden, E.Hidden} ||
      (Bias && In[3]->Dims != Shape{E.Directions, 2 * E.Hidden}) ||
      (has(5) && In[5]->Dims != E.states()) ||
      (*Size != 0 && *Size != E.Hidden))
    return mismatch("apply a recurrent layer to", X, *In[1]);
  if (has(4)) {
    const Constant *Lengths = constantOperand(4, "lengths");
    if (!Lengths)
      return {};
    for (double L : Lengths->Data)
      if (L != static_cast<double>(E.Steps))
        return refuse("with sequences of different lengths");
  }
  std::vector<std::string> Functions(static_cast<size_t>(E.Directions), "Tanh");
  if (const onnx::AttributeProto *A = attribute("activations"))
    Functions.assign(A->strings().begin(), A->strings().end());
  if (Functions.size() != static_cast<size_t>(E.Directions))
    return fail(DiagId::BadAttribute, "expected " +
                                          std::to_string(E.Directions) +
                                          " activations, found " +
                                          std::to_string(Functions.size()));
  uint64_t PerStep = static_cast<uint64_t>(E.Cases * E.Hidden) *
                     static_cast<uint64_t>(E.Inputs + E.Hidden);
  Shape All = E.CasesFirst
                  ? Shape{E.Cases, E.Steps, E.Directions, E.Hidden}
                  : Shape{E.Steps, E.Directions, E.Cases, E.Hidden};
  if (!fits(All) || !fits(E.states(), PerStep) ||
      !fits({}, PerStep * static_cast<uint64_t>(E.Steps * E.Directions)))
    return {};

  // The states after each step, one direction after the other.
  std::vector<Tensor> States;
  Shape StateDims{E.Cases * E.Hidden};
  for (int64_t D = 0; D < E.Directions; ++D) {
    Tensor Last;
    if (has(5)) {
      std::vector<uint32_t> Of;
      for (int64_t C = 0; C < E.Cases; ++C)
        for (int64_t H = 0; H < E.Hidden; ++H)
          Of.push_back(E.state(D, C, H));
      Last = pick(StateDims, *In[5], Of);
    }
    const std::string &Function = Functions[static_cast<size_t>(D)];
    for (int64_t Step = 0; Step < E.Steps; ++Step) {
      int64_t At = Backward || D == 1 ? E.Steps - 1 - Step : Step;
      SparseMatrix FromX(static_cast<uint32_t>(elementsOf(X.Dims))),
          FromLast(static_cast<uint32_t>(E.Cases * E.Hidden));
      std::vector<double> Biases;
      for (int64_t C = 0; C < E.Cases; ++C)
        for (int64_t H = 0; H < E.Hidden; ++H) {
          addRow(FromX, *W, D * E.Hidden + H, E.Inputs, E.input(At, C, 0));
          FromX.endRow();
          addRow(FromLast, *Back, D * E.Hidden + H, E.Hidden,
                 static_cast<uint32_t>(C * E.Hidden));
          FromLast.endRow();
          auto Place = static_cast<size_t>(2 * D * E.Hidden + H);
          if (Bias)
            Biases.push_back(Bias->Data[Place] +
                             Bias->Data[Place + static_cast<size_t>(E.Hidden)]);
        }
      std::vector<Term> Terms;
      Terms.push_back({&X, std::move(FromX)});
      if (Step > 0 || has(5))
        Terms.push_back({&Last, std::move(FromLast)});
      Tensor Sum =
          affine(StateDims, X.Type, std::move(Terms), std::move(Biases));
      if (Function == "Relu")
        Last = positive(Sum);
      else if (Function == "Tanh" || Function == "Sigmoid")
        Last = applied(Sum, {Function == "Tanh" ? SmoothKind::Tanh
                                                : SmoothKind::Sigmoid});
      else
        return refuse("with the activation " + printable(Function));
      if (Last.S == Tensor::State::Broken)
        return {};
      States.push_back(Last);
    }
  }

  std::vector<const Tensor *> Parts;
  for (const Tensor &T : States)
    Parts.push_back(&T);
  // Element H of case C after the step that saw position At.
  auto Place = [&](int64_t D, int64_t At, int64_t C, int64_t H) {
    int64_t Step = Backward || D == 1 ? E.Steps - 1 - At : At;
    return static_cast<uint32_t>(
        ((D * E.Steps + Step) * E.Cases + C) * E.Hidden + H);
  };
  std::vector<uint32_t> OfAll(elementsOf(All)), OfLast(elementsOf(E.states()));
  for (int64_t D = 0; D < E.Directions; ++D)
    for (int64_t C = 0; C < E.Cases; ++C)
      for (int64_t H = 0; H < E.Hidden; ++H) {
        for (int64_t At = 0; At < E.Steps; ++At) {
          int64_t Outer = E.CasesFirst
                              ? (C * E.Steps + At) * E.Directions + D
                              : (At * E.Directions + D) * E.Cases + C;
          OfAll[static_cast<size_t>(Outer * E.Hidden + H)] =
              Place(D, At, C, H);
        }
        int64_t End = Backward || D == 1 ? 0 : E.Steps - 1;
        OfLast[E.state(D, C, H)] = Place(D, End, C, H);
      }
  More.push_back(pick(E.states(), Parts, OfLast));
  // What nobody asked for is not made.
  if (N.output(0).empty())
    return {};
  return pick(All, Parts, OfAll);
}
