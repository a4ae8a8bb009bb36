//===- NpyFormat.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// NumPy's .npy format, as its NEP 1 describes it: a magic string, a version, a
// header that is a Python dictionary in text, then the elements.
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Support/ArrayFile.h"
#include "nn2crn/Support/Number.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

using namespace nn2crn;

namespace {
/// The three entries of the header.
struct NpyHeader {
  std::string Descr;
  bool Fortran = false;
  std::vector<int64_t> Shape;
};

/// Reads the header's dictionary, of which only the fixed three keys with
/// literals of the expected kind are understood.
class HeaderParser {
public:
  HeaderParser(std::string_view Text, NpyHeader &H) : Rest(Text), H(H) {}
  /// What is wrong with the header; empty where nothing is.
  std::string parse() {
    if (!eat('{'))
      return "its header is no dictionary";
    bool Seen[3] = {};
    while (!eat('}')) {
      std::string Key;
      if (!string(Key) || !eat(':'))
        return "its header is malformed";
      if (Key == "descr") {
        if (peek() == '[')
          return "it holds records with named fields; save one plain numeric "
                 "array";
        Seen[0] = string(H.Descr);
        if (!Seen[0])
          return "its element type is malformed";
      } else if (Key == "fortran_order") {
        if (!(Seen[1] = boolean(H.Fortran)))
          return "its header's 'fortran_order' is neither True nor False";
      } else if (Key == "shape") {
        if (!(Seen[2] = tuple(H.Shape)))
          return "its shape is malformed";
      } else {
        return "its header has the unknown entry '" + Key + "'";
      }
      if (!eat(',') && peek() != '}')
        return "its header is malformed";
    }
    if (!Seen[0] || !Seen[1] || !Seen[2])
      return "its header lacks 'descr', 'fortran_order' or 'shape'";
    return "";
  }

private:
  char peek() {
    while (!Rest.empty() && std::strchr(" \t\n\r", Rest[0]) && Rest[0])
      Rest.remove_prefix(1);
    return Rest.empty() ? '\0' : Rest[0];
  }
  bool eat(char C) {
    if (peek() != C)
      return false;
    Rest.remove_prefix(1);
    return true;
  }
  bool string(std::string &Out) {
    char Quote = peek();
    if (Quote != '\'' && Quote != '"')
      return false;
    size_t End = Rest.find(Quote, 1);
    if (End == std::string_view::npos)
      return false;
    Out = Rest.substr(1, End - 1);
    Rest.remove_prefix(End + 1);
    return true;
  }
  bool boolean(bool &Out) {
    peek();
    for (bool Value : {true, false}) {
      std::string_view Word = Value ? "True" : "False";
      if (Rest.starts_with(Word)) {
        Rest.remove_prefix(Word.size());
        Out = Value;
        return true;
      }
    }
    return false;
  }
  bool tuple(std::vector<int64_t> &Out) {
    if (!eat('('))
      return false;
    while (!eat(')')) {
      peek();
      int64_t Extent;
      auto [Next, Error] =
          std::from_chars(Rest.data(), Rest.data() + Rest.size(), Extent);
      if (Error != std::errc() || Extent < 0 || Out.size() >= 64)
        return false;
      Rest.remove_prefix(static_cast<size_t>(Next - Rest.data()));
      if (!Rest.empty() && Rest[0] == 'L') // as Python 2 wrote it
        Rest.remove_prefix(1);
      Out.push_back(Extent);
      if (!eat(',') && peek() != ')')
        return false;
    }
    return true;
  }
  std::string_view Rest;
  NpyHeader &H;
};

double halfToDouble(uint16_t Bits) {
  int Exponent = Bits >> 10 & 31, Fraction = Bits & 1023;
  double Value = Exponent == 31 ? (Fraction ? NAN : INFINITY)
                 : Exponent     ? std::ldexp(1024 + Fraction, Exponent - 25)
                                : std::ldexp(Fraction, -24);
  return Bits >> 15 ? -Value : Value;
}

template <class Word> Word readWord(const char *At, bool BigEndian) {
  Word Value = 0;
  for (size_t I = 0; I < sizeof(Word); ++I) {
    size_t Shift = 8 * (BigEndian ? sizeof(Word) - 1 - I : I);
    Value = static_cast<Word>(
        Value | static_cast<Word>(static_cast<unsigned char>(At[I])) << Shift);
  }
  return Value;
}

/// Turns the bytes of one element into a double.
using Decoder = double (*)(const char *, bool BigEndian);
template <class T, class Word> double decode(const char *At, bool BigEndian) {
  return static_cast<double>(std::bit_cast<T>(readWord<Word>(At, BigEndian)));
}

Decoder decoderFor(std::string_view Type) {
  struct Entry {
    std::string_view Type;
    Decoder Decode;
  };
  static constexpr Entry Entries[] = {
      {"f8", decode<double, uint64_t>},
      {"f4", decode<float, uint32_t>},
      {"i1", decode<int8_t, uint8_t>},
      {"i2", decode<int16_t, uint16_t>},
      {"i4", decode<int32_t, uint32_t>},
      {"i8", decode<int64_t, uint64_t>},
      {"u1", decode<uint8_t, uint8_t>},
      {"u2", decode<uint16_t, uint16_t>},
      {"u4", decode<uint32_t, uint32_t>},
      {"u8", decode<uint64_t, uint64_t>},
      {"f2",
       [](const char *At, bool Big) {
         return halfToDouble(readWord<uint16_t>(At, Big));
       }},
      {"b1", [](const char *At, bool) { return *At ? 1.0 : 0.0; }},
  };
  for (const Entry &E : Entries)
    if (E.Type == Type)
      return E.Decode;
  return nullptr;
}

std::string describeType(std::string_view Descr) {
  switch (Descr.size() > 1 ? Descr[1] : '?') {
  case 'O':
    return "Python objects";
  case 'c':
    return "complex numbers";
  case 'U':
  case 'S':
  case 'a':
    return "text";
  case 'M':
  case 'm':
    return "dates";
  default:
    return "elements of type '" + std::string(Descr) + "'";
  }
}
} // namespace

