// SPDX-License-Identifier: Apache-2.0
// Members are drawn and scored with the library's own sampler and metrics.
#include "posterior/trial.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "hindscale/core/error.hpp"
#include "hindscale/sampler/schedule.hpp"
#include "posterior/spectra.hpp"

namespace hindscale {
namespace {

/// Fields sampled at once: few enough for the cache, many enough for the matrix products.
constexpr std::int64_t fields_at_once = 1000;

std::span<float> values_of_row(torch::Tensor& fields, std::int64_t i) {
  const std::int64_t n = fields.numel() / fields.size(0);
  return {fields.data_ptr<float>() + i * n, static_cast<std::size_t>(n)};
}

torch::Tensor draw_truths(const PosteriorWorld& world, const PosteriorTrial& trial,
                          std::int64_t first, std::int64_t n) {
  torch::Tensor white = torch::empty({n, 1, world.side(), world.side()});
  for (std::int64_t i = 0; i < n; ++i) {
    const StreamKey key{.seed = trial.seed,
                        .purpose = Purpose::validation_noise,
                        .b = static_cast<std::uint64_t>(first + i)};
    fill_normal(key, 0, values_of_row(white, i));
  }
  return world.fields(white);
}

/// [n * n_members, 1, side, side], the members of a field together.
torch::Tensor draw_members(const PosteriorWorld& world, const PosteriorModel& model,
                           const PosteriorTrial& trial, const torch::Tensor& coarse,
                           const std::array<std::int64_t, 2>& first_and_members) {
  const auto [first, n_members] = first_and_members;
  const torch::Tensor given = coarse.repeat_interleave(n_members, 0);
  const Noise noise = [&, first = first, n_members = n_members](std::int64_t i_draw,
                                                                torch::Tensor& out) {
    for (std::int64_t i = 0; i < out.size(0); ++i) {
      const StreamKey key{.seed = trial.seed,
                          .purpose = Purpose::sample_noise,
                          .a = static_cast<std::uint64_t>(i % n_members),
                          .b = static_cast<std::uint64_t>(first + i / n_members),
                          .c = static_cast<std::uint32_t>(i_draw)};
      fill_normal(key, 0, values_of_row(out, i));
    }
    out.mul_(trial.noise_scale);
  };
  const torch::Tensor like = torch::empty({given.size(0), 1, world.side(), world.side()});
  return world.field_of(sample(trial.sampler, trial.levels, {model(given), noise}, like), given);
}

void score_field(const PosteriorWorld& world, const PosteriorTrial& trial, std::uint64_t field,
                 const std::array<torch::Tensor, 2>& members_and_truth, PosteriorFigures& figures) {
  const auto& [members, truth] = members_and_truth;
  const std::size_t n_members = static_cast<std::size_t>(members.size(0));
  const auto side = static_cast<std::size_t>(world.side());
  const TieKey ties{.seed = trial.seed, .month = field};
  MonthEnsemble& month = figures.fields.emplace_back();
  add_band({.members = {members.data_ptr<float>(), {n_members, side, side}},
            .truth = {truth.data_ptr<float>(), {side, side}},
            .weight = world.areas().view()},
           ties, month);
  const StreamKey key{.seed = trial.seed, .purpose = Purpose::patch_order};
  const auto cell = static_cast<std::int64_t>(
      uniform_below(key, field, static_cast<std::uint64_t>(world.n_cells())));
  const torch::Tensor there = members.flatten(1).select(1, cell).contiguous();
  const torch::Tensor truth_there = truth.flatten().narrow(0, cell, 1).contiguous();
  const double one = 1;
  MonthEnsemble at_cell;
  add_band({.members = {there.data_ptr<float>(), {n_members, 1, 1}},
            .truth = {truth_there.data_ptr<float>(), {1, 1}},
            .weight = {&one, {1, 1}}},
           ties, at_cell);
  figures.rank_counts.resize(n_members + 1);
  for (std::size_t i = 0; i <= n_members; ++i) figures.rank_counts[i] += at_cell.ranks[i];
}

std::vector<Spectrum> zonal_spectra(const torch::Tensor& fields) {
  const torch::Tensor whole = fields.contiguous();
  const auto side = static_cast<std::size_t>(whole.size(2));
  const Array<double, 2> ones({side, side}, 1.0);
  std::vector<Spectrum> spectra;
  for (std::int64_t i = 0; i < whole.size(0); ++i) {
    const float* field = whole.data_ptr<float>() + i * whole.size(2) * whole.size(3);
    spectra.push_back(zonal_spectrum({field, {side, side}}, ones.view()));
  }
  return spectra;
}

/// Adds fields [n, 1, side, side] to a sum of powers and to the spectra along rows.
void add_spectra(const torch::Tensor& fields, torch::Tensor& power, std::vector<Spectrum>& zonal) {
  power += mode_power(fields) * static_cast<double>(fields.size(0));
  for (Spectrum& spectrum : zonal_spectra(fields)) zonal.push_back(std::move(spectrum));
}

/// What one chunk of fields adds.
void add_fields(const PosteriorWorld& world, const PosteriorModel& model,
                const PosteriorTrial& trial, const std::array<std::int64_t, 2>& first_and_number,
                PosteriorFigures& figures) {
  const auto [first, n] = first_and_number;
  const bool is_scored = first < trial.n_fields;
  const std::int64_t n_members = is_scored ? trial.n_members : 1;
  const torch::Tensor truths = draw_truths(world, trial, first, n);
  const torch::Tensor coarse = world.coarsen(truths);
  const torch::Tensor made = draw_members(world, model, trial, coarse, {first, n_members});
  const torch::Tensor misfit = world.coarsen(made) - coarse.repeat_interleave(n_members, 0);
  figures.coarse_misfit = std::max(figures.coarse_misfit, misfit.abs().max().item<double>());
  const torch::Tensor members = made.view({n, n_members, world.side(), world.side()});
  add_spectra(members.narrow(1, 0, 1), figures.mode_power, figures.zonal);
  add_spectra(world.posterior_mean(coarse), figures.mode_power_of_mean, figures.zonal_of_mean);
  if (!is_scored) return;
  figures.variance += members.to(torch::kFloat64).var(1).sum(0).flatten();
  for (std::int64_t i = 0; i < n; ++i)
    score_field(world, trial, static_cast<std::uint64_t>(first + i), {members[i], truths[i]},
                figures);
}

/// Large: nearly equal steps of log r.
constexpr double level_exponent = 20;

}  // namespace

std::vector<double> exact_levels() {
  std::vector<double> levels =
      sampling_levels({}, {LevelGrid::Spacing::rho, level_exponent, 0.01, 55}, 80);
  levels.insert(levels.begin(), 1000);
  return levels;
}

std::vector<double> trained_levels() {
  std::vector<double> levels =
      sampling_levels({}, {LevelGrid::Spacing::rho, level_exponent, 0.02, 15}, 32);
  levels.insert(levels.begin(), 60);
  return levels;
}

PosteriorFigures run_trial(const PosteriorWorld& world, const PosteriorModel& model,
                           const PosteriorTrial& trial) {
  HINDSCALE_ASSERT(trial.n_spectrum_fields >= trial.n_fields && trial.n_members >= 2);
  const torch::NoGradGuard no_gradient;
  const torch::Tensor zeros = torch::zeros({world.n_cells()}, torch::kFloat64);
  PosteriorFigures figures{
      .variance = zeros.clone(), .mode_power = zeros.clone(), .mode_power_of_mean = zeros.clone()};
  for (std::int64_t first = 0; first < trial.n_spectrum_fields;) {
    const bool is_scored = first < trial.n_fields;
    const std::int64_t end = is_scored ? trial.n_fields : trial.n_spectrum_fields;
    const std::int64_t at_once = is_scored ? fields_at_once / trial.n_members : fields_at_once;
    const std::int64_t n = std::min(end - first, std::max<std::int64_t>(1, at_once));
    add_fields(world, model, trial, {first, n}, figures);
    first += n;
  }
  figures.variance /= static_cast<double>(trial.n_fields);
  figures.mode_power /= static_cast<double>(trial.n_spectrum_fields);
  figures.mode_power_of_mean /= static_cast<double>(trial.n_spectrum_fields);
  return figures;
}

}  // namespace hindscale
