//===- Piecewise.cpp - Fewest links in a tube -----------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A continuous piecewise-linear function within E of the activation is a chain
// of links within a tube. The chain with the fewest links is found greedily:
// each link is the line that stays longest. What any chain of as many links can
// reach lies before the last such line, and the next link starts from it. The
// least E for a number of links is found by bisection.
//
// The tube is known at samples, dense enough that between them the activation
// is within a small part of E of its chords.
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Graph/Piecewise.h"

#include <algorithm>
#include <cassert>
#include <cmath>

using namespace nn2crn;

namespace {
struct Line {
  double Slope, Offset;
  double at(double X) const { return Slope * X + Offset; }
};

struct Point {
  double X, Y;
};

/// The lines above all lower points and below all upper points, both given from
/// left to right.
class Stabber {
public:
  /// False where no line is left; then nothing has changed.
  bool addUpper(Point P) { return add(P, Upper, Lower, 1, High, HighTouch); }
  bool addLower(Point P) { return add(P, Lower, Upper, -1, Low, LowTouch); }

  /// The steepest line upwards touches a lower point and then an upper one.
  Line steepest(Point &Last) const {
    Last = HighTouch;
    return {High, HighTouch.Y - High * HighTouch.X};
  }
  Line shallowest(Point &Last) const {
    Last = LowTouch;
    return {Low, LowTouch.Y - Low * LowTouch.X};
  }
  /// In the middle of those of a slope; nothing where there is none.
  std::optional<Line> ofSlope(double Slope) const {
    double Floor = -HUGE_VAL, Ceiling = HUGE_VAL;
    for (Point P : Lower.All)
      Floor = std::max(Floor, P.Y - Slope * P.X);
    for (Point P : Upper.All)
      Ceiling = std::min(Ceiling, P.Y - Slope * P.X);
    if (Floor > Ceiling)
      return std::nullopt;
    return Line{Slope, Floor + (Ceiling - Floor) / 2};
  }
  double middleSlope() const {
    if (std::isinf(Low) || std::isinf(High))
      return std::isinf(Low) ? (std::isinf(High) ? 0 : High) : Low;
    return Low + (High - Low) / 2;
  }

private:
  struct Side {
    std::vector<Point> All;
    /// Those that lines can touch: the upper hull of lower points, the lower
    /// hull of upper ones.
    std::vector<Point> Hull;
  };
  static double slope(Point A, Point B) { return (B.Y - A.Y) / (B.X - A.X); }
  /// \p Sign is 1 for an upper point, which bounds slopes from above.
  bool add(Point P, Side &Mine, const Side &Other, double Sign, double &Bound,
           Point &Touch) {
    double Best = Sign * HUGE_VAL;
    // Slopes to a hull fall and then rise.
    const auto &Hull = Other.Hull;
    size_t First = 0, End = Hull.size();
    while (End > 0 && Hull[End - 1].X >= P.X)
      --End;
    size_t Points = End;
    while (End - First > 1) {
      size_t Mid = First + (End - First) / 2;
      if (Sign * slope(Hull[Mid], P) <= Sign * slope(Hull[Mid - 1], P))
        First = Mid;
      else
        End = Mid;
    }
    if (Points != 0)
      Best = slope(Hull[First], P);
    if (Sign > 0 ? Best < Low : Best > High)
      return false;
    if (Sign * Best < Sign * Bound) {
      Bound = Best;
      Touch = P;
    }
    Mine.All.push_back(P);
    while (Mine.Hull.size() > 1 &&
           Sign * slope(Mine.Hull[Mine.Hull.size() - 2], Mine.Hull.back()) >=
               Sign * slope(Mine.Hull[Mine.Hull.size() - 2], P))
      Mine.Hull.pop_back();
    Mine.Hull.push_back(P);
    return true;
  }

  Side Upper, Lower;
  double Low = -HUGE_VAL, High = HUGE_VAL;
  Point LowTouch{}, HighTouch{};
};

/// The links of a chain, and how far off it is.
struct Chain {
  std::vector<Line> Links;
  double Error = 0;
};

class Fit {
public:
  Fit(const SmoothFunction &F, Interval On) : F(F), On(On) {
    Left = std::isinf(On.Low) ? F.ray(false) : std::nullopt;
    Right = std::isinf(On.High) ? F.ray(true) : std::nullopt;
    assert((Left || std::isfinite(On.Low)) &&
           (Right || std::isfinite(On.High)) && "no asymptote there");
  }
  /// The chain with the fewest links; empty where it takes more than \p Most.
  std::optional<Chain> links(double Error, unsigned Most);
  Chain best(unsigned Segments);
  std::optional<PiecewiseLinear> rounded(const Chain &C, int Bits);
  PiecewiseLinear plain(const Chain &C);
  /// With as few bits of the slopes as keep the error below \p Most.
  std::optional<PiecewiseLinear> fewBits(const Chain &C, double Most);

private:
  /// False where that takes so many samples that the chain takes more than
  /// \p Most links.
  bool sample(double Error, unsigned Most);
  void sampleCell(double A, double B, double Within, unsigned Depth);

