//===- ONNXHeadTest.cpp - Softmax, ArgMax and labels -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXModels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace nn2crn;
using namespace nn2crn::test;

namespace {
Imported importHead(const std::string &Nodes, const std::string &Output,
                    const std::string &Input, bool Keep = true,
                    int Opset = 13) {
  HeadOptions Head;
  Head.Keep = Keep;
  std::string Text =
      "<ir_version: 7, opset_import: [\"\" : " + std::to_string(Opset) +
      ", \"ai.onnx.ml\" : 2]>\ng (" + Input + ") => (" + Output + ") " + Nodes +
      "\n";
  return Imported(Text, "m.onnxtext", {}, Head);
}

/// Softmax, or its logarithm, along the middle of [outer, n, inner].
Vector softmaxOf(const Vector &X, size_t Outer, size_t N, size_t Inner,
                 bool Log) {
  Vector Out(X.size());
  for (size_t O = 0; O < Outer; ++O)
    for (size_t I = 0; I < Inner; ++I) {
      auto At = [&](size_t K) { return (O * N + K) * Inner + I; };
      double Most = X[At(0)], Sum = 0;
      for (size_t K = 0; K < N; ++K)
        Most = std::max(Most, X[At(K)]);
      for (size_t K = 0; K < N; ++K)
        Sum += std::exp(X[At(K)] - Most);
      for (size_t K = 0; K < N; ++K) {
        double L = X[At(K)] - Most - std::log(Sum);
        Out[At(K)] = Log ? L : std::exp(L);
      }
    }
  return Out;
}

Vector random(std::mt19937 &Random, size_t N, double Scale) {
  Vector X(N);
  for (double &V : X)
    V = Scale * (Random() % 2001 / 1000.0 - 1);
  return X;
}

void expectNear(const Vector &A, const Vector &B, double Within = 1e-12) {
  ASSERT_EQ(A.size(), B.size());
  for (size_t I = 0; I < A.size(); ++I)
    EXPECT_NEAR(A[I], B[I], Within * std::max(1.0, std::fabs(B[I])));
}
} // namespace

TEST(ONNXHead, SoftmaxIsComputedAlongItsAxis) {
  struct Case {
    int Opset;
    const char *Axis;
    size_t Outer, N, Inner;
  };
  // Of [1, 2, 3, 2].
  for (Case C :
       {Case{13, "<axis = 1>", 1, 2, 6}, Case{13, "<axis = 2>", 2, 3, 2},
        Case{13, "", 6, 2, 1}, Case{13, "<axis = -2>", 2, 3, 2},
        Case{11, "<axis = 2>", 2, 6, 1}, Case{11, "", 1, 12, 1},
        Case{1, "<axis = -1>", 6, 2, 1}})
    for (bool Log : {false, true})
      for (double Scale : {3.0, 1e4}) {
        std::string Op = Log ? "LogSoftmax " : "Softmax ";
        Imported I =
            importHead("{ y = " + Op + C.Axis + " (x) }", "float[N, 2, 3, 2] y",
                       "float[N, 2, 3, 2] x", true, C.Opset);
        ASSERT_TRUE(I.G) << I.text();
        EXPECT_EQ(verify(*I.G), "");
        std::mt19937 Random(1);
        Vector X = random(Random, 12, Scale);
        expectNear(I.run(X), softmaxOf(X, C.Outer, C.N, C.Inner, Log),
                   1e-15 * std::max(1e3, Scale));
        EXPECT_EQ(I.G->outputs()[0].Shape, (std::vector<int64_t>{2, 3, 2}));
        EXPECT_TRUE(I.G->outputs()[0].Meaning.HeadKept);
      }
}

TEST(ONNXHead, AnAxisOfLengthOneIsConstant) {
  for (bool Keep : {false, true}) {
    Imported I =
        importHead("{ y = Softmax <axis = 0> (x)\n"
                   "z = LogSoftmax <axis = 0> (x) }",
                   "float[N, 2] y, float[N, 2] z", "float[N, 2] x", Keep);
    ASSERT_TRUE(I.G) << I.text();
    EXPECT_EQ(evaluate(*I.G, {{3, -4}}), (std::vector<Vector>{{1, 1}, {0, 0}}));
    EXPECT_TRUE(I.G->outputs()[0].Meaning.Head.empty());
  }
}

