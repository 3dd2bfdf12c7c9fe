// SPDX-License-Identifier: Apache-2.0
// The training order: which patch of which month is seen at which step. A function of the seed
// alone.
#pragma once

#include <cstdint>
#include <vector>

#include "hindscale/grid/window.hpp"

namespace hindscale {

struct Patch {
  std::size_t i_item = 0;        ///< position in the list of training months
  Window window;                 ///< place in the fine domain
  std::int64_t noise_level = 0;  ///< 0 .. n_levels - 1, stratified over the batch
  std::uint64_t id = 0;  ///< step * batch + place in the batch: key of its noise and dropout
};

struct PatchPlanOptions {
  std::uint64_t seed = 0;
  std::size_t n_items = 0;    ///< training months
  std::size_t n_rows = 0;     ///< of the domain
  std::size_t n_columns = 0;  ///< of the domain
  bool periodic = false;
  std::size_t patch_rows = 0;
  std::size_t patch_columns = 0;
  std::size_t batch = 1;  ///< patches a step, over all ranks
  std::int64_t n_levels = 1000;
};

/// Months come in shuffled epochs; places are uniform, with starts a tenth of a patch beyond the
/// borders pulled back so that border cells are seen as often as others. InputError where a patch
/// is larger than the domain.
class PatchPlan {
 public:
  explicit PatchPlan(const PatchPlanOptions& options);
  /// Patch `i` (0 .. batch - 1) of a step.
  [[nodiscard]] Patch patch(std::int64_t step, std::size_t i) const;

 private:
  [[nodiscard]] std::size_t item_at(std::uint64_t position) const;
  PatchPlanOptions options_;
  mutable std::uint64_t shuffled_epoch_ = UINT64_MAX;
  mutable std::vector<std::size_t> order_;  ///< of the epoch last asked for
};

}  // namespace hindscale
