//===- ONNXArithmeticTest.cpp - Sums, products, maxima, folding -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXReference.h"

using namespace nn2crn;
using namespace nn2crn::test;

/// \p F of each element.
static Dense map(const Dense &X, const std::function<double(double)> &F) {
  Dense Y = X;
  for (double &V : Y.Data)
    V = F(V);
  return Y;
}

/// \p F of two tensors under NumPy's rules.
static Dense zip(const Dense &A, const Dense &B,
                 const std::function<double(double, double)> &F) {
  size_t Rank = std::max(A.Shape.size(), B.Shape.size());
  auto Extent = [&](const Dense &T, size_t I) {
    return I + T.Shape.size() < Rank ? 1 : T.Shape[I + T.Shape.size() - Rank];
  };
  Dims Shape;
  for (size_t I = 0; I < Rank; ++I)
    Shape.push_back(std::max(Extent(A, I), Extent(B, I)));
  Dense Y(Shape);
  forEach(Shape, [&](const Dims &At) {
    auto Value = [&](const Dense &T) {
      Dims From;
      for (size_t I = Rank - T.Shape.size(); I < Rank; ++I)
        From.push_back(Extent(T, I) == 1 ? 0 : At[I]);
      return T.at(From);
    };
    Y.at(At) = F(Value(A), Value(B));
  });
  return Y;
}

TEST(ONNXArithmetic, PiecewiseLinearFunctions) {
  Dense X = Dice(1).tensor({3, 2, 5});
  auto Check = [&](OneNode &M, const std::function<double(double)> &F) {
    M.expect({X}, {map(X, F)});
  };
  Check(OneNode("Relu", X.Shape, 1).attribute("consumed_inputs", Dims{0}),
        [](double V) { return std::max(V, 0.0); });
  OneNode Abs("Abs", X.Shape), Neg("Neg", X.Shape), Leaky("LeakyRelu", X.Shape);
  Check(Abs, [](double V) { return std::fabs(V); });
  Check(Neg, [](double V) { return -V; });
  Check(Leaky, [](double V) { return V < 0 ? double{0.01f} * V : V; });
  Check(OneNode("LeakyRelu", X.Shape).attribute("alpha", 0.25f),
        [](double V) { return V < 0 ? 0.25 * V : V; });
  OneNode Hard("HardSigmoid", X.Shape);
  Check(Hard,
        [](double V) { return std::clamp(double{0.2f} * V + 0.5, 0.0, 1.0); });
  Check(OneNode("HardSigmoid", X.Shape)
            .attribute("alpha", 0.5f)
            .attribute("beta", 0.25f),
        [](double V) { return std::clamp(0.5 * V + 0.25, 0.0, 1.0); });
  Check(OneNode("Shrink", X.Shape)
            .attribute("lambd", 1.5f)
            .attribute("bias", 1.5f),
        [](double V) { return V > 1.5    ? V - 1.5
                              : V < -1.5 ? V + 1.5
                                         : 0; });
  OneNode("Shrink", X.Shape).refuses("where it jumps");
  Check(OneNode("ThresholdedRelu", X.Shape).attribute("alpha", 0.0f),
        [](double V) { return std::max(V, 0.0); });
  OneNode("ThresholdedRelu", X.Shape).refuses("where it jumps");
}

TEST(ONNXArithmetic, ClipWithAnyBounds) {
  Dense X = Dice(2).tensor({3, 4}), Low, High, None;
  Low.Data = {-1.5};
  High.Data = {2};
  None.Data = {3.4028234663852886e38};
  auto Clip = [](double V) { return std::clamp(V, -1.5, 2.0); };
  auto Bottom = [](double V) { return std::max(V, -1.5); };
  auto Top = [](double V) { return std::min(V, 2.0); };
  OneNode("Clip", X.Shape)
      .operand(Low)
      .operand(High)
      .expect({X}, {map(X, Clip)});
  OneNode("Clip", X.Shape).operand(Low).expect({X}, {map(X, Bottom)});
  OneNode("Clip", X.Shape).missing().operand(High).expect({X}, {map(X, Top)});
  OneNode("Clip", X.Shape)
      .operand(Low)
      .operand(None)
      .expect({X}, {map(X, Bottom)});
  OneNode("Clip", X.Shape).expect({X}, {X});
  OneNode("Clip", X.Shape, 6)
      .attribute("min", -1.5f)
      .attribute("max", 2.0f)
      .expect({X}, {map(X, Clip)});
  OneNode("Clip", X.Shape, 6).attribute("max", 2.0f).expect({X}, {map(X, Top)});
  // Bounds that cross give the upper one.
  OneNode("Clip", X.Shape)
      .operand(High)
      .operand(Low)
      .expect({X}, {map(X, [](double) { return -1.5; })});
  // Computed ones.
  OneNode("Clip", X.Shape)
      .input("l", {})
      .input("h", {})
      .expect({X, Low, High}, {map(X, Clip)});
}