TEST(ONNXHead, WhatIsKnownIsComputedWhenRead) {
  Imported I = importHead(R"(<float[1, 2] c = {0, 0}> {
      p = Softmax (c)
      i = ArgMax <axis = 1, keepdims = 0> (c)
      f = Cast <to = 1> (i)
      s = Sigmoid (c)
      a = Add (p, s)
      b = Add (a, f)
      y = Add (b, x) })",
                          "float[N, 2] y", "float[N, 2] x", false);
  ASSERT_TRUE(I.G) << I.text();
  EXPECT_EQ(I.run({0, 0}), (Vector{1, 1}));
}

TEST(ONNXHead, FinalOnesAreLeftOutUnlessKept) {
  for (const char *Op : {"Softmax", "LogSoftmax", "Sigmoid"}) {
    std::string Nodes = std::string("{ y = ") + Op + " (x) }";
    Imported Without =
        importHead(Nodes, "float[N, 2] y", "float[N, 2] x", false);
    ASSERT_TRUE(Without.G);
    EXPECT_EQ(Without.run({2, -3}), (Vector{2, -3}));
    ASSERT_EQ(Without.Diags.All.size(), 1u);
    EXPECT_EQ(Without.Diags.All[0].Level, Severity::Remark);
    EXPECT_EQ(Without.Diags.All[0].Message,
              std::string("the final ") + Op +
                  " is dropped: the winner is the same");
    const OutputMeaning &M = Without.G->outputs()[0].Meaning;
    EXPECT_EQ(M.Head, std::vector<std::string>{Op});
    EXPECT_FALSE(M.HeadKept);
    Imported Kept = importHead(Nodes, "float[N, 2] y", "float[N, 2] x");
    ASSERT_TRUE(Kept.G);
    EXPECT_TRUE(Kept.Diags.All.empty()) << Kept.text();
    EXPECT_TRUE(Kept.G->outputs()[0].Meaning.HeadKept);
    EXPECT_NE(Kept.run({2, -3}), (Vector{2, -3}));
  }
  Imported Chain = importHead(R"({
      s = LogSoftmax <axis = 1> (x)
      i = Identity (s)
      y = ArgMax <axis = -1, keepdims = 0> (i) })",
                              "int64[N] y", "float[N, 2] x", false);
  ASSERT_TRUE(Chain.G);
  EXPECT_EQ(Chain.run({2, -3}), (Vector{2, -3}));
  EXPECT_TRUE(Chain.says("LogSoftmax and ArgMax is dropped")) << Chain.text();
  Imported Least = importHead("{ y = ArgMin <axis = 1> (x) }", "int64[N, 1] y",
                              "float[N, 2] x", false);
  ASSERT_TRUE(Least.G);
  EXPECT_EQ(Least.run({2, -3}), (Vector{-2, 3}));
  EXPECT_TRUE(Least.says("with the sign turned")) << Least.text();
}

TEST(ONNXHead, WhatIsReadInTheMiddleIsComputed) {
  for (bool Keep : {false, true}) {
    Imported I = importHead("{ s = Softmax (x)\nr = Sigmoid (x)\n"
                            "y = Add (s, r) }",
                            "float[N, 2] y", "float[N, 2] x", Keep);
    ASSERT_TRUE(I.G) << I.text();
    EXPECT_TRUE(I.Diags.All.empty());
    expectNear(I.run({0, 0}), {1, 1});
    // One that is needed anyway is shown as it is.
    Imported Both =
        importHead("{ p = Softmax (x)\ny = Neg (p) }",
                   "float[N, 2] y, float[N, 2] p", "float[N, 2] x", Keep);
    ASSERT_TRUE(Both.G) << Both.text();
    expectNear(evaluate(*Both.G, {{0, 0}})[1], {0.5, 0.5});
    EXPECT_TRUE(Both.G->outputs()[1].Meaning.HeadKept);
  }
}

