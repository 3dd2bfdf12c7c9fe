// SPDX-License-Identifier: Apache-2.0
#include "coarse_digests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>
#include <tuple>
#include <type_traits>

#include "hindscale/core/error.hpp"
#include "hindscale/core/hash.hpp"

namespace hindscale {
namespace {

using Digest = CoarseDigests::Digest;
using Entry = CoarseDigests::Entry;

bool comes_before(const Entry& a, const Entry& b) {
  return std::tie(a.month, a.driver) < std::tie(b.month, b.driver);
}

/// The number that hexadecimal digits stand for, of a longer text its first sixteen.
Digest digest_in(std::string_view text) {
  constexpr std::size_t n_digits = 16;
  Digest digest = 0;
  text = text.substr(0, n_digits);
  std::from_chars(text.data(), text.data() + text.size(), digest, 16);
  return digest;
}

Entry entry_of(const std::string& key, std::string_view digits) {
  const std::size_t slash = key.find('/');
  int driver = 0;
  if (slash != std::string::npos)
    std::from_chars(key.data() + slash + 1, key.data() + key.size(), driver);
  return {Month::parse(key.substr(0, slash)), driver, digest_in(digits)};
}

}  // namespace

CoarseDigests::CoarseDigests(std::vector<Entry> entries) : entries_(std::move(entries)) {
  std::sort(entries_.begin(), entries_.end(), comes_before);
}

CoarseDigests::CoarseDigests(const nlohmann::json& by_key) {
  for (const auto& [key, digits] : by_key.items())
    entries_.push_back(entry_of(key, digits.get_ref<const std::string&>()));
  std::sort(entries_.begin(), entries_.end(), comes_before);
}

nlohmann::json CoarseDigests::by_key() const {
  nlohmann::json json = nlohmann::json::object();
  for (const Entry& entry : entries_)
    json[coarse_key(entry.month, entry.driver)] = text_of(entry.digest);
  return json;
}

std::optional<Digest> CoarseDigests::find(Month month, int driver) const {
  const Entry wanted{month, driver};
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), wanted, comes_before);
  if (found == entries_.end() || comes_before(wanted, *found)) return std::nullopt;
  return found->digest;
}

bool CoarseDigests::has(Month month) const {
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), Entry{month}, comes_before);
  return found != entries_.end() && found->month == month;
}

void CoarseDigests::merge(const CoarseDigests& others) {
  std::vector<Entry> all;
  std::set_union(entries_.begin(), entries_.end(), others.entries_.begin(), others.entries_.end(),
                 std::back_inserter(all), comes_before);  // of equal ones, its own
  entries_ = std::move(all);
}

Digest digest_of(const CoarseMonth& coarse) {
  Sha256 digest;
  digest.add(std::as_bytes(coarse.own.flat()));
  digest.add(std::as_bytes(coarse.previous.flat()));
  return digest_in(digest.hex());
}

std::string text_of(Digest digest) {
  return fmt::format("{:016x}", digest);
}

std::string coarse_key(Month month, int driver) {
  return driver == 0 ? month.to_string() : fmt::format("{}/{:03d}", month.to_string(), driver);
}

CoarseDigests coarse_digests(const Communicator& comm, CoarseInput& input, const StoreReader& store,
                             const std::vector<Month>& months, const std::set<int>& drivers) {
  static_assert(std::is_trivially_copyable_v<Entry>);
  const std::vector<int> numbers(drivers.begin(), drivers.end());
  std::string mine;  // the bytes of entries
  together(comm, [&] {
    const Block block = block_of(static_cast<std::int64_t>(numbers.size() * months.size()),
                                 comm.rank(), comm.size());
    for (std::int64_t i = block.first; i < block.last; ++i) {
      const auto place = static_cast<std::size_t>(i);
      const int driver = numbers[place / months.size()];  // all months of one after the other
      const Month month = months[place % months.size()];
      const Entry entry{month, driver, digest_of(input.read(store, month, driver))};
      mine.append(reinterpret_cast<const char*>(&entry), sizeof(Entry));
    }
  });
  std::vector<Entry> entries;
  for (const std::string& bytes : gather_texts(comm, mine)) {
    const std::size_t n_before = entries.size();
    entries.resize(n_before + bytes.size() / sizeof(Entry));
    if (!bytes.empty()) std::memcpy(&entries[n_before], bytes.data(), bytes.size());
  }
  return CoarseDigests(std::move(entries));
}

}  // namespace hindscale
