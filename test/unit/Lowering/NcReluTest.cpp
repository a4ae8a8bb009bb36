//===- NcReluTest.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Lowering/NcRelu.h"

#include "../Layers.h"
#include "../RandomGraph.h"
#include "nn2crn/Graph/Evaluate.h"
#include "nn2crn/Graph/Quantize.h"
#include "nn2crn/Graph/RailGrowth.h"
#include "nn2crn/IR/Editor.h"
#include "nn2crn/IR/Verifier.h"
#include "nn2crn/Lowering/Lowering.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace nn2crn;
using namespace nn2crn::test;

namespace {

/// Fires every reaction once, as far as it goes, in an order in which what
/// makes a species comes before what consumes it. Fails the test where a
/// species is consumed twice or no such order exists.
Vector settle(const Network &Net, Vector Amounts) {
  std::vector<unsigned> MadeBy(Net.speciesRows()), Uses(Net.speciesRows());
  std::vector<std::vector<ReactionId>> Consumers(Net.speciesRows());
  std::vector<unsigned> Waiting(Net.reactionRows());
  for (Reaction R : Net.reactions()) {
    for (Term T : R.products())
      ++MadeBy[T.Species.Value];
    for (Term T : R.reactants()) {
      Consumers[T.Species.Value].push_back(R.id());
      EXPECT_EQ(++Uses[T.Species.Value], 1u) << Net.nameText(T.Species);
    }
  }
  std::vector<ReactionId> Ready;
  for (Reaction R : Net.reactions()) {
    for (Term T : R.reactants())
      Waiting[R.id().Value] += MadeBy[T.Species.Value];
    if (Waiting[R.id().Value] == 0)
      Ready.push_back(R.id());
  }
  size_t Fired = 0;
  for (; Fired < Ready.size(); ++Fired) {
    Reaction R = Net.reaction(Ready[Fired]);
    double Extent = INFINITY;
    for (Term T : R.reactants())
      Extent = std::min(Extent, Amounts[T.Species.Value] / T.Coefficient);
    for (Term T : R.reactants())
      Amounts[T.Species.Value] -= Extent * T.Coefficient;
    for (Term T : R.products()) {
      Amounts[T.Species.Value] += Extent * T.Coefficient;
      for (ReactionId C : Consumers[T.Species.Value])
        if (--Waiting[C.Value] == 0)
          Ready.push_back(C);
    }
  }
  EXPECT_EQ(Fired, Net.reactionCount()) << "not feed-forward";
  return Amounts;
}

/// What is left in the end.
Vector finalAmounts(const Network &Net, const std::vector<Vector> &Inputs) {
  Vector Amounts(Net.speciesRows());
  for (SpeciesId S : Net.species())
    Amounts[S.Value] = Net.initialValue(S);
  size_t Next = 0;
  for (const Port &P : Net.ports())
    if (P.Direction == PortDirection::Input) {
      for (size_t I = 0; I < P.elementCount(); ++I) {
        double X = Inputs[Next][I];
        Amounts[P.element(I)[X < 0].Species.Value] =
            std::abs(X) * P.scale(I).value();
      }
      ++Next;
    }
  return settle(Net, Amounts);
}

/// What \p Net shows at its output ports.
std::vector<Vector> simulate(const Network &Net,
                             const std::vector<Vector> &Inputs) {
  Vector Amounts = finalAmounts(Net, Inputs);
  std::vector<Vector> Outputs;
  for (const Port &P : Net.ports())
    if (P.Direction == PortDirection::Output) {
      Vector &Out = Outputs.emplace_back();
      for (size_t I = 0; I < P.elementCount(); ++I) {
        double Sum = 0;
        for (PortTerm T : P.element(I))
          Sum += T.Coefficient * Amounts[T.Species.Value];
        Out.push_back(Sum);
      }
    }
  return Outputs;
}

/// The rules about ports that hold whatever the graph.
void checkPorts(const Network &Net) {
  std::vector<bool> IsInput(Net.speciesRows()), IsOutput(Net.speciesRows());
  for (const Port &P : Net.ports())
    for (const PortTerm &T : P.Terms) {
      (P.Direction == PortDirection::Input ? IsInput
                                           : IsOutput)[T.Species.Value] = true;
      EXPECT_TRUE(Net.origin(T.Species).Value != 0);
    }
  for (SpeciesId S : Net.species())
    if (IsInput[S.Value]) {
      EXPECT_FALSE(IsOutput[S.Value]);
      EXPECT_EQ(Net.initialValue(S), 0);
    }
  for (Reaction R : Net.reactions()) {
    EXPECT_EQ(R.rateConstant(), 1);
    EXPECT_NE(R.origin().Value, 0u);
    for (Term T : R.reactants())
      EXPECT_FALSE(IsOutput[T.Species.Value]) << reactionText(Net, R);
    for (Term T : R.products())
      EXPECT_FALSE(IsInput[T.Species.Value]) << reactionText(Net, R);
  }
}

/// Species are numbered as the text form first mentions them.
void checkOrder(const Network &Net) {
  std::vector<bool> Seen(Net.speciesRows());
  uint32_t Next = 0;
  auto Meet = [&](SpeciesId S) {
    if (!Seen[S.Value]) {
      EXPECT_EQ(S.Value, Next++) << Net.nameText(S);
      Seen[S.Value] = true;
    }
  };
  for (const Port &P : Net.ports())
    for (const PortTerm &T : P.Terms)
      Meet(T.Species);
  for (Reaction R : Net.reactions()) {
    for (Term T : R.reactants())
      Meet(T.Species);
    for (Term T : R.products())
      Meet(T.Species);
  }
}

Network lowered(const Graph &G) {
  Collected Diags;
  auto Net = lowerNcRelu(G, Diags.Engine);
  EXPECT_TRUE(Net) << Diags.text();
  if (!Net)
    return Network();
  EXPECT_TRUE(verify(*Net, Diags.Engine)) << Diags.text();
  checkPorts(*Net);
  checkOrder(*Net);
  return std::move(*Net);
}

void compare(Builder &B, const Network &Net) {
  for (int Case = 0; Case < 4; ++Case) {
    std::vector<Vector> Inputs;
    for (const GraphPort &P : B.G.inputs()) {
      Vector &X = Inputs.emplace_back(B.G.value(P.Value).Elements);
      for (double &V : X)
        V = B.number();
    }
    EXPECT_EQ(simulate(Net, Inputs), evaluate(B.G, Inputs));
  }
}

} // namespace

