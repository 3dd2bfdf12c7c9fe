// SPDX-License-Identifier: Apache-2.0
#include "ridge_system.hpp"

#include <cmath>

#include "hindscale/core/vector_clones.hpp"

namespace hindscale {
namespace {

/// sum += factor x.
HINDSCALE_VECTOR_CLONES void add_scaled(double factor, const double* __restrict x, std::size_t n,
                                        double* __restrict sum) {
  for (std::size_t i = 0; i < n; ++i) sum[i] += factor * x[i];
}

}  // namespace

RidgeSystem::RidgeSystem(std::size_t n_predictors, std::size_t n_responses)
    : k_(n_predictors), m_(n_responses), gram_(k_ * k_, 0.0), cross_(k_ * m_, 0.0) {}

void RidgeSystem::add(const std::vector<double>& x, const std::vector<double>& y) {
  for (std::size_t i = 0; i < k_; ++i) {
    add_scaled(x[i], x.data(), i + 1, &gram_[i * k_]);
    add_scaled(x[i], y.data(), m_, &cross_[i * m_]);
  }
}

RidgeSystem RidgeSystem::weighted(const std::vector<double>& weights) const {
  RidgeSystem result = *this;
  for (std::size_t i = 0; i < k_; ++i) {
    for (std::size_t j = 0; j <= i; ++j) result.gram_[i * k_ + j] *= weights[i] * weights[j];
    for (std::size_t j = 0; j < m_; ++j) result.cross_[i * m_ + j] *= weights[i];
  }
  return result;
}

std::vector<double> RidgeSystem::solve(double penalty, const std::vector<double>& weights) const {
  std::vector<double> b = weighted(weights).solve(penalty);
  for (std::size_t i = 0; i < b.size(); ++i) b[i] *= weights[i / m_];
  return b;
}

std::vector<double> RidgeSystem::solve(double penalty) const {
  std::vector<double> factor = gram_;
  double trace = 0;
  for (std::size_t i = 0; i < k_; ++i) trace += gram_[i * k_ + i];
  std::vector<double> b = cross_;
  if (trace <= 0)
    return std::vector<double>(b.size(), 0.0);  // no anomaly at all: nothing to regress on
  for (std::size_t i = 0; i < k_; ++i)
    factor[i * k_ + i] += penalty * trace / static_cast<double>(k_);
  for (std::size_t i = 0; i < k_; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = factor[i * k_ + j];
      for (std::size_t l = 0; l < j; ++l) sum -= factor[i * k_ + l] * factor[j * k_ + l];
      factor[i * k_ + j] = i == j ? std::sqrt(sum) : sum / factor[j * k_ + j];
    }
  }
  for (std::size_t i = 0; i < k_; ++i) {
    for (std::size_t l = 0; l < i; ++l) add_scaled(-factor[i * k_ + l], &b[l * m_], m_, &b[i * m_]);
    for (std::size_t j = 0; j < m_; ++j) b[i * m_ + j] /= factor[i * k_ + i];
  }
  for (std::size_t i = k_; i-- > 0;) {
    for (std::size_t l = i + 1; l < k_; ++l)
      add_scaled(-factor[l * k_ + i], &b[l * m_], m_, &b[i * m_]);
    for (std::size_t j = 0; j < m_; ++j) b[i * m_ + j] /= factor[i * k_ + i];
  }
  return b;
}

}  // namespace hindscale
