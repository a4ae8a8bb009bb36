//===- RandomCascade.h - Networks of fixed points, for tests -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_RANDOMCASCADE_H
#define NN2CRN_TEST_RANDOMCASCADE_H

#include "nn2crn/Support/Number.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace nn2crn::test {

/// A feed-forward cascade of everything that tends to a fixed point: smoothed
/// ReLUs, wires, wires whose rails annihilate, sequestration, products,
/// quotients, roots, chains of conversions; on inputs that nothing changes and,
/// with \p Mixed, on the minimum of two amounts, which is rate-independent.
/// Every species that a gadget makes is read. The same seed gives the same
/// network.
class RandomCascade {
public:
  using Real = long double;
  /// The text of the network; inputs are port x, readings port y.
  std::string Text;
  size_t Inputs, Readings = 0;

  RandomCascade(unsigned Seed, unsigned Layers, unsigned Width, bool Mixed)
      : Inputs(2 + Seed % 3), Random(Seed) {
    std::vector<Signal> Below;
    for (size_t I = 0; I < Inputs; ++I)
      Below.push_back(
          {"x." + std::to_string(I),
           [I](const std::vector<double> &X) { return Real(X[I]); }});
    if (Mixed)
      addMinimum(Below);
    for (unsigned L = 0; L < Layers; ++L) {
      std::vector<Signal> Made;
      for (unsigned U = 0; U < Width; ++U)
        addGadget(Below, Made);
      for (const Signal &S : Made)
        Binds +=
            "@bind y[" + std::to_string(Readings++) + "] = " + S.Name + "\n";
      Outputs.insert(Outputs.end(), Made.begin(), Made.end());
      Below = std::move(Made);
    }
    Text = "@input x[" + std::to_string(Inputs) + "] single\n@output y[" +
           std::to_string(Readings) + "] single\n" + Binds + Body;
  }

  /// What the readings tend to, in closed forms.
  std::vector<Real> limits(const std::vector<double> &X) const {
    std::vector<Real> Y;
    for (const Signal &S : Outputs)
      Y.push_back(S.Value(X));
    return Y;
  }

private:
  struct Signal {
    std::string Name;
    std::function<Real(const std::vector<double> &)> Value;
  };
  struct Weighted {
    Signal From;
    double Weight;
  };
  static Real sum(const std::vector<Weighted> &W, Real Bias,
                  const std::vector<double> &X) {
    for (const Weighted &T : W)
      Bias += T.Weight * T.From.Value(X);
    return Bias;
  }

  double rate() {
    // No power of two, so that rounding shows.
    return std::exp(std::uniform_real_distribution<double>(-1.5, 0.7)(Random));
  }
  void react(const std::string &Reaction, double K) {
    Body += Reaction + " [k = " + formatDouble(K) + "]\n";
  }
  /// Limits do not depend on where species start.
  std::string species(std::string_view Kind) {
    std::string Name = std::string(Kind) + std::to_string(Next++);
    if (Random() % 2)
      Body += Name + " @initial " + formatDouble(rate()) + "\n";
    return Name;
  }
  const Signal &any(const std::vector<Signal> &Below) {
    return Below[Random() % Below.size()];
  }
  /// A source of \p To from what is below: about half of it.
  std::vector<Weighted> produce(const std::vector<Signal> &Below,
                                const std::string &To) {
    std::vector<Weighted> W;
    for (const Signal &S : Below)
      if (Random() % 2) {
        W.push_back({S, rate() / static_cast<double>(Below.size())});
        react(S.Name + " -> " + S.Name + " + " + To, W.back().Weight);
      }
    return W;
  }

  void addMinimum(std::vector<Signal> &Below) {
    std::string A = "a", B = "b", C = "c", D = "d";
    Body += "a @i 1.25\nb @i 2\n";
    react("x.0 -> a", rate());
    react("a + b -> c", rate());
    react("x.1 -> 3 d", rate());
    auto X0 = Below[0].Value, X1 = Below[1].Value;
    auto Least = [X0](const std::vector<double> &X) {
      return std::min(X0(X) + Real(1.25), Real(2));
    };
    Below[0] = {C, Least};
    Below[1] = {D, [X1](const std::vector<double> &X) { return 3 * X1(X); }};
    Below.push_back(
        {B, [Least](const std::vector<double> &X) { return 2 - Least(X); }});
    // What the reactions consume on their way comes to nothing.
    Below.push_back(
        {"x.0", [](const std::vector<double> &) { return Real(0); }});
  }

