//===- WitnessSearch.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WitnessSearch.h"

#include <algorithm>
#include <cmath>
#include <random>

using namespace nn2crn;

namespace {
template <class T> class Search {
public:
  using FormPtr = typename FormSpace<T>::FormPtr;

  Search(const FormSpace<T> &Space, std::span<const uint32_t> Variables,
         std::span<const FormPtr> Differences, uint64_t Seed, double Effort,
         const std::function<bool(std::span<const double>)> &Confirm)
      : Space(Space), Variables(Variables), Differences(Differences),
        Effort(Effort), Confirm(Confirm), Random(Seed),
        Values(Space.atoms().size()) {
    // Only what the differences are made of need be computed.
    std::vector<bool> Need(Space.atoms().size());
    auto Mark = [&](const typename FormSpace<T>::Form &F) {
      for (const auto &E : F.Entries)
        Need[E.Atom] = true;
      Cost += static_cast<double>(F.Entries.size());
    };
    for (const FormPtr &D : Differences)
      Mark(*D);
    for (size_t A = Need.size(); A-- > 0;)
      if (const FormPtr &D = Space.atoms()[A].Definition; D && Need[A]) {
        Mark(*D);
        Needed.push_back(static_cast<uint32_t>(A));
      }
    std::reverse(Needed.begin(), Needed.end());
    Cost = std::max(Cost, 1.0);
  }

  bool run() {
    double Half = Effort / 2;
    for (unsigned Trial = 0; Trial < LeastTrials || Spent < Half; ++Trial) {
      draw();
      if (differs())
        return true;
      if (Asked >= MostQuestions || Trial >= MostTrials)
        break;
    }
    // Forms that differ by less than doubles can tell still differ.
    for (unsigned I = 0; I < BlindQuestions; ++I) {
      draw();
      if (ask())
        return true;
    }
    Spent = 0;
    for (size_t I = Needed.size(); I-- > 0 && Spent < Half;)
      if (aroundKink(Needed[I]))
        return true;
    return false;
  }

private:
  static constexpr unsigned LeastTrials = 64, MostTrials = 20000;
  static constexpr unsigned MostQuestions = 48, BlindQuestions = 4;

  double uniform() { return static_cast<double>(Random() >> 11) * 0x1p-53; }

  /// Their difference may be beyond all doubles.
  static double between(double A, double B, double At) {
    return (1 - At) * A + At * B;
  }

  /// Random values, multiples of 1/1024 of their scale where nothing bounds
  /// them, so that they are easy to read.
  void draw() {
    double Scale = std::ldexp(1.0, static_cast<int>(Random() % 10) - 3);
    unsigned Kind = Random() % 4;
    double Share =
        Kind == 1 ? std::min(1.0, 3.0 / double(Variables.size())) : 1;
    for (uint32_t V : Variables) {
      const Interval &B = Space.atoms()[V].Bounds;
      double U = std::rint(uniform() * 1024) / 1024;
      if (Kind == 2) // Corners.
        U = U < 0.5 ? 0 : 1;
      double X;
      if (std::isfinite(B.Low) && std::isfinite(B.High))
        X = between(B.Low, B.High, U);
      else if (std::isfinite(B.Low))
        X = B.Low + U * Scale;
      else if (std::isfinite(B.High))
        X = B.High - U * Scale;
      else
        X = (2 * U - 1) * Scale;
      if (Share < 1 && uniform() > Share)
        X = 0;
      Values[V] = std::clamp(X, B.Low, B.High);
    }
  }

  void evaluate() {
    Spent += Cost;
    for (uint32_t A : Needed)
      Values[A] =
          std::max(0.0, Space.value(*Space.atoms()[A].Definition, Values));
  }

  /// Whether the present values are a witness.
  bool differs() {
    evaluate();
    for (const FormPtr &D : Differences) {
      double Size = 0;
      for (const auto &E : D->Entries)
        Size = std::max(Size, std::fabs(Values[E.Atom]));
      if (std::fabs(Space.value(*D, Values)) > 1e-9 * (1e-3 + Size))
        return ask();
    }
    return false;
  }

  bool ask() {
    if (Asked++ >= MostQuestions)
      return false;
    Answer.clear();
    for (uint32_t V : Variables)
      Answer.push_back(Values[V]);
    return Confirm(Answer);
  }

  /// Finds a point where the definition of \p Atom is nearly zero, and looks on
  /// both sides of it.
  bool aroundKink(uint32_t Atom) {
    const FormPtr &D = Space.atoms()[Atom].Definition;
    std::vector<double> Below, Above;
    auto Point = [&] {
      std::vector<double> X;
      for (uint32_t V : Variables)
        X.push_back(Values[V]);
      return X;
    };
    for (unsigned I = 0; I < 32 && (Below.empty() || Above.empty()); ++I) {
      draw();
      evaluate();
      (Space.value(*D, Values) < 0 ? Below : Above) = Point();
    }
    if (Below.empty() || Above.empty())
      return false;
    double Low = 0, High = 1;
    auto Set = [&](double At) {
      for (size_t I = 0; I < Variables.size(); ++I)
        Values[Variables[I]] = between(Below[I], Above[I], At);
      for (uint32_t V : Variables)
        Values[V] = std::clamp(Values[V], Space.atoms()[V].Bounds.Low,
                               Space.atoms()[V].Bounds.High);
    };
    for (int I = 0; I < 40; ++I) {
      double Middle = (Low + High) / 2;
      Set(Middle);
      evaluate();
      (Space.value(*D, Values) < 0 ? Low : High) = Middle;
    }
    for (double Step : {1e-6, 1e-4, 1e-2, 1e-1})
      for (double At : {Low - Step, Low + Step}) {
        Set(At);
        if (differs())
          return true;
      }
    return false;
  }

  const FormSpace<T> &Space;
  std::span<const uint32_t> Variables;
  std::span<const FormPtr> Differences;
  double Effort, Cost = 0, Spent = 0;
  const std::function<bool(std::span<const double>)> &Confirm;
  std::mt19937_64 Random;
  /// By atom.
  std::vector<double> Values;
  std::vector<uint32_t> Needed;
  std::vector<double> Answer;
  unsigned Asked = 0;
};
} // namespace

template <class T>
bool nn2crn::searchWitness(
    const FormSpace<T> &Space, std::span<const uint32_t> Variables,
    std::span<const typename FormSpace<T>::FormPtr> Differences, uint64_t Seed,
    double Effort,
    const std::function<bool(std::span<const double>)> &Confirm) {
  return Search<T>(Space, Variables, Differences, Seed, Effort, Confirm).run();
}

#define NN2CRN_INSTANTIATE(T)                                                  \
  template bool nn2crn::searchWitness<T>(                                      \
      const FormSpace<T> &, std::span<const uint32_t>,                         \
      std::span<const typename FormSpace<T>::FormPtr>, uint64_t, double,       \
      const std::function<bool(std::span<const double>)> &);
NN2CRN_INSTANTIATE(int64_t)
NN2CRN_INSTANTIATE(Int128)
NN2CRN_INSTANTIATE(Rational)
