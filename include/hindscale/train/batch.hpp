// SPDX-License-Identifier: Apache-2.0
// Patches of samples as the tensors of one training step: noisy field, conditions, target, weights.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hindscale/dataset/patches.hpp"
#include "hindscale/dataset/sample_cache.hpp"
#include "hindscale/model/denoiser.hpp"
#include "hindscale/random/random.hpp"
#include "hindscale/sampler/schedule.hpp"

namespace hindscale {

/// float32 on the maker's device; n patches of h x w cells, v variables, c condition channels.
struct Batch {
  torch::Tensor input;                     ///< [n, v + c, h, w] x_t, then the conditions
  torch::Tensor time;                      ///< [n] float32, as Schedule::time
  torch::Tensor target;                    ///< [n, v, h, w]
  torch::Tensor weight;                    ///< [n, v, h, w]
  std::vector<std::uint64_t> patch_ids{};  ///< keys of noise and dropout
  torch::Tensor counts;  ///< [n, v] float64 on the host: values of positive weight
};

/// Cuts patches from samples and adds their noise. Keeps a reference to the samples.
class BatchMaker {
 public:
  struct Options {
    Prediction prediction = Prediction::v;
    Purpose noise = Purpose::training_noise;
    std::uint64_t seed = 0;
    torch::Device device{torch::kCPU};
    double noise_degrees_of_freedom = 0;  ///< of Student-t noise, one scale a patch; 0: Gaussian
    /// Sign that each input channel takes in a mirror along a circle of latitude; empty: patches
    /// are not mirrored.
    std::vector<float> mirror_signs{};
  };
  /// `positions`: where in the store the plan's items (Patch::i_item) lie.
  BatchMaker(SampleCache& samples, std::vector<std::size_t> positions, Schedule schedule,
             const Options& options);

  /// Patches of one size. The noise of a patch depends on (seed, purpose, its id) only.
  [[nodiscard]] Batch make(std::span<const Patch> patches) const;

  [[nodiscard]] torch::Device device() const { return options_.device; }

 private:
  [[nodiscard]] bool is_mirrored(const Patch& patch) const;
  /// Noisy field and target, from the clean field and the noise [n, v, h, w] on the device.
  void add_fields(torch::Tensor field, const torch::Tensor& noise, const std::vector<double>& abar,
                  Batch& batch) const;

  SampleCache& samples_;
  std::vector<std::size_t> positions_;
  Schedule schedule_;
  Options options_;
};

/// The signs of the fields of `variables`, then of the condition channels, by their names.
std::vector<float> mirror_signs(const std::vector<std::string>& variables,
                                const std::vector<std::string>& channels);

/// Sums of weight * (output - target)^2 of each patch and variable, [n, v].
torch::Tensor squared_errors(const torch::Tensor& output, const Batch& batch);

/// The same as one row a patch, appended: its errors of each variable, then its counts of values.
void append_rows(const torch::Tensor& errors, const torch::Tensor& counts,
                 std::vector<double>& rows);

}  // namespace hindscale
