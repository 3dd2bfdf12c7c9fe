// SPDX-License-Identifier: Apache-2.0
// A variable over time, joined from files.
#include "hindscale/io/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "hindscale/core/error.hpp"
#include "hindscale/io/source_paths.hpp"
#include "source_file.hpp"

namespace hindscale {
namespace {

namespace fs = std::filesystem;

struct Record {
  Month month;
  std::size_t i_file = 0;
  std::size_t i_time = 0;
};

void require_same_grid(const Grid& first, const fs::path& first_path, const SourceFile& file) {
  if (same_grid(first, file.grid())) return;
  throw InputError({.problem = "another grid than in the other files",
                    .value = describe(file.grid()),
                    .why = fmt::format("{} has {}", first_path.string(), describe(first)),
                    .advice = "files of one variable share one grid",
                    .file = file.path().string()});
}

void require_same_units(const std::string& first, const fs::path& first_path,
                        const SourceFile& file) {
  if (first == file.units()) return;
  throw InputError(
      {.problem = "other units than in the other files",
       .value = file.units(),
       .why = fmt::format("'{}' in {}", first, first_path.string()),
       .advice = "convert them to one unit, for instance with cdo mulc and cdo setunit",
       .file = file.path().string()});
}

// "1990-02" or "1990-02..1990-05".
std::string range_of(Month first, Month last) {
  return first == last ? first.to_string() : first.to_string() + ".." + last.to_string();
}

// Where files were passed over, one of them may be the missing one.
std::string text_of_others(const std::vector<fs::path>& passed_over) {
  if (passed_over.empty()) return "";
  return fmt::format("; without the variable by such a name: {} of the files, {} first",
                     passed_over.size(), passed_over.front().string());
}

void require_consecutive(const std::vector<Record>& records, const std::vector<fs::path>& paths,
                         const std::vector<fs::path>& passed_over) {
  for (std::size_t i = 1; i < records.size(); ++i) {
    const Record& before = records[i - 1];
    const Record& after = records[i];
    if (after.month == before.month) {
      std::size_t last = i;
      const auto again = [&](std::size_t j) {
        return j + 1 < records.size() && records[j + 1].month == records[j].month;
      };
      while (again(last) || again(last + 1)) ++last;
      throw InputError({.problem = "overlapping months",
                        .value = range_of(before.month, records[last].month),
                        .why = fmt::format("also in {}", paths[before.i_file].string()),
                        .advice = "name files that share no month",
                        .file = paths[after.i_file].string()});
    }
    if (after.month != before.month + 1) {
      throw InputError({.problem = "missing months",
                        .value = range_of(before.month + 1, after.month + -1),
                        .why = fmt::format("between {} in {} and {} in this file{}",
                                           before.month.to_string(), paths[before.i_file].string(),
                                           after.month.to_string(), text_of_others(passed_over)),
                        .advice = "add the files that hold them",
                        .file = paths[after.i_file].string()});
    }
  }
}

}  // namespace

struct Source::Impl {
  SourceRequest request;
  UnitSystem system{};
  std::vector<fs::path> paths{};  // those that hold the variable
  std::vector<fs::path> passed_over{};
  bool is_named = true;  // `paths` have the variable by a name, not by its standard_name alone
  Grid grid{};
  std::vector<Record> records{};
  std::vector<Month> months{};
  std::vector<std::string> files{};
  std::string units{};
  std::string name{};  // of the variable in the first file
  // The file read last stays open: months are mostly read in order.
  std::optional<SourceFile> open{};
  std::size_t i_open = 0;

  [[nodiscard]] std::optional<int> find(const NetcdfFile& one) const {
    return is_named ? find_by_names(one, request) : find_by_standard_name(one, request);
  }

  SourceFile& file(std::size_t i_file) {
    if (!open || i_open != i_file) {
      open.reset();
      NetcdfFile again(paths[i_file]);
      const auto variable = find(again);
      if (!variable) refuse_missing_variable(again, request, 1);  // another file than before
      open.emplace(std::move(again), *variable, request, system);
      i_open = i_file;
    }
    return *open;
  }

  /// Files may hold one variable each: those without this one are others'.
  void add_those_with_it(const std::vector<fs::path>& given) {
    for (const fs::path& path : given) {
      open.reset();
      NetcdfFile one(path);
      const auto variable = find(one);
      if (!variable) continue;
      open.emplace(std::move(one), *variable, request, system);
      add(*open);
    }
  }

  void require_like_first(const SourceFile& one) const {
    if (one.months().empty() || records.empty()) {
      throw InputError({.problem = "several files for a field without time",
                        .advice = "name one of them",
                        .file = one.path().string()});
    }
    if (!is_named && one.name() != name) {
      throw InputError(
          {.problem = "several variables could be",
           .value = request.variable,
           .why = fmt::format("{} here, {} in {}", one.name(), name, paths[0].string()),
           .advice = "name the one that is meant",
           .file = one.path().string()});
    }
    require_same_grid(grid, paths[0], one);
    if (request.units.empty()) require_same_units(units, paths[0], one);
  }

  void add(const SourceFile& one) {
    const std::size_t i_file = paths.size();
    if (i_file == 0) {
      name = one.name();
      grid = one.grid();
      units = request.units.empty() ? one.units() : request.units;
    } else {
      require_like_first(one);
    }
    paths.push_back(one.path());
    i_open = i_file;
    for (std::size_t i_time = 0; i_time < one.months().size(); ++i_time)
      records.push_back({one.months()[i_time], i_file, i_time});
  }

  void scan(const std::vector<fs::path>& given) {
    add_those_with_it(given);
    if (paths.empty()) {
      is_named = false;
      add_those_with_it(given);
    }
    if (paths.empty()) refuse_missing_variable(NetcdfFile(given.front()), request, given.size());
    std::ranges::set_difference(given, paths, std::back_inserter(passed_over));
    std::ranges::stable_sort(records, {}, &Record::month);
    require_consecutive(records, paths, passed_over);
    std::vector<bool> listed(paths.size(), false);
    for (const Record& record : records) {
      months.push_back(record.month);
      if (!listed[record.i_file]) files.push_back(paths[record.i_file].string());
      listed[record.i_file] = true;
    }
    if (records.empty()) files = {paths[0].string()};
  }
};

Source::Source(const SourceRequest& request)
    : impl_(std::make_unique<Impl>(Impl{.request = request})) {
  impl_->scan(expand_paths(request.files));
}

Source::~Source() = default;
Source::Source(Source&&) noexcept = default;

const Grid& Source::grid() const {
  return impl_->grid;
}

const std::string& Source::units() const {
  return impl_->units;
}

const std::vector<std::string>& Source::files() const {
  return impl_->files;
}

std::string Source::file_of(Month month) const {
  const auto i = static_cast<std::size_t>(month - impl_->months.front());
  return impl_->paths[impl_->records.at(i).i_file].string();
}

const std::vector<Month>& Source::months() const {
  return impl_->months;
}

void Source::read(std::size_t i_month, View<float, 2> field) const {
  HINDSCALE_ASSERT(i_month < std::max<std::size_t>(1, impl_->records.size()));
  const Record record = impl_->records.empty() ? Record{} : impl_->records[i_month];
  impl_->file(record.i_file).read(record.i_time, field);
}

}  // namespace hindscale
