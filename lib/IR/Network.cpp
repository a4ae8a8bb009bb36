//===- Network.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/IR/Network.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/xxhash.h"

#include <algorithm>

using namespace nn2crn;

Network::Network() = default;
Network::Network(const Network &) = default;
Network::Network(Network &&) noexcept = default;
Network &Network::operator=(const Network &) = default;
Network &Network::operator=(Network &&) noexcept = default;
Network::~Network() = default;

bool Network::isCompact() const {
  if (DeadSpecies || DeadReactions)
    return false;
  uint64_t Next = 0;
  for (Reaction R : reactions()) {
    if (ReactionTable.FirstTerm[R.id().Value] != Next)
      return false;
    Next += R.reactants().size() + R.products().size();
  }
  return Next == Terms.size();
}

std::string Network::nameText(SpeciesId S) const {
  std::string Text;
  appendName(Text, Signals, nameOf(S));
  return Text;
}

Number Network::initial(SpeciesId S) const {
  switch (static_cast<Number::Kind>(flags(S).InitialKind)) {
  case Number::Kind::Exact:
    break;
  case Number::Kind::Rational:
    return ExactInitials.at(S);
  case Number::Kind::Approximate:
    return Number::approximate(initialValue(S));
  }
  return Number(initialValue(S));
}

const Port *Network::findPort(std::string_view PortName,
                              PortDirection Direction) const {
  auto It = std::ranges::find_if(Ports, [&](const Port &P) {
    return P.Name == PortName && P.Direction == Direction;
  });
  return It == Ports.end() ? nullptr : &*It;
}

std::vector<bool> Network::observedSpecies() const {
  std::vector<bool> Observed(speciesRows());
  bool Any = !Ports.empty();
  for (const Port &P : Ports)
    for (const PortTerm &T : P.Terms)
      Observed[T.Species.Value] = true;
  for (const Phase &P : Phases)
    for (const auto *Amounts : {&P.Doses, &P.Resets})
      for (const Phase::Amount &A : *Amounts)
        Observed[A.Species.Value] = true;
  for (SpeciesId S : species())
    if (flags(S).Observed) {
      Observed[S.Value] = true;
      Any = true;
    }
  if (!Any)
    for (SpeciesId S : species())
      Observed[S.Value] = true;
  return Observed;
}

//===----------------------------------------------------------------------===//
// Hash and memory
//===----------------------------------------------------------------------===//

namespace {
/// Feeds values into a running hash, a block at a time.
class Hasher {
public:
  void word(uint64_t W) {
    Buffer[Used++] = W;
    if (Used == std::size(Buffer))
      flush();
  }
  void number(const Number &N) {
    word(static_cast<uint64_t>(N.kind()));
    if (N.kind() == Number::Kind::Rational)
      text(N.str());
    else
      word(std::bit_cast<uint64_t>(N.value()));
  }
  void text(std::string_view T) {
    word(T.size());
    word(llvm::xxh3_64bits(llvm::StringRef(T)));
  }
  uint64_t finish() {
    flush();
    return State;
  }

private:
  void flush() {
    Buffer[std::size(Buffer) - 1] ^= State;
    State = llvm::xxh3_64bits(llvm::ArrayRef<uint8_t>(
                reinterpret_cast<const uint8_t *>(Buffer), sizeof Buffer)) +
            Used;
    std::fill(std::begin(Buffer), std::end(Buffer), 0);
    Used = 0;
  }
  uint64_t Buffer[64] = {};
  size_t Used = 0;
  uint64_t State = 0;
};
} // namespace

