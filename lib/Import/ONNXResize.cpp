//===- ONNXResize.cpp - Images of another size ----------------------------===//
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

namespace {
/// How one axis is resized.
struct Resampling {
  std::string Mode, Coordinates, Rounding;
  double Scale, Cubic, RoiStart = 0, RoiEnd = 1;
  bool ExcludeOutside;
  int64_t From, To;

  double place(int64_t At) const;
  std::vector<std::pair<int64_t, double>> taps(double Place) const;
};
} // namespace

/// Where position \p At of the result lies among those of the operand.
double Resampling::place(int64_t At) const {
  auto X = static_cast<double>(At);
  // As the definition has it, with the fraction that was cut off.
  double Length = Scale * static_cast<double>(From);
  auto Last = static_cast<double>(From - 1);
  if (Coordinates == "asymmetric")
    return X / Scale;
  if (Coordinates == "align_corners")
    return Length == 1 ? 0 : X * Last / (Length - 1);
  if (Coordinates == "tf_half_pixel_for_nn")
    return (X + 0.5) / Scale;
  if (Coordinates == "tf_crop_and_resize")
    return Length > 1
               ? RoiStart * Last + X * (RoiEnd - RoiStart) * Last / (Length - 1)
               : 0.5 * (RoiStart + RoiEnd) * Last;
  if (Coordinates == "pytorch_half_pixel" && Length <= 1)
    return 0;
  double Place = (X + 0.5) / Scale - 0.5;
  if (Coordinates == "half_pixel_symmetric") {
    double Adjusted = static_cast<double>(To) / Length;
    double Center = static_cast<double>(From) / 2;
    return Center * (1 - Adjusted) + Place;
  }
  return Place;
}

std::vector<std::pair<int64_t, double>> Resampling::taps(double Place) const {
  if (Mode == "nearest") {
    double At = Rounding == "floor"               ? std::floor(Place)
                : Rounding == "ceil"              ? std::ceil(Place)
                : Rounding == "round_prefer_ceil" ? std::floor(Place + 0.5)
                                                  : std::ceil(Place - 0.5);
    return {{static_cast<int64_t>(At), 1}};
  }
  double Base = std::floor(Place), R = Place - Base;
  auto First = static_cast<int64_t>(Base);
  if (Mode == "linear")
    return {{First, 1 - R}, {First + 1, R}};
  double A = Cubic;
  auto Far = [A](double D) {
    return ((A * D - 5 * A) * D + 8 * A) * D - 4 * A;
  };
  auto Near = [A](double D) { return ((A + 2) * D - (A + 3)) * D * D + 1; };
  return {{First - 1, Far(R + 1)},
          {First, Near(R)},
          {First + 1, Near(1 - R)},
          {First + 2, Far(2 - R)}};
}

/// The matrix of one axis. Beyond its ends an axis goes on with its last
/// elements, except where only what is inside counts.
static SparseMatrix resampled(const Resampling &S) {
  SparseMatrix M(static_cast<uint32_t>(S.From));
  for (int64_t At = 0; At < S.To; ++At) {
    double Place = S.place(At);
    bool Crops = S.Coordinates == "tf_crop_and_resize";
    if (Crops && !(Place >= 0 && Place <= static_cast<double>(S.From - 1))) {
      M.endRow();
      continue;
    }
    auto Bound = static_cast<double>(S.From + 2);
    double Sum = 0;
    std::map<int64_t, double> Weights;
    for (auto [Tap, W] : S.taps(std::clamp(Place, -2.0, Bound))) {
      if (S.ExcludeOutside && (Tap < 0 || Tap >= S.From))
        continue;
      Weights[std::clamp<int64_t>(Tap, 0, S.From - 1)] += W;
      Sum += W;
    }
    for (auto [Column, W] : Weights)
      M.add(static_cast<uint32_t>(Column), S.ExcludeOutside ? W / Sum : W);
    M.endRow();
  }
  return M;
}

