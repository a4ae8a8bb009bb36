//===- cascade.cpp - The limit of a large network of fixed points -*- C++
//-*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A random dense network of 784-200-200-10 smoothed ReLUs, a reaction a weight,
// by `equilibrium`. The bound beside it, `product`, multiplies dense matrices
// of the same sizes with each case: the multiplications alone, without a bound
// on errors, and without species.
//
//===----------------------------------------------------------------------===//

#include "SplitMix.h"
#include "nn2crn/IR/Text.h"
#include "nn2crn/Simulation/Simulate.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

using namespace nn2crn;

namespace {
const std::vector<uint32_t> Widths = {784, 200, 200, 10};
constexpr size_t Cases = 4096;

double uniform(bench::SplitMix &Random) {
  return (Random.below(20001) - 10000.0) / 10000;
}

Network cascade() {
  bench::SplitMix Random{7};
  std::string Text = "@input x[784] single\n@output y[10] single\n";
  for (size_t L = 1; L < Widths.size(); ++L)
    for (uint32_t To = 0; To < Widths[L]; ++To) {
      bool Last = L + 1 == Widths.size();
      std::string Y =
          (Last ? "y." : "h" + std::to_string(L) + ".") + std::to_string(To);
      Text += "-> " + Y + " [k = 1e-4]\n2 " + Y + " -> " + Y + "\n";
      for (uint32_t From = 0; From < Widths[L - 1]; ++From) {
        std::string U = (L == 1 ? "x." : "h" + std::to_string(L - 1) + ".") +
                        std::to_string(From);
        double W = uniform(Random) / std::sqrt(Widths[L - 1]);
        if (W != 0)
          Text += U + " + " + Y + " -> " + U + (W > 0 ? " + 2 " + Y : "") +
                  " [k = " + formatDouble(std::fabs(W)) + "]\n";
      }
    }
  DiagnosticEngine Diags([](const Diagnostic &) {});
  return std::move(*parseText(Text, "cascade.crn", Diags));
}

Array inputs() {
  bench::SplitMix Random{8};
  Array X;
  X.Shape = {Cases, 784};
  for (size_t I = 0; I < Cases * 784; ++I)
    X.Data.push_back(std::fabs(uniform(Random)));
  return X;
}

void limits(benchmark::State &State) {
  Network Net = cascade();
  InputArrays Inputs{{{Net.findPort("x", PortDirection::Input), inputs()}},
                     Cases};
  SimulationOptions O;
  O.Method = SimulationMethod::Equilibrium;
  O.Threads = 1;
  DiagnosticEngine Diags([](const Diagnostic &) {});
  double Accuracy = 1;
  for (auto _ : State)
    if (auto R = simulate(Net, Inputs, O, Diags))
      Accuracy = *R->Accuracy;
  State.counters["reactions"] = static_cast<double>(Net.reactionCount());
  State.counters["accuracy"] = Accuracy;
  State.SetItemsProcessed(static_cast<int64_t>(State.iterations() * Cases));
}

void product(benchmark::State &State) {
  bench::SplitMix Random{7};
  std::vector<std::vector<double>> Layers;
  for (size_t L = 1; L < Widths.size(); ++L) {
    Layers.emplace_back();
    for (size_t I = 0; I < size_t{Widths[L]} * Widths[L - 1]; ++I)
      Layers.back().push_back(uniform(Random));
  }
  Array X = inputs();
  for (auto _ : State)
    // Eight cases side by side, as the simulator has them.
    for (size_t Block = 0; Block < Cases / 8; ++Block) {
      std::vector<double> At(&X.Data[Block * 8 * 784],
                             &X.Data[Block * 8 * 784] + 8 * 784);
      for (size_t L = 1; L < Widths.size(); ++L) {
        std::vector<double> Next(size_t{8} * Widths[L]);
        for (size_t To = 0; To < Widths[L]; ++To) {
          double Sum[8] = {};
          const double *W = &Layers[L - 1][To * Widths[L - 1]];
          for (size_t From = 0; From < Widths[L - 1]; ++From)
            for (size_t I = 0; I < 8; ++I)
              Sum[I] += W[From] * At[From * 8 + I];
          std::ranges::copy(Sum, &Next[To * 8]);
        }
        At = std::move(Next);
      }
      benchmark::DoNotOptimize(At.data());
    }
  State.SetItemsProcessed(static_cast<int64_t>(State.iterations() * Cases));
}
} // namespace

BENCHMARK(limits)->Unit(benchmark::kMillisecond);
BENCHMARK(product)->Unit(benchmark::kMillisecond);
BENCHMARK_MAIN();
