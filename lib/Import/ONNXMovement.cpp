//===- ONNXMovement.cpp - Renamings, slices, transposes, pads -------------===//
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

//===----------------------------------------------------------------------===//
// Renamings
//===----------------------------------------------------------------------===//

Tensor Operator::identity() { return *In[0]; }

Tensor Operator::dropout() {
  // Before set 7 a model says that it is not being trained; from set 12 on it
  // may say that it is. Dropping nothing is harmless either way.
  auto Ratio = real("ratio", 0.5f);
  auto Testing = integer("is_test", R.Opset < 7 ? 0 : 1);
  if (!Ratio || !Testing)
    return {};
  bool Training = !*Testing;
  if (has(2)) {
    auto Given = scalarOperand(2, 0, "a mode");
    if (!Given)
      return {};
    Training = *Given != 0;
  }
  if (Training && has(1)) {
    Ratio = scalarOperand(1, 0, "a ratio");
    if (!Ratio)
      return {};
  }
  if (Training && *Ratio != 0)
    return fail(DiagId::UnsupportedModel, "the model is exported for training",
                {"export it in evaluation mode"});
  if (N.output_size() > 1 && R.isRead(N.output(1)) && fits(In[0]->Dims))
    // The mask keeps everything; it has the type of the data before set 10.
    More.push_back(known(In[0]->Dims,
                         R.Opset < 10 ? In[0]->Type : onnx::TensorProto::BOOL,
                         std::vector<double>(elementsOf(In[0]->Dims), 1)));
  return *In[0];
}

Tensor Operator::flatten() {
  const Tensor &T = *In[0];
  if (T.Head.IsIndex)
    return T; // The scores keep their shape.
  auto Rank = static_cast<int64_t>(T.Dims.size());
  auto Axis = integer("axis", 1);
  if (!Axis)
    return {};
  if (*Axis < -Rank || *Axis > Rank)
    return fail(DiagId::BadAttribute, "axis " + std::to_string(*Axis) +
                                          " is beyond the shape " +
                                          dimsText(T.Dims));
  auto Split = T.Dims.begin() + (*Axis < 0 ? *Axis + Rank : *Axis);
  Shape Left(T.Dims.begin(), Split), Right(Split, T.Dims.end());
  return renamed(T, {static_cast<int64_t>(elementsOf(Left)),
                     static_cast<int64_t>(elementsOf(Right))});
}

Tensor Operator::reshape() {
  const Tensor &T = *In[0];
  auto AllowZero = integer("allowzero", 0);
  Shape Wanted;
  if (!AllowZero || !list("shape", 1, Wanted))
    return {};
  if (!isListed("shape", 1))
    return fail(DiagId::InvalidModel, "expected a shape, found none");
  if (T.Head.IsIndex)
    return T; // The scores keep their shape.
  uint64_t Count = elementsOf(T.Dims);
  Shape Dims;
  int64_t Open = -1;
  uint64_t Known = 1;
  for (int64_t Extent : Wanted) {
    size_t At = Dims.size();
    if (Extent == 0 && !*AllowZero && At < T.Dims.size())
      Extent = T.Dims[At];
    if (Extent == -1 && Open < 0) {
      Open = static_cast<int64_t>(At);
      Extent = 1;
    }
    if (Extent < (Count == 0 ? 0 : 1) || Extent > INT32_MAX)
      return fail(DiagId::ShapeMismatch,
                  "the new shape has an extent that cannot be used: number " +
                      std::to_string(At) + " is " + std::to_string(Extent));
    Dims.push_back(Extent);
    if (__builtin_mul_overflow(Known, static_cast<uint64_t>(Extent), &Known))
      Known = UINT64_MAX;
  }
  if (Open >= 0 && Known != 0 && Count % Known == 0) {
    Dims[static_cast<size_t>(Open)] = static_cast<int64_t>(Count / Known);
    Known = Count;
  }
  if (Known != Count) {
    if (Open >= 0)
      Dims[static_cast<size_t>(Open)] = -1;
    return fail(DiagId::ShapeMismatch,
                "cannot reshape " + dimsText(T.Dims) + " to " + dimsText(Dims),
                {"if the first extent is a batch, export the model with a "
                 "batch of 1 or a symbolic one"});
  }
  return renamed(T, std::move(Dims));
}

