//===- XML.cpp ------------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "XML.h"

#include "NetworkIds.h"

#include "nn2crn/IR/Mangle.h"

#include "llvm/Support/JSON.h"

#include <algorithm>

using namespace nn2crn;

bool nn2crn::isXMLText(std::string_view Text) {
  if (!llvm::json::isUTF8(Text))
    return false;
  if (std::any_of(Text.begin(), Text.end(),
                  [](unsigned char C) { return C < 0x20 || C == 0x7f; }))
    return false;
  return Text.find("\xef\xbf\xbe") == Text.npos &&
         Text.find("\xef\xbf\xbf") == Text.npos;
}

void nn2crn::writeXMLAttribute(llvm::raw_ostream &OS,
                               std::string_view Attribute,
                               std::string_view Text) {
  OS << ' ' << Attribute << "=\"";
  for (char C : Text)
    switch (C) {
    case '&':
      OS << "&amp;";
      break;
    case '<':
      OS << "&lt;";
      break;
    case '>':
      OS << "&gt;";
      break;
    case '"':
      OS << "&quot;";
      break;
    default:
      OS << C;
    }
  OS << '"';
}

void nn2crn::writeXMLName(llvm::raw_ostream &OS, std::string_view Text) {
  if (isXMLText(Text))
    writeXMLAttribute(OS, "name", Text);
  else
    writeXMLAttribute(OS, "mangledName", mangleBytes(Text));
}
