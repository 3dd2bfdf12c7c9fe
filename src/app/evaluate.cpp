// SPDX-License-Identifier: Apache-2.0
// The stage `evaluate`: reconstruction and truth -> scores.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "evaluate_fields.hpp"
#include "evaluate_inputs.hpp"
#include "evaluate_maps.hpp"
#include "evaluate_members.hpp"
#include "evaluate_months.hpp"
#include "evaluate_report.hpp"
#include "evaluate_seams.hpp"
#include "evaluate_table.hpp"
#include "hindscale/app/stages.hpp"
#include "hindscale/core/commit.hpp"
#include "hindscale/core/hash.hpp"
#include "stage_support.hpp"

namespace hindscale {
namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

/// evaluation/members, or 1, 2, 4, ...; always with the whole ensemble at the end.
std::vector<std::size_t> sizes_of(const Options& options, std::size_t n_members) {
  std::vector<std::size_t> sizes{n_members};
  for (const std::int64_t size : options.evaluation.members) {
    if (static_cast<std::size_t>(size) > n_members) {
      ErrorFacts facts = options.at("evaluation/members");
      facts.problem = "more members than the reconstruction has";
      facts.why = fmt::format("it has {}", n_members);
      facts.advice = "ask for fewer, or reconstruct more (ensemble/members)";
      throw InputError(facts);
    }
    sizes.push_back(static_cast<std::size_t>(size));
  }
  if (options.evaluation.members.empty()) {
    for (std::size_t size = 1; size < n_members; size *= 2) sizes.push_back(size);
  }
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

SpectrumKind spectrum_of(const Options& options, const Grid& grid) {
  if (options.evaluation.spectrum == "zonal" && !grid.periodic) {
    ErrorFacts facts = options.at("evaluation/spectrum");
    facts.problem = "zonal spectra of a regional domain";
    facts.why = "they need rows that go once round the globe";
    facts.advice = "choose 'radial' or 'auto'";
    throw InputError(facts);
  }
  const bool zonal = options.evaluation.spectrum == "zonal" ||
                     (options.evaluation.spectrum == "auto" && grid.periodic);
  return zonal ? SpectrumKind::zonal : SpectrumKind::radial;
}

std::optional<LawFields> law_of(const Options& options, const StoreContent& content) {
  std::optional<LawFields> law;
  if (!options.evaluation.law.empty()) law.emplace(options.evaluation.law, content);
  return law;
}

/// Store and reconstruction, open on every rank.
struct Inputs {
  explicit Inputs(const Options& options)
      : reader(options.store_path()),
        content(read_content(reader)),
        archive(options.evaluated_path(), content),
        law(law_of(options, content)),
        others(open_others(options, content, archive.positions())),
        fields(reader, content, archive, law ? &*law : nullptr, others),
        driving(options, reader, content) {}
  StoreReader reader;
  StoreContent content;
  MemberArchive archive;
  std::optional<LawFields> law;
  std::vector<OtherArchive> others;
  FieldProvider fields;
  DrivingFields driving;
};

std::string months_text(const StoreContent& content, const std::vector<std::size_t>& positions) {
  return fmt::format("{} to {}", content.months[positions.front()].to_string(),
                     content.months[positions.back()].to_string());
}

/// The file of maps on the first rank; null elsewhere. Collective.
std::unique_ptr<MapFile> create_map_file(const EvaluationSetup& setup, const fs::path& path,
                                         const Json& inputs) {
  const StoreContent& content = setup.fields.content();
  std::vector<MapVariable> maps;
  for (const ScoredVariable& variable : scored_variables(content)) {
    for (const MapKind& kind : map_kinds(content)) {
      maps.push_back(
          {variable.name + "_" + kind.name, variable.name + ": " + kind.long_name, variable.units});
    }
  }
  MapFileSpec spec{path, &content.fine, {{"title", "Errors of a reconstruction, by cell"}}};
  spec.global_attributes.emplace_back("source", program_version());
  spec.global_attributes.emplace_back("period", months_text(content, setup.positions));
  spec.global_attributes.emplace_back("members", std::to_string(setup.sizes.back()));
  spec.global_attributes.emplace_back("independent_members",
                                      std::to_string(setup.fields.archive().independent().size()));
  for (const auto& [name, digest] : inputs.items())
    spec.global_attributes.emplace_back(name, digest);
  std::unique_ptr<MapFile> file;
  together(setup.context.comm, [&] {
    if (setup.context.comm.is_root()) file = std::make_unique<MapFile>(spec, maps);
  });
  return file;
}

/// The head of scores.json, with empty sections in their order.
Json start_report(const EvaluationSetup& setup, const Options& options, const Json& inputs) {
  const StoreContent& content = setup.fields.content();
  return {{"period",
           {content.months[setup.positions.front()].to_string(),
            content.months[setup.positions.back()].to_string()}},
          {"months", setup.positions.size()},
          {"members", setup.sizes.back()},
          {"independent_members", setup.fields.archive().independent().size()},
          {"variables", Json::object()},
          {"correlations", Json::object()},
          {"spectra", Json::object()},
          {"bootstrap",
           {{"samples", options.evaluation.bootstrap_samples},
            {"block_months", options.evaluation.bootstrap_block},
            {"level", 0.95}}},
          {"inputs", inputs}};
}

/// What is scored, opened on every rank.
struct Evaluation {
  Evaluation(const Context& context, const Options& options)
      : inputs(options),
        setup{context,
              inputs.fields,
              inputs.archive.positions(),
              sizes_of(options, inputs.archive.members().size()),
              spectrum_of(options, inputs.content.fine),
              context.seed,
              inputs.driving},
        maker(setup.positions.size(),
              {.block = static_cast<std::size_t>(options.evaluation.bootstrap_block),
               .n_samples = static_cast<std::size_t>(options.evaluation.bootstrap_samples),
               .seed = context.seed}),
        seams(SeamComparison::open(context, options, inputs.reader, inputs.content)) {
    inputs.archive.find_independent();
    if (context.comm.is_root())
      inputs.driving.warn_of_unknown(context.log, setup.positions, inputs.archive.members());
    for (const std::size_t position : setup.positions)
      if (inputs.law) inputs.law->require(inputs.content.months[position]);
  }
  Inputs inputs;
  EvaluationSetup setup;
  EntryMaker maker;
  std::optional<SeamComparison> seams;
};

/// Scores one variable, writes its maps, adds it to the report of the first rank. Collective.
void score(const Evaluation& evaluation, const ScoredVariable& variable, MapFile* file,
           Json& report) {
  const EvaluationSetup& setup = evaluation.setup;
  const StoreContent& content = evaluation.inputs.content;
  MapSums maps(content);
  VariableResults results = score_variable(setup, variable, maps);
  if (evaluation.seams) results.seams = evaluation.seams->months(setup, variable);
  if (results.n_left_out > 0) {
    setup.context.log.warn(
        "{}: {} cells, counted over all months, are left out, for some method has no value there",
        variable.name, results.n_left_out);
  }
  together(setup.context.comm, [&] {
    if (!setup.context.comm.is_root()) return;
    for (const MapKind& kind : map_kinds(content))
      file->write(variable.name + "_" + kind.name, maps.map(kind));
    Json& entry = report["variables"][variable.name] = {{"units", variable.units}};
    entry.update(json_of(results, evaluation.maker, method_names(setup.fields, variable)));
    Json& spectra = report["spectra"][variable.name];
    spectra["kind"] = setup.spectrum == SpectrumKind::zonal ? "zonal" : "radial";
    spectra["wavenumber_units"] = setup.spectrum == SpectrumKind::zonal ? "1" : "km-1";
    spectra.update(json_of_spectra(results));
  });
  setup.context.log.info("{} is scored", variable.name);
}

/// Adds the correlations between variables to the report of the first rank. Collective.
void correlate(const Evaluation& evaluation, Json& report) {
  const Communicator& comm = evaluation.setup.context.comm;
  const std::vector<PairResults> pairs = correlate_variables(evaluation.setup);
  together(comm, [&] {
    if (!comm.is_root()) return;
    for (const PairResults& pair : pairs) {
      report["correlations"][pair.name] =
          json_of(pair, evaluation.maker, correlation_names(evaluation.inputs.content));
    }
  });
}

/// Each variable against every method, each pair of variables. Collective.
void score_all(const Evaluation& evaluation, MapFile* maps, Json& report) {
  const InRegion scoring(evaluation.setup.context.regions.get(), Region::scoring);
  for (const ScoredVariable& variable : scored_variables(evaluation.inputs.content))
    score(evaluation, variable, maps, report);
  correlate(evaluation, report);
}

/// The table, and how to draw the figures. Collective.
void print_scores(const Context& context, const Options& options, const Json& scores) {
  together(context.comm, [&] {
    if (!context.comm.is_root()) return;
    std::fputs(("\n" + table_of(scores) + "\n").c_str(), stdout);
    std::fflush(stdout);
    warn_of_other_archives(context, options, scores);
  });
  context.log.info("scores: {}; maps: {}", (options.evaluation_path() / "scores.json").string(),
                   (options.evaluation_path() / "scores.nc").string());
  context.log.info("figures: {}", plot_command(options));
}

/// Every file of members is read once more, each by one rank: neither CDF-5 nor a size betrays a
/// byte that has changed. Collective.
void require_intact(const Context& context, const MemberArchive& archive) {
  const InRegion reading(context.regions.get(), Region::reading);
  const std::map<std::string, std::string> told = archive.digests();
  std::vector<std::string> paths;
  for (const auto& [path, digest] : told) paths.push_back(path);
  const std::vector<std::string> found = digests_of(context.comm, paths);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (found[i] == told.at(paths[i])) continue;
    throw InputError({.problem = "a file is not as the manifest says",
                      .value = paths[i],
                      .why = "its digest differs",
                      .advice = "run the stage reconstruct again to mend it"});
  }
}

}  // namespace

