//===- Plot.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A small SVG writer for curves over time. Hues follow Okabe and Ito, whose
// palette stays apart for colour-blind readers; curves are named at their right
// ends, where the eye arrives, as long as there is room, and else in a legend.
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Simulation/Trajectory.h"

#include <algorithm>
#include <cmath>

using namespace nn2crn;

namespace {
constexpr double Width = 760, Height = 440, Left = 74, Right = 150, Top = 46,
                 Bottom = 56;
constexpr std::string_view Palette[] = {"#0072b2", "#d55e00", "#009e73",
                                        "#cc79a7", "#e69f00", "#56b4e9",
                                        "#5b5b5b", "#8a6d00"};
/// Dashes tell curves apart once the hues repeat.
constexpr std::string_view Dashes[] = {"", "7 4", "2 3", "9 3 2 3"};
constexpr size_t MostNamed = 16;

std::string fixed(double Value) {
  char Text[32];
  snprintf(Text, sizeof Text, "%.2f", Value);
  return Text;
}

std::string escaped(std::string_view Text) {
  std::string Out;
  for (char C : Text) {
    if (C == '&')
      Out += "&amp;";
    else if (C == '<')
      Out += "&lt;";
    else if (C == '>')
      Out += "&gt;";
    else if (static_cast<unsigned char>(C) >= 0x20)
      Out += C;
  }
  return Out;
}

/// A tick's label: as many digits as the distance to the next one needs.
std::string tickText(double Value, double Step) {
  char Text[32];
  if (std::fabs(Value) < Step * 1e-6)
    return "0";
  double Size = std::max(std::fabs(Value), Step);
  if (Size >= 1e5 || Size < 1e-3)
    snprintf(Text, sizeof Text, "%.3g", Value);
  else
    snprintf(Text, sizeof Text, "%.*f",
             std::max(0, static_cast<int>(std::ceil(-std::log10(Step) - 1e-9))),
             Value);
  std::string S = Text;
  if (S[0] == '-')
    S.replace(0, 1, "\xe2\x88\x92"); // a minus sign as wide as the digits
  return S;
}

/// Steps of 1, 2 or 5 times a power of ten, about \p Count of them.
double niceStep(double Span, int Count) {
  double Raw = Span / Count, Power = std::pow(10, std::floor(std::log10(Raw)));
  for (double Factor : {1.0, 2.0, 5.0})
    if (Raw <= Factor * Power)
      return Factor * Power;
  return 10 * Power;
}

class Plot {
public:
  explicit Plot(const Trajectory &T) : T(T), Curves(T.ReadingNames.size()) {
    findRanges();
  }

  std::string draw() {
    Out += "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + fixed(Width) +
           "\" height=\"" + fixed(Height) + "\" viewBox=\"0 0 " + fixed(Width) +
           " " + fixed(Height) +
           "\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\" "
           "fill=\"#333\">\n<rect width=\"100%\" height=\"100%\" "
           "fill=\"#fff\"/>\n";
    if (!T.Name.empty())
      text(Left, Top - 20, T.Name, "font-size=\"15\" font-weight=\"bold\"");
    valueAxis();
    timeAxis();
    curves();
    names();
    return Out + "</svg>\n";
  }

private:
  double value(size_t Row, size_t Curve) const {
    return T.Readings[Row * Curves + Curve];
  }

  void findRanges() {
    Low = High = 0;
    if (!T.Readings.empty()) {
      Low = *std::ranges::min_element(T.Readings);
      High = *std::ranges::max_element(T.Readings);
    }
    if (Low > 0 && Low < 0.4 * High)
      Low = 0;
    if (High < 0 && High > 0.4 * Low)
      High = 0;
    if (!(High - Low > 1e-12 * std::max(std::fabs(High), std::fabs(Low)))) {
      Low -= 0.5;
      High += 0.5;
    }
    Step = niceStep(High - Low, 6);
    Low = Step * std::floor(Low / Step + 1e-9);
    High = Step * std::ceil(High / Step - 1e-9);

    End = T.Times.empty() || T.Times.back() <= 0 ? 1 : T.Times.back();
    // On a logarithmic axis begin where the first curve has gone a hundredth
    // of its way; before that there is nothing to see.
    Begin = 0;
    if (!T.LogTime)
      return;
    Begin = End / 10;
    for (size_t Row = 1; Row < T.Times.size(); ++Row) {
      double Moved = 0;
      for (size_t C = 0; C < Curves; ++C)
        Moved = std::max(Moved, std::fabs(value(Row, C) - value(0, C)));
      if (Moved > 0.01 * (High - Low)) {
        Begin = std::min(Begin, T.Times[Row]);
        break;
      }
    }
    Begin = std::pow(10, std::floor(std::log10(Begin)));
  }

  double x(double Time) const {
    double Share = T.LogTime ? std::log(std::max(Time, Begin) / Begin) /
                                   std::log(End / Begin)
                             : Time / End;
    return Left + Share * (Width - Left - Right);
  }
  double y(double Value) const {
    return Height - Bottom -
           (Value - Low) / (High - Low) * (Height - Top - Bottom);
  }

  void line(double X1, double Y1, double X2, double Y2,
            std::string_view Colour) {
    Out += "<line x1=\"" + fixed(X1) + "\" y1=\"" + fixed(Y1) + "\" x2=\"" +
           fixed(X2) + "\" y2=\"" + fixed(Y2) + "\" stroke=\"" +
           std::string(Colour) + "\"/>\n";
  }
  void text(double X, double Y, std::string_view Text,
            std::string_view Attributes) {
    Out += "<text x=\"" + fixed(X) + "\" y=\"" + fixed(Y) + "\" " +
           std::string(Attributes) + ">" + escaped(Text) + "</text>\n";
  }

