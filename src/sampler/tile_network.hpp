// SPDX-License-Identifier: Apache-2.0
// Runs the network on tiles of fields, a fixed number a call.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "hindscale/sampler/generator.hpp"

namespace hindscale {

/// One network input: a tile of one job's field.
struct TileCall {
  std::size_t i_job = 0;
  std::size_t i_own = 0;  ///< place among the tiles of this rank
};

/// Shares the network; `layout` and `tiles` must outlive it.
class TileNetwork {
 public:
  /// Copies the noisy field of a tile [v, rows, columns].
  using ReadState = std::function<void(TileCall call, View<float, 3> state)>;
  /// Takes the output for a tile [v, rows, columns].
  using TakeOutput = std::function<void(TileCall call, View<const float, 3> output)>;

  TileNetwork(UNet network, const TileLayout& layout, const std::vector<std::size_t>& tiles,
              std::size_t batch, torch::Device device);

  /// One evaluation of every tile of every job at the network's time. Short calls are padded to the
  /// batch, so that the shape of a call never depends on the work. InputError, naming member and
  /// month, where `take` finds the output not finite.
  void run(std::span<const FieldJob> jobs, double time, const ReadState& read,
           const TakeOutput& take);

 private:
  void call(std::span<const FieldJob> jobs, std::span<const TileCall> calls,
            const torch::Tensor& time, const ReadState& read, const TakeOutput& take);

  UNet network_;
  const TileLayout& layout_;
  const std::vector<std::size_t>& tiles_;
  std::size_t batch_;
  torch::Device device_;
};

}  // namespace hindscale
