// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "conditioning_fields.hpp"

namespace hindscale {

/// Sums over the training months, in double and in order.
struct Conditioning::Sums {
  Array<double, 3>
      target;  ///< [v, y, x] of the transformed truth (field) or of truth - base (residual)
  Array<double, 3> target_squared;  ///< likewise
  Array<double, 3> count;
  Array<double, 2> lerp;  ///< [v, (weight, value, square, squared anomaly)], area weighted
};

namespace {

constexpr double least_share =
    1e-3;  // of the variable's typical scale: cells that hardly vary are not blown up

/// Mean over 3 x 3 cells [y, x], wrapping in columns where periodic, borders repeated.
Array<double, 2> smoothed(View<const double, 2> field, bool periodic) {
  const auto ny = static_cast<long>(field.extent(0)), nx = static_cast<long>(field.extent(1));
  Array<double, 2> result({field.extent(0), field.extent(1)});
  for (long y = 0; y < ny; ++y) {
    for (long x = 0; x < nx; ++x) {
      double sum = 0;
      for (long dy = -1; dy <= 1; ++dy) {
        for (long dx = -1; dx <= 1; ++dx) {
          const long column = periodic ? (x + dx + nx) % nx : std::clamp(x + dx, 0L, nx - 1);
          sum += field(std::clamp(y + dy, 0L, ny - 1), column);
        }
      }
      result(y, x) = sum / 9;
    }
  }
  return result;
}

double weighted_mean(View<const double, 2> field, View<const double, 2> weight) {
  double sum = 0, total = 0;
  for (std::size_t i = 0; i < field.size(); ++i) {
    sum += weight.data()[i] * field.data()[i];
    total += weight.data()[i];
  }
  return total > 0 ? sum / total : 0.0;
}

/// Fills cells without data, then reduces to one value a variable or smooths over cells.
void share_over_cells(View<double, 2> field, View<const double, 2> weight,
                      const DiffusionOptions& diffusion, bool periodic) {
  const double mean = weighted_mean(field, weight);
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (weight.data()[i] == 0 || diffusion.scaling == "variable") field.data()[i] = mean;
  }
  const Array<double, 2> smooth = smoothed(field, periodic);
  for (std::size_t i = 0; i < field.size(); ++i)
    field.data()[i] = std::max(smooth.flat()[i], least_share * least_share * mean);
}

}  // namespace

void Conditioning::fit(const StoreReader& reader) {
  const std::size_t nv = content_.n_variables(), ny = content_.fine.n_rows(),
                    nx = content_.fine.n_columns();
  const Shape<3> shape{nv, ny, nx};
  Sums sums{Array<double, 3>(shape), Array<double, 3>(shape), Array<double, 3>(shape),
            Array<double, 2>({nv, 4})};
  Array<float, 3> truth(shape), coarse({nv, content_.coarse.n_rows(), content_.coarse.n_columns()});
  for (const std::size_t i_month : content_.positions(content_.train)) {
    reader.read(store::fine, i_month, 1, truth.flat());
    reader.read(store::coarse, i_month, 1, coarse.flat());
    const MonthFields fields = stored_fields(reader, i_month, coarse, truth);
    Array<float, 3> base = base_of(coarse, fields);
    if (options_.diffusion.target == "field")
      for (std::size_t i = 0; i < base.size(); ++i)
        base.flat()[i] = is_gap(fields, i) ? std::nanf("") : 0.0F;
    for (std::size_t i = 0; i < truth.size(); ++i) {
      const std::size_t v = i / (ny * nx), cell = i % (ny * nx);
      const double area = area_.flat()[cell];
      const auto lerp = static_cast<double>(transforms_.of_guess(v, cell, fields.lerp.flat()[i]));
      const double anomaly = lerp - static_cast<double>(transforms_.of_guess(
                                        v, cell, fields.lerp_climatology.flat()[i]));
      if (!std::isnan(anomaly)) {
        sums.lerp(v, 0) += area;
        sums.lerp(v, 1) += area * lerp;
        sums.lerp(v, 2) += area * lerp * lerp;
        sums.lerp(v, 3) += area * anomaly * anomaly;
      }
      const double target = static_cast<double>(transforms_.of(v, cell, truth.flat()[i])) -
                            static_cast<double>(base.flat()[i]);
      if (std::isnan(target) || !is_valid(i)) continue;
      sums.target.flat()[i] += target;
      sums.target_squared.flat()[i] += target * target;
      sums.count.flat()[i] += 1;
    }
  }
  finish_fit(sums);
}

