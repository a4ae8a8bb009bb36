//===- CertificateText.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Verification/Certificate.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

namespace {
std::string_view verdictName(Certificate::Verdict V) {
  switch (V) {
  case Certificate::Verdict::Equal:
    return "equal";
  case Certificate::Verdict::Different:
    return "different";
  case Certificate::Verdict::Unproven:
    return "unproven";
  }
  return {};
}

std::string_view limitName(Certificate::Limit L) {
  switch (L) {
  case Certificate::Limit::Unique:
    return "unique";
  case Certificate::Limit::Differences:
    return "differences";
  case Certificate::Limit::Uncertain:
    return "uncertain";
  }
  return {};
}

std::string bound(double V) {
  return std::isinf(V) ? (V < 0 ? "-inf" : "inf") : formatDouble(V);
}

bool sameBounds(const Certificate::InputBounds &B) {
  return std::ranges::all_of(
      B.Elements, [&](const PortRange &R) { return R == B.Elements[0]; });
}

std::string inputsText(const Certificate &C) {
  std::string Bounded;
  for (const Certificate::InputBounds &B : C.Bounds) {
    double Low = HUGE_VAL, High = -HUGE_VAL;
    for (const PortRange &R : B.Elements) {
      Low = std::min(Low, R.Low);
      High = std::max(High, R.High);
    }
    if (B.Elements.empty() || (std::isinf(Low) && std::isinf(High)))
      continue;
    Bounded += (Bounded.empty() ? "" : ", ") + B.Port + " in " + bound(Low) +
               " to " + bound(High) +
               (sameBounds(B) ? "" : " (differs by element)");
  }
  return Bounded.empty() ? "all" : Bounded;
}

/// "1 unit", "2 units".
std::string counted(size_t N, const std::string &What) {
  return std::to_string(N) + ' ' + What + (N == 1 ? "" : "s");
}

std::string witnessText(const Certificate::Counterexample &W) {
  std::string Text = "at ";
  for (const auto &I : W.Inputs) {
    Text += (&I == W.Inputs.data() ? "" : ", ") + I.Port + " = (";
    constexpr size_t Most = 8;
    for (size_t K = 0; K < I.Values.size() && K < Most; ++K)
      Text += (K ? ", " : "") + formatDouble(I.Values[K]);
    Text += I.Values.size() > Most
                ? ", ... " + std::to_string(I.Values.size()) + " elements)"
                : ")";
  }
  return Text + " element " + std::to_string(W.Element) + " of '" + W.Port +
         "' reads " + formatRounded(W.NetworkReads.toDouble(), 6) +
         ", the reference gives " +
         formatRounded(W.ReferenceGives.toDouble(), 6);
}
} // namespace

std::string nn2crn::certificateSummary(const Certificate &C) {
  std::string Text;
  auto Line = [&](std::string_view Key, const std::string &Value) {
    Text += "  " + std::string(Key) + std::string(12 - Key.size(), ' ') +
            Value + '\n';
  };
  Text += "certificate: " + std::string(verdictName(C.Result)) +
          (C.Result == Certificate::Verdict::Different ? " from " : " to ") +
          (C.Reference.empty() ? "the reference" : C.Reference) + '\n';
  auto Within = [](double Bound, bool Declared) {
    return "; readings are within " + formatRounded(Bound, 6) +
           " of the model's" +
           (Declared ? " for inputs in their ranges"
                     : " for inputs from -1 to 1");
  };
  if (C.Approximated)
    Line("activations",
         "piecewise linear, of up to " +
             counted(C.Approximated->Segments, "segment") +
             Within(C.Approximated->Bound, C.Approximated->RangesDeclared));
  if (C.Rounding)
    Line("weights", "rounded to " + std::to_string(C.Rounding->Bits) + " bits" +
                        Within(C.Rounding->Bound, C.Rounding->RangesDeclared) +
                        (C.Approximated ? ", beyond that" : ""));
  if (!C.Reason.empty() && !C.Witness)
    Line("why", C.Reason);
  if (C.Witness)
    Line("shown", witnessText(*C.Witness));
  if (C.Certain != Certificate::Limit::Uncertain)
    Line("inputs", inputsText(C));
  switch (C.Certain) {
  case Certificate::Limit::Unique:
    Line("limit", "one, for all rate constants and every rate law");
    break;
  case Certificate::Limit::Differences:
    Line("limit", "the readings are certain; the amounts of " +
                      std::to_string(C.RateDependentSpecies.size()) + " of " +
                      std::to_string(C.Species) + " species" +
                      " depend on rates, only their differences do not");
    break;
  case Certificate::Limit::Uncertain:
    Line("limit", "not certain: it may depend on rates");
    break;
  }
  if (C.Units || C.Gates) {
    size_t Unmatched = C.Units - C.Matched - C.FixedUnits;
    Line("units", counted(C.Units, "unit") + ": " + std::to_string(C.Matched) +
                      " matched, " + std::to_string(C.FixedUnits) +
                      " always off or linear, " + std::to_string(Unmatched) +
                      " not matched");
  }
  if (!C.Arithmetic.empty())
    Line("arithmetic", C.Arithmetic + ", exact");
  return Text;
}

