// SPDX-License-Identifier: Apache-2.0
#include "tile_network.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hindscale/core/error.hpp"
#include "hindscale/dataset/network_input.hpp"
#include "hindscale/model/bridge.hpp"

namespace hindscale {

TileNetwork::TileNetwork(UNet network, const TileLayout& layout,
                         const std::vector<std::size_t>& tiles, std::size_t batch,
                         torch::Device device)
    : network_(std::move(network)), layout_(layout), tiles_(tiles), batch_(batch), device_(device) {
  network_->to(device_);
  network_->eval();
}

void TileNetwork::run(std::span<const FieldJob> jobs, double time, const ReadState& read,
                      const TakeOutput& take) {
  const torch::Tensor times = torch::full({1}, time, torch::kFloat32).to(device_);
  std::vector<TileCall> calls;
  for (std::size_t i_job = 0; i_job < jobs.size(); ++i_job) {
    for (std::size_t i_own = 0; i_own < tiles_.size(); ++i_own) calls.push_back({i_job, i_own});
  }
  for (std::size_t first = 0; first < calls.size(); first += batch_) {
    const std::size_t n = std::min(batch_, calls.size() - first);
    call(jobs, std::span(calls).subspan(first, n), times, read, take);
  }
}

void TileNetwork::call(std::span<const FieldJob> jobs, std::span<const TileCall> calls,
                       const torch::Tensor& time, const ReadState& read, const TakeOutput& take) {
  const auto n_state = static_cast<std::size_t>(network_->config().out_channels);
  const std::size_t n_condition = n_input_channels(*jobs[0].inputs);
  const std::size_t n_rows = layout_.tiles().front().n_rows,
                    n_columns = layout_.tiles().front().n_columns;
  Array<float, 4> input({batch_, n_state + n_condition, n_rows, n_columns});
  for (std::size_t i = 0; i < calls.size(); ++i) {
    read(calls[i], {&input(i, 0, 0, 0), {n_state, n_rows, n_columns}});
    assemble_input(*jobs[calls[i].i_job].inputs, layout_.tiles()[tiles_[calls[i].i_own]],
                   {&input(i, n_state, 0, 0), {n_condition, n_rows, n_columns}});
  }
  const torch::Tensor output =
      network_->forward(tensor_of(input.view()).to(device_), time).to(torch::kCPU).contiguous();
  const View<const float, 4> outputs(output.data_ptr<float>(),
                                     {batch_, n_state, n_rows, n_columns});
  for (std::size_t i = 0; i < calls.size(); ++i) {
    try {
      take(calls[i], outputs[i]);
    } catch (InputError& error) {
      const FieldJob& job = jobs[calls[i].i_job];
      ErrorFacts facts = error.facts();
      facts.why = fmt::format("member {}, {}", job.member, job.month.to_string());
      facts.advice = "check the coarse fields of that month and the checkpoint";
      throw InputError(facts);
    }
  }
}

}  // namespace hindscale
