//===- ArrayFile.h - Arrays of numbers in files -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What people keep samples in: NumPy's .npy and .npz, tables as .csv, and a
// few numbers typed on a command line. Everything becomes an array of doubles.
//
// Files come from anywhere, so a claim (a shape, a size) is believed only when
// the content bears it out, and nothing larger than MaxArrayElements is read.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_SUPPORT_ARRAYFILE_H
#define NN2CRN_SUPPORT_ARRAYFILE_H

#include "nn2crn/Support/Diagnostics.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nn2crn {

/// The largest array that is read: 2 GiB of doubles.
inline constexpr uint64_t MaxArrayElements = uint64_t{1} << 28;

/// A dense array, row-major.
struct Array {
  std::vector<int64_t> Shape;
  std::vector<double> Data;
  /// What a diagnostic calls it: the file, "a.npz:x", or "<numbers>".
  std::string Source;
  /// From a form that cannot say more than rows and columns (.csv, numbers):
  /// a row then stands for a tensor of any rank with as many elements.
  bool Flat = false;
};

struct NamedArray {
  std::string Name;
  Array Values;
};

/// What an array is written with where the format has a place for it.
struct ColumnNames {
  /// One a column; empty for none.
  std::vector<std::string> Names;
};

//===--- Reading ----------------------------------------------------------===//

/// Reads `F.npy`, `F.npz:KEY` (split at the first `.npz:`), `F.npz` with a
/// single array, `F.csv`, `-` (standard input, recognised by its content), or
/// numbers separated by commas. Numbers give the shape [n].
std::optional<Array> readArray(std::string_view Spec, DiagnosticEngine &Diags);

/// A .npy file, format versions 1 to 3, either byte order, C or Fortran order,
/// of bool, integers of 8 to 64 bits or floats of 16 to 64 bits. Integers
/// beyond 2^53 are rounded to the nearest double.
std::optional<Array> parseNpy(std::string_view Bytes, std::string_view Name,
                              DiagnosticEngine &Diags);

/// The array \p Key (with or without ".npy") of a .npz file, or its only one
/// where \p Key is empty.
std::optional<Array> parseNpz(std::string_view Bytes, std::string_view Name,
                              std::string_view Key, DiagnosticEngine &Diags);

/// A table: fields separated by commas, semicolons or blanks, an optional line
/// of column names first, `#` starting a comment line. Shape [rows, columns].
std::optional<Array> parseCsv(std::string_view Text, std::string_view Name,
                              DiagnosticEngine &Diags);

/// "1,2.5,-3" as an array of shape [3]; empty where \p Text is anything else.
std::optional<Array> parseNumbers(std::string_view Text);

//===--- Writing ----------------------------------------------------------===//

/// The bytes of a .npy file: version 1.0, float64, little-endian, C order.
std::string npyBytes(const Array &Values);
/// The bytes of a .npz file with stored members and fixed times, so that the
/// same arrays give the same bytes.
std::optional<std::string> npzBytes(std::span<const NamedArray> Arrays,
                                    std::string_view Name,
                                    DiagnosticEngine &Diags);
/// One line for each index of the first axis; a line of names first if given.
std::string csvText(const Array &Values, const ColumnNames &Columns = {});

} // namespace nn2crn

#endif
