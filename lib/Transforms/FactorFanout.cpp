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
Russians"); whichever comes out cheapest. Of products with larger coefficients
one molecule takes part and the others stay.

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
    std::vector<Molecule> Signed, Unsigned;
    collect(Net, Context.get<CertainDownstream>(Net), Mates, Signed, Unsigned);
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
  void collect(const Network &Net, const CertainDownstream &Certain,
               const MirroredRails &Mates, std::vector<Molecule> &Signed,
               std::vector<Molecule> &Unsigned) {
    // 1 for products that may move, by reaction: of this one and of its mate.
    std::vector<bool> Mine(Net.speciesRows()), Mates2(Net.speciesRows()),
        Needed(Net.speciesRows());
    auto MayMove = [&](Reaction R, std::vector<SpeciesId> &Out) {
      Out.clear();
      for (Term T : R.reactants())
        Needed[T.Species.Value] = true;
      for (Term T : R.products())
        if (Certain.certain(T.Species) && !Needed[T.Species.Value])
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
        Beside[I] = present(Net.reaction(Id)) - M.Rows[R].size();
      }
    }
    auto G = factorFanout(M, Price, MaxDepth);
    if (!G) {
      ++Plain;
      return;
    }
    record(Net, *G, M, Rows, Columns, Mates);
  }

  /// Molecules that \p R makes with the changes so far.
  uint64_t present(Reaction R) const {
    const Change &C = Changes[R.id().Value];
    return molecules(R.products()) - C.Gone.size() + molecules(C.New);
  }

  /// Turns the graph into changes of product lists and into helpers.
  void record(const Network &Net, const FanoutGraph &G, const FanoutMatrix &M,
              const std::vector<ReactionId> &Rows,
              const std::vector<SpeciesId> &Columns,
              const MirroredRails &Mates) {
    auto RowCount = static_cast<uint32_t>(Rows.size());
    uint32_t InGraph = RowCount + M.Columns;
    auto FirstNew = static_cast<uint32_t>(FirstHelper + NewHelpers.size());
    // Of node To, the rail that a path with this sign arrives at.
    auto Species = [&](uint32_t To, bool Minus) {
      if (To >= InGraph)
        return SpeciesId(FirstNew + (To - InGraph) * M.Rails + Minus);
      SpeciesId S = Columns[To - RowCount];
      return Minus ? Mates.mate(S) : S;
    };
    for (uint32_t R = 0; R < RowCount; ++R)
      for (unsigned Rail = 0; Rail < M.Rails; ++Rail) {
        ReactionId Id = Rail ? Mates.mate(Rows[R]) : Rows[R];
        Change &C = Changes[Id.Value];
        for (FanoutMatrix::Entry E : M.Rows[R])
          C.Gone.push_back(
              Species(RowCount + E.Column, E.Minus != (Rail != 0)));
        bool Uses = false;
        for (FanoutGraph::Edge E : G.Out[R]) {
          C.New.push_back({Species(E.To, E.Minus != (Rail != 0)), 1});
          Uses |= E.To >= InGraph;
        }
        Fewer += static_cast<int64_t>(M.Rows[R].size()) -
                 static_cast<int64_t>(G.Out[R].size());
        Shared += Uses;
        Paired += Uses && M.Rails == 2;
      }
    std::vector<OriginId> Parent(G.Out.size());
    for (uint32_t V = 0; V < G.Out.size(); ++V) {
      if (V < RowCount)
        Parent[V] = Net.reaction(Rows[V]).origin();
      for (FanoutGraph::Edge E : G.Out[V])
        if (E.To >= InGraph && !Parent[E.To].isValid() && V < RowCount)
          Parent[E.To] = Parent[V];
    }
    for (uint32_t V = InGraph; V < G.Out.size(); ++V)
      for (unsigned Rail = 0; Rail < M.Rails; ++Rail) {
        NewHelper &H = NewHelpers.emplace_back();
        H.Parent = Parent[V].isValid() ? Parent[V] : OriginId(0);
        H.R = M.Rails == 1 ? nn2crn::Rail::None
              : Rail       ? nn2crn::Rail::Negative
                           : nn2crn::Rail::Positive;
        for (FanoutGraph::Edge E : G.Out[V])
          H.Products.push_back({Species(E.To, E.Minus != (Rail != 0)), 1});
        Fewer -= static_cast<int64_t>(H.Products.size());
        ++Helpers;
      }
  }

  void apply(Editor &Edit) {
    const Network &Net = Edit.network();
    FanoutHelpers Add(Edit, Info.Name);
    for (const NewHelper &H : NewHelpers)
      H.R == nn2crn::Rail::Negative ? Add.addMirrored(H.Parent)
                                    : Add.add(H.Parent, H.R);
    std::vector<uint32_t> Gone(Net.speciesRows());
    std::vector<Term> Left, Right;
    for (Reaction R : Net.reactions()) {
      Change &C = Changes[R.id().Value];
      if (C.Gone.empty())
        continue;
      for (SpeciesId S : C.Gone)
        ++Gone[S.Value];
      // What stays where it was first, in its old place.
      std::erase_if(C.New, [&](Term T) {
        bool Stays = T.Species.Value < FirstHelper;
        if (Stays)
          --Gone[T.Species.Value];
        return Stays;
      });
      Left.assign(R.reactants().begin(), R.reactants().end());
      Right.clear();
      for (Term T : R.products())
        if (T.Coefficient -= Gone[T.Species.Value]; T.Coefficient > 0)
          Right.push_back(T);
      for (SpeciesId S : C.Gone)
        Gone[S.Value] = 0;
      if (C.New.empty())
        continue;
      std::ranges::sort(C.New, {}, &Term::Species);
      Right.insert(Right.end(), C.New.begin(), C.New.end());
      OriginId Origin = R.origin();
      Edit.setTerms(R.id(), Left, Right);
      Edit.setOrigin(R.id(), Edit.provenance().derive(Info.Name, Origin));
    }
    for (size_t I = 0; I < NewHelpers.size(); ++I) {
      std::ranges::sort(NewHelpers[I].Products, {}, &Term::Species);
      Add.becomes(SpeciesId(FirstHelper + static_cast<uint32_t>(I)),
                  NewHelpers[I].Products);
    }
  }

  struct NewHelper {
    OriginId Parent;
    nn2crn::Rail R;
    std::vector<Term> Products;
  };
  FanoutCost Price;
  /// By reaction.
  std::vector<Change> Changes;
  /// Species FirstHelper and on.
  std::vector<NewHelper> NewHelpers;
  uint32_t FirstHelper = 0;
  /// Product molecules saved.
  int64_t Fewer = 0;
};
} // namespace

namespace nn2crn {
std::unique_ptr<Pass> createFactorFanout() {
  return std::make_unique<FactorFanout>();
}
} // namespace nn2crn
