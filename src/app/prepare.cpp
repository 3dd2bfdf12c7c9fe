// SPDX-License-Identifier: Apache-2.0
// Source files -> sample store.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "adjustment_file.hpp"
#include "hindscale/app/stages.hpp"
#include "hindscale/core/commit.hpp"
#include "hindscale/dataset/baselines.hpp"
#include "hindscale/dataset/transform.hpp"
#include "hindscale/dataset/variable.hpp"
#include "hindscale/grid/remap.hpp"
#include "hindscale/io/sample_store.hpp"
#include "prepare_inputs.hpp"
#include "prepare_recipe.hpp"
#include "stage_support.hpp"

namespace hindscale {
namespace {

/// Reads, cuts and coarsens one month.
class MonthReader {
 public:
  MonthReader(const PrepareInputs& inputs, const StoreContent& content)
      : inputs_(inputs), content_(content) {
    if (content.coarse_derived) coarsen_.emplace(content.fine, content.coarse);
  }
  void read(Month month, View<float, 3> fine, View<float, 3> coarse) const {
    inputs_.fine.read(month, inputs_.fine_cut.window, fine);
    if (inputs_.coarse) inputs_.coarse->read(month, inputs_.coarse_cut.window, coarse);
    for (std::size_t v = 0; coarsen_ && v < content_.n_variables(); ++v)
      coarsen_->apply(fine[v], coarse[v]);
  }

