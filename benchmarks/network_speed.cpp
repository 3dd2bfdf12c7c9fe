// SPDX-License-Identifier: Apache-2.0
// Our side of compare_pytorch.py and compare_pytorch_gpu.py: leaves a network as a checkpoint, then
// times what it is asked to on standard input, so that both sides can take turns.
//
// usage: network_speed FOLDER PRESET BATCH SIDE THREADS
// writes FOLDER/step_00000001: weights "raw.*", the input x, outputs "float32" and, where the
//        processor can, "bfloat16"
// reads  "float32 N", "bfloat16 N": evaluations; "train_float32 N", "train_bfloat16 N": forward and
//        backward passes; "device_float32 N", "device_bfloat16 N": evaluations of what lies on the
//        device already; answers the least seconds of N. "limit N": FLOP/s of the CPU's
//        convolutions in bfloat16 or, where it cannot, float32
#include <fmt/format.h>
#include <omp.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>

#include "../src/model/device_network.hpp"
#include "../src/model/device_recording.hpp"
#include "hindscale/kernel/buffer.hpp"
#include "hindscale/kernel/convolution.hpp"
#include "hindscale/kernel/one_thread.hpp"
#include "hindscale/model/bridge.hpp"
#include "hindscale/model/checkpoint.hpp"
#include "hindscale/model/devices.hpp"
#include "hindscale/model/evaluator.hpp"
#include "hindscale/model/network.hpp"

namespace hindscale {
namespace {

constexpr double time_of_all = 500;

/// The least seconds of `n` calls.
template <class Work>
double least_seconds(int n, const Work& work) {
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < n; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    least = std::min(least, passed.count());
  }
  return least;
}

/// FLOP/s of one 3 x 3 convolution on `threads` threads, a sample each.
template <class T>
double convolution_rate(std::int64_t channels, std::int64_t side, int threads, int n) {
  const ConvolutionShape shape{.input = {channels, side, side}, .out_channels = channels};
  const std::vector<float> weight(static_cast<std::size_t>(9 * channels * channels), 0.01F),
      bias(static_cast<std::size_t>(channels));
  const Convolution<T> convolution(shape, weight.data(), Store::replace);
  std::vector<Buffer<T>> inputs, outputs;
  std::vector<Buffer<std::byte>> scratch;
  for (int i = 0; i < threads; ++i) {
    inputs.emplace_back(shape.input.size());
    outputs.emplace_back(shape.output().size());
    scratch.emplace_back(convolution.scratch_bytes());
  }
  constexpr int repeats = 10;
  const double seconds = least_seconds(n, [&] {
#pragma omp parallel num_threads(threads)
    {
      const OneThread one_thread;
      const auto i = static_cast<std::size_t>(omp_get_thread_num());
      for (int k = 0; k < repeats; ++k)
        convolution.run(inputs[i].data(), bias.data(), outputs[i].data(), scratch[i].data());
    }
  });
  const double flop = 2.0 * 9 * static_cast<double>(channels * channels * side * side);
  return flop * repeats * threads / seconds;
}

double limit(int threads, int n) {
  double most = 0;
  for (const auto& [channels, side] :
       {std::pair<std::int64_t, std::int64_t>{64, 128}, {64, 64}, {128, 64}, {128, 32}, {256, 32}})
    most = std::max(most, bfloat16_support() == BFloat16Support::none
                              ? convolution_rate<float>(channels, side, threads, n)
                              : convolution_rate<BFloat16>(channels, side, threads, n));
  return most;
}

/// Every layer drawn as hidden layers are at the start of a training: no layer is zero.
UNet drawn_network(const NetworkConfig& config) {
  UNet network(config, 1);
  torch::manual_seed(1);
  const torch::NoGradGuard no_gradient;
  for (torch::Tensor& parameter : network->parameters()) {
    if (parameter.dim() == 1) continue;
    const double bound = 1 / std::sqrt(static_cast<double>(parameter[0].numel()));
    parameter.uniform_(-bound, bound);
  }
  return network;
}

class Comparison {
 public:
  Comparison(const std::string& preset, std::int64_t batch, std::int64_t side, int threads)
      : network_(drawn_network(
            network_preset(preset, preset == "dpdm" ? 4 : 17, preset == "dpdm" ? 1 : 2))),
        x_(torch::randn({batch, network_->config().in_channels, side, side})),
        y_({static_cast<std::size_t>(batch),
            static_cast<std::size_t>(network_->config().out_channels),
            static_cast<std::size_t>(side), static_cast<std::size_t>(side)}),
        threads_(threads),
        device_(visible_gpus() > 0 ? torch::kCUDA : torch::kCPU) {
    network_->eval();
    for (const Precision precision : precisions())
      evaluators_.push_back(make_evaluator(network_, {.height = y_.extent(2),
                                                      .width = y_.extent(3),
                                                      .precision = precision,
                                                      .device = device_,
                                                      .batch = static_cast<std::size_t>(batch)}));
  }

