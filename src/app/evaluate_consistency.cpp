// SPDX-License-Identifier: Apache-2.0
#include "evaluate_consistency.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "adjustment_file.hpp"
#include "hindscale/core/commit.hpp"
#include "hindscale/dataset/conditioning.hpp"

namespace hindscale {

DrivingFields::DrivingFields(const Options& options, const StoreReader& reader,
                             const StoreContent& content)
    : options_(options),
      reader_(reader),
      content_(content),
      comparison_(content.fine, content.coarse) {
  const std::filesystem::path identity = options.evaluated_path() / "archive.json";
  if (!std::filesystem::exists(identity)) return;
  const auto json = nlohmann::json::parse(read_text(identity), nullptr, false);
  if (json.is_object() && json.contains("coarse_sha256"))
    digests_ = CoarseDigests(json.at("coarse_sha256"));
}

Array<float, 3> DrivingFields::stored(std::size_t position) const {
  Array<float, 3> field(
      {content_.n_variables(), content_.coarse.n_rows(), content_.coarse.n_columns()});
  reader_.read(store::coarse, position, 1, field.flat());
  return field;
}

std::optional<CoarseMonth> DrivingFields::of_files(Month month, int driver) const {
  if (options_.reconstruct.coarse_files.empty()) return std::nullopt;
  const std::filesystem::path folder = options_.evaluated_path();
  if (options_.reconstruct.adjustment != "none" &&
      !std::filesystem::exists(folder / adjustment_name))
    return std::nullopt;  // the archive was not driven so
  if (!files_)
    files_.emplace(options_, content_, CoarseInput::Previous::seen,
                   read_adjustment(options_, content_, folder));
  if (!files_->has(month, driver)) return std::nullopt;
  return files_->read(reader_, month, driver);
}

std::optional<Array<float, 3>> DrivingFields::of(std::size_t position,
                                                 std::span<const int> members) const {
  std::map<int, int> shares;  // of each driver
  for (const int member : members) ++shares[options_.reconstruct.driver_of(member)];
  if (shares.size() == 1) return of_driver(position, shares.begin()->first);
  Array<float, 3> mean(
      {content_.n_variables(), content_.coarse.n_rows(), content_.coarse.n_columns()});
  std::vector<double> sums(mean.size(), 0.0);
  for (const auto& [driver, n] : shares) {
    const std::optional<Array<float, 3>> field = of_driver(position, driver);
    if (!field) return std::nullopt;
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += n * double{field->flat()[i]};
  }
  for (std::size_t i = 0; i < sums.size(); ++i)
    mean.flat()[i] = static_cast<float>(sums[i] / static_cast<double>(members.size()));
  return mean;
}

std::optional<Array<float, 3>> DrivingFields::of_driver(std::size_t position, int driver) const {
  const Month month = content_.months[position];
  const auto digest = digests_.find(month, driver);
  std::optional<CoarseMonth> read = of_files(month, driver);
  if (!digest) {
    if (digests_.has(month)) return std::nullopt;  // the archive knows other drivers
    return read ? std::move(read->own) : stored(position);
  }
  // Networks that see the month before have its field in the digest too.
  const auto drove = [&](const CoarseMonth& coarse) {
    return digest_of({coarse.own, {}}) == *digest || digest_of(coarse) == *digest;
  };
  if (CoarseMonth own{stored(position), coarse_of_month_before(reader_, content_, month)};
      drove(own))
    return std::move(own.own);
  if (read && drove(*read)) return std::move(read->own);
  return std::nullopt;
}

void DrivingFields::warn_of_unknown(const Log& log, const std::vector<std::size_t>& positions,
                                    std::span<const int> members) const {
  const auto n = std::count_if(positions.begin(), positions.end(), [&](std::size_t position) {
    return !of(position, members).has_value();
  });
  if (n == 0) return;
  log.warn(
      "the coarse fields that drove {} of the months are neither in the store nor in "
      "reconstruct/coarse_files: these months have no score of consistency",
      n);
}

std::vector<CoarseMisfit> gather_misfits(const Communicator& comm,
                                         const std::vector<CoarseMisfit>& mine) {
  std::vector<double> block;
  for (const CoarseMisfit& month : mine)
    block.insert(block.end(), {month.weight, month.sum_squared, month.largest});
  const std::vector<double> all = gather_blocks(comm, block);
  std::vector<CoarseMisfit> months;
  for (std::size_t i = 0; i < all.size(); i += 3)
    months.push_back({all[i], all[i + 1], all[i + 2]});
  return months;
}

}  // namespace hindscale
