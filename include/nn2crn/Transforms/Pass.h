//===- Pass.h - What a pass is -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A pass rewrites a network and says what that preserved. Its options,
// counters and documentation are members, so that help, pipelines as text and
// the reference page need no second list:
//
//   struct MergeDuplicates : Pass {
//     static constexpr PassInfo Info{"merge-duplicates", "...", R"(...)"};
//     Counter Merged{this, "merged", "reactions merged into another"};
//     PassInfo info() const override { return Info; }
//     PassResult run(Network &, PassContext &) override;
//   };
//
// plus one line in Passes.def and one in CMakeLists.txt; scripts/new-pass
// writes all of it.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TRANSFORMS_PASS_H
#define NN2CRN_TRANSFORMS_PASS_H

#include "nn2crn/IR/Network.h"
#include "nn2crn/Support/Diagnostics.h"

#include <any>
#include <charconv>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <typeindex>
#include <vector>

namespace nn2crn {

/// What a rewrite kept, on what is observed (Network::observedSpecies), from
/// strongest to weakest. Each level implies those below it.
enum class Preserved : uint8_t {
  /// The same differential equations and the same stochastic process.
  SameKinetics,
  /// The same final amounts, for all inputs.
  SameEquilibrium,
  /// The same readings of ports; single rails may differ.
  SameDifference,
  /// Readings within a bound.
  Approximate,
};
std::string_view preservedName(Preserved P);

/// What one run of a pass did.
class [[nodiscard]] PassResult {
public:
  enum class Kind : uint8_t { Unchanged, Changed, Failed };

  static PassResult unchanged() { return {Kind::Unchanged}; }
  /// \p OnRange: only for inputs within the declared ranges of the ports.
  static PassResult changed(Preserved P, bool OnRange = false) {
    PassResult R(Kind::Changed);
    R.Level = P;
    R.OnRange = OnRange;
    return R;
  }
  /// Readings move by at most \p Bound.
  static PassResult approximate(double Bound, bool OnRange) {
    PassResult R = changed(Preserved::Approximate, OnRange);
    R.Bound = Bound;
    return R;
  }
  /// An error was reported and the network is as it was.
  static PassResult failed() { return {Kind::Failed}; }

  Kind kind() const { return K; }
  Preserved level() const { return Level; }
  bool onRangeOnly() const { return OnRange; }
  double bound() const { return Bound; }

private:
  PassResult(Kind K) : K(K) {}
  Kind K;
  Preserved Level = Preserved::SameKinetics;
  bool OnRange = false;
  double Bound = 0;
};

struct PassInfo {
  std::string_view Name, Summary;
  /// Markdown for the reference page. A fenced block marked `crn before` and
  /// one marked `crn after` are run as a test.
  std::string_view Documentation;
};

class Pass;

/// An option of a pass, as in `split-fanout{max-products=4}`.
class PassOption {
public:
  PassOption(Pass *Owner, std::string_view Name, std::string_view Help);
  virtual ~PassOption() = default;
  PassOption(const PassOption &) = delete;
  PassOption &operator=(const PassOption &) = delete;

  std::string_view name() const { return Name; }
  std::string_view help() const { return Help; }
  /// False where \p Text is no value of this option.
  virtual bool parse(std::string_view Text) = 0;
  virtual std::string text() const = 0;
  virtual std::string defaultText() const = 0;
  /// What a value looks like: "true or false", "an integer".
  virtual std::string_view expects() const = 0;

private:
  std::string_view Name, Help;
};

/// \p T is bool, an integer type, double, or std::string for one word.
template <class T> class Option final : public PassOption {
public:
  Option(Pass *Owner, std::string_view Name, T Default, std::string_view Help)
      : PassOption(Owner, Name, Help), Value(Default), Default(Default) {}
  operator T() const { return Value; }

  bool parse(std::string_view Text) override {
    if constexpr (std::is_same_v<T, bool>) {
      Value = Text == "true";
      return Value || Text == "false";
    } else if constexpr (std::is_same_v<T, std::string>) {
      Value = Text;
      return !Text.empty();
    } else {
      T Read{};
      auto [End, Error] =
          std::from_chars(Text.data(), Text.data() + Text.size(), Read);
      if (Error != std::errc() || End != Text.data() + Text.size())
        return false;
      Value = Read;
      return true;
    }
  }
  std::string text() const override { return spell(Value); }
  std::string defaultText() const override { return spell(Default); }
  std::string_view expects() const override {
    return std::is_same_v<T, bool>          ? "true or false"
           : std::is_same_v<T, std::string> ? "a word"
           : std::is_floating_point_v<T>    ? "a number"
           : std::is_signed_v<T>            ? "an integer"
                                            : "an integer of at least 0";
  }

private:
  static std::string spell(const T &V) {
    if constexpr (std::is_same_v<T, bool>)
      return V ? "true" : "false";
    else if constexpr (std::is_same_v<T, std::string>)
      return V;
    else if constexpr (std::is_floating_point_v<T>)
      return formatDouble(V);
    else
      return std::to_string(V);
  }
  T Value, Default;
};

/// One of a few words; the first is the default.
class Choice final : public PassOption {
public:
  /// \p Words must outlive the pass.
  Choice(Pass *Owner, std::string_view Name,
         std::span<const std::string_view> Words, std::string_view Help)
      : PassOption(Owner, Name, Help), Words(Words) {
    for (std::string_view Word : Words)
      Expects += (Expects.empty()        ? ""
                  : Word == Words.back() ? " or "
                                         : ", ") +
                 std::string(Word);
  }
  /// The place of the word among those there are.
  size_t index() const { return Index; }