Tensor Operator::resize() {
  const Tensor &T = *In[0];
  size_t Rank = T.Dims.size();
  // Upsample and the Resize of set 10 know scales alone.
  bool Old = N.op_type() == "Upsample" || R.Opset < 11;
  auto Mode = text("mode", "nearest");
  auto Coordinates =
      text("coordinate_transformation_mode", Old ? "asymmetric" : "half_pixel");
  auto Rounding = text("nearest_mode", Old ? "floor" : "round_prefer_floor");
  auto Policy = text("keep_aspect_ratio_policy", "stretch");
  auto Cubic = real("cubic_coeff_a", -0.75f),
       Fill = real("extrapolation_value", 0);
  auto Exclude = integer("exclude_outside", 0),
       Smooth = integer("antialias", 0);
  auto Height = real("height_scale", 1), Width = real("width_scale", 1);
  Shape Axes, Sizes;
  std::vector<double> Scales, Roi;
  if (!Mode || !Coordinates || !Rounding || !Policy || !Cubic || !Fill ||
      !Exclude || !Smooth || !Height || !Width || !integers("axes", Axes) ||
      !reals("scales", Scales))
    return {};
  if (*Mode == "bilinear")
    Mode = "linear";
  if (*Mode != "nearest" && *Mode != "linear" && *Mode != "cubic")
    return fail(DiagId::BadAttribute,
                "'" + printable(*Mode) + "' is no mode of resizing");
  if (*Smooth || *Policy != "stretch")
    return refuse(*Smooth ? "with antialiasing" : "with a kept aspect ratio");
  if (!attribute("axes"))
    for (size_t Axis = 0; Axis < Rank; ++Axis)
      Axes.push_back(static_cast<int64_t>(Axis));
  std::vector<bool> Marked;
  if (!markAxes(Axes, Rank, Marked))
    return {};
  if (attribute("height_scale") || attribute("width_scale")) {
    Scales.assign(Rank, 1);
    if (Rank < 2)
      return mismatch("resize", T, T);
    Scales[Rank - 2] = *Height;
    Scales[Rank - 1] = *Width;
  }
  size_t ScaleOperand = Old ? 1 : 2;
  for (size_t I = 1; I < In.size(); ++I)
    if (has(I) && !constantOperand(I, "sizes"))
      return {};
  if (has(ScaleOperand))
    Scales = In[ScaleOperand]->Known->Data;
  if (!Old && has(1))
    Roi = In[1]->Known->Data;
  if (!Old && !list(nullptr, 3, Sizes))
    return {};
  size_t Given = Sizes.empty() ? Scales.size() : Sizes.size();
  bool Crops = *Coordinates == "tf_crop_and_resize";
  if (Given != Axes.size() || (Crops && Roi.size() != 2 * Axes.size()))
    return fail(DiagId::ShapeMismatch,
                "expected a scale or a size for each of " +
                    std::to_string(Axes.size()) + " axes, found " +
                    std::to_string(Given));
  Shape Dims = T.Dims;
  std::vector<Resampling> Plans;
  for (size_t I = 0; I < Axes.size(); ++I) {
    size_t Axis = *axisOf(Axes[I], Rank);
    auto From = static_cast<double>(T.Dims[Axis]);
    double Scale =
        Sizes.empty() ? Scales[I] : static_cast<double>(Sizes[I]) / From;
    double To = Sizes.empty() ? std::floor(From * Scale)
                              : static_cast<double>(Sizes[I]);
    if (!(Scale > 0 && To >= 1 && To <= INT32_MAX))
      return fail(DiagId::ShapeMismatch,
                  "axis " + std::to_string(Axis) + " of " + dimsText(T.Dims) +
                      " cannot be resized by " + std::to_string(Scale));
    Dims[Axis] = static_cast<int64_t>(To);
    Resampling S{*Mode, *Coordinates,  *Rounding,    Scale,     *Cubic, 0,
                 1,     *Exclude != 0, T.Dims[Axis], Dims[Axis]};
    if (Crops) {
      S.RoiStart = Roi[I];
      S.RoiEnd = Roi[I + Axes.size()];
    }
    Plans.push_back(std::move(S));
  }
  if (!fits(Dims))
    return {};
  std::vector<AxisMap> Maps(Rank);
  for (size_t I = 0; I < Axes.size(); ++I)
    if (Crops || Plans[I].Scale != 1)
      Maps[*axisOf(Axes[I], Rank)] = resampled(Plans[I]);
  return along(T, Maps, Crops ? *Fill : 0);
}
