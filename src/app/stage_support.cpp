// SPDX-License-Identifier: Apache-2.0
#include "stage_support.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hindscale/core/commit.hpp"
#include "hindscale/core/hash.hpp"
#include "hindscale/dataset/variable.hpp"
#include "hindscale/io/source_paths.hpp"

namespace hindscale {
namespace {

/// InputError for a value that no climate has; NaN passes.
void require_plausible(const std::string& variable, const Source& source, Month month,
                       View<const float, 2> field) {
  const VariableInfo info = variable_info(variable);
  if (!info.plausible) return;
  const auto [least, most] = *info.plausible;
  for (std::size_t i = 0; i < field.size(); ++i) {
    const float value = field.data()[i];
    if (!(value < least || value > most)) continue;
    throw InputError(
        {.problem = fmt::format("a value of {} that cannot be", variable),
         .value = fmt::format("{:g} {}", value, info.units),
         .why = fmt::format("in {}; plausible are {:g} to {:g}", month.to_string(), least, most),
         .advice = "declare what stands for missing values (_FillValue), or correct the units, for "
                   "instance with ncatted",
         .file = source.file_of(month)});
  }
}

}  // namespace

StageLock::StageLock(const Context& context, const std::filesystem::path& folder) {
  together(context.comm, [&] {
    if (!context.comm.is_root()) return;
    make_directory(folder);
    lock_ = std::make_unique<DirectoryLock>(folder);
  });
  if (lock_ && lock_->taken_over()) {
    context.log.warn("took over the lock of a run that is gone (host {}, process {})",
                     lock_->taken_over()->host, lock_->taken_over()->process);
  }
}

FieldSources::FieldSources(const Options& options, const std::vector<std::string>& files,
                           const std::vector<std::string>& names, const std::string& group_key,
                           const std::vector<std::string>& units)
    : variables_(options.dataset.variables) {
  if (files.empty()) {
    ErrorFacts facts = options.at(group_key);
    facts.problem = "no files are given";
    facts.advice = "list them, or a pattern such as 'data/*.nc'";
    throw InputError(facts);
  }
  for (std::size_t v = 0; v < variables_.size(); ++v) {
    const std::string name = v < names.size() ? names[v] : "";
    const std::string own = variable_info(variables_[v]).units,
                      other = v < units.size() ? units[v] : "";
    sources_.emplace_back(SourceRequest{files, name, variables_[v], own.empty() ? other : own});
    if (sources_[v].months().empty()) {
      throw InputError(
          {.problem = "a field without a time axis",
           .value = variables_[v],
           .advice = "monthly fields are needed; one that was cut out with its time gets it back "
                     "for instance by xarray's expand_dims",
           .file = sources_[v].files().front(),
           .key = group_key});
    }
    const std::string delivered = sources_[v].units();
    if (own.empty() && v < units.size() && delivered != other && delivered != "1") {
      throw InputError(
          {.problem = "units where the fine files have none",
           .value = delivered,
           .why = fmt::format("nobody can tell whether {} has the same there", variables_[v]),
           .advice = "give the variable of the fine files its units, for instance with "
                     "ncatted",
           .file = sources_[v].files().front(),
           .key = group_key});
    }
    if (!same_grid(sources_[v].grid(), grid())) {
      throw InputError({.problem = "variables lie on different grids",
                        .value = variables_[v],
                        .why = describe(sources_[v].grid()) + " against " + describe(grid()),
                        .key = group_key});
    }
  }
  const std::vector<std::string> used = this->files();
  for (const std::filesystem::path& path : expand_paths(files)) {
    if (std::find(used.begin(), used.end(), path.string()) != used.end()) continue;
    throw InputError(
        {.problem = "the file holds none of the variables",
         .value = fmt::format("{}", fmt::join(variables_, ", ")),
         .why = "a variable has one name in all files",
         .advice = advice_on_groups(path, "leave it out, or rename its variables ('ncrename -v')"),
         .file = path.string(),
         .key = group_key});
  }
}

std::vector<std::string> FieldSources::units() const {
  std::vector<std::string> units;
  for (const Source& source : sources_) units.push_back(source.units());
  return units;
}

bool FieldSources::has(Month month) const {
  return std::all_of(sources_.begin(), sources_.end(), [&](const Source& source) {
    return std::binary_search(source.months().begin(), source.months().end(), month);
  });
}

void FieldSources::read(Month month, const Window& window, View<float, 3> field) const {
  Array<float, 3> whole({1, grid().n_rows(), grid().n_columns()});
  for (std::size_t v = 0; v < sources_.size(); ++v) {
    sources_[v].read(static_cast<std::size_t>(month - sources_[v].months().front()),
                     whole.view()[0]);
    extract(whole.view(), window, {field[v].data(), {1, window.n_rows, window.n_columns}});
    require_plausible(variables_[v], sources_[v], month, field[v]);
  }
}

std::vector<std::string> FieldSources::files() const {
  std::vector<std::string> all;
  for (const Source& source : sources_) {
    for (const std::string& file : source.files()) {
      if (std::find(all.begin(), all.end(), file) == all.end()) all.push_back(file);
    }
  }
  return all;
}

std::vector<std::string> digests_of(const Communicator& comm,
                                    const std::vector<std::string>& files) {
  std::string mine;
  together(comm, [&] {
    const Block block = block_of(static_cast<std::int64_t>(files.size()), comm.rank(), comm.size());
    for (std::int64_t i = block.first; i < block.last; ++i)
      mine += sha256_of_file(files[static_cast<std::size_t>(i)]);
  });
  std::string all;
  for (const std::string& text : gather_texts(comm, mine)) all += text;
  constexpr std::size_t digest_length = 64;
  std::vector<std::string> digests;
  for (std::size_t i = 0; i < files.size(); ++i)
    digests.push_back(all.substr(i * digest_length, digest_length));
  return digests;
}

void report_regions(const Context& context, const Options& options, const std::string& stage) {
  const Regions::Seconds own = context.regions->seconds();
  nlohmann::json regions = nlohmann::json::object();
  std::string text;
  double all = 0;
  for (const double seconds : own) all += seconds;
  const double total = all_max(context.comm, all);
  for (std::size_t i = 0; i < n_regions; ++i) {
    const double least = all_min(context.comm, own[i]), most = all_max(context.comm, own[i]),
                 mean = all_sum(context.comm, own[i]) / context.comm.size();
    if (most <= 0) continue;
    const std::string name(region_names[i]);
    regions[name] = {{"min", least}, {"mean", mean}, {"max", most}};
    if (mean < 0.005 * total) continue;
    text += fmt::format("{}{} {:.1f} s ({:.0f} %, {:.1f} to {:.1f})", text.empty() ? "" : ", ",
                        name, mean, 100 * mean / total, least, most);
  }
  context.log.info("{:.1f} s, of these (mean over ranks, least and most): {}", total, text);
  if (!context.comm.is_root()) return;
  const nlohmann::json line{{"time", timestamp_utc()},
                            {"stage", stage},
                            {"ranks", context.comm.size()},
                            {"seconds", total},
                            {"regions", regions}};
  make_directory(options.experiment.directory);
  append_text(std::filesystem::path(options.experiment.directory) / "timings.jsonl",
              line.dump() + "\n");
}

std::string program_version() {
  return fmt::format("hindscale {}", HINDSCALE_VERSION);
}

}  // namespace hindscale
