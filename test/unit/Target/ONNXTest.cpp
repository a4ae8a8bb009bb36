//===- ONNXTest.cpp -------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The way back without an ONNX runtime: the checker of the package must take
// the model, and an interpreter of the dozen operators that are written must
// give what the network's limit reads.
//
//===----------------------------------------------------------------------===//

#include "../ParseNetwork.h"
#include "../RandomFeedForward.h"
#include "../RandomGraph.h"
#include "nn2crn/Lowering/NcRelu.h"
#include "nn2crn/Target/Target.h"

#include "llvm/Support/raw_ostream.h"

#include "onnx/checker.h"
#include "onnx/onnx_pb.h"
#include "onnx/shape_inference/implementation.h"

#include <cstring>
#include <map>

using namespace nn2crn;
using namespace nn2crn::test;

namespace {
struct Tensor {
  std::vector<int64_t> Shape;
  std::vector<double> Data;
  int64_t columns() const { return Shape.back(); }
  int64_t rows() const { return static_cast<int64_t>(Data.size()) / columns(); }
};

Tensor constant(const onnx::TensorProto &T) {
  Tensor Out;
  Out.Shape.assign(T.dims().begin(), T.dims().end());
  Out.Data.resize(T.raw_data().size() / 8);
  for (size_t I = 0; I < Out.Data.size(); ++I) {
    const char *From = T.raw_data().data() + 8 * I;
    if (T.data_type() == onnx::TensorProto::INT64) {
      int64_t V = 0;
      std::memcpy(&V, From, 8);
      Out.Data[I] = static_cast<double>(V);
    } else {
      std::memcpy(&Out.Data[I], From, 8);
    }
  }
  return Out;
}

/// Element by element; \p B may be one row for all of A's.
template <class Fn> Tensor zip(const Tensor &A, const Tensor &B, Fn Apply) {
  Tensor Out = A;
  for (size_t I = 0; I < Out.Data.size(); ++I)
    Out.Data[I] = Apply(A.Data[I], B.Data[I % B.Data.size()]);
  return Out;
}

Tensor columns(const Tensor &From, const std::vector<int64_t> &Wanted) {
  Tensor Out{{From.rows(), static_cast<int64_t>(Wanted.size())}, {}};
  for (int64_t R = 0; R < From.rows(); ++R)
    for (int64_t C : Wanted)
      Out.Data.push_back(
          From.Data.at(static_cast<size_t>(R * From.columns() + C)));
  return Out;
}

void reshape(Tensor &T, const Tensor &To) {
  int64_t Known = 1;
  T.Shape.clear();
  for (double D : To.Data) {
    T.Shape.push_back(static_cast<int64_t>(D));
    Known *= D < 0 ? 1 : T.Shape.back();
  }
  for (int64_t &D : T.Shape)
    if (D < 0)
      D = static_cast<int64_t>(T.Data.size()) / Known;
}

Tensor matmul(const Tensor &A, const Tensor &B) {
  EXPECT_EQ(A.columns(), B.rows());
  Tensor Out{{A.rows(), B.columns()}, {}};
  for (int64_t R = 0; R < A.rows(); ++R)
    for (int64_t C = 0; C < B.columns(); ++C) {
      double Sum = 0;
      for (int64_t K = 0; K < A.columns(); ++K)
        Sum += A.Data[static_cast<size_t>(R * A.columns() + K)] *
               B.Data[static_cast<size_t>(K * B.columns() + C)];
      Out.Data.push_back(Sum);
    }
  return Out;
}

using Values = std::map<std::string, Tensor>;

void evaluateNode(const onnx::NodeProto &N, Values &V) {
  auto In = [&](int I) -> const Tensor & { return V.at(N.input(I)); };
  const std::string &Op = N.op_type();
  Tensor Out;
  if (Op == "Reshape") {
    Out = In(0);
    reshape(Out, In(1));
  } else if (Op == "Relu") {
    Out = zip(In(0), In(0), [](double A, double) { return std::max(A, 0.0); });
  } else if (Op == "Add") {
    Out = zip(In(0), In(1), std::plus<>());
  } else if (Op == "Sub") {
    Out = zip(In(0), In(1), std::minus<>());
  } else if (Op == "Mul") {
    Out = zip(In(0), In(1), std::multiplies<>());
  } else if (Op == "MatMul") {
    Out = matmul(In(0), In(1));
  } else if (Op == "Min") {
    Out = In(0);
    for (int I = 1; I < N.input_size(); ++I)
      Out = zip(Out, In(I), [](double A, double B) { return std::min(A, B); });
  } else if (Op == "Gather") {
    Out = columns(In(0), {In(1).Data.begin(), In(1).Data.end()});
  } else if (Op == "Concat") {
    Out = {{In(0).rows(), 0}, {}};
    for (int I = 0; I < N.input_size(); ++I)
      Out.Shape[1] += In(I).columns();
    for (int64_t R = 0; R < Out.Shape[0]; ++R)
      for (int I = 0; I < N.input_size(); ++I) {
        const double *Row = In(I).Data.data() + R * In(I).columns();
        Out.Data.insert(Out.Data.end(), Row, Row + In(I).columns());
      }
  } else if (Op == "Split") {
    int64_t Column = 0;
    for (int I = 0; I < N.output_size(); ++I) {
      std::vector<int64_t> Wanted;
      for (double K = 0; K < In(1).Data[static_cast<size_t>(I)]; ++K)
        Wanted.push_back(Column++);
      V[N.output(I)] = columns(In(0), Wanted);
    }
    EXPECT_EQ(Column, In(0).columns());
    return;
  } else {
    FAIL() << "operator " << Op << " was not expected";
  }
  V[N.output(0)] = std::move(Out);
}

struct Translated {
  Collected Diags;
  bool Ok = false;
  onnx::ModelProto Model;

