//===- BioNetGenTest.cpp --------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Networks.h"

#include "nn2crn/Import/BioNetGen.h"

#include "llvm/Support/Regex.h"

#include <gtest/gtest.h>

using namespace nn2crn;
using namespace nn2crn::test;

/// What `.net` keeps of a network: no ports, no flags but "held", and doubles.
static std::string essence(const Network &Net) {
  std::string Out = Net.Name + '|' + Net.Units.Amount + Net.Units.Time +
                    formatDouble(Net.Units.Volume) + '\n';
  for (SpeciesId S : Net.species())
    Out += (Net.flags(S).Constant || Net.flags(S).Boundary ? "$" : "") +
           Net.nameText(S) + ' ' + formatDouble(Net.initialValue(S)) + '\n';
  for (Reaction R : Net.reactions())
    Out += reactionText(Net, R) + ' ' + formatDouble(R.rateConstant()) + ' ' +
           Net.rateConstant(R.rate()).Parameter + '\n';
  return Out;
}

TEST(BioNetGen, ReadsBackWhatWasWritten) {
  unsigned Tried = 0;
  for (uint32_t Seed = 0; Seed < 400; ++Seed) {
    auto Net = randomStaticNetwork(Seed);
    if (!Net)
      continue;
    ++Tried;
    Collected Diags;
    auto Back = importBioNetGen(emitAs("net", *Net), "back.net", Diags.Engine);
    ASSERT_TRUE(Back) << Diags.text();
    ASSERT_EQ(essence(*Net), essence(*Back)) << "seed " << Seed;
  }
  EXPECT_GT(Tried, 100u);
  Network Net = handBuilt();
  Collected Diags;
  auto Back = importBioNetGen(emitAs("net", Net), "back.net", Diags.Engine);
  ASSERT_TRUE(Back) << Diags.text();
  EXPECT_EQ(essence(Net), essence(*Back));
}

TEST(BioNetGen, RefusesALongListOfMolecules) {
  Network Net;
  Editor E(Net);
  SpeciesId A = E.addSpecies(SpeciesName(E.signal("A")));
  E.addReaction({}, {{A, 2000000}}, E.rate(1));
  Collected Diags;
  std::string Out;
  llvm::raw_string_ostream OS(Out);
  EXPECT_FALSE(findTarget("net")->Emit(Net, OS, Diags.Engine));
  EXPECT_TRUE(Diags.has(DiagId::CannotExpress));
}

TEST(BioNetGenReader, ReadsForeignFiles) {
  constexpr const char *Text = R"(# made by hand
begin parameters
  1 k1 0.5 # constant
  k2 2*k1^2/4 - 1e-3
  n0 (10+2)*2
end parameters
begin species
  1 A() n0
  2 $S(s!1).T(t!1) 7
  3 _B 0
end species
begin functions
  1 f() A*2
end functions
begin reactions
  1 1,1,2 3 k1 #rule
  2 0 1 2*k1
  3 3 0 0.25
end reactions
begin groups
  1 Total 1,2*3
end groups
)";
  Collected Diags;
  auto Net = importBioNetGen(Text, "f.net", Diags.Engine);
  ASSERT_TRUE(Net) << Diags.text();
  EXPECT_EQ(essence(*Net), "|counts1\nA 24\n$\"S(s!1).T(t!1)\" 7\n_B 0\n"
                           "2 A + \"S(s!1).T(t!1)\" -> _B 0.5 k1\n"
                           "-> A 1 \n_B -> 0.25 \n");
}

static void expectRefused(const std::string &Text, DiagId Id,
                          const char *Words) {
  Collected Diags;
  EXPECT_FALSE(importBioNetGen(Text, "bad.net", Diags.Engine)) << Text;
  EXPECT_TRUE(Diags.has(Id)) << Diags.text();
  EXPECT_TRUE(llvm::Regex(Words).match(Diags.text())) << Words << '\n'
                                                      << Diags.text();
}

