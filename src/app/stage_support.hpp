// SPDX-License-Identifier: Apache-2.0
// What all stages share: the lock of their folder, the coarse sources, provenance.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "hindscale/comm/context.hpp"
#include "hindscale/core/array.hpp"
#include "hindscale/core/lock.hpp"
#include "hindscale/grid/grid.hpp"
#include "hindscale/grid/window.hpp"
#include "hindscale/io/source.hpp"
#include "hindscale/namelist/options.hpp"

namespace hindscale {

/// Creates `folder` and locks it on the first rank for as long as it lives; every rank learns of a
/// refusal. Collective.
class StageLock {
 public:
  StageLock(const Context& context, const std::filesystem::path& folder);

 private:
  std::unique_ptr<DirectoryLock> lock_;
};

/// Variables over time from their own sources, on one grid, cut to a window.
class FieldSources {
 public:
  /// One source a variable of dataset/variables. `group_key` names the option that lists the files,
  /// for messages. `units`: of variables that have none of their own (variable_info), so that
  /// several sources agree; empty: as in the files. InputError where they cannot be converted.
  FieldSources(const Options& options, const std::vector<std::string>& files,
               const std::vector<std::string>& names, const std::string& group_key,
               const std::vector<std::string>& units = {});
  /// Those delivered, of each variable.
  [[nodiscard]] std::vector<std::string> units() const;
  [[nodiscard]] const Grid& grid() const { return sources_.front().grid(); }
  [[nodiscard]] const std::vector<Source>& sources() const { return sources_; }
  [[nodiscard]] bool has(Month month) const;
  /// Reads all variables of a month, cut: field [v, n_rows, n_columns]. InputError for values that
  /// a known variable cannot have, such as a missing value that its file does not declare.
  void read(Month month, const Window& window, View<float, 3> field) const;
  /// Every file read, once, in order.
  [[nodiscard]] std::vector<std::string> files() const;

 private:
  std::vector<std::string> variables_;
  std::vector<Source> sources_;
};

/// SHA-256 of files, spread over the ranks, in the order given. Collective.
std::vector<std::string> digests_of(const Communicator& comm,
                                    const std::vector<std::string>& files);

/// Says where the time of the stage went, and appends it as one JSON line to "timings.jsonl" in the
/// experiment's folder: seconds of each region, least, mean and most over the ranks. Collective.
void report_regions(const Context& context, const Options& options, const std::string& stage);

/// "hindscale 0.1.0".
std::string program_version();

}  // namespace hindscale
