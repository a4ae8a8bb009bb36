//===- Report.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Simulation/Simulate.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace nn2crn;

std::string nn2crn::reportJson(const SimulationResult &Result,
                               const std::optional<LabelScore> &Labels) {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  llvm::json::OStream J(OS, 2);
  auto Name = [](std::string_view S) {
    return llvm::StringRef(S.data(), S.size());
  };
  J.object([&] {
    J.attribute("cases", static_cast<int64_t>(Result.Cases));
    J.attribute("method", Name(methodName(Result.Method)));
    if (!Result.Why.empty())
      J.attribute("why", llvm::json::fixUTF8(Name(Result.Why)));
    if (Result.Limit != LimitKind::Unknown)
      J.attribute("limit", Name(limitName(Result.Limit)));
    if (Result.Accuracy)
      J.attribute("accuracy", *Result.Accuracy);
    if (!Result.SettleTimes.empty())
      J.attributeObject("settle_time", [&] {
        J.attribute("min", quantile(Result.SettleTimes, 0));
        J.attribute("median", quantile(Result.SettleTimes, 0.5));
        J.attribute("p90", quantile(Result.SettleTimes, 0.9));
        J.attribute("max", quantile(Result.SettleTimes, 1));
        J.attributeArray("cases", [&] {
          for (double Time : Result.SettleTimes)
            J.value(Time);
        });
      });
    if (Labels)
      J.attributeObject("labels", [&] {
        J.attribute("right", static_cast<int64_t>(Labels->Right));
        J.attribute("cases", static_cast<int64_t>(Labels->Cases));
        J.attribute("accuracy", Labels->accuracy());
      });
    J.attribute("wall_seconds", Result.WallSeconds);
  });
  OS << '\n';
  return Text;
}
