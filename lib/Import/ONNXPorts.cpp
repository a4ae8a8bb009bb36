//===- ONNXPorts.cpp - Inputs and outputs of a model ----------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXReader.h"

#include "nn2crn/Support/Number.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;
using namespace nn2crn::onnxreader;

//===----------------------------------------------------------------------===//
// Inputs and outputs
//===----------------------------------------------------------------------===//

int64_t Reader::axisFromReaders(const std::string &Start) const {
  // Through operators that keep [batch, n] as it is, to the first weight.
  std::vector<std::string> Work{Start};
  std::unordered_set<std::string> Seen{Start};
  while (!Work.empty()) {
    std::string Name = std::move(Work.back());
    Work.pop_back();
    auto It = Readers.find(Name);
    if (It == Readers.end())
      continue;
    for (int I : It->second) {
      const onnx::NodeProto &N = Source.node(I);
      const std::string &Op = N.op_type();
      if (!isDefaultDomain(N.domain()) || N.input(0) != Name)
        continue;
      if ((Op == "Gemm" || Op == "MatMul") && N.input_size() > 1) {
        auto Weight = Definitions.find(N.input(1));
        if (Weight == Definitions.end() ||
            Weight->second.K != Definition::Kind::Initializer)
          continue;
        const auto &Dims = Source.initializer(Weight->second.Index).dims();
        bool Transposed = false;
        for (const auto &A : N.attribute())
          Transposed |= A.name() == "transB" && A.i() != 0;
        if (Dims.size() == 2)
          return Dims.Get(Transposed ? 1 : 0);
      } else if ((Op == "Identity" || Op == "Dropout" || Op == "Relu" ||
                  Op == "Flatten") &&
                 N.output_size() > 0 && Seen.insert(N.output(0)).second) {
        Work.push_back(N.output(0));
      }
    }
  }
  return 0;
}

void Reader::addInput(const onnx::ValueInfoProto &Info) {
  std::string Context = "input '" + printable(Info.name()) + "'";
  Tensor &T = Tensors[Info.name()];
  if (!Info.type().has_tensor_type()) {
    P.error(DiagId::UnsupportedModel, Context,
            "expected a tensor, found another type");
    return;
  }
  const auto &Type = Info.type().tensor_type();
  auto Given = Options.Fixed.find(Info.name());
  bool IsBool = Type.elem_type() == onnx::TensorProto::BOOL;
  if (!isNumeric(Type.elem_type()) &&
      !(IsBool && Given != Options.Fixed.end())) {
    P.error(
        DiagId::UnsupportedModel, Context,
        "inputs of type " + typeName(Type.elem_type()) + " are not supported",
        {IsBool
             ? "it can be fixed, as in --set='" + printable(Info.name()) + "=1'"
             : "supported are floating-point and integer tensors"});
    return;
  }
  if (Given != Options.Fixed.end()) {
    fixInput(Info, Given->second);
    return;
  }
  Shape Dims;
  bool Good = true;
  if (Type.has_shape()) {
    for (int I = 0; I < Type.shape().dim_size(); ++I) {
      const auto &Axis = Type.shape().dim(I);
      // -1 is how some exporters write an unknown length.
      int64_t Length = Axis.has_dim_value() ? Axis.dim_value() : 0;
      if (Length < -1) {
        P.error(DiagId::ShapeMismatch, Context,
                "axis " + std::to_string(I) + " has the length " +
                    std::to_string(Length));
        Good = false;
      }
      if (Length <= 0 && I == 0)
        Length = 1;
      if (Length <= 0 && I == 1 && Type.shape().dim_size() == 2)
        Length = axisFromReaders(Info.name());
      if (Length <= 0 && Good) {
        P.error(DiagId::UnknownShape, Context,
                "nothing says how long axis " + std::to_string(I) +
                    (Axis.dim_param().empty()
                         ? ""
                         : " ('" + printable(Axis.dim_param()) + "')") +
                    " is; only the leading axis, the batch, may be left open",
                {"export the model with that axis fixed"});
        Good = false;
      }
      Dims.push_back(Length);
    }
  } else if (int64_t Length = axisFromReaders(Info.name()); Length > 0) {
    Dims = {1, Length};
  } else {
    P.error(DiagId::UnknownShape, Context, "its shape is unknown",
            {"export the model with the shape of its inputs"});
    Good = false;
  }
  if (!Good || !budget(elementsOf(Dims), 0, Context))
    return;
  T.S = Tensor::State::Activation;
  T.Type = Type.elem_type();
  T.Id = G.addInput(Info.name(), withoutBatch(Dims));
  T.Dims = std::move(Dims);
}

