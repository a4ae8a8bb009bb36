//===- Timed.cpp ----------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Timed.h"

#include "nn2crn/Graph/Smoothen.h"

#include <algorithm>
#include <array>
#include <map>

using namespace nn2crn;

static bool isExponential(const Node &N) {
  return N.Kind == NodeKind::Smooth &&
         (N.Function.Kind == SmoothKind::Exp ||
          N.Function.Kind == SmoothKind::ExpBelow);
}

bool nn2crn::isTimed(const Node &N) {
  return isExponential(N) || (N.Kind == NodeKind::Smooth &&
                              (N.Function.Kind == SmoothKind::Sigmoid ||
                               N.Function.Kind == SmoothKind::Tanh));
}

bool nn2crn::hasTimed(const Graph &G) {
  return std::ranges::any_of(G.nodes(),
                             [](const Node &N) { return isTimed(N); });
}

//===----------------------------------------------------------------------===//
// Finding steps of a Softmax
//===----------------------------------------------------------------------===//

namespace {
/// A row of an affine node: weights by value and column. The bias is a weight
/// of no value.
using Row = std::map<std::pair<uint32_t, uint32_t>, double>;
} // namespace

/// Row \p I of \p N without its operand \p Without.
static Row rowOf(const Node &N, uint32_t I, ValueId Without = ValueId()) {
  Row Out;
  for (const Node::Operand &O : N.Operands)
    if (O.Value != Without)
      for (size_t K = 0; K < O.Weights.columnsOf(I).size(); ++K)
        Out[{O.Value.Value, O.Weights.columnsOf(I)[K]}] +=
            O.Weights.weightsOf(I)[K];
  if (!N.Bias.empty())
    Out[{UINT32_MAX, 0}] = N.Bias[I];
  std::erase_if(Out, [](const auto &Entry) { return Entry.second == 0; });
  return Out;
}

static const Node *producer(const Graph &G, ValueId V) {
  NodeId N = G.value(V).Producer;
  return N.isValid() ? &G.node(N) : nullptr;
}

std::optional<SoftmaxStep> nn2crn::softmaxStep(const Graph &G, const Node &N) {
  if (!isExponential(N))
    return std::nullopt;
  // The argument, b - log s.
  const Node *A = producer(G, N.Operands[0].Value);
  if (!A || A->Kind != NodeKind::Affine)
    return std::nullopt;
  const Node::Operand *Log = nullptr;
  for (const Node::Operand &O : A->Operands)
    if (const Node *L = producer(G, O.Value);
        L && L->Kind == NodeKind::Smooth &&
        L->Function.Kind == SmoothKind::LogAbove) {
      if (Log)
        return std::nullopt;
      Log = &O;
    }
  if (!Log)
    return std::nullopt;
  // The sum, of exponentials that are there.
  SoftmaxStep Out;
  Out.Sums = producer(G, Log->Value)->Operands[0].Value;
  const Node *S = producer(G, Out.Sums);
  if (!S || S->Kind != NodeKind::Affine || S->Operands.size() != 1 ||
      !S->Bias.empty() ||
      !std::ranges::all_of(S->Operands[0].Weights.weights(),
                           [](double W) { return W == 1; }))
    return std::nullopt;
  Out.Exponentials = S->Operands[0].Value;
  const Node *E = producer(G, Out.Exponentials);
  if (!E || !isExponential(*E))
    return std::nullopt;
  Out.Argument = E->Operands[0].Value;
  const Node *B = producer(G, Out.Argument);
  bool Rows = B && B->Kind == NodeKind::Affine;
  std::map<uint32_t, Row> Known;
  for (uint32_t I = 0; I < G.value(N.Result).Elements; ++I) {
    auto Of = Log->Weights.columnsOf(I);
    if (Of.size() != 1 || Log->Weights.weightsOf(I)[0] != -1)
      return std::nullopt;
    auto Terms = S->Operands[0].Weights.columnsOf(Of[0]);
    Row Mine = rowOf(*A, I, Log->Value);
    // b is read as a value, or what it is made of is, once more.
    auto Fits = [&](uint32_t J) {
      if (Mine == Row{{{Out.Argument.Value, J}, 1}})
        return true;
      if (!Rows)
        return false;
      auto [It, New] = Known.try_emplace(J);
      if (New)
        It->second = rowOf(*B, J);
      return Mine == It->second;
    };
    auto Is = [&](uint32_t J) {
      return std::ranges::binary_search(Terms, J) && Fits(J);
    };
    auto Found =
        Is(I) ? std::ranges::find(Terms, I) : std::ranges::find_if(Terms, Fits);
    if (Found == Terms.end())
      return std::nullopt;
    Out.Term.push_back(*Found);
    Out.Sum.push_back(Of[0]);
  }
  return Out;
}

//===----------------------------------------------------------------------===//
// Leaving out the maximum
//===----------------------------------------------------------------------===//

