//===- Certificate.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Verification/Certificate.h"

#include "Exact.h"
#include "GraphForms.h"
#include "WitnessSearch.h"
#include "nn2crn/Analysis/NetworkForms.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

namespace {
//===----------------------------------------------------------------------===//
// Ports
//===----------------------------------------------------------------------===//

/// A port of the reference, with its place in the reference's own list.
struct ReferencePort {
  std::string Name;
  size_t Elements, Index;
};

std::vector<ReferencePort> portsOf(CertificateReference Reference, bool Input) {
  std::vector<ReferencePort> Ports;
  if (auto *G = std::get_if<const Graph *>(&Reference)) {
    auto List = Input ? (*G)->inputs() : (*G)->outputs();
    for (size_t I = 0; I < List.size(); ++I)
      Ports.push_back({List[I].Name, (*G)->value(List[I].Value).Elements, I});
    return Ports;
  }
  const Network &Net = *std::get<const Network *>(Reference);
  // A state is both: set at the start, and read in the end.
  PortDirection Other = Input ? PortDirection::Output : PortDirection::Input;
  for (size_t I = 0; I < Net.ports().size(); ++I)
    if (const Port &P = Net.ports()[I]; P.Direction != Other)
      Ports.push_back({P.Name, P.elementCount(), I});
  return Ports;
}

/// A port of the network, by its place among all, and its counterpart.
struct PortPair {
  size_t Port;
  ReferencePort Other;
};

/// By name; where either side has just one, that one.
bool pairPorts(const Network &Net, CertificateReference Reference, bool Input,
               std::vector<PortPair> &Pairs, DiagnosticEngine &Diags) {
  std::vector<ReferencePort> Mine = portsOf(&Net, Input);
  std::vector<ReferencePort> Others = portsOf(Reference, Input);
  std::string Kind = Input ? "input" : "output";
  auto Quoted = [](const std::vector<ReferencePort> &List) {
    std::string Names;
    for (const ReferencePort &P : List)
      Names += (Names.empty() ? "'" : ", '") + P.Name + "'";
    return Names.empty() ? std::string("none") : Names;
  };
  if (Mine.size() != Others.size()) {
    Diags
        .error(DiagId::NotComparable, {},
               "expected the same " + Kind + "s, found " +
                   std::to_string(Mine.size()) + " in the network and " +
                   std::to_string(Others.size()) + " in the reference")
        .note("in the network: " + Quoted(Mine))
        .note("in the reference: " + Quoted(Others));
    return false;
  }
  for (const ReferencePort &P : Mine) {
    auto It = Mine.size() == 1
                  ? Others.begin()
                  : std::ranges::find(Others, P.Name, &ReferencePort::Name);
    if (It == Others.end()) {
      Diags
          .error(DiagId::NotComparable, {},
                 "the reference has no " + Kind + " named '" + P.Name + "'")
          .note("it has " + Quoted(Others));
      return false;
    }
    if (It->Elements != P.Elements) {
      Diags.error(DiagId::NotComparable, {},
                  Kind + " '" + P.Name + "' has " + std::to_string(P.Elements) +
                      " elements in the network and " +
                      std::to_string(It->Elements) + " in the reference");
      return false;
    }
    Pairs.push_back({P.Index, *It});
  }
  return true;
}

//===----------------------------------------------------------------------===//
// One attempt, in one arithmetic and on one set of inputs
//===----------------------------------------------------------------------===//

template <class T> class Comparison {
public:
  using FormPtr = typename FormSpace<T>::FormPtr;

  Comparison(const Network &Net, const Certainty &C,
             CertificateReference Reference, const Certainty &ReferenceC,
             std::span<const PortPair> Inputs,
             std::span<const PortPair> Outputs, const Rational &Unit,
             bool Declared, Certificate &Out)
      : Net(Net), C(C), Reference(Reference), ReferenceC(ReferenceC),
        Inputs(Inputs), Outputs(Outputs), Declared(Declared), Out(Out),
        Space(Unit) {}

  /// False where the arithmetic did not suffice. Otherwise the certificate says
  /// Equal, or Unproven with what is known.
  bool prove() {
    Out.Certain = Certificate::Limit::Uncertain;
    Out.Inputs = Declared ? Certificate::InputSet::Declared
                          : Certificate::InputSet::Accepted;
    std::string NoInputs = makeVariables();
    NetworkForms<T> Mine(Net, C, Space);
    std::vector<FormPtr> Readings;
    if (!Mine.run(MyVariables))
      return unproven(Mine.problem());
    for (const PortPair &P : Outputs)
      for (size_t E = 0; E < P.Other.Elements; ++E)
        if (Readings.push_back(Mine.reading(Net.ports()[P.Port], E));
            !Readings.back())
          return unproven(Mine.problem());
    if (Space.overflowed())
      return false;
    Out.Gates = Mine.gates().size();
    Out.FixedGates = static_cast<size_t>(std::ranges::count_if(
        Mine.gates(), [](const auto &G) { return G.Sign != 0; }));
    Out.Certain = C.Annihilations.empty() ? Certificate::Limit::Unique
                                          : Certificate::Limit::Differences;
    size_t At = 0;
    for (const PortPair &P : Outputs)
      for (size_t E = 0; E < P.Other.Elements; ++E)
        if (Space.isMarked(*Readings[At++])) {
          Out.Certain = Certificate::Limit::Uncertain;
          return unproven("element " + std::to_string(E) + " of output '" +
                          Net.ports()[P.Port].Name +
                          "' depends on how much is annihilated, and so on "
                          "rate constants");
        }

    if (!NoInputs.empty())
      return unproven(std::move(NoInputs));

    size_t KnownAtoms = Space.atoms().size();
    std::vector<FormPtr> Wanted;
    if (!referenceForms(KnownAtoms, Wanted))
      return !Space.overflowed();
    if (std::ranges::any_of(
            Wanted, [&](const FormPtr &F) { return Space.isMarked(*F); }))
      return unproven("what the reference gives depends on how much is "
                      "annihilated, and so on rate constants");
    Out.EqualElements = 0;
    Out.OutputElements = Readings.size();
    for (size_t I = 0; I < Readings.size(); ++I) {
      if (*Readings[I] == *Wanted[I])
        ++Out.EqualElements;
      else
        Differences.push_back(Space.difference(Readings[I], Wanted[I]));
    }
    if (Space.overflowed())
      return false;
    if (Differences.empty()) {
      Out.Result = Certificate::Verdict::Equal;
      Out.Reason.clear();
      return true;
    }
    Out.Result = Certificate::Verdict::Unproven;
    size_t Apart = Differences.size();
    Out.Reason =
        std::to_string(Apart) + " of " + std::to_string(Readings.size()) +
        (Apart == 1 ? " output elements has" : " output elements have") +
        " another form than the reference's, but no input was found "
        "on which they differ" +
        (Out.UnmatchedUnit.empty()
             ? ""
             : "; the first unit without a match is " + Out.UnmatchedUnit);
    return true;
  }

  /// Looks for an input on which an Unproven comparison differs.
  void refute(const CertifyOptions &Options) {
    if (Differences.empty())
      return;
    std::vector<uint32_t> Variables;
    for (const PortPair &P : Inputs)
      Variables.insert(Variables.end(), MyVariables[P.Port].begin(),
                       MyVariables[P.Port].end());
    searchWitness<T>(
        Space, Variables, Differences, Options.Seed, Options.Effort,
        [&](std::span<const double> Values) { return confirm(Values); });
  }

private:
  bool unproven(std::string Why) {
    Out.Result = Certificate::Verdict::Unproven;
    Out.Reason = std::move(Why);
    return !Space.overflowed();
  }

  const Network *otherNetwork() const {
    auto *N = std::get_if<const Network *>(&Reference);
    return N ? *N : nullptr;
  }

  /// Says so where no input is left to compare on.
  std::string makeVariables() {
    std::string Empty;
    MyVariables.resize(Net.ports().size());
    size_t Others = 0;
    for (const PortPair &P : Inputs)
      Others = std::max(Others, P.Other.Index + 1);
    OtherVariables.resize(otherNetwork() ? otherNetwork()->ports().size()
                                         : Others);
    Out.Bounds.clear();
    for (const PortPair &P : Inputs) {
      const Port &Mine = Net.ports()[P.Port];
      Certificate::InputBounds Bounds{Mine.Name, {}};
      for (size_t E = 0; E < P.Other.Elements; ++E) {
        Interval In = acceptedValues(Mine, E, Declared);
        if (const Network *Other = otherNetwork()) {
          Interval Too =
              acceptedValues(Other->ports()[P.Other.Index], E, Declared);
          In = {std::max(In.Low, Too.Low), std::min(In.High, Too.High)};
        }
        if (In.Low > In.High && Empty.empty())
          Empty = "there is no input to compare on: element " +
                  std::to_string(E) + " of '" + Mine.Name +
                  "' would have to be both at least " + formatDouble(In.Low) +
                  " and at most " + formatDouble(In.High);
        MyVariables[P.Port].push_back(Space.addVariable(In));
        Bounds.Elements.push_back({In.Low, In.High});
      }
      OtherVariables[P.Other.Index] = MyVariables[P.Port];
      Out.Bounds.push_back(std::move(Bounds));
    }
    return Empty;
  }

  /// Units of the reference that are a sign, or an atom that the network has.
  void countUnit(int Sign, uint32_t Atom, size_t KnownAtoms,
                 const std::function<std::string()> &Describe) {
    ++Out.Units;
    if (Sign != 0)
      ++Out.FixedUnits;
    else if (Atom < KnownAtoms)
      ++Out.Matched;
    else if (Out.UnmatchedUnit.empty())
      Out.UnmatchedUnit = Describe();
  }

  bool referenceForms(size_t KnownAtoms, std::vector<FormPtr> &Wanted) {
    Out.Units = Out.Matched = Out.FixedUnits = 0;
    Out.UnmatchedUnit.clear();
    if (const Network *Other = otherNetwork()) {
      NetworkForms<T> Forms(*Other, ReferenceC, Space);
      if (!Forms.run(OtherVariables))
        return unproven(Forms.problem()), false;
      for (const auto &Gate : Forms.gates())
        countUnit(Gate.Sign, Gate.Atom, KnownAtoms, [&] {
          return "reaction '" +
                 reactionText(*Other, Other->reaction(Gate.Reaction)) + "'";
        });
      for (const PortPair &P : Outputs)
        for (size_t E = 0; E < P.Other.Elements; ++E)
          if (Wanted.push_back(Forms.reading(Other->ports()[P.Other.Index], E));
              !Wanted.back())
            return unproven(Forms.problem()), false;
      return !Space.overflowed();
    }
    const Graph &G = *std::get<const Graph *>(Reference);
    GraphForms<T> Forms(G, Space, OtherVariables);
    if (Space.overflowed())
      return false;
    for (const auto &U : Forms.Units)
      countUnit(U.Sign, U.Atom, KnownAtoms, [&] {
        return G.source(G.node(U.Node).Source).describe() + ", element " +
               std::to_string(U.Element);
      });
    for (const PortPair &P : Outputs)
      for (const FormPtr &F : Forms.Outputs[P.Other.Index])
        Wanted.push_back(F);
    return true;
  }

  bool confirm(std::span<const double> Values) {
    ExactValues Mine(Net.ports().size()), Others(OtherVariables.size());
    size_t At = 0;
    for (const PortPair &P : Inputs) {
      for (size_t E = 0; E < P.Other.Elements; ++E)
        Mine[P.Port].push_back(Rational::fromDouble(Values[At++]));
      Others[P.Other.Index] = Mine[P.Port];
    }
    auto Reads = exactLimit(Net, C.Order, Mine);
    auto Gives =
        otherNetwork()
            ? exactLimit(*otherNetwork(), ReferenceC.Order, Others)
            : exactOutputs(*std::get<const Graph *>(Reference), Others);
    if (!Reads || !Gives)
      return false;
    for (const PortPair &P : Outputs)
      for (size_t E = 0; E < P.Other.Elements; ++E) {
        const Rational &A = (*Reads)[P.Port][E],
                       &B = (*Gives)[P.Other.Index][E];
        if (A == B)
          continue;
        Certificate::Counterexample W;
        At = 0;
        for (const PortPair &I : Inputs) {
          auto Part = Values.subspan(At, I.Other.Elements);
          W.Inputs.push_back({Net.ports()[I.Port].Name,
                              std::vector<double>(Part.begin(), Part.end())});
          At += I.Other.Elements;
        }
        W.Port = Net.ports()[P.Port].Name;
        W.Element = E;
        W.NetworkReads = A;
        W.ReferenceGives = B;
        Out.Witness = std::move(W);
        Out.Result = Certificate::Verdict::Different;
        Out.Reason = "they differ on the input that is shown";
        return true;
      }
    return false;
  }

  const Network &Net;
  const Certainty &C;
  CertificateReference Reference;
  const Certainty &ReferenceC;
  std::span<const PortPair> Inputs, Outputs;
  bool Declared;
  Certificate &Out;
  FormSpace<T> Space;
  typename NetworkForms<T>::Variables MyVariables, OtherVariables;
  std::vector<FormPtr> Differences;
};

/// The species whose final amount depends on annihilations: whatever these, and
/// the reactions that they starve, change.
std::vector<std::string> rateDependent(const Network &Net, const Certainty &C) {
  std::vector<std::string> Names;
  if (C.Annihilations.empty())
    return Names;
  std::vector<bool> Depends(Net.speciesRows());
  for (ReactionId R : C.Annihilations)
    for (Term T : Net.reaction(R).reactants())
      Depends[T.Species.Value] = true;
  for (ReactionId Id : C.Order.Order) {
    Reaction R = Net.reaction(Id);
    if (std::ranges::any_of(R.reactants(),
                            [&](Term T) { return Depends[T.Species.Value]; }))
      for (auto Side : {R.reactants(), R.products()})
        for (Term T : Side)
          Depends[T.Species.Value] = true;
  }
  for (SpeciesId S : Net.species())
    if (Depends[S.Value] && !Net.flags(S).Constant && !Net.flags(S).Boundary)
      Names.push_back(Net.nameText(S));
  return Names;
}

bool declaresRange(const Network &Net) {
  for (const Port &P : Net.ports())
    if (P.Direction != PortDirection::Output)
      for (const PortRange &R : P.Range)
        if (std::isfinite(R.Low) || std::isfinite(R.High))
          return true;
  return false;
}

Rational unitOf(const Network &Net, CertificateReference Reference) {
  Rational Unit = commonUnit(Net);
  if (auto *Other = std::get_if<const Network *>(&Reference))
    return commonUnit(**Other, Unit);
  for (const Node &N : std::get<const Graph *>(Reference)->nodes())
    for (double B : N.Bias)
      includeInUnit(Unit, B);
  return Unit;
}
} // namespace

