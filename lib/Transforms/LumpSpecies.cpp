//===- LumpSpecies.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/CertainDownstream.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/Transforms/Pass.h"

#include "llvm/ADT/Hashing.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

using namespace nn2crn;

namespace {
struct LumpSpecies : Pass {
  static constexpr PassInfo Info{
      "lump-species", "make one of species that turn into the same", R"(
Where `A -> P` and `B -> P` with the same products are all that A and B are needed
for, one species takes the place of both: A where B was made, with the sum of
their initial amounts. It goes on from there, since product lists that named A
and B may now be equal, until nothing changes: from the outputs backwards.

At equal rates the sum of A and B obeys the same equation as either, so
everything else keeps its kinetics (exact lumping). At different rates only the
final amounts stay, and only where all that A and B can reach is certain to
fire to completion; elsewhere such species are left alone.

Species of ports and observed, dosed, reset, constant and boundary ones are kept,
and so are species that stand among their own products.

```crn before
@input x[2] single
@output y[2] single
x.0 -> 2 a + b [k = 1]
x.1 -> c [k = 1]
a -> y.0 + y.1 [k = 1]
b -> y.1 [k = 1]
c -> y.1 + y.0 [k = 1]
c @initial 0.5
```

```crn after
@units nM s
@input x[2] single
@output y[2] single
x.0 -> 2 a + b [k = 1]
x.1 -> a [k = 1]
a -> y.0 + y.1 [k = 1]
b -> y.1 [k = 1]
a @initial 0.5
```
)"};

  Counter Lumped{this, "lumped", "species that another one stands for"};
  Counter Rates{this, "rates",
                "species alike but for a rate, where that may matter"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &Context) override {
    const auto &Certain = Context.get<CertainDownstream>(Net);
    Editor Edit(Net);
    findSources(Net);
    Preserved Level = Preserved::SameKinetics;
    uint64_t Before = Lumped.value();
    Rates += findFixedPoint(Net, Certain, Level);
    if (Lumped.value() == Before)
      return PassResult::unchanged();
    rewrite(Edit);
    return PassResult::changed(Level);
  }

private:
  /// The reactions `A -> ...` on a species that nothing else needs and nobody
  /// looks at.
  void findSources(const Network &Net) {
    std::vector<uint32_t> Uses(Net.speciesRows());
    Largest.assign(Net.speciesRows(), 0);
    for (Reaction R : Net.reactions()) {
      for (Term T : R.reactants())
        ++Uses[T.Species.Value];
      for (Term T : R.products())
        Largest[T.Species.Value] =
            std::max<uint64_t>(Largest[T.Species.Value], T.Coefficient);
    }
    std::vector<bool> Observed = Net.observedSpecies();
    Sources.clear();
    for (Reaction R : Net.reactions()) {
      if (R.order() != 1)
        continue;
      SpeciesId S = R.reactants()[0].Species;
      SpeciesFlags F = Net.flags(S);
      if (Uses[S.Value] == 1 && !Observed[S.Value] && !F.Constant &&
          !F.Boundary && !F.Observed &&
          std::ranges::none_of(R.products(),
                               [&](Term T) { return T.Species == S; }))
        Sources.push_back(R.id());
    }
    Stand.resize(Net.speciesRows());
    for (uint32_t S = 0; S < Stand.size(); ++S)
      Stand[S] = SpeciesId(S);
    Initial.clear();
  }

  /// What \p R makes, by who stands for it, in order of species.
  const std::vector<std::pair<SpeciesId, uint64_t>> &fate(Reaction R) {
    Fate.clear();
    for (Term T : R.products())
      Fate.push_back({stand(T.Species), T.Coefficient});
    std::sort(Fate.begin(), Fate.end());
    size_t Kept = 0;
    for (size_t I = 0; I < Fate.size(); ++I)
      if (Kept && Fate[Kept - 1].first == Fate[I].first)
        Fate[Kept - 1].second += Fate[I].second;
      else
        Fate[Kept++] = Fate[I];
    Fate.resize(Kept);
    return Fate;
  }

  Number initial(const Network &Net, SpeciesId S) const {
    auto At = Initial.find(S.Value);
    return At == Initial.end() ? Net.initial(S) : At->second;
  }