TEST(ONNXArithmetic, SlopesAChannelAndAnElement) {
  Dense X = Dice(3).tensor({2, 3, 4}), Slope = Dice(4).tensor({3, 1});
  Dense Each = Slope;
  Each.Shape = {3};
  auto F = [](double V, double S) { return V < 0 ? V * S : V; };
  OneNode("PRelu", X.Shape).operand(Slope).expect({X}, {zip(X, Slope, F)});
  OneNode("PRelu", X.Shape, 6).operand(Each).expect({X}, {zip(X, Slope, F)});
  OneNode("PRelu", X.Shape).operand(Each).refuses("cannot apply slopes");
  OneNode("PRelu", X.Shape).input("s", {1}).refuses("with computed a slope");
}

TEST(ONNXArithmetic, TwoOperandsUnderNumPysRules) {
  struct Case {
    const char *Op;
    double (*F)(double, double);
  };
  for (Case C :
       {Case{"Add", [](double A, double B) { return A + B; }},
        Case{"Sub", [](double A, double B) { return A - B; }},
        Case{"Mul", [](double A, double B) { return A * B; }},
        Case{"Div", [](double A, double B) { return A / B; }},
        Case{"Max", [](double A, double B) { return std::max(A, B); }},
        Case{"Min", [](double A, double B) { return std::min(A, B); }},
        Case{"Sum", [](double A, double B) { return A + B; }},
        Case{"Mean", [](double A, double B) { return (A + B) / 2; }}}) {
    for (unsigned Seed = 0; Seed < 20; ++Seed) {
      Dice D(Seed);
      Dims Shape = D.shape(3, 4), Other = Shape;
      for (int64_t &Extent : Other)
        if (D.from(0, 1))
          Extent = 1;
      if (D.from(0, 1))
        Other.erase(Other.begin());
      if (D.from(0, 1))
        std::swap(Shape, Other);
      Dense X = D.tensor(Shape), K = D.tensor(Other);
      for (double &V : K.Data)
        V = V == 0 ? 1 : V;
      SCOPED_TRACE(std::string(C.Op) + " " + std::to_string(Seed));
      Dense Want = zip(X, K, C.F);
      OneNode(C.Op, Shape).operand(K).expect({X}, {Want});
      // And the constant first.
      OneNode M(C.Op, Shape);
      M.N.clear_input();
      M.operand(K);
      M.N.add_input("x");
      if (C.Op == std::string("Div")) {
        M.refuses("Div by a computed tensor");
        continue;
      }
      M.expect({X}, {zip(K, X, C.F)});
      if (C.Op == std::string("Mul"))
        OneNode("Mul", Shape)
            .input("k", Other)
            .refuses("Mul of two computed tensors");
      else
        OneNode(C.Op, Shape).input("k", Other).expect({X, K}, {Want});
    }
  }
  Dense Zero;
  Zero.Data = {0};
  OneNode("Div", {2}).operand(Zero).refuses("it divides by 0");
}

TEST(ONNXArithmetic, BroadcastingBeforeSet7) {
  Dense X = Dice(5).tensor({2, 3, 4}), Middle = Dice(6).tensor({3});
  Dense Column = Middle;
  Column.Shape = {3, 1};
  auto Minus = [](double A, double B) { return A - B; };
  OneNode("Sub", X.Shape, 6)
      .operand(Middle)
      .attribute("broadcast", int64_t{1})
      .attribute("axis", int64_t{1})
      .expect({X}, {zip(X, Column, Minus)});
  OneNode("Sub", X.Shape, 6)
      .operand(Dice(1).tensor({4, 3}))
      .attribute("broadcast", int64_t{1})
      .refuses("cannot broadcast");
  Dense Last = Dice(7).tensor({3, 4});
  OneNode("Sub", X.Shape, 6)
      .operand(Last)
      .attribute("broadcast", int64_t{1})
      .expect({X}, {zip(X, Last, Minus)});
  OneNode("Sub", X.Shape, 6).operand(Last).refuses("without broadcasting");
  OneNode("Sub", X.Shape, 7)
      .operand(Middle)
      .attribute("broadcast", int64_t{1})
      .refuses("it has no attribute 'broadcast'");
}

