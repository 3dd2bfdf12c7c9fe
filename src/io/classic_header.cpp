// SPDX-License-Identifier: Apache-2.0
// Walks the header of a classic file (NetCDF classic format specification; CDF-5 with counts of 64
// bits).
#include "classic_header.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <vector>

namespace hindscale {
namespace {

// Big-endian reading with the widths of the file's version; `good` turns false at the end of the
// file.
class HeaderReader {
 public:
  explicit HeaderReader(const std::filesystem::path& path) : file_(path, std::ios::binary) {
    std::array<char, 4> magic{};
    file_.read(magic.data(), magic.size());
    const int version = magic[3];
    count_bytes_ = version == 5 ? 8 : 4;
    offset_bytes_ = version == 1 ? 4 : 8;
  }

  std::uint64_t integer(int n_bytes) {
    std::uint64_t value = 0;
    for (int i = 0; i < n_bytes; ++i) value = value << 8 | static_cast<unsigned char>(file_.get());
    return value;
  }
  std::uint64_t count() { return integer(count_bytes_); }
  std::uint64_t offset() { return integer(offset_bytes_); }
  std::uint64_t tag() { return integer(4); }
  void skip(std::uint64_t n_bytes) {
    file_.seekg(static_cast<std::streamoff>(std::min(n_bytes, longest)), std::ios::cur);
    if (file_.peek() == std::char_traits<char>::eof()) file_.setstate(std::ios::failbit);
  }
  // Length first, then the characters, padded to four.
  void skip_name() { skip(padded(count())); }
  [[nodiscard]] bool good() const { return file_.good(); }
  /// True where the version writes numrecs as "unknown".
  [[nodiscard]] bool streaming(std::uint64_t n_records) const {
    return n_records == (count_bytes_ == 8 ? ~std::uint64_t{0} : 0xFFFFFFFFu);
  }
  static std::uint64_t padded(std::uint64_t n_bytes) { return (n_bytes + 3) / 4 * 4; }

 private:
  static constexpr std::uint64_t longest = std::uint64_t{1} << 62;
  std::ifstream file_;
  int count_bytes_ = 4;
  int offset_bytes_ = 4;
};

// Bytes of the external types, by their number in the format (NC_BYTE = 1 .. NC_UINT64 = 11).
std::uint64_t type_bytes(std::uint64_t type) {
  constexpr std::array<std::uint64_t, 12> bytes = {0, 1, 1, 2, 4, 4, 8, 1, 2, 4, 8, 8};
  return type < bytes.size() ? bytes[type] : 0;
}

struct Variable {
  bool record = false;
  std::uint64_t bytes = 0;  // of one record, or of all of it
  std::uint64_t begin = 0;
};

void skip_attributes(HeaderReader& header) {
  header.tag();
  const std::uint64_t n = header.count();
  for (std::uint64_t i = 0; i < n && header.good(); ++i) {
    header.skip_name();
    const std::uint64_t bytes = type_bytes(header.tag());
    header.skip(HeaderReader::padded(bytes * header.count()));
  }
}

std::vector<std::uint64_t> dimensions(HeaderReader& header) {
  header.tag();
  std::vector<std::uint64_t> lengths;
  const std::uint64_t n = header.count();
  for (std::uint64_t i = 0; i < n && header.good(); ++i) {
    header.skip_name();
    lengths.push_back(header.count());
  }
  return lengths;
}

Variable variable(HeaderReader& header, const std::vector<std::uint64_t>& lengths) {
  Variable one;
  header.skip_name();
  const std::uint64_t rank = header.count();
  std::uint64_t n_values = 1;
  for (std::uint64_t i = 0; i < rank && header.good(); ++i) {
    const std::uint64_t dimension = header.count();
    const std::uint64_t length = dimension < lengths.size() ? lengths[dimension] : 0;
    // The record dimension is the one of length 0 in the header.
    if (i == 0 && length == 0) {
      one.record = true;
    } else {
      n_values *= length;
    }
  }
  skip_attributes(header);
  one.bytes = n_values * type_bytes(header.tag());
  header.count();  // vsize: redundant, and wrong for variables over 4 GiB
  one.begin = header.offset();
  return one;
}

std::uint64_t size_of(const std::vector<Variable>& variables, std::uint64_t n_records) {
  const auto n_record_variables = std::ranges::count_if(variables, &Variable::record);
  std::uint64_t record_bytes = 0;
  for (const Variable& one : variables) {
    // A record variable that is alone is not padded.
    if (one.record) {
      record_bytes += n_record_variables == 1 ? one.bytes : HeaderReader::padded(one.bytes);
    }
  }
  std::uint64_t size = 0;
  for (const Variable& one : variables) {
    if (one.bytes == 0 || (one.record && n_records == 0)) continue;
    const std::uint64_t before = one.record ? (n_records - 1) * record_bytes : 0;
    size = std::max(size, one.begin + before + one.bytes);
  }
  return size;
}

}  // namespace

std::optional<std::uint64_t> classic_size(const std::filesystem::path& path) {
  HeaderReader header(path);
  std::uint64_t n_records = header.count();
  if (header.streaming(n_records)) n_records = 0;
  const std::vector<std::uint64_t> lengths = dimensions(header);
  skip_attributes(header);
  header.tag();
  const std::uint64_t n_variables = header.count();
  std::vector<Variable> variables;
  for (std::uint64_t i = 0; i < n_variables && header.good(); ++i) {
    variables.push_back(variable(header, lengths));
  }
  if (!header.good()) return std::nullopt;
  return size_of(variables, n_records);
}

}  // namespace hindscale
