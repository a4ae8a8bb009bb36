//===- MirroredRails.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/MirroredRails.h"

#include <algorithm>

using namespace nn2crn;

namespace {
uint64_t mix(uint64_t Z) {
  Z += 0x9e3779b97f4a7c15;
  Z = (Z ^ (Z >> 30)) * 0xbf58476d1ce4e5b9;
  Z = (Z ^ (Z >> 27)) * 0x94d049bb133111eb;
  return Z ^ (Z >> 31);
}

/// Ids by a hash of what they are made of.
template <class IdType> class ByHash {
public:
  void build(const std::vector<uint64_t> &Hashes) {
    Of = &Hashes;
    for (uint32_t I = 0; I < Hashes.size(); ++I)
      if (Hashes[I])
        Sorted.push_back(I);
    std::ranges::sort(Sorted, [&](uint32_t A, uint32_t B) {
      return std::pair(Hashes[A], A) < std::pair(Hashes[B], B);
    });
    FirstFree.resize(Sorted.size());
    for (uint32_t I = 0; I < Sorted.size(); ++I)
      FirstFree[I] = I;
  }

  /// The least id with \p Hash that is still free and not \p Self.
  template <class Fn> IdType find(uint64_t Hash, IdType Self, Fn IsFree) {
    auto Start = std::ranges::lower_bound(Sorted, Hash, {},
                                          [&](uint32_t I) { return (*Of)[I]; });
    if (Start == Sorted.end())
      return IdType();
    auto Bucket = static_cast<size_t>(Start - Sorted.begin());
    auto Holds = [&](size_t I) {
      return I < Sorted.size() && (*Of)[Sorted[I]] == Hash;
    };
    // What is taken stays taken, so that the search never goes back.
    uint32_t &First = FirstFree[Bucket];
    while (Holds(First) && !IsFree(IdType(Sorted[First])))
      ++First;
    for (size_t I = First; Holds(I); ++I)
      if (IdType Found(Sorted[I]); IsFree(Found) && Found != Self)
        return Found;
    return IdType();
  }

private:
  const std::vector<uint64_t> *Of = nullptr;
  std::vector<uint32_t> Sorted, FirstFree;
};
} // namespace

namespace nn2crn {
class MirrorFinder {
public:
  MirrorFinder(const Network &Net, MirroredRails &Out) : Net(Net), Out(Out) {}

  void run() {
    Out.OfSpecies.resize(Net.speciesRows());
    Out.OfReaction.resize(Net.reactionRows());
    index();
    for (const Port &P : Net.ports())
      for (size_t I = 0; I < P.elementCount(); ++I)
        if (auto Terms = P.element(I);
            Terms.size() == 2 && Terms[0].Coefficient == -Terms[1].Coefficient)
          pair(Terms[0].Species, Terms[1].Species);
    for (Reaction R : Net.reactions())
      gate(R);
    while (!Species.empty() || !Reactions.empty())
      if (!Species.empty()) {
        SpeciesId S = Species.back();
        Species.pop_back();
        follow(S);
      } else {
        ReactionId R = Reactions.back();
        Reactions.pop_back();
        follow(R);
      }
  }

private:
  struct Producer {
    ReactionId Reaction;
    uint32_t Coefficient;
  };

  void index() {
    size_t Rows = Net.speciesRows();
    Users.resize(Rows);
    UserCount.resize(Rows);
    Begin.resize(Rows + 1);
    for (Reaction R : Net.reactions()) {
      for (Term T : R.reactants()) {
        Users[T.Species.Value] = R.id();
        ++UserCount[T.Species.Value];
      }
      for (Term T : R.products())
        ++Begin[T.Species.Value + 1];
    }
    for (size_t S = 0; S < Rows; ++S)
      Begin[S + 1] += Begin[S];
    Producers.resize(Begin.back());
    std::vector<uint64_t> Fill(Begin.begin(), Begin.end() - 1);
    SpeciesHash.resize(Rows);
    ReactionHash.resize(Net.reactionRows());
    UnpairedProducts.resize(Net.reactionRows());
    for (Reaction R : Net.reactions()) {
      UnpairedProducts[R.id().Value] =
          static_cast<uint32_t>(R.products().size());
      for (Term T : R.products()) {
        uint32_t S = T.Species.Value;
        Producers[Fill[S]++] = {R.id(), T.Coefficient};
        SpeciesHash[S] += mix(R.id().Value) * T.Coefficient;
        ReactionHash[R.id().Value] += mix(S) * T.Coefficient;
      }
    }
    UnpairedProducers.resize(Rows);
    for (size_t S = 0; S < Rows; ++S)
      UnpairedProducers[S] = static_cast<uint32_t>(Begin[S + 1] - Begin[S]);
    SpeciesByHash.build(SpeciesHash);
    ReactionsByHash.build(ReactionHash);
  }

