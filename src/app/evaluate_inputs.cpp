// SPDX-License-Identifier: Apache-2.0
#include "evaluate_inputs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

#include "archive.hpp"
#include "evaluate_members.hpp"
#include "evaluate_others.hpp"
#include "evaluate_seams.hpp"
#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/core/hash.hpp"
#include "stage_support.hpp"

namespace hindscale {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

std::vector<std::string> law_files(const Options& options) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(options.evaluation.law, error))
    if (entry.path().extension() == ".nc") files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

/// Of the sample store that an archive was made with; empty where it is not known.
std::string store_digest_of(const fs::path& archive) {
  const fs::path identity = archive / "archive.json";
  if (!fs::exists(identity)) return "";
  const Json json = Json::parse(read_text(identity), nullptr, false);
  const bool is_known = json.is_object() && json.contains("store_sha256");
  return is_known && json["store_sha256"].is_string() ? json["store_sha256"].get<std::string>()
                                                      : "";
}

}  // namespace

void require_evaluation_inputs(const Options& options) {
  if (!fs::exists(options.store_path())) {
    throw InputError({.problem = "no sample store",
                      .value = options.store_path().string(),
                      .why = "the truth and the baselines are read from it",
                      .advice = "run the stage prepare first",
                      .key = "dataset/store"});
  }
  require_manifest(options.evaluated_path());
  for (const NamedFolder& other : named_others(options)) require_manifest(other.folder);
}

/// Raised where scores.json or scores.nc changes: those of an older program are made again.
constexpr int scores_format = 2;

Json evaluation_inputs(const Context& context, const Options& options) {
  const InRegion reading(context.regions.get(), Region::reading);
  const EvaluationOptions& evaluation = options.evaluation;
  std::string text = fmt::format(
      "{}, format {}; bootstrap {} x {}; members {}; spectrum {}; seed {}; consistency with {} ({} "
      "members, {})",
      program_version(), scores_format, evaluation.bootstrap_samples, evaluation.bootstrap_block,
      fmt::join(evaluation.members, " "), evaluation.spectrum, context.seed,
      fmt::join(options.reconstruct.coarse_files, " "), options.reconstruct.coarse_members,
      options.reconstruct.adjustment);
  for (const auto& [key, value] : value_options(options))
    if (key.starts_with("tiling/")) text += fmt::format("; {} {}", key, value);  // of the seams
  std::vector<std::string> paths{(options.evaluated_path() / manifest_name).string(),
                                 options.store_path().string()};
  const fs::path shifted = SeamComparison::manifest_path(options);
  const bool has_shifted = any_of(context.comm, fs::exists(shifted));
  if (has_shifted) paths.push_back(shifted.string());
  const std::size_t n_single = paths.size();
  const std::vector<NamedFolder> others = named_others(options);
  for (const NamedFolder& other : others)
    paths.push_back((fs::path(other.folder) / manifest_name).string());
  const std::vector<std::string> of_law = law_files(options);
  paths.insert(paths.end(), of_law.begin(), of_law.end());
  const auto files = digests_of(context.comm, paths);
  Json inputs{{"manifest_sha256", files[0]},
              {"store_sha256", files[1]},
              {"options_sha256", sha256_of(text)}};
  if (has_shifted) inputs["shifted_manifest_sha256"] = files[2];
  for (std::size_t i = 0; i < others.size(); ++i)
    inputs[others[i].name + "_manifest_sha256"] = files[n_single + i];
  if (!options.evaluation.law.empty()) {
    const auto rest = std::span(files).subspan(n_single + others.size());
    inputs["law_sha256"] = sha256_of(fmt::format("{}", fmt::join(rest, " ")));
  }
  return inputs;
}

Json finished_scores(const Context& context, const fs::path& folder, const Json& inputs) {
  Json scores;
  together(context.comm, [&] {
    if (!context.comm.is_root()) return;
    if (!fs::exists(folder / "scores.json") || !fs::exists(folder / "scores.nc")) return;
    const Json found = Json::parse(read_text(folder / "scores.json"), nullptr, false);
    if (!found.is_object() || found.value("inputs", Json()) != inputs) return;
    if (found.value("maps_sha256", "") == sha256_of_file(folder / "scores.nc")) scores = found;
  });
  return Json::parse(broadcast(context.comm, scores.dump()));
}

void warn_of_other_archives(const Context& context, const Options& options, const Json& scores) {
  std::vector<fs::path> folders{options.evaluated_path()};
  for (const NamedFolder& other : named_others(options)) folders.emplace_back(other.folder);
  for (const fs::path& folder : folders) {
    const std::string digest = store_digest_of(folder);
    if (!digest.empty() && digest != scores.at("inputs").at("store_sha256"))
      context.log.warn("{} was made with another sample store than {}, the truth here",
                       folder.string(), options.store_path().string());
  }
  // A namelist that evaluates another folder than its own, or knows no months, asks for none.
  if (!options.evaluation.reconstruction.empty() || options.first_month().empty()) return;
  const StoreContent content = read_content(StoreReader(options.store_path()));
  const Month first = Month::parse(options.first_month()),
              last = Month::parse(options.last_month());
  const auto n_asked =
      std::ranges::count_if(content.positions(content.test), [&](std::size_t position) {
        return first <= content.months[position] && content.months[position] <= last;
      });
  if (const auto n = scores.at("months").get<std::int64_t>(); n < n_asked)
    context.log.warn("{} holds {} of the {} test months that the namelist asks for",
                     folders.front().string(), n, n_asked);
  if (const auto n = scores.at("members").get<std::int64_t>(); n < options.ensemble.members)
    context.log.warn("{} holds {} members; the namelist asks for {}", folders.front().string(), n,
                     options.ensemble.members);
}

}  // namespace hindscale
