// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>

#include "evaluate_months.hpp"

namespace hindscale {
namespace {

/// Fields [v, y, x] of all variables of the store in one month.
using Fields = Array<float, 3>;

/// Moments of every pair of variables.
using PairMoments = std::vector<MonthMoments>;

void add(const PairMoments& part, PairMoments& total) {
  for (std::size_t i = 0; i < part.size(); ++i) {
    total[i].weight += part[i].weight;
    total[i].sum_a += part[i].sum_a;
    total[i].sum_b += part[i].sum_b;
    total[i].sum_aa += part[i].sum_aa;
    total[i].sum_bb += part[i].sum_bb;
    total[i].sum_ab += part[i].sum_ab;
  }
}

/// The fields and moments of one month.
class MonthCorrelator {
 public:
  MonthCorrelator(const FieldProvider& fields, const std::vector<ScoredVariable>& variables,
                  std::size_t position)
      : fields_(fields), variables_(variables), position_(position) {
    truth_ = collect([&](const ScoredVariable& v) { return fields_.truth(v, position_); });
    climatology_ = collect([&](const ScoredVariable& v) {
      return fields_.baseline(Baseline::climatology, v, position_);
    });
    valid_ = collect([&](const ScoredVariable& v) { return fields_.valid(v); });
  }

  [[nodiscard]] PairMoments truth() const { return moments(truth_); }
  [[nodiscard]] PairMoments baseline(Baseline kind) const {
    return moments(
        collect([&](const ScoredVariable& v) { return fields_.baseline(kind, v, position_); }));
  }

  /// Of all members pooled, and of their mean.
  struct OfMembers {
    PairMoments pooled;
    PairMoments of_mean;
  };
  [[nodiscard]] OfMembers members() const {
    const std::size_t n_members = fields_.archive().members().size();
    OfMembers result;
    Fields member(truth_.shape());
    Array<double, 3> sum(truth_.shape());
    for (std::size_t m = 0; m < n_members; ++m) {
      for (std::size_t v = 0; v < variables_.size(); ++v) {
        fields_.member(variables_[v], {m, position_, 0}, member[v]);
      }
      for (std::size_t i = 0; i < sum.size(); ++i) sum.data()[i] += member.data()[i];
      const PairMoments part = moments(member);
      if (m == 0) {
        result.pooled = part;
      } else {
        add(part, result.pooled);
      }
    }
    for (std::size_t i = 0; i < sum.size(); ++i) {
      member.data()[i] = static_cast<float>(sum.data()[i] / static_cast<double>(n_members));
    }
    result.of_mean = moments(member);
    return result;
  }

 private:
  template <class Read>
  [[nodiscard]] Fields collect(const Read& read) const {
    Fields all({variables_.size(), fields_.shape()[0], fields_.shape()[1]});
    for (std::size_t v = 0; v < variables_.size(); ++v) {
      const Array<float, 2> field = read(variables_[v]);
      std::copy(field.flat().begin(), field.flat().end(), all[v].begin());
    }
    return all;
  }

  [[nodiscard]] PairMoments moments(const Fields& fields) const {
    PairMoments all;
    for (std::size_t a = 0; a < variables_.size(); ++a) {
      for (std::size_t b = a + 1; b < variables_.size(); ++b) {
        const std::vector<View<const float, 2>> needed{fields[a], fields[b],       truth_[a],
                                                       truth_[b], climatology_[a], climatology_[b],
                                                       valid_[a], valid_[b]};
        all.push_back(month_moments({fields[a], climatology_[a]}, {fields[b], climatology_[b]},
                                    valid_weights(fields_.areas(), needed)));
      }
    }
    return all;
  }

  const FieldProvider& fields_;
  const std::vector<ScoredVariable>& variables_;
  std::size_t position_;
  Fields truth_, climatology_, valid_;
};

}  // namespace

std::vector<std::string> correlation_names(const StoreContent& content) {
  std::vector<std::string> names{"truth", "lerp", "lerp_corrected"};
  if (content.ridge) names.emplace_back("ridge");
  names.insert(names.end(), {"member", "ensemble"});
  return names;
}

std::vector<PairResults> correlate_variables(const EvaluationSetup& setup) {
  const StoreContent& content = setup.fields.content();
  std::vector<ScoredVariable> variables = scored_variables(content);
  std::erase_if(variables, [](const ScoredVariable& variable) { return variable.is_derived(); });
  const std::size_t n_names = correlation_names(content).size();
  std::vector<PairResults> pairs;
  for (std::size_t a = 0; a < variables.size(); ++a) {
    for (std::size_t b = a + 1; b < variables.size(); ++b) {
      pairs.push_back({variables[a].name + "," + variables[b].name, {}});
      pairs.back().moments.resize(n_names);
    }
  }
  if (pairs.empty()) return pairs;
  for_own_months(setup.context.comm, setup.positions, [&](std::size_t position) {
    const MonthCorrelator month(setup.fields, variables, position);
    std::vector<PairMoments> all{month.truth(), month.baseline(Baseline::lerp),
                                 month.baseline(Baseline::lerp_corrected)};
    if (content.ridge) all.push_back(month.baseline(Baseline::ridge));
    const auto members = month.members();
    all.insert(all.end(), {members.pooled, members.of_mean});
    for (std::size_t p = 0; p < pairs.size(); ++p) {
      for (std::size_t i = 0; i < n_names; ++i) pairs[p].moments[i].push_back(all[i][p]);
    }
  });
  for (PairResults& pair : pairs) {
    for (auto& months : pair.moments) {
      months = moments_of(gather_blocks(setup.context.comm, values_of(months)));
    }
  }
  return pairs;
}

}  // namespace hindscale
