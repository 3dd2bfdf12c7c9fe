// SPDX-License-Identifier: Apache-2.0
#include "device_process.hpp"

#include <algorithm>
#include <utility>

#include "hindscale/core/error.hpp"
#include "hindscale/model/bridge.hpp"

namespace hindscale {
namespace {

/// Calls `use` with the parts of a field [..., y, x] that make up a window, one behind the other in
/// columns; a second one where it wraps.
template <class Use>
void each_part(const torch::Tensor& field, const Window& window, const Use& use) {
  const auto column = static_cast<std::int64_t>(window.column),
             n_columns = static_cast<std::int64_t>(window.n_columns),
             before_wrap = std::min(n_columns, field.size(-1) - column);
  const torch::Tensor rows = field.narrow(-2, static_cast<std::int64_t>(window.row),
                                          static_cast<std::int64_t>(window.n_rows));
  use(rows.narrow(-1, column, before_wrap), 0, before_wrap);
  if (before_wrap < n_columns)
    use(rows.narrow(-1, 0, n_columns - before_wrap), before_wrap, n_columns - before_wrap);
}

torch::Tensor cut_out(const torch::Tensor& field, const Window& window) {
  std::vector<torch::Tensor> parts;
  each_part(field, window,
            [&](const torch::Tensor& part, std::int64_t, std::int64_t) { parts.push_back(part); });
  return parts.size() == 1 ? parts.front() : torch::cat(parts, -1);
}

/// The window of the rows that are touched.
Window window_of(const TileCut& cut, const TileCall& call) {
  Window window = cut.layout.tiles()[cut.tiles[call.i_own]];
  window.row -= cut.touched().first;
  return window;
}

torch::Tensor weights_tensor(std::span<const double> weights, const torch::Device& device) {
  return torch::tensor(std::vector<double>(weights.begin(), weights.end()), torch::kFloat64)
      .to(device);
}

}  // namespace

DeviceProcess::DeviceProcess(const FieldNetwork& network, const TileWork& work,
                             const GeneratorOptions& options, const GeneratorPlace& place,
                             std::unique_ptr<TensorExchange> exchange)
    : FusedProcess(network, work, options, place),
      device_(place.device),
      exchange_(std::move(exchange)) {
  if (valid_.defined()) valid_ = valid_.to(device_);
  for (const TileCut& cut : work.cuts) {
    Place& there = places_.emplace_back(Place{TensorRows(*cut.share, *exchange_), {}});
    for (const std::size_t tile : cut.tiles)
      there.weights.push_back(
          {weights_tensor(cut.layout.row_weights(tile), device_).unsqueeze(1) * TileSum::one,
           weights_tensor(cut.layout.column_weights(tile), device_).unsqueeze(0)});
  }
}

void DeviceProcess::begin() {
  FusedProcess::begin();
  conditions_.clear();
}

const DeviceProcess::Conditions& DeviceProcess::conditions_of(const MonthInputs& inputs) {
  const auto [entry, is_new] = conditions_.try_emplace(&inputs);
  if (is_new) {
    entry->second.fields = tensor_of(inputs.condition.view()).to(device_);
    if (inputs.context.n_channels() > 0)
      entry->second.context =
          tensor_of(inputs.context.resized(options_.tiling.n_rows, options_.tiling.n_columns))
              .to(device_);
  }
  return entry->second;
}

/// [call, channel, n_rows, n_columns]: the noisy field, then the conditions.
torch::Tensor DeviceProcess::input_of(std::span<const FieldJob> jobs,
                                      std::span<const TileCall> calls, const TileCut& cut,
                                      const torch::Tensor& state) {
  std::vector<torch::Tensor> inputs;
  for (const TileCall& call : calls) {
    const Conditions& seen = conditions_of(*jobs[call.i_job].inputs);
    std::vector<torch::Tensor> channels{
        cut_out(state[static_cast<std::int64_t>(call.i_job)], window_of(cut, call)),
        cut_out(seen.fields, cut.layout.tiles()[cut.tiles[call.i_own]])};
    if (seen.context.defined()) channels.push_back(seen.context);
    inputs.push_back(torch::cat(channels, 0));
  }
  return torch::stack(inputs);
}

/// As TileSum; what is not finite adds nothing.
void DeviceProcess::add(std::span<const TileCall> calls, std::size_t i_cut,
                        const torch::Tensor& output, torch::Tensor& sums) const {
  const TileCut& cut = work_.cuts[i_cut];
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const Weights& weights = places_[i_cut].weights[calls[i].i_own];
    const torch::Tensor values = output[static_cast<std::int64_t>(i)];
    const torch::Tensor term =
        torch::where(values.abs() < TileSum::largest,
                     values.to(torch::kFloat64) * weights.columns * weights.rows,
                     torch::zeros_like(weights.rows));
    const torch::Tensor rounded = (term + term.sign() * 0.5).to(torch::kInt64);
    each_part(sums[static_cast<std::int64_t>(calls[i].i_job)], window_of(cut, calls[i]),
              [&](torch::Tensor part, std::int64_t first, std::int64_t n) {
                part.add_(rounded.narrow(-1, first, n));
              });
  }
}

torch::Tensor DeviceProcess::predict(std::span<const FieldJob> jobs, const torch::Tensor& x,
                                     double time) {
  const std::size_t i_cut = next_cut();
  const TileCut& cut = work_.cuts[i_cut];
  torch::Tensor state;
  {
    const InRegion exchange(regions_, Region::exchange);
    state = places_[i_cut].rows.fill(x);
  }
  torch::Tensor sums = torch::zeros(state.sizes(), state.options().dtype(torch::kInt64));
  const std::vector<TileCall> calls = all_calls(jobs.size(), cut.tiles.size());
  const auto batch = static_cast<std::size_t>(options_.batch);
  std::vector<torch::Tensor> finite;  // for each call of the network, [its tiles]
  for (std::size_t first = 0; first < calls.size(); first += batch) {
    const auto some = std::span(calls).subspan(first, std::min(batch, calls.size() - first));
    const torch::Tensor input = input_of(jobs, some, cut, state);
    torch::Tensor output;
    {
      const InRegion network(regions_, Region::network);
      output = evaluator_->forward(input, time);
    }
    finite.push_back((output.abs() < TileSum::largest).flatten(1).all(1));
    add(some, i_cut, output, sums);
  }
  if (!finite.empty()) {
    const torch::Tensor all = torch::cat(finite).to(torch::kCPU);
    const bool* const first = all.data_ptr<bool>();
    const auto bad = static_cast<std::size_t>(std::find(first, first + all.numel(), false) - first);
    if (bad < calls.size())
      throw divergence_of(jobs[calls[bad].i_job], {.problem = TileSum::not_finite});
  }
  const InRegion exchange(regions_, Region::exchange);
  return (places_[i_cut].rows.total(sums).to(torch::kFloat64) / TileSum::one).to(torch::kFloat32);
}

void DeviceProcess::draw(std::span<const FieldJob> jobs, std::int64_t i_draw,
                         torch::Tensor& out) const {
  torch::Tensor drawn = torch::empty(out.sizes());
  FusedProcess::draw(jobs, i_draw, drawn);
  out.copy_(drawn);
}

torch::Tensor DeviceProcess::mean_square(const torch::Tensor& x) const {
  return FusedProcess::mean_square(x.to(torch::kCPU)).to(device_);
}

}  // namespace hindscale