  bool parse(std::string_view Text) override {
    for (size_t I = 0; I < Words.size(); ++I)
      if (Words[I] == Text) {
        Index = I;
        return true;
      }
    return false;
  }
  std::string text() const override { return std::string(Words[Index]); }
  std::string defaultText() const override { return std::string(Words[0]); }
  std::string_view expects() const override { return Expects; }

private:
  std::span<const std::string_view> Words;
  std::string Expects;
  size_t Index = 0;
};

/// Something a pass counts, in every build type.
class Counter {
public:
  Counter(Pass *Owner, std::string_view Name, std::string_view Help);
  Counter(const Counter &) = delete;
  Counter &operator=(const Counter &) = delete;
  Counter &operator++() {
    ++Value;
    return *this;
  }
  Counter &operator+=(uint64_t N) {
    Value += N;
    return *this;
  }
  std::string_view name() const { return Name; }
  std::string_view help() const { return Help; }
  uint64_t value() const { return Value; }

private:
  std::string_view Name, Help;
  uint64_t Value = 0;
};

/// What a pass may use beside the network.
class PassContext {
public:
  PassContext(DiagnosticEngine &Diags,
              std::function<void(std::string_view)> Print)
      : Diags(Diags), Print(std::move(Print)) {}

  DiagnosticEngine &Diags;
  /// Where reports such as print-stats' go.
  std::function<void(std::string_view)> Print;
  /// The network as the pipeline found it, where some pass of the pipeline
  /// needsOriginal().
  const Network *Original = nullptr;

  /// The analysis \p A of \p Net, constructed as A(Net) at the first request
  /// and again when the network has changed since.
  template <class A> const A &get(const Network &Net) {
    Cached &Entry = cached(typeid(A));
    if (!Entry.Value || Entry.Net != &Net ||
        Entry.Generation != Net.generation())
      Entry = {std::make_shared<A>(Net), &Net, Net.generation()};
    return *static_cast<const A *>(Entry.Value.get());
  }

private:
  struct Cached {
    std::shared_ptr<void> Value;
    const Network *Net = nullptr;
    uint64_t Generation = 0;
  };
  Cached &cached(std::type_index Type);
  std::vector<std::pair<std::type_index, Cached>> Analyses;
};

class Pass {
public:
  virtual ~Pass() = default;
  Pass(const Pass &) = delete;
  Pass &operator=(const Pass &) = delete;

  virtual PassInfo info() const = 0;
  /// True for a pass that compares with PassContext::Original, which costs a
  /// copy of the network.
  virtual bool needsOriginal() const { return false; }
  /// Rewrites \p Net through an Editor. A pass that relies on a property
  /// checks it first and fails, with a diagnostic, where it does not hold.
  virtual PassResult run(Network &Net, PassContext &Context) = 0;

  /// In order of declaration.
  const std::vector<PassOption *> &options() const { return Options; }
  const std::vector<Counter *> &counters() const { return Counters; }

protected:
  Pass() = default;

private:
  friend class PassOption;
  friend class Counter;
  std::vector<PassOption *> Options;
  std::vector<Counter *> Counters;
};

/// Adds a pass that Passes.def can not list, since it stands on layers above
/// this one. Before any pipeline is read; the same pass again changes nothing.
void registerPass(std::unique_ptr<Pass> (*Create)());
/// Makes the pass called \p Name with default options, or null.
std::unique_ptr<Pass> createPass(std::string_view Name);
/// The registered passes: in the order of Passes.def, then of registerPass().
std::vector<PassInfo> allPasses();

} // namespace nn2crn

#endif
