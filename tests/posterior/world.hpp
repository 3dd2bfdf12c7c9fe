// SPDX-License-Identifier: Apache-2.0
// A world where the law of a fine field given its coarse means is known by linear algebra.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <memory>

#include "hindscale/core/array.hpp"
#include "hindscale/sampler/sampler.hpp"

namespace hindscale {

/// Fine fields x [n, 1, side, side] on a plane that closes on itself along both axes: Gaussian,
/// mean 0, variance 1, stationary, power of a mode (kx, ky) like (k^2 + 4)^-2, so that the power of
/// a ring falls like k^-3. Coarse fields c [n, 1, side / 4, side / 4] are their means over 4 x 4
/// cells, weighted by areas that depend on the row, from 0.2 to 1.8.
///
/// Models work on the residual z = (x - base(c)) / scale(). Matrices are double; `side` is a
/// multiple of 4. Owns its matrices; denoisers it hands out must not outlive it.
class PosteriorWorld {
 public:
  static constexpr std::int64_t ratio = 4;
  explicit PosteriorWorld(std::int64_t side);

  [[nodiscard]] std::int64_t side() const { return side_; }
  [[nodiscard]] std::int64_t n_cells() const { return side_ * side_; }
  [[nodiscard]] const Array<double, 2>& areas() const { return areas_; }
  /// Areas over their sum, [n_cells], double.
  [[nodiscard]] const torch::Tensor& area_shares() const { return area_shares_; }

  /// Fields from white noise of the same shape.
  [[nodiscard]] torch::Tensor fields(const torch::Tensor& white) const;
  [[nodiscard]] torch::Tensor coarsen(const torch::Tensor& fine) const;
  /// Each coarse value in all cells of its block.
  [[nodiscard]] torch::Tensor block_constant(const torch::Tensor& coarse) const;
  /// First guess: bilinear interpolation, then the constant in each block that gives it the coarse
  /// mean.
  [[nodiscard]] torch::Tensor base(const torch::Tensor& coarse) const;
  /// Root mean square of x - base(c).
  [[nodiscard]] double scale() const { return scale_; }
  /// The field of a residual: base(c) + scale() z, projected onto the fields with these coarse
  /// means. In the area-weighted norm the smallest such correction is a constant in each block.
  [[nodiscard]] torch::Tensor field_of(const torch::Tensor& residual,
                                       const torch::Tensor& coarse) const;

  /// E[x | c].
  [[nodiscard]] torch::Tensor posterior_mean(const torch::Tensor& coarse) const;
  /// Covariance of c, flattened.
  [[nodiscard]] const torch::Tensor& coarse_covariance() const { return coarse_covariance_; }
  /// Covariance of x given c, [n_cells, n_cells], the same for every c.
  [[nodiscard]] const torch::Tensor& posterior_covariance() const { return covariance_; }
  /// Its principal variances in units of scale()^2, those of the coarse means exactly 0; and axes,
  /// in columns.
  [[nodiscard]] const torch::Tensor& variances() const { return variances_; }
  [[nodiscard]] const torch::Tensor& axes() const { return axes_; }
  /// E[z | z + r n, c] in closed form: m + C (C + r^2)^-1 (y - m), C and m covariance and mean of z
  /// given c.
  [[nodiscard]] Denoise denoiser(const torch::Tensor& coarse) const;

  /// Variance of x in each mode of the two-dimensional transform, [side, side], sum 1.
  [[nodiscard]] const torch::Tensor& mode_power() const { return power_; }

 private:
  void condition();
  void find_axes();
  /// Fields [n, 1, side, side] as waves along the rows of blocks, [n_waves, n, side * ratio], and
  /// back. Every column of blocks is like the others: such waves are independent.
  [[nodiscard]] torch::Tensor to_waves(const torch::Tensor& fields) const;
  [[nodiscard]] torch::Tensor from_waves(const torch::Tensor& waves) const;

  std::int64_t side_;
  Array<double, 2> areas_;
  torch::Tensor area_shares_, row_shares_, power_, interpolation_;
  torch::Tensor coarse_covariance_, gain_, covariance_, variances_, axes_;
  torch::Tensor wave_variances_, wave_axes_;  ///< of each wave, [n_waves, side * ratio(, axis)]
  double scale_ = 0;
  /// C (C + r^2)^-1 of each wave, transposed, at each r used so far.
  mutable std::map<double, torch::Tensor> shrinkage_;
};

}  // namespace hindscale
