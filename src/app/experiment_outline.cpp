// SPDX-License-Identifier: Apache-2.0
#include "experiment_outline.hpp"

#include <algorithm>

#include "hindscale/sampler/generator.hpp"
#include "hindscale/tiling/tiling.hpp"
#include "hindscale/train/network_config.hpp"
#include "prepare_inputs.hpp"
#include "prepare_recipe.hpp"

namespace hindscale {
namespace {

/// Number of condition channels, as Conditioning counts them.
std::size_t n_condition_channels(const Options& options, std::size_t n_variables) {
  const ModelOptions& model = options.model;
  const std::string& base = options.diffusion.base;
  const bool ridge = options.dataset.ridge &&
                     (base == "ridge" || (base == "local_ridge" && options.dataset.local_ridge));
  std::size_t n = n_variables + (model.relief ? 1U : 0U) + (model.mask ? 1U : 0U) +
                  (model.season ? 2U : 0U) + (model.position ? 3U : 0U);
  if (model.climatology) n += n_variables;
  if (model.base && ridge) n += n_variables;
  if (model.base && options.diffusion.scaling == "cell") n += n_variables;
  const std::size_t n_coarse = n_variables * (model.climatology ? 2U : 1U);
  return n + (model.previous_month ? n_coarse : 0) + (model.context ? n_coarse : 0);
}

/// The largest regression that 'prepare' may choose.
RegressionFit widest_regression(const DatasetOptions& dataset) {
  return {.window = static_cast<int>(std::ranges::max(dataset.ridge_windows))};
}

}  // namespace

ExperimentOutline outline_of(const Options& options) {
  StoreContent content = describe_content(options, open_prepare_inputs(options));
  if (options.dataset.ridge) content.ridge = widest_regression(options.dataset);
  if (options.dataset.ridge && options.dataset.local_ridge) content.local_ridge = content.ridge;
  const TrainingOptions& training = options.training;
  if (training.fold > 0)
    content.left_out = years_of_fold(content.train, training.folds, training.fold);
  const std::size_t n_variables = content.n_variables();
  const NetworkConfig config =
      network_config(options, n_variables, n_condition_channels(options, n_variables));
  return {std::move(content),
          make_network(config, static_cast<std::uint64_t>(options.experiment.seed))};
}

/// Tiles evaluated for a field in so many calls, where the layouts may take turns.
double tiles_of(const StoreContent& content, const TileOptions& options, std::int64_t calls) {
  const TilingOptions tiling = tiling_options(options);
  const std::size_t n_rows = content.fine.n_rows(), n_columns = content.fine.n_columns();
  const auto n_calls = static_cast<std::size_t>(calls);
  if (tiling.alternate)
    return static_cast<double>(
        LayoutTurns(n_rows, n_columns, content.fine.periodic, tiling).n_tiles(n_calls));
  const TileLayout layout(n_rows, n_columns, content.fine.periodic, tiling);
  return static_cast<double>(n_calls * layout.tiles().size());
}

std::optional<Options> shifted_archive(const Options& options, const StoreContent& content) {
  const TileLayout layout(content.fine.n_rows(), content.fine.n_columns(), content.fine.periodic,
                          tiling_options(options.tiling));
  const bool has_borders = !layout.row_borders().empty() || !layout.column_borders().empty();
  if (options.tiling.seam_members == 0 || options.tiling.shifted || !has_borders ||
      !options.output.members)
    return std::nullopt;
  const Month first =
                  std::max(Month::parse(options.first_month()), Month(content.test.first_year, 1)),
              last =
                  std::min(Month::parse(options.last_month()), Month(content.test.last_year, 12));
  if (last < first) return std::nullopt;
  Options shifted = options;
  shifted.tiling.shifted = true;
  shifted.reconstruct.directory = options.shifted_path().string();
  shifted.reconstruct.first_month = first.to_string();
  shifted.reconstruct.last_month = last.to_string();
  shifted.ensemble.members = std::min(options.tiling.seam_members, options.ensemble.members);
  shifted.output.statistics = false;
  shifted.output.quantiles.clear();
  return shifted;
}

}  // namespace hindscale
