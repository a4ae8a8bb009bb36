//===- FanoutGreedy.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FanoutGreedy.h"

#include <algorithm>
#include <bit>
#include <cassert>

using namespace nn2crn;

namespace {
constexpr uint32_t None = UINT32_MAX;
enum : unsigned { RowSide, ColumnSide };
/// Steps of counting that are done; about 2^30 a second.
constexpr uint64_t MostWork = uint64_t{1} << 35;
/// Candidates held at once, 8 bytes each.
constexpr uint64_t MostQueued = uint64_t{1} << 26;
} // namespace

//===----------------------------------------------------------------------===//
// Lines
//===----------------------------------------------------------------------===//

void FanoutGreedy::set(Line &L, uint32_t I, bool Minus) {
  uint32_t Index = I / 64;
  auto It = L.Words.end();
  if (!L.Words.empty() && L.Words.back().Index >= Index)
    It = std::ranges::lower_bound(L.Words, Index, {}, &Word::Index);
  if (It == L.Words.end() || It->Index != Index)
    It = L.Words.insert(It, {Index, 0, 0});
  (Minus ? It->Minus : It->Plus) |= uint64_t{1} << I % 64;
  ++L.Count;
}

void FanoutGreedy::clear(Line &L, uint32_t I) {
  auto It = std::ranges::lower_bound(L.Words, I / 64, {}, &Word::Index);
  uint64_t Keep = ~(uint64_t{1} << I % 64);
  It->Plus &= Keep;
  It->Minus &= Keep;
  if (!(It->Plus | It->Minus))
    L.Words.erase(It);
  --L.Count;
}

/// Calls \p Visit(index, is minus) in order.
template <class Fn> void FanoutGreedy::forBits(const Line &L, Fn Visit) {
  for (const Word &W : L.Words)
    for (uint64_t Bits = W.Plus | W.Minus; Bits; Bits &= Bits - 1) {
      auto Bit = static_cast<uint32_t>(std::countr_zero(Bits));
      Visit(W.Index * 64 + Bit, (W.Minus >> Bit & 1) != 0);
    }
}

/// Where the lines agree, and where one is the other's opposite.
std::pair<uint32_t, uint32_t> FanoutGreedy::common(const Line &A,
                                                   const Line &B) {
  int Agree = 0, Oppose = 0;
  auto I = A.Words.begin(), J = B.Words.begin();
  while (I != A.Words.end() && J != B.Words.end()) {
    if (I->Index < J->Index) {
      ++I;
    } else if (J->Index < I->Index) {
      ++J;
    } else {
      Agree +=
          std::popcount(I->Plus & J->Plus) + std::popcount(I->Minus & J->Minus);
      Oppose +=
          std::popcount(I->Plus & J->Minus) + std::popcount(I->Minus & J->Plus);
      ++I;
      ++J;
    }
  }
  return {static_cast<uint32_t>(Agree), static_cast<uint32_t>(Oppose)};
}

/// What the pair \p C has in common, with the signs of its first line: without
/// what would make a path too long.
void FanoutGreedy::collect(const Candidate &C) {
  Common.clear();
  const std::vector<Line> &Own = Lines[C.Side], &Across = Lines[!C.Side];
  const Line &A = Own[C.First], &B = Own[C.Second];
  const std::vector<uint32_t> &Near = C.Side == RowSide ? Before : After;
  const std::vector<uint32_t> &Far = C.Side == RowSide ? After : Before;
  uint32_t Behind = MaxDepth ? std::max(Near[A.Node], Near[B.Node]) + 2 : 0;
  auto I = A.Words.begin(), J = B.Words.begin();
  while (I != A.Words.end() && J != B.Words.end()) {
    if (I->Index < J->Index) {
      ++I;
    } else if (J->Index < I->Index) {
      ++J;
    } else {
      uint64_t Plus = I->Plus & (C.Opposite ? J->Minus : J->Plus);
      uint64_t Minus = I->Minus & (C.Opposite ? J->Plus : J->Minus);
      for (uint64_t Bits = Plus | Minus; Bits; Bits &= Bits - 1) {
        auto Bit = static_cast<uint32_t>(std::countr_zero(Bits));
        uint32_t L = I->Index * 64 + Bit;
        if (!MaxDepth || Behind + Far[Across[L].Node] <= MaxDepth)
          Common.push_back({L, (Minus >> Bit & 1) != 0});
      }
      ++I;
      ++J;
    }
  }
}

//===----------------------------------------------------------------------===//
// The queue
//===----------------------------------------------------------------------===//

void FanoutGreedy::push(uint32_t Count, Candidate C) {
  if (Queue.size() <= Count)
    Queue.resize(Count + 1);
  Queue[Count].push_back(C);
  ++Queued;
  if (Queued > MostQueued)
    dropLeast();
}

