// SPDX-License-Identifier: Apache-2.0
#include "evaluate_maps.hpp"

#include <cmath>
#include <limits>

namespace hindscale {
namespace {

enum Sum : std::size_t { n_months, lerp, ridge, mean, variance, bias, n_sums };

struct KnownMap {
  const char* name;
  const char* long_name;
  Sum sum;
};

constexpr KnownMap known_maps[] = {
    {"rmse_lerp", "root mean square error of the bilinear interpolation", lerp},
    {"rmse_ridge", "root mean square error of the ridge regression", ridge},
    {"rmse_ensemble", "root mean square error of the ensemble mean", mean},
    {"spread_ensemble", "root mean variance over the independent members", variance},
    {"bias_ensemble", "mean error of the ensemble mean", bias},
};

double rounded(double value, double quantum) {
  return std::nearbyint(value / quantum) * quantum;
}

}  // namespace

std::vector<MapKind> map_kinds(const StoreContent& content) {
  std::vector<MapKind> kinds;
  for (const KnownMap& known : known_maps) {
    if (known.sum != ridge || content.ridge) kinds.push_back({known.name, known.long_name});
  }
  return kinds;
}

MapSums::MapSums(const StoreContent& content)
    : sums_({n_sums, content.fine.n_rows(), content.fine.n_columns()}) {}

void MapSums::set_range(double range) {
  std::fill(sums_.flat().begin(), sums_.flat().end(), 0.0);
  constexpr int n_bits = 42;  // of a double's 53; the others leave room for the sums
  int exponent = 0;
  std::frexp(range > 0 ? range : 1.0, &exponent);
  quantum_ = std::ldexp(1.0, exponent - n_bits);
  squared_quantum_ = std::ldexp(1.0, 2 * exponent - n_bits);
}

void MapSums::add(const MapFields& month) {
  const std::size_t n = month.truth.size();
  const auto squared = [&](Sum sum, std::size_t i, double value) {
    sums_.data()[sum * n + i] += rounded(value * value, squared_quantum_);
  };
  for (std::size_t i = 0; i < n; ++i) {
    if (month.weight.data()[i] == 0) continue;
    const double truth = month.truth.data()[i];
    const double error = month.mean.data()[i] - truth;
    sums_.data()[n_months * n + i] += 1;
    squared(lerp, i, month.lerp.data()[i] - truth);
    if (month.ridge.data() != nullptr) squared(ridge, i, month.ridge.data()[i] - truth);
    squared(mean, i, error);
    squared(variance, i, month.spread.data()[i]);
    sums_.data()[bias * n + i] += rounded(error, quantum_);
  }
}

void MapSums::sum_over(const Communicator& comm) {
  all_sum_in_place(comm, sums_.flat());
}

Array<float, 2> MapSums::map(const MapKind& kind) const {
  const KnownMap* known = known_maps;
  while (known->name != kind.name) ++known;
  Array<float, 2> field({sums_.extent(1), sums_.extent(2)},
                        std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < field.size(); ++i) {
    const double count = sums_.data()[n_months * field.size() + i];
    if (count == 0) continue;
    const double average = sums_.data()[known->sum * field.size() + i] / count;
    field.data()[i] = static_cast<float>(known->sum == bias ? average : std::sqrt(average));
  }
  return field;
}

}  // namespace hindscale
