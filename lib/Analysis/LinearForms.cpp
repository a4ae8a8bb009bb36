//===- LinearForms.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Overflow of coefficients is excluded beforehand, by a bound on all of them
// together, so that the inner loop (a row times a number, added to a row) has
// no tests in it. Single numbers are computed with tests.
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Analysis/LinearForms.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

using namespace nn2crn;

namespace {
template <class T> constexpr bool IsFraction = std::is_same_v<T, Rational>;

/// Coefficients stay below this magnitude; the margin pays for the rounding of
/// the bounds, which are doubles.
template <class T>
constexpr double Limit = sizeof(T) == sizeof(int64_t) ? 0x1p61 : 0x1p125;

template <class T> int signOf(const T &V) {
  if constexpr (IsFraction<T>)
    return V.sign();
  else
    return V < 0 ? -1 : V > 0;
}
template <class T> T absolute(const T &V) {
  return signOf(V) < 0 ? T(0) - V : V;
}
template <class T> double toDouble(const T &V) {
  if constexpr (IsFraction<T>)
    return V.toDouble();
  else
    return static_cast<double>(V);
}
template <class T> bool multiply(const T &A, const T &B, T &Out) {
  if constexpr (IsFraction<T>) {
    Out = A * B;
    return true;
  } else {
    return !__builtin_mul_overflow(A, B, &Out);
  }
}
template <class T> bool addTo(T &A, const T &B) {
  if constexpr (IsFraction<T>) {
    A = A + B;
    return true;
  } else {
    return !__builtin_add_overflow(A, B, &A);
  }
}
/// Not negative; gcd(0, B) is B.
template <class T> T gcd(T A, T B) {
  A = absolute(A);
  B = absolute(B);
  while (B != 0) {
    T Rest = A % B;
    A = B;
    B = Rest;
  }
  return A;
}

template <class T> Rational toRational(const T &V) {
  if constexpr (IsFraction<T>) {
    return V;
  } else {
    bool Negative = V < 0;
    auto Bits = static_cast<UInt128>(static_cast<Int128>(V));
    if (Negative)
      Bits = -Bits;
    Rational Word(0x100000000);
    auto Part = [](UInt128 B) {
      return Rational(static_cast<int64_t>(static_cast<uint32_t>(B)));
    };
    Rational R = ((Part(Bits >> 96) * Word + Part(Bits >> 64)) * Word +
                  Part(Bits >> 32)) *
                     Word +
                 Part(Bits);
    return Negative ? Rational(0) - R : R;
  }
}

/// False where \p R is no number of type T.
template <class T> bool fromRational(const Rational &R, T &Out) {
  if constexpr (IsFraction<T>) {
    Out = R;
    return true;
  } else {
    auto Words = R.magnitude();
    if (!Words || Words->High >> 62)
      return false;
    auto Value = static_cast<Int128>(static_cast<UInt128>(Words->High) << 64 |
                                     Words->Low);
    Out = static_cast<T>(R.sign() < 0 ? -Value : Value);
    return Out == (R.sign() < 0 ? -Value : Value);
  }
}

uint64_t mix(uint64_t H, uint64_t V) {
  H = (H ^ V) * 0x9e3779b97f4a7c15;
  return H ^ H >> 29;
}
template <class T> uint64_t hashOf(const T &V) {
  if constexpr (IsFraction<T>)
    return std::bit_cast<uint64_t>(V.toDouble() + 0.0);
  else
    return mix(static_cast<uint64_t>(V),
               static_cast<uint64_t>(static_cast<Int128>(V) >> 64));
}
} // namespace

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// Allows coefficients to grow by \p Growth, which must be bounded from above.
template <class T> void FormSpace<T>::Sum::makeRoom(double Growth) {
  if constexpr (!IsFraction<T>) {
    Largest += Growth;
    if (Largest < Limit<T>)
      return;
    // The bound adds up what may cancel: look what is really there.
    double Real = 0;
    for (const FormPtr &F : Added)
      for (const auto &E : F->Entries)
        Real = std::max(Real, std::fabs(toDouble(Dense[E.Atom])));
    Largest = Real + Growth;
    if (!(Largest < Limit<T>))
      Space.Overflow = true;
  }
}

