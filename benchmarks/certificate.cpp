//===- certificate.cpp - Optimising and proving a large network -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A random ternary network of 784-512-512-10 through -O2 and the certificate.
// The bound beside them, `product`, multiplies the matrices of the first two
// layers and the next two in 64-bit integers, which is what substituting one
// layer into the next comes to at the least.
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Verification/Certificate.h"
#include "RandomTernary.h"
#include "nn2crn/Lowering/NcRelu.h"
#include "nn2crn/Transforms/Pipeline.h"

#include <benchmark/benchmark.h>

using namespace nn2crn;

namespace {
const std::vector<uint32_t> Widths = {784, 512, 512, 10};

DiagnosticEngine &diags() {
  static DiagnosticEngine Diags([](const Diagnostic &) {});
  return Diags;
}

Network optimised(const Graph &G, const char *Passes) {
  Network Net = std::move(*lowerNcRelu(G, diags()));
  auto P = Pipeline::parse(Passes, diags());
  PassContext Context(diags(), [](std::string_view) {});
  PassRun Did;
  PassRunOptions Options;
  Options.VerifyEach = false;
  runPipeline(*P, Net, Context, Options, Did);
  return Net;
}

void optimise(benchmark::State &State, const char *Passes) {
  Graph G = bench::randomTernary(Widths, 7);
  Network Net;
  for (auto _ : State)
    Net = optimised(G, Passes);
  State.counters["reactions"] = static_cast<double>(Net.reactionCount());
}

void prove(benchmark::State &State, const char *Passes) {
  Graph G = bench::randomTernary(Widths, 7);
  Network Net = optimised(G, Passes);
  std::optional<Certificate> C;
  for (auto _ : State)
    C = certify(Net, &G, diags());
  State.counters["equal"] = C && C->isEqual();
}

void product(benchmark::State &State) {
  Graph G = bench::randomTernary(Widths, 7);
  std::vector<std::vector<int64_t>> Layers;
  for (const Node &N : G.nodes())
    if (N.Kind == NodeKind::Affine) {
      const SparseMatrix &W = N.Operands[0].Weights;
      std::vector<int64_t> Dense(size_t{W.rows()} * W.columns());
      for (uint32_t R = 0; R < W.rows(); ++R)
        for (size_t K = 0; K < W.columnsOf(R).size(); ++K)
          Dense[size_t{R} * W.columns() + W.columnsOf(R)[K]] =
              static_cast<int64_t>(W.weightsOf(R)[K]);
      Layers.push_back(std::move(Dense));
    }
  for (auto _ : State) {
    // Both rails of what the first layer makes, into the second.
    std::vector<int64_t> Out(size_t{Widths[2]} * 2 * Widths[0]);
    for (uint32_t R = 0; R < Widths[2]; ++R)
      for (uint32_t K = 0; K < Widths[1]; ++K) {
        int64_t W = Layers[1][size_t{R} * Widths[1] + K];
        int64_t *To = &Out[size_t{R} * 2 * Widths[0]];
        const int64_t *From = &Layers[0][size_t{K} * Widths[0]];
        for (uint32_t C = 0; C < Widths[0]; ++C) {
          To[2 * C] += W * From[C];
          To[2 * C + 1] -= W * From[C];
        }
      }
    benchmark::DoNotOptimize(Out.data());
  }
}

BENCHMARK(product)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(optimise, O0, "O0")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(optimise, O2, "O2")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(prove, O0, "O0")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(prove, O2, "O2")->Unit(benchmark::kMillisecond);
} // namespace

BENCHMARK_MAIN();
