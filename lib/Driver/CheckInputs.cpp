//===- CheckInputs.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check.h"
#include "nn2crn/Analysis/NetworkForms.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

using namespace nn2crn;

namespace {
/// A box that values are drawn from: what \p In allows, from -1 to 1 where it
/// leaves that open.
Interval finite(Interval In) {
  double Low = std::isfinite(In.Low)    ? In.Low
               : std::isfinite(In.High) ? std::min(-1.0, In.High - 1)
                                        : -1;
  double High = std::isfinite(In.High) ? In.High : std::max(1.0, Low + 1);
  return {Low, std::max(Low, High)};
}
} // namespace

CheckInputs::CheckInputs(const Network &Net, unsigned Random, uint64_t Seed)
    : Seed(Seed) {
  std::vector<Interval> Within, Beyond;
  bool Ranges = false;
  for (const Port &P : Net.ports()) {
    if (P.Direction == PortDirection::Output)
      continue;
    Ports.push_back({P.Name, P.Direction, P.Shape, P.elementCount()});
    for (size_t E = 0; E < P.elementCount(); ++E) {
      Within.push_back(finite(acceptedValues(P, E, /*Declared=*/true)));
      Interval Any = acceptedValues(P, E, /*Declared=*/false),
               In = Within.back();
      double Width = std::max(1.0, In.High - In.Low);
      Beyond.push_back({std::max(Any.Low, In.Low - Width),
                        std::min(Any.High, In.High + Width)});
      Ranges |= P.range(E) != nullptr;
    }
  }
  // Values that lie on the bound of a rail may be rounded across it.
  std::vector<double> Scratch(Net.speciesRows());
  auto Takes = [&](std::span<const double> Values) {
    DiagnosticEngine Silent(nullptr);
    for (const Port &P : Net.ports()) {
      if (P.Direction == PortDirection::Output)
        continue;
      if (!setPortAmounts(P, Values.first(P.elementCount()), Scratch, Silent))
        return false;
      Values = Values.subspan(P.elementCount());
    }
    return true;
  };
  auto Add = [&](auto Value) {
    std::vector<double> Case(Within.size());
    for (size_t I = 0; I < Case.size(); ++I)
      Case[I] = Value(I);
    if (std::ranges::find(Cases, Case) == Cases.end() && Takes(Case))
      Cases.push_back(std::move(Case));
  };
  std::mt19937_64 Draw(Seed);
  auto Between = [&](const Interval &In, double Share) {
    return Share == 1 ? In.High : In.Low + Share * (In.High - In.Low);
  };
  Add([&](size_t I) { return std::clamp(0.0, Within[I].Low, Within[I].High); });
  Add([&](size_t I) { return Within[I].Low; });
  Add([&](size_t I) { return Within[I].High; });
  Add([&](size_t I) {
    return Between(Within[I], randomShare(Draw) < 0.5 ? 0 : 1);
  });
  for (unsigned K = 0; K < Random; ++K)
    Add([&](size_t I) { return Between(Within[I], randomShare(Draw)); });
  Inside = Cases.size();
  if (!Ranges)
    return;
  Add([&](size_t I) { return Beyond[I].Low; });
  Add([&](size_t I) { return Beyond[I].High; });
  for (unsigned K = 0; K < Random; K += 4)
    Add([&](size_t I) { return Between(Beyond[I], randomShare(Draw)); });
}

std::optional<InputArrays> CheckInputs::arrays(const Network &Net, size_t First,
                                               size_t Count,
                                               std::string &Problem) const {
  InputArrays All;
  All.Cases = Count;
  size_t At = 0;
  for (const Named &N : Ports) {
    const Port *P = Net.findPort(N.Name, N.Direction);
    if (!P || P->elementCount() != N.Elements) {
      Problem =
          "port '" + N.Name + "' is gone, or has another number of elements";
      return std::nullopt;
    }
    Array A;
    A.Shape = P->Shape;
    A.Shape.insert(A.Shape.begin(), static_cast<int64_t>(Count));
    A.Data.reserve(Count * N.Elements);
    for (size_t Case = First; Case < First + Count; ++Case)
      A.Data.insert(
          A.Data.end(), Cases[Case].begin() + static_cast<std::ptrdiff_t>(At),
          Cases[Case].begin() + static_cast<std::ptrdiff_t>(At + N.Elements));
    At += N.Elements;
    All.Arrays.push_back({P, std::move(A)});
  }
  std::vector<double> Scratch(Net.speciesRows());
  DiagnosticEngine Diags([&](const Diagnostic &D) { Problem = D.Message; });
  for (size_t Case = 0; Case < Count; ++Case)
    for (size_t I = 0; I < All.Arrays.size(); ++I)
      if (!setPortAmounts(*All.Arrays[I].P, All.values(I, Case), Scratch,
                          Diags)) {
        Problem = "input " + text(First + Case) +
                  " can no longer be given: " + Problem;
        return std::nullopt;
      }
  return All;
}

std::string CheckInputs::text(size_t Case) const {
  constexpr size_t Most = 16;
  std::string Text;
  size_t At = 0;
  for (const Named &N : Ports) {
    Text += (Text.empty() ? "" : "; ") + N.Name + " = ";
    for (size_t E = 0; E < N.Elements && E <= Most; ++E)
      Text += E == Most ? ",..."
                        : (E ? "," : "") + formatDouble(Cases[Case][At + E]);
    At += N.Elements;
  }
  return Text;
}

std::vector<ObservedPair> nn2crn::pairObserved(const Network &Before,
                                               const Network &After,
                                               CheckResult &Result) {
  std::vector<ObservedPair> Pairs;
  std::vector<bool> Observed = Before.observedSpecies();
  std::unordered_map<std::string, SpeciesId> Names;
  for (SpeciesId S : After.species())
    Names.emplace(After.nameText(S), S);
  for (SpeciesId S : Before.species()) {
    if (!Observed[S.Value])
      continue;
    auto At = Names.find(Before.nameText(S));
    if (At == Names.end()) {
      Result.Broken =
          "species '" + Before.nameText(S) + "', which is observed, is gone";
      return {};
    }
    Pairs.push_back({S, At->second});
  }
  if (Pairs.empty())
    Result.Unchecked = "nothing is observed";
  return Pairs;
}
