//===- StableLimit.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/StableLimit.h"
#include "nn2crn/Support/Components.h"

#include "ReactionUse.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

using namespace nn2crn;

namespace {
using Kind = NoFixedPoint::Kind;

class Analyzer {
public:
  explicit Analyzer(const Network &Net)
      : Net(Net), Use(Net), Given(Net.speciesRows()) {
    for (const Port &P : Net.ports())
      if (P.Direction != PortDirection::Output)
        for (const PortTerm &T : P.Terms)
          Given[T.Species.Value] = true;
  }

  StableLimit run() {
    if (!checkRates())
      return std::move(Result);
    collectChanges();
    findRelevant();
    findBlocks();
    separate();
    return std::move(Result);
  }

private:
  struct Change {
    SpeciesId Species;
    int64_t Amount;
  };
  std::span<const Change> changes(ReactionId R) const {
    return std::span(Changes).subspan(
        ChangeBegin[R.Value], ChangeBegin[R.Value + 1] - ChangeBegin[R.Value]);
  }
  std::span<const ReactionId> changers(SpeciesId S) const {
    return std::span(Changers).subspan(ChangerBegin[S.Value],
                                       ChangerBegin[S.Value + 1] -
                                           ChangerBegin[S.Value]);
  }
  bool varies(SpeciesId S) const { return !changers(S).empty(); }

  bool checkRates() {
    for (Reaction R : Net.reactions())
      if (double K = R.rateConstant();
          Use.runs(R.id()) && (!(K > 0) || !std::isfinite(K))) {
        Result.Problems.push_back({Kind::NoRate, SpeciesId(), R.id()});
        return false;
      }
    return true;
  }

  void collectChanges() {
    ChangeBegin.assign(Net.reactionRows() + 1, 0);
    ChangerBegin.assign(Net.speciesRows() + 1, 0);
    for (uint32_t R = 0; R < Net.reactionRows(); ++R) {
      if (Net.isAlive(ReactionId(R)) && Use.runs(ReactionId(R)))
        Use.forChanges(Net.reaction(ReactionId(R)),
                       [&](SpeciesId S, int64_t Amount) {
                         Changes.push_back({S, Amount});
                         ++ChangerBegin[S.Value + 1];
                       });
      ChangeBegin[R + 1] = Changes.size();
    }
    for (size_t S = 1; S < ChangerBegin.size(); ++S)
      ChangerBegin[S] += ChangerBegin[S - 1];
    Changers.resize(Changes.size());
    std::vector<uint64_t> Fill(ChangerBegin.begin(), ChangerBegin.end() - 1);
    for (uint32_t R = 0; R < Net.reactionRows(); ++R)
      for (const Change &C : changes(ReactionId(R)))
        Changers[Fill[C.Species.Value]++] = ReactionId(R);
  }

  /// Backwards from the outputs. What no output depends on may still end the
  /// world for all by growing to infinity at a finite time: where it makes
  /// itself in more than the first order, it is looked at as well.
  void findRelevant() {
    Relevant.assign(Net.speciesRows(), false);
    std::vector<SpeciesId> Queue;
    auto Add = [&](SpeciesId S) {
      if (!Relevant[S.Value])
        Queue.push_back(S);
      Relevant[S.Value] = true;
    };
    auto Spread = [&] {
      for (size_t At = 0; At < Queue.size(); ++At)
        for (ReactionId R : changers(Queue[At]))
          for (Term T : Net.reaction(R).reactants())
            Add(T.Species);
      Queue.clear();
    };
    bool Ports = false;
    for (const Port &P : Net.ports())
      if (P.Direction == PortDirection::Output) {
        Ports = true;
        for (const PortTerm &T : P.Terms)
          Add(T.Species);
      }
    if (!Ports)
      for (SpeciesId S : Net.species())
        Add(S);
    Spread();
    for (Reaction R : Net.reactions()) {
      if (!Use.runs(R.id()))
        continue;
      uint64_t Order = 0;
      for (Term T : R.reactants())
        if (!Relevant[T.Species.Value] && varies(T.Species))
          Order += T.Coefficient;
      if (Order > 1)
        for (const Change &C : changes(R.id()))
          if (C.Amount > 0)
            Add(C.Species);
    }
    Spread();
  }

