// SPDX-License-Identifier: Apache-2.0
// The exact figures, their Monte-Carlo errors and the table.
#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <numeric>

#include "hindscale/core/error.hpp"
#include "posterior/spectra.hpp"
#include "posterior/trial.hpp"

namespace hindscale {
namespace {

/// Targets of a trained model: relative distance from the exact value.
constexpr double rmse_target = 0.05, crps_target = 0.05, variance_target = 0.10,
                 spectrum_target = 0.05;
constexpr double chi_square_level = 0.01;

/// `of_mean`: what the posterior means of the same coarse fields have.
std::vector<PosteriorLine> power_lines(const std::string& name, const PowerLaw& law,
                                       const std::vector<double>& of_members,
                                       const std::vector<double>& of_mean) {
  HINDSCALE_ASSERT(of_members.size() == law.power.size() && of_mean.size() == law.power.size());
  std::vector<PosteriorLine> lines;
  for (std::size_t k = 0; k < of_members.size(); ++k) {
    lines.push_back({.name = fmt::format("{} {}", name, k),
                     .exact = law.power[k],
                     .reached = of_members[k] - (of_mean[k] - law.of_mean[k]),
                     .monte_carlo = law.standard_error[k],
                     .target = spectrum_target});
  }
  return lines;
}

PosteriorLine farthest(const std::vector<PosteriorLine>& lines, const std::string& where) {
  PosteriorLine worst = *std::ranges::max_element(
      lines, {}, [](const PosteriorLine& line) { return std::abs(line.distance()); });
  worst.name += where;
  return worst;
}

/// Relative standard error of a variance of members averaged with weights [..., n_cells]: the
/// quadratic form of a Gaussian has the variance 2 tr((A C)^2).
torch::Tensor variance_error(const PosteriorWorld& world, const torch::Tensor& weights,
                             double degrees) {
  const torch::Tensor& covariance = world.posterior_covariance();
  const torch::Tensor squares = (torch::matmul(weights, covariance.square()) * weights).sum(-1);
  return (2 * squares / degrees).sqrt() / torch::matmul(weights, covariance.diagonal());
}

PosteriorLine worst_place(const PosteriorWorld& world, const PosteriorFigures& figures,
                          double degrees) {
  const std::int64_t n_places = world.side() * PosteriorWorld::ratio;
  const torch::Tensor cell = torch::arange(world.n_cells(), torch::kInt64);
  const torch::Tensor row = torch::floor_divide(cell, world.side());
  const torch::Tensor place = row * PosteriorWorld::ratio + cell.remainder(PosteriorWorld::ratio);
  const torch::Tensor weights = torch::one_hot(place, n_places).t().to(torch::kFloat64);
  const auto exact = to_vector(torch::matmul(weights, world.posterior_covariance().diagonal()));
  const auto reached = to_vector(torch::matmul(weights, figures.variance));
  const auto errors = to_vector(variance_error(world, weights, degrees));
  const double n_alike = static_cast<double>(world.n_cells()) / static_cast<double>(n_places);
  std::vector<PosteriorLine> lines;
  for (std::size_t i = 0; i < exact.size(); ++i)
    lines.push_back({"variance of a place", exact[i] / n_alike, reached[i] / n_alike, errors[i],
                     variance_target});
  return farthest(lines, fmt::format(", farthest of {}", n_places));
}

std::vector<PosteriorLine> ensemble_lines(const PosteriorWorld& world, const PosteriorTrial& trial,
                                          const PosteriorFigures& figures) {
  const torch::Tensor& shares = world.area_shares();
  const torch::Tensor variances = world.posterior_covariance().diagonal();
  const double variance = shares.dot(variances).item<double>();
  const auto n_fields = static_cast<double>(trial.n_fields),
             n_members = static_cast<double>(trial.n_members);
  const EnsembleScores scores = ensemble_scores(figures.fields);
  double squared_error = 0, weight = 0, crps_scatter = 0;
  for (const MonthEnsemble& field : figures.fields) {
    squared_error += field.sum_squared_error;
    weight += field.weight;
    crps_scatter += std::pow(field.sum_crps / field.weight - scores.crps, 2);
  }
  // A Gaussian forecast of its own truth has the CRPS sigma / sqrt(pi); the fair CRPS of any number
  // of members has the same mean.
  const double crps = (shares.dot(variances.sqrt()) / std::sqrt(std::numbers::pi)).item<double>();
  return {{.name = fmt::format("RMSE of the mean of {} members", trial.n_members),
           .exact = std::sqrt(variance * (1 + 1 / n_members)),
           .reached = std::sqrt(squared_error / weight),
           .monte_carlo = 0.5 * variance_error(world, shares, n_fields).item<double>(),
           .target = rmse_target},
          {.name = "CRPS",
           .exact = crps,
           .reached = scores.crps,
           .monte_carlo = std::sqrt(crps_scatter / (n_fields - 1) / n_fields) / crps,
           .target = crps_target},
          {.name = "variance of members",
           .exact = variance,
           .reached = scores.spread * scores.spread,
           .monte_carlo = variance_error(world, shares, n_fields * (n_members - 1)).item<double>(),
           .target = variance_target},
          worst_place(world, figures, n_fields * (n_members - 1))};
}

}  // namespace

std::vector<PosteriorLine> compare(const PosteriorWorld& world, const PosteriorTrial& trial,
                                   const PosteriorFigures& figures) {
  std::vector<PosteriorLine> lines = ensemble_lines(world, trial, figures);
  const torch::Tensor ring = rings(world);
  const std::vector<PosteriorLine> radial =
      power_lines("power at wavenumber", power_law(world, ring, trial.n_spectrum_fields),
                  to_vector(grouped(figures.mode_power, ring)),
                  to_vector(grouped(figures.mode_power_of_mean, ring)));
  lines.insert(lines.end(), radial.begin(), radial.end());
  const std::vector<PosteriorLine> zonal = power_lines(
      "power along rows at", power_law(world, zonal_waves(world), trial.n_spectrum_fields),
      mean_spectrum(figures.zonal).power, mean_spectrum(figures.zonal_of_mean).power);
  lines.push_back(farthest(zonal, fmt::format(", farthest of {}", zonal.size())));
  return lines;
}

double rank_chi_square(const PosteriorFigures& figures) {
  const std::vector<double>& counts = figures.rank_counts;
  const double n = std::accumulate(counts.begin(), counts.end(), 0.0);
  const double expected = n / static_cast<double>(counts.size());
  double sum = 0;
  for (const double count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

double critical_chi_square(std::int64_t n_members) {
  const boost::math::chi_squared law(static_cast<double>(n_members));
  return boost::math::quantile(boost::math::complement(law, chi_square_level));
}

bool print_table(const std::vector<PosteriorLine>& lines, const PosteriorFigures& figures,
                 std::int64_t n_members) {
  constexpr const char* row = "| {:<46} | {:>9} | {:>9} | {:>6} | {:>11} | {:>6} | {:<6} |\n";
  fmt::print(row, "figure", "exact", "reached", "ratio", "Monte Carlo", "target", "");
  fmt::print("|---|---|---|---|---|---|---|\n");
  bool all_met = true;
  for (const PosteriorLine& line : lines) {
    const bool is_met = std::abs(line.distance()) <= line.target;
    all_met = all_met && is_met;
    fmt::print(row, line.name, fmt::format("{:.3e}", line.exact),
               fmt::format("{:.3e}", line.reached), fmt::format("{:.4f}", 1 + line.distance()),
               fmt::format("{:.2f} %", 100 * line.monte_carlo),
               fmt::format("{:.0f} %", 100 * line.target), is_met ? "met" : "MISSED");
  }
  const double chi_square = rank_chi_square(figures), critical = critical_chi_square(n_members);
  const bool is_met = chi_square <= critical;
  fmt::print(row, fmt::format("chi-square of the ranks in {} bins", n_members + 1), n_members,
             fmt::format("{:.1f}", chi_square), "", "", fmt::format("{:.1f}", critical),
             is_met ? "met" : "MISSED");
  std::fflush(stdout);
  return all_met && is_met;
}

}  // namespace hindscale
