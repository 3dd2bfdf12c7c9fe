// SPDX-License-Identifier: Apache-2.0
#include "hindscale/namelist/options.hpp"

#include <fmt/format.h>

#include <ostream>
#include <utility>

#include "hindscale/core/commit.hpp"
#include "hindscale/namelist/option_table.hpp"
#include "hindscale/namelist/values.hpp"
#include "hindscale/namelist/world_options.hpp"
#include "presets.hpp"

namespace hindscale {
namespace {

std::filesystem::path path_or(const std::string& given, const std::filesystem::path& otherwise) {
  return given.empty() ? otherwise : std::filesystem::path(given);
}

std::string month_or(const std::string& given, const std::vector<std::int64_t>& years,
                     std::size_t i_year, int month) {
  if (!given.empty() || i_year >= years.size()) return given;
  return fmt::format("{:04}-{:02}", years[i_year], month);
}

}  // namespace

bool Options::is_set(std::string_view group_key) const {
  return places.contains(std::string(group_key));
}

ErrorFacts Options::at(std::string_view group_key) const {
  Options copy = *this;
  const OptionTable table(copy);
  const OptionRow* row = table.find(group_key);
  HINDSCALE_ASSERT(row != nullptr);
  ErrorFacts facts{.key = std::string(group_key)};
  const OptionValue value = row->value();
  const auto* text = std::get_if<std::string>(&value);
  facts.value = text != nullptr ? *text : text_of(value);
  const auto place = places.find(facts.key);
  const bool is_default = place == places.end();
  facts.file = is_default ? file : place->second.file;
  facts.line = is_default ? 0 : place->second.line;
  return facts;
}

std::filesystem::path Options::store_path() const {
  return path_or(dataset.store, std::filesystem::path(experiment.directory) / "samples.h5");
}

std::filesystem::path Options::fold_path() const {
  const std::filesystem::path directory = experiment.directory;
  return training.fold == 0 ? directory : directory / "folds" / std::to_string(training.fold);
}

std::filesystem::path Options::regression_path() const {
  return fold_path() / "regression";
}

std::filesystem::path Options::gan_path() const {
  return fold_path() / "gan";
}

std::filesystem::path Options::training_path() const {
  if (training.stage == "gan") return gan_path();
  return training.stage == "regression" ? regression_path() : checkpoints_path();
}

std::filesystem::path Options::checkpoints_path() const {
  return fold_path() / "checkpoints";
}

std::filesystem::path Options::reconstruction_path() const {
  return path_or(reconstruct.directory,
                 std::filesystem::path(experiment.directory) / "reconstruction");
}

std::filesystem::path Options::evaluated_path() const {
  return path_or(evaluation.reconstruction, reconstruction_path());
}

std::filesystem::path Options::evaluation_path() const {
  return path_or(evaluation.directory, experiment.directory);
}

std::string Options::first_month() const {
  return month_or(reconstruct.first_month, dataset.test_years, 0, 1);
}

std::string Options::last_month() const {
  return month_or(reconstruct.last_month, dataset.test_years, 1, 12);
}

Options options_from_text(std::string_view text, const std::string& name,
                          const std::vector<std::string>& overrides) {
  Problems problems;
  Options options;
  options.file = name;
  ParsedNamelist parsed = parse_namelist(text, name, problems);
  std::vector<NamelistOverride> changes;
  for (const std::string& argument : overrides)
    if (auto change = parse_override(argument, problems)) changes.push_back(*std::move(change));
  options.places = read_into(OptionTable(options), parsed, changes, problems);
  options.warnings = std::move(parsed.warnings);
  resolve_defaults(options);
  check_conflicts(options, problems);
  problems.throw_if_any();
  return options;
}

MachineOptions read_machine(const std::filesystem::path& file) {
  Problems problems;
  MachineOptions machine;
  OptionTable table;
  table.group("machine", machine, "");
  read_into(table, parse_namelist(read_text(file), file.string(), problems), {}, problems);
  problems.throw_if_any();
  return machine;
}

Options read_options(const std::filesystem::path& file, const std::vector<std::string>& overrides) {
  return options_from_text(read_text(file), file.string(), overrides);
}

std::string to_namelist(const Options& options) {
  Options copy = options;
  return print_namelist(OptionTable(copy));
}

std::map<std::string, std::string> value_options(const Options& options) {
  Options copy = options;
  const OptionTable table(copy);
  std::map<std::string, std::string> texts;
  for (const OptionRow& row : table.rows())
    if (row.notes.determines_values) texts[row.name()] = text_of(row.value());
  return texts;
}

bool visits_training_levels(const SamplingOptions& sampling, const std::string& schedule) {
  if (sampling.spacing != "auto") return sampling.spacing == "time";
  const bool takes_any_step = sampling.sampler != "heun" && sampling.sampler != "euler_maruyama";
  return schedule == "vp" || (schedule == "cosine" && takes_any_step);
}

void describe_options(std::ostream& out) {
  Options defaults;
  WorldOptions world;
  OptionTable table(defaults);
  table.group("world", world,
              "an invented world with a known truth; alone in the namelist of 'world'");
  print_reference(table, out);
}

}  // namespace hindscale
