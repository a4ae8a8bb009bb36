//===- ConstantExpression.cpp ---------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConstantExpression.h"

#include "ForeignNames.h"

#include "llvm/ADT/StringExtras.h"

#include <charconv>
#include <cmath>

using namespace nn2crn;

static constexpr unsigned MaxDepth = 100;

bool ConstantExpression::fail(std::string Reason) {
  Why = std::move(Reason);
  return false;
}

void ConstantExpression::skipBlanks() {
  while (At < Text.size() && llvm::isSpace(Text[At]))
    ++At;
}

bool ConstantExpression::take(char C) {
  skipBlanks();
  if (At == Text.size() || Text[At] != C)
    return false;
  ++At;
  return true;
}

std::optional<Number> ConstantExpression::evaluate() {
  Number Value;
  if (!sum(Value))
    return std::nullopt;
  skipBlanks();
  if (At != Text.size()) {
    fail("'" + std::string(Text.substr(At)) + "' after it");
    return std::nullopt;
  }
  if (!std::isfinite(Value.value())) {
    fail("a value that is not finite");
    return std::nullopt;
  }
  return Value;
}

bool ConstantExpression::sum(Number &Out) {
  if (!product(Out))
    return false;
  while (true) {
    bool Plus = take('+');
    if (!Plus && !take('-'))
      return true;
    Number Right;
    if (!product(Right))
      return false;
    Out = keepSmall(Plus ? Out + Right : Out - Right);
  }
}

bool ConstantExpression::product(Number &Out) {
  if (!power(Out))
    return false;
  while (true) {
    bool Times = take('*');
    if (!Times && !take('/'))
      return true;
    Number Right;
    if (!power(Right))
      return false;
    if (!Times && Right.value() == 0)
      return fail("a division by zero");
    Out = keepSmall(Times ? Out * Right : Out / Right);
  }
}

bool ConstantExpression::power(Number &Out) {
  // A sign binds looser than a power: -2^2 is -4.
  if (++Depth > MaxDepth)
    return fail("nesting beyond " + std::to_string(MaxDepth));
  bool Fine = true;
  if (take('-')) {
    Fine = power(Out);
    Out = -Out;
  } else if (take('+')) {
    Fine = power(Out);
  } else if (atom(Out) && take('^')) {
    Number Exponent;
    Fine = power(Exponent);
    Out = Number::approximate(std::pow(Out.value(), Exponent.value()));
    // Powers of doubles that come out whole are what they look like.
    if (Fine && std::isfinite(Out.value()) &&
        Out.value() == std::floor(Out.value()) &&
        std::fabs(Out.value()) < 0x1p53)
      Out = Number(Out.value());
  } else {
    Fine = Why.empty();
  }
  --Depth;
  return Fine;
}

bool ConstantExpression::atom(Number &Out) {
  if (take('(')) {
    if (!sum(Out))
      return false;
    return take(')') || fail("a parenthesis that is not closed");
  }
  skipBlanks();
  std::string_view Rest = Text.substr(At);
  if (Rest.empty())
    return fail("nothing where a number or name belongs");
  if (llvm::isDigit(Rest[0]) || Rest[0] == '.') {
    double Value;
    auto [End, Error] =
        std::from_chars(Rest.data(), Rest.data() + Rest.size(), Value);
    if (Error != std::errc())
      return fail("a number out of range");
    At += static_cast<size_t>(End - Rest.data());
    Out = Number(Value);
    return true;
  }
  size_t Length = 0;
  while (Length < Rest.size() &&
         (llvm::isAlnum(Rest[Length]) || Rest[Length] == '_'))
    ++Length;
  if (Length == 0)
    return fail("'" + std::string(Rest.substr(0, 20)) + "'");
  std::string_view Name = Rest.substr(0, Length);
  At += Length;
  skipBlanks();
  if (At < Text.size() && Text[At] == '(')
    return fail("a call of '" + std::string(Name) + "'");
  auto Value = Look(Name);
  if (!Value)
    return fail("'" + std::string(Name) +
                "', which is no parameter given before");
  Out = *Value;
  return true;
}
