//===- ShiftAndAdd.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FanoutTree.h"

#include "nn2crn/Analysis/CertainDownstream.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/Transforms/Pass.h"

#include <algorithm>
#include <bit>

using namespace nn2crn;

namespace {
/// Product molecules and reactions; molecules count first.
struct Price {
  uint64_t Molecules = 0;
  uint32_t Helpers = 0;
  friend auto operator<=>(const Price &, const Price &) = default;
};

/// How a product list is written as a chain. Helper I becomes what bits
/// First[I], ... up to First[I + 1] of the coefficients say, and the next
/// helper 2^(First[I + 1] - First[I]) times; the last one, all that is left.
/// The reaction itself counts as helper 0.
struct Chain {
  std::vector<unsigned> First;
  Price Cost;
};

/// The chain for \p Products with the fewest molecules, and of those with the
/// fewest helpers: by dynamic programming over the bits, from the top.
Chain planChain(std::span<const Term> Products) {
  uint32_t All = 0;
  for (Term T : Products)
    All |= T.Coefficient;
  auto Bits = static_cast<unsigned>(std::bit_width(All));
  auto AddsUp = [&](unsigned Shift, uint64_t Mask) {
    uint64_t Sum = 0;
    for (Term T : Products)
      Sum += (T.Coefficient >> Shift) & Mask;
    return Sum;
  };
  std::vector<Price> Best(Bits);
  std::vector<unsigned> Step(Bits);
  for (unsigned At = Bits; At-- > 0;) {
    Best[At].Molecules = AddsUp(At, UINT32_MAX);
    // Two doublings without a product between cost what one step of four does;
    // a step of eight is dearer than three doublings.
    for (unsigned S : {1u, 2u}) {
      if (At + S >= Bits)
        break;
      Price With = Best[At + S];
      With.Molecules += (uint64_t{1} << S) + AddsUp(At, (1u << S) - 1);
      ++With.Helpers;
      if (With < Best[At]) {
        Best[At] = With;
        Step[At] = S;
      }
    }
  }
  Chain C;
  for (unsigned At = 0; At < Bits; At += Step[At]) {
    C.First.push_back(At);
    if (Step[At] == 0)
      break;
  }
  if (Bits)
    C.Cost = Best[0];
  return C;
}

struct ShiftAndAdd : Pass {
  static constexpr PassInfo Info{"shift-and-add",
                                 "make large coefficients by doublings",
                                 R"(
Weights of many bits are large coefficients, and where each product molecule has
a price, as on a strand, `x -> 100 a + 75 b` costs 175. Here the reaction makes
what the lowest bits of the coefficients say, and two molecules of a helper,
which makes what the next bits say, and so on: a chain of doublings that all
products of the reaction share. For *m* products with *b* bits there are some
*m b / 2 + 2 b* molecules instead of *m 2^(b-1)*, for at most *b - 1* more
reactions, each a step in time. Where no product lies between two doublings
they are one step of four; where the last bits are cheaper as they are, they
stay. A reaction is changed only where its molecules get fewer, its helpers
included.

Run it before `factor-fanout`, as `-Odsd` does: that shares single molecules, and
bits of different reactions have more in common than their coefficients.

What is made only comes later, in the same amounts, and no helper gets more than
the product with the largest coefficient. So final amounts stay where everything
that a product can set off is noncompetitive, productive and on no cycle. Other
products, and what is a reactant of the same reaction, stay where they are.
Helpers are flagged `@helper`, which elimination keeps.

```crn before
@input x[] single
@output y[3] single
x -> 13 y.0 + 7 y.1 + y.2 [k = 1]
```

```crn after
@units nM s
@input x[] single
@output y[3] single
x -> y.2 + y.0 + y.1 + 2 f.0 [k = 1]
f.0 -> y.1 + 2 f.1 [k = 1]
f.1 -> 3 y.0 + y.1 [k = 1]
f.0 @helper
f.1 @helper
```
)"};

  Option<uint32_t> MaxCoefficient{
      this, "max-coefficient", 1,
      "coefficients up to this one stay as they are, from 1"};
  Counter Doubled{this, "doubled",
                  "reactions whose products come by doublings"};
  Counter Helpers{this, "helpers", "helper species, each with its reaction"};
  Counter Saved{this, "saved", "product molecules fewer"};
  Counter Uncertain{this, "uncertain",
                    "large coefficients left alone, since timing may matter "
                    "there"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &Context) override {
    if (MaxCoefficient < 1) {
      Context.Diags
          .error(DiagId::BadArgument, {},
                 "shift-and-add expects max-coefficient of at least 1, found " +
                     MaxCoefficient.text())
          .note("a single molecule cannot be made by doubling");
      return PassResult::failed();
    }
    const auto &Certain = Context.get<CertainDownstream>(Net);
    Editor Edit(Net);
    uint64_t Generation = Net.generation();
    FanoutHelpers Add(Edit, Info.Name);
    std::vector<bool> Needed(Net.speciesRows());
    std::vector<Term> Left, Stay, Move;
    for (Reaction R : Net.reactions()) {
      Left.assign(R.reactants().begin(), R.reactants().end());
      for (Term T : Left)
        Needed[T.Species.Value] = true;
      Stay.clear();
      Move.clear();
      for (Term T : R.products()) {
        bool Large = T.Coefficient > MaxCoefficient;
        bool May = Certain.certain(T.Species) && !Needed[T.Species.Value];
        (Large && May ? Move : Stay).push_back(T);
        Uncertain += Large && !May;
      }
      for (Term T : Left)
        Needed[T.Species.Value] = false;
      Chain Plan = planChain(Move);
      if (Plan.Cost.Helpers == 0)
        continue;
      Saved += molecules(Move) - Plan.Cost.Molecules;
      Helpers += Plan.Cost.Helpers;
      ++Doubled;
      rewrite(Edit, Add, R, Left, Stay, Move, Plan);
    }
    return Net.generation() != Generation
               ? PassResult::changed(Preserved::SameEquilibrium)
               : PassResult::unchanged();
  }

private:
  static void rewrite(Editor &Edit, FanoutHelpers &Add, Reaction R,
                      std::span<const Term> Left, std::vector<Term> &Stay,
                      std::span<const Term> Move, const Chain &Plan) {
    OriginId Origin = R.origin();
    ReactionId Id = R.id(); // R itself does not outlive the edits below.
    SpeciesId Maker;
    for (size_t I = 0; I < Plan.First.size(); ++I) {
      bool Last = I + 1 == Plan.First.size();
      std::vector<Term> Products;
      unsigned Width = Last ? 32 : Plan.First[I + 1] - Plan.First[I];
      uint64_t Mask = (uint64_t{1} << Width) - 1;
      for (Term T : Move)
        if (uint64_t Digit = (T.Coefficient >> Plan.First[I]) & Mask)
          Products.push_back({T.Species, static_cast<uint32_t>(Digit)});
      SpeciesId Next;
      if (!Last) {
        Next = Add.add(Origin);
        Products.push_back({Next, uint32_t{1} << Width});
      }
      if (I == 0) {
        Stay.insert(Stay.end(), Products.begin(), Products.end());
        Edit.setTerms(Id, Left, Stay);
        Edit.setOrigin(Id, Edit.provenance().derive(Info.Name, Origin));
      } else {
        Add.becomes(Maker, Products);
      }
      Maker = Next;
    }
  }
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createShiftAndAdd() {
  return std::make_unique<ShiftAndAdd>();
}
} // namespace nn2crn
