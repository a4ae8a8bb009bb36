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

/// A recurrent layer. States are [cases, hidden], one a direction and step.
struct Operator::Layer {
  int64_t Steps = 0, Cases = 0, Inputs = 0, Directions = 1, Hidden = 0;
  /// Cases are the first axis of data and results, not the second.
  bool CasesFirst = false;
  /// The only direction is from the end.
  bool Reversed = false;
  /// One a direction.
  std::vector<std::string> Functions;
  const Constant *W = nullptr, *R = nullptr, *B = nullptr;

  /// Which position of the sequence a step sees, and the other way round.
  int64_t turned(int64_t D, int64_t Step) const {
    return Reversed || D == 1 ? Steps - 1 - Step : Step;
  }
  Shape stateDims() const {
    return CasesFirst ? Shape{Cases, Directions, Hidden}
                      : Shape{Directions, Cases, Hidden};
  }
  Shape allDims() const {
    return CasesFirst ? Shape{Cases, Steps, Directions, Hidden}
                      : Shape{Steps, Directions, Cases, Hidden};
  }
  /// Elements of the data, of a tensor of states, and of all states.
  uint32_t input(int64_t At, int64_t Case, int64_t I) const {
    int64_t Outer = CasesFirst ? Case * Steps + At : At * Cases + Case;
    return static_cast<uint32_t>(Outer * Inputs + I);
  }
  size_t state(int64_t D, int64_t Case, int64_t H) const {
    int64_t Outer = CasesFirst ? Case * Directions + D : D * Cases + Case;
    return static_cast<size_t>(Outer * Hidden + H);
  }
  size_t element(int64_t D, int64_t At, int64_t Case, int64_t H) const {
    int64_t Outer = CasesFirst ? (Case * Steps + At) * Directions + D
                               : (At * Directions + D) * Cases + Case;
    return static_cast<size_t>(Outer * Hidden + H);
  }
  /// Element H of a case after the step that saw position \p At, among all
  /// states one after the other.
  uint32_t made(int64_t D, int64_t At, int64_t Case, int64_t H) const {
    int64_t Step = turned(D, At);
    return static_cast<uint32_t>(((D * Steps + Step) * Cases + Case) * Hidden +
                                 H);
  }
};

bool Operator::readLayer(Layer &L) {
  auto Direction = text("direction", "forward");
  auto CasesFirst = integer("layout", 0), Size = integer("hidden_size", 0);
  if (!Direction || !CasesFirst || !Size)
    return false;
  bool Both = *Direction == "bidirectional";
  L.Reversed = *Direction == "reverse";
  if (!L.Reversed && !Both && *Direction != "forward") {
    fail(DiagId::BadAttribute,
         "'" + printable(*Direction) + "' is no direction");
    return false;
  }
  L.Directions = Both ? 2 : 1;
  L.CasesFirst = *CasesFirst != 0;
  L.W = constantOperand(1, "weights");
  L.R = constantOperand(2, "weights");
  L.B = has(3) ? constantOperand(3, "biases") : nullptr;
  if (!L.W || !L.R || (has(3) && !L.B))
    return false;
  const Shape &X = In[0]->Dims, &W = In[1]->Dims;
  if (X.size() == 3 && W.size() == 3) {
    L.Steps = X[L.CasesFirst ? 1 : 0];
    L.Cases = X[L.CasesFirst ? 0 : 1];
    L.Inputs = X[2];
    L.Hidden = W[1];
  }
  if (L.Steps == 0 || W != Shape{L.Directions, L.Hidden, L.Inputs} ||
      In[2]->Dims != Shape{L.Directions, L.Hidden, L.Hidden} ||
      (L.B && In[3]->Dims != Shape{L.Directions, 2 * L.Hidden}) ||
      (has(5) && In[5]->Dims != L.stateDims()) ||
      (*Size != 0 && *Size != L.Hidden)) {
    mismatch("apply a recurrent layer to", *In[0], *In[1]);
    return false;
  }
  L.Functions.assign(static_cast<size_t>(L.Directions), "Tanh");
  if (const onnx::AttributeProto *A = attribute("activations"))
    L.Functions.assign(A->strings().begin(), A->strings().end());
  if (L.Functions.size() == static_cast<size_t>(L.Directions))
    return true;
  fail(DiagId::BadAttribute, "expected an activation a direction, found " +
                                 std::to_string(L.Functions.size()));
  return false;
}

