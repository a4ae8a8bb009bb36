//===- EmitTest.cpp -------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Networks.h"

#include "nn2crn/Target/Map.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/Regex.h"

#include <gtest/gtest.h>

#include <set>

using namespace nn2crn;
using namespace nn2crn::test;

TEST(Targets, AreFoundByNameAndExtension) {
  std::string Names;
  std::set<std::string_view> Extensions;
  for (const TargetInfo &T : targets()) {
    Names += std::string(T.Name) + ' ';
    EXPECT_EQ(findTarget(T.Name), &T);
    for (std::string_view E : T.Extensions) {
      EXPECT_EQ(targetForExtension(E), &T);
      EXPECT_TRUE(Extensions.insert(E).second) << E << " is claimed twice";
    }
  }
  EXPECT_EQ(Names,
            "crn crn-plain crn-binary sbml antimony net dot onnx stats ");
  EXPECT_EQ(targetForExtension(".XML"), findTarget("sbml"));
  EXPECT_EQ(findTarget("fortran"), nullptr);
  EXPECT_EQ(targetForExtension(".f77"), nullptr);
  EXPECT_EQ(targetForExtension(""), nullptr);
}

TEST(PlainText, HoldsOnlyWhatPeersRead) {
  llvm::Regex Reaction("^([0-9]*[A-Za-z][A-Za-z0-9_]*( \\+ "
                       "[0-9]*[A-Za-z][A-Za-z0-9_]*)* )?->( "
                       "[0-9]*[A-Za-z][A-Za-z0-9_]*( \\+ "
                       "[0-9]*[A-Za-z][A-Za-z0-9_]*)*)? \\[k = "
                       "[0-9]+(\\.[0-9]+)?(e[-+]?[0-9]+)?\\]$");
  llvm::Regex Amount("^[A-Za-z][A-Za-z0-9_]* @(initial|constant) "
                     "[0-9]+(\\.[0-9]+)?(e[-+]?[0-9]+)?$");
  auto Check = [&](const Network &Net) {
    std::string Text = emitAs("crn-plain", Net);
    ASSERT_FALSE(Text.empty());
    llvm::StringRef Rest(Text);
    size_t Reactions = 0;
    while (!Rest.empty()) {
      auto [Line, Next] = Rest.split('\n');
      Rest = Next;
      if (Line.starts_with("#"))
        continue;
      bool IsReaction = Reaction.match(Line);
      Reactions += IsReaction;
      EXPECT_TRUE(IsReaction || Amount.match(Line)) << Line.str();
    }
    EXPECT_EQ(Reactions, Net.reactionCount());
  };
  Check(handBuilt());
  for (uint32_t Seed = 0; Seed < 100; ++Seed)
    if (auto Net = randomStaticNetwork(Seed))
      Check(*Net);
}

TEST(Emitters, AreDeterministicAndSkipTombstones) {
  for (uint32_t Seed = 0; Seed < 60; ++Seed) {
    auto Net = randomStaticNetwork(Seed);
    if (!Net || Net->reactionCount() < 3)
      continue;
    Network Holes = *Net;
    {
      Editor E(Holes);
      E.erase(ReactionId(1));
      SpeciesId Extra = E.addSpecies(SpeciesName(E.signal("extra")));
      SpeciesId Last = E.addSpecies(SpeciesName(E.signal("last")));
      (void)Last;
      E.erase(Extra);
    }
    Network Compact = Holes;
    Editor(Compact).compact();
    for (const TargetInfo &T : targets())
      EXPECT_EQ(emitAs(T.Name, Holes), emitAs(T.Name, Compact))
          << T.Name << " seed " << Seed;
  }
}

TEST(Antimony, WritesFormulas) {
  std::string Text = emitAs("antimony", handBuilt());
  for (const char *Wanted :
       {"  r__1: x_0_p => 2 ZSinputZ2e1_p + ZStime; tube*k__1*x_0_p;\n",
        "  r__2: 2 x_0_n => ZSinputZ2e1_n; tube*k__1*x_0_n^2;\n",
        "  r__5: => 3 x_1_p; tube*k__eta;\n",
        "  const species $ZSfuel in tube;\n", "  k__eta = 0.05;\n",
        "  unit time_unit = 60 second;\n"})
    EXPECT_NE(Text.find(Wanted), std::string::npos) << Wanted << Text;
  EXPECT_NE(Text.find("compartment tube = 2;"), std::string::npos);
  Network Counted = handBuilt();
  Counted.Units.Amount = "count";
  Text = emitAs("antimony", Counted);
  EXPECT_NE(Text.find("ZSinputZ2e1_n; k__1*x_0_n^2;"), std::string::npos);
  EXPECT_NE(Text.find("substanceOnly species x_0_p"), std::string::npos);
}

