// SPDX-License-Identifier: Apache-2.0
#include "adjustment_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "driving_source.hpp"
#include "hindscale/core/hash.hpp"
#include "hindscale/dataset/variable.hpp"
#include "hindscale/io/sample_store.hpp"

namespace hindscale {
namespace {

constexpr std::size_t n_calendar_months = 12;
constexpr const char *from_name = "source", *to_name = "training";  // [12, v, node, cell]

std::filesystem::path path_in(const Options& options) {
  return options.reconstruction_path() / adjustment_name;
}

/// A digest of the first and last training month that the source's first member has: other fields
/// under the same names are noticed.
std::string fingerprint_of(const Options& options, const StoreContent& content) {
  DrivingSource source(options, content);
  std::vector<Month> months;
  for (const std::size_t position : content.positions(content.train))
    if (source.has(source.first(), content.months[position]))
      months.push_back(content.months[position]);
  if (months.size() > 2) months.erase(months.begin() + 1, months.end() - 1);
  Array<float, 3> field(
      {content.n_variables(), content.coarse.n_rows(), content.coarse.n_columns()});
  Sha256 digest;
  for (const Month month : months) {
    source.read(source.first(), month, field);
    digest.add(std::as_bytes(field.flat()));
  }
  return digest.hex().substr(0, 12);
}

/// What the adjustment follows from, as the file records it.
std::string recipe_of_adjustment(const Options& options) {
  const ReconstructOptions& reconstruct = options.reconstruct;
  const StoreReader store(options.store_path());
  const std::string fields = fingerprint_of(options, read_content(store));
  return fmt::format("'{}' of {} ({}), {} members, fields {}, to the store {}",
                     reconstruct.adjustment, fmt::join(reconstruct.coarse_files, ", "),
                     fmt::join(reconstruct.coarse_names, ", "), reconstruct.coarse_members, fields,
                     sha256_of(store.text("recipe") + store.text("provenance")).substr(0, 12));
}

/// Whether a file is there that follows from these options.
bool is_finished(const Options& options, const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return false;
  const std::string held = StoreReader(path).text("recipe"), asked = recipe_of_adjustment(options);
  if (held == asked) return true;
  throw InputError({.problem = "the adjustment is of other options, source files or another store",
                    .value = path.string(),
                    .why = fmt::format("it is {}; now asked for: {}", held, asked),
                    .advice = "remove it and run 'prepare' again, or use another folder "
                              "(reconstruct/directory)",
                    .key = "reconstruct/adjustment"});
}

/// Fits one calendar month after the other.
class AdjustmentFit {
 public:
  AdjustmentFit(const Options& options, const StoreReader& store, const StoreContent& content)
      : options_(options),
        store_(store),
        content_(content),
        source_(options, content),
        shared_(content.positions(content.train)) {
    // Member by member, since few stay open.
    for (int member = 1; member <= n_members(); ++member)
      std::erase_if(shared_, [&](std::size_t position) {
        return !source_.has(options.reconstruct.driver_of(member), content.months[position]);
      });
  }

  /// The training months that every member of the source has, of one calendar month, as positions
  /// in the store.
  [[nodiscard]] std::vector<std::size_t> common(std::size_t of_year) const {
    std::vector<std::size_t> positions;
    for (const std::size_t position : shared_)
      if (static_cast<std::size_t>(content_.months[position].of_year()) == of_year)
        positions.push_back(position);
    return positions;
  }

  /// As many for all calendar months, so that they share an array; InputError where there is none.
  [[nodiscard]] std::size_t n_nodes() {
    constexpr std::size_t most = 50;  // as many years say no more of the tails
    std::size_t n = most;
    for (std::size_t of_year = 0; of_year < n_calendar_months; ++of_year)
      n = std::min(n, common(of_year).size());
    if (n == 0) {
      throw InputError(
          {.problem = "the driving source and the training years do not overlap",
           .value = fmt::format("{} to {}", content_.train.first_year, content_.train.last_year),
           .why = "some calendar month is in no training year that all members of the source have",
           .advice = "add files, or set reconstruct/adjustment = 'none'",
           .key = "reconstruct/adjustment"});
    }
    return options_.reconstruct.adjustment == "mean" ? 1 : n;
  }

  /// Nodes [1, v, n, cell] of the training fields of a calendar month.
  void fit_training(std::size_t of_year, View<float, 4> nodes) {
    const std::vector<std::size_t> positions = common(of_year);
    Array<float, 4> values = values_of(positions.size());
    for (std::size_t i = 0; i < positions.size(); ++i)
      store_.read(store::coarse, positions[i], 1, values[i].flat());
    find_nodes_of(values, nodes[0]);
  }

  /// Likewise of the source, all members together.
  void fit_source(std::size_t of_year, View<float, 4> nodes) {
    const std::vector<std::size_t> positions = common(of_year);
    Array<float, 4> values = values_of(positions.size() * static_cast<std::size_t>(n_members()));
    std::size_t i = 0;
    for (int member = 1; member <= n_members(); ++member)
      for (const std::size_t position : positions)
        source_.read(options_.reconstruct.driver_of(member), content_.months[position],
                     values[i++]);
    find_nodes_of(values, nodes[0]);
  }

