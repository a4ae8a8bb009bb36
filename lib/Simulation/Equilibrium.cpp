//===- Equilibrium.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sums of two doubles after Dekker (1971) and Knuth (TAOCP 2, 4.2.2): exact
// transformations of one operation into its rounded result and its error. They
// hold only if the compiler keeps the operations apart, so this file is built
// without contraction to fused multiply-adds (see CMakeLists.txt).
//
//===----------------------------------------------------------------------===//

#include "Equilibrium.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace nn2crn;

namespace {
struct Pair {
  double High, Low;
};

inline Pair twoSum(double A, double B) {
  double S = A + B, T = S - A;
  return {S, (A - (S - T)) + (B - T)};
}
inline Pair quickTwoSum(double A, double B) {
  double S = A + B;
  return {S, B - (S - A)};
}
inline Pair twoProduct(double A, double B) {
  constexpr double Splitter = 134217729; // 2^27 + 1
  double P = A * B;
  double TA = Splitter * A, AH = TA - (TA - A), AL = A - AH;
  double TB = Splitter * B, BH = TB - (TB - B), BL = B - BH;
  return {P, ((AH * BH - P) + AH * BL + AL * BH) + AL * BL};
}
inline Pair add(Pair A, Pair B) {
  Pair S = twoSum(A.High, B.High), T = twoSum(A.Low, B.Low);
  S = quickTwoSum(S.High, S.Low + T.High);
  return quickTwoSum(S.High, S.Low + T.Low);
}
inline Pair multiply(Pair A, double B) {
  Pair P = twoProduct(A.High, B);
  return quickTwoSum(P.High, P.Low + A.Low * B);
}
inline Pair divide(Pair A, double B) {
  double Q = A.High / B;
  Pair P = twoProduct(Q, B);
  double R = ((A.High - P.High) - P.Low + A.Low) / B;
  return quickTwoSum(Q, R);
}

/// A generous bound on the relative error of one operation on pairs, which is
/// some 2^-104.
constexpr double PairUnit = 0x1p-100;
constexpr double Unit = std::numeric_limits<double>::epsilon();
} // namespace

EquilibriumBlock::EquilibriumBlock(const CompiledNetwork &C,
                                   const StableLimit *Fixed)
    : C(C), Fixed(Fixed),
      Lanes(C.speciesCount() > (size_t{1} << 20) ? 1 : WideLanes),
      High(C.speciesCount() * Lanes), Low(High.size()), Error(High.size()),
      Refusals(Lanes) {}

void EquilibriumBlock::start(size_t Lane, std::span<const double> Amounts,
                             std::span<const double> Errors) {
  for (size_t S = 0; S < Amounts.size(); ++S) {
    High[S * Lanes + Lane] = Amounts[S];
    Low[S * Lanes + Lane] = 0;
    Error[S * Lanes + Lane] = Errors[S];
  }
}

void EquilibriumBlock::run() {
  if (Lanes == 1)
    fireAll<1>();
  else
    fireAll<WideLanes>();
  if (Fixed)
    settle();
}