TEST(Dot, DrawsEveryRowOnce) {
  Network Net = handBuilt();
  std::string Text = emitAs("dot", Net);
  for (SpeciesId S : Net.species()) {
    llvm::Regex Node("\n +" + speciesIdIn(*findTarget("dot"), Net, S) +
                     " \\[label=");
    llvm::SmallVector<llvm::StringRef, 1> Found;
    ASSERT_TRUE(Node.match(Text, &Found));
    llvm::StringRef After(Found[0].end(),
                          Text.data() + Text.size() - Found[0].end());
    EXPECT_FALSE(Node.match(After)) << Found[0].str();
  }
  EXPECT_NE(Text.find("label=\"input x[2]\""), std::string::npos) << Text;
  EXPECT_NE(Text.find("  r__2 -> ZSinputZ2e1_n;\n"), std::string::npos);
  EXPECT_NE(Text.find("  x_0_n -> r__2 [label=\"2\"];\n"), std::string::npos);
}

static llvm::json::Object parsed(const std::string &Text) {
  auto Value = llvm::json::parse(Text);
  if (!Value) {
    ADD_FAILURE() << llvm::toString(Value.takeError());
    return {};
  }
  return std::move(*Value->getAsObject());
}

TEST(Stats, CountsMolecules) {
  auto J = parsed(emitAs("stats", handBuilt()));
  for (auto [Key, Wanted] : {std::pair("species", 8),
                             {"reactions", 7},
                             {"zeroth_order", 1},
                             {"unimolecular", 2},
                             {"bimolecular", 3},
                             {"higher", 1},
                             {"max_reactants", 3},
                             {"max_products", 3},
                             {"product_slots", 11},
                             {"reactant_slots", 11},
                             {"constant_species", 1},
                             {"parameters", 2},
                             {"rate_constants", 3},
                             {"phases", 0}})
    EXPECT_EQ(J.getInteger(Key), Wanted) << Key;
  llvm::json::Array *Ports = J.getArray("ports");
  ASSERT_EQ(Ports->size(), 3u);
  EXPECT_EQ((*Ports)[0].getAsObject()->getInteger("elements"), 2);
  EXPECT_EQ((*Ports)[1].getAsObject()->getString("direction"), "output");
}

static std::string mapOf(const Network &Net, const char *Target,
                         Collected &Diags) {
  std::string Out;
  llvm::raw_string_ostream OS(Out);
  return writeMap(Net, *findTarget(Target), OS, Diags.Engine) ? Out : "";
}

TEST(Map, SaysWhereRailsAre) {
  Network Net = handBuilt();
  Collected Diags;
  auto J = parsed(mapOf(Net, "sbml", Diags));
  ASSERT_EQ(Diags.text(), "");
  auto &Ports = *J.getArray("ports");
  auto &In = *Ports[0].getAsObject(), &Out = *Ports[1].getAsObject();
  EXPECT_EQ(In.getString("name"), "x");
  EXPECT_EQ(In.getString("direction"), "input");
  EXPECT_EQ(In.getString("encoding"), "dual-rail");
  EXPECT_EQ(In.getNumber("scale"), 2);
  EXPECT_EQ((*In.getArray("offset"))[1].getAsNumber(), 1.0 / 3);
  // As text: compilers differ on what nested braces of one element make.
  auto Is = [](const llvm::json::Object &Port, llvm::StringRef Elements) {
    EXPECT_EQ(*Port.get("elements"),
              llvm::cantFail(llvm::json::parse(Elements)));
  };
  Is(In, R"([["x_0_p", "x_0_n"], ["x_1_p", null]])");
  // 2 (P - N) + 0.5 is (P - N) / 0.5 - (-0.5).
  EXPECT_EQ(Out.getNumber("scale"), 0.5);
  EXPECT_EQ(Out.getNumber("offset"), -0.5);
  Is(Out, R"([[["ZSinputZ2e1_p", "ZStime"], "ZSinputZ2e1_n"]])");
  EXPECT_EQ(Ports[2].getAsObject()->getString("direction"), "state");
  EXPECT_EQ(J.getObject("species")->getString("x.0.p"), "x_0_p");
  EXPECT_EQ(J.getObject("reactions")->getString("r__3"),
            "\"input.1\".p + \"input.1\".n ->");
  EXPECT_EQ(J.getObject("reactions")->size(), 7u);
}

TEST(Map, IdsAreThoseOfTheFile) {
  Network Net = handBuilt();
  for (const char *Target : {"crn-plain", "sbml", "antimony", "net"}) {
    Collected Diags;
    auto J = parsed(mapOf(Net, Target, Diags));
    std::string File = emitAs(Target, Net);
    for (auto &[Name, Id] : *J.getObject("species"))
      EXPECT_NE(File.find(Id.getAsString()->str()), std::string::npos)
          << Target << ' ' << Name.str();
  }
  Collected Diags;
  auto J = parsed(mapOf(Net, "crn", Diags));
  EXPECT_EQ(J.getObject("species")->getString("x.0.p"), "x.0.p");
}

TEST(Map, RefusesUnequalCoefficients) {
  Network Net = handBuilt();
  Editor E(Net);
  Port P = Net.ports()[1];
  P.Terms[1].Coefficient = 3;
  E.setPort(1, P);
  Collected Diags;
  EXPECT_EQ(mapOf(Net, "sbml", Diags), "");
  EXPECT_TRUE(Diags.has(DiagId::CannotExpress));
  EXPECT_NE(Diags.text().find("element 0"), std::string::npos) << Diags.text();
}
