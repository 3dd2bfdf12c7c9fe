// SPDX-License-Identifier: Apache-2.0
#include "evaluate_fields.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace hindscale {
namespace {

/// Length of the vector (a, b), into `a`.
void make_length(View<float, 2> a, View<const float, 2> b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double u = a.data()[i];
    const double v = b.data()[i];
    a.data()[i] = static_cast<float>(std::sqrt(u * u + v * v));
  }
}

/// The field of a variable from those of its components.
template <class Component>
Array<float, 2> combined(const ScoredVariable& variable, const Component& component) {
  Array<float, 2> field = component(variable.components[0]);
  if (variable.is_derived()) make_length(field, component(variable.components[1]));
  return field;
}

const store::Regression& arrays_of(Baseline kind) {
  return kind == Baseline::ridge ? store::ridge : store::local_ridge;
}

}  // namespace

std::vector<ScoredVariable> scored_variables(const StoreContent& content) {
  std::vector<ScoredVariable> all;
  for (std::size_t v = 0; v < content.n_variables(); ++v) {
    all.push_back({content.variables[v], content.units[v], {v}, v});
  }
  const auto index_of = [&](const char* name) {
    const auto& names = content.variables;
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  };
  const std::size_t u = index_of("uas");
  const std::size_t v = index_of("vas");
  if (u < content.n_variables() && v < content.n_variables()) {
    all.push_back({"sfcWind", content.units[u], {u, v}, all.size()});
  }
  return all;
}

FieldProvider::FieldProvider(const StoreReader& reader, const StoreContent& content,
                             const MemberArchive& archive, const LawFields* law,
                             std::span<const OtherArchive> others)
    : reader_(reader),
      content_(content),
      archive_(archive),
      law_(law),
      others_(others),
      lerp_(content.coarse, content.fine),
      areas_(cell_areas(content.fine)) {}

Array<float, 2> FieldProvider::slab(const char* name, std::vector<std::size_t> at,
                                    const Shape<2>& shape) const {
  std::vector<std::size_t> count(at.size(), 1);
  at.insert(at.end(), {0, 0});
  count.insert(count.end(), {shape[0], shape[1]});
  Array<float, 2> field(shape);
  reader_.read_slab(name, at, count, field.flat());
  return field;
}

Array<float, 2> FieldProvider::truth(const ScoredVariable& variable, std::size_t position) const {
  return combined(variable, [&](std::size_t v) {
    return slab(store::fine, {position, v}, shape());
  });
}

std::vector<Baseline> FieldProvider::baselines(const ScoredVariable& variable) const {
  std::vector<Baseline> all{Baseline::lerp, Baseline::lerp_corrected, Baseline::climatology};
  if (content_.ridge) all.push_back(Baseline::ridge);
  if (content_.local_ridge) all.push_back(Baseline::local_ridge);
  if (law_ != nullptr && !variable.is_derived()) all.push_back(Baseline::exact);
  return all;
}

bool is_regression(Baseline kind) {
  return kind == Baseline::ridge || kind == Baseline::local_ridge;
}

const char* name_of(Baseline kind) {
  constexpr std::array names{"lerp",  "lerp_corrected", "climatology",
                             "ridge", "local_ridge",    "exact"};
  return names.at(static_cast<std::size_t>(kind));
}

Array<float, 2> FieldProvider::component(Baseline kind, std::size_t variable,
                                         std::size_t position) const {
  const auto of_year = static_cast<std::size_t>(content_.months[position].of_year());
  if (kind == Baseline::exact) return law_->mean(variable, content_.months[position]);
  if (kind == Baseline::climatology)
    return slab(store::fine_climatology, {of_year, variable}, shape());
  if (is_regression(kind)) return slab(arrays_of(kind).field, {position, variable}, shape());
  const Shape<2> coarse_shape{content_.coarse.n_rows(), content_.coarse.n_columns()};
  Array<float, 2> field(shape());
  lerp_.apply(slab(store::coarse, {position, variable}, coarse_shape), field);
  if (kind == Baseline::lerp) return field;
  const Array<float, 2> bias = slab(store::lerp_bias, {of_year, variable}, shape());
  for (std::size_t i = 0; i < field.size(); ++i) field.data()[i] -= bias.data()[i];
  return field;
}

Array<float, 2> FieldProvider::baseline(Baseline kind, const ScoredVariable& variable,
                                        std::size_t position) const {
  return combined(variable, [&](std::size_t v) { return component(kind, v, position); });
}

