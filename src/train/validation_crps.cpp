// SPDX-License-Identifier: Apache-2.0
// Validation by sampling: a small ensemble of whole fields against the truth.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "hindscale/core/error.hpp"
#include "hindscale/metric/ensemble.hpp"
#include "hindscale/model/bridge.hpp"
#include "hindscale/train/validation.hpp"

namespace hindscale {
namespace {

/// As in a reconstruction, with fewer steps and noise of its own.
GeneratorOptions validation_options(const Options& options) {
  GeneratorOptions generator = generator_options(options, options.diffusion);
  generator.steps = options.training.validation_steps;
  generator.purpose = Purpose::validation_noise;
  return generator;
}

/// `n` of the positions, spread evenly.
std::vector<std::size_t> spread(const std::vector<std::size_t>& positions, std::size_t n) {
  n = std::min(n, positions.size());
  std::vector<std::size_t> picked;
  for (std::size_t i = 0; i < n; ++i) picked.push_back(positions[i * positions.size() / n]);
  return picked;
}

/// Areas where all fields are finite, else 0.
Array<double, 2> weights_of(const Array<double, 2>& area, View<const float, 2> truth,
                            View<const float, 2> other) {
  const std::array<View<const float, 2>, 2> fields{truth, other};
  return valid_weights(area, fields);
}

/// Adds a field that is held by one rank (zero elsewhere) to every rank's.
void share_over_ranks(const Communicator& comm, std::span<float> values) {
  if (comm.size() == 1) return;
  std::vector<double> sums(values.begin(), values.end());
  all_sum_in_place(comm, sums);
  std::ranges::transform(sums, values.begin(),
                         [](double value) { return static_cast<float>(value); });
}

}  // namespace

CrpsValidator::CrpsValidator(const Context& context, const Options& options,
                             const StoreReader& reader, const Conditioning& conditioning,
                             const MeanModel& mean)
    : context_(context),
      reader_(reader),
      conditioning_(conditioning),
      mean_(mean),
      generator_(validation_options(options)),
      n_members_(options.training.validation_members),
      area_(cell_areas(conditioning.content().fine)) {
  const auto n_months = static_cast<std::size_t>(options.training.validation_months);
  for (const std::size_t i_month : spread(conditioning.content().months_to_validate(), n_months))
    read_month(i_month);
}

void CrpsValidator::read_month(std::size_t i_month) {
  const StoreContent& content = conditioning_.content();
  const std::size_t n_variables = content.n_variables();
  Truth truth{
      .month = content.months[i_month],
      .i_month = i_month,
      .coarse = Array<float, 3>({n_variables, content.coarse.n_rows(), content.coarse.n_columns()}),
      .fine = Array<float, 3>({n_variables, content.fine.n_rows(), content.fine.n_columns()}),
      .score = {content.months[i_month]}};
  reader_.read(store::coarse, i_month, 1, truth.coarse.flat());
  reader_.read(store::fine, i_month, 1, truth.fine.flat());
  const BilinearRemap interpolate(content.coarse, content.fine);
  Array<float, 2> lerp({content.fine.n_rows(), content.fine.n_columns()});
  for (std::size_t v = 0; v < n_variables; ++v) {
    interpolate.apply(std::as_const(truth.coarse)[v], lerp);
    const Array<double, 2> weight = weights_of(area_, std::as_const(truth.fine)[v], lerp);
    double error = 0;
    double total = 0;
    const View<const float, 2> fine = std::as_const(truth.fine)[v];
    for (std::size_t i = 0; i < weight.size(); ++i) {
      if (weight.data()[i] == 0) continue;
      error += weight.data()[i] * std::abs(static_cast<double>(lerp.data()[i]) - fine.data()[i]);
      total += weight.data()[i];
    }
    truth.score.lerp_error.push_back(error);
    truth.score.weight.push_back(total);
  }
  months_.push_back(std::move(truth));
}

std::string CrpsValidator::fill_members(FieldGenerator& generator, std::span<const Truth> months,
                                        View<float, 5> fields) const {
  const std::size_t n_variables = fields.extent(2);
  const Block share = block_of(static_cast<std::int64_t>(months.size()) * n_members_,
                               context_.comm.rank(), context_.comm.size());
  const auto first_month = static_cast<std::size_t>(share.first / n_members_);
  std::vector<MonthInputs> inputs;
  std::vector<FieldJob> jobs;
  for (std::int64_t i = share.first; i < share.last; ++i) {
    const auto i_month = static_cast<std::size_t>(i / n_members_);
    if (first_month + inputs.size() == i_month) {
      inputs.push_back(conditioning_.stored_inputs(reader_, months[i_month].i_month));
    }
    jobs.push_back({.month = months[i_month].month, .member = i % n_members_ + 1});
  }
  if (jobs.empty()) return "";
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    jobs[j].inputs = &inputs[static_cast<std::size_t>((share.first + static_cast<std::int64_t>(j)) /
                                                      n_members_) -
                             first_month];
  }
  Array<float, 4> made({jobs.size(), n_variables, fields.extent(3), fields.extent(4)});
  try {
    generator.generate(jobs, made);
  } catch (const DivergenceError& error) {
    return error.what();
  }
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    const auto i = static_cast<std::size_t>(share.first) + j;
    const auto i_month = i / static_cast<std::size_t>(n_members_);
    conditioning_.to_physical(months[i_month].coarse, jobs[j].inputs->base, made[j]);
    if (!is_finite(std::as_const(made)[j], jobs[j].inputs->base))
      return "values of " + months[i_month].month.to_string() + " are not finite";
    const View<float, 3> place = fields[i_month][i % static_cast<std::size_t>(n_members_)];
    std::copy(made[j].begin(), made[j].end(), place.begin());
  }
  return "";
}