void Conditioning::finish_fit(const Sums& sums) {
  const std::size_t nv = content_.n_variables(), ny = content_.fine.n_rows(),
                    nx = content_.fine.n_columns();
  const bool of_field = options_.diffusion.target == "field";
  Array<double, 3> mean({nv, ny, nx}), scale({nv, ny, nx}), lerp({nv, 1, 2}), anomaly({nv, 1, 1}),
      log_scale({nv, 1, 2});
  for (std::size_t v = 0; v < nv; ++v) {
    Array<double, 2> weight({ny, nx}), first({ny, nx}), second({ny, nx});
    for (std::size_t i = 0; i < weight.size(); ++i) {
      const double n = sums.count.view()[v].data()[i];
      weight.flat()[i] = n > 0 ? area_.flat()[i] : 0.0;
      first.flat()[i] = n > 0 && of_field ? sums.target.view()[v].data()[i] / n : 0.0;
      second.flat()[i] = n > 0 ? sums.target_squared.view()[v].data()[i] / n : 0.0;
    }
    if (of_field && options_.diffusion.scaling == "variable") {
      const double overall = weighted_mean(first, weight);
      std::fill(first.flat().begin(), first.flat().end(), overall);
    }
    double square = 0, sum = 0;
    if (of_field && options_.diffusion.scaling == "variable") {
      const double variance = weighted_mean(second, weight) - first.flat()[0] * first.flat()[0];
      std::fill(second.flat().begin(), second.flat().end(), variance);
    } else {
      for (std::size_t i = 0; i < second.size(); ++i)
        second.flat()[i] -= first.flat()[i] * first.flat()[i];
    }
    share_over_cells(second, weight, options_.diffusion, content_.fine.periodic);
    for (std::size_t i = 0; i < second.size(); ++i) {
      mean.view()[v].data()[i] = first.flat()[i];
      const double deviation = second.flat()[i] > 0 ? std::sqrt(second.flat()[i]) : 1.0;
      scale.view()[v].data()[i] = deviation;
      sum += std::log(deviation);
      square += std::log(deviation) * std::log(deviation);
    }
    const auto n = static_cast<double>(second.size());
    log_scale(v, 0, 0) = sum / n;
    const double log_variance = square / n - sum / n * (sum / n);
    log_scale(v, 0, 1) = log_variance > 1e-12 ? std::sqrt(log_variance) : 1.0;
    const double total = sums.lerp(v, 0), average = sums.lerp(v, 1) / total;
    const double variance = sums.lerp(v, 2) / total - average * average;
    lerp(v, 0, 0) = average;
    lerp(v, 0, 1) = variance > 0 ? std::sqrt(variance) : 1.0;
    anomaly(v, 0, 0) = sums.lerp(v, 3) > 0 ? std::sqrt(sums.lerp(v, 3) / total) : 1.0;
  }
  normalisation_ = {{scale_name, scale},
                    {mean_name, mean},
                    {lerp_name, lerp},
                    {anomaly_name, anomaly},
                    {log_scale_name, log_scale}};
}

namespace {

Array<float, 3> read_field(const StoreReader& reader, const char* name, std::size_t i_month,
                           const Shape<3>& shape) {
  Array<float, 3> field(shape);
  reader.read(name, i_month, 1, field.flat());
  return field;
}

}  // namespace

MonthInputs Conditioning::stored_inputs(const StoreReader& reader, std::size_t i_month) const {
  const std::size_t nv = content_.n_variables();
  const Array<float, 3> truth = read_field(reader, store::fine, i_month, valid_.shape());
  const Array<float, 3> coarse = read_field(
      reader, store::coarse, i_month, {nv, content_.coarse.n_rows(), content_.coarse.n_columns()});
  const Month month = content_.months[i_month];
  const MonthFields fields = stored_fields(reader, i_month, coarse, truth);
  MonthInputs inputs;
  inputs.base = base_of(coarse, fields);
  inputs.condition = channels(month, fields, inputs.base);
  const Array<float, 3> previous =
      sees_previous_month() ? coarse_of_month_before(reader, content_, month) : Array<float, 3>();
  const OwnYear own_year = content_.train.contains(month) ? OwnYear::left_out : OwnYear::counts;
  add_surroundings({month, coarse, previous}, own_year, inputs.condition, inputs.context);
  count_from_mean(fields, inputs);
  return inputs;
}

Sample Conditioning::sample(const StoreReader& reader, std::size_t i_month) const {
  const std::size_t nv = content_.n_variables(), ny = content_.fine.n_rows(),
                    nx = content_.fine.n_columns();
  MonthInputs inputs = stored_inputs(reader, i_month);
  const Array<float, 3> truth = read_field(reader, store::fine, i_month, {nv, ny, nx});
  Sample sample{std::move(inputs.condition), Array<float, 3>({nv, ny, nx}),
                Array<float, 3>({nv, ny, nx}), std::move(inputs.context)};
  const auto& scale = normalisation_.at(scale_name);
  const double largest = *std::max_element(area_.flat().begin(), area_.flat().end());
  const double share = options_.diffusion.area_weight;
  for (std::size_t v = 0; v < nv; ++v) {
    double total = 0, count = 0;
    const auto weight = sample.weight.view()[v].flat();
    for (std::size_t i = 0; i < ny * nx; ++i) {
      const double target = (static_cast<double>(transforms_.of(v, i, truth.view()[v].data()[i])) -
                             static_cast<double>(inputs.base.view()[v].data()[i])) /
                            scale.view()[v].data()[i];
      if (std::isnan(target) || !is_valid(v * ny * nx + i)) continue;
      sample.target.view()[v].data()[i] = static_cast<float>(target);
      weight[i] = static_cast<float>(1 - share + share * area_.flat()[i] / largest);
      total += static_cast<double>(weight[i]);
      count += 1;
    }
    for (float& value : weight)
      value = count > 0 ? static_cast<float>(static_cast<double>(value) * count / total) : 0.0F;
  }
  return sample;
}

}  // namespace hindscale
