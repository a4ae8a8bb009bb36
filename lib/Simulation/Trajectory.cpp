//===- Trajectory.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Simulation/Trajectory.h"
#include "OdeRun.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

namespace {
/// Collects rows at the integrator's steps or at times of our own.
class Recorder {
public:
  Recorder(const Session &S, Trajectory &T) : S(S), T(T) {
    std::vector<bool> Wanted = S.network().observedSpecies();
    bool Own = std::ranges::none_of(S.network().ports(), [](const Port &P) {
      return P.Direction == PortDirection::Output;
    });
    T.ReadingsAreAmounts = Own;
    for (const Port *P : S.outputs())
      for (size_t I = 0; I < P->elementCount(); ++I) {
        if (Own)
          T.ReadingNames.push_back(
              S.network().nameText(P->element(I)[0].Species));
        else
          T.ReadingNames.push_back(P->Shape.empty() ? P->Name : indexed(*P, I));
      }
    if (!Own)
      for (SpeciesId Id : S.network().species())
        if (Wanted[Id.Value]) {
          Species.push_back(Id.Value);
          T.SpeciesNames.push_back(S.network().nameText(Id));
        }
    Values.resize(S.readingCount());
  }

  void add(double Time, std::span<const double> Amounts) {
    S.read(Amounts, Values);
    T.Times.push_back(Time);
    T.Readings.insert(T.Readings.end(), Values.begin(), Values.end());
    for (uint32_t Id : Species)
      T.Amounts.push_back(Amounts[Id]);
  }

  /// Keeps every second row.
  void thin() {
    size_t To = 0, Width = T.ReadingNames.size(), Side = Species.size();
    for (size_t From = 0; From < T.Times.size(); From += 2, ++To) {
      T.Times[To] = T.Times[From];
      std::copy_n(T.Readings.begin() + diff(From * Width), Width,
                  T.Readings.begin() + diff(To * Width));
      std::copy_n(T.Amounts.begin() + diff(From * Side), Side,
                  T.Amounts.begin() + diff(To * Side));
    }
    resize(To);
  }
  void resize(size_t Rows) {
    T.Times.resize(Rows);
    T.Readings.resize(Rows * T.ReadingNames.size());
    T.Amounts.resize(Rows * Species.size());
  }

private:
  static ptrdiff_t diff(size_t N) { return static_cast<ptrdiff_t>(N); }
  static std::string indexed(const Port &P, size_t Element) {
    std::string Index;
    for (size_t D = P.Shape.size(); D-- > 0;) {
      auto Extent = static_cast<size_t>(P.Shape[D]);
      Index =
          std::to_string(Element % Extent) + (Index.empty() ? "" : ",") + Index;
      Element /= Extent;
    }
    return P.Name + "[" + Index + "]";
  }
  const Session &S;
  Trajectory &T;
  std::vector<uint32_t> Species;
  std::vector<double> Values;
};

/// When half of all that happens to the readings has happened.
double halfWay(const Trajectory &T) {
  size_t Width = T.ReadingNames.size();
  std::vector<double> Path(T.Times.size());
  for (size_t I = 1; I < T.Times.size(); ++I) {
    Path[I] = Path[I - 1];
    for (size_t R = 0; R < Width; ++R)
      Path[I] += std::fabs(T.Readings[I * Width + R] -
                           T.Readings[(I - 1) * Width + R]);
  }
  auto At = std::ranges::lower_bound(Path, Path.back() / 2) - Path.begin();
  return T.Times[static_cast<size_t>(At)];
}

std::vector<double> spacedTimes(double First, double End, unsigned Points,
                                bool Log) {
  std::vector<double> Times{0};
  for (unsigned I = 1; I < Points; ++I) {
    double Share = static_cast<double>(I) / (Points - 1);
    double LogShare =
        Points > 2 ? static_cast<double>(I - 1) / (Points - 2) : 1;
    Times.push_back(I == Points - 1 ? End
                    : Log           ? First * std::pow(End / First, LogShare)
                                    : End * Share);
  }
  return Times;
}
} // namespace

