//===- ONNXOperator.cpp - The table of operators, operands, attributes ----===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Semantics are those of the ONNX operator documentation for operator sets 1
// to 28; differences between the sets are noted where they matter.
//
//===----------------------------------------------------------------------===//

#include "ONNXOperator.h"

#include <algorithm>
#include <charconv>
#include <cmath>

using namespace nn2crn;
using namespace nn2crn::onnxreader;

//===----------------------------------------------------------------------===//
// The table of operators
//===----------------------------------------------------------------------===//

struct Operator::Entry {
  std::string_view Domain, Name;
  int Since;
  Tensor (Operator::*Run)();
  /// The greatest number is -1 where there is no bound.
  int MinInputs, MaxInputs;
  std::string_view Attributes, How, Limits;

  /// Gives what a head (a final Softmax) made to its own result.
  bool passesHead() const { return Attributes.starts_with("*"); }
  /// Is one itself, and finds its operand itself.
  bool isHead() const { return Attributes.starts_with("**"); }
  bool takesText() const { return How == "labels" || Name == "Identity"; }
  bool hasAttribute(std::string_view Wanted, int Opset) const {
    std::string_view Rest = Attributes;
    while (!Rest.empty()) {
      size_t End = std::min(Rest.find(' '), Rest.size());
      std::string_view Word = Rest.substr(0, End);
      Rest.remove_prefix(std::min(End + 1, Rest.size()));
      size_t Bound = std::min(Word.find('<'), Word.size());
      if (Word.substr(0, Bound) != Wanted)
        continue;
      int Below = MaxOpset + 1;
      if (Bound < Word.size())
        std::from_chars(Word.data() + Bound + 1, Word.data() + Word.size(),
                        Below);
      return Opset < Below;
    }
    return false;
  }
};

std::span<const Operator::Entry> Operator::table() {
  static constexpr Entry Entries[] = {
#define NN2CRN_ONNX(DOMAIN, NAME, SINCE, METHOD, MIN, MAX, ATTRIBUTES, HOW,    \
                    LIMITS)                                                    \
  {DOMAIN, #NAME, SINCE, &Operator::METHOD, MIN, MAX, ATTRIBUTES, HOW, LIMITS},
#include "ONNXOperators.def"
  };
  return Entries;
}

const Operator::Entry *Operator::find(const onnx::NodeProto &N) {
  std::string_view Domain = N.domain();
  if (Domain == "ai.onnx")
    Domain = "";
  for (const Entry &E : table())
    if (N.op_type() == E.Name && Domain == E.Domain)
      return &E;
  return nullptr;
}

bool Operator::isKnown(const onnx::NodeProto &N) { return find(N) != nullptr; }

std::string Operator::reference() {
  std::string Text = R"(# Operators that are read

Made from the table in `lib/Import/ONNXOperators.def` by
`crn-opt --print-reference=operators`. Operator sets 1 to )" +
                     std::to_string(MaxOpset) + R"(, each with
the meaning that it has in the model's own set.

*affine*: a sparse matrix times the operand, plus a bias, whatever the operator;
*movement*: a matrix with a single 1 a row; *renaming*: no reactions at all;
*ReLU*: affine parts and ReLUs that give the same function; *approximation*: the
same for a piecewise-linear function near it, with a proven bound (`--segments`);
*constant*: computed
while the model is read, as the model's type rounds; *head*: at the end of a model
left out with a remark, or kept with `--keep-head`; *labels*: names of classes
beside what is computed. "Known" is what an initializer, a Constant, a computation on constants or
`nn2crn --set` gives. Any operator of which all operands are known is computed
while the model is read.

| operator | since set | becomes | limits |
| --- | --- | --- | --- |
)";
  std::vector<const Entry *> Sorted;
  for (const Entry &E : table())
    Sorted.push_back(&E);
  std::ranges::stable_sort(Sorted, [](const Entry *A, const Entry *B) {
    return std::pair(A->Domain, A->Name) < std::pair(B->Domain, B->Name);
  });
  for (const Entry *E : Sorted)
    Text += "| " + std::string(E->Domain) + (E->Domain.empty() ? "" : ".") +
            std::string(E->Name) + " | " + std::to_string(E->Since) + " | " +
            std::string(E->How) + " | " + std::string(E->Limits) +
            (E->Limits.empty() ? "|\n" : " |\n");
  return Text;
}

std::string nn2crn::onnxOperatorReference() { return Operator::reference(); }