void nn2crn::writeCertificate(const Certificate &C, llvm::raw_ostream &OS) {
  llvm::json::OStream J(OS, 2);
  auto Text = [](std::string_view S) {
    return llvm::json::fixUTF8(llvm::StringRef(S.data(), S.size()));
  };
  auto Bound = [&](double V) {
    if (std::isinf(V))
      J.value(nullptr);
    else
      J.value(V);
  };
  J.object([&] {
    J.attribute("schema", "nn2crn-certificate-1");
    J.attribute("network", Text(C.Network));
    J.attribute("reference", Text(C.Reference));
    J.attribute("reference_kind", C.ReferenceIsModel ? "model" : "network");
    J.attribute("verdict", Text(verdictName(C.Result)));
    if (C.Reason.empty())
      J.attribute("reason", nullptr);
    else
      J.attribute("reason", Text(C.Reason));
    J.attribute("limit", Text(limitName(C.Certain)));
    J.attribute("rate_independent", C.Certain == Certificate::Limit::Unique);
    J.attributeObject("inputs", [&] {
      J.attribute("set", C.Inputs == Certificate::InputSet::Declared
                             ? "declared"
                             : "accepted");
      J.attributeArray("ports", [&] {
        for (const Certificate::InputBounds &B : C.Bounds)
          J.object([&] {
            J.attribute("name", Text(B.Port));
            auto Row = [&](llvm::StringRef Key, double PortRange::*Field) {
              if (!B.Elements.empty() && sameBounds(B)) {
                J.attributeBegin(Key);
                Bound(B.Elements[0].*Field);
                J.attributeEnd();
                return;
              }
              J.attributeArray(Key, [&] {
                for (const PortRange &R : B.Elements)
                  Bound(R.*Field);
              });
            };
            Row("low", &PortRange::Low);
            Row("high", &PortRange::High);
          });
      });
    });
    J.attributeBegin("quantisation");
    if (!C.Rounding)
      J.value(nullptr);
    else
      J.object([&] {
        J.attribute("bits", C.Rounding->Bits);
        J.attribute("inputs", C.Rounding->RangesDeclared ? "declared" : "unit");
      });
    J.attributeEnd();
    J.attributeBegin("approximation");
    if (!C.Approximated)
      J.value(nullptr);
    else
      J.object([&] {
        J.attribute("activations", C.Approximated->Activations);
        J.attribute("segments", C.Approximated->Segments);
        J.attribute("bound", C.Approximated->Bound);
        J.attribute("inputs",
                    C.Approximated->RangesDeclared ? "declared" : "unit");
      });
    J.attributeEnd();
    J.attribute("bound", (C.Rounding ? C.Rounding->Bound : 0.0) +
                             (C.Approximated ? C.Approximated->Bound : 0.0));
    J.attributeObject("outputs", [&] {
      J.attribute("elements", C.OutputElements);
      J.attribute("equal", C.EqualElements);
    });
    J.attributeObject("units", [&] {
      J.attribute("reference", C.Units);
      J.attribute("matched", C.Matched);
      J.attribute("fixed", C.FixedUnits);
      if (C.UnmatchedUnit.empty())
        J.attribute("first_unmatched", nullptr);
      else
        J.attribute("first_unmatched", Text(C.UnmatchedUnit));
    });
    J.attributeObject("gates", [&] {
      J.attribute("network", C.Gates);
      J.attribute("fixed", C.FixedGates);
    });
    J.attributeObject("species", [&] {
      bool Known = C.Certain != Certificate::Limit::Uncertain;
      J.attribute("all", C.Species);
      J.attributeBegin("unique");
      if (Known)
        J.value(C.Species - C.RateDependentSpecies.size());
      else
        J.value(nullptr);
      J.attributeEnd();
      J.attributeArray("rate_dependent", [&] {
        for (const std::string &S : C.RateDependentSpecies)
          J.value(Text(S));
      });
    });
    J.attributeBegin("witness");
    if (!C.Witness) {
      J.value(nullptr);
    } else {
      J.object([&] {
        J.attributeObject("inputs", [&] {
          for (const auto &I : C.Witness->Inputs)
            J.attributeArray(Text(I.Port), [&] {
              for (double V : I.Values)
                J.value(V);
            });
        });
        J.attribute("output", Text(C.Witness->Port));
        J.attribute("element", C.Witness->Element);
        J.attribute("network_reads", C.Witness->NetworkReads.toDouble());
        J.attribute("reference_gives", C.Witness->ReferenceGives.toDouble());
        J.attribute("network_reads_exactly", C.Witness->NetworkReads.str());
        J.attribute("reference_gives_exactly", C.Witness->ReferenceGives.str());
      });
    }
    J.attributeEnd();
    if (C.Arithmetic.empty())
      J.attribute("arithmetic", nullptr);
    else
      J.attribute("arithmetic", C.Arithmetic);
  });
  OS << '\n';
}

void nn2crn::reportCertificate(const Certificate &C, DiagnosticEngine &Diags) {
  if (C.isEqual())
    return;
  std::string What =
      C.Reference.empty() ? "the reference" : "'" + C.Reference + "'";
  if (C.Witness)
    Diags
        .error(DiagId::CertificateDifferent, {},
               "the network does not compute " + What)
        .note(witnessText(*C.Witness));
  else
    Diags.error(DiagId::CertificateUnproven, {},
                "could not prove that the network computes " + What + ": " +
                    C.Reason);
}
