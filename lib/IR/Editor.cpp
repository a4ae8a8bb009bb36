//===- Editor.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/IR/Editor.h"

#include "NameTable.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <charconv>
#include <cmath>
#include <unordered_map>

using namespace nn2crn;

//===----------------------------------------------------------------------===//
// The use index
//===----------------------------------------------------------------------===//

/// For each species the reactions that mention it, as two linked lists through
/// one pool. Links to rows that were erased or rewritten stay in the lists and
/// are dropped when a question walks over them. A row that was rewritten has
/// its terms elsewhere in the pool, which tells without looking into them: a
/// fan-out has thousands, and each of its species asks.
struct Editor::UseIndex {
  static constexpr uint32_t End = UINT32_MAX;
  struct Link {
    ReactionId User;
    /// Where the terms of User began when it was linked.
    uint32_t FirstTerm;
    uint32_t Next;
  };
  std::vector<Link> Pool;
  /// First link of each species: consumers, producers.
  std::vector<uint32_t> Head[2];
  /// Answers to the last question.
  std::vector<ReactionId> Answer[2];

  void add(int Side, SpeciesId S, ReactionId R, uint32_t FirstTerm) {
    if (Head[Side].size() <= S.Value)
      Head[Side].resize(S.Value + 1, End);
    Pool.push_back({R, FirstTerm, Head[Side][S.Value]});
    Head[Side][S.Value] = static_cast<uint32_t>(Pool.size() - 1);
  }

  std::span<const ReactionId> users(const Network &Net,
                                    std::span<const uint32_t> FirstTerms,
                                    int Side, SpeciesId S) {
    std::vector<ReactionId> &Found = Answer[Side];
    Found.clear();
    if (Head[Side].size() <= S.Value)
      return Found;
    for (uint32_t L = Head[Side][S.Value]; L != End; L = Pool[L].Next)
      if (ReactionId R = Pool[L].User;
          Net.isAlive(R) && FirstTerms[R.Value] == Pool[L].FirstTerm)
        Found.push_back(R);
    std::sort(Found.begin(), Found.end());
    Found.erase(std::unique(Found.begin(), Found.end()), Found.end());
    return Found;
  }
};

Editor::Editor(Network &Net) : Net(Net) {}
Editor::~Editor() = default;

Editor::UseIndex &Editor::index() {
  if (!Index) {
    Index = std::make_unique<UseIndex>();
    Index->Pool.reserve(Net.Terms.size());
    for (auto &Heads : Index->Head)
      Heads.assign(Net.speciesRows(), UseIndex::End);
    for (Reaction R : Net.reactions()) {
      uint32_t First = Net.ReactionTable.FirstTerm[R.id().Value];
      for (Term T : R.reactants())
        Index->add(0, T.Species, R.id(), First);
      for (Term T : R.products())
        Index->add(1, T.Species, R.id(), First);
    }
  }
  return *Index;
}

std::span<const ReactionId> Editor::consumers(SpeciesId S) {
  return index().users(Net, Net.ReactionTable.FirstTerm, 0, S);
}

