// SPDX-License-Identifier: Apache-2.0
#include "hindscale/dataset/transform.hpp"

#include <algorithm>
#include <cmath>

namespace hindscale {
namespace {

constexpr const char* power_name = "power";
constexpr const char* least_name = "least";
constexpr const char* width_name = "width";

constexpr double range_excess = 1e-6;  // added to the range of a cell, as published for DPDM
constexpr double least_range = 1e-3;   // cells that vary less are not blown up to 0 .. 1
constexpr float least_guess = -1, greatest_guess = 2;

double power_of(double lambda, double logarithm) {
  return lambda == 0 ? logarithm : std::expm1(lambda * logarithm) / lambda;
}

bool has(const std::vector<std::string>& names, const char* name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

TransformParameters parameters_of(const StoreContent& content, std::size_t v) {
  return v < content.transform_parameters.size() ? content.transform_parameters[v]
                                                 : TransformParameters{};
}

void add_ranges(const StoreReader& reader, const StoreContent& content, Normalisation& arrays) {
  const Shape<3> shape = transform_shapes(content).at(least_name);
  Array<float, 3> least_read(shape), greatest_read(shape);
  reader.read(store::cell_least, 0, shape[0], least_read.flat());
  reader.read(store::cell_greatest, 0, shape[0], greatest_read.flat());
  Array<double, 3> least(shape), width(shape);
  for (std::size_t i = 0; i < least.size(); ++i) {
    const double unit = parameters_of(content, i / (shape[1] * shape[2])).unit;
    const auto from = static_cast<double>(least_read.flat()[i]);
    const double range = static_cast<double>(greatest_read.flat()[i]) - from;
    least.flat()[i] = std::isfinite(range) ? from : 0.0;  // cells without data
    width.flat()[i] =
        (std::isfinite(range) ? std::max(range, least_range * unit) : unit) + range_excess * unit;
  }
  arrays.emplace(least_name, std::move(least));
  arrays.emplace(width_name, std::move(width));
}

}  // namespace

double box_cox(const TransformParameters& parameters, double value) {
  return power_of(parameters.lambda,
                  std::log(std::max(value, 0.0) / parameters.unit + parameters.offset));
}

double inverse_box_cox(const TransformParameters& parameters, double transformed) {
  const auto of_zero = static_cast<double>(static_cast<float>(box_cox(parameters, 0)));
  if (transformed <= of_zero) return 0;
  const double logarithm = parameters.lambda == 0
                               ? transformed
                               : std::log1p(parameters.lambda * transformed) / parameters.lambda;
  return std::max(0.0, (std::exp(logarithm) - parameters.offset) * parameters.unit);
}

double most_likely_lambda(std::span<const double> logarithms, std::span<const double> weights) {
  double total = 0, mean_logarithm = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    total += weights[i];
    mean_logarithm += weights[i] * logarithms[i];
  }
  mean_logarithm /= total;
  const auto likelihood = [&](double lambda) {
    double mean = 0, variance = 0;
    for (std::size_t i = 0; i < weights.size(); ++i)
      mean += weights[i] / total * power_of(lambda, logarithms[i]);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const double distance = power_of(lambda, logarithms[i]) - mean;
      variance += weights[i] / total * distance * distance;
    }
    return -0.5 * std::log(variance) + (lambda - 1) * mean_logarithm;
  };
  constexpr int n_steps = 40;
  constexpr double greatest = 2, step = greatest / n_steps, precision = 1e-5, decimals = 1e4;
  double best = 0, most = likelihood(0);
  for (int i = 1; i <= n_steps; ++i) {
    const double found = likelihood(i * step);
    if (found > most) {
      most = found;
      best = i * step;
    }
  }
  double low = std::max(0.0, best - step), high = std::min(greatest, best + step);
  while (high - low > precision) {
    const double third = (high - low) / 3;
    if (likelihood(low + third) < likelihood(high - third))
      low += third;
    else
      high -= third;
  }
  return std::round((low + high) / 2 * decimals) / decimals;
}

std::map<std::string, Shape<3>> transform_shapes(const StoreContent& content) {
  const std::size_t nv = content.n_variables();
  const Shape<3> field{nv, content.fine.n_rows(), content.fine.n_columns()};
  std::map<std::string, Shape<3>> shapes;
  if (has(content.transforms, "boxcox")) shapes[power_name] = {nv, 1, 3};
  if (has(content.transforms, "minmax")) shapes[least_name] = shapes[width_name] = field;
  return shapes;
}

Normalisation transform_arrays(const StoreReader& reader, const StoreContent& content) {
  Normalisation arrays;
  const auto shapes = transform_shapes(content);
  if (const auto found = shapes.find(power_name); found != shapes.end()) {
    Array<double, 3> power(found->second);
    for (std::size_t v = 0; v < content.n_variables(); ++v) {
      const TransformParameters parameters = parameters_of(content, v);
      power(v, 0, 0) = parameters.lambda;
      power(v, 0, 1) = parameters.offset;
      power(v, 0, 2) = parameters.unit;
    }
    arrays.emplace(power_name, std::move(power));
  }
  if (shapes.contains(least_name)) add_ranges(reader, content, arrays);
  return arrays;
}

VariableTransforms::VariableTransforms(const std::vector<std::string>& names,
                                       const Normalisation& arrays)
    : parameters_(names.size()) {
  for (std::size_t v = 0; v < names.size(); ++v) {
    kinds_.push_back(names[v] == "log1p"    ? Kind::log1p
                     : names[v] == "boxcox" ? Kind::box_cox
                     : names[v] == "minmax" ? Kind::min_max
                                            : Kind::identity);
    if (kinds_.back() != Kind::box_cox) continue;
    const auto& power = arrays.at(power_name);
    parameters_[v] = {power(v, 0, 0), power(v, 0, 1), power(v, 0, 2)};
  }
  if (!has(names, "minmax")) return;
  least_ = arrays.at(least_name);
  width_ = arrays.at(width_name);
}

float VariableTransforms::of(std::size_t v, std::size_t i_cell, float value) const {
  if (std::isnan(value)) return value;
  switch (kinds_[v]) {
    case Kind::identity:
      break;
    case Kind::log1p:
      return std::log1p(std::max(value, 0.0F));
    case Kind::box_cox:
      return static_cast<float>(box_cox(parameters_[v], static_cast<double>(value)));
    case Kind::min_max: {
      const double above = static_cast<double>(value) - least_.view()[v].data()[i_cell];
      return static_cast<float>(above / width_.view()[v].data()[i_cell]);
    }
  }
  return value;
}

float VariableTransforms::of_guess(std::size_t v, std::size_t i_cell, float value) const {
  const float transformed = of(v, i_cell, value);
  if (kinds_[v] != Kind::min_max || std::isnan(transformed)) return transformed;
  return std::clamp(transformed, least_guess, greatest_guess);
}

void VariableTransforms::invert(std::size_t v, View<float, 2> field) const {
  for (std::size_t i = 0; i < field.size(); ++i) {
    float& value = field.data()[i];
    if (kinds_[v] == Kind::log1p) value = std::max(std::expm1(value), 0.0F);
    if (kinds_[v] == Kind::box_cox && !std::isnan(value))
      value = static_cast<float>(inverse_box_cox(parameters_[v], static_cast<double>(value)));
    if (kinds_[v] == Kind::min_max && !std::isnan(value))
      value = static_cast<float>(least_.view()[v].data()[i] +
                                 static_cast<double>(std::clamp(value, 0.0F, 1.0F)) *
                                     width_.view()[v].data()[i]);
  }
}

}  // namespace hindscale
