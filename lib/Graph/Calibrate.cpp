//===- Calibrate.cpp ------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Calibrate.h"

#include "nn2crn/Graph/Evaluate.h"

#include <algorithm>
#include <cassert>
#include <cmath>

using namespace nn2crn;

Winners::Winners(const Graph &Model, Samples From) : S(std::move(From)) {
  assert(S.Inputs.size() == Model.inputs().size());
  for (const GraphPort &P : Model.outputs()) {
    size_t Elements = Model.value(P.bounded()).Elements;
    Outputs.push_back(
        {P.Name, Elements, std::vector<double>(S.Cases * Elements)});
  }
  for (size_t First = 0; First < S.Cases; First += CasesTogether) {
    auto Values = evaluateTogether(Model, block(First), /*Scores=*/true);
    for (size_t O = 0; O < Outputs.size(); ++O) {
      Reference &R = Outputs[O];
      for (size_t K = 0; K < std::min(CasesTogether, S.Cases - First); ++K)
        for (size_t I = 0; I < R.Elements; ++I)
          R.Values[(First + K) * R.Elements + I] =
              Values[O][I * CasesTogether + K];
    }
  }
}

/// Cases \p First and on, side by side; zeros beyond the last one.
std::vector<std::vector<double>> Winners::block(size_t First) const {
  std::vector<std::vector<double>> Out;
  for (const std::vector<double> &All : S.Inputs) {
    size_t Elements = All.size() / S.Cases;
    Out.emplace_back(Elements * CasesTogether);
    for (size_t K = 0; K < std::min(CasesTogether, S.Cases - First); ++K)
      for (size_t I = 0; I < Elements; ++I)
        Out.back()[I * CasesTogether + K] = All[(First + K) * Elements + I];
  }
  return Out;
}

/// Adds a block to \p Report; true where nothing is lost in it.
bool Winners::compareBlock(const Graph &G, size_t First,
                           SampleReport &Report) const {
  auto Values = evaluateTogether(G, block(First), /*Scores=*/true);
  size_t Cases = std::min(CasesTogether, S.Cases - First);
  std::vector<bool> Lost(Cases);
  for (const Reference &R : Outputs) {
    auto Port = std::ranges::find(G.outputs(), R.Name, &GraphPort::Name);
    assert(Port != G.outputs().end() && "an output of the model is missing");
    const auto &Mine = Values[static_cast<size_t>(Port - G.outputs().begin())];
    for (size_t K = 0; R.Elements != 0 && K < Cases; ++K) {
      const double *Theirs = &R.Values[(First + K) * R.Elements];
      size_t Winner = 0;
      for (size_t I = 0; I < R.Elements; ++I) {
        double V = Mine[I * CasesTogether + K];
        Report.Error = std::max(Report.Error, std::fabs(V - Theirs[I]));
        if (V > Mine[Winner * CasesTogether + K])
          Winner = I;
      }
      double Of = Mine[K];
      if (R.Elements == 1
              ? (Theirs[0] > 0 && Of <= 0) || (Theirs[0] < 0 && Of >= 0)
              : Theirs[Winner] < *std::max_element(Theirs, Theirs + R.Elements))
        Lost[K] = true;
    }
  }
  Report.Cases += Cases;
  for (size_t K = 0; K < Cases; ++K)
    if (Lost[K] && Report.Lost++ == 0)
      Report.FirstLost = First + K;
  return Report.Lost == 0;
}

bool Winners::kept(const Graph &G) {
  SampleReport R;
  if (!compareBlock(G, Hard, R))
    return false;
  for (size_t First = 0; First < S.Cases; First += CasesTogether)
    if (First != Hard && !compareBlock(G, First, R)) {
      Hard = First;
      return false;
    }
  return true;
}

SampleReport Winners::compare(const Graph &G) const {
  SampleReport R;
  for (size_t First = 0; First < S.Cases; First += CasesTogether)
    compareBlock(G, First, R);
  return R;
}