template <size_t L> void EquilibriumBlock::fireAll() {
  double *H = High.data(), *W = Low.data(), *E = Error.data();
  for (size_t R = 0; R < C.reactionCount(); ++R) {
    // The extent is the least quotient; its error at most the largest error of
    // any quotient, because the minimum is 1-Lipschitz.
    double XH[L], XL[L], XE[L];
    std::fill_n(XH, L, std::numeric_limits<double>::infinity());
    std::fill_n(XL, L, 0.0);
    std::fill_n(XE, L, 0.0);
    for (const CompiledNetwork::Change &Use : C.consumed(R)) {
      size_t At = size_t{Use.Species} * L;
      double Each = -Use.Amount;
      if (Each == 1) {
        for (size_t I = 0; I < L; ++I) {
          double A = H[At + I], B = W[At + I];
          bool Less = A < XH[I] || (A == XH[I] && B < XL[I]);
          XH[I] = Less ? A : XH[I];
          XL[I] = Less ? B : XL[I];
          XE[I] = std::max(XE[I], E[At + I]);
        }
        continue;
      }
      for (size_t I = 0; I < L; ++I) {
        Pair Q = divide({H[At + I], W[At + I]}, Each);
        bool Less = Q.High < XH[I] || (Q.High == XH[I] && Q.Low < XL[I]);
        XH[I] = Less ? Q.High : XH[I];
        XL[I] = Less ? Q.Low : XL[I];
        XE[I] = std::max(XE[I], E[At + I] / Each + PairUnit * Q.High);
      }
    }
    for (uint32_t Gate : C.gates(R)) {
      size_t At = size_t{Gate} * L;
      for (size_t I = 0; I < L; ++I) {
        // Where it is not certain whether the catalyst is there at all, the
        // extent may be anything from nothing to all of it.
        if (E[At + I] > 0 && H[At + I] <= E[At + I])
          XE[I] += XH[I];
        if (!(H[At + I] > 0)) {
          XH[I] = 0;
          XL[I] = 0;
          XE[I] = E[At + I] > 0 ? XE[I] : 0;
        }
      }
    }
    // One of two rails of an input is empty, and so is much of a picture.
    if (std::all_of(XH, XH + L, [](double X) { return X == 0; }) &&
        std::all_of(XE, XE + L, [](double X) { return X == 0; }))
      continue;
    for (const CompiledNetwork::Change &Use : C.consumed(R)) {
      size_t At = size_t{Use.Species} * L;
      for (size_t I = 0; I < L; ++I) {
        Pair Gone = multiply({XH[I], XL[I]}, Use.Amount);
        Pair Rest = add({H[At + I], W[At + I]}, Gone);
        E[At + I] += PairUnit * H[At + I] - Use.Amount * XE[I];
        bool None = Rest.High < 0;
        H[At + I] = None ? 0 : Rest.High;
        W[At + I] = None ? 0 : Rest.Low;
      }
    }
    for (const CompiledNetwork::Change &Make : C.produced(R)) {
      size_t At = size_t{Make.Species} * L;
      if (Make.Amount == 1) {
        for (size_t I = 0; I < L; ++I) {
          Pair Sum = add({H[At + I], W[At + I]}, {XH[I], XL[I]});
          H[At + I] = Sum.High;
          W[At + I] = Sum.Low;
          E[At + I] += XE[I] + PairUnit * Sum.High;
        }
        continue;
      }
      for (size_t I = 0; I < L; ++I) {
        Pair Sum =
            add({H[At + I], W[At + I]}, multiply({XH[I], XL[I]}, Make.Amount));
        H[At + I] = Sum.High;
        W[At + I] = Sum.Low;
        E[At + I] += Make.Amount * XE[I] + PairUnit * Sum.High;
      }
    }
  }
}

EquilibriumBlock::Reading EquilibriumBlock::read(size_t Lane, const Port &P,
                                                 size_t Element) const {
  Pair Sum{P.constant(Element).value(), 0};
  double Bound = 0;
  for (const PortTerm &T : P.element(Element)) {
    size_t At = T.Species.Value * Lanes + Lane;
    Sum = add(Sum, multiply({High[At], Low[At]}, T.Coefficient));
    double Size = std::fabs(T.Coefficient);
    Bound += Size * Error[At] + PairUnit * (Size * High[At]);
  }
  double Scale = P.scale(Element).value(), Offset = P.offset(Element).value();
  double Value = (Sum.High + Sum.Low) / Scale - Offset;
  return {Value, Bound / Scale + Unit * (std::fabs(Value) + std::fabs(Offset))};
}

//===----------------------------------------------------------------------===//
// What is still to come
//===----------------------------------------------------------------------===//

