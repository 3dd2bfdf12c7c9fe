// SPDX-License-Identifier: Apache-2.0
// The law of a year's fine fields as CF files, and members drawn from it.
#include <fmt/format.h>

#include <limits>

#include "hindscale/comm/communicator.hpp"
#include "hindscale/dataset/variable.hpp"
#include "world_files.hpp"

namespace hindscale {
using world::n_variables;

std::vector<WorldFiles::LawFile> WorldFiles::law_files(const WorldUnit& unit) const {
  std::vector<LawFile> files;
  const auto add = [&](std::size_t variable, const std::string& kind, int member) {
    const std::string name =
        fmt::format("{}_{}_{:04}01-{:04}12.nc", world::variable_names[variable], kind, unit.number,
                    unit.number);
    files.push_back({variable, kind, member, folder_ / "law" / name});
  };
  if (unit.kind == WorldUnit::Kind::law_members) {
    for (int member = 1; member <= static_cast<int>(options_.law_members); ++member)
      for (std::size_t v = 0; v < n_variables; ++v) add(v, fmt::format("r{:03}", member), member);
    return files;
  }
  for (std::size_t v = 0; v < n_variables; ++v)
    for (const char* kind : {"mean", "std"}) add(v, kind, 0);
  add(world::pr, "quantiles", 0);
  return files;
}

FieldFileSpec WorldFiles::law_spec(const WorldUnit& unit, const LawFile& file) const {
  const VariableInfo info = variable_info(world::variable_names[file.variable]);
  FieldFileSpec spec;
  spec.path = file.path;
  spec.name = info.name;
  spec.standard_name = info.standard_name;
  spec.long_name = "Exact Law of " + info.long_name;
  spec.units = info.units;
  spec.height_m = info.height_m;
  spec.grid = &world_.domain().fine;
  spec.months = months_of(unit);
  spec.cell_methods = "time: mean";
  std::string title = "Law of the fine fields, given the coarse ones";
  if (file.kind == "mean") spec.cell_methods = "time: mean realization: mean";
  if (file.kind == "std") spec.cell_methods = "time: mean realization: standard_deviation";
  if (file.kind == "quantiles")
    for (std::int64_t q = 0; q < options_.law_quantiles; ++q)
      spec.quantiles.push_back((static_cast<double>(q) + 0.5) /
                               static_cast<double>(options_.law_quantiles));
  if (file.member > 0) {
    spec.long_name = info.long_name;
    spec.realization = file.member;
    title = "Fine fields drawn from their law, given the coarse ones";
  }
  spec.global_attributes = attributes_of(unit, title);
  return spec;
}

void WorldFiles::hide_sea(View<float, 3> fields) const {
  const std::size_t n_cells = fields.extent(1) * fields.extent(2);
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (is_masked(i % n_cells)) fields.data()[i] = std::numeric_limits<float>::quiet_NaN();
}

void WorldFiles::make_law(const WorldUnit& unit) const {
  const std::vector<Month> months = months_of(unit);
  const std::vector<LawFile> files = law_files(unit);
  std::vector<FieldFile> writers;
  for (const LawFile& file : files)
    writers.emplace_back(Communicator::self(), law_spec(unit, file));
  for (std::size_t i_month = 0; i_month < months.size(); ++i_month) {
    world::ExactLaw law = world_.exact_law(months[i_month]);
    for (Array<float, 3>* fields : {&law.mean, &law.deviation, &law.quantiles}) hide_sea(*fields);
    for (std::size_t f = 0; f < files.size(); ++f)
      writers[f].write(i_month, files[f].kind == "quantiles" ? law.quantiles.flat()
                                : files[f].kind == "mean"
                                    ? law.mean[files[f].variable].flat()
                                    : law.deviation[files[f].variable].flat());
  }
  for (FieldFile& writer : writers) writer.commit();
}

void WorldFiles::make_law_members(const WorldUnit& unit) const {
  const std::vector<Month> months = months_of(unit);
  const std::vector<LawFile> files = law_files(unit);
  for (std::size_t first = 0; first < files.size(); first += n_variables) {  // those of a member
    std::vector<FieldFile> writers;
    for (std::size_t v = 0; v < n_variables; ++v)
      writers.emplace_back(Communicator::self(), law_spec(unit, files[first + v]));
    const std::int64_t realization = options_.realization + files[first].member;
    for (std::size_t i_month = 0; i_month < months.size(); ++i_month) {
      Array<float, 3> fields =
          world_.fine(months[i_month], static_cast<std::uint64_t>(realization));
      hide_sea(fields);
      for (std::size_t v = 0; v < n_variables; ++v) writers[v].write(i_month, fields[v].flat());
    }
    for (FieldFile& writer : writers) writer.commit();
  }
}

}  // namespace hindscale
