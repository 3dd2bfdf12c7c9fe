// SPDX-License-Identifier: Apache-2.0
#include "hindscale/metric/spectrum.hpp"

#include <fftw3.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numbers>

#include "hindscale/metric/scores.hpp"

namespace hindscale {
namespace {

struct FftwFree {
  void operator()(void* memory) const { fftw_free(memory); }
};
struct FftwDestroy {
  void operator()(fftw_plan plan) const { fftw_destroy_plan(plan); }
};

/// Owns one plan and its buffers: the transform of real values [n_rows, n_columns] to [n_rows,
/// n_columns / 2 + 1]. Planned without measuring (FFTW_ESTIMATE), so that the same algorithm, and
/// with it the same bits, comes out each time.
class RealTransform {
 public:
  RealTransform(std::size_t n_rows, std::size_t n_columns)
      : n_rows_(n_rows),
        n_columns_(n_columns),
        input_(fftw_alloc_real(n_rows * n_columns)),
        output_(fftw_alloc_complex(n_rows * (n_columns / 2 + 1))) {
    const std::array sizes{static_cast<int>(n_rows), static_cast<int>(n_columns)};
    if (input_ && output_) {
      plan_.reset(fftw_plan_dft_r2c(2, sizes.data(), input_.get(), output_.get(), FFTW_ESTIMATE));
    }
    if (!plan_) {
      throw SystemError({.problem = "Fourier transform cannot be planned",
                         .value = std::to_string(n_rows) + " x " + std::to_string(n_columns),
                         .why = "FFTW returned no plan or no memory",
                         .advice = "evaluate a smaller domain or with fewer ranks a node"});
    }
  }
  [[nodiscard]] View<double, 2> input() { return {input_.get(), {n_rows_, n_columns_}}; }
  void execute() { fftw_execute(plan_.get()); }
  /// Power |F / N|^2 at (row, column) of the half plane, with that of the mirrored column where
  /// there is one.
  [[nodiscard]] double power(std::size_t row, std::size_t column) const {
    const fftw_complex& value = output_.get()[row * (n_columns_ / 2 + 1) + column];
    const auto n = static_cast<double>(n_rows_ * n_columns_);
    const bool alone = column == 0 || 2 * column == n_columns_;
    return (alone ? 1 : 2) * (value[0] * value[0] + value[1] * value[1]) / (n * n);
  }

 private:
  std::size_t n_rows_;
  std::size_t n_columns_;
  std::unique_ptr<double, FftwFree> input_;
  std::unique_ptr<fftw_complex, FftwFree> output_;
  std::unique_ptr<std::remove_pointer_t<fftw_plan>, FftwDestroy> plan_;
};

/// value = mean + slope_y (y - centre_y) + slope_x (x - centre_x), in cells.
struct Plane {
  double centre_y = 0;
  double centre_x = 0;
  double mean = 0;
  double slope_y = 0;
  double slope_x = 0;
  bool defined = false;

  [[nodiscard]] double at(std::size_t y, std::size_t x) const {
    return mean + slope_y * (static_cast<double>(y) - centre_y) +
           slope_x * (static_cast<double>(x) - centre_x);
  }
};

template <class Visit>
void for_each_valid(View<const double, 2> weight, const Visit& visit) {
  for (std::size_t y = 0; y < weight.extent(0); ++y) {
    for (std::size_t x = 0; x < weight.extent(1); ++x) {
      if (weight(y, x) != 0) visit(y, x);
    }
  }
}

/// Least-squares plane through the valid cells; undefined where they lie on one line.
Plane fitted_plane(View<const float, 2> field, View<const double, 2> weight) {
  Plane plane;
  double n = 0;
  for_each_valid(weight, [&](std::size_t y, std::size_t x) {
    n += 1;
    plane.centre_y += static_cast<double>(y);
    plane.centre_x += static_cast<double>(x);
    plane.mean += field(y, x);
  });
  if (n == 0) return plane;
  plane.centre_y /= n;
  plane.centre_x /= n;
  plane.mean /= n;
  double yy = 0;
  double xx = 0;
  double yx = 0;
  double yf = 0;
  double xf = 0;
  for_each_valid(weight, [&](std::size_t i_y, std::size_t i_x) {
    const double y = static_cast<double>(i_y) - plane.centre_y;
    const double x = static_cast<double>(i_x) - plane.centre_x;
    const double value = field(i_y, i_x) - plane.mean;
    yy += y * y;
    xx += x * x;
    yx += y * x;
    yf += y * value;
    xf += x * value;
  });
  const double determinant = yy * xx - yx * yx;
  constexpr double on_a_line = 1e-12;  // relative; rounding of the sums is below it
  plane.defined = determinant > on_a_line * yy * xx;
  if (!plane.defined) return plane;
  plane.slope_y = (yf * xx - xf * yx) / determinant;
  plane.slope_x = (xf * yy - yf * yx) / determinant;
  return plane;
}

/// Hann window at cell i of n, symmetric and nowhere zero: sin^2(pi (i + 1/2) / n).
double hann(std::size_t i, std::size_t n) {
  const double sine =
      std::sin(std::numbers::pi * (static_cast<double>(i) + 0.5) / static_cast<double>(n));
  return sine * sine;
}

/// Rings of the half plane of wavenumbers.
struct Rings {
  double side_y = 0;  ///< length of the domain along y
  double side_x = 0;
  std::size_t n_rows = 0;

