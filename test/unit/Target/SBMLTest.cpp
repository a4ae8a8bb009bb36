//===- SBMLTest.cpp -------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Networks.h"

#include "nn2crn/IR/Mangle.h"
#include "nn2crn/Import/SBML.h"

#include "llvm/Support/Regex.h"

#include <gtest/gtest.h>
#include <sbml/SBMLTypes.h>

#include <memory>

using namespace nn2crn;
using namespace nn2crn::test;

/// Every message that libsbml has with all checks on.
static std::string complaints(const std::string &Text) {
  std::unique_ptr<SBMLDocument> Doc(readSBMLFromString(Text.c_str()));
  for (auto Category :
       {LIBSBML_CAT_GENERAL_CONSISTENCY, LIBSBML_CAT_IDENTIFIER_CONSISTENCY,
        LIBSBML_CAT_UNITS_CONSISTENCY, LIBSBML_CAT_MATHML_CONSISTENCY,
        LIBSBML_CAT_SBO_CONSISTENCY, LIBSBML_CAT_OVERDETERMINED_MODEL,
        LIBSBML_CAT_MODELING_PRACTICE})
    Doc->setConsistencyChecks(Category, true);
  Doc->checkConsistency();
  std::string Out;
  for (unsigned I = 0; I < Doc->getNumErrors(); ++I)
    Out += std::to_string(Doc->getError(I)->getErrorId()) + " line " +
           std::to_string(Doc->getError(I)->getLine()) + ": " +
           Doc->getError(I)->getMessage() + "\n";
  return Out;
}

static std::optional<Network> readBack(const std::string &Text,
                                       Collected &Diags) {
  return importSBML(Text, "back.xml", Diags.Engine);
}

static void expectSame(const Network &A, const Network &B) {
  ASSERT_EQ(A.speciesCount(), B.speciesCount());
  ASSERT_EQ(A.reactionCount(), B.reactionCount());
  auto ItB = B.species().begin();
  for (SpeciesId S : A.species()) {
    EXPECT_EQ(A.nameText(S), B.nameText(*ItB));
    EXPECT_EQ(A.initial(S), B.initial(*ItB)) << A.nameText(S);
    EXPECT_EQ(A.flags(S), B.flags(*ItB)) << A.nameText(S);
    ++ItB;
  }
  auto ReactionB = B.reactions().begin();
  for (nn2crn::Reaction R : A.reactions()) {
    EXPECT_EQ(reactionText(A, R), reactionText(B, *ReactionB));
    const RateConstant &RateA = A.rateConstant(R.rate()),
                       &RateB = B.rateConstant((*ReactionB).rate());
    EXPECT_EQ(RateA.Value, RateB.Value);
    EXPECT_EQ(RateA.Parameter, RateB.Parameter);
    ++ReactionB;
  }
  EXPECT_EQ(A.contentHash(), B.contentHash());
}

TEST(SBML, HandBuiltNetworkHasNoComplaintsAndReadsBack) {
  for (const char *Amount : {"M", "mM", "uM", "nM", "pM", "count"})
    for (const char *Time : {"s", "min", "h"}) {
      Network Net = handBuilt();
      Net.Units.Amount = Amount;
      Net.Units.Time = Time;
      std::string Text = emitAs("sbml", Net);
      ASSERT_FALSE(Text.empty());
      EXPECT_EQ(complaints(Text), "") << Amount << ' ' << Time;
      Collected Diags;
      auto Back = readBack(Text, Diags);
      ASSERT_TRUE(Back) << Diags.text();
      EXPECT_EQ(Diags.text(), "");
      expectSame(Net, *Back);
    }
}

TEST(SBML, RandomNetworksHaveNoComplaintsAndReadBack) {
  unsigned Tried = 0;
  for (uint32_t Seed = 0; Seed < 400; ++Seed) {
    auto Net = randomStaticNetwork(Seed);
    if (!Net)
      continue;
    ++Tried;
    SCOPED_TRACE("seed " + std::to_string(Seed));
    std::string Text = emitAs("sbml", *Net);
    ASSERT_FALSE(Text.empty());
    ASSERT_EQ(complaints(Text), "") << Text;
    Collected Diags;
    auto Back = readBack(Text, Diags);
    ASSERT_TRUE(Back) << Diags.text() << Text;
    expectSame(*Net, *Back);
    if (HasFailure())
      return;
  }
  EXPECT_GT(Tried, 100u);
}

