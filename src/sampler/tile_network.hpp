// SPDX-License-Identifier: Apache-2.0
// Runs the network on tiles of fields, a fixed number a call.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "hindscale/sampler/generator.hpp"

namespace hindscale {

/// One network input: a tile of one job's field.
struct TileCall {
  std::size_t i_job = 0;
  std::size_t i_own = 0;  ///< place among the tiles of this rank
};

/// All tiles of this rank of every job.
std::vector<TileCall> all_calls(std::size_t n_jobs, std::size_t n_own);

/// An error in the output for a job, as users should read it.
DivergenceError divergence_of(const FieldJob& job, ErrorFacts facts);

/// Shares the evaluator; `layout` and `tiles` must outlive it.
class TileNetwork {
 public:
  /// Copies the noisy field of a tile [v, rows, columns].
  using ReadState = std::function<void(TileCall call, View<float, 3> state)>;
  /// Takes the output for a tile [v, rows, columns].
  using TakeOutput = std::function<void(TileCall call, View<const float, 3> output)>;

  TileNetwork(std::shared_ptr<Evaluator> evaluator, const TileLayout& layout,
              const std::vector<std::size_t>& tiles, std::size_t batch, Regions* regions);

  /// One evaluation of every tile of every job at the network's time. DivergenceError, naming
  /// member and month, where `take` finds the output not finite.
  void run(std::span<const FieldJob> jobs, double time, const ReadState& read,
           const TakeOutput& take);

 private:
  void call(std::span<const FieldJob> jobs, std::span<const TileCall> calls, double time,
            const ReadState& read, const TakeOutput& take);

  std::shared_ptr<Evaluator> evaluator_;
  const TileLayout& layout_;
  const std::vector<std::size_t>& tiles_;
  std::size_t batch_;
  Regions* regions_;
  Array<float, 4> input_, output_;  ///< of one call
};

}  // namespace hindscale