  void leave(const std::filesystem::path& folder) {
    CheckpointContent content;
    content.state = {{"network", network_to_json(network_->config())}};
    content.model = copy_parameters(*network_, "raw.");
    content.model.emplace("x", x_);
    for (const Precision precision : precisions()) {
      evaluate(precision);
      content.model.emplace(name_of(precision), tensor_of(y_.view()));
    }
    write_checkpoint(folder, 1, content);
  }

  double answer(const std::string& what, int n) {
    if (what == "limit") return limit(threads_, n);
    if (what.starts_with("train_")) return training(precision_of(what.substr(6)), n);
    if (what.starts_with("device_")) return evaluation_there(precision_of(what.substr(7)), n);
    const Precision precision = precision_of(what);
    evaluate(precision);
    return least_seconds(n, [&] { evaluate(precision); });
  }

 private:
  [[nodiscard]] std::vector<Precision> precisions() const {
    if (device_.is_cpu() && bfloat16_support() == BFloat16Support::none)
      return {Precision::float32};
    return {Precision::float32, Precision::bfloat16};
  }

  void evaluate(Precision precision) {
    evaluators_.at(precision == Precision::bfloat16 ? 1 : 0)
        ->evaluate(
            {x_.data_ptr<float>(),
             {y_.extent(0), static_cast<std::size_t>(x_.size(1)), y_.extent(2), y_.extent(3)}},
            time_of_all, y_);
  }

  /// Seconds of a forward and backward pass; reading the loss waits for the device.
  double training(Precision precision, int n) {
    network_->to(device_);
    network_->set_precision(precision);
    const torch::Tensor x = x_.to(device_), time = torch::full({1}, time_of_all).to(device_);
    const auto pass = [&] {
      network_->zero_grad(/*set_to_none=*/true);
      const torch::Tensor loss = network_->forward(x, time).square().mean();
      loss.backward();
      return network_->parameters().front().grad().sum().item<float>();
    };
    pass();
    return least_seconds(n, pass);
  }

  double evaluation_there(Precision precision, int n) {
    const torch::NoGradGuard no_gradient;
    const DeviceNetwork network(network_, device_, type_of(precision));
    const torch::Tensor x = x_.to(device_), time = torch::full({1}, time_of_all).to(device_);
    torch::Tensor y = tensor_of(y_.view()).to(device_);
    DeviceRecording recording(device_,
                              [&] { y.copy_(network.forward(x, network.offsets_at(time))); });
    const auto call = [&] { recording.run([] {}, [] {}); };
    call();
    return least_seconds(n, call);
  }

  UNet network_;
  torch::Tensor x_;
  Array<float, 4> y_;
  int threads_;
  torch::Device device_;
  std::vector<std::unique_ptr<Evaluator>> evaluators_;
};

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() != 5) {
    std::cerr << "usage: network_speed FOLDER PRESET BATCH SIDE THREADS\n";
    return 2;
  }
  const int threads = std::stoi(arguments[4]);
  set_threads(threads);
  keep_freed_memory();
  steady_gpu_arithmetic();
  Comparison comparison(arguments[1], std::stol(arguments[2]), std::stol(arguments[3]), threads);
  comparison.leave(arguments[0]);
  std::cout << "ready, " << device_description() << std::endl;
  std::string what;
  int n = 0;
  while (std::cin >> what >> n)
    std::cout << fmt::format("{:.6e}", comparison.answer(what, n)) << std::endl;
  return 0;
}

}  // namespace
}  // namespace hindscale

int main(int argc, char** argv) {
  return hindscale::run({argv + 1, argv + argc});
}
