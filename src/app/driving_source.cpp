// SPDX-License-Identifier: Apache-2.0
#include "driving_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "domain.hpp"

namespace hindscale {
namespace {

/// The files of a member: its number stands in the place of "{member}".
std::vector<std::string> files_of_member(const std::vector<std::string>& patterns, int driver) {
  static const std::string placeholder = "{member}";
  std::vector<std::string> files = patterns;
  for (std::string& file : files)
    for (std::size_t at = file.find(placeholder); at != std::string::npos;
         at = file.find(placeholder))
      file.replace(at, placeholder.size(), fmt::format("{:03d}", driver));
  return files;
}

}  // namespace

DrivingSource::DrivingSource(const Options& options, const Grid& coarse)
    : options_(options), coarse_(coarse) {
  window_ = locate(open(first()).grid(), coarse_).window;
}

const FieldSources& DrivingSource::open(int driver) {
  if (const auto found = open_.find(driver); found != open_.end()) return found->second;
  constexpr std::int64_t least_open = 16;
  const auto n_open = static_cast<std::size_t>(
      std::max(least_open, options_.ensemble.members_per_unit));  // those of a unit take turns
  if (open_.size() >= n_open) open_.clear();
  const ReconstructOptions& reconstruct = options_.reconstruct;
  FieldSources sources(options_, files_of_member(reconstruct.coarse_files, driver),
                       reconstruct.coarse_names, "reconstruct/coarse_files");
  if (driver != first() && locate(sources.grid(), coarse_).window != window_) {
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

void DrivingSource::read(int driver, Month month, View<float, 3> field) {
  const FieldSources& sources = open(driver);
  if (!sources.has(month)) {
    throw InputError(
        {.problem = "month missing from the coarse files",
         .value = month.to_string() + (driver > 0 ? fmt::format(", member {}", driver) : ""),
         .advice = "add files, or change reconstruct/first_month and last_month",
         .key = "reconstruct/coarse_files"});
  }
  sources.read(month, window_, field);
}

}  // namespace hindscale
