// SPDX-License-Identifier: Apache-2.0
// The fused process with its state on the device of the network.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "fused_process.hpp"
#include "tensor_rows.hpp"

namespace hindscale {

/// The same arithmetic as on the host, by LibTorch: between the drawing of noise and the finished
/// fields nothing passes through the host but halos that GPUs cannot exchange by themselves. The
/// conditions of a month are brought over once for all evaluations of its fields.
class DeviceProcess final : public FusedProcess {
 public:
  DeviceProcess(const FieldNetwork& network, const TileWork& work, const GeneratorOptions& options,
                const GeneratorPlace& place, std::unique_ptr<TensorExchange> exchange);

  void begin() override;
  [[nodiscard]] torch::Tensor like(std::size_t n_jobs) const override {
    return FusedProcess::like(n_jobs).to(device_);
  }
  [[nodiscard]] torch::Tensor predict(std::span<const FieldJob> jobs, const torch::Tensor& x,
                                      double time) override;

 protected:
  void draw(std::span<const FieldJob> jobs, std::int64_t i_draw, torch::Tensor& out) const override;
  [[nodiscard]] torch::Tensor mean_square(const torch::Tensor& x) const override;

 private:
  /// What the network sees of a month.
  struct Conditions {
    torch::Tensor fields;   ///< [c, y, x]
    torch::Tensor context;  ///< [k, n_rows, n_columns], the same for every tile
  };
  /// Weights of a tile times TileSum::one, float64 [n_rows, 1] and [1, n_columns].
  struct Weights {
    torch::Tensor rows, columns;
  };
  /// What a cut needs on the device.
  struct Place {
    TensorRows rows;
    std::vector<Weights> weights;  ///< of each own tile
  };

  const Conditions& conditions_of(const MonthInputs& inputs);
  [[nodiscard]] torch::Tensor input_of(std::span<const FieldJob> jobs,
                                       std::span<const TileCall> calls, const TileCut& cut,
                                       const torch::Tensor& state);
  void add(std::span<const TileCall> calls, std::size_t i_cut, const torch::Tensor& output,
           torch::Tensor& sums) const;

  torch::Device device_;
  std::unique_ptr<TensorExchange> exchange_;
  std::vector<Place> places_;  ///< of each cut
  std::map<const MonthInputs*, Conditions> conditions_;
};

}  // namespace hindscale