  //===--- Blocks ---------------------------------------------------------===//

  /// Species depend on each other through reactions: nodes are species, then
  /// reactions.
  void findBlocks() {
    size_t Rows = Net.speciesRows(), Nodes = Rows + Net.reactionRows();
    auto Degree = [&](uint32_t Node) {
      return Node < Rows ? Use.users(SpeciesId(Node)).size()
                         : changes(ReactionId(Node - uint32_t(Rows))).size();
    };
    auto Target = [&](uint32_t Node, uint64_t Edge) {
      return Node < Rows
                 ? uint32_t(Rows) + Use.users(SpeciesId(Node))[Edge].Value
                 : changes(ReactionId(Node - uint32_t(Rows)))[Edge]
                       .Species.Value;
    };
    uint32_t Count;
    std::vector<uint32_t> Of = stronglyConnected(Nodes, Degree, Target, Count);
    std::vector<std::vector<SpeciesId>> Members(Count);
    for (SpeciesId S : Net.species())
      if (Relevant[S.Value] && varies(S))
        Members[Of[S.Value]].push_back(S);
    BlockOf.assign(Rows, None);
    DiesOut.assign(Rows, false);
    Local.assign(Rows, 0);
    for (auto &M : Members) {
      if (M.empty())
        continue;
      auto At = static_cast<uint32_t>(Blocks.size());
      for (uint32_t I = 0; I < M.size(); ++I) {
        BlockOf[M[I].Value] = At;
        Local[M[I].Value] = I;
      }
      Blocks.push_back({std::move(M), {}});
      Reasons.push_back(examine(At));
      const FixedPointBlock &B = Blocks.back();
      if (B.Species.size() == 1 && !Reasons.back())
        DiesOut[B.Species[0].Value] =
            std::ranges::all_of(B.Flows, [](const BlockFlow &F) {
              return F.Changes[0].Amount < 0;
            });
    }
  }

  /// In the end nothing drives \p F any more.
  bool diesOut(const BlockFlow &F) const {
    auto Dies = [&](const auto &T) { return DiesOut[T.Species]; };
    return F.Constant == 0 && std::ranges::all_of(F.Linears, Dies) &&
           std::ranges::all_of(F.Products, [&](const BlockFlow::Product &P) {
             return std::ranges::any_of(P.Factors, Dies);
           });
  }

  /// The key of a flow: powers and changes of the block's species.
  struct Shape {
    std::vector<std::pair<uint32_t, uint32_t>> Powers;
    std::vector<std::pair<uint32_t, int64_t>> Changes;
    auto operator<=>(const Shape &) const = default;
  };

  std::optional<NoFixedPoint> examine(uint32_t Block) {
    FixedPointBlock &B = Blocks[Block];
    if (B.Species.size() > MaxBlockSpecies)
      return NoFixedPoint{Kind::LargeRing, B.Species[0], ReactionId(),
                          B.Species.size()};
    std::vector<ReactionId> Reactions;
    for (SpeciesId S : B.Species)
      Reactions.insert(Reactions.end(), changers(S).begin(), changers(S).end());
    if (B.Species.size() > 1) {
      std::ranges::sort(Reactions);
      Reactions.erase(std::unique(Reactions.begin(), Reactions.end()),
                      Reactions.end());
    }
    std::map<Shape, uint32_t> Known;
    for (ReactionId Id : Reactions) {
      Reaction R = Net.reaction(Id);
      double Rate = R.rateConstant();
      size_t Rounded = 0;
      Shape Key;
      BlockFlow::Product Upstream{0, {}};
      for (Term T : R.reactants()) {
        if (BlockOf[T.Species.Value] == Block) {
          if (T.Coefficient > MaxBlockOrder)
            return NoFixedPoint{Kind::HighOrder, T.Species, Id};
          Key.Powers.emplace_back(Local[T.Species.Value], T.Coefficient);
        } else if (varies(T.Species) || Given[T.Species.Value])
          Upstream.Factors.push_back({T.Species.Value, T.Coefficient});
        else if (double A = Net.initialValue(T.Species); A != 1) {
          Rate *= std::pow(A, T.Coefficient);
          Rounded += 3 + T.Coefficient;
        }
      }
      for (const Change &C : changes(Id))
        if (BlockOf[C.Species.Value] == Block)
          Key.Changes.emplace_back(Local[C.Species.Value], C.Amount);
      if (Rate == 0)
        continue; // for ever without a catalyst
      if (B.Species.size() == 1) {
        int64_t &Change = Key.Changes[0].second;
        Rate *= std::fabs(static_cast<double>(Change));
        Rounded += Change > 2 || Change < -2;
        Change = Change > 0 ? 1 : -1;
      }
      std::ranges::sort(Key.Powers);
      std::ranges::sort(Key.Changes);
      auto [At, New] =
          Known.try_emplace(Key, static_cast<uint32_t>(B.Flows.size()));
      if (New)
        B.Flows.push_back(flowOf(Key));
      BlockFlow &F = B.Flows[At->second];
      F.Roundings = std::max(F.Roundings, Rounded);
      if (Upstream.Factors.empty()) {
        F.Constant += Rate;
        ++F.Constants;
      } else if (Upstream.Factors.size() == 1 &&
                 Upstream.Factors[0].Exponent == 1) {
        F.Linears.push_back({Rate, Upstream.Factors[0].Species});
      } else {
        Upstream.Rate = Rate;
        F.Products.push_back(std::move(Upstream));
      }
    }
    return B.Species.size() == 1 ? examineOne(B) : examineRing(B, Reactions);
  }

