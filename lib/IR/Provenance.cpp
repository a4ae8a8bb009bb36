//===- Provenance.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/IR/Provenance.h"

#include <algorithm>
#include <cassert>

using namespace nn2crn;

Provenance::Provenance() { append({Kind::Unknown, {}, {}, 1, {}}); }

OriginId Provenance::append(Block B) {
  assert(hasRoom(B.Size) && "2^32 origins in one network");
  B.Start = OriginId(Next);
  Next += B.Size;
  Blocks.push_back(std::move(B));
  return Blocks.back().Start;
}

OriginId Provenance::addSourceFile(std::string_view File, uint32_t Lines) {
  return append({Kind::SourceFile, {}, {}, Lines + 1, std::string(File)});
}

OriginId Provenance::addModelNode(std::string_view Description,
                                  uint32_t Elements) {
  return append({Kind::ModelNode,
                 {},
                 {},
                 std::max<uint32_t>(Elements, 1),
                 std::string(Description)});
}

const Provenance::Block &Provenance::blockOf(OriginId Id) const {
  auto It =
      std::upper_bound(Blocks.begin(), Blocks.end(), Id,
                       [](OriginId I, const Block &B) { return I < B.Start; });
  return *std::prev(It);
}

OriginId Provenance::derive(std::string_view Pass, OriginId Parent) {
  if (Parent.Value == 0)
    return Parent;
  const Block &From = blockOf(Parent);
  if (From.K == Kind::Derived && From.Label == Pass)
    return Parent;
  uint32_t Offset = Parent.Value - From.Start.Value;
  std::pair Key(From.Start, std::string(Pass));
  auto It = Derived.find(Key);
  if (It == Derived.end()) {
    if (!hasRoom(From.Size))
      return Parent;
    Block Made{Kind::Derived, {}, From.Start, From.Size, Key.second};
    It = Derived.emplace(std::move(Key), append(std::move(Made))).first;
  }
  return OriginId(It->second.Value + Offset);
}

std::string Provenance::describe(OriginId Id) const {
  if (Id.Value >= Next)
    return {};
  const Block *B = &blockOf(Id);
  uint32_t Offset = Id.Value - B->Start.Value;
  std::string Passes;
  for (; B->K == Kind::Derived; B = &blockOf(B->Parent))
    Passes = ", by " + B->Label + Passes;
  switch (B->K) {
  case Kind::Unknown:
  case Kind::Derived:
    return {};
  case Kind::SourceFile:
    return B->Label + ':' + std::to_string(Offset) + Passes;
  case Kind::ModelNode:
    return B->Label + ", element " + std::to_string(Offset) + Passes;
  }
  return {};
}

DiagLocation Provenance::locate(OriginId Id) const {
  DiagLocation Where;
  if (Id.Value >= Next)
    return Where;
  const Block *B = &blockOf(Id);
  uint32_t Offset = Id.Value - B->Start.Value;
  while (B->K == Kind::Derived)
    B = &blockOf(B->Parent);
  if (B->K == Kind::SourceFile) {
    Where.File = B->Label;
    Where.Line = Offset;
  } else {
    Where.Context = describe(Id);
  }
  return Where;
}

bool Provenance::restore(std::vector<Block> Blocks, Provenance &Out) {
  if (Blocks.empty() || Blocks[0].K != Kind::Unknown || Blocks[0].Size != 1)
    return false;
  uint64_t Next = 0;
  for (size_t I = 0; I < Blocks.size(); ++I) {
    Block &B = Blocks[I];
    if (B.Size == 0 || Next + B.Size > UINT32_MAX ||
        (I != 0 && B.K == Kind::Unknown))
      return false;
    B.Start = OriginId(static_cast<uint32_t>(Next));
    if (B.K == Kind::Derived) {
      // The parent must be the start of an earlier block of the same size.
      auto Parent = std::lower_bound(
          Blocks.begin(), Blocks.begin() + I, B.Parent,
          [](const Block &X, OriginId Id) { return X.Start < Id; });
      if (Parent == Blocks.begin() + I || Parent->Start != B.Parent ||
          Parent->Size != B.Size)
        return false;
    }
    Next += B.Size;
  }
  Out.Blocks = std::move(Blocks);
  Out.Next = static_cast<uint32_t>(Next);
  Out.Derived.clear();
  for (const Block &B : Out.Blocks)
    if (B.K == Kind::Derived)
      Out.Derived.emplace(std::pair(B.Parent, B.Label), B.Start);
  return true;
}
