// SPDX-License-Identifier: Apache-2.0
#include "evaluate_seams.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "archive.hpp"
#include "hindscale/core/commit.hpp"
#include "hindscale/sampler/generator.hpp"

namespace hindscale {
namespace fs = std::filesystem;

namespace {

std::vector<std::size_t> without(const std::vector<std::size_t>& here,
                                 const std::vector<std::size_t>& there) {
  std::vector<std::size_t> left;
  std::ranges::set_difference(here, there, std::back_inserter(left));
  return left;
}

/// Borders of the tiles that lie inside tiles when these are moved.
GridEdges edges_of(const Grid& grid, TilingOptions tiling) {
  const TileLayout here(grid.n_rows(), grid.n_columns(), grid.periodic, tiling);
  tiling.shifted = true;
  const TileLayout moved(grid.n_rows(), grid.n_columns(), grid.periodic, tiling);
  return {without(here.row_borders(), moved.row_borders()),
          without(here.column_borders(), moved.column_borders())};
}

/// Whether the archive was made with the tiles of this namelist.
bool has_tiles_of(const fs::path& folder, const Options& options) {
  std::map<std::string, std::string> held;
  try {
    held = nlohmann::json::parse(read_text(folder / "archive.json")).value("options", held);
  } catch (const nlohmann::json::exception&) {
    return false;
  }
  const auto defaults = value_options(Options{});
  held.insert(defaults.begin(), defaults.end());
  const auto asked = value_options(options);
  return std::ranges::all_of(asked, [&](const auto& option) {
    return !option.first.starts_with("tiling/") || held[option.first] == option.second;
  });
}

}  // namespace

SeamComparison::SeamComparison(const fs::path& folder, const StoreReader& reader,
                               const StoreContent& content, GridEdges edges)
    : archive_(std::make_unique<MemberArchive>(folder, content)),
      moved_(std::make_unique<FieldProvider>(reader, content, *archive_)),
      edges_(std::move(edges)) {}

fs::path SeamComparison::manifest_path(const Options& options) {
  return options.evaluated_path() / "shifted" / manifest_name;
}

std::optional<SeamComparison> SeamComparison::open(const Context& context, const Options& options,
                                                   const StoreReader& reader,
                                                   const StoreContent& content) {
  std::optional<SeamComparison> seams;
  together(context.comm, [&] {
    const fs::path manifest = manifest_path(options);
    if (!fs::exists(manifest)) return;
    GridEdges edges = edges_of(content.fine, tiling_options(options.tiling));
    if (edges.rows.empty() && edges.columns.empty()) return;
    Options moved = options;
    moved.tiling.shifted = true;
    if (has_tiles_of(options.evaluated_path(), options) &&
        has_tiles_of(manifest.parent_path(), moved)) {
      seams = SeamComparison(manifest.parent_path(), reader, content, std::move(edges));
    } else {
      context.log.warn("&tiling is not that of the reconstruction: its seams are not scored");
    }
  });
  return seams;
}

MonthSeams SeamComparison::month(const FieldProvider& here, const ScoredVariable& variable,
                                 std::size_t position) const {
  constexpr std::size_t reach = 2;  // cells on either side of a border
  MonthSeams sums;
  if (!std::ranges::binary_search(archive_->positions(), position)) return sums;
  const std::vector<int>& numbers = archive_->members();
  const std::vector<int>& all = here.archive().members();
  Array<float, 3> fields({numbers.size(), here.shape()[0], here.shape()[1]});
  const auto add = [&](const FieldProvider& provider, double& steps, double& variance,
                       const auto& index_of) {
    for (std::size_t m = 0; m < numbers.size(); ++m) {
      provider.member(variable, {index_of(m), position, 0}, fields[m]);
      steps += squared_steps(fields.view()[m], edges_);
    }
    if (numbers.size() > 1) variance += variance_near(fields.view(), edges_, reach);
  };
  add(here, sums.steps, sums.variance, [&](std::size_t m) {
    return static_cast<std::size_t>(std::ranges::lower_bound(all, numbers[m]) - all.begin());
  });
  add(*moved_, sums.steps_moved, sums.variance_moved, [](std::size_t m) { return m; });
  return sums;
}

std::vector<MonthSeams> SeamComparison::months(const EvaluationSetup& setup,
                                               const ScoredVariable& variable) const {
  if (!std::ranges::includes(setup.fields.archive().members(), archive_->members())) {
    throw InputError({.problem = "a shifted member is not in the reconstruction",
                      .advice = "run the stage reconstruct again"});
  }
  std::vector<double> mine;
  for_own_months(setup.context.comm, setup.positions, [&](std::size_t position) {
    const MonthSeams sums = month(setup.fields, variable, position);
    mine.insert(mine.end(), {sums.steps, sums.steps_moved, sums.variance, sums.variance_moved});
  });
  const std::vector<double> all = gather_blocks(setup.context.comm, mine);
  std::vector<MonthSeams> months;
  for (std::size_t i = 0; i < all.size(); i += 4)
    months.push_back({all[i], all[i + 1], all[i + 2], all[i + 3]});
  return months;
}

}  // namespace hindscale
