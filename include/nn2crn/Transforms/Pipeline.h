//===- Pipeline.h - Sequences of passes as text, and running them -*- C++
//-*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   pipeline ::= [ step { "," step } ]
//   step     ::= pass [ "{" key "=" value { " " key "=" value } "}" ]
//              | "fix" [ "<" count ">" ] "(" pipeline ")"
//              | named pipeline, as in "O1"
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TRANSFORMS_PIPELINE_H
#define NN2CRN_TRANSFORMS_PIPELINE_H

#include "nn2crn/Analysis/CostModel.h"
#include "nn2crn/Transforms/Pass.h"

#include <optional>
#include <span>

namespace nn2crn {

/// A pipeline that has a name, written in the same syntax.
struct NamedPipeline {
  std::string_view Name, Text, Summary;
};
std::span<const NamedPipeline> namedPipelines();

class Pipeline {
public:
  /// Reads a pipeline; errors point into the text.
  static std::optional<Pipeline> parse(std::string_view Text,
                                       DiagnosticEngine &Diags);

  /// Text that parses to the same pipeline, named ones spelt out and only
  /// options that differ from their defaults.
  std::string str() const;

  /// Sets an option wherever \p Pass stands in the pipeline; false where it
  /// does not take the value.
  bool setOption(std::string_view Pass, std::string_view Name,
                 std::string_view Value);

  struct Step {
    /// Either a pass or, where this is null, a loop over Body.
    std::unique_ptr<Pass> P;
    std::vector<Step> Body;
    /// How often a loop goes round at most.
    unsigned Limit = 0;
  };
  std::vector<Step> Steps;
};

/// \p P as a pipeline has it: with options that differ from their defaults.
std::string passText(const Pass &P);

class PassObserver;

/// How passes are run and watched.
struct PassRunOptions {
  /// Verify the network after every pass that changed it.
  bool VerifyEach = true;
  /// Told of every pass, in this order; they must outlive the run.
  std::vector<PassObserver *> Observers;
  /// Skip every pass after the first that many; negative for no limit.
  int64_t BisectLimit = -1;
  /// Keep what the network costs before the first pass and after each.
  bool CollectCosts = false;
};

/// What was run, in order, for --timing, --counters and
/// --verbose.
struct PassRun {
  struct Entry {
    std::string Name;
    PassResult Result;
    double Seconds;
    /// Name and value of each counter, for this run alone.
    std::vector<std::pair<std::string, uint64_t>> Counters;
    /// Species and reactions after the run.
    size_t Species, Reactions;
    /// Of the network after the run, where costs are collected.
    std::optional<Cost> After;
  };
  std::vector<Entry> Entries;
  /// Of the network before the first pass, where costs are collected.
  std::optional<Cost> Before;
  /// The weakest that a pass preserved.
  Preserved Level = Preserved::SameKinetics;
  bool OnRangeOnly = false;
  /// Sum of the bounds of approximate passes.
  double Bound = 0;
};

/// Watches a pipeline at work: prints or writes what there is after a pass
/// (PassObservers.h), or compares it with what there was before.
class PassObserver {
public:
  virtual ~PassObserver() = default;
  /// Before the first pass.
  virtual void begin(const Network &) {}
  /// Before \p P, which will be run number \p Number, counted from 1.
  virtual void before(const Pass &, [[maybe_unused]] size_t Number,
                      const Network &) {}
  /// After a pass that kept its contract and did not fail: the last of \p Run.
  /// False after an error, which ends the pipeline.
  virtual bool after(const PassRun &, const Network &, PassContext &) {
    return true;
  }
};

/// Runs \p P on \p Net and leaves it compact. Checks each pass's contract: one
/// that says "unchanged" or "failed" must have left the network as it was, and
/// one that failed must have said why. False after an error.
bool runPipeline(Pipeline &P, Network &Net, PassContext &Context,
                 const PassRunOptions &Options, PassRun &Run);

} // namespace nn2crn

#endif
