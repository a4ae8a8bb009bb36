//===- FanoutFactoring.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FanoutFactoring.h"

#include "FanoutGreedy.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <numeric>
#include <tuple>

using namespace nn2crn;

namespace {
using Edge = FanoutGraph::Edge;
using Entry = FanoutMatrix::Entry;

/// Largest block of a seed: patterns are 2 bits a line.
constexpr unsigned MostInBlock = 12;

class Factoring {
public:
  Factoring(const FanoutMatrix &M, const FanoutCost &Cost, uint32_t MaxDepth)
      : M(M), Cost(Cost), MaxDepth(MaxDepth),
        Rows(static_cast<uint32_t>(M.Rows.size())),
        FirstHelper(Rows + M.Columns), Across(M.Columns) {
    for (uint32_t R = 0; R < Rows; ++R)
      for (Entry E : M.Rows[R])
        Across[E.Column].push_back({R, E.Minus});
  }

  std::optional<FanoutGraph> run() {
    FanoutGraph Plain = plain();
    uint64_t Least = costOf(Plain);
    std::optional<FanoutGraph> Best;
    auto Offer = [&](FanoutGraph G) {
      inlineHelpers(G);
      if (uint64_t Price = costOf(G); Price < Least && expands(G)) {
        Least = Price;
        Best = std::move(G);
      }
    };
    // Blocks alone, and blocks about the best size as a start of the greedy
    // search.
    unsigned BestSize = 1;
    uint64_t BestPrice = UINT64_MAX;
    std::vector<uint32_t> Order;
    for (const std::vector<uint32_t> &Tried :
         {std::vector<uint32_t>(), similarOrder()}) {
      uint64_t Last = UINT64_MAX;
      for (unsigned Size = 2, Worse = 0; Size <= MostInBlock; ++Size) {
        FanoutGraph Seed = seed(Size, Tried);
        uint64_t Price = costOf(Seed);
        // Patterns become ever rarer: beyond the best size it only gets worse.
        Worse = Price > Last ? Worse + 1 : 0;
        if (Seed.Out.size() == FirstHelper || Worse == 2)
          break;
        Last = Price;
        if (Price < BestPrice) {
          BestPrice = Price;
          BestSize = Size;
          Order = Tried;
        }
      }
    }
    if (!greedy(Plain).isFeasible()) {
      Offer(seed(BestSize, Order));
      return Best;
    }
    // The less is in blocks the longer it takes, and where blocks do well the
    // bare start does not win.
    constexpr uint64_t Large = 100000;
    bool Thorough = entries() < Large || BestPrice > Least / 2;
    if (Thorough)
      Offer(greedy(std::move(Plain)).run());
    for (unsigned Size = std::max(2u, BestSize - Thorough);
         Size <= BestSize + 1; ++Size)
      if (FanoutGraph Seed = seed(Size, Order); Seed.Out.size() > FirstHelper)
        Offer(greedy(std::move(Seed)).run());
    return Best;
  }

private:
  FanoutGreedy greedy(FanoutGraph Start) const {
    return FanoutGreedy(std::move(Start), Rows, M.Columns, Cost.helperWeight(),
                        MaxDepth);
  }

  uint64_t entries() const {
    uint64_t Sum = 0;
    for (const auto &Row : M.Rows)
      Sum += Row.size();
    return Sum;
  }

  FanoutGraph plain() const {
    FanoutGraph G;
    G.Out.resize(FirstHelper);
    for (uint32_t R = 0; R < Rows; ++R)
      for (Entry E : M.Rows[R])
        G.Out[R].push_back({Rows + E.Column, E.Minus});
    return G;
  }

  uint64_t costOf(const FanoutGraph &G) const {
    uint64_t Sum = 0;
    for (uint32_t R = 0; R < Rows; ++R)
      for (unsigned I = 0; I < M.Rails; ++I)
        Sum += Cost.of(G.Out[R].size() + M.Beside[R][I]);
    for (size_t H = FirstHelper; H < G.Out.size(); ++H)
      if (!G.Out[H].empty())
        Sum += M.Rails * Cost.of(G.Out[H].size());
    return Sum;
  }

