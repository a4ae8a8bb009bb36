//===- ONNXSignal.cpp - Losses, unpooling, Fourier transforms, sampling ---===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operators that are linear in their data once everything else is known.
//
//===----------------------------------------------------------------------===//

#include "ONNXOperator.h"

#include <algorithm>
#include <cmath>
#include <numbers>

using namespace nn2crn;
using namespace nn2crn::onnxreader;

Tensor Operator::negativeLogLikelihood() { return likelihoodLoss(*In[0]); }

Tensor Operator::softmaxCrossEntropy() {
  const Tensor &X = *In[0];
  if (!mayCompute(X))
    return {};
  if (X.Dims.size() < 2)
    return mismatch("compare", X, *In[1]);
  std::vector<bool> Classes(X.Dims.size());
  Classes[1] = true;
  Tensor Logs = sum(X, 1, logSumExp(X, Classes), -1);
  if (Logs.S == Tensor::State::Broken)
    return {};
  More.push_back(Logs);
  return likelihoodLoss(Logs);
}

Tensor Operator::likelihoodLoss(const Tensor &X) {
  auto Reduction = text("reduction", "mean");
  auto Ignored = integer("ignore_index", INT64_MIN);
  const Constant *Target = constantOperand(1, "classes");
  const Constant *Weights = has(2) ? constantOperand(2, "weights") : nullptr;
  if (!Reduction || !Ignored || !Target || (has(2) && !Weights) ||
      !mayCompute(X))
    return {};
  if (*Reduction != "mean" && *Reduction != "sum" && *Reduction != "none")
    return fail(DiagId::BadAttribute,
                "'" + printable(*Reduction) + "' is no reduction");
  // [cases, classes, ...] against [cases, ...].
  Shape Dims = X.Dims;
  if (Dims.size() >= 2)
    Dims.erase(Dims.begin() + 1);
  int64_t Classes = X.Dims.size() < 2 ? 0 : X.Dims[1];
  if (Classes == 0 || In[1]->Dims != Dims ||
      (Weights && static_cast<int64_t>(Weights->Data.size()) != Classes))
    return mismatch("compare", X, *In[1]);
  uint64_t Count = elementsOf(Dims);
  if (!fits(Dims, Count))
    return {};
  auto Plane = static_cast<uint64_t>(stridesOf(X.Dims)[1]);
  std::vector<std::pair<uint32_t, double>> Taken;
  double Total = 0;
  for (uint64_t I = 0; I < Count; ++I) {
    double Class = Target->Data[I];
    if (Class == static_cast<double>(*Ignored)) {
      Taken.push_back({Nowhere, 0});
      continue;
    }
    if (!(Class >= 0 && Class < static_cast<double>(Classes)))
      return fail(DiagId::BadTensor, "there is no class " +
                                         std::to_string(Class) + " among " +
                                         std::to_string(Classes));
    double W = Weights ? Weights->Data[static_cast<size_t>(Class)] : 1;
    uint64_t Element = I / Plane * static_cast<uint64_t>(Classes) * Plane +
                       static_cast<uint64_t>(Class) * Plane + I % Plane;
    Taken.push_back({static_cast<uint32_t>(Element), W});
    Total += W;
  }
  SparseMatrix M(static_cast<uint32_t>(elementsOf(X.Dims)));
  if (*Reduction == "none") {
    for (auto [Element, W] : Taken) {
      if (Element != Nowhere)
        M.add(Element, -W);
      M.endRow();
    }
  } else {
    double Scale = *Reduction == "mean" ? 1 / Total : 1;
    // Each element is taken once.
    std::ranges::sort(Taken);
    for (auto [Element, W] : Taken)
      if (Element != Nowhere)
        M.add(Element, -W * Scale);
    M.endRow();
    Dims.clear();
  }
  std::vector<Term> Terms;
  Terms.push_back({&X, std::move(M)});
  return affine(std::move(Dims), X.Type, std::move(Terms));
}

