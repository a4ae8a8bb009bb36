//===- OdeIntegrator.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OdeIntegrator.h"
#include "KluSolver.h"
#include "Sundials.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

using namespace nn2crn;

struct OdeIntegrator::Impl {
  const OdeSystem &System;
  double Relative, Absolute;
  // Declared in the order in which they are needed and so destroyed in
  // reverse: the context last.
  sun::Owner<SUNContext> Context;
  sun::Owner<N_Vector> Y, Dense;
  std::unique_ptr<KluSolver> Klu;
  sun::CvodeOwner Cvode;
  std::vector<double> Rates, Amounts, Scratch;
  double Time = 0, StopTime = 0;
  std::string Failure;

  bool fail(std::string Why) {
    Failure = std::move(Why);
    return false;
  }
  bool create();
  void scatter(N_Vector From, std::span<double> To) const {
    std::span<double> Values = sun::dataOf(From);
    for (size_t I = 0; I < Values.size(); ++I)
      To[System.species()[I]] = Values[I];
  }
};

bool OdeIntegrator::Impl::create() {
  SUNContext Raw = nullptr;
  if (sun::createContext(&Raw) != 0)
    return fail("the integrator could not be set up");
  Context.reset(Raw);
  Y.reset(sun::newVector(static_cast<sunindextype>(System.size()), Raw));
  Dense.reset(Y ? N_VClone(Y.get()) : nullptr);
  Klu = std::make_unique<KluSolver>(System, Raw);
  if (!Y || !Dense || !Klu->valid())
    return fail("there is not enough memory for the Newton matrix");
  Cvode.reset(CVodeCreate(CV_BDF, Raw));
  if (!Cvode)
    return fail("the integrator could not be set up");
  void *C = Cvode.get();
  sun::silence(Raw, C);
  CVRhsFn Derivative = [](double, N_Vector State, N_Vector Result, void *Data) {
    auto *I = static_cast<Impl *>(Data);
    I->System.derivative(I->Rates, sun::dataOf(State).data(),
                         sun::dataOf(Result).data());
    return 0;
  };
  CVLsLinSysFn NewtonMatrix = [](double, N_Vector State, N_Vector, SUNMatrix,
                                 sun::BooleanType JacobianIsFresh,
                                 sun::BooleanType *Recomputed, double Gamma,
                                 void *Data, N_Vector, N_Vector, N_Vector) {
    auto *I = static_cast<Impl *>(Data);
    *Recomputed = !JacobianIsFresh;
    if (!JacobianIsFresh)
      I->System.jacobian(I->Rates, sun::dataOf(State).data(),
                         I->Klu->jacobian().data());
    I->Klu->combine(Gamma);
    return 0;
  };
  bool Fine =
      CVodeInit(C, Derivative, 0, Y.get()) == CV_SUCCESS &&
      CVodeSetUserData(C, this) == CV_SUCCESS &&
      CVodeSStolerances(C, Relative, Absolute) == CV_SUCCESS &&
      CVodeSetLinearSolver(C, Klu->solver(), Klu->matrix()) == CVLS_SUCCESS &&
      CVodeSetLinSysFn(C, NewtonMatrix) == CVLS_SUCCESS &&
      CVodeSetMaxErrTestFails(C, 20) == CV_SUCCESS &&
      CVodeSetMaxConvFails(C, 50) == CV_SUCCESS;
  return Fine || fail("the integrator could not be set up");
}

OdeIntegrator::OdeIntegrator(const OdeSystem &System, double RelativeTolerance,
                             double AbsoluteTolerance)
    : P(new Impl{System,
                 RelativeTolerance,
                 AbsoluteTolerance,
                 {},
                 {},
                 {},
                 {},
                 {},
                 {},
                 {},
                 {},
                 0,
                 0,
                 {}}) {
  P->Rates.resize(System.reactionCount());
}

OdeIntegrator::~OdeIntegrator() = default;

bool OdeIntegrator::start(std::span<const double> Amounts, double StopTime) {
  P->Amounts.assign(Amounts.begin(), Amounts.end());
  P->Time = 0;
  P->StopTime = StopTime;
  P->Failure.clear();
  if (P->System.size() == 0)
    return true;
  if (!P->System.fits())
    return P->fail("the network's Jacobian has more than 2^31 entries");
  if (!P->Cvode && !P->create()) {
    P->Cvode.reset();
    return false;
  }
  P->Klu->reset();
  P->System.foldRates(Amounts, P->Rates);
  std::span<double> Y = sun::dataOf(P->Y.get());
  for (size_t I = 0; I < Y.size(); ++I)
    Y[I] = Amounts[P->System.species()[I]];
  if (CVodeReInit(P->Cvode.get(), 0, P->Y.get()) != CV_SUCCESS ||
      CVodeSetStopTime(P->Cvode.get(), StopTime) != CV_SUCCESS)
    return P->fail("the integrator could not be set up");
  return true;
}

bool OdeIntegrator::step() {
  if (P->System.size() == 0) { // nothing ever changes
    P->Time = P->StopTime;
    return true;
  }
  int Flag =
      CVode(P->Cvode.get(), P->StopTime, P->Y.get(), &P->Time, CV_ONE_STEP);
  switch (Flag) {
  case CV_SUCCESS:
  case CV_TSTOP_RETURN:
    break;
  case CV_ERR_FAILURE:
  case CV_CONV_FAILURE:
    return P->fail("the step size became too small; amounts or rates are "
                   "beyond what double precision can follow");
  case CV_ILL_INPUT:
  case CV_TOO_CLOSE:
    return P->fail("the amounts or the end time are out of range");
  default: {
    char *Name = CVodeGetReturnFlagName(Flag);
    std::string Text = std::string("the integrator stopped with ") + Name;
    free(Name);
    return P->fail(Text);
  }
  }
  P->scatter(P->Y.get(), P->Amounts);
  for (double Amount : sun::dataOf(P->Y.get()))
    if (!std::isfinite(Amount))
      return P->fail("an amount grew beyond all bounds");
  return true;
}

bool OdeIntegrator::isStatic() const { return P->System.size() == 0; }

double OdeIntegrator::time() const { return P->Time; }

std::span<const double> OdeIntegrator::amounts() const { return P->Amounts; }

bool OdeIntegrator::interpolate(double Time, std::span<double> Amounts) {
  std::ranges::copy(P->Amounts, Amounts.begin());
  if (P->System.size() == 0)
    return true;
  if (CVodeGetDky(P->Cvode.get(), Time, 0, P->Dense.get()) != CV_SUCCESS)
    return P->fail("no value is known at time " + std::to_string(Time));
  P->scatter(P->Dense.get(), Amounts);
  return true;
}

double OdeIntegrator::slowestRelaxation(double Level,
                                        std::span<const double> Consumable) {
  if (P->System.size() == 0)
    return 0;
  return P->System.slowestRelaxation(P->Rates, sun::dataOf(P->Y.get()).data(),
                                     Level, Consumable, P->Scratch);
}

const std::string &OdeIntegrator::failure() const { return P->Failure; }