//===----------------------------------------------------------------------===//
// Inputs that are fixed
//===----------------------------------------------------------------------===//

void Reader::checkFixed() {
  std::string Names;
  for (const auto &Input : Source.input())
    Names += (Names.empty() ? "" : ", ") + printable(Input.name());
  for (const auto &[Name, Values] : Options.Fixed)
    if (std::none_of(Source.input().begin(), Source.input().end(),
                     [&](const auto &Input) { return Input.name() == Name; }))
      P.error(DiagId::UnknownPort, {},
              "the model has no input '" + printable(Name) +
                  "' that could be fixed",
              {"inputs of the model: " + (Names.empty() ? "none" : Names)});
}

/// The shape that \p Values have where \p Declared is wanted, 0 standing for
/// any length: their own, with or without a leading 1, or for a list of numbers
/// whatever it fills.
static std::optional<Shape> fittedShape(const Array &Values,
                                        const Shape &Declared) {
  auto Fits = [&](const Shape &Dims) {
    return std::ranges::equal(Dims, Declared, [](int64_t Has, int64_t Wants) {
      return Wants == 0 || Wants == Has;
    });
  };
  Shape Less = withoutBatch(Values.Shape), More = Values.Shape;
  More.insert(More.begin(), 1);
  for (const Shape &Dims : {Values.Shape, Less, More})
    if (Fits(Dims) && elementsOf(Dims) == Values.Data.size())
      return Dims;
  Shape Filled = Declared;
  uint64_t Known = 1;
  int64_t *Open = nullptr;
  for (int64_t &Extent : Filled) {
    if (Extent != 0) {
      Known *= static_cast<uint64_t>(Extent);
      continue;
    }
    if (Open)
      return std::nullopt;
    Open = &Extent;
  }
  if (Open && Known != 0)
    *Open = static_cast<int64_t>(Values.Data.size() / Known);
  if (Values.Flat && elementsOf(Filled) == Values.Data.size())
    return Filled;
  return std::nullopt;
}

void Reader::fixInput(const onnx::ValueInfoProto &Info, const Array &Values) {
  std::string Context = "input '" + printable(Info.name()) + "'";
  const auto &Type = Info.type().tensor_type();
  Shape Declared, Dims = Values.Shape;
  if (Type.has_shape()) {
    for (const auto &Axis : Type.shape().dim())
      Declared.push_back(std::clamp<int64_t>(Axis.dim_value(), 0, UINT32_MAX));
    auto Fitted = fittedShape(Values, Declared);
    if (!Fitted) {
      P.error(DiagId::WrongShape, Context,
              "expected values of the shape " + dimsText(Declared) +
                  (std::ranges::count(Declared, 0) ? " (0: any length)" : "") +
                  ", found " + dimsText(Values.Shape) + " in " + Values.Source);
      return;
    }
    Dims = std::move(*Fitted);
  }
  int32_t To = Type.elem_type();
  auto [Low, High] = rangeOf(To);
  std::vector<double> Data = Values.Data;
  for (double &V : Data) {
    if (!isFloating(To) && !(V == std::floor(V) && V >= Low && V <= High)) {
      P.error(DiagId::BadArgument, Context,
              "expected values of type " + typeName(To) + ", found " +
                  formatDouble(V) + " in " + Values.Source);
      return;
    }
    V = roundTo(To, V);
  }
  Tensor T;
  T.Known = Constants.make(Dims, std::move(Data), Context);
  if (!T.Known)
    return;
  T.S = Tensor::State::Constant;
  T.Type = To;
  T.Dims = std::move(Dims);
  Tensors.insert_or_assign(Info.name(), std::move(T));
}

//===----------------------------------------------------------------------===//
// Ports
//===----------------------------------------------------------------------===//

void Reader::addInputs() {
  for (int I = 0; I < Source.input_size(); ++I) {
    // Skips initializers, unless other values are given, and names that stand
    // twice.
    const std::string &Name = Source.input(I).name();
    auto It = Definitions.find(Name);
    if (It == Definitions.end() || Tensors.count(Name))
      continue;
    bool IsDefault = It->second.K == Definition::Kind::Initializer &&
                     Options.Fixed.count(Name);
    if (IsDefault ||
        (It->second.K == Definition::Kind::Input && It->second.Index == I))
      addInput(Source.input(I));
  }
}