  /// Who stands for \p S; shortens the way there.
  SpeciesId stand(SpeciesId S) {
    while (Stand[S.Value] != S) {
      SpeciesId Next = Stand[S.Value];
      Stand[S.Value] = Stand[Next.Value];
      S = Next;
    }
    return S;
  }

  /// The reaction in \p Known under \p Hash that has the fate \p Mine, and the
  /// phases and, if asked for, the rate of \p R.
  ReactionId find(const Network &Net,
                  const std::unordered_multimap<size_t, ReactionId> &Known,
                  size_t Hash,
                  const std::vector<std::pair<SpeciesId, uint64_t>> &Mine,
                  Reaction R, bool SameRate) {
    for (auto [It, End] = Known.equal_range(Hash); It != End; ++It) {
      Reaction Other = Net.reaction(It->second);
      if (!isGone(Other) && Other.id() != R.id() &&
          Other.phases() == R.phases() &&
          (!SameRate || Other.rate() == R.rate()) && fate(Other) == Mine)
        return It->second;
    }
    return ReactionId();
  }

  /// The first reaction of each fate, and of each fate and rate. Fates are made
  /// again to compare: keeping them would double the network. Those that
  /// changed since, and the reactions of species that are gone, stay and match
  /// nothing.
  struct Tables {
    std::unordered_multimap<size_t, ReactionId> ByFate, ByRate;
  };

  /// Fills Stand; returns how many species differ from another one in their
  /// rate alone.
  uint64_t findFixedPoint(const Network &Net, const CertainDownstream &Certain,
                          Preserved &Level) {
    findMakers(Net);
    for (;;) {
      Tables Known;
      Known.ByFate.reserve(Sources.size());
      uint64_t OnlyRates = 0;
      if (!visit(Net, Certain, Sources, Known, Level, OnlyRates))
        return OnlyRates;
      // Only the fates that name a species that is gone have changed.
      while (!Stale.empty()) {
        std::vector<ReactionId> Again = std::move(Stale);
        Stale.clear();
        std::ranges::sort(Again);
        Again.erase(std::ranges::unique(Again).begin(), Again.end());
        visit(Net, Certain, Again, Known, Level, OnlyRates);
      }
      std::erase_if(Sources,
                    [&](ReactionId R) { return isGone(Net.reaction(R)); });
    }
  }

  /// True where something was lumped.
  bool visit(const Network &Net, const CertainDownstream &Certain,
             const std::vector<ReactionId> &List, Tables &Known,
             Preserved &Level, uint64_t &OnlyRates) {
    bool Changed = false;
    for (ReactionId Id : List) {
      Reaction R = Net.reaction(Id);
      if (isGone(R))
        continue;
      auto Mine = fate(R);
      llvm::hash_code Code = llvm::hash_value(R.phases());
      for (auto [S, Coefficient] : Mine)
        Code = llvm::hash_combine(Code, S.Value, Coefficient);
      size_t Hash = Code, WithRate = llvm::hash_combine(Code, R.rate().Value);
      ReactionId First = find(Net, Known.ByFate, Hash, Mine, R, false);
      bool Timeless =
          First.isValid() && Certain.certain(Id) && Certain.certain(First);
      ReactionId Into =
          Timeless ? First : find(Net, Known.ByRate, WithRate, Mine, R, true);
      if (Into.isValid()) {
        // The one that was there first stays.
        Reaction Kept = Net.reaction(std::min(Into, Id)),
                 Gone = Net.reaction(std::max(Into, Id));
        if (lump(Net, Kept, Gone)) {
          if (Kept.rate() != Gone.rate())
            Level = std::max(Level, Preserved::SameEquilibrium);
          Changed = true;
          if (Gone.id() == Id)
            continue;
          First = First == Into ? ReactionId() : First;
          Into = ReactionId();
        }
      }
      OnlyRates += First.isValid() && !Into.isValid();
      if (!First.isValid())
        Known.ByFate.emplace(Hash, Id);
      if (!Into.isValid())
        Known.ByRate.emplace(WithRate, Id);
    }
    return Changed;
  }