TEST(BioNetGenReader, RefusesWithThePlace) {
  auto With = [](const std::string &Parameter, const std::string &Species,
                 const std::string &Reaction) {
    return "begin parameters\n" + Parameter +
           "\nend parameters\nbegin "
           "species\n" +
           Species +
           "\nend species\nbegin functions\n1 f() "
           "A\nend functions\nbegin reactions\n" +
           Reaction + "\nend reactions\n";
  };
  std::string P = "1 k 1", S = "1 A() 1", R = "1 1 0 k";
  constexpr DiagId Bad = DiagId::MalformedInput,
                   No = DiagId::UnsupportedConstruct;
  Collected Diags;
  ASSERT_TRUE(importBioNetGen(With(P, S, R), "good.net", Diags.Engine))
      << Diags.text();
  expectRefused("", Bad, "none");
  expectRefused("hello", Bad, "bad.net:1:1: .*'begin'");
  expectRefused("begin species\n", Bad, "bad.net:1.*end of the file");
  expectRefused("begin rules\nend rules\n", No, "'rules'");
  expectRefused("begin species\nend reactions\n", Bad, "end reactions");
  expectRefused(With("1 k if(a,1,2)", S, R), No, "bad.net:2:1: .*call of 'if'");
  expectRefused(With("1 k 1/0", S, R), No, "division by zero");
  expectRefused(With("1 k 1e999", S, R), No, "out of range");
  expectRefused(With("1 k 1e300*1e300", S, R), No, "not finite");
  expectRefused(With("1 k " + std::string(100000, '('), S, R), No, "nesting");
  expectRefused(With("1 k " + std::string(100000, '-') + "1", S, R), No,
                "nesting");
  expectRefused(With("1 k 1\n2 k 2", S, R), DiagId::DuplicateDefinition, "'k'");
  expectRefused(With(P, "1 A() 1\n3 B() 1", R), Bad, "here 2, found '3'");
  expectRefused(With(P, "1 A() -1", R), DiagId::BadNumber, "at least 0");
  expectRefused(With(P, "1 A()", R), Bad, "'1 A\\(\\)'");
  expectRefused(With(P, "1 A() 1\n2 A() 1", R), DiagId::DuplicateDefinition,
                "again");
  expectRefused(With(P, S, "1 1,2 0 k"), Bad, "found '2'");
  expectRefused(With(P, S, "1 99999999999 0 k"), Bad, "from 1 to 1");
  expectRefused(With(P, S, "1 1 0 nope"), No, "'nope'");
  expectRefused(With(P, S, "1 1 0 f"), No, "function 'f'");
  expectRefused(With(P, S, "1 1 0"), Bad, "expected a reaction");
  expectRefused(With("1 k -1", S, R), DiagId::BadNumber, "rate of at least 0");
  expectRefused("# nn2crn: name=\"a\" amount=gallon time=s volume=1\n" +
                    With(P, S, R),
                Bad, "comment of nn2crn");
}

TEST(BioNetGenReader, RepeatedSquaringStaysSmall) {
  // Exact arithmetic would need 2^60 digits.
  std::string Text = "begin parameters\n1 k0 0.1\n";
  double Wanted = 0.1;
  for (int I = 1; I < 60; ++I) {
    std::string Last = "k" + std::to_string(I - 1);
    Text += std::to_string(I + 1) + " k" + std::to_string(I) + " (" + Last +
            "+0.2)*(" + Last + "+0.2)/1.1\n";
    Wanted = (Wanted + 0.2) * (Wanted + 0.2) / 1.1;
  }
  Text += "end parameters\nbegin species\n1 A() k59\nend species\n";
  Collected Diags;
  auto Net = importBioNetGen(Text, "grow.net", Diags.Engine);
  ASSERT_TRUE(Net) << Diags.text();
  EXPECT_NEAR(Net->initialValue(SpeciesId(0)), Wanted, 1e-12);
  EXPECT_EQ(Net->initial(SpeciesId(0)).kind(), Number::Kind::Approximate);
}