/// Adds row \p Row of \p From, which has \p Count columns, to a row of \p M, at
/// the columns from \p Column on.
static void addRow(SparseMatrix &M, const Constant &From, int64_t Row,
                   int64_t Count, uint32_t Column) {
  for (int64_t I = 0; I < Count; ++I)
    M.add(Column + static_cast<uint32_t>(I),
          From.Data[static_cast<size_t>(Row * Count + I)]);
}

Tensor Operator::step(const Layer &L, int64_t D, int64_t At,
                      const Tensor *Before) {
  const Tensor &X = *In[0];
  SparseMatrix FromX(static_cast<uint32_t>(elementsOf(X.Dims))),
      FromState(static_cast<uint32_t>(L.Cases * L.Hidden));
  std::vector<double> Bias;
  for (int64_t Case = 0; Case < L.Cases; ++Case)
    for (int64_t H = 0; H < L.Hidden; ++H) {
      int64_t Row = D * L.Hidden + H;
      addRow(FromX, *L.W, Row, L.Inputs, L.input(At, Case, 0));
      FromX.endRow();
      addRow(FromState, *L.R, Row, L.Hidden,
             static_cast<uint32_t>(Case * L.Hidden));
      FromState.endRow();
      // One for each of W and R.
      auto Place = static_cast<size_t>(Row + D * L.Hidden);
      if (L.B)
        Bias.push_back(L.B->Data[Place] +
                       L.B->Data[Place + static_cast<size_t>(L.Hidden)]);
    }
  std::vector<Term> Terms;
  Terms.push_back({&X, std::move(FromX)});
  if (Before)
    Terms.push_back({Before, std::move(FromState)});
  Tensor Sum =
      affine({L.Cases * L.Hidden}, X.Type, std::move(Terms), std::move(Bias));
  const std::string &Function = L.Functions[static_cast<size_t>(D)];
  if (Function == "Relu")
    return positive(Sum);
  if (Function == "Tanh")
    return applied(Sum, {SmoothKind::Tanh});
  if (Function == "Sigmoid")
    return applied(Sum, {SmoothKind::Sigmoid});
  return refuse("with the activation " + printable(Function));
}

Tensor Operator::recurrent() {
  for (const char *Name : {"clip", "activation_alpha", "activation_beta"})
    if (attribute(Name))
      return refuse(std::string("with the attribute '") + Name + "'");
  Layer L;
  if (!readLayer(L) || !mayCompute(*In[0]))
    return {};
  if (has(4)) {
    const Constant *Lengths = constantOperand(4, "lengths");
    if (!Lengths)
      return {};
    for (double Length : Lengths->Data)
      if (Length != static_cast<double>(L.Steps))
        return refuse("with sequences of different lengths");
  }
  uint64_t Weights =
      elementsOf(L.allDims()) * static_cast<uint64_t>(L.Inputs + L.Hidden);
  if (!fits(L.allDims(), Weights))
    return {};

  std::vector<Tensor> States;
  for (int64_t D = 0; D < L.Directions; ++D) {
    Tensor Last;
    if (has(5)) {
      std::vector<uint32_t> Of;
      for (int64_t Case = 0; Case < L.Cases; ++Case)
        for (int64_t H = 0; H < L.Hidden; ++H)
          Of.push_back(static_cast<uint32_t>(L.state(D, Case, H)));
      Last = pick({L.Cases * L.Hidden}, *In[5], Of);
    }
    for (int64_t Step = 0; Step < L.Steps; ++Step) {
      bool IsFirst = Step == 0 && !has(5);
      Last = step(L, D, L.turned(D, Step), IsFirst ? nullptr : &Last);
      if (Last.S == Tensor::State::Broken)
        return {};
      States.push_back(Last);
    }
  }
  std::vector<const Tensor *> Parts;
  for (const Tensor &T : States)
    Parts.push_back(&T);
  std::vector<uint32_t> All(elementsOf(L.allDims())),
      Final(elementsOf(L.stateDims()));
  for (int64_t D = 0; D < L.Directions; ++D)
    for (int64_t Case = 0; Case < L.Cases; ++Case)
      for (int64_t H = 0; H < L.Hidden; ++H) {
        for (int64_t At = 0; At < L.Steps; ++At)
          All[L.element(D, At, Case, H)] = L.made(D, At, Case, H);
        Final[L.state(D, Case, H)] =
            L.made(D, L.turned(D, L.Steps - 1), Case, H);
      }
  More.push_back(pick(L.stateDims(), Parts, Final));
  // What nobody asked for is not made.
  if (N.output(0).empty())
    return {};
  return pick(L.allDims(), Parts, All);
}
