//===- Target.cpp ---------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Target/Target.h"

#include "NetworkIds.h"

#include "nn2crn/IR/Binary.h"
#include "nn2crn/IR/Mangle.h"
#include "nn2crn/IR/Text.h"

using namespace nn2crn;

bool nn2crn::emitText(const Network &Net, llvm::raw_ostream &OS,
                      DiagnosticEngine &) {
  printText(Net, OS);
  return true;
}

bool nn2crn::emitBinary(const Network &Net, llvm::raw_ostream &OS,
                        DiagnosticEngine &) {
  writeBinary(Net, OS);
  return true;
}

static constexpr std::string_view CrnExtensions[] = {".crn"},
                                  BinaryExtensions[] = {".crnb"},
                                  SBMLExtensions[] = {".xml", ".sbml"},
                                  AntimonyExtensions[] = {".ant"},
                                  NetExtensions[] = {".net"},
                                  DotExtensions[] = {".dot"},
                                  ONNXExtensions[] = {".onnx"},
                                  StatsExtensions[] = {".json"};

using enum SpeciesSpelling;
static constexpr TargetInfo Table[] = {
    {"crn", CrnExtensions, "our text form, which keeps everything", false, Text,
     ReactionSpelling::Number, emitText},
    {"crn-plain",
     {},
     "the .crn that Nuskell, crnsimulator and crnverifier read",
     false,
     Mangled,
     ReactionSpelling::Number,
     emitPlainText},
    {"crn-binary", BinaryExtensions,
     "our binary form, for networks beyond a million reactions", true, Text,
     ReactionSpelling::Number, emitBinary},
    {"sbml", SBMLExtensions, "SBML Level 3 Version 2, for COPASI and others",
     false, Mangled, ReactionSpelling::Mangled, emitSBML},
    {"antimony", AntimonyExtensions, "Antimony, for Tellurium", false, Mangled,
     ReactionSpelling::Mangled, emitAntimony},
    {"net", NetExtensions, "BioNetGen's .net, for run_network and others",
     false, Mangled, ReactionSpelling::Number, emitBioNetGen},
    {"dot", DotExtensions, "a picture of a small network, for Graphviz", false,
     Mangled, ReactionSpelling::Mangled, emitDot},
    {"onnx", ONNXExtensions,
     "the limit as an ONNX model, for networks that have one for all rates",
     true, Mangled, ReactionSpelling::Number, emitONNX},
    {"stats", StatsExtensions, "counts of what the network holds, as JSON",
     false, Mangled, ReactionSpelling::Number, emitStats},
};

std::span<const TargetInfo> nn2crn::targets() { return Table; }

const TargetInfo *nn2crn::findTarget(std::string_view Name) {
  for (const TargetInfo &T : Table)
    if (T.Name == Name)
      return &T;
  return nullptr;
}

const TargetInfo *nn2crn::targetForExtension(std::string_view Extension) {
  for (const TargetInfo &T : Table)
    for (std::string_view E : T.Extensions)
      if (llvm::StringRef(E).equals_insensitive(Extension))
        return &T;
  return nullptr;
}

std::string nn2crn::speciesIdIn(const TargetInfo &T, const Network &Net,
                                SpeciesId S) {
  return T.Species == Text ? Net.nameText(S)
                           : mangle(Net.signals(), Net.nameOf(S));
}

std::string nn2crn::reactionIdIn(const TargetInfo &T, uint64_t Number) {
  std::string Digits = std::to_string(Number);
  return T.Reactions == ReactionSpelling::Number
             ? Digits
             : std::string(ReactionPrefix) + Digits;
}