  /// The smaller dimension in an order that puts lines beside each other that
  /// agree or oppose in many places. Empty where that would take long.
  std::vector<uint32_t> similarOrder() const {
    const auto &Lines = M.Columns <= Rows ? Across : M.Rows;
    const size_t N = Lines.size(),
                 Words = (std::max(Rows, M.Columns) + 63) / 64;
    constexpr size_t MostWork = size_t{1} << 29;
    if (N < 3 || N * N > MostWork / Words)
      return {};
    std::vector<uint64_t> Plus(N * Words), Minus(N * Words);
    for (size_t L = 0; L < N; ++L)
      for (Entry E : Lines[L])
        (E.Minus ? Minus : Plus)[L * Words + E.Column / 64] |= uint64_t{1}
                                                               << E.Column % 64;
    std::vector<uint32_t> Order(N);
    std::iota(Order.begin(), Order.end(), 0u);
    for (size_t At = 0; At + 1 < N; ++At) {
      const uint64_t *P = &Plus[Order[At] * Words],
                     *Q = &Minus[Order[At] * Words];
      size_t Best = At + 1;
      int Most = -1;
      for (size_t I = At + 1; I < N; ++I) {
        const uint64_t *P2 = &Plus[Order[I] * Words],
                       *Q2 = &Minus[Order[I] * Words];
        int Agree = 0, Oppose = 0;
        for (size_t W = 0; W < Words; ++W) {
          Agree += std::popcount(P[W] & P2[W]) + std::popcount(Q[W] & Q2[W]);
          Oppose += std::popcount(P[W] & Q2[W]) + std::popcount(Q[W] & P2[W]);
        }
        if (int Common = std::max(Agree, Oppose); Common > Most) {
          Most = Common;
          Best = I;
        }
      }
      std::swap(Order[At + 1], Order[Best]);
    }
    return Order;
  }

  /// Lines across the larger dimension that agree, up to a sign, on \p Size
  /// neighbouring ones of the smaller share a helper there. Neighbours are
  /// those in \p Order, or in the matrix where that is empty.
  FanoutGraph seed(unsigned Size, const std::vector<uint32_t> &Order) const {
    FanoutGraph G;
    G.Out.resize(FirstHelper);
    bool ByColumns = M.Columns <= Rows;
    std::vector<uint32_t> PlaceOf(Order.size());
    for (uint32_t I = 0; I < Order.size(); ++I)
      PlaceOf[Order[I]] = I;
    struct Part {
      uint32_t Block, Pattern, Line;
      bool Minus;
    };
    std::vector<Part> Parts;
    const auto &Lines = ByColumns ? M.Rows : Across;
    std::vector<Entry> Entries;
    for (uint32_t L = 0; L < Lines.size(); ++L) {
      Entries = Lines[L];
      if (!Order.empty()) {
        for (Entry &E : Entries)
          E.Column = PlaceOf[E.Column];
        std::ranges::sort(Entries, {}, &Entry::Column);
      }
      for (Entry E : Entries) {
        uint32_t Block = E.Column / Size, Place = E.Column % Size;
        if (Parts.empty() || Parts.back().Line != L ||
            Parts.back().Block != Block)
          Parts.push_back({Block, 0, L, E.Minus});
        // Signs are those relative to the first.
        uint32_t Bits = E.Minus == Parts.back().Minus ? 1 : 2;
        Parts.back().Pattern |= Bits << 2 * Place;
      }
    }
    std::ranges::sort(Parts, [](const Part &A, const Part &B) {
      return std::tie(A.Block, A.Pattern, A.Line) <
             std::tie(B.Block, B.Pattern, B.Line);
    });
    auto Connect = [&](uint32_t Line, uint32_t To, bool Minus) {
      if (ByColumns)
        G.Out[Line].push_back({To, Minus});
      else
        G.Out[To].push_back({Rows + Line, Minus});
    };
    for (size_t First = 0, End; First < Parts.size(); First = End) {
      const Part &P = Parts[First];
      End = First;
      while (End < Parts.size() && Parts[End].Block == P.Block &&
             Parts[End].Pattern == P.Pattern)
        ++End;
      std::vector<std::pair<uint32_t, bool>> Members;
      for (uint32_t Place = 0; Place < Size; ++Place)
        if (uint32_t Bits = P.Pattern >> 2 * Place & 3) {
          uint32_t At = P.Block * Size + Place;
          Members.emplace_back(Order.empty() ? At : Order[At], Bits == 2);
        }
      auto A = static_cast<int64_t>(End - First);
      auto B = static_cast<int64_t>(Members.size());
      bool Pays = A > 1 && B > 1 && A * B > A + B + Cost.helperWeight() &&
                  (!MaxDepth || MaxDepth > 1);
      auto Helper = static_cast<uint32_t>(G.Out.size());
      if (Pays)
        G.Out.emplace_back();
      for (size_t I = First; I < End; ++I) {
        if (Pays) {
          Connect(Parts[I].Line, Helper, Parts[I].Minus);
          continue;
        }
        for (auto [Member, Minus] : Members)
          Connect(Parts[I].Line, ByColumns ? Rows + Member : Member,
                  Minus != Parts[I].Minus);
      }
      if (Pays)
        for (auto [Member, Minus] : Members) {
          if (ByColumns)
            G.Out[Helper].push_back({Rows + Member, Minus});
          else
            G.Out[Member].push_back({Helper, Minus});
        }
    }
    return G;
  }