Tensor Operator::squeeze() {
  const Tensor &T = *In[0];
  if (T.Head.IsIndex)
    return T; // The scores keep their shape.
  Shape Axes;
  std::vector<bool> Marked;
  if (!list("axes", 1, Axes) || !markAxes(Axes, T.Dims.size(), Marked))
    return {};
  bool All = !isListed("axes", 1);
  Shape Dims;
  for (size_t Axis = 0; Axis < T.Dims.size(); ++Axis) {
    if (Marked[Axis] && T.Dims[Axis] != 1)
      return fail(DiagId::ShapeMismatch,
                  "cannot remove axis " + std::to_string(Axis) + " of " +
                      dimsText(T.Dims) + ": its length is not 1");
    if (!Marked[Axis] && !(All && T.Dims[Axis] == 1))
      Dims.push_back(T.Dims[Axis]);
  }
  return renamed(T, std::move(Dims));
}

Tensor Operator::unsqueeze() {
  const Tensor &T = *In[0];
  if (T.Head.IsIndex)
    return T; // The scores keep their shape.
  Shape Axes;
  std::vector<bool> Marked;
  if (!list("axes", 1, Axes) ||
      !markAxes(Axes, T.Dims.size() + Axes.size(), Marked))
    return {};
  Shape Dims;
  size_t From = 0;
  for (bool New : Marked)
    Dims.push_back(New ? 1 : T.Dims[From++]);
  return renamed(T, std::move(Dims));
}

/// The value that \p V becomes in type \p To.
static double converted(double V, int32_t To) {
  if (To == onnx::TensorProto::BOOL)
    return V != 0;
  if (isFloating(To))
    return V; // Rounded where the constant is made.
  V = std::trunc(V);
  auto [Low, High] = rangeOf(To);
  if (V >= Low && V <= High)
    return V;
  double Period = High - Low + 1;
  V = std::fmod(V - Low, Period);
  return (V < 0 ? V + Period : V) + Low;
}

Tensor Operator::cast() {
  const Tensor &T = *In[0];
  int32_t To = T.Type;
  if (has(1)) {
    To = In[1]->Type;
  } else if (R.Opset < 6) {
    auto Name = text("to", "");
    onnx::TensorProto::DataType Type;
    if (!Name)
      return {};
    if (!onnx::TensorProto::DataType_Parse(*Name, &Type))
      return fail(DiagId::BadAttribute,
                  "'" + printable(*Name) + "' is no element type");
    To = Type;
  } else if (auto Number = integer("to", 0)) {
    To = static_cast<int32_t>(std::clamp<int64_t>(*Number, 0, 9999));
  } else {
    return {};
  }
  if (T.Classes != 0)
    return castLabels(To);
  if (!isNumeric(To) && To != onnx::TensorProto::BOOL)
    return fail(DiagId::UnsupportedModel,
                "conversion to " + typeName(To) + " is not supported",
                {"supported are float64, float32, float16, bfloat16, bool and "
                 "integers of 8 to 64 bits"});
  if (T.isKnown()) {
    const Tensor *One = &T;
    return folded({&One, 1}, To, [To](auto V) { return converted(V[0], To); });
  }
  if (!isFloating(To) && isFloating(T.Type))
    return refuse("to " + typeName(To) + ", which rounds");
  if (!isFloating(To)) {
    auto [FromLow, FromHigh] = rangeOf(T.Type);
    auto [Low, High] = rangeOf(To);
    if (FromLow < Low || FromHigh > High)
      return refuse("to " + typeName(To) + ", which wraps around");
  }
  Tensor Out = T;
  Out.Type = To;
  return Out;
}