  explicit Translated(const Network &Net) {
    std::string Bytes;
    {
      llvm::raw_string_ostream OS(Bytes);
      Ok = findTarget("onnx")->Emit(Net, OS, Diags.Engine);
    }
    if (Ok)
      Ok = Model.ParseFromString(Bytes);
  }

  /// The outputs of several cases, a row each.
  std::vector<std::vector<double>>
  run(const Network &Net,
      const std::vector<std::vector<std::vector<double>>> &Cases) const {
    Values V;
    for (const auto &T : Model.graph().initializer())
      V[T.name()] = constant(T);
    int Next = 0;
    for (const Port &P : Net.ports())
      if (P.Direction == PortDirection::Input) {
        Tensor &X = V[Model.graph().input(Next).name()];
        X.Shape = {static_cast<int64_t>(Cases.size())};
        X.Shape.insert(X.Shape.end(), P.Shape.begin(), P.Shape.end());
        for (const auto &Case : Cases) {
          const auto &Row = Case[static_cast<size_t>(Next)];
          X.Data.insert(X.Data.end(), Row.begin(), Row.end());
        }
        ++Next;
      }
    for (const auto &N : Model.graph().node())
      evaluateNode(N, V);
    std::vector<std::vector<double>> Rows(Cases.size());
    for (const auto &O : Model.graph().output()) {
      const Tensor &T = V.at(O.name());
      EXPECT_EQ(T.Shape[0], static_cast<int64_t>(Cases.size()));
      EXPECT_EQ(T.Shape.size(),
                static_cast<size_t>(O.type().tensor_type().shape().dim_size()));
      size_t Width = T.Data.size() / Cases.size();
      for (size_t I = 0; I < Cases.size(); ++I)
        Rows[I].insert(Rows[I].end(), T.Data.begin() + I * Width,
                       T.Data.begin() + (I + 1) * Width);
    }
    return Rows;
  }
};

void expectSame(const Network &Net, unsigned Seed) {
  Translated T(Net);
  ASSERT_TRUE(T.Ok) << T.Diags.text();
  EXPECT_LE(T.Model.ir_version(), 8);
  ASSERT_NO_THROW({
    onnx::checker::check_model(T.Model);
    onnx::shape_inference::InferShapes(
        T.Model, onnx::OpSchemaRegistry::Instance(), {true, 1, false});
  });
  std::mt19937 Random(Seed);
  std::vector<std::vector<std::vector<double>>> Cases;
  for (int I = 0; I < 5; ++I)
    Cases.push_back(randomInputs(Net, Random));
  auto Rows = T.run(Net, Cases);
  for (size_t Case = 0; Case < Cases.size(); ++Case) {
    std::vector<double> Wanted = settledReadings(Net, Cases[Case]);
    ASSERT_EQ(Rows[Case].size(), Wanted.size());
    for (size_t I = 0; I < Wanted.size(); ++I)
      EXPECT_NEAR(Rows[Case][I], Wanted[I],
                  1e-9 * std::max(1.0, std::fabs(Wanted[I])))
          << "case " << Case << ", element " << I;
  }
}

} // namespace

TEST(ONNX, ReadsWhatAnyFeedForwardNetworkReads) {
  for (unsigned Seed = 0; Seed < 400; ++Seed) {
    SCOPED_TRACE("seed " + std::to_string(Seed));
    expectSame(randomFeedForward(Seed), Seed);
  }
}

