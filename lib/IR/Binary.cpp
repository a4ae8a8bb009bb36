//===- Binary.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/IR/Binary.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/IR/Verifier.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>

using namespace nn2crn;

static_assert(std::endian::native == std::endian::little,
              "the columns are written as they lie in memory");

namespace {
constexpr std::string_view Magic = "NN2CRN\x1a\n";
constexpr uint32_t Version = 2;
constexpr size_t HeaderSize = 8 + 4 + 4 + 8 + 8;

uint64_t checksum(std::string_view Bytes) {
  return llvm::xxh3_64bits(llvm::StringRef(Bytes));
}

/// Collects the payload; the header needs its size and checksum.
class Sink {
public:
  template <class T> void plain(T Value) {
    Bytes.append(reinterpret_cast<const char *>(&Value), sizeof Value);
  }
  void text(std::string_view T) {
    plain<uint64_t>(T.size());
    Bytes += T;
  }
  void number(const Number &N) {
    plain<uint8_t>(static_cast<uint8_t>(N.kind()));
    if (N.kind() == Number::Kind::Rational)
      text(N.exact()->str());
    else
      plain(N.value());
  }
  template <class T> void column(const std::vector<T> &C) {
    static_assert(std::is_trivially_copyable_v<T>);
    plain<uint64_t>(C.size());
    // Columns begin at multiples of 8, so that they could be mapped.
    Bytes.append((8 - Bytes.size() % 8) % 8, '\0');
    Bytes.append(reinterpret_cast<const char *>(C.data()),
                 C.size() * sizeof(T));
  }
  template <class T, class F> void list(const T &Values, F One) {
    plain<uint64_t>(Values.size());
    for (const auto &V : Values)
      One(V);
  }
  void reserve(size_t Size) { Bytes.reserve(Size); }
  const std::string &bytes() const { return Bytes; }

private:
  std::string Bytes;
};

/// Reads what a Sink wrote. After the first failure every read gives zeros.
class Source {
public:
  explicit Source(std::string_view Bytes) : Bytes(Bytes) {}

  bool failed() const { return Failed; }
  void fail() { Failed = true; }
  bool atEnd() const { return At == Bytes.size(); }

  template <class T> T plain() {
    T Value{};
    if (Failed || Bytes.size() - At < sizeof(T)) {
      Failed = true;
      return Value;
    }
    std::memcpy(&Value, Bytes.data() + At, sizeof(T));
    At += sizeof(T);
    return Value;
  }
  /// A count of things that take at least \p LeastBytes each.
  uint64_t count(size_t LeastBytes) {
    uint64_t N = plain<uint64_t>();
    if (Failed || N > (Bytes.size() - At) / LeastBytes) {
      Failed = true;
      return 0;
    }
    return N;
  }
  std::string text() {
    uint64_t Size = count(1);
    std::string T(Bytes.substr(At, Size));
    At += Size;
    return T;
  }
  Number number() {
    switch (plain<uint8_t>()) {
    case static_cast<uint8_t>(Number::Kind::Exact):
      return finite();
    case static_cast<uint8_t>(Number::Kind::Approximate):
      return Number::approximate(finite());
    case static_cast<uint8_t>(Number::Kind::Rational):
      if (auto R = Rational::parse(text()))
        if (std::isfinite(R->toDouble()))
          return Number::rational(*R);
      break;
    default:
      break;
    }
    Failed = true;
    return 0;
  }
  double finite() {
    double Value = plain<double>();
    if (!std::isfinite(Value)) {
      Failed = true;
      return 0;
    }
    return Value;
  }
  template <class T> void column(std::vector<T> &C) {
    uint64_t Size = count(sizeof(T));
    size_t Padding = (8 - At % 8) % 8;
    if (Failed || Bytes.size() - At < Padding + Size * sizeof(T)) {
      Failed = true;
      return;
    }
    At += Padding;
    C.resize(Size);
    if (Size)
      std::memcpy(static_cast<void *>(C.data()), Bytes.data() + At,
                  Size * sizeof(T));
    At += Size * sizeof(T);
  }
  template <class T, class F>
  void list(std::vector<T> &Values, size_t LeastBytes, F One) {
    uint64_t N = count(LeastBytes);
    for (uint64_t I = 0; I < N && !Failed; ++I)
      Values.push_back(One());
  }

private:
  std::string_view Bytes;
  size_t At = 0;
  bool Failed = false;
};
} // namespace