TEST(NcRelu, LayeredNetsHaveTheSizesOfThePaper) {
  for (unsigned Seed = 0; Seed < 20; ++Seed) {
    Builder B(Seed);
    std::vector<uint32_t> Widths;
    for (unsigned I = 0; I < 2 + B.below(4); ++I)
      Widths.push_back(1 + B.below(6));
    ValueId V = B.G.addInput("x", {Widths[0]});
    size_t Reactions = 2 * Widths[0], Species = 2 * Widths[0];
    for (size_t L = 1; L + 1 < Widths.size(); ++L) {
      SparseMatrix Ones(Widths[L - 1]);
      for (uint32_t R = 0; R < Widths[L]; ++R) {
        for (uint32_t C = 0; C < Widths[L - 1]; ++C)
          Ones.add(C, B.below(2) ? 1 : -1);
        Ones.endRow();
      }
      std::vector<Node::Operand> Operands;
      Operands.push_back({V, std::move(Ones), B.S});
      V = B.G.addAffine("z", {Widths[L]}, std::move(Operands), {}, B.S);
      V = B.G.addRelu("h", V, B.S);
      Reactions += 4 * Widths[L];
      Species += 5 * Widths[L];
    }
    std::vector<Node::Operand> Operands;
    SparseMatrix Last(B.G.value(V).Elements);
    for (uint32_t R = 0; R < Widths.back(); ++R) {
      for (uint32_t C = 0; C < Last.columns(); ++C)
        Last.add(C, 1);
      Last.endRow();
    }
    Operands.push_back({V, std::move(Last), B.S});
    V = B.G.addAffine("y", {Widths.back()}, std::move(Operands), {}, B.S);
    B.G.addOutput("y", V, {Widths.back()});
    Network Net = lowered(B.G);
    EXPECT_EQ(Net.reactionCount(), Reactions);
    EXPECT_EQ(Net.speciesCount(), Species + 2 * Widths.back());
    compare(B, Net);
  }
}