RemainingFlows::RemainingFlows(const CompiledNetwork &C,
                               std::span<const Port *const> Outputs,
                               std::span<const Annihilation> Annihilations)
    : C(C), Outputs(Outputs), Amount(C.speciesCount()), In(C.speciesCount()),
      Out(C.speciesCount()) {
  if (Annihilations.empty())
    return;
  // The annihilations of each species.
  std::vector<uint32_t> Begin(C.speciesCount() + 1);
  for (const Annihilation &A : Annihilations)
    for (uint32_t S : A)
      ++Begin[S + 1];
  for (size_t S = 0; S < C.speciesCount(); ++S)
    Begin[S + 1] += Begin[S];
  std::vector<uint32_t> Of(Begin.back()), Next(Begin.begin(), Begin.end() - 1);
  for (size_t I = 0; I < Annihilations.size(); ++I)
    for (uint32_t S : Annihilations[I])
      Of[Next[S]++] = static_cast<uint32_t>(I);

  std::vector<double> Effect(Annihilations.size());
  std::vector<uint32_t> Touched;
  size_t Reading = 0;
  for (const Port *P : Outputs)
    for (size_t E = 0; E < P->elementCount(); ++E, ++Reading) {
      for (const PortTerm &T : P->element(E))
        for (uint32_t At = Begin[T.Species.Value];
             At < Begin[T.Species.Value + 1]; ++At) {
          Effect[Of[At]] -= T.Coefficient;
          Touched.push_back(Of[At]);
        }
      for (uint32_t I : Touched) {
        if (Effect[I] != 0)
          Directs.push_back(
              {Reading, Annihilations[I], Effect[I] / P->scale(E).value()});
        Effect[I] = 0;
      }
      Touched.clear();
    }
}

void RemainingFlows::compute(std::span<const double> Amounts) {
  for (size_t S = 0; S < Amounts.size(); ++S)
    Amount[S] = std::max(Amounts[S], 0.0);
  std::ranges::fill(In, 0);
  std::ranges::fill(Out, 0);
  for (size_t R = 0; R < C.reactionCount(); ++R) {
    double Extent = std::numeric_limits<double>::infinity();
    for (const CompiledNetwork::Change &Use : C.consumed(R))
      Extent = std::min(Extent, Amount[Use.Species] / -Use.Amount);
    for (uint32_t Gate : C.gates(R))
      if (!(Amount[Gate] > 0))
        Extent = 0;
    if (Extent == 0)
      continue;
    for (const CompiledNetwork::Change &Use : C.consumed(R)) {
      Out[Use.Species] -= Use.Amount * Extent;
      Amount[Use.Species] =
          std::max(0.0, Amount[Use.Species] + Use.Amount * Extent);
    }
    for (const CompiledNetwork::Change &Make : C.produced(R)) {
      In[Make.Species] += Make.Amount * Extent;
      Amount[Make.Species] += Make.Amount * Extent;
    }
  }
}

void RemainingFlows::bands(std::vector<Band> &Bands) const {
  Bands.clear();
  for (const Port *P : Outputs)
    for (size_t E = 0; E < P->elementCount(); ++E) {
      Band B{0, 0};
      for (const PortTerm &T : P->element(E)) {
        double Size = std::fabs(T.Coefficient);
        double More = Size * In[T.Species.Value],
               Less = Size * Out[T.Species.Value];
        B.Up += T.Coefficient > 0 ? More : Less;
        B.Down += T.Coefficient > 0 ? Less : More;
      }
      double Scale = P->scale(E).value();
      Bands.push_back({B.Up / Scale, B.Down / Scale});
    }
  for (const Direct &D : Directs) {
    // What is left and what others take add up to what there is in all.
    auto All = [&](uint32_t S) { return Amount[S] + Out[S]; };
    double Taken = std::min(All(D.Pair[0]), All(D.Pair[1]));
    Band &B = Bands[D.Reading];
    (D.Effect > 0 ? B.Up : B.Down) += std::fabs(D.Effect) * Taken;
  }
}
