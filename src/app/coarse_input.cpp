// SPDX-License-Identifier: Apache-2.0
#include "coarse_input.hpp"

#include <algorithm>
#include <utility>

namespace hindscale {

CoarseInput::CoarseInput(const Options& options, const StoreContent& content, Previous previous,
                         std::optional<Adjustment> adjustment)
    : content_(content), previous_(previous), adjustment_(std::move(adjustment)) {
  if (!options.reconstruct.coarse_files.empty()) source_.emplace(options, content);
}

void CoarseInput::require(const std::vector<Month>& months, const std::set<int>& drivers) {
  for (const int driver : drivers)
    for (const Month month : months) {
      if (source_) source_->require(driver, month);
      if (!source_) static_cast<void>(content_.position_of(month));  // throws where it lacks it
    }
}

bool CoarseInput::has(Month month, int driver) {
  return source_ ? source_->has(driver, month) : content_.find(month).has_value();
}

Array<float, 3> CoarseInput::field(const StoreReader& store, Month month, int driver) {
  Array<float, 3> field(
      {content_.n_variables(), content_.coarse.n_rows(), content_.coarse.n_columns()});
  if (source_) {
    source_->read(driver, month, field);
    if (adjustment_) adjustment_->apply(month, field);
  } else {
    store.read(store::coarse, content_.position_of(month), 1, field.flat());
  }
  return field;
}

CoarseMonth CoarseInput::read(const StoreReader& store, Month month, int driver) {
  CoarseMonth coarse{field(store, month, driver), {}};
  if (previous_ == Previous::seen && has(month + -1, driver))
    coarse.previous = field(store, month + -1, driver);
  return coarse;
}

std::vector<Month> CoarseInput::without_previous(const std::vector<Month>& months) {
  std::vector<Month> alone;
  for (const Month month : months)
    if (previous_ == Previous::seen && !has(month + -1, first_driver())) alone.push_back(month);
  return alone;
}

std::set<int> drivers_of(const Options& options, const std::vector<int>& members) {
  std::set<int> drivers;
  for (const int member : members) drivers.insert(options.reconstruct.driver_of(member));
  return drivers;
}

}  // namespace hindscale
