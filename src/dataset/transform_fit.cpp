// SPDX-License-Identifier: Apache-2.0
// The numbers that transforms need, from the training months.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "hindscale/dataset/transform.hpp"

namespace hindscale {
namespace {

constexpr float missing = std::numeric_limits<float>::quiet_NaN();
constexpr double rounding_below_zero = 1e-3;  // of the mean: what packing makes of dry cells
constexpr double area_steps = 1e4;  // areas as whole numbers, whose sums do not depend on the order
constexpr std::size_t n_bins = std::size_t{1} << 16U;  // of the logarithms of a variable

/// What the training values of a variable are like.
struct Moments {
  double weight = 0, sum = 0, squares = 0;
  double least = std::numeric_limits<double>::infinity();
  double greatest = -std::numeric_limits<double>::infinity();
  [[nodiscard]] double mean() const { return sum / weight; }
  [[nodiscard]] double deviation() const {
    return std::sqrt(std::max(0.0, squares / weight - mean() * mean()));
  }
};

/// The rows of this rank in every training month.
class TrainingRows {
 public:
  TrainingRows(const Communicator& comm, const StoreWriter& writer, const StoreContent& content)
      : writer_(writer), content_(content), areas_(cell_areas(content.fine)) {
    const Block mine =
        block_of(static_cast<std::int64_t>(content.fine.n_rows()), comm.rank(), comm.size());
    first_ = static_cast<std::size_t>(mine.first);
    n_rows_ = static_cast<std::size_t>(mine.last - mine.first);
  }
  [[nodiscard]] std::size_t first() const { return first_; }
  [[nodiscard]] std::size_t n_rows() const { return n_rows_; }
  /// [v, rows, x]
  [[nodiscard]] Shape<3> shape() const {
    return {content_.n_variables(), n_rows_, content_.fine.n_columns()};
  }
  [[nodiscard]] double area(std::size_t row, std::size_t column) const {
    return areas_(first_ + row, column);
  }
  [[nodiscard]] double largest_area() const {
    return *std::max_element(areas_.flat().begin(), areas_.flat().end());
  }

  /// Calls visit(values [v, rows, x]) for each training month.
  template <class Visit>
  void for_each_month(Visit&& visit) const {
    Array<float, 3> values(shape());
    if (n_rows_ == 0) return;
    for (const std::size_t t : content_.positions(content_.train)) {
      writer_.read_slab(store::fine, {t, 0, first_, 0}, {1, shape()[0], n_rows_, shape()[2]},
                        values.flat());
      visit(values);
    }
  }

