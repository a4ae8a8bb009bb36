//===- ONNXTensor.cpp - Constants in every form they come in --------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXReader.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <bit>
#include <charconv>
#include <cmath>

using namespace nn2crn;
using namespace nn2crn::onnxreader;
using onnx::TensorProto;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

std::string onnxreader::typeName(int32_t Type) {
  static constexpr const char *Names[] = {
      "undefined",      "float32",      "uint8",          "int8",
      "uint16",         "int16",        "int32",          "int64",
      "string",         "bool",         "float16",        "float64",
      "uint32",         "uint64",       "complex64",      "complex128",
      "bfloat16",       "float8e4m3fn", "float8e4m3fnuz", "float8e5m2",
      "float8e5m2fnuz", "uint4",        "int4",           "float4e2m1"};
  if (Type >= 0 && Type < static_cast<int32_t>(std::size(Names)))
    return Names[Type];
  return "type " + std::to_string(Type);
}

/// Bytes of one element in raw form; 0 for what is not read.
static unsigned widthOf(int32_t Type) {
  switch (Type) {
  case TensorProto::UINT8:
  case TensorProto::INT8:
  case TensorProto::BOOL:
    return 1;
  case TensorProto::UINT16:
  case TensorProto::INT16:
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16:
    return 2;
  case TensorProto::FLOAT:
  case TensorProto::INT32:
  case TensorProto::UINT32:
    return 4;
  case TensorProto::DOUBLE:
  case TensorProto::INT64:
  case TensorProto::UINT64:
    return 8;
  default:
    return 0;
  }
}

bool onnxreader::isNumeric(int32_t Type) {
  return widthOf(Type) != 0 && Type != TensorProto::BOOL;
}

bool onnxreader::isFloating(int32_t Type) {
  return Type == TensorProto::FLOAT || Type == TensorProto::DOUBLE ||
         Type == TensorProto::FLOAT16 || Type == TensorProto::BFLOAT16;
}

std::pair<double, double> onnxreader::rangeOf(int32_t Type) {
  switch (Type) {
  case TensorProto::BOOL:
    return {0, 1};
  case TensorProto::UINT8:
    return {0, UINT8_MAX};
  case TensorProto::INT8:
    return {INT8_MIN, INT8_MAX};
  case TensorProto::UINT16:
    return {0, UINT16_MAX};
  case TensorProto::INT16:
    return {INT16_MIN, INT16_MAX};
  case TensorProto::INT32:
    return {INT32_MIN, INT32_MAX};
  case TensorProto::UINT32:
    return {0, UINT32_MAX};
  case TensorProto::UINT64:
    return {0, 0x1p64};
  default:
    return {-0x1p63, 0x1p63};
  }
}

/// \p V with \p Digits binary digits, no step finer than 2^\p Least.
static double roundDigits(double V, int Digits, int Least) {
  if (V == 0 || !std::isfinite(V))
    return V;
  int Step = std::max(std::ilogb(V) + 1 - Digits, Least);
  // Exact scaling, so that the one rounding is nearbyint's: ties to even.
  return std::ldexp(std::nearbyint(std::ldexp(V, -Step)), Step);
}

double onnxreader::roundTo(int32_t Type, double V) {
  switch (Type) {
  case TensorProto::FLOAT:
    return static_cast<float>(V);
  case TensorProto::DOUBLE:
    return V;
  case TensorProto::FLOAT16: {
    double R = roundDigits(V, 11, -24);
    return std::fabs(R) > 65504 ? std::copysign(INFINITY, R) : R;
  }
  case TensorProto::BFLOAT16: {
    double R = roundDigits(V, 8, -133);
    return static_cast<float>(R);
  }
  default:
    return std::trunc(V);
  }
}

static double fromHalf(uint16_t Bits) {
  int Exponent = Bits >> 10 & 0x1f;
  double Mantissa = Bits & 0x3ff;
  double Value;
  if (Exponent == 0x1f)
    Value = Mantissa == 0 ? INFINITY : NAN;
  else if (Exponent == 0)
    Value = std::ldexp(Mantissa, -24);
  else
    Value = std::ldexp(Mantissa + 1024, Exponent - 25);
  return Bits & 0x8000 ? -Value : Value;
}

