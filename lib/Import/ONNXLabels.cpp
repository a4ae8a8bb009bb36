//===- ONNXLabels.cpp - Names of classes ----------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What scikit-learn's converter puts behind a classifier. Labels never become
// amounts: a tensor of labels is one of indices, with the labels beside it.
//
//===----------------------------------------------------------------------===//

#include "ONNXOperator.h"

#include "nn2crn/Support/Number.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;
using namespace nn2crn::onnxreader;
using onnx::TensorProto;

/// How a number is written as a key or label: integers without a point.
static std::string labelText(double V) {
  return V == std::rint(V) && std::fabs(V) < 0x1p63
             ? std::to_string(static_cast<int64_t>(V))
             : formatDouble(V);
}

Tensor Operator::labelled(Tensor T, ClassLabels Labels) {
  T.Labels = std::make_shared<const ClassLabels>(std::move(Labels));
  return T;
}

/// The labels of \p T, or the indices themselves.
static ClassLabels labelsOf(const Tensor &T) {
  if (T.Labels)
    return *T.Labels;
  ClassLabels Out;
  Out.AreIntegers = true;
  for (int64_t I = 0; I < T.Classes; ++I)
    Out.Names.push_back(std::to_string(I));
  return Out;
}

Tensor Operator::arrayFeatureExtractor() {
  const Tensor &X = *In[0], &Y = *In[1];
  if (Y.Classes != 0) {
    if (!X.isKnown() || elementsOf(X.Dims) != X.Known->Data.size() ||
        elementsOf(X.Dims) !=
            static_cast<uint64_t>(X.Dims.empty() ? 1 : X.Dims.back()))
      return refuse("with computed places");
    if (X.Known->Data.size() != static_cast<size_t>(Y.Classes))
      return fail(DiagId::ShapeMismatch,
                  "expected a label for each of " + std::to_string(Y.Classes) +
                      " classes, found " +
                      std::to_string(X.Known->Data.size()));
    ClassLabels Labels;
    Labels.Names = X.Known->Strings;
    if (Labels.Names.empty()) {
      Labels.AreIntegers = true;
      for (double V : X.Known->Data) {
        Labels.Names.push_back(labelText(V));
        Labels.AreIntegers &= isIntegerLabel(Labels.Names.back());
      }
    }
    Tensor Out =
        Compute ? renamed(Y, {1, static_cast<int64_t>(elementsOf(Y.Dims))}) : Y;
    Out.Type = X.Type;
    return labelled(std::move(Out), std::move(Labels));
  }
  if (isText(X))
    return refuse("with known places in text");
  const Constant *Places = constantOperand(1, "places");
  if (!Places || X.Dims.empty())
    return Places ? mismatch("take elements along", X, Y) : Tensor();
  std::vector<int64_t> Columns;
  for (double V : Places->Data) {
    if (!(V >= 0 && V < static_cast<double>(X.Dims.back())))
      return fail(DiagId::BadTensor, "place " + labelText(V) +
                                         " is beyond the last axis of " +
                                         dimsText(X.Dims));
    Columns.push_back(static_cast<int64_t>(V));
  }
  std::vector<AxisMap> Maps(X.Dims.size());
  Maps.back() = selection(Columns, static_cast<uint32_t>(X.Dims.back()));
  Tensor Out = along(X, Maps);
  if (Out.Dims.size() == 1)
    Out.Dims.insert(Out.Dims.begin(), 1);
  return Out;
}

Tensor Operator::zipMap() {
  const Tensor &X = *In[0];
  ClassLabels Labels;
  for (const onnx::AttributeProto &A : N.attribute()) {
    for (const std::string &Name : A.strings())
      Labels.Names.push_back(Name);
    for (int64_t Label : A.ints())
      Labels.Names.push_back(std::to_string(Label));
    Labels.AreIntegers |= A.ints_size() != 0;
  }
  if (N.attribute_size() != 1 || X.Dims.empty() ||
      Labels.Names.size() != static_cast<size_t>(X.Dims.back()))
    return fail(DiagId::BadAttribute,
                "expected a list of labels, one for each of the last axis of " +
                    dimsText(X.Dims) + ", found " +
                    std::to_string(Labels.Names.size()));
  return labelled(X, std::move(Labels));
}

bool Operator::encoderTable(std::map<std::string, std::string> &Table,
                            std::string &Default, bool &GivesWords) {
  std::vector<std::string> Keys, Values;
  auto List = [&](const onnx::AttributeProto &A) {
    std::vector<std::string> Out(A.strings().begin(), A.strings().end());
    for (int64_t V : A.ints())
      Out.push_back(std::to_string(V));
    for (float V : A.floats())
      Out.push_back(labelText(V));
    return Out;
  };
  GivesWords = false;
  Default = "-1";
  for (const onnx::AttributeProto &A : N.attribute()) {
    std::string_view Name = A.name();
    if (Name.starts_with("keys_"))
      Keys = List(A);
    if (Name.starts_with("values_")) {
      Values = List(A);
      GivesWords = A.strings_size() != 0;
    }
    if (Name == "classes_strings") {
      Values = List(A);
      for (size_t I = 0; I < Values.size(); ++I)
        Keys.push_back(std::to_string(I));
      GivesWords = true;
    }
  }
  const char *Of = GivesWords ? "default_string" : "default_int64";
  if (GivesWords)
    Default = attribute(Of) ? attribute(Of)->s() : "_Unused";
  else if (attribute(Of))
    Default = std::to_string(attribute(Of)->i());
  if (Keys.empty() || Keys.size() != Values.size()) {
    fail(DiagId::BadAttribute, "expected as many keys as values, found " +
                                   std::to_string(Keys.size()) + " and " +
                                   std::to_string(Values.size()));
    return false;
  }
  for (size_t I = 0; I < Keys.size(); ++I)
    Table.emplace(Keys[I], Values[I]);
  return true;
}

Tensor Operator::labelEncoder() {
  const Tensor &X = *In[0];
  std::map<std::string, std::string> Table;
  std::string Default;
  bool GivesWords = false;
  if (!encoderTable(Table, Default, GivesWords))
    return {};
  if (X.Classes == 0)
    return refuse("of what is no class");
  ClassLabels Labels = labelsOf(X);
  Labels.AreIntegers = !GivesWords;
  for (std::string &Name : Labels.Names) {
    auto It = Table.find(Name);
    Name = It == Table.end() ? Default : It->second;
    Labels.AreIntegers &= isIntegerLabel(Name);
  }
  Tensor Out = X;
  Out.Type = GivesWords ? TensorProto::STRING : TensorProto::INT64;
  return labelled(std::move(Out), std::move(Labels));
}

Tensor Operator::castLabels(int32_t To) {
  const Tensor &X = *In[0];
  Tensor Out = X;
  Out.Type = To;
  if (To == TensorProto::STRING) {
    ClassLabels Labels = labelsOf(X);
    Labels.AreIntegers = false;
    return labelled(std::move(Out), std::move(Labels));
  }
  if (!isNumeric(To) || (X.Labels && !X.Labels->AreIntegers))
    return refuse("of labels to " + typeName(To));
  return Out;
}