std::vector<Tensor> Operator::run() {
  Row = find(N);
  auto Broken = [&](DiagId Id, std::string Message) {
    fail(Id, std::move(Message));
    return std::vector<Tensor>(1);
  };
  if (N.output_size() == 0 ||
      std::ranges::all_of(N.output(),
                          [](const std::string &O) { return O.empty(); }))
    return Broken(DiagId::InvalidModel, "expected a name for its result, found "
                                        "none");
  if (Row->Domain.empty() && R.Opset < Row->Since)
    return Broken(DiagId::InvalidModel,
                  "operator set " + std::to_string(R.Opset) +
                      " of the model does not have this operator");
  bool Good = checkAttributes();
  for (int I = 0; I < Row->MinInputs; ++I)
    if (I >= N.input_size() || N.input(I).empty())
      return Broken(DiagId::InvalidModel,
                    "expected at least " + std::to_string(Row->MinInputs) +
                        (Row->MinInputs == 1 ? " operand" : " operands") +
                        ", and operand " + std::to_string(I) + " is missing");
  if (Row->MaxInputs >= 0 && N.input_size() > Row->MaxInputs)
    return Broken(DiagId::InvalidModel,
                  "expected at most " + std::to_string(Row->MaxInputs) +
                      " operands, found " + std::to_string(N.input_size()));
  Good &= findOperands();
  // What is wrong with an operand was reported where it came from.
  std::vector<Tensor> Results{Good ? (this->*Row->Run)() : Tensor()};
  if (!Row->isHead())
    finishHead(Results[0]);
  Results.insert(Results.end(), More.begin(), More.end());
  return Results;
}

bool Operator::findOperands() {
  bool Good = true;
  for (const std::string &Name : N.input()) {
    In.push_back(Name.empty() ? nullptr : &R.lookup(Name));
    if (!In.back())
      continue;
    Good &= In.back()->S != Tensor::State::Broken;
    // Lists of axes may be empty, and what is only moved about.
    bool MayBeEmpty = Row->How == "movement" || Row->How == "renaming" ||
                      Row->How == "constant" || In.size() > 2 ||
                      (In.size() == 2 && Row->MinInputs == 1);
    if (In.back()->isKnown() && In.back()->Known->Data.empty() && !MayBeEmpty) {
      fail(DiagId::BadTensor, "operand " + std::to_string(In.size() - 1) +
                                  " of shape " + dimsText(In.back()->Dims) +
                                  " has no elements");
      Good = false;
    }
    if (isText(*In.back()) && In.back()->isKnown() && !Row->takesText()) {
      fail(DiagId::UnsupportedModel,
           "constants of type string are not supported here");
      Good = false;
    }
  }
  if (!Good)
    return false;
  Passing = passesHead();
  for (int I = 0; I < N.input_size(); ++I) {
    const Tensor *&T = In[static_cast<size_t>(I)];
    if (!T)
      continue;
    bool IsData = N.op_type() == "Concat" || static_cast<size_t>(I) == data();
    if (Passing && !Compute && !Row->isHead() && IsData)
      continue;
    // An index is of use to whatever passes it on, and to nothing else.
    bool IsIndex = T->Classes != 0 && (!Passing || Row->isHead() || !IsData);
    if (IsIndex && T->Head.Node)
      R.unsupported(*T->Head.Node, "before the end of the model");
    if (IsIndex)
      return false;
    if (!T->Head.Operators.empty() && !Row->isHead())
      T = &R.computed(N.input(I));
    if (T->S == Tensor::State::Broken)
      return false;
  }
  return true;
}

bool Operator::passesHead() const {
  if (!Row->passesHead())
    return false;
  auto IsSigmoid = [](const Tensor *T) {
    return T && T->Head.Operators == std::vector<std::string>{"Sigmoid"};
  };
  const std::string &Op = N.op_type();
  if (Op == "Sub") // 1 - sigmoid(x) = sigmoid(-x)
    return has(0) && has(1) && In[0]->isKnown() && IsSigmoid(In[1]) &&
           broadcast(In[0]->Dims, In[1]->Dims) == In[1]->Dims &&
           std::ranges::all_of(In[0]->Known->Data,
                               [](double V) { return V == 1; });
  if (Op == "Concat")
    return !In.empty() && std::ranges::all_of(In, IsSigmoid);
  if (Op == "ArrayFeatureExtractor")
    return has(0) && has(1) && In[0]->isKnown() && In[1]->Classes != 0;
  if (Op == "Shape" || Op == "Size")
    return has(0) && In[0]->Classes == 0;
  return has(0);
}

