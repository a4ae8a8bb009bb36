//===- ONNXSignalTest.cpp - Sums over named axes, transforms, sampling ----===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXReference.h"

#include <complex>
#include <numbers>

using namespace nn2crn;
using namespace nn2crn::test;

TEST(ONNXEinsum, EquationsOfAllKinds) {
  Dice D(1);
  Dense X = D.tensor({2, 3, 4}), K = D.tensor({4, 5}), S = D.tensor({3, 3});
  auto Check = [](const char *Text, const Dense &In, const Dense *Known,
                  const Dense &Want) {
    SCOPED_TRACE(Text);
    OneNode M("Einsum", In.Shape);
    M.attribute("equation", Text);
    if (Known)
      M.operand(*Known);
    M.expect({In}, {Want}, 1e-9);
  };
  Dense Y({2, 5, 3});
  forEach({2, 5, 3, 4}, [&](const Dims &I) {
    Y.at({I[0], I[1], I[2]}) += X.at({I[0], I[2], I[3]}) * K.at({I[3], I[1]});
  });
  Check("bij,jk->bki", X, &K, Y);
  Check(" ...ij, jk -> ...ki ", X, &K, Y);
  Dense Sorted({2, 3, 5});
  forEach(Sorted.Shape,
          [&](const Dims &I) { Sorted.at(I) = Y.at({I[0], I[2], I[1]}); });
  // Without a result: the names that stand once, in the alphabet's order.
  Check("abz,zc", X, &K, Sorted);
  Dense Trace({1}), Diagonal({3}), Turned({3, 3});
  Trace.Shape = {};
  forEach(S.Shape, [&](const Dims &I) {
    Turned.at(I) = S.at({I[1], I[0]});
    if (I[0] == I[1]) {
      Trace.Data[0] += S.at(I);
      Diagonal.at({I[0]}) = S.at(I);
    }
  });
  Check("ii", S, nullptr, Trace);
  Check("ii->i", S, nullptr, Diagonal);
  Check("ba", S, nullptr, Turned);
  Dense Rows({3});
  forEach(S.Shape, [&](const Dims &I) { Rows.at({I[0]}) += S.at(I); });
  Check("ij->i", S, nullptr, Rows);

  for (const char *Bad : {"ij->ijk", "ij->ii", "i->i", "ij,jk->ik", "i.j->i",
                          "i1->i", "...ij...->i", "ij-i"})
    OneNode("Einsum", {3, 3})
        .attribute("equation", Bad)
        .refuses("does not fit the operands");
  OneNode("Einsum", {3, 3})
      .input("z", {3, 3})
      .attribute("equation", "ij,jk")
      .refuses("Einsum of two computed tensors");
}

TEST(ONNXSignal, FourierTransforms) {
  Dice D(2);
  Dense X = D.tensor({2, 6, 1}), Z = D.tensor({2, 6, 2});
  for (bool Inverse : {false, true})
    for (int64_t Length : {6, 4, 9}) {
      Dense Y({2, Length, 2}), One({2, Length / 2 + 1, 2}), Count;
      Count.Data = {static_cast<double>(Length)};
      auto Transform = [&](const Dense &In, Dense &Out) {
        forEach({Out.Shape[0], Out.Shape[1]}, [&](const Dims &I) {
          std::complex<double> Sum;
          for (int64_t K = 0; K < std::min<int64_t>(Length, 6); ++K) {
            std::complex<double> V(In.at({I[0], K, 0}),
                                   In.Shape[2] == 2 ? In.at({I[0], K, 1}) : 0);
            Sum += V * std::polar(1.0, (Inverse ? 2 : -2) * std::numbers::pi *
                                           static_cast<double>(I[1] * K) /
                                           static_cast<double>(Length));
          }
          if (Inverse)
            Sum /= static_cast<double>(Length);
          Out.at({I[0], I[1], 0}) = Sum.real();
          Out.at({I[0], I[1], 1}) = Sum.imag();
        });
      };
      for (const Dense *In : {&X, &Z}) {
        Transform(*In, Y);
        OneNode("DFT", In->Shape, 17)
            .integers(Count)
            .attribute("inverse", int64_t{Inverse})
            .expect({*In}, {Y}, 1e-9);
      }
      Transform(X, One);
      OneNode("DFT", X.Shape, 17)
          .integers(Count)
          .attribute("onesided", int64_t{1})
          .attribute("inverse", int64_t{Inverse})
          .expect({X}, {One}, 1e-9);
    }
}

