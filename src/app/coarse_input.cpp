// SPDX-License-Identifier: Apache-2.0
#include "coarse_input.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "domain.hpp"
#include "hindscale/core/hash.hpp"

namespace hindscale {

CoarseInput::CoarseInput(const Options& options, const StoreContent& content, Previous previous)
    : content_(content), previous_(previous) {
  if (options.reconstruct.coarse_files.empty()) return;
  sources_.emplace(options, options.reconstruct.coarse_files, options.reconstruct.coarse_names,
                   "reconstruct/coarse_files");
  window_ = locate(sources_->grid(), content.coarse).window;
}

void CoarseInput::require(const std::vector<Month>& months) const {
  for (const Month month : months) {
    if (!sources_) {
      static_cast<void>(content_.position_of(month));  // throws where the store lacks it
    } else if (!sources_->has(month)) {
      throw InputError({.problem = "month missing from the coarse files",
                        .value = month.to_string(),
                        .advice = "add files, or change reconstruct/first_month and last_month",
                        .key = "reconstruct/coarse_files"});
    }
  }
}

bool CoarseInput::has(Month month) const {
  return sources_ ? sources_->has(month) : content_.find(month).has_value();
}

Array<float, 3> CoarseInput::field(const StoreReader& store, Month month) const {
  Array<float, 3> field(
      {content_.n_variables(), content_.coarse.n_rows(), content_.coarse.n_columns()});
  if (sources_) {
    sources_->read(month, window_, field);
  } else {
    store.read(store::coarse, content_.position_of(month), 1, field.flat());
  }
  return field;
}

CoarseMonth CoarseInput::read(const StoreReader& store, Month month) const {
  CoarseMonth coarse{field(store, month), {}};
  if (previous_ == Previous::seen && has(month + -1)) coarse.previous = field(store, month + -1);
  return coarse;
}

std::vector<Month> CoarseInput::without_previous(const std::vector<Month>& months) const {
  std::vector<Month> alone;
  for (const Month month : months)
    if (previous_ == Previous::seen && !has(month + -1)) alone.push_back(month);
  return alone;
}

std::string digest_of(const CoarseMonth& coarse) {
  Sha256 digest;
  digest.add(std::as_bytes(coarse.own.flat()));
  digest.add(std::as_bytes(coarse.previous.flat()));
  return digest.hex();
}

std::map<std::string, std::string> coarse_digests(const Communicator& comm,
                                                  const CoarseInput& input,
                                                  const StoreReader& store,
                                                  const std::vector<Month>& months) {
  nlohmann::json mine = nlohmann::json::object();
  together(comm, [&] {
    const Block block =
        block_of(static_cast<std::int64_t>(months.size()), comm.rank(), comm.size());
    for (std::int64_t i = block.first; i < block.last; ++i) {
      const Month month = months[static_cast<std::size_t>(i)];
      mine[month.to_string()] = digest_of(input.read(store, month));
    }
  });
  std::map<std::string, std::string> digests;
  for (const std::string& text : gather_texts(comm, mine.dump()))
    digests.merge(nlohmann::json::parse(text).get<std::map<std::string, std::string>>());
  return digests;
}

}  // namespace hindscale
