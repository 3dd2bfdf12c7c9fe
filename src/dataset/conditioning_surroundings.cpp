// SPDX-License-Identifier: Apache-2.0
// What the network sees besides its own month and place: the month before and the whole domain.
#include "conditioning_fields.hpp"

namespace hindscale {

Array<float, 3> Conditioning::climatology_of(Month month, View<const float, 3> coarse,
                                             OwnYear own_year) const {
  const auto all = coarse_cycle().view()[static_cast<std::size_t>(month.of_year())];
  Array<float, 3> climatology(all.shape());
  std::copy(all.begin(), all.end(), climatology.data());
  const auto n = static_cast<double>(content_.train.n_years());
  const auto fit = regression();
  // A month's own share in a cycle of h harmonics is (1 + 2 h) / 12 of that in a calendar mean; it
  // is left in, for h of 1 or 2.
  const bool is_smooth = fit && fit->harmonics > 0;
  if (own_year == OwnYear::counts || !content_.train.contains(month) || n < 2 || is_smooth)
    return climatology;
  for (std::size_t i = 0; i < climatology.size(); ++i) {
    const double sum =
        n * static_cast<double>(all.data()[i]) - static_cast<double>(coarse.data()[i]);
    climatology.flat()[i] = static_cast<float>(sum / (n - 1));
  }
  return climatology;
}

Array<float, 3> Conditioning::normalised(View<const float, 3> field,
                                         View<const float, 3> climatology) const {
  const std::size_t nv = field.extent(0);
  Array<float, 3> channels({n_coarse_channels(), field.extent(1), field.extent(2)});
  const auto& lerp = normalisation_.at(lerp_name);
  const auto& anomaly = normalisation_.at(anomaly_name);
  for (std::size_t v = 0; v < nv; ++v) {
    for (std::size_t i = 0; i < field[v].size(); ++i) {  // i counts fine cells where 'minmax' asks
      const double value = transforms_.of_guess(v, i, field[v].data()[i]);
      channels[v].data()[i] = or_zero((value - lerp(v, 0, 0)) / lerp(v, 0, 1));
      if (!options_.model.climatology) continue;
      const double usual = transforms_.of_guess(v, i, climatology[v].data()[i]);
      channels[nv + v].data()[i] = or_zero((value - usual) / anomaly(v, 0, 0));
    }
  }
  return channels;
}

void Conditioning::add_surroundings(const CoarseMonths& coarse, OwnYear own_year,
                                    Array<float, 3>& condition, GlobalContext& context) const {
  if (options_.model.previous_month) {
    const bool is_there = coarse.previous.size() > 0;
    const Month month = is_there ? coarse.month + -1 : coarse.month;
    const View<const float, 3> field = is_there ? coarse.previous : coarse.own;
    const Array<float, 3> climatology = climatology_of(month, field, own_year);
    const Shape<3> shape{field.extent(0), content_.fine.n_rows(), content_.fine.n_columns()};
    Array<float, 3> fine(shape), fine_climatology(shape);
    for (std::size_t v = 0; v < shape[0]; ++v) {
      lerp_.apply(field[v], fine[v]);
      lerp_.apply(climatology[v], fine_climatology[v]);
    }
    const Array<float, 3> channels = normalised(fine.view(), fine_climatology.view());
    std::copy(channels.flat().begin(), channels.flat().end(),
              condition.flat().end() - static_cast<std::ptrdiff_t>(channels.size()));
  }
  if (options_.model.context) {
    const Array<float, 3> climatology = climatology_of(coarse.month, coarse.own, own_year);
    context = GlobalContext(normalised(coarse.own, climatology.view()));
  }
}

void Conditioning::name_surroundings() {
  const auto name = [&](const std::string& what) {
    for (const std::string& variable : content_.variables)
      channel_names_.push_back(variable + "_" + what);
    if (!options_.model.climatology) return;
    for (const std::string& variable : content_.variables)
      channel_names_.push_back(variable + "_" + what + "_anomaly");
  };
  if (options_.model.previous_month) name("previous");
  n_field_channels_ = channel_names_.size();
  if (options_.model.context) name("context");
}

Array<float, 3> coarse_of_month_before(const StoreReader& reader, const StoreContent& content,
                                       Month month) {
  const auto position = content.find(month + -1);
  if (!position) return {};
  Array<float, 3> field(
      {content.n_variables(), content.coarse.n_rows(), content.coarse.n_columns()});
  reader.read(store::coarse, *position, 1, field.flat());
  return field;
}

}  // namespace hindscale
