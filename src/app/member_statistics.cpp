// SPDX-License-Identifier: Apache-2.0
#include "member_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "antithetic.hpp"

namespace hindscale {
namespace {

/// What to take over the members.
struct Wanted {
  const std::vector<double>& quantiles;
  std::vector<std::size_t> independent;  ///< places of the members that give the spread
};

/// Statistics of one cell over the members.
class CellStatistics {
 public:
  CellStatistics(std::size_t n_members, const Wanted& wanted)
      : values_(n_members), wanted_(wanted) {}
  std::vector<float>& values() { return values_; }

  [[nodiscard]] double mean() const {
    double sum = 0;
    for (const float value : values_) sum += static_cast<double>(value);
    return sum / static_cast<double>(values_.size());
  }
  [[nodiscard]] double deviation() const {
    const auto n = static_cast<double>(wanted_.independent.size());
    double sum = 0, squares = 0;
    for (const std::size_t i : wanted_.independent) sum += static_cast<double>(values_[i]);
    for (const std::size_t i : wanted_.independent) {
      const double from_mean = static_cast<double>(values_[i]) - sum / n;
      squares += from_mean * from_mean;
    }
    return std::sqrt(squares / (n - 1));  // NaN for one member
  }
  /// Leaves the values sorted.
  [[nodiscard]] std::vector<double> quantiles() {
    std::sort(values_.begin(), values_.end());
    std::vector<double> result;
    for (const double q : wanted_.quantiles) {
      const double place = q * static_cast<double>(values_.size() - 1);
      const auto below = static_cast<std::size_t>(place);
      const std::size_t above = std::min(below + 1, values_.size() - 1);
      const double share = place - static_cast<double>(below);
      result.push_back((1 - share) * static_cast<double>(values_[below]) +
                       share * static_cast<double>(values_[above]));
    }
    return result;
  }

 private:
  std::vector<float> values_;
  const Wanted& wanted_;
};

/// Records of one month, as the files take them.
struct MonthRecords {
  std::vector<float> mean;
  std::vector<float> deviation;
  std::vector<float> quantiles;  ///< [quantile, y, x]
};

void add_rows(View<const float, 3> members, std::size_t first_cell, const Wanted& wanted,
              MonthRecords& records) {
  const std::size_t n_members = members.extent(0), n_cells = members.extent(1) * members.extent(2);
  const std::size_t n_all = records.mean.size();
  const std::size_t n_quantiles = wanted.quantiles.size();
  CellStatistics cell(n_members, wanted);
  for (std::size_t i = 0; i < n_cells; ++i) {
    bool missing = false;
    for (std::size_t m = 0; m < n_members; ++m) {
      cell.values()[m] = members.data()[m * n_cells + i];
      missing = missing || std::isnan(cell.values()[m]);
    }
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    records.mean[first_cell + i] = static_cast<float>(missing ? none : cell.mean());
    records.deviation[first_cell + i] = static_cast<float>(missing ? none : cell.deviation());
    const auto sorted = missing ? std::vector<double>(n_quantiles, none) : cell.quantiles();
    for (std::size_t q = 0; q < n_quantiles; ++q)
      records.quantiles[q * n_all + first_cell + i] = static_cast<float>(sorted[q]);
  }
}

}  // namespace

std::vector<std::string> statistics_kinds(const Options& options) {
  if (!options.output.statistics) return {};
  std::vector<std::string> kinds{"mean", "std"};
  if (!options.output.quantiles.empty()) kinds.emplace_back("quantiles");
  return kinds;
}

bool statistics_are_finished(const OutputStyle& style, const Segment& segment,
                             const std::vector<int>& members,
                             const std::map<std::string, FileRecord>& finished) {
  for (const std::string& variable : style.content.variables) {
    for (const std::string& kind : statistics_kinds(style.options)) {
      const std::string name = statistics_file(variable, kind, segment);
      if (finished.count(name) == 0) return false;
      const FieldReader reader(style.folder / name);
      if (reader.attribute("members") != members_text(members)) return false;
      if (kind == "quantiles" && reader.attribute("quantiles") != quantiles_text(style.options))
        return false;
    }
  }
  return true;
}

std::vector<int> members_in(const std::filesystem::path& file) {
  return parse_members(FieldReader(file).attribute("members"));
}

std::vector<FileRecord> write_statistics(const OutputStyle& style, const StatisticsTask& task,
                                         const std::function<bool()>& stop) {
  const auto& [variable, segment, members] = task;
  const std::string& name = style.content.variables[variable];
  const std::size_t ny = style.content.fine.n_rows(), nx = style.content.fine.n_columns();
  const Wanted wanted{style.options.output.quantiles, independent_of(style.options, members)};
  std::vector<FieldReader> readers;
  for (const int member : members)
    readers.emplace_back(style.folder / member_file(name, member, segment));
  const Communicator self = Communicator::self();
  std::vector<FieldFile> files;
  for (const std::string& kind : statistics_kinds(style.options)) {
    files.emplace_back(self, statistics_spec(style, variable, kind, segment, members));
  }
  const std::size_t rows_a_band =
      std::clamp<std::size_t>(statistics_band_bytes / (members.size() * nx * sizeof(float)), 1, ny);
  Array<float, 3> band({members.size(), rows_a_band, nx});
  MonthRecords records{std::vector<float>(ny * nx), std::vector<float>(ny * nx),
                       std::vector<float>(wanted.quantiles.size() * ny * nx)};
  for (std::size_t i_month = 0; i_month < segment.months().size(); ++i_month) {
    if (stop()) return {};
    for (std::size_t first = 0; first < ny; first += rows_a_band) {
      const std::size_t n = std::min(rows_a_band, ny - first);
      const View<float, 3> rows(band.data(), {members.size(), n, nx});
      for (std::size_t m = 0; m < members.size(); ++m) readers[m].read(i_month, first, rows[m]);
      add_rows(rows, first * nx, wanted, records);
    }
    files[0].write(i_month, records.mean);
    files[1].write(i_month, records.deviation);
    if (files.size() > 2) files[2].write(i_month, records.quantiles);
  }
  std::vector<FileRecord> written;
  for (FieldFile& file : files) written.push_back(file.commit());
  return written;
}

}  // namespace hindscale