  static BlockFlow flowOf(const Shape &Key) {
    BlockFlow F;
    for (auto [S, Exponent] : Key.Powers)
      F.Powers.push_back({S, Exponent});
    for (auto [S, Amount] : Key.Changes)
      F.Changes.push_back({S, static_cast<double>(Amount)});
    return F;
  }

  bool moves(const BlockFlow &F) const {
    auto Varies = [&](const auto &T) { return varies(SpeciesId(T.Species)); };
    return std::ranges::any_of(F.Linears, Varies) ||
           std::ranges::any_of(F.Products, [&](const BlockFlow::Product &P) {
             return std::ranges::any_of(P.Factors, Varies);
           });
  }

  std::optional<NoFixedPoint> examineOne(const FixedPointBlock &B) const {
    uint32_t Growth = 0, HeldBy = 0;
    bool Source = false, Loss = false, Moves = false;
    if (std::ranges::all_of(B.Flows, [&](const auto &F) { return diesOut(F); }))
      return NoFixedPoint{Kind::Timed, B.Species[0], ReactionId()};
    for (const BlockFlow &F : B.Flows) {
      uint32_t Power = F.Powers.empty() ? 0 : F.Powers[0].Exponent;
      Moves |= moves(F);
      if (F.Changes[0].Amount > 0) {
        Source |= Power == 0;
        Growth = std::max(Growth, Power);
      } else {
        Loss = true;
        if (F.Constant > 0)
          HeldBy = std::max(HeldBy, Power);
      }
    }
    if (!Loss)
      return NoFixedPoint{Kind::NoLoss, B.Species[0], ReactionId()};
    if (Growth > 0 && !Source)
      return NoFixedPoint{Kind::NoSource, B.Species[0], ReactionId()};
    if (Growth > 1 && Moves && HeldBy <= Growth)
      return NoFixedPoint{Kind::RunsAway, B.Species[0], ReactionId()};
    return std::nullopt;
  }

