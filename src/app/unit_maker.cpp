// SPDX-License-Identifier: Apache-2.0
#include "unit_maker.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <utility>

namespace hindscale {

UnitMaker::UnitMaker(const OutputStyle& style, const Conditioning& conditioning,
                     FieldGenerator& generator, const Communicator& group, ReadCoarse read_coarse)
    : style_(style),
      conditioning_(conditioning),
      generator_(generator),
      group_(group),
      read_coarse_(std::move(read_coarse)),
      range_counts_(conditioning.content().n_variables()) {}

std::shared_ptr<const UnitFiles> UnitMaker::make(const Unit& unit,
                                                 const std::function<bool()>& stop) {
  const auto files = std::make_shared<UnitFiles>(style_, unit);
  const std::vector<Month> months = unit.segment.months();
  std::vector<Pending> pending;
  for (std::size_t i_month = 0; i_month < months.size(); ++i_month) {
    std::optional<std::pair<int, Made>> last;  // members of one driver share it
    for (std::size_t m = 0; m < unit.members.size(); ++m) {
      const int driver = style_.options.reconstruct.driver_of(unit.members[m]);
      if (!last || last->first != driver) last.emplace(driver, made_from(months[i_month], driver));
      pending.push_back({i_month, m, last->second});
      if (pending.size() < generator_.fields_in_flight()) continue;
      if (stop()) return nullptr;
      flush(unit, pending, files);
    }
  }
  if (!pending.empty()) flush(unit, pending, files);
  const InRegion writing(regions_, Region::writing);
  if (group_.is_root()) {
    writer_.give([files] { files->commit(); });
  } else {
    files->commit();
  }
  return files;
}

void UnitMaker::finish() {
  const InRegion writing(regions_, Region::writing);
  writer_.finish();
}

UnitMaker::Made UnitMaker::made_from(Month month, int driver) const {
  const auto coarse = read(month, driver);
  return {inputs_of(month, *coarse), coarse};
}

std::shared_ptr<const CoarseMonth> UnitMaker::read(Month month, int driver) const {
  const InRegion reading(regions_, Region::reading);
  return std::make_shared<const CoarseMonth>(read_coarse_(month, driver));
}

std::shared_ptr<const MonthInputs> UnitMaker::inputs_of(Month month,
                                                        const CoarseMonth& coarse) const {
  const InRegion inputs(regions_, Region::inputs);
  auto made =
      std::make_shared<const MonthInputs>(conditioning_.inputs(month, coarse.own, coarse.previous));
  require_complete(month, made->base.view());
  return made;
}

void UnitMaker::require_complete(Month month, View<const float, 3> base) const {
  for (std::size_t i = 0; i < base.size(); ++i) {
    if (!conditioning_.is_valid(i) || std::isfinite(base.data()[i])) continue;
    throw InputError({.problem = "the coarse field has missing values where fine cells need it",
                      .value = month.to_string(),
                      .advice = "fill them, or leave out the month",
                      .key = "reconstruct/coarse_files"});
  }
}

void UnitMaker::flush(const Unit& unit, std::vector<Pending>& pending,
                      const std::shared_ptr<UnitFiles>& files) {
  const StoreContent& content = conditioning_.content();
  const std::size_t nv = content.n_variables(), ny = content.fine.n_rows(),
                    nx = content.fine.n_columns();
  std::vector<FieldJob> jobs;
  for (const Pending& job : pending) {
    const int member = unit.members[job.i_member], noise = style_.options.noise_of(member);
    jobs.push_back({unit.segment.first + static_cast<int>(job.i_month), noise,
                    job.from.inputs.get(), noise != member});
  }
  const Shape<4> shape{jobs.size(), nv, ny, nx};
  const auto fields = std::make_shared<Array<float, 4>>(group_.is_root() ? shape : Shape<4>{});
  generator_.generate(jobs, {fields->data(), shape});
  for (std::size_t i = 0; i < pending.size() && group_.is_root(); ++i) {
    const InRegion physics(regions_, Region::physics);
    const View<float, 3> field = fields->view()[i];
    const Made& from = pending[i].from;
    conditioning_.to_physical(from.coarse->own, from.inputs->base.view(), field);
    inspect(unit, pending[i], field);
    if (report_ != nullptr) report_->add(from.coarse->own, field);
  }
  if (group_.is_root()) {
    const InRegion writing(regions_, Region::writing);
    std::vector<std::pair<std::size_t, std::size_t>> places;  // without the inputs
    for (const Pending& job : pending) places.emplace_back(job.i_month, job.i_member);
    writer_.give([files, fields, places] {
      for (std::size_t i = 0; i < places.size(); ++i)
        files->write(places[i].first, places[i].second, fields->view()[i]);
    });
  }
  pending.clear();
}

void UnitMaker::inspect(const Unit& unit, const Pending& job, View<const float, 3> field) {
  const std::size_t n_cells = field.extent(1) * field.extent(2);
  for (std::size_t i = 0; i < field.size(); ++i) {
    const float value = field.data()[i];
    const std::size_t v = i / n_cells;
    if (!conditioning_.is_valid(i)) continue;
    if (!std::isfinite(value)) {
      throw InputError(
          {.problem = "the reconstruction is not finite",
           .value = style_.content.variables[v],
           .why = fmt::format("member {}, {}", unit.members[job.i_member],
                              (unit.segment.first + static_cast<int>(job.i_month)).to_string()),
           .advice = "check the coarse fields of that month and the checkpoint"});
    }
    ++range_counts_[v].values;
    if (static_cast<double>(value) < range_[2 * v] ||
        static_cast<double>(value) > range_[2 * v + 1])
      ++range_counts_[v].outside;
  }
}

}  // namespace hindscale