TEST(ONNXArithmetic, Reductions) {
  struct Case {
    const char *Op;
    double Start;
    double (*F)(double, double);
  };
  for (Case C :
       {Case{"ReduceSum", 0, [](double A, double B) { return A + B; }},
        Case{"ReduceMean", 0, [](double A, double B) { return A + B; }},
        Case{"ReduceL1", 0,
             [](double A, double B) { return A + std::fabs(B); }},
        Case{"ReduceMax", -INFINITY,
             [](double A, double B) { return std::max(A, B); }},
        Case{"ReduceMin", INFINITY,
             [](double A, double B) { return std::min(A, B); }}})
    for (unsigned Seed = 0; Seed < 24; ++Seed) {
      Dice D(Seed);
      Dense X = D.tensor(D.shape(3, 4));
      Dims Axes, Kept = X.Shape, Dropped;
      bool All = Seed % 8 == 0, Keep = D.from(0, 1) != 0;
      for (int64_t Axis = 0; Axis < 3; ++Axis) {
        bool Reduced = All || D.from(0, 1);
        if (Reduced && !All)
          Axes.push_back(D.from(0, 1) ? Axis : Axis - 3);
        if (Reduced)
          Kept[static_cast<size_t>(Axis)] = 1;
        else
          Dropped.push_back(X.Shape[static_cast<size_t>(Axis)]);
      }
      if (Axes.empty()) {
        Kept = {1, 1, 1};
        Dropped.clear();
      }
      Dense Y(Kept);
      Y.Data.assign(Y.Data.size(), C.Start);
      forEach(X.Shape, [&](Dims At) {
        double V = X.at(At);
        for (size_t I = 0; I < 3; ++I)
          At[I] = Kept[I] == 1 ? 0 : At[I];
        Y.at(At) = C.F(Y.at(At), V);
      });
      if (C.Op == std::string("ReduceMean"))
        for (double &V : Y.Data)
          V *= static_cast<double>(Y.Data.size()) /
               static_cast<double>(X.Data.size());
      if (!Keep)
        Y.Shape = Dropped;
      int Opset = Seed % 2 ? 18 : 11;
      OneNode M(C.Op, X.Shape, Opset);
      M.attribute("keepdims", int64_t{Keep});
      if (!Axes.empty())
        Opset == 18 ? M.operand(Axes) : M.attribute("axes", Axes);
      SCOPED_TRACE(std::string(C.Op) + " " + std::to_string(Seed));
      M.expect({X}, {Y}, 1e-9);
    }
  Dense X = Dice(1).tensor({2, 3});
  OneNode("ReduceSum", X.Shape)
      .attribute("noop_with_empty_axes", int64_t{1})
      .expect({X}, {X});
  OneNode("ReduceSum", X.Shape).operand(Dims{0, -2}).refuses("stands twice");
}

TEST(ONNXArithmetic, MatMulWithAnyLeadingAxes) {
  for (unsigned Seed = 0; Seed < 60; ++Seed) {
    Dice D(Seed);
    Dims Outer = D.shape(2, 3), OuterA = Outer, OuterB = Outer;
    for (size_t I = 0; I < 2; ++I) {
      if (D.from(0, 2) == 0)
        OuterA[I] = 1;
      else if (D.from(0, 2) == 0)
        OuterB[I] = 1;
    }
    int64_t Rows = D.from(1, 3), Inner = D.from(1, 3), Columns = D.from(1, 3);
    auto Join = [](Dims S, int64_t M, int64_t N) {
      S.push_back(M);
      S.push_back(N);
      return S;
    };
    Dense A = D.tensor(Join(OuterA, Rows, Inner));
    Dense B = D.tensor(Join(OuterB, Inner, Columns));
    for (size_t I = 0; I < 2; ++I)
      Outer[I] = std::max(OuterA[I], OuterB[I]);
    Dense Y(Join(Outer, Rows, Columns));
    forEach(Y.Shape, [&](const Dims &At) {
      for (int64_t K = 0; K < Inner; ++K)
        Y.at(At) += A.at({At[0] % OuterA[0], At[1] % OuterA[1], At[2], K}) *
                    B.at({At[0] % OuterB[0], At[1] % OuterB[1], K, At[3]});
    });
    SCOPED_TRACE(Seed);
    OneNode("MatMul", A.Shape).operand(B).expect({A}, {Y}, 1e-9);
    OneNode Left("MatMul", B.Shape);
    Left.N.clear_input();
    Left.operand(A);
    Left.N.add_input("x");
    Left.expect({B}, {Y}, 1e-9);
  }
}

