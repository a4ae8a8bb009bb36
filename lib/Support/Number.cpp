//===- Number.cpp ---------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Support/Number.h"

#include <gmpxx.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>

using namespace nn2crn;

//===----------------------------------------------------------------------===//
// Rational
//===----------------------------------------------------------------------===//

struct Rational::Impl {
  mpq_class Q;
};

Rational::Rational(std::unique_ptr<Impl> P) : P(std::move(P)) {}
Rational::Rational() : Rational(0) {}
Rational::Rational(int64_t Numerator, int64_t Denominator)
    : P(std::make_unique<Impl>()) {
  static_assert(sizeof(long) == sizeof(int64_t), "GMP takes longs");
  assert(Denominator != 0 && "a fraction needs a denominator");
  P->Q.get_num() = static_cast<long>(Numerator);
  P->Q.get_den() = static_cast<long>(Denominator);
  P->Q.canonicalize();
}
Rational::Rational(const Rational &O) : P(std::make_unique<Impl>(*O.P)) {}
Rational::Rational(Rational &&O) noexcept : Rational() { std::swap(P, O.P); }
Rational &Rational::operator=(const Rational &O) {
  P->Q = O.P->Q;
  return *this;
}
Rational &Rational::operator=(Rational &&O) noexcept {
  std::swap(P, O.P);
  return *this;
}
Rational::~Rational() = default;

Rational Rational::fromDouble(double Value) {
  assert(std::isfinite(Value) && "only finite numbers are fractions");
  return Rational(std::make_unique<Impl>(Impl{mpq_class(Value)}));
}

std::optional<Rational> Rational::parse(std::string_view Text) {
  constexpr size_t MostDigits = 4096;
  auto IsInteger = [](std::string_view S) {
    return !S.empty() && S.size() <= MostDigits &&
           S.find_first_not_of("0123456789") == S.npos;
  };
  size_t Slash = Text.find('/');
  std::string_view Num = Text.substr(0, Slash);
  bool Negative = Num.starts_with('-');
  if (Negative)
    Num.remove_prefix(1);
  std::string_view Den = Slash == Text.npos ? "1" : Text.substr(Slash + 1);
  if (!IsInteger(Num) || !IsInteger(Den))
    return std::nullopt;
  auto Read = std::make_unique<Impl>();
  Read->Q.get_num() = mpz_class(std::string(Num), 10);
  Read->Q.get_den() = mpz_class(std::string(Den), 10);
  if (Read->Q.get_den() == 0)
    return std::nullopt;
  if (Negative)
    Read->Q.get_num() = -Read->Q.get_num();
  Read->Q.canonicalize();
  return Rational(std::move(Read));
}

double Rational::toDouble() const {
  // GMP truncates; here the nearest double is wanted. An integer quotient of
  // at least 55 bits whose lowest bit also stands for the remainder rounds
  // right when it is converted. Below the normal range fewer bits are kept, so
  // that the only rounding is the one to the subnormal grid.
  mpz_class Num = abs(P->Q.get_num());
  if (Num == 0)
    return 0;
  const mpz_class &Den = P->Q.get_den();
  auto Bits = [](const mpz_class &I) {
    return static_cast<long>(mpz_sizeinbase(I.get_mpz_t(), 2));
  };
  constexpr long FinestBit = 1074;
  long Shift = std::min(56 - (Bits(Num) - Bits(Den)), FinestBit + 2);
  mpz_class Dividend = Num, Divisor = Den, Quotient, Remainder;
  if (Shift >= 0)
    Dividend <<= static_cast<unsigned long>(Shift);
  else
    Divisor <<= static_cast<unsigned long>(-Shift);
  mpz_tdiv_qr(Quotient.get_mpz_t(), Remainder.get_mpz_t(), Dividend.get_mpz_t(),
              Divisor.get_mpz_t());
  uint64_t Kept = Quotient.get_ui();
  if (Remainder != 0)
    Kept |= 1;
  double Magnitude =
      std::ldexp(static_cast<double>(Kept), static_cast<int>(-Shift));
  return sign() < 0 ? -Magnitude : Magnitude;
}

std::string Rational::str() const { return P->Q.get_str(); }
bool Rational::isInteger() const { return P->Q.get_den() == 1; }
int Rational::sign() const { return sgn(P->Q); }
Rational Rational::denominator() const {
  return Rational(std::make_unique<Impl>(Impl{mpq_class(P->Q.get_den())}));
}
std::optional<Rational::Words> Rational::magnitude() const {
  const mpz_class &Num = P->Q.get_num();
  if (!isInteger() || mpz_sizeinbase(Num.get_mpz_t(), 2) > 128)
    return std::nullopt;
  return Words{mpz_size(Num.get_mpz_t()) > 1 ? mpz_getlimbn(Num.get_mpz_t(), 1)
                                             : 0,
               mpz_getlimbn(Num.get_mpz_t(), 0)};
}

