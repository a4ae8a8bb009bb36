//===- ONNXQuantize.cpp - Quantisers --------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXOperator.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;
using namespace nn2crn::onnxreader;

/// Ties to even, as every runtime rounds.
static double nearest(double V) { return std::nearbyint(V); }

/// Of two constants, computed in the type of the model.
static double quotient(const Tensor &T, double A, double B) {
  return roundTo(isFloating(T.Type) ? T.Type : onnx::TensorProto::FLOAT, A / B);
}

bool Operator::quantizerChannels(std::vector<uint32_t> &Of) {
  const Tensor &X = *In[0];
  auto Given = integer("axis", 1), Block = integer("block_size", 0);
  if (!Given || !Block)
    return false;
  if (*Block != 0) {
    refuse("in blocks");
    return false;
  }
  // One number for all, or one for each position along the axis.
  size_t Axis = X.Dims.size();
  if (elementsOf(In[1]->Dims) != 1) {
    auto At = axisOf(*Given, X.Dims.size());
    if (!At)
      return false;
    Axis = *At;
  }
  for (size_t I = 1; I < In.size(); ++I) {
    uint64_t Count = has(I) ? elementsOf(In[I]->Dims) : 1;
    if (Count != 1 && (Axis == X.Dims.size() ||
                       Count != static_cast<uint64_t>(X.Dims[Axis]))) {
      mismatch("apply a scale to", X, *In[I]);
      return false;
    }
  }
  if (!fits(X.Dims))
    return false;
  Of = channelOf(X.Dims, Axis);
  return true;
}

/// The number of channel \p Channel, of one for all or one each.
static double numberOf(const Constant *C, uint32_t Channel) {
  return !C ? 0 : C->Data[C->Data.size() == 1 ? 0 : Channel];
}

Tensor Operator::quantizeLinear() {
  const Constant *Scale = constantOperand(1, "scale");
  const Constant *Zero = has(2) ? constantOperand(2, "zero point") : nullptr;
  const Tensor &X = *In[0];
  std::vector<uint32_t> Of;
  if (!Scale || (has(2) && !Zero))
    return {};
  if (!X.isKnown())
    return refuse("of a computed tensor, which rounds");
  if (!quantizerChannels(Of))
    return {};
  int32_t Type = has(2) ? In[2]->Type : int32_t{onnx::TensorProto::UINT8};
  auto [Low, High] = rangeOf(Type);
  std::vector<double> Data(Of.size());
  for (size_t I = 0; I < Of.size(); ++I) {
    double V = quotient(X, X.Known->Data[I], numberOf(Scale, Of[I]));
    Data[I] = std::clamp(nearest(V) + numberOf(Zero, Of[I]), Low, High);
  }
  return known(X.Dims, Type, std::move(Data));
}

Tensor Operator::dequantizeLinear() {
  const Constant *Scale = constantOperand(1, "scale");
  const Constant *Zero = has(2) ? constantOperand(2, "zero point") : nullptr;
  const Tensor &X = *In[0];
  std::vector<uint32_t> Of;
  if (!Scale || (has(2) && !Zero) || !quantizerChannels(Of))
    return {};
  if (X.isKnown()) {
    std::vector<double> Data(Of.size());
    for (size_t I = 0; I < Of.size(); ++I)
      Data[I] =
          (X.Known->Data[I] - numberOf(Zero, Of[I])) * numberOf(Scale, Of[I]);
    return known(X.Dims, In[1]->Type, std::move(Data));
  }
  std::vector<double> Factor(Of.size()), Bias(Of.size());
  std::vector<uint32_t> Elements(Of.size());
  for (size_t I = 0; I < Of.size(); ++I) {
    Factor[I] = numberOf(Scale, Of[I]);
    Bias[I] = -numberOf(Zero, Of[I]) * Factor[I];
    Elements[I] = static_cast<uint32_t>(I);
  }
  Tensor Out = scaledEach(X, X.Dims, Elements, Factor, std::move(Bias));
  Out.Type = In[1]->Type;
  return Out;
}

//===----------------------------------------------------------------------===//
// QONNX
//===----------------------------------------------------------------------===//

Tensor Operator::bipolarQuant() {
  if (!constantOperand(1, "scale"))
    return {};
  if (!In[0]->isKnown())
    return refuse("of a computed tensor, where it jumps");
  return folded(In, In[0]->Type,
                [](auto V) { return V[0] >= 0 ? V[1] : -V[1]; });
}

Tensor Operator::quant() {
  auto Signed = integer("signed", 1), Narrow = integer("narrow", 0);
  auto Mode = text("rounding_mode", "ROUND");
  if (!Signed || !Narrow || !Mode)
    return {};
  for (size_t I = 1; I < 4; ++I)
    if (!constantOperand(I, "parameters"))
      return {};
  if (!In[0]->isKnown())
    return refuse("of a computed tensor, which rounds");
  double (*Round)(double) = *Mode == "ROUND" ? nearest : nullptr;
  if (*Mode == "CEIL")
    Round = [](double V) { return std::ceil(V); };
  else if (*Mode == "FLOOR")
    Round = [](double V) { return std::floor(V); };
  else if (*Mode == "ROUND_TO_ZERO")
    Round = [](double V) { return std::trunc(V); };
  if (!Round)
    return fail(DiagId::BadAttribute,
                "'" + printable(*Mode) +
                    "' is no way of rounding that is "
                    "known",
                {"known are ROUND, CEIL, FLOOR and ROUND_TO_ZERO"});
  const Tensor &X = *In[0];
  bool IsSigned = *Signed != 0, IsNarrow = *Narrow != 0;
  return folded(In, X.Type, [&](auto V) {
    double Scale = V[1], Zero = V[2], Bits = V[3];
    double Q = roundTo(X.Type, quotient(X, V[0], Scale) + Zero);
    if (IsSigned && Bits == 1)
      return (Q >= 0 ? 1 - Zero : -1 - Zero) * Scale;
    double Half = std::exp2(Bits - IsSigned);
    double High = IsSigned || !IsNarrow ? Half - 1 : Half - 2;
    double Low = IsSigned ? -Half + IsNarrow : 0;
    return (Round(std::min(std::max(Q, Low), High)) - Zero) * Scale;
  });
}
