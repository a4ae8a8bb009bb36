//===- RailPairs.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/RailPairs.h"

#include "nn2crn/Analysis/SureFiring.h"

#include "llvm/ADT/Hashing.h"

#include <algorithm>
#include <deque>
#include <map>
#include <queue>
#include <unordered_map>

using namespace nn2crn;
using Fate = SureFiring::Fate;

namespace {
/// What a species adds to the elements of ports, by element; elements are
/// numbered through all output ports.
using Reading = std::vector<std::pair<uint32_t, double>>;

class Finder {
public:
  Finder(const Network &Net, std::vector<SpeciesId> &Mates)
      : Net(Net), Sure(Net), Mates(Mates), Amount(Net.speciesRows()) {
    Mates.assign(Net.speciesRows(), SpeciesId());
  }

  size_t run() {
    if (Net.phases().empty() && readPorts()) {
      indexFanOuts();
      pairOutputs();
      follow();
      pairGates();
    }
    return Found;
  }

private:
  //===--- What is seen ---------------------------------------------------===//

  /// False where all species are observed.
  bool readPorts() {
    Readings.resize(Net.speciesRows());
    uint32_t Element = 0;
    for (const Port &P : Net.ports())
      if (P.Direction == PortDirection::Output)
        for (size_t I = 0; I < P.elementCount(); ++I, ++Element)
          for (const PortTerm &T : P.element(I))
            Readings[T.Species.Value].emplace_back(Element, T.Coefficient);
    bool Flagged = false;
    for (SpeciesId S : Net.species())
      Flagged |= Net.flags(S).Observed;
    return Flagged || !Net.ports().empty();
  }

  /// May neither be a member of a pair nor be left over from one.
  bool isSeenAlone(SpeciesId S) const {
    return Net.flags(S).Observed || Sure.fate(S) == Fate::Open;
  }
  /// Changes nothing that anybody sees.
  bool isNothing(SpeciesId S) const {
    return Sure.isHeld(S) || (Sure.fate(S) == Fate::Stays && !isSeenAlone(S) &&
                              Readings[S.Value].empty());
  }

  //===--- Proofs ---------------------------------------------------------===//

  void add(SpeciesId S, uint64_t N) {
    if (isNothing(S))
      return;
    if (isSeenAlone(S)) {
      Failed = true;
      return;
    }
    uint64_t &Mine = Amount[S.Value];
    if (N > UINT64_MAX / 2 || Mine > UINT64_MAX / 2) {
      Failed = true;
      return;
    }
    if (Mine == 0)
      Touched.push_back(S);
    Mine += N;
    if (SpeciesId M = Mates[S.Value]; M.isValid()) {
      uint64_t Both = std::min(Mine, Amount[M.Value]);
      Mine -= Both;
      Amount[M.Value] -= Both;
    }
    if (Mine != 0 && Sure.fate(S) == Fate::Fires)
      Ready.push(Sure.position(Sure.consumer(S)));
  }

  /// Fires the reaction as often as what is there allows.
  void fire(Reaction R) {
    uint64_t Times = UINT64_MAX;
    for (Term T : R.reactants())
      Times = std::min(Times, Amount[T.Species.Value] / T.Coefficient);
    if (Times == 0)
      return;
    for (Term T : R.reactants())
      Amount[T.Species.Value] -= Times * T.Coefficient;
    for (Term T : R.products()) {
      if (Times > UINT64_MAX / T.Coefficient) {
        Failed = true;
        return;
      }
      add(T.Species, Times * T.Coefficient);
    }
  }

  /// What is left of a proof adds to no element.
  bool leavesNothing() {
    std::map<uint32_t, Rational> Sum;
    // A species that came and went and came again is in the list twice.
    std::ranges::sort(Touched);
    Touched.erase(std::ranges::unique(Touched).begin(), Touched.end());
    for (SpeciesId S : Touched) {
      if (Amount[S.Value] == 0)
        continue;
      if (Sure.fate(S) != Fate::Stays || Amount[S.Value] > INT32_MAX)
        return false;
      Rational Times(static_cast<int64_t>(Amount[S.Value]));
      for (auto [Element, Coefficient] : Readings[S.Value]) {
        Rational &Mine = Sum[Element];
        Mine = Mine + Times * Rational::fromDouble(Coefficient);
      }
    }
    return std::ranges::all_of(Sum,
                               [](auto &E) { return E.second.sign() == 0; });
  }