/// Forgets the least promising half; they are counted again when the rest is
/// done.
void FanoutGreedy::dropLeast() {
  while (Queue.back().empty())
    Queue.pop_back();
  while (Queued > MostQueued / 2 && Least + 1 < Queue.size()) {
    Queued -= Queue[Least].size();
    std::vector<Candidate>().swap(Queue[Least]);
    ++Least;
  }
}

/// Queues line \p L with every other one before \p End.
void FanoutGreedy::countAgainst(unsigned Side, uint32_t L, uint32_t End) {
  const std::vector<Line> &Own = Lines[Side], &Across = Lines[!Side];
  const Line &Mine = Own[L];
  if (Mine.Count < Threshold)
    return;
  auto Offer = [&](uint32_t Count, bool Opposite, uint32_t With) {
    if (Count >= Least && With != L)
      push(Count, {Side, Opposite, std::min(L, With), std::max(L, With)});
  };
  // Either compare whole lines, or go through those that have a bit in common.
  uint64_t ByLines = uint64_t{End} * Mine.Words.size(), ByBits = 0;
  forBits(Mine, [&](uint32_t I, bool) { ByBits += Across[I].Count; });
  if (ByLines < ByBits) {
    for (uint32_t With = 0; With < End; ++With)
      if (Own[With].Count >= Threshold) {
        auto [Agree, Oppose] = common(Mine, Own[With]);
        Offer(Agree, false, With);
        Offer(Oppose, true, With);
      }
    return;
  }
  Same.resize(Own.size());
  Other.resize(Own.size());
  Touched.clear();
  forBits(Mine, [&](uint32_t I, bool Minus) {
    forBits(Across[I], [&](uint32_t With, bool WithMinus) {
      if (With >= End)
        return;
      if (!Same[With] && !Other[With])
        Touched.push_back(With);
      ++(Minus == WithMinus ? Same : Other)[With];
    });
  });
  for (uint32_t With : Touched) {
    Offer(std::exchange(Same[With], 0), false, With);
    Offer(std::exchange(Other[With], 0), true, With);
  }
}

void FanoutGreedy::fillQueue() {
  Least = Threshold;
  for (unsigned Side : {RowSide, ColumnSide})
    for (uint32_t L = 0; L < Lines[Side].size(); ++L)
      countAgainst(Side, L, L);
}

bool FanoutGreedy::isFeasible() const {
  uint64_t Work = 0;
  for (unsigned Side : {RowSide, ColumnSide}) {
    const std::vector<Line> &Across = Lines[!Side];
    for (size_t L = 0; L < Lines[Side].size() && Work <= MostWork; ++L) {
      uint64_t ByBits = 0;
      forBits(Lines[Side][L],
              [&](uint32_t I, bool) { ByBits += Across[I].Count; });
      Work += std::min<uint64_t>(ByBits, L * Lines[Side][L].Words.size());
    }
  }
  return Work <= MostWork;
}

//===----------------------------------------------------------------------===//
// The graph
//===----------------------------------------------------------------------===//

FanoutGreedy::FanoutGreedy(FanoutGraph Start, uint32_t Rows, uint32_t Columns,
                           int HelperWeight, uint32_t MaxDepth)
    : Threshold(static_cast<uint32_t>(std::max(2, 3 + HelperWeight))),
      MaxDepth(MaxDepth), Least(Threshold) {
  auto Nodes = static_cast<uint32_t>(Start.Out.size());
  auto AddLine = [&](unsigned Side, uint32_t Node) {
    LineOf[Side][Node] = static_cast<uint32_t>(Lines[Side].size());
    Lines[Side].push_back({{}, Node, 0});
  };
  for (unsigned Side : {RowSide, ColumnSide}) {
    LineOf[Side].assign(Nodes, None);
    Settled[Side].resize(Nodes);
  }
  for (uint32_t Node = 0; Node < Nodes; ++Node) {
    if (Node < Rows || Node >= Rows + Columns)
      AddLine(RowSide, Node);
    if (Node >= Rows)
      AddLine(ColumnSide, Node);
  }
  for (uint32_t Node = 0; Node < Nodes; ++Node)
    for (Edge E : Start.Out[Node]) {
      uint32_t R = LineOf[RowSide][Node], C = LineOf[ColumnSide][E.To];
      set(Lines[RowSide][R], C, E.Minus);
      set(Lines[ColumnSide][C], R, E.Minus);
    }
  if (MaxDepth)
    measureDepths();
}

