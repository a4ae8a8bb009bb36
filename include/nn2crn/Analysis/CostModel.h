//===- CostModel.h - What a network costs in DNA and in time -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One model for all passes that weigh one network against another. Counts are
// exact; strands and nucleotides follow a formula for each scheme of strand
// displacement; concentrations are upper bounds; the time is an estimate.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_ANALYSIS_COSTMODEL_H
#define NN2CRN_ANALYSIS_COSTMODEL_H

#include "nn2crn/Analysis/Metrics.h"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace nn2crn {

/// What one reaction with n product molecules costs in a scheme of DNA strand
/// displacement, with toeholds of 5 and long domains of 15 nucleotides. The
/// numbers are those of the scheme's gates for one reactant; a second one adds
/// the same to every design, so that comparisons do not depend on it.
struct DnaScheme {
  std::string_view Name;
  /// Fuel strands: Strands + StrandsPerProduct n.
  uint32_t Strands, StrandsPerProduct;
  /// The longest strand: Nucleotides + NucleotidesPerProduct n.
  uint32_t Nucleotides, NucleotidesPerProduct;
};

/// The schemes there are; the first one is the default.
///
///   soloveichik2010  Soloveichik, Seelig, Winfree, PNAS 107(12), 2010
///   srinivas2017     Srinivas et al., Science 358(6369), 2017
///   lakin2012        Lakin et al., J. R. Soc. Interface 9(68), 2012, with a
///                    fuel for every reactant
///   qian2011         Qian, Soloveichik, Winfree, DNA 16, 2011, with a lock
///   chen2013         Chen et al., Nature Nanotechnology 8(10), 2013
std::span<const DnaScheme> dnaSchemes();
/// Their names, in the same order.
std::span<const std::string_view> dnaSchemeNames();

/// Counts and estimates; where a network has no answer a field is empty, never
/// wrong. All that is optional needs a network without phases and without
/// cycles whose reactions are productive (FeedForward.h).
struct Cost : Metrics {
  /// By the scheme's formula, over all reactions. Nucleotides add up each
  /// reaction's longest strand, which is what a synthesis is limited by.
  uint64_t Strands = 0, Nucleotides = 0;

  /// The longest chain of reactions, each using what the one before makes; and
  /// of those on one chain, the most with a single reactant molecule.
  std::optional<uint64_t> Depth, UnimolecularDepth;
  /// No species ever gets more than this: its amount at the start and all that
  /// reactions make of it, with each reaction's extent at most the least of
  /// supply / (consumed per firing). In the network's unit of amount.
  std::optional<double> PeakConcentration;
  /// What is left of all species together when nothing reacts any more: the
  /// same bounds, added up over species that do not run out. A species runs
  /// out where a reaction needs nothing else.
  std::optional<double> TotalConcentration;
  /// True where every element of an input or state port declares its range;
  /// where not, values of -1 to 1 (0 to 1 for a single rail) stand in for
  /// those that are missing.
  bool InputsDeclared = true;
  /// Along the slowest chain, 1/k for a reaction of one molecule and ln(1000) /
  /// k for one of more with partners of about 1. An estimate: on published
  /// networks of 1 to 5 layers the mean over samples until outputs were within
  /// 10 % took 0.5 to 1.1 times that, the slowest sample up to 5 times, as a
  /// gate whose two inputs are nearly equal takes up to 1000 / k. In the
  /// network's unit of time.
  std::optional<double> SettlingTime;
};

/// Linear in the size of \p Net.
Cost computeCost(const Network &Net,
                 const DnaScheme &Scheme = dnaSchemes().front());

/// The bounds behind Cost::PeakConcentration, by SpeciesId; empty where there
/// are none.
std::vector<double> supplyBounds(const Network &Net);

} // namespace nn2crn

#endif
