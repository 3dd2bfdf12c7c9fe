// SPDX-License-Identifier: Apache-2.0
// Validation: the loss on fixed patches, and the CRPS of a small ensemble, both of the averaged
// weights on the validation months.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hindscale/comm/context.hpp"
#include "hindscale/core/array.hpp"
#include "hindscale/dataset/conditioning.hpp"
#include "hindscale/dataset/sample_cache.hpp"
#include "hindscale/metric/ensemble.hpp"
#include "hindscale/model/field_network.hpp"
#include "hindscale/namelist/options.hpp"
#include "hindscale/sampler/generator.hpp"
#include "hindscale/train/batch.hpp"
#include "hindscale/train/loss_table.hpp"

namespace hindscale {

/// The same patches, times and noise at every call. Keeps references to the context and the
/// samples.
class LossValidator {
 public:
  LossValidator(const Context& context, const Options& options, SampleCache& samples);
  /// Whether the store holds validation months.
  [[nodiscard]] bool is_possible() const { return !patches_.empty(); }
  /// Patches are spread over the ranks, their losses summed in one order. Collective.
  [[nodiscard]] LossTable loss(const FieldNetwork& network) const;

 private:
  const Context& context_;
  BatchMaker batches_;
  std::vector<Patch> patches_;
  std::int64_t n_levels_;
  std::vector<double> variable_weights_;
  Precision precision_;
};

/// Fair CRPS of an ensemble over the MAE of Lerp, both area-weighted over the same months.
struct ValidationScore {
  double score = 0;                 ///< mean over variables: what the best checkpoint is chosen by
  std::vector<double> variables{};  ///< of each variable
  std::vector<double> spread_skill{};  ///< of each variable: sqrt((M + 1) / M) spread / RMSE
};

/// What one month adds to the score, of each variable.
struct MonthScore {
  Month month;
  std::vector<MonthEnsemble> ensembles{};
  std::vector<double> weight{};      ///< sum of areas of valid cells
  std::vector<double> lerp_error{};  ///< area-weighted sum of |Lerp - truth|
};

ValidationScore validation_score(std::span<const MonthScore> months);

/// Months as they were sampled.
struct SampledMonths {
  std::vector<MonthScore> months{};
  double n_evaluations = 0;  ///< of the network by the sampler, for all fields; NaN: it diverges
};

/// Samples the same months and members with the same noise at every call. Keeps references to its
/// arguments.
class CrpsValidator {
 public:
  CrpsValidator(const Context& context, const Options& options, const StoreReader& reader,
                const Conditioning& conditioning, const MeanModel& mean = {});
  /// Fields are spread over the ranks; the result does not depend on how. NaN where the sampler
  /// diverges. Collective.
  [[nodiscard]] ValidationScore score(FieldNetwork network) const {
    return validation_score(sample_months(network, generator_).months);
  }
  /// The same with another way to sample, month by month; all NaN where it diverges in one of them.
  /// `regions`: where the time is counted.
  [[nodiscard]] SampledMonths sample_months(FieldNetwork network, const GeneratorOptions& options,
                                            Regions* regions = nullptr) const;

 private:
  struct Truth {  ///< of one month
    Month month;
    std::size_t i_month;     ///< in the store
    Array<float, 3> coarse;  ///< [v, cy, cx]
    Array<float, 3> fine;    ///< [v, y, x]
    MonthScore score;        ///< but for the ensembles
  };
  void read_month(std::size_t i_month);
  [[nodiscard]] std::vector<MonthEnsemble> month_ensembles(const Truth& truth,
                                                           View<const float, 4> members) const;
  /// The fields of this rank. Why the sampler diverges, if it does.
  [[nodiscard]] std::string fill_members(FieldGenerator& generator, std::span<const Truth> months,
                                         View<float, 5> fields) const;
  /// Whether it does on no rank; else says why. Collective.
  [[nodiscard]] bool arrives(const std::string& why_not) const;
  /// Where the fine field has values and the coarse one reaches.
  [[nodiscard]] bool is_finite(View<const float, 3> field, View<const float, 3> base) const;
  [[nodiscard]] SampledMonths scores_without_a_value() const;

  const Context& context_;
  const StoreReader& reader_;
  const Conditioning& conditioning_;
  MeanModel mean_;
  GeneratorOptions generator_;
  std::int64_t n_members_;
  Array<double, 2> area_;
  std::vector<Truth> months_;
};

}  // namespace hindscale