  /// Column by column of the Jacobian. Reactions with the same reactants have
  /// the same monomial in it, so that what they do may cancel.
  std::optional<NoFixedPoint>
  examineRing(const FixedPointBlock &B,
              const std::vector<ReactionId> &Reactions) const {
    struct Effect {
      std::vector<double> Column;
      ReactionId Last;
      /// The derivative by a species does not contain the block's.
      bool Linear;
    };
    using Monomial = std::vector<std::pair<uint32_t, uint32_t>>;
    std::map<Monomial, Effect> Effects;
    uint32_t Block = BlockOf[B.Species[0].Value];
    for (ReactionId Id : Reactions) {
      Monomial Key;
      uint64_t Order = 0;
      for (Term T : Net.reaction(Id).reactants()) {
        Key.emplace_back(T.Species.Value, T.Coefficient);
        if (BlockOf[T.Species.Value] == Block)
          Order += T.Coefficient;
      }
      if (Order == 0)
        continue;
      std::ranges::sort(Key);
      Effect &E = Effects[Key];
      E.Column.resize(B.Species.size());
      E.Last = Id;
      E.Linear = Order == 1;
      for (const Change &C : changes(Id))
        if (BlockOf[C.Species.Value] == Block)
          E.Column[Local[C.Species.Value]] +=
              Net.reaction(Id).rateConstant() * static_cast<double>(C.Amount);
    }
    std::vector<bool> Contracts(B.Species.size());
    for (const auto &[Key, E] : Effects)
      for (auto [S, Exponent] : Key) {
        if (BlockOf[S] != Block)
          continue;
        double Others = 0, Own = E.Column[Local[S]];
        for (double C : E.Column)
          Others += std::fabs(C);
        Others -= std::fabs(Own);
        if (Own + Others > 0)
          return NoFixedPoint{Kind::NotContracting, SpeciesId(S), E.Last};
        if (E.Linear && Own + Others < 0)
          Contracts[Local[S]] = true;
      }
    for (size_t I = 0; I < Contracts.size(); ++I)
      if (!Contracts[I])
        return NoFixedPoint{Kind::Undamped, B.Species[I], ReactionId()};
    return std::nullopt;
  }

  //===--- The rate-independent part --------------------------------------===//

  /// Species without a fixed point, the reactions that change them, what these
  /// consume, and so on.
  void separate() {
    std::vector<bool> Settles(Blocks.size(), true);
    std::vector<bool> Aside(Net.reactionRows(), true);
    std::vector<SpeciesId> Queue;
    // The block that each block went along with.
    std::vector<uint32_t> Cause(Blocks.size());
    auto Take = [&](uint32_t Block, uint32_t For) {
      if (!Settles[Block])
        return;
      Settles[Block] = false;
      Cause[Block] = For;
      Queue.insert(Queue.end(), Blocks[Block].Species.begin(),
                   Blocks[Block].Species.end());
    };
    for (uint32_t B = 0; B < Blocks.size(); ++B)
      if (Reasons[B])
        Take(B, B);
    for (size_t At = 0; At < Queue.size(); ++At)
      for (ReactionId R : changers(Queue[At])) {
        Aside[R.Value] = false;
        for (const Change &C : changes(R))
          if (C.Amount < 0)
            Take(BlockOf[C.Species.Value], BlockOf[Queue[At].Value]);
      }
    for (uint32_t B = 0; B < Blocks.size(); ++B)
      if (Settles[B])
        Result.Fixed += Blocks[B].Species.size();

    Result.First = analyzeFeedForward(Net, Aside);
    Result.Holds = static_cast<bool>(Result.First);
    if (!Result.Holds) {
      for (ReactionId R : Result.First.Reactions)
        for (const Change &C : changes(R)) {
          uint32_t B = BlockOf[C.Species.Value];
          if (B == None || Settles[B])
            continue;
          while (Cause[B] != B)
            B = Cause[B];
          if (Reasons[B])
            Result.Problems.push_back(*std::exchange(Reasons[B], {}));
        }
      return;
    }
    for (ReactionId R : Result.First.Order)
      for (Term T : Net.reaction(R).reactants())
        if (uint32_t B = BlockOf[T.Species.Value]; B != None && Settles[B]) {
          Result.Problems.push_back({Kind::FeedsBack, T.Species, R});
          Result.Holds = false;
          return;
        }
    for (uint32_t B = 0; B < Blocks.size(); ++B)
      if (Settles[B])
        Result.Blocks.push_back(std::move(Blocks[B]));
  }

