// SPDX-License-Identifier: Apache-2.0
#include "evaluate_months.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "evaluate_spectra.hpp"

namespace hindscale {
namespace {

/// Scores single months of one variable into `results_`.
class MonthScorer {
 public:
  MonthScorer(const EvaluationSetup& setup, const ScoredVariable& variable,
              VariableResults& results, MapSums& maps)
      : setup_(setup), fields_(setup.fields), variable_(variable), results_(results), maps_(maps) {}

  void score(std::size_t position) {
    const Month month = fields_.content().months[position];
    MonthMembers members(fields_, variable_, position);
    const auto baselines = read_baselines(position);
    const Array<float, 2> truth = fields_.truth(variable_, position);
    const Array<float, 2> mean = mean_of(members);
    const Array<double, 2> weight = weights(truth, baselines, mean, position);
    score_fields({truth, {}, climatology_of(baselines), weight}, baselines, members, mean);
    score_consistency(baselines, members, mean, position);
    const Array<float, 2> spread = score_members(members, truth, weight, month);
    score_laws(baselines, truth, weight, position);
    add_spectra({truth, baselines[0], mean}, members, weight);
    for (std::size_t i = 0; i < fields_.n_law_members(); ++i)
      results_.spectra[n_spectra + i].push_back(
          spectrum_of(setup_, fields_.law_member(i, variable_, position), weight));
    maps_.add({truth, baselines[0], ridge_of(baselines), mean, spread, weight});
  }

 private:
  [[nodiscard]] std::vector<Array<float, 2>> read_baselines(std::size_t position) const {
    std::vector<Array<float, 2>> all;
    for (const Baseline kind : fields_.baselines(variable_)) {
      all.push_back(fields_.baseline(kind, variable_, position));
    }
    for (const OtherArchive& other : fields_.others())
      all.push_back(fields_.mean_of(other, variable_, position));
    return all;
  }

  static View<const float, 2> climatology_of(const std::vector<Array<float, 2>>& baselines) {
    return baselines[2];
  }

  /// A null view where there is none.
  [[nodiscard]] View<const float, 2> ridge_of(const std::vector<Array<float, 2>>& baselines) const {
    return fields_.content().ridge ? baselines[3].view() : View<const float, 2>{};
  }

  [[nodiscard]] Array<float, 2> mean_of(MonthMembers& members) const {
    Array<float, 2> mean(fields_.shape());
    for (std::size_t i = 0; i < members.n_bands(); ++i) {
      const View<const float, 3> band = members.band(i);
      members_mean(band, rows_of(mean, members.first_row(i), band.extent(1)));
    }
    return mean;
  }

  template <class T>
  static View<T, 2> rows_of(Array<T, 2>& field, std::size_t first, std::size_t n) {
    return {field.data() + first * field.extent(1), {n, field.extent(1)}};
  }
  template <class T>
  static View<const T, 2> rows_of(const Array<T, 2>& field, std::size_t first, std::size_t n) {
    return {field.data() + first * field.extent(1), {n, field.extent(1)}};
  }

  /// One set of weights for all methods: cells in which each has a value.
  [[nodiscard]] Array<double, 2> weights(const Array<float, 2>& truth,
                                         const std::vector<Array<float, 2>>& baselines,
                                         const Array<float, 2>& mean, std::size_t position) const {
    const Array<float, 2> valid = fields_.valid(variable_);
    std::vector<View<const float, 2>> needed{truth, valid};
    const Array<double, 2> of_truth = valid_weights(fields_.areas(), needed);
    for (const auto& field : baselines) needed.emplace_back(field);
    needed.emplace_back(mean);
    std::vector<Array<float, 2>> spreads;
    for (const Baseline kind : fields_.baselines(variable_))
      if (FieldProvider::has_spread(kind, variable_))
        spreads.push_back(fields_.spread(kind, variable_, position));
    needed.insert(needed.end(), spreads.begin(), spreads.end());
    Array<double, 2> weight = valid_weights(fields_.areas(), needed);
    for (std::size_t i = 0; i < weight.size(); ++i) {
      if (of_truth.data()[i] > 0 && weight.data()[i] == 0) ++results_.n_left_out;
    }
    return weight;
  }

