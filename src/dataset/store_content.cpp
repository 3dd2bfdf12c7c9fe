// SPDX-License-Identifier: Apache-2.0
#include "hindscale/dataset/store_content.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace hindscale {
namespace {

constexpr const char* content_attribute = "content";

nlohmann::json json_of(const Period& period) {
  return {period.first_year, period.last_year};
}

Period period_of(const nlohmann::json& json) {
  return {json.at(0).get<int>(), json.at(1).get<int>()};
}

std::vector<TransformParameters> parameters_of(const nlohmann::json& list) {
  std::vector<TransformParameters> all;
  for (const auto& one : list) all.push_back({one.at("lambda"), one.at("offset"), one.at("unit")});
  return all;
}

nlohmann::json json_of(const std::optional<RegressionFit>& fit) {
  if (!fit) return nullptr;
  return {{"window", fit->window},
          {"penalty", fit->penalty},
          {"decay", fit->decay},
          {"harmonics", fit->harmonics}};
}

std::optional<RegressionFit> regression_of(const nlohmann::json& json) {
  if (json.is_null()) return std::nullopt;
  return RegressionFit{json.at("window"), json.at("penalty"), json.at("decay"),
                       json.at("harmonics")};
}

void write_grid(StoreWriter& writer, const std::string& group, const Grid& grid) {
  writer.write_whole(group + "/lat", {grid.n_rows()}, grid.latitude.centre);
  writer.write_whole(group + "/lat_edges", {grid.n_rows() + 1}, grid.latitude.edge);
  writer.write_whole(group + "/lon", {grid.n_columns()}, grid.longitude.centre);
  writer.write_whole(group + "/lon_edges", {grid.n_columns() + 1}, grid.longitude.edge);
}

Grid read_grid(const StoreReader& reader, const std::string& group, bool periodic) {
  Grid grid;
  grid.latitude = {reader.read_whole(group + "/lat"), reader.read_whole(group + "/lat_edges")};
  grid.longitude = {reader.read_whole(group + "/lon"), reader.read_whole(group + "/lon_edges")};
  grid.periodic = periodic;
  return grid;
}

}  // namespace

std::string text_of(const RegressionFit& fit) {
  std::string text = fmt::format("window {}, penalty {}", fit.window, fit.penalty);
  if (fit.decay > 0) text += fmt::format(", decay {}", fit.decay);
  if (fit.harmonics > 0) text += fmt::format(", {} harmonics of the year", fit.harmonics);
  return text;
}

std::vector<std::size_t> StoreContent::positions(const Period& period) const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < months.size(); ++i) {
    if (period.contains(months[i])) found.push_back(i);
  }
  return found;
}

std::vector<std::size_t> StoreContent::months_to_learn() const {
  std::vector<std::size_t> found = positions(train);
  std::erase_if(found,
                [&](std::size_t i) { return std::ranges::count(left_out, months[i].year()); });
  return found;
}

std::vector<std::size_t> StoreContent::months_to_validate() const {
  if (left_out.empty()) return positions(validation);
  std::vector<std::size_t> found = positions(train);
  std::erase_if(found,
                [&](std::size_t i) { return !std::ranges::count(left_out, months[i].year()); });
  return found;
}

std::vector<int> years_of_fold(const Period& train, std::int64_t n_folds, std::int64_t fold) {
  std::vector<int> years;
  for (std::int64_t year = train.first_year + fold - 1; year <= train.last_year; year += n_folds)
    years.push_back(static_cast<int>(year));
  return years;
}

std::optional<std::size_t> StoreContent::find(Month month) const {
  const auto found = std::lower_bound(months.begin(), months.end(), month);
  if (found == months.end() || *found != month) return std::nullopt;
  return static_cast<std::size_t>(found - months.begin());
}

namespace {

/// "1984-01 to 1987-12, 1990-01 to 1992-12".
std::string text_of_spans(const std::vector<Month>& months) {
  std::string text;
  for (std::size_t i = 0; i < months.size(); ++i) {
    const bool begins = i == 0 || months[i] != months[i - 1] + 1,
               ends = i + 1 == months.size() || months[i + 1] != months[i] + 1;
    if (begins) text += (i > 0 ? ", " : "") + months[i].to_string();
    if (ends && !begins) text += " to " + months[i].to_string();
  }
  return text;
}

}  // namespace

std::size_t StoreContent::position_of(Month month) const {
  const auto found = find(month);
  if (!found) {
    throw InputError({.problem = "month not in the sample store",
                      .value = month.to_string(),
                      .why = "it holds " + text_of_spans(months),
                      .advice = "choose other months, or give the coarse files of that period in "
                                "reconstruct/coarse_files"});
  }
  return *found;
}

nlohmann::json json_of_transforms(const std::vector<TransformParameters>& all) {
  nlohmann::json list = nlohmann::json::array();
  for (const TransformParameters& one : all)
    list.push_back({{"lambda", one.lambda}, {"offset", one.offset}, {"unit", one.unit}});
  return list;
}

void write_content(StoreWriter& writer, const StoreContent& content) {
  write_grid(writer, "grid/fine", content.fine);
  write_grid(writer, "grid/coarse", content.coarse);
  std::vector<double> months;
  for (const Month month : content.months) months.push_back(month.index());
  writer.write_whole("month_index", {months.size()}, months);
  const nlohmann::json json{
      {"variables", content.variables},
      {"units", content.units},
      {"transforms", content.transforms},
      {"transform_parameters", json_of_transforms(content.transform_parameters)},
      {"train", json_of(content.train)},
      {"validation", json_of(content.validation)},
      {"test", json_of(content.test)},
      {"fine_periodic", content.fine.periodic},
      {"coarse_periodic", content.coarse.periodic},
      {"coarse_derived", content.coarse_derived},
      {"has_missing", content.has_missing},
      {"ridge", json_of(content.ridge)},
      {"local_ridge", json_of(content.local_ridge)}};
  writer.write_text(content_attribute, json.dump());
}

StoreContent read_content(const StoreReader& reader) {
  const auto json = nlohmann::json::parse(reader.text(content_attribute));
  if (!json.contains("ridge")) {
    throw InputError({.problem = "the sample store was prepared by an older program",
                      .advice = "remove it and run `hindscale prepare` again",
                      .key = "dataset/store"});
  }
  StoreContent content;
  content.variables = json.at("variables");
  content.units = json.at("units");
  content.transforms = json.at("transforms");
  content.transform_parameters =
      parameters_of(json.value("transform_parameters", nlohmann::json::array()));
  content.train = period_of(json.at("train"));
  content.validation = period_of(json.at("validation"));
  content.test = period_of(json.at("test"));
  content.fine = read_grid(reader, "grid/fine", json.at("fine_periodic"));
  content.coarse = read_grid(reader, "grid/coarse", json.at("coarse_periodic"));
  content.coarse_derived = json.at("coarse_derived");
  content.has_missing = json.at("has_missing");
  content.ridge = regression_of(json.at("ridge"));
  content.local_ridge = regression_of(json.at("local_ridge"));
  for (const double index : reader.read_whole("month_index")) {
    content.months.push_back(Month::from_index(static_cast<int>(index)));
  }
  return content;
}

}  // namespace hindscale
