// SPDX-License-Identifier: Apache-2.0
// The samplers on a given grid of levels.
#include "hindscale/sampler/sampler.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>

#include "flow.hpp"
#include "hindscale/core/error.hpp"

namespace hindscale {

namespace {

using Kind = SamplerConfig::Kind;

constexpr std::array<std::pair<Kind, const char*>, 10> names{
    {{Kind::ddpm, "ddpm"},
     {Kind::ddim, "ddim"},
     {Kind::multistep, "multistep"},
     {Kind::dpmpp_2m, "dpmpp_2m"},
     {Kind::dpmpp_2s, "dpmpp_2s"},
     {Kind::euler, "euler"},
     {Kind::heun, "heun"},
     {Kind::euler_maruyama, "euler_maruyama"},
     {Kind::predictor_corrector, "predictor_corrector"},
     {Kind::adaptive, "adaptive"}}};

/// One run: holds what its steps share.
class Run {
 public:
  Run(const SamplerConfig& config, std::size_t n_steps, const Process& process)
      : config_(config), n_steps_(n_steps), process_(process) {}

  torch::Tensor draw(const torch::Tensor& like) {
    torch::Tensor out = torch::empty(
        like.sizes(),
        like.options().dtype(torch::kFloat32).memory_format(torch::MemoryFormat::Contiguous));
    process_.noise(n_draws_++, out);
    return out.to(like.scalar_type());
  }

  [[nodiscard]] torch::Tensor clean(const torch::Tensor& y, double r) const {
    const torch::Tensor x0 = process_.denoise(y, r);
    return config_.clip > 0 ? x0.clamp(-config_.clip, config_.clip) : x0;
  }

  /// From level `r` to `next` > 0.
  torch::Tensor step(const torch::Tensor& y, double r, double next) {
    switch (config_.kind) {
      case Kind::ddpm:
        return ddim(y, r, next, 1);
      case Kind::ddim:
        return ddim(y, r, next, config_.eta);
      case Kind::multistep:
        return turn(y, r, next);
      case Kind::dpmpp_2m:
        return two_step(y, r, next);
      case Kind::dpmpp_2s:
        return middle_step(y, r, next);
      case Kind::euler_maruyama:
        return euler_maruyama(y, r, next);
      case Kind::predictor_corrector:
        return corrected(ddim(y, r, next, config_.eta), next);
      default:
        return churned(y, r, next);
    }
  }

  /// From the last level to none: the clean field; the multistep and churned methods take their own
  /// last step.
  torch::Tensor last_step(const torch::Tensor& y, double r) {
    if (config_.kind == Kind::multistep && last_slope_.defined()) return turn(y, r, 0);
    if (config_.kind == Kind::euler || config_.kind == Kind::heun) return churned(y, r, 0);
    return clean(y, r);
  }

 private:
  torch::Tensor ddim(const torch::Tensor& y, double r, double next, double eta) {
    const torch::Tensor x0 = clean(y, r);
    const double fresh = eta * next * std::sqrt(1 - next * next / (r * r));
    const torch::Tensor mean = x0 + (y - x0) * (std::sqrt(next * next - fresh * fresh) / r);
    return fresh > 0 ? mean + draw(y) * fresh : mean;
  }

  /// x = y cos(a) turns with the slope v = n cos(a) - x0 sin(a) (Salimans and Ho 2022), a =
  /// atan(r): a smooth flow, which Adams-Bashforth integrates to second order.
  torch::Tensor turn(const torch::Tensor& y, double r, double next) {
    const double from = std::atan(r), to = std::atan(next), angle = to - from;
    const torch::Tensor x0 = clean(y, r);
    const torch::Tensor slope = (y - x0) * (std::cos(from) / r) - x0 * std::sin(from);
    torch::Tensor ahead = slope;
    if (last_slope_.defined()) ahead = slope + (slope - last_slope_) * (0.5 * angle / last_length_);
    last_slope_ = slope;
    last_length_ = angle;
    return (y * std::cos(from) + ahead * angle) / std::cos(to);
  }

  /// In lambda = -ln r the flow of the clean field; extrapolated from the step before.
  torch::Tensor two_step(const torch::Tensor& y, double r, double next) {
    const torch::Tensor x0 = clean(y, r);
    const double length = std::log(r / next);
    torch::Tensor ahead = x0;
    if (last_slope_.defined()) ahead = x0 + (x0 - last_slope_) * (0.5 * length / last_length_);
    last_slope_ = x0;
    last_length_ = length;
    return ahead + (y - ahead) * (next / r);
  }

  torch::Tensor middle_step(const torch::Tensor& y, double r, double next) {
    const double middle = std::sqrt(r * next);
    const torch::Tensor x0 = clean(y, r);
    const torch::Tensor ahead = clean(x0 + (y - x0) * (middle / r), middle);
    return ahead + (y - ahead) * (next / r);
  }

