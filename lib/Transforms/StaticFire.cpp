//===- StaticFire.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/RailPairs.h"
#include "nn2crn/Analysis/SureFiring.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/Transforms/Pass.h"

#include <algorithm>
#include <cmath>
#include <queue>

using namespace nn2crn;

namespace {
/// A product list while reactions fire in it.
class FiringList {
public:
  FiringList(const Network &Net, const SureFiring &Sure, const RailPairs &Rails)
      : Net(Net), Sure(Sure), Rails(Rails), Amount(Net.speciesRows()),
        Listed(Net.speciesRows()) {}

  /// Fires in the products of \p R what must fire and pays; how many reactions
  /// did. 0 also where it would not fit.
  size_t run(Reaction R) {
    load(R);
    size_t Fired = 0;
    if (!Ready.empty()) {
      Fired = fireAll(false);
      if (Failed || Gain > 0) {
        clear();
        load(R);
        Fired = fireAll(true);
      }
      for (SpeciesId S : Touched)
        Failed |= Amount[S.Value] > MaxCoefficient;
      if (Failed)
        Fired = 0;
    }
    return Fired;
  }

  /// The list, ordered by species.
  void read(std::vector<Term> &Out) {
    std::ranges::sort(Touched);
    Out.clear();
    for (SpeciesId S : Touched)
      if (Amount[S.Value])
        Out.push_back({S, static_cast<uint32_t>(Amount[S.Value])});
  }

  void clear() {
    for (SpeciesId S : Touched) {
      Amount[S.Value] = 0;
      Listed[S.Value] = false;
    }
    Touched.clear();
    Ready = {};
    Failed = false;
    Gain = 0;
  }

  bool failed() const { return Failed; }

private:
  /// Beyond this a list is given up; sums of two stay within 64 bits.
  static constexpr int64_t Most = int64_t(1) << 61;

  void load(Reaction R) {
    for (Term T : R.products())
      change(T.Species, T.Coefficient);
    Gain = 0;
    size_t Given = Touched.size();
    for (size_t I = 0; I < Given; ++I)
      announce(Touched[I]);
  }

  /// Molecules that cancel-rails would leave count.
  void change(SpeciesId S, int64_t By) {
    if (!Listed[S.Value]) {
      Listed[S.Value] = true;
      Touched.push_back(S);
    }
    int64_t &Mine = Amount[S.Value];
    if (auto M = Rails.mateOf(S)) {
      int64_t Other = Amount[M->Value];
      Gain += std::abs(Mine + By - Other) - std::abs(Mine - Other);
    } else
      Gain += By;
    Mine += By;
  }

  /// Puts the reaction that consumes \p S in line. Fan-outs are no gates: to
  /// fire them is what eliminate-unimolecular does.
  void announce(SpeciesId S) {
    ReactionId C = Sure.consumer(S);
    if (Amount[S.Value] > 0 && C.isValid() && Net.reaction(C).order() > 1)
      Ready.push(Sure.position(C));
  }

  int64_t times(Reaction R) const {
    int64_t Times = INT64_MAX;
    for (Term T : R.reactants())
      Times = std::min(Times, Amount[T.Species.Value] / T.Coefficient);
    return Times;
  }

  /// In topological order, so each fires once. \p Greedy: only those that pay
  /// by themselves.
  size_t fireAll(bool Greedy) {
    size_t Fired = 0;
    while (!Ready.empty() && !Failed) {
      uint32_t At = Ready.top();
      while (!Ready.empty() && Ready.top() == At)
        Ready.pop();
      Reaction R = Net.reaction(Sure.order()[At]);
      int64_t Times = times(R), Before = Gain;
      if (Times == 0)
        continue;
      if (!fire(R, Times)) {
        Failed = true;
        break;
      }
      if (Greedy && Gain > Before) {
        fire(R, -Times);
        continue;
      }
      ++Fired;
      for (Term T : R.products())
        announce(T.Species);
    }
    return Fired;
  }

  /// Negative \p Times takes a firing back.
  bool fire(Reaction R, int64_t Times) {
    for (Term T : R.products())
      if (std::abs(Times) > Most / T.Coefficient ||
          Amount[T.Species.Value] > Most)
        return false;
    for (Term T : R.reactants())
      change(T.Species, -Times * T.Coefficient);
    for (Term T : R.products())
      change(T.Species, Times * T.Coefficient);
    return std::abs(Gain) <= Most;
  }

