//===- ONNXLevels.cpp -----------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXLevels.h"

#include "NetworkIds.h"

#include "nn2crn/Analysis/FeedForward.h"

#include <algorithm>
#include <cmath>
#include <queue>
#include <unordered_map>

using namespace nn2crn;

namespace {
/// Forms over "symbols", of which variables are some: a species may stand for
/// its own supply until it is known at which level it is used.
class LevelFinder {
public:
  LevelFinder(const Network &Net, DiagnosticEngine &Diags)
      : Net(Net), Diags(Diags), Held(heldSpecies(Net)) {}

  std::optional<FlowLevels> run() {
    FeedForward F = analyzeFeedForward(Net);
    if (!F) {
      auto D = Diags.error(
          DiagId::NotFeedForward, wholeNetwork(Net),
          "expected a network whose limit stoichiometry alone fixes, but " +
              explainFeedForward(Net, F));
      noteFeedForward(Net, F, D);
      return std::nullopt;
    }
    Order = std::move(F.Order);
    if (!bindInputs() || !findChanges())
      return std::nullopt;
    findProducers();
    for (uint32_t R = 0; R < Order.size(); ++R)
      addReaction(R);
    if (!Fits)
      return std::nullopt;
    resolveMinima();
    resolveReadings();
    if (!Fits)
      return std::nullopt;
    return std::move(Out);
  }

private:
  static constexpr uint32_t None = UINT32_MAX;
  /// What is kept of forms together, some 4 GB; the file could not hold the
  /// like of it anyhow.
  static constexpr uint64_t MostTerms = uint64_t{1} << 28;

  /// What stands in a form before it is resolved.
  struct Symbol {
    /// A variable, or None for the supply of Species.
    uint32_t Variable;
    SpeciesId Species;
  };
  struct Change {
    SpeciesId Species;
    uint32_t Amount;
  };
  struct Produced {
    /// A place in Order.
    uint32_t Reaction;
    uint32_t Amount;
  };

  bool refuse(DiagLocation Where, std::string Message, std::string Note) {
    Diags.error(DiagId::CannotExpress, std::move(Where), std::move(Message))
        .note(std::move(Note));
    return false;
  }
  bool refuseReaction(ReactionId R, std::string Why, std::string Note) {
    std::string Text = reactionText(Net, Net.reaction(R));
    if (Text.size() > 100)
      Text = Text.substr(0, 97) + "...";
    return refuse(Net.provenance().locate(Net.reaction(R).origin()),
                  "an ONNX model cannot hold reaction '" + Text + "': " + Why,
                  std::move(Note));
  }
  bool tooLarge() {
    if (Fits)
      refuse(wholeNetwork(Net),
             "the formulas of this network have more than 2^28 terms",
             "translate it at a lower level of optimisation, or a smaller "
             "model");
    return Fits = false;
  }

  uint32_t addSymbol(uint32_t Variable, SpeciesId Species) {
    Symbols.push_back({Variable, Species});
    Sum.push_back(0);
    Touched.push_back(false);
    return static_cast<uint32_t>(Symbols.size() - 1);
  }
  uint32_t addVariable(FlowVariable V) {
    Out.Variables.push_back(V);
    return static_cast<uint32_t>(Out.Variables.size() - 1);
  }

  //===--- Ports ----------------------------------------------------------===//

  bool bindInputs() {
    InputSymbol.assign(Net.speciesRows(), None);
    InputFactor.assign(Net.speciesRows(), 0);
    IsInput.assign(Net.speciesRows(), false);
    bool Inputs = false, Outputs = false;
    for (uint32_t I = 0; I < Net.ports().size(); ++I) {
      const Port &P = Net.ports()[I];
      Inputs |= P.Direction == PortDirection::Input;
      Outputs |= P.Direction == PortDirection::Output;
      if (P.Direction == PortDirection::State)
        return refuse(wholeNetwork(Net),
                      "expected input and output ports, found the state port "
                      "'" +
                          printable(P.Name) + "'",
                      "an ONNX model keeps nothing from one call to the next");
      if (P.Direction == PortDirection::Input && !bindInput(P, I))
        return false;
    }
    if (!Inputs || !Outputs)
      return refuse(wholeNetwork(Net),
                    std::string("expected input and output ports, found no ") +
                        (Inputs ? "output" : "input"),
                    "declare them by '@input' and '@output' lines in a .crn "
                    "file");
    return true;
  }

