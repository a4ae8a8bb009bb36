//===- Certificate.h - That a network computes a model, by proof -*- C++
//-*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Translation validation. From the reactions alone the piecewise-linear
// function of every output element is recovered in exact arithmetic
// (Analysis/NetworkForms.h); the model, or another network, is brought to the
// same normal form over the same inputs, and the two are compared. Equal forms
// are a proof, on every input and for every rate law. Where forms differ, an
// input is looked for on which the two really differ, and what it shows is
// computed once more in fractions, by firing the reactions and by running the
// model. Where none is found nothing is claimed: deciding whether two
// piecewise-linear functions are equal is hard in general.
//
// docs/reference/certificate.md says how to read one.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_VERIFICATION_CERTIFICATE_H
#define NN2CRN_VERIFICATION_CERTIFICATE_H

#include "nn2crn/Graph/Graph.h"
#include "nn2crn/IR/Network.h"
#include "nn2crn/Support/Diagnostics.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace llvm {
class raw_ostream;
}

namespace nn2crn {

struct Certificate {
  enum class Verdict : uint8_t {
    /// Proven: every output reads what the reference gives, on all of Inputs.
    Equal,
    /// Proven by Counterexample.
    Different,
    /// Neither; Reason says why.
    Unproven,
  };
  enum class Limit : uint8_t {
    /// One limit state, whatever the rate constants and the rate law.
    Unique,
    /// The readings of outputs are certain, single amounts are not.
    Differences,
    /// Not certain; Reason says why.
    Uncertain,
  };
  enum class InputSet : uint8_t {
    /// All that the rails of the input ports can hold.
    Accepted,
    /// Those within the ranges that the input ports declare.
    Declared,
  };

  Verdict Result = Verdict::Unproven;
  Limit Certain = Limit::Uncertain;
  InputSet Inputs = InputSet::Accepted;
  /// Why it is not Equal or not certain; empty otherwise. One sentence.
  std::string Reason;

  /// What was compared: the network's name, and the model's file or name.
  std::string Network, Reference;
  bool ReferenceIsModel = true;
  struct InputBounds {
    std::string Port;
    /// One an element.
    std::vector<PortRange> Elements;
  };
  std::vector<InputBounds> Bounds;

  /// ReLU units of the reference: all, those that share a unit of the network,
  /// and those that are off or linear on all inputs.
  size_t Units = 0, Matched = 0, FixedUnits = 0;
  /// Reactions of the network that compare what they consume, and those of them
  /// where the outcome is always the same.
  size_t Gates = 0, FixedGates = 0;
  size_t OutputElements = 0, EqualElements = 0;
  /// The first unit that no unit of the network matches; empty for none.
  std::string UnmatchedUnit;

  /// Species whose final amount depends on rates (Limit::Differences), by name.
  std::vector<std::string> RateDependentSpecies;
  size_t Species = 0;

  /// "64-bit", "128-bit" or "fractions".
  std::string Arithmetic;

  struct Counterexample {
    struct Input {
      std::string Port;
      std::vector<double> Values;
    };
    std::vector<Input> Inputs;
    /// Where they differ, and what each says there, exactly.
    std::string Port;
    size_t Element = 0;
    Rational NetworkReads, ReferenceGives;
  };
  std::optional<Counterexample> Witness;

  /// Where the reference is a model whose weights were rounded first, filled in
  /// by who rounded them.
  struct WeightRounding {
    unsigned Bits;
    /// No output of the model (with its activations as approximated, where they
    /// were) is further away, for inputs in the
    /// declared ranges, or else from -1 to 1.
    double Bound;
    bool RangesDeclared;
  };
  std::optional<WeightRounding> Rounding;
  /// Where smooth activations of the model were made piecewise linear before
  /// that.
  struct Approximation {
    size_t Activations;
    /// The most that one has.
    unsigned Segments;
    /// As WeightRounding has it; what both move outputs by adds up.
    double Bound;
    bool RangesDeclared;
  };
  std::optional<Approximation> Approximated;

  bool isEqual() const { return Result == Verdict::Equal; }
};

/// What a network is held against. Not owned.
using CertificateReference =
    std::variant<const Graph *, const nn2crn::Network *>;

struct CertifyOptions {
  /// Of the search for an input on which they differ.
  uint64_t Seed = 1;
  /// How much work the search may do, in multiplications.
  double Effort = 3e8;
};

/// Empty after reporting that the two cannot be compared at all: ports of other
/// names or sizes.
std::optional<Certificate> certify(const Network &Net,
                                   CertificateReference Reference,
                                   DiagnosticEngine &Diags,
                                   const CertifyOptions &Options = {});

/// For people: a few lines.
std::string certificateSummary(const Certificate &C);
/// For programs: docs/reference/certificate.md has the schema.
void writeCertificate(const Certificate &C, llvm::raw_ostream &OS);
/// Reports a verdict that is not Equal as an error, with what is known.
void reportCertificate(const Certificate &C, DiagnosticEngine &Diags);

} // namespace nn2crn

#endif
