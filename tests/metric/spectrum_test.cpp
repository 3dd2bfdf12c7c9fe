// SPDX-License-Identifier: Apache-2.0
#include "hindscale/metric/spectrum.hpp"

#include <cmath>
#include <numbers>
#include <numeric>

#include "fields.hpp"
#include "hindscale/metric/scores.hpp"

namespace hindscale {
namespace {

using test::normal_field;
using test::row_weights;

double sum_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

TEST(ZonalSpectrumTest, powers_sum_to_the_mean_square) {
  for (const std::size_t n_columns : {16, 15, 1}) {
    const Shape<2> shape{5, n_columns};
    const auto field = normal_field(shape, 1);
    const auto weight = row_weights(shape);
    double squares = 0;
    for (std::size_t i = 0; i < field.size(); ++i)
      squares += weight.data()[i] * std::pow(static_cast<double>(field.data()[i]), 2);
    const auto spectrum = zonal_spectrum(field, weight);
    EXPECT_EQ(spectrum.power.size(), n_columns / 2 + 1);
    EXPECT_NEAR(sum_of(spectrum.power),
                squares / sum_of({weight.flat().begin(), weight.flat().end()}), 1e-12);
  }
}

TEST(ZonalSpectrumTest, a_wave_has_half_its_squared_amplitude_at_its_number) {
  const Shape<2> shape{4, 24};
  Array<float, 2> field(shape);
  for (std::size_t y = 0; y < shape[0]; ++y) {
    for (std::size_t x = 0; x < shape[1]; ++x) {
      const double phase = 2 * std::numbers::pi * 5 * static_cast<double>(x) / 24;
      field(y, x) = static_cast<float>(7 + 3 * std::cos(phase + static_cast<double>(y)));
    }
  }
  const auto spectrum = zonal_spectrum(field, row_weights(shape));
  EXPECT_NEAR(spectrum.power[0], 49, 1e-5);
  EXPECT_NEAR(spectrum.power[5], 4.5, 1e-5);
  EXPECT_NEAR(spectrum.power[4], 0, 1e-10);
  EXPECT_EQ(spectrum.wavenumber[5], 5);
}

TEST(ZonalSpectrumTest, rows_with_missing_cells_are_left_out) {
  const Shape<2> shape{2, 8};
  auto field = normal_field(shape, 1);
  auto weight = row_weights(shape);
  const View<const float, 2> first(field.data(), {1, 8});
  const auto expected = zonal_spectrum(first, row_weights({1, 8}));
  field(1, 3) = std::numeric_limits<float>::quiet_NaN();
  weight(1, 3) = 0;
  EXPECT_EQ(zonal_spectrum(field, weight).power, expected.power);
  weight(0, 0) = 0;
  EXPECT_TRUE(std::isnan(zonal_spectrum(field, weight).power[0]));
}

TEST(RadialSpectrumTest, a_plane_has_no_power) {
  const Shape<2> shape{9, 12};
  Array<float, 2> field(shape);
  for (std::size_t y = 0; y < shape[0]; ++y) {
    for (std::size_t x = 0; x < shape[1]; ++x)
      field(y, x) = 3.0F + 0.5F * static_cast<float>(y) - 0.25F * static_cast<float>(x);
  }
  EXPECT_LT(sum_of(radial_spectrum(field, row_weights(shape), {}).power), 1e-20);
}

TEST(RadialSpectrumTest, white_noise_keeps_its_variance) {
  const Shape<2> shape{128, 160};
  const auto spectrum = radial_spectrum(normal_field(shape, 1), Array<double, 2>(shape, 1.0), {});
  // The window leaves about a quarter of the cells as independent ones: four standard errors.
  EXPECT_NEAR(sum_of(spectrum.power), 1, 4 * std::sqrt(2.0 / (0.25 * 128 * 160)));
}

TEST(RadialSpectrumTest, a_wave_shows_at_its_wavelength_in_units_of_the_spacing) {
  const Shape<2> shape{64, 48};
  const Spacing spacing{.along_columns = 2, .along_rows = 1};
  Array<float, 2> field(shape);
  for (std::size_t y = 0; y < shape[0]; ++y) {
    for (std::size_t x = 0; x < shape[1]; ++x)
      field(y, x) = static_cast<float>(std::cos(2 * std::numbers::pi * static_cast<double>(x) / 6));
  }
  const auto spectrum = radial_spectrum(field, Array<double, 2>(shape, 1.0), spacing);
  const auto peak = std::max_element(spectrum.power.begin(), spectrum.power.end());
  // 6 cells of 2 units are 12 units.
  EXPECT_NEAR(spectrum.wavenumber[static_cast<std::size_t>(peak - spectrum.power.begin())],
              1.0 / 12, 1e-12);
}

TEST(RadialSpectrumTest, cells_on_a_line_have_none) {
  EXPECT_TRUE(
      std::isnan(radial_spectrum(normal_field<2>({1, 9}, 1), row_weights({1, 9}), {}).power[0]));
  EXPECT_TRUE(std::isnan(
      radial_spectrum(normal_field<2>({4, 4}, 1), Array<double, 2>({4, 4}, 0.0), {}).power[0]));
}

TEST(SpectrumReferenceTest, spectra_agree_with_numpy) {
  const test::Reference reference;
  const auto truth = reference.field("truth");
  for (const std::string mask : {"full", "masked"}) {
    SCOPED_TRACE(mask);
    const auto weight = reference.weight(mask);
    const auto zonal = zonal_spectrum(truth, weight).power;
    const auto radial =
        radial_spectrum(truth, weight, {.along_columns = 1.5, .along_rows = 2.0}).power;
    const std::vector<double> expected_zonal = reference[mask]["zonal"];
    const std::vector<double> expected_radial = reference[mask]["radial"];
    ASSERT_EQ(zonal.size(), expected_zonal.size());
    ASSERT_EQ(radial.size(), expected_radial.size());
    for (std::size_t k = 0; k < zonal.size(); ++k)
      EXPECT_NEAR(zonal[k], expected_zonal[k], test::reference_tolerance);
    for (std::size_t k = 0; k < radial.size(); ++k)
      EXPECT_NEAR(radial[k], expected_radial[k], test::reference_tolerance);
  }
}

TEST(SpectrumTest, months_travel_as_one_block_of_numbers) {
  const std::vector<Spectrum> months{{{0, 1, 2}, {3, 4, 5}}, {{0, 1, 2}, {6, 7, 8}}};
  const std::vector<Spectrum> back = spectra_of(values_of(months), 2);
  ASSERT_EQ(back.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(back[i].wavenumber, months[i].wavenumber);
    EXPECT_EQ(back[i].power, months[i].power);
  }
}

TEST(SpectrumTest, the_mean_leaves_undefined_months_out) {
  const std::vector<Spectrum> months{
      {{0, 1}, {2, 4}}, {{0, 1}, {undefined, undefined}}, {{0, 1}, {4, 8}}};
  EXPECT_EQ(mean_spectrum(months).power, (std::vector<double>{3, 6}));
  EXPECT_TRUE(std::isnan(mean_spectrum(std::span(months).subspan(1, 1)).power[1]));
}

}  // namespace
}  // namespace hindscale