template <class T> bool FormSpace<T>::Sum::raiseDenominator(const T &By) {
  if (By == T(1))
    return true;
  if constexpr (!IsFraction<T>) {
    double Factor = toDouble(By);
    makeRoom(Largest * (Factor - 1));
    T Raised;
    Wide Scaled;
    if (Space.Overflow || !multiply(Denominator, By, Raised) ||
        !multiply(Constant, Wide(By), Scaled)) {
      Space.Overflow = true;
      return false;
    }
    // Atoms that stand in several summands must be scaled once.
    std::vector<uint32_t> Present;
    for (const FormPtr &F : Added)
      for (const auto &E : F->Entries)
        Present.push_back(E.Atom);
    std::sort(Present.begin(), Present.end());
    Present.erase(std::unique(Present.begin(), Present.end()), Present.end());
    for (uint32_t A : Present)
      Dense[A] *= By;
    Denominator = Raised;
    Constant = Scaled;
  }
  return true;
}

template <class T>
void FormSpace<T>::Sum::addScaled(const FormPtr &Form, const T &Numerator,
                                  const T &Below) {
  if (Space.Overflow || Numerator == T(0))
    return;
  const auto &F = *Form;
  if (Dense.size() < Space.Atoms.size())
    Dense.resize(Space.Atoms.size(), T(0));
  T Factor = Numerator;
  if constexpr (IsFraction<T>) {
    if (!(Below == T(1)))
      Factor = Numerator / Below;
  } else {
    T D;
    if (!multiply(F.Denominator, Below, D)) {
      Space.Overflow = true;
      return;
    }
    if (T Missing = D / gcd(D, Denominator); !raiseDenominator(Missing))
      return;
    if (!multiply(Numerator, static_cast<T>(Denominator / D), Factor)) {
      Space.Overflow = true;
      return;
    }
    makeRoom(std::fabs(toDouble(Factor)) * F.Largest);
    if (Space.Overflow)
      return;
  }
  if constexpr (IsFraction<T>) {
    for (const auto &E : F.Entries)
      Dense[E.Atom] = Dense[E.Atom] + Factor * E.Coefficient;
  } else {
    T *Out = Dense.data();
    for (const auto &E : F.Entries)
      Out[E.Atom] += Factor * E.Coefficient;
  }
  if (!F.Entries.empty()) {
    Added.push_back(Form);
    AddedEntries += F.Entries.size();
  }
  if (F.Constant == Wide(0))
    return;
  Wide Part;
  if (!multiply(F.Constant, Wide(Factor), Part) || !addTo(Constant, Part))
    Space.Overflow = true;
}

template <class T>
void FormSpace<T>::Sum::add(const FormPtr &F, const Rational &Weight) {
  if constexpr (IsFraction<T>) {
    addScaled(F, Weight, T(1));
  } else {
    Rational Below = Weight.denominator();
    T Numerator, Denominator;
    if (fromRational(Weight * Below, Numerator) &&
        fromRational(Below, Denominator))
      addScaled(F, Numerator, Denominator);
    else
      Space.Overflow = true;
  }
}

template <class T> void FormSpace<T>::Sum::addConstant(const Rational &C) {
  if (Space.Overflow || C.sign() == 0)
    return;
  if constexpr (IsFraction<T>) {
    Constant = Constant + C;
  } else {
    // In units over the present denominator.
    Rational Scaled = C * Space.Unit * toRational(Denominator);
    Rational Missing = Scaled.denominator();
    T By;
    if (!fromRational(Missing, By)) {
      Space.Overflow = true;
      return;
    }
    if (!raiseDenominator(By))
      return;
    Wide Part;
    if (!fromRational(Scaled * Missing, Part) || !addTo(Constant, Part))
      Space.Overflow = true;
  }
}

template <class T> typename FormSpace<T>::FormPtr FormSpace<T>::Sum::take() {
  auto Out = std::make_shared<Form>();
  auto Keep = [&](uint32_t A) {
    if (signOf(Dense[A]) != 0) {
      Out->Entries.push_back({A, Dense[A]});
      Dense[A] = T(0);
    }
  };
  // Either walk over the atoms, or sort those that were touched.
  if (AddedEntries > Dense.size() / 8) {
    for (uint32_t A = 0; A < Dense.size(); ++A)
      Keep(A);
  } else {
    std::vector<uint32_t> Touched;
    Touched.reserve(AddedEntries);
    for (const FormPtr &F : Added)
      for (const auto &E : F->Entries)
        Touched.push_back(E.Atom);
    if (Added.size() > 1) {
      std::sort(Touched.begin(), Touched.end());
      Touched.erase(std::unique(Touched.begin(), Touched.end()), Touched.end());
    }
    for (uint32_t A : Touched)
      Keep(A);
  }
  Out->Entries.shrink_to_fit();
  Out->Constant = Constant;
  Out->Denominator = Denominator;
  Space.reduce(*Out);
  Added.clear();
  AddedEntries = 0;
  Constant = Wide(0);
  Denominator = T(1);
  Largest = 0;
  return Out;
}

