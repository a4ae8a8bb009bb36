//===- ConstantExpression.h -------------------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Arithmetic on constants, as parameters and rates of a `.net` file have it.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_IMPORT_CONSTANTEXPRESSION_H
#define NN2CRN_LIB_IMPORT_CONSTANTEXPRESSION_H

#include "nn2crn/Support/Number.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace nn2crn {

/// A recursive descent over `+ - * / ^ ( )`, numerals and names.
class ConstantExpression {
public:
  using Lookup = std::function<std::optional<Number>(std::string_view)>;
  ConstantExpression(std::string_view Text, Lookup Look)
      : Text(Text), Look(std::move(Look)) {}

  /// The value; empty where the text is not such an expression, a name is
  /// unknown, or the value is not finite. Then why() says what was found.
  std::optional<Number> evaluate();
  const std::string &why() const { return Why; }

private:
  bool fail(std::string Reason);
  void skipBlanks();
  bool take(char C);
  bool sum(Number &Out);
  bool product(Number &Out);
  bool power(Number &Out);
  bool atom(Number &Out);

  std::string_view Text;
  Lookup Look;
  std::string Why;
  size_t At = 0;
  unsigned Depth = 0;
};

} // namespace nn2crn

#endif