//===----------------------------------------------------------------------===//
// Axes in another order
//===----------------------------------------------------------------------===//

Tensor Operator::permuted(const Tensor &T, const Shape &Dims,
                          const std::vector<size_t> &Order, Shape Final) {
  if (!fits(T.Dims))
    return {};
  std::vector<int64_t> Own = stridesOf(Dims), Strides;
  Shape Out;
  for (size_t Axis : Order) {
    Out.push_back(Dims[Axis]);
    Strides.push_back(Own[Axis]);
  }
  return pick(Final.empty() ? Out : std::move(Final), T, strided(Out, Strides));
}

Tensor Operator::transpose() {
  const Tensor &T = *In[0];
  if (T.Head.IsIndex)
    return T; // The scores keep their shape.
  Shape Perm;
  if (!integers("perm", Perm))
    return {};
  if (!attribute("perm"))
    for (size_t Axis = T.Dims.size(); Axis-- > 0;)
      Perm.push_back(static_cast<int64_t>(Axis));
  std::vector<bool> Marked;
  if (Perm.size() != T.Dims.size())
    return fail(DiagId::BadAttribute,
                "a permutation of " + std::to_string(Perm.size()) +
                    " axes does not fit the shape " + dimsText(T.Dims));
  if (!markAxes(Perm, T.Dims.size(), Marked))
    return {};
  std::vector<size_t> Order;
  for (int64_t Axis : Perm)
    Order.push_back(*axisOf(Axis, T.Dims.size()));
  return permuted(T, T.Dims, Order, {});
}

/// Whether \p T is an image whose axis \p Axis can be cut into blocks.
static bool blocksFit(const Tensor &T, int64_t Block, size_t FirstAxis,
                      size_t LastAxis, int64_t Divisor) {
  if (T.Dims.size() != 4 || Block < 1 || Block > INT16_MAX)
    return false;
  for (size_t Axis = FirstAxis; Axis <= LastAxis; ++Axis)
    if (T.Dims[Axis] % Divisor != 0)
      return false;
  return true;
}

Tensor Operator::depthToSpace() {
  const Tensor &T = *In[0];
  auto Block = integer("blocksize", 0);
  auto Mode = text("mode", "DCR");
  if (!Block || !Mode)
    return {};
  int64_t B = *Block;
  bool ColumnFirst = *Mode == "CRD";
  if (!ColumnFirst && *Mode != "DCR")
    return fail(DiagId::BadAttribute, "expected the mode DCR or CRD, found '" +
                                          printable(*Mode) + "'");
  if (!blocksFit(T, B, 1, 1, B > 0 && B <= INT16_MAX ? B * B : 1))
    return fail(DiagId::ShapeMismatch, "blocks of " + std::to_string(B) +
                                           " do not fit the shape " +
                                           dimsText(T.Dims));
  const Shape &D = T.Dims;
  int64_t C = D[1] / (B * B);
  Shape Final{D[0], C, D[2] * B, D[3] * B};
  if (ColumnFirst)
    return permuted(T, {D[0], C, B, B, D[2], D[3]}, {0, 1, 4, 2, 5, 3}, Final);
  return permuted(T, {D[0], B, B, C, D[2], D[3]}, {0, 3, 4, 1, 5, 2}, Final);
}

Tensor Operator::spaceToDepth() {
  const Tensor &T = *In[0];
  auto Block = integer("blocksize", 0);
  if (!Block)
    return {};
  int64_t B = *Block;
  if (!blocksFit(T, B, 2, 3, std::max<int64_t>(B, 1)))
    return fail(DiagId::ShapeMismatch, "blocks of " + std::to_string(B) +
                                           " do not fit the shape " +
                                           dimsText(T.Dims));
  const Shape &D = T.Dims;
  return permuted(T, {D[0], D[1], D[2] / B, B, D[3] / B, B}, {0, 3, 5, 1, 2, 4},
                  {D[0], D[1] * B * B, D[2] / B, D[3] / B});
}

