// SPDX-License-Identifier: Apache-2.0
// From coarse fields to what the network sees: base, condition channels and normalised targets.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hindscale/core/array.hpp"
#include "hindscale/dataset/global_context.hpp"
#include "hindscale/dataset/store_content.hpp"
#include "hindscale/dataset/transform.hpp"
#include "hindscale/grid/remap.hpp"
#include "hindscale/namelist/options.hpp"

namespace hindscale {

/// The choices that shape the network's input and output.
struct ConditioningOptions {
  ModelOptions model;          ///< which channels
  DiffusionOptions diffusion;  ///< target, base, scaling, consistency
};

/// What the network needs of a month, on the whole fine domain.
struct MonthInputs {
  Array<float, 3> condition;  ///< [channel, y, x]
  Array<float, 3> base;       ///< [v, y, x] in transformed units; what the target is counted from
  GlobalContext context{};    ///< of the whole domain, for every tile
};

/// A training sample on the whole fine domain, in network units.
struct Sample {
  Array<float, 3> condition;  ///< [channel, y, x]
  Array<float, 3> target;     ///< [v, y, x], 0 where missing
  Array<float, 3> weight;   ///< [v, y, x], loss weight: 0 where missing, area weighted, mean 1 over
                            ///< the valid cells of the domain
  GlobalContext context{};  ///< of the whole domain, for every patch
};

/// InputError where a network cannot learn so from a store of that content: without the regression
/// it counts from, or with a consistency that cannot be enforced.
void require_possible(const DiffusionOptions& diffusion, const StoreContent& content);

/// Builds inputs from coarse fields and fields from network output. Owns the statics it needs;
/// cheap to call from one rank.
class Conditioning {
 public:
  /// Fits the normalisation on the training months of the store (every rank computes the same
  /// numbers).
  Conditioning(const StoreReader& reader, const StoreContent& content,
               const ConditioningOptions& options);
  /// Takes the normalisation from a checkpoint.
  Conditioning(const StoreReader& reader, const StoreContent& content,
               const ConditioningOptions& options, Normalisation normalisation);

  [[nodiscard]] std::size_t n_channels() const { return channel_names_.size(); }
  [[nodiscard]] const std::vector<std::string>& channel_names() const { return channel_names_; }
  [[nodiscard]] const Normalisation& normalisation() const { return normalisation_; }
  [[nodiscard]] const StoreContent& content() const { return content_; }
  /// Whether value `i` of a field [v, y, x] has data in the store.
  [[nodiscard]] bool is_valid(std::size_t i) const { return valid_.flat()[i] != 0; }

  /// Whether the inputs of a month follow from the coarse field of the month before, too.
  [[nodiscard]] bool sees_previous_month() const { return options_.model.previous_month; }

  /// Inputs of a month from any coarse field [v, cy, cx] in physical units. `previous` is that of
  /// the month before; where it is empty the month's own stands in its place.
  [[nodiscard]] MonthInputs inputs(Month month, View<const float, 3> coarse,
                                   View<const float, 3> previous = {}) const;
  /// Values that a coarse field [v, cy, cx] lacks where no month of training did, in cells that
  /// a fine cell with data is made from. Reads the training's fields where it lacks any.
  [[nodiscard]] std::size_t n_gaps(const StoreReader& reader, View<const float, 3> coarse) const;
  /// Inputs of a month of the store; training months see climatologies and baselines fitted without
  /// their own year.
  [[nodiscard]] MonthInputs stored_inputs(const StoreReader& reader, std::size_t i_month) const;
  /// The sample of a month of the store, with those inputs.
  [[nodiscard]] Sample sample(const StoreReader& reader, std::size_t i_month) const;
  /// Network output [v, y, x] -> physical field [v, y, x] in place: scaling, base, inverse
  /// transform, physical limits, consistency with the coarse field (in physical units, within the
  /// limits), NaN where the store has no valid data.
  void to_physical(View<const float, 3> coarse, View<const float, 3> base,
                   View<float, 3> field) const;

