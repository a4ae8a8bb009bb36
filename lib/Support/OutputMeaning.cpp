//===- OutputMeaning.cpp --------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Support/OutputMeaning.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

using namespace nn2crn;

std::string_view OutputMeaning::labelOf(std::span<const double> Values) const {
  if (Labels.empty())
    return {};
  if (!isIndex()) {
    if (Values.size() != Labels.size())
      return {};
    return Labels[static_cast<size_t>(std::ranges::max_element(Values) -
                                      Values.begin())];
  }
  if (Values.size() != 1)
    return {};
  // Between two classes it is the index of neither.
  constexpr double Clear = 0.25;
  double Index = std::rint(Values[0]);
  if (!(std::fabs(Values[0] - Index) < Clear) || Index < 0 ||
      Index >= static_cast<double>(Labels.size()))
    return "<undecided>";
  return Labels[static_cast<size_t>(Index)];
}

bool nn2crn::isIntegerLabel(std::string_view Text) {
  int64_t Value = 0;
  auto [End, Error] =
      std::from_chars(Text.data(), Text.data() + Text.size(), Value);
  return Error == std::errc() && End == Text.data() + Text.size() &&
         Text == std::to_string(Value);
}
