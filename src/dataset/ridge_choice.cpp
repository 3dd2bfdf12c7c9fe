// SPDX-License-Identifier: Apache-2.0
#include "ridge_choice.hpp"

#include <algorithm>
#include <limits>

namespace hindscale {
namespace {

/// The candidate that errs least on the validation months.
RegressionFit best_of(const Communicator& comm, const RidgeData& data, const StoreWriter& writer,
                      const std::vector<RegressionFit>& candidates) {
  const std::size_t nv = data.content.n_variables();
  const Block rows = coarse_rows_of(comm, data.content);
  std::vector<double> mine;  // [row, candidate, v]
  for (std::int64_t i = rows.first; i < rows.last; ++i) {
    const RidgeRow row(data, writer, static_cast<std::size_t>(i));
    for (const auto& errors : row.validation_errors(candidates))
      mine.insert(mine.end(), errors.begin(), errors.end());
  }
  const std::vector<double> all = gather_blocks(comm, mine);
  std::vector<std::vector<double>> totals(candidates.size(), std::vector<double>(nv, 0.0));
  for (std::size_t i = 0; i < all.size(); ++i) totals[i / nv % candidates.size()][i % nv] += all[i];
  // Variables may have different units: each is measured against its own best candidate.
  std::size_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    double sum = 0;
    for (std::size_t v = 0; v < nv; ++v) {
      double own_best = std::numeric_limits<double>::infinity();
      for (const auto& total : totals) own_best = std::min(own_best, total[v]);
      sum += own_best > 0 ? totals[i][v] / own_best : 1.0;
    }
    if (sum < least) {
      least = sum;
      best = i;
    }
  }
  return candidates[best];
}

}  // namespace

Block coarse_rows_of(const Communicator& comm, const StoreContent& content) {
  return block_of(static_cast<std::int64_t>(content.coarse.n_rows()), comm.rank(), comm.size());
}

RegressionFit choose_ridge(const Communicator& comm, const RidgeData& data,
                           const StoreWriter& writer, const DatasetOptions& options) {
  std::vector<RegressionFit> candidates;
  for (const std::int64_t window : options.ridge_windows)
    for (const double penalty : options.ridge_penalties)
      candidates.push_back({.window = static_cast<int>(window), .penalty = penalty});
  return best_of(comm, data, writer, candidates);
}

RegressionFit choose_local_ridge(const Communicator& comm, const RidgeData& data,
                                 const StoreWriter& writer, const DatasetOptions& options) {
  RegressionFit fit = *data.content.ridge;
  std::vector<RegressionFit> candidates;
  for (const std::int64_t harmonics : options.local_ridge_harmonics) {
    candidates.push_back(fit);
    candidates.back().harmonics = static_cast<int>(harmonics);
  }
  fit = best_of(comm, data, writer, candidates);
  candidates.clear();
  for (const std::int64_t window : options.ridge_windows) {
    for (const double decay : options.local_ridge_decays) {
      candidates.push_back(fit);
      candidates.back().window = static_cast<int>(window);
      candidates.back().decay = decay;
    }
  }
  fit = best_of(comm, data, writer, candidates);
  candidates.clear();
  for (const double penalty : options.ridge_penalties) {
    candidates.push_back(fit);
    candidates.back().penalty = penalty;
  }
  return best_of(comm, data, writer, candidates);
}

}  // namespace hindscale
