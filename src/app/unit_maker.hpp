// SPDX-License-Identifier: Apache-2.0
// Makes the member files of one unit of work.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "coarse_input.hpp"
#include "consistency_report.hpp"
#include "hindscale/dataset/conditioning.hpp"
#include "hindscale/sampler/generator.hpp"
#include "output_spec.hpp"
#include "unit_files.hpp"
#include "write_behind.hpp"

namespace hindscale {

/// Reads the coarse fields that a month is made from, of a driver (see CoarseInput).
using ReadCoarse = std::function<CoarseMonth(Month, int driver)>;

/// Computes fields in batches and streams them to the files of a unit, which the root of the group
/// of ranks that shares the generator's fields writes behind the computation. Memory is bounded by
/// three batches: one computed, one waiting, one written.
class UnitMaker {
 public:
  UnitMaker(const OutputStyle& style, const Conditioning& conditioning, FieldGenerator& generator,
            const Communicator& group, ReadCoarse read_coarse);

  /// Computes a unit. Its files are written and committed meanwhile and later: see their `done`,
  /// true from the start, with no records, on ranks other than the root. Null where `stop` became
  /// true on the way (parts are left behind). Collective over the group, as `stop` has to be.
  /// InputError where a coarse field has gaps or a value is not finite; errors of files come from
  /// this or a later call.
  std::shared_ptr<const UnitFiles> make(const Unit& unit, const std::function<bool()>& stop);

  /// Waits until all files are written.
  void finish();

  /// That writing took so far, most of it beside the computation.
  [[nodiscard]] double writing_s() { return writer_.seconds(); }

  /// Values made so far, and those of them outside the range of the training data.
  struct RangeCount {
    std::int64_t values = 0;
    std::int64_t outside = 0;
  };
  /// Of each variable.
  [[nodiscard]] const std::vector<RangeCount>& range_counts() const { return range_counts_; }
  void set_range(std::vector<double> range) { range_ = std::move(range); }
  /// Counts its time there; outlives this.
  void set_regions(Regions* regions) { regions_ = regions; }
  /// Shows every field to the report, which outlives this.
  void set_report(ConsistencyReport* report) { report_ = report; }

 private:
  /// What the fields of a driver in a month are made from.
  struct Made {
    std::shared_ptr<const MonthInputs> inputs;
    std::shared_ptr<const CoarseMonth> coarse;
  };
  struct Pending {
    std::size_t i_month = 0;
    std::size_t i_member = 0;
    Made from;
  };
  [[nodiscard]] Made made_from(Month month, int driver) const;
  [[nodiscard]] std::shared_ptr<const CoarseMonth> read(Month month, int driver) const;
  [[nodiscard]] std::shared_ptr<const MonthInputs> inputs_of(Month month,
                                                             const CoarseMonth& coarse) const;
  void require_complete(Month month, View<const float, 3> base) const;
  void flush(const Unit& unit, std::vector<Pending>& pending,
             const std::shared_ptr<UnitFiles>& files);
  void inspect(const Unit& unit, const Pending& job, View<const float, 3> field);

  const OutputStyle& style_;
  const Conditioning& conditioning_;
  FieldGenerator& generator_;
  const Communicator& group_;
  ReadCoarse read_coarse_;
  Regions* regions_ = nullptr;
  std::vector<double> range_;  ///< [v, 2]
  std::vector<RangeCount> range_counts_;
  ConsistencyReport* report_ = nullptr;
  WriteBehind writer_;
};

}  // namespace hindscale
