//===- ONNXMatrix.cpp - Products and broadcasting as matrices -------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXReader.h"

#include <algorithm>

using namespace nn2crn;
using namespace nn2crn::onnxreader;

std::string onnxreader::dimsText(const Shape &Dims) {
  std::string Text = "[";
  for (size_t I = 0; I < Dims.size(); ++I)
    Text += (I ? "," : "") + std::to_string(Dims[I]);
  return Text + ']';
}

uint64_t onnxreader::elementsOf(const Shape &Dims) {
  uint64_t Count = 1;
  for (int64_t Extent : Dims)
    if (__builtin_mul_overflow(Count, static_cast<uint64_t>(Extent), &Count))
      return UINT64_MAX;
  return Count;
}

std::optional<Shape> onnxreader::broadcast(const Shape &A, const Shape &B) {
  Shape Out(std::max(A.size(), B.size()));
  for (size_t I = 0; I < Out.size(); ++I) {
    // Axes are matched from the right; missing ones count as 1.
    int64_t InA = I < A.size() ? A[A.size() - 1 - I] : 1;
    int64_t InB = I < B.size() ? B[B.size() - 1 - I] : 1;
    if (InA != InB && InA != 1 && InB != 1)
      return std::nullopt;
    Out[Out.size() - 1 - I] = std::max(InA, InB);
  }
  return Out;
}

std::vector<uint32_t> onnxreader::broadcastIndex(const Shape &From,
                                                 const Shape &To) {
  // Strides of From along the axes of To; 0 where it is repeated.
  std::vector<uint32_t> Stride(To.size());
  uint32_t Step = 1;
  for (size_t I = 0; I < From.size(); ++I) {
    auto Extent = static_cast<uint32_t>(From[From.size() - 1 - I]);
    Stride[To.size() - 1 - I] = Extent == 1 ? 0 : Step;
    Step *= Extent;
  }
  std::vector<uint32_t> Index(elementsOf(To));
  Shape Position(To.size());
  uint32_t At = 0;
  for (uint32_t &Out : Index) {
    Out = At;
    // Counts up like an odometer, last axis first.
    for (size_t Axis = To.size(); Axis-- > 0;) {
      At += Stride[Axis];
      if (++Position[Axis] < To[Axis])
        break;
      At -= Stride[Axis] * static_cast<uint32_t>(To[Axis]);
      Position[Axis] = 0;
    }
  }
  return Index;
}

SparseMatrix onnxreader::productMatrix(const Product &P, bool WeightsLeft,
                                       std::span<const double> Weights,
                                       double Scale,
                                       uint32_t ActivationElements) {
  SparseMatrix Out(ActivationElements);
  size_t NonZero = 0;
  for (double W : Weights)
    NonZero += W != 0;
  // Every weight serves once for each element along the axes it lacks.
  uint64_t Rows = P.Outer * P.M * P.N;
  uint64_t Uses = P.entries() / std::max<uint64_t>(Weights.size(), 1);
  Out.reserve(Rows, NonZero * Uses);
  for (uint64_t O = 0; O < P.Outer; ++O)
    for (uint64_t M = 0; M < P.M; ++M)
      for (uint64_t N = 0; N < P.N; ++N) {
        uint64_t A = O * P.AO + M * P.AM, B = O * P.BO + N * P.BN;
        for (uint64_t K = 0; K < P.K; ++K) {
          uint64_t AtA = A + K * P.AK, AtB = B + K * P.BK;
          double W = Weights[WeightsLeft ? AtA : AtB] * Scale;
          Out.add(static_cast<uint32_t>(WeightsLeft ? AtB : AtA), W);
        }
        Out.endRow();
      }
  return Out;
}