/// From row \p I to row \p J one thing comes and one goes: where these are.
static std::optional<std::array<std::pair<uint32_t, uint32_t>, 2>>
exchange(const Node &N, uint32_t I, uint32_t J) {
  Row Change = rowOf(N, J);
  for (const auto &[At, W] : rowOf(N, I))
    Change[At] -= W;
  std::erase_if(Change, [](const auto &Entry) { return Entry.second == 0; });
  if (Change.size() != 2)
    return std::nullopt;
  auto Gone = Change.begin(), Come = std::next(Gone);
  if (Gone->second == 1)
    std::swap(Gone, Come);
  if (Gone->second != -1 || Come->second != 1 ||
      Gone->first.first == UINT32_MAX || Come->first.first == UINT32_MAX)
    return std::nullopt;
  return {{Gone->first, Come->first}};
}

std::optional<Scores> TimedParts::scoresOf(NodeId Id,
                                           const Spreads &Ranges) const {
  // Amounts from exp(-8) to exp(8) are no burden; beyond, the maximum is worth
  // its ReLUs.
  constexpr double MostHalfRange = 8;
  const Node &N = G.node(Id);
  const Node *B = producer(G, N.Operands[0].Value);
  if (!B || B->Kind != NodeKind::Affine)
    return std::nullopt;
  std::vector<std::optional<Scores::Element>> Found(G.value(N.Result).Elements);
  for (const Node &S : G.nodes()) {
    if (S.Kind != NodeKind::Affine || !Summing[S.Result.Value] ||
        S.Operands[0].Value != N.Result)
      continue;
    for (uint32_t R = 0; R < G.value(S.Result).Elements; ++R) {
      auto Members = S.Operands[0].Weights.columnsOf(R);
      if (Members.size() < 2)
        return std::nullopt;
      std::vector<std::pair<uint32_t, uint32_t>> Of;
      for (uint32_t K : Members.subspan(1)) {
        auto Two = exchange(*B, Members[0], K);
        if (!Two || (!Of.empty() && Of[0] != (*Two)[0]))
          return std::nullopt;
        if (Of.empty())
          Of.push_back((*Two)[0]);
        Of.push_back((*Two)[1]);
      }
      double Low = HUGE_VAL, High = -HUGE_VAL;
      for (auto [V, C] : Of) {
        Low = std::min(Low, Ranges[V][C].Low);
        High = std::max(High, Ranges[V][C].High);
      }
      if (!(High - Low <= 2 * MostHalfRange))
        return std::nullopt;
      for (size_t K = 0; K < Of.size(); ++K) {
        if (Found[Members[K]])
          return std::nullopt;
        Found[Members[K]] = {ValueId(Of[K].first), Of[K].second,
                             (Low + High) / 2};
      }
    }
  }
  Scores Out;
  for (const auto &F : Found) {
    if (!F)
      return std::nullopt;
    Out.Elements.push_back(*F);
  }
  return Out;
}

double TimedParts::argumentError(const SoftmaxStep &S, uint32_t I,
                                 NodeId Reader, const Spreads &Values) const {
  const Scores *Plain = scores(G.value(S.Exponentials).Producer);
  if (!Plain)
    return Values[S.Argument.Value][I].Error;
  const Scores::Element &X = Plain->Elements[I];
  // What enters a part of known slope is taken as it is.
  uint32_t Part = PartOf[Reader.Value];
  NodeId From = G.value(X.Of).Producer;
  if (Part != PartTable::None &&
      (!From.isValid() || PartOf[From.Value] != Part))
    return 0;
  return Values[X.Of.Value][X.Column].Error;
}

//===----------------------------------------------------------------------===//
// What is timed, and what is left out
//===----------------------------------------------------------------------===//

void TimedParts::findNeeded(bool BySteps) {
  Needed.assign(G.values().size(), false);
  for (const GraphPort &P : G.outputs())
    Needed[P.Value.Value] = Needed[P.bounded().Value] = true;
  for (size_t I = G.nodes().size(); I-- > 0;) {
    const Node &N = G.nodes()[I];
    if (!Needed[N.Result.Value])
      continue;
    if (Steps[I]) {
      if (BySteps)
        Needed[Steps[I]->Exponentials.Value] = Needed[Steps[I]->Sums.Value] =
            true;
    } else if (Shifted[I]) {
      for (const Scores::Element &X : Shifted[I]->Elements)
        Needed[X.Of.Value] = true;
    } else {
      for (const Node::Operand &O : N.Operands)
        Needed[O.Value.Value] = true;
    }
  }
}

void TimedParts::findScores(const Spreads &Ranges) {
  findNeeded(false);
  Summing.assign(G.values().size(), false);
  for (const auto &S : Steps)
    if (S)
      Summing[S->Sums.Value] = true;
  std::vector<bool> Tried(G.nodes().size());
  for (const auto &S : Steps)
    if (S && !Needed[S->Exponentials.Value]) {
      NodeId E = G.value(S->Exponentials).Producer;
      if (!Tried[E.Value])
        Shifted[E.Value] = scoresOf(E, Ranges);
      Tried[E.Value] = true;
    }
}

