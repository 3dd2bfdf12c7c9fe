// SPDX-License-Identifier: Apache-2.0
#include "coarse_input.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "domain.hpp"
#include "hindscale/core/hash.hpp"

namespace hindscale {

CoarseInput::CoarseInput(const Options& options, const StoreContent& content) : content_(content) {
  if (options.reconstruct.coarse_files.empty()) return;
  sources_.emplace(options, options.reconstruct.coarse_files, options.reconstruct.coarse_names,
                   "reconstruct/coarse_files");
  window_ = locate(sources_->grid(), content.coarse).window;
}

bool CoarseInput::has(Month month) const {
  if (sources_) return sources_->has(month);
  return std::binary_search(content_.months.begin(), content_.months.end(), month);
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

void CoarseInput::read(const StoreReader& store, Month month, View<float, 3> field) const {
  if (sources_) {
    sources_->read(month, window_, field);
  } else {
    store.read(store::coarse, content_.position_of(month), 1, field.flat());
  }
}

std::string digest_of(View<const float, 3> field) {
  Sha256 digest;
  digest.add(std::as_bytes(field.flat()));
  return digest.hex();
}

std::map<std::string, std::string> coarse_digests(const Communicator& comm,
                                                  const CoarseInput& input,
                                                  const StoreReader& store,
                                                  const std::vector<Month>& months) {
  nlohmann::json mine = nlohmann::json::object();
  together(comm, [&] {
    Array<float, 3> field(input.shape());
    const Block block =
        block_of(static_cast<std::int64_t>(months.size()), comm.rank(), comm.size());
    for (std::int64_t i = block.first; i < block.last; ++i) {
      const Month month = months[static_cast<std::size_t>(i)];
      input.read(store, month, field);
      mine[month.to_string()] = digest_of(field);
    }
  });
  std::map<std::string, std::string> digests;
  for (const std::string& text : gather_texts(comm, mine.dump()))
    digests.merge(nlohmann::json::parse(text).get<std::map<std::string, std::string>>());
  return digests;
}

}  // namespace hindscale