TEST(ONNXSignal, LossesTakeOneClassOfEach) {
  Dense X = Dice(3).tensor({2, 3, 4}), Class({2, 4}), Weights({3});
  Weights.Data = {0.5, 2, 1};
  for (size_t I = 0; I < 8; ++I)
    Class.Data[I] = static_cast<double>(I % 3);
  Dense None({2, 4}), Sum, Mean;
  double Total = 0;
  forEach(Class.Shape, [&](const Dims &At) {
    if (Class.at(At) == 1)
      return; // Ignored.
    auto C = static_cast<int64_t>(Class.at(At));
    double W = Weights.at({C});
    None.at(At) = -W * X.at({At[0], C, At[1]});
    Sum.Data[0] += None.at(At);
    Total += W;
  });
  Mean.Data[0] = Sum.Data[0] / Total;
  auto Loss = [&](const char *How, const Dense &Want) {
    OneNode("NegativeLogLikelihoodLoss", X.Shape)
        .integers(Class)
        .operand(Weights)
        .attribute("reduction", How)
        .attribute("ignore_index", int64_t{1})
        .expect({X}, {Want}, 1e-9);
  };
  Loss("none", None);
  Loss("sum", Sum);
  Loss("mean", Mean);
  Class.Data[0] = 7;
  OneNode("NegativeLogLikelihoodLoss", X.Shape)
      .integers(Class)
      .refuses("there is no class 7");
}

TEST(ONNXSignal, SamplingAtTheMiddleOfPixels) {
  // A grid that names every pixel gives the image back, in every mode.
  Dense X = Dice(4).tensor({1, 2, 3, 4}), Grid({1, 3, 4, 2});
  for (bool Align : {false, true}) {
    forEach({3, 4}, [&](const Dims &At) {
      auto Place = [&](int64_t I, int64_t N) {
        auto V = static_cast<double>(I), E = static_cast<double>(N);
        return Align ? 2 * V / (E - 1) - 1 : (2 * V + 1) / E - 1;
      };
      Grid.at({0, At[0], At[1], 0}) = Place(At[1], 4);
      Grid.at({0, At[0], At[1], 1}) = Place(At[0], 3);
    });
    for (const char *Mode : {"nearest", "bilinear", "bicubic"})
      for (const char *Padding : {"zeros", "border", "reflection"})
        OneNode("GridSample", X.Shape, 16)
            .operand(Grid)
            .attribute("mode", Mode)
            .attribute("padding_mode", Padding)
            .attribute("align_corners", int64_t{Align})
            .expect({X}, {X}, 1e-5);
  }
  OneNode("GridSample", X.Shape, 16)
      .input("g", Grid.Shape)
      .refuses("with computed places");
}

TEST(ONNXSignal, ResizeKeepsWhatItHas) {
  Dense X = Dice(5).tensor({1, 1, 3, 2}), Scales({4}), Y({1, 1, 6, 4});
  Scales.Data = {1, 1, 2, 2};
  forEach(Y.Shape, [&](const Dims &At) {
    Y.at(At) = X.at({0, 0, At[2] / 2, At[3] / 2});
  });
  OneNode("Resize", X.Shape).missing().operand(Scales).expect({X}, {Y}, 0);
  OneNode("Upsample", X.Shape, 9).operand(Scales).expect({X}, {Y}, 0);
  OneNode("Upsample", X.Shape, 1)
      .attribute("height_scale", 2.0f)
      .attribute("width_scale", 2.0f)
      .expect({X}, {Y}, 0);
  OneNode("Resize", X.Shape)
      .missing()
      .missing()
      .operand(Dims{1, 1, 6, 4})
      .expect({X}, {Y}, 0);
  OneNode("Resize", X.Shape, 18)
      .missing()
      .operand(Scales)
      .attribute("antialias", int64_t{1})
      .refuses("with antialiasing");
}

TEST(ONNXSignal, CrossEntropiesOfSoftmaxes) {
  Dense X = Dice(4).tensor({2, 3, 4}), Class({2, 4}), Weights({3});
  Weights.Data = {0.5, 2, 1};
  for (size_t I = 0; I < 8; ++I)
    Class.Data[I] = static_cast<double>(I % 3);
  // Large numbers must not overflow on the way.
  for (double &V : X.Data)
    V *= 300;
  Dense Logs(X.Shape), None({2, 4}), Mean({1});
  Mean.Shape = {};
  double Total = 0;
  forEach(Class.Shape, [&](const Dims &I) {
    double Most = -HUGE_VAL, Sum = 0;
    for (int64_t C = 0; C < 3; ++C)
      Most = std::max(Most, X.at({I[0], C, I[1]}));
    for (int64_t C = 0; C < 3; ++C)
      Sum += std::exp(X.at({I[0], C, I[1]}) - Most);
    for (int64_t C = 0; C < 3; ++C)
      Logs.at({I[0], C, I[1]}) = X.at({I[0], C, I[1]}) - Most - std::log(Sum);
    auto Of = static_cast<int64_t>(Class.at(I));
    double W = Weights.at({Of});
    None.at(I) = -W * Logs.at({I[0], Of, I[1]});
    Mean.Data[0] += None.at(I);
    Total += W;
  });
  Mean.Data[0] /= Total;
  OneNode("SoftmaxCrossEntropyLoss", X.Shape, 13, 2)
      .attribute("reduction", "none")
      .integers(Class)
      .operand(Weights)
      .expect({X}, {None, Logs}, 1e-6);
  OneNode("SoftmaxCrossEntropyLoss", X.Shape)
      .integers(Class)
      .operand(Weights)
      .expect({X}, {Mean}, 1e-6);
  OneNode("SoftmaxCrossEntropyLoss", {3}).integers(Class).refuses("compare");
}