bool CrpsValidator::is_finite(View<const float, 3> field, View<const float, 3> base) const {
  for (std::size_t i = 0; i < field.size(); ++i) {
    const bool is_there = conditioning_.is_valid(i) && std::isfinite(base.data()[i]);
    if (is_there && !std::isfinite(field.data()[i])) return false;
  }
  return true;
}

bool CrpsValidator::arrives(const std::string& why_not) const {
  if (!any_of(context_.comm, !why_not.empty())) return true;
  for (const std::string& why : gather_texts(context_.comm, why_not)) {
    if (why.empty()) continue;
    context_.log.warn("the sampler diverges: {}", why);
    break;
  }
  return false;
}

SampledMonths CrpsValidator::scores_without_a_value() const {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  std::vector<MonthScore> scores;
  for (const Truth& truth : months_) {
    scores.push_back(truth.score);
    for (const double weight : truth.score.weight)
      scores.back().ensembles.push_back(
          {weight, none, none, none,
           std::vector<double>(static_cast<std::size_t>(n_members_) + 1)});
  }
  return {scores, none};
}

std::vector<MonthEnsemble> CrpsValidator::month_ensembles(const Truth& truth,
                                                          View<const float, 4> members) const {
  std::vector<MonthEnsemble> results;  // of each variable
  const std::size_t n_members = members.extent(0);
  for (std::size_t v = 0; v < members.extent(1); ++v) {
    Array<float, 3> variable({n_members, members.extent(2), members.extent(3)});
    for (std::size_t m = 0; m < n_members; ++m)
      std::copy_n(members[m][v].data(), variable[m].size(), variable[m].data());
    const View<const float, 2> fine = truth.fine[v];
    const Array<double, 2> weight = weights_of(area_, fine, std::as_const(variable)[0]);
    add_band({.members = variable, .truth = fine, .weight = weight},
             {.seed = generator_.seed,
              .variable = v,
              .month = static_cast<std::uint64_t>(truth.month.index())},
             results.emplace_back());
  }
  return results;
}

SampledMonths CrpsValidator::sample_months(FieldNetwork network, const GeneratorOptions& options,
                                           Regions* regions) const {
  HINDSCALE_ASSERT(!months_.empty());
  FieldGenerator generator(network, conditioning_, options,
                           {torch_device(context_.device), nullptr, regions}, mean_);
  const StoreContent& content = conditioning_.content();
  const auto n_members = static_cast<std::size_t>(n_members_);
  // As many months at a time as give every rank the same number of fields.
  const std::int64_t n_ranks = context_.comm.size();
  const auto at_once = static_cast<std::size_t>(n_ranks / std::gcd(n_ranks, n_members_));
  std::vector<MonthScore> scores;
  for (std::size_t first = 0; first < months_.size(); first += at_once) {
    const auto months =
        std::span<const Truth>(months_).subspan(first, std::min(at_once, months_.size() - first));
    Array<float, 5> fields({months.size(), n_members, content.n_variables(), content.fine.n_rows(),
                            content.fine.n_columns()});
    if (!arrives(fill_members(generator, months, fields))) return scores_without_a_value();
    for (std::size_t i = 0; i < months.size(); ++i) {
      const InRegion scoring(regions, Region::scoring);
      share_over_ranks(context_.comm, fields[i].flat());
      scores.push_back(months[i].score);
      scores.back().ensembles = month_ensembles(months[i], fields[i]);
    }
  }
  return {scores, all_sum(context_.comm, static_cast<double>(generator.n_fields_denoised()))};
}

ValidationScore validation_score(std::span<const MonthScore> months) {
  ValidationScore score;
  const std::size_t n_variables = months.front().ensembles.size();
  for (std::size_t v = 0; v < n_variables; ++v) {
    double lerp = 0, weight = 0;
    std::vector<MonthEnsemble> ensembles;
    for (const MonthScore& month : months) {
      lerp += month.lerp_error[v];
      weight += month.weight[v];
      ensembles.push_back(month.ensembles[v]);
    }
    const EnsembleScores scores = ensemble_scores(ensembles);
    score.variables.push_back(scores.crps / (lerp / weight));
    score.spread_skill.push_back(scores.spread_skill);
    score.score += score.variables.back() / static_cast<double>(n_variables);
  }
  return score;
}

}  // namespace hindscale