TEST(ONNXArithmetic, NormalisationAndScaler) {
  Dice D(8);
  Dense X = D.tensor({2, 3, 4}), Scale = D.tensor({3}), Shift = D.tensor({3}),
        Mean = D.tensor({3}), Variance = D.tensor({3}), Y = X;
  for (double &V : Variance.Data)
    V = std::fabs(V) + 0.5;
  forEach(X.Shape, [&](const Dims &At) {
    auto C = static_cast<size_t>(At[1]);
    Y.at(At) = (X.at(At) - Mean.Data[C]) / std::sqrt(Variance.Data[C] + 1e-3) *
                   Scale.Data[C] +
               Shift.Data[C];
  });
  for (int Opset : {6, 8, 13, 15}) {
    OneNode M("BatchNormalization", X.Shape, Opset);
    M.operand(Scale).operand(Shift).operand(Mean).operand(Variance);
    M.attribute("epsilon", 1e-3f);
    if (Opset == 6)
      M.attribute("is_test", int64_t{1});
    M.expect({X}, {Y});
  }
  OneNode Training("BatchNormalization", X.Shape, 15);
  Training.operand(Scale).operand(Shift).operand(Mean).operand(Variance);
  Training.attribute("training_mode", int64_t{1});
  Training.refuses("exported for training");
  OneNode S("Scaler", {2, 3});
  S.N.set_domain("ai.onnx.ml");
  auto Reals = [&](const char *Name, std::initializer_list<float> Values) {
    auto &A = *S.N.add_attribute();
    A.set_name(Name);
    A.set_type(onnx::AttributeProto::FLOATS);
    for (float V : Values)
      A.add_floats(V);
  };
  Reals("offset", {1, 2, 3});
  Reals("scale", {0.5});
  Dense Z = D.tensor({2, 3}), W = Z;
  forEach(Z.Shape, [&](const Dims &At) {
    W.at(At) = (Z.at(At) - static_cast<double>(At[1]) - 1) * 0.5;
  });
  S.expect({Z}, {W});
}

TEST(ONNXArithmetic, CumulativeSums) {
  Dense X = Dice(9).tensor({2, 4});
  for (int Kind = 0; Kind < 4; ++Kind) {
    bool Exclusive = Kind & 1, Reverse = Kind & 2;
    Dense Y(X.Shape), Axis;
    forEach(X.Shape, [&](const Dims &At) {
      for (int64_t K = 0; K < 4; ++K)
        if (Reverse ? K > At[1] - !Exclusive : K < At[1] + !Exclusive)
          Y.at(At) += X.at({At[0], K});
    });
    Axis.Data = {1};
    OneNode("CumSum", X.Shape)
        .integers(Axis)
        .attribute("exclusive", int64_t{Exclusive})
        .attribute("reverse", int64_t{Reverse})
        .expect({X}, {Y}, 0);
  }
}

//===----------------------------------------------------------------------===//
// Types and folding
//===----------------------------------------------------------------------===//

