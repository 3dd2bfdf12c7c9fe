// SPDX-License-Identifier: Apache-2.0
// Recognition of files that carry an .nc name by their first bytes.
#include "file_kind.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "classic_header.hpp"
#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

constexpr auto hdf5_magic = "\x89HDF\r\n\x1a\n"sv;

struct OtherKind {
  std::string_view magic;
  const char* name;
  const char* advice;
};

constexpr std::array<OtherKind, 9> other_kinds = {{
    {"PK\x03\x04"sv, "a ZIP archive", "unpack it and give the files inside"},
    {"PK\x05\x06"sv, "an empty ZIP archive", "download it again"},
    {"\x1f\x8b"sv, "a gzip file", "unpack it with gunzip"},
    {"BZh"sv, "a bzip2 file", "unpack it with bunzip2"},
    {"GRIB"sv, "a GRIB file", "convert it to NetCDF, for instance with 'cdo -f nc4 copy'"},
    {"%PDF"sv, "a PDF document", "download the data again"},
    {"\x0e\x03\x13\x01"sv, "an HDF4 file", "convert it to NetCDF"},
    {"{"sv, "JSON text", "an error answer of a server? look into it and download again"},
    {"version https://git-lfs"sv, "a Git LFS pointer", "fetch the file itself with 'git lfs pull'"},
}};

std::string first_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(512, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

bool looks_like_html(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto start = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (start == std::string::npos) return false;
  const std::string_view rest = std::string_view(text).substr(start);
  return rest.starts_with("<!doctype") || rest.starts_with("<html") || rest.starts_with("<?xml");
}

bool is_classic(std::string_view bytes) {
  return bytes.size() >= 4 && bytes.starts_with("CDF") &&
         (bytes[3] == 1 || bytes[3] == 2 || bytes[3] == 5);
}

// The end-of-file address, within the first 64 bytes, in an HDF5 superblock of version 0 to 3 with
// addresses of 8 bytes; nothing for any other.
std::optional<std::uint64_t> hdf5_size(std::string_view bytes) {
  const int version = bytes[8];
  const std::size_t place = version == 0 ? 40 : version == 1 ? 44 : 28;
  const char address_bytes = bytes[version <= 1 ? 13 : 9];
  if (version < 0 || version > 3 || address_bytes != 8) return std::nullopt;
  std::uint64_t size = 0;
  for (std::size_t i = 8; i-- > 0;) size = size << 8 | static_cast<unsigned char>(bytes[place + i]);
  return size;
}

[[noreturn]] void refuse(const fs::path& path, const std::string& why, const std::string& advice) {
  throw InputError(
      {.problem = "not a NetCDF file", .why = why, .advice = advice, .file = path.string()});
}

void require_size(const fs::path& path, std::optional<std::uint64_t> demanded) {
  const std::uint64_t size = fs::file_size(path);
  if (demanded && size >= *demanded) return;
  throw InputError({.problem = "truncated file",
                    .why = demanded
                               ? fmt::format("{} bytes, its header demands {}", size, *demanded)
                               : fmt::format("its header does not end within its {} bytes", size),
                    .advice = "copy or download it again",
                    .file = path.string()});
}

void require_file(const fs::path& path) {
  std::error_code failed;
  const auto status = fs::status(path, failed);
  if (!fs::exists(status)) throw InputError({.problem = "no such file", .file = path.string()});
  if (fs::is_directory(status)) {
    throw InputError(
        {.problem = "is a folder", .advice = "name the files in it", .file = path.string()});
  }
  if (!std::ifstream(path)) {
    throw InputError({.problem = "cannot be read", .why = "permission", .file = path.string()});
  }
}

}  // namespace

void require_whole_netcdf(const fs::path& path) {
  require_file(path);
  const std::string bytes = first_bytes(path);
  if (bytes.empty()) refuse(path, "it is empty", "download it again");
  if (is_classic(bytes)) return require_size(path, classic_size(path));
  if (bytes.starts_with(hdf5_magic)) {
    constexpr std::size_t smallest = 64;
    if (bytes.size() < smallest) return require_size(path, std::nullopt);
    if (const auto size = hdf5_size(bytes)) require_size(path, size);
    return;
  }
  if (looks_like_html(bytes)) {
    refuse(path, "it is an HTML page",
           "an error page of a server? look into it and download again");
  }
  for (const OtherKind& kind : other_kinds) {
    if (bytes.starts_with(kind.magic))
      refuse(path, fmt::format("it is {}", kind.name), kind.advice);
  }
  refuse(path, "its first bytes are of no known kind", "convert it to NetCDF");
}

}  // namespace hindscale