namespace nn2crn {
/// The two directions side by side, section by section: what one writes the
/// other reads.
struct BinaryAccess {
  static void write(const Network &Net, Sink &S) {
    S.text(Net.Name);
    S.text(Net.Units.Amount);
    S.text(Net.Units.Time);
    S.plain(Net.Units.Volume);

    S.plain<uint64_t>(Net.Signals.size());
    for (uint32_t I = 0; I < Net.Signals.size(); ++I)
      S.text(Net.Signals.text(SignalId(I)));
    S.list(Net.Rates, [&](const RateConstant &R) {
      S.number(R.Value);
      S.text(R.Parameter);
    });
#define NN2CRN_SPECIES_COLUMN(Column, Type, Default)                           \
  S.column(Net.SpeciesTable.Column);
#define NN2CRN_REACTION_COLUMN(Column, Type, Default)                          \
  S.column(Net.ReactionTable.Column);
#include "nn2crn/IR/Columns.def"
    S.column(Net.Terms);
    S.list(Net.ExactInitials, [&](const auto &Entry) {
      S.plain(Entry.first);
      S.number(Entry.second);
    });
    S.list(Net.Ports, [&](const Port &P) { writePort(P, S); });
    auto WriteAmount = [&](const Phase::Amount &A) {
      S.plain(A.Species);
      S.number(A.Value);
    };
    S.list(Net.Phases, [&](const Phase &P) {
      S.text(P.Name);
      S.plain(P.Duration);
      S.list(P.Doses, WriteAmount);
      S.list(P.Resets, WriteAmount);
    });
    S.list(Net.Origins.blocks(), [&](const Provenance::Block &B) {
      S.plain(B.K);
      S.plain(B.Parent);
      S.plain(B.Size);
      S.text(B.Label);
    });
  }

  static bool read(Source &S, Network &Net) {
    Net.Name = S.text();
    Net.Units.Amount = S.text();
    Net.Units.Time = S.text();
    Net.Units.Volume = S.finite();

    uint64_t Signals = S.count(8);
    for (uint64_t I = 0; I < Signals; ++I)
      if (Net.Signals.intern(S.text()).Value != I)
        S.fail(); // twice the same
    S.list(Net.Rates, 10, [&] {
      Number Value = S.number();
      return RateConstant{Value, S.text()};
    });
#define NN2CRN_SPECIES_COLUMN(Column, Type, Default)                           \
  S.column(Net.SpeciesTable.Column);
#define NN2CRN_REACTION_COLUMN(Column, Type, Default)                          \
  S.column(Net.ReactionTable.Column);
#include "nn2crn/IR/Columns.def"
    S.column(Net.Terms);
    uint64_t Exacts = S.count(13);
    for (uint64_t I = 0; I < Exacts && !S.failed(); ++I) {
      auto Species = S.plain<SpeciesId>();
      Net.ExactInitials.emplace(Species, S.number());
    }
    S.list(Net.Ports, 8, [&] { return readPort(S); });
    auto ReadAmount = [&] {
      auto Species = S.plain<SpeciesId>();
      return Phase::Amount{Species, S.number()};
    };
    S.list(Net.Phases, 8, [&] {
      Phase P;
      P.Name = S.text();
      P.Duration = S.finite();
      S.list(P.Doses, 13, ReadAmount);
      S.list(P.Resets, 13, ReadAmount);
      return P;
    });
    std::vector<Provenance::Block> Blocks;
    S.list(Blocks, 17, [&] {
      Provenance::Block B;
      B.K = S.plain<Provenance::Kind>();
      if (B.K > Provenance::Kind::Derived)
        S.fail();
      B.Parent = S.plain<OriginId>();
      B.Size = S.plain<uint32_t>();
      B.Label = S.text();
      return B;
    });
    return !S.failed() && S.atEnd() &&
           Provenance::restore(std::move(Blocks), Net.Origins) &&
           tablesFit(Net);
  }

private:
  static void writePort(const Port &P, Sink &S) {
    S.text(P.Name);
    S.plain(P.Direction);
    S.plain(P.Encoding);
    S.column(P.Shape);
    auto WriteNumber = [&](const Number &N) { S.number(N); };
    S.list(P.Scale, WriteNumber);
    S.list(P.Offset, WriteNumber);
    S.list(P.Constants, WriteNumber);
    S.column(P.Range);
    auto WriteText = [&](const std::string &Text) { S.text(Text); };
    S.list(P.Meaning.Head, WriteText);
    S.list(P.Meaning.Labels, WriteText);
    S.plain(static_cast<uint8_t>(P.Meaning.HeadKept |
                                 P.Meaning.LabelsAreIntegers << 1));
    S.column(P.Begin);
    // Field by field: the record has a hole.
    S.list(P.Terms, [&](const PortTerm &T) {
      S.plain(T.Species);
      S.plain(T.Coefficient);
    });
  }

  static Port readPort(Source &S) {
    Port P;
    P.Name = S.text();
    P.Direction = S.plain<PortDirection>();
    P.Encoding = S.plain<PortEncoding>();
    if (P.Direction > PortDirection::State ||
        P.Encoding > PortEncoding::SingleRail)
      S.fail();
    S.column(P.Shape);
    auto ReadNumber = [&] { return S.number(); };
    P.Scale.clear();
    P.Offset.clear();
    S.list(P.Scale, 9, ReadNumber);
    S.list(P.Offset, 9, ReadNumber);
    S.list(P.Constants, 9, ReadNumber);
    S.column(P.Range);
    auto ReadText = [&] { return S.text(); };
    S.list(P.Meaning.Head, 8, ReadText);
    S.list(P.Meaning.Labels, 8, ReadText);
    auto Flags = S.plain<uint8_t>();
    if (Flags > 3)
      S.fail();
    P.Meaning.HeadKept = Flags & 1;
    P.Meaning.LabelsAreIntegers = Flags & 2;
    P.Begin.clear();
    S.column(P.Begin);
    S.list(P.Terms, 12, [&] {
      auto Species = S.plain<SpeciesId>();
      return PortTerm{Species, S.finite()};
    });
    return P;
  }

