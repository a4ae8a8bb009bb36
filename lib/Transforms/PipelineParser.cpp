//===- PipelineParser.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Transforms/Pipeline.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <set>

using namespace nn2crn;

namespace {
constexpr NamedPipeline Pipelines[] = {
    {"O0", "", "what the lowering wrote, untouched"},
    {"O1", "canonicalize,merge-duplicates,eliminate-dead",
     "cleaned up; every value that can reach an output is kept"},
    {"O2",
     "canonicalize,merge-duplicates,prune-dead-units,shift-inputs,"
     "eliminate-dead,merge-identical-units,eliminate-unimolecular,"
     "fix(static-fire,cancel-rails),canonicalize,merge-duplicates,"
     "eliminate-dead",
     "fewest reactions: one for each live ReLU and one for each input rail"},
    {"Odsd",
     "canonicalize,merge-duplicates,prune-dead-units,shift-inputs,"
     "eliminate-dead,fuse-fanout,shift-and-add,factor-fanout{max-products=4 "
     "objective=nucleotides},split-fanout{max-products=4},bimolecularize{max-"
     "reactants=2}",
     "fewest strands: short product lists with shared groups, two reactants"},
};

constexpr unsigned DefaultLimit = 16;

class Parser {
public:
  Parser(std::string_view Text, DiagnosticEngine &Diags)
      : Text(Text), Diags(Diags) {}

  std::optional<Pipeline> run() {
    Pipeline P;
    skipBlanks();
    if (At != Text.size() && !steps(P.Steps))
      return std::nullopt;
    if (At != Text.size()) {
      error(At, 1, "expected ',' or the end of the pipeline");
      return std::nullopt;
    }
    return P;
  }

private:
  InFlightDiagnostic error(size_t Where, size_t Length, std::string Message) {
    DiagLocation Location;
    Location.File = "<pipeline>";
    Location.Line = 1;
    Location.Column = static_cast<unsigned>(Where + 1);
    Location.Length = static_cast<unsigned>(std::max<size_t>(Length, 1));
    Location.LineText = Text;
    return Diags.error(DiagId::BadPipeline, Location, std::move(Message));
  }

  void skipBlanks() {
    while (At < Text.size() && llvm::isSpace(Text[At]))
      ++At;
  }
  bool consume(char C) {
    skipBlanks();
    if (At == Text.size() || Text[At] != C)
      return false;
    ++At;
    skipBlanks();
    return true;
  }
  std::string_view until(std::string_view Stops) {
    size_t Start = At;
    At = std::min(Text.find_first_of(Stops, At), Text.size());
    return Text.substr(Start, At - Start);
  }

  bool steps(std::vector<Pipeline::Step> &Into) {
    do {
      if (!step(Into))
        return false;
    } while (consume(','));
    return true;
  }

  bool step(std::vector<Pipeline::Step> &Into) {
    skipBlanks();
    size_t Start = At;
    std::string_view Name = until(" \t\r\n,{}()<>=");
    if (Name == "fix")
      return loop(Into);
    for (const NamedPipeline &Named : Pipelines)
      if (Named.Name == Name) {
        // Written by us: only its steps are of interest.
        Parser Inner(Named.Text, Diags);
        auto P = Inner.run();
        if (!P)
          return false;
        std::move(P->Steps.begin(), P->Steps.end(), std::back_inserter(Into));
        return true;
      }
    std::unique_ptr<Pass> P = createPass(Name);
    if (!P) {
      auto D =
          error(Start, Name.size(),
                Name.empty() ? std::string("expected the name of a pass")
                             : "no pass is named '" + std::string(Name) + "'");
      if (std::string Near = nearest(Name); !Near.empty())
        D.note("did you mean '" + Near + "'?");
      D.note("crn-opt --list-passes shows them all");
      return false;
    }
    if (consume('{') && !options(*P))
      return false;
    Into.push_back({std::move(P), {}, 0});
    return true;
  }

  /// After "fix".
  bool loop(std::vector<Pipeline::Step> &Into) {
    Pipeline::Step Loop{nullptr, {}, DefaultLimit};
    if (consume('<')) {
      size_t Start = At;
      std::string_view Digits = until(">");
      llvm::StringRef Ref(Digits);
      if (Ref.trim().getAsInteger(10, Loop.Limit) || Loop.Limit == 0) {
        error(Start, Digits.size(), "expected a count of at least 1");
        return false;
      }
      if (!consume('>')) {
        error(At, 1, "expected '>'");
        return false;
      }
    }
    if (!consume('(')) {
      error(At, 1, "expected '(' after fix");
      return false;
    }
    constexpr unsigned DeepestLoops = 16;
    if (++Depth > DeepestLoops) {
      error(At, 1, "loops are nested too deeply");
      return false;
    }
    if (!steps(Loop.Body))
      return false;
    --Depth;
    if (!consume(')')) {
      error(At, 1, "expected ',' or ')'");
      return false;
    }
    Into.push_back(std::move(Loop));
    return true;
  }