TEST(ONNXHead, OnlyHeadsThatKeepTheWinnerAreLeftOutTogether) {
  // Scores of different rows do not compare as probabilities do.
  Imported I = importHead("{ p = Softmax <axis = 2> (x)\n"
                          "y = Softmax <axis = 1> (p) }",
                          "float[N, 2, 2] y", "float[N, 2, 2] x", false);
  ASSERT_TRUE(I.G) << I.text();
  EXPECT_TRUE(I.says("the final Softmax is dropped")) << I.text();
  expectNear(I.run({1, 0, 3, 3}), softmaxOf({1, 0, 3, 3}, 2, 2, 1, false));
  Imported Moved = importHead(R"({
      p = Softmax <axis = 2> (x)
      t = Transpose <perm = [0, 2, 1]> (p)
      y = ArgMax <axis = 1, keepdims = 0> (t) })",
                              "int64[N, 2] y", "float[N, 2, 2] x", false);
  ASSERT_TRUE(Moved.G) << Moved.text();
  EXPECT_TRUE(Moved.says("the final ArgMax is dropped")) << Moved.text();
  // Along the same axis they do.
  Imported Same = importHead("{ p = Softmax <axis = 1> (x)\n"
                             "y = ArgMax <axis = 1> (p) }",
                             "int64[N, 1, 2] y", "float[N, 2, 2] x", false);
  ASSERT_TRUE(Same.G) << Same.text();
  EXPECT_EQ(Same.run({1, 0, 3, 5}), (Vector{1, 0, 3, 5}));
}

TEST(ONNXHead, AnIndexIsOfNoUseInTheMiddle) {
  for (const char *Use :
       {"y = Cast <to = 1> (i)\nz = Relu (y)", "z = Softmax (i)",
        "z = ArgMax <axis = 0> (i)", "s = Shape (i)\nz = Cast <to = 1> (s)",
        "c = CastLike (x, i)\nz = Add (c, c)"}) {
    Imported I =
        importHead(std::string("{ i = ArgMax <axis = 1> (x)\n") + Use + " }",
                   "float[N, m] z", "float[N, 2] x", true, 15);
    EXPECT_FALSE(I.G) << Use;
    EXPECT_EQ(I.Diags.errors(DiagId::UnsupportedOperator), 1u) << I.text();
    EXPECT_TRUE(I.says("ArgMax before the end of the model")) << I.text();
  }
}

TEST(ONNXHead, AxesBeyondTheShapeAreErrors) {
  for (const char *Op : {"Softmax <axis = 2>", "ArgMax <axis = -3>"}) {
    Imported I = importHead(std::string("{ y = ") + Op + " (x) }",
                            "float[N, 2] y", "float[N, 2] x");
    EXPECT_EQ(I.Diags.errors(DiagId::BadAttribute), 1u) << I.text();
    EXPECT_TRUE(I.says("is beyond the shape [1,2]")) << I.text();
  }
}

TEST(ONNXHead, ArgMaxIsTheIndexWhereTheWinnerLeads) {
  std::mt19937 Random(7);
  for (size_t N = 2; N <= 9; ++N)
    for (bool Least : {false, true}) {
      std::string Shape = "[N, 2, " + std::to_string(N) + "] ";
      Imported I =
          importHead(std::string("{ y = ") + (Least ? "ArgMin" : "ArgMax") +
                         " <axis = 2, keepdims = 0> (x) }",
                     "int64[N, 2] y", "float" + Shape + "x");
      ASSERT_TRUE(I.G) << I.text();
      EXPECT_EQ(verify(*I.G), "");
      EXPECT_TRUE(I.says("leads by 0.0078125")) << I.text();
      const GraphPort &P = I.G->outputs()[0];
      EXPECT_EQ(P.Shape, std::vector<int64_t>{2});
      EXPECT_TRUE(P.Meaning.isIndex());
      EXPECT_NE(P.Scores, P.Value);
      size_t Relus = 0;
      for (const Node &Made : I.G->nodes())
        if (Made.Kind == NodeKind::Relu)
          Relus += I.G->value(Made.Result).Elements;
      EXPECT_LE(Relus, 2 * (5 * N - 6)) << N;
      for (int T = 0; T < 50; ++T) {
        Vector X = random(Random, 2 * N, T % 2 ? 0.02 : 3), Y = I.run(X);
        for (size_t Row = 0; Row < 2; ++Row) {
          Vector S(X.begin() + static_cast<ptrdiff_t>(Row * N),
                   X.begin() + static_cast<ptrdiff_t>(Row * N + N));
          for (double &V : S)
            V = Least ? -V : V;
          auto Winner =
              static_cast<double>(std::ranges::max_element(S) - S.begin());
          std::ranges::sort(S, std::greater<>());
          if (S[0] - S[1] >= 0x1p-7) {
            EXPECT_EQ(Y[Row], Winner);
          } else {
            EXPECT_GE(Y[Row], 0);
            EXPECT_LE(Y[Row], Winner);
          }
        }
      }
    }
}

