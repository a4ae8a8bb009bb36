//===- ModelsTest.cpp - Whole models, to reactions and back -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Models of the shapes that people export, compiled in every way there is, and
// run. What they should compute is written out here by hand, in plain loops.
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/Compile.h"

#include "../Collected.h"
#include "nn2crn/Simulation/Simulate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

using namespace nn2crn;
using namespace nn2crn::test;

namespace {
using Vector = std::vector<double>;

std::string model(const std::string &Signature, const std::string &Nodes) {
  return "<ir_version: 8, opset_import: [\"\" : 20]>\nnet " + Signature +
         "\n{\n" + Nodes + "}\n";
}

std::string floats(const Vector &V) {
  std::string Out;
  for (double X : V)
    Out += (Out.empty() ? "" : ", ") + std::to_string(static_cast<float>(X));
  return "{" + Out + "}";
}

/// Numbers of six digits, as models print them.
Vector randomNumbers(size_t Count, double Size, unsigned Seed) {
  std::mt19937 Random(Seed);
  std::uniform_real_distribution<double> Value(-Size, Size);
  Vector Out(Count);
  for (double &V : Out)
    V = std::rint(Value(Random) * 1000) / 1000;
  return Out;
}

/// A way to compile, and how near its readings are.
struct Way {
  const char *Scheme, *Passes, *Activation;
  bool Sequester;
};
constexpr Way Ways[] = {
    {"auto", "O0", "auto", false},        {"auto", "O1", "auto", false},
    {"auto", "O2", "auto", false},        {"nc-relu", "O2", "piecewise", false},
    {"nc-relu", "Odsd", "auto", false},   {"fixed-point", "O0", "auto", false},
    {"fixed-point", "O2", "auto", false}, {"fixed-point", "O1", "auto", true},
};

/// Compiles \p Text every way within \p Budget and compares the first output
/// for random inputs from -1 to 1 with \p Want.
void expectModel(const std::string &Text,
                 const std::function<Vector(const std::vector<Vector> &)> &Want,
                 double Budget, std::span<const Way> How = Ways) {
  constexpr size_t Cases = 7;
  for (const Way &W : How) {
    SCOPED_TRACE(std::string(W.Scheme) + " " + W.Passes + " " + W.Activation);
    CompileOptions O;
    O.Scheme = W.Scheme;
    O.Passes = W.Passes;
    O.Activations.Way = W.Activation;
    O.SequesterRelus = W.Sequester;
    O.Weights.Budget = Budget;
    O.InputRanges = {};
    Collected Diags;
    auto Net = compileModel(Text, "model.onnxtext", O, Diags.Engine);
    ASSERT_TRUE(Net) << Diags.text();
    InputArrays In;
    In.Cases = Cases;
    unsigned Seed = 5;
    for (const Port &P : Net->ports())
      if (P.Direction == PortDirection::Input) {
        Array A;
        A.Shape.push_back(static_cast<int64_t>(Cases));
        A.Shape.insert(A.Shape.end(), P.Shape.begin(), P.Shape.end());
        A.Data = randomNumbers(Cases * P.elementCount(), 1, Seed++);
        In.Arrays.push_back({&P, std::move(A)});
      }
    SimulationOptions S;
    S.Method = SimulationMethod::Equilibrium;
    auto Result = simulate(*Net, In, S, Diags.Engine);
    ASSERT_TRUE(Result) << Diags.text();
    size_t Width = Result->Outputs[0].elements();
    for (size_t C = 0; C < Cases; ++C) {
      std::vector<Vector> X;
      for (size_t I = 0; I < In.Arrays.size(); ++I) {
        auto V = In.values(I, C);
        X.emplace_back(V.begin(), V.end());
      }
      Vector Y = Want(X);
      ASSERT_EQ(Y.size(), Width);
      for (size_t I = 0; I < Width; ++I)
        EXPECT_NEAR(Result->Outputs[0].Values[C * Width + I], Y[I], Budget)
            << "case " << C << ", element " << I;
    }
  }
}

/// W x + b, W by rows.
Vector dense(const Vector &W, const Vector &B, const Vector &X) {
  Vector Y = B;
  for (size_t R = 0; R < B.size(); ++R)
    for (size_t C = 0; C < X.size(); ++C)
      Y[R] += W[R * X.size() + C] * X[C];
  return Y;
}

Vector map(Vector X, const std::function<double(double)> &F) {
  for (double &V : X)
    V = F(V);
  return X;
}
double relu(double X) { return std::max(X, 0.0); }
} // namespace