  /// What must hold before the verifier may look: equal column lengths, terms
  /// within the pool, ids within their tables, no tombstones.
  static bool tablesFit(const Network &Net) {
    size_t Rows = Net.speciesRows(), ReactionRows = Net.reactionRows();
#define NN2CRN_SPECIES_COLUMN(Column, Type, Default)                           \
  if (Net.SpeciesTable.Column.size() != Rows)                                  \
    return false;
#define NN2CRN_REACTION_COLUMN(Column, Type, Default)                          \
  if (Net.ReactionTable.Column.size() != ReactionRows)                         \
    return false;
#include "nn2crn/IR/Columns.def"
    if (Rows >= UINT32_MAX || ReactionRows >= UINT32_MAX)
      return false;
    uint64_t NextTerm = 0;
    for (size_t R = 0; R < ReactionRows; ++R) {
      uint32_t Counts = Net.ReactionTable.Counts[R];
      if (Net.ReactionTable.FirstTerm[R] != NextTerm ||
          Net.ReactionTable.Rate[R].Value >= Net.Rates.size())
        return false;
      NextTerm += (Counts & 0xff) + (Counts >> 8);
      if (NextTerm > Net.Terms.size())
        return false;
    }
    if (NextTerm != Net.Terms.size())
      return false;
    size_t Rationals = 0;
    for (size_t S = 0; S < Rows; ++S) {
      SpeciesFlags F = Net.SpeciesTable.Flags[S];
      if (F.Dead)
        return false;
      if (F.InitialKind == static_cast<uint8_t>(Number::Kind::Rational)) {
        ++Rationals;
        auto It = Net.ExactInitials.find(SpeciesId(static_cast<uint32_t>(S)));
        if (It == Net.ExactInitials.end() ||
            It->second.kind() != Number::Kind::Rational ||
            It->second.value() != Net.SpeciesTable.Initial[S])
          return false;
      }
    }
    return Rationals == Net.ExactInitials.size();
  }
};
} // namespace nn2crn

bool nn2crn::isBinaryNetwork(std::string_view Bytes) {
  return Bytes.starts_with(Magic);
}

void nn2crn::writeBinary(const Network &Net, llvm::raw_ostream &OS) {
  if (!Net.isCompact()) {
    Network Copy = Net;
    Editor(Copy).compact();
    writeBinary(Copy, OS);
    return;
  }
  Sink Payload;
  auto Memory = Net.memory();
  Payload.reserve(Memory.Reactions + Memory.Species + Memory.Names + 4096);
  BinaryAccess::write(Net, Payload);
  Sink Header;
  Header.plain(Version);
  Header.plain<uint32_t>(0);
  Header.plain<uint64_t>(Payload.bytes().size());
  Header.plain(checksum(Payload.bytes()));
  OS << Magic << Header.bytes() << Payload.bytes();
}

std::optional<Network> nn2crn::readBinary(std::string_view Bytes,
                                          std::string_view FileName,
                                          DiagnosticEngine &Diags) {
  DiagLocation Where;
  Where.File = FileName;
  auto Corrupt = [&](std::string Message) {
    Diags.error(DiagId::CorruptBinary, Where, std::move(Message))
        .note("write the file again with crn-opt or nn2crn");
    return std::nullopt;
  };
  if (!isBinaryNetwork(Bytes))
    return Corrupt("this is not a binary network");
  if (Bytes.size() < HeaderSize)
    return Corrupt("the file ends within its header");
  Source Header(Bytes.substr(Magic.size(), HeaderSize - Magic.size()));
  auto FileVersion = Header.plain<uint32_t>();
  auto Reserved = Header.plain<uint32_t>();
  auto Size = Header.plain<uint64_t>();
  auto Sum = Header.plain<uint64_t>();
  if (FileVersion != Version || Reserved != 0)
    return Corrupt("the file has version " + std::to_string(FileVersion) +
                   ", expected " + std::to_string(Version));
  std::string_view Payload = Bytes.substr(HeaderSize);
  if (Payload.size() != Size)
    return Corrupt("the file has " + std::to_string(Payload.size()) +
                   " bytes after its header, expected " + std::to_string(Size));
  if (checksum(Payload) != Sum)
    return Corrupt("the file's checksum does not match its content");
  Network Net;
  Source S(Payload);
  if (!BinaryAccess::read(S, Net))
    return Corrupt("the file's tables do not fit together");
  if (!verify(Net, Diags))
    return std::nullopt;
  return Net;
}