TEST(SBML, EmptyNetworkIsClean) {
  Network Net;
  std::string Text = emitAs("sbml", Net);
  EXPECT_EQ(complaints(Text), "");
  Collected Diags;
  auto Back = readBack(Text, Diags);
  ASSERT_TRUE(Back) << Diags.text();
  EXPECT_EQ(Net.contentHash(), Back->contentHash());
}

TEST(SBML, ExtremeNumbersReadBack) {
  Network Net;
  Editor E(Net);
  double Values[] = {
      5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1,
      1e23,   9007199254740993.0};
  for (double Value : Values) {
    SpeciesId S = E.addSpecies({E.signal("A"), uint32_t(Net.speciesRows())});
    E.setInitial(S, Value);
    E.addReaction({{S, MaxCoefficient}}, {{S, MaxCoefficient}}, E.rate(Value));
  }
  std::string Text = emitAs("sbml", Net);
  Collected Diags;
  auto Back = readBack(Text, Diags);
  ASSERT_TRUE(Back) << Diags.text();
  expectSame(Net, *Back);
}

TEST(SBML, PhasesAreRefused) {
  Network Net = handBuilt();
  Editor(Net).addPhase({"one", 1, {}, {}});
  Collected Diags;
  std::string Out;
  llvm::raw_string_ostream OS(Out);
  for (const char *Name : {"crn-plain", "sbml", "antimony", "net", "dot"}) {
    unsigned Before = Diags.Engine.errorCount();
    EXPECT_FALSE(findTarget(Name)->Emit(Net, OS, Diags.Engine)) << Name;
    EXPECT_EQ(Diags.Engine.errorCount(), Before + 1) << Name;
  }
  EXPECT_TRUE(Diags.has(DiagId::CannotExpress));
}

TEST(SBML, SameConstantAtTwoOrdersHasTwoUnits) {
  std::string Text = emitAs("sbml", handBuilt());
  for (const char *Wanted :
       {"id=\"k__1\" value=\"1\" units=\"order_1\"",
        "id=\"k__1_2\" value=\"1\" units=\"order_2\"",
        "id=\"k__eta\" name=\"eta\" value=\"0.05\" units=\"order_0\"",
        "id=\"k__eta_3\" name=\"eta\" value=\"0.05\" units=\"order_3\"",
        "id=\"k__spare\" name=\"spare\" value=\"7\""})
    EXPECT_NE(Text.find(Wanted), std::string::npos) << Wanted;
}

//===----------------------------------------------------------------------===//
// Documents of others
//===----------------------------------------------------------------------===//

/// A Level 3 model with species A = 3, B, C in a compartment of size 2, global
/// parameters k = 0.5 and q = 4, and one reaction A + A + B -> C.
static std::string foreign(const std::string &Law,
                           const std::string &Extra = "",
                           const std::string &ReactionExtra = "",
                           const std::string &InReaction = "") {
  std::string Species;
  for (const char *Id : {"A", "B", "C", "E"})
    Species += std::string("<species id=\"") + Id +
               "\" compartment=\"c\" initialConcentration=\"3\" "
               "hasOnlySubstanceUnits=\"false\" boundaryCondition=\"false\" "
               "constant=\"false\"/>\n";
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sbml "
         "xmlns=\"http://www.sbml.org/sbml/level3/version1/core\" level=\"3\" "
         "version=\"1\"><model id=\"m\" substanceUnits=\"mole\" "
         "timeUnits=\"second\" volumeUnits=\"litre\" extentUnits=\"mole\">\n" +
         (Extra.starts_with("<listOfF") ? Extra : "") +
         "<listOfCompartments><compartment id=\"c\" size=\"2\" "
         "spatialDimensions=\"3\" constant=\"true\"/></listOfCompartments>\n"
         "<listOfSpecies>\n" +
         Species +
         "</listOfSpecies>\n<listOfParameters><parameter id=\"k\" "
         "value=\"0.5\" constant=\"true\"/><parameter id=\"q\" value=\"4\" "
         "constant=\"true\"/></listOfParameters>\n" +
         (Extra.starts_with("<listOfR") || Extra.starts_with("<listOfI") ? Extra
                                                                         : "") +
         "<listOfReactions><reaction id=\"r1\" reversible=\"true\" "
         "fast=\"" +
         (ReactionExtra.empty() ? "false" : ReactionExtra) +
         "\">\n<listOfReactants>"
         "<speciesReference species=\"A\" stoichiometry=\"2\" "
         "constant=\"true\"/><speciesReference species=\"B\" "
         "stoichiometry=\"1\" constant=\"true\"/></listOfReactants>"
         "<listOfProducts><speciesReference species=\"C\" "
         "stoichiometry=\"1\" constant=\"true\"/></listOfProducts>" +
         InReaction +
         "\n<kineticLaw><math xmlns=\"http://www.w3.org/1998/Math/MathML\">" +
         Law + "</math>" +
         (InReaction.empty()
              ? "<listOfLocalParameters><localParameter id=\"kl\" "
                "value=\"7\"/></listOfLocalParameters>"
              : "") +
         "</kineticLaw></reaction></listOfReactions>\n" +
         (Extra.starts_with("<listOfE") ? Extra : "") + "</model></sbml>\n";
}

