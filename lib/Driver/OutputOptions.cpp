//===- OutputOptions.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Driver/OutputOptions.h"

using namespace nn2crn;
namespace cl = llvm::cl;

OutputOptions::OutputOptions()
    : Path("o", cl::init("-"), cl::value_desc("file"),
           cl::desc(
               "Where to write the network; its extension chooses the\n"
               "format (.crn .crnb .xml .sbml .ant .net .dot .onnx .json);\n"
               "- is stdout (default)")),
      Emit("emit", cl::value_desc("format"),
           cl::desc("The format, whatever the extension: crn crn-plain\n"
                    "crn-binary sbml antimony net dot onnx stats")),
      Inputs("input", cl::value_desc("[port=]spec"),
             cl::desc("A sample to write as initial amounts: a .npy or .csv\n"
                      "file, file.npz:key, or numbers with commas")),
      Case("case", cl::init(0), cl::value_desc("k"),
           cl::desc("Which case of --input, counted from 0 (default: 0)")),
      Map("map", cl::value_desc("file"),
          cl::desc("Write which ids stand for which tensor elements (JSON)")),
      Stats("stats", cl::value_desc("file"),
            cl::desc("Write the size of the network (JSON)")) {}

std::optional<NetworkOutput> OutputOptions::get(const Tool &T) const {
  NetworkOutput Out{Path, Emit, {Inputs.begin(), Inputs.end()}, {}, Map, Stats};
  if (Case.getNumOccurrences())
    Out.Case = Case;
  if (std::string Problem = Out.conflict(); !Problem.empty()) {
    T.usage(Problem);
    return std::nullopt;
  }
  return Out;
}