  void score_fields(MonthFields month, const std::vector<Array<float, 2>>& baselines,
                    MonthMembers& members, const Array<float, 2>& mean) {
    std::vector<View<const float, 2>> forecasts(baselines.begin(), baselines.end());
    forecasts.push_back(members.member(0));
    forecasts.emplace_back(mean);
    for (std::size_t i = 0; i < forecasts.size(); ++i) {
      month.forecast = forecasts[i];
      results_.errors[i].push_back(month_errors(month, score_options()));
    }
    score_sizes(month, members);
  }

  /// The means of the first k members for every k.
  void score_sizes(MonthFields month, MonthMembers& members) {
    Array<float, 2> mean(fields_.shape());
    for (std::size_t s = 0; s < setup_.sizes.size(); ++s) {
      for (std::size_t i = 0; i < members.n_bands(); ++i) {
        const View<const float, 3> band = members.band(i);
        members_mean(first_of(band, setup_.sizes[s]),
                     rows_of(mean, members.first_row(i), band.extent(1)));
      }
      month.forecast = mean;
      results_.errors_of_size[s].push_back(month_errors(month, score_options()));
    }
  }

  [[nodiscard]] std::size_t n_independent(std::size_t i_size) const {
    return fields_.archive().n_independent(setup_.sizes[i_size]);
  }

  [[nodiscard]] ScoreOptions score_options() const {
    return {results_.range, fields_.content().fine.periodic ? Columns::periodic : Columns::bounded};
  }

  static View<const float, 3> first_of(View<const float, 3> band, std::size_t n_members) {
    return {band.data(), {n_members, band.extent(1), band.extent(2)}};
  }

  /// Baselines against the coarse field of the store, which they interpolate, members and their
  /// mean against the one that drove them.
  void score_consistency(const std::vector<Array<float, 2>>& baselines, MonthMembers& members,
                         const Array<float, 2>& mean, std::size_t position) {
    if (variable_.is_derived()) {
      for (auto& months : results_.consistency) months.emplace_back();
      return;
    }
    const std::size_t v = variable_.components[0];
    const DrivingFields& driving = setup_.driving;
    const Array<float, 3> stored = driving.stored(position);
    std::size_t i = 0;
    for (const auto& baseline : baselines)
      results_.consistency[i++].push_back(driving.comparison().misfit(baseline, stored[v]));
    const std::span<const int> all = fields_.archive().members();
    const auto score = [&](View<const float, 2> field, std::span<const int> numbers) {
      const std::optional<Array<float, 3>> own = driving.of(position, numbers);
      results_.consistency[i++].push_back(own ? driving.comparison().misfit(field, (*own)[v])
                                              : CoarseMisfit{});
    };
    score(members.member(0), all.first(1));
    score(mean, all);
  }

  /// Probabilistic scores of the first k members for every k, and the spread over all of them: of
  /// those that are independent.
  Array<float, 2> score_members(MonthMembers& members, const Array<float, 2>& truth,
                                const Array<double, 2>& weight, Month month) {
    const TieKey ties{setup_.seed, variable_.number, static_cast<std::uint64_t>(month.index())};
    std::vector<MonthEnsemble> sums(setup_.sizes.size());
    Array<float, 2> spread(fields_.shape());
    for (std::size_t i = 0; i < members.n_bands(); ++i) {
      const View<const float, 3> band = members.independent_band(i);
      const std::size_t first = members.first_row(i);
      const std::size_t n_rows = band.extent(1);
      for (std::size_t s = 0; s < sums.size(); ++s) {
        add_band({first_of(band, n_independent(s)), rows_of(truth, first, n_rows),
                  rows_of(weight, first, n_rows), first},
                 ties, sums[s]);
      }
      members_spread(band, rows_of(spread, first, n_rows));
    }
    for (std::size_t s = 0; s < sums.size(); ++s)
      results_.ensembles[s].push_back(std::move(sums[s]));
    return spread;
  }

  void score_laws(const std::vector<Array<float, 2>>& baselines, const Array<float, 2>& truth,
                  const Array<double, 2>& weight, std::size_t position) {
    const std::vector<Baseline> kinds = fields_.baselines(variable_);
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      if (!FieldProvider::has_spread(kinds[i], variable_)) continue;
      const Array<float, 2> spread = fields_.spread(kinds[i], variable_, position);
      const GaussianFields moments{baselines[i], spread};
      const Array<float, 3> quantiles =
          kinds[i] == Baseline::exact ? fields_.quantiles(variable_, position) : Array<float, 3>{};
      results_.laws[name_of(kinds[i])].push_back(
          quantiles.size() > 0 ? month_quantiles(quantiles, moments, truth, weight)
                               : month_gaussian(moments, truth, weight));
    }
  }

