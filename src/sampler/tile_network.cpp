// SPDX-License-Identifier: Apache-2.0
#include "tile_network.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hindscale/core/error.hpp"
#include "hindscale/dataset/network_input.hpp"

namespace hindscale {

std::vector<TileCall> all_calls(std::size_t n_jobs, std::size_t n_own) {
  std::vector<TileCall> calls;
  for (std::size_t i_job = 0; i_job < n_jobs; ++i_job) {
    for (std::size_t i_own = 0; i_own < n_own; ++i_own) calls.push_back({i_job, i_own});
  }
  return calls;
}

DivergenceError divergence_of(const FieldJob& job, ErrorFacts facts) {
  facts.why = fmt::format("member {}, {}", job.member, job.month.to_string());
  facts.advice = "check the coarse fields of that month and the checkpoint";
  return DivergenceError(std::move(facts));
}

TileNetwork::TileNetwork(std::shared_ptr<Evaluator> evaluator, const TileLayout& layout,
                         const std::vector<std::size_t>& tiles, std::size_t batch, Regions* regions)
    : evaluator_(std::move(evaluator)),
      layout_(layout),
      tiles_(tiles),
      batch_(batch),
      regions_(regions) {}

void TileNetwork::run(std::span<const FieldJob> jobs, double time, const ReadState& read,
                      const TakeOutput& take) {
  const std::vector<TileCall> calls = all_calls(jobs.size(), tiles_.size());
  for (std::size_t first = 0; first < calls.size(); first += batch_) {
    const std::size_t n = std::min(batch_, calls.size() - first);
    call(jobs, std::span(calls).subspan(first, n), time, read, take);
  }
}

void TileNetwork::call(std::span<const FieldJob> jobs, std::span<const TileCall> calls, double time,
                       const ReadState& read, const TakeOutput& take) {
  const std::size_t n_rows = layout_.tiles().front().n_rows,
                    n_columns = layout_.tiles().front().n_columns;
  const std::size_t n_condition = n_input_channels(*jobs[0].inputs);
  if (input_.empty()) {
    const std::size_t n_state = evaluator_->out_channels();
    input_ = Array<float, 4>({batch_, n_state + n_condition, n_rows, n_columns});
    output_ = Array<float, 4>({batch_, n_state, n_rows, n_columns});
  }
  const std::size_t n_state = output_.extent(1);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    read(calls[i], {&input_(i, 0, 0, 0), {n_state, n_rows, n_columns}});
    assemble_input(*jobs[calls[i].i_job].inputs, layout_.tiles()[tiles_[calls[i].i_own]],
                   {&input_(i, n_state, 0, 0), {n_condition, n_rows, n_columns}});
  }
  const View<float, 4> outputs(output_.data(), {calls.size(), n_state, n_rows, n_columns});
  {
    const InRegion network(regions_, Region::network);
    evaluator_->evaluate({input_.data(), {calls.size(), n_state + n_condition, n_rows, n_columns}},
                         time, outputs);
  }
  for (std::size_t i = 0; i < calls.size(); ++i) {
    try {
      take(calls[i], outputs[i]);
    } catch (const DivergenceError& error) {
      throw divergence_of(jobs[calls[i].i_job], error.facts());
    }
  }
}

}  // namespace hindscale
