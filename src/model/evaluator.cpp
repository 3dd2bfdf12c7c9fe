// SPDX-License-Identifier: Apache-2.0
#include "hindscale/model/evaluator.hpp"

#include "device_evaluator.hpp"
#include "hindscale/model/unet.hpp"
#include "inference_network.hpp"
#include "module_evaluator.hpp"

namespace hindscale {

torch::Tensor Evaluator::forward(const torch::Tensor& input, double time) {
  return hindscale::evaluate(*this, input, time).to(input.device());
}

std::unique_ptr<Evaluator> make_evaluator(const FieldNetwork& network,
                                          const EvaluatorOptions& options) {
  const UNet unet(network.as<UNetImpl>());
  if (unet.is_empty()) return std::make_unique<ModuleEvaluator>(network, options);
  if (!options.device.is_cpu()) return std::make_unique<DeviceEvaluator>(unet, options);
  if (options.precision == Precision::float32)
    return std::make_unique<inference::InferenceNetwork<float>>(unet, options.height,
                                                                options.width);
  return std::make_unique<inference::InferenceNetwork<BFloat16>>(unet, options.height,
                                                                 options.width);
}

torch::Tensor evaluate(Evaluator& evaluator, const torch::Tensor& input, double time) {
  const torch::Tensor x = input.to(torch::kCPU, torch::kFloat32).contiguous();
  const auto size = [&](std::int64_t axis) { return static_cast<std::size_t>(x.size(axis)); };
  torch::Tensor y = torch::empty(
      {x.size(0), static_cast<std::int64_t>(evaluator.out_channels()), x.size(2), x.size(3)});
  evaluator.evaluate({x.data_ptr<float>(), {size(0), size(1), size(2), size(3)}}, time,
                     {y.data_ptr<float>(), {size(0), evaluator.out_channels(), size(2), size(3)}});
  return y;
}

}  // namespace hindscale