ExitCode run_evaluate(const Context& context, const Options& options) {
  // 1. Store and reconstruction are there; the folder of the scores is ours.
  together(context.comm, [&] { require_evaluation_inputs(options); });
  const fs::path folder = options.evaluation_path();
  const StageLock lock(context, folder);

  // 2. Finished scores of the same inputs are printed again.
  const Json inputs = evaluation_inputs(context, options);
  Json report = finished_scores(context, folder, inputs);
  if (!report.is_null()) {
    context.log.info("{} is up to date; nothing to compute", (folder / "scores.json").string());
    print_scores(context, options, report);
    return ExitCode::done;
  }

  // 3. Months, members and methods.
  std::optional<Evaluation> evaluation;
  together(context.comm, [&] {
    const InRegion reading(context.regions.get(), Region::reading);
    evaluation.emplace(context, options);
  });
  require_intact(context, evaluation->inputs.archive);
  if (evaluation->seams) require_intact(context, evaluation->seams->archive());
  for (const OtherArchive& other : evaluation->setup.fields.others())
    require_intact(context, other.archive);
  const StoreContent& content = evaluation->inputs.content;
  const EvaluationSetup& setup = evaluation->setup;
  context.log.info("{} months, {}; {} members, the first is number {}", setup.positions.size(),
                   months_text(content, setup.positions), setup.sizes.back(),
                   evaluation->inputs.archive.members().front());

  // 4. Each variable against every method, each pair of variables.
  report = start_report(setup, options, inputs);
  const auto maps = create_map_file(setup, folder / "scores.nc", inputs);
  score_all(*evaluation, maps.get(), report);

  // 5. The maps, then the scores, under their final names.
  const InRegion writing(context.regions.get(), Region::writing);
  together(context.comm, [&] {
    if (!context.comm.is_root()) return;
    maps->commit();
    report["maps_sha256"] = sha256_of_file(folder / "scores.nc");
    commit_text(folder / "scores.json", report.dump(1) + "\n");
  });
  print_scores(context, options, report);
  return ExitCode::done;
}

}  // namespace hindscale