//===----------------------------------------------------------------------===//
// Along one axis and another
//===----------------------------------------------------------------------===//

Tensor Operator::concat() {
  // The axis had a default before set 4.
  auto Given = integer("axis", 1);
  if (!Given)
    return {};
  if (!attribute("axis") && R.Opset >= 4)
    return fail(DiagId::BadAttribute, "expected an axis, found none");
  for (const Tensor *T : In)
    if (!T)
      return fail(DiagId::InvalidModel, "an operand is missing");
  Shape Dims = In[0]->Dims;
  auto Axis = axisOf(*Given, Dims.size());
  if (!Axis)
    return {};
  Dims[*Axis] = 0;
  for (const Tensor *T : In) {
    Shape Rest = T->Dims;
    if (Rest.size() == Dims.size())
      Rest[*Axis] = Dims[*Axis];
    if (Rest != Dims)
      return mismatch("concatenate", *In[0], *T);
    Dims[*Axis] += T->Dims[*Axis];
  }
  if (!fits(Dims))
    return {};
  uint64_t Outer = elementsOf(
      Shape(Dims.begin(), Dims.begin() + static_cast<ptrdiff_t>(*Axis)));
  std::vector<uint32_t> Of;
  Of.reserve(elementsOf(Dims));
  for (uint64_t O = 0; O < Outer; ++O) {
    uint64_t Start = 0;
    for (const Tensor *T : In) {
      uint64_t All = elementsOf(T->Dims), Part = All / Outer;
      for (uint64_t I = 0; I < Part; ++I)
        Of.push_back(static_cast<uint32_t>(Start + O * Part + I));
      Start += All;
    }
  }
  return pick(std::move(Dims), In, Of);
}

static std::vector<int64_t> upFrom(int64_t First, int64_t Count) {
  std::vector<int64_t> Out;
  for (int64_t I = 0; I < Count; ++I)
    Out.push_back(First + I);
  return Out;
}

Tensor Operator::split() {
  const Tensor &T = *In[0];
  Shape Sizes;
  auto Given = integer("axis", 0);
  if (!Given || !list("split", 1, Sizes))
    return {};
  auto Axis = axisOf(*Given, T.Dims.size());
  if (!Axis)
    return {};
  int64_t Extent = T.Dims[*Axis], Parts = N.output_size();
  if (!isListed("split", 1)) {
    // From set 18 on the last may be smaller.
    int64_t Size = (Extent + Parts - 1) / Parts;
    for (int64_t Left = Extent, I = 0; I < Parts; ++I, Left -= Size)
      Sizes.push_back(std::min(Size, std::max<int64_t>(Left, 0)));
    if (R.Opset < 18 && Extent % Parts != 0)
      return fail(DiagId::ShapeMismatch, "cannot split " + dimsText(T.Dims) +
                                             " into " + std::to_string(Parts) +
                                             " equal parts");
  }
  int64_t Sum = 0;
  for (int64_t Size : Sizes)
    Sum += Size < 0 ? Extent + 1 : Size;
  if (Sum != Extent || static_cast<int64_t>(Sizes.size()) != Parts)
    return fail(DiagId::ShapeMismatch, "the parts " + dimsText(Sizes) +
                                           " do not make up " +
                                           std::to_string(Extent));
  std::vector<Tensor> Out;
  int64_t First = 0;
  for (size_t I = 0; I < Sizes.size(); ++I) {
    std::vector<AxisMap> Maps(T.Dims.size());
    Maps[*Axis] =
        selection(upFrom(First, Sizes[I]), static_cast<uint32_t>(Extent));
    First += Sizes[I];
    bool Wanted = R.isRead(N.output(static_cast<int>(I)));
    Out.push_back(Wanted ? along(T, Maps) : Tensor());
  }
  More.assign(Out.begin() + 1, Out.end());
  return Out[0];
}

