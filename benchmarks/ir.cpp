//===- ir.cpp - What holding and moving a network costs -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reactions of four terms, `a + b -> c + d`, over 0.4 species a reaction, as in
// docs/rationale/ir-layout.md; once with neighbouring species (local, what
// compilers write) and once with random ones. Every benchmark reports
// seconds a reaction (62n is 62 ns); `build` also bytes a reaction, names
// apart.
//
//===----------------------------------------------------------------------===//

#include "SplitMix.h"
#include "nn2crn/IR/Binary.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/IR/Text.h"

#include "llvm/Support/raw_ostream.h"

#include <benchmark/benchmark.h>

#include <malloc.h>

#include <memory>
#include <string>

using namespace nn2crn;
using bench::SplitMix;

namespace {

/// Calls \p Add(reactant, reactant, product, product) for every reaction.
template <class F> void generate(uint32_t Reactions, bool Local, F Add) {
  uint32_t Species = Reactions / 5 * 2;
  SplitMix Random{1};
  constexpr uint32_t Window = 2000;
  for (uint32_t I = 0; I < Reactions; ++I) {
    uint32_t Base =
        static_cast<uint32_t>(uint64_t{I} * (Species - Window) / Reactions);
    SpeciesId S[4];
    for (int K = 0; K < 4; ++K) {
      bool Taken = true;
      while (Taken) {
        S[K] = SpeciesId(Local ? Base + Random.below(Window)
                               : Random.below(Species));
        Taken = false;
        for (int J = K & 2; J < K; ++J)
          Taken |= S[J] == S[K];
      }
    }
    Add(S[0], S[1], S[2], S[3]);
  }
}

Network build(uint32_t Reactions, bool Local) {
  Network Net;
  Editor Edit(Net);
  uint32_t Species = Reactions / 5 * 2;
  Edit.reserve(Species, Reactions, size_t{4} * Reactions);
  SignalId Signal = Edit.signal("s");
  for (uint32_t I = 0; I < Species; ++I)
    Edit.addSpecies(SpeciesName(Signal, I));
  RateId One = Edit.rate(1);
  generate(Reactions, Local, [&](auto A, auto B, auto C, auto D) {
    Edit.addReaction({{A, 1}, {B, 1}}, {{C, 1}, {D, 1}}, One);
  });
  return Net;
}

/// The obvious layout, to compare with: an object a reaction, lists in it.
struct HeapReaction {
  std::vector<Term> Reactants, Products;
  double Rate;
  uint32_t Origin;
};
using HeapNetwork = std::vector<std::unique_ptr<HeapReaction>>;

HeapNetwork buildHeap(uint32_t Reactions, bool Local) {
  HeapNetwork Net;
  Net.reserve(Reactions);
  generate(Reactions, Local, [&](auto A, auto B, auto C, auto D) {
    Net.push_back(std::make_unique<HeapReaction>(
        HeapReaction{{{A, 1}, {B, 1}}, {{C, 1}, {D, 1}}, 1, 0}));
  });
  return Net;
}

/// Kept between benchmarks, as building one of 10^7 takes a while.
const Network &shared(int64_t Reactions, bool Local) {
  static int64_t Have = 0;
  static bool HaveLocal = false;
  static std::unique_ptr<Network> Net;
  if (Have != Reactions || HaveLocal != Local) {
    Net.reset();
    Net = std::make_unique<Network>(
        build(static_cast<uint32_t>(Reactions), Local));
    Have = Reactions;
    HaveLocal = Local;
  }
  return *Net;
}

void perReaction(benchmark::State &State) {
  State.counters["s/reaction"] =
      benchmark::Counter(static_cast<double>(State.range(0)),
                         benchmark::Counter::kIsIterationInvariantRate |
                             benchmark::Counter::kInvert);
}

void buildNetwork(benchmark::State &State) {
  Network::MemoryReport Memory{};
  for (auto _ : State) {
    Network Net = build(static_cast<uint32_t>(State.range(0)), State.range(1));
    Memory = Net.memory();
    benchmark::DoNotOptimize(Net);
  }
  perReaction(State);
  double Reactions = static_cast<double>(State.range(0));
  State.counters["bytes/reaction"] =
      static_cast<double>(Memory.Reactions) / Reactions;
  State.counters["bytes/species"] =
      static_cast<double>(Memory.Species) / (Reactions * 0.4);
}

/// Reads every term once: how often is each species used?
void loop(benchmark::State &State) {
  const Network &Net = shared(State.range(0), State.range(1));
  std::vector<uint32_t> Uses(Net.speciesRows());
  for (auto _ : State) {
    for (Reaction R : Net.reactions()) {
      for (Term T : R.reactants())
        Uses[T.Species.Value] += T.Coefficient;
      for (Term T : R.products())
        Uses[T.Species.Value] += T.Coefficient;
    }
    benchmark::DoNotOptimize(Uses.data());
  }
  perReaction(State);
}

/// The peer of buildNetwork and of loop: the same reactions as heap objects.
void heapObjects(benchmark::State &State) {
  auto Reactions = static_cast<uint32_t>(State.range(0));
  double Bytes = 0;
  for (auto _ : State) {
    size_t Before = mallinfo2().uordblks + mallinfo2().hblkhd;
    HeapNetwork Net = buildHeap(Reactions, State.range(1));
    Bytes =
        static_cast<double>(mallinfo2().uordblks + mallinfo2().hblkhd - Before);
    State.PauseTiming();
    Net.clear();
    State.ResumeTiming();
  }
  perReaction(State);
  State.counters["bytes/reaction"] = Bytes / Reactions;
}

void heapLoop(benchmark::State &State) {
  auto Reactions = static_cast<uint32_t>(State.range(0));
  HeapNetwork Net = buildHeap(Reactions, State.range(1));
  std::vector<uint32_t> Uses(Reactions / 5 * 2);
  for (auto _ : State) {
    for (const auto &R : Net)
      for (const auto *Side : {&R->Reactants, &R->Products})
        for (Term T : *Side)
          Uses[T.Species.Value] += T.Coefficient;
    benchmark::DoNotOptimize(Uses.data());
  }
  perReaction(State);
}

std::string text(const Network &Net) {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  printText(Net, OS);
  return Text;
}

void print(benchmark::State &State) {
  const Network &Net = shared(State.range(0), State.range(1));
  size_t Bytes = 0;
  for (auto _ : State)
    Bytes = text(Net).size();
  perReaction(State);
  State.counters["text bytes/reaction"] =
      static_cast<double>(Bytes) / static_cast<double>(State.range(0));
}

void parse(benchmark::State &State) {
  std::string Text = text(shared(State.range(0), State.range(1)));
  DiagnosticEngine Diags([](const Diagnostic &) {});
  for (auto _ : State) {
    auto Net = parseText(Text, "bench", Diags);
    if (!Net)
      State.SkipWithError("the text does not parse");
  }
  perReaction(State);
}

void binaryRoundTrip(benchmark::State &State) {
  const Network &Net = shared(State.range(0), State.range(1));
  DiagnosticEngine Diags([](const Diagnostic &) {});
  for (auto _ : State) {
    std::string Bytes;
    llvm::raw_string_ostream OS(Bytes);
    writeBinary(Net, OS);
    auto Back = readBinary(Bytes, "bench", Diags);
    if (!Back)
      State.SkipWithError("the binary form does not read back");
  }
  perReaction(State);
}

/// Erases every third reaction and closes the gaps.
void compactThird(benchmark::State &State) {
  const Network &Net = shared(State.range(0), State.range(1));
  for (auto _ : State) {
    State.PauseTiming();
    Network Copy = Net;
    State.ResumeTiming();
    Editor Edit(Copy);
    for (uint32_t I = 0; I < Copy.reactionRows(); I += 3)
      Edit.erase(ReactionId(I));
    Edit.compact();
    benchmark::DoNotOptimize(Copy);
  }
  perReaction(State);
}

void sizes(benchmark::internal::Benchmark *B) {
  B->ArgNames({"reactions", "local"})->Unit(benchmark::kMillisecond);
  for (int64_t Reactions : {10'000, 1'000'000, 10'000'000})
    for (int64_t Local : {1, 0})
      B->Args({Reactions, Local});
}

BENCHMARK(buildNetwork)->Apply(sizes);
BENCHMARK(heapObjects)->Apply(sizes);
BENCHMARK(loop)->Apply(sizes);
BENCHMARK(heapLoop)->Apply(sizes);
BENCHMARK(print)->Apply(sizes);
BENCHMARK(parse)->Apply(sizes);
BENCHMARK(binaryRoundTrip)->Apply(sizes);
BENCHMARK(compactThird)->Apply(sizes);

} // namespace

BENCHMARK_MAIN();