TEST(ONNXFold, RoundsAsTheModelDoes) {
  // 1 + 2^-24 is 1 in float32; three such sums show it.
  Imported I = importText(R"(
      a = Constant <value_float = 1.0> ()
      b = Constant <value_float = 5.9604644775390625e-8> ()
      c = Add (a, b)
      d = Add (c, b)
      e = Sub (d, a)
      y = Add (x, e))");
  ASSERT_TRUE(I.G) << I.text();
  EXPECT_EQ(I.run({0, 0}), (Vector{0, 0}));
  Imported Half = importText(R"(
      a = Constant <value_float = 2049.0> ()
      h = Cast <to = 10> (a)
      f = Cast <to = 1> (h)
      y = Add (x, f))");
  ASSERT_TRUE(Half.G) << Half.text();
  EXPECT_EQ(Half.run({0, 0}), (Vector{2048, 2048}));
  Imported Third = importText(R"(
      a = Constant <value_float = 1.0> ()
      b = Constant <value_float = 3.0> ()
      c = Div (a, b)
      y = Mul (x, c))");
  EXPECT_EQ(Third.run({3, 0}), (Vector{3.0 * double{1.0f / 3.0f}, 0}));
}

TEST(ONNXFold, ShapeArithmetic) {
  // What exporters write for a Flatten.
  Imported I = importText(R"(
      s = Shape (x)
      zero = Constant <value_ints = [0]> ()
      one = Constant <value_ints = [1]> ()
      batch = Slice (s, zero, one, zero)
      rest = Constant <value_ints = [-1]> ()
      new = Concat <axis = 0> (batch, rest)
      y = Reshape (x, new))",
                          "float[N, 12] y", "float[N, 3, 2, 2] x");
  ASSERT_TRUE(I.G) << I.text();
  EXPECT_EQ(I.G->outputs()[0].Shape, (Dims{12}));
  EXPECT_EQ(I.G->nodes().size(), 0u);
  Imported Integers = importText(R"(
      a = Constant <value_ints = [7, -7]> ()
      b = Constant <value_int = 2> ()
      d = Div (a, b)
      m = Mod (a, b)
      s = Concat <axis = 0> (d, m)
      f = Cast <to = 1> (s)
      n = Size (x)
      g = Cast <to = 1> (n)
      h = Mul (f, g)
      z = ReduceSum <keepdims = 0> (x)
      y = Add (z, h))",
                                 "float[4] y");
  ASSERT_TRUE(Integers.G) << Integers.text();
  // Quotients are cut, remainders have the divisor's sign.
  EXPECT_EQ(Integers.run({0, 0}), (Vector{6, -6, 2, 2}));
}

TEST(ONNXFold, CastsOfConstantsAndOfWhatIsComputed) {
  Imported I = importText(R"(
      a = Constant <value_floats = [300.7, -1.5]> ()
      b = Cast <to = 2> (a)
      c = Cast <to = 1> (b)
      y = Add (x, c))");
  ASSERT_TRUE(I.G) << I.text();
  EXPECT_EQ(I.run({0, 0}), (Vector{44, 255}));
  for (auto [To, Why] : {std::pair{7, "to int64, which rounds"},
                         std::pair{9, "to bool, which rounds"}}) {
    Imported Bad = importText("y = Cast <to = " + std::to_string(To) + "> (x)");
    EXPECT_TRUE(Bad.says(Why)) << Bad.text();
  }
  EXPECT_TRUE(importText("y = Cast <to = 11> (x)").G);
  EXPECT_TRUE(importText("y = Cast <to = \"DOUBLE\"> (x)", "double[N, 2] y",
                         "float[N, 2] x", 5)
                  .G);
  EXPECT_TRUE(
      importText("y = Cast <to = 3> (x)", "int8[N, 2] y", "int32[N, 2] x")
          .says("to int8, which wraps around"));
  EXPECT_TRUE(
      importText("y = Cast <to = 7> (x)", "int64[N, 2] y", "int8[N, 2] x").G);
  EXPECT_TRUE(importText("y = Add (x, x)", "uint8[N, 2] y", "uint8[N, 2] x")
                  .says("Add of computed uint8, which wraps around"));
}

