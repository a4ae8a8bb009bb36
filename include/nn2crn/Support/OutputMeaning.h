//===- OutputMeaning.h - What an output says, beyond its numbers -*- C++
//-*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_SUPPORT_OUTPUTMEANING_H
#define NN2CRN_SUPPORT_OUTPUTMEANING_H

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nn2crn {

/// What a model says of an output that its numbers alone do not.
struct OutputMeaning {
  /// The operators that the model ends in and that change no winner, in order,
  /// as in Softmax and ArgMax.
  std::vector<std::string> Head;
  /// Whether they are computed; otherwise the output holds what goes into the
  /// first of them.
  bool HeadKept = false;
  /// Names of the classes, in the order of their indices; empty where the model
  /// gives none.
  std::vector<std::string> Labels;
  /// The model has integers as labels, not words.
  bool LabelsAreIntegers = false;

  /// True where the output is the index of a class, rather than a number for
  /// each class.
  bool isIndex() const {
    return HeadKept && !Head.empty() &&
           (Head.back() == "ArgMax" || Head.back() == "ArgMin");
  }
  /// The label that one case of the output says, by the index in it or by the
  /// largest of its numbers. A word in angle brackets where an index is none;
  /// empty where there are no labels or where they do not fit the output.
  std::string_view labelOf(std::span<const double> Values) const;

  friend bool operator==(const OutputMeaning &,
                         const OutputMeaning &) = default;
};

/// Whether \p Text is how an integer label is written: digits, with a minus or
/// without, that 64 bits hold.
bool isIntegerLabel(std::string_view Text);

} // namespace nn2crn

#endif
