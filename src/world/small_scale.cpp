// SPDX-License-Identifier: Apache-2.0
#include "hindscale/world/small_scale.hpp"

#include <algorithm>
#include <cmath>

#include "hindscale/world/climate.hpp"

namespace hindscale::world {
namespace {

constexpr double length_coarse_cells = 0.08;

/// Lower triangular L with L L^T = noise_correlation (Cholesky).
std::array<std::array<double, n_variables>, n_variables> triangle() {
  std::array<std::array<double, n_variables>, n_variables> lower{};
  for (std::size_t i = 0; i < n_variables; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double rest = noise_correlation[i][j];
      for (std::size_t k = 0; k < j; ++k) rest -= lower[i][k] * lower[j][k];
      lower[i][j] = i == j ? std::sqrt(rest) : rest / lower[j][j];
    }
  }
  return lower;
}

std::vector<double> filter_kernel(std::size_t radius, double length) {
  std::vector<double> kernel(2 * radius + 1);
  double norm = 0;
  for (std::size_t k = 0; k < kernel.size(); ++k) {
    const double distance = std::abs(static_cast<double>(k) - static_cast<double>(radius)) / length;
    kernel[k] = (1 + distance) * std::exp(-distance);
    norm += kernel[k] * kernel[k];
  }
  for (double& weight : kernel) weight /= std::sqrt(norm);
  return kernel;
}

}  // namespace

SmallScale::SmallScale(const Domain& domain, std::uint64_t seed)
    : seed_(seed),
      n_rows_(domain.fine.n_rows()),
      n_columns_(domain.fine.n_columns()),
      radius_(domain.refinement / 2),
      kernel_(filter_kernel(radius_, length_coarse_cells * static_cast<double>(domain.refinement))),
      mixing_(triangle()) {
  // Cells are counted from a corner beyond any domain and its margin.
  constexpr double south = -120, west = -480, east = 840;
  const auto cells = [&](double degrees) {
    return static_cast<std::uint64_t>(std::llround(degrees / domain.fine_step));
  };
  first_row_ = cells(domain.fine.latitude.edge.front() - south) - radius_;
  first_column_ = cells(domain.fine.longitude.edge.front() - west) - radius_;
  row_length_ = cells(east - west);
  for (std::size_t lag = 0; lag < kernel_.size(); ++lag) {
    double sum = 0;
    for (std::size_t k = lag; k < kernel_.size(); ++k) sum += kernel_[k] * kernel_[k - lag];
    correlation_.push_back(sum);
  }
}

void SmallScale::add_white(const StreamKey& key, double weight, View<float, 2> padded) const {
  std::vector<float> line(padded.extent(1));
  for (std::size_t y = 0; y < padded.extent(0); ++y) {
    fill_normal(key, (first_row_ + y) * row_length_ + first_column_, line);
    for (std::size_t x = 0; x < line.size(); ++x)
      padded(y, x) += static_cast<float>(weight) * line[x];
  }
}

void SmallScale::filter(View<const float, 2> padded, View<float, 2> noise) const {
  Array<float, 2> half({padded.extent(0), n_columns_});
  for (std::size_t y = 0; y < half.extent(0); ++y)
    for (std::size_t k = 0; k < kernel_.size(); ++k)
      for (std::size_t x = 0; x < n_columns_; ++x)
        half(y, x) += static_cast<float>(kernel_[k]) * padded(y, x + k);
  std::ranges::fill(noise.flat(), 0.0F);
  for (std::size_t y = 0; y < n_rows_; ++y)
    for (std::size_t k = 0; k < kernel_.size(); ++k)
      for (std::size_t x = 0; x < n_columns_; ++x)
        noise(y, x) += static_cast<float>(kernel_[k]) * half(y + k, x);
}

void SmallScale::make(Month month, std::uint64_t realization, View<float, 3> noise) const {
  Array<float, 3> independent({n_variables, n_rows_, n_columns_});
  const double now = 1 / std::sqrt(1 + noise_memory * noise_memory);
  for (std::size_t v = 0; v < n_variables; ++v) {
    Array<float, 2> padded({n_rows_ + 2 * radius_, n_columns_ + 2 * radius_});
    for (const int lag : {0, 1})
      add_white({seed_, Purpose::world_small_scale, realization, month_key(month + -lag),
                 static_cast<std::uint32_t>(v)},
                lag == 0 ? now : noise_memory * now, padded);
    filter(padded, independent[v]);
  }
  std::ranges::fill(noise.flat(), 0.0F);
  for (std::size_t v = 0; v < n_variables; ++v)
    for (std::size_t w = 0; w <= v; ++w)
      for (std::size_t i = 0; i < noise[v].size(); ++i)
        noise[v].data()[i] += static_cast<float>(mixing_[v][w]) * independent[w].data()[i];
}

