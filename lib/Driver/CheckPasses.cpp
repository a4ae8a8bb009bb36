//===- CheckPasses.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/CheckPasses.h"
#include "Check.h"
#include "ProgressLine.h"

using namespace nn2crn;

namespace {
/// What tells the run of a pass from others of the same pass.
std::string runText(const PassRun &Run) {
  return "pass '" + Run.Entries.back().Name + "' (" +
         std::to_string(Run.Entries.size()) + " of the pipeline)";
}

std::string claim(const PassResult &R) {
  std::string Text(preservedName(R.level()));
  if (R.level() == Preserved::Approximate)
    Text += " within " + formatRounded(R.bound(), 3);
  return Text + (R.onRangeOnly() ? " on the declared ranges" : "");
}

void reportDifference(const CheckResult &R, const CheckInputs &Inputs,
                      const PassRun &Run, DiagnosticEngine &Diags) {
  std::string Text = runText(Run) + " says that it keeps '" +
                     claim(Run.Entries.back().Result) + "', but ";
  if (R.Worst)
    Text += R.Worst->What + " is " + formatRounded(R.Worst->Before, 12) +
            " before and " + formatRounded(R.Worst->After, 12) + " after it";
  else
    Text += R.Broken;
  auto D = Diags.error(DiagId::CheckDifferent, {}, std::move(Text));
  if (R.Worst && Inputs.hasPorts())
    D.note("for the input " + Inputs.text(R.Worst->Case));
  else if (R.Worst && R.Worst->Case > 0)
    D.note("from random amounts of what is observed, start " +
           std::to_string(R.Worst->Case) + " with the seed " +
           std::to_string(Inputs.seed()));
  size_t Number = Run.Entries.size();
  D.note("this is a bug in nn2crn; please report it with the network: crn-opt "
         "--bisect-limit=" +
         std::to_string(Number - 1) + " writes it as it was before the pass");
}
} // namespace

bool PassCheck::after(const PassRun &Run, const Network &Net,
                      PassContext &Context) {
  const PassResult &Did = Run.Entries.back().Result;
  if (Did.kind() != PassResult::Kind::Changed)
    return true;
  ProgressLine Line;
  ProgressCallback Progress =
      Options.Progress ? Options.Progress : Line.callback();
  CheckInputs Inputs(Before, Options.Inputs, Options.Seed);
  size_t Cases = Did.onRangeOnly() ? Inputs.inside() : Inputs.count();

  std::vector<CheckResult> Results;
  bool Same = true;
  auto Keep = [&](CheckResult R) {
    if (R.isBad())
      reportDifference(R, Inputs, Run, Context.Diags);
    Same &= !R.isBad();
    Results.push_back(std::move(R));
  };
  bool ReadsPorts = false;
  for (const Port &P : Before.ports())
    ReadsPorts |= P.Direction != PortDirection::Input;
  if (Did.level() == Preserved::SameKinetics) {
    size_t Starts = Inputs.hasPorts() ? Cases : Options.Inputs + 1;
    Keep(checkKinetics(Before, Net, Inputs, Starts, Progress));
  } else {
    if (ReadsPorts || Did.level() != Preserved::SameEquilibrium)
      Keep(checkReadings(Before, Net, Inputs, Cases, Did.bound(), Progress));
    if (Same && Did.level() == Preserved::SameEquilibrium)
      Keep(checkAmounts(Before, Net, Inputs, Cases, Progress));
  }
  for (const CheckResult &R : Results) {
    if (!R.Unchecked.empty() && !R.isBad())
      Context.Diags.warning(DiagId::NotChecked, {},
                            runText(Run) + ": " +
                                (R.Compared
                                     ? "only " + std::to_string(R.Compared) +
                                           " inputs were compared"
                                     : std::string("it was not checked")) +
                                " (" + R.What + "): " + R.Unchecked);
    if (Options.Verbose && !R.What.empty())
      Context.Print("check: " + std::to_string(Run.Entries.size()) + " " +
                    Run.Entries.back().Name + ": " + claim(Did) + ": " +
                    R.What + (R.Integrated ? ", integrated, " : ", ") +
                    std::to_string(R.Compared) +
                    (R.Compared == 1 ? " input" : " inputs") +
                    ", largest difference " + formatRounded(R.Largest, 3) +
                    '\n');
  }
  Before = Net;
  return Same;
}
