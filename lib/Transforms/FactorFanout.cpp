//===- FactorFanout.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FanoutFactoring.h"
#include "FanoutTree.h"

#include "nn2crn/Analysis/CertainDownstream.h"
#include "nn2crn/Analysis/CostModel.h"
#include "nn2crn/Analysis/MirroredRails.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/Transforms/Pass.h"

#include <algorithm>
#include <numeric>

using namespace nn2crn;

namespace {
enum Objective : size_t { Slots, Nucleotides, Reactions };
constexpr std::string_view Objectives[] = {"slots", "nucleotides", "reactions"};

/// Sets of numbers that hang together.
class Components {
public:
  explicit Components(size_t Size) : Parent(Size) {
    std::iota(Parent.begin(), Parent.end(), 0u);
  }
  uint32_t find(uint32_t I) {
    while (Parent[I] != I)
      I = Parent[I] = Parent[Parent[I]];
    return I;
  }
  /// The least number stands for its set.
  void join(uint32_t A, uint32_t B) {
    A = find(A);
    B = find(B);
    Parent[std::max(A, B)] = std::min(A, B);
  }

private:
  std::vector<uint32_t> Parent;
};

/// One molecule of Product that Row makes, with signs where both stand for a
/// pair of rails.
struct Molecule {
  ReactionId Row;
  SpeciesId Product;
  bool Minus;
};

/// What becomes of the product list of one reaction.
struct Change {
  std::vector<SpeciesId> Gone;
  std::vector<Term> New;
};

struct FactorFanout : Pass {
  static constexpr PassInfo Info{"factor-fanout",
                                 "share what product lists have in common",
                                 R"(
Where several reactions make the same group of products, a helper species can
stand for the group: each reaction makes the helper, and the helper turns into
the group. For a reactions and b products, a + b molecules do what a b did
before, at the price of a reaction and of a step in time. Product lists of
dense layers have much in common; about three fifths of all product molecules
can go.

Reactions and products form a matrix of zeros and ones, or of -1, 0 and 1 where
both come in mirrored pairs (`x.p -> a.p + b.n` with `x.n -> a.n + b.p`), so
that one helper pair serves both rails. Pairs are found in ports and reactions,
not in names, and every entry is checked. The matrix is taken apart by a greedy
search for the pair of rows, or of columns, that has the most in common up to a
sign; from the bare matrix and from blocks of lines that agree ("four
Russians"); whichever comes out cheapest. Where comparing all pairs would take
minutes, there are only the blocks. Of products with larger coefficients one
molecule takes part and the others stay.

`objective` says what has to get less, `slots` (product molecules),
`nucleotides` (by the scheme's formula) or `reactions`, counted as they will be
once `split-fanout` has cut lists down to `max-products`. A part of the network
whose cost would not fall stays as it is, and every product list is expanded
again and compared before anything is changed.

Helpers delay products and change no amounts, so that final amounts stay where
everything that a product can set off is noncompetitive, productive and on no
cycle. Other products are left alone and counted. Helpers are flagged
`@helper`, which elimination keeps.

```crn before
@input x[4] single
@output y[4] single
x.0 -> y.0 + y.1 + y.2 + y.3 [k = 1]
x.1 -> y.0 + y.1 + y.2 [k = 1]
x.2 -> y.0 + y.1 + y.2 [k = 1]
x.3 -> y.3 [k = 1]
```

```crn after
@units nM s
@input x[4] single
@output y[4] single
x.0 -> y.3 + f.0 [k = 1]
x.1 -> f.0 [k = 1]
x.2 -> f.0 [k = 1]
x.3 -> y.3 [k = 1]
f.0 -> y.0 + y.1 + y.2 [k = 1]
f.0 @helper
```
)"};

  Option<uint32_t> MaxDepth{this, "max-depth", 4,
                            "most reactions in a row from a reaction to what "
                            "it made before; 0 for no limit"};
  Option<uint32_t> MaxProducts{this, "max-products", 0,
                               "the limit that split-fanout will be given; 0 "
                               "for none"};
  Choice Goal{this, "objective", Objectives, "what has to get less"};
  Choice Scheme{this, "scheme", dnaSchemeNames(),
                "whose nucleotides, for that objective"};

  Counter Helpers{this, "helpers", "helper species, each with its reaction"};
  Counter Shared{this, "shared", "reactions that make helpers now"};
  Counter Saved{this, "saved", "product molecules fewer"};
  Counter Paired{this, "paired", "reactions factored with their mirror image"};
  Counter Plain{this, "plain", "parts with no cheaper form"};
  Counter Uncertain{this, "uncertain",
                    "products left alone, since timing may matter there"};

  PassInfo info() const override { return Info; }

  PassResult run(Network &Net, PassContext &Context) override {
    if (MaxProducts == 1) {
      Context.Diags
          .error(DiagId::BadArgument, {},
                 "factor-fanout expects max-products of 0 or at least 2, "
                 "found 1")
          .note("0 stands for no limit");
      return PassResult::failed();
    }
    Price.MaxProducts = MaxProducts;
    const DnaScheme &Dna = dnaSchemes()[Scheme.index()];
    Price.PerReaction = Goal.index() == Slots         ? 0
                        : Goal.index() == Nucleotides ? Dna.Nucleotides
                                                      : 1;
    Price.PerProduct = Goal.index() == Slots         ? 1
                       : Goal.index() == Nucleotides ? Dna.NucleotidesPerProduct
                                                     : 0;
    Editor Edit(Net);
    Changes.assign(Net.reactionRows(), {});
    NewHelpers.clear();
    Fewer = 0;
    FirstHelper = static_cast<uint32_t>(Net.speciesRows());

    const MirroredRails &Mates = Context.get<MirroredRails>(Net);
    const auto &Certain = Context.get<CertainDownstream>(Net);
    MayBeLate.assign(Net.speciesRows(), false);
    for (SpeciesId S : Net.species())
      MayBeLate[S.Value] = Certain.certain(S);
    Marked.assign(Net.speciesRows(), 0);
    std::vector<Molecule> Signed, Unsigned;
    collect(Net, Mates, Signed, Unsigned);
    factor(Net, Signed, 2, Mates);
    factor(Net, Unsigned, 1, Mates);
    if (NewHelpers.empty())
      return PassResult::unchanged();
    Saved += static_cast<uint64_t>(std::max<int64_t>(Fewer, 0));
    apply(Edit);
    return PassResult::changed(Preserved::SameEquilibrium);
  }

private:
  /// Finds what may be shared: one molecule of each product that may be late.
  void collect(const Network &Net, const MirroredRails &Mates,
               std::vector<Molecule> &Signed, std::vector<Molecule> &Unsigned) {
    // 1 for products that may move, by reaction: of this one and of its mate.
    std::vector<bool> Mine(Net.speciesRows()), Mates2(Net.speciesRows()),
        Needed(Net.speciesRows());
    auto MayMove = [&](Reaction R, std::vector<SpeciesId> &Out) {
      Out.clear();
      for (Term T : R.reactants())
        Needed[T.Species.Value] = true;
      for (Term T : R.products())
        if (MayBeLate[T.Species.Value] && !Needed[T.Species.Value])
          Out.push_back(T.Species);
      for (Term T : R.reactants())
        Needed[T.Species.Value] = false;
      if (R.products().size() > 1)
        Uncertain += R.products().size() - Out.size();
    };
    std::vector<SpeciesId> Products, Mirrored;
    for (Reaction R : Net.reactions()) {
      ReactionId Mate = Mates.mate(R.id());
      if (Mate.isValid() && Mate < R.id())
        continue;
      MayMove(R, Products);
      if (Mate.isValid())
        MayMove(Net.reaction(Mate), Mirrored);
      else
        Mirrored.clear();
      for (SpeciesId S : Products)
        Mine[S.Value] = true;
      for (SpeciesId S : Mirrored)
        Mates2[S.Value] = true;
      // An entry with a sign: S here and its other rail there, and neither the
      // other way round.
      auto IsSigned = [&](SpeciesId S, const std::vector<bool> &Here,
                          const std::vector<bool> &There) {
        SpeciesId Other = Mates.mate(S);
        return Other.isValid() && !Here[Other.Value] && !There[S.Value] &&
               There[Other.Value];
      };
      for (SpeciesId S : Products)
        if (IsSigned(S, Mine, Mates2)) {
          SpeciesId Other = Mates.mate(S);
          Signed.push_back({R.id(), std::min(S, Other), Other < S});
        } else {
          Unsigned.push_back({R.id(), S, false});
        }
      for (SpeciesId S : Mirrored)
        if (!IsSigned(S, Mates2, Mine))
          Unsigned.push_back({Mate, S, false});
      for (SpeciesId S : Products)
        Mine[S.Value] = false;
      for (SpeciesId S : Mirrored)
        Mates2[S.Value] = false;
    }
  }

  /// Factors each part that hangs together by itself.
  void factor(const Network &Net, std::vector<Molecule> &Molecules,
              unsigned Rails, const MirroredRails &Mates) {
    // What is made by one row only, or makes only one, has nothing to share.
    prune(Net, Molecules);
    auto Rows = static_cast<uint32_t>(Net.reactionRows());
    Components Parts(Rows + Net.speciesRows());
    for (const Molecule &M : Molecules)
      Parts.join(M.Row.Value, Rows + M.Product.Value);
    std::ranges::stable_sort(Molecules, {}, [&](const Molecule &M) {
      return std::tuple(Parts.find(M.Row.Value), M.Row, M.Product);
    });
    std::vector<uint32_t> ColumnOf(Net.speciesRows(), UINT32_MAX);
    for (size_t First = 0, End; First < Molecules.size(); First = End) {
      uint32_t Part = Parts.find(Molecules[First].Row.Value);
      End = First;
      while (End < Molecules.size() &&
             Parts.find(Molecules[End].Row.Value) == Part)
        ++End;
      factorPart(Net, std::span(Molecules).subspan(First, End - First), Rails,
                 Mates, ColumnOf);
    }
  }

  static void prune(const Network &Net, std::vector<Molecule> &Molecules) {
    std::vector<uint32_t> OfRow(Net.reactionRows()),
        OfProduct(Net.speciesRows());
    for (const Molecule &M : Molecules) {
      ++OfRow[M.Row.Value];
      ++OfProduct[M.Product.Value];
    }
    std::erase_if(Molecules, [&](const Molecule &M) {
      return OfRow[M.Row.Value] < 2 || OfProduct[M.Product.Value] < 2;
    });
  }

  void factorPart(const Network &Net, std::span<const Molecule> Part,
                  unsigned Rails, const MirroredRails &Mates,
                  std::vector<uint32_t> &ColumnOf) {
    FanoutMatrix M;
    M.Rails = Rails;
    std::vector<SpeciesId> Columns;
    std::vector<ReactionId> Rows;
    for (const Molecule &Mol : Part)
      if (uint32_t &C = ColumnOf[Mol.Product.Value]; C == UINT32_MAX) {
        C = 0;
        Columns.push_back(Mol.Product);
      }
    // In id order: neighbours have more in common, and come out the same.
    std::ranges::sort(Columns);
    for (uint32_t C = 0; C < Columns.size(); ++C)
      ColumnOf[Columns[C].Value] = C;
    M.Columns = static_cast<uint32_t>(Columns.size());
    for (const Molecule &Mol : Part) {
      if (Rows.empty() || Rows.back() != Mol.Row) {
        Rows.push_back(Mol.Row);
        M.Rows.emplace_back();
      }
      M.Rows.back().push_back({ColumnOf[Mol.Product.Value], Mol.Minus});
    }
    for (SpeciesId S : Columns)
      ColumnOf[S.Value] = UINT32_MAX;
    for (size_t R = 0; R < Rows.size(); ++R) {
      auto &Beside = M.Beside.emplace_back();
      for (unsigned I = 0; I < Rails; ++I) {
        ReactionId Id = I ? Mates.mate(Rows[R]) : Rows[R];
        Beside[I] = molecules(listOf(Net.reaction(Id))) - M.Rows[R].size();
      }
    }
    auto G = factorFanout(M, Price, MaxDepth);
    if (!G || !record(Net, *G, M, Rows, Columns, Mates))
      ++Plain;
  }

  /// The products of \p R with the changes so far: what stays in its old place,
  /// then helpers.
  std::vector<Term> listOf(Reaction R) {
    const Change &C = Changes[R.id().Value];
    std::vector<Term> List;
    for (SpeciesId S : C.Gone)
      ++Marked[S.Value];
    std::vector<Term> New;
    for (Term T : C.New)
      if (T.Species.Value < FirstHelper)
        --Marked[T.Species.Value];
      else
        New.push_back(T);
    for (Term T : R.products())
      if (T.Coefficient -= Marked[T.Species.Value]; T.Coefficient > 0)
        List.push_back(T);
    for (SpeciesId S : C.Gone)
      Marked[S.Value] = 0;
    std::ranges::sort(New, {}, &Term::Species);
    List.insert(List.end(), New.begin(), New.end());
    return List;
  }

  /// What a reaction from \p Reactants to \p List costs after split-fanout.
  uint64_t priceOf(std::span<const Term> Reactants,
                   std::span<const Term> List) {
    uint64_t Slots = molecules(List), Reactions = 1;
    if (MaxProducts && Slots > MaxProducts) {
      for (Term T : Reactants)
        Marked[T.Species.Value] = 1;
      std::vector<Term> Move;
      uint64_t Staying = 0;
      for (Term T : List)
        if (T.Species.Value >= FirstHelper ||
            (MayBeLate[T.Species.Value] && !Marked[T.Species.Value]))
          Move.push_back(T);
        else
          Staying += T.Coefficient;
      for (Term T : Reactants)
        Marked[T.Species.Value] = 0;
      if (!Move.empty() && Staying < MaxProducts) {
        FanoutTree Tree = planFanoutTree(
            Move, MaxProducts, static_cast<uint32_t>(MaxProducts - Staying), 0);
        Reactions += Tree.Helpers.size();
        Slots = Staying + molecules(Tree.Root);
        for (const std::vector<Term> &Helper : Tree.Helpers)
          Slots += molecules(Helper);
      }
    }
    return Price.PerReaction * Reactions + Price.PerProduct * Slots;
  }

  /// Turns the graph into changes of product lists and into helpers. False,
  /// with nothing changed, where lists as they are now would cost no less:
  /// coefficients and products that stay are not in the matrix.
  bool record(const Network &Net, const FanoutGraph &G, const FanoutMatrix &M,
              const std::vector<ReactionId> &Rows,
              const std::vector<SpeciesId> &Columns,
              const MirroredRails &Mates) {
    auto RowCount = static_cast<uint32_t>(Rows.size());
    uint32_t InGraph = RowCount + M.Columns;
    size_t HelpersBefore = NewHelpers.size();
    auto FirstNew = static_cast<uint32_t>(FirstHelper + HelpersBefore);
    // Of node To, the rail that a path with this sign arrives at.
    auto Species = [&](uint32_t To, bool Minus) {
      if (To >= InGraph)
        return SpeciesId(FirstNew + (To - InGraph) * M.Rails + Minus);
      SpeciesId S = Columns[To - RowCount];
      return Minus ? Mates.mate(S) : S;
    };
    auto RowOn = [&](uint32_t R, unsigned OnRail) {
      return OnRail ? Mates.mate(Rows[R]) : Rows[R];
    };
    auto PriceNow = [&] {
      uint64_t Sum = 0;
      for (uint32_t R = 0; R < RowCount; ++R)
        for (unsigned OnRail = 0; OnRail < M.Rails; ++OnRail) {
          Reaction Is = Net.reaction(RowOn(R, OnRail));
          Sum += priceOf(Is.reactants(), listOf(Is));
        }
      for (size_t H = HelpersBefore; H < NewHelpers.size(); ++H)
        Sum += priceOf({}, NewHelpers[H].Products);
      return Sum;
    };
    uint64_t Before = PriceNow();

    int64_t Less = 0;
    uint64_t Users = 0;
    for (uint32_t R = 0; R < RowCount; ++R)
      for (unsigned OnRail = 0; OnRail < M.Rails; ++OnRail) {
        Change &C = Changes[RowOn(R, OnRail).Value];
        for (FanoutMatrix::Entry E : M.Rows[R])
          C.Gone.push_back(
              Species(RowCount + E.Column, E.Minus != (OnRail != 0)));
        bool Uses = false;
        for (FanoutGraph::Edge E : G.Out[R]) {
          C.New.push_back({Species(E.To, E.Minus != (OnRail != 0)), 1});
          Uses |= E.To >= InGraph;
        }
        Less += static_cast<int64_t>(M.Rows[R].size()) -
                static_cast<int64_t>(G.Out[R].size());
        Users += Uses;
      }
    // A helper comes from the first row that uses it, or from a helper's.
    std::vector<OriginId> Parent(G.Out.size());
    for (uint32_t R = 0; R < RowCount; ++R) {
      std::vector<uint32_t> Work{R};
      while (!Work.empty()) {
        uint32_t V = Work.back();
        Work.pop_back();
        for (FanoutGraph::Edge E : G.Out[V])
          if (E.To >= InGraph && !Parent[E.To].isValid()) {
            Parent[E.To] = Net.reaction(Rows[R]).origin();
            Work.push_back(E.To);
          }
      }
    }
    for (uint32_t V = InGraph; V < G.Out.size(); ++V)
      for (unsigned OnRail = 0; OnRail < M.Rails; ++OnRail) {
        NewHelper &H = NewHelpers.emplace_back();
        H.Parent = Parent[V];
        H.OnRail = M.Rails == 1 ? Rail::None
                   : OnRail     ? Rail::Negative
                                : Rail::Positive;
        for (FanoutGraph::Edge E : G.Out[V])
          H.Products.push_back({Species(E.To, E.Minus != (OnRail != 0)), 1});
        std::ranges::sort(H.Products, {}, &Term::Species);
        Less -= static_cast<int64_t>(H.Products.size());
      }

    if (PriceNow() >= Before) {
      for (uint32_t R = 0; R < RowCount; ++R)
        for (unsigned OnRail = 0; OnRail < M.Rails; ++OnRail) {
          Change &C = Changes[RowOn(R, OnRail).Value];
          C.Gone.resize(C.Gone.size() - M.Rows[R].size());
          C.New.resize(C.New.size() - G.Out[R].size());
        }
      NewHelpers.resize(HelpersBefore);
      return false;
    }
    Fewer += Less;
    Shared += Users;
    Paired += M.Rails == 2 ? Users : 0;
    Helpers += NewHelpers.size() - HelpersBefore;
    return true;
  }

  void apply(Editor &Edit) {
    const Network &Net = Edit.network();
    // Before species are added, so that ids of helpers are recognised.
    std::vector<std::pair<ReactionId, std::vector<Term>>> Lists;
    for (Reaction R : Net.reactions())
      if (std::ranges::any_of(Changes[R.id().Value].New, [&](Term T) {
            return T.Species.Value >= FirstHelper;
          }))
        Lists.emplace_back(R.id(), listOf(R));
    FanoutHelpers Add(Edit, Info.Name);
    for (const NewHelper &H : NewHelpers)
      H.OnRail == Rail::Negative ? Add.addMirrored(H.Parent)
                                 : Add.add(H.Parent, H.OnRail);
    std::vector<Term> Left;
    for (const auto &[Id, Right] : Lists) {
      Reaction R = Net.reaction(Id);
      OriginId Origin = R.origin();
      Left.assign(R.reactants().begin(), R.reactants().end());
      Edit.setTerms(Id, Left, Right);
      Edit.setOrigin(Id, Edit.provenance().derive(Info.Name, Origin));
    }
    for (size_t I = 0; I < NewHelpers.size(); ++I)
      Add.becomes(SpeciesId(FirstHelper + static_cast<uint32_t>(I)),
                  NewHelpers[I].Products);
  }

  struct NewHelper {
    OriginId Parent;
    Rail OnRail;
    std::vector<Term> Products;
  };
  FanoutCost Price;
  /// By reaction.
  std::vector<Change> Changes;
  /// Species FirstHelper and on.
  std::vector<NewHelper> NewHelpers;
  uint32_t FirstHelper = 0;
  /// By species there were at first: what certainty allows, and scratch that is
  /// 0 between uses.
  std::vector<bool> MayBeLate;
  std::vector<uint32_t> Marked;
  /// Product molecules saved.
  int64_t Fewer = 0;
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createFactorFanout() {
  return std::make_unique<FactorFanout>();
}
} // namespace nn2crn
