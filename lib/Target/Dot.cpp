//===- Dot.cpp ------------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A picture for Graphviz: species are ellipses, reactions are points between
// them, coefficients stand on the edges. Species of a port sit in a cluster
// with its name. Rate constants other than 1 label their reaction.
//
// There are no kinetics in a picture, so nothing is converted.
//
//===----------------------------------------------------------------------===//

#include "NetworkIds.h"

#include "nn2crn/IR/Mangle.h"

using namespace nn2crn;

/// In a quoted DOT string a backslash begins an escape of DOT's own.
static std::string label(std::string_view Text) {
  std::string Out;
  for (char C : printable(Text)) {
    if (C == '"' || C == '\\')
      Out += '\\';
    Out += C;
  }
  return Out;
}

namespace {
class Writer {
public:
  Writer(const Network &Net, llvm::raw_ostream &OS)
      : Net(Net), OS(OS), Ids(Net), Drawn(Net.speciesRows()) {}

  void write() {
    OS << "digraph \"" << label(Net.Name)
       << "\" {\n  rankdir=LR;\n  node [fontname=\"Helvetica\", "
          "fontsize=11];\n  edge [fontname=\"Helvetica\", fontsize=9, "
          "arrowsize=0.7];\n";
    unsigned Cluster = 0;
    for (const Port &P : Net.ports()) {
      OS << "  subgraph cluster_" << ++Cluster << " {\n    label=\""
         << P.directionName() << ' ' << label(P.Name) << shapeText(P.Shape)
         << "\";\n    style=rounded;\n    color=gray60;\n";
      for (const PortTerm &T : P.Terms)
        writeSpecies("    ", T.Species);
      OS << "  }\n";
    }
    for (SpeciesId S : Net.species())
      writeSpecies("  ", S);
    uint64_t Number = 0;
    for (Reaction R : Net.reactions())
      writeReaction(R, ++Number);
    OS << "}\n";
  }

private:
  void writeSpecies(llvm::StringRef Indent, SpeciesId S) {
    // A species of several ports sits in the first one's cluster.
    if (Drawn[S.Value])
      return;
    Drawn[S.Value] = true;
    SpeciesFlags F = Net.flags(S);
    OS << Indent << Ids[S] << " [label=\"" << label(Net.nameText(S));
    if (Net.initialValue(S) != 0)
      OS << "\\n" << Net.initial(S).str();
    OS << '"';
    if (F.Constant || F.Boundary)
      OS << ", peripheries=2";
    if (F.Waste)
      OS << ", color=gray60, fontcolor=gray60";
    OS << "];\n";
  }

  void writeEdge(llvm::StringRef From, llvm::StringRef To, uint32_t Times) {
    OS << "  " << From << " -> " << To;
    if (Times != 1)
      OS << " [label=\"" << Times << "\"]";
    OS << ";\n";
  }

  void writeReaction(Reaction R, uint64_t Number) {
    std::string Id = std::string(ReactionPrefix) + std::to_string(Number);
    const RateConstant &K = Net.rateConstant(R.rate());
    OS << "  " << Id << " [shape=point, width=0.08";
    if (!K.Parameter.empty())
      OS << ", xlabel=\"" << label(K.Parameter) << '"';
    else if (K.Value.value() != 1)
      OS << ", xlabel=\"" << K.Value.str() << '"';
    OS << "];\n";
    for (Term T : R.reactants())
      writeEdge(Ids[T.Species], Id, T.Coefficient);
    for (Term T : R.products())
      writeEdge(Id, Ids[T.Species], T.Coefficient);
  }

  const Network &Net;
  llvm::raw_ostream &OS;
  SpeciesIds Ids;
  std::vector<bool> Drawn;
};
} // namespace

bool nn2crn::emitDot(const Network &Net, llvm::raw_ostream &OS,
                     DiagnosticEngine &Diags) {
  if (!expectNoPhases(Net, "a DOT picture", Diags))
    return false;
  Writer(Net, OS).write();
  return true;
}
