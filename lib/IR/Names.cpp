//===- Names.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/IR/Names.h"

#include <algorithm>
#include <charconv>

using namespace nn2crn;

SignalTable::SignalTable(const SignalTable &Other) { *this = Other; }

SignalTable &SignalTable::operator=(const SignalTable &Other) {
  if (this == &Other)
    return *this;
  // The map's keys point into the strings, so both are built anew.
  Texts.clear();
  Ids.clear();
  for (const std::string &Text : Other.Texts)
    intern(Text);
  return *this;
}

SignalId SignalTable::intern(std::string_view Text) {
  if (auto It = Ids.find(Text); It != Ids.end())
    return It->second;
  SignalId Id(static_cast<uint32_t>(Texts.size()));
  Ids.emplace(Texts.emplace_back(Text), Id);
  return Id;
}

std::optional<SignalId> SignalTable::find(std::string_view Text) const {
  auto It = Ids.find(Text);
  return It == Ids.end() ? std::nullopt : std::optional(It->second);
}

size_t SignalTable::bytes() const {
  constexpr size_t NodeBytes = sizeof(std::string_view) + sizeof(SignalId) + 24;
  size_t Bytes = Texts.size() * (sizeof(std::string) + NodeBytes);
  for (const std::string &Text : Texts)
    if (Text.size() > 15) // beyond the string object itself
      Bytes += Text.size() + 1;
  return Bytes;
}

bool nn2crn::isIdentifier(std::string_view Text) {
  auto IsLetter = [](unsigned char C) {
    return (C | 0x20) >= 'a' && (C | 0x20) <= 'z';
  };
  auto IsDigit = [](unsigned char C) { return C >= '0' && C <= '9'; };
  if (Text.empty() || !(IsLetter(Text[0]) || Text[0] == '_'))
    return false;
  return std::all_of(Text.begin(), Text.end(), [&](unsigned char C) {
    return IsLetter(C) || IsDigit(C) || C == '_';
  });
}

void nn2crn::appendQuoted(std::string &Out, std::string_view Text) {
  if (isIdentifier(Text)) {
    Out += Text;
    return;
  }
  constexpr char Hex[] = "0123456789abcdef";
  Out += '"';
  for (unsigned char C : Text) {
    if (C == '"' || C == '\\') {
      Out += '\\';
      Out += static_cast<char>(C);
    } else if (C < 0x20 || C == 0x7f) {
      Out += "\\x";
      Out += Hex[C >> 4];
      Out += Hex[C & 15];
    } else {
      Out += static_cast<char>(C);
    }
  }
  Out += '"';
}

void nn2crn::appendName(std::string &Out, const SignalTable &Signals,
                        SpeciesName Name) {
  appendQuoted(Out, Signals.text(Name.signal()));
  if (Name.hasIndex()) {
    char Buffer[12];
    auto End = std::to_chars(Buffer, Buffer + sizeof Buffer, Name.index()).ptr;
    Out += '.';
    Out.append(Buffer, End);
  }
  if (Name.rail() != Rail::None)
    Out += Name.rail() == Rail::Positive ? ".p" : ".n";
}