std::optional<Array> nn2crn::parseNpy(std::string_view Bytes,
                                      std::string_view Name,
                                      DiagnosticEngine &Diags) {
  auto Fail = [&](const std::string &Why) -> std::optional<Array> {
    DiagLocation Where;
    Where.File = Name;
    Diags.error(DiagId::BadArray, Where, "not a usable .npy array: " + Why);
    return std::nullopt;
  };
  if (!Bytes.starts_with("\x93NUMPY") || Bytes.size() < 10)
    return Fail("it does not begin as the format does");
  unsigned Major = static_cast<unsigned char>(Bytes[6]);
  if (Major < 1 || Major > 3)
    return Fail("format version " + std::to_string(Major) +
                " is unknown; 1 to 3 are read");
  size_t HeaderAt = Major == 1 ? 10 : 12;
  if (Bytes.size() < HeaderAt)
    return Fail("it is truncated");
  size_t HeaderSize = Major == 1 ? readWord<uint16_t>(&Bytes[8], false)
                                 : readWord<uint32_t>(&Bytes[8], false);
  if (Bytes.size() - HeaderAt < HeaderSize)
    return Fail("it is truncated within its header");

  NpyHeader H;
  std::string Wrong =
      HeaderParser(Bytes.substr(HeaderAt, HeaderSize), H).parse();
  if (!Wrong.empty())
    return Fail(Wrong);
  if (H.Descr.size() < 3 || !std::strchr("<>|=", H.Descr[0]))
    return Fail("its element type '" + H.Descr + "' is unknown");
  Decoder Decode = decoderFor(std::string_view(H.Descr).substr(1));
  if (!Decode)
    return Fail("it holds " + describeType(H.Descr) +
                "; expected bool, integers or floats of up to 64 bits");
  bool BigEndian = H.Descr[0] == '>';
  size_t Width = static_cast<size_t>(H.Descr[2] - '0');

  uint64_t Elements = 1;
  bool Zero = std::find(H.Shape.begin(), H.Shape.end(), 0) != H.Shape.end();
  for (int64_t Extent : H.Shape) {
    if (Zero)
      break;
    if (static_cast<uint64_t>(Extent) > MaxArrayElements / Elements)
      return Fail("its shape is beyond the limit of " +
                  std::to_string(MaxArrayElements) + " elements");
    Elements *= static_cast<uint64_t>(Extent);
  }
  if (Zero)
    Elements = 0;
  std::string_view Content = Bytes.substr(HeaderAt + HeaderSize);
  if (Content.size() != Elements * Width)
    return Fail("its shape and type need " + std::to_string(Elements * Width) +
                " bytes, but " + std::to_string(Content.size()) + " follow");

  Array A;
  A.Source = Name;
  A.Shape = H.Shape;
  A.Data.resize(Elements);
  const char *At = Content.data();
  if (!H.Fortran || H.Shape.size() < 2) {
    for (uint64_t I = 0; I < Elements; ++I)
      A.Data[I] = Decode(At + I * Width, BigEndian);
    return A;
  }
  // First index fastest in the file; walk it with a counter of indices.
  std::vector<uint64_t> Stride(H.Shape.size(), 1), Index(H.Shape.size(), 0);
  for (size_t D = H.Shape.size(); D-- > 1;)
    Stride[D - 1] = Stride[D] * static_cast<uint64_t>(H.Shape[D]);
  uint64_t To = 0;
  for (uint64_t I = 0; I < Elements; ++I) {
    A.Data[To] = Decode(At + I * Width, BigEndian);
    for (size_t D = 0; D < Index.size(); ++D) {
      To += Stride[D];
      if (++Index[D] < static_cast<uint64_t>(H.Shape[D]))
        break;
      To -= Stride[D] * Index[D];
      Index[D] = 0;
    }
  }
  return A;
}

std::string nn2crn::npyBytes(const Array &Values) {
  std::string Header = "{'descr': '<f8', 'fortran_order': False, 'shape': (";
  for (size_t I = 0; I < Values.Shape.size(); ++I)
    Header += (I ? ", " : "") + std::to_string(Values.Shape[I]);
  Header += Values.Shape.size() == 1 ? ",), }" : "), }";
  // The data begin at a multiple of 64 bytes, and the header ends its line.
  Header.append(63 - (10 + Header.size()) % 64, ' ');
  Header += '\n';
  std::string Bytes("\x93NUMPY\x01\0", 8);
  Bytes += static_cast<char>(Header.size() & 255);
  Bytes += static_cast<char>(Header.size() >> 8);
  Bytes += Header;
  size_t At = Bytes.size();
  Bytes.resize(At + 8 * Values.Data.size());
  for (double Value : Values.Data) {
    auto Word = std::bit_cast<uint64_t>(Value);
    for (int I = 0; I < 8; ++I)
      Bytes[At++] = static_cast<char>(Word >> 8 * I);
  }
  return Bytes;
}
