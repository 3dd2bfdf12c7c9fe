// SPDX-License-Identifier: Apache-2.0
// The fields that are scored: truth, baselines and members of a variable, or of one derived from
// two.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "evaluate_law.hpp"
#include "evaluate_members.hpp"
#include "evaluate_others.hpp"
#include "hindscale/core/array.hpp"
#include "hindscale/dataset/store_content.hpp"
#include "hindscale/grid/remap.hpp"

namespace hindscale {

/// A variable of the store, or the length of the vector of two of them (wind speed).
struct ScoredVariable {
  std::string name;
  std::string units;
  std::vector<std::size_t> components;  ///< one or two indices of the store's variables
  std::size_t number = 0;               ///< place in the list, part of the key of random numbers
  [[nodiscard]] bool is_derived() const { return components.size() > 1; }
};

/// The variables of the store, then "sfcWind" where it has both uas and vas.
std::vector<ScoredVariable> scored_variables(const StoreContent& content);

/// The forecasts that need no ensemble.
enum class Baseline { lerp, lerp_corrected, climatology, ridge, local_ridge, exact };
inline constexpr std::array all_baselines{Baseline::lerp,        Baseline::lerp_corrected,
                                          Baseline::climatology, Baseline::ridge,
                                          Baseline::local_ridge, Baseline::exact};

/// Whether it comes with the spread of a Gaussian, the same in all months.
bool is_regression(Baseline kind);
/// As scores.json calls it.
const char* name_of(Baseline kind);

/// Reads fields [y, x] of one month, in physical units, NaN where missing. A derived variable is
/// formed from the components of each field. `position` counts in the store's months. Keeps
/// references to its arguments; one rank.
class FieldProvider {
 public:
  /// `law`: null where it is not known.
  FieldProvider(const StoreReader& reader, const StoreContent& content,
                const MemberArchive& archive, const LawFields* law = nullptr,
                std::span<const OtherArchive> others = {});

  [[nodiscard]] const StoreContent& content() const { return content_; }
  [[nodiscard]] const MemberArchive& archive() const { return archive_; }
  [[nodiscard]] std::span<const OtherArchive> others() const { return others_; }
  [[nodiscard]] const Array<double, 2>& areas() const { return areas_; }
  /// Rows and columns of the fine grid.
  [[nodiscard]] Shape<2> shape() const { return areas_.shape(); }

  /// Those that store and law can give for a variable, in their order. No exact one for derived
  /// variables.
  [[nodiscard]] std::vector<Baseline> baselines(const ScoredVariable& variable) const;
  [[nodiscard]] Array<float, 2> truth(const ScoredVariable& variable, std::size_t position) const;
  [[nodiscard]] Array<float, 2> baseline(Baseline kind, const ScoredVariable& variable,
                                         std::size_t position) const;
  /// Whether a baseline of a variable is a forecast of a whole law.
  [[nodiscard]] static bool has_spread(Baseline kind, const ScoredVariable& variable) {
    return (is_regression(kind) || kind == Baseline::exact) && !variable.is_derived();
  }
  /// Its standard deviation.
  [[nodiscard]] Array<float, 2> spread(Baseline kind, const ScoredVariable& variable,
                                       std::size_t position) const;
  /// The exact law's quantiles; empty where it is Gaussian.
  [[nodiscard]] Array<float, 3> quantiles(const ScoredVariable& variable,
                                          std::size_t position) const {
    return law_->quantiles(variable.components[0], content_.months[position]);
  }
  /// Members drawn from the exact law; none where it is not known or has none.
  [[nodiscard]] std::size_t n_law_members() const {
    return law_ == nullptr ? 0 : law_->n_members();
  }
  [[nodiscard]] Array<float, 2> law_member(std::size_t i, const ScoredVariable& variable,
                                           std::size_t position) const;
  /// 1 where the store has data in every month, NaN elsewhere.
  [[nodiscard]] Array<float, 2> valid(const ScoredVariable& variable) const;
  /// Rows [first_row, first_row + n) of a member -> [n, x].
  struct MemberRows {
    std::size_t i_member = 0;
    std::size_t position = 0;
    std::size_t first_row = 0;
  };
  void member(const ScoredVariable& variable, const MemberRows& which, View<float, 2> rows) const {
    read_member(archive_, variable, which, rows);
  }
  /// The mean over the members of another reconstruction.
  [[nodiscard]] Array<float, 2> mean_of(const OtherArchive& other, const ScoredVariable& variable,
                                        std::size_t position) const;

 private:
  void read_member(const MemberArchive& archive, const ScoredVariable& variable,
                   const MemberRows& which, View<float, 2> rows) const;
  /// The field of dataset `name` at the leading indices `at`.
  [[nodiscard]] Array<float, 2> slab(const char* name, std::vector<std::size_t> at,
                                     const Shape<2>& shape) const;
  [[nodiscard]] Array<float, 2> component(Baseline kind, std::size_t variable,
                                          std::size_t position) const;

  const StoreReader& reader_;
  const StoreContent& content_;
  const MemberArchive& archive_;
  const LawFields* law_;
  std::span<const OtherArchive> others_;
  BilinearRemap lerp_;
  Array<double, 2> areas_;
};

/// All members of one variable in one month, read in bands of rows so that no more than
/// `limit_bytes` is held. Where one band is enough, every field is read once. Keeps references to
/// its arguments.
class MonthMembers {
 public:
  static constexpr std::size_t limit_bytes = std::size_t{256} << 20U;
  MonthMembers(const FieldProvider& fields, const ScoredVariable& variable, std::size_t position,
               std::size_t band_limit_bytes = limit_bytes);

  [[nodiscard]] std::size_t n_members() const { return fields_.archive().members().size(); }
  [[nodiscard]] std::size_t n_bands() const;
  [[nodiscard]] std::size_t first_row(std::size_t i_band) const { return i_band * rows_per_band_; }
  /// [m, rows, x]; valid until the next call of a member function.
  View<const float, 3> band(std::size_t i_band);
  /// Those of the members that are independent of each other, likewise.
  View<const float, 3> independent_band(std::size_t i_band);
  /// The whole field of a member [y, x]; likewise.
  View<const float, 2> member(std::size_t i_member);

 private:
  const FieldProvider& fields_;
  const ScoredVariable& variable_;
  std::size_t position_;
  std::size_t rows_per_band_ = 1;
  std::size_t held_band_ = SIZE_MAX;
  Array<float, 3> band_;
  Array<float, 3> independent_;
  Array<float, 2> whole_;
};

}  // namespace hindscale
