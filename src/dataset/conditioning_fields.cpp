// SPDX-License-Identifier: Apache-2.0
// Lerp, climatologies and first guess of a month.
#include "conditioning_fields.hpp"

#include <algorithm>
#include <cmath>

#include "hindscale/dataset/baselines.hpp"

namespace hindscale {

Conditioning::MonthFields Conditioning::month_fields(Month month,
                                                     View<const float, 3> coarse) const {
  const Shape<3> shape{content_.n_variables(), content_.fine.n_rows(), content_.fine.n_columns()};
  MonthFields fields{Array<float, 3>(shape), Array<float, 3>(shape), Array<float, 3>(shape), {}};
  const auto of_year = static_cast<std::size_t>(month.of_year());
  const auto bias = lerp_bias_.view()[of_year];
  for (std::size_t v = 0; v < shape[0]; ++v) {
    lerp_.apply(coarse[v], fields.lerp.view()[v]);
    lerp_.apply(coarse_cycle().view()[of_year][v], fields.lerp_climatology.view()[v]);
  }
  for (std::size_t i = 0; i < fields.lerp.size(); ++i) {
    fields.corrected.flat()[i] = fields.lerp.flat()[i] - bias.flat()[i];
  }
  return fields;
}

const Array<float, 4>& Conditioning::coarse_cycle() const {
  return ridge_coarse_climatology_.empty() ? coarse_climatology_ : ridge_coarse_climatology_;
}

void Conditioning::add_ridge(Month month, View<const float, 3> coarse, MonthFields& fields) const {
  const auto of_year = static_cast<std::size_t>(month.of_year());
  const auto climatology = coarse_cycle().view()[of_year];
  const auto bias = (ridge_lerp_bias_.empty() ? lerp_bias_ : ridge_lerp_bias_).view()[of_year];
  const std::size_t nv = coarse.extent(0), n_cells = coarse.extent(1) * coarse.extent(2);
  const std::size_t ny = content_.fine.n_rows(), nx = content_.fine.n_columns(),
                    nk = ridge_coefficients_.extent(3);
  fields.first_guess = Array<float, 3>({nv, ny, nx});
  std::vector<double> x(nk);
  std::size_t last_row = SIZE_MAX, last_column = SIZE_MAX;
  for (std::size_t row = 0; row < ny; ++row) {
    for (std::size_t column = 0; column < nx; ++column) {
      if (home_row_[row] != last_row || home_column_[column] != last_column) {
        last_row = home_row_[row];
        last_column = home_column_[column];
        const auto cells =
            ridge_window_cells(content_.coarse, last_row, last_column, regression()->window);
        for (std::size_t k = 0; k < nk; ++k) {
          const std::size_t i = k / cells.size() * n_cells + cells[k % cells.size()];
          x[k] = or_zero(static_cast<double>(coarse.data()[i]) -
                         static_cast<double>(climatology.data()[i]));
        }
      }
      for (std::size_t v = 0; v < nv; ++v) {
        const float* b = &ridge_coefficients_(row, v, column, 0);
        double correction = static_cast<double>(bias(v, row, column));
        for (std::size_t k = 0; k < nk; ++k) correction += x[k] * static_cast<double>(b[k]);
        fields.first_guess(v, row, column) =
            static_cast<float>(static_cast<double>(fields.lerp(v, row, column)) - correction);
      }
    }
  }
}

void Conditioning::leave_out_own_year(Month month, View<const float, 3> coarse,
                                      View<const float, 3> truth, MonthFields& fields) const {
  const auto n = static_cast<double>(content_.train.n_years());
  if (n < 2) return;
  const auto of_year = static_cast<std::size_t>(month.of_year());
  const auto bias = lerp_bias_.view()[of_year];
  const Array<float, 3> others = climatology_of(month, coarse, OwnYear::left_out);
  for (std::size_t v = 0; v < coarse.extent(0); ++v)
    lerp_.apply(others.view()[v], fields.lerp_climatology.view()[v]);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const auto lerp = static_cast<double>(fields.lerp.flat()[i]);
    const double error = lerp - static_cast<double>(truth.data()[i]);
    if (std::isnan(error)) continue;
    fields.corrected.flat()[i] =
        static_cast<float>(lerp - (n * static_cast<double>(bias.data()[i]) - error) / (n - 1));
  }
}

Conditioning::MonthFields Conditioning::stored_fields(const StoreReader& reader,
                                                      std::size_t i_month,
                                                      View<const float, 3> coarse,
                                                      View<const float, 3> truth) const {
  const Month month = content_.months[i_month];
  MonthFields fields = month_fields(month, coarse);
  if (content_.train.contains(month)) leave_out_own_year(month, coarse, truth, fields);
  if (ridge_coefficients_.empty()) return fields;
  fields.first_guess = Array<float, 3>(fields.lerp.shape());
  reader.read(regression_names().field, i_month, 1, fields.first_guess.flat());
  return fields;
}

}  // namespace hindscale
