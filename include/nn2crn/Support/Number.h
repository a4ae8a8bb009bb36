//===- Number.h - Doubles with their exact companions -----------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every amount and rate is a double for simulation. A certificate compares
// exactly, so each also says which exact number it stands for:
//
//   exact        the double itself is the value (a weight, a float32 bias)
//   rational     the value is p/q, and the double is the nearest one
//   approximate  no exact value is known (the root of an equation, a measured
//                rate); nothing may be proven from it
//
// In text these are `0.1`, `1/10` and `~0.1`. A decimal numeral means the
// double nearest to it, as in every other tool that reads it.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_SUPPORT_NUMBER_H
#define NN2CRN_SUPPORT_NUMBER_H

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace nn2crn {

/// An exact fraction in lowest terms with a positive denominator, of any size.
/// A value type.
class Rational {
public:
  Rational();
  Rational(int64_t Numerator, int64_t Denominator = 1);
  Rational(const Rational &);
  Rational(Rational &&) noexcept;
  Rational &operator=(const Rational &);
  Rational &operator=(Rational &&) noexcept;
  ~Rational();

  /// The exact value of \p Value, which must be finite.
  static Rational fromDouble(double Value);
  /// Reads "-12" or "-12/35"; nothing else, no blanks. The denominator must
  /// not be zero. Refuses more than 4096 digits.
  static std::optional<Rational> parse(std::string_view Text);

  /// The nearest double; infinite where the magnitude is beyond all doubles.
  double toDouble() const;
  /// "p" or "p/q".
  std::string str() const;
  bool isInteger() const;
  int sign() const;
  /// The denominator in lowest terms, positive.
  Rational denominator() const;
  /// The magnitude as a high and a low word; empty for a fraction, and for an
  /// integer of 2^128 or more.
  struct Words {
    uint64_t High, Low;
  };
  std::optional<Words> magnitude() const;

  friend Rational operator+(const Rational &, const Rational &);
  friend Rational operator-(const Rational &, const Rational &);
  friend Rational operator*(const Rational &, const Rational &);
  /// The divisor must not be zero.
  friend Rational operator/(const Rational &, const Rational &);
  friend bool operator==(const Rational &, const Rational &);
  /// The largest fraction of which both are integer multiples. Not for 0.
  friend Rational commonMeasure(const Rational &, const Rational &);
  friend bool operator<(const Rational &, const Rational &);

private:
  struct Impl;
  explicit Rational(std::unique_ptr<Impl> P);
  std::unique_ptr<Impl> P;
};

/// A double and what it stands for; see the head of this file.
class Number {
public:
  enum class Kind : uint8_t { Exact, Rational, Approximate };

  /// There is one zero: -0 becomes 0, so that equal numbers have equal bits.
  Number(double Value = 0) : Value(Value + 0.0) {}
  /// Becomes Exact when \p R is a double.
  static Number rational(const Rational &R);
  static Number approximate(double Value);

  double value() const { return Value; }
  Kind kind() const { return K; }
  /// The exact value, where there is one.
  std::optional<Rational> exact() const;

  /// Exact where both are.
  friend Number operator+(const Number &, const Number &);
  friend Number operator-(const Number &, const Number &);
  friend Number operator*(const Number &, const Number &);
  friend Number operator/(const Number &, const Number &);
  Number operator-() const;
  /// Same value and same kind.
  friend bool operator==(const Number &, const Number &);

  /// The text form: "0.25", "1/3" or "~0.7".
  std::string str() const;

private:
  double Value;
  Kind K = Kind::Exact;
  std::shared_ptr<const nn2crn::Rational> Fraction;
};

/// The shortest decimal numeral that reads back as \p Value, with a lower-case
/// exponent and digits on both sides of any point: what every reader of `.crn`
/// accepts. \p Value must be finite.
std::string formatDouble(double Value);
/// \p Value to \p Digits significant digits, for people; it need not be finite.
std::string formatRounded(double Value, int Digits);
/// Appends formatDouble(\p Value) to \p Out without a temporary.
void appendDouble(std::string &Out, double Value);

} // namespace nn2crn

#endif
