// SPDX-License-Identifier: Apache-2.0
#include "hindscale/dataset/conditioning.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "conditioning_fields.hpp"
#include "hindscale/dataset/baselines.hpp"
#include "hindscale/dataset/variable.hpp"

namespace hindscale {
namespace {

constexpr float missing = std::numeric_limits<float>::quiet_NaN();

std::optional<RegressionFit> regression_of(const StoreContent& content,
                                           const DiffusionOptions& diffusion) {
  if (diffusion.base == "ridge") return content.ridge;
  if (diffusion.base == "local_ridge") return content.local_ridge;
  return std::nullopt;
}

}  // namespace

void require_possible(const DiffusionOptions& diffusion, const StoreContent& content) {
  const std::string& base = diffusion.base;
  const bool asks_for_regression = base == "ridge" || base == "local_ridge";
  if (asks_for_regression && diffusion.target == "residual" && !regression_of(content, diffusion)) {
    throw InputError(
        {.problem = "the sample store has no such regression",
         .value = base,
         .advice = "prepare it with dataset/" + base + " = .true., or choose another base",
         .key = "diffusion/base"});
  }
  const char* reason = !content.coarse_derived ? "the coarse field does not come from the fine one"
                       : content.has_missing   ? "fine cells are missing"
                                               : nullptr;
  if (diffusion.enforces_consistency() && reason != nullptr) {
    throw InputError({.problem = "consistency with the coarse field cannot be enforced here",
                      .value = diffusion.consistency,
                      .why = reason,
                      .advice = "set diffusion/consistency = 'report' or 'none'",
                      .key = "diffusion/consistency"});
  }
}

Conditioning::Conditioning(const StoreReader& reader, const StoreContent& content,
                           const ConditioningOptions& options, int)
    : content_(content),
      options_(options),
      lerp_(content.coarse, content.fine),
      area_(cell_areas(content.fine)) {
  require_possible(options_.diffusion, content_);
  if (options_.diffusion.enforces_consistency())
    projection_.emplace(content_.fine, content_.coarse);
  for (std::size_t v = 0; v < content_.n_variables(); ++v)
    lower_limit_.push_back(lower_limit_of(content_.variables[v], content_.transforms[v]));
  load_statics(reader);
  name_channels();
}

Conditioning::Conditioning(const StoreReader& reader, const StoreContent& content,
                           const ConditioningOptions& options)
    : Conditioning(reader, content, options, 0) {
  Normalisation arrays = transform_arrays(reader, content_);
  transforms_ = VariableTransforms(content_.transforms, arrays);
  fit(reader);
  normalisation_.merge(arrays);
}

Conditioning::Conditioning(const StoreReader& reader, const StoreContent& content,
                           const ConditioningOptions& options, Normalisation normalisation)
    : Conditioning(reader, content, options, 0) {
  normalisation_ = std::move(normalisation);
  const std::size_t nv = content_.n_variables();
  const Shape<3> field{nv, content_.fine.n_rows(), content_.fine.n_columns()};
  std::map<std::string, Shape<3>> expected{{scale_name, field},
                                           {mean_name, field},
                                           {lerp_name, {nv, 1, 2}},
                                           {anomaly_name, {nv, 1, 1}},
                                           {log_scale_name, {nv, 1, 2}}};
  expected.merge(transform_shapes(content_));
  for (const auto& [name, shape] : expected) {
    const auto found = normalisation_.find(name);
    if (found != normalisation_.end() && found->second.shape() == shape) continue;
    throw InputError({.problem = "checkpoint does not fit the sample store",
                      .value = name,
                      .why = "its normalisation belongs to another grid or other variables",
                      .advice = "use the store the network was trained on; for another region set "
                                "reconstruct/elsewhere = .true."});
  }
  transforms_ = VariableTransforms(content_.transforms, normalisation_);
}

std::optional<RegressionFit> Conditioning::regression() const {
  return regression_of(content_, options_.diffusion);
}

const store::Regression& Conditioning::regression_names() const {
  return options_.diffusion.base == "ridge" ? store::ridge : store::local_ridge;
}

void Conditioning::load_statics(const StoreReader& reader) {
  const std::size_t nv = content_.n_variables(), ny = content_.fine.n_rows(),
                    nx = content_.fine.n_columns();
  const std::size_t cy = content_.coarse.n_rows(), cx = content_.coarse.n_columns();
  statics_ = Array<float, 3>({2, ny, nx});
  reader.read(store::relief_m, 0, ny, statics_.view()[0].flat());
  reader.read(store::land_fraction, 0, ny, statics_.view()[1].flat());
  valid_ = Array<float, 3>({nv, ny, nx});
  reader.read(store::valid, 0, nv, valid_.flat());
  coarse_climatology_ = Array<float, 4>({12, nv, cy, cx});
  reader.read(store::coarse_climatology, 0, 12, coarse_climatology_.flat());
  lerp_bias_ = Array<float, 4>({12, nv, ny, nx});
  reader.read(store::lerp_bias, 0, 12, lerp_bias_.flat());
  if (!regression()) return;
  const store::Regression& names = regression_names();
  const auto shape = reader.shape(names.coefficients);
  ridge_coefficients_ = Array<float, 4>({shape[0], shape[1], shape[2], shape[3]});
  reader.read(names.coefficients, 0, ny, ridge_coefficients_.flat());
  if (names.lerp_bias != store::lerp_bias) {
    ridge_coarse_climatology_ = Array<float, 4>(coarse_climatology_.shape());
    reader.read(names.coarse_climatology, 0, 12, ridge_coarse_climatology_.flat());
    ridge_lerp_bias_ = Array<float, 4>(lerp_bias_.shape());
    reader.read(names.lerp_bias, 0, 12, ridge_lerp_bias_.flat());
  }
  home_row_ = home_rows(content_.fine, content_.coarse);
  home_column_ = home_columns(content_.fine, content_.coarse);
}

void Conditioning::name_channels() {
  const ModelOptions& model = options_.model;
  for (const std::string& variable : content_.variables)
    channel_names_.push_back(variable + "_lerp");
  if (model.relief) channel_names_.emplace_back("relief");
  if (model.mask) channel_names_.emplace_back("land_fraction");
  if (model.climatology) {
    for (const std::string& variable : content_.variables)
      channel_names_.push_back(variable + "_anomaly");
  }
  if (model.base) {
    if (!ridge_coefficients_.empty()) {
      for (const std::string& variable : content_.variables)
        channel_names_.push_back(variable + "_correction");
    }
    if (options_.diffusion.scaling == "cell") {
      for (const std::string& variable : content_.variables)
        channel_names_.push_back(variable + "_log_scale");
    }
  }
  if (model.season) channel_names_.insert(channel_names_.end(), {"month_sin", "month_cos"});
  if (model.position)
    channel_names_.insert(channel_names_.end(), {"latitude_sin", "longitude_sin", "longitude_cos"});
  name_surroundings();
}

void Conditioning::impose(std::size_t variable, View<const float, 2> coarse,
                          View<float, 2> field) const {
  if (!projection_) return;
  if (const auto limit = lower_limit_[variable]) {
    projection_->apply_above(*limit, coarse, field);
  } else {
    projection_->apply(coarse, field);
  }
}

Array<float, 3> Conditioning::base_of(View<const float, 3> coarse,
                                      const MonthFields& fields) const {
  const std::string& choice = options_.diffusion.base;
  Array<float, 3> base = choice == "lerp"             ? fields.lerp
                         : fields.first_guess.empty() ? fields.corrected
                                                      : fields.first_guess;
  for (std::size_t v = 0; v < base.extent(0); ++v) {
    const View<float, 2> own = base.view()[v];
    impose(v, coarse[v], own);
    for (std::size_t i = 0; i < own.size(); ++i)
      own.data()[i] = transforms_.of_guess(v, i, own.data()[i]);
  }
  return base;
}

MonthInputs Conditioning::inputs(Month month, View<const float, 3> coarse,
                                 View<const float, 3> previous) const {
  MonthFields fields = month_fields(month, coarse);
  if (!ridge_coefficients_.empty()) add_ridge(month, coarse, fields);
  MonthInputs inputs;
  inputs.base = base_of(coarse, fields);
  inputs.condition = channels(month, fields, inputs.base);
  add_surroundings({month, coarse, previous}, OwnYear::counts, inputs.condition, inputs.context);
  count_from_mean(fields, inputs);
  return inputs;
}

std::size_t Conditioning::n_gaps(const StoreReader& reader, View<const float, 3> coarse) const {
  const std::size_t n_cells = coarse.extent(1) * coarse.extent(2);
  std::set<std::size_t> gaps;
  for (std::size_t i = 0; i < coarse.size(); ++i)
    if (!std::isfinite(coarse.data()[i])) gaps.insert(i);
  if (gaps.empty()) return 0;
  const std::vector<bool> needed = needed_coarse_cells();
  std::erase_if(gaps, [&](std::size_t i) { return !needed[i % n_cells]; });
  Array<float, 3> learnt({coarse.extent(0), coarse.extent(1), coarse.extent(2)});
  for (const std::size_t i_month : content_.positions(content_.train)) {
    if (gaps.empty()) break;
    reader.read(store::coarse, i_month, 1, learnt.flat());
    std::erase_if(gaps, [&](std::size_t i) { return !std::isfinite(learnt.flat()[i]); });
  }
  return gaps.size();
}

std::vector<bool> Conditioning::needed_coarse_cells() const {
  const std::size_t nx = content_.fine.n_columns(), n_fine = content_.fine.n_rows() * nx;
  const auto rows = home_rows(content_.fine, content_.coarse),
             columns = home_columns(content_.fine, content_.coarse);
  const int window = std::max(3, regression() ? regression()->window : 0);  // 3: Lerp
  std::vector<bool> needed(content_.coarse.n_rows() * content_.coarse.n_columns(), false);
  for (std::size_t cell = 0; cell < n_fine; ++cell) {
    bool has_data = false;
    for (std::size_t v = 0; v < content_.n_variables(); ++v)
      has_data = has_data || is_valid(v * n_fine + cell);
    if (!has_data) continue;
    for (const std::size_t i :
         ridge_window_cells(content_.coarse, rows[cell / nx], columns[cell % nx], window))
      needed[i] = true;
  }
  return needed;
}

void Conditioning::count_from_mean(const MonthFields& fields, MonthInputs& inputs) const {
  if (options_.diffusion.target != "field") return;
  const auto mean = normalisation_.at(mean_name).flat();
  const auto base = inputs.base.flat();
  for (std::size_t i = 0; i < base.size(); ++i)
    if (!is_gap(fields, i)) base[i] = static_cast<float>(mean[i]);
}

bool Conditioning::is_gap(const MonthFields& fields, std::size_t i) {
  return std::isnan(fields.lerp.flat()[i]) && !std::isnan(fields.lerp_climatology.flat()[i]);
}

void Conditioning::to_physical(View<const float, 3> coarse, View<const float, 3> base,
                               View<float, 3> field) const {
  const auto& scale = normalisation_.at(scale_name);
  for (std::size_t i = 0; i < field.size(); ++i) {
    field.data()[i] = static_cast<float>(static_cast<double>(base.data()[i]) +
                                         scale.data()[i] * static_cast<double>(field.data()[i]));
  }
  for (std::size_t v = 0; v < field.extent(0); ++v) {
    transforms_.invert(v, field[v]);
    const auto values = field[v].flat();
    if (const auto limit = lower_limit_[v]; limit && !projection_)
      for (float& value : values) value = std::max(value, *limit);
    impose(v, coarse[v], field[v]);
  }
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (valid_.data()[i] == 0) field.data()[i] = missing;
  }
}

}  // namespace hindscale