Tensor Operator::maxUnpool() {
  const Tensor &X = *In[0];
  const Constant *Places = constantOperand(1, "indices");
  Shape Kernel, Strides, Pads, Dims;
  if (!Places || !integers("kernel_shape", Kernel) ||
      !integers("strides", Strides) || !integers("pads", Pads) ||
      !list(nullptr, 2, Dims))
    return {};
  size_t Rank = Kernel.size();
  Strides.resize(std::max(Strides.size(), attribute("strides") ? 0 : Rank), 1);
  Pads.resize(std::max(Pads.size(), attribute("pads") ? 0 : 2 * Rank));
  if (X.Dims.size() != Rank + 2 || In[1]->Dims != X.Dims ||
      Strides.size() != Rank || Pads.size() != 2 * Rank)
    return mismatch("unpool", X, *In[1]);
  Shape Whole = X.Dims;
  for (size_t I = 0; I < Rank; ++I)
    Whole[I + 2] =
        (X.Dims[I + 2] - 1) * Strides[I] + Kernel[I] - Pads[I] - Pads[I + Rank];
  if (!has(2))
    Dims = Whole;
  if (Dims.size() != Whole.size() ||
      std::ranges::any_of(Dims, [](int64_t V) { return V < 1; }) ||
      std::ranges::any_of(Whole, [](int64_t V) { return V < 1; }))
    return mismatch("unpool", X, *In[1]);
  if (!fits(Dims) || !fits(Whole))
    return {};
  // Indices count in the tensor that was pooled; the rest of a larger result
  // stays 0.
  std::vector<uint32_t> Of(elementsOf(Dims), Nowhere);
  std::vector<int64_t> From = stridesOf(Whole), To = stridesOf(Dims);
  for (size_t I = 0; I < Places->Data.size(); ++I) {
    double Place = Places->Data[I];
    if (!(Place >= 0 && Place < static_cast<double>(elementsOf(Whole))))
      return fail(DiagId::BadTensor, "an index is beyond the result");
    auto At = static_cast<int64_t>(Place);
    int64_t Element = 0;
    for (size_t Axis = 0; Axis < Dims.size(); ++Axis) {
      int64_t Position = At / From[Axis] % Whole[Axis];
      if (Position >= Dims[Axis])
        return fail(DiagId::BadTensor, "an index is beyond the result");
      Element += Position * To[Axis];
    }
    Of[static_cast<size_t>(Element)] = static_cast<uint32_t>(I);
  }
  return pick(std::move(Dims), X, Of);
}

//===----------------------------------------------------------------------===//
// Fourier transforms
//===----------------------------------------------------------------------===//

/// The cosine and sine of 2 pi \p Numerator / \p Length.
static std::pair<double, double> unitRoot(int64_t Numerator, int64_t Length) {
  double Angle = 2 * std::numbers::pi *
                 static_cast<double>(Numerator % Length) /
                 static_cast<double>(Length);
  return {std::cos(Angle), std::sin(Angle)};
}

Tensor Operator::dft() {
  const Tensor &X = *In[0];
  if (R.Opset >= 20)
    return refuse("of operator set 20 and on, with the axis as an operand");
  auto Given = integer("axis", 1), Inverse = integer("inverse", 0),
       OneSided = integer("onesided", 0);
  auto Axis = Given ? axisOf(*Given, X.Dims.size()) : std::nullopt;
  if (!Axis || !Inverse || !OneSided || !mayCompute(X))
    return {};
  if (*Axis + 1 == X.Dims.size() || X.Dims.back() > 2)
    return fail(DiagId::ShapeMismatch,
                "expected real or complex numbers along the last axis and the "
                "signal along another, found the shape " +
                    dimsText(X.Dims));
  auto Length = scalarOperand(1, static_cast<double>(X.Dims[*Axis]), "length");
  if (!Length)
    return {};
  int64_t Parts = X.Dims.back(), From = X.Dims[*Axis];
  auto Count = static_cast<int64_t>(std::clamp(*Length, 0.0, 0x1p30));
  Shape Dims = X.Dims;
  Dims[*Axis] = *OneSided ? Count / 2 + 1 : Count;
  Dims.back() = 2;
  if (Count < 1)
    return fail(DiagId::ShapeMismatch, "expected a length of at least 1");
  if (!fits(Dims, elementsOf(Dims) > UINT32_MAX
                      ? UINT64_MAX
                      : elementsOf(Dims) * static_cast<uint64_t>(
                                               std::min(Count, From) * Parts)))
    return {};
  std::vector<int64_t> Strides = stridesOf(X.Dims), Walk = Strides;
  Walk[*Axis] = Walk.back() = 0;
  std::vector<uint32_t> Start = strided(Dims, Walk);
  std::vector<int64_t> Own = stridesOf(Dims);
  SparseMatrix M(static_cast<uint32_t>(elementsOf(X.Dims)));
  double Scale = *Inverse ? 1 / static_cast<double>(Count) : 1;
  double Sign = *Inverse ? 1 : -1;
  for (size_t Row = 0; Row < Start.size(); ++Row) {
    auto Element = static_cast<int64_t>(Row);
    int64_t K = Element / Own[*Axis] % Dims[*Axis];
    bool Imaginary = Element % 2;
    for (int64_t I = 0; I < std::min(Count, From); ++I) {
      auto [Cos, Sin] = unitRoot(I * K, Count);
      auto Column = static_cast<uint32_t>(Start[Row] + I * Strides[*Axis]);
      // (a + ib)(cos + i sign sin)
      M.add(Column, Scale * (Imaginary ? Sign * Sin : Cos));
      if (Parts == 2)
        M.add(Column + 1, Scale * (Imaginary ? Cos : -Sign * Sin));
    }
    M.endRow();
  }
  std::vector<Term> Terms;
  Terms.push_back({&X, std::move(M)});
  return affine(std::move(Dims), X.Type, std::move(Terms));
}

