//===- StoredTest.h - A backend test of ONNX -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A folder with a model.onnx and folders test_data_set_N, each with a tensor a
// file for every input and output of the model in its order.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_TEST_BACKEND_STOREDTEST_H
#define NN2CRN_TEST_BACKEND_STOREDTEST_H

#include "nn2crn/Support/ArrayFile.h"

#include "onnx/onnx_pb.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace nn2crn::test {

struct StoredTensor {
  int32_t Type = 0;
  Array Values;
};

/// Empty where the bytes are no tensor of numbers.
std::optional<StoredTensor> readTensor(const onnx::TensorProto &T);
/// True for the types of floating-point numbers.
bool isFloat(int32_t Type);
/// \p V rounded as a tensor of type \p Type would hold it.
double heldBy(int32_t Type, double V);

struct StoredCase {
  /// By name of the model's input or output; empty where it is no tensor.
  std::map<std::string, std::optional<StoredTensor>> Inputs, Outputs;
};

struct StoredTest {
  /// "node/test_abs".
  std::string Name;
  std::filesystem::path Folder;
  /// The model's bytes.
  std::string Bytes;
  onnx::ModelProto Model;
  std::vector<StoredCase> Cases;

  /// Names of inputs that are not initializers, in order.
  std::vector<std::string> inputs() const;
  /// The type that the model declares for an input.
  int32_t typeOf(const std::string &Input) const;
};

/// All tests below \p Root, sorted by name.
std::vector<std::filesystem::path> findTests(const std::filesystem::path &Root);
StoredTest loadTest(const std::filesystem::path &Root,
                    const std::filesystem::path &Folder);

/// How many inputs of a model are fixed, from none to all but one: each step
/// adds to the one before.
enum class Fixing : uint8_t {
  None,
  /// Shapes, axes, indices, conditions: integers and booleans beside floats.
  Structure,
  /// Weights and parameters, by the place that they have at their operator.
  Parameters,
  /// Every input but the first.
  Operands,
};
inline constexpr const char *FixingName[] = {"as it is", "structure fixed",
                                             "weights fixed", "operand fixed"};
/// The inputs of \p T that step \p How fixes.
std::vector<std::string> fixedInputs(const StoredTest &T, Fixing How);

} // namespace nn2crn::test

#endif