  void valueAxis() {
    auto Steps = static_cast<int>(std::lround((High - Low) / Step));
    for (int I = 0; I <= Steps; ++I) {
      double Value = Low + I * Step, Y = y(Value);
      bool Zero = std::fabs(Value) < Step * 1e-6;
      line(Left, Y, Width - Right, Y, Zero ? "#999" : "#e6e6e6");
      text(Left - 8, Y + 4, tickText(Value, Step), "text-anchor=\"end\"");
    }
    double Middle = (Top + Height - Bottom) / 2;
    std::string Label = T.ReadingsAreAmounts
                            ? "amount (" + T.Unit.Amount + ")"
                            : std::string("value read from the port");
    text(0, 0, Label,
         "text-anchor=\"middle\" transform=\"translate(20 " + fixed(Middle) +
             ") rotate(-90)\"");
  }

  void timeAxis() {
    double Y = Height - Bottom;
    line(Left, Y, Width - Right, Y, "#666");
    auto Tick = [&](double Time, const std::string &Label) {
      line(x(Time), Y, x(Time), Y + 5, "#666");
      if (!Label.empty())
        text(x(Time), Y + 19, Label, "text-anchor=\"middle\"");
    };
    if (T.LogTime) {
      auto First = static_cast<int>(std::lround(std::log10(Begin)));
      auto Last = static_cast<int>(std::floor(std::log10(End) + 1e-9));
      int Every = (Last - First) / 9 + 1;
      for (int P = First; P <= Last; ++P) {
        double Time = std::pow(10, P);
        Tick(Time, (P - First) % Every ? "" : tickText(Time, Time));
        if (Last - First < 7)
          for (int M = 2; M < 10; ++M)
            if (M * Time <= End)
              line(x(M * Time), Y, x(M * Time), Y + 3, "#999");
      }
    } else {
      double TimeStep = niceStep(End, 7);
      for (int I = 0; I * TimeStep <= End * (1 + 1e-9); ++I)
        Tick(I * TimeStep, tickText(I * TimeStep, TimeStep));
    }
    text((Left + Width - Right) / 2, Height - 14,
         "time (" + T.Unit.Time + (T.LogTime ? ", logarithmic)" : ")"),
         "text-anchor=\"middle\"");
  }

  std::string style(size_t Curve) const {
    size_t Hues = std::size(Palette);
    std::string S = "stroke=\"" + std::string(Palette[Curve % Hues]) + "\"";
    if (std::string_view Dash = Dashes[Curve / Hues % std::size(Dashes)];
        !Dash.empty())
      S += " stroke-dasharray=\"" + std::string(Dash) + "\"";
    return S;
  }

  void curves() {
    for (size_t C = 0; C < Curves; ++C) {
      std::string Points;
      double LastX = -1, LastY = -1;
      // A logarithmic axis has no room for what was before it.
      size_t First = 0;
      while (First + 1 < T.Times.size() && T.Times[First + 1] <= Begin)
        ++First;
      for (size_t Row = First; Row < T.Times.size(); ++Row) {
        double X = x(T.Times[Row]), Y = y(value(Row, C));
        // Half a pixel is not seen, and files stay small.
        if (Row > First && Row + 1 < T.Times.size() &&
            std::hypot(X - LastX, Y - LastY) < 0.5)
          continue;
        Points += (Points.empty() ? "" : " ") + fixed(X) + "," + fixed(Y);
        LastX = X;
        LastY = Y;
      }
      Out += "<polyline fill=\"none\" stroke-width=\"" +
             std::string(Curves > MostNamed ? "1" : "2") +
             "\" stroke-linejoin=\"round\" " + style(C) + " points=\"" +
             Points + "\"/>\n";
    }
  }

  /// Names at the ends of curves, pushed apart where they would overlap.
  void names() {
    if (T.Times.empty() || Curves == 0)
      return;
    std::vector<std::pair<double, size_t>> Places;
    for (size_t C = 0; C < std::min(Curves, MostNamed); ++C)
      Places.push_back({y(value(T.Times.size() - 1, C)), C});
    std::ranges::sort(Places);
    constexpr double Line = 16;
    for (size_t I = 1; I < Places.size(); ++I)
      Places[I].first = std::max(Places[I].first, Places[I - 1].first + Line);
    double Floor = Height - Bottom;
    for (size_t I = Places.size(); I-- > 0;) {
      Places[I].first = std::min(Places[I].first, Floor);
      Floor = Places[I].first - Line;
    }
    double X = Width - Right;
    for (auto [Y, C] : Places) {
      double From = y(value(T.Times.size() - 1, C));
      Out += "<polyline fill=\"none\" stroke-opacity=\"0.5\" " + style(C) +
             " points=\"" + fixed(X) + "," + fixed(From) + " " + fixed(X + 12) +
             "," + fixed(Y) + " " + fixed(X + 18) + "," + fixed(Y) + "\"/>\n";
      std::string Name = T.ReadingNames[C];
      if (Name.size() > 16)
        Name = Name.substr(0, 15) + "\xe2\x80\xa6";
      text(X + 22, Y + 4, Name,
           "fill=\"" + std::string(Palette[C % std::size(Palette)]) + "\"");
    }
    if (Curves > MostNamed)
      text(X + 22, Height - Bottom + 19,
           "and " + std::to_string(Curves - MostNamed) + " more", "");
  }

  const Trajectory &T;
  size_t Curves;
  double Low, High, Step, Begin, End;
  std::string Out;
};
} // namespace

std::string nn2crn::trajectorySvg(const Trajectory &T) {
  return Plot(T).draw();
}