TEST(ONNXFold, QuantisersOfWeights) {
  // Ties go to even: 0.5 -> 0, 1.5 -> 2, 2.5 -> 2.
  Imported I = importText(R"(
      w = Constant <value = float[2,3] {0.05, 0.15, 0.25, -0.05, 90.0, -90.0}> ()
      s = Constant <value_float = 0.1> ()
      z = Constant <value = int8 {0}> ()
      q = QuantizeLinear (w, s, z)
      lo = Constant <value = int8 {-7}> ()
      hi = Constant <value = int8 {7}> ()
      c = Clip (q, lo, hi)
      d = DequantizeLinear (c, s, z)
      y = MatMul (x, d))",
                          "float[N, 3] y");
  ASSERT_TRUE(I.G) << I.text();
  double S = 0.1f;
  auto R = [](double V) { return double{static_cast<float>(V)}; };
  // 0.15 / 0.1 in float32 is a little above 1.5, 0.25 / 0.1 exactly 2.5.
  EXPECT_EQ(I.run({1, 0}), (Vector{0, R(2 * S), R(2 * S)}));
  EXPECT_EQ(I.run({0, 1}), (Vector{0, R(7 * S), R(-7 * S)}));
  Imported Dynamic = importText(R"(
      s = Constant <value_float = 0.1> ()
      q = QuantizeLinear (x, s)
      y = DequantizeLinear (q, s))");
  EXPECT_TRUE(Dynamic.says("QuantizeLinear of a computed tensor, which rounds"))
      << Dynamic.text();
}

TEST(ONNXFold, QuantisersOfQONNX) {
  auto Model = [](const char *Op, const char *Options) {
    return std::string("<ir_version: 8, opset_import: [\"\" : 13, "
                       "\"qonnx.custom_op.general\" : 1]>\n"
                       "g (float[N, 2] x) => (float[N, 3] y) {\n"
                       "w = Constant <value = float[2,3] {0.3, -0.6, 5.0, "
                       "-5.0, 0.0, 0.25}> ()\n"
                       "s = Constant <value_float = 0.5> ()\n"
                       "z = Constant <value_float = 0.0> ()\n"
                       "b = Constant <value_float = 3.0> ()\n"
                       "q = qonnx.custom_op.general.") +
           Op + Options + "\ny = MatMul (x, q)\n}\n";
  };
  Imported Bipolar(Model("BipolarQuant", " (w, s)"), "m.onnxtext");
  ASSERT_TRUE(Bipolar.G) << Bipolar.text();
  EXPECT_EQ(Bipolar.run({1, 0}), (Vector{0.5, -0.5, 0.5}));
  EXPECT_EQ(Bipolar.run({0, 1}), (Vector{-0.5, 0.5, 0.5}));
  Imported Signed(Model("Quant", " (w, s, z, b)"), "m.onnxtext");
  ASSERT_TRUE(Signed.G) << Signed.text();
  EXPECT_EQ(Signed.run({1, 0}), (Vector{0.5, -0.5, 1.5}));
  EXPECT_EQ(Signed.run({0, 1}), (Vector{-2, 0, 0}));
  Imported Narrow(Model("Quant", " <narrow = 1> (w, s, z, b)"), "m.onnxtext");
  EXPECT_EQ(Narrow.run({0, 1}), (Vector{-1.5, 0, 0}));
  Imported Unsigned(Model("Quant", " <signed = 0> (w, s, z, b)"), "m.onnxtext");
  EXPECT_EQ(Unsigned.run({1, 0}), (Vector{0.5, 0, 3.5}));
  EXPECT_TRUE(Imported(Model("BipolarQuant", " (x, s)"), "m.onnxtext")
                  .says("qonnx.custom_op.general.BipolarQuant of a computed "
                        "tensor, where it jumps"));
  EXPECT_TRUE(
      Imported(Model("Quant", " <rounding_mode = \"ODD\"> (w, s, z, b)"),
               "m.onnxtext")
          .says("'ODD' is no way of rounding"));
}

TEST(ONNXFold, InputsThatAreFixed) {
  std::string Text =
      textModel("t = MatMul (x, W)\ny = ReduceSum (t, axes)", "float[N, m] y",
                "float[N, 2] x, float[2, 2] W, int64[k] axes");
  auto Run = [&](std::map<std::string, Array> Fixed) {
    Collected Diags;
    auto G = importONNX(Text, "m.onnxtext", Diags.Engine, {{}, Fixed});
    return std::pair(std::move(G), Diags.text());
  };
  Array W{{2, 2}, {1, 2, 3, 4}, "W.npy", false};
  Array Axes{{1}, {1}, "<numbers>", true};
  auto [G, Said] = Run({{"W", W}, {"axes", Axes}});
  ASSERT_TRUE(G) << Said;
  ASSERT_EQ(G->inputs().size(), 1u);
  EXPECT_EQ(evaluate(*G, {{1, 10}})[0], (Vector{73}));
  // With a leading 1, which may be there or not.
  Array Led{{1, 2, 2}, {1, 2, 3, 4}, "W.npy", false};
  EXPECT_TRUE(Run({{"W", Led}, {"axes", Axes}}).first);
  Array Wrong{{4}, {1, 2, 3, 4}, "W.npy", false};
  EXPECT_NE(
      Run({{"W", Wrong}, {"axes", Axes}})
          .second.find(
              "input 'W': error: expected values of the shape [2,2], found "
              "[4] in W.npy"),
      std::string::npos);
  Array Beyond{{1}, {0.5}, "<numbers>", true};
  EXPECT_NE(Run({{"W", W}, {"axes", Beyond}})
                .second.find("expected values of type int64, found 0.5"),
            std::string::npos);
  EXPECT_NE(Run({{"V", W}}).second.find("the model has no input 'V'"),
            std::string::npos);
}

