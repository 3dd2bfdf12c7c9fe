// SPDX-License-Identifier: Apache-2.0
// Writing and strict reading of the safetensors layout.
#include "hindscale/io/tensor_archive.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "hindscale/core/error.hpp"
#include "hindscale/core/hash.hpp"

namespace hindscale {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t length_bytes = 8;
constexpr std::uint64_t header_limit_bytes =
    100'000'000;  // the limit of the reference implementation
constexpr const char* metadata_key = "__metadata__";

struct TypeName {
  TensorType type;
  const char* name;
  std::uint64_t bytes;
};
constexpr std::array<TypeName, 3> type_names{{{TensorType::float32, "F32", 4},
                                              {TensorType::float64, "F64", 8},
                                              {TensorType::int64, "I64", 8}}};

const TypeName& name_of(TensorType type) {
  return *std::ranges::find(type_names, type, &TypeName::type);
}

/// Bytes of a tensor of this shape; false where the product does not fit 63 bits.
bool count_bytes(const std::vector<std::int64_t>& shape, std::uint64_t item_bytes,
                 std::uint64_t& total) {
  constexpr std::uint64_t largest = INT64_MAX;
  total = item_bytes;
  for (const std::int64_t extent : shape) {
    if (extent == 0) return total = 0, true;
  }
  for (const std::int64_t extent : shape) {
    if (total > largest / static_cast<std::uint64_t>(extent)) return false;
    total *= static_cast<std::uint64_t>(extent);
  }
  return true;
}

std::string header_of(const std::vector<TensorView>& tensors,
                      const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header[metadata_key] = metadata;
  std::uint64_t offset = 0;
  for (const TensorView& tensor : tensors) {
    std::uint64_t bytes = 0;
    HINDSCALE_ASSERT(tensor.name != metadata_key && !header.contains(tensor.name));
    HINDSCALE_ASSERT(std::ranges::all_of(tensor.shape, [](std::int64_t n) { return n >= 0; }));
    HINDSCALE_ASSERT(count_bytes(tensor.shape, name_of(tensor.type).bytes, bytes));
    HINDSCALE_ASSERT(bytes == tensor.bytes.size());
    header[tensor.name] = {{"dtype", name_of(tensor.type).name},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  // Text that is not UTF-8 (a comment of the namelist in Latin-1, say) must not stop a checkpoint.
  std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  HINDSCALE_ASSERT(text.size() <= header_limit_bytes);
  return text;
}

/// Owns a file descriptor; digests what it writes.
class DigestingFile {
 public:
  explicit DigestingFile(const std::filesystem::path& path)
      : path_(path), file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
    if (file_ < 0) fail("cannot create");
  }
  ~DigestingFile() {
    if (file_ >= 0) ::close(file_);
  }
  DigestingFile(const DigestingFile&) = delete;
  DigestingFile& operator=(const DigestingFile&) = delete;

  void write(std::span<const std::byte> bytes) {
    digest_.add(bytes);
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) fail("cannot write");
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }

  std::string finish() {
    if (::fsync(file_) != 0) fail("cannot write to disk");
    if (::close(std::exchange(file_, -1)) != 0) fail("cannot close");
    return digest_.hex();
  }

 private:
  [[noreturn]] void fail(const char* problem) const {
    throw SystemError({.problem = problem, .value = path_.string(), .why = std::strerror(errno)});
  }
  std::filesystem::path path_;
  int file_;
  Sha256 digest_;
};

/// Why an archive is refused; the path is added where it is caught.
struct Refusal {
  std::string why;
};

/// JSON keeps the last of two equal keys; here a repeated one is an error.
class KeyCheck {
 public:
  bool operator()(int /*depth*/, Json::parse_event_t event, const Json& parsed) {
    switch (event) {
      case Json::parse_event_t::object_start:
        keys_.emplace_back();
        break;
      case Json::parse_event_t::object_end:
        keys_.pop_back();
        break;
      case Json::parse_event_t::key:
        if (!keys_.back().insert(parsed.get<std::string>()).second) {
          throw Refusal{"the header has '" + parsed.get<std::string>() + "' twice"};
        }
        break;
      default:
        break;
    }
    return true;
  }

 private:
  std::vector<std::set<std::string>> keys_;
};

Json parse_header(std::string_view text) {
  if (text.empty() || text.front() != '{') throw Refusal{"the header is not a JSON object"};
  try {
    return Json::parse(text.begin(), text.end(), KeyCheck());
  } catch (const Json::exception& error) {
    throw Refusal{std::string("the header is not JSON: ") + error.what()};
  }
}

struct Entry {
  TensorView tensor;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

std::vector<std::int64_t> whole_numbers(const Json& values, const std::string& what) {
  if (!values.is_array()) throw Refusal{what + " is not a list"};
  std::vector<std::int64_t> numbers;
  for (const Json& value : values) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > INT64_MAX) {
      throw Refusal{what + " holds something else than whole numbers"};
    }
    numbers.push_back(value.get<std::int64_t>());
  }
  return numbers;
}