  void add_spectra(const std::vector<View<const float, 2>>& fields, MonthMembers& members,
                   const Array<double, 2>& weight) {
    std::vector<Spectrum> of_members;
    for (std::size_t m = 0; m < members.n_members(); ++m)
      of_members.push_back(spectrum_of(setup_, members.member(m), weight));
    results_.spectra[0].push_back(spectrum_of(setup_, fields[0], weight));
    results_.spectra[1].push_back(spectrum_of(setup_, fields[1], weight));
    results_.spectra[2].push_back(mean_spectrum(of_members));
    results_.spectra[3].push_back(spectrum_of(setup_, fields[2], weight));
  }

  const EvaluationSetup& setup_;
  const FieldProvider& fields_;
  const ScoredVariable& variable_;
  VariableResults& results_;
  MapSums& maps_;
};

/// Width of the truth's range over all months. Least and greatest do not depend on the order.
double truth_range(const EvaluationSetup& setup, const ScoredVariable& variable) {
  const Communicator& comm = setup.context.comm;
  ValueRange range;
  for_own_months(comm, setup.positions, [&](std::size_t position) {
    const Array<float, 2> truth = setup.fields.truth(variable, position);
    const Array<float, 2> valid = setup.fields.valid(variable);
    const std::vector<View<const float, 2>> needed{truth, valid};
    range.include(value_range(truth, valid_weights(setup.fields.areas(), needed)));
  });
  return ValueRange{all_min(comm, range.low), all_max(comm, range.high)}.width();
}

}  // namespace

std::vector<std::string> method_names(const FieldProvider& fields, const ScoredVariable& variable) {
  std::vector<std::string> names;
  for (const Baseline kind : fields.baselines(variable)) names.emplace_back(name_of(kind));
  for (const OtherArchive& other : fields.others()) names.push_back(other.name);
  names.insert(names.end(), {"member", "ensemble"});
  return names;
}

void for_own_months(const Communicator& comm, std::span<const std::size_t> positions,
                    const std::function<void(std::size_t)>& work) {
  together(comm, [&] {
    const Block block =
        block_of(static_cast<std::int64_t>(positions.size()), comm.rank(), comm.size());
    for (std::int64_t i = block.first; i < block.last; ++i)
      work(positions[static_cast<std::size_t>(i)]);
  });
}

VariableResults score_variable(const EvaluationSetup& setup, const ScoredVariable& variable,
                               MapSums& maps) {
  const Communicator& comm = setup.context.comm;
  VariableResults results;
  results.range = truth_range(setup, variable);
  results.errors.resize(method_names(setup.fields, variable).size());
  results.consistency.resize(results.errors.size());
  results.sizes = setup.sizes;
  results.ensembles.resize(setup.sizes.size());
  results.errors_of_size.resize(setup.sizes.size());
  results.spectra.resize(n_spectra + setup.fields.n_law_members());
  maps.set_range(results.range);
  MonthScorer scorer(setup, variable, results, maps);
  for_own_months(comm, setup.positions, [&](std::size_t position) { scorer.score(position); });

  for (auto* errors : {&results.errors, &results.errors_of_size})
    for (auto& months : *errors) months = months_of(gather_blocks(comm, values_of(months)));
  for (auto& months : results.consistency) months = gather_misfits(comm, months);
  for (std::size_t s = 0; s < setup.sizes.size(); ++s) {
    auto& months = results.ensembles[s];
    months = ensemble_months_of(gather_blocks(comm, values_of(months)),
                                setup.fields.archive().n_independent(setup.sizes[s]));
  }
  for (const Baseline kind : setup.fields.baselines(variable)) {
    if (!is_regression(kind) && kind != Baseline::exact) continue;
    auto& months = results.laws[name_of(kind)];
    months = ensemble_months_of(gather_blocks(comm, values_of(months)), 0);
  }
  for (auto& months : results.spectra)
    months = spectra_of(gather_blocks(comm, values_of(months)), setup.positions.size());
  results.training_spectrum = training_spectrum(setup, variable);
  results.n_left_out = all_sum(comm, results.n_left_out);
  maps.sum_over(comm);
  return results;
}

}  // namespace hindscale
