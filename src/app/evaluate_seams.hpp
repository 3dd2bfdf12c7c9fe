// SPDX-License-Identifier: Apache-2.0
// Seams: members at the borders of their tiles, against the same members with the tiles moved.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "evaluate_fields.hpp"
#include "evaluate_months.hpp"
#include "hindscale/metric/seam.hpp"
#include "hindscale/namelist/options.hpp"

namespace hindscale {

/// The archive of shifted tiles beside a reconstruction, and the edges that are borders of tiles in
/// the reconstruction and lie inside tiles there. Keeps references to its arguments.
class SeamComparison {
 public:
  /// Nothing where the reconstruction has one tile or no shifted members (tiling/seam_members). A
  /// warning where the namelist's tiles are not those of the reconstruction. Collective.
  static std::optional<SeamComparison> open(const Context& context, const Options& options,
                                            const StoreReader& reader, const StoreContent& content);

  /// Sums of every month scored, in their order; zero for a month without shifted members.
  /// Collective; every rank returns the same.
  [[nodiscard]] std::vector<MonthSeams> months(const EvaluationSetup& setup,
                                               const ScoredVariable& variable) const;

  /// Of the members with moved tiles.
  [[nodiscard]] const MemberArchive& archive() const { return *archive_; }
  /// The manifest that the comparison depends on.
  static std::filesystem::path manifest_path(const Options& options);

 private:
  SeamComparison(const std::filesystem::path& folder, const StoreReader& reader,
                 const StoreContent& content, GridEdges edges);
  [[nodiscard]] MonthSeams month(const FieldProvider& here, const ScoredVariable& variable,
                                 std::size_t position) const;

  std::unique_ptr<MemberArchive> archive_;
  std::unique_ptr<FieldProvider> moved_;
  GridEdges edges_;
};

}  // namespace hindscale
