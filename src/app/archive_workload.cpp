// SPDX-License-Identifier: Apache-2.0
#include "archive_workload.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "experiment_outline.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/sampler/generator.hpp"
#include "reconstruction_plan.hpp"

namespace hindscale {

TileLayout layout_of(const Options& options, const StoreContent& content) {
  return {content.fine.n_rows(), content.fine.n_columns(), content.fine.periodic,
          tiling_options(options.tiling)};
}

namespace {

/// Of the network that is trained, for one field; 0 where they cannot be counted.
std::int64_t sampler_calls(const Options& options) {
  if (options.training.is_deterministic()) return 1;
  return evaluations_of(generator_options(options, options.diffusion).sampler,
                        options.sampling.steps);
}

/// Of a diffusion's regression, for one field: fields in work together that have their inputs in
/// common share its mean.
double mean_calls(const Options& options, double tiles) {
  if (!options.diffusion.regression || options.training.is_deterministic()) return 0;
  if (options.reconstruct.coarse_members > 0) return 1;
  const double at_once = std::ceil(static_cast<double>(options.ensemble.batch) / tiles),
               members = static_cast<double>(options.ensemble.members_per_unit);
  return std::min(1 / at_once + 1 / members, 1.0);
}

std::size_t position_of(const Segment& segment, const std::vector<Segment>& segments) {
  return static_cast<std::size_t>(std::ranges::find(segments, segment) - segments.begin());
}

}  // namespace

ArchiveWorkload workload_of(const Options& options, const StoreContent& content) {
  const std::int64_t calls = sampler_calls(options);
  if (calls <= 0) {
    throw InputError({.problem = "the evaluations of this sampler cannot be counted beforehand",
                      .value = options.sampling.sampler,
                      .advice = "plan with a sampler of fixed steps",
                      .key = "sampling/sampler"});
  }
  const ReconstructionPlan plan = plan_reconstruction(options, {}, {});
  const auto n_variables = static_cast<double>(content.n_variables());
  ArchiveWorkload work;
  work.tiles = static_cast<double>(layout_of(options, content).tiles().size());
  const double calls_for_mean = mean_calls(options, work.tiles);
  work.calls_a_field = static_cast<double>(calls) + calls_for_mean;
  work.evaluations_a_field = tiles_of(content, options.tiling, calls) +
                             calls_for_mean * tiles_of(content, options.tiling, 1);
  work.batch = static_cast<double>(options.ensemble.batch);
  work.bytes_a_field = sizeof(float) * n_variables *
                       static_cast<double>(content.fine.n_rows() * content.fine.n_columns());
  const bool has_statistics = options.output.statistics;
  for (const Unit& unit : plan.units) {
    if (has_statistics) work.unit_segments.push_back(position_of(unit.segment, plan.segments));
    work.unit_fields.push_back(
        static_cast<double>(unit.segment.months().size() * unit.members.size()));
    work.files += n_variables * static_cast<double>(unit.members.size());
  }
  if (has_statistics) {
    work.statistics_bytes =
        work.bytes_a_field * std::accumulate(work.unit_fields.begin(), work.unit_fields.end(), 0.0);
    work.statistics_tasks = n_variables * static_cast<double>(plan.segments.size());
  }
  return work;
}

double disk_bytes(const Options& options, const StoreContent& content, std::int64_t n_ranks) {
  const ReconstructionPlan plan = plan_reconstruction(options, {}, {});
  const double statistics =
      options.output.statistics ? 2.0 + static_cast<double>(options.output.quantiles.size()) : 0.0;
  double all = 0, longest = 0;
  for (const Segment& segment : plan.segments) {
    const auto n_months = static_cast<double>(segment.months().size());
    all += n_months;
    longest = std::max(longest, n_months);
  }
  const auto n_groups = static_cast<std::size_t>(
      std::max<std::int64_t>(n_ranks / options.ensemble.ranks_per_field, 1));
  const double with_members =
      options.output.members ? all : longest * static_cast<double>(plan.segments_in_work(n_groups));
  const auto field = static_cast<double>(sizeof(float) * content.n_variables() *
                                         content.fine.n_rows() * content.fine.n_columns());
  const std::optional<Options> shifted = shifted_archive(options, content);
  return (all * statistics + with_members * static_cast<double>(plan.members.size())) * field +
         (shifted ? disk_bytes(*shifted, content, n_ranks) : 0.0);
}

}  // namespace hindscale
