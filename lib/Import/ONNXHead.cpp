//===- ONNXHead.cpp - What may be left out at the end of a model ----------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXOperator.h"

using namespace nn2crn;
using namespace nn2crn::onnxreader;

Tensor Operator::head() {
  const Tensor &T = *In[0];
  bool IsArgMax = N.op_type() == "ArgMax";
  auto Rank = static_cast<int64_t>(T.Dims.size());
  // Before set 13 a Softmax runs over everything from its axis on.
  bool Old = !IsArgMax && R.Opset < 13;
  auto Axis = integer("axis", IsArgMax ? 0 : Old ? 1 : -1);
  if (!Axis)
    return {};
  if (*Axis < -Rank || *Axis >= Rank + Old)
    return fail(DiagId::BadAttribute, "axis " + std::to_string(*Axis) +
                                          " is beyond the shape " +
                                          dimsText(T.Dims));
  auto First = T.Dims.begin() + (*Axis < 0 ? *Axis + Rank : *Axis);
  uint64_t Group = elementsOf(Shape(First, Old ? T.Dims.end() : First + 1));
  uint64_t Count = elementsOf(T.Dims);
  // Over a batch of one it turns everything into the same number; after
  // another head it must compare the same elements.
  if (T.HeadReduces || (Group == 1 && Count != 1)) {
    return refuse("along an axis of length 1");
  }
  if (!T.Head.empty() && Group != Count) {
    return refuse("after " + T.Head);
  }
  Tensor Out = T;
  if (Out.S == Tensor::State::Constant) {
    Out.Id = activation(T);
    if (!Out.Id.isValid())
      return {};
    Out.S = Tensor::State::Activation;
  }
  Out.Head += (Out.Head.empty() ? "" : " and ") + N.op_type();
  Out.HeadReduces = IsArgMax;
  Out.HeadNode = &N;
  return Out;
}