template <class Fn>
void FanoutGreedy::forSuccessors(uint32_t Node, Fn Visit) const {
  for (Edge E : Settled[RowSide][Node])
    Visit(E.To);
  if (uint32_t R = LineOf[RowSide][Node]; R != None)
    forBits(Lines[RowSide][R],
            [&](uint32_t C, bool) { Visit(Lines[ColumnSide][C].Node); });
}
template <class Fn>
void FanoutGreedy::forPredecessors(uint32_t Node, Fn Visit) const {
  for (Edge E : Settled[ColumnSide][Node])
    Visit(E.To);
  if (uint32_t C = LineOf[ColumnSide][Node]; C != None)
    forBits(Lines[ColumnSide][C],
            [&](uint32_t R, bool) { Visit(Lines[RowSide][R].Node); });
}

void FanoutGreedy::measureDepths() {
  size_t Nodes = LineOf[RowSide].size();
  Before.assign(Nodes, 0);
  After.assign(Nodes, 0);
  for (uint32_t Node = 0; Node < Nodes; ++Node)
    deepen(Node);
}

/// Paths through \p Node may have become longer. Depths only grow: where edges
/// went the old ones are bounds still.
void FanoutGreedy::deepen(uint32_t Node) {
  forPredecessors(Node, [&](uint32_t P) {
    Before[Node] = std::max(Before[Node], Before[P] + 1);
  });
  forSuccessors(Node, [&](uint32_t S) {
    After[Node] = std::max(After[Node], After[S] + 1);
  });
  std::vector<uint32_t> Work{Node};
  while (!Work.empty()) {
    uint32_t At = Work.back();
    Work.pop_back();
    forSuccessors(At, [&](uint32_t S) {
      if (Before[S] <= Before[At]) {
        Before[S] = Before[At] + 1;
        Work.push_back(S);
      }
    });
  }
  Work.push_back(Node);
  while (!Work.empty()) {
    uint32_t At = Work.back();
    Work.pop_back();
    forPredecessors(At, [&](uint32_t P) {
      if (After[P] <= After[At]) {
        After[P] = After[At] + 1;
        Work.push_back(P);
      }
    });
  }
}

/// Puts a helper between the pair \p C and what is in Common.
void FanoutGreedy::take(const Candidate &C) {
  unsigned Side = C.Side;
  auto Node = static_cast<uint32_t>(LineOf[RowSide].size());
  for (unsigned S : {RowSide, ColumnSide}) {
    LineOf[S].push_back(None);
    Settled[S].emplace_back();
  }
  auto New = static_cast<uint32_t>(Lines[Side].size());
  LineOf[Side][Node] = New;
  Lines[Side].push_back({{}, Node, 0});
  std::vector<Line> &Own = Lines[Side];
  for (Shared S : Common) {
    Line &Across = Lines[!Side][S.Line];
    for (uint32_t Old : {uint32_t{C.First}, C.Second}) {
      clear(Own[Old], S.Line);
      clear(Across, Old);
    }
    set(Own[New], S.Line, S.Minus);
    set(Across, New, S.Minus);
  }
  for (auto [Old, Minus] :
       {std::pair(uint32_t{C.First}, false), {C.Second, C.Opposite != 0}}) {
    Settled[Side][Own[Old].Node].push_back({Node, Minus});
    Settled[!Side][Node].push_back({Own[Old].Node, Minus});
  }
  if (MaxDepth) {
    Before.push_back(0);
    After.push_back(0);
    deepen(Node);
  }
  countAgainst(Side, New, New);
}

FanoutGraph FanoutGreedy::run() {
  fillQueue();
  size_t Top = Queue.size();
  bool Took = false;
  for (;;) {
    Top = std::min(Top, Queue.size());
    while (Top > Least && Queue[Top - 1].empty())
      --Top;
    if (Top <= Least) {
      // All were counted, or counting again would find the same.
      if (Least == Threshold || !std::exchange(Took, false))
        break;
      fillQueue();
      Top = Queue.size();
      continue;
    }
    Candidate C = Queue[Top - 1].back();
    Queue[Top - 1].pop_back();
    --Queued;
    collect(C);
    auto Count = static_cast<uint32_t>(Common.size());
    if (Count + 1 == Top) {
      take(C);
      Took = true;
    } else if (Count >= Least) {
      push(Count, C);
    }
  }

  FanoutGraph Graph;
  Graph.Out.resize(LineOf[RowSide].size());
  for (uint32_t Node = 0; Node < Graph.Out.size(); ++Node) {
    Graph.Out[Node] = Settled[RowSide][Node];
    if (uint32_t R = LineOf[RowSide][Node]; R != None)
      forBits(Lines[RowSide][R], [&](uint32_t C, bool Minus) {
        Graph.Out[Node].push_back({Lines[ColumnSide][C].Node, Minus});
      });
  }
  return Graph;
}