  /// Takes out the helpers without which it costs no more.
  void inlineHelpers(FanoutGraph &G) const {
    std::vector<std::vector<uint32_t>> In(G.Out.size());
    for (uint32_t V = 0; V < G.Out.size(); ++V)
      for (Edge E : G.Out[V])
        In[E.To].push_back(V);
    auto Costs = [&](uint32_t V, size_t Products) {
      if (V >= Rows)
        return M.Rails * Cost.of(Products);
      uint64_t Sum = 0;
      for (unsigned I = 0; I < M.Rails; ++I)
        Sum += Cost.of(Products + M.Beside[V][I]);
      return Sum;
    };
    for (bool Changed = true; Changed;) {
      Changed = false;
      for (uint32_t H = FirstHelper; H < G.Out.size(); ++H) {
        size_t B = G.Out[H].size();
        if (B == 0)
          continue;
        uint64_t With = M.Rails * Cost.of(B), Without = 0;
        for (uint32_t V : In[H]) {
          With += Costs(V, G.Out[V].size());
          Without += Costs(V, G.Out[V].size() - 1 + B);
        }
        if (Without > With)
          continue;
        for (uint32_t V : In[H]) {
          auto It = std::ranges::find(G.Out[V], H, &Edge::To);
          bool Minus = It->Minus;
          G.Out[V].erase(It);
          for (Edge E : G.Out[H]) {
            G.Out[V].push_back({E.To, E.Minus != Minus});
            In[E.To].push_back(V);
          }
        }
        for (Edge E : G.Out[H])
          std::erase(In[E.To], H);
        G.Out[H].clear();
        In[H].clear();
        Changed = true;
      }
    }
    // Renumber what is left.
    std::vector<uint32_t> New(G.Out.size());
    uint32_t Next = 0;
    for (uint32_t V = 0; V < G.Out.size(); ++V) {
      New[V] = Next;
      if (V >= FirstHelper && G.Out[V].empty())
        continue;
      if (Next != V)
        G.Out[Next] = std::move(G.Out[V]);
      ++Next;
    }
    G.Out.resize(Next);
    for (auto &Edges : G.Out)
      for (Edge &E : Edges)
        E.To = New[E.To];
  }

  /// The graph is the matrix, entry for entry, by disjoint paths.
  bool expands(const FanoutGraph &G) const {
    std::vector<std::pair<Edge, uint32_t>> Work;
    std::vector<Entry> Found;
    for (uint32_t R = 0; R < Rows; ++R) {
      Found.clear();
      Work.clear();
      for (Edge E : G.Out[R])
        Work.push_back({E, 1});
      while (!Work.empty()) {
        auto [At, Depth] = Work.back();
        Work.pop_back();
        if (At.To >= Rows && At.To < FirstHelper) {
          Found.push_back({At.To - Rows, At.Minus});
          continue;
        }
        // More than there can be: paths that meet, or a cycle.
        if (At.To < Rows || Found.size() > M.Rows[R].size() ||
            Depth > G.Out.size() || (MaxDepth && Depth >= MaxDepth))
          return false;
        for (Edge E : G.Out[At.To])
          Work.push_back({{E.To, E.Minus != At.Minus}, Depth + 1});
      }
      std::ranges::sort(Found, {}, &Entry::Column);
      if (!std::ranges::equal(Found, M.Rows[R], [](Entry A, Entry B) {
            return A.Column == B.Column && A.Minus == B.Minus;
          }))
        return false;
    }
    return true;
  }

  const FanoutMatrix &M;
  const FanoutCost &Cost;
  uint32_t MaxDepth, Rows, FirstHelper;
  /// The columns' entries; Entry::Column is the row there.
  std::vector<std::vector<Entry>> Across;
};
} // namespace

std::optional<FanoutGraph> nn2crn::factorFanout(const FanoutMatrix &M,
                                                const FanoutCost &Cost,
                                                uint32_t MaxDepth) {
  assert(M.Beside.size() == M.Rows.size());
  // A pair needs two lines with two in common; a helper, a second step.
  if (M.Rows.size() < 2 || M.Columns < 2 || MaxDepth == 1 ||
      (Cost.PerProduct == 0 && Cost.MaxProducts == 0))
    return std::nullopt;
  return Factoring(M, Cost, MaxDepth).run();
}
