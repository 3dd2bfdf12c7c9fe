// SPDX-License-Identifier: Apache-2.0
// Named tensors in the safetensors layout: an 8-byte little-endian header length, a JSON header,
// one raw buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace hindscale {

enum class TensorType { float32, float64, int64 };  ///< "F32", "F64", "I64"

struct TensorView {
  std::string name;
  TensorType type = TensorType::float32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
};

/// Writes the tensors to `path` (not through the commit protocol: the caller's folder is committed
/// as a whole), fsyncs and returns the SHA-256 of the file. Order in the buffer is the order given;
/// the header is padded with blanks to 8 bytes.
std::string write_tensors(const std::filesystem::path& path, const std::vector<TensorView>& tensors,
                          const std::map<std::string, std::string>& metadata);

/// Reads a whole archive and owns its bytes. InputError (file, reason) for anything not a valid
/// archive: truncated, header over 100 MB or not JSON, unknown dtype, shape not matching its
/// offsets, holes, overlaps, duplicate names, trailing bytes.
class TensorArchive {
 public:
  explicit TensorArchive(const std::filesystem::path& path);
  TensorArchive(TensorArchive&&) = default;
  TensorArchive(const TensorArchive&) = delete;  // the tensors look into `bytes_`
  [[nodiscard]] const std::vector<TensorView>& tensors() const { return tensors_; }
  /// InputError naming the tensor where it is missing.
  [[nodiscard]] const TensorView& at(const std::string& name) const;
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  std::filesystem::path path_;
  std::vector<std::byte> bytes_;
  std::vector<TensorView> tensors_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace hindscale
