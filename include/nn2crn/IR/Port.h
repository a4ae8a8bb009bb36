//===- Port.h - Named tensors of a network -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A port says how a tensor is read from, or written to, amounts of species:
//
//   value = (sum of coefficient x amount + constant) / scale - offset
//
// element by element, row-major. In dual rail an element is `p - n`. A rail
// may be missing, or be several species whose amounts add up. Which rails
// belong together is recorded here and nowhere else.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_IR_PORT_H
#define NN2CRN_IR_PORT_H

#include "nn2crn/Support/Ids.h"
#include "nn2crn/Support/Number.h"
#include "nn2crn/Support/OutputMeaning.h"

#include <cassert>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nn2crn {

enum class PortDirection : uint8_t {
  Input,
  Output,
  /// A tensor that the network itself changes and that is both set and read:
  /// learnt weights.
  State,
};

/// The words for directions, in the order of the enumerators.
inline constexpr std::string_view PortDirectionNames[] = {"input", "output",
                                                          "state"};

/// How elements are named and set when nothing says otherwise.
enum class PortEncoding : uint8_t {
  /// `x.i.p` - `x.i.n`; a value sets one rail and leaves the other at 0.
  DualRail,
  /// `x.i`; values below 0 cannot be set.
  SingleRail,
};

/// The words for encodings, in the order of the enumerators.
inline constexpr std::string_view PortEncodingNames[] = {"dual-rail",
                                                         "single-rail"};

struct PortTerm {
  SpeciesId Species;
  /// Not zero. +1 on a positive rail, -1 on a negative one.
  double Coefficient;
  friend bool operator==(const PortTerm &, const PortTerm &) = default;
};

/// Bounds of the values that an element takes, both included.
struct PortRange {
  double Low, High;
  friend bool operator==(const PortRange &, const PortRange &) = default;
};

struct Port {
  std::string Name;
  PortDirection Direction = PortDirection::Input;
  PortEncoding Encoding = PortEncoding::DualRail;
  /// Extents without the batch axis; empty for a scalar. All positive.
  std::vector<int64_t> Shape;
  /// One number for all elements, or one per element; never empty. Scales are
  /// positive.
  std::vector<Number> Scale{Number(1)}, Offset{Number(0)};
  /// Empty (unknown), one for all elements, or one per element.
  std::vector<PortRange> Range;
  /// Of an output.
  OutputMeaning Meaning;

  /// The functional of element i is Terms[Begin[i], Begin[i + 1]) plus
  /// Constants[i]. Constants is empty where all are 0.
  std::vector<uint32_t> Begin{0};
  std::vector<PortTerm> Terms;
  std::vector<Number> Constants;

  size_t elementCount() const { return Begin.size() - 1; }
  std::span<const PortTerm> element(size_t I) const {
    assert(I < elementCount() && "element beyond the port");
    return std::span(Terms).subspan(Begin[I], Begin[I + 1] - Begin[I]);
  }
  const Number &scale(size_t I) const {
    return Scale[Scale.size() > 1 ? I : 0];
  }
  const Number &offset(size_t I) const {
    return Offset[Offset.size() > 1 ? I : 0];
  }
  Number constant(size_t I) const {
    return Constants.empty() ? Number(0) : Constants[I];
  }
  const PortRange *range(size_t I) const {
    return Range.empty() ? nullptr : &Range[Range.size() > 1 ? I : 0];
  }
  /// Appends an element's functional.
  void addElement(std::span<const PortTerm> ElementTerms) {
    Terms.insert(Terms.end(), ElementTerms.begin(), ElementTerms.end());
    Begin.push_back(static_cast<uint32_t>(Terms.size()));
  }

  std::string_view directionName() const {
    return PortDirectionNames[static_cast<size_t>(Direction)];
  }
  std::string_view encodingName() const {
    return PortEncodingNames[static_cast<size_t>(Encoding)];
  }

  friend bool operator==(const Port &, const Port &) = default;
};

/// Product of the extents.
size_t shapeElements(std::span<const int64_t> Shape);
/// "[2,3]", or "[]" for a scalar.
std::string shapeText(std::span<const int64_t> Shape);

} // namespace nn2crn

#endif
