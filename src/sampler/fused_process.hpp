// SPDX-License-Identifier: Apache-2.0
// One noise field a job over the whole domain; tiles are fused at every evaluation.
#pragma once

#include "field_process.hpp"

namespace hindscale {

/// On the host. A state is [job, v, own row, x].
class FusedProcess : public FieldProcess {
 public:
  FusedProcess(const FieldNetwork& network, const TileWork& work, const GeneratorOptions& options,
               const GeneratorPlace& place);

  [[nodiscard]] torch::Tensor like(std::size_t n_jobs) const override {
    return torch::empty(work_.shape_of_rows(n_jobs));
  }
  [[nodiscard]] torch::Tensor predict(std::span<const FieldJob> jobs, const torch::Tensor& x,
                                      double time) override;
  [[nodiscard]] torch::Tensor masked(const torch::Tensor& state) const override {
    return valid_.defined() ? torch::where(valid_, state, torch::zeros_like(state)) : state;
  }
  [[nodiscard]] torch::Tensor rows(const torch::Tensor& state) const override { return state; }

 protected:
  void draw(std::span<const FieldJob> jobs, std::int64_t i_draw, torch::Tensor& out) const override;
  /// Sums of rows, added in their order: the same on any number of ranks.
  [[nodiscard]] torch::Tensor mean_square(const torch::Tensor& x) const override;
  /// The cut that the next evaluation takes.
  [[nodiscard]] std::size_t next_cut();
};

}  // namespace hindscale