static std::string apply(const char *Op, std::initializer_list<std::string> L) {
  std::string Out = std::string("<apply><") + Op + "/>";
  for (const std::string &S : L)
    Out += S;
  return Out + "</apply>";
}
static std::string ci(const char *Id) {
  return std::string("<ci>") + Id + "</ci>";
}
static std::string cn(const char *Value) {
  return std::string("<cn>") + Value + "</cn>";
}

static std::string reactionsOf(const std::string &Text) {
  Collected Diags;
  auto Net = importSBML(Text, "foreign.xml", Diags.Engine);
  if (!Net)
    return Diags.text();
  std::string Out;
  for (nn2crn::Reaction R : Net->reactions()) {
    const RateConstant &K = Net->rateConstant(R.rate());
    Out += reactionText(*Net, R) +
           " [k = " + (K.Parameter.empty() ? K.Value.str() : K.Parameter) +
           "]\n";
  }
  return Out;
}

TEST(SBMLReader, RecognisesMassActionInAnyShape) {
  std::string AA = apply("power", {ci("A"), cn("2")});
  // A product in any order, nested, with the compartment in it.
  EXPECT_EQ(
      reactionsOf(foreign(apply("times", {ci("c"), ci("k"), AA, ci("B")}))),
      "2 A + B -> C [k = k]\n");
  EXPECT_EQ(reactionsOf(foreign(
                apply("times", {ci("A"), apply("times", {ci("B"), ci("c")}),
                                apply("times", {ci("k"), ci("A")})}))),
            "2 A + B -> C [k = k]\n");
  // Without the compartment the law is an amount per time: halved.
  EXPECT_EQ(reactionsOf(foreign(apply("times", {ci("q"), AA, ci("B")}))),
            "2 A + B -> C [k = 2]\n");
  // Numbers, quotients by constants, local parameters.
  EXPECT_EQ(
      reactionsOf(foreign(apply(
          "divide", {apply("times", {cn("3"), ci("c"), ci("kl"), AA, ci("B")}),
                     ci("q")}))),
      "2 A + B -> C [k = 5.25]\n");
  EXPECT_EQ(reactionsOf(foreign(apply(
                "times", {apply("power", {ci("q"), apply("minus", {cn("1")})}),
                          ci("c"), AA, ci("B")}))),
            "2 A + B -> C [k = 0.25]\n");
}

TEST(SBMLReader, SplitsReversibleReactions) {
  std::string Forward =
      apply("times", {ci("k"), apply("power", {ci("A"), cn("2")}), ci("B")});
  std::string Backward = apply("times", {ci("q"), ci("C")});
  for (const std::string &Law :
       {apply("times", {ci("c"), apply("minus", {Forward, Backward})}),
        apply("minus", {apply("times", {ci("c"), Forward}),
                        apply("times", {ci("c"), Backward})})})
    EXPECT_EQ(reactionsOf(foreign(Law)),
              "2 A + B -> C [k = k]\nC -> 2 A + B [k = q]\n");
}

TEST(SBMLReader, ModifiersAreCatalysts) {
  std::string Law = apply("times", {ci("c"), ci("k"), ci("E"), ci("B"),
                                    apply("power", {ci("A"), cn("2")})});
  EXPECT_EQ(reactionsOf(foreign(Law, "", "",
                                "<listOfModifiers><modifierSpeciesReference "
                                "species=\"E\"/></listOfModifiers>")),
            "2 A + B + E -> C + E [k = k]\n");
}

TEST(SBMLReader, ForeignAmountsAndUnits) {
  Collected Diags;
  auto Net =
      importSBML(foreign(apply("times", {ci("c"), ci("k"), ci("B"),
                                         apply("power", {ci("A"), cn("2")})})),
                 "f.xml", Diags.Engine);
  ASSERT_TRUE(Net) << Diags.text();
  EXPECT_EQ(Net->Units, (Units{"M", "s", 2}));
  EXPECT_EQ(Net->initialValue(SpeciesId(0)), 3);
  EXPECT_EQ(Net->nameText(SpeciesId(3)), "E");
  EXPECT_EQ(Diags.text(), "");
}

