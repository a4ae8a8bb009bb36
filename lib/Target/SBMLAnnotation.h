//===- SBMLAnnotation.h -----------------------------------------*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What SBML itself has no words for, kept as an annotation on the model: the
// ports, and what is exact about a number. Import/SBMLAnnotation.cpp reads it.
//
//   <nn:network xmlns:nn="https://nn2crn.org/ns/ports/1" name amount time
//   volume>
//     <nn:species id flags initial/>       flags: waste observed helper
//                                          boundary, where set; initial where
//                                          the double in the file is not the
//                                          whole truth
//     <nn:rate id value/>                  likewise
//     <nn:port name direction encoding shape scale offset range>
//       <nn:element constant>              constant where any element has one
//         <nn:term species coefficient/>
//
// An element's value is (sum of coefficient x amount + constant) / scale -
// offset. shape, scale, offset and range are lists with blanks; a range is
// LOW:HIGH. Numbers are in the notation of our text form: 0.1, 1/10 (exactly
// that) and ~0.1 (approximately). A name that XML can not hold is under
// mangledName. The namespace is a name and is not fetched.
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_TARGET_SBMLANNOTATION_H
#define NN2CRN_LIB_TARGET_SBMLANNOTATION_H

#include "NetworkIds.h"

#include <limits>

namespace nn2crn {

/// What stands in the file for \p Value: libsbml refuses a document with a
/// number too small for a normal double, so that is 0 and in the annotation.
inline double valueInSBML(double Value) {
  return Value < std::numeric_limits<double>::min() ? 0 : Value;
}

/// Writes the whole `<annotation>`.
void writeSBMLAnnotation(const Network &Net, const SpeciesIds &Ids,
                         const RateIds &Rates, llvm::raw_ostream &OS);

} // namespace nn2crn

#endif