/// A result of what passes heads on has that of its operand, and its labels.
void Operator::finishHead(Tensor &Out) const {
  if (!Passing || Out.S == Tensor::State::Broken || Out.isKnown()) {
    Out.Head = {};
    Out.Classes = 0;
    Out.Scores = {};
    Out.Labels = nullptr;
    return;
  }
  const Tensor &From = *In[data()];
  Out.Head = From.Head;
  Out.Head.OfScores = false;
  if (Out.Head.Over == Head::Scope::Axis && Out.Dims != From.Dims)
    Out.Head.Over = Head::Scope::Parts;
  if (Out.Head.Over == Head::Scope::Axis && N.op_type() == "Transpose")
    Out.Head.Over = Head::Scope::Parts;
  Out.Classes = From.Classes;
  Out.Scores = From.Scores;
  if (!Out.Labels)
    Out.Labels = From.Labels;
}

//===----------------------------------------------------------------------===//
// Problems
//===----------------------------------------------------------------------===//

Tensor Operator::fail(DiagId Id, std::string Message,
                      std::vector<std::string> Notes) {
  R.P.error(Id, Context, std::move(Message), std::move(Notes));
  return {};
}

Tensor Operator::refuse(const std::string &Why) {
  R.unsupported(N, Why);
  return {};
}

Tensor Operator::mismatch(const char *Verb, const Tensor &A, const Tensor &B) {
  return fail(DiagId::ShapeMismatch, std::string("cannot ") + Verb +
                                         " the shapes " + dimsText(A.Dims) +
                                         " and " + dimsText(B.Dims));
}