TEST(Models, Residual) {
  Vector W = randomNumbers(16, 1, 1), B = randomNumbers(4, 0.5, 2);
  expectModel(
      model("(float[N, 4] x) => (float[N, 4] y)",
            "W = Constant <value = float[4,4] " + floats(W) + "> ()\n" +
                "b = Constant <value = float[4] " + floats(B) + "> ()\n" +
                "z = Gemm <transB = 1> (x, W, b)\nh = Relu (z)\n"
                "s = Add (h, x)\ny = Relu (s)\n"),
      [&](const std::vector<Vector> &X) {
        Vector Y = map(dense(W, B, X[0]), relu);
        for (size_t I = 0; I < 4; ++I)
          Y[I] = relu(Y[I] + X[0][I]);
        return Y;
      },
      0.02);
}

TEST(Models, ResidualBehindASmoothActivation) {
  Vector W = randomNumbers(9, 1, 3), B = randomNumbers(3, 0.5, 4);
  expectModel(
      model("(float[N, 3] x) => (float[N, 3] y)",
            "W = Constant <value = float[3,3] " + floats(W) + "> ()\n" +
                "b = Constant <value = float[3] " + floats(B) + "> ()\n" +
                "z = Gemm <transB = 1> (x, W, b)\nr = Relu (z)\n"
                "h = Tanh (r)\ns = Add (h, x)\ny = Relu (s)\n"),
      [&](const std::vector<Vector> &X) {
        Vector Y =
            map(dense(W, B, X[0]), [](double V) { return std::tanh(relu(V)); });
        for (size_t I = 0; I < 3; ++I)
          Y[I] = relu(Y[I] + X[0][I]);
        return Y;
      },
      0.05);
}

TEST(Models, TwoInputs) {
  Vector U = randomNumbers(6, 1, 5), V = randomNumbers(9, 1, 6);
  expectModel(
      model("(float[N, 2] a, float[N, 3] b) => (float[N, 3] y)",
            "U = Constant <value = float[3,2] " + floats(U) + "> ()\n" +
                "V = Constant <value = float[3,3] " + floats(V) + "> ()\n" +
                "p = Gemm <transB = 1> (a, U)\nq = Gemm <transB = 1> (b, V)\n"
                "s = Sub (p, q)\nh = Relu (s)\nt = Sigmoid (h)\n"
                "y = Add (t, q)\n"),
      [&](const std::vector<Vector> &X) {
        Vector P = dense(U, Vector(3), X[0]), Q = dense(V, Vector(3), X[1]);
        for (size_t I = 0; I < 3; ++I)
          P[I] = 1 / (1 + std::exp(-relu(P[I] - Q[I]))) + Q[I];
        return P;
      },
      0.05);
}

TEST(Models, ConvPoolConv) {
  // One channel of 6 x 6, two maps of 3 x 3 (padded), pooled by 2, one map.
  Vector K = randomNumbers(18, 0.5, 7), L = randomNumbers(8, 0.5, 8);
  expectModel(
      model("(float[N, 1, 6, 6] x) => (float[N, 1, 2, 2] y)",
            "K = Constant <value = float[2,1,3,3] " + floats(K) + "> ()\n" +
                "L = Constant <value = float[1,2,2,2] " + floats(L) + "> ()\n" +
                "c = Conv <pads = [1, 1, 1, 1]> (x, K)\nr = Relu (c)\n"
                "m = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (r)\n"
                "y = Conv (m, L)\n"),
      [&](const std::vector<Vector> &X) {
        auto At = [&](int R, int C) {
          return R < 0 || C < 0 || R > 5 || C > 5
                     ? 0.0
                     : X[0][static_cast<size_t>(6 * R + C)];
        };
        auto Kernel = [&](int M, int I, int J) {
          return K[static_cast<size_t>(9 * M + 3 * I + J)];
        };
        double Pooled[2][3][3] = {};
        for (int M = 0; M < 2; ++M)
          for (int R = 0; R < 6; ++R)
            for (int C = 0; C < 6; ++C) {
              double Sum = 0;
              for (int I = 0; I < 3; ++I)
                for (int J = 0; J < 3; ++J)
                  Sum += Kernel(M, I, J) * At(R + I - 1, C + J - 1);
              double &Most = Pooled[M][R / 2][C / 2];
              Most = std::max(Most, Sum); // Never below 0, as after a ReLU.
            }
        Vector Y(4);
        for (int R = 0; R < 2; ++R)
          for (int C = 0; C < 2; ++C)
            for (int M = 0; M < 2; ++M)
              for (int I = 0; I < 2; ++I)
                for (int J = 0; J < 2; ++J)
                  Y[static_cast<size_t>(2 * R + C)] +=
                      L[static_cast<size_t>(4 * M + 2 * I + J)] *
                      Pooled[M][R + I][C + J];
        return Y;
      },
      0.05);
}