  bool bindInput(const Port &P, uint32_t Index) {
    for (uint32_t I = 0; I < P.elementCount(); ++I) {
      // As in IR/PortValues.cpp: the first species of each sign has it all.
      const PortTerm *Rails[2] = {nullptr, nullptr};
      for (const PortTerm &T : P.element(I)) {
        if (IsInput[T.Species.Value])
          return refuse(wholeNetwork(Net),
                        "expected that one element sets a species, but several "
                        "elements of input ports set '" +
                            printable(Net.nameText(T.Species)) + "'",
                        "give each element a species of its own");
        IsInput[T.Species.Value] = true;
        const PortTerm *&Rail = Rails[T.Coefficient < 0];
        if (!Rail)
          Rail = &T;
      }
      for (bool Negative : {false, true})
        if (const PortTerm *T = Rails[Negative]) {
          using Kind = FlowVariable::Kind;
          bool Both = Rails[!Negative];
          uint32_t V = addVariable({!Both      ? Kind::Signed
                                    : Negative ? Kind::Negative
                                               : Kind::Positive,
                                    Index, I});
          InputSymbol[T->Species.Value] = addSymbol(V, {});
          InputFactor[T->Species.Value] =
              Both ? 1 / std::fabs(T->Coefficient) : 1 / T->Coefficient;
        }
    }
    return true;
  }

  //===--- Reactions ------------------------------------------------------===//

  /// Splits every reaction into what it net-consumes and net-produces, and
  /// refuses gates that might be closed.
  bool findChanges() {
    ConsumerOf.assign(Net.speciesRows(), None);
    std::vector<uint32_t> Other(Net.speciesRows());
    for (uint32_t I = 0; I < Order.size(); ++I) {
      Reaction R = Net.reaction(Order[I]);
      for (Term T : R.products())
        Other[T.Species.Value] = T.Coefficient;
      bool Open = true;
      for (Term T : R.reactants()) {
        uint32_t S = T.Species.Value;
        if (!Held[S] && T.Coefficient > Other[S]) {
          Consumed.push_back({T.Species, T.Coefficient - Other[S]});
          ConsumerOf[S] = I;
        } else if (Open) {
          Open = checkGate(Order[I], T.Species);
        }
      }
      for (Term T : R.products())
        Other[T.Species.Value] = 0;
      if (!Open)
        return false;
      ConsumedBegin.push_back(Consumed.size());
      for (Term T : R.reactants())
        Other[T.Species.Value] = T.Coefficient;
      for (Term T : R.products())
        if (!Held[T.Species.Value] && T.Coefficient > Other[T.Species.Value])
          Made.push_back({T.Species, T.Coefficient - Other[T.Species.Value]});
      for (Term T : R.reactants())
        Other[T.Species.Value] = 0;
      MadeBegin.push_back(Made.size());
    }
    return true;
  }

  bool checkGate(ReactionId R, SpeciesId S) {
    // Noncompetition: nothing consumes it. What it starts with stays.
    std::string Name = "'" + printable(Net.nameText(S)) + "'";
    if (IsInput[S.Value])
      return refuseReaction(R,
                            "it needs, but does not consume, " + Name +
                                " of an input port, so whether it runs at all "
                                "depends on a value",
                            "a step is no minimum of linear forms");
    if (Net.initialValue(S) > 0)
      return true;
    return refuseReaction(
        R,
        "it needs, but does not consume, " + Name +
            ", which is not there from the start, so it runs only if other "
            "reactions make some",
        "give the catalyst an initial amount above 0");
  }

  std::span<const Change> consumed(uint32_t R) const {
    return std::span(Consumed).subspan(ConsumedBegin[R],
                                       ConsumedBegin[R + 1] - ConsumedBegin[R]);
  }
  std::span<const Change> made(uint32_t R) const {
    return std::span(Made).subspan(MadeBegin[R],
                                   MadeBegin[R + 1] - MadeBegin[R]);
  }
  std::span<const Produced> producers(SpeciesId S) const {
    return std::span(Producers).subspan(ProducerBegin[S.Value],
                                        ProducerBegin[S.Value + 1] -
                                            ProducerBegin[S.Value]);
  }
  bool isMinimum(uint32_t R) const { return consumed(R).size() > 1; }

