// SPDX-License-Identifier: Apache-2.0
#include "evaluate_law.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "hindscale/core/error.hpp"
#include "reconstruction_plan.hpp"

namespace hindscale {
namespace {

/// Position of a month in a file; its number of months where it is not there.
std::ptrdiff_t position_in(const FieldReader& file, Month month) {
  return std::find(file.months().begin(), file.months().end(), month) - file.months().begin();
}

}  // namespace

LawFields::LawFields(const std::filesystem::path& folder, const StoreContent& content)
    : folder_(folder), content_(content) {
  for (const std::string& variable : content.variables) {
    means_.push_back(open(paths_of(variable, "mean")));
    deviations_.push_back(open(paths_of(variable, "std")));
    quantiles_.push_back(open(paths_of(variable, "quantiles")));
    if (means_.back().empty() || deviations_.back().empty())
      throw InputError({.problem = "no files of the law of",
                        .value = variable,
                        .why = folder.string() + " has no " + variable + "_mean_*.nc and " +
                               variable + "_std_*.nc",
                        .key = "evaluation/law"});
  }
  find_members();
}

void LawFields::find_members() {
  for (int i = 1;; ++i) {
    std::vector<Paths> member;
    for (const std::string& variable : content_.variables)
      member.push_back(paths_of(variable, fmt::format("r{:03}", i)));
    if (std::ranges::any_of(member, &Paths::empty)) return;
    members_.push_back(std::move(member));
  }
}

std::vector<std::filesystem::path> LawFields::paths_of(const std::string& variable,
                                                       const std::string& kind) const {
  std::set<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(variable + "_" + kind + "_") && name.ends_with(".nc"))
      paths.insert(entry.path());
  }
  return {paths.begin(), paths.end()};
}

LawFields::Files LawFields::open(const std::vector<std::filesystem::path>& paths) const {
  Files files;
  for (const auto& path : paths) {
    files.emplace_back(path);
    if (!same_grid(files.back().grid(), content_.fine))
      throw InputError(
          {.problem = "the law lies on another grid than the store",
           .value = path.string(),
           .why = describe(files.back().grid()) + " against " + describe(content_.fine),
           .key = "evaluation/law"});
  }
  return files;
}

const FieldReader& LawFields::file_of(const Files& files, Month month) const {
  const auto found = std::ranges::find_if(files, [&](const FieldReader& file) {
    return position_in(file, month) < std::ssize(file.months());
  });
  if (found == files.end())
    throw InputError({.problem = "the law of a month that is scored is not there",
                      .value = month.to_string(),
                      .why = "no file in " + folder_.string() + " holds it",
                      .key = "evaluation/law"});
  return *found;
}

void LawFields::require(Month month) const {
  for (const std::vector<Files>* kind : {&means_, &deviations_, &quantiles_})
    for (const Files& files : *kind)
      if (!files.empty()) static_cast<void>(file_of(files, month));
}

Array<float, 2> LawFields::field(const Files& files, Month month) const {
  const FieldReader& file = file_of(files, month);
  Array<float, 2> field({content_.fine.n_rows(), content_.fine.n_columns()});
  file.read(static_cast<std::size_t>(position_in(file, month)), 0, field);
  return field;
}

Array<float, 2> LawFields::mean(std::size_t variable, Month month) const {
  return field(means_[variable], month);
}

Array<float, 2> LawFields::deviation(std::size_t variable, Month month) const {
  return field(deviations_[variable], month);
}

Array<float, 2> LawFields::member(std::size_t i, std::size_t variable, Month month) const {
  for (const std::filesystem::path& path : members_[i][variable])
    if (holds_month(segments_of({path.filename().string()}), month))
      return field(open({path}), month);
  return field({}, month);  // says that the month is not there
}

Array<float, 3> LawFields::quantiles(std::size_t variable, Month month) const {
  if (quantiles_[variable].empty()) return {};
  const FieldReader& file = file_of(quantiles_[variable], month);
  Array<float, 3> fields(
      {file.quantiles().size(), content_.fine.n_rows(), content_.fine.n_columns()});
  const auto position = static_cast<std::size_t>(position_in(file, month));
  for (std::size_t q = 0; q < fields.extent(0); ++q) file.read(position, 0, fields[q], q);
  return fields;
}

}  // namespace hindscale