  const SmoothFunction &F;
  Interval On;
  std::optional<SmoothFunction::Ray> Left, Right;
  std::vector<Point> Samples;
  size_t Limit = 0;
};
} // namespace

void Fit::sampleCell(double A, double B, double Within, unsigned Depth) {
  double Middle = A + (B - A) / 2;
  if (Depth == 0 || Samples.size() > Limit ||
      (B - A) * (B - A) / 8 * F.curvature(A, B) <= Within) {
    Samples.push_back({B, F(B)});
    return;
  }
  sampleCell(A, Middle, Within, Depth - 1);
  sampleCell(Middle, B, Within, Depth - 1);
}

bool Fit::sample(double Error, unsigned Most) {
  constexpr double Share = 0x1p-10;
  Samples.clear();
  // A link of the best chain has some fifty.
  Limit = 4096 + size_t{1024} * Most;
  // Where the activation is as good as at its asymptote.
  auto Tail = [&](const SmoothFunction::Ray &R, double Way) {
    double X = F.farOut();
    while (std::fabs(F(Way * X) - R.at(Way * X)) > Share * Error && X < 0x1p60)
      X *= 1.125;
    return Way * X;
  };
  double Low = On.Low, High = On.High;
  if (Left)
    Low = std::min(Tail(*Left, -1), std::isinf(High) ? 0.0 : High - 1);
  if (Right)
    High = std::max(Tail(*Right, 1), std::isinf(On.Low) ? 0.0 : Low + 1);
  std::vector<double> Ends = F.kinks();
  std::erase_if(Ends, [&](double X) { return X <= Low || X >= High; });
  Ends.push_back(High);
  Samples.push_back({Low, F(Low)});
  // At least some, for straight stretches.
  constexpr int Cells = 16;
  for (double End : Ends) {
    double From = Samples.back().X;
    for (int I = 1; I <= Cells; ++I) {
      double A = Samples.back().X,
             B = I == Cells ? End : From + (End - From) * I / Cells;
      if (B > A)
        sampleCell(A, B, Share * Error, 40);
    }
  }
  return Samples.size() <= Limit;
}