  torch::Tensor euler_maruyama(const torch::Tensor& y, double r, double next) {
    const double variance = r * r - next * next;
    return y + (clean(y, r) - y) * (variance / (r * r)) + draw(y) * std::sqrt(variance);
  }

  torch::Tensor churned(torch::Tensor y, double r, double next) {
    const bool churns = config_.churn > 0 && r >= config_.churn_from && r <= config_.churn_to;
    if (churns) {
      const double most = std::numbers::sqrt2 - 1;
      const double up = r * (1 + std::min(config_.churn / static_cast<double>(n_steps_), most));
      y = y + draw(y) * (config_.churn_noise * std::sqrt(up * up - r * r));
      r = up;
    }
    const torch::Tensor slope = (y - clean(y, r)) / r;
    torch::Tensor reached = y + slope * (next - r);
    if (config_.kind == Kind::euler || next == 0) return reached;
    const torch::Tensor slope_there = (reached - clean(reached, next)) / next;
    return y + (slope + slope_there) * (0.5 * (next - r));
  }

  torch::Tensor corrected(torch::Tensor y, double r) {
    for (std::int64_t i = 0; i < config_.corrections; ++i) {
      const torch::Tensor eps = (y - clean(y, r)) / r;
      const torch::Tensor z = draw(y);
      const double size = config_.corrector_size;
      // Both rules give a step delta in units of r^2.
      const torch::Tensor delta =
          config_.corrector == SamplerConfig::Corrector::sda
              ? size / process_.mean_square(eps)
              : 2 * size * size * process_.mean_square(z) / process_.mean_square(eps);
      y = y - (eps * delta + z * (2 * delta).sqrt()) * r;
    }
    return y;
  }

  const SamplerConfig& config_;
  std::size_t n_steps_;
  const Process& process_;
  std::int64_t n_draws_ = 0;
  torch::Tensor last_slope_;
  double last_length_ = 0;
};

void refuse(const char* problem, double value, const char* key) {
  throw InputError({.problem = problem, .value = std::to_string(value), .key = key});
}

void check(const SamplerConfig& config) {
  if (!(config.eta >= 0 && config.eta <= 1))
    refuse("noise share outside 0 to 1", config.eta, "sampling/eta");
  if (!(config.clip >= 0)) refuse("negative bound", config.clip, "sampling/clip");
  if (!(config.churn >= 0)) refuse("negative churn", config.churn, "sampling/churn");
  if (!(config.tolerance > 0))
    refuse("tolerance not above 0", config.tolerance, "sampling/tolerance");
}

}  // namespace

torch::Tensor mean_square_of_tensor(const torch::Tensor& x) {
  return x.square().flatten(1).mean(1).view({-1, 1, 1, 1});
}

SamplerConfig::Kind sampler_kind_of(std::string_view name) {
  for (const auto& [kind, its_name] : names)
    if (name == its_name) return kind;
  throw InputError({.problem = "unknown sampler",
                    .value = std::string(name),
                    .advice = "'hindscale describe' lists them",
                    .key = "sampling/sampler"});
}

std::string name_of(SamplerConfig::Kind kind) {
  return std::ranges::find(names, kind, &std::pair<Kind, const char*>::first)->second;
}

bool adds_noise(const SamplerConfig& config) {
  switch (config.kind) {
    case Kind::ddpm:
    case Kind::euler_maruyama:
      return true;
    case Kind::ddim:
      return config.eta > 0;
    case Kind::predictor_corrector:
      return config.eta > 0 || config.corrections > 0;
    case Kind::euler:
    case Kind::heun:
      return config.churn > 0;
    default:
      return false;
  }
}

std::int64_t evaluations_of(const SamplerConfig& config, std::int64_t steps) {
  switch (config.kind) {
    case Kind::heun:
    case Kind::dpmpp_2s:
      return 2 * steps - 1;
    case Kind::predictor_corrector:
      return (steps - 1) * (1 + config.corrections) + 1;
    case Kind::adaptive:
      return 0;
    default:
      return steps;
  }
}

torch::Tensor sample(const SamplerConfig& config, const std::vector<double>& levels,
                     const Process& process, const torch::Tensor& like) {
  check(config);
  HINDSCALE_ASSERT(levels.size() >= 2 && levels.back() == 0);
  const torch::NoGradGuard no_gradient;
  const std::size_t n_steps = levels.size() - 1;
  Run run(config, n_steps, process);
  torch::Tensor y = run.draw(like) * levels.front();
  if (config.kind == Kind::adaptive) {
    Process clean = process;
    clean.denoise = [&](const torch::Tensor& at, double r) { return run.clean(at, r); };
    y = flow(clean, y, levels.front(), levels[n_steps - 1], config.tolerance);
  } else {
    for (std::size_t i = 0; i + 1 < n_steps; ++i) y = run.step(y, levels[i], levels[i + 1]);
  }
  y = run.last_step(y, levels[n_steps - 1]);
  return config.clip > 0 ? y.clamp(-config.clip, config.clip) : y;
}

}  // namespace hindscale