Entry entry_of(const std::string& name, const Json& json, std::uint64_t buffer_bytes) {
  const std::string label = "tensor '" + name + "'";
  if (!json.is_object() || json.size() != 3 || !json.contains("dtype") || !json.contains("shape") ||
      !json.contains("data_offsets") || !json["dtype"].is_string()) {
    throw Refusal{label + " is not described by dtype, shape and data_offsets"};
  }
  const std::string dtype = json["dtype"].get<std::string>();
  const auto type = std::ranges::find(type_names, dtype, &TypeName::name);
  if (type == type_names.end()) throw Refusal{label + " has the unknown dtype '" + dtype + "'"};

  Entry entry;
  entry.tensor.name = name;
  entry.tensor.type = type->type;
  entry.tensor.shape = whole_numbers(json["shape"], "the shape of " + label);
  const std::vector<std::int64_t> offsets =
      whole_numbers(json["data_offsets"], "data_offsets of " + label);
  if (offsets.size() != 2 || offsets[0] > offsets[1]) {
    throw Refusal{"data_offsets of " + label + " are not a range"};
  }
  entry.first = static_cast<std::uint64_t>(offsets[0]);
  entry.last = static_cast<std::uint64_t>(offsets[1]);
  if (entry.last > buffer_bytes) throw Refusal{label + " ends behind the end of the file"};
  std::uint64_t bytes = 0;
  if (!count_bytes(entry.tensor.shape, type->bytes, bytes) || bytes != entry.last - entry.first) {
    throw Refusal{"the shape of " + label + " does not match its data_offsets"};
  }
  return entry;
}

std::map<std::string, std::string> metadata_of(const Json& json) {
  std::map<std::string, std::string> metadata;
  if (!json.is_object()) throw Refusal{"__metadata__ is not an object"};
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) throw Refusal{"__metadata__ holds something else than text"};
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

std::uint64_t header_length(std::span<const std::byte> bytes) {
  if (bytes.size() < length_bytes) throw Refusal{"it is shorter than 8 bytes"};
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) {
    length |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  }
  if (length > header_limit_bytes) throw Refusal{"its header claims more than 100 MB"};
  if (length > bytes.size() - length_bytes) throw Refusal{"it ends within its header"};
  return length;
}

/// The tensors in the order of the buffer, which they must fill without holes or overlaps.
std::vector<TensorView> tensors_of(const Json& header, std::span<const std::byte> buffer) {
  std::vector<Entry> entries;
  for (const auto& [name, json] : header.items()) {
    if (name != metadata_key) entries.push_back(entry_of(name, json, buffer.size()));
  }
  std::ranges::stable_sort(entries, {}, [](const Entry& e) { return std::pair(e.first, e.last); });
  std::uint64_t end = 0;
  std::vector<TensorView> tensors;
  for (Entry& entry : entries) {
    if (entry.first != end) {
      throw Refusal{"tensor '" + entry.tensor.name + "' " +
                    (entry.first < end ? "overlaps the one before" : "leaves a hole before it")};
    }
    entry.tensor.bytes = buffer.subspan(entry.first, entry.last - entry.first);
    end = entry.last;
    tensors.push_back(std::move(entry.tensor));
  }
  if (end != buffer.size()) throw Refusal{"there are bytes behind the last tensor"};
  return tensors;
}

std::vector<std::byte> bytes_of_file(const std::filesystem::path& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) throw Refusal{error.message()};
  std::vector<std::byte> bytes(size);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (!file) throw Refusal{"it cannot be read"};
  return bytes;
}

}  // namespace

std::string write_tensors(const std::filesystem::path& path, const std::vector<TensorView>& tensors,
                          const std::map<std::string, std::string>& metadata) {
  const std::string header = header_of(tensors, metadata);
  std::array<std::byte, length_bytes> length{};
  for (std::size_t i = 0; i < length_bytes; ++i) length[i] = std::byte(header.size() >> (8 * i));

  DigestingFile file(path);
  file.write(length);
  file.write(std::as_bytes(std::span(header)));
  for (const TensorView& tensor : tensors) file.write(tensor.bytes);
  return file.finish();
}

TensorArchive::TensorArchive(const std::filesystem::path& path) : path_(path) {
  try {
    bytes_ = bytes_of_file(path);
    const std::uint64_t length = header_length(bytes_);
    const Json header =
        parse_header({reinterpret_cast<const char*>(bytes_.data()) + length_bytes, length});
    if (header.contains(metadata_key)) metadata_ = metadata_of(header[metadata_key]);
    tensors_ = tensors_of(header, std::span(bytes_).subspan(length_bytes + length));
  } catch (const Refusal& refusal) {
    throw InputError({.problem = "not a valid tensor archive",
                      .value = path.string(),
                      .why = refusal.why,
                      .advice = "use an earlier checkpoint or copy the file again"});
  }
}

const TensorView& TensorArchive::at(const std::string& name) const {
  const auto found = std::ranges::find(tensors_, name, &TensorView::name);
  if (found == tensors_.end()) {
    throw InputError({.problem = "no tensor", .value = name, .file = path_.string()});
  }
  return *found;
}

}  // namespace hindscale
