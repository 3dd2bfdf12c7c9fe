// SPDX-License-Identifier: Apache-2.0
#include "driving_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "domain.hpp"

namespace hindscale {
namespace {

/// The files of a member: its number stands in the place of "{member}".
std::vector<std::string> files_of_member(const std::vector<std::string>& patterns, int driver) {
  static const std::string mark = "{member}";
  std::vector<std::string> files = patterns;
  for (std::string& file : files)
    for (std::size_t at = file.find(mark); at != std::string::npos; at = file.find(mark))
      file.replace(at, mark.size(), fmt::format("{:03d}", driver));
  return files;
}

}  // namespace

std::int64_t drivers_kept_open(const Options& options) {
  constexpr std::int64_t least = 8, most_files = 512;  // a process may have about 1000 open
  const auto n_variables = static_cast<std::int64_t>(options.dataset.variables.size());
  return std::min({std::max<std::int64_t>(options.reconstruct.coarse_members, 1),
                   std::max(options.ensemble.members_per_unit, least),
                   std::max<std::int64_t>(most_files / n_variables, 1)});
}

DrivingSource::DrivingSource(const Options& options, const StoreContent& content)
    : options_(options), content_(content) {
  window_ = locate(open(first()).grid(), content.coarse).window;
}

const FieldSources& DrivingSource::open(int driver) {
  if (const auto found = open_.find(driver); found != open_.end()) return found->second;
  if (static_cast<std::int64_t>(open_.size()) >= drivers_kept_open(options_)) open_.clear();
  const ReconstructOptions& reconstruct = options_.reconstruct;
  FieldSources sources(options_, files_of_member(reconstruct.coarse_files, driver),
                       reconstruct.coarse_names, "reconstruct/coarse_files", content_.units);
  if (driver != first() && locate(sources.grid(), content_.coarse).window != window_) {
    throw InputError({.problem = "a member of the driving source lies on another grid",
                      .value = fmt::format("member {}", driver),
                      .advice = "give files on one grid",
                      .key = "reconstruct/coarse_files"});
  }
  return open_.emplace(driver, std::move(sources)).first->second;
}

bool DrivingSource::has(int driver, Month month) {
  return open(driver).has(month);
}

void DrivingSource::require(int driver, Month month) {
  if (!has(driver, month)) {
    throw InputError(
        {.problem = "month missing from the coarse files",
         .value = month.to_string() + (driver > 0 ? fmt::format(", member {}", driver) : ""),
         .advice = "add the file that holds it, or leave out the month or the member",
         .key = "reconstruct/coarse_files"});
  }
}

void DrivingSource::read(int driver, Month month, View<float, 3> field) {
  require(driver, month);
  open(driver).read(month, window_, field);
}

}  // namespace hindscale