std::optional<Certificate> nn2crn::certify(const Network &Net,
                                           CertificateReference Reference,
                                           DiagnosticEngine &Diags,
                                           const CertifyOptions &Options) {
  if (auto *G = std::get_if<const Graph *>(&Reference))
    for (const Node &N : (*G)->nodes())
      if (N.Kind == NodeKind::Smooth) {
        Diags
            .error(DiagId::NotComparable, (*G)->locate(N.Source),
                   "only piecewise-linear models can be compared exactly")
            .note("approximate its activations first");
        return std::nullopt;
      }
  std::vector<PortPair> Inputs, Outputs;
  if (!pairPorts(Net, Reference, true, Inputs, Diags) ||
      !pairPorts(Net, Reference, false, Outputs, Diags))
    return std::nullopt;
  if (Outputs.empty()) {
    Diags
        .error(DiagId::NotComparable, {},
               "a network without outputs computes nothing that could be "
               "compared")
        .note("declare its ports: @input x[2] dual, @output y[1] dual");
    return std::nullopt;
  }

  Certificate Out;
  Out.Network = Net.Name;
  Out.Species = Net.speciesCount();
  auto *Model = std::get_if<const Graph *>(&Reference);
  Out.ReferenceIsModel = Model;
  Out.Reference = !Model ? std::get<const Network *>(Reference)->Name
                  : (*Model)->File.empty() ? (*Model)->Name
                                           : (*Model)->File;
  Certainty C = analyzeCertainty(Net), ReferenceC;
  if (!C) {
    Out.Reason = explainFeedForward(Net, C.Order);
    return Out;
  }
  if (!Model) {
    const Network &Other = *std::get<const Network *>(Reference);
    ReferenceC = analyzeCertainty(Other);
    if (!ReferenceC) {
      Out.Reason = "the limit of the reference is not certain: " +
                   explainFeedForward(Other, ReferenceC.Order);
      return Out;
    }
  }
  Out.RateDependentSpecies = rateDependent(Net, C);

  Rational Unit = unitOf(Net, Reference);
  // What holds for all inputs holds on the declared range; where it does not,
  // the range is all that was promised.
  bool HasRange = declaresRange(Net);
  auto Attempt = [&]<class T>(T, bool Declared) {
    Comparison<T> Compare(Net, C, Reference, ReferenceC, Inputs, Outputs, Unit,
                          Declared, Out);
    if (!Compare.prove())
      return false;
    Out.Arithmetic = std::is_same_v<T, int64_t>  ? "64-bit"
                     : std::is_same_v<T, Int128> ? "128-bit"
                                                 : "fractions";
    if (Out.Result == Certificate::Verdict::Unproven && Declared == HasRange)
      Compare.refute(Options);
    return true;
  };
  for (bool Declared : {false, true}) {
    if (Declared && !HasRange)
      break;
    withNumbersLargeEnough(
        [&](auto Number) { return Attempt(Number, Declared); });
    if (Out.isEqual())
      break;
  }
  return Out;
}
