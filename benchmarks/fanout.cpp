//===- fanout.cpp - What sharing fan-outs saves, and how long it takes -*- C++
//-*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One dense layer of 784 inputs and 512 outputs in dual rail whose weights are
// -1, 0 and 1, a third each, drawn with a fixed seed: the fan-outs that
// factor-fanout takes apart. Beside the time of the pass every benchmark
// reports what is left of the plain layer, as a fraction: product slots without
// a limit, nucleotides with lists of at most 4, reactions with lists of at most
// 2 (both after split-fanout, against split-fanout alone).
//
//===----------------------------------------------------------------------===//

#include "SplitMix.h"
#include "nn2crn/Analysis/CostModel.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/Transforms/Pipeline.h"

#include <benchmark/benchmark.h>

#include <string>

using namespace nn2crn;
using bench::SplitMix;

namespace {

constexpr uint64_t Seed = 7;

Network layer(uint32_t Inputs, uint32_t Outputs) {
  Network Net;
  Editor Edit(Net);
  SplitMix Random{Seed};
  auto Rails = [&](const char *Name, uint32_t Count, PortDirection Direction) {
    Port P;
    P.Name = Name;
    P.Direction = Direction;
    P.Shape = {Count};
    for (uint32_t I = 0; I < Count; ++I) {
      SignalId S = Edit.signal(Name);
      SpeciesId Positive = Edit.addSpecies({S, I, Rail::Positive}),
                Negative = Edit.addSpecies({S, I, Rail::Negative});
      P.addElement(std::vector<PortTerm>{{Positive, 1}, {Negative, -1}});
    }
    Edit.addPort(std::move(P));
  };
  Rails("x", Inputs, PortDirection::Input);
  Rails("y", Outputs, PortDirection::Output);
  RateId One = Edit.rate(1);
  std::vector<Term> Same, Mirrored;
  for (uint32_t I = 0; I < Inputs; ++I) {
    Same.clear();
    Mirrored.clear();
    for (uint32_t J = 0; J < Outputs; ++J)
      if (uint32_t W = Random.below(3)) {
        SpeciesId P(2 * (Inputs + J)), N(2 * (Inputs + J) + 1);
        Same.push_back({W == 1 ? P : N, 1});
        Mirrored.push_back({W == 1 ? N : P, 1});
      }
    Term Positive{SpeciesId(2 * I), 1}, Negative{SpeciesId(2 * I + 1), 1};
    Edit.addReaction({&Positive, 1}, Same, One);
    Edit.addReaction({&Negative, 1}, Mirrored, One);
  }
  return Net;
}

/// The network after the passes and the seconds that factor-fanout took.
Network run(const Network &Net, const std::string &Passes, double &Seconds) {
  Network Result = Net;
  DiagnosticEngine Diags([](const Diagnostic &) {});
  PassContext Context(Diags, [](std::string_view) {});
  PassRunOptions Options;
  Options.VerifyEach = false;
  PassRun Did;
  auto P = Pipeline::parse(Passes, Diags);
  if (!P || !runPipeline(*P, Result, Context, Options, Did))
    return {};
  Seconds = Did.Entries[0].Seconds;
  return Result;
}

void factor(benchmark::State &State, const std::string &Options,
            uint32_t MaxProducts, uint64_t Cost::*What) {
  Network Net = layer(784, 512);
  std::string Split =
      MaxProducts
          ? "split-fanout{max-products=" + std::to_string(MaxProducts) + "}"
          : "print-stats";
  double Seconds = 0;
  double Plain =
      static_cast<double>(computeCost(run(Net, Split, Seconds)).*What);
  Cost Left;
  for (auto _ : State) {
    Left = computeCost(
        run(Net, "factor-fanout{" + Options + "}," + Split, Seconds));
    State.SetIterationTime(Seconds);
  }
  State.counters["left"] = static_cast<double>(Left.*What) / Plain;
  State.counters["reactions"] = static_cast<double>(Left.Reactions);
  State.counters["slots"] = static_cast<double>(Left.ProductSlots);
  State.counters["depth"] = static_cast<double>(Left.Depth.value_or(0));
}

void fanouts(benchmark::internal::Benchmark *B) {
  B->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(1);
}

BENCHMARK_CAPTURE(factor, slots, "max-depth=0", 0, &Cost::ProductSlots)
    ->Apply(fanouts);
BENCHMARK_CAPTURE(factor, slots_depth4, "max-depth=4", 0, &Cost::ProductSlots)
    ->Apply(fanouts);
BENCHMARK_CAPTURE(factor, nucleotides_products4,
                  "max-depth=0 objective=nucleotides max-products=4", 4,
                  &Cost::Nucleotides)
    ->Apply(fanouts);
BENCHMARK_CAPTURE(factor, reactions_products2,
                  "max-depth=0 objective=reactions max-products=2", 2,
                  &Cost::Reactions)
    ->Apply(fanouts);

} // namespace

BENCHMARK_MAIN();