TEST(ONNXSignal, LogarithmsOfSumsOfExponentials) {
  Dense X = Dice(5).tensor({2, 3}), Y({2, 1});
  for (double &V : X.Data)
    V *= 500;
  for (int64_t I = 0; I < 2; ++I) {
    double Most = std::max({X.at({I, 0}), X.at({I, 1}), X.at({I, 2})}), Sum = 0;
    for (int64_t K = 0; K < 3; ++K)
      Sum += std::exp(X.at({I, K}) - Most);
    Y.Data[static_cast<size_t>(I)] = Most + std::log(Sum);
  }
  OneNode("ReduceLogSumExp", X.Shape)
      .attribute("axes", Dims{-1})
      .expect({X}, {Y}, 1e-6);
}

TEST(ONNXRecurrent, LayersAreUnrolled) {
  Dice D(9);
  const int64_t Steps = 3, Cases = 2, In = 2, Hidden = 4;
  for (const char *Direction : {"forward", "reverse", "bidirectional"})
    for (bool CasesFirst : {false, true})
      for (bool Start : {false, true}) {
        SCOPED_TRACE(std::string(Direction) +
                     (CasesFirst ? " cases first" : "") +
                     (Start ? " with a state" : ""));
        bool Both = std::string(Direction) == "bidirectional";
        int64_t Ways = Both ? 2 : 1;
        Dense W = D.tensor({Ways, Hidden, In}),
              R = D.tensor({Ways, Hidden, Hidden}),
              B = D.tensor({Ways, 2 * Hidden});
        // As the definition has it: [steps, cases, ...].
        Dense X = D.tensor({Steps, Cases, In}),
              H0 = D.tensor({Ways, Cases, Hidden}),
              Y({Steps, Ways, Cases, Hidden}), Last({Ways, Cases, Hidden});
        for (int64_t Way = 0; Way < Ways; ++Way) {
          bool Back = Way == 1 || std::string(Direction) == "reverse";
          Dense H({Cases, Hidden});
          for (int64_t C = 0; C < Cases; ++C)
            for (int64_t J = 0; J < Hidden; ++J)
              H.at({C, J}) = Start ? H0.at({Way, C, J}) : 0;
          for (int64_t S = 0; S < Steps; ++S) {
            int64_t At = Back ? Steps - 1 - S : S;
            Dense Next({Cases, Hidden});
            forEach(Next.Shape, [&](const Dims &I) {
              double Sum = B.at({Way, I[1]}) + B.at({Way, Hidden + I[1]});
              for (int64_t K = 0; K < In; ++K)
                Sum += W.at({Way, I[1], K}) * X.at({At, I[0], K});
              for (int64_t K = 0; K < Hidden; ++K)
                Sum += R.at({Way, I[1], K}) * H.at({I[0], K});
              Next.at(I) = std::tanh(Sum);
            });
            H = Next;
            forEach(H.Shape, [&](const Dims &I) {
              Y.at({At, Way, I[0], I[1]}) = H.at(I);
            });
          }
          forEach(H.Shape,
                  [&](const Dims &I) { Last.at({Way, I[0], I[1]}) = H.at(I); });
        }
        auto Swapped = [](const Dense &T) {
          Dense Out({T.Shape[1], T.Shape[0], T.Shape[2]});
          forEach(Out.Shape,
                  [&](const Dims &I) { Out.at(I) = T.at({I[1], I[0], I[2]}); });
          return Out;
        };
        Dense YFirst({Cases, Steps, Ways, Hidden});
        forEach(YFirst.Shape, [&](const Dims &I) {
          YFirst.at(I) = Y.at({I[1], I[2], I[0], I[3]});
        });
        Dense XIn = CasesFirst ? Swapped(X) : X;
        OneNode M("RNN", XIn.Shape, 14, 2);
        M.attribute("direction", Direction)
            .attribute("layout", int64_t{CasesFirst})
            .operand(W)
            .operand(R)
            .operand(B);
        if (Start)
          M.missing().operand(CasesFirst ? Swapped(H0) : H0);
        M.expect({XIn},
                 CasesFirst ? std::vector{YFirst, Swapped(Last)}
                            : std::vector{Y, Last},
                 1e-5);
      }
  OneNode("RNN", {3, 2, 2}, 14)
      .attribute("clip", 1.0f)
      .operand(D.tensor({1, 4, 2}))
      .operand(D.tensor({1, 4, 4}))
      .refuses("RNN with the attribute 'clip'");
  OneNode("RNN", {3, 2, 2}, 14)
      .operand(D.tensor({1, 4, 3}))
      .operand(D.tensor({1, 4, 4}))
      .refuses("cannot apply a recurrent layer to");
}