TEST(NcRelu, RandomGraphsComputeTheSame) {
  for (unsigned Seed = 0; Seed < 400; ++Seed) {
    SCOPED_TRACE("seed " + std::to_string(Seed));
    Builder B(Seed);
    B.fill();
    Network Net = lowered(B.G);
    compare(B, Net);
    // Simplifying changes neither the graph's answers nor the network's.
    simplify(B.G);
    ASSERT_EQ(verify(B.G), "");
    compare(B, Net);
    compare(B, lowered(B.G));
  }
}

TEST(NcRelu, WritesTheReactionsOfTheDesign) {
  Builder B(0);
  ValueId X = B.G.addInput("x", {2});
  SparseMatrix W(2);
  W.add(0, -1);
  W.add(1, 1);
  W.endRow();
  std::vector<Node::Operand> Operands;
  Operands.push_back({X, std::move(W), B.S});
  ValueId Z = B.G.addAffine("z", {1}, std::move(Operands), {-0.5}, B.S);
  ValueId H = B.G.addRelu("h", Z, B.G.addSource({"relu0", "Relu", 13, "h"}));
  std::vector<Node::Operand> Twice;
  for (int I = 0; I < 2; ++I)
    Twice.push_back({H, SparseMatrix::identity(1), B.S});
  ValueId Y = B.G.addAffine("y", {1}, std::move(Twice), {}, B.S);
  B.G.addOutput("y", Y, {1});
  Network Net = lowered(B.G);
  std::vector<std::string> Reactions;
  for (Reaction R : Net.reactions())
    Reactions.push_back(reactionText(Net, R));
  EXPECT_EQ(Reactions, (std::vector<std::string>{
                           "x.0.p -> z0.0.n", "x.0.n -> z0.0.p",
                           "x.1.p -> z0.0.p", "x.1.n -> z0.0.n",
                           "z0.0.p -> m0.0 + h0.0.p", "m0.0 + z0.0.n -> h0.0.n",
                           "h0.0.p -> 2 y.0.p", "h0.0.n -> 2 y.0.n"}));
  NameIndex Names(Net);
  EXPECT_EQ(Net.initialValue(*Names.find("z0.0.n")), 0.5);
  EXPECT_EQ(Net.initialValue(*Names.find("z0.0.p")), 0);
  EXPECT_EQ(Net.provenance().describe(Net.origin(*Names.find("h0.0.p"))),
            "node 'relu0' (Relu), element 0");
  EXPECT_EQ(Net.provenance().describe(Net.origin(*Names.find("x.1.n"))),
            "input 'x', element 1");
}

TEST(NcRelu, PortsKeepTheirNamesAndTheRestMakesWay) {
  Builder B(0);
  ValueId X = B.G.addInput("z0", {1});
  B.G.addOutput("h0", B.G.addRelu("h", B.G.addRelu("g", X, B.S), B.S), {1});
  // Under the input's own name, and beside it.
  B.G.addOutput("z0", X, {1});
  B.G.addOutput("z0_out", X, {1});
  Network Net = lowered(B.G);
  ASSERT_EQ(Net.ports().size(), 4u);
  EXPECT_EQ(Net.ports()[1].Name, "h0");
  EXPECT_EQ(Net.nameText(Net.ports()[1].Terms[0].Species), "h0.0.p");
  EXPECT_EQ(Net.ports()[2].Name, "z0");
  EXPECT_EQ(Net.nameText(Net.ports()[2].Terms[0].Species), "z0_out_1.0.p");
  EXPECT_EQ(Net.nameText(Net.ports()[3].Terms[0].Species), "z0_out.0.p");
  compare(B, Net);
}