static double fromBFloat(uint16_t Bits) {
  return std::bit_cast<float>(uint32_t{Bits} << 16);
}

/// One element from its raw little-endian bytes.
static double fromRaw(int32_t Type, const char *At) {
  using namespace llvm::support::endian;
  switch (Type) {
  case TensorProto::UINT8:
    return static_cast<uint8_t>(*At);
  case TensorProto::INT8:
    return static_cast<int8_t>(*At);
  case TensorProto::BOOL:
    return *At != 0;
  case TensorProto::UINT16:
    return read16le(At);
  case TensorProto::INT16:
    return static_cast<int16_t>(read16le(At));
  case TensorProto::FLOAT16:
    return fromHalf(read16le(At));
  case TensorProto::BFLOAT16:
    return fromBFloat(read16le(At));
  case TensorProto::FLOAT:
    return std::bit_cast<float>(read32le(At));
  case TensorProto::INT32:
    return static_cast<int32_t>(read32le(At));
  case TensorProto::UINT32:
    return read32le(At);
  case TensorProto::DOUBLE:
    return std::bit_cast<double>(read64le(At));
  case TensorProto::INT64:
    return static_cast<double>(static_cast<int64_t>(read64le(At)));
  default:
    return static_cast<double>(read64le(At));
  }
}

/// One element of the typed field int32_data, which holds halves as bits.
static double fromWord(int32_t Type, int32_t Word) {
  switch (Type) {
  case TensorProto::FLOAT16:
    return fromHalf(static_cast<uint16_t>(Word));
  case TensorProto::BFLOAT16:
    return fromBFloat(static_cast<uint16_t>(Word));
  case TensorProto::BOOL:
    return Word != 0;
  default:
    return Word;
  }
}

template <class Field, class Convert>
static void convertField(const Field &From, std::vector<double> &To,
                         Convert Value) {
  To.resize(static_cast<size_t>(From.size()));
  for (int I = 0; I < From.size(); ++I)
    To[static_cast<size_t>(I)] = Value(From.Get(I));
}

/// Fills \p To from the typed field that belongs to the type.
static void readTyped(const TensorProto &T, std::vector<double> &To) {
  auto AsDouble = [](auto V) { return static_cast<double>(V); };
  switch (T.data_type()) {
  case TensorProto::FLOAT:
    return convertField(T.float_data(), To, AsDouble);
  case TensorProto::DOUBLE:
    return convertField(T.double_data(), To, AsDouble);
  case TensorProto::INT64:
    return convertField(T.int64_data(), To, AsDouble);
  case TensorProto::UINT32:
  case TensorProto::UINT64:
    return convertField(T.uint64_data(), To, AsDouble);
  default:
    return convertField(T.int32_data(), To, [&](int32_t Word) {
      return fromWord(T.data_type(), Word);
    });
  }
}

//===----------------------------------------------------------------------===//
// External data
//===----------------------------------------------------------------------===//

static bool readOffset(std::string_view Text, uint64_t &Out) {
  auto [End, Error] =
      std::from_chars(Text.data(), Text.data() + Text.size(), Out);
  return Error == std::errc() && End == Text.data() + Text.size() &&
         !Text.empty();
}