Tensor Operator::slice() {
  const Tensor &T = *In[0];
  Shape Starts, Ends, Axes, Steps;
  if (!list("starts", 1, Starts) || !list("ends", 2, Ends) ||
      !list("axes", 3, Axes) || !list(nullptr, 4, Steps))
    return {};
  if (!isListed("starts", 1) || !isListed("ends", 2))
    return fail(DiagId::InvalidModel, "expected starts and ends");
  if (!isListed("axes", 3))
    Axes = upFrom(0, static_cast<int64_t>(Starts.size()));
  if (!has(4))
    Steps.assign(Starts.size(), 1);
  if (Ends.size() != Starts.size() || Axes.size() != Starts.size() ||
      Steps.size() != Starts.size())
    return fail(DiagId::ShapeMismatch,
                "starts, ends, axes and steps differ in length");
  std::vector<bool> Marked;
  if (!markAxes(Axes, T.Dims.size(), Marked))
    return {};
  std::vector<AxisMap> Maps(T.Dims.size());
  for (size_t I = 0; I < Axes.size(); ++I) {
    size_t Axis = *axisOf(Axes[I], T.Dims.size());
    int64_t Extent = T.Dims[Axis], Step = Steps[I];
    if (Step == 0)
      return fail(DiagId::ShapeMismatch, "a step is 0");
    int64_t Low = Step > 0 ? 0 : -1, High = Step > 0 ? Extent : Extent - 1;
    int64_t Start = Starts[I] + (Starts[I] < 0 ? Extent : 0);
    int64_t End = Ends[I] + (Ends[I] < 0 ? Extent : 0);
    Start = std::clamp(Start, std::max<int64_t>(Low, 0), std::max(High, Low));
    End = std::clamp(End, Low, std::max(High, Low));
    std::vector<int64_t> Columns;
    for (int64_t At = Start; (Step > 0 ? At < End : At > End) && At < Extent;
         At += Step)
      Columns.push_back(At);
    Maps[Axis] = selection(Columns, static_cast<uint32_t>(Extent));
  }
  return along(T, Maps);
}

/// The element that stands at \p At where an axis of \p Extent goes on beyond
/// its ends; negative for none.
static int64_t padded(int64_t At, int64_t Extent, std::string_view Mode) {
  if (At >= 0 && At < Extent)
    return At;
  if (Mode == "edge")
    return At < 0 ? 0 : Extent - 1;
  if (Mode == "wrap")
    return (At % Extent + Extent) % Extent;
  if (Mode == "reflect") {
    // There and back again, without repeating the ends.
    int64_t Period = std::max<int64_t>(2 * (Extent - 1), 1);
    int64_t Phase = (At % Period + Period) % Period;
    return Phase < Extent ? Phase : Period - Phase;
  }
  return -1;
}

