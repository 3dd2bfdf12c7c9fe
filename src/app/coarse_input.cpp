// SPDX-License-Identifier: Apache-2.0
#include "coarse_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "hindscale/core/hash.hpp"

namespace hindscale {

CoarseInput::CoarseInput(const Options& options, const StoreContent& content, Previous previous,
                         std::optional<Adjustment> adjustment)
    : content_(content), previous_(previous), adjustment_(std::move(adjustment)) {
  if (!options.reconstruct.coarse_files.empty()) source_.emplace(options, content.coarse);
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

std::string digest_of(const CoarseMonth& coarse) {
  Sha256 digest;
  digest.add(std::as_bytes(coarse.own.flat()));
  digest.add(std::as_bytes(coarse.previous.flat()));
  return digest.hex();
}

std::string coarse_key(Month month, int driver) {
  return driver == 0 ? month.to_string() : fmt::format("{}/{:03d}", month.to_string(), driver);
}

Month month_of_coarse_key(const std::string& key) {
  return Month::parse(key.substr(0, key.find('/')));
}

std::map<std::string, std::string> coarse_digests(const Communicator& comm, CoarseInput& input,
                                                  const StoreReader& store,
                                                  const std::vector<Month>& months,
                                                  const std::set<int>& drivers) {
  const std::vector<int> numbers(drivers.begin(), drivers.end());
  nlohmann::json mine = nlohmann::json::object();
  together(comm, [&] {
    const Block block = block_of(static_cast<std::int64_t>(numbers.size() * months.size()),
                                 comm.rank(), comm.size());
    for (std::int64_t i = block.first; i < block.last; ++i) {
      const auto place = static_cast<std::size_t>(i);
      const int driver = numbers[place / months.size()];  // all months of one after the other
      const Month month = months[place % months.size()];
      mine[coarse_key(month, driver)] = digest_of(input.read(store, month, driver));
    }
  });
  std::map<std::string, std::string> digests;
  for (const std::string& text : gather_texts(comm, mine.dump()))
    digests.merge(nlohmann::json::parse(text).get<std::map<std::string, std::string>>());
  return digests;
}

}  // namespace hindscale