std::optional<Chain> Fit::links(double Error, unsigned Most) {
  if (!sample(Error, Most))
    return std::nullopt;
  Chain Out;
  Out.Error = Error;
  size_t N = Samples.size();
  auto UpperAt = [&](size_t I) {
    double Y = Samples[I].Y;
    if (Right && I + 1 == N)
      Y = std::min(Y, Right->at(Samples[I].X));
    return Point{Samples[I].X, Y + Error};
  };
  auto LowerAt = [&](size_t I) {
    double Y = Samples[I].Y;
    if (Right && I + 1 == N)
      Y = std::max(Y, Right->at(Samples[I].X));
    return Point{Samples[I].X, Y - Error};
  };
  // Where the line leaves the tube, between samples I - 1 and I.
  auto Exit = [&](const Line &L, size_t I, bool Below) {
    Point A = Below ? LowerAt(I - 1) : UpperAt(I - 1),
          B = Below ? LowerAt(I) : UpperAt(I);
    double DA = L.at(A.X) - A.Y, DB = L.at(B.X) - B.Y;
    double X = DA == DB ? A.X : A.X + (B.X - A.X) * DA / (DA - DB);
    X = std::clamp(X, A.X, B.X);
    return Point{X, L.at(X)};
  };

  // The line so far: the last point where it touches the tube, where it leaves
  // it, at which sample that is seen, and whether below or above.
  Point Touch{}, Leave{};
  size_t Next = 0;
  bool Below = false, Started = false;
  if (Left) {
    double Slope = Left->Slope, Floor = Left->Offset - Error,
           Ceiling = Left->Offset + Error;
    Point AtFloor{Samples[0].X, Left->at(Samples[0].X) - Error},
        AtCeiling{Samples[0].X, Left->at(Samples[0].X) + Error};
    for (Next = 0; Next < N; ++Next) {
      Point U = UpperAt(Next), L = LowerAt(Next);
      double C = U.Y - Slope * U.X, D = L.Y - Slope * L.X;
      if (D > Ceiling || C < Floor) {
        Below = D > Ceiling;
        break;
      }
      if (C < Ceiling) {
        Ceiling = C;
        AtCeiling = U;
      }
      if (D > Floor) {
        Floor = D;
        AtFloor = L;
      }
    }
    if (Next == N && (!Right || Right->Slope == Slope)) {
      Out.Links.push_back({Slope, Floor + (Ceiling - Floor) / 2});
      return Out;
    }
    if (Next == N) // Never: asymptotes of other slopes part.
      return std::nullopt;
    Line L{Slope, Below ? Ceiling : Floor};
    Touch = Below ? AtCeiling : AtFloor;
    Leave = Next == 0 ? Touch : Exit(L, Next, Below);
    Out.Links.push_back(L);
    Started = true;
  }
  while (Out.Links.size() < Most) {
    Stabber Free;
    size_t At = Next;
    if (Started) {
      // From the line so far, upwards where it leaves the tube below: the new
      // link is under it at Touch and over it at Leave. Until there it need
      // only keep to the near side.
      if (Below)
        Free.addUpper(Touch);
      else
        Free.addLower(Touch);
      size_t I = Next;
      while (I > 0 && Samples[I - 1].X > Touch.X)
        --I;
      for (; I < Next; ++I)
        if (Below)
          Free.addUpper(UpperAt(I));
        else
          Free.addLower(LowerAt(I));
      if (Below)
        Free.addLower(Leave);
      else
        Free.addUpper(Leave);
    }
    bool Up = true, Done = true;
    for (; At < N; ++At) {
      if (!Free.addLower(LowerAt(At))) {
        Up = true;
        Done = false;
        break;
      }
      if (!Free.addUpper(UpperAt(At))) {
        Up = false;
        Done = false;
        break;
      }
    }
    if (Done) {
      // The last link, in the middle of what is left.
      auto Last = Free.ofSlope(Right ? Right->Slope : Free.middleSlope());
      if (Last || !Right) {
        Out.Links.push_back(Last ? *Last : Line{0, Samples[0].Y});
        return Out;
      }
      // It would have to turn once more, to go along the asymptote.
      Point Ignored{};
      Line Tried = Free.shallowest(Ignored);
      Up = Tried.Slope < Right->Slope;
      At = N - 1;
    }
    Point Last{};
    Line L = Up ? Free.steepest(Last) : Free.shallowest(Last);
    if (!std::isfinite(L.Slope))
      return std::nullopt;
    Out.Links.push_back(L);
    Touch = Last;
    Below = Up;
    Leave =
        Done ? Point{Samples[At].X, L.at(Samples[At].X)} : Exit(L, At, Below);
    if (Leave.X <= Touch.X)
      Leave = Touch;
    Next = At;
    Started = true;
  }
  return std::nullopt;
}

Chain Fit::best(unsigned Segments) {
  if (Left && Right && Left->Slope != Right->Slope)
    Segments = std::max(Segments, 2U);
  std::optional<Chain> Good;
  double High = 1, Low = 0;
  for (int I = 0; I < 1000 && !(Good = links(High, Segments)); ++I) {
    Low = High;
    High *= 4;
  }
  assert(Good && "a wide tube holds a line");
  // What doubles cannot tell from exact.
  double Nothing = 1e-13;
  while (Low == 0 && High > Nothing) {
    auto Tried = links(High / 4, Segments);
    if (!Tried) {
      Low = High / 4;
      break;
    }
    Good = std::move(Tried);
    High /= 4;
  }
  while (High > Low * 1.0003 && High > Nothing) {
    double Middle = Low + (High - Low) / 2;
    if (auto Tried = links(Middle, Segments)) {
      Good = std::move(Tried);
      High = Middle;
    } else {
      Low = Middle;
    }
  }
  return std::move(*Good);
}

/// Where links meet.
static std::vector<double> meetings(const std::vector<Line> &Links) {
  std::vector<double> Out;
  for (size_t I = 1; I < Links.size(); ++I)
    Out.push_back((Links[I - 1].Offset - Links[I].Offset) /
                  (Links[I].Slope - Links[I - 1].Slope));
  return Out;
}