  void findProducers() {
    ProducerBegin.assign(Net.speciesRows() + 1, 0);
    for (Change C : Made)
      ++ProducerBegin[C.Species.Value + 1];
    for (size_t S = 1; S < ProducerBegin.size(); ++S)
      ProducerBegin[S] += ProducerBegin[S - 1];
    Producers.resize(Made.size());
    std::vector<uint64_t> Fill(ProducerBegin.begin(), ProducerBegin.end() - 1);
    for (uint32_t R = 0; R < Order.size(); ++R)
      for (Change C : made(R))
        Producers[Fill[C.Species.Value]++] = {R, C.Amount};
    FormBegin.assign(Net.speciesRows(), 0);
    FormEnd.assign(Net.speciesRows(), 0);
    LevelOf.assign(Net.speciesRows(), 0);
    SupplySymbol.assign(Net.speciesRows(), None);
    MinimumOf.assign(Order.size(), None);
    ExtentSymbol.assign(Order.size(), None);
  }

  //===--- Forms ----------------------------------------------------------===//

  void add(uint32_t Symbol, double Coefficient) {
    if (!Touched[Symbol]) {
      Touched[Symbol] = true;
      Used.push_back(Symbol);
    }
    Sum[Symbol] += Coefficient;
  }

  /// Adds \p Factor times the supply of \p S, whose form is known.
  void addSupply(SpeciesId S, double Factor, double &Constant) {
    Constant += Factor * ConstantOf(S);
    for (uint64_t I = FormBegin[S.Value]; I < FormEnd[S.Value]; ++I)
      add(Pool[I].Variable, Factor * Pool[I].Coefficient);
  }
  double ConstantOf(SpeciesId S) const {
    auto At = FormConstant.find(S.Value);
    return At == FormConstant.end() ? 0 : At->second;
  }

  /// Finds the form of the supply of \p S, whose producers are done.
  void findForm(SpeciesId S) {
    double Constant = IsInput[S.Value] ? 0 : Net.initialValue(S);
    if (InputSymbol[S.Value] != None)
      add(InputSymbol[S.Value], InputFactor[S.Value]);
    uint32_t Level = 0;
    for (Produced P : producers(S)) {
      if (isMinimum(P.Reaction)) {
        add(ExtentSymbol[P.Reaction], P.Amount);
        Level = std::max(Level, MinimumLevel[MinimumOf[P.Reaction]]);
        continue;
      }
      Change C = consumed(P.Reaction)[0];
      double Factor = static_cast<double>(P.Amount) / C.Amount;
      Level = std::max(Level, LevelOf[C.Species.Value]);
      if (SupplySymbol[C.Species.Value] != None)
        add(SupplySymbol[C.Species.Value], Factor);
      else
        addSupply(C.Species, Factor, Constant);
    }
    LevelOf[S.Value] = Level;
    if (Constant != 0)
      FormConstant[S.Value] = Constant;
    FormBegin[S.Value] = Pool.size();
    if (Pool.size() + Used.size() > MostTerms)
      tooLarge();
    else
      for (uint32_t Symbol : Used)
        Pool.push_back({Symbol, Sum[Symbol]});
    FormEnd[S.Value] = Pool.size();
    clear();
  }
  void clear() {
    for (uint32_t Symbol : Used) {
      Sum[Symbol] = 0;
      Touched[Symbol] = false;
    }
    Used.clear();
  }

  void addReaction(uint32_t R) {
    if (!Fits)
      return;
    for (Change C : consumed(R))
      findForm(C.Species);
    if (!isMinimum(R)) {
      SpeciesId S = consumed(R)[0].Species;
      if (FormEnd[S.Value] - FormBegin[S.Value] > 1 && operandOf(R))
        SupplySymbol[S.Value] = addSymbol(None, S);
      return;
    }
    uint32_t Level = 0;
    for (Change C : consumed(R))
      Level = std::max(Level, LevelOf[C.Species.Value]);
    MinimumOf[R] = static_cast<uint32_t>(MinimumLevel.size());
    MinimumLevel.push_back(Level + 1);
    MinimumReaction.push_back(R);
    ExtentSymbol[R] = addSymbol(
        addVariable({FlowVariable::Kind::Extent, MinimumOf[R], 0}), {});
  }

