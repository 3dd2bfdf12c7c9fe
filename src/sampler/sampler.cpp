// SPDX-License-Identifier: Apache-2.0
// DDPM, DDIM and the multistep sampler.
#include "hindscale/sampler/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "hindscale/core/error.hpp"

namespace hindscale {

namespace {

/// One step from abar to abar_next; steps are counted from 1.
struct Step {
  std::int64_t number = 1;
  double abar = 0;
  double abar_next = 1;
};

/// The network's view of x, with the clean field held within the clip and the noise made to agree
/// with it.
Denoised held_within(const SamplerConfig& config, const torch::Tensor& x,
                     const torch::Tensor& output, double abar) {
  Denoised denoised = denoise(config.prediction, output, x, abar);
  if (config.clip > 0) {
    denoised.x0 = denoised.x0.clamp(-config.clip, config.clip);
    denoised.eps = (x - denoised.x0 * std::sqrt(abar)) / std::sqrt(1 - abar);
  }
  return denoised;
}

torch::Tensor draw(const Noise& noise, std::int64_t i_step, const torch::Tensor& like) {
  torch::Tensor out = torch::empty(
      like.sizes(),
      like.options().dtype(torch::kFloat32).memory_format(torch::MemoryFormat::Contiguous));
  noise(i_step, out);
  return out;
}

/// Song et al. 2021, eq. 12, with sigma of eq. 16.
torch::Tensor ddim_step(const Denoised& denoised, const Step& step, double eta,
                        const Noise& noise) {
  const double sigma =
      eta * std::sqrt((1 - step.abar_next) / (1 - step.abar) * (1 - step.abar / step.abar_next));
  const double direction = std::sqrt(std::max(0.0, 1 - step.abar_next - sigma * sigma));
  torch::Tensor next = denoised.x0 * std::sqrt(step.abar_next) + denoised.eps * direction;
  return sigma > 0 ? next + draw(noise, step.number, next) * sigma : next;
}

/// Ho et al. 2020, algorithm 2, with the posterior variance of eq. 7.
torch::Tensor ddpm_step(const torch::Tensor& x, const Denoised& denoised, const Step& step,
                        const Noise& noise) {
  const double alpha = step.abar / step.abar_next;
  const torch::Tensor mean =
      (x - denoised.eps * ((1 - alpha) / std::sqrt(1 - step.abar))) / std::sqrt(alpha);
  const double sigma = std::sqrt((1 - alpha) * (1 - step.abar_next) / (1 - step.abar));
  return mean + draw(noise, step.number, mean) * sigma;
}

/// In the angle theta = acos(sqrt(abar)) the probability flow is dx/dtheta = v (Salimans and Ho
/// 2022): a smooth field, which Adams-Bashforth integrates to second order with one evaluation a
/// step.
class Multistep {
 public:
  torch::Tensor advance(const torch::Tensor& x, const Denoised& denoised, const Step& step) {
    const double turn = std::acos(std::sqrt(step.abar)) - std::acos(std::sqrt(step.abar_next));
    const torch::Tensor velocity =
        denoised.eps * std::sqrt(step.abar) - denoised.x0 * std::sqrt(1 - step.abar);
    torch::Tensor slope = velocity;
    if (last_velocity_.defined())
      slope = velocity + (velocity - last_velocity_) * (0.5 * turn / last_turn_);
    last_velocity_ = velocity;
    last_turn_ = turn;
    return x - slope * turn;
  }

 private:
  torch::Tensor last_velocity_;
  double last_turn_ = 0;
};

void check(const SamplerConfig& config) {
  if (!(config.eta >= 0)) {
    throw InputError({.problem = "negative noise share",
                      .value = std::to_string(config.eta),
                      .key = "sampling/eta"});
  }
  if (!(config.clip >= 0)) {
    throw InputError({.problem = "negative bound",
                      .value = std::to_string(config.clip),
                      .key = "sampling/clip"});
  }
}

}  // namespace

SamplerConfig::Kind sampler_kind_of(std::string_view name) {
  if (name == "ddim") return SamplerConfig::Kind::ddim;
  if (name == "ddpm") return SamplerConfig::Kind::ddpm;
  if (name == "multistep") return SamplerConfig::Kind::multistep;
  throw InputError({.problem = "unknown sampler",
                    .value = std::string(name),
                    .advice = "use 'ddim', 'ddpm' or 'multistep'",
                    .key = "sampling/sampler"});
}

std::string name_of(SamplerConfig::Kind kind) {
  if (kind == SamplerConfig::Kind::ddim) return "ddim";
  return kind == SamplerConfig::Kind::ddpm ? "ddpm" : "multistep";
}

torch::Tensor sample(const SamplerConfig& config, const Schedule& schedule, const Denoise& denoise,
                     const Noise& noise, const torch::Tensor& like) {
  check(config);
  const torch::NoGradGuard no_gradient;
  const std::vector<std::int64_t> times = sampling_times(schedule, config.steps);
  torch::Tensor x = draw(noise, 0, like);
  Multistep multistep;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const std::int64_t t = times[i];
    const bool is_last = i + 1 == times.size();
    const Step step{
        .number = static_cast<std::int64_t>(i) + 1,
        .abar = schedule.abar[static_cast<std::size_t>(t)],
        .abar_next = is_last ? 1 : schedule.abar[static_cast<std::size_t>(times[i + 1])]};
    const Denoised denoised = held_within(config, x, denoise(x, t), step.abar);
    // Where abar_next is 1, DDPM and DDIM end on the clean field; so does a single step of the
    // multistep method.
    if (is_last && (config.kind != SamplerConfig::Kind::multistep || i == 0)) return denoised.x0;
    switch (config.kind) {
      case SamplerConfig::Kind::ddim:
        x = ddim_step(denoised, step, config.eta, noise);
        break;
      case SamplerConfig::Kind::ddpm:
        x = ddpm_step(x, denoised, step, noise);
        break;
      case SamplerConfig::Kind::multistep:
        x = multistep.advance(x, denoised, step);
        break;
    }
  }
  return config.clip > 0 ? x.clamp(-config.clip, config.clip) : x;
}

}  // namespace hindscale