Tensor Operator::stft() {
  const Tensor &X = *In[0];
  auto OneSided = integer("onesided", 1);
  auto Step = scalarOperand(1, 0, "step");
  const Constant *Window = has(2) ? constantOperand(2, "a window") : nullptr;
  if (!OneSided || !Step || (has(2) && !Window) || !mayCompute(X))
    return {};
  bool Complex = X.Dims.size() == 3 && X.Dims[2] == 2;
  if (X.Dims.size() < 2 || (X.Dims.size() == 3 && X.Dims[2] > 2) ||
      X.Dims.size() > 3 || Complex)
    return fail(DiagId::ShapeMismatch,
                "expected real signals [batch, length], found the shape " +
                    dimsText(X.Dims));
  double Default = Window ? static_cast<double>(Window->Data.size()) : 0;
  auto Given = scalarOperand(3, Default, "length");
  if (!Given)
    return {};
  int64_t Length = X.Dims[1];
  if (!(*Given >= 1 && *Given <= static_cast<double>(Length) && *Step >= 1) ||
      (Window && static_cast<double>(Window->Data.size()) != *Given))
    return fail(DiagId::ShapeMismatch,
                "a frame of " + std::to_string(*Given) + " and a step of " +
                    std::to_string(*Step) + " do not fit the signal");
  auto Frame = static_cast<int64_t>(*Given);
  auto Hop = static_cast<int64_t>(std::min(*Step, 0x1p31));
  Shape Dims{X.Dims[0], (Length - Frame) / Hop + 1,
             *OneSided ? Frame / 2 + 1 : Frame, 2};
  uint64_t Entries;
  if (__builtin_mul_overflow(elementsOf(Dims), static_cast<uint64_t>(Frame),
                             &Entries))
    Entries = UINT64_MAX;
  if (!fits(Dims, Entries))
    return {};
  SparseMatrix M(static_cast<uint32_t>(elementsOf(X.Dims)));
  for (int64_t Case = 0; Case < Dims[0]; ++Case)
    for (int64_t F = 0; F < Dims[1]; ++F)
      for (int64_t K = 0; K < Dims[2]; ++K)
        for (bool Imaginary : {false, true}) {
          for (int64_t I = 0; I < Frame; ++I) {
            auto [Cos, Sin] = unitRoot(I * K, Frame);
            double W = Window ? Window->Data[static_cast<size_t>(I)] : 1;
            M.add(static_cast<uint32_t>(Case * Length + F * Hop + I),
                  W * (Imaginary ? -Sin : Cos));
          }
          M.endRow();
        }
  std::vector<Term> Terms;
  Terms.push_back({&X, std::move(M)});
  return affine(std::move(Dims), X.Type, std::move(Terms));
}

//===----------------------------------------------------------------------===//
// Sampling at given places
//===----------------------------------------------------------------------===//

namespace {
enum class Border : uint8_t { Zeros, Edge, Reflection };
} // namespace

/// \p At between \p Low and \p High, thrown back at both as often as needed.
static double reflected(double At, double Low, double High) {
  double Range = High - Low;
  if (Range <= 0)
    return Low;
  double Phase = std::fmod(std::fabs(At - Low), 2 * Range);
  return Low + (Phase > Range ? 2 * Range - Phase : Phase);
}

