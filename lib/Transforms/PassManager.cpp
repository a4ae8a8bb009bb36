//===- PassManager.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/IR/Editor.h"
#include "nn2crn/IR/Verifier.h"
#include "nn2crn/Transforms/Pipeline.h"

#include <algorithm>
#include <chrono>

using namespace nn2crn;

namespace {
class Manager {
public:
  Manager(Network &Net, PassContext &Context, const PassRunOptions &Options,
          PassRun &Run)
      : Net(Net), Context(Context), Options(Options), Run(Run),
        Hash(Net.contentHash()) {}

  /// False after an error; \p Changed is set when a pass changed something.
  bool steps(std::vector<Pipeline::Step> &Steps, bool &Changed) {
    for (Pipeline::Step &S : Steps)
      if (S.P ? !pass(*S.P, Changed) : !loop(S, Changed))
        return false;
    return true;
  }

private:
  bool loop(Pipeline::Step &Loop, bool &Changed) {
    for (unsigned Round = 0; Round < Loop.Limit; ++Round) {
      bool ChangedNow = false;
      if (!steps(Loop.Body, ChangedNow))
        return false;
      if (!ChangedNow)
        return true;
      Changed = true;
    }
    return true;
  }

  bool pass(Pass &P, bool &Changed) {
    if (Options.BisectLimit >= 0 &&
        Run.Entries.size() >= static_cast<size_t>(Options.BisectLimit))
      return true;
    std::string Name(P.info().Name);
    std::vector<uint64_t> CountersBefore;
    for (Counter *C : P.counters())
      CountersBefore.push_back(C->value());
    unsigned ErrorsBefore = Context.Diags.errorCount();
    uint64_t GenerationBefore = Net.generation();

    for (PassObserver *O : Options.Observers)
      O->before(P, Run.Entries.size() + 1, Net);
    auto Start = std::chrono::steady_clock::now();
    PassResult Result = P.run(Net, Context);
    std::chrono::duration<double> Took =
        std::chrono::steady_clock::now() - Start;

    PassRun::Entry Entry{
        Name, Result, Took.count(), {}, Net.speciesCount(), Net.reactionCount(),
        {}};
    for (size_t I = 0; I < P.counters().size(); ++I)
      Entry.Counters.emplace_back(P.counters()[I]->name(),
                                  P.counters()[I]->value() - CountersBefore[I]);
    Run.Entries.push_back(std::move(Entry));
    // First of all, as nothing else is safe on a broken network.
    if (Options.VerifyEach && Net.generation() != GenerationBefore &&
        !verifyAfter(Name))
      return false;
    if (!keptContract(Name, Result, ErrorsBefore, GenerationBefore))
      return false;
    if (Result.kind() == PassResult::Kind::Failed)
      return false;
    if (Options.CollectCosts)
      Run.Entries.back().After = costNow(Result);
    if (Result.kind() == PassResult::Kind::Changed) {
      Changed = true;
      Run.Level = std::max(Run.Level, Result.level());
      Run.OnRangeOnly |= Result.onRangeOnly();
      Run.Bound += Result.bound();
      compactWhenSparse();
    }
    return std::ranges::all_of(Options.Observers, [&](PassObserver *O) {
      return O->after(Run, Net, Context);
    });
  }

  /// What did not change costs what it did.
  Cost costNow(PassResult Result) const {
    if (Result.kind() == PassResult::Kind::Changed)
      return computeCost(Net);
    return Run.Entries.size() > 1 ? *Run.Entries[Run.Entries.size() - 2].After
                                  : *Run.Before;
  }

  /// A pass that lies about what it did would corrupt everything that builds
  /// on it: fixed points, bisection, certificates.
  bool keptContract(const std::string &Name, PassResult Result,
                    unsigned ErrorsBefore, uint64_t GenerationBefore) {
    bool SaysChanged = Result.kind() == PassResult::Kind::Changed;
    uint64_t HashBefore = Hash;
    if (Net.generation() != GenerationBefore)
      Hash = Net.contentHash();
    auto Broken = [&](const std::string &What) {
      Context.Diags
          .error(DiagId::BrokenContract, {}, "pass '" + Name + "' " + What)
          .note("this is a bug in nn2crn; please report it with the network");
      return false;
    };
    if (!SaysChanged && Hash != HashBefore)
      return Broken(Result.kind() == PassResult::Kind::Failed
                        ? "failed but had already changed the network"
                        : "says it changed nothing, but the network differs");
    if (SaysChanged && Hash == HashBefore)
      return Broken("says it changed the network, but it is the same");
    bool NewErrors = Context.Diags.errorCount() != ErrorsBefore;
    if (Result.kind() == PassResult::Kind::Failed && !NewErrors)
      return Broken("failed without saying why");
    if (Result.kind() != PassResult::Kind::Failed && NewErrors)
      return Broken("reported an error but did not fail");
    return true;
  }

  bool verifyAfter(const std::string &Name) {
    if (verify(Net, Context.Diags))
      return true;
    Context.Diags
        .error(DiagId::BrokenContract, {},
               "the network is broken after pass '" + Name + "'")
        .note("this is a bug in nn2crn; please report it with the network");
    return false;
  }

  void compactWhenSparse() {
    size_t Dead = Net.reactionRows() - Net.reactionCount() + Net.speciesRows() -
                  Net.speciesCount();
    if (Dead * 4 > Net.reactionRows() + Net.speciesRows())
      Editor(Net).compact();
  }

  Network &Net;
  PassContext &Context;
  const PassRunOptions &Options;
  PassRun &Run;
  /// Of the network as it stands between passes.
  uint64_t Hash;
};
} // namespace

static bool needsOriginal(const std::vector<Pipeline::Step> &Steps) {
  return std::ranges::any_of(Steps, [](const Pipeline::Step &S) {
    return S.P ? S.P->needsOriginal() : needsOriginal(S.Body);
  });
}

bool nn2crn::runPipeline(Pipeline &P, Network &Net, PassContext &Context,
                         const PassRunOptions &Options, PassRun &Run) {
  if (Options.CollectCosts)
    Run.Before = computeCost(Net);
  if (P.Steps.empty())
    return true;
  std::optional<Network> Original;
  if (needsOriginal(P.Steps))
    Original = Net;
  Context.Original = Original ? &*Original : nullptr;
  for (PassObserver *O : Options.Observers)
    O->begin(Net);
  bool Changed = false;
  bool Done = Manager(Net, Context, Options, Run).steps(P.Steps, Changed);
  Context.Original = nullptr;
  if (!Done)
    return false;
  Editor(Net).compact();
  return true;
}
