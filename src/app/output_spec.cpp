// SPDX-License-Identifier: Apache-2.0
#include "output_spec.hpp"

#include <fmt/format.h>

#include "hindscale/core/commit.hpp"
#include "hindscale/dataset/variable.hpp"
#include "stage_support.hpp"

namespace hindscale {

std::vector<std::pair<std::string, std::string>> global_attributes(
    const Options& options, const ArchiveIdentity& identity) {
  const ExperimentOptions& experiment = options.experiment;
  std::vector<std::pair<std::string, std::string>> attributes;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) attributes.emplace_back(name, value);
  };
  add("title", experiment.title);
  add("institution", experiment.institution);
  add("source", experiment.source.empty() ? program_version() + ", conditional diffusion model"
                                          : experiment.source);
  add("history", timestamp_utc() + " " + program_version() + " reconstruct");
  add("references", experiment.references);
  add("comment", experiment.comment);
  add("hindscale_version", program_version());
  add("checkpoint_sha256", identity.checkpoint_sha256);
  add("sample_store_sha256", identity.store_sha256);
  std::string coarse, values;
  for (const auto& [name, digest] : identity.coarse_sha256)
    coarse += fmt::format("{}{} {}", coarse.empty() ? "" : "; ", name, digest);
  add("coarse_files_sha256", coarse);
  for (const auto& [key, value] : identity.options) {
    if (key.rfind("experiment/", 0) == 0 && key != "experiment/seed")
      continue;  // they are attributes of their own
    values += fmt::format("{}{} = {}", values.empty() ? "" : "; ", key, value);
  }
  add("options", values);
  return attributes;
}

namespace {

FieldFileSpec base_spec(const OutputStyle& style, std::size_t variable, const Segment& segment) {
  const OutputOptions& output = style.options.output;
  const VariableInfo info = variable_info(style.content.variables[variable]);
  FieldFileSpec spec;
  spec.format = output.format == "cdf5" ? FileFormat::cdf5 : FileFormat::netcdf4;
  spec.deflate_level = static_cast<int>(output.deflate);
  spec.keep_bits = static_cast<int>(output.keep_bits);
  spec.name = info.name;
  spec.standard_name = info.standard_name;
  spec.long_name = info.long_name;
  spec.units = style.content.units[variable];
  spec.height_m = info.height_m;
  spec.grid = &style.content.fine;
  spec.months = segment.months();
  spec.global_attributes = style.attributes;
  return spec;
}

}  // namespace

FieldFileSpec member_spec(const OutputStyle& style, std::size_t variable, int member,
                          const Segment& segment) {
  FieldFileSpec spec = base_spec(style, variable, segment);
  spec.path = style.folder / member_file(spec.name, member, segment);
  spec.cell_methods = "time: mean";
  spec.realization = member;
  return spec;
}

FieldFileSpec statistics_spec(const OutputStyle& style, std::size_t variable,
                              const std::string& kind, const Segment& segment) {
  FieldFileSpec spec = base_spec(style, variable, segment);
  spec.path = style.folder / statistics_file(spec.name, kind, segment);
  spec.global_attributes.emplace_back("members", members_text(style.options));
  if (kind == "mean") {
    spec.cell_methods = "time: mean realization: mean";
    spec.long_name = "Ensemble Mean of " + spec.long_name;
  } else if (kind == "std") {
    spec.cell_methods = "time: mean realization: standard_deviation";
    spec.long_name = "Ensemble Standard Deviation of " + spec.long_name;
  } else {
    spec.cell_methods = "time: mean";
    spec.long_name = "Ensemble Quantiles of " + spec.long_name;
    spec.quantiles = style.options.output.quantiles;
    spec.global_attributes.emplace_back("quantiles", quantiles_text(style.options));
  }
  return spec;
}

std::string quantiles_text(const Options& options) {
  return fmt::format("{}", fmt::join(options.output.quantiles, ", "));
}

std::string members_text(const Options& options) {
  return fmt::format("{}-{}", options.ensemble.first_member,
                     options.ensemble.first_member + options.ensemble.members - 1);
}

}  // namespace hindscale
