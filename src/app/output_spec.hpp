// SPDX-License-Identifier: Apache-2.0
// What the data files of a reconstruction say of themselves.
#pragma once

#include <filesystem>
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
};

/// Title, institution, source, history, references, comment and provenance: version, digests of
/// checkpoint, store and coarse files, seed and the options that determine the values.
std::vector<std::pair<std::string, std::string>> global_attributes(const Options& options,
                                                                   const ArchiveIdentity& identity);

FieldFileSpec member_spec(const OutputStyle& style, std::size_t variable, int member,
                          const Segment& segment);

/// `kind`: mean, std or quantiles. The attribute `members` says over which.
FieldFileSpec statistics_spec(const OutputStyle& style, std::size_t variable,
                              const std::string& kind, const Segment& segment);

/// "0.05, 0.5, 0.95".
std::string quantiles_text(const Options& options);

/// "1-16".
std::string members_text(const Options& options);

}  // namespace hindscale