bool ConstantReader::external(const TensorProto &T, const std::string &Context,
                              uint64_t Expected, std::string &Bytes) {
  auto Fail = [&](std::string Message, std::vector<std::string> Notes = {}) {
    P.error(DiagId::ExternalData, Context, std::move(Message),
            std::move(Notes));
    return false;
  };
  std::string Location;
  uint64_t Offset = 0, Length = Expected;
  for (const auto &Entry : T.external_data()) {
    if (Entry.key() == "location")
      Location = Entry.value();
    else if (Entry.key() == "offset" && !readOffset(Entry.value(), Offset))
      return Fail("expected a number of bytes as offset of the external data, "
                  "found '" +
                  Entry.value() + "'");
    else if (Entry.key() == "length" && !readOffset(Entry.value(), Length))
      return Fail("expected a number of bytes as length of the external data, "
                  "found '" +
                  Entry.value() + "'");
  }
  if (Location.empty())
    return Fail("the external data names no file");
  if (Length != Expected)
    return Fail("expected " + std::to_string(Expected) +
                " bytes of external data for " + typeName(T.data_type()) +
                dimsText({T.dims().begin(), T.dims().end()}) +
                ", found a length of " + std::to_string(Length));

  // The file belongs to the model: a model from elsewhere must not read any
  // other. Checked on the name as it is, and again where links lead.
  std::string Quoted = "'" + Location + "'";
  // A backslash divides folders where the model may have been written; here it
  // may stand in the name of a file, as tensors' names do when each of them is
  // saved in a file of its own.
  bool Leaves =
      Location.find('\0') != Location.npos || Location[0] == '/' ||
      Location[0] == '\\' ||
      (Location.size() > 2 && Location[1] == ':' && Location[2] == '\\');
  for (size_t At = 0; At <= Location.size() && !Leaves;) {
    size_t End = std::min(Location.find_first_of("/\\", At), Location.size());
    Leaves = Location.compare(At, End - At, "..") == 0;
    At = End + 1;
  }
  if (Leaves)
    return Fail("external data must be in the folder of the model, found " +
                    Quoted,
                {"save the model again with its data beside it"});
  if (P.file().empty() || P.file() == "-")
    return Fail("the weights are in the file " + Quoted +
                    ", and a model on standard input has no folder to look in",
                {"give the model by its file name, or save it with the weights "
                 "inside"});

  llvm::SmallString<256> Folder(llvm::sys::path::parent_path(P.file()));
  if (Folder.empty())
    Folder = ".";
  llvm::SmallString<256> Path(Folder), RealFolder, RealPath;
  llvm::sys::path::append(Path, Location);
  std::error_code Error = llvm::sys::fs::real_path(Folder, RealFolder);
  if (!Error)
    Error = llvm::sys::fs::real_path(Path, RealPath);
  if (Error)
    return Fail("cannot read external data " + Quoted + ": " + Error.message(),
                {"keep the data file beside the model, under the name it was "
                 "saved with"});
  if (!RealFolder.ends_with("/"))
    RealFolder += '/';
  if (!RealPath.starts_with(RealFolder))
    return Fail("external data must be in the folder of the model, and " +
                    Quoted + " is a link that leads out of it",
                {"copy the data to where the model is"});
  llvm::sys::fs::file_status Status;
  Error = llvm::sys::fs::status(RealPath, Status);
  if (!Error && !llvm::sys::fs::is_regular_file(Status))
    return Fail("external data " + Quoted + " is not a file");
  uint64_t Size = Status.getSize();
  if (!Error && (Offset > Size || Size - Offset < Expected))
    return Fail("external data " + Quoted + " is too short: expected " +
                    std::to_string(Expected) + " bytes at offset " +
                    std::to_string(Offset) + ", found a file of " +
                    std::to_string(Size) + " bytes",
                {"copy or export the data file again"});
  if (!Error) {
    // Volatile: a mapped file that shrinks under us would be a crash.
    auto Buffer = llvm::MemoryBuffer::getFileSlice(RealPath, Expected, Offset,
                                                   /*IsVolatile=*/true);
    if (Buffer && (*Buffer)->getBufferSize() == Expected) {
      Bytes = (*Buffer)->getBuffer().str();
      return true;
    }
    Error =
        Buffer ? std::make_error_code(std::errc::io_error) : Buffer.getError();
  }
  return Fail("cannot read external data " + Quoted + ": " + Error.message());
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

bool ConstantReader::checkFinite(const std::vector<double> &Data,
                                 const std::string &Context) {
  uint64_t Bad = 0, First = 0;
  for (uint64_t I = Data.size(); I-- > 0;)
    if (!std::isfinite(Data[I])) {
      First = I;
      ++Bad;
    }
  if (Bad == 0)
    return true;
  P.error(DiagId::BadTensor, Context,
          std::to_string(Bad) + " of " + std::to_string(Data.size()) +
              " numbers are not finite; the first is " +
              (std::isnan(Data[First]) ? "NaN"
               : Data[First] > 0       ? "infinity"
                                       : "-infinity") +
              " at element " + std::to_string(First),
          {"the training diverged or the file is damaged; train or export the "
           "model again"});
  return false;
}

bool ConstantReader::room(uint64_t Count, const std::string &Context) {
  if (Count <= Limits.Weights - Elements)
    return true;
  P.error(DiagId::ModelTooLarge, Context,
          "the constants of the model have more than " +
              std::to_string(Limits.Weights) + " elements together");
  return false;
}

bool ConstantReader::readInto(const TensorProto &T, const std::string &Context,
                              Constant &Out) {
  auto Fail = [&](DiagId Id, std::string Message,
                  std::vector<std::string> Notes = {}) {
    P.error(Id, Context, std::move(Message), std::move(Notes));
    return false;
  };
  Out.Dims.assign(T.dims().begin(), T.dims().end());
  int32_t Type = T.data_type();
  std::string What = typeName(Type) + dimsText(Out.Dims);
  uint64_t Count = 1;
  for (int64_t Extent : Out.Dims) {
    if (Extent < 0)
      return Fail(DiagId::BadTensor, "a constant of shape " +
                                         dimsText(Out.Dims) +
                                         " has a negative extent");
    // At least as strict as any overflow of the product.
    if (Extent != 0 && Count > Limits.Weights / static_cast<uint64_t>(Extent))
      return Fail(DiagId::ModelTooLarge,
                  "a constant of shape " + dimsText(Out.Dims) +
                      " has more than " + std::to_string(Limits.Weights) +
                      " elements");
    Count *= static_cast<uint64_t>(Extent);
  }
  if (Type == TensorProto::STRING) {
    if (static_cast<uint64_t>(T.string_data_size()) != Count)
      return Fail(DiagId::BadTensor, "expected " + std::to_string(Count) +
                                         " words for " + What + ", found " +
                                         std::to_string(T.string_data_size()));
    if (!room(Count, Context))
      return false;
    Elements += Count;
    for (const std::string &Word : T.string_data()) {
      Out.Data.push_back(static_cast<double>(Out.Strings.size()));
      Out.Strings.push_back(Word);
    }
    return true;
  }
  unsigned Width = widthOf(Type);
  if (Width == 0)
    return Fail(DiagId::UnsupportedModel,
                "constants of type " + typeName(Type) + " are not supported",
                {"supported are float64, float32, float16, bfloat16, bool and "
                 "integers of 8 to 64 bits"});
  if (T.has_segment())
    return Fail(DiagId::UnsupportedModel,
                "constants in segments are not supported",
                {"save the model again with a current version of onnx"});
  if (!room(Count, Context))
    return false;

  std::string Outside;
  const std::string *Raw = nullptr;
  if (T.data_location() == TensorProto::EXTERNAL) {
    if (!external(T, Context, Count * Width, Outside))
      return false;
    Raw = &Outside;
  } else if (T.has_raw_data()) {
    Raw = &T.raw_data();
    if (Raw->size() != Count * Width)
      return Fail(DiagId::BadTensor,
                  "expected " + std::to_string(Count * Width) + " bytes for " +
                      What + ", found " + std::to_string(Raw->size()));
  }
  if (Raw) {
    Out.Data.resize(Count);
    for (uint64_t I = 0; I < Count; ++I)
      Out.Data[I] = fromRaw(Type, Raw->data() + I * Width);
  } else {
    readTyped(T, Out.Data);
    if (Out.Data.size() != Count)
      return Fail(DiagId::BadTensor, "expected " + std::to_string(Count) +
                                         " numbers for " + What + ", found " +
                                         std::to_string(Out.Data.size()));
  }
  Elements += Count;
  return checkFinite(Out.Data, Context);
}

const Constant *ConstantReader::read(const TensorProto &T,
                                     const std::string &Context) {
  Constant C;
  if (!readInto(T, Context, C))
    return nullptr;
  Pool.push_back(std::move(C));
  return &Pool.back();
}

const Constant *ConstantReader::make(Shape Dims, std::vector<double> Data,
                                     const std::string &Context) {
  if (!room(Data.size(), Context) || !checkFinite(Data, Context))
    return nullptr;
  Elements += Data.size();
  Pool.push_back({std::move(Dims), std::move(Data), {}});
  return &Pool.back();
}
