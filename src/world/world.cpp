// SPDX-License-Identifier: Apache-2.0
#include "hindscale/world/world.hpp"

#include <algorithm>
#include <cmath>

#include "hindscale/world/climate.hpp"
#include "hindscale/world/rain.hpp"

namespace hindscale::world {
namespace {

Array<float, 3> rounded(View<const double, 3> fields) {
  Array<float, 3> result(fields.shape());
  std::ranges::transform(fields.flat(), result.data(),
                         [](double value) { return static_cast<float>(value); });
  return result;
}

Fields in_double(View<const float, 3> fields) {
  Fields result(fields.shape());
  std::ranges::copy(fields.flat(), result.data());
  return result;
}

/// The reanalysis is slow over land, cold, low and wet; more so long ago.
void add_bias(double age, const CoarseTerrain& ground, View<double, 3> coarse) {
  const double more = 1 + 0.5 * age;
  for (std::size_t i = 0; i < coarse[uas].size(); ++i) {
    const double land = ground.land.flat()[i];
    const double slow = 1 - 0.12 * more * land;
    coarse[uas].data()[i] *= slow;
    coarse[vas].data()[i] *= slow;
    coarse[tas].data()[i] -= more * (0.4 + 0.6 * land * ground.rough.flat()[i]);
    coarse[ps].data()[i] -= 60 * more;
    coarse[pr].data()[i] *= 1 + 0.15 * more;
  }
}

}  // namespace

World::World(const WorldOptions& options)
    : options_(options),
      domain_(domain_of(options)),
      refinement_(domain_),
      ground_(survey(domain_, refinement_, options.relief_file, options.relief_name)),
      ratio_(domain_, refinement_, ground_.fine.height_m),
      large_scale_(domain_, ground_.coarse, ratio_,
                   {static_cast<std::uint64_t>(options.seed), options.warming_k}),
      small_scale_(domain_, static_cast<std::uint64_t>(options.seed)) {}

Array<float, 3> World::coarse(Month month) const {
  Fields fields({n_variables, domain_.coarse.n_rows(), domain_.coarse.n_columns()});
  large_scale_.make(month, {}, fields);
  return rounded(fields);
}

Array<float, 3> World::member(Month month, int member) const {
  const auto first = static_cast<double>(options_.member_years[0]);
  const auto last = static_cast<double>(options_.member_years[1]) + 1;
  const double age = (last - (month.year() + (month.of_year() + 0.5) / 12)) / (last - first);
  const double doubt =
      options_.member_doubt[1] + age * (options_.member_doubt[0] - options_.member_doubt[1]);
  Fields fields({n_variables, domain_.coarse.n_rows(), domain_.coarse.n_columns()});
  large_scale_.make(month, {member, doubt}, fields);
  add_bias(age, ground_.coarse, fields);
  return rounded(fields);
}

Array<float, 3> World::member_mean(Month month) const {
  Fields sum({n_variables, domain_.coarse.n_rows(), domain_.coarse.n_columns()});
  for (int i = 1; i <= static_cast<int>(options_.members); ++i) {
    const Array<float, 3> one = member(month, i);
    for (std::size_t k = 0; k < sum.size(); ++k)
      sum.flat()[k] += static_cast<double>(one.flat()[k]);
  }
  for (double& value : sum.flat()) value /= static_cast<double>(options_.members);
  return rounded(sum);
}

MonthLaw World::law_of(Month month) const {
  return month_law(domain_, refinement_, ground_, ratio_, month, in_double(coarse(month)));
}

Array<float, 3> World::fine(Month month, std::uint64_t realization) const {
  const Fields given = in_double(coarse(month));
  const MonthLaw law = month_law(domain_, refinement_, ground_, ratio_, month, given);
  const Shape<3> shape{n_variables, domain_.fine.n_rows(), domain_.fine.n_columns()};
  Array<float, 3> noise(shape);
  small_scale_.make(month, realization, noise);
  Fields fields(shape);
  for (std::size_t v = 0; v < n_gaussian; ++v) {
    const View<double, 2> field = fields[v];
    for (std::size_t i = 0; i < field.size(); ++i)
      field.data()[i] = law.amplitude[v].data()[i] * static_cast<double>(noise[v].data()[i]);
    refinement_.remove_means(field);
    for (std::size_t i = 0; i < field.size(); ++i) field.data()[i] += law.mean[v].data()[i];
  }
  make_rain(refinement_, law, given[pr], noise[pr], fields[pr]);
  return rounded(fields);
}

ExactLaw World::exact_law(Month month) const {
  const Fields given = in_double(coarse(month));
  const MonthLaw law = month_law(domain_, refinement_, ground_, ratio_, month, given);
  const std::size_t rows = domain_.fine.n_rows(), columns = domain_.fine.n_columns();
  const auto n_quantiles = static_cast<std::size_t>(options_.law_quantiles);
  ExactLaw exact{Array<float, 3>({n_variables, rows, columns}),
                 Array<float, 3>({n_variables, rows, columns}),
                 Array<float, 3>({n_quantiles, rows, columns})};
  for (std::size_t v = 0; v < n_gaussian; ++v) {
    const Field deviation = deviation_of(refinement_, small_scale_, law.amplitude[v]);
    for (std::size_t i = 0; i < deviation.size(); ++i) {
      exact.mean[v].data()[i] = static_cast<float>(law.mean[v].data()[i]);
      exact.deviation[v].data()[i] = static_cast<float>(deviation.flat()[i]);
    }
  }
  exact_rain(month, law, given[pr], exact);
  return exact;
}

void World::exact_rain(Month month, const MonthLaw& law, View<const double, 2> coarse,
                       ExactLaw& exact) const {
  const auto n_draws = static_cast<std::size_t>(options_.law_draws);
  const std::size_t rows = domain_.fine.n_rows(), columns = domain_.fine.n_columns();
  Array<float, 3> draws({rows, columns, n_draws});
  Array<float, 2> noise({rows, columns});
  Field rain({rows, columns});
  for (std::size_t k = 0; k < n_draws; ++k) {
    small_scale_.draw(month, k, noise);
    make_rain(refinement_, law, coarse, noise, rain);
    for (std::size_t i = 0; i < rain.size(); ++i)
      draws.data()[i * n_draws + k] = static_cast<float>(rain.flat()[i]);
  }
  const std::size_t n_quantiles = exact.quantiles.extent(0);
  for (std::size_t i = 0; i < rain.size(); ++i) {
    const std::span<float> own(draws.data() + i * n_draws, n_draws);
    std::ranges::sort(own);
    double sum = 0, squares = 0;
    for (const float value : own) sum += static_cast<double>(value);
    const double mean = sum / static_cast<double>(n_draws);
    for (const float value : own) squares += std::pow(static_cast<double>(value) - mean, 2);
    exact.mean[pr].data()[i] = static_cast<float>(mean);
    exact.deviation[pr].data()[i] =
        static_cast<float>(std::sqrt(squares / static_cast<double>(n_draws - 1)));
    for (std::size_t q = 0; q < n_quantiles; ++q) {
      // The order statistics as points of the distribution at (j + 1/2) / draws, linear between.
      const double level = (static_cast<double>(q) + 0.5) / static_cast<double>(n_quantiles);
      const double place = std::clamp(level * static_cast<double>(n_draws) - 0.5, 0.0,
                                      static_cast<double>(n_draws - 1));
      const std::size_t low = std::min(static_cast<std::size_t>(place), n_draws - 2);
      const double part = place - static_cast<double>(low);
      exact.quantiles[q].data()[i] = static_cast<float>((1 - part) * static_cast<double>(own[low]) +
                                                        part * static_cast<double>(own[low + 1]));
    }
  }
}

}  // namespace hindscale::world