  /// A product of a reaction on one species that is all there is of an operand
  /// of a minimum.
  struct OperandUse {
    uint32_t Reaction;
    uint32_t Operand;
    /// Supply of the reactant over the operand.
    double Factor;
  };
  std::optional<OperandUse> operandOf(uint32_t R) const {
    for (Change C : made(R)) {
      uint32_t S = C.Species.Value, User = ConsumerOf[S];
      if (User == None || !isMinimum(User) || IsInput[S] ||
          Net.initialValue(C.Species) != 0 || producers(C.Species).size() != 1)
        continue;
      auto Operands = consumed(User);
      for (uint32_t I = 0; I < Operands.size(); ++I)
        if (Operands[I].Species == C.Species)
          return OperandUse{User, I,
                            static_cast<double>(Operands[I].Amount) *
                                consumed(R)[0].Amount / C.Amount};
    }
    return std::nullopt;
  }

  //===--- Resolution -----------------------------------------------------===//

  /// Turns what add() gathered into variables that are known before \p Level.
  FlowForm resolve(uint32_t Level, double Constant) {
    // A supply is made of earlier symbols: later ones are replaced first.
    std::priority_queue<uint32_t> Work;
    for (uint32_t Symbol : Used)
      if (Symbols[Symbol].Variable == None)
        Work.push(Symbol);
    FlowForm Form;
    while (!Work.empty()) {
      uint32_t Symbol = Work.top();
      Work.pop();
      SpeciesId S = Symbols[Symbol].Species;
      double Factor = Sum[Symbol];
      Sum[Symbol] = 0;
      OperandUse Use = *operandOf(ConsumerOf[S.Value]);
      uint32_t M = MinimumOf[Use.Reaction];
      if (MinimumLevel[M] < Level) {
        uint64_t Key = uint64_t{M} << 32 | Use.Operand;
        auto [At, New] = OperandVariable.try_emplace(Key, 0);
        if (New)
          At->second =
              addVariable({FlowVariable::Kind::Operand, M, Use.Operand});
        Form.Terms.push_back({At->second, Factor * Use.Factor});
        continue;
      }
      size_t Before = Used.size();
      addSupply(S, Factor, Constant);
      for (size_t I = Before; I < Used.size(); ++I)
        if (Symbols[Used[I]].Variable == None)
          Work.push(Used[I]);
    }
    for (uint32_t Symbol : Used)
      if (Symbols[Symbol].Variable != None && Sum[Symbol] != 0)
        Form.Terms.push_back({Symbols[Symbol].Variable, Sum[Symbol]});
    clear();
    Form.Constant = Constant;
    std::ranges::sort(Form.Terms, {}, &FlowForm::Term::Variable);
    Resolved += Form.Terms.size();
    if (Resolved > MostTerms)
      tooLarge();
    return Form;
  }

  void resolveMinima() {
    for (size_t M = 0; M < MinimumLevel.size() && Fits; ++M) {
      FlowMinimum Min;
      Min.Level = MinimumLevel[M];
      for (Change C : consumed(MinimumReaction[M])) {
        double Constant = 0;
        addSupply(C.Species, 1.0 / C.Amount, Constant);
        Min.Operands.push_back(resolve(Min.Level, Constant));
      }
      Out.Minima.push_back(std::move(Min));
    }
    sortByLevel();
  }

  void sortByLevel() {
    std::vector<uint32_t> Old(Out.Minima.size()), New(Old.size());
    for (uint32_t I = 0; I < Old.size(); ++I)
      Old[I] = I;
    std::stable_sort(Old.begin(), Old.end(), [&](uint32_t A, uint32_t B) {
      return Out.Minima[A].Level < Out.Minima[B].Level;
    });
    std::vector<FlowMinimum> Sorted;
    Sorted.reserve(Old.size());
    for (uint32_t I = 0; I < Old.size(); ++I) {
      New[Old[I]] = I;
      Sorted.push_back(std::move(Out.Minima[Old[I]]));
    }
    Out.Minima = std::move(Sorted);
    Place = std::move(New);
  }

