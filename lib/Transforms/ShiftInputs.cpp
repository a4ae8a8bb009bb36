//===- ShiftInputs.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CommonMode.h"

#include "nn2crn/Analysis/CertainDownstream.h"
#include "nn2crn/Analysis/FeedForward.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/Transforms/Pass.h"

#include <algorithm>
#include <cmath>
#include <map>

using namespace nn2crn;

namespace {
struct ShiftInputs : Pass {
  static constexpr PassInfo Info{
      "shift-inputs",
      "feed inputs on their positive rails alone, from declared bounds", R"(
A value in dual rail is `p - n`. Where the input port declares a finite lower
bound (`range=` or `--input-range`), `p` can carry the value plus a constant s
that makes it positive, and `n` is then the constant s: its fan-out is fired at
compile time, s times, into initial amounts, and the rail is gone. Where the
bound is at least 0 there is nothing to fire. The port says so by its offset,
and `crn-sim` refuses values below the bound. (The shifted inputs of Vasic,
Chalk, Luchsinger, Khurshid and Soloveichik, PNAS 2022.)

An element is left alone, and counted, where it is not one species with
coefficient 1 minus another one; where its bound is unknown or not exact; where
the negative rail holds an amount already, is made by a reaction, is observed, or
(with s above 0) is used by anything but one reaction `n -> P` downstream of which
all is certain, P no input and held by nobody.

Feeding s more on both rails must change no reading. That is not so for any
network, so it is proven, port by port: a reaction with several reactants must
get the same more of each, every port must read the same more with both signs,
and no `@observed` species may be left with more. What each element adds is told
apart by a fingerprint of 122 bits. A port for which that fails is left alone
where s is above 0.

Readings of ports stay, on the declared range; single rails do not.

```crn before
@input x[2] dual range=-1:8,0:8
@output y[1] dual
x.0.p -> y.0.p [k = 1]
x.0.n -> y.0.n [k = 1]
x.1.p -> y.0.n [k = 1]
x.1.n -> y.0.p [k = 1]
```

```crn after
@units nM s
@input x[2] single offset=1,0 range=-1:8,0:8
@bind x[0] = x.0.p
@bind x[1] = x.1.p
@output y[1] dual
x.0.p -> y.0.p [k = 1]
x.1.p -> y.0.n [k = 1]
y.0.n @initial 1
```
)"};

  Counter Shifted{this, "shifted", "elements that now have one rail"};
  Counter Unbounded{this, "unbounded",
                    "elements without a finite, exact lower bound"};
  Counter Unsuited{this, "unsuited",
                   "elements whose rails are not free to change"};
  Counter Unproven{this, "unproven",
                   "elements not proven to matter only in their difference"};

  PassInfo info() const override { return Info; }

  /// An element that can do without its negative rail.
  struct Candidate {
    uint32_t Element;
    PortTerm Positive, Negative;
    /// In amounts, 0 or more.
    Number Shift;
  };

  PassResult run(Network &Net, PassContext &Context) override {
    if (!Net.phases().empty())
      return PassResult::unchanged();
    Editor Edit(Net);
    bool Changed = false;
    for (size_t I = 0; I < Net.ports().size(); ++I)
      if (Net.ports()[I].Direction == PortDirection::Input)
        Changed |= shiftPort(Edit, I, Context);
    return Changed ? PassResult::changed(Preserved::SameDifference,
                                         /*OnRange=*/true)
                   : PassResult::unchanged();
  }

private:
  bool shiftPort(Editor &Edit, size_t Index, PassContext &Context) {
    const Network &Net = Edit.network();
    const auto &Certain = Context.get<CertainDownstream>(Net);
    std::vector<Candidate> List = candidates(Edit, Index, Certain);
    std::map<SpeciesId, Number> Initial;
    if (!matterInDifference(Net, Certain, List) ||
        !fireStatically(Edit, List, Initial))
      std::erase_if(List, [&](const Candidate &C) {
        bool Shifts = C.Shift.value() != 0;
        Unproven += Shifts;
        return Shifts;
      });
    if (List.empty())
      return false;
    for (const auto &[S, Amount] : Initial)
      Edit.setInitial(S, Amount);
    dropRails(Edit, Index, List);
    Shifted += List.size();
    return true;
  }

  std::vector<Candidate> candidates(Editor &Edit, size_t Index,
                                    const CertainDownstream &Certain) {
    const Network &Net = Edit.network();
    const Port &P = Net.ports()[Index];
    // How often ports mention each species.
    std::vector<uint32_t> Mentioned(Net.speciesRows());
    std::vector<bool> IsInput(Net.speciesRows());
    for (const Port &Q : Net.ports())
      for (const PortTerm &T : Q.Terms) {
        ++Mentioned[T.Species.Value];
        if (Q.Direction != PortDirection::Output)
          IsInput[T.Species.Value] = true;
      }
    std::vector<Candidate> List;
    for (uint32_t I = 0; I < P.elementCount(); ++I) {
      auto Terms = P.element(I);
      bool HasNegative = std::ranges::any_of(
          Terms, [](const PortTerm &T) { return T.Coefficient < 0; });
      if (!HasNegative) // There is nothing to drop.
        continue;
      if (Terms.size() != 2 || std::abs(Terms[0].Coefficient) != 1 ||
          Terms[0].Coefficient != -Terms[1].Coefficient) {
        ++Unsuited;
        continue;
      }
      Candidate C{I, Terms[0], Terms[1], shift(P, I)};
      if (C.Positive.Coefficient < 0)
        std::swap(C.Positive, C.Negative);
      if (C.Shift.kind() == Number::Kind::Approximate) {
        ++Unbounded;
        continue;
      }
      SpeciesId Rails[] = {C.Positive.Species, C.Negative.Species};
      bool Free = std::ranges::all_of(Rails, [&](SpeciesId S) {
        SpeciesFlags F = Net.flags(S);
        return Mentioned[S.Value] == 1 && !F.Constant && !F.Boundary &&
               !F.Observed && Net.initial(S) == Number(0);
      });
      if (Free && mayDrop(Edit, C, Certain, IsInput))
        List.push_back(C);
      else
        ++Unsuited;
    }
    return List;
  }