TEST(Models, EveryActivation) {
  // Each on an element of its own, behind weights, and added up after.
  struct {
    const char *Node;
    std::function<double(double)> F;
  } Each[] = {
      {"Relu ", relu},
      {"LeakyRelu <alpha = 0.1> ",
       [](double X) { return X > 0 ? X : double{0.1f} * X; }},
      {"ThresholdedRelu <alpha = 0.0> ", relu},
      {"HardSigmoid ",
       [](double X) { return std::clamp(double{0.2f} * X + 0.5, 0.0, 1.0); }},
      {"HardSwish ",
       [](double X) { return X * std::clamp(X + 3, 0.0, 6.0) / 6; }},
      {"Abs ", [](double X) { return std::fabs(X); }},
      {"Sigmoid ", [](double X) { return 1 / (1 + std::exp(-X)); }},
      {"Tanh ", [](double X) { return std::tanh(X); }},
      {"Softplus ", [](double X) { return std::log1p(std::exp(X)); }},
      {"Softsign ", [](double X) { return X / (1 + std::fabs(X)); }},
      {"Elu <alpha = 0.7> ",
       [](double X) { return X > 0 ? X : double{0.7f} * std::expm1(X); }},
      {"Selu ",
       [](double X) {
         return 1.05070098735548 *
                (X > 0 ? X : 1.67326324235437 * std::expm1(X));
       }},
      {"Celu <alpha = 1.5> ",
       [](double X) { return X > 0 ? X : 1.5 * std::expm1(X / 1.5); }},
      {"Gelu ", [](double X) { return X * std::erfc(-X / std::sqrt(2)) / 2; }},
      {"Mish ",
       [](double X) { return X * std::tanh(std::log1p(std::exp(X))); }},
      {"Exp ", [](double X) { return std::exp(X); }},
  };
  size_t Count = std::size(Each);
  Vector W = randomNumbers(Count * 2, 1.5, 9);
  std::string Nodes = "W = Constant <value = float[" + std::to_string(Count) +
                      ",2] " + floats(W) +
                      "> ()\nz = Gemm <transB = 1> (x, W)\n"
                      "axes = Constant <value_ints = [1]> ()\n";
  std::string Parts;
  for (size_t I = 0; I < Count; ++I) {
    std::string N = std::to_string(I), M = std::to_string(I + 1);
    Nodes += "b" + N + " = Constant <value_ints = [" + N + "]> ()\n" + "e" + N +
             " = Constant <value_ints = [" + M + "]> ()\n" + "z" + N +
             " = Slice (z, b" + N + ", e" + N + ", axes)\n" + "a" + N + " = " +
             Each[I].Node + "(z" + N + ")\n";
    Parts += (Parts.empty() ? "a" : ", a") + N;
  }
  Nodes += "y = Concat <axis = 1> (" + Parts + ")\n";
  expectModel(
      model("(float[N, 2] x) => (float[N, " + std::to_string(Count) + "] y)",
            Nodes),
      [&](const std::vector<Vector> &X) {
        Vector Z = dense(W, Vector(Count), X[0]);
        for (size_t I = 0; I < Count; ++I)
          Z[I] = Each[I].F(Z[I]);
        return Z;
      },
      0.02);
}
