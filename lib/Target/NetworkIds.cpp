//===- NetworkIds.cpp -----------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NetworkIds.h"

#include "nn2crn/IR/Mangle.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>

using namespace nn2crn;

SpeciesIds::SpeciesIds(const Network &Net) {
  Begin.reserve(Net.speciesRows() + 1);
  Begin.push_back(0);
  uint32_t Next = 0;
  for (SpeciesId S : Net.species()) {
    for (; Next < S.Value; ++Next) // tombstones
      Begin.push_back(Block.size());
    Block += mangle(Net.signals(), Net.nameOf(S));
    Begin.push_back(Block.size());
    ++Next;
  }
}

RateIds::RateIds(const Network &Net, bool ByOrder) : ByOrder(ByOrder) {
  // Orders that each constant is used at, ascending. Nearly always one or two.
  std::vector<std::vector<uint64_t>> Orders(Net.rates().size());
  for (Reaction R : Net.reactions()) {
    std::vector<uint64_t> &Seen = Orders[R.rate().Value];
    uint64_t Order = ByOrder ? R.order() : 0;
    auto At = std::lower_bound(Seen.begin(), Seen.end(), Order);
    if (At == Seen.end() || *At != Order)
      Seen.insert(At, Order);
  }
  uint64_t Number = 0;
  for (uint32_t I = 0; I < Orders.size(); ++I) {
    const RateConstant &K = Net.rateConstant(RateId(I));
    First.push_back(static_cast<uint32_t>(Uses.size()));
    if (Orders[I].empty()) {
      if (K.Parameter.empty())
        continue;
      // Nothing says what it is for; a first-order constant is as good as any.
      Orders[I].push_back(ByOrder ? 1 : 0);
    }
    std::string Id(RatePrefix);
    Id += K.Parameter.empty() ? std::to_string(++Number)
                              : mangleBytes(K.Parameter);
    for (uint64_t Order : Orders[I])
      Uses.push_back(
          {RateId(I), Order,
           Order == Orders[I].front() ? Id : Id + '_' + std::to_string(Order)});
  }
}

llvm::StringRef RateIds::operator()(const Reaction &R, uint64_t Order) const {
  uint32_t I = First[R.rate().Value];
  if (ByOrder)
    while (Uses[I].Order != Order)
      ++I;
  return Uses[I].Id;
}

DiagLocation nn2crn::wholeNetwork(const Network &Net) {
  DiagLocation Where;
  Where.Context =
      Net.Name.empty() ? "network" : "network '" + printable(Net.Name) + "'";
  return Where;
}

bool nn2crn::expectNoPhases(const Network &Net, std::string_view Format,
                            DiagnosticEngine &Diags) {
  if (Net.phases().empty())
    return true;
  Diags
      .error(DiagId::CannotExpress, wholeNetwork(Net),
             "expected a network without phases, since " + std::string(Format) +
                 " cannot hold them; found " +
                 std::to_string(Net.phases().size()))
      .note("write the network as .crn or .crnb, which keep phases");
  return false;
}

std::string nn2crn::unitsText(const Network &Net) {
  return (countsMolecules(Net) ? "molecules" : Net.Units.Amount) + ", " +
         Net.Units.Time;
}

std::string nn2crn::printable(std::string_view Text) {
  std::string Out;
  for (char C : Text) {
    if (llvm::isPrint(C)) {
      Out += C;
      continue;
    }
    auto Byte = static_cast<unsigned char>(C);
    Out += "\\x";
    Out += llvm::hexdigit(Byte >> 4, /*LowerCase=*/true);
    Out += llvm::hexdigit(Byte & 15, /*LowerCase=*/true);
  }
  return Out;
}
