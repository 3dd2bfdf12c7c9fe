// SPDX-License-Identifier: Apache-2.0
// The process that a sampler integrates for fields made of tiles.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "hindscale/sampler/generator.hpp"
#include "tile_network.hpp"

namespace hindscale {

/// One layout of tiles, and what of it this rank computes.
struct TileCut {
  TileLayout layout;
  std::vector<std::size_t> tiles{};   ///< to compute here
  std::size_t n_tiles = 0;            ///< to compute on all ranks of the group
  std::size_t most_tiles_a_rank = 0;  ///< on the one that has most
  std::unique_ptr<RowShare> share{};

  [[nodiscard]] Rows touched() const { return share->touched(); }
};

/// What of a field this rank computes and keeps.
struct TileWork {
  std::vector<TileCut> cuts{};  ///< one, or two that evaluations of the network take in turns
  std::optional<LayoutTurns> turns{};  ///< where there are two
  std::size_t n_variables = 0;
  Array<float, 3> valid{};  ///< [v, y, x] 1 where there is data; empty where there is everywhere

  [[nodiscard]] const TileLayout& layout() const { return cuts.front().layout; }
  [[nodiscard]] const RowShare& share() const { return *cuts.front().share; }
  /// [job, v, own row, x]
  [[nodiscard]] std::vector<std::int64_t> shape_of_rows(std::size_t n_jobs) const;
  /// Totals over the ranks of the sums of each job, [job * v, touched row, x] -> own rows.
  [[nodiscard]] torch::Tensor total(const TileCut& cut, const TileSum& sum,
                                    std::size_t n_jobs) const;
};

/// Cuts the tiles with data evenly over the ranks of the group, in their order. InputError where
/// there are fewer tiles than ranks. Collective.
std::unique_ptr<TileWork> find_work(const Conditioning& conditioning, const TilingOptions& options,
                                    const Communicator& group);

/// The state of some fields on this rank, and what the network says of it. `work` and `options`
/// must outlive it.
class FieldProcess {
 public:
  FieldProcess(const FieldNetwork& network, const TileWork& work, const GeneratorOptions& options,
               const GeneratorPlace& place);
  virtual ~FieldProcess() = default;
  FieldProcess(const FieldProcess&) = delete;
  FieldProcess& operator=(const FieldProcess&) = delete;

  /// Before the first evaluation of other fields.
  virtual void begin() { n_evaluations_ = 0; }
  /// For a sampler; `jobs` must outlive it. Begins.
  [[nodiscard]] Process process(std::span<const FieldJob> jobs);
  /// Evaluations of fields by samplers so far: each of one job, all its tiles together.
  [[nodiscard]] std::int64_t n_fields_denoised() const { return n_fields_denoised_; }
  /// Gives the shape of the state of so many jobs.
  [[nodiscard]] virtual torch::Tensor like(std::size_t n_jobs) const = 0;
  /// Output of the network for the scaled state x.
  [[nodiscard]] virtual torch::Tensor predict(std::span<const FieldJob> jobs,
                                              const torch::Tensor& x, double time) = 0;
  /// Zero where there are no data.
  [[nodiscard]] virtual torch::Tensor masked(const torch::Tensor& state) const = 0;
  /// A state -> fields [job, v, own row, x].
  [[nodiscard]] virtual torch::Tensor rows(const torch::Tensor& state) const = 0;

 protected:
  virtual void draw(std::span<const FieldJob> jobs, std::int64_t i_draw,
                    torch::Tensor& out) const = 0;
  [[nodiscard]] virtual torch::Tensor mean_square(const torch::Tensor& x) const = 0;
  /// Numbers as drawn -> the noise of these jobs.
  void shape_noise(std::span<const FieldJob> jobs, torch::Tensor& noise) const;

  const TileWork& work_;
  const GeneratorOptions& options_;
  Regions* regions_;
  std::shared_ptr<Evaluator> evaluator_;
  std::vector<TileNetwork> networks_;  ///< the network on the tiles of each cut
  std::size_t n_evaluations_ = 0;      ///< of the process under way
  std::int64_t n_fields_denoised_ = 0;
  torch::Tensor valid_;  ///< the state of one job, true where there is data; undefined: everywhere
};

/// As tiling/stitching asks.
std::unique_ptr<FieldProcess> make_process(const FieldNetwork& network, const TileWork& work,
                                           const GeneratorOptions& options,
                                           const GeneratorPlace& place);

/// `separate`: the state is every tile by itself.
std::unique_ptr<FieldProcess> make_separate_process(const FieldNetwork& network,
                                                    const TileWork& work,
                                                    const GeneratorOptions& options,
                                                    const GeneratorPlace& place);

}  // namespace hindscale
