// SPDX-License-Identifier: Apache-2.0
// What the network sees of its month and place, channel by channel.
#include <cmath>
#include <numbers>

#include "conditioning_fields.hpp"

namespace hindscale {
namespace {

constexpr double relief_scale_m = 2000;  // terrain heights become numbers of order one
constexpr double correction_scale =
    1.5;  // the ridge's correction is about 1.5 times its own residual

}  // namespace

/// Fills channels [channel, y, x] one after the other.
struct Conditioning::ChannelStack {
  Array<float, 3> channels;
  std::size_t n = 0;  ///< filled so far

  /// The next one, from a value a cell.
  template <class ValueAt>
  void add(ValueAt&& value_at) {
    const auto out = channels.view()[n++].flat();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = or_zero(value_at(i));
  }
};

double Conditioning::transformed(const Array<float, 3>& field, std::size_t v, std::size_t i) const {
  return static_cast<double>(transforms_.of_guess(v, i, field.view()[v].data()[i]));
}

/// Interpolated coarse field, surface, anomaly.
void Conditioning::add_field_channels(const MonthFields& fields, ChannelStack& stack) const {
  const std::size_t nv = content_.n_variables();
  const ModelOptions& model = options_.model;
  const auto& lerp = normalisation_.at(lerp_name);
  for (std::size_t v = 0; v < nv; ++v)
    stack.add([&](std::size_t i) {
      return (transformed(fields.lerp, v, i) - lerp(v, 0, 0)) / lerp(v, 0, 1);
    });
  if (model.relief)
    stack.add([&](std::size_t i) {
      return static_cast<double>(statics_.view()[0].data()[i]) / relief_scale_m;
    });
  if (model.mask)
    stack.add([&](std::size_t i) { return static_cast<double>(statics_.view()[1].data()[i]); });
  for (std::size_t v = 0; model.climatology && v < nv; ++v) {
    const double unit = normalisation_.at(anomaly_name)(v, 0, 0);
    stack.add([&](std::size_t i) {
      return (transformed(fields.lerp, v, i) - transformed(fields.lerp_climatology, v, i)) / unit;
    });
  }
}

/// What the base adds to Lerp, and the scale of the target.
void Conditioning::add_base_channels(const MonthFields& fields, const Array<float, 3>& base,
                                     ChannelStack& stack) const {
  const std::size_t nv = content_.n_variables();
  const auto& scale = normalisation_.at(scale_name);
  // Corrected Lerp of a training month lacks its own year, a smooth cycle keeps it: their
  // difference would tell of the truth. The base itself never does.
  const bool is_smooth = regression() && regression()->harmonics > 0;
  const Array<float, 3>& uncorrected = is_smooth ? fields.lerp : fields.corrected;
  for (std::size_t v = 0; !ridge_coefficients_.empty() && v < nv; ++v) {
    stack.add([&](std::size_t i) {
      const double correction =
          static_cast<double>(base.view()[v].data()[i]) - transformed(uncorrected, v, i);
      return correction / scale.view()[v].data()[i] / correction_scale;
    });
  }
  for (std::size_t v = 0; options_.diffusion.scaling == "cell" && v < nv; ++v) {
    const auto& log_scale = normalisation_.at(log_scale_name);
    stack.add([&](std::size_t i) {
      return (std::log(scale.view()[v].data()[i]) - log_scale(v, 0, 0)) / log_scale(v, 0, 1);
    });
  }
}

void Conditioning::add_place_channels(Month month, ChannelStack& stack) const {
  const std::size_t nx = content_.fine.n_columns();
  const double season = 2 * std::numbers::pi * (month.of_year() + 0.5) / 12;
  if (options_.model.season) {
    stack.add([&](std::size_t) { return std::sin(season); });
    stack.add([&](std::size_t) { return std::cos(season); });
  }
  if (!options_.model.position) return;
  constexpr double radian = std::numbers::pi / 180;
  const std::vector<double>&latitude = content_.fine.latitude.centre,
        &longitude = content_.fine.longitude.centre;
  stack.add([&](std::size_t i) { return std::sin(latitude[i / nx] * radian); });
  stack.add([&](std::size_t i) { return std::sin(longitude[i % nx] * radian); });
  stack.add([&](std::size_t i) { return std::cos(longitude[i % nx] * radian); });
}

Array<float, 3> Conditioning::channels(Month month, const MonthFields& fields,
                                       const Array<float, 3>& base) const {
  ChannelStack stack{
      Array<float, 3>({n_field_channels_, content_.fine.n_rows(), content_.fine.n_columns()})};
  add_field_channels(fields, stack);
  if (options_.model.base) add_base_channels(fields, base, stack);
  add_place_channels(month, stack);
  // The last ones are those of the month before: `add_surroundings` fills them.
  HINDSCALE_ASSERT(stack.n + (options_.model.previous_month ? n_coarse_channels() : 0) ==
                   n_field_channels_);
  return std::move(stack.channels);
}

}  // namespace hindscale
