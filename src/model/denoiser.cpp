// SPDX-License-Identifier: Apache-2.0
// Noise and velocity predictions.
#include "hindscale/model/denoiser.hpp"

#include <cmath>

#include "hindscale/core/error.hpp"

namespace hindscale {

Prediction prediction_of(std::string_view name) {
  for (const Prediction prediction : {Prediction::eps, Prediction::v, Prediction::mean})
    if (name == name_of(prediction)) return prediction;
  throw InputError(
      {.problem = "unknown prediction", .value = std::string(name), .advice = "use 'eps' or 'v'"});
}

std::string name_of(Prediction prediction) {
  if (prediction == Prediction::mean) return "mean";
  return prediction == Prediction::eps ? "eps" : "v";
}

Denoised denoise(Prediction prediction, const torch::Tensor& output, const torch::Tensor& x_t,
                 double abar) {
  HINDSCALE_ASSERT(abar > 0 && abar < 1 && prediction != Prediction::mean);
  const double signal = std::sqrt(abar), noise = std::sqrt(1 - abar);
  if (prediction == Prediction::eps) return {(x_t - output * noise) / signal, output};
  return {x_t * signal - output * noise, x_t * noise + output * signal};
}

torch::Tensor add_noise(const torch::Tensor& x0, const torch::Tensor& eps,
                        const torch::Tensor& abar) {
  return x0 * abar.sqrt() + eps * (1 - abar).sqrt();
}

torch::Tensor training_target(Prediction prediction, const torch::Tensor& x0,
                              const torch::Tensor& eps, const torch::Tensor& abar) {
  if (prediction == Prediction::mean) return x0;
  if (prediction == Prediction::eps) return eps;
  return eps * abar.sqrt() - x0 * (1 - abar).sqrt();
}

}  // namespace hindscale