  /// After "{", up to and with "}".
  bool options(Pass &P) {
    std::set<PassOption *> Given;
    while (!consume('}')) {
      size_t KeyAt = At;
      std::string_view Key = until(" \t\r\n,{}()<>=");
      auto It = std::find_if(P.options().begin(), P.options().end(),
                             [&](PassOption *O) { return O->name() == Key; });
      if (It == P.options().end()) {
        std::string Known;
        for (PassOption *O : P.options())
          Known += (Known.empty() ? "" : ", ") + std::string(O->name());
        std::string Name(P.info().Name);
        error(KeyAt, Key.size(),
              Key.empty()
                  ? std::string("expected an option or '}'")
                  : "'" + Name + "' has no option '" + std::string(Key) + "'")
            .note(Known.empty() ? "it has no options"
                                : "its options are: " + Known);
        return false;
      }
      if (!Given.insert(*It).second) {
        error(KeyAt, Key.size(),
              "'" + std::string(Key) + "' is given a value twice");
        return false;
      }
      if (!consume('=')) {
        error(At, 1, "expected '='");
        return false;
      }
      size_t ValueAt = At;
      std::string_view Value = until(" \t\r\n,}");
      if (!(*It)->parse(Value)) {
        error(ValueAt, Value.size(),
              "expected " + std::string((*It)->expects()) + " for '" +
                  std::string(Key) + "'");
        return false;
      }
      skipBlanks();
    }
    return true;
  }

  static std::string nearest(std::string_view Name) {
    std::string Best;
    unsigned Least = static_cast<unsigned>(Name.size() / 3 + 1);
    for (const PassInfo &Info : allPasses()) {
      llvm::StringRef Known(Info.Name.data(), Info.Name.size());
      unsigned Distance =
          Known.edit_distance(llvm::StringRef(Name), true, Least);
      if (Distance <= Least) {
        Least = Distance;
        Best = Known;
      }
    }
    return Best;
  }

  std::string_view Text;
  DiagnosticEngine &Diags;
  size_t At = 0;
  unsigned Depth = 0;
};

void print(const std::vector<Pipeline::Step> &Steps, std::string &Out) {
  for (size_t I = 0; I < Steps.size(); ++I) {
    if (I)
      Out += ',';
    const Pipeline::Step &S = Steps[I];
    if (!S.P) {
      Out += "fix";
      if (S.Limit != DefaultLimit)
        Out += '<' + std::to_string(S.Limit) + '>';
      Out += '(';
      print(S.Body, Out);
      Out += ')';
      continue;
    }
    Out += passText(*S.P);
  }
}
} // namespace

std::string nn2crn::passText(const Pass &P) {
  std::string Options;
  for (PassOption *O : P.options())
    if (O->text() != O->defaultText())
      Options += (Options.empty() ? "" : " ") + std::string(O->name()) + '=' +
                 O->text();
  std::string Name(P.info().Name);
  return Options.empty() ? Name : Name + '{' + Options + '}';
}

std::span<const NamedPipeline> nn2crn::namedPipelines() { return Pipelines; }

std::optional<Pipeline> Pipeline::parse(std::string_view Text,
                                        DiagnosticEngine &Diags) {
  return Parser(Text, Diags).run();
}

static bool setOption(std::vector<Pipeline::Step> &Steps, std::string_view Pass,
                      std::string_view Name, std::string_view Value) {
  bool Good = true;
  for (Pipeline::Step &S : Steps) {
    if (!S.P) {
      Good &= setOption(S.Body, Pass, Name, Value);
      continue;
    }
    if (S.P->info().Name != Pass)
      continue;
    for (PassOption *O : S.P->options())
      if (O->name() == Name)
        Good &= O->parse(Value);
  }
  return Good;
}

bool Pipeline::setOption(std::string_view Pass, std::string_view Name,
                         std::string_view Value) {
  return ::setOption(Steps, Pass, Name, Value);
}

std::string Pipeline::str() const {
  std::string Out;
  print(Steps, Out);
  return Out;
}