  size_t listSize(SpeciesId S) const {
    return Sure.fate(S) == Fate::Fires
               ? Net.reaction(Sure.consumer(S)).products().size()
               : 0;
  }

  bool prove(SpeciesId P, SpeciesId N) {
    size_t Budget = 256 + 8 * (listSize(P) + listSize(N));
    Failed = false;
    add(P, 1);
    add(N, 1);
    while (!Failed && !Ready.empty()) {
      uint32_t At = Ready.top();
      while (!Ready.empty() && Ready.top() == At)
        Ready.pop();
      Reaction R = Net.reaction(Sure.order()[At]);
      if (R.products().size() > Budget)
        Failed = true;
      else {
        Budget -= R.products().size();
        fire(R);
      }
    }
    bool Proven = !Failed && leavesNothing();
    for (SpeciesId S : Touched)
      Amount[S.Value] = 0;
    Touched.clear();
    Ready = {};
    return Proven;
  }

  bool tryPair(SpeciesId P, SpeciesId N) {
    if (P == N || isSeenAlone(P) || isSeenAlone(N) || isNothing(P) ||
        isNothing(N) || Mates[P.Value].isValid() || Mates[N.Value].isValid() ||
        !prove(P, N))
      return false;
    Mates[P.Value] = N;
    Mates[N.Value] = P;
    New.push_back(P);
    New.push_back(N);
    ++Found;
    return true;
  }

  //===--- Candidates: outputs --------------------------------------------===//

  void pairOutputs() {
    std::map<Reading, std::deque<SpeciesId>> Open;
    for (SpeciesId S : Net.species()) {
      if (Sure.fate(S) != Fate::Stays || isSeenAlone(S) || isNothing(S))
        continue;
      Reading Mirror = Readings[S.Value];
      for (auto &[Element, Coefficient] : Mirror)
        Coefficient = -Coefficient;
      auto It = Open.find(Mirror);
      if (It != Open.end() && !It->second.empty() &&
          tryPair(It->second.front(), S))
        It->second.pop_front();
      else
        Open[Readings[S.Value]].push_back(S);
    }
  }

  //===--- Candidates: fan-outs that mirror each other --------------------===//

  /// Fan-outs S -> P; each waits until all of its products that matter have
  /// mates.
  void indexFanOuts() {
    Missing.assign(Net.reactionRows(), 0);
    Begin.assign(Net.speciesRows() + 1, 0);
    auto ForTerms = [&](auto Visit) {
      for (ReactionId Id : Sure.order()) {
        Reaction R = Net.reaction(Id);
        if (R.order() == 1)
          for (Term T : R.products())
            if (!isNothing(T.Species))
              Visit(Id, T.Species);
      }
    };
    ForTerms([&](ReactionId R, SpeciesId S) {
      ++Missing[R.Value];
      ++Begin[S.Value + 1];
    });
    for (size_t I = 1; I < Begin.size(); ++I)
      Begin[I] += Begin[I - 1];
    Makers.resize(Begin.back());
    std::vector<uint64_t> Fill(Begin.begin(), Begin.end() - 1);
    ForTerms([&](ReactionId R, SpeciesId S) { Makers[Fill[S.Value]++] = R; });
  }

  /// The list of a fan-out, or that of its mirror image, in order.
  std::vector<Term> listOf(ReactionId Id, bool Mirrored) const {
    std::vector<Term> List;
    for (Term T : Net.reaction(Id).products())
      if (!isNothing(T.Species))
        List.push_back(
            {Mirrored ? Mates[T.Species.Value] : T.Species, T.Coefficient});
    std::ranges::sort(List, {}, &Term::Species);
    return List;
  }
  static size_t hashOf(const std::vector<Term> &List) {
    llvm::hash_code H = llvm::hash_value(List.size());
    for (Term T : List)
      H = llvm::hash_combine(H, T.Species.Value, T.Coefficient);
    return H;
  }

