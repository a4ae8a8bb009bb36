//===- Check.h - Networks around a pass, compared -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_DRIVER_CHECK_H
#define NN2CRN_LIB_DRIVER_CHECK_H

#include "nn2crn/IR/PortValues.h"
#include "nn2crn/Support/Progress.h"

#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace nn2crn {

/// From 0 to 1 in steps of 1/1024, so that values print short; the same on
/// every machine.
inline double randomShare(std::mt19937_64 &Random) {
  return static_cast<double>(Random() % 1025) / 1024;
}

/// Values for all inputs and states of a network: 0, corners, random ones.
class CheckInputs {
public:
  CheckInputs(const Network &Net, unsigned Random, uint64_t Seed);

  size_t count() const { return Cases.size(); }
  /// The first that many keep to the declared ranges.
  size_t inside() const { return Inside; }
  bool hasPorts() const { return !Ports.empty(); }
  uint64_t seed() const { return Seed; }

  /// Some cases as inputs of \p Net. Empty where it does not have the ports or
  /// does not take the values; \p Problem says so then.
  std::optional<InputArrays> arrays(const Network &Net, size_t First,
                                    size_t Count, std::string &Problem) const;
  /// "x = 0.5, -1; w = 2", cut where it is long.
  std::string text(size_t Case) const;

private:
  struct Named {
    std::string Name;
    PortDirection Direction;
    std::vector<int64_t> Shape;
    size_t Elements;
  };
  std::vector<Named> Ports;
  /// All ports' elements, one port after the other.
  std::vector<std::vector<double>> Cases;
  size_t Inside = 0;
  uint64_t Seed;
};

/// What came of comparing one kind of thing on several inputs.
struct CheckResult {
  /// As in "3 readings".
  std::string What;
  /// Some values were integrated, and compared less closely.
  bool Integrated = false;
  /// How many inputs were compared.
  size_t Compared = 0;
  /// The largest difference, relative to values above 1.
  double Largest = 0;
  /// Why some inputs, or all, could not be compared; empty where all were.
  std::string Unchecked;
  /// What makes the two networks differ whatever their inputs.
  std::string Broken;
  /// The worst difference that is too large.
  struct Mismatch {
    size_t Case;
    std::string What;
    double Before, After;
  };
  std::optional<Mismatch> Worst;
  bool isBad() const { return Worst || !Broken.empty(); }

  /// Compares two values; \p Name tells what they are, where that is needed.
  template <class NameFn>
  void compare(size_t Case, double Before, double After, double Allowed,
               NameFn Name) {
    double Distance = Before < After ? After - Before : Before - After;
    double Size = std::fmax(std::fabs(Before), std::fabs(After));
    Largest = std::fmax(Largest, Distance / std::fmax(1, Size));
    // Not "greater", so that a NaN is a difference.
    if (Distance <= Allowed)
      return;
    double Excess = Allowed > 0 ? Distance / Allowed : HUGE_VAL;
    if (Worst && !(Excess > WorstExcess))
      return;
    WorstExcess = Excess;
    Worst = {Case, Name(), Before, After};
  }

private:
  double WorstExcess = 0;
};

/// A species that is observed, in both networks.
struct ObservedPair {
  SpeciesId Before, After;
};
/// Empty, and \p Result says why, where there is nothing to compare or
/// something of \p Before is gone.
std::vector<ObservedPair>
pairObserved(const Network &Before, const Network &After, CheckResult &Result);

/// Speeds of change, and their spread, along a walk through states.
CheckResult checkKinetics(const Network &Before, const Network &After,
                          const CheckInputs &Inputs, size_t Cases,
                          const ProgressCallback &Progress);

/// What output and state ports read in the end, which may differ by \p Bound.
CheckResult checkReadings(const Network &Before, const Network &After,
                          const CheckInputs &Inputs, size_t Cases, double Bound,
                          const ProgressCallback &Progress);
/// Final amounts of observed species.
CheckResult checkAmounts(const Network &Before, const Network &After,
                         const CheckInputs &Inputs, size_t Cases,
                         const ProgressCallback &Progress);

} // namespace nn2crn

#endif