Tensor Operator::pad() {
  const Tensor &T = *In[0];
  auto Mode = text("mode", "constant");
  auto Value = real("value", 0);
  Shape Pads, Axes;
  const char *Name = attribute("paddings") ? "paddings" : "pads";
  if (!Mode || !Value || !list(Name, 1, Pads) || !list(nullptr, 3, Axes))
    return {};
  auto Fill = scalarOperand(2, *Value, "filling");
  if (!Fill)
    return {};
  if (*Mode != "constant" && *Mode != "edge" && *Mode != "reflect" &&
      *Mode != "wrap")
    return fail(DiagId::BadAttribute,
                "'" + printable(*Mode) + "' is no mode of padding");
  if (!has(3))
    Axes = upFrom(0, static_cast<int64_t>(T.Dims.size()));
  std::vector<bool> Marked;
  if (!markAxes(Axes, T.Dims.size(), Marked))
    return {};
  if (Pads.size() != 2 * Axes.size())
    return fail(DiagId::ShapeMismatch,
                "expected " + std::to_string(2 * Axes.size()) +
                    " sizes of padding, found " + std::to_string(Pads.size()));
  Shape Dims = T.Dims;
  for (size_t I = 0; I < Axes.size(); ++I) {
    size_t Axis = *axisOf(Axes[I], T.Dims.size());
    Dims[Axis] += Pads[I] + Pads[I + Axes.size()];
    if (Dims[Axis] < 0 || T.Dims[Axis] == 0)
      return fail(DiagId::ShapeMismatch, "axis " + std::to_string(Axis) +
                                             " of " + dimsText(T.Dims) +
                                             " cannot be padded so");
  }
  if (!fits(Dims))
    return {};
  std::vector<AxisMap> Maps(T.Dims.size());
  for (size_t I = 0; I < Axes.size(); ++I) {
    size_t Axis = *axisOf(Axes[I], T.Dims.size());
    std::vector<int64_t> Columns;
    for (int64_t At = 0; At < Dims[Axis]; ++At)
      Columns.push_back(padded(At - Pads[I], T.Dims[Axis], *Mode));
    Maps[Axis] = selection(Columns, static_cast<uint32_t>(T.Dims[Axis]));
  }
  return along(T, Maps, *Fill);
}

Tensor Operator::expand() {
  const Tensor &T = *In[0];
  Shape Wanted;
  if (!list(nullptr, 1, Wanted))
    return {};
  for (int64_t Extent : Wanted)
    if (Extent < 0)
      return fail(DiagId::ShapeMismatch,
                  "expected extents, found " + dimsText(Wanted));
  auto Dims = broadcast(T.Dims, Wanted);
  if (!Dims)
    return fail(DiagId::ShapeMismatch, "cannot expand " + dimsText(T.Dims) +
                                           " to " + dimsText(Wanted));
  if (!fits(*Dims))
    return {};
  return pick(*Dims, T, broadcastIndex(T.Dims, *Dims));
}

Tensor Operator::tile() {
  const Tensor &T = *In[0];
  Shape Repeats;
  if (R.Opset < 6) {
    // One axis at a time.
    auto Tiles = scalarOperand(1, 1, "repeats");
    auto Given = Tiles ? scalarOperand(2, 0, "axis") : std::nullopt;
    auto Axis =
        Given ? axisOf(static_cast<int64_t>(std::clamp(*Given, -99.0, 99.0)),
                       T.Dims.size())
              : std::nullopt;
    if (!Axis)
      return {};
    Repeats.assign(T.Dims.size(), 1);
    Repeats[*Axis] = static_cast<int64_t>(std::clamp(*Tiles, -1.0, 0x1p31));
  } else if (!list(nullptr, 1, Repeats)) {
    return {};
  }
  if (Repeats.size() != T.Dims.size())
    return fail(DiagId::ShapeMismatch,
                "expected " + std::to_string(T.Dims.size()) +
                    " repeats, found " + std::to_string(Repeats.size()));
  Shape Dims = T.Dims;
  for (size_t Axis = 0; Axis < Dims.size(); ++Axis) {
    Dims[Axis] *= Repeats[Axis];
    if (Repeats[Axis] < 0)
      return fail(DiagId::ShapeMismatch,
                  "expected repeats, found " + dimsText(Repeats));
  }
  if (!fits(Dims))
    return {};
  std::vector<AxisMap> Maps(T.Dims.size());
  for (size_t Axis = 0; Axis < Dims.size(); ++Axis) {
    if (Repeats[Axis] == 1)
      continue;
    std::vector<int64_t> Columns;
    for (int64_t At = 0; At < Dims[Axis]; ++At)
      Columns.push_back(At % T.Dims[Axis]);
    Maps[Axis] = selection(Columns, static_cast<uint32_t>(T.Dims[Axis]));
  }
  return along(T, Maps);
}
