// SPDX-License-Identifier: Apache-2.0
// Options that are right each for itself and impossible together.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <regex>
#include <set>
#include <utility>

#include "conflict_report.hpp"
#include "hindscale/namelist/option_table.hpp"
#include "hindscale/namelist/values.hpp"

namespace hindscale {
namespace {

void check_domain(const Options& options, ConflictReport& report) {
  const DomainOptions& domain = options.domain;
  if (std::isnan(domain.west) != std::isnan(domain.east))
    report.add("domain/west", {"domain/east"}, "domain/west and domain/east go together",
               "set both or none");
  if (std::isnan(domain.south) != std::isnan(domain.north))
    report.add("domain/south", {"domain/north"}, "domain/south and domain/north go together",
               "set both or none");
  if (domain.south >= domain.north)
    report.add("domain/south", {"domain/north"}, fmt::format("domain/north is {}", domain.north),
               "south must be less than north");
  if (domain.west >= domain.east)
    report.add(
        "domain/west", {"domain/east"}, fmt::format("domain/east is {}", domain.east),
        "west must be less than east; write 350 to 380 for a domain across the zero meridian");
  const bool is_file = domain.coarse == "file";
  if (is_file && options.dataset.coarse_files.empty())
    report.add("domain/coarse", {"dataset/coarse_files"}, "dataset/coarse_files is empty",
               "name the files");
  if (!is_file && !options.dataset.coarse_files.empty())
    report.add("dataset/coarse_files", {"domain/coarse"}, "domain/coarse is 'derived'",
               "set domain/coarse = 'file'");
  if (is_file && options.diffusion.enforces_consistency())
    report.add("diffusion/consistency", {"domain/coarse"},
               "domain/coarse is 'file', and its fields are no means of the fine ones",
               "set consistency = 'report' or 'none'");
}

void check_years(const Options& options, ConflictReport& report) {
  using Period = std::pair<std::string, const std::vector<std::int64_t>*>;
  const DatasetOptions& dataset = options.dataset;
  const std::vector<Period> periods{{"dataset/train_years", &dataset.train_years},
                                    {"dataset/validation_years", &dataset.validation_years},
                                    {"dataset/test_years", &dataset.test_years}};
  for (std::size_t i = 0; i < periods.size(); ++i) {
    const auto& [key, years] = periods[i];
    if (years->size() != 2) continue;  // already reported
    if ((*years)[0] > (*years)[1])
      report.add(key, {}, "the last year is before the first", "write first, last");
    for (std::size_t j = 0; j < i; ++j) {
      const auto& [earlier_key, earlier] = periods[j];
      if (earlier->size() != 2) continue;
      if ((*years)[0] <= (*earlier)[1] && (*earlier)[0] <= (*years)[1])
        report.add(key, {earlier_key},
                   fmt::format("{} is {}", earlier_key, text_of(OptionValue(*earlier))),
                   "the periods must not share a year");
    }
  }
  const std::string first = options.first_month();
  const std::string last = options.last_month();
  if (!first.empty() && !last.empty() && first > last)
    report.add("reconstruct/first_month", {"reconstruct/last_month", "dataset/test_years"},
               fmt::format("from {} to {}", first, last),
               "the first month must not be after the last");
}

void check_regressions(const Options& options, ConflictReport& report) {
  const DatasetOptions& dataset = options.dataset;
  if (dataset.ridge && (dataset.ridge_windows.empty() || dataset.ridge_penalties.empty()))
    report.add("dataset/ridge", {"dataset/ridge_windows", "dataset/ridge_penalties"},
               "there is no window or penalty to choose from", "write at least one of each");
  if (dataset.ridge && dataset.local_ridge &&
      (dataset.local_ridge_harmonics.empty() || dataset.local_ridge_decays.empty()))
    report.add("dataset/local_ridge",
               {"dataset/local_ridge_harmonics", "dataset/local_ridge_decays"},
               "there is no cycle or decay to choose from", "write at least one of each");
  const bool counts_from_base = options.diffusion.target == "residual";
  const std::string& base = options.diffusion.base;
  if (counts_from_base && !dataset.ridge && (base == "ridge" || base == "local_ridge"))
    report.add("diffusion/base", {"dataset/ridge"}, "dataset/ridge is .false.",
               "fit the ridge baseline or choose another base");
  if (counts_from_base && dataset.ridge && !dataset.local_ridge && base == "local_ridge")
    report.add("diffusion/base", {"dataset/local_ridge"}, "dataset/local_ridge is .false.",
               "fit the local ridge or choose another base");
}

void check_variables(const DatasetOptions& dataset, ConflictReport& report) {
  const std::size_t n_variables = dataset.variables.size();
  if (std::set<std::string>(dataset.variables.begin(), dataset.variables.end()).size() !=
      n_variables)
    report.add("dataset/variables", {}, "a variable stands there twice", "name each once");
  static const std::regex usable("[A-Za-z0-9_]([^/[:cntrl:]]*[^/[:cntrl:][:space:]])?");
  static const std::set<std::string> taken{"time",        "lat",      "lon",
                                           "realization", "quantile", "time_bnds",
                                           "lat_bnds",    "lon_bnds", "height"};
  for (const std::string& variable : dataset.variables)
    if (!std::regex_match(variable, usable) || taken.contains(variable))
      report.add("dataset/variables", {},
                 fmt::format("'{}' cannot name a variable of a file", variable),
                 "use letters, digits and '_', and no name of a coordinate; what a source calls it "
                 "stands in dataset/fine_names");
  if (n_variables == 0)
    report.add("dataset/variables", {}, "there is nothing to reconstruct",
               "name at least one variable");
}

void check_dataset(const Options& options, ConflictReport& report) {
  const DatasetOptions& dataset = options.dataset;
  check_variables(dataset, report);
  const std::size_t n_variables = dataset.variables.size();
  if (std::set<std::string>(dataset.fine_names.begin(), dataset.fine_names.end()).size() !=
      dataset.fine_names.size())
    report.add("dataset/fine_names", {}, "a name stands there twice", "give each variable its own");
  const std::vector<std::pair<std::string, std::size_t>> lists{
      {"dataset/fine_names", dataset.fine_names.size()},
      {"dataset/coarse_names", dataset.coarse_names.size()},
      {"dataset/transforms", dataset.transforms.size()},
      {"training/variable_weights", options.training.variable_weights.size()},
      {"dataset/boxcox_lambda", dataset.boxcox_lambda.size()},
      {"reconstruct/coarse_names", options.reconstruct.coarse_names.size()}};
  for (const auto& [key, count] : lists)
    if (count != 0 && count != n_variables)
      report.add(key, {"dataset/variables"}, fmt::format("{} for {} variables", count, n_variables),
                 "write one for each of dataset/variables");
  if (std::count(dataset.transforms.begin(), dataset.transforms.end(), "boxcox") == 0) {
    for (const char* key : {"dataset/boxcox_lambda", "dataset/boxcox_offset"})
      if (is_changed(options, key))
        report.add(key, {"dataset/transforms"}, "no variable is transformed by 'boxcox'",
                   "leave it out, or set transforms = 'boxcox' for a variable");
  }
  if (options.model.context && std::ranges::count(dataset.transforms, "minmax") > 0)
    report.add("model/context", {"dataset/transforms"},
               "'minmax' knows the ranges of fine cells, the context is coarse",
               "leave the context out or choose another transform");
  if (!dataset.relief_name.empty() && dataset.relief_file.empty())
    report.add("dataset/relief_name", {"dataset/relief_file"}, "dataset/relief_file is empty",
               "name the file");
  if (!dataset.mask_name.empty() && dataset.mask_file.empty())
    report.add("dataset/mask_name", {"dataset/mask_file"}, "dataset/mask_file is empty",
               "name the file");
  if (options.model.relief && dataset.relief_file.empty())
    report.add("model/relief", {"dataset/relief_file"}, "dataset/relief_file is empty",
               "name the file or set model/relief = .false.");
  if (options.model.mask && dataset.relief_file.empty() && dataset.mask_file.empty())
    report.add("model/mask", {"dataset/mask_file", "dataset/relief_file"},
               "dataset/mask_file and dataset/relief_file are empty",
               "name a file or set model/mask = .false.");
}

void check_driving_source(const Options& options, ConflictReport& report) {
  const ReconstructOptions& reconstruct = options.reconstruct;
  const bool names_members = std::ranges::any_of(reconstruct.coarse_files, [](const auto& file) {
    return file.find("{member}") != std::string::npos;
  });
  if (names_members && reconstruct.coarse_members == 0)
    report.add("reconstruct/coarse_files", {"reconstruct/coarse_members"},
               "reconstruct/coarse_members is 0, and '{member}' stands for no number",
               "say how many members the source has");
  if (!names_members && reconstruct.coarse_members > 0)
    report.add("reconstruct/coarse_members", {"reconstruct/coarse_files"},
               "reconstruct/coarse_files has no '{member}'",
               "write it where the number stands in the names, or set coarse_members = 0");
  if (options.ensemble.antithetic && reconstruct.coarse_members > 1)
    report.add("ensemble/antithetic", {"reconstruct/coarse_members"},
               fmt::format("reconstruct/coarse_members is {}", reconstruct.coarse_members),
               "members of a pair need the same driving fields: set antithetic = .false.");
  if (reconstruct.adjustment != "none" && reconstruct.coarse_files.empty())
    report.add("reconstruct/adjustment", {"reconstruct/coarse_files"},
               "reconstruct/coarse_files is empty: the coarse fields of the store fit already",
               "name the files or set adjustment = 'none'");
}

void check_reconstruction(const Options& options, ConflictReport& report) {
  check_sampling(options, report);
  check_driving_source(options, report);
  for (const std::int64_t size : options.tiling.size)
    if (options.tiling.overlap >= size) {
      report.add("tiling/overlap", {"tiling/size"},
                 fmt::format("tiling/size is {}", text_of(OptionValue(options.tiling.size))),
                 "the overlap must be smaller than the tile");
      break;
    }
  if (options.tiling.overlap < 2 * options.tiling.crop)
    report.add("tiling/crop", {"tiling/overlap"},
               fmt::format("tiling/overlap is {}", options.tiling.overlap),
               "crop at most half of the overlap");
  if (options.tiling.stitching == "separate" && options.sampling.device_state)
    report.add("sampling/device_state", {"tiling/stitching"}, "tiling/stitching is 'separate'",
               "leave it out: separate tiles stay on the host");
  if (options.tiling.stitching == "separate" && options.sampling.sampler == "adaptive")
    report.add("tiling/stitching", {"sampling/sampler"}, "sampling/sampler is 'adaptive'",
               "choose a sampler of fixed steps for separate tiles");
  if (options.tiling.stitching == "separate" &&
      std::ranges::count(options.calibration.samplers, "adaptive") > 0)
    report.add("tiling/stitching", {"calibration/samplers"}, "calibration/samplers has 'adaptive'",
               "choose samplers of fixed steps for separate tiles");
  const OutputOptions& output = options.output;
  if (!output.quantiles.empty() && !output.members)
    report.add("output/quantiles", {"output/members"},
               "output/members is .false., and quantiles need the members' files",
               "keep the members or write 'quantiles ='");
  if (!output.quantiles.empty() && !output.statistics)
    report.add("output/quantiles", {"output/statistics"},
               "output/statistics is .false., and quantiles are written with mean and spread",
               "set statistics = .true. or write 'quantiles ='");
  if (output.keep_bits > 0 && output.format == "cdf5")
    report.add("output/keep_bits", {"output/format"},
               "output/format is 'cdf5', which is not compressed",
               "set format = 'netcdf4' or keep_bits = 0");
  if (!output.members && !output.statistics)
    report.add("output/members", {"output/statistics"},
               "output/statistics is .false. too: nothing would be written", "set one of them");
}

}  // namespace

void check_conflicts(const Options& options, Problems& problems) {
  ConflictReport report(options, problems);
  check_domain(options, report);
  check_years(options, report);
  check_dataset(options, report);
  check_regressions(options, report);
  check_networks(options, report);
  check_reconstruction(options, report);
}

}  // namespace hindscale