 private:
  struct ChannelStack;
  struct MonthFields;                       // Lerp, its climatology and the base, in physical units
  struct CoarseMonths;                      // the coarse fields of a month and of the one before
  enum class OwnYear { counts, left_out };  // in a climatology
  struct Sums;                              // of the fit
  Conditioning(const StoreReader& reader, const StoreContent& content,
               const ConditioningOptions& options, int);
  [[nodiscard]] MonthFields month_fields(Month month, View<const float, 3> coarse) const;
  void add_ridge(Month month, View<const float, 3> coarse, MonthFields& fields) const;
  [[nodiscard]] MonthFields stored_fields(const StoreReader& reader, std::size_t i_month,
                                          View<const float, 3> coarse,
                                          View<const float, 3> truth) const;
  void leave_out_own_year(Month month, View<const float, 3> coarse, View<const float, 3> truth,
                          MonthFields& fields) const;
  [[nodiscard]] Array<float, 3> base_of(View<const float, 3> coarse,
                                        const MonthFields& fields) const;
  [[nodiscard]] Array<float, 3> channels(Month month, const MonthFields& fields,
                                         const Array<float, 3>& base) const;
  void add_field_channels(const MonthFields& fields, ChannelStack& stack) const;
  void add_base_channels(const MonthFields& fields, const Array<float, 3>& base,
                         ChannelStack& stack) const;
  void add_place_channels(Month month, ChannelStack& stack) const;
  [[nodiscard]] double transformed(const Array<float, 3>& field, std::size_t v,
                                   std::size_t i) const;
  /// Where the target is the field itself, it counts from its mean instead of the base.
  void count_from_mean(const MonthFields& fields, MonthInputs& inputs) const;
  /// Whether a fine value lacks the coarse field that it usually has.
  static bool is_gap(const MonthFields& fields, std::size_t i);
  /// [cy, cx]: those that a fine cell with data is made from.
  [[nodiscard]] std::vector<bool> needed_coarse_cells() const;
  void impose(std::size_t variable, View<const float, 2> coarse, View<float, 2> field) const;
  [[nodiscard]] Array<float, 3> climatology_of(Month month, View<const float, 3> coarse,
                                               OwnYear own_year) const;
  [[nodiscard]] std::size_t n_coarse_channels() const {
    return content_.n_variables() * (options_.model.climatology ? 2 : 1);
  }
  [[nodiscard]] Array<float, 3> normalised(View<const float, 3> field,
                                           View<const float, 3> climatology) const;
  void add_surroundings(const CoarseMonths& coarse, OwnYear own_year, Array<float, 3>& condition,
                        GlobalContext& context) const;
  /// That of the base, and its arrays in the store; none where the base is no regression.
  [[nodiscard]] std::optional<RegressionFit> regression() const;
  [[nodiscard]] const store::Regression& regression_names() const;
  /// [12, v, cy, cx] what anomalies of the coarse field count from.
  [[nodiscard]] const Array<float, 4>& coarse_cycle() const;
  void load_statics(const StoreReader& reader);
  void fit(const StoreReader& reader);
  void finish_fit(const Sums& sums);
  void name_channels();
  void name_surroundings();

  StoreContent content_;
  ConditioningOptions options_;
  Normalisation normalisation_;
  std::vector<std::string> channel_names_;
  std::size_t n_field_channels_ = 0;  ///< of MonthInputs::condition; the others are the context
  BilinearRemap lerp_;
  std::optional<ConsistencyProjection> projection_;
  VariableTransforms transforms_;
  std::vector<std::optional<float>> lower_limit_;  ///< of each variable
  Array<double, 2> area_;                          ///< [y, x]
  Array<float, 3> statics_;                        ///< relief, land fraction [2, y, x]
  Array<float, 3> valid_;                          ///< [v, y, x]
  Array<float, 4> coarse_climatology_;             ///< [12, v, cy, cx]
  Array<float, 4> lerp_bias_;                      ///< [12, v, y, x]
  std::vector<std::size_t> home_row_;              ///< coarse row of each fine row
  std::vector<std::size_t> home_column_;           ///< coarse column of each fine column
  Array<float, 4> ridge_coefficients_;  ///< [y, v, x, k], empty unless the base is a regression
  Array<float, 4> ridge_coarse_climatology_;  ///< [12, v, cy, cx], of the local ridge only
  Array<float, 4> ridge_lerp_bias_;           ///< [12, v, y, x], likewise
};

/// The coarse field [v, cy, cx] of the month before, of the store; empty where the store lacks it.
Array<float, 3> coarse_of_month_before(const StoreReader& reader, const StoreContent& content,
                                       Month month);

}  // namespace hindscale