  /// dy/dt = h + x y - c y^2
  Signal addRelu(const std::vector<Signal> &Below) {
    std::string Y = species("relu");
    double H = 1e-3 * rate(), C = rate(), B = rate();
    react("-> " + Y, H);
    react("2 " + Y + " -> " + Y, C);
    bool Up = Random() % 2;
    react(Y + (Up ? " -> 2 " + Y : " ->"), B);
    std::vector<Weighted> W;
    for (const Signal &S : Below) {
      double K = rate() / static_cast<double>(Below.size());
      bool Plus = Random() % 2;
      react(S.Name + " + " + Y + " -> " + S.Name + (Plus ? " + 2 " + Y : ""),
            K);
      W.push_back({S, Plus ? K : -K});
    }
    return {Y, [=](const std::vector<double> &X) {
              Real Z = sum(W, Up ? B : -B, X);
              Real Root = std::sqrt(Z * Z + 4 * Real(C) * H);
              return Z > 0 ? (Z + Root) / (2 * C) : 2 * H / (Root - Z);
            }};
  }
  Signal addWire(const std::vector<Signal> &Below) {
    std::string V = species("wire");
    double B = rate(), G = rate();
    auto W = produce(Below, V);
    react("-> " + V, B);
    react(V + " ->", G);
    return {V, [=](const std::vector<double> &X) { return sum(W, B, X) / G; }};
  }
  /// p' = P - g p - k p n, n' = N - g n - k p n
  void addPair(const std::vector<Signal> &Below, std::vector<Signal> &Made) {
    std::string P = species("p"), N = species("n");
    double G = rate(), K = Random() % 2 ? rate() : 1e4 * rate(), B = rate();
    auto Plus = produce(Below, P), Minus = produce(Below, N);
    react("-> " + N, B);
    react(P + " ->", G);
    react(N + " ->", G);
    react(P + " + " + N + " ->", K);
    for (bool Up : {true, false})
      Made.push_back({Up ? P : N, [=](const std::vector<double> &X) {
                        Real In = sum(Plus, 0, X), Out = sum(Minus, B, X);
                        if (!Up)
                          std::swap(In, Out);
                        // k p^2 + (g - k d) p - In = 0, d = (In - Out) / g
                        Real M = G - K * (In - Out) / G;
                        Real Root = std::sqrt(M * M + 4 * K * In);
                        return M < 0 ? (Root - M) / (2 * K)
                                     : 2 * In / (Root + M);
                      }});
  }
  Signal addProduct(const std::vector<Signal> &Below) {
    std::string C = species("product");
    Signal A = any(Below), B = any(Below);
    double K = rate(), G = rate();
    std::string Both =
        A.Name == B.Name ? "2 " + A.Name : A.Name + " + " + B.Name;
    react(Both + " -> " + Both + " + " + C, K);
    react(C + " ->", G);
    return {C, [=](const std::vector<double> &X) {
              return K * A.Value(X) * B.Value(X) / G;
            }};
  }
  Signal addQuotient(const std::vector<Signal> &Below) {
    std::string C = species("quotient");
    Signal A = any(Below), B = any(Below);
    double K = rate(), G = rate();
    react(A.Name + " -> " + A.Name + " + " + C, K);
    react(C + " + " + B.Name + " -> " + B.Name, 1);
    // Some inputs are 0.
    react(C + " ->", G);
    return {C, [=](const std::vector<double> &X) {
              return K * A.Value(X) / (B.Value(X) + G);
            }};
  }
  /// c^n = a
  Signal addRoot(const std::vector<Signal> &Below) {
    std::string C = species("root");
    unsigned N = 2 + Random() % 4;
    double H = rate(), K = rate(), L = rate();
    Signal A = any(Below);
    react("-> " + C, H);
    react(A.Name + " -> " + A.Name + " + " + C, K);
    react(std::to_string(N) + " " + C + " -> " + std::to_string(N - 1) + " " +
              C,
          L);
    return {C, [=](const std::vector<double> &X) {
              return std::pow((H + K * A.Value(X)) / L, Real(1) / N);
            }};
  }
  Signal addChain(const std::vector<Signal> &Below) {
    std::string A = species("from"), B = species("to");
    double K = rate(), L = rate(), G = rate();
    auto W = produce(Below, A);
    react("-> " + A, K);
    react(A + " -> 2 " + B, L);
    react(B + " ->", G);
    return {B,
            [=](const std::vector<double> &X) { return 2 * sum(W, K, X) / G; }};
  }

  void addGadget(const std::vector<Signal> &Below, std::vector<Signal> &Made) {
    switch (Random() % 9) {
    case 0:
    case 1:
      return Made.push_back(addRelu(Below));
    case 2:
      return Made.push_back(addWire(Below));
    case 3:
    case 4:
      return addPair(Below, Made);
    case 5:
      return Made.push_back(addProduct(Below));
    case 6:
      return Made.push_back(addQuotient(Below));
    case 7:
      return Made.push_back(addRoot(Below));
    default:
      return Made.push_back(addChain(Below));
    }
  }

  std::mt19937_64 Random;
  unsigned Next = 0;
  std::string Body, Binds;
  std::vector<Signal> Outputs;
};

} // namespace nn2crn::test

#endif
