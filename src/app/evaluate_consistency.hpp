// SPDX-License-Identifier: Apache-2.0
// The coarse fields that drove a reconstruction, to compare its members with.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "coarse_digests.hpp"
#include "hindscale/comm/communicator.hpp"
#include "hindscale/core/log.hpp"
#include "hindscale/grid/coarse_comparison.hpp"

namespace hindscale {

/// Finds the coarse field of each month by the digest that the archive records: in the store, or in
/// reconstruct/coarse_files. An archive without a record counts as driven by these files, or by the
/// store where there are none. Keeps references to its arguments. One rank.
class DrivingFields {
 public:
  DrivingFields(const Options& options, const StoreReader& reader, const StoreContent& content);

  [[nodiscard]] const CoarseComparison& comparison() const { return comparison_; }
  /// The coarse field [v, cy, cx] of the store. `position` counts in the store's months.
  [[nodiscard]] Array<float, 3> stored(std::size_t position) const;
  /// The mean of those that drove these members, one each; nothing where one is not to be found.
  [[nodiscard]] std::optional<Array<float, 3>> of(std::size_t position,
                                                  std::span<const int> members) const;
  /// Says how many of these months have none.
  void warn_of_unknown(const Log& log, const std::vector<std::size_t>& positions,
                       std::span<const int> members) const;

 private:
  [[nodiscard]] std::optional<Array<float, 3>> of_driver(std::size_t position, int driver) const;
  [[nodiscard]] std::optional<CoarseMonth> of_files(Month month, int driver) const;

  const Options& options_;
  const StoreReader& reader_;
  const StoreContent& content_;
  CoarseComparison comparison_;
  CoarseDigests digests_;                     ///< as archive.json has them
  mutable std::optional<CoarseInput> files_;  ///< opened when a month asks for them
};

/// The misfits of all ranks, in rank order. Collective.
std::vector<CoarseMisfit> gather_misfits(const Communicator& comm,
                                         const std::vector<CoarseMisfit>& mine);

}  // namespace hindscale
