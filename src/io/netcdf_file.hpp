// SPDX-License-Identifier: Apache-2.0
// A NetCDF file open for reading by this process alone, with tolerant access to its attributes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace hindscale {

struct NetcdfDimension {
  int id = 0;
  std::string name;
  std::size_t length = 0;
};

/// External types, as far as the unpacking of values depends on them.
enum class NumberKind {
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  float32,
  float64,
  other
};

/// Owns the open file. InputError with the file's path where a call fails because of what the file
/// is, SystemError where the system failed. Variables and dimensions are named by their NetCDF
/// identifiers.
class NetcdfFile {
 public:
  /// Checks first that the file is NetCDF and whole.
  explicit NetcdfFile(std::filesystem::path path);
  ~NetcdfFile();
  NetcdfFile(NetcdfFile&& other) noexcept;
  NetcdfFile& operator=(NetcdfFile&& other) noexcept;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Of the root group, which alone is read.
  [[nodiscard]] int n_variables() const;
  [[nodiscard]] bool has_groups() const;
  [[nodiscard]] std::string name_of(int variable) const;
  [[nodiscard]] NumberKind kind_of(int variable) const;
  /// Of an attribute; `other` where it is absent.
  [[nodiscard]] NumberKind kind_of(int variable, const char* attribute) const;
  [[nodiscard]] std::vector<NetcdfDimension> dimensions_of(int variable) const;
  /// The variable of exactly this name.
  [[nodiscard]] std::optional<int> find(const std::string& name) const;

  /// Empty where the attribute is absent or not text.
  [[nodiscard]] std::string text(int variable, const char* attribute) const;
  /// Empty where the attribute is absent or not numeric.
  [[nodiscard]] std::vector<double> numbers(int variable, const char* attribute) const;

  /// Memory kept for `variable` is that of one record, one index along its dimension `record`.
  void keep_only_a_record(int variable, std::size_t record);
  /// All values of a numeric variable, unpacked.
  [[nodiscard]] std::vector<double> values(int variable) const;
  /// The box [start, start + count) of a numeric variable, in the file's order of dimensions, as
  /// stored (packed).
  void read(int variable, const std::vector<std::size_t>& start,
            const std::vector<std::size_t>& count, std::vector<double>& into) const;

 private:
  void check(int status, const char* doing, const std::string& what) const;
  std::filesystem::path path_;
  int handle_ = -1;
};

}  // namespace hindscale