TEST(SBMLReader, ReadsLevel2) {
  std::string Text = R"(<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" version="4">
<model id="two"><listOfUnitDefinitions><unitDefinition id="substance">
<listOfUnits><unit kind="mole" scale="-9"/></listOfUnits></unitDefinition>
</listOfUnitDefinitions>
<listOfCompartments><compartment id="cell" size="4"/></listOfCompartments>
<listOfSpecies><species id="A_1_p" compartment="cell" initialAmount="6"/>
<species id="G" compartment="cell" initialAmount="8" hasOnlySubstanceUnits="true" boundaryCondition="true"/>
<species id="F" compartment="cell" initialAmount="8" constant="true" boundaryCondition="true"/>
</listOfSpecies>
<listOfReactions><reaction id="r"><listOfReactants><speciesReference species="A_1_p"/>
<speciesReference species="G"/></listOfReactants>
<listOfProducts><speciesReference species="F" stoichiometry="2"/></listOfProducts>
<kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><ci>k</ci><ci>cell</ci><ci>A_1_p</ci><ci>G</ci></apply></math>
<listOfParameters><parameter id="k" value="0.5"/></listOfParameters></kineticLaw>
</reaction></listOfReactions></model></sbml>)";
  Collected Diags;
  auto Net = importSBML(Text, "two.xml", Diags.Engine);
  ASSERT_TRUE(Net) << Diags.text();
  EXPECT_EQ(Net->Units, (Units{"nM", "s", 4}));
  // Not our file: the id is the name as it stands.
  EXPECT_EQ(Net->signals().text(Net->nameOf(SpeciesId(0)).signal()), "A_1_p");
  EXPECT_EQ(Net->initialValue(SpeciesId(0)), 1.5);
  EXPECT_TRUE(Net->flags(SpeciesId(1)).Boundary);
  EXPECT_TRUE(Net->flags(SpeciesId(2)).Constant);
  // G stands for an amount, four times its concentration.
  nn2crn::Reaction R = *Net->reactions().begin();
  EXPECT_EQ(reactionText(*Net, R), "A_1_p + G -> 2 F");
  EXPECT_EQ(R.rateConstant(), 2);
}

static void expectRefused(const std::string &Text, DiagId Id,
                          const char *Words) {
  Collected Diags;
  EXPECT_FALSE(importSBML(Text, "bad.xml", Diags.Engine)) << Words;
  EXPECT_TRUE(Diags.has(Id)) << Words << '\n' << Diags.text();
  EXPECT_TRUE(llvm::Regex(Words).match(Diags.text())) << Words << '\n'
                                                      << Diags.text();
}

TEST(SBMLReader, RefusesWhatIsNotMassAction) {
  constexpr DiagId No = DiagId::UnsupportedConstruct;
  std::string AA = apply("power", {ci("A"), cn("2")});
  std::string Good = apply("times", {ci("c"), ci("k"), AA, ci("B")});
  expectRefused(foreign(apply("times", {ci("c"), ci("k"), ci("A"), ci("B")})),
                No, "'A' has the power 1 and the coefficient 2");
  expectRefused(
      foreign(apply("times", {ci("c"), ci("k"), AA, ci("B"), ci("E")})), No,
      "'E' is neither reactant nor modifier");
  expectRefused(
      foreign(apply("divide", {Good, apply("plus", {ci("q"), ci("A")})})), No,
      "quotient by something that is not constant");
  expectRefused(foreign(apply("times", {Good, apply("exp", {ci("A")})})), No,
                "neither product");
  expectRefused(
      foreign(apply("plus", {Good, apply("times", {ci("q"), AA, ci("B")})})),
      No, "a sum");
  expectRefused(foreign(apply("power", {ci("A"), cn("1.5")})), No,
                "not a whole number");
  expectRefused(foreign(Good, "", "true"), No, "fast");
  expectRefused(foreign(Good, "<listOfRules><rateRule variable=\"E\"><math "
                              "xmlns=\"http://www.w3.org/1998/Math/MathML\">"
                              "<cn>1</cn></math></rateRule></listOfRules>"),
                No, "bad.xml:[0-9]+: .*1 rules");
  expectRefused(
      foreign(Good, "<listOfInitialAssignments><initialAssignment "
                    "symbol=\"E\"><math "
                    "xmlns=\"http://www.w3.org/1998/Math/MathML\"><cn>1</cn>"
                    "</math></initialAssignment></listOfInitialAssignments>"),
      No, "initial assignments");
  expectRefused(
      foreign(Good,
              "<listOfEvents><event useValuesFromTriggerTime=\"true\">"
              "<trigger initialValue=\"true\" persistent=\"true\"><math "
              "xmlns=\"http://www.w3.org/1998/Math/MathML\"><true/></math>"
              "</trigger></event></listOfEvents>"),
      No, "events");
  expectRefused(
      foreign(Good,
              "<listOfFunctionDefinitions><functionDefinition id=\"f\"><math "
              "xmlns=\"http://www.w3.org/1998/Math/MathML\"><lambda><cn>1</cn>"
              "</lambda></math></functionDefinition>"
              "</listOfFunctionDefinitions>"),
      No, "function definitions");
}

