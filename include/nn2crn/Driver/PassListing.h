//===- PassListing.h - Passes and what they did, as text -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_DRIVER_PASSLISTING_H
#define NN2CRN_DRIVER_PASSLISTING_H

#include "nn2crn/Graph/RailGrowth.h"
#include "nn2crn/Transforms/Pipeline.h"

#include <string>

namespace nn2crn {

/// Every pass with its summary and options.
std::string passListing();
/// Every named pipeline with its text.
std::string pipelineListing();
/// Seconds and sizes, a line a run.
std::string timingTable(const PassRun &Run);
/// What was counted, a line a counter.
std::string counterTable(const PassRun &Run);
/// What the network cost before the first pass and after each, a line a pass.
/// Needs PassRunOptions::CollectCosts.
std::string costTable(const PassRun &Run);
/// How large rails get as text: a line a layer, and one for the outputs.
std::string railTable(const RailGrowth &Rails);
/// The reference page docs/reference/passes.md.
std::string passReference();
/// The reference page docs/reference/diagnostics.md.
std::string diagnosticReference();

} // namespace nn2crn

#endif
