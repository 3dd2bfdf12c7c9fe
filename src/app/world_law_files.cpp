// SPDX-License-Identifier: Apache-2.0
// The law of a year's fine fields as CF files.
#include <fmt/format.h>

#include <limits>

#include "hindscale/comm/communicator.hpp"
#include "hindscale/dataset/variable.hpp"
#include "world_files.hpp"

namespace hindscale {
using world::n_variables;

std::vector<WorldFiles::LawFile> WorldFiles::law_files(const WorldUnit& unit) const {
  std::vector<LawFile> files;
  for (std::size_t v = 0; v < n_variables; ++v) {
    for (const char* kind : {"mean", "std", "quantiles"}) {
      if (v != world::pr && std::string_view(kind) == "quantiles") continue;
      const std::string name = fmt::format("{}_{}_{:04}01-{:04}12.nc", world::variable_names[v],
                                           kind, unit.number, unit.number);
      files.push_back({v, kind, folder_ / "law" / name});
    }
  }
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
  if (file.kind == "mean") spec.cell_methods = "time: mean realization: mean";
  if (file.kind == "std") spec.cell_methods = "time: mean realization: standard_deviation";
  if (file.kind == "quantiles")
    for (std::int64_t q = 0; q < options_.law_quantiles; ++q)
      spec.quantiles.push_back((static_cast<double>(q) + 0.5) /
                               static_cast<double>(options_.law_quantiles));
  spec.global_attributes = attributes_of(unit, "Law of the fine fields, given the coarse ones");
  return spec;
}

void WorldFiles::make_law(const WorldUnit& unit) const {
  const std::vector<Month> months = months_of(unit);
  const std::vector<LawFile> files = law_files(unit);
  std::vector<FieldFile> writers;
  for (const LawFile& file : files)
    writers.emplace_back(Communicator::self(), law_spec(unit, file));
  for (std::size_t i_month = 0; i_month < months.size(); ++i_month) {
    world::ExactLaw law = world_.exact_law(months[i_month]);
    for (Array<float, 3>* fields : {&law.mean, &law.deviation, &law.quantiles}) {
      const std::size_t n_cells = fields->extent(1) * fields->extent(2);
      for (std::size_t i = 0; i < fields->size(); ++i)
        if (is_masked(i % n_cells)) fields->data()[i] = std::numeric_limits<float>::quiet_NaN();
    }
    for (std::size_t f = 0; f < files.size(); ++f)
      writers[f].write(i_month, files[f].kind == "quantiles" ? law.quantiles.flat()
                                : files[f].kind == "mean"
                                    ? law.mean[files[f].variable].flat()
                                    : law.deviation[files[f].variable].flat());
  }
  for (FieldFile& writer : writers) writer.commit();
}

}  // namespace hindscale
