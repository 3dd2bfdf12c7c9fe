// SPDX-License-Identifier: Apache-2.0
// The members of a reconstruction: which files hold them, and reading rows of their fields.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "hindscale/core/array.hpp"
#include "hindscale/dataset/store_content.hpp"
#include "hindscale/io/field_file.hpp"

namespace hindscale {

/// InputError, saying what to do, where the folder has no manifest.
void require_manifest(const std::filesystem::path& folder);

/// One field of one member.
struct MemberField {
  std::size_t variable = 0;  ///< index in the store's variables
  std::size_t i_member = 0;  ///< index in `MemberArchive::members`
  Month month;
};

/// Knows the member files that a manifest lists, as far as they hold months of the store's test
/// period. Opens them when they are read and keeps a bounded number open. Used by one rank; keeps a
/// reference to the content.
class MemberArchive {
 public:
  /// InputError where there is no manifest, no member file, no month of the test period, or a
  /// member lacks months or variables that others have.
  MemberArchive(std::filesystem::path folder, const StoreContent& content);

  /// Numbers of the members, increasing.
  [[nodiscard]] const std::vector<int>& members() const { return members_; }
  /// Reads from one file of each member whose noise it is made of. InputError where that is no
  /// number.
  void find_independent();
  /// Places in `members` of those that are independent of each other (see antithetic.hpp); all,
  /// before they have been looked for.
  [[nodiscard]] const std::vector<std::size_t>& independent() const { return independent_; }
  /// How many of the first `n` members they are.
  [[nodiscard]] std::size_t n_independent(std::size_t n) const;
  /// The test months that every member has, as positions in the store's months.
  [[nodiscard]] const std::vector<std::size_t>& positions() const { return positions_; }

  /// Digests of the files with test months, by their paths, as the manifest has them.
  [[nodiscard]] std::map<std::string, std::string> digests() const;

  /// Rows [first_row, first_row + n) of a field -> [n, x], NaN where missing. InputError where the
  /// file is not as the manifest says or lies on another grid than the store.
  void read(const MemberField& field, std::size_t first_row, View<float, 2> rows) const;

 private:
  /// Files of the test months of one variable, by member and month.
  using FilesOfVariable = std::map<int, std::map<Month, FileRecord>>;

  void add(std::size_t variable, int member, Month month, const FileRecord& file);
  void list_files();
  void agree_on_members();
  void agree_on_months();
  [[nodiscard]] const FieldReader& reader_of(const FileRecord& file, std::size_t variable) const;

  std::filesystem::path folder_;
  const StoreContent& content_;
  std::vector<FilesOfVariable> files_;  ///< of each variable of the store
  std::vector<int> members_;
  std::vector<std::size_t> positions_;
  mutable std::map<std::string, FieldReader> open_;
  std::vector<std::size_t> independent_;
};

}  // namespace hindscale
