//===- Linearize.cpp ------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Linearize.h"

#include "Spread.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

using namespace nn2crn;

namespace {
/// How activations are chosen: \p Error each, where that is given, with at most
/// \p Segments.
struct Wish {
  std::optional<double> Error;
  unsigned Segments;
};
} // namespace

namespace nn2crn {
/// Friend of Graph.
class Linearizer {
public:
  Linearizer(const Graph &G, const InputBox &Box)
      : G(G), Box(Box), Declared(declaresAll(G, Box)) {}

  /// Chooses a function for every activation and bounds what that does.
  Linearization choose(const Wish &W);
  /// Puts what was chosen into the graph.
  static void replace(Graph &G, Linearization &L);

private:
  struct Known {
    SmoothFunction F;
    Interval On;
    Wish W;
    PiecewiseLinear P;
  };
  const PiecewiseLinear &fit(const SmoothFunction &F, Interval On,
                             const Wish &W);
  Interval widened(const SmoothFunction &F, Interval Seen, double Within,
                   bool InPart) const;
  bool activate(const Node &N, const std::vector<Spread> &In,
                std::vector<Spread> &Out, const Wish &W, bool InPart,
                Linearization &L);

  const Graph &G;
  const InputBox &Box;
  bool Declared;
  /// Activations of one kind on one interval share their function.
  std::vector<Known> Fits;
};
} // namespace nn2crn

const PiecewiseLinear &Linearizer::fit(const SmoothFunction &F, Interval On,
                                       const Wish &W) {
  for (const Known &K : Fits)
    if (K.F == F && K.On == On && K.W.Error == W.Error &&
        K.W.Segments == W.Segments)
      return K.P;
  std::optional<PiecewiseLinear> P;
  if (W.Error)
    P = approximateWithin(F, On, *W.Error, W.Segments);
  if (!P)
    P = approximate(F, On, W.Segments);
  Fits.push_back({F, On, W, std::move(*P)});
  return Fits.back().P;
}

/// A rounder interval around \p Seen, so that more activations share one; to
/// infinity where the function is within \p Within of an asymptote at its end,
/// and everywhere where no ranges are declared. \p InPart, with room for what
/// rounding weights before it does, since a part is bounded as a whole.
Interval Linearizer::widened(const SmoothFunction &F, Interval Seen,
                             double Within, bool InPart) const {
  double Width = std::max({Seen.High - Seen.Low, 1e-6 * std::fabs(Seen.Low),
                           1e-6 * std::fabs(Seen.High), 1e-6});
  double Step = std::exp2(std::floor(std::log2(Width)) - 5);
  Interval Out{std::floor(Seen.Low / Step) * Step,
               std::ceil(Seen.High / Step) * Step};
  // Without an asymptote, what is added is expensive.
  if (!F.ray(false))
    Out.Low = Seen.Low;
  if (!F.ray(true))
    Out.High = Seen.High;
  if (Out.Low >= Out.High) {
    if (F.isDefined(Out.Low, Out.Low + Step))
      Out.High = Out.Low + Step;
    else
      Out.Low = Out.High - Step;
  }
  if (InPart)
    Out = {Out.Low - Width / 64, Out.High + Width / 64};
  auto Far = [&](double X, bool Right) {
    auto Ray = F.ray(Right);
    return Ray && (!Declared || InPart ||
                   ((Right ? X : -X) >= F.farOut() &&
                    std::fabs(F(X) - Ray->at(X)) <= Within));
  };
  Interval Wide = Out;
  if (Far(Out.Low, false))
    Wide.Low = -HUGE_VAL;
  if (Far(Out.High, true))
    Wide.High = HUGE_VAL;
  return Wide;
}

bool Linearizer::activate(const Node &N, const std::vector<Spread> &In,
                          std::vector<Spread> &Out, const Wish &W, bool InPart,
                          Linearization &L) {
  const SmoothFunction &F = N.Function;
  auto Seen = argumentsOf(F, In);
  if (!Seen)
    return false;
  if (!Seen->Defined) {
    L.Undefined = Interval{Seen->Low, Seen->High};
    return false;
  }
  Wish Mine = W;
  if (Mine.Error)
    *Mine.Error *= Seen->Value;
  Interval On =
      widened(F, {Seen->Low, Seen->High},
              Mine.Error.value_or(DefaultActivationError) / 2, InPart);
  const PiecewiseLinear &P = fit(F, On, Mine);
  double Slope = F.lipschitz(Seen->Low, Seen->High);
  for (size_t I = 0; I < Out.size(); ++I) {
    auto R = F.range(In[I].Low, In[I].High);
    // Also in this range: the model's own function is.
    Out[I] = {R.Low, R.High, passedOn(Slope, In[I].Error) + P.Error};
  }
  L.Units.push_back({N.Operands[0].Value, {}, {}, N.Result, P, On});
  L.Segments = std::max(L.Segments, P.segments());
  L.Error = std::max(L.Error, P.Error);
  return true;
}

Linearization Linearizer::choose(const Wish &W) {
  Linearization L;
  L.Declared = Declared;
  Spreads Values = inputSpreads(G, Box);
  NodeId Failed;
  bool Fine = propagate(
      G, Values,
      [&](NodeId Id, bool InPart, const std::vector<Spread> &In,
          std::vector<Spread> &Out) {
        if (G.node(Id).Kind == NodeKind::Smooth) {
          Failed = Id;
          return activate(G.node(Id), In, Out, W, InPart, L);
        }
        for (size_t R = 0; R < Out.size(); ++R)
          Out[R] = positive(In[R]);
        return true;
      },
      &L.Parts);
  if (!Fine) {
    auto Undefined = L.Undefined;
    L = Linearization();
    L.Declared = Declared;
    L.Undefined = Undefined;
    L.Unbounded = Failed;
    L.Bound = L.Error = HUGE_VAL;
    return L;
  }
  L.Bound = outputError(G, Values);
  return L;
}

