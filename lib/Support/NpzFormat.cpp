//===- NpzFormat.cpp -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "nn2crn/Support/ArrayFile.h"

#include <zip.h>

#include <algorithm>
#include <memory>

using namespace nn2crn;

namespace {
struct ZipCloser {
  void operator()(zip_t *Z) const { zip_discard(Z); }
  void operator()(zip_file_t *F) const { zip_fclose(F); }
};
using ZipArchive = std::unique_ptr<zip_t, ZipCloser>;
using ZipFile = std::unique_ptr<zip_file_t, ZipCloser>;

std::string errorText(zip_error_t &Error) {
  std::string Text = zip_error_strerror(&Error);
  zip_error_fini(&Error);
  return Text;
}

std::string_view stem(std::string_view Member) {
  if (Member.ends_with(".npy"))
    Member.remove_suffix(4);
  return Member;
}
} // namespace

std::optional<Array> nn2crn::parseNpz(std::string_view Bytes,
                                      std::string_view Name,
                                      std::string_view Key,
                                      DiagnosticEngine &Diags) {
  DiagLocation Where;
  Where.File = Name;
  auto Fail = [&](const std::string &Why) {
    Diags.error(DiagId::BadArray, Where, "not a usable .npz archive: " + Why);
    return std::nullopt;
  };
  zip_error_t Error;
  zip_error_init(&Error);
  zip_source_t *Source =
      zip_source_buffer_create(Bytes.data(), Bytes.size(), 0, &Error);
  if (!Source)
    return Fail(errorText(Error));
  ZipArchive Archive(zip_open_from_source(Source, ZIP_RDONLY, &Error));
  if (!Archive) {
    zip_source_free(Source);
    return Fail(errorText(Error));
  }
  zip_error_fini(&Error);

  // Members are compared by name here, since an archive may hold `a` beside
  // `a.npy`; the exact name wins.
  zip_int64_t Count = zip_get_num_entries(Archive.get(), 0), Found = -1;
  std::string Members;
  for (zip_int64_t I = 0; I < Count; ++I) {
    const char *Member =
        zip_get_name(Archive.get(), static_cast<zip_uint64_t>(I), 0);
    if (!Member)
      continue;
    std::string_view Text = Member;
    if (!Key.empty() && (Text == Key || (Found < 0 && stem(Text) == Key)))
      Found = I;
    if (I < 20)
      Members += (I ? ", '" : "'") + std::string(stem(Text)) + "'";
    else if (I == 20)
      Members += ", ...";
  }
  if (Key.empty() && Count == 1)
    Found = 0;
  if (Found < 0) {
    std::string Message =
        Key.empty()
            ? "the archive holds " + std::to_string(Count) +
                  " arrays; say which, as in 'F.npz:KEY'"
            : "the archive holds no array named '" + std::string(Key) + "'";
    auto D = Diags.error(DiagId::BadArray, Where, Message);
    if (Count)
      D.note("it holds " + Members);
    return std::nullopt;
  }

  auto Index = static_cast<zip_uint64_t>(Found);
  zip_stat_t Stat;
  zip_stat_init(&Stat);
  if (zip_stat_index(Archive.get(), Index, 0, &Stat) != 0 ||
      !(Stat.valid & ZIP_STAT_SIZE))
    return Fail("a member without a size");
  // 64 KiB of header is the most that a version 1 file can have.
  constexpr uint64_t Limit = MaxArrayElements * 8 + (1 << 16);
  if (Stat.size > Limit)
    return Fail("a member of " + std::to_string(Stat.size) +
                " bytes is beyond the limit of " + std::to_string(Limit));
  ZipFile File(zip_fopen_index(Archive.get(), Index, 0));
  if (!File)
    return Fail(zip_strerror(Archive.get()));
  // Grows with what really comes out, whatever the archive claims.
  std::string Content;
  while (Content.size() <= Stat.size) {
    size_t At = Content.size();
    size_t Chunk = std::min<size_t>(Stat.size - At + 1, 1 << 22);
    Content.resize(At + Chunk);
    zip_int64_t Read = zip_fread(File.get(), Content.data() + At, Chunk);
    if (Read < 0)
      return Fail("its content is damaged: " +
                  std::string(zip_file_strerror(File.get())));
    Content.resize(At + static_cast<size_t>(Read));
    if (Read == 0)
      break;
  }
  if (Content.size() != Stat.size)
    return Fail("a member claims " + std::to_string(Stat.size) +
                " bytes and has others");
  std::string Full = std::string(Name) + ":" + std::string(stem(Stat.name));
  return parseNpy(Content, Full, Diags);
}

std::optional<std::string> nn2crn::npzBytes(std::span<const NamedArray> Arrays,
                                            std::string_view Name,
                                            DiagnosticEngine &Diags) {
  zip_error_t Error;
  zip_error_init(&Error);
  auto Fail = [&](const std::string &Why) {
    DiagLocation Where;
    Where.File = Name;
    Diags.error(DiagId::CannotWrite, Where, "cannot make the archive: " + Why);
    return std::nullopt;
  };
  zip_source_t *Source = zip_source_buffer_create(nullptr, 0, 0, &Error);
  if (!Source)
    return Fail(errorText(Error));
  struct SourceOwner {
    zip_source_t *S;
    ~SourceOwner() { zip_source_free(S); }
  };
  ZipArchive Archive(zip_open_from_source(Source, ZIP_TRUNCATE, &Error));
  if (!Archive) {
    zip_source_free(Source);
    return Fail(errorText(Error));
  }
  // The archive takes one reference with it; this one is read from afterwards.
  zip_source_keep(Source);
  SourceOwner Owner{Source};
  std::vector<std::string> Contents;
  Contents.reserve(Arrays.size());
  for (const NamedArray &A : Arrays) {
    Contents.push_back(npyBytes(A.Values));
    zip_source_t *Member = zip_source_buffer(
        Archive.get(), Contents.back().data(), Contents.back().size(), 0);
    zip_int64_t Index =
        Member ? zip_file_add(Archive.get(), (A.Name + ".npy").c_str(), Member,
                              ZIP_FL_ENC_UTF_8)
               : -1;
    if (Index < 0) {
      if (Member)
        zip_source_free(Member);
      return Fail(zip_strerror(Archive.get()));
    }
    auto I = static_cast<zip_uint64_t>(Index);
    // 1 January 1980, where DOS time begins; free of time zones.
    if (zip_set_file_compression(Archive.get(), I, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(Archive.get(), I, 0, 0x21, 0) != 0)
      return Fail(zip_strerror(Archive.get()));
  }
  if (zip_close(Archive.get()) != 0)
    return Fail(zip_strerror(Archive.get()));
  (void)Archive.release();

  std::string Bytes;
  if (Arrays.empty()) // libzip leaves no archive then; this is an empty one
    return std::string("PK\5\6", 4) + std::string(18, '\0');
  zip_stat_t Stat;
  zip_stat_init(&Stat);
  if (zip_source_stat(Source, &Stat) != 0 || !(Stat.valid & ZIP_STAT_SIZE) ||
      zip_source_open(Source) != 0)
    return Fail("its bytes cannot be read back");
  Bytes.resize(Stat.size);
  zip_int64_t Read = zip_source_read(Source, Bytes.data(), Stat.size);
  zip_source_close(Source);
  if (Read < 0 || static_cast<uint64_t>(Read) != Stat.size)
    return Fail("its bytes cannot be read back");
  return Bytes;
}