 private:
  const StoreWriter& writer_;
  const StoreContent& content_;
  Array<double, 2> areas_;
  std::size_t first_ = 0;
  std::size_t n_rows_ = 0;
};

/// Of each variable: sums along rows, then over rows from south to north. Collective.
std::vector<Moments> moments_of(const Communicator& comm, const TrainingRows& rows) {
  const Shape<3> shape = rows.shape();
  Array<double, 3> sums({rows.n_rows(), shape[0], 3});
  std::vector<Moments> all(shape[0]);
  rows.for_each_month([&](const Array<float, 3>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto value = static_cast<double>(values.flat()[i]);
      if (std::isnan(value)) continue;
      const std::size_t v = i / (shape[1] * shape[2]), row = i / shape[2] % shape[1];
      const double area = rows.area(row, i % shape[2]);
      sums(row, v, 0) += area;
      sums(row, v, 1) += area * value;
      sums(row, v, 2) += area * value * value;
      all[v].least = std::min(all[v].least, value);
      all[v].greatest = std::max(all[v].greatest, value);
    }
  });
  const std::vector<double> of_rows = gather_blocks(comm, sums.flat());
  for (std::size_t i = 0; i < of_rows.size(); i += 3) {
    Moments& moments = all[i / 3 % shape[0]];
    moments.weight += of_rows[i];
    moments.sum += of_rows[i + 1];
    moments.squares += of_rows[i + 2];
  }
  for (Moments& moments : all) {
    moments.least = all_min(comm, moments.least);
    moments.greatest = all_max(comm, moments.greatest);
  }
  return all;
}

void require_not_negative(const std::string& variable, const std::string& transform,
                          const Moments& moments) {
  const bool is_negative = moments.least < -rounding_below_zero * std::max(0.0, moments.mean());
  if (!is_negative && moments.mean() > 0) return;
  throw InputError(
      {.problem = "a transform that does not fit its variable",
       .value = transform,
       .why = is_negative
                  ? fmt::format("the least training value of {} is {:g}, and it is for values that "
                                "are not negative",
                                variable, moments.least)
                  : fmt::format("{} has no values above zero in the training years", variable),
       .advice = "choose 'identity' or 'minmax' for it",
       .key = "dataset/transforms"});
}

/// The most likely power of one variable, from a histogram of its logarithms. Collective.
double fit_lambda(const Communicator& comm, const TrainingRows& rows, std::size_t v,
                  const TransformParameters& parameters, const Moments& moments) {
  const auto logarithm = [&](double value) {
    return std::log(std::max(value, 0.0) / parameters.unit + parameters.offset);
  };
  const double low = logarithm(moments.least), high = logarithm(moments.greatest);
  const double width = std::max(high - low, std::numeric_limits<double>::min()) / n_bins;
  std::vector<double> counts(n_bins, 0.0);
  const double smallest_step = rows.largest_area() / area_steps;
  rows.for_each_month([&](const Array<float, 3>& values) {
    const View<const float, 2> own = values[v];
    for (std::size_t i = 0; i < own.size(); ++i) {
      if (std::isnan(own.data()[i])) continue;
      const double place = (logarithm(static_cast<double>(own.data()[i])) - low) / width;
      const auto bin = static_cast<std::size_t>(std::clamp(place, 0.0, n_bins - 1.0));
      counts[bin] += std::max(
          1.0, std::round(rows.area(i / own.extent(1), i % own.extent(1)) / smallest_step));
    }
  });
  all_sum_in_place(comm, counts);  // whole numbers below 2^53: exact in any order
  std::vector<double> centres, weights;
  for (std::size_t i = 0; i < n_bins; ++i) {
    if (counts[i] == 0) continue;
    centres.push_back(low + (static_cast<double>(i) + 0.5) * width);
    weights.push_back(counts[i]);
  }
  if (centres.size() < 2) return 1;  // a constant has no shape
  return most_likely_lambda(centres, weights);
}

/// Writes the range of each cell. Collective.
void fit_ranges(StoreWriter& writer, const TrainingRows& rows, std::size_t n_all_rows) {
  const Shape<3> shape = rows.shape();
  Array<float, 3> least(shape, missing), greatest(shape, missing);
  rows.for_each_month([&](const Array<float, 3>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      // fmin and fmax leave out what is missing.
      least.flat()[i] = std::fmin(least.flat()[i], values.flat()[i]);
      greatest.flat()[i] = std::fmax(greatest.flat()[i], values.flat()[i]);
    }
  });
  for (const auto& [name, field] :
       {std::pair<const char*, Array<float, 3>&>(store::cell_least, least),
        {store::cell_greatest, greatest}}) {
    writer.create(name, {shape[0], n_all_rows, shape[2]}, StoreWriter::Layout::contiguous);
    writer.write_slab(name, {0, rows.first(), 0}, {shape[0], shape[1], shape[2]}, field.flat());
  }
}

}  // namespace

void fit_transforms(const Communicator& comm, StoreWriter& writer, StoreContent& content,
                    const DatasetOptions& options) {
  content.transform_parameters.assign(content.n_variables(), {});
  const auto& names = content.transforms;
  if (std::all_of(names.begin(), names.end(), [](const auto& name) { return name == "identity"; }))
    return;
  const TrainingRows rows(comm, writer, content);
  const std::vector<Moments> moments = moments_of(comm, rows);
  for (std::size_t v = 0; v < names.size(); ++v) {
    TransformParameters& parameters = content.transform_parameters[v];
    if (names[v] == "log1p" || names[v] == "boxcox")
      require_not_negative(content.variables[v], names[v], moments[v]);
    if (names[v] == "minmax") {
      parameters.unit = moments[v].deviation() > 0 ? moments[v].deviation() : 1.0;
    } else if (names[v] == "boxcox") {
      parameters.unit = moments[v].mean();
      parameters.offset = options.boxcox_offset;
      parameters.lambda = v < options.boxcox_lambda.size()
                              ? options.boxcox_lambda[v]
                              : fit_lambda(comm, rows, v, parameters, moments[v]);
    }
  }
  if (std::find(names.begin(), names.end(), "minmax") != names.end())
    fit_ranges(writer, rows, content.fine.n_rows());
}

}  // namespace hindscale
