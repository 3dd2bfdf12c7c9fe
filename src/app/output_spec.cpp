// SPDX-License-Identifier: Apache-2.0
#include "output_spec.hpp"

#include <fmt/format.h>

#include <sstream>

#include "antithetic.hpp"
#include "coarse_input.hpp"
#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/core/hash.hpp"
#include "hindscale/dataset/variable.hpp"
#include "stage_support.hpp"

namespace hindscale {
namespace {

std::string model_of(const std::string& stage) {
  if (stage == "gan") return "generative adversarial network";
  return stage == "regression" ? "regression network" : "conditional diffusion model";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> global_attributes(
    const Options& options, const ArchiveIdentity& identity) {
  const ExperimentOptions& experiment = options.experiment;
  std::vector<std::pair<std::string, std::string>> attributes;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) attributes.emplace_back(name, value);
  };
  add("title", experiment.title);
  add("institution", experiment.institution);
  add("source", experiment.source.empty()
                    ? program_version() + ", " + model_of(options.training.stage)
                    : experiment.source);
  add("history", timestamp_utc() + " " + program_version() + " reconstruct");
  add("references", experiment.references);
  add("comment", experiment.comment);
  add("hindscale_version", program_version());
  add("checkpoint_sha256", identity.checkpoint_sha256);
  add("sample_store_sha256", identity.store_sha256);
  std::string values;
  for (const auto& [key, value] : identity.options) {
    if (key.rfind("experiment/", 0) == 0 && key != "experiment/seed" && key != "experiment/threads")
      continue;  // they are attributes of their own
    values += fmt::format("{}{} = {}", values.empty() ? "" : "; ", key, value);
  }
  add("options", values);
  return attributes;
}

namespace {

/// What a file of these members has in common with any other.
FieldFileSpec base_spec(const OutputStyle& style, std::size_t variable, const Segment& segment,
                        const std::vector<int>& members) {
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
  std::string digests;
  for (const int driver : drivers_of(style.options, members))
    for (const Month month : spec.months) {
      const auto digest = style.coarse.find(month, driver);
      HINDSCALE_ASSERT(digest.has_value());
      digests += text_of(*digest);
    }
  spec.global_attributes.emplace_back("coarse_fields_sha256", sha256_of(digests));
  return spec;
}

}  // namespace

FieldFileSpec member_spec(const OutputStyle& style, std::size_t variable, int member,
                          const Segment& segment) {
  FieldFileSpec spec = base_spec(style, variable, segment, {member});
  spec.path = style.folder / member_file(spec.name, member, segment);
  if (const int driver = style.options.reconstruct.driver_of(member); driver > 0)
    spec.global_attributes.emplace_back("driving_member", std::to_string(driver));
  if (const int noise = style.options.noise_of(member); noise != member)
    spec.global_attributes.emplace_back(partner_attribute, std::to_string(noise));
  spec.cell_methods = "time: mean";
  spec.realization = member;
  return spec;
}

FieldFileSpec statistics_spec(const OutputStyle& style, std::size_t variable,
                              const std::string& kind, const Segment& segment,
                              const std::vector<int>& members) {
  FieldFileSpec spec = base_spec(style, variable, segment, members);
  spec.path = style.folder / statistics_file(spec.name, kind, segment);
  spec.global_attributes.emplace_back("members", members_text(members));
  if (kind == "mean") {
    spec.cell_methods = "time: mean realization: mean";
    spec.long_name = "Ensemble Mean of " + spec.long_name;
  } else if (kind == "std") {
    spec.cell_methods = "time: mean realization: standard_deviation";
    spec.long_name = "Ensemble Standard Deviation of " + spec.long_name;
    if (style.options.ensemble.antithetic) {
      std::vector<int> independent;
      for (const std::size_t i : independent_of(style.options, members))
        independent.push_back(members[i]);
      spec.global_attributes.emplace_back("independent_members", members_text(independent));
    }
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

std::string members_text(const std::vector<int>& members) {
  std::string text;
  for (std::size_t i = 0; i < members.size();) {
    std::size_t last = i;
    while (last + 1 < members.size() && members[last + 1] == members[last] + 1) ++last;
    text += fmt::format("{}{}", text.empty() ? "" : ", ", members[i]);
    if (last > i) text += fmt::format("-{}", members[last]);
    i = last + 1;
  }
  return text;
}

std::vector<int> parse_members(const std::string& text) {
  std::vector<int> members;
  std::istringstream stream(text);
  for (std::string range; std::getline(stream, range, ',');) {
    const std::size_t dash = range.find('-');
    const int first = std::stoi(range),
              last = dash == std::string::npos ? first : std::stoi(range.substr(dash + 1));
    for (int member = first; member <= last; ++member) members.push_back(member);
  }
  return members;
}

}  // namespace hindscale
