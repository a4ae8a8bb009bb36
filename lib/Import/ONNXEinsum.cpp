//===- ONNXEinsum.cpp - Sums over named axes ------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXOperator.h"

#include <algorithm>

using namespace nn2crn;
using namespace nn2crn::onnxreader;

namespace {
/// The axes of an operand or of the result by name: letters, or numbers for
/// those that "..." stands for, the last of them 0.
using Labels = std::vector<int>;

/// What an equation says, with extents.
struct Equation {
  std::vector<Labels> Operands;
  Labels Result;
  /// Names that are summed over.
  Labels Summed;
  std::map<int, int64_t> Extents;
};
} // namespace

static bool isLetter(char C) {
  return (C >= 'a' && C <= 'z') || (C >= 'A' && C <= 'Z');
}

/// The names in \p Text for a tensor of \p Rank axes; nothing where they do not
/// fit. A rank of -1 means as many as \p Hidden says.
static std::optional<Labels> labelsOf(std::string_view Text, int Rank,
                                      int Hidden) {
  Labels Out;
  auto Letters = static_cast<int>(std::ranges::count_if(Text, isLetter));
  bool Dots = false;
  for (size_t I = 0; I < Text.size(); ++I) {
    if (isLetter(Text[I])) {
      Out.push_back(Text[I]);
    } else if (!Dots && Text.substr(I, 3) == "...") {
      Dots = true;
      I += 2;
      for (int K = (Rank < 0 ? Hidden : Rank - Letters); K-- > 0;)
        Out.push_back(K);
    } else {
      return std::nullopt;
    }
  }
  if (Rank >= 0 && static_cast<int>(Out.size()) != Rank)
    return std::nullopt;
  return Out;
}

/// Nothing where the equation does not fit the shapes.
static std::optional<Equation> parse(std::string Text,
                                     const std::vector<const Tensor *> &In) {
  std::erase(Text, ' ');
  Equation E;
  size_t Arrow = Text.find("->");
  std::string_view Left = std::string_view(Text).substr(0, Arrow);
  int Hidden = 0;
  for (size_t I = 0; I < In.size(); ++I) {
    size_t Comma = Left.find(',');
    if ((Comma == Left.npos) != (I + 1 == In.size()))
      return std::nullopt;
    auto Rank = static_cast<int>(In[I]->Dims.size());
    auto Names = labelsOf(Left.substr(0, Comma), Rank, 0);
    if (!Names)
      return std::nullopt;
    for (size_t K = 0; K < Names->size(); ++K) {
      int64_t &Extent = E.Extents.try_emplace((*Names)[K], 1).first->second;
      if (Extent != 1 && In[I]->Dims[K] != 1 && Extent != In[I]->Dims[K])
        return std::nullopt;
      Extent = std::max(Extent, In[I]->Dims[K]);
      if (!isLetter(static_cast<char>((*Names)[K])))
        Hidden = std::max(Hidden, (*Names)[K] + 1);
    }
    E.Operands.push_back(std::move(*Names));
    Left.remove_prefix(Comma == Left.npos ? Left.size() : Comma + 1);
  }
  if (Arrow != Text.npos) {
    auto Names = labelsOf(std::string_view(Text).substr(Arrow + 2), -1, Hidden);
    if (!Names)
      return std::nullopt;
    E.Result = std::move(*Names);
  } else {
    // What "..." stands for, then letters that stand once, sorted.
    for (int K = Hidden; K-- > 0;)
      E.Result.push_back(K);
    for (auto [Name, Extent] : E.Extents) {
      ptrdiff_t Uses = 0;
      for (const Labels &Names : E.Operands)
        Uses += std::ranges::count(Names, Name);
      if (Uses == 1 && isLetter(static_cast<char>(Name)))
        E.Result.push_back(Name);
    }
  }
  for (int Name : E.Result)
    if (!E.Extents.count(Name) || std::ranges::count(E.Result, Name) != 1)
      return std::nullopt;
  for (auto [Name, Extent] : E.Extents)
    if (std::ranges::count(E.Result, Name) == 0)
      E.Summed.push_back(Name);
  return E;
}

Tensor Operator::einsum() {
  auto Text = text("equation", "");
  if (!Text)
    return {};
  for (const Tensor *T : In)
    if (!T)
      return fail(DiagId::InvalidModel, "an operand is missing");
  auto E = parse(*Text, In);
  if (!E)
    return fail(DiagId::BadAttribute, "the equation '" + printable(*Text) +
                                          "' does not fit the operands");
  // Everything but one operand is known, and makes the weights.
  size_t Data = 0;
  for (size_t I = 0; I < In.size(); ++I) {
    if (!In[I]->isActivation())
      continue;
    if (In[Data]->isActivation() && Data != I)
      return refuse("of two computed tensors");
    Data = I;
  }
  if (!mayCompute(*In[Data]))
    return {};
  Shape Dims, Sums;
  for (int Name : E->Result)
    Dims.push_back(E->Extents[Name]);
  for (int Name : E->Summed)
    Sums.push_back(E->Extents[Name]);
  uint64_t Terms;
  if (__builtin_mul_overflow(elementsOf(Dims), elementsOf(Sums), &Terms))
    Terms = UINT64_MAX;
  if (!fits(Dims, Terms))
    return {};
  // Where each operand is read, as the result and the sums go on.
  auto Steps = [&](const Labels &Over, size_t I) {
    std::vector<int64_t> Out, Own = stridesOf(In[I]->Dims);
    for (int Name : Over) {
      int64_t Step = 0;
      for (size_t K = 0; K < Own.size(); ++K)
        if (E->Operands[I][K] == Name && In[I]->Dims[K] != 1)
          Step += Own[K];
      Out.push_back(Step);
    }
    return Out;
  };
  std::vector<std::vector<uint32_t>> Outer, Inner;
  for (size_t I = 0; I < In.size(); ++I) {
    Outer.push_back(strided(Dims, Steps(E->Result, I)));
    Inner.push_back(strided(Sums, Steps(E->Summed, I)));
  }
  SparseMatrix M(static_cast<uint32_t>(elementsOf(In[Data]->Dims)));
  std::map<uint32_t, double> Entries;
  for (size_t R = 0; R < Outer[Data].size(); ++R) {
    Entries.clear();
    for (size_t S = 0; S < Inner[Data].size(); ++S) {
      double Weight = 1;
      for (size_t I = 0; I < In.size(); ++I)
        if (I != Data)
          Weight *= In[I]->Known->Data[Outer[I][R] + Inner[I][S]];
      Entries[Outer[Data][R] + Inner[Data][S]] += Weight;
    }
    for (auto [Column, Weight] : Entries)
      M.add(Column, Weight);
    M.endRow();
  }
  std::vector<Term> Sum;
  Sum.push_back({In[Data], std::move(M)});
  return affine(std::move(Dims), In[Data]->Type, std::move(Sum));
}
