//===- SimulationFixture.h - Networks and answers for the tests -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_SIMULATIONFIXTURE_H
#define NN2CRN_TEST_SIMULATIONFIXTURE_H

#include "../ParseNetwork.h"
#include "nn2crn/Simulation/Simulate.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace nn2crn::test {

struct Reports {
  std::string Text;
  DiagnosticEngine Diags{
      [this](const Diagnostic &D) { Text += formatDiagnostic(D); }};
};

/// Simulates the network's own amounts, or \p Inputs; an empty result, with the
/// report in \p Reported, after errors.
inline SimulationResult run(const Network &Net,
                            const SimulationOptions &Options,
                            std::span<const std::string> Specs = {},
                            std::string *Reported = nullptr) {
  Reports R;
  auto Inputs = readInputs(Net, Specs, R.Diags);
  std::optional<SimulationResult> Result;
  if (Inputs)
    Result = simulate(Net, *Inputs, Options, R.Diags);
  if (Reported)
    *Reported = R.Text;
  else
    EXPECT_TRUE(Result) << R.Text;
  return Result ? std::move(*Result) : SimulationResult();
}

inline SimulationOptions odeUntil(double EndTime) {
  SimulationOptions O;
  O.Method = SimulationMethod::Ode;
  O.Until = StopRule::EndTime;
  O.EndTime = EndTime;
  return O;
}
inline SimulationOptions settled(SimulationMethod M) {
  SimulationOptions O;
  O.Method = M;
  return O;
}

/// The amount of \p Species (without ports all species are outputs).
inline double amount(const SimulationResult &Result, std::string_view Species,
                     size_t Case = 0) {
  const SimulationOutput &Out = Result.Outputs.at(0);
  for (size_t I = 0; I < Out.ElementNames.size(); ++I)
    if (Out.ElementNames[I] == Species)
      return Out.Values[Case * Out.elements() + I];
  ADD_FAILURE() << "no species " << Species;
  return 0;
}

/// A random dense ReLU net with weights -1, 0 and 1 as reactions (dual rail,
/// one fan-out a rail, two reactions a unit), and what it computes.
struct TernaryNet {
  std::vector<unsigned> Widths;
  /// [layer][to][from] and [layer][to].
  std::vector<std::vector<std::vector<int>>> Weights;
  std::vector<std::vector<double>> Biases;

  TernaryNet(std::vector<unsigned> Sizes, uint64_t Seed)
      : Widths(std::move(Sizes)) {
    std::mt19937_64 Random(Seed);
    for (size_t L = 0; L + 1 < Widths.size(); ++L) {
      Weights.emplace_back();
      Biases.emplace_back();
      for (unsigned To = 0; To < Widths[L + 1]; ++To) {
        Weights[L].emplace_back();
        for (unsigned From = 0; From < Widths[L]; ++From)
          Weights[L][To].push_back(static_cast<int>(Random() % 3) - 1);
        Biases[L].push_back(static_cast<double>(Random() % 2001) / 1000 - 1);
      }
    }
  }

  std::vector<double> eval(std::vector<double> X) const {
    for (size_t L = 0; L < Weights.size(); ++L) {
      std::vector<double> Z = Biases[L];
      for (size_t To = 0; To < Z.size(); ++To)
        for (size_t From = 0; From < X.size(); ++From)
          Z[To] += Weights[L][To][From] * X[From];
      if (L + 1 < Weights.size())
        for (double &V : Z)
          V = std::max(V, 0.0);
      X = std::move(Z);
    }
    return X;
  }

  /// Rates by \p Rate, which gets called once a reaction. \p Annihilate lets
  /// the rails of all sums and of the outputs cancel.
  std::string text(const std::function<double()> &Rate,
                   bool Annihilate = false) const {
    std::string T = "@input x[" + std::to_string(Widths[0]) +
                    "] dual\n@output y[" + std::to_string(Widths.back()) +
                    "] dual\n";
    size_t Last = Weights.size() - 1;
    auto K = [&] { return " [k = " + formatDouble(Rate()) + "]\n"; };
    for (size_t L = 0; L <= Last; ++L) {
      std::string Source = L ? "h" + std::to_string(L) : "x",
                  Sum = L == Last ? "y" : "z" + std::to_string(L + 1);
      for (unsigned From = 0; From < Widths[L]; ++From)
        for (bool Negative : {false, true}) {
          std::string Products;
          for (unsigned To = 0; To < Widths[L + 1]; ++To)
            if (int W = Weights[L][To][From])
              Products += (Products.empty() ? "" : " + ") + Sum + "." +
                          std::to_string(To) +
                          ((W < 0) != Negative ? ".n" : ".p");
          if (!Products.empty())
            T += Source + "." + std::to_string(From) +
                 (Negative ? ".n" : ".p") + " -> " + Products + K();
        }
      for (unsigned To = 0; To < Widths[L + 1]; ++To) {
        std::string I = "." + std::to_string(To);
        double B = Biases[L][To];
        if (B != 0)
          T += Sum + I + (B > 0 ? ".p" : ".n") + " @initial " +
               formatDouble(std::abs(B)) + "\n";
        if (Annihilate)
          T += Sum + I + ".p + " + Sum + I + ".n ->" + K();
        if (L == Last)
          continue;
        std::string H = "h" + std::to_string(L + 1) + I,
                    M = "m" + std::to_string(L + 1) + I;
        T += Sum + I + ".p -> " + M + " + " + H + ".p" + K();
        T += M + " + " + Sum + I + ".n -> " + H + ".n" + K();
      }
    }
    return T;
  }
};

} // namespace nn2crn::test

#endif
