// SPDX-License-Identifier: Apache-2.0
// What the data files of a reconstruction say of themselves.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "archive.hpp"
#include "hindscale/dataset/store_content.hpp"
#include "hindscale/io/field_file.hpp"
#include "hindscale/namelist/options.hpp"
#include "reconstruction_plan.hpp"

namespace hindscale {

/// What every file of an archive shares.
struct OutputStyle {
  const Options& options;
  const StoreContent& content;
  std::filesystem::path folder;
  std::vector<std::pair<std::string, std::string>> attributes;  ///< global ones
  const CoarseDigests& coarse;
};

/// Title, institution, source, history, references, comment and provenance: version, digests of
/// checkpoint and store, seed and the options that determine the values.
std::vector<std::pair<std::string, std::string>> global_attributes(const Options& options,
                                                                   const ArchiveIdentity& identity);

FieldFileSpec member_spec(const OutputStyle& style, std::size_t variable, int member,
                          const Segment& segment);

/// `kind`: mean, std or quantiles. The attribute `members` says over which; where they are pairs,
/// `independent_members` over which of them the standard deviation is taken.
FieldFileSpec statistics_spec(const OutputStyle& style, std::size_t variable,
                              const std::string& kind, const Segment& segment,
                              const std::vector<int>& members);

/// "0.05, 0.5, 0.95".
std::string quantiles_text(const Options& options);

/// "1-16, 33-48", and back.
std::string members_text(const std::vector<int>& members);
std::vector<int> parse_members(const std::string& text);

}  // namespace hindscale