/// To lowest terms; sets Largest.
template <class T> void FormSpace<T>::reduce(Form &F) {
  if constexpr (!IsFraction<T>) {
    if (F.Denominator != 1) {
      Wide Common = gcd(F.Constant, Wide(F.Denominator));
      for (const auto &E : F.Entries) {
        if (Common == 1)
          break;
        Common = gcd(Common, Wide(E.Coefficient));
      }
      if (Common != 1) {
        auto By = static_cast<T>(Common);
        for (auto &E : F.Entries)
          E.Coefficient /= By;
        F.Constant /= Common;
        F.Denominator /= By;
      }
    }
    for (const auto &E : F.Entries)
      F.Largest = std::max(F.Largest, std::fabs(toDouble(E.Coefficient)));
  }
}

//===----------------------------------------------------------------------===//
// Atoms
//===----------------------------------------------------------------------===//

template <class T>
FormSpace<T>::FormSpace(const Rational &Unit)
    : Unit(Unit), UnitValue(Unit.toDouble()) {
  assert(Unit.sign() > 0 && Unit.isInteger() && "a denominator");
  if constexpr (IsFraction<T>) {
    this->Unit = Rational(1);
    UnitValue = 1;
  }
}

template <class T>
uint32_t FormSpace<T>::addAtom(Interval Bounds, FormPtr Definition,
                               bool Marked) {
  Atoms.push_back({Bounds, std::move(Definition), Marked});
  return static_cast<uint32_t>(Atoms.size() - 1);
}

template <class T>
uint32_t FormSpace<T>::addVariable(Interval Bounds, bool Marked) {
  return addAtom(Bounds, nullptr, Marked);
}

template <class T>
typename FormSpace<T>::FormPtr FormSpace<T>::variable(uint32_t A) {
  if (const Interval &B = Atoms[A].Bounds;
      B.Low == B.High && std::isfinite(B.Low))
    return constant(Rational::fromDouble(B.Low));
  auto F = std::make_shared<Form>();
  F->Entries.push_back({A, T(1)});
  F->Largest = 1;
  return F;
}

template <class T>
typename FormSpace<T>::FormPtr FormSpace<T>::constant(const Rational &C) {
  Scratch.addConstant(C);
  return Scratch.take();
}

template <class T>
typename FormSpace<T>::FormPtr FormSpace<T>::difference(const FormPtr &A,
                                                        const FormPtr &B) {
  if (B->isZero())
    return A;
  Scratch.add(A, 1);
  Scratch.add(B, -1);
  return Scratch.take();
}

template <class T>
typename FormSpace<T>::FormPtr FormSpace<T>::quotient(const FormPtr &F,
                                                      uint32_t Divisor) {
  if (Divisor == 1)
    return F;
  Scratch.add(F, 1, Divisor);
  return Scratch.take();
}

