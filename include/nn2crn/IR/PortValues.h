//===- PortValues.h - Values of ports as amounts of species -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The only place that turns values into amounts and amounts into values:
//
//   value = (sum of coefficient x amount + constant) / scale - offset
//
// Setting a value gives all of it to one rail: the first species of the
// element whose coefficient has the sign that is needed. The element's other
// species get 0.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_IR_PORTVALUES_H
#define NN2CRN_IR_PORTVALUES_H

#include "nn2crn/IR/Network.h"
#include "nn2crn/Support/ArrayFile.h"
#include "nn2crn/Support/Diagnostics.h"

#include <optional>
#include <span>

namespace nn2crn {

/// Sets the species of \p P in \p Amounts (indexed by SpeciesId) so that the
/// port reads \p Values (one an element, row-major). Reports a value that is
/// not finite, or that needs a rail the port does not have, and then returns
/// false with \p Amounts partly set.
bool setPortAmounts(const Port &P, std::span<const double> Values,
                    std::span<double> Amounts, DiagnosticEngine &Diags);

/// Reads all elements of \p P into \p Values (one an element).
void readPort(const Port &P, std::span<const double> Amounts,
              std::span<double> Values);

/// How many cases of \p P the array holds. Its shape must be the port's, or
/// [cases, ...the port's]; leading extents of 1 of the port's shape may be
/// there or not. Rows of a flat array (Array::Flat) stand for tensors with as
/// many elements. Anything else, and no cases at all, is reported.
std::optional<size_t> casesForPort(const Port &P, const Array &Values,
                                   DiagnosticEngine &Diags);

/// The port that \p Spec is for, and the rest of it: split at the first `=`
/// whose left side is the name of a port of \p Direction (a State counts as
/// either). Without one, the only such port, or a report that lists them.
struct PortSpec {
  const Port *P;
  std::string_view Spec;
};
std::optional<PortSpec> splitPortSpec(const Network &Net,
                                      PortDirection Direction,
                                      std::string_view Spec,
                                      DiagnosticEngine &Diags);

/// Declares the ranges that `--input-range=[PORT=]LO:HI ...` give, for all
/// elements of a port; they replace what the port declared. Reports unknown
/// ports, ports named twice and what is no range of finite numbers; then
/// returns false with \p Net as it was.
bool declareInputRanges(Network &Net, std::span<const std::string> Specs,
                        DiagnosticEngine &Diags);

/// One array for an input port.
struct PortArray {
  const Port *P;
  Array Values;
};

/// The arrays that `--input=[PORT=]SPEC ...` name, read and checked against
/// their ports: every input port once (or none at all), all with as many
/// cases. Empty after a report, which calls the option \p Option.
struct InputArrays {
  std::vector<PortArray> Arrays;
  /// 1 where there are no arrays.
  size_t Cases = 1;

  /// The values of port \p I of Arrays in case \p Case.
  std::span<const double> values(size_t I, size_t Case) const {
    size_t Elements = Arrays[I].P->elementCount();
    return std::span(Arrays[I].Values.Data).subspan(Case * Elements, Elements);
  }
};
std::optional<InputArrays> readInputs(const Network &Net,
                                      std::span<const std::string> Specs,
                                      DiagnosticEngine &Diags,
                                      std::string_view Option = "--input");

/// Makes case \p Case of \p Inputs the initial amounts of \p Net. Only the
/// species of the ports change. False after a report, with \p Net as it was.
bool setSample(Network &Net, const InputArrays &Inputs, size_t Case,
               DiagnosticEngine &Diags);

} // namespace nn2crn

#endif
