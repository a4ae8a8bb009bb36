//===- SparseMatrix.cpp ---------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/SparseMatrix.h"

using namespace nn2crn;

SparseMatrix SparseMatrix::identity(uint32_t Size) {
  SparseMatrix M(Size);
  M.reserve(Size, Size);
  for (uint32_t I = 0; I < Size; ++I) {
    M.add(I, 1);
    M.endRow();
  }
  return M;
}

void SparseMatrix::reserve(size_t Rows, size_t Entries) {
  Begin.reserve(Rows + 1);
  Columns.reserve(Entries);
  Weights.reserve(Entries);
}

bool SparseMatrix::isIdentity() const {
  if (rows() != ColumnCount || entries() != ColumnCount)
    return false;
  for (uint32_t R = 0; R < ColumnCount; ++R)
    if (Begin[R] != R || Columns[R] != R || Weights[R] != 1)
      return false;
  return true;
}

SparseMatrix SparseMatrix::times(std::span<const double> Factors,
                                 bool OfRows) const {
  SparseMatrix Out(ColumnCount);
  Out.reserve(rows(), entries());
  for (uint32_t R = 0; R < rows(); ++R) {
    for (uint64_t K = Begin[R]; K < Begin[R + 1]; ++K)
      Out.add(Columns[K], Weights[K] * Factors[OfRows ? R : Columns[K]]);
    Out.endRow();
  }
  return Out;
}

SparseMatrix
SparseMatrix::withRowsTimes(std::span<const double> Factors) const {
  return times(Factors, /*OfRows=*/true);
}

SparseMatrix
SparseMatrix::withColumnsTimes(std::span<const double> Factors) const {
  return times(Factors, /*OfRows=*/false);
}