Tensor Operator::gridSample() {
  const Tensor &X = *In[0], &Grid = *In[1];
  auto Mode = text("mode", "bilinear"), Padding = text("padding_mode", "zeros");
  auto Align = integer("align_corners", 0);
  const Constant *Places = constantOperand(1, "places");
  if (!Mode || !Padding || !Align || !Places || !mayCompute(X))
    return {};
  bool Cubic = *Mode == "bicubic" || *Mode == "cubic",
       Nearest = *Mode == "nearest";
  if ((!Cubic && !Nearest && *Mode != "bilinear" && *Mode != "linear") ||
      (*Padding != "zeros" && *Padding != "border" && *Padding != "reflection"))
    return fail(DiagId::BadAttribute, "'" + printable(*Mode) + "' and '" +
                                          printable(*Padding) +
                                          "' are no modes of sampling");
  if (X.Dims.size() != 4 || Grid.Dims.size() != 4 || Grid.Dims[3] != 2 ||
      Grid.Dims[0] != X.Dims[0])
    return mismatch("sample", X, Grid);
  Border Beyond = *Padding == "zeros"    ? Border::Zeros
                  : *Padding == "border" ? Border::Edge
                                         : Border::Reflection;
  Shape Dims{X.Dims[0], X.Dims[1], Grid.Dims[1], Grid.Dims[2]};
  if (!fits(Dims, elementsOf(Dims) * 16))
    return {};
  // Positions along one axis, -1 to 1 in the grid, with their weights.
  auto Taps = [&](double Place, int64_t Extent) {
    auto N = static_cast<double>(Extent);
    double At = *Align ? (Place + 1) / 2 * (N - 1) : ((Place + 1) * N - 1) / 2;
    double Low = *Align ? 0 : -0.5, High = *Align ? N - 1 : N - 0.5;
    auto Fold = [&](double V) {
      if (Beyond == Border::Edge)
        V = std::clamp(V, 0.0, N - 1);
      if (Beyond == Border::Reflection)
        V = std::clamp(reflected(V, Low, High), 0.0, N - 1);
      return V;
    };
    std::vector<std::pair<int64_t, double>> Out;
    auto Add = [&](double V, double W) {
      V = Fold(V);
      if (V >= 0 && V <= N - 1)
        Out.push_back({static_cast<int64_t>(V), W});
    };
    if (!Cubic)
      At = Fold(At);
    double Base = Nearest ? std::nearbyint(At) : std::floor(At), R = At - Base;
    if (Nearest) {
      Add(Base, 1);
    } else if (!Cubic) {
      Add(Base, 1 - R);
      Add(Base + 1, R);
    } else {
      constexpr double A = -0.75;
      auto Far = [](double D) {
        return ((A * D - 5 * A) * D + 8 * A) * D - 4 * A;
      };
      auto Near = [](double D) { return ((A + 2) * D - (A + 3)) * D * D + 1; };
      Add(Base - 1, Far(R + 1));
      Add(Base, Near(R));
      Add(Base + 1, Near(1 - R));
      Add(Base + 2, Far(2 - R));
    }
    return Out;
  };
  int64_t Plane = X.Dims[2] * X.Dims[3];
  SparseMatrix M(static_cast<uint32_t>(elementsOf(X.Dims)));
  std::map<int64_t, double> Entries;
  for (int64_t Case = 0; Case < Dims[0]; ++Case)
    for (int64_t Channel = 0; Channel < Dims[1]; ++Channel)
      for (int64_t I = 0; I < Dims[2] * Dims[3]; ++I) {
        auto At = static_cast<size_t>(2 * (Case * Dims[2] * Dims[3] + I));
        Entries.clear();
        auto Columns = Taps(Places->Data[At], X.Dims[3]);
        for (auto [Row, WRow] : Taps(Places->Data[At + 1], X.Dims[2]))
          for (auto [Column, WColumn] : Columns)
            Entries[(Case * Dims[1] + Channel) * Plane + Row * X.Dims[3] +
                    Column] += WRow * WColumn;
        for (auto [Column, W] : Entries)
          M.add(static_cast<uint32_t>(Column), W);
        M.endRow();
      }
  std::vector<Term> Terms;
  Terms.push_back({&X, std::move(M)});
  return affine(std::move(Dims), X.Type, std::move(Terms));
}
