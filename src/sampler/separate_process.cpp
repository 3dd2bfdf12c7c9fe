// SPDX-License-Identifier: Apache-2.0
// Tiles that are sampled each by itself and averaged at the end, as DPDM does.
#include <algorithm>

#include "field_process.hpp"
#include "hindscale/model/bridge.hpp"

namespace hindscale {
namespace {

/// A state is [job * own tile, v, row, column]; each tile has noise of its own.
class SeparateProcess : public FieldProcess {
 public:
  SeparateProcess(const FieldNetwork& network, const TileWork& work,
                  const GeneratorOptions& options, const GeneratorPlace& place)
      : FieldProcess(network, work, options, place) {
    if (work.valid.empty()) return;
    Array<float, 4> valid({work.cuts.front().tiles.size(), work.n_variables, options.tiling.n_rows,
                           options.tiling.n_columns});
    for (std::size_t i = 0; i < work.cuts.front().tiles.size(); ++i)
      extract(work.valid.view(), work.layout().tiles()[work.cuts.front().tiles[i]], valid[i]);
    valid_ = tensor_of(valid.view()).to(torch::kBool);
  }

  [[nodiscard]] torch::Tensor like(std::size_t n_jobs) const override {
    return torch::empty({static_cast<std::int64_t>(n_jobs * own_tiles().size()),
                         static_cast<std::int64_t>(work_.n_variables),
                         static_cast<std::int64_t>(options_.tiling.n_rows),
                         static_cast<std::int64_t>(options_.tiling.n_columns)});
  }

  [[nodiscard]] torch::Tensor predict(std::span<const FieldJob> jobs, const torch::Tensor& x,
                                      double time) override {
    torch::Tensor state = x.contiguous(), output = torch::empty_like(state);
    networks_.front().run(
        jobs, time,
        [&](TileCall call, View<float, 3> tile) {
          std::ranges::copy(at(state, call), tile.data());
        },
        [&](TileCall call, View<const float, 3> made) {
          std::copy(made.begin(), made.end(), at(output, call).begin());
        });
    return output;
  }

  [[nodiscard]] torch::Tensor masked(const torch::Tensor& state) const override {
    if (!valid_.defined() || own_tiles().empty()) return state;
    const auto n_own = static_cast<std::int64_t>(own_tiles().size());
    const torch::Tensor valid = valid_.repeat({state.size(0) / n_own, 1, 1, 1});
    return torch::where(valid, state, torch::zeros_like(state));
  }

  [[nodiscard]] torch::Tensor rows(const torch::Tensor& state) const override {
    torch::Tensor tiles = state.contiguous();
    const std::size_t n_own = std::max<std::size_t>(own_tiles().size(), 1),
                      n_jobs = static_cast<std::size_t>(state.size(0)) / n_own;
    TileSum sum(work_.layout(), n_jobs * work_.n_variables, work_.cuts.front().touched());
    for (std::size_t i = 0; i < static_cast<std::size_t>(state.size(0)); ++i) {
      const std::span<float> values = at(tiles, {i / n_own, i % n_own});
      sum.add(own_tiles()[i % n_own], (i / n_own) * work_.n_variables,
              View<const float, 3>(values.data(), {work_.n_variables, options_.tiling.n_rows,
                                                   options_.tiling.n_columns}));
    }
    return work_.total(work_.cuts.front(), sum, n_jobs);
  }

 protected:
  void draw(std::span<const FieldJob> jobs, std::int64_t i_draw,
            torch::Tensor& out) const override {
    constexpr std::uint64_t tile_bits = 32;
    for (std::size_t i = 0; i < static_cast<std::size_t>(out.size(0)); ++i) {
      const FieldJob& job = jobs[i / own_tiles().size()];
      const std::size_t i_own = i % own_tiles().size();
      const std::uint64_t i_tile = own_tiles()[i_own] + 1;  // 0 is the whole domain
      const StreamKey key{options_.seed, options_.purpose,
                          static_cast<std::uint64_t>(job.member) | (i_tile << tile_bits),
                          static_cast<std::uint64_t>(job.month.index()),
                          static_cast<std::uint32_t>(i_draw)};
      fill_noise(key, options_.noise_degrees_of_freedom, 0,
                 at(out, {i / own_tiles().size(), i_own}));
    }
    shape_noise(jobs, out);
  }

  [[nodiscard]] torch::Tensor mean_square(const torch::Tensor& x) const override {
    return mean_square_of_tensor(x);
  }

 private:
  [[nodiscard]] const std::vector<std::size_t>& own_tiles() const {
    return work_.cuts.front().tiles;
  }

  [[nodiscard]] std::span<float> at(torch::Tensor& state, TileCall call) const {
    const std::size_t n_values =
        work_.n_variables * options_.tiling.n_rows * options_.tiling.n_columns;
    return {state.data_ptr<float>() + (call.i_job * own_tiles().size() + call.i_own) * n_values,
            n_values};
  }
};

}  // namespace

std::unique_ptr<FieldProcess> make_separate_process(const FieldNetwork& network,
                                                    const TileWork& work,
                                                    const GeneratorOptions& options,
                                                    const GeneratorPlace& place) {
  return std::make_unique<SeparateProcess>(network, work, options, place);
}

}  // namespace hindscale