  /// Goes on from new pairs to the fan-outs that make them.
  void follow() {
    while (!New.empty()) {
      SpeciesId S = New.front();
      New.pop_front();
      for (uint64_t I = Begin[S.Value]; I < Begin[S.Value + 1]; ++I)
        if (ReactionId R = Makers[I]; --Missing[R.Value] == 0)
          lookForMirror(R);
    }
  }

  void lookForMirror(ReactionId R) {
    SpeciesId S = Net.reaction(R).reactants()[0].Species;
    if (isSeenAlone(S) || Mates[S.Value].isValid())
      return;
    std::vector<Term> Mirror = listOf(R, true);
    auto &Same = Waiting[hashOf(Mirror)];
    for (size_t I = 0; I < Same.size(); ++I) {
      SpeciesId T = Net.reaction(Same[I]).reactants()[0].Species;
      if (!Mates[T.Value].isValid() && listOf(Same[I], false) == Mirror &&
          tryPair(T, S)) {
        Same.erase(Same.begin() + static_cast<std::ptrdiff_t>(I));
        return;
      }
    }
    // Few share a hash but copies of one fan-out: one that found no mate among
    // so many finds none.
    constexpr size_t Most = 16;
    if (auto &Mine = Waiting[hashOf(listOf(R, false))]; Mine.size() < Most)
      Mine.push_back(R);
  }

  //===--- Candidates: gates ----------------------------------------------===//

  /// `S -> m + ..`, `m + B -> ..`: S and B, where nothing else makes m. And
  /// `A + B ->`: A and B.
  void pairGates() {
    std::vector<uint32_t> Made(Net.speciesRows());
    std::vector<ReactionId> Maker(Net.speciesRows());
    for (Reaction R : Net.reactions())
      for (Term T : R.products()) {
        ++Made[T.Species.Value];
        Maker[T.Species.Value] = R.id();
      }
    struct Candidate {
      uint32_t Position;
      SpeciesId P, N;
    };
    std::vector<Candidate> All;
    for (ReactionId Id : Sure.order()) {
      Reaction R = Net.reaction(Id);
      if (R.reactants().size() != 2 || R.order() != 2)
        continue;
      // Two that annihilate.
      if (R.products().empty())
        All.push_back({Sure.position(Id), R.reactants()[0].Species,
                       R.reactants()[1].Species});
      for (int Side : {0, 1}) {
        SpeciesId M = R.reactants()[Side].Species;
        SpeciesId B = R.reactants()[1 - Side].Species;
        if (Made[M.Value] != 1 || !Sure.fires(Maker[M.Value]) ||
            Net.reaction(Maker[M.Value]).order() != 1)
          continue;
        SpeciesId S = Net.reaction(Maker[M.Value]).reactants()[0].Species;
        All.push_back(
            {std::min(Sure.position(Maker[M.Value]), Sure.position(Id)), S, B});
      }
    }
    // From the ends backwards: a proof needs the pairs downstream.
    std::ranges::stable_sort(All, [](const Candidate &A, const Candidate &B) {
      return A.Position > B.Position;
    });
    for (const Candidate &C : All)
      if (tryPair(C.P, C.N))
        follow();
  }

  const Network &Net;
  SureFiring Sure;
  std::vector<SpeciesId> &Mates;
  size_t Found = 0;
  std::vector<Reading> Readings;

  /// The multiset of a proof; all 0 between proofs.
  std::vector<uint64_t> Amount;
  std::vector<SpeciesId> Touched;
  std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> Ready;
  bool Failed = false;

  /// Members of pairs whose makers have not been told.
  std::deque<SpeciesId> New;
  std::vector<uint32_t> Missing;
  /// Fan-outs that make a species, in CSR form.
  std::vector<uint64_t> Begin;
  std::vector<ReactionId> Makers;
  /// Fan-outs without mate, by hash of their lists.
  std::unordered_map<size_t, std::vector<ReactionId>> Waiting;
};
} // namespace

RailPairs::RailPairs(const Network &Net) { Count = Finder(Net, Mates).run(); }