  /// Lets the reactant of \p Kept stand for that of \p Gone.
  bool lump(const Network &Net, Reaction Kept, Reaction Gone) {
    SpeciesId A = Kept.reactants()[0].Species, B = Gone.reactants()[0].Species;
    // A bound of the coefficients that product lists will have.
    uint64_t Most = Largest[A.Value] + Largest[B.Value];
    Number Sum = initial(Net, A) + initial(Net, B);
    if (Most > MaxCoefficient || !std::isfinite(Sum.value()))
      return false;
    Largest[A.Value] = Most;
    Initial.insert_or_assign(A.Value, Sum);
    // Fates that name B, or one that B stands for, name A from now on.
    SpeciesId Last = B;
    for (SpeciesId S = B; S.isValid(); Last = S, S = NextOf[S.Value])
      for (uint64_t I = Begin[S.Value]; I < Begin[S.Value + 1]; ++I)
        Stale.push_back(Makers[I]);
    NextOf[Last.Value] = NextOf[A.Value];
    NextOf[A.Value] = B;
    Stand[B.Value] = A;
    ++Lumped;
    return true;
  }

  /// The sources that make each species.
  void findMakers(const Network &Net) {
    Stale.clear();
    NextOf.assign(Net.speciesRows(), SpeciesId());
    Begin.assign(Net.speciesRows() + 1, 0);
    for (ReactionId R : Sources)
      for (Term T : Net.reaction(R).products())
        ++Begin[T.Species.Value + 1];
    for (size_t S = 1; S < Begin.size(); ++S)
      Begin[S] += Begin[S - 1];
    Makers.resize(Begin.back());
    std::vector<uint64_t> Fill(Begin.begin(), Begin.end() - 1);
    for (ReactionId R : Sources)
      for (Term T : Net.reaction(R).products())
        Makers[Fill[T.Species.Value]++] = R;
  }

  /// True where another species stands for the reactant of a source.
  bool isGone(Reaction R) const {
    SpeciesId S = R.reactants()[0].Species;
    return Stand[S.Value] != S;
  }

  void rewrite(Editor &Edit) {
    const Network &Net = Edit.network();
    std::vector<Term> Left, Right;
    std::vector<uint32_t> Place(Net.speciesRows(), UINT32_MAX);
    for (Reaction R : Net.reactions()) {
      auto Reactants = R.reactants();
      if (Reactants.size() == 1 &&
          Stand[Reactants[0].Species.Value] != Reactants[0].Species) {
        Edit.erase(R.id());
        continue;
      }
      if (std::ranges::none_of(R.products(), [&](Term T) {
            return Stand[T.Species.Value] != T.Species;
          }))
        continue;
      Left.assign(Reactants.begin(), Reactants.end());
      Right.clear();
      for (Term T : R.products()) {
        SpeciesId S = stand(T.Species);
        uint32_t &At = Place[S.Value];
        if (At == UINT32_MAX) {
          At = static_cast<uint32_t>(Right.size());
          Right.push_back({S, T.Coefficient});
        } else {
          Right[At].Coefficient += T.Coefficient;
        }
      }
      for (Term T : Right)
        Place[T.Species.Value] = UINT32_MAX;
      Edit.setTerms(R.id(), Left, Right);
      Edit.setOrigin(R.id(), Edit.provenance().derive(Info.Name, R.origin()));
    }
    for (uint32_t S = 0; S < Stand.size(); ++S)
      if (Stand[S].Value != S) {
        // A step that was put in on purpose stays one.
        if (Net.flags(SpeciesId(S)).Helper) {
          SpeciesFlags Flags = Net.flags(stand(SpeciesId(S)));
          Flags.Helper = true;
          Edit.setFlags(stand(SpeciesId(S)), Flags);
        }
        Edit.erase(SpeciesId(S));
      } else if (auto At = Initial.find(S); At != Initial.end()) {
        Edit.setInitial(SpeciesId(S), At->second);
      }
  }

  std::vector<ReactionId> Sources;
  /// By species: who stands for it, perhaps in several steps, and the largest
  /// coefficient it may have among products.
  std::vector<SpeciesId> Stand;
  std::vector<uint64_t> Largest;
  std::unordered_map<uint32_t, Number> Initial;
  /// Species that the same one stands for, itself first, as chains.
  std::vector<SpeciesId> NextOf;
  /// Sources by what they make, in CSR form, and those to look at again.
  std::vector<uint64_t> Begin;
  std::vector<ReactionId> Makers, Stale;
  /// Scratch.
  std::vector<std::pair<SpeciesId, uint64_t>> Fate;
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createLumpSpecies() {
  return std::make_unique<LumpSpecies>();
}
} // namespace nn2crn
