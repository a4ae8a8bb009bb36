//===- Pass.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Transforms/Pass.h"

using namespace nn2crn;

std::string_view nn2crn::preservedName(Preserved P) {
  switch (P) {
  case Preserved::SameKinetics:
    return "same kinetics";
  case Preserved::SameEquilibrium:
    return "same equilibrium";
  case Preserved::SameDifference:
    return "same difference";
  case Preserved::Approximate:
    return "approximate";
  }
  return {};
}

PassOption::PassOption(Pass *Owner, std::string_view Name,
                       std::string_view Help)
    : Name(Name), Help(Help) {
  Owner->Options.push_back(this);
}

Counter::Counter(Pass *Owner, std::string_view Name, std::string_view Help)
    : Name(Name), Help(Help) {
  Owner->Counters.push_back(this);
}

PassContext::Cached &PassContext::cached(std::type_index Type) {
  for (auto &[Known, Entry] : Analyses)
    if (Known == Type)
      return Entry;
  return Analyses.emplace_back(Type, Cached{}).second;
}

//===----------------------------------------------------------------------===//
// The registry
//===----------------------------------------------------------------------===//

// An explicit list, since a linker drops the objects of a static library that
// only register themselves.
namespace nn2crn {
#define NN2CRN_PASS(Class) std::unique_ptr<Pass> create##Class();
#include "nn2crn/Transforms/Passes.def"
} // namespace nn2crn

using PassFactory = std::unique_ptr<Pass> (*)();

static std::vector<PassFactory> &factories() {
  static std::vector<PassFactory> All = {
#define NN2CRN_PASS(Class) create##Class,
#include "nn2crn/Transforms/Passes.def"
  };
  return All;
}

void nn2crn::registerPass(PassFactory Create) {
  if (!createPass(Create()->info().Name))
    factories().push_back(Create);
}

std::unique_ptr<Pass> nn2crn::createPass(std::string_view Name) {
  for (PassFactory Create : factories())
    if (std::unique_ptr<Pass> P = Create(); P->info().Name == Name)
      return P;
  return nullptr;
}

std::vector<PassInfo> nn2crn::allPasses() {
  std::vector<PassInfo> Infos;
  for (PassFactory Create : factories())
    Infos.push_back(Create()->info());
  return Infos;
}