TEST(ONNXHead, MarginsArePowersOfTwo) {
  EXPECT_EQ(usedMargin(0.1), 0.0625);
  EXPECT_EQ(usedMargin(DefaultHeadMargin), DefaultHeadMargin);
  HeadOptions Head{true, 3};
  Imported I(textModel("y = ArgMax <axis = 1, keepdims = 0> (x)", "int64[N] y"),
             "m.onnxtext", {}, Head);
  ASSERT_TRUE(I.G) << I.text();
  EXPECT_EQ(I.run({0, 1}), (Vector{0.5}));
  EXPECT_EQ(I.run({0, 2}), (Vector{1}));
}

//===----------------------------------------------------------------------===//
// Labels
//===----------------------------------------------------------------------===//

/// As scikit-learn's converter writes a classifier of three classes.
static Imported multiClass(const std::string &Classes, const std::string &Tail,
                           const std::string &ZipMap, bool Keep) {
  return importHead("<" + Classes + R"(, int64[1] shape = {-1}> {
      p = Softmax (x)
      i = ArgMax <axis = 1> (p)
      prob = ai.onnx.ml.ZipMap <)" +
                        ZipMap + R"(> (p)
      l = ai.onnx.ml.ArrayFeatureExtractor (classes, i)
      r = Reshape (l, shape)
      )" + Tail + " }",
                    "int64[n] label, float[N, 3] prob", "float[N, 3] x", Keep);
}

TEST(ONNXLabels, OfIntegersAndOfWords) {
  for (bool Keep : {false, true}) {
    Imported I =
        multiClass("int32[3] classes = {4, 0, 7}", "label = Cast <to = 7> (r)",
                   "classlabels_int64s = [4, 0, 7]", Keep);
    ASSERT_TRUE(I.G) << I.text();
    auto Y = evaluate(*I.G, {{0, 1, 3}});
    const OutputMeaning &L = I.G->outputs()[0].Meaning,
                        &P = I.G->outputs()[1].Meaning;
    EXPECT_EQ(L.Labels, (std::vector<std::string>{"4", "0", "7"}));
    EXPECT_EQ(P.Labels, L.Labels);
    EXPECT_TRUE(L.LabelsAreIntegers && P.LabelsAreIntegers);
    EXPECT_EQ(L.Head, (std::vector<std::string>{"Softmax", "ArgMax"}));
    EXPECT_EQ(Y[0], Keep ? Vector{2} : Vector({0, 1, 3}));
    EXPECT_EQ(I.G->outputs()[0].Shape,
              Keep ? std::vector<int64_t>{} : std::vector<int64_t>{3});
    expectNear(Y[1],
               Keep ? softmaxOf({0, 1, 3}, 1, 3, 1, false) : Vector({0, 1, 3}));
    EXPECT_EQ(L.labelOf(Y[0]), "7");
    EXPECT_EQ(P.labelOf(Y[1]), "7");
  }
  Imported W = importHead(R"(<float[1, 3] zero = {0, 0, 0}> {
      s = Add (x, zero)
      i = ArgMax <axis = 1, keepdims = 0> (s)
      names = Cast <to = 8> (i)
      label = ai.onnx.ml.LabelEncoder <keys_strings = ["2", "0"],
        values_strings = ["two", "none"], default_string = "other"> (names) })",
                          "float[N] label", "float[N, 3] x");
  ASSERT_TRUE(W.G) << W.text();
  EXPECT_EQ(W.G->outputs()[0].Meaning.Labels,
            (std::vector<std::string>{"none", "other", "two"}));
  EXPECT_FALSE(W.G->outputs()[0].Meaning.LabelsAreIntegers);
}