  [[nodiscard]] double longest() const { return std::max(side_y, side_x); }
  [[nodiscard]] std::size_t of(std::size_t row, std::size_t column) const {
    const double k_y = static_cast<double>(std::min(row, n_rows - row)) / side_y;
    const double k_x = static_cast<double>(column) / side_x;
    return static_cast<std::size_t>(std::lround(std::hypot(k_y, k_x) * longest()));
  }
};

Spectrum empty_spectrum(std::size_t n, double step) {
  Spectrum spectrum;
  spectrum.power.assign(n, 0.0);
  for (std::size_t k = 0; k < n; ++k) spectrum.wavenumber.push_back(static_cast<double>(k) * step);
  return spectrum;
}

}  // namespace

Spectrum zonal_spectrum(View<const float, 2> field, View<const double, 2> weight) {
  HINDSCALE_ASSERT(field.shape() == weight.shape());
  const std::size_t n_columns = field.extent(1);
  RealTransform transform(1, n_columns);
  Spectrum spectrum = empty_spectrum(n_columns / 2 + 1, 1);
  double total = 0;
  for (std::size_t y = 0; y < field.extent(0); ++y) {
    const std::span<const double> weights = weight[y].flat();
    if (std::any_of(weights.begin(), weights.end(), [](double w) { return w == 0; })) continue;
    std::copy(field[y].begin(), field[y].end(), transform.input().begin());
    transform.execute();
    double row_weight = 0;
    for (const double w : weights) row_weight += w;
    total += row_weight;
    for (std::size_t k = 0; k < spectrum.power.size(); ++k)
      spectrum.power[k] += row_weight * transform.power(0, k);
  }
  for (double& power : spectrum.power) power = total > 0 ? power / total : undefined;
  return spectrum;
}

Spectrum radial_spectrum(View<const float, 2> field, View<const double, 2> weight,
                         const Spacing& spacing) {
  HINDSCALE_ASSERT(field.shape() == weight.shape());
  HINDSCALE_ASSERT(spacing.along_rows > 0 && spacing.along_columns > 0);
  const auto [n_rows, n_columns] = field.shape();
  const Rings rings{spacing.along_rows * static_cast<double>(n_rows),
                    spacing.along_columns * static_cast<double>(n_columns), n_rows};
  Spectrum spectrum = empty_spectrum(rings.of(n_rows / 2, n_columns / 2) + 1, 1 / rings.longest());
  const Plane plane = fitted_plane(field, weight);
  if (!plane.defined) {
    std::fill(spectrum.power.begin(), spectrum.power.end(), undefined);
    return spectrum;
  }
  RealTransform transform(n_rows, n_columns);
  const View<double, 2> input = transform.input();
  std::fill(input.begin(), input.end(), 0.0);
  double window_squares = 0;
  for_each_valid(weight, [&, rows = n_rows, columns = n_columns](std::size_t y, std::size_t x) {
    const double window = hann(y, rows) * hann(x, columns);
    window_squares += window * window;
    input(y, x) = window * (field(y, x) - plane.at(y, x));
  });
  transform.execute();
  const double mean_square = window_squares / static_cast<double>(field.size());
  for (std::size_t y = 0; y < n_rows; ++y) {
    for (std::size_t x = 0; x < n_columns / 2 + 1; ++x)
      spectrum.power[rings.of(y, x)] += transform.power(y, x) / mean_square;
  }
  return spectrum;
}

Spectrum mean_spectrum(std::span<const Spectrum> months) {
  if (months.empty()) return {};
  Spectrum mean{months.front().wavenumber, std::vector<double>(months.front().power.size(), 0.0)};
  std::size_t n = 0;
  for (const Spectrum& month : months) {
    HINDSCALE_ASSERT(month.wavenumber == mean.wavenumber);
    if (std::any_of(month.power.begin(), month.power.end(), [](double p) { return std::isnan(p); }))
      continue;
    ++n;
    for (std::size_t k = 0; k < mean.power.size(); ++k) mean.power[k] += month.power[k];
  }
  for (double& power : mean.power) power = n > 0 ? power / static_cast<double>(n) : undefined;
  return mean;
}

std::vector<double> values_of(std::span<const Spectrum> months) {
  std::vector<double> values;
  for (const Spectrum& month : months) {
    values.insert(values.end(), month.wavenumber.begin(), month.wavenumber.end());
    values.insert(values.end(), month.power.begin(), month.power.end());
  }
  return values;
}

std::vector<Spectrum> spectra_of(std::span<const double> values, std::size_t n_months) {
  std::vector<Spectrum> months;
  const auto n = static_cast<std::ptrdiff_t>(values.size() / n_months / 2);
  for (auto cursor = values.begin(); n > 0 && cursor != values.end(); cursor += 2 * n)
    months.push_back({{cursor, cursor + n}, {cursor + n, cursor + 2 * n}});
  return months;
}

}  // namespace hindscale
