//===- SparseMatrix.h - Weights by rows -------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_GRAPH_SPARSEMATRIX_H
#define NN2CRN_GRAPH_SPARSEMATRIX_H

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nn2crn {

/// A matrix of doubles in compressed rows: what is zero is not kept. Built row
/// after row, so that a convolution's matrix never exists in full.
class SparseMatrix {
public:
  SparseMatrix() = default;
  explicit SparseMatrix(uint32_t Columns) : ColumnCount(Columns) {}
  static SparseMatrix identity(uint32_t Size);

  /// Room for that many rows and entries.
  void reserve(size_t Rows, size_t Entries);
  /// Adds an entry to the row at the end, which endRow() closes. Columns must
  /// ascend within a row; a weight of 0 is skipped.
  void add(uint32_t Column, double Weight) {
    assert(Column < ColumnCount && "column beyond the matrix");
    assert((Columns.size() == Begin.back() || Columns.back() < Column) &&
           "columns ascend");
    if (Weight == 0)
      return;
    Columns.push_back(Column);
    Weights.push_back(Weight);
  }
  void endRow() { Begin.push_back(Columns.size()); }

  uint32_t rows() const { return static_cast<uint32_t>(Begin.size() - 1); }
  uint32_t columns() const { return ColumnCount; }
  /// Number of weights that are not 0.
  size_t entries() const { return Columns.size(); }
  /// Columns of row \p R, ascending, and its weights beside them.
  std::span<const uint32_t> columnsOf(uint32_t R) const {
    return std::span(Columns).subspan(Begin[R], Begin[R + 1] - Begin[R]);
  }
  std::span<const double> weightsOf(uint32_t R) const {
    return std::span(Weights).subspan(Begin[R], Begin[R + 1] - Begin[R]);
  }
  /// All weights that are not 0, row after row.
  std::span<const double> weights() const { return Weights; }
  bool isIdentity() const;
  /// The same with row, or column, i times \p Factors[i].
  SparseMatrix withRowsTimes(std::span<const double> Factors) const;
  SparseMatrix withColumnsTimes(std::span<const double> Factors) const;

private:
  SparseMatrix times(std::span<const double> Factors, bool OfRows) const;

  uint32_t ColumnCount = 0;
  std::vector<uint64_t> Begin{0};
  std::vector<uint32_t> Columns;
  std::vector<double> Weights;
};

} // namespace nn2crn

#endif
