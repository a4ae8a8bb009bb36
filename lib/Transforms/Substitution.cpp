//===- Substitution.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Substitution.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

Substitution::Substitution(Editor &Edit, const CertainDownstream &Certain)
    : Edit(Edit), Net(Edit.network()), Order(Certain.order()),
      Why(Net.speciesRows(), Eligibility::NotUnimolecular),
      Consumer(Net.speciesRows()), Chosen(Net.speciesRows()),
      Stays(Net.speciesRows()), Lists(Net.speciesRows()),
      Amount(Net.speciesRows()) {
  classify(Certain);
}

size_t Substitution::count(Eligibility E) const {
  return static_cast<size_t>(std::ranges::count(Why, E));
}

void Substitution::classify(const CertainDownstream &Certain) {
  std::vector<uint32_t> Uses(Net.speciesRows());
  for (Reaction R : Net.reactions())
    for (Term T : R.reactants())
      ++Uses[T.Species.Value];
  std::vector<bool> Observed = Net.observedSpecies();
  std::vector<bool> Set(Net.speciesRows());
  for (const Port &P : Net.ports())
    if (P.Direction != PortDirection::Output)
      for (const PortTerm &T : P.Terms)
        Set[T.Species.Value] = true;
  for (Reaction R : Net.reactions()) {
    if (R.reactants().size() != 1 || R.order() != 1)
      continue;
    SpeciesId X = R.reactants()[0].Species;
    SpeciesFlags Flags = Net.flags(X);
    Consumer[X.Value] = R.id();
    bool Keep = Observed[X.Value] || Flags.Constant || Flags.Boundary ||
                std::ranges::any_of(
                    R.products(), [&](Term T) { return Set[T.Species.Value]; });
    Why[X.Value] = Keep                 ? Eligibility::Observed
                   : Flags.Helper       ? Eligibility::Helper
                   : Uses[X.Value] != 1 ? Eligibility::Shared
                   : Certain.certain(X) ? Eligibility::Eligible
                                        : Eligibility::Uncertain;
  }
}

bool Substitution::accumulate(Reaction R, std::vector<Term> &Out) {
  // A coefficient is below 2^31 before each step and grows by less than 2^62,
  // so no step goes beyond 64 bits.
  bool Fits = true;
  auto Add = [&](SpeciesId S, uint64_t N) {
    uint64_t &A = Amount[S.Value];
    if (A == 0)
      Touched.push_back(S);
    A += N;
    Fits &= A <= MaxCoefficient;
  };
  for (Term T : R.products()) {
    if (!Fits)
      break;
    if (!Chosen[T.Species.Value]) {
      Add(T.Species, T.Coefficient);
      continue;
    }
    for (Term U : list(T.Species)) {
      Add(U.Species, uint64_t(U.Coefficient) * T.Coefficient);
      if (!Fits)
        break;
    }
  }
  Fits &= Touched.size() <= MaxProducts;
  std::ranges::sort(Touched);
  Out.clear();
  for (SpeciesId S : Touched) {
    if (Fits)
      Out.push_back({S, static_cast<uint32_t>(Amount[S.Value])});
    Amount[S.Value] = 0;
  }
  Touched.clear();
  return Fits;
}

/// What \p R makes after all replacements; false where that is what it makes
/// now.
bool Substitution::process(Reaction R, std::vector<Term> &Out) {
  // The pool of a network counts terms in 32 bits, and holds the old lists
  // beside the new ones.
  constexpr uint64_t MostTerms = UINT32_MAX / 4;
  bool Any = std::ranges::any_of(
      R.products(), [&](Term T) { return Chosen[T.Species.Value]; });
  if (Any && accumulate(R, Out) && TotalTerms + Out.size() <= MostTerms) {
    TotalTerms += Out.size();
    return true;
  }
  Out.assign(R.products().begin(), R.products().end());
  TotalTerms += Out.size();
  if (Any)
    for (Term T : R.products())
      if (Chosen[T.Species.Value])
        Stays[T.Species.Value] = true;
  return false;
}

