//===- Map.cpp ------------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Target/Map.h"

#include "NetworkIds.h"

#include "nn2crn/IR/Mangle.h"

#include "llvm/Support/JSON.h"

#include <cmath>

using namespace nn2crn;

namespace {
/// The affine functional of one element, in the map's terms.
struct MappedElement {
  std::vector<SpeciesId> Positive, Negative;
  double Scale, Offset;
};
} // namespace

/// True when every term has the magnitude of the first, which \p Scale takes.
static bool mapElement(const Port &P, size_t I, MappedElement &Out) {
  double Size = 0;
  for (const PortTerm &T : P.element(I)) {
    double Magnitude = std::fabs(T.Coefficient);
    if (Size != 0 && Magnitude != Size)
      return false;
    Size = Magnitude;
    (T.Coefficient > 0 ? Out.Positive : Out.Negative).push_back(T.Species);
  }
  // (s (P - N) + c) / scale - offset
  //   = (P - N) / (scale / s) - (offset - c / scale)
  Number Scale = P.scale(I), Constant = P.constant(I);
  Out.Scale = Size == 0 ? Scale.value() : (Scale / Number(Size)).value();
  Out.Offset = Constant == Number(0) ? P.offset(I).value()
                                     : (P.offset(I) - Constant / Scale).value();
  return std::isfinite(Out.Scale) && Out.Scale > 0 && std::isfinite(Out.Offset);
}

static bool mapPort(const Network &Net, const Port &P,
                    std::vector<MappedElement> &Out, DiagnosticEngine &Diags) {
  Out.assign(P.elementCount(), {});
  for (size_t I = 0; I < Out.size(); ++I) {
    if (mapElement(P, I, Out[I]))
      continue;
    DiagLocation Where = wholeNetwork(Net);
    Where.Context +=
        ", port '" + printable(P.Name) + "', element " + std::to_string(I);
    std::string Found;
    for (const PortTerm &T : P.element(I))
      Found += (Found.empty() ? "" : " ") + formatDouble(T.Coefficient) + "*" +
               printable(Net.nameText(T.Species));
    Diags
        .error(DiagId::CannotExpress, std::move(Where),
               "expected one magnitude for all coefficients of an element, "
               "since a map only adds and subtracts amounts; found " +
                   Found)
        .note("leave out --map, or read the ports from .crn or SBML");
    return false;
  }
  return true;
}

namespace {
class Writer {
public:
  Writer(const Network &Net, const TargetInfo &T, llvm::raw_ostream &OS)
      : Net(Net), T(T), J(OS, 2) {}

  void write(std::span<const std::vector<MappedElement>> Ports) {
    J.object([&] {
      J.attribute("network", llvm::json::fixUTF8(Net.Name));
      J.attributeArray("ports", [&] {
        for (size_t I = 0; I < Ports.size(); ++I)
          writePort(Net.ports()[I], Ports[I]);
      });
      J.attributeObject("species", [&] {
        for (SpeciesId S : Net.species()) {
          std::string Name = Net.nameText(S);
          J.attribute(llvm::json::isUTF8(Name) ? Name : printable(Name), id(S));
        }
      });
      J.attributeObject("reactions", [&] {
        uint64_t Number = 0;
        for (Reaction R : Net.reactions())
          J.attribute(reactionIdIn(T, ++Number),
                      llvm::json::fixUTF8(reactionText(Net, R)));
      });
    });
  }

private:
  std::string id(SpeciesId S) {
    return llvm::json::fixUTF8(speciesIdIn(T, Net, S));
  }

  void writeRail(std::span<const SpeciesId> Rail) {
    if (Rail.empty())
      J.value(nullptr);
    else if (Rail.size() == 1)
      J.value(id(Rail[0]));
    else
      J.array([&] {
        for (SpeciesId S : Rail)
          J.value(id(S));
      });
  }

  /// A number where all elements agree, else a list.
  void writeNumbers(llvm::StringRef Key, std::span<const MappedElement> All,
                    double MappedElement::*Field, double None) {
    bool Same = true;
    for (const MappedElement &E : All)
      Same &= E.*Field == All[0].*Field;
    if (Same) {
      J.attribute(Key, All.empty() ? None : All[0].*Field);
      return;
    }
    J.attributeArray(Key, [&] {
      for (const MappedElement &E : All)
        J.value(E.*Field);
    });
  }

  void writeMeaning(const OutputMeaning &M) {
    if (!M.Head.empty()) {
      J.attributeArray("head", [&] {
        for (const std::string &Operator : M.Head)
          J.value(llvm::json::fixUTF8(Operator));
      });
      J.attribute("kept", M.HeadKept);
    }
    if (!M.Labels.empty())
      J.attributeArray("labels", [&] {
        for (const std::string &Label : M.Labels)
          if (M.LabelsAreIntegers)
            J.value(std::strtoll(Label.c_str(), nullptr, 10));
          else
            J.value(llvm::json::fixUTF8(Label));
      });
  }

  void writePort(const Port &P, std::span<const MappedElement> Elements) {
    J.object([&] {
      J.attribute("name", llvm::json::fixUTF8(P.Name));
      J.attribute("direction", llvm::StringRef(P.directionName()));
      J.attributeArray("shape", [&] {
        for (int64_t Extent : P.Shape)
          J.value(Extent);
      });
      J.attribute("encoding", llvm::StringRef(P.encodingName()));
      writeNumbers("scale", Elements, &MappedElement::Scale, 1);
      writeNumbers("offset", Elements, &MappedElement::Offset, 0);
      writeMeaning(P.Meaning);
      J.attributeArray("elements", [&] {
        for (const MappedElement &E : Elements)
          J.array([&] {
            writeRail(E.Positive);
            writeRail(E.Negative);
          });
      });
    });
  }

  const Network &Net;
  const TargetInfo &T;
  llvm::json::OStream J;
};
} // namespace

bool nn2crn::writeMap(const Network &Net, const TargetInfo &T,
                      llvm::raw_ostream &OS, DiagnosticEngine &Diags) {
  std::vector<std::vector<MappedElement>> Ports(Net.ports().size());
  for (size_t I = 0; I < Ports.size(); ++I)
    if (!mapPort(Net, Net.ports()[I], Ports[I], Diags))
      return false;
  Writer(Net, T, OS).write(Ports);
  OS << '\n';
  return true;
}