void Linearizer::replace(Graph &G, Linearization &L) {
  std::vector<Value> Old = std::move(G.Values);
  std::vector<Node> Before = std::move(G.Nodes);
  G.Values.clear();
  G.Nodes.clear();
  std::vector<ValueId> New(Old.size());
  for (size_t I = 0; I < Old.size(); ++I)
    if (!Old[I].Producer.isValid()) {
      New[I] = ValueId(static_cast<uint32_t>(G.Values.size()));
      G.Values.push_back(std::move(Old[I]));
    }
  size_t Next = 0;
  for (Node &N : Before) {
    Value &Result = Old[N.Result.Value];
    for (Node::Operand &O : N.Operands)
      O.Value = New[O.Value.Value];
    if (N.Kind != NodeKind::Smooth) {
      ValueId Was = N.Result;
      N.Result = New[Was.Value] =
          ValueId(static_cast<uint32_t>(G.Values.size()));
      Result.Producer = NodeId(static_cast<uint32_t>(G.Nodes.size()));
      G.Values.push_back(std::move(Result));
      G.Nodes.push_back(std::move(N));
      continue;
    }
    PiecewiseUnit &U = L.Units[Next++];
    const PiecewiseLinear &P = U.Function;
    U.From = N.Operands[0].Value;
    uint32_t Elements = Result.Elements;
    auto Knots = static_cast<uint32_t>(P.Knots.size());
    std::vector<Node::Operand> Sum;
    if (P.Slope != 0) {
      SparseMatrix W(Elements);
      W.reserve(Elements, Elements);
      for (uint32_t I = 0; I < Elements; ++I) {
        W.add(I, P.Slope);
        W.endRow();
      }
      Sum.push_back({U.From, std::move(W), N.Source});
    }
    if (Knots != 0) {
      size_t Pieces = size_t{Elements} * Knots;
      SparseMatrix Copies(Elements);
      SparseMatrix Changes(static_cast<uint32_t>(Pieces));
      Copies.reserve(Pieces, Pieces);
      Changes.reserve(Elements, Pieces);
      std::vector<double> Shifts;
      Shifts.reserve(Pieces);
      for (uint32_t I = 0; I < Elements; ++I) {
        for (uint32_t K = 0; K < Knots; ++K) {
          Copies.add(I, 1);
          Copies.endRow();
          Shifts.push_back(-P.Knots[K].At);
          Changes.add(I * Knots + K, P.Knots[K].Change);
        }
        Changes.endRow();
      }
      std::vector<Node::Operand> From;
      From.push_back({U.From, std::move(Copies), N.Source});
      U.Shifted =
          G.addAffine(Result.Name + "_shifted", {static_cast<int64_t>(Pieces)},
                      std::move(From), std::move(Shifts), N.Source);
      U.Pieces = G.addRelu(Result.Name + "_pieces", U.Shifted, N.Source);
      Sum.push_back({U.Pieces, std::move(Changes), N.Source});
    }
    std::vector<double> Offset;
    if (P.Offset != 0)
      Offset.assign(Elements, P.Offset);
    U.Result = New[N.Result.Value] =
        G.addAffine(std::move(Result.Name), std::move(Result.Shape),
                    std::move(Sum), std::move(Offset), N.Source);
  }
  G.renumberEnds(New);
}

static bool isSmooth(const Graph &G) {
  return std::ranges::any_of(
      G.nodes(), [](const Node &N) { return N.Kind == NodeKind::Smooth; });
}

static Linearization finish(Graph &G, Linearization L, const InputBox &Box) {
  if (L.Unbounded)
    return L;
  Graph Exact = G;
  Linearizer::replace(G, L);
  L.Measured = measuredError(Exact, G, Box);
  return L;
}

Linearization nn2crn::linearizeWithSegments(Graph &G, unsigned Segments,
                                            const InputBox &Box) {
  if (!isSmooth(G))
    return {};
  Linearizer Z(G, Box);
  return finish(G, Z.choose({std::nullopt, Segments}), Box);
}

Linearization nn2crn::linearizeWithError(Graph &G, double Error, unsigned Most,
                                         const InputBox &Box) {
  if (!isSmooth(G))
    return {};
  Linearizer Z(G, Box);
  return finish(G, Z.choose({Error, Most}), Box);
}

Linearization nn2crn::linearizeWithin(Graph &G, double Budget, unsigned Most,
                                      const InputBox &Box) {
  if (!isSmooth(G))
    return {};
  Linearizer Z(G, Box);
  // The bound grows with the error of each, nearly in proportion.
  double Error = Budget;
  Linearization L;
  for (int Try = 0; Try < 20; ++Try) {
    L = Z.choose({Error, Most});
    if (L.Bound <= Budget || L.Unbounded)
      break;
    double Less = std::isfinite(L.Bound) ? 0.98 * Budget / L.Bound : 0.1;
    // What segments are not there for cannot be had.
    if (L.Segments >= Most && L.Error > 2 * Error)
      break;
    Error *= Less;
  }
  return finish(G, std::move(L), Box);
}
