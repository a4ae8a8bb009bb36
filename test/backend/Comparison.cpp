//===- Comparison.cpp -----------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Comparison.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;
using namespace nn2crn::test;

std::vector<int64_t> test::portShape(std::span<const int64_t> Shape) {
  bool Skip = !Shape.empty() && Shape[0] == 1;
  return {Shape.begin() + Skip, Shape.end()};
}

std::string test::difference(const StoredTensor &Stored,
                             std::span<const double> Got,
                             std::span<const int64_t> Shape, double Tolerance) {
  const std::vector<double> &Want = Stored.Values.Data;
  if (!std::ranges::equal(Shape, portShape(Stored.Values.Shape)) ||
      Got.size() != Want.size())
    return "the shape differs";
  for (size_t I = 0; I < Want.size(); ++I) {
    double Has = heldBy(Stored.Type, Got[I]);
    if (Want[I] == Has)
      continue;
    double Allowed = isFloat(Stored.Type)
                         ? Tolerance * std::max(1.0, std::fabs(Want[I]))
                         : IntegerTolerance;
    // Not "greater", so that what is no number is wrong.
    if (!(std::fabs(Has - Want[I]) <= Allowed))
      return "element " + std::to_string(I) + " is " + std::to_string(Got[I]) +
             ", stored is " + std::to_string(Want[I]);
  }
  return {};
}