 private:
  [[nodiscard]] int n_members() const {
    return std::max(1, static_cast<int>(options_.reconstruct.coarse_members));
  }

  [[nodiscard]] Array<float, 4> values_of(std::size_t n) const {
    return Array<float, 4>(
        {n, content_.n_variables(), content_.coarse.n_rows(), content_.coarse.n_columns()});
  }

  /// Values [i, v, cy, cx] -> nodes [v, n, cell].
  static void find_nodes_of(const Array<float, 4>& values, View<float, 3> nodes) {
    const std::size_t n_values = values.extent(0), n_nodes = nodes.extent(1),
                      n_cells = nodes.extent(2);
    std::vector<float> of_cell(n_values), found(n_nodes);
    for (std::size_t v = 0; v < nodes.extent(0); ++v)
      for (std::size_t cell = 0; cell < n_cells; ++cell) {
        for (std::size_t i = 0; i < n_values; ++i) of_cell[i] = values[i][v].data()[cell];
        find_nodes(of_cell, found);
        for (std::size_t i = 0; i < n_nodes; ++i) nodes[v][i].data()[cell] = found[i];
      }
  }

  const Options& options_;
  const StoreReader& store_;
  const StoreContent& content_;
  DrivingSource source_;
  std::vector<std::size_t> shared_;  ///< training months that every member has
};

/// Fits and writes; the final name comes last. Collective.
void write_adjustment(const Context& context, const Options& options, AdjustmentFit& fit,
                      const Shape<4>& shape) {
  StoreWriter writer(context.comm, path_in(options));
  for (const char* name : {from_name, to_name})
    writer.create(name, {n_calendar_months, shape[1], shape[2], shape[3]},
                  StoreWriter::Layout::chunk_per_item);
  Array<float, 4> from(shape), to(shape);
  const auto n_ranks = static_cast<std::size_t>(context.comm.size());
  for (std::size_t turn = 0; turn * n_ranks < n_calendar_months; ++turn) {
    const std::size_t of_year = turn * n_ranks + static_cast<std::size_t>(context.comm.rank());
    const bool mine = of_year < n_calendar_months;
    together(context.comm, [&] {
      const InRegion fitting(context.regions.get(), Region::fitting);
      if (!mine) return;
      fit.fit_training(of_year, to);
      fit.fit_source(of_year, from);
    });
    const std::size_t n = mine ? from.size() : 0;
    for (const auto& [name, nodes] :
         {std::pair<const char*, Array<float, 4>&>(from_name, from), {to_name, to}})
      writer.write(name, mine ? of_year : 0, mine ? 1 : 0, nodes.flat().first(n));
  }
  writer.write_text("recipe", recipe_of_adjustment(options));
  writer.write_text("program", program_version());
  writer.commit();
}

}  // namespace

void prepare_adjustment(const Context& context, const Options& options) {
  if (options.reconstruct.adjustment == "none") return;
  const std::filesystem::path folder = options.reconstruction_path();
  const StageLock lock(context, folder);
  bool finished = false;
  together(context.comm, [&] { finished = is_finished(options, path_in(options)); });
  if (finished) {
    context.log.info("{} is complete", path_in(options).string());
    return;
  }
  std::optional<StoreReader> store;
  std::optional<AdjustmentFit> fit;
  StoreContent content;
  Shape<4> shape{};
  together(context.comm, [&] {
    store.emplace(options.store_path());
    content = read_content(*store);
    fit.emplace(options, *store, content);
    shape = {1, content.n_variables(), fit->n_nodes(),
             content.coarse.n_rows() * content.coarse.n_columns()};
  });
  write_adjustment(context, options, *fit, shape);
  context.log.info("wrote {}: {} of {} member(s), {} node(s)", path_in(options).string(),
                   options.reconstruct.adjustment,
                   std::max<std::int64_t>(1, options.reconstruct.coarse_members), shape[2]);
}

std::optional<Adjustment> read_adjustment(const Options& options, const StoreContent& content,
                                          const std::filesystem::path& folder) {
  if (options.reconstruct.adjustment == "none") return std::nullopt;
  const std::filesystem::path path = folder / adjustment_name;
  if (!is_finished(options, path)) {
    throw InputError({.problem = "the driving source has not been adjusted",
                      .value = path.string(),
                      .advice = "run the stage prepare with this namelist: it leaves a finished "
                                "store as it is",
                      .key = "reconstruct/adjustment"});
  }
  const StoreReader reader(path);
  const auto extents = reader.shape(from_name);
  const Shape<4> shape{extents[0], extents[1], extents[2], extents[3]};
  Array<float, 4> from(shape), to(shape);
  reader.read(from_name, 0, n_calendar_months, from.flat());
  reader.read(to_name, 0, n_calendar_months, to.flat());
  std::vector<Beyond> beyond;
  for (std::size_t v = 0; v < content.n_variables(); ++v)
    beyond.push_back(lower_limit_of(content.variables[v], content.transforms[v])
                         ? Beyond::ratio
                         : Beyond::difference);
  return Adjustment(std::move(beyond), std::move(from), std::move(to));
}

}  // namespace hindscale