PiecewiseLinear Fit::plain(const Chain &C) {
  PiecewiseLinear P;
  P.Offset = C.Links[0].Offset;
  P.Slope = C.Links[0].Slope;
  std::vector<double> At = meetings(C.Links);
  // Of the slope that the sum comes to, so that the last one is met.
  double Slope = P.Slope;
  for (size_t I = 0; I < At.size(); ++I) {
    P.Knots.push_back({At[I], C.Links[I + 1].Slope - Slope});
    Slope += P.Knots.back().Change;
  }
  P.Error = provenError(F, P, On);
  return P;
}

/// The chain with slopes of \p Bits binary places. Each link is moved up or
/// down so that it is as good as it can be where it was; where they meet then
/// is rounded too, each time making up for what rounding did before.
std::optional<PiecewiseLinear> Fit::rounded(const Chain &C, int Bits) {
  double Step = std::ldexp(F.slopeUnit(), -Bits);
  std::vector<double> Meet = meetings(C.Links);
  PiecewiseLinear P;
  double Grid = std::exp2(std::floor(std::log2(C.Error / 64)));
  double Offset = 0, Steps = 0;
  for (size_t I = 0, At = 0; I < C.Links.size(); ++I) {
    double Before = Steps;
    Steps = std::rint(C.Links[I].Slope / Step);
    if (std::fabs(Steps) >= 0x1p20)
      return std::nullopt;
    double Slope = Steps * Step;
    if (I == 0 && Left && Slope != Left->Slope)
      return std::nullopt;
    if (I + 1 == C.Links.size() && Right && Slope != Right->Slope)
      return std::nullopt;
    double From = I == 0 ? Samples.front().X : Meet[I - 1],
           To = I < Meet.size() ? Meet[I] : Samples.back().X;
    double Most = -HUGE_VAL, Least = HUGE_VAL;
    auto See = [&](double V) {
      Most = std::max(Most, V);
      Least = std::min(Least, V);
    };
    See(F(From) - Slope * From);
    See(F(To) - Slope * To);
    for (; At < Samples.size() && Samples[At].X <= To; ++At)
      if (Samples[At].X >= From)
        See(Samples[At].Y - Slope * Samples[At].X);
    if (I == 0 && Left)
      See(Left->Offset);
    if (I + 1 == C.Links.size() && Right)
      See(Right->Offset);
    double Target = Least + (Most - Least) / 2;
    if (I == 0) {
      Offset = std::rint(Target / Grid) * Grid;
      P.Offset = Offset;
      P.Slope = Slope;
      continue;
    }
    double Change = (Steps - Before) * Step;
    if (Change == 0)
      return std::nullopt;
    // A steep turn moves what follows by more.
    double Fine =
        Grid /
        std::exp2(std::ceil(std::log2(std::max(1.0, std::fabs(Change)))));
    double Knot = std::rint((Offset - Target) / Change / Fine) * Fine;
    if (!P.Knots.empty() && Knot <= P.Knots.back().At)
      return std::nullopt;
    P.Knots.push_back({Knot, Change});
    Offset -= Change * Knot;
  }
  P.Error = provenError(F, P, On);
  return P;
}

std::optional<PiecewiseLinear> Fit::fewBits(const Chain &C, double Most) {
  sample(C.Error, MostSegments);
  for (int Bits = 1; Bits <= 20; ++Bits)
    if (auto P = rounded(C, Bits); P && P->Error <= Most)
      return P;
  return std::nullopt;
}

PiecewiseLinear nn2crn::approximate(const SmoothFunction &F, Interval On,
                                    unsigned Segments, Numbers N) {
  Fit T(F, On);
  Chain C = T.best(std::clamp(Segments, 1U, MostSegments));
  PiecewiseLinear P = T.plain(C);
  if (N == Numbers::Few)
    for (double Share : {1.1, 1.5, 4.0})
      if (auto Few = T.fewBits(C, P.Error * Share))
        return *Few;
  return P;
}

std::optional<PiecewiseLinear>
nn2crn::approximateWithin(const SmoothFunction &F, Interval On, double Error,
                          unsigned Most, Numbers N) {
  Fit T(F, On);
  // Samples and the proof take their part.
  auto C = T.links(Error * 0.997, Most);
  if (!C)
    return std::nullopt;
  for (auto Segments = static_cast<unsigned>(C->Links.size()); Segments <= Most;
       ++Segments) {
    Chain Best = T.best(Segments);
    PiecewiseLinear P = T.plain(Best);
    if (N == Numbers::Few)
      if (auto Few = T.fewBits(Best, std::max(Error, P.Error * 1.001)))
        P = *Few;
    if (P.Error <= Error)
      return P;
  }
  return std::nullopt;
}