TEST(NcRelu, RefusesWeightsWithoutAStep) {
  Builder B(0);
  ValueId X = B.G.addInput("x", {2});
  for (double Weight : {0.25, M_PI}) {
    SparseMatrix W(2);
    W.add(0, 1);
    W.endRow();
    W.add(0, -1);
    W.add(1, Weight);
    W.endRow();
    std::vector<Node::Operand> Operands;
    SourceId S =
        B.G.addSource({"dense" + formatDouble(Weight), "Gemm", 13, "y"});
    Operands.push_back({X, std::move(W), S});
    X = B.G.addAffine("y", {2}, std::move(Operands), {}, S);
  }
  B.G.addOutput("y", X, {2});
  Collected Diags;
  EXPECT_FALSE(lowerNcRelu(B.G, Diags.Engine));
  ASSERT_EQ(Diags.All.size(), 1u);
  EXPECT_EQ(Diags.All[0].Id, DiagId::UnsupportedWeight);
  EXPECT_EQ(Diags.All[0].Where.Context,
            "node 'dense3.141592653589793' (Gemm, opset 13)");
  EXPECT_FALSE(Diags.All[0].Notes.empty());
}

TEST(Schemes, AreFoundByName) {
  for (const SchemeInfo &S : schemes())
    EXPECT_EQ(findScheme(S.Name), S.Id);
  EXPECT_FALSE(findScheme("nc"));
  Builder B(0);
  B.G.addOutput("y", B.G.addInput("x", {}), {});
  Collected Diags;
  auto Net = lowerNcRelu(B.G, Diags.Engine);
  ASSERT_TRUE(Net);
  EXPECT_EQ(Net->reactionCount(), 2u);
  EXPECT_TRUE(Net->ports()[0].Shape.empty());
  EXPECT_EQ(Net->nameText(SpeciesId(0)), "x.0.p");
}

TEST(NcRelu, RefusesScalesBeyondAmounts) {
  // Each layer carries ten times more; after 300 no double holds it.
  Builder B(0);
  ValueId X = B.G.addInput("x", {1});
  for (int Layer = 0; Layer < 300; ++Layer) {
    SparseMatrix W(1);
    W.add(0, 0.1f);
    W.endRow();
    std::vector<Node::Operand> Operands{{X, std::move(W), B.S}};
    X = B.G.addRelu("r", B.G.addAffine("a", {1}, std::move(Operands), {}, B.S),
                    B.S);
  }
  B.G.addOutput("y", X, {1});
  Collected Diags;
  EXPECT_FALSE(lowerNcRelu(B.G, Diags.Engine));
  EXPECT_EQ(Diags.errors(DiagId::UnsupportedWeight), 1u) << Diags.text();
}

TEST(NcRelu, WhereScalesMeetLargeCoefficientsAreMadeInStages) {
  unsigned Staged = 0;
  for (unsigned Seed = 0; Seed < 200; ++Seed) {
    SCOPED_TRACE(Seed);
    std::mt19937 Random(Seed);
    Graph G = randomResidual(Random);
    quantize(G, 12 + Random() % 12, {});
    Collected Diags;
    auto Net = lowerNcRelu(G, Diags.Engine);
    ASSERT_TRUE(Net) << Diags.text();
    EXPECT_TRUE(verify(*Net, Diags.Engine)) << Diags.text();
    checkPorts(*Net);
    bool Stages = false;
    for (SpeciesId S : Net->species())
      Stages |= Net->nameText(S).find("_up28") != std::string::npos;
    Staged += Stages;
    std::mt19937_64 Samples(Seed);
    for (unsigned T = 0; T < 20; ++T) {
      auto Inputs = randomInputs(G, {}, Samples);
      Vector Amounts = finalAmounts(*Net, Inputs);
      const Port &Y = Net->ports().back();
      Vector Want = evaluate(G, Inputs)[0];
      for (size_t I = 0; I < Y.elementCount(); ++I) {
        double P = Amounts[Y.element(I)[0].Species.Value],
               N = Amounts[Y.element(I)[1].Species.Value],
               Scale = Y.scale(I).value();
        EXPECT_NEAR((P - N) / Scale, Want[I], 1e-12 * (P + N) / Scale);
      }
    }
  }
  EXPECT_GT(Staged, 50u);
}