Array<float, 2> FieldProvider::spread(Baseline kind, const ScoredVariable& variable,
                                      std::size_t position) const {
  HINDSCALE_ASSERT(has_spread(kind, variable));
  if (kind == Baseline::exact)
    return law_->deviation(variable.components[0], content_.months[position]);
  return slab(arrays_of(kind).spread, {variable.components[0]}, shape());
}

Array<float, 2> FieldProvider::law_member(std::size_t i, const ScoredVariable& variable,
                                          std::size_t position) const {
  return combined(variable,
                  [&](std::size_t v) { return law_->member(i, v, content_.months[position]); });
}

Array<float, 2> FieldProvider::valid(const ScoredVariable& variable) const {
  Array<float, 2> field(shape(), 1.0F);
  for (const std::size_t v : variable.components) {
    const Array<float, 2> present = slab(store::valid, {v}, shape());
    for (std::size_t i = 0; i < field.size(); ++i) {
      if (present.data()[i] == 0) field.data()[i] = std::numeric_limits<float>::quiet_NaN();
    }
  }
  return field;
}

void FieldProvider::read_member(const MemberArchive& archive, const ScoredVariable& variable,
                                const MemberRows& which, View<float, 2> rows) const {
  const Month month = content_.months[which.position];
  archive.read({variable.components[0], which.i_member, month}, which.first_row, rows);
  if (!variable.is_derived()) return;
  Array<float, 2> other(rows.shape());
  archive.read({variable.components[1], which.i_member, month}, which.first_row, other);
  make_length(rows, other);
}

Array<float, 2> FieldProvider::mean_of(const OtherArchive& other, const ScoredVariable& variable,
                                       std::size_t position) const {
  const std::size_t n_members = other.archive.members().size();
  Array<float, 2> field(shape());
  Array<double, 2> sum(shape());
  for (std::size_t m = 0; m < n_members; ++m) {
    read_member(other.archive, variable, {m, position, 0}, field);
    for (std::size_t i = 0; i < sum.size(); ++i) sum.data()[i] += field.data()[i];
  }
  for (std::size_t i = 0; i < sum.size(); ++i)
    field.data()[i] = static_cast<float>(sum.data()[i] / static_cast<double>(n_members));
  return field;
}

MonthMembers::MonthMembers(const FieldProvider& fields, const ScoredVariable& variable,
                           std::size_t position, std::size_t band_limit_bytes)
    : fields_(fields), variable_(variable), position_(position) {
  const std::size_t n_independent = fields.archive().independent().size(),
                    n_held = n_members() + (n_independent < n_members() ? n_independent : 0),
                    row_bytes = n_held * fields.shape()[1] * sizeof(float);
  rows_per_band_ = std::clamp<std::size_t>(band_limit_bytes / row_bytes, 1, fields.shape()[0]);
}

std::size_t MonthMembers::n_bands() const {
  return (fields_.shape()[0] + rows_per_band_ - 1) / rows_per_band_;
}

View<const float, 3> MonthMembers::band(std::size_t i_band) {
  if (held_band_ == i_band) return band_;
  const std::size_t first = first_row(i_band);
  const std::size_t n_rows = std::min(rows_per_band_, fields_.shape()[0] - first);
  const Shape<3> shape{n_members(), n_rows, fields_.shape()[1]};
  if (band_.shape() != shape) band_ = Array<float, 3>(shape);
  for (std::size_t m = 0; m < n_members(); ++m)
    fields_.member(variable_, {m, position_, first}, band_[m]);
  held_band_ = i_band;
  return band_;
}

View<const float, 3> MonthMembers::independent_band(std::size_t i_band) {
  const std::vector<std::size_t>& places = fields_.archive().independent();
  const View<const float, 3> all = band(i_band);
  if (places.size() == n_members()) return all;
  const Shape<3> shape{places.size(), all.extent(1), all.extent(2)};
  if (independent_.shape() != shape) independent_ = Array<float, 3>(shape);
  for (std::size_t i = 0; i < places.size(); ++i)
    std::ranges::copy(all[places[i]].flat(), independent_.view()[i].flat().begin());
  return independent_;
}

View<const float, 2> MonthMembers::member(std::size_t i_member) {
  if (n_bands() == 1) return band(0)[i_member];
  if (whole_.empty()) whole_ = Array<float, 2>(fields_.shape());
  fields_.member(variable_, {i_member, position_, 0}, whole_);
  return whole_;
}

}  // namespace hindscale