uint64_t Network::contentHash() const {
  Hasher H;
  H.text(Name);
  H.text(Units.Amount);
  H.text(Units.Time);
  H.word(std::bit_cast<uint64_t>(Units.Volume));
  // Ids of live rows enter as their rank, so that a compacted copy is equal.
  std::vector<uint32_t> Rank(speciesRows());
  uint32_t NextRank = 0;
  std::vector<uint64_t> SignalHash(Signals.size());
  for (size_t I = 0; I < SignalHash.size(); ++I) {
    std::string_view T = Signals.text(SignalId(static_cast<uint32_t>(I)));
    SignalHash[I] = llvm::xxh3_64bits(llvm::StringRef(T));
  }
  for (SpeciesId S : species()) {
    Rank[S.Value] = NextRank++;
    SpeciesName N = nameOf(S);
    H.word(SignalHash[N.signal().Value]);
    H.word(static_cast<uint32_t>(N.bits()));
    SpeciesFlags F = flags(S);
    H.word(F.Constant | F.Boundary << 1 | F.Waste << 2 | F.Observed << 3 |
           F.Helper << 4);
    H.number(initial(S));
  }
  // Plain rates enter through the reactions that have them: the table's order
  // and unused entries mean nothing. Parameters are declared, used or not.
  std::vector<uint64_t> RateHash;
  for (const RateConstant &R : Rates) {
    Hasher OfRate;
    OfRate.number(R.Value);
    OfRate.text(R.Parameter);
    RateHash.push_back(OfRate.finish());
    if (!R.Parameter.empty())
      H.word(RateHash.back());
  }
  for (Reaction R : reactions()) {
    H.word(ReactionTable.Counts[R.id().Value] | uint64_t{R.phases()} << 32);
    for (auto Side : {R.reactants(), R.products()})
      for (Term T : Side)
        H.word(uint64_t{Rank[T.Species.Value]} << 32 | T.Coefficient);
    H.word(RateHash[R.rate().Value]);
  }
  for (const Port &P : Ports) {
    H.text(P.Name);
    H.word(static_cast<uint64_t>(P.Direction) |
           static_cast<uint64_t>(P.Encoding) << 8 | P.Shape.size() << 16);
    for (int64_t Extent : P.Shape)
      H.word(static_cast<uint64_t>(Extent));
    for (const auto *Numbers : {&P.Scale, &P.Offset}) {
      H.word(Numbers->size());
      for (const Number &N : *Numbers)
        H.number(N);
    }
    for (size_t I = 0; I < P.elementCount(); ++I)
      H.number(P.constant(I));
    H.word(P.Range.size());
    for (PortRange R : P.Range) {
      H.word(std::bit_cast<uint64_t>(R.Low));
      H.word(std::bit_cast<uint64_t>(R.High));
    }
    const OutputMeaning &M = P.Meaning;
    H.word(M.Head.size() | uint64_t{M.Labels.size()} << 16 |
           uint64_t{M.HeadKept} << 62 | uint64_t{M.LabelsAreIntegers} << 63);
    for (const auto *Texts : {&M.Head, &M.Labels})
      for (const std::string &Text : *Texts)
        H.text(Text);
    for (uint32_t B : P.Begin)
      H.word(B);
    for (const PortTerm &T : P.Terms) {
      H.word(Rank[T.Species.Value]);
      H.word(std::bit_cast<uint64_t>(T.Coefficient));
    }
  }
  for (const Phase &P : Phases) {
    H.text(P.Name);
    H.word(std::bit_cast<uint64_t>(P.Duration));
    for (const auto *Amounts : {&P.Doses, &P.Resets}) {
      H.word(Amounts->size());
      for (const Phase::Amount &A : *Amounts) {
        H.word(Rank[A.Species.Value]);
        H.number(A.Value);
      }
    }
  }
  return H.finish();
}

Network::MemoryReport Network::memory() const {
  MemoryReport M{Terms.size() * sizeof(Term), 0, Signals.bytes()};
#define NN2CRN_REACTION_COLUMN(Name, Type, Default)                            \
  M.Reactions += ReactionTable.Name.size() * sizeof(Type);
#define NN2CRN_SPECIES_COLUMN(Name, Type, Default)                             \
  M.Species += SpeciesTable.Name.size() * sizeof(Type);
#include "nn2crn/IR/Columns.def"
  return M;
}

//===----------------------------------------------------------------------===//
// Text helpers
//===----------------------------------------------------------------------===//

uint64_t Reaction::order() const {
  uint64_t Sum = 0;
  for (Term T : reactants())
    Sum += T.Coefficient;
  return Sum;
}

std::string nn2crn::reactionText(const Network &Net, Reaction R) {
  std::string Text;
  auto Side = [&](std::span<const Term> Terms) {
    for (size_t I = 0; I < Terms.size(); ++I) {
      if (I)
        Text += " + ";
      if (Terms[I].Coefficient != 1)
        Text += std::to_string(Terms[I].Coefficient) + ' ';
      appendName(Text, Net.signals(), Net.nameOf(Terms[I].Species));
    }
  };
  Side(R.reactants());
  Text += R.reactants().empty() ? "->" : " ->";
  if (!R.products().empty())
    Text += ' ';
  Side(R.products());
  return Text;
}

size_t nn2crn::shapeElements(std::span<const int64_t> Shape) {
  size_t Elements = 1;
  for (int64_t Extent : Shape)
    Elements *= static_cast<size_t>(Extent);
  return Elements;
}

std::string nn2crn::shapeText(std::span<const int64_t> Shape) {
  std::string Text = "[";
  for (size_t I = 0; I < Shape.size(); ++I)
    Text += (I ? "," : "") + std::to_string(Shape[I]);
  return Text + "]";
}
