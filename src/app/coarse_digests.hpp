// SPDX-License-Identifier: Apache-2.0
// Which coarse fields an archive was made from, month by month and driver by driver.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coarse_input.hpp"

namespace hindscale {

/// The first eight bytes of the SHA-256 of each field: a driving ensemble of 180 years has more
/// than 100,000, which every rank keeps.
class CoarseDigests {
 public:
  using Digest = std::uint64_t;
  struct Entry {
    Month month;
    int driver = 0;  ///< 0 where one source drives all
    Digest digest = 0;
  };

  CoarseDigests() = default;
  explicit CoarseDigests(std::vector<Entry> entries);
  /// Of "coarse_sha256" in archive.json: digits by "1991-01", with a driver by "1991-01/003".
  /// InputError for a key of another form.
  explicit CoarseDigests(const nlohmann::json& by_key);
  [[nodiscard]] nlohmann::json by_key() const;

  [[nodiscard]] std::optional<Digest> find(Month month, int driver) const;
  /// Whether it has a month, of whatever driver.
  [[nodiscard]] bool has(Month month) const;
  /// By month, then driver.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  /// Takes up what it lacks.
  void merge(const CoarseDigests& others);
  /// Forgets months for which `is_wanted` is false.
  template <class Wanted>
  void keep(const Wanted& is_wanted) {
    std::erase_if(entries_, [&](const Entry& entry) { return !is_wanted(entry.month); });
  }

 private:
  std::vector<Entry> entries_;
};

CoarseDigests::Digest digest_of(const CoarseMonth& coarse);

/// Sixteen hexadecimal digits.
std::string text_of(CoarseDigests::Digest digest);

/// "1991-01", with a driver "1991-01/003".
std::string coarse_key(Month month, int driver);

/// Of each month and driver, read by the ranks in turn. Collective.
CoarseDigests coarse_digests(const Communicator& comm, CoarseInput& input, const StoreReader& store,
                             const std::vector<Month>& months, const std::set<int>& drivers);

}  // namespace hindscale