bool Substitution::run(std::string_view PassName,
                       const std::function<bool(const Candidate &)> &Wanted) {
  struct Change {
    ReactionId Reaction;
    std::vector<Term> Products;
  };
  std::vector<Change> Changes;
  std::vector<Term> Out;
  auto Visit = [&](ReactionId Id) {
    Reaction R = Net.reaction(Id);
    bool Changed = process(R, Out);
    if (R.reactants().size() == 1) {
      SpeciesId X = R.reactants()[0].Species;
      if (Why[X.Value] == Eligibility::Eligible) {
        std::ranges::sort(Out, {}, &Term::Species);
        uint64_t Molecules = 0;
        for (Term T : Out)
          Molecules += T.Coefficient;
        if (Wanted(Candidate{X, Out, Molecules})) {
          Chosen[X.Value] = true;
          Lists[X.Value] = {Pool.size(), Out.size()};
          Pool.insert(Pool.end(), Out.begin(), Out.end());
          // Written only if X stays after all.
          return;
        }
      }
    }
    if (Changed)
      Changes.push_back({Id, Out});
  };
  std::vector<bool> Done(Net.reactionRows());
  for (ReactionId R : Order)
    Done[R.Value] = true;
  for (size_t I = Order.size(); I-- > 0;)
    Visit(Order[I]);
  for (Reaction R : Net.reactions())
    if (!Done[R.id().Value])
      Visit(R.id());

  moveAmounts();

  bool Edited = false;
  auto Rewrite = [&](ReactionId Id, std::span<const Term> Products) {
    Reaction R = Net.reaction(Id);
    std::vector<Term> Left(R.reactants().begin(), R.reactants().end());
    Edit.setTerms(Id, Left, Products);
    Edit.setOrigin(Id, Edit.provenance().derive(PassName, R.origin()));
    Edited = true;
  };
  for (const Change &C : Changes)
    Rewrite(C.Reaction, C.Products);
  for (auto &[S, Value] : NewInitials)
    if (Value != Net.initial(S)) {
      Edit.setInitial(S, Value);
      Edited = true;
    }
  for (SpeciesId X : Net.species()) {
    if (!Chosen[X.Value])
      continue;
    if (Stays[X.Value]) {
      ++TooLarge;
      auto Old = Net.reaction(Consumer[X.Value]).products();
      if (!std::ranges::equal(Old, list(X)))
        Rewrite(Consumer[X.Value], list(X));
      continue;
    }
    Edit.erase(Consumer[X.Value]);
    Edit.erase(X);
    ++Replaced;
    Edited = true;
  }
  return Edited;
}

/// From the beginning of the network, so that what arrives is complete when it
/// moves on.
void Substitution::moveAmounts() {
  auto Now = [&](SpeciesId S) {
    auto It = NewInitials.find(S);
    return It != NewInitials.end() ? It->second : Net.initial(S);
  };
  for (ReactionId Id : Order) {
    Reaction R = Net.reaction(Id);
    if (R.reactants().size() != 1)
      continue;
    SpeciesId X = R.reactants()[0].Species;
    if (!Chosen[X.Value] || Stays[X.Value])
      continue;
    Number There = Now(X);
    if (There == Number(0))
      continue;
    std::vector<std::pair<SpeciesId, Number>> Sums;
    bool Fits = true;
    for (Term T : R.products()) {
      SpeciesFlags Flags = Net.flags(T.Species);
      if (Flags.Constant || Flags.Boundary)
        continue;
      Number More = T.Coefficient == 1 ? There : There * Number(T.Coefficient);
      Sums.emplace_back(T.Species, Now(T.Species) + More);
      Fits &= std::isfinite(Sums.back().second.value());
    }
    if (!Fits) {
      Stays[X.Value] = true;
      continue;
    }
    for (auto &[S, Sum] : Sums)
      NewInitials.insert_or_assign(S, std::move(Sum));
    NewInitials.insert_or_assign(X, Number(0));
    ++MovedAmounts;
  }
}