void SmallScale::draw(Month month, std::uint64_t draw, View<float, 2> noise) const {
  Array<float, 2> padded({n_rows_ + 2 * radius_, n_columns_ + 2 * radius_});
  add_white({seed_, Purpose::world_law, draw, month_key(month)}, 1, padded);
  filter(padded, noise);
}

namespace {

/// Covariances of the means of amplitude * noise over coarse cells with each other and with the
/// noise of fine cells; all vanish beyond the neighbouring coarse cells.
class CellMeans {
 public:
  CellMeans(const Refinement& refinement, const SmallScale& noise, View<const double, 2> amplitude)
      : refinement_(refinement),
        noise_(noise),
        amplitude_(amplitude),
        n_(refinement.factor()),
        rows_(amplitude.extent(0) / n_),
        columns_(amplitude.extent(1) / n_),
        with_noise_({rows_ * columns_, 3 * n_, 3 * n_}),
        with_means_({rows_ * columns_, 3, 3}) {
    for (std::size_t cy = 0; cy < rows_; ++cy)
      for (std::size_t cx = 0; cx < columns_; ++cx) add_cell(cy, cx);
  }

  /// Of the mean of cell (cy, cx) with the noise at (y, x), a cell of its neighbourhood.
  [[nodiscard]] double with_noise(std::size_t cy, std::size_t cx, std::size_t y,
                                  std::size_t x) const {
    return with_noise_(cy * columns_ + cx, y + n_ - cy * n_, x + n_ - cx * n_);
  }
  /// Of the means of two cells.
  [[nodiscard]] double with_mean(std::size_t cy, std::size_t cx, std::size_t dy,
                                 std::size_t dx) const {
    const std::size_t j = dy + 1 - cy, i = dx + 1 - cx;  // wraps where they are farther apart
    return j < 3 && i < 3 ? with_means_(cy * columns_ + cx, j, i) : 0.0;
  }

 private:
  void add_cell(std::size_t cy, std::size_t cx) {
    const std::size_t cell = cy * columns_ + cx;
    const auto distance = [&](std::size_t patch, std::size_t inside) {
      const std::size_t own = inside + n_;
      return patch > own ? patch - own : own - patch;
    };
    Field along({n_, 3 * n_});
    for (std::size_t j = 0; j < n_; ++j)
      for (std::size_t x = 0; x < 3 * n_; ++x)
        for (std::size_t i = 0; i < n_; ++i)
          along(j, x) += weight(cy * n_ + j, cx * n_ + i) * noise_.correlation(distance(x, i));
    for (std::size_t y = 0; y < 3 * n_; ++y)
      for (std::size_t j = 0; j < n_; ++j) {
        const double factor = noise_.correlation(distance(y, j));
        for (std::size_t x = 0; factor != 0 && x < 3 * n_; ++x)
          with_noise_(cell, y, x) += factor * along(j, x);
      }
    for (std::size_t y = 0; y < 3 * n_; ++y) {
      for (std::size_t x = 0; x < 3 * n_; ++x) {
        const std::size_t row = cy * n_ + y, column = cx * n_ + x;  // n too far
        if (row < n_ || column < n_ || row - n_ >= rows_ * n_ || column - n_ >= columns_ * n_)
          continue;
        with_means_(cell, y / n_, x / n_) +=
            weight(row - n_, column - n_) * with_noise_(cell, y, x);
      }
    }
  }
  [[nodiscard]] double weight(std::size_t y, std::size_t x) const {
    return refinement_.share(y, x) * amplitude_(y, x);
  }

  const Refinement& refinement_;
  const SmallScale& noise_;
  View<const double, 2> amplitude_;
  std::size_t n_, rows_, columns_;
  Fields with_noise_;  // [cell, y, x] of the 3 x 3 cells about it
  Fields with_means_;  // [cell, dy, dx]
};

}  // namespace

Field deviation_of(const Refinement& refinement, const SmallScale& noise,
                   View<const double, 2> amplitude) {
  const CellMeans means(refinement, noise, amplitude);
  Field deviation({amplitude.extent(0), amplitude.extent(1)});
  struct Term {
    std::size_t cy, cx;
    double weight;
  };
  std::vector<Term> terms;
  for (std::size_t y = 0; y < deviation.extent(0); ++y) {
    for (std::size_t x = 0; x < deviation.extent(1); ++x) {
      terms.clear();
      for (const auto& row : refinement.rows().rows[y])
        for (const auto& column : refinement.columns().rows[x])
          terms.push_back({row.source, column.source, row.weight * column.weight});
      const double a = amplitude(y, x);
      double variance = a * a;
      for (const Term& one : terms) {
        variance -= 2 * a * one.weight * means.with_noise(one.cy, one.cx, y, x);
        for (const Term& other : terms)
          variance +=
              one.weight * other.weight * means.with_mean(one.cy, one.cx, other.cy, other.cx);
      }
      deviation(y, x) = std::sqrt(std::max(0.0, variance));
    }
  }
  return deviation;
}

}  // namespace hindscale::world
