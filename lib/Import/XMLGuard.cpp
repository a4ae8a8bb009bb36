//===- XMLGuard.cpp -------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "XMLGuard.h"

#include <algorithm>

using namespace nn2crn::sbml;

/// Real models nest some twenty deep.
static constexpr unsigned MaxDepth = 200;

bool nn2crn::sbml::guardXML(std::string_view Bytes, std::string &Problem,
                            unsigned &Line) {
  size_t At = 0;
  auto Fail = [&](std::string Text) {
    At = std::min(At, Bytes.size());
    Line = 1 + static_cast<unsigned>(
                   std::count(Bytes.begin(), Bytes.begin() + At, '\n'));
    Problem = std::move(Text);
    return false;
  };
  if (At = Bytes.find('\0'); At != Bytes.npos)
    return Fail("expected UTF-8 text, found a zero byte");
  At = 0;
  if (Bytes.starts_with("\xef\xbb\xbf"))
    Bytes.remove_prefix(3);
  if (size_t End = Bytes.find("?>");
      Bytes.starts_with("<?xml") && End != Bytes.npos) {
    // Another encoding could spell a DOCTYPE in bytes that are not looked for
    // here.
    std::string Head(Bytes.substr(0, End));
    std::transform(Head.begin(), Head.end(), Head.begin(), [](char C) {
      return C >= 'A' && C <= 'Z' ? char(C | 0x20) : C;
    });
    if (Head.find("encoding") != Head.npos && Head.find("utf-8") == Head.npos &&
        Head.find("us-ascii") == Head.npos)
      return Fail("expected the encoding UTF-8, which SBML demands, found "
                  "another one in the first line");
  }
  unsigned Depth = 0;
  while ((At = Bytes.find('<', At)) != Bytes.npos) {
    std::string_view Rest = Bytes.substr(At);
    auto SkipTo = [&](std::string_view End) {
      size_t Stop = Bytes.find(End, At);
      At = Stop == Bytes.npos ? Bytes.size() : Stop + End.size();
    };
    if (Rest.starts_with("<!--")) {
      At += 4;
      SkipTo("-->");
    } else if (Rest.starts_with("<![CDATA[")) {
      SkipTo("]]>");
    } else if (Rest.starts_with("<!")) {
      return Fail("expected an element, found a document type declaration; "
                  "SBML has none, and entities are not followed");
    } else if (Rest.starts_with("<?")) {
      SkipTo("?>");
    } else if (Rest.starts_with("</")) {
      Depth -= Depth != 0;
      SkipTo(">");
    } else {
      char Quote = 0;
      for (++At; At < Bytes.size(); ++At) {
        char C = Bytes[At];
        if (Quote)
          Quote = C == Quote ? 0 : Quote;
        else if (C == '"' || C == '\'')
          Quote = C;
        else if (C == '>')
          break;
      }
      if (At < Bytes.size() && Bytes[At - 1] != '/' && ++Depth > MaxDepth)
        return Fail("expected elements nested at most " +
                    std::to_string(MaxDepth) + " deep, found more");
    }
  }
  return true;
}