TEST(ONNXLabels, BinaryClassifiersEndInASigmoid) {
  for (bool Keep : {false, true}) {
    Imported I =
        importHead(R"(<float one = {1}> {
        p = Sigmoid (x)
        q = Sub (one, p)
        both = Concat <axis = 1> (q, p)
        i = ArgMax <axis = 1> (both)
        label = Cast <to = 7> (i)
        prob = ai.onnx.ml.ZipMap <classlabels_strings = ["no", "yes"]> (both) })",
                   "int64[n] label, float[N, 2] prob", "float[N, 1] x", Keep);
    ASSERT_TRUE(I.G) << I.text();
    auto Y = evaluate(*I.G, {{-2}});
    if (Keep) {
      EXPECT_EQ(Y[0], Vector{0});
      double P = 1 / (1 + std::exp(2.0));
      expectNear(Y[1], {1 - P, P});
      EXPECT_EQ(evaluate(*I.G, {{0.5}})[0], Vector{1});
    } else {
      EXPECT_EQ(Y[0], (Vector{2, -2}));
      EXPECT_EQ(Y[1], (Vector{2, -2}));
    }
    EXPECT_EQ(I.G->outputs()[1].Meaning.labelOf(Y[1]), "no");
    EXPECT_EQ(I.G->outputs()[0].Meaning.Head,
              (std::vector<std::string>{"Sigmoid", "ArgMax"}));
  }
}

TEST(ONNXLabels, WhatDoesNotFitIsRefused) {
  auto Refused = [](const Imported &I, DiagId Id, const char *What) {
    EXPECT_FALSE(I.G);
    EXPECT_EQ(I.Diags.errors(Id), 1u) << I.text();
    EXPECT_TRUE(I.says(What)) << I.text();
  };
  Refused(multiClass("int32[2] classes = {4, 0}", "label = Identity (r)",
                     "classlabels_int64s = [4, 0, 7]", true),
          DiagId::ShapeMismatch, "expected a label for each of 3 classes");
  Refused(multiClass("int32[3] classes = {4, 0, 7}", "label = Identity (r)",
                     "classlabels_int64s = [4, 0]", true),
          DiagId::BadAttribute, "expected a list of labels");
  Refused(multiClass("int32[3] classes = {4, 0, 7}", "label = Add (r, r)",
                     "classlabels_int64s = [4, 0, 7]", true),
          DiagId::UnsupportedOperator, "ArgMax before the end of the model");
  Refused(importHead(R"({
      i = ArgMax <axis = 1> (x)
      w = Cast <to = 8> (i)
      y = Cast <to = 1> (w) })",
                     "float[N] y", "float[N, 3] x"),
          DiagId::UnsupportedOperator, "of labels to float32");
  Refused(importHead("{ y = ai.onnx.ml.LabelEncoder <keys_int64s = [1], "
                     "values_int64s = [2]> (x) }",
                     "float[N, 3] y", "float[N, 3] x"),
          DiagId::UnsupportedOperator, "of what is no class");
}

TEST(ONNXLabels, KnownPlacesTakeElements) {
  Imported I = importHead("<int64[2] at = {2, 0}> {\n"
                          "y = ai.onnx.ml.ArrayFeatureExtractor (x, at) }",
                          "float[N, 2] y", "float[N, 3] x");
  ASSERT_TRUE(I.G) << I.text();
  EXPECT_EQ(I.run({5, 6, 7}), (Vector{7, 5}));
}

TEST(OutputMeaning, LabelsOfReadings) {
  OutputMeaning M;
  EXPECT_EQ(M.labelOf(Vector{1, 2}), "");
  M.Labels = {"a", "b", "c"};
  EXPECT_EQ(M.labelOf(Vector{1, 4, 2}), "b");
  EXPECT_EQ(M.labelOf(Vector{1, 4}), "");
  M.Head = {"ArgMax"};
  M.HeadKept = true;
  EXPECT_EQ(M.labelOf(Vector{1.99}), "c");
  EXPECT_EQ(M.labelOf(Vector{1.5}), "<undecided>");
  EXPECT_EQ(M.labelOf(Vector{3}), "<undecided>");
  EXPECT_TRUE(isIntegerLabel("-12"));
  EXPECT_FALSE(isIntegerLabel("012"));
  EXPECT_FALSE(isIntegerLabel("1.5"));
}