TEST(ONNX, ReadsWhatLoweredGraphsCompute) {
  for (unsigned Seed = 0; Seed < 200; ++Seed) {
    SCOPED_TRACE("seed " + std::to_string(Seed));
    Builder B(Seed);
    B.fill();
    Collected Diags;
    auto Net = lowerNcRelu(B.G, Diags.Engine);
    ASSERT_TRUE(Net);
    expectSame(*Net, Seed);
  }
}

TEST(ONNX, IsAsWideAsALayer) {
  // Three hidden layers: what the first ones are supplied with does not come
  // back as a wider matrix in the later ones.
  Builder B(1);
  auto Dense = [&](uint32_t Rows, ValueId From) {
    SparseMatrix W(6);
    for (uint32_t R = 0; R < Rows; ++R) {
      for (uint32_t C = 0; C < 6; ++C)
        W.add(C, B.below(2) ? 1 : -1);
      W.endRow();
    }
    std::vector<Node::Operand> Operands;
    Operands.push_back({From, std::move(W), B.S});
    return B.G.addAffine("a", {Rows}, std::move(Operands), {}, B.S);
  };
  ValueId V = B.G.addInput("x", {6});
  for (int Layer = 0; Layer < 3; ++Layer)
    V = B.G.addRelu("h", Dense(6, V), B.S);
  B.G.addOutput("y", Dense(2, V), {2});
  Collected Diags;
  auto Net = lowerNcRelu(B.G, Diags.Engine);
  ASSERT_TRUE(Net);
  Translated T(*Net);
  ASSERT_TRUE(T.Ok);
  int Matrices = 0;
  for (const auto &I : T.Model.graph().initializer())
    if (I.dims_size() == 2) {
      ++Matrices;
      EXPECT_LE(I.dims(0), 12) << I.name();
      EXPECT_LE(I.dims(1), 12) << I.name();
    }
  EXPECT_EQ(Matrices, 4);
  std::map<std::string, int> Ops;
  for (const auto &N : T.Model.graph().node())
    ++Ops[N.op_type()];
  EXPECT_EQ(Ops["MatMul"], 4);
  EXPECT_EQ(Ops["Min"], 3);
  EXPECT_EQ(Ops["Relu"], 1);
}

TEST(ONNX, AnOperandOfItsOwnMinimumIsSpeltOut) {
  // What N is supplied with is what Z passes on, and Z's own minimum, of M and
  // N, is not known before.
  expectSame(parse("@input x[2] dual\n@output y[] single\n"
                   "x.0.p -> Z + a\nx.1.p -> 2 Z + b\nx.0.n -> Z + a\n"
                   "Z -> M + H\nH -> N + 2 b\na -> N\nM + N -> y\nb -> y\n"),
             3);
}

TEST(ONNX, KeepsNamesApart) {
  Network Net = parse("@input x[] dual\n@output x[] dual\n"
                      "@bind x[0] = q - r\n@output x_out[1] single\n"
                      "@bind x_out[0] = q\nx.p -> q\nx.n -> r\n");
  Translated T(Net);
  ASSERT_TRUE(T.Ok) << T.Diags.text();
  EXPECT_EQ(T.Model.graph().input(0).name(), "x");
  EXPECT_EQ(T.Model.graph().output(0).name(), "x_out");
  EXPECT_EQ(T.Model.graph().output(1).name(), "x_out_out");
  expectSame(Net, 1);
}

TEST(ONNX, ConstantsHaveABatchAxis) {
  expectSame(parse("@input x[3] dual\n@output y[2] single\n"
                   "a + b -> y.0\na @initial 2\nb @initial 3\n"
                   "y.1 @initial 7\n"),
             1);
}

TEST(ONNX, RefusesMatricesThatNoFileHolds) {
  // 17,000 x 17,000, with two entries a column.
  std::string Text = "@input x[17000] single\n@output y[17000] single\n";
  for (int I = 0; I < 17000; ++I)
    Text += "x." + std::to_string(I) + " -> y." + std::to_string(I) + " + y." +
            std::to_string((I + 1) % 17000) + "\n";
  Translated T(parse(Text));
  EXPECT_FALSE(T.Ok);
  ASSERT_EQ(T.Diags.errors(DiagId::CannotExpress), 1u) << T.Diags.text();
  EXPECT_NE(T.Diags.text().find("less than 2 GB"), std::string::npos);
}

TEST(ONNX, PassesElementsThroughWithoutAMatrix) {
  std::string Text =
      "@input x[17000] single range=0:1\n@output y[17000] single\n";
  for (int I = 0; I < 17000; ++I)
    Text +=
        "x." + std::to_string(I) + " -> y." + std::to_string(16999 - I) + "\n";
  expectSame(parse(Text), 1);
}