std::optional<Trajectory> nn2crn::traceCase(const Network &Net,
                                            const InputArrays &Inputs,
                                            const SimulationOptions &Options,
                                            const TrajectoryOptions &Want,
                                            DiagnosticEngine &Diags) {
  if (Want.Case >= Inputs.Cases) {
    Diags.error(DiagId::BadArgument, {},
                "there is no case " + std::to_string(Want.Case) +
                    "; cases run from 0 to " +
                    std::to_string(Inputs.Cases - 1));
    return std::nullopt;
  }
  if (Want.Points == 1) {
    Diags.error(DiagId::BadArgument, {},
                "a trajectory has at least two points, found 1");
    return std::nullopt;
  }
  SimulationOptions Timed = Options;
  Timed.Method = SimulationMethod::Ode;
  InputArrays One;
  for (const PortArray &A : Inputs.Arrays) {
    size_t Elements = A.P->elementCount();
    auto From =
        A.Values.Data.begin() + static_cast<ptrdiff_t>(Want.Case * Elements);
    Array Values{A.Values.Shape,
                 {From, From + static_cast<ptrdiff_t>(Elements)},
                 A.Values.Source,
                 A.Values.Flat};
    One.Arrays.push_back({A.P, std::move(Values)});
  }
  Session S(Net, One, Timed, Diags);
  if (!S.prepare())
    return std::nullopt;
  Limits Known;
  if (Timed.Until != StopRule::EndTime && S.hasLimit() && !findLimits(S, Known))
    return std::nullopt;

  OdeSystem System(S.compiled());
  OdeIntegrator Integrator(System, Timed.RelativeTolerance,
                           Timed.AbsoluteTolerance);
  SettleMonitor Monitor(S);
  std::vector<double> Amounts(S.compiled().speciesCount());
  S.amounts(0, Amounts);
  Trajectory T;
  T.Name = Net.Name;
  T.Unit = Net.Units;
  Recorder Rows(S, T);
  constexpr size_t MostRows = 4000;
  size_t Stride = 1, Step = 0;
  OdeOutcome Outcome =
      integrate(S, Integrator, Monitor, Amounts, Known.of(0, S.readingCount()),
                [&](OdeIntegrator &I) {
                  if (Step++ % Stride == 0)
                    Rows.add(I.time(), I.amounts());
                  if (T.Times.size() == MostRows) {
                    Rows.thin();
                    Stride *= 2;
                  }
                });
  if (!reportOutcome(S, 0, Outcome))
    return std::nullopt;
  if (T.Times.back() < Outcome.Time)
    Rows.add(Outcome.Time, Integrator.amounts());

  // The proof that outputs stay takes longer than what there is to see.
  double End = Outcome.Time;
  if (Timed.Until != StopRule::EndTime && Outcome.Since > 0)
    End = std::min(End, 2 * Outcome.Since);
  size_t Keep = static_cast<size_t>(std::ranges::upper_bound(T.Times, End) -
                                    T.Times.begin());
  Rows.resize(std::max<size_t>(Keep, std::min<size_t>(2, T.Times.size())));
  End = T.Times.back();
  double Half = halfWay(T);
  T.LogTime = Want.Times == TrajectoryOptions::Spacing::Auto
                  ? Half > 0 && Half < End / 50
                  : Want.Times == TrajectoryOptions::Spacing::Log;
  if (Want.Points == 0 || End == 0)
    return T;

  // The end is known now; go there once more and look at the times asked for.
  double First = std::max(std::min(Half / 100, End / 100), End * 1e-9);
  std::vector<double> Times = spacedTimes(First, End, Want.Points, T.LogTime);
  Rows.resize(0);
  Rows.add(0, Amounts);
  size_t Next = 1;
  std::vector<double> Between(Amounts.size());
  bool Fine = Integrator.start(Amounts, End);
  while (Fine && Next < Times.size()) {
    Fine = Integrator.step();
    for (; Fine && Next < Times.size() && Times[Next] <= Integrator.time();
         ++Next) {
      Fine = Integrator.interpolate(Times[Next], Between);
      if (Fine)
        Rows.add(Times[Next], Between);
    }
  }
  if (Fine)
    return T;
  Outcome.How = OdeOutcome::End::Failed;
  Outcome.Time = Integrator.time();
  Outcome.Failure = Integrator.failure();
  reportOutcome(S, 0, Outcome);
  return std::nullopt;
}

std::string nn2crn::trajectoryCsv(const Trajectory &T) {
  Array Table;
  ColumnNames Columns;
  Columns.Names.push_back("time");
  for (const auto *Names : {&T.ReadingNames, &T.SpeciesNames})
    Columns.Names.insert(Columns.Names.end(), Names->begin(), Names->end());
  size_t Width = T.ReadingNames.size(), Side = T.SpeciesNames.size();
  Table.Shape = {static_cast<int64_t>(T.Times.size()),
                 static_cast<int64_t>(Columns.Names.size())};
  for (size_t I = 0; I < T.Times.size(); ++I) {
    Table.Data.push_back(T.Times[I]);
    auto Row = [&](const std::vector<double> &V, size_t N) {
      Table.Data.insert(Table.Data.end(),
                        V.begin() + static_cast<ptrdiff_t>(I * N),
                        V.begin() + static_cast<ptrdiff_t>((I + 1) * N));
    };
    Row(T.Readings, Width);
    Row(T.Amounts, Side);
  }
  return csvText(Table, Columns);
}
