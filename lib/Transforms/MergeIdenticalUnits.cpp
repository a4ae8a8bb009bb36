//===- MergeIdenticalUnits.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/CertainDownstream.h"
#include "nn2crn/Analysis/FeedForward.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/Transforms/Pass.h"

#include "llvm/ADT/Hashing.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

using namespace nn2crn;

namespace {
/// Numbers keys: equal ones get the same number.
class KeyTable {
public:
  uint32_t number(std::span<const uint64_t> Key) {
    size_t Hash = llvm::hash_combine_range(Key.begin(), Key.end());
    for (auto [It, End] = ByHash.equal_range(Hash); It != End; ++It) {
      uint32_t I = It->second;
      if (std::ranges::equal(
              std::span(Pool).subspan(Begin[I], Begin[I + 1] - Begin[I]), Key))
        return I;
    }
    auto I = static_cast<uint32_t>(Begin.size() - 1);
    Pool.insert(Pool.end(), Key.begin(), Key.end());
    Begin.push_back(Pool.size());
    ByHash.emplace(Hash, I);
    return I;
  }

private:
  std::vector<uint64_t> Pool;
  std::vector<size_t> Begin{0};
  std::unordered_multimap<size_t, uint32_t> ByHash;
};

struct MergeIdenticalUnits : Pass {
  static constexpr PassInfo Info{
      "merge-identical-units",
      "fire reactions together that are always supplied alike", R"(
Numbers supplies and extents, producers first: two species get the same supply
where their initial amounts are equal and reactions of the same extent produce
them in equal numbers; two reactions fire equally often where they consume the
same supplies in equal numbers and need the same catalysts. Of the reactions of one
extent one is left, with the products of all; what only the others consumed is no
longer made. Two identical hidden units become one, also where they are identical
only because units before them are.

Both reactions must be certain to fire to completion, with all that they can set
off. What the one that goes consumes must be no species of a port, observed,
dosed, reset, constant or boundary; amounts of inputs are unknown, so a species of
an input is like no other one. Amounts that are only approximately known are equal
to no other.

```crn before
@input x[2] single
@output y[2] single
x.0 -> a + c + z [k = 1]
x.1 -> b + d [k = 1]
a + b -> y.0 [k = 1]
d + c -> y.1 + z [k = 1]
b @initial 0.5
d @initial 0.5
```

```crn after
@units nM s
@input x[2] single
@output y[2] single
x.0 -> a + z [k = 1]
x.1 -> b [k = 1]
a + b -> y.0 + y.1 + z [k = 1]
b @initial 0.5
```
)"};

  Counter Merged{this, "merged", "reactions that another one fires for"};
  Counter Species{this, "species", "species that are no longer made"};
  Counter Kept{
      this, "kept",
      "reactions of the same extent as another one that stay, for what "
      "they consume is observed or a product list is full"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &Context) override {
    if (!Net.phases().empty())
      return PassResult::unchanged();
    const auto &Certain = Context.get<CertainDownstream>(Net);
    Held = heldSpecies(Net);
    Observed = Net.observedSpecies();
    Other.assign(Net.speciesRows(), 0);
    findProducers(Net);
    std::vector<std::vector<ReactionId>> Classes = extentClasses(Net, Certain);

    Editor Edit(Net);
    std::vector<bool> Dropped(Net.speciesRows());
    bool Changed = false;
    for (const auto &Class : Classes)
      Changed |= mergeClass(Edit, Class, Dropped);
    if (!Changed)
      return PassResult::unchanged();
    drop(Edit, Dropped);
    return PassResult::changed(Preserved::SameEquilibrium);
  }

private:
  /// Calls \p Consumed(species, count), \p Gate(term) for each reactant.
  template <class C, class G>
  void forReactants(Reaction R, C Consumed, G Gate) {
    for (Term T : R.products())
      Other[T.Species.Value] = T.Coefficient;
    for (Term T : R.reactants()) {
      uint32_t Back = Other[T.Species.Value];
      if (!Held[T.Species.Value] && T.Coefficient > Back)
        Consumed(T.Species, T.Coefficient - Back);
      else
        Gate(T);
    }
    for (Term T : R.products())
      Other[T.Species.Value] = 0;
  }
  template <class Fn> void forNetProducts(Reaction R, Fn Visit) {
    for (Term T : R.reactants())
      Other[T.Species.Value] = T.Coefficient;
    for (Term T : R.products())
      if (T.Coefficient > Other[T.Species.Value])
        Visit(T.Species, T.Coefficient - Other[T.Species.Value]);
    for (Term T : R.reactants())
      Other[T.Species.Value] = 0;
  }

