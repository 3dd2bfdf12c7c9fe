// SPDX-License-Identifier: Apache-2.0
// The law that the truth was drawn from, where it is known: the best forecast there can be.
#pragma once

#include <filesystem>
#include <vector>

#include "hindscale/core/array.hpp"
#include "hindscale/dataset/store_content.hpp"
#include "hindscale/io/field_file.hpp"

namespace hindscale {

/// Files as the stage 'world' writes them to law/: mean and standard deviation of each variable,
/// and quantiles at (i - 1/2) / n of those whose law is not Gaussian; members drawn from it where
/// there are any. Keeps a reference to `content`; one thread.
class LawFields {
 public:
  /// InputError where a variable has no files or they lie on another grid.
  LawFields(const std::filesystem::path& folder, const StoreContent& content);

  /// InputError naming a month that no file holds.
  void require(Month month) const;

  /// Fields [y, x] in physical units, NaN where missing.
  [[nodiscard]] Array<float, 2> mean(std::size_t variable, Month month) const;
  [[nodiscard]] Array<float, 2> deviation(std::size_t variable, Month month) const;
  /// [quantile, y, x]; empty where the law is Gaussian.
  [[nodiscard]] Array<float, 3> quantiles(std::size_t variable, Month month) const;
  [[nodiscard]] std::size_t n_members() const { return members_.size(); }
  [[nodiscard]] Array<float, 2> member(std::size_t i, std::size_t variable, Month month) const;

 private:
  using Files = std::vector<FieldReader>;
  void find_members();
  [[nodiscard]] std::vector<std::filesystem::path> paths_of(const std::string& variable,
                                                            const std::string& kind) const;
  [[nodiscard]] Files open(const std::vector<std::filesystem::path>& paths) const;
  [[nodiscard]] const FieldReader& file_of(const Files& files, Month month) const;
  [[nodiscard]] Array<float, 2> field(const Files& files, Month month) const;

  std::filesystem::path folder_;
  const StoreContent& content_;
  std::vector<Files> means_, deviations_, quantiles_;  ///< of each variable
  using Paths = std::vector<std::filesystem::path>;
  std::vector<std::vector<Paths>> members_;  ///< [member][variable], opened one at a time
};

}  // namespace hindscale