std::span<const ReactionId> Editor::producers(SpeciesId S) {
  return index().users(Net, Net.ReactionTable.FirstTerm, 1, S);
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

void Editor::reserve(size_t Species, size_t Reactions, size_t Terms) {
#define NN2CRN_SPECIES_COLUMN(Name, Type, Default)                             \
  Net.SpeciesTable.Name.reserve(Net.SpeciesTable.Name.size() + Species);
#define NN2CRN_REACTION_COLUMN(Name, Type, Default)                            \
  Net.ReactionTable.Name.reserve(Net.ReactionTable.Name.size() + Reactions);
#include "nn2crn/IR/Columns.def"
  Net.Terms.reserve(Net.Terms.size() + Terms);
}

SignalId Editor::freshSignal(std::string_view Wanted) {
  std::string Text(Wanted);
  for (unsigned I = 1; Net.Signals.find(Text); ++I)
    Text = std::string(Wanted) + '_' + std::to_string(I);
  return Net.Signals.intern(Text);
}

SpeciesId Editor::addSpecies(SpeciesName Name, OriginId Origin) {
  SpeciesId S(static_cast<uint32_t>(Net.speciesRows()));
#define NN2CRN_SPECIES_COLUMN(Column, Type, Default)                           \
  Net.SpeciesTable.Column.push_back(Default);
#include "nn2crn/IR/Columns.def"
  Net.SpeciesTable.Name.back() = Name;
  Net.SpeciesTable.Origin.back() = Origin;
  ++Net.Generation;
  return S;
}

/// The rate constants there are, by value and by name.
struct Editor::RateIndex {
  std::unordered_multimap<uint64_t, RateId> ByValue;
  std::unordered_map<std::string, RateId> ByName;
  size_t Indexed = 0;

  void update(std::span<const RateConstant> Rates) {
    for (; Indexed < Rates.size(); ++Indexed) {
      RateId R(static_cast<uint32_t>(Indexed));
      if (Rates[Indexed].Parameter.empty())
        ByValue.emplace(std::bit_cast<uint64_t>(Rates[Indexed].Value.value()),
                        R);
      else
        ByName.emplace(Rates[Indexed].Parameter, R);
    }
  }
};

Editor::RateIndex &Editor::rateIndex() {
  if (!Rates)
    Rates = std::make_unique<RateIndex>();
  Rates->update(Net.Rates);
  return *Rates;
}

RateId Editor::rate(const Number &Value) {
  auto [It, End] =
      rateIndex().ByValue.equal_range(std::bit_cast<uint64_t>(Value.value()));
  for (; It != End; ++It)
    if (Net.Rates[It->second.Value].Value == Value)
      return It->second;
  Net.Rates.push_back({Value, {}});
  ++Net.Generation;
  return RateId(static_cast<uint32_t>(Net.Rates.size() - 1));
}

RateId Editor::parameter(std::string_view Name, const Number &Value) {
  assert(!Name.empty() && "a parameter has a name");
  if (auto Found = findParameter(Name))
    return *Found;
  Net.Rates.push_back({Value, std::string(Name)});
  ++Net.Generation;
  return RateId(static_cast<uint32_t>(Net.Rates.size() - 1));
}

std::optional<RateId> Editor::findParameter(std::string_view Name) {
  auto &ByName = rateIndex().ByName;
  auto It = ByName.find(std::string(Name));
  return It == ByName.end() ? std::nullopt : std::optional(It->second);
}

void Editor::setParameter(RateId Parameter, const Number &Value) {
  assert(!Net.Rates[Parameter.Value].Parameter.empty() &&
         "plain numbers are shared and never changed");
  Net.Rates[Parameter.Value].Value = Value;
  ++Net.Generation;
}

void Editor::writeTerms(ReactionId R, std::span<const Term> Reactants,
                        std::span<const Term> Products) {
  assert(Reactants.size() <= MaxReactants && Products.size() <= MaxProducts &&
         "too many distinct species in one reaction");
  assert(Net.Terms.size() + Reactants.size() + Products.size() <= UINT32_MAX &&
         "2^32 terms in one network");
  auto First = static_cast<uint32_t>(Net.Terms.size());
  Net.ReactionTable.FirstTerm[R.Value] = First;
  Net.ReactionTable.Counts[R.Value] =
      static_cast<uint32_t>(Reactants.size() | Products.size() << 8);
  Net.Terms.insert(Net.Terms.end(), Reactants.begin(), Reactants.end());
  Net.Terms.insert(Net.Terms.end(), Products.begin(), Products.end());
  if (Index) {
    for (Term T : Reactants)
      Index->add(0, T.Species, R, First);
    for (Term T : Products)
      Index->add(1, T.Species, R, First);
  }
  ++Net.Generation;
}

ReactionId Editor::addReaction(std::span<const Term> Reactants,
                               std::span<const Term> Products, RateId Rate,
                               OriginId Origin, PhaseMask Phases) {
  ReactionId R(static_cast<uint32_t>(Net.reactionRows()));
#define NN2CRN_REACTION_COLUMN(Column, Type, Default)                          \
  Net.ReactionTable.Column.push_back(Default);
#include "nn2crn/IR/Columns.def"
  Net.ReactionTable.Rate.back() = Rate;
  Net.ReactionTable.Origin.back() = Origin;
  Net.ReactionTable.Phases.back() = Phases;
  writeTerms(R, Reactants, Products);
  return R;
}

void Editor::addPort(Port P) {
  Net.Ports.push_back(std::move(P));
  ++Net.Generation;
}

unsigned Editor::addPhase(Phase P) {
  assert(Net.Phases.size() < MaxPhases && "phases are bits of a mask");
  Net.Phases.push_back(std::move(P));
  ++Net.Generation;
  return static_cast<unsigned>(Net.Phases.size() - 1);
}

//===----------------------------------------------------------------------===//
// Changing
//===----------------------------------------------------------------------===//

void Editor::setInitial(SpeciesId S, const Number &Value) {
  assert(std::isfinite(Value.value()) && Value.value() >= 0 &&
         "amounts are finite and not negative");
  SpeciesFlags &Flags = Net.SpeciesTable.Flags[S.Value];
  if (static_cast<Number::Kind>(Flags.InitialKind) == Number::Kind::Rational)
    Net.ExactInitials.erase(S);
  Net.SpeciesTable.Initial[S.Value] = Value.value();
  Flags.InitialKind = static_cast<uint8_t>(Value.kind());
  if (Value.kind() == Number::Kind::Rational)
    Net.ExactInitials.insert_or_assign(S, Value);
  ++Net.Generation;
}

void Editor::setFlags(SpeciesId S, SpeciesFlags Flags) {
  SpeciesFlags Old = Net.SpeciesTable.Flags[S.Value];
  assert(Flags.Dead == Old.Dead && Flags.InitialKind == Old.InitialKind &&
         "erase() and setInitial() keep those");
  (void)Old;
  Net.SpeciesTable.Flags[S.Value] = Flags;
  ++Net.Generation;
}

void Editor::setOrigin(SpeciesId S, OriginId Origin) {
  Net.SpeciesTable.Origin[S.Value] = Origin;
}
void Editor::setOrigin(ReactionId R, OriginId Origin) {
  Net.ReactionTable.Origin[R.Value] = Origin;
}
void Editor::setRate(ReactionId R, RateId Rate) {
  Net.ReactionTable.Rate[R.Value] = Rate;
  ++Net.Generation;
}
void Editor::setPhases(ReactionId R, PhaseMask Phases) {
  Net.ReactionTable.Phases[R.Value] = Phases;
  ++Net.Generation;
}

void Editor::setTerms(ReactionId R, std::span<const Term> Reactants,
                      std::span<const Term> Products) {
  // Appending may move the pool that the spans point into.
  std::vector<Term> Left(Reactants.begin(), Reactants.end());
  std::vector<Term> Right(Products.begin(), Products.end());
  writeTerms(R, Left, Right);
}

void Editor::setPort(size_t I, Port P) {
  Net.Ports[I] = std::move(P);
  ++Net.Generation;
}

void Editor::erasePort(size_t I) {
  Net.Ports.erase(Net.Ports.begin() + static_cast<ptrdiff_t>(I));
  ++Net.Generation;
}

void Editor::erase(ReactionId R) {
  assert(Net.isAlive(R) && "erased twice");
  Net.ReactionTable.Rate[R.Value] = RateId();
  ++Net.DeadReactions;
  ++Net.Generation;
}

void Editor::erase(SpeciesId S) {
  assert(Net.isAlive(S) && "erased twice");
  setInitial(S, 0);
  Net.SpeciesTable.Flags[S.Value].Dead = true;
  ++Net.DeadSpecies;
  ++Net.Generation;
}

//===----------------------------------------------------------------------===//
// Compaction
//===----------------------------------------------------------------------===//

/// Moves the rows of one column; \p Order lists the old ids in new order.
template <class IdType, class T>
static void permute(std::vector<T> &Column, std::span<const IdType> Order) {
  std::vector<T> Moved;
  Moved.reserve(Order.size());
  for (IdType I : Order)
    Moved.push_back(Column[I.Value]);
  Column = std::move(Moved);
}

IdMap Editor::compact(std::span<const SpeciesId> Order,
                      std::span<const ReactionId> ReactionOrder) {
  if (Order.empty() && ReactionOrder.empty() && Net.isCompact())
    return {};
  Index.reset();
  ++Net.Generation;

  std::vector<SpeciesId> Species(Order.begin(), Order.end());
  if (Order.empty())
    for (SpeciesId S : Net.species())
      Species.push_back(S);
  std::vector<ReactionId> Reactions(ReactionOrder.begin(), ReactionOrder.end());
  if (ReactionOrder.empty())
    for (Reaction R : Net.reactions())
      Reactions.push_back(R.id());
  assert(Species.size() == Net.speciesCount() &&
         Reactions.size() == Net.reactionCount() &&
         "an order lists every live row once");

  IdMap Map;
  Map.Species.resize(Net.speciesRows());
  for (uint32_t I = 0; I < Species.size(); ++I)
    Map.Species[Species[I].Value] = SpeciesId(I);
  Map.Reactions.resize(Net.reactionRows());
  for (uint32_t I = 0; I < Reactions.size(); ++I)
    Map.Reactions[Reactions[I].Value] = ReactionId(I);

  std::vector<Term> Terms;
  Terms.reserve(Net.Terms.size());
  for (ReactionId R : Reactions) {
    Reaction Row = Net.reaction(R);
    auto First = static_cast<uint32_t>(Terms.size());
    for (auto Side : {Row.reactants(), Row.products()})
      for (Term T : Side)
        Terms.push_back({Map.Species[T.Species.Value], T.Coefficient});
    Net.ReactionTable.FirstTerm[R.Value] = First;
  }
  Net.Terms = std::move(Terms);
#define NN2CRN_SPECIES_COLUMN(Column, Type, Default)                           \
  permute<SpeciesId>(Net.SpeciesTable.Column, Species);
#define NN2CRN_REACTION_COLUMN(Column, Type, Default)                          \
  permute<ReactionId>(Net.ReactionTable.Column, Reactions);
#include "nn2crn/IR/Columns.def"
  Net.DeadSpecies = Net.DeadReactions = 0;

  std::map<SpeciesId, Number> ExactInitials;
  for (auto &[S, Value] : Net.ExactInitials)
    ExactInitials.emplace(Map.Species[S.Value], std::move(Value));
  Net.ExactInitials = std::move(ExactInitials);
  for (Port &P : Net.Ports)
    for (PortTerm &T : P.Terms)
      T.Species = Map.Species[T.Species.Value];
  for (Phase &P : Net.Phases)
    for (auto *Amounts : {&P.Doses, &P.Resets})
      for (Phase::Amount &A : *Amounts)
        A.Species = Map.Species[A.Species.Value];
  return Map;
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

struct NameIndex::Impl {
  NameTable ByName;
};

NameIndex::NameIndex(const Network &Net)
    : Net(Net), P(std::make_unique<Impl>()) {
  for (SpeciesId S : Net.species())
    P->ByName[Net.nameOf(S)] = S;
}

NameIndex::~NameIndex() = default;

std::optional<SpeciesId> NameIndex::find(SpeciesName Name) const {
  SpeciesId S = P->ByName.find(Name);
  return S.isValid() ? std::optional(S) : std::nullopt;
}

std::optional<SpeciesId> NameIndex::find(std::string_view Text) const {
  // Peel the rail, then the index; what is left is the signal. A signal may
  // itself end in what looks like one, so every split is tried.
  auto Look = [&](std::string_view Signal, std::optional<uint32_t> I,
                  Rail R) -> std::optional<SpeciesId> {
    auto Id = Net.signals().find(Signal);
    if (!Id)
      return std::nullopt;
    return find(I ? SpeciesName(*Id, *I, R) : SpeciesName(*Id, R));
  };
  auto LookWithIndex = [&](std::string_view Rest,
                           Rail R) -> std::optional<SpeciesId> {
    if (auto Found = Look(Rest, std::nullopt, R))
      return Found;
    size_t Dot = Rest.rfind('.');
    if (Dot == Rest.npos)
      return std::nullopt;
    std::string_view Digits = Rest.substr(Dot + 1);
    uint32_t I = 0;
    auto [End, Error] =
        std::from_chars(Digits.data(), Digits.data() + Digits.size(), I);
    if (Error != std::errc() || End != Digits.data() + Digits.size() ||
        (Digits.size() > 1 && Digits[0] == '0') || I >= SpeciesName::IndexLimit)
      return std::nullopt;
    return Look(Rest.substr(0, Dot), I, R);
  };
  if (auto Found = LookWithIndex(Text, Rail::None))
    return Found;
  if (Text.ends_with(".p") || Text.ends_with(".n"))
    return LookWithIndex(Text.substr(0, Text.size() - 2),
                         Text.back() == 'p' ? Rail::Positive : Rail::Negative);
  return std::nullopt;
}