  /// max(0, -lowest amount of the difference of rails); approximate where that
  /// is not known exactly.
  static Number shift(const Port &P, uint32_t I) {
    const PortRange *R = P.range(I);
    if (!R || !std::isfinite(R->Low))
      return Number::approximate(0);
    Number Lowest = (Number(R->Low) + P.offset(I)) * P.scale(I) - P.constant(I);
    if (Lowest.kind() == Number::Kind::Approximate ||
        !std::isfinite(Lowest.value()))
      return Number::approximate(0);
    return Lowest.exact()->sign() < 0 ? -Lowest : Number(0);
  }

  static bool mentions(std::span<const Term> Side, SpeciesId S) {
    return std::ranges::any_of(Side, [&](Term T) { return T.Species == S; });
  }

  static bool mayDrop(Editor &Edit, const Candidate &C,
                      const CertainDownstream &Certain,
                      const std::vector<bool> &IsInput) {
    const Network &Net = Edit.network();
    SpeciesId N = C.Negative.Species;
    for (ReactionId R : Edit.producers(N))
      if (C.Shift.value() != 0 || !mentions(Net.reaction(R).reactants(), N))
        return false;
    if (C.Shift.value() == 0)
      return true; // It is never there: what needs it never runs.
    auto Users = Edit.consumers(N);
    if (Users.empty())
      return true;
    Reaction R = Net.reaction(Users[0]);
    return Users.size() == 1 && R.order() == 1 && Certain.certain(R.id()) &&
           std::ranges::all_of(R.products(), [&](Term T) {
             SpeciesFlags F = Net.flags(T.Species);
             return !F.Constant && !F.Boundary && !IsInput[T.Species.Value];
           });
  }

  static bool matterInDifference(const Network &Net,
                                 const CertainDownstream &Certain,
                                 const std::vector<Candidate> &List) {
    CommonMode Mode(Net, Certain);
    for (const Candidate &C : List)
      if (C.Shift.value() != 0) {
        SpeciesId Rails[] = {C.Positive.Species, C.Negative.Species};
        Mode.feed(C.Element, Rails);
      }
    return Mode.changesNoReading();
  }

  /// Into \p Initial: the amounts once all negative rails have run out. False
  /// where one would be beyond all doubles.
  static bool fireStatically(Editor &Edit, const std::vector<Candidate> &List,
                             std::map<SpeciesId, Number> &Initial) {
    const Network &Net = Edit.network();
    bool Finite = true;
    // Elements with the same shift, the most by far, are summed as integers.
    std::map<SpeciesId, uint64_t> Sums;
    auto Flush = [&](const Number &Shift) {
      for (auto [S, Sum] : Sums) {
        auto At = Initial.try_emplace(S, Net.initial(S)).first;
        At->second =
            At->second +
            Shift * Number::rational(Rational(static_cast<int64_t>(Sum)));
        Finite &= std::isfinite(At->second.value());
      }
      Sums.clear();
    };
    for (size_t I = 0; I < List.size(); ++I) {
      if (I > 0 && !(List[I].Shift == List[I - 1].Shift))
        Flush(List[I - 1].Shift);
      if (List[I].Shift.value() == 0)
        continue;
      for (ReactionId R : Edit.consumers(List[I].Negative.Species))
        for (Term T : Net.reaction(R).products())
          Sums[T.Species] += T.Coefficient; // Below 2^22 elements of 31 bits.
    }
    if (!List.empty())
      Flush(List.back().Shift);
    if (!Finite)
      Initial.clear();
    return Finite;
  }

  static void dropRails(Editor &Edit, size_t Index,
                        const std::vector<Candidate> &List) {
    const Network &Net = Edit.network();
    Port Old = Net.ports()[Index], New = Old;
    New.Terms.clear();
    New.Begin = {0};
    New.Offset.resize(Old.elementCount());
    bool Negative = false;
    size_t Next = 0;
    for (uint32_t I = 0; I < Old.elementCount(); ++I) {
      New.Offset[I] = Old.offset(I);
      if (Next < List.size() && List[Next].Element == I) {
        const Candidate &C = List[Next++];
        New.addElement(std::span(&C.Positive, 1));
        New.Offset[I] = New.Offset[I] + C.Shift / Old.scale(I);
        continue;
      }
      New.addElement(Old.element(I));
      for (const PortTerm &T : Old.element(I))
        Negative |= T.Coefficient < 0;
    }
    if (std::ranges::all_of(
            New.Offset, [&](const Number &N) { return N == New.Offset[0]; }))
      New.Offset.resize(1);
    if (!Negative)
      New.Encoding = PortEncoding::SingleRail;
    Edit.setPort(Index, std::move(New));
    for (const Candidate &C : List) {
      SpeciesId N = C.Negative.Species;
      std::vector<ReactionId> Users(Edit.consumers(N).begin(),
                                    Edit.consumers(N).end());
      for (ReactionId R : Users)
        Edit.erase(R);
      Edit.erase(N);
    }
  }
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createShiftInputs() {
  return std::make_unique<ShiftInputs>();
}
} // namespace nn2crn
