// SPDX-License-Identifier: Apache-2.0
// The coarse fields that drive a reconstruction: of the sample store, or of files of another period
// or source.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hindscale/dataset/store_content.hpp"
#include "stage_support.hpp"

namespace hindscale {

/// Reads coarse fields on the store's coarse grid. `content` and the reader outlive it.
class CoarseInput {
 public:
  /// Opens reconstruct/coarse_files where there are any. InputError where they do not fit.
  CoarseInput(const Options& options, const StoreContent& content);

  /// Of a field: [v, cy, cx].
  [[nodiscard]] Shape<3> shape() const {
    return {content_.n_variables(), content_.coarse.n_rows(), content_.coarse.n_columns()};
  }
  /// Whether the files, or the store where there are none, hold a month.
  [[nodiscard]] bool has(Month month) const;
  /// InputError where a month has no coarse field.
  void require(const std::vector<Month>& months) const;
  /// Reads the field [v, cy, cx] of a month, in physical units; from `store` where there are no
  /// files.
  void read(const StoreReader& store, Month month, View<float, 3> field) const;

 private:
  const StoreContent& content_;
  std::optional<FieldSources> sources_;
  Window window_;
};

/// SHA-256 of a coarse field, as archives record it.
std::string digest_of(View<const float, 3> field);

/// SHA-256 of the coarse field of each month ("1991-01"), read by the ranks in turn. Collective.
std::map<std::string, std::string> coarse_digests(const Communicator& comm,
                                                  const CoarseInput& input,
                                                  const StoreReader& store,
                                                  const std::vector<Month>& months);

}  // namespace hindscale