template <class T>
typename FormSpace<T>::Relu FormSpace<T>::relu(const FormPtr &F) {
  auto Zero = [] { return std::make_shared<Form>(); };
  if (Overflow)
    return {Zero(), -1, 0};
  if (F->Entries.empty()) {
    int Sign = signOf(F->Constant);
    return {Sign > 0 ? F : Zero(), Sign >= 0 ? 1 : -1, 0};
  }
  Interval In = bounds(*F);
  if (In.Low >= 0)
    return {F, 1, 0};
  if (In.High <= 0)
    return {Zero(), -1, 0};

  // F = Content x P with P the representative of its positive multiples:
  // integers without a common divisor, or a first coefficient of 1 or -1.
  auto P = std::make_shared<Form>();
  auto Multiple = std::make_shared<Form>(); // Content, once it has an atom.
  if constexpr (IsFraction<T>) {
    T Content = absolute(F->Entries[0].Coefficient);
    P->Entries = F->Entries;
    for (auto &E : P->Entries)
      E.Coefficient = E.Coefficient / Content;
    P->Constant = F->Constant / Content;
    Multiple->Entries.push_back({0, Content});
  } else {
    T Common = 0;
    for (const auto &E : F->Entries)
      if (Common = gcd(Common, E.Coefficient); Common == 1)
        break;
    // The constant may need a denominator where the others need none.
    auto Shared = static_cast<T>(gcd(Wide(Common), F->Constant));
    P->Entries = F->Entries;
    for (auto &E : P->Entries)
      E.Coefficient /= Shared;
    P->Constant = F->Constant / Shared;
    P->Denominator = Common / Shared;
    reduce(*P);
    T Below = F->Denominator, Both = gcd(Common, Below);
    Multiple->Entries.push_back({0, static_cast<T>(Common / Both)});
    Multiple->Denominator = Below / Both;
    Multiple->Largest = toDouble(Multiple->Entries[0].Coefficient);
  }

  int Sign = signOf(P->Entries[0].Coefficient);
  uint64_t Hash = hashOf(P->Denominator);
  auto Signed = [&](const auto &V) { return Sign < 0 ? T(0) - V : V; };
  for (const auto &E : P->Entries)
    Hash = mix(Hash, E.Atom ^ hashOf(Signed(E.Coefficient)));
  auto Opposite = [](const Form &A, const Form &B) {
    return A.Entries.size() == B.Entries.size() &&
           A.Denominator == B.Denominator &&
           A.Constant == Wide(0) - B.Constant &&
           std::equal(A.Entries.begin(), A.Entries.end(), B.Entries.begin(),
                      [](const auto &X, const auto &Y) {
                        return X.Atom == Y.Atom &&
                               X.Coefficient == T(0) - Y.Coefficient;
                      });
  };
  auto [It, End] = Known.equal_range(Hash);
  for (; It != End; ++It) {
    const Form &Other = *Atoms[It->second].Definition;
    bool Same = Other == *P;
    if (!Same && !Opposite(Other, *P))
      continue;
    Multiple->Entries[0].Atom = It->second;
    if (Same)
      return {std::move(Multiple), 0, It->second};
    // relu(F) = relu(-F) + F.
    Scratch.add(Multiple, 1);
    Scratch.add(F, 1);
    return {Scratch.take(), 0, It->second};
  }
  Interval Out = bounds(*P);
  Out.Low = std::max(Out.Low, 0.0);
  uint32_t A = addAtom(Out, P, isMarked(*P));
  Known.emplace(Hash, A);
  Multiple->Entries[0].Atom = A;
  return {std::move(Multiple), 0, A};
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

template <class T> bool FormSpace<T>::isMarked(const Form &F) const {
  return std::ranges::any_of(
      F.Entries, [&](const auto &E) { return Atoms[E.Atom].Marked; });
}

/// The constant before it is divided by the denominator. Constants of less than
/// 2^-1022 have a unit beyond all doubles.
template <class T> double FormSpace<T>::constantOf(const Form &F) const {
  return std::isinf(UnitValue) ? (toRational(F.Constant) / Unit).toDouble()
                               : toDouble(F.Constant) / UnitValue;
}

/// The largest double that is not above \p R.
static double roundedDown(const Rational &R) {
  double D = R.toDouble();
  if (std::isinf(D))
    return D < 0 ? D : std::numeric_limits<double>::max();
  return R < Rational::fromDouble(D) ? std::nextafter(D, -HUGE_VAL) : D;
}

template <class T> Interval FormSpace<T>::bounds(const Form &F) const {
  Interval In{leastValue(F, 1), -leastValue(F, -1)};
  // c (relu(D) - D) is c relu(-D), and bounded like that, whichever of the two
  // came first and has the atom.
  if (F.Entries.size() < 2)
    return In;
  const auto &[Last, C] = F.Entries.back();
  const FormPtr &D = Atoms[Last].Definition;
  if (!D || D->Entries.size() + 1 != F.Entries.size())
    return In;
  for (size_t I = 0; I < D->Entries.size(); ++I) {
    T Here, Wanted;
    if (F.Entries[I].Atom != D->Entries[I].Atom ||
        !multiply(F.Entries[I].Coefficient, D->Denominator, Here) ||
        !multiply(C, T(0) - D->Entries[I].Coefficient, Wanted) ||
        !(Here == Wanted))
      return In;
  }
  Interval Of = bounds(*D);
  Rational Each = toRational(C) / toRational(F.Denominator);
  Rational Rest =
      toRational(F.Constant) / (Unit * toRational(F.Denominator)) +
      Each * toRational(D->Constant) / (Unit * toRational(D->Denominator));
  double Least = std::max(0.0, -Of.High), Most = std::max(0.0, -Of.Low);
  if (Each.sign() < 0)
    std::swap(Least, Most);
  if (std::isfinite(Least))
    In.Low = std::max(In.Low,
                      roundedDown(Rest + Each * Rational::fromDouble(Least)));
  if (std::isfinite(Most))
    In.High =
        std::min(In.High, -roundedDown(Rational(0) - Rest -
                                       Each * Rational::fromDouble(Most)));
  return In;
}

/// A lower bound on Sign x F.
template <class T>
double FormSpace<T>::leastValue(const Form &F, int Sign) const {
  // The bound of an atom that makes the term least; 0 adds nothing, not even
  // an error.
  auto Bound = [&](const typename Form::Entry &E) {
    const Interval &B = Atoms[E.Atom].Bounds;
    return signOf(E.Coefficient) * Sign > 0 ? B.Low : B.High;
  };
  double Sum = Sign * constantOf(F);
  // What rounding may have moved: each number by some units in its last place.
  double Size = std::fabs(Sum), Largest = 0;
  for (const auto &E : F.Entries)
    if (double B = Bound(E); B != 0) {
      if (std::isinf(B))
        return -std::numeric_limits<double>::infinity();
      Sum += Sign * toDouble(E.Coefficient) * B;
      Size += std::fabs(toDouble(E.Coefficient) * B);
      Largest = std::max(Largest, std::fabs(B));
    }
  constexpr double Least = std::numeric_limits<double>::min();
  // Numbers below the normal ones are off by more: as if they were normal.
  double Slack = (Size + Least * (1 + Largest)) *
                 (static_cast<double>(F.Entries.size()) + 8) * 0x1p-52;
  // The sign is what matters, and a bound of exactly 0 is common.
  if (std::fabs(Sum) <= Slack && std::isfinite(Size)) {
    Rational Exact = toRational(F.Constant) / Unit;
    for (const auto &E : F.Entries)
      if (double B = Bound(E); B != 0)
        Exact = Exact + toRational(E.Coefficient) * Rational::fromDouble(B);
    if (Exact.sign() * Sign >= 0)
      return 0;
  }
  Sum -= Slack;
  double Below = toDouble(F.Denominator);
  // What is negative stays so, however small.
  return Sum < 0 ? std::min(Sum / (Below * (1 - 0x1p-50)),
                            -std::numeric_limits<double>::denorm_min())
                 : Sum / (Below * (1 + 0x1p-50));
}

template <class T>
template <class V>
V FormSpace<T>::valueIn(const Form &F, std::span<const V> Values) const {
  if constexpr (std::is_same_v<V, double>) {
    double Sum = constantOf(F);
    for (const auto &E : F.Entries)
      Sum += toDouble(E.Coefficient) * Values[E.Atom];
    return Sum / toDouble(F.Denominator);
  } else {
    Rational Sum = toRational(F.Constant) / Unit;
    for (const auto &E : F.Entries)
      if (Values[E.Atom].sign() != 0)
        Sum = Sum + toRational(E.Coefficient) * Values[E.Atom];
    return Sum / toRational(F.Denominator);
  }
}

template <class T>
double FormSpace<T>::value(const Form &F, std::span<const double> V) const {
  return valueIn<double>(F, V);
}
template <class T>
Rational FormSpace<T>::value(const Form &F, std::span<const Rational> V) const {
  return valueIn<Rational>(F, V);
}

template <class T>
void FormSpace<T>::evaluate(std::vector<double> &Values) const {
  Values.resize(Atoms.size());
  for (size_t A = 0; A < Atoms.size(); ++A)
    if (const FormPtr &D = Atoms[A].Definition)
      Values[A] = std::max(0.0, value(*D, Values));
}
template <class T>
void FormSpace<T>::evaluate(std::vector<Rational> &Values) const {
  Values.resize(Atoms.size());
  for (size_t A = 0; A < Atoms.size(); ++A)
    if (const FormPtr &D = Atoms[A].Definition) {
      Rational V = value(*D, Values);
      Values[A] = V.sign() > 0 ? V : Rational(0);
    }
}

template class nn2crn::FormSpace<int64_t>;
template class nn2crn::FormSpace<Int128>;
template class nn2crn::FormSpace<Rational>;