 private:
  const PrepareInputs& inputs_;
  const StoreContent& content_;
  std::optional<ConservativeRemap> coarsen_;
};

/// Values of each variable in a month's fields.
void count_values(View<const float, 3> fields, std::vector<double>& counts) {
  for (std::size_t v = 0; v < fields.extent(0); ++v) {
    const auto values = fields[v].flat();
    counts.push_back(static_cast<double>(
        std::ranges::count_if(values, [](float value) { return std::isfinite(value); })));
  }
}

/// `counts` [month, variable] of the months in their order.
void report_gaps(const Context& context, const StoreContent& content,
                 const std::vector<double>& counts, const std::string& key,
                 const std::string& consequence) {
  const std::size_t nv = content.n_variables();
  for (std::size_t v = 0; v < nv; ++v) {
    double most = 0, fewest = HUGE_VAL;
    std::size_t n_months = 0, where = 0;
    for (std::size_t t = 0; t < content.months.size(); ++t)
      most = std::max(most, counts[t * nv + v]);
    for (std::size_t t = 0; t < content.months.size(); ++t) {
      const double n = counts[t * nv + v];
      if (n < most) ++n_months;
      if (n < fewest) where = t;
      fewest = std::min(fewest, n);
    }
    const std::string month = content.months[where].to_string();
    if (fewest == 0)
      throw InputError({.problem = "a month without any value",
                        .value = month,
                        .why = content.variables[v] + " is missing everywhere",
                        .advice = "mend the file (its valid_range, too), or leave the year out",
                        .key = key});
    if (n_months > 0)
      context.log.warn(
          "{}, {}: {} of {} months lack values that others have; {} has {:.0f} of {:.0f}. {}", key,
          content.variables[v], n_months, content.months.size(), month, fewest, most, consequence);
  }
}

/// Degrees of longitude and latitude together, of a cell.
double mean_width(const Grid& grid) {
  const auto width = [](const Axis& axis) {
    return (axis.edge.back() - axis.edge.front()) / static_cast<double>(axis.size());
  };
  return width(grid.longitude) + width(grid.latitude);
}

/// Each rank writes its contiguous block of months, one month a turn.
void write_fields(const Context& context, StoreWriter& writer, const PrepareInputs& inputs,
                  const StoreContent& content) {
  const std::size_t nt = content.months.size(), nv = content.n_variables();
  Array<float, 3> fine({nv, content.fine.n_rows(), content.fine.n_columns()});
  Array<float, 3> coarse({nv, content.coarse.n_rows(), content.coarse.n_columns()});
  writer.create(store::fine, {nt, nv, fine.extent(1), fine.extent(2)},
                StoreWriter::Layout::chunk_per_item);
  writer.create(store::coarse, {nt, nv, coarse.extent(1), coarse.extent(2)},
                StoreWriter::Layout::chunk_per_item);
  const MonthReader reader(inputs, content);
  std::vector<double> fine_counts, coarse_counts;
  const Block block =
      block_of(static_cast<std::int64_t>(nt), context.comm.rank(), context.comm.size());
  const std::int64_t n_turns = all_max(context.comm, block.last - block.first);
  for (std::int64_t turn = 0; turn < n_turns; ++turn) {
    const bool mine = block.first + turn < block.last;
    const auto i_month = static_cast<std::size_t>(mine ? block.first + turn : 0);
    together(context.comm, [&] {
      const InRegion reading(context.regions.get(), Region::reading);
      if (!mine) return;
      reader.read(content.months[i_month], fine, coarse);
      count_values(fine.view(), fine_counts);
      count_values(coarse.view(), coarse_counts);
    });
    const InRegion writing(context.regions.get(), Region::writing);
    const std::size_t n = mine ? 1 : 0;
    writer.write(store::fine, i_month, n, fine.flat().first(n * fine.size()));
    writer.write(store::coarse, i_month, n, coarse.flat().first(n * coarse.size()));
  }
  const std::string left_out =
      "A cell that lacks one is left out of all months, of training, output and scores";
  report_gaps(context, content, gather_blocks(context.comm, fine_counts), "dataset/fine_files",
              inputs.coarse ? left_out
                            : left_out + "; coarse means count it in months in which it has one");
  const std::vector<double> of_coarse = gather_blocks(context.comm, coarse_counts);
  if (inputs.coarse)
    report_gaps(context, content, of_coarse, "dataset/coarse_files",
                "A month that lacks one which fine cells need cannot be reconstructed");
}

/// Refuses a static field that holds no value, or one beyond what it may be.
void require_within(const Array<float, 2>& field, float low, float high, ErrorFacts facts) {
  std::size_t n_known = 0;
  for (const float value : field.flat()) {
    if (std::isnan(value)) continue;
    ++n_known;
    if (value >= low && value <= high) continue;
    facts.problem += fmt::format(" has a value outside {} to {}", low, high);
    facts.value = fmt::format("{}", value);
    throw InputError(facts);
  }
  if (n_known > 0) return;
  facts.problem += " holds no value";
  throw InputError(facts);
}

void write_statics(const Context& context, StoreWriter& writer, const PrepareInputs& inputs,
                   const Grid& fine) {
  Array<float, 2> relief({fine.n_rows(), fine.n_columns()}),
      land({fine.n_rows(), fine.n_columns()});
  together(context.comm, [&] {
    if (inputs.relief) {
      const Grid& grid = inputs.relief->grid();
      Array<float, 2> height({grid.n_rows(), grid.n_columns()}), is_land = height;
      inputs.relief->read(0, height);
      require_within(height, -12000, 10000,
                     {.problem = "the relief (m)",
                      .advice = "give its missing values as _FillValue, and its height a unit",
                      .file = inputs.relief->files().front(),
                      .key = "dataset/relief_file"});
      for (std::size_t i = 0; i < height.size(); ++i) {
        float& value = height.flat()[i];
        is_land.flat()[i] = value > 0 ? 1.0F : 0.0F;
        if (!(value > 0))
          value = 0;  // the height of the sea surface, also where the relief is missing
      }
      const ConservativeRemap remap(grid, fine);
      remap.apply(height, relief);
      remap.apply(is_land, land);
    }
    if (inputs.mask) {
      const Grid& grid = inputs.mask->grid();
      Array<float, 2> fraction({grid.n_rows(), grid.n_columns()});
      inputs.mask->read(0, fraction);
      require_within(fraction, -0.5F, 1.5F,  // remapping overshoots
                     {.problem = "the land fraction",
                      .advice = "give it the unit '%' where it is in percent; a mask is 0 or 1",
                      .file = inputs.mask->files().front(),
                      .key = "dataset/mask_file"});
      for (float& value : fraction.flat()) value = std::clamp(value, 0.0F, 1.0F);
      ConservativeRemap(grid, fine).apply(fraction, land);
      for (float& value : land.flat()) value = std::isnan(value) ? 0.0F : value;
    }
  });
  const std::size_t n_rows = context.comm.is_root() ? fine.n_rows() : 0;
  for (const auto& [name, field] :
       {std::pair<const char*, Array<float, 2>&>(store::relief_m, relief),
        {store::land_fraction, land}}) {
    writer.create(name, {fine.n_rows(), fine.n_columns()}, StoreWriter::Layout::contiguous);
    writer.write(name, 0, n_rows, field.flat().first(n_rows * fine.n_columns()));
  }
}

std::string provenance_of(const Context& context, const std::vector<std::string>& files) {
  const std::vector<std::string> digests = digests_of(context.comm, files);
  nlohmann::json inputs = nlohmann::json::array();
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::filesystem::path path(files[i]);
    inputs.push_back({{"file", path.filename().string()},
                      {"bytes", std::filesystem::file_size(path)},
                      {"sha256", digests[i]}});
  }
  return nlohmann::json{{"program", program_version()}, {"inputs", inputs}}.dump();
}

void log_transforms(const Log& log, const StoreContent& content) {
  for (std::size_t v = 0; v < content.n_variables(); ++v) {
    const TransformParameters& parameters = content.transform_parameters[v];
    if (content.transforms[v] == "boxcox")
      log.info("{}: boxcox with lambda {:.4g} and offset {:g}, in units of {:.4g} {}",
               content.variables[v], parameters.lambda, parameters.offset, parameters.unit,
               content.units[v]);
  }
}

/// What the training years tell, by the store's own fields. Collective.
void fit(const Context& context, const Options& options, StoreWriter& writer,
         StoreContent& content) {
  const InRegion fitting(context.regions.get(), Region::fitting);
  fit_climatologies(context.comm, writer, content);
  fit_transforms(context.comm, writer, content, options.dataset);
  log_transforms(context.log, content);
  if (!options.dataset.ridge) return;
  fit_ridge(context.comm, writer, content, options.dataset);
  context.log.info("ridge regression: {}", text_of(*content.ridge));
  if (content.local_ridge) context.log.info("local ridge: {}", text_of(*content.local_ridge));
}

/// The sample store. Collective.
void prepare_store(const Context& context, const Options& options) {
  const std::filesystem::path path = options.store_path();
  const StageLock lock(context, path.has_parent_path() ? path.parent_path() : ".");
  const std::string recipe = recipe_of(options);

  // 1. A finished store is left as it is.
  bool finished = false;
  together(context.comm, [&] { finished = store_is_finished(path, recipe); });
  if (finished) {
    together(context.comm, [&] {
      if (context.comm.is_root()) require_unchanged_sources(path, options);
    });
    context.log.info("{} is complete; nothing to prepare", path.string());
    return;
  }

  // 2. Sources, grids and months.
  std::optional<PrepareInputs> inputs;
  StoreContent content;
  together(context.comm, [&] {
    const InRegion reading(context.regions.get(), Region::reading);
    inputs.emplace(open_prepare_inputs(options));
    content = describe_content(options, *inputs);
    check_disk(path.has_parent_path() ? path.parent_path() : ".", store_bytes(content, options));
  });
  context.log.info("fine grid {}; coarse grid {}", describe(content.fine),
                   describe(content.coarse));
  if (mean_width(content.coarse) <= mean_width(content.fine))
    context.log.warn("the coarse grid is not coarser than the fine one: nothing to downscale");

  // 3. Fields, statics, statistics of the training years.
  StoreWriter writer(context.comm, path);
  write_fields(context, writer, *inputs, content);
  write_statics(context, writer, *inputs, content.fine);
  context.log.info("{} months read; fitting climatologies", content.months.size());
  fit(context, options, writer, content);

  // 4. What it is and where it comes from; then the final name.
  const InRegion writing(context.regions.get(), Region::writing);
  write_content(writer, content);
  writer.write_text("recipe", recipe);
  writer.write_text("provenance", provenance_of(context, files_of(options, *inputs)));
  writer.commit();
  context.log.info("wrote {}", path.string());
}

}  // namespace

ExitCode run_prepare(const Context& context, const Options& options) {
  prepare_store(context, options);
  prepare_adjustment(context, options);
  return ExitCode::done;
}

}  // namespace hindscale