  const Network &Net;
  const SureFiring &Sure;
  const RailPairs &Rails;
  /// All 0 between lists.
  std::vector<int64_t> Amount;
  std::vector<bool> Listed;
  std::vector<SpeciesId> Touched;
  std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> Ready;
  /// Molecules more than at the beginning, less what cancels.
  int64_t Gain = 0;
  bool Failed = false;
};

struct StaticFire : Pass {
  static constexpr PassInfo Info{"static-fire",
                                 "fire before the start what must fire anyway",
                                 R"(
Where a product list holds all reactants of a reaction that must fire anyway,
such as `M + N -> P`, they are replaced by what it makes, as often as they
suffice; and likewise among the initial amounts, exactly. Elimination makes such lists:
one molecule of an early rail may stand for both sides of a later gate.

Right where all that the reaction can set off is noncompetitive, productive and
on no cycle: then final amounts do not depend on when it fires, and are kept for every
species. Never fired are reactions with a held, input or state species among
their reactants, catalysed ones, and amounts marked `~`. Unimolecular reactions
are left to `eliminate-unimolecular`.

A product list is rewritten where that does not make it longer, counted in
molecules *after* `cancel-rails` would have cancelled its pairs: firing by
itself makes lists longer (from 527 to 2871 molecules for a network with five
layers of 8 units, where both together leave 58). So run both in a loop:
`fix(static-fire,cancel-rails)`. All that can fire fires first; where that does
not pay, only those reactions do that pay by themselves.

```crn before
@input x[] dual
@output y[] dual
x.p -> 2 M + N + y.n [k = 1]
x.n -> N [k = 1]
M + N -> y.p [k = 1]
M @initial 1
N @initial 0.25
```

```crn after
@units nM s
@input x[] dual
@output y[] dual
x.p -> y.p + y.n + M [k = 1]
x.n -> N [k = 1]
M + N -> y.p [k = 1]
y.p @initial 0.25
M @initial 0.75
```
)"};

  Counter Fired{this, "fired", "reactions fired in product lists"};
  Counter Lists{this, "lists", "product lists that changed"};
  Counter Amounts{this, "amounts", "reactions fired among initial amounts"};
  Counter TooLarge{this, "kept-large",
                   "lists kept, since a coefficient would not fit"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &) override {
    SureFiring Sure(Net);
    auto IsGate = [&](ReactionId R) { return Net.reaction(R).order() > 1; };
    if (std::ranges::none_of(Sure.order(), IsGate))
      return PassResult::unchanged();
    RailPairs Rails(Net);
    Editor Edit(Net);
    uint64_t Generation = Net.generation();

    FiringList List(Net, Sure, Rails);
    std::vector<Term> Left, Right;
    auto Visit = [&](Reaction R) {
      if (size_t N = List.run(R)) {
        Fired += N;
        ++Lists;
        List.read(Right);
        Left.assign(R.reactants().begin(), R.reactants().end());
        Edit.setTerms(R.id(), Left, Right);
        Edit.setOrigin(R.id(), Edit.provenance().derive(Info.Name, R.origin()));
      } else if (List.failed())
        ++TooLarge;
      List.clear();
    };
    // From the ends backwards, so that what fires in a list has been shortened.
    for (size_t I = Sure.order().size(); I-- > 0;)
      Visit(Net.reaction(Sure.order()[I]));
    for (Reaction R : Net.reactions())
      if (!Sure.fires(R.id()))
        Visit(R);
    for (ReactionId R : Sure.order())
      if (IsGate(R))
        fireAmounts(Edit, Net.reaction(R));

    return Net.generation() != Generation
               ? PassResult::changed(Preserved::SameEquilibrium)
               : PassResult::unchanged();
  }

private:
  void fireAmounts(Editor &Edit, Reaction R) {
    const Network &Net = Edit.network();
    std::optional<Rational> Least;
    Number Extent;
    for (Term T : R.reactants()) {
      if (Net.initialValue(T.Species) == 0)
        return;
      Number Mine = Net.initial(T.Species) / Number(T.Coefficient);
      auto Exact = Mine.exact();
      if (!Exact)
        return;
      if (!Least || *Exact < *Least) {
        Least = Exact;
        Extent = Mine;
      }
    }
    std::vector<std::pair<SpeciesId, Number>> After;
    for (Term T : R.reactants())
      After.emplace_back(T.Species, Net.initial(T.Species) -
                                        Extent * Number(T.Coefficient));
    for (Term T : R.products()) {
      SpeciesFlags Flags = Net.flags(T.Species);
      if (Flags.Constant || Flags.Boundary)
        continue;
      Number Old = Net.initial(T.Species);
      if (Old.kind() == Number::Kind::Approximate)
        return;
      After.emplace_back(T.Species, Old + Extent * Number(T.Coefficient));
    }
    for (auto &[S, Value] : After)
      if (!std::isfinite(Value.value()) || Value.value() < 0)
        return;
    for (auto &[S, Value] : After)
      Edit.setInitial(S, Value);
    ++Amounts;
  }
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createStaticFire() {
  return std::make_unique<StaticFire>();
}
} // namespace nn2crn