TEST(SBMLReader, DamagedAndHostileDocuments) {
  constexpr DiagId Bad = DiagId::MalformedInput;
  expectRefused("", Bad, "bad.xml");
  expectRefused("not xml", Bad, "bad.xml");
  expectRefused("<sbml", Bad, "bad.xml");
  expectRefused(std::string("<sbml>\0</sbml>", 14), Bad, "zero byte");
  expectRefused("<?xml version=\"1.0\"?><!DOCTYPE sbml [<!ENTITY e SYSTEM "
                "\"file:///etc/passwd\">]><sbml>&e;</sbml>",
                Bad, "document type");
  expectRefused("<?xml version=\"1.0\" encoding=\"UTF-16\"?><sbml/>", Bad,
                "UTF-8");
  std::string Deep;
  for (int I = 0; I < 100000; ++I)
    Deep += "<a>";
  expectRefused(Deep, Bad, "nested at most");
  std::string Good =
      foreign(apply("times", {ci("c"), ci("k"), ci("B"),
                              apply("power", {ci("A"), cn("2")})}));
  ASSERT_EQ(reactionsOf(Good), "2 A + B -> C [k = k]\n");
  // Cut anywhere, it is refused, never accepted in part.
  for (size_t Length = 0; Length + 8 < Good.size(); Length += 37) {
    Collected Diags;
    EXPECT_FALSE(importSBML(Good.substr(0, Length), "cut.xml", Diags.Engine));
    EXPECT_TRUE(Diags.Engine.hasErrors());
  }
  auto With = [&](std::string From, const std::string &To) {
    std::string Text = Good;
    Text.replace(Text.find(From), From.size(), To);
    return Text;
  };
  expectRefused(With("value=\"0.5\"", "value=\"1e999\""), Bad, "double");
  expectRefused(With("value=\"0.5\"", "value=\"-1\""), DiagId::BadNumber,
                "at least 0");
  expectRefused(With("Concentration=\"3\"", "Concentration=\"INF\""),
                DiagId::BadNumber, "finite");
  expectRefused(With("size=\"2\"", "size=\"0\""), DiagId::BadNumber, "size");
  expectRefused(With("stoichiometry=\"2\"", "stoichiometry=\"1.5\""),
                DiagId::UnsupportedConstruct, "whole number");
  expectRefused(With("stoichiometry=\"2\"", "stoichiometry=\"3e9\""),
                DiagId::UnsupportedConstruct, "whole number");
}

TEST(SBMLReader, DamagedAnnotationsAreLocated) {
  std::string Good = emitAs("sbml", handBuilt());
  auto With = [&](std::string From, const std::string &To) {
    std::string Text = Good;
    size_t At = Text.find(From);
    EXPECT_NE(At, std::string::npos) << From;
    return Text.replace(At, From.size(), To);
  };
  constexpr DiagId Bad = DiagId::MalformedInput;
  expectRefused(With("<nn:term species=\"x_0_p\"", "<nn:term species=\"nix\""),
                Bad, "bad.xml:[0-9]+: .*'nix'");
  expectRefused(With("amount=\"nM\"", "amount=\"gallons\""), Bad, "gallons");
  expectRefused(With("range=\"0:8", "range=\"8:0"), Bad, "LOW:HIGH");
  expectRefused(With("direction=\"input\"", "direction=\"in\""), Bad,
                "input or output or state");
  expectRefused(With("shape=\"2\"", "shape=\"3\""), DiagId::InvalidNetwork,
                "3 elements");
  expectRefused(With("scale=\"2\"", "scale=\"1/0\""), Bad, "1/0");
}