TEST(ONNXArithmetic, ElementaryFunctions) {
  Dense X({2, 3});
  X.Data = {0.1, 0.3, 0.5, 0.7, 0.9, 0.95};
  auto Check = [&](const char *Op, double (*F)(double), double Shift = 0) {
    Dense Y = X;
    for (double &V : Y.Data)
      V += Shift;
    OneNode(Op, X.Shape).expect({Y}, {map(Y, F)}, 1e-12);
  };
  Check("Sqrt", std::sqrt);
  Check("Reciprocal", [](double V) { return 1 / V; });
  Check("Log", std::log);
  Check("Erf", std::erf);
  Check("Sin", std::sin);
  Check("Cos", std::cos);
  Check("Tan", std::tan);
  Check("Asin", std::asin);
  Check("Acos", std::acos);
  Check("Atan", std::atan);
  Check("Sinh", std::sinh);
  Check("Cosh", std::cosh);
  Check("Asinh", std::asinh);
  Check("Acosh", std::acosh, 1);
  Check("Atanh", std::atanh);
}

TEST(ONNXArithmetic, PowersOfKnownExponents) {
  Dense X({2, 3}), One({1}), Each({3}), Column({2, 1});
  X.Data = {0.5, 1, 1.5, 2, 2.5, 3};
  One.Data = {3};
  Each.Data = {0, 1, 2.5};
  Column.Data = {-1, 2};
  auto Pow = [](double A, double B) { return std::pow(A, B); };
  for (const Dense *P : {&One, &Each, &Column})
    OneNode("Pow", X.Shape).operand(*P).expect({X}, {zip(X, *P, Pow)}, 1e-12);
  // A column that is computed is spread over the exponents.
  Dense C({2, 1});
  C.Data = {0.5, 3};
  OneNode("Pow", C.Shape).operand(Each).expect({C}, {zip(C, Each, Pow)}, 1e-12);
  OneNode("Pow", X.Shape)
      .input("p", {1})
      .refuses("Pow with a computed exponent");
}

TEST(ONNXArithmetic, SquaresOfOneTensor) {
  Dense X = Dice(11).tensor({2, 3});
  OneNode Square("Mul", X.Shape);
  Square.N.add_input("x");
  Square.expect({X}, {map(X, [](double V) { return V * V; })}, 1e-12);
  OneNode Ratio("Div", X.Shape);
  Ratio.N.add_input("x");
  Ratio.refuses("Div of two computed tensors");
}

TEST(ONNXArithmetic, ReductionsOfFunctions) {
  Dense X({2, 3}), Squares({2}), Norm({2}), Logs({2});
  X.Data = {0.5, 1, 1.5, 2, 2.5, 3};
  forEach(X.Shape, [&](const Dims &I) {
    Squares.at({I[0]}) += X.at(I) * X.at(I);
    Logs.at({I[0]}) += X.at(I);
  });
  for (size_t I = 0; I < 2; ++I) {
    Norm.Data[I] = std::sqrt(Squares.Data[I]);
    Logs.Data[I] = std::log(Logs.Data[I]);
  }
  auto Check = [&](const char *Op, const Dense &Y) {
    OneNode(Op, X.Shape)
        .attribute("axes", Dims{1})
        .attribute("keepdims", int64_t{0})
        .expect({X}, {Y}, 1e-12);
  };
  Check("ReduceSumSquare", Squares);
  Check("ReduceL2", Norm);
  Check("ReduceLogSum", Logs);
}
