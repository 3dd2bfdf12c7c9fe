// SPDX-License-Identifier: Apache-2.0
#include "prepare_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hindscale {
namespace {

Period period_of(const std::vector<std::int64_t>& years) {
  return {static_cast<int>(years.at(0)), static_cast<int>(years.at(1))};
}

/// The first source that lacks a month, as "t2m_*.nc hold 1950-01 to 2019-12".
std::string held_without(const PrepareInputs& inputs, Month month) {
  std::vector<const FieldSources*> kinds{&inputs.fine};
  if (inputs.coarse) kinds.push_back(&*inputs.coarse);
  for (const FieldSources* kind : kinds) {
    for (const Source& source : kind->sources()) {
      const std::vector<Month>& held = source.months();
      if (std::binary_search(held.begin(), held.end(), month)) continue;
      return fmt::format("{} and those with it hold {} to {}", source.files().front(),
                         held.front().to_string(), held.back().to_string());
    }
  }
  return {};
}

/// Every month of the three periods; InputError naming those that a source lacks.
std::vector<Month> months_of(const StoreContent& content, const PrepareInputs& inputs) {
  std::vector<Month> months, absent;
  for (const Period& period : {content.train, content.validation, content.test}) {
    for (Month month(period.first_year, 1); month <= Month(period.last_year, 12);
         month = month + 1) {
      if (!inputs.fine.has(month) || (inputs.coarse && !inputs.coarse->has(month)))
        absent.push_back(month);
      months.push_back(month);
    }
  }
  if (!absent.empty()) {
    std::vector<std::string> first;
    for (std::size_t i = 0; i < std::min<std::size_t>(6, absent.size()); ++i)
      first.push_back(absent[i].to_string());
    throw InputError(
        {.problem = "months are missing from the source files",
         .value = fmt::format("{}", fmt::join(first, ", ")),
         .why = fmt::format("{} in all; {}", absent.size(), held_without(inputs, absent.front())),
         .advice = "add files or change dataset/train_years, validation_years, test_years"});
  }
  std::sort(months.begin(), months.end());
  months.erase(std::unique(months.begin(), months.end()), months.end());
  return months;
}

}  // namespace

PrepareInputs open_prepare_inputs(const Options& options) {
  const DatasetOptions& dataset = options.dataset;
  PrepareInputs inputs{
      FieldSources(options, dataset.fine_files, dataset.fine_names, "dataset/fine_files"),
      {},
      {},
      {},
      {},
      {}};
  inputs.fine_cut = cut_domain(inputs.fine.grid(), options);
  if (options.domain.coarse == "derived") {
    inputs.coarse_cut.grid = derived_coarse_grid(inputs.fine_cut.grid, options);
  } else {
    inputs.coarse.emplace(options, dataset.coarse_files, dataset.coarse_names,
                          "dataset/coarse_files", inputs.fine.units());
    inputs.coarse_cut = cut_coarse(inputs.coarse->grid(), inputs.fine_cut.grid);
  }
  if (!dataset.relief_file.empty())
    inputs.relief.emplace(SourceRequest{{dataset.relief_file}, dataset.relief_name, "orog", "m"});
  if (!dataset.mask_file.empty())
    inputs.mask.emplace(SourceRequest{{dataset.mask_file}, dataset.mask_name, "sftlf", "1"});
  return inputs;
}

StoreContent describe_content(const Options& options, const PrepareInputs& inputs) {
  StoreContent content;
  content.variables = options.dataset.variables;
  content.units = inputs.fine.units();
  for (std::size_t v = 0; v < content.variables.size(); ++v) {
    content.transforms.push_back(
        v < options.dataset.transforms.size() ? options.dataset.transforms[v] : "identity");
  }
  content.train = period_of(options.dataset.train_years);
  content.validation = period_of(options.dataset.validation_years);
  content.test = period_of(options.dataset.test_years);
  content.fine = inputs.fine_cut.grid;
  content.coarse = inputs.coarse_cut.grid;
  content.coarse_derived = !inputs.coarse.has_value();
  content.months = months_of(content, inputs);
  return content;
}

std::vector<std::string> files_of(const Options& options, const PrepareInputs& inputs) {
  std::vector<std::string> files = inputs.fine.files();
  if (inputs.coarse) {
    const auto coarse = inputs.coarse->files();
    files.insert(files.end(), coarse.begin(), coarse.end());
  }
  for (const std::string& file : {options.dataset.relief_file, options.dataset.mask_file}) {
    if (!file.empty()) files.push_back(file);
  }
  return files;
}

}  // namespace hindscale