  void findProducers(const Network &Net) {
    Begin.assign(Net.speciesRows() + 1, 0);
    for (Reaction R : Net.reactions())
      forNetProducts(R, [&](SpeciesId S, uint32_t) { ++Begin[S.Value + 1]; });
    for (size_t S = 1; S < Begin.size(); ++S)
      Begin[S] += Begin[S - 1];
    Makers.resize(Begin.back());
    std::vector<uint64_t> Fill(Begin.begin(), Begin.end() - 1);
    for (Reaction R : Net.reactions())
      forNetProducts(R, [&](SpeciesId S, uint32_t N) {
        Makers[Fill[S.Value]++] = {R.id(), N};
      });
    Uses.assign(Net.speciesRows(), 0);
    for (Reaction R : Net.reactions())
      for (Term T : R.reactants())
        ++Uses[T.Species.Value];
    IsInput.assign(Net.speciesRows(), false);
    for (const Port &P : Net.ports())
      if (P.Direction != PortDirection::Output)
        for (const PortTerm &T : P.Terms)
          IsInput[T.Species.Value] = true;
  }

  /// The certain reactions of each extent, in id order.
  std::vector<std::vector<ReactionId>>
  extentClasses(const Network &Net, const CertainDownstream &Certain) {
    KeyTable Supplies, Extents;
    // By reaction: an extent, shifted to leave room for those that are like no
    // other.
    std::vector<uint64_t> ExtentOf(Net.reactionRows());
    uint64_t Own = uint64_t{1} << 32;
    for (Reaction R : Net.reactions())
      ExtentOf[R.id().Value] = Own + R.id().Value;
    std::vector<uint64_t> Key;
    std::vector<std::pair<uint64_t, uint64_t>> Made;
    auto Supply = [&](SpeciesId S) -> uint64_t {
      Number Initial = Net.initial(S);
      if (IsInput[S.Value] || Initial.kind() == Number::Kind::Approximate)
        return Own + S.Value;
      Made.clear();
      for (uint64_t I = Begin[S.Value]; I < Begin[S.Value + 1]; ++I)
        Made.push_back({ExtentOf[Makers[I].first.Value], Makers[I].second});
      std::ranges::sort(Made);
      if (Initial.kind() == Number::Kind::Rational)
        Key = {1, amountNumber(Initial.str())};
      else
        Key = {0, std::bit_cast<uint64_t>(Initial.value())};
      for (size_t I = 0; I < Made.size(); ++I)
        if (I > 0 && Made[I].first == Made[I - 1].first) {
          Key.back() += Made[I].second;
        } else {
          Key.push_back(Made[I].first);
          Key.push_back(Made[I].second);
        }
      return Supplies.number(Key);
    };
    std::vector<std::pair<uint64_t, uint64_t>> Consumes, Needs;
    for (ReactionId Id : Certain.order()) {
      Consumes.clear();
      Needs.clear();
      forReactants(
          Net.reaction(Id),
          [&](SpeciesId S, uint32_t N) { Consumes.push_back({Supply(S), N}); },
          [&](Term T) { Needs.push_back({T.Species.Value, T.Coefficient}); });
      std::ranges::sort(Consumes);
      std::ranges::sort(Needs);
      Key = {Consumes.size()};
      for (auto *List : {&Consumes, &Needs})
        for (auto [What, Count] : *List) {
          Key.push_back(What);
          Key.push_back(Count);
        }
      ExtentOf[Id.Value] = Extents.number(Key);
    }
    std::vector<std::vector<ReactionId>> Classes;
    for (Reaction R : Net.reactions()) {
      if (!Certain.certain(R.id()))
        continue;
      uint64_t Class = ExtentOf[R.id().Value];
      if (Classes.size() <= Class)
        Classes.resize(Class + 1);
      Classes[Class].push_back(R.id());
    }
    return Classes;
  }
  uint64_t amountNumber(const std::string &Text) {
    return AmountOf.try_emplace(Text, AmountOf.size()).first->second;
  }