TimedParts::TimedParts(const Graph &G, bool On, const Spreads &Ranges)
    : G(G), On(On), PartOf(G), Steps(G.nodes().size()),
      Shifted(G.nodes().size()), Needed(G.values().size(), true) {
  if (!On)
    return;
  for (uint32_t I = 0; I < G.nodes().size(); ++I)
    // Exponentials that are quotients themselves are none of this timer's.
    if (auto S = softmaxStep(G, G.nodes()[I]);
        S && !Steps[G.value(S->Exponentials).Producer.Value])
      Steps[I] = std::move(S);
  findScores(Ranges);
  findNeeded(true);
  // Which values wait for a timer.
  std::vector<bool> Waits(G.values().size());
  for (uint32_t I = 0; I < G.nodes().size(); ++I) {
    const Node &N = G.nodes()[I];
    bool Reads = false;
    for (const Node::Operand &O : N.Operands)
      Reads = Reads || Waits[O.Value.Value];
    bool Mine = nn2crn::isTimed(N);
    if (Mine && Reads && !Steps[I] && !Chained && Needed[N.Result.Value])
      Chained = NodeId(I);
    Waits[N.Result.Value] = Mine || Reads;
  }
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

static ValueId addExponential(Graph &To, std::string Name, ValueId From,
                              SourceId Source) {
  return To.addSmooth(std::move(Name), From, {SmoothKind::Exp}, Source);
}

ValueId nn2crn::addTimed(Graph &To, const Node &N, ValueId From,
                         const Value &Was) {
  if (isExponential(N))
    return addExponential(To, Was.Name, From, N.Source);
  bool Tanh = N.Function.Kind == SmoothKind::Tanh;
  // exp(y) / (exp(y) + exp(-y)) is the sigmoid of 2 y. With half of the
  // argument on either side, amounts stay within the root of exp(x).
  SparseMatrix Both(Was.Elements), Over(2 * Was.Elements),
      Under(2 * Was.Elements);
  for (uint32_t I = 0; I < Was.Elements; ++I) {
    for (double Sign : {1, -1}) {
      Both.add(I, Tanh ? Sign : Sign / 2);
      Both.endRow();
    }
    Over.add(2 * I, 1);
    Over.endRow();
    Under.add(2 * I, 1);
    Under.add(2 * I + 1, 1);
    Under.endRow();
  }
  std::vector<Node::Operand> Signed;
  Signed.push_back({From, std::move(Both), N.Source});
  ValueId E = To.addAffine(Was.Name + "_both", {2 * int64_t{Was.Elements}},
                           std::move(Signed), {}, N.Source);
  E = addExponential(To, Was.Name + "_exp", E, N.Source);
  ValueId Q = To.addQuotient(Tanh ? Was.Name + "_quotient" : Was.Name,
                             Was.Shape, {E, std::move(Over), N.Source},
                             {E, std::move(Under), N.Source}, N.Source);
  if (!Tanh)
    return Q;
  SparseMatrix Twice(Was.Elements);
  for (uint32_t I = 0; I < Was.Elements; ++I) {
    Twice.add(I, 2);
    Twice.endRow();
  }
  std::vector<Node::Operand> Only;
  Only.push_back({Q, std::move(Twice), N.Source});
  return To.addAffine(Was.Name, Was.Shape, std::move(Only),
                      std::vector<double>(Was.Elements, -1), N.Source);
}

ValueId nn2crn::addShifted(Graph &To, const Scores &S,
                           const std::vector<ValueId> &New, const Node &N,
                           const Value &Was) {
  std::map<uint32_t, SparseMatrix> Weights;
  for (const Scores::Element &X : S.Elements)
    Weights.try_emplace(New[X.Of.Value].Value,
                        To.value(New[X.Of.Value]).Elements);
  std::vector<double> Bias;
  for (const Scores::Element &X : S.Elements) {
    for (auto &[V, W] : Weights) {
      if (V == New[X.Of.Value].Value)
        W.add(X.Column, 1);
      W.endRow();
    }
    Bias.push_back(-X.Centre);
  }
  std::vector<Node::Operand> Operands;
  for (auto &[V, W] : Weights)
    Operands.push_back({ValueId(V), std::move(W), N.Source});
  ValueId B = To.addAffine(Was.Name + "_scores", Was.Shape, std::move(Operands),
                           std::move(Bias), N.Source);
  return addExponential(To, Was.Name, B, N.Source);
}

ValueId nn2crn::addStep(Graph &To, const SoftmaxStep &S, ValueId Exponentials,
                        ValueId Sums, const Node &N, const Value &Was) {
  SparseMatrix Over(To.value(Exponentials).Elements),
      Under(To.value(Sums).Elements);
  for (uint32_t I = 0; I < Was.Elements; ++I) {
    Over.add(S.Term[I], 1);
    Over.endRow();
    Under.add(S.Sum[I], 1);
    Under.endRow();
  }
  return To.addQuotient(Was.Name, Was.Shape,
                        {Exponentials, std::move(Over), N.Source},
                        {Sums, std::move(Under), N.Source}, N.Source);
}
