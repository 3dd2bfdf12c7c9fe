// SPDX-License-Identifier: Apache-2.0
// Dormand and Prince's method for the flow, and the likelihood along it.
#include "flow.hpp"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

/// The state of one sample and its slope at an angle.
using Slope = std::function<torch::Tensor(const torch::Tensor& state, double angle)>;

/// Butcher's table of the method (Dormand and Prince 1980): nodes, rows, and the difference of the
/// two solutions.
constexpr std::size_t n_stages = 7;
constexpr std::array<double, n_stages> nodes{0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1, 1};
constexpr std::array<std::array<double, 6>, n_stages> rows{
    {{},
     {1. / 5},
     {3. / 40, 9. / 40},
     {44. / 45, -56. / 15, 32. / 9},
     {19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
     {9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
     {35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84}}};
constexpr std::array<double, n_stages> error_weights{
    71. / 57600, 0, -71. / 16695, 71. / 1920, -17253. / 339200, 22. / 525, -1. / 40};

/// Where a trajectory is. The method's last slope of a step is the first of the next.
struct Point {
  torch::Tensor state;
  torch::Tensor slope;
};

struct Trial {
  Point end;
  double error = 0;  ///< over what is allowed
};

/// How exactly to integrate: the tolerance, and the mean square that measures errors.
struct Accuracy {
  double tolerance;
  const MeanSquare& mean_square;
};

Trial try_step(const Slope& slope, const Point& start, double angle, double length,
               const Accuracy& accuracy) {
  std::array<torch::Tensor, n_stages> slopes{start.slope};
  torch::Tensor reached = start.state;
  torch::Tensor error = slopes[0] * (length * error_weights[0]);
  for (std::size_t i = 1; i < n_stages; ++i) {
    reached = start.state;
    for (std::size_t j = 0; j < i; ++j)
      if (rows[i][j] != 0) reached = reached + slopes[j] * (length * rows[i][j]);
    slopes[i] = slope(reached, angle + nodes[i] * length);
    error = error + slopes[i] * (length * error_weights[i]);
  }
  const torch::Tensor allowed =
      accuracy.tolerance * (1 + torch::maximum(start.state.abs(), reached.abs()));
  return {{reached, slopes.back()}, accuracy.mean_square(error / allowed).sqrt().item<double>()};
}

torch::Tensor integrate(const Slope& slope, const torch::Tensor& start, double from, double to,
                        const Accuracy& accuracy) {
  constexpr double first_length = 0.02, safety = 0.9, shrink = 0.2, grow = 5;
  constexpr int most_steps = 100000;
  Point point{start, slope(start, from)};
  double angle = from;
  double length = std::copysign(std::min(first_length, std::abs(to - from)), to - from);
  for (int i = 0; i < most_steps; ++i) {
    if (std::abs(length) >= std::abs(to - angle)) length = to - angle;
    const Trial trial = try_step(slope, point, angle, length, accuracy);
    if (trial.error <= 1) {
      if (length == to - angle) return trial.end.state;
      point = trial.end;
      angle += length;
    }
    const double factor = safety * std::pow(std::max(trial.error, 1e-10), -0.2);
    length *= std::clamp(factor, shrink, grow);
  }
  throw DivergenceError({.problem = "the adaptive sampler does not reach the end",
                         .value = std::to_string(accuracy.tolerance),
                         .why = "the network's flow is not smooth enough for this tolerance",
                         .advice = "raise it, or choose another sampler",
                         .key = "sampling/tolerance"});
}

/// n cos(a) - x0 sin(a) at x = y cos(a); `r` > 0.
torch::Tensor velocity(const torch::Tensor& y, const torch::Tensor& x0, double r) {
  const double angle = std::atan(r);
  return (y - x0) * (std::cos(angle) / r) - x0 * std::sin(angle);
}

}  // namespace

torch::Tensor flow(const Process& process, const torch::Tensor& y, double from, double to,
                   double tolerance) {
  const Slope slope = [&](const torch::Tensor& x, double angle) {
    const torch::Tensor state = x / std::cos(angle);
    return velocity(state, process.denoise(state, std::tan(angle)), std::tan(angle));
  };
  std::vector<torch::Tensor> ends;
  for (std::int64_t i = 0; i < y.size(0); ++i) {
    const torch::Tensor x = y.narrow(0, i, 1) * std::cos(std::atan(from));
    ends.push_back(
        integrate(slope, x, std::atan(from), std::atan(to), {tolerance, process.mean_square}) /
        std::cos(std::atan(to)));
  }
  return torch::cat(ends);
}

torch::Tensor log_likelihood(const Denoise& denoise, const torch::Tensor& x0, double least,
                             double most, double tolerance) {
  const MeanSquare mean_square = [](const torch::Tensor& x) { return x.square().mean(); };
  std::vector<torch::Tensor> results;
  for (std::int64_t i = 0; i < x0.size(0); ++i) {
    const torch::Tensor start = x0.narrow(0, i, 1);
    const std::int64_t n = start.numel();
    // The state, flat, and behind it the integral of the divergence of the velocity.
    const Slope slope = [&](const torch::Tensor& state, double angle) {
      const torch::AutoGradMode with_gradient(true);
      const double r = std::tan(angle);
      const torch::Tensor x = state.narrow(0, 0, n).detach().requires_grad_(true);
      const torch::Tensor y = (x / std::cos(angle)).view(start.sizes());
      const torch::Tensor v = velocity(y, denoise(y, r), r).flatten();
      double divergence = 0;
      for (std::int64_t k = 0; k < n; ++k) {
        divergence +=
            torch::autograd::grad({v[k]}, {x}, {}, /*retain_graph=*/true)[0][k].item<double>();
      }
      return torch::cat({v.detach(), torch::full({1}, divergence, v.options())});
    };
    const double from = std::atan(least), to = std::atan(most);
    // A point of the data is taken as the mean of its neighbourhood at the least level.
    torch::Tensor state =
        torch::cat({start.flatten() * std::cos(from), torch::zeros({1}, start.options())});
    state = integrate(slope, state, from, to, {tolerance, mean_square});
    // At the end y = x / cos(a) is N(0, r^2 + 1) nearly: x itself is standard normal.
    const torch::Tensor end = state.narrow(0, 0, n);
    const double log_normal = -0.5 * (end.square().sum().item<double>() +
                                      static_cast<double>(n) * std::log(2 * std::numbers::pi));
    const double change =
        state[n].item<double>() + static_cast<double>(n) * std::log(std::cos(from));
    results.push_back(torch::full({1}, log_normal + change, start.options()));
  }
  return torch::cat(results);
}

}  // namespace hindscale