  /// Whether all that \p R consumes may go.
  bool droppable(Reaction R) {
    bool Free = true;
    forReactants(
        R,
        [&](SpeciesId S, uint32_t) {
          // Reactions that never run may need it as well.
          Free &= !Observed[S.Value] && Uses[S.Value] == 1;
        },
        [](Term) {});
    return Free;
  }

  bool mergeClass(Editor &Edit, const std::vector<ReactionId> &Class,
                  std::vector<bool> &Dropped) {
    if (Class.size() < 2)
      return false;
    const Network &Net = Edit.network();
    // Stays: the first one that must, else the first one.
    auto Into = std::ranges::find_if(
        Class, [&](ReactionId R) { return !droppable(Net.reaction(R)); });
    if (Into == Class.end())
      Into = Class.begin();
    Reaction Keeper = Net.reaction(*Into);
    std::vector<Term> Left(Keeper.reactants().begin(),
                           Keeper.reactants().end()),
        Right(Keeper.products().begin(), Keeper.products().end());
    std::unordered_map<uint32_t, size_t> Place;
    for (size_t I = 0; I < Right.size(); ++I)
      Place.emplace(Right[I].Species.Value, I);
    bool Changed = false;
    for (ReactionId Id : Class) {
      if (Id == *Into)
        continue;
      if (!droppable(Net.reaction(Id)) ||
          !addProducts(Net.reaction(Id), Left, Right, Place)) {
        ++Kept;
        continue;
      }
      forReactants(
          Net.reaction(Id),
          [&](SpeciesId S, uint32_t) { Dropped[S.Value] = true; }, [](Term) {});
      Edit.erase(Id);
      ++Merged;
      Changed = true;
    }
    if (Changed) {
      Edit.setTerms(*Into, Left, Right);
      Edit.setOrigin(*Into,
                     Edit.provenance().derive(Info.Name, Keeper.origin()));
    }
    return Changed;
  }

  /// Adds what \p R net-produces. False, and nothing is added, where that does
  /// not fit.
  bool addProducts(Reaction R, std::span<const Term> Left,
                   std::vector<Term> &Right,
                   std::unordered_map<uint32_t, size_t> &Place) {
    bool Fits = true;
    size_t New = 0;
    forNetProducts(R, [&](SpeciesId S, uint32_t N) {
      auto At = Place.find(S.Value);
      New += At == Place.end();
      Fits &= At == Place.end() ||
              Right[At->second].Coefficient <= MaxCoefficient - N;
      Fits &=
          std::ranges::none_of(Left, [&](Term T) { return T.Species == S; });
    });
    if (!Fits || Right.size() + New > MaxProducts)
      return false;
    forNetProducts(R, [&](SpeciesId S, uint32_t N) {
      auto [At, IsNew] = Place.try_emplace(S.Value, Right.size());
      if (IsNew)
        Right.push_back({S, N});
      else
        Right[At->second].Coefficient += N;
    });
    return true;
  }

  void drop(Editor &Edit, const std::vector<bool> &Dropped) {
    const Network &Net = Edit.network();
    std::vector<Term> Left, Right;
    for (Reaction R : Net.reactions()) {
      Right.clear();
      for (Term T : R.products())
        if (!Dropped[T.Species.Value])
          Right.push_back(T);
      if (Right.size() == R.products().size())
        continue;
      Left.assign(R.reactants().begin(), R.reactants().end());
      Edit.setTerms(R.id(), Left, Right);
      Edit.setOrigin(R.id(), Edit.provenance().derive(Info.Name, R.origin()));
    }
    for (uint32_t S = 0; S < Dropped.size(); ++S)
      if (Dropped[S]) {
        Edit.erase(SpeciesId(S));
        ++Species;
      }
  }

  std::vector<bool> Held, Observed, IsInput;
  /// Reactions that have a species among their reactants.
  std::vector<uint32_t> Uses;
  /// Net producers of each species with their counts, in CSR form.
  std::vector<uint64_t> Begin;
  std::vector<std::pair<ReactionId, uint32_t>> Makers;
  std::unordered_map<std::string, uint64_t> AmountOf;
  /// Scratch, all 0 between uses.
  std::vector<uint32_t> Other;
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createMergeIdenticalUnits() {
  return std::make_unique<MergeIdenticalUnits>();
}
} // namespace nn2crn
