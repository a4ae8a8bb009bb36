//===- LinearForms.h - Piecewise-linear functions in normal form -*- C++
//-*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A network of ReLU units, and a network of reactions whose limit is certain,
// both compute piecewise-linear functions. Here such a function is a linear
// form, in exact arithmetic, over *atoms*. An atom is either a variable (an
// element of an input) or relu(f) of a form f over earlier atoms:
//
//   y = 3 a7 - a8 + 1/4,   a7 = relu(x0 - x1 + 1/2),   a8 = relu(a7 - 2 x0)
//
// Atoms are made once for each function: relu(c f) with c > 0 is c relu(f), and
// relu(-f) is relu(f) - f, so that all multiples of f, of either sign, share an
// atom. A form whose sign is the same for all values of its atoms is no atom
// but 0 or itself. What is built from two descriptions of the same units ends
// in the same form, whatever the names and the order: equal forms are a proof
// of equal functions. (Forms that differ prove nothing: that is a hard problem
// in general.)
//
// The arithmetic is that of a template argument: 64 or 128 bits, which say so
// when they overflow, or fractions of any size.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_ANALYSIS_LINEARFORMS_H
#define NN2CRN_ANALYSIS_LINEARFORMS_H

#include "nn2crn/Support/Number.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace nn2crn {

__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;

/// Values between two bounds, both included.
struct Interval {
  double Low = -std::numeric_limits<double>::infinity();
  double High = std::numeric_limits<double>::infinity();
};

/// The type of constants that goes with coefficients of type T: bias after
/// bias, they are the first numbers to grow.
template <class T> struct WideOf {
  using Type = Int128;
};
template <> struct WideOf<Rational> {
  using Type = Rational;
};

/// (sum of coefficient x atom + constant / unit) / denominator, in lowest
/// terms; the unit is that of the space. Fractions have denominator 1.
template <class T> struct LinearForm {
  using Wide = typename WideOf<T>::Type;
  struct Entry {
    uint32_t Atom;
    T Coefficient;
    friend bool operator==(const Entry &, const Entry &) = default;
  };
  /// Atoms ascend, coefficients are not 0.
  std::vector<Entry> Entries;
  Wide Constant{0};
  T Denominator{1};
  /// No coefficient is larger in magnitude. Not used for fractions.
  double Largest = 0;

  bool isZero() const { return Entries.empty() && Constant == Wide(0); }
  friend bool operator==(const LinearForm &A, const LinearForm &B) {
    return A.Entries == B.Entries && A.Constant == B.Constant &&
           A.Denominator == B.Denominator;
  }
};

/// All atoms of one question, and arithmetic on forms over them. \p T is
/// int64_t, Int128 or Rational.
template <class T> class FormSpace {
public:
  using Form = LinearForm<T>;
  using Wide = typename Form::Wide;
  /// Forms are shared: most species get all of what one reaction makes.
  using FormPtr = std::shared_ptr<const Form>;

  /// \p Unit is a common denominator of the constants that will occur; others
  /// may occur too, at a price.
  explicit FormSpace(const Rational &Unit);

  /// True once a number did not fit T; nothing that was computed since can be
  /// trusted.
  bool overflowed() const { return Overflow; }

  //===--- Atoms ----------------------------------------------------------===//

  struct Atom {
    /// Of the values it takes.
    Interval Bounds;
    /// relu of this; null for a variable.
    FormPtr Definition;
    /// Depends on a variable that addVariable() was told to mark.
    bool Marked;
  };
  std::span<const Atom> atoms() const { return Atoms; }
  uint32_t addVariable(Interval Bounds, bool Marked = false);
  /// A number where the bounds leave but one.
  FormPtr variable(uint32_t Atom);

  //===--- Forms ----------------------------------------------------------===//

  /// Accumulates sum of weight x form + constants; reused for the next sum
  /// after take().
  class Sum {
  public:
    explicit Sum(FormSpace &Space) : Space(Space) {}
    void add(const FormPtr &F, int64_t Numerator, int64_t Denominator = 1) {
      addScaled(F, T(Numerator), T(Denominator));
    }
    void add(const FormPtr &F, const Rational &Weight);
    void addConstant(const Rational &C);
    FormPtr take();

  private:
    void addScaled(const FormPtr &F, const T &Numerator, const T &Denominator);
    void makeRoom(double Growth);
    bool raiseDenominator(const T &By);
    FormSpace &Space;
    std::vector<T> Dense;
    /// What was added, for take() to find what is not 0.
    std::vector<FormPtr> Added;
    size_t AddedEntries = 0;
    Wide Constant{0};
    T Denominator{1};
    double Largest = 0;
  };

  FormPtr constant(const Rational &C);
  /// A - B.
  FormPtr difference(const FormPtr &A, const FormPtr &B);
  /// F / \p Divisor, which is positive.
  FormPtr quotient(const FormPtr &F, uint32_t Divisor);

  /// max(F, 0).
  struct Relu {
    FormPtr Value;
    /// Sign of F where that is always the same: +1 (not negative), -1 (not
    /// positive); 0 where it is not known to be.
    int Sign;
    /// Where Sign is 0: the atom of F or of -F.
    uint32_t Atom;
  };
  Relu relu(const FormPtr &F);

  /// Certain bounds of a form.
  Interval bounds(const Form &F) const;
  bool isMarked(const Form &F) const;

  /// The value of all atoms, given those of the variables in \p Values (one an
  /// atom; those of variables are read, the others written). Doubles are for
  /// search, fractions for proof.
  void evaluate(std::vector<double> &Values) const;
  void evaluate(std::vector<Rational> &Values) const;
  double value(const Form &F, std::span<const double> Values) const;
  Rational value(const Form &F, std::span<const Rational> Values) const;

private:
  double constantOf(const Form &F) const;
  double leastValue(const Form &F, int Sign) const;
  template <class V> V valueIn(const Form &F, std::span<const V> Values) const;
  uint32_t addAtom(Interval Bounds, FormPtr Definition, bool Marked);
  void reduce(Form &F);
  std::vector<Atom> Atoms;
  std::unordered_multimap<uint64_t, uint32_t> Known;
  Rational Unit;
  double UnitValue;
  bool Overflow = false;
  Sum Scratch{*this};
};

/// Calls \p Try with an int64_t, an Int128 and a Rational, until one answers
/// true: that its numbers were large enough. The last one always is.
template <class Fn> void withNumbersLargeEnough(Fn Try) {
  if (!Try(int64_t()) && !Try(Int128()))
    Try(Rational());
}

extern template class FormSpace<int64_t>;
extern template class FormSpace<Int128>;
extern template class FormSpace<Rational>;

} // namespace nn2crn

#endif