TEST(NcRelu, LargeWeightsThatAreAddedKeepAllTheirUnits) {
  // a = r x; y = W a + V a, of up to 30 bits; r is no power of two, so that
  // what comes of scales is an integer but for rounding.
  std::mt19937 Random(7);
  unsigned Tried = 0;
  for (unsigned Trial = 0; Trial < 200; ++Trial) {
    SCOPED_TRACE(Trial);
    Builder B(0);
    auto Row = [](double First, double Second) {
      SparseMatrix M(2);
      M.add(0, First);
      M.add(1, Second);
      M.endRow();
      return M;
    };
    SparseMatrix Scaled(2);
    double Ratio = static_cast<float>(1 + Random() % 1000) / 999.0f;
    for (uint32_t I = 0; I < 2; ++I) {
      Scaled.add(I, Ratio);
      Scaled.endRow();
    }
    double W = (1 << 29) - 1.0 - 2 * (Random() % (1 << 20)),
           V = (1 << 29) - 1.0 - 2 * (Random() % (1 << 20));
    ValueId X = B.G.addInput("x", {2});
    ValueId A = B.G.addAffine("a", {2}, {{X, Scaled, B.S}}, {}, B.S);
    ValueId Y = B.G.addAffine(
        "y", {1}, {{A, Row(W, 1), B.S}, {A, Row(V, 1), B.S}}, {}, B.S);
    B.G.addOutput("y", Y, {1});
    Collected Diags;
    auto Net = lowerNcRelu(B.G, Diags.Engine);
    ASSERT_TRUE(Net) << Diags.text();
    double Want = (W + V) * B.G.nodes()[0].Operands[0].Weights.weightsOf(0)[0],
           Got = simulate(*Net, {{1, 0}})[0][0] /
                 Net->ports().back().scale(0).value();
    // One unit is a billionth.
    EXPECT_NEAR(Got, Want, 1e-12 * Want);
    ++Tried;
  }
  EXPECT_GT(Tried, 50u);
}

TEST(NcRelu, RailsHoldWhatTheGraphSaysTheyDo) {
  double MostGrowth = 0;
  for (unsigned Seed = 0; Seed < 300; ++Seed) {
    SCOPED_TRACE(Seed);
    Graph G = randomGraph(Seed, 6, 8).G;
    if (Seed % 3 == 0) {
      // Scales other than 1.
      std::mt19937 Random(Seed);
      G = randomLayers(Random);
      quantize(G, 5, {});
    }
    RailGrowth Growth = railGrowth(G, {});
    Collected Diags;
    auto Net = lowerNcRelu(G, Diags.Engine);
    ASSERT_TRUE(Net) << Diags.text();
    // The inputs that were tried: all 200 for graphs as small as these.
    std::mt19937_64 Random(1);
    double Seen = 0, Value = 0, Amount = 0;
    for (unsigned T = 0; T < 200; ++T) {
      auto Inputs = randomInputs(G, {}, Random);
      Vector Amounts = finalAmounts(*Net, Inputs);
      for (const Port &P : Net->ports())
        for (size_t I = 0;
             P.Direction == PortDirection::Output && I < P.elementCount();
             ++I) {
          double Both = 0, Difference = 0;
          for (PortTerm R : P.element(I)) {
            Both += Amounts[R.Species.Value];
            Difference += R.Coefficient * Amounts[R.Species.Value];
          }
          Amount = std::max(Amount, Both);
          double Scale = P.scale(I).value();
          Seen = std::max(Seen, Both / Scale);
          Value = std::max(Value, std::fabs(Difference) / Scale);
        }
    }
    double Slack = 1 + 1e-12;
    EXPECT_NEAR(Growth.Outputs.Seen, Seen, 1e-9 * Seen);
    EXPECT_NEAR(Growth.Outputs.Value, Value, 1e-9 * Seen);
    EXPECT_LE(Seen, Growth.Outputs.Bound * Slack);
    EXPECT_LE(Amount, Growth.Outputs.Amount * Slack);
    EXPECT_LE(Growth.Outputs.Amount, Growth.LargestAmount);
    MostGrowth = std::max(MostGrowth, Growth.seen());
  }
  EXPECT_GT(MostGrowth, 20);
}
