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

/// The coarse fields a month is made from.
struct CoarseMonth {
  Array<float, 3> own;       ///< [v, cy, cx] in physical units
  Array<float, 3> previous;  ///< of the month before; empty where it is not asked for or not there
};

/// Reads coarse fields on the store's coarse grid. `content` and the reader outlive it.
class CoarseInput {
 public:
  /// Whether months are made from the coarse field of the month before, too.
  enum class Previous { not_seen, seen };
  /// Opens reconstruct/coarse_files where there are any. InputError where they do not fit.
  CoarseInput(const Options& options, const StoreContent& content,
              Previous previous = Previous::not_seen);

  /// Whether the files, or the store where there are none, hold a month.
  [[nodiscard]] bool has(Month month) const;
  /// InputError where a month has no coarse field.
  void require(const std::vector<Month>& months) const;
  /// Reads the fields of a month, from `store` where there are no files.
  [[nodiscard]] CoarseMonth read(const StoreReader& store, Month month) const;
  /// Those of the months whose month before is wanted and not there.
  [[nodiscard]] std::vector<Month> without_previous(const std::vector<Month>& months) const;

 private:
  [[nodiscard]] Array<float, 3> field(const StoreReader& store, Month month) const;

  const StoreContent& content_;
  Previous previous_;
  std::optional<FieldSources> sources_;
  Window window_;
};

/// SHA-256 of the coarse fields that a month is made from, as archives record it.
std::string digest_of(const CoarseMonth& coarse);

/// The same of each month ("1991-01"), read by the ranks in turn. Collective.
std::map<std::string, std::string> coarse_digests(const Communicator& comm,
                                                  const CoarseInput& input,
                                                  const StoreReader& store,
                                                  const std::vector<Month>& months);

}  // namespace hindscale