  std::span<const Producer> producers(SpeciesId S) const {
    return std::span(Producers).subspan(Begin[S.Value],
                                        Begin[S.Value + 1] - Begin[S.Value]);
  }
  bool isFree(SpeciesId S) const { return !Out.OfSpecies[S.Value].isValid(); }
  bool isFree(ReactionId R) const { return !Out.OfReaction[R.Value].isValid(); }

  void pair(SpeciesId A, SpeciesId B) {
    if (A == B || !isFree(A) || !isFree(B))
      return;
    Out.OfSpecies[A.Value] = B;
    Out.OfSpecies[B.Value] = A;
    Species.push_back(A);
  }
  void pair(ReactionId A, ReactionId B) {
    if (A == B || !isFree(A) || !isFree(B))
      return;
    Out.OfReaction[A.Value] = B;
    Out.OfReaction[B.Value] = A;
    Reactions.push_back(A);
  }

  ReactionId onlyUser(SpeciesId S) const {
    return UserCount[S.Value] == 1 ? Users[S.Value] : ReactionId();
  }

  void follow(SpeciesId A) {
    SpeciesId B = Out.OfSpecies[A.Value];
    ReactionId OfA = onlyUser(A), OfB = onlyUser(B);
    if (OfA.isValid() && OfB.isValid()) {
      Reaction RA = Net.reaction(OfA), RB = Net.reaction(OfB);
      if (RA.order() == 1 && RB.order() == 1 &&
          RA.products().size() == RB.products().size())
        pair(OfA, OfB);
    }
    for (SpeciesId S : {A, B})
      for (Producer P : producers(S))
        if (--UnpairedProducts[P.Reaction.Value] == 0 && isFree(P.Reaction))
          pairByProducts(P.Reaction);
  }

  /// `a -> m + c`, \p First, and `m + b -> d`, where nothing else uses a, b
  /// and m: the rails of a gate's input, and of its output.
  void gate(Reaction First) {
    if (First.order() != 1 || First.products().size() != 2)
      return;
    SpeciesId A = First.reactants()[0].Species;
    for (size_t I = 0; I < 2 && onlyUser(A) == First.id(); ++I) {
      SpeciesId M = First.products()[I].Species;
      ReactionId Id = onlyUser(M);
      if (!Id.isValid() || Id == First.id())
        continue;
      Reaction Second = Net.reaction(Id);
      auto Side = Second.reactants();
      if (Second.order() != 2 || Side.size() != 2 ||
          Second.products().size() != 1)
        continue;
      SpeciesId B = Side[Side[0].Species == M].Species;
      if (onlyUser(B) != Id)
        continue;
      pair(A, B);
      pair(First.products()[1 - I].Species, Second.products()[0].Species);
    }
  }

  void follow(ReactionId A) {
    for (ReactionId R : {A, Out.OfReaction[A.Value]})
      for (Term T : Net.reaction(R).products())
        if (--UnpairedProducers[T.Species.Value] == 0 && isFree(T.Species))
          pairByProducers(T.Species);
  }

  void pairByProducts(ReactionId R) {
    uint64_t Hash = 0;
    for (Term T : Net.reaction(R).products())
      Hash += mix(Out.OfSpecies[T.Species.Value].Value) * T.Coefficient;
    if (ReactionId Found = ReactionsByHash.find(
            Hash, R, [&](ReactionId Id) { return isFree(Id); });
        Found.isValid())
      pair(R, Found);
  }
  void pairByProducers(SpeciesId S) {
    uint64_t Hash = 0;
    for (Producer P : producers(S))
      Hash += mix(Out.OfReaction[P.Reaction.Value].Value) * P.Coefficient;
    if (SpeciesId Found = SpeciesByHash.find(
            Hash, S, [&](SpeciesId Id) { return isFree(Id); });
        Found.isValid())
      pair(S, Found);
  }

  const Network &Net;
  MirroredRails &Out;
  /// Of each species: the last of its consumers and how many there are.
  std::vector<ReactionId> Users;
  std::vector<uint32_t> UserCount;
  std::vector<uint64_t> Begin;
  std::vector<Producer> Producers;
  std::vector<uint64_t> SpeciesHash, ReactionHash;
  std::vector<uint32_t> UnpairedProducts, UnpairedProducers;
  ByHash<SpeciesId> SpeciesByHash;
  ByHash<ReactionId> ReactionsByHash;
  /// One of each pair whose consequences are still to be drawn.
  std::vector<SpeciesId> Species;
  std::vector<ReactionId> Reactions;
};
} // namespace nn2crn

MirroredRails::MirroredRails(const Network &Net) {
  MirrorFinder(Net, *this).run();
}