namespace nn2crn {
Rational operator+(const Rational &A, const Rational &B) {
  return Rational(std::make_unique<Rational::Impl>(
      Rational::Impl{mpq_class(A.P->Q + B.P->Q)}));
}
Rational operator-(const Rational &A, const Rational &B) {
  return Rational(std::make_unique<Rational::Impl>(
      Rational::Impl{mpq_class(A.P->Q - B.P->Q)}));
}
Rational operator*(const Rational &A, const Rational &B) {
  return Rational(std::make_unique<Rational::Impl>(
      Rational::Impl{mpq_class(A.P->Q * B.P->Q)}));
}
Rational operator/(const Rational &A, const Rational &B) {
  assert(B.sign() != 0 && "division by zero");
  return Rational(std::make_unique<Rational::Impl>(
      Rational::Impl{mpq_class(A.P->Q / B.P->Q)}));
}
Rational commonMeasure(const Rational &A, const Rational &B) {
  assert(A.sign() != 0 && B.sign() != 0 && "0 measures nothing");
  mpq_class Out;
  mpz_gcd(Out.get_num_mpz_t(), A.P->Q.get_num_mpz_t(), B.P->Q.get_num_mpz_t());
  mpz_lcm(Out.get_den_mpz_t(), A.P->Q.get_den_mpz_t(), B.P->Q.get_den_mpz_t());
  return Rational(std::make_unique<Rational::Impl>(Rational::Impl{Out}));
}
bool operator==(const Rational &A, const Rational &B) {
  return A.P->Q == B.P->Q;
}
bool operator<(const Rational &A, const Rational &B) { return A.P->Q < B.P->Q; }
} // namespace nn2crn

//===----------------------------------------------------------------------===//
// Number
//===----------------------------------------------------------------------===//

Number Number::rational(const nn2crn::Rational &R) {
  Number N(R.toDouble());
  if (std::isfinite(N.Value) && nn2crn::Rational::fromDouble(N.Value) == R)
    return N;
  N.K = Kind::Rational;
  N.Fraction = std::make_shared<const nn2crn::Rational>(R);
  return N;
}

Number Number::approximate(double Value) {
  Number N(Value);
  N.K = Kind::Approximate;
  return N;
}

std::optional<Rational> Number::exact() const {
  switch (K) {
  case Kind::Exact:
    return nn2crn::Rational::fromDouble(Value);
  case Kind::Rational:
    return *Fraction;
  case Kind::Approximate:
    break;
  }
  return std::nullopt;
}

namespace {
template <class Op> Number combine(const Number &A, const Number &B, Op Apply) {
  if (A.kind() == Number::Kind::Approximate ||
      B.kind() == Number::Kind::Approximate)
    return Number::approximate(Apply(A.value(), B.value()));
  return Number::rational(Apply(*A.exact(), *B.exact()));
}
} // namespace

namespace nn2crn {
Number operator+(const Number &A, const Number &B) {
  return combine(A, B, [](const auto &X, const auto &Y) { return X + Y; });
}
Number operator-(const Number &A, const Number &B) {
  return combine(A, B, [](const auto &X, const auto &Y) { return X - Y; });
}
Number operator*(const Number &A, const Number &B) {
  return combine(A, B, [](const auto &X, const auto &Y) { return X * Y; });
}
Number operator/(const Number &A, const Number &B) {
  return combine(A, B, [](const auto &X, const auto &Y) { return X / Y; });
}
bool operator==(const Number &A, const Number &B) {
  if (A.K != B.K)
    return false;
  return A.K == Number::Kind::Rational ? *A.Fraction == *B.Fraction
                                       : A.Value == B.Value;
}
} // namespace nn2crn

Number Number::operator-() const { return Number(0.0) - *this; }

std::string Number::str() const {
  switch (K) {
  case Kind::Exact:
    return formatDouble(Value);
  case Kind::Rational:
    // A fraction that is an integer no double holds keeps its denominator, or
    // it would read back as the double.
    return Fraction->isInteger() ? Fraction->str() + "/1" : Fraction->str();
  case Kind::Approximate:
    return '~' + formatDouble(Value);
  }
  return {};
}

std::string nn2crn::formatDouble(double Value) {
  std::string Out;
  appendDouble(Out, Value);
  return Out;
}

std::string nn2crn::formatRounded(double Value, int Digits) {
  char Text[64];
  snprintf(Text, sizeof Text, "%.*g", std::min(Digits, 17), Value);
  return Text;
}

void nn2crn::appendDouble(std::string &Out, double Value) {
  assert(std::isfinite(Value) && "only finite numbers have a text form");
  char Buffer[32];
  auto End = std::to_chars(Buffer, Buffer + sizeof Buffer, Value).ptr;
  Out.append(Buffer, End);
}