bool Operator::mayCompute(const Tensor &T) {
  using onnx::TensorProto;
  if (!T.isActivation() || isFloating(T.Type) || T.Type == TensorProto::INT32 ||
      T.Type == TensorProto::INT64)
    return true;
  refuse("of computed " + typeName(T.Type) + ", which wraps around");
  return false;
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

const onnx::AttributeProto *Operator::attribute(const char *Name) const {
  for (const onnx::AttributeProto &A : N.attribute())
    if (A.name() == Name)
      return &A;
  return nullptr;
}

bool Operator::checkAttributes() {
  bool Good = true;
  for (const onnx::AttributeProto &A : N.attribute()) {
    if (!Row->hasAttribute(A.name(), R.Opset)) {
      fail(DiagId::BadAttribute,
           "it has no attribute '" + printable(A.name()) + "'");
      Good = false;
    } else if (!A.ref_attr_name().empty()) {
      fail(DiagId::BadAttribute, "attribute '" + A.name() +
                                     "' refers to that of a function, and the "
                                     "node is in none");
      Good = false;
    }
  }
  return Good;
}

/// Files from before the type was recorded have none.
static bool isOf(const onnx::AttributeProto &A,
                 onnx::AttributeProto::AttributeType Type) {
  return !A.has_type() || A.type() == Type;
}

std::optional<int64_t> Operator::integer(const char *Name, int64_t Default) {
  const onnx::AttributeProto *A = attribute(Name);
  if (!A)
    return Default;
  if (A->has_i() && isOf(*A, onnx::AttributeProto::INT))
    return A->i();
  fail(DiagId::BadAttribute,
       std::string("expected an integer as attribute '") + Name + "'");
  return std::nullopt;
}

std::optional<double> Operator::real(const char *Name, float Default) {
  const onnx::AttributeProto *A = attribute(Name);
  if (!A)
    return Default;
  if (A->has_f() && std::isfinite(A->f()) &&
      isOf(*A, onnx::AttributeProto::FLOAT))
    return A->f();
  fail(DiagId::BadAttribute,
       std::string("expected a finite number as attribute '") + Name + "'");
  return std::nullopt;
}

std::optional<std::string> Operator::text(const char *Name,
                                          const char *Default) {
  const onnx::AttributeProto *A = attribute(Name);
  if (!A)
    return Default;
  if (A->has_s() && isOf(*A, onnx::AttributeProto::STRING))
    return A->s();
  fail(DiagId::BadAttribute,
       std::string("expected a word as attribute '") + Name + "'");
  return std::nullopt;
}

/// Far beyond any extent, and far from any overflow.
static constexpr int64_t Farthest = int64_t{1} << 31;

bool Operator::integers(const char *Name, Shape &Out) {
  const onnx::AttributeProto *A = attribute(Name);
  if (!A)
    return true;
  Out.assign(A->ints().begin(), A->ints().end());
  bool Good = isOf(*A, onnx::AttributeProto::INTS);
  for (int64_t &V : Out) {
    // Slices go "to the end" by the greatest number there is.
    V = std::clamp(V, -Farthest, Farthest);
  }
  if (!Good)
    fail(DiagId::BadAttribute,
         std::string("expected integers as attribute '") + Name + "'");
  return Good;
}

bool Operator::reals(const char *Name, std::vector<double> &Out) {
  const onnx::AttributeProto *A = attribute(Name);
  if (!A)
    return true;
  Out.assign(A->floats().begin(), A->floats().end());
  if (isOf(*A, onnx::AttributeProto::FLOATS) &&
      std::ranges::all_of(Out, [](double V) { return std::isfinite(V); }))
    return true;
  fail(DiagId::BadAttribute,
       std::string("expected finite numbers as attribute '") + Name + "'");
  return false;
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

const Constant *Operator::constantOperand(size_t Input, const char *What) {
  if (In[Input]->isKnown())
    return In[Input]->Known;
  refuse(std::string("with computed ") + What);
  return nullptr;
}

std::optional<double> Operator::scalarOperand(size_t Input, double Default,
                                              const char *What) {
  if (!has(Input))
    return Default;
  const Constant *C = constantOperand(Input, What);
  if (C && C->Data.size() == 1)
    return C->Data[0];
  if (C)
    fail(DiagId::ShapeMismatch, std::string("expected a single number as ") +
                                    What + ", found the shape " +
                                    dimsText(In[Input]->Dims));
  return std::nullopt;
}

bool Operator::list(const char *Name, size_t Input, Shape &Out) {
  if (!has(Input))
    return !Name || integers(Name, Out);
  const Constant *C = constantOperand(Input, Name ? Name : "extents");
  if (!C)
    return false;
  bool Good = In[Input]->Dims.size() <= 1;
  Out.clear();
  for (double V : C->Data) {
    Good &= V == std::floor(V);
    auto Bound = static_cast<double>(Farthest);
    Out.push_back(static_cast<int64_t>(std::clamp(V, -Bound, Bound)));
  }
  if (!Good)
    fail(DiagId::ShapeMismatch,
         "expected a list of integers as operand " + std::to_string(Input) +
             ", found the shape " + dimsText(In[Input]->Dims));
  return Good;
}

std::optional<size_t> Operator::axisOf(int64_t Axis, size_t Rank) {
  auto Count = static_cast<int64_t>(Rank);
  if (Axis >= -Count && Axis < Count)
    return static_cast<size_t>(Axis < 0 ? Axis + Count : Axis);
  fail(DiagId::BadAttribute,
       "axis " + std::to_string(Axis) + " is beyond " +
           (In.empty() || !In[0] || In[0]->Dims.size() != Rank
                ? std::to_string(Rank) + " axes"
                : "the shape " + dimsText(In[0]->Dims)));
  return std::nullopt;
}

bool Operator::markAxes(const Shape &Axes, size_t Rank,
                        std::vector<bool> &Marked) {
  Marked.assign(Rank, false);
  for (int64_t Axis : Axes) {
    auto At = axisOf(Axis, Rank);
    if (!At)
      return false;
    if (Marked[*At]) {
      fail(DiagId::BadAttribute,
           "axis " + std::to_string(Axis) + " stands twice");
      return false;
    }
    Marked[*At] = true;
  }
  return true;
}

std::optional<Tensor> Operator::legacyOperand(const Tensor &A,
                                              const Tensor &B) {
  if (R.Opset >= 7)
    return B;
  // Operand B is a part of A's axes, the last ones or from `axis` on.
  auto Broadcast = integer("broadcast", 0);
  auto Axis = integer("axis", static_cast<int64_t>(A.Dims.size()) -
                                  static_cast<int64_t>(B.Dims.size()));
  if (!Broadcast || !Axis)
    return std::nullopt;
  Tensor Out = B;
  auto Rank = static_cast<int64_t>(A.Dims.size());
  if (*Axis < 0)
    *Axis += Rank;
  int64_t After = Rank - *Axis - static_cast<int64_t>(B.Dims.size());
  if (*Broadcast && *Axis >= 0 && After >= 0) {
    Out.Dims.insert(Out.Dims.end(), static_cast<size_t>(After), 1);
    if (broadcast(A.Dims, Out.Dims) == A.Dims)
      return Out;
  } else if (!*Broadcast && A.Dims == B.Dims) {
    return Out;
  }
  mismatch(*Broadcast ? "broadcast" : "combine without broadcasting", A, B);
  return std::nullopt;
}