  static constexpr uint32_t None = UINT32_MAX;
  const Network &Net;
  ReactionUse Use;
  /// Species that inputs fill.
  std::vector<bool> Given;
  /// What each reaction that runs changes, and the other way round.
  std::vector<uint64_t> ChangeBegin, ChangerBegin;
  std::vector<Change> Changes;
  std::vector<ReactionId> Changers;
  std::vector<bool> Relevant;
  /// By species: its block, or None, and its place there.
  std::vector<uint32_t> BlockOf, Local;
  /// By species: it tends to 0 in any case.
  std::vector<bool> DiesOut;
  std::vector<FixedPointBlock> Blocks;
  std::vector<std::optional<NoFixedPoint>> Reasons;
  StableLimit Result;
};

std::string quoted(const Network &Net, SpeciesId S) {
  return "'" + Net.nameText(S) + "'";
}

std::string explain(const Network &Net, const NoFixedPoint &P) {
  switch (P.What) {
  case Kind::Timed:
    return "all that changes " + quoted(Net, P.Species) +
           " dies out, so its limit depends on what it started from and on "
           "all that happened meanwhile (it is timed)";
  case Kind::NoLoss:
    return "nothing takes " + quoted(Net, P.Species) +
           " away by itself, so it has no fixed point of its own";
  case Kind::NoSource:
    return quoted(Net, P.Species) +
           " is only made from itself, so 0 is a fixed point besides any other";
  case Kind::RunsAway:
    return quoted(Net, P.Species) +
           " makes itself in a higher order than any constant loss takes it, "
           "so it may run away before what it depends on rests";
  case Kind::HighOrder:
    return "reaction " + quotedReaction(Net, P.Reaction) + " needs more than " +
           std::to_string(MaxBlockOrder) + " of " + quoted(Net, P.Species);
  case Kind::LargeRing:
    return quoted(Net, P.Species) + " and " + std::to_string(P.Count - 1) +
           " more species depend on each other; a ring may have " +
           std::to_string(MaxBlockSpecies);
  case Kind::NotContracting:
    return "reaction " + quotedReaction(Net, P.Reaction) + " takes less of " +
           quoted(Net, P.Species) +
           " than it changes other species that it depends on, so a fixed "
           "point of them is not proven to be stable";
  case Kind::Undamped:
    return "reactions that need " + quoted(Net, P.Species) +
           " do not take more of it than they change other species that it "
           "depends on, so a fixed point of them is not proven to be stable";
  case Kind::NoRate:
    return "reaction " + quotedReaction(Net, P.Reaction) +
           " has a rate constant that is not positive";
  case Kind::FeedsBack:
    return "the rate-independent reaction " + quotedReaction(Net, P.Reaction) +
           " needs " + quoted(Net, P.Species) +
           ", which tends to a fixed point that depends on rates";
  }
  return "";
}
} // namespace

StableLimit nn2crn::analyzeStableLimit(const Network &Net) {
  return Analyzer(Net).run();
}

std::string nn2crn::explainStableLimit(const Network &Net,
                                       const StableLimit &S) {
  if (auto It = std::ranges::find(S.Problems, Kind::Timed, &NoFixedPoint::What);
      !S && It != S.Problems.end())
    return explain(Net, *It);
  if (!S && S.First)
    return explain(Net, S.Problems[0]);
  if (!S)
    return explainFeedForward(Net, S.First);
  std::string Count = std::to_string(S.Fixed) + " species ";
  return (S.Fixed == 1 ? Count + "tends to a stable fixed point"
                       : Count + "tend to stable fixed points") +
         (S.First.Order.empty()
              ? ""
              : ", after a rate-independent part of " +
                    std::to_string(S.First.Order.size()) + " reactions");
}

void nn2crn::noteStableLimit(const Network &Net, const StableLimit &S,
                             InFlightDiagnostic &D) {
  constexpr size_t Most = 4;
  for (size_t I = 0; I < S.Problems.size() && I < Most; ++I) {
    const NoFixedPoint &P = S.Problems[I];
    if (P.What == Kind::Timed)
      continue;
    if (!S.First)
      D.note("nor is there a fixed point: " + explain(Net, P));
    else if (P.Reaction.isValid())
      D.note(Net.provenance().locate(Net.reaction(P.Reaction).origin()),
             "reaction " + quotedReaction(Net, P.Reaction));
    if (P.What == Kind::NoSource)
      D.note("give " + quoted(Net, P.Species) +
             " a positive source, as in '-> " + Net.nameText(P.Species) +
             " [k = 1e-6]'");
  }
}