  void resolveReadings() {
    std::vector<bool> Read(Net.speciesRows());
    for (const Port &P : Net.ports()) {
      if (P.Direction != PortDirection::Output)
        continue;
      for (size_t I = 0; I < P.elementCount() && Fits; ++I) {
        double Constant = P.constant(I).value(), Scale = P.scale(I).value();
        for (const PortTerm &T : P.element(I)) {
          uint32_t User = ConsumerOf[T.Species.Value];
          // A reaction on one species leaves nothing of it.
          if (User != None && !isMinimum(User))
            continue;
          if (User == None && !Read[T.Species.Value]) {
            Read[T.Species.Value] = true;
            findForm(T.Species);
          }
          addSupplyOfReading(T, Constant);
          if (User != None)
            for (Change C : consumed(User))
              if (C.Species == T.Species)
                addLate(ExtentSymbol[User],
                        -T.Coefficient * static_cast<double>(C.Amount));
        }
        for (auto [Symbol, Coefficient] : Late)
          add(Symbol, Coefficient);
        Late.clear();
        FlowForm Form = resolve(None, Constant);
        for (FlowForm::Term &Term : Form.Terms)
          Term.Coefficient /= Scale;
        Form.Constant = Form.Constant / Scale - P.offset(I).value();
        Out.Readings.push_back(std::move(Form));
      }
    }
    // Only now: resolving asks by the old places.
    for (FlowVariable &V : Out.Variables)
      if (V.K == FlowVariable::Kind::Extent ||
          V.K == FlowVariable::Kind::Operand)
        V.First = Place[V.First];
  }
  /// findForm() works in the same sums, so an element's are put aside.
  void addLate(uint32_t Symbol, double Coefficient) {
    Late.push_back({Symbol, Coefficient});
  }
  void addSupplyOfReading(const PortTerm &T, double &Constant) {
    SpeciesId S = T.Species;
    Constant += T.Coefficient * ConstantOf(S);
    for (uint64_t I = FormBegin[S.Value]; I < FormEnd[S.Value]; ++I)
      addLate(Pool[I].Variable, T.Coefficient * Pool[I].Coefficient);
  }

  const Network &Net;
  DiagnosticEngine &Diags;
  std::vector<bool> Held, IsInput;
  bool Fits = true;
  /// Reactions by place in a topological order; below, "reaction" is a place.
  std::vector<ReactionId> Order;
  /// By species: the reaction that net-consumes it; which symbol a port sets
  /// it to, and times what.
  std::vector<uint32_t> ConsumerOf, InputSymbol;
  std::vector<double> InputFactor;
  std::vector<uint64_t> ConsumedBegin{0}, MadeBegin{0}, ProducerBegin;
  std::vector<Change> Consumed, Made;
  std::vector<Produced> Producers;

  std::vector<Symbol> Symbols;
  /// By symbol: scratch, empty between uses.
  std::vector<double> Sum;
  std::vector<bool> Touched;
  std::vector<uint32_t> Used;
  std::vector<std::pair<uint32_t, double>> Late;

  /// By species: its form over symbols, the longest chain of minima before it,
  /// and the symbol that stands for it.
  std::vector<FlowForm::Term> Pool;
  std::vector<uint64_t> FormBegin, FormEnd;
  std::unordered_map<uint32_t, double> FormConstant;
  std::vector<uint32_t> LevelOf, SupplySymbol;

  std::vector<uint32_t> MinimumOf, ExtentSymbol;
  /// By minimum, as they are found; Place is where each went when sorted.
  std::vector<uint32_t> MinimumLevel, MinimumReaction, Place;
  std::unordered_map<uint64_t, uint32_t> OperandVariable;
  uint64_t Resolved = 0;
  FlowLevels Out;
};
} // namespace

std::optional<FlowLevels> nn2crn::findLevels(const Network &Net,
                                             DiagnosticEngine &Diags) {
  return LevelFinder(Net, Diags).run();
}