void Reader::sayHead(const Tensor &T, bool Kept, const std::string &Context) {
  std::string Names;
  for (size_t I = 0; I < T.Head.Operators.size(); ++I)
    Names += (I == 0                            ? ""
              : I + 1 < T.Head.Operators.size() ? ", "
                                                : " and ") +
             T.Head.Operators[I];
  if (!Kept)
    P.remark(DiagId::DroppedHead, Context,
             "the final " + Names + " is dropped: the winner is the same",
             {T.Head.Operators.back() == "ArgMin"
                  ? "the port holds what goes into it, with the sign turned"
                  : "the port holds what goes into it; --keep-head keeps it"});
  else if (T.Head.IsIndex)
    P.remark(DiagId::WinnerMargin, Context,
             "it is the index of the winner wherever that leads by " +
                 formatDouble(usedMargin(Options.Head.Margin)) +
                 ", and between 0 and that index where it leads by less",
             {"--head-margin takes another lead, --help says more"});
}

void Reader::addOutput(const onnx::ValueInfoProto &Info) {
  std::string Context = "output '" + printable(Info.name()) + "'";
  Tensor T = lookup(Info.name());
  OutputMeaning Meaning;
  Meaning.Head = T.Head.Operators;
  if (!T.Head.Operators.empty()) {
    // What something else has computed is there anyway.
    Meaning.HeadKept =
        Options.Head.Keep || Computed.count(T.Head.Node->output(0));
    sayHead(T, Meaning.HeadKept, Context);
    if (Meaning.HeadKept)
      T = computed(Info.name());
  }
  if (T.S == Tensor::State::Broken)
    return;
  if (T.Labels) {
    Meaning.Labels = T.Labels->Names;
    Meaning.LabelsAreIntegers = T.Labels->AreIntegers;
  }
  if (T.S == Tensor::State::Constant) {
    if (T.Known->Data.empty()) {
      P.error(DiagId::UnsupportedModel, Context,
              "it has no elements: its shape is " + dimsText(T.Dims));
      return;
    }
    if (!budget(elementsOf(T.Dims), 0, Context))
      return;
    NodeSource Constant;
    Constant.Name = Constant.Result = printable(Info.name());
    Constant.Operator = "constant output";
    T.Id = G.addAffine(Info.name(), withoutBatch(T.Dims), {}, T.Known->Data,
                       G.addSource(Constant));
  }
  const auto &Type = Info.type().tensor_type();
  if (Info.type().has_tensor_type() && Type.has_shape() && !T.Head.IsIndex) {
    Shape Declared;
    for (const auto &Axis : Type.shape().dim())
      Declared.push_back(std::max<int64_t>(Axis.dim_value(), 0));
    // The leading axis may be open, or frozen at another batch; a shape that is
    // open elsewhere promises nothing.
    if (!Declared.empty() && (Declared[0] == 0 || Declared.size() > 1))
      Declared[0] = 1;
    bool Open = std::count(Declared.begin(), Declared.end(), 0) != 0;
    if (!Open && elementsOf(Declared) != elementsOf(withoutBatch(T.Dims)) &&
        elementsOf(Declared) *
                static_cast<uint64_t>(T.Dims.empty() ? 1 : T.Dims[0]) !=
            elementsOf(T.Dims))
      P.error(DiagId::ShapeMismatch, Context,
              "it is declared with the shape " + dimsText(Declared) +
                  ", but the model computes " + dimsText(T.Dims),
              {"export the model again"});
  }
  G.addOutput(Info.name(), T.Id, withoutBatch(T.Dims), std::move(Meaning),
              T.Scores);
}

void Reader::addOutputs() {
  for (const onnx::ValueInfoProto &Output : Source.output())
    if (Definitions.count(Output.name()))
      addOutput(Output);
}

void Reader::checkBatch() {
  // A leading axis that goes in and comes out again may be a batch. One that
  // does not come out (rows of an image, say) is none.
  for (const onnx::ValueInfoProto &Input : Source.input()) {
    auto In = Tensors.find(Input.name());
    if (In == Tensors.end() || In->second.S != Tensor::State::Activation ||
        In->second.Dims.size() < 2 || In->second.Dims[0] == 1)
      continue;
    int64_t Batch = In->second.Dims[0];
    for (const onnx::ValueInfoProto &Output : Source.output()) {
      auto Out = Tensors.find(Output.name());
      if (Out == Tensors.end() || Out->second.S != Tensor::State::Activation ||
          Out->second.Dims.size() < 2 || Out->second.Dims[0] != Batch)
        continue;
      P.remark(DiagId::FixedBatch, "input '" + printable(Input.name()) + "'",
               "the network takes " + std::to_string(Batch) +
                   " cases at once, if the leading axis is a batch: the input "
                   "is " +
                   dimsText(In->second.Dims) + ", output '" +
                   printable(Output.name()) + "' is " +
                   dimsText(Out->second.Dims),
               {"for a network of one case export the model with a batch axis "
                "that is symbolic or 1"});
      break;
    }
  }
}
