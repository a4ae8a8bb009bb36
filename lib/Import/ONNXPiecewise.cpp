//===- ONNXPiecewise.cpp - What ReLUs express -----------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXOperator.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace nn2crn;
using namespace nn2crn::onnxreader;

Tensor Operator::relu() { return positive(*In[0]); }

Tensor Operator::absolute() {
  const Tensor &X = *In[0];
  return sum(positive(X), 1, positive(scaled(X, -1)), 1);
}

Tensor Operator::leakyRelu() {
  auto Alpha = real("alpha", 0.01f);
  if (!Alpha)
    return {};
  // a x + (1 - a) max(x, 0)
  return sum(*In[0], *Alpha, positive(*In[0]), 1 - *Alpha);
}

Tensor Operator::pRelu() {
  const Tensor &X = *In[0];
  const Constant *Slope = constantOperand(1, "a slope");
  if (!Slope || !mayCompute(X))
    return {};
  // Before set 7 a list of slopes is one a channel, the second axis.
  Shape Dims = In[1]->Dims;
  if (R.Opset < 7 && Dims.size() == 1 && X.Dims.size() > 1)
    Dims.insert(Dims.end(), X.Dims.size() - 2, 1);
  if (broadcast(X.Dims, Dims) != X.Dims)
    return mismatch("apply slopes to", X, *In[1]);
  if (!fits(X.Dims))
    return {};
  std::vector<double> Left, Right;
  for (uint32_t Index : broadcastIndex(Dims, X.Dims)) {
    Left.push_back(Slope->Data[Index]);
    Right.push_back(1 - Slope->Data[Index]);
  }
  std::vector<uint32_t> Of(Left.size());
  for (uint32_t I = 0; I < Of.size(); ++I)
    Of[I] = I;
  Tensor Above = positive(X);
  if (Above.S == Tensor::State::Broken || !fits(X.Dims, 2 * Of.size()))
    return {};
  auto Diagonal = [&](const std::vector<double> &Weights) {
    SparseMatrix M(static_cast<uint32_t>(Weights.size()));
    M.reserve(Weights.size(), Weights.size());
    for (uint32_t I = 0; I < Weights.size(); ++I) {
      M.add(I, Weights[I]);
      M.endRow();
    }
    return M;
  };
  std::vector<Term> Terms;
  Terms.push_back({&X, Diagonal(Left)});
  Terms.push_back({&Above, Diagonal(Right)});
  return affine(X.Dims, X.Type, std::move(Terms));
}

Tensor Operator::thresholdedRelu() {
  auto Alpha = real("alpha", 1);
  if (!Alpha)
    return {};
  if (*Alpha == 0)
    return positive(*In[0]);
  double Threshold = *Alpha;
  const Tensor *One = In[0];
  if (One->isKnown())
    return folded({&One, 1}, One->Type,
                  [Threshold](auto V) { return V[0] > Threshold ? V[0] : 0; });
  return refuse("with a threshold that is not 0, where it jumps");
}

Tensor Operator::clip() {
  const Tensor &X = *In[0];
  double Bounds[2] = {-INFINITY, INFINITY};
  const char *Names[] = {"min", "max"};
  bool Computed = false;
  for (size_t I = 0; I < 2; ++I) {
    if (const onnx::AttributeProto *A = attribute(Names[I])) {
      if (std::isnan(A->f()))
        return fail(DiagId::BadAttribute, "a bound is not a number");
      Bounds[I] = A->f();
    }
    if (!has(I + 1))
      continue;
    if (elementsOf(In[I + 1]->Dims) != 1)
      return fail(DiagId::ShapeMismatch,
                  "expected a single number as bound, found the shape " +
                      dimsText(In[I + 1]->Dims));
    if (In[I + 1]->isKnown())
      Bounds[I] = In[I + 1]->Known->Data[0];
    Computed |= In[I + 1]->isActivation();
  }
  // The greatest number of a type is how exporters write "no bound".
  auto [Low, High] = rangeOf(X.Type);
  if (isFloating(X.Type)) {
    High = X.Type == onnx::TensorProto::FLOAT16
               ? 65504
               : double{std::numeric_limits<float>::max()};
    Low = -High;
  }
  if (Bounds[0] <= Low)
    Bounds[0] = -INFINITY;
  if (Bounds[1] >= High)
    Bounds[1] = INFINITY;
  if (!Computed)
    return clipped(X, Bounds[0], Bounds[1]);
  Tensor Out = X;
  for (size_t I = 0; I < 2; ++I) {
    if (!has(I + 1) || (In[I + 1]->isKnown() && std::isinf(Bounds[I])))
      continue;
    Tensor Bound = renamed(*In[I + 1], {});
    Out = greater(Out, Bound, I == 0 ? 1 : -1);
  }
  return Out;
}

Tensor Operator::hardSigmoid() {
  auto Alpha = real("alpha", 0.2f), Beta = real("beta", 0.5f);
  if (!Alpha || !Beta)
    return {};
  return clipped(scaled(*In[0], *Alpha, *Beta), 0, 1);
}

Tensor Operator::shrink() {
  auto Bias = real("bias", 0), Lambda = real("lambd", 0.5f);
  if (!Bias || !Lambda)
    return {};
  const Tensor *X = In[0];
  double B = *Bias, L = *Lambda;
  if (X->isKnown())
    return folded({&X, 1}, X->Type, [=](auto V) {
      return V[0] < -L ? V[0] + B : V[0] > L ? V[0] - B : 0;
    });
  if (B != L || L < 0)
    return refuse("with a bias that is not lambd, where it jumps");
  // max(x - l, 0) - max(-x - l, 0)
  return sum(positive(scaled(*X, 1, -L)), 1, positive(scaled(*X, -1, -L)), -1);
}

Tensor Operator::maxOrMin() {
  std::vector<Tensor> Ts;
  for (const Tensor *T : In) {
    if (!T)
      return fail(DiagId::InvalidModel, "an operand is missing");
    Ts.push_back(*T);
  }
  auto Dims = commonShape(In);
  if (!Dims)
    return {};
  Tensor Out = greatestOf(std::move(Ts), N.op_type() == "Max" ? 1 : -1);
  // Of one operand it is the operand itself.
  return Out;
}

Tensor Operator::reduceExtreme() {
  std::vector<bool> Reduced;
  auto Keep = integer("keepdims", 1);
  if (!Keep || !reducedAxes(Reduced))
    return {};
  const Tensor &X = *In[0];
  if (elementsOf(X.Dims) == 0)
    return fail(DiagId::BadTensor,
                "an operand of shape " + dimsText(X.Dims) + " has no elements");
  if (!fits(X.Dims, elementsOf(X.Dims)))
    return {};
  SparseMatrix Groups = alongAxes(X.Dims, ones(X.Dims, Reduced, 1));
  return greatest(X, reducedShape(X.Dims, Reduced, *Keep != 0), Groups,
                  N.op_type() == "ReduceMax" ? 1 : -1);
}
