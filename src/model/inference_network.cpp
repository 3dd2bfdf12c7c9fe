// SPDX-License-Identifier: Apache-2.0
#include "inference_network.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "hindscale/core/error.hpp"
#include "hindscale/kernel/loops.hpp"
#include "hindscale/kernel/one_thread.hpp"
#include "hindscale/kernel/two_grid_waves.hpp"
#include "unet_plan.hpp"

namespace hindscale::inference {
namespace {

/// silu(W x + b).
std::vector<float> dense_silu(const Weights& layer, const std::vector<float>& x) {
  std::vector<float> y;
  for (std::size_t i = 0; i < layer.bias.size(); ++i) {
    auto sum = static_cast<double>(layer.bias[i]);
    for (std::size_t k = 0; k < x.size(); ++k)
      sum += static_cast<double>(layer.weight[i * x.size() + k]) * static_cast<double>(x[k]);
    y.push_back(static_cast<float>(sum / (1 + std::exp(-sum))));
  }
  return y;
}

FeatureMap map_of(std::int64_t channels, const FeatureMap& size) {
  return {channels, size.height, size.width};
}

}  // namespace

template <class T>
Layer<T>::Layer(const NamedTensors& parameters, const std::string& name,
                const ConvolutionShape& shape)
    : bias(weights_of(parameters, name).bias),
      convolution(shape, weights_of(parameters, name).weight.data(), Store::replace) {}

template <class T>
InferenceNetwork<T>::InferenceNetwork(const UNet& network, std::size_t height, std::size_t width)
    : config_(network->config()),
      entry_{config_.channels, static_cast<std::int64_t>(height), static_cast<std::int64_t>(width)},
      time_in_(weights_of(parameters_of(*network), "time_in")),
      time_out_(weights_of(parameters_of(*network), "time_out")),
      input_(parameters_of(*network), "input",
             {.input = map_of(config_.seen_channels(), entry_),
              .out_channels = config_.channels,
              .padding = config_.padding}),
      output_norm_(parameters_of(*network), "output_norm", config_.groups),
      output_(parameters_of(*network), "output",
              {.input = map_of(config_.channels * config_.multipliers.front(), entry_),
               .out_channels = config_.out_channels,
               .padding = config_.padding}) {
  HINDSCALE_ASSERT(entry_.height % config_.divisor() == 0 && entry_.width % config_.divisor() == 0);
  build(parameters_of(*network));
  const FeatureMap last = map_of(config_.channels * config_.multipliers.front(), entry_);
  workspace_.cover({.normed = last.size(),
                    .scratch = std::max(input_.convolution.scratch_bytes(),
                                        output_.convolution.scratch_bytes())});
  n_parameters_ = static_cast<std::size_t>(parameter_count(*network));
  set_time(0);
  provide_memory();
}

template <class T>
void InferenceNetwork<T>::build(const NamedTensors& parameters) {
  const UNetPlan plan = unet_plan(config_);
  FeatureMap map = entry_;
  kept_shapes_ = {map};
  const auto add = [&](std::vector<Step>& steps, const char* part, const UNetStep& step) {
    const std::string name = std::string(part) + "." + std::to_string(steps.size());
    map = step.kind == UNetStep::Kind::block
              ? cover(std::get<Block<T>>(
                    steps.emplace_back(Block<T>(parameters, name, block_shape(step, map)))))
              : cover(std::get<Layer<T>>(
                    steps.emplace_back(Layer<T>(parameters, name, layer_shape(step, map)))));
  };
  for (const UNetStep& step : plan.down) {
    add(down_, "down", step);
    kept_shapes_.push_back(map);
  }
  for (const UNetStep& step : plan.middle) {
    add(middle_, "middle", step);
    most_hidden_ = std::max(most_hidden_, map.size());
  }
  for (const UNetStep& step : plan.up) {
    add(up_, "up", step);
    most_hidden_ = std::max(most_hidden_, map.size());
  }
}

template <class T>
BlockShape InferenceNetwork<T>::block_shape(const UNetStep& step, const FeatureMap& input) const {
  return {.first = input,
          .second_channels = step.kept_channels,
          .out_channels = step.out_channels,
          .groups = config_.groups,
          .padding = config_.padding};
}

template <class T>
ConvolutionShape InferenceNetwork<T>::layer_shape(const UNetStep& step, FeatureMap input) const {
  if (step.kind == UNetStep::Kind::doubling)
    input = {input.channels, 2 * input.height, 2 * input.width};
  ConvolutionShape shape{
      .input = input, .out_channels = step.out_channels, .padding = config_.padding};
  if (step.kind == UNetStep::Kind::halving) shape.stride = 2;
  return shape;
}

template <class T>
FeatureMap InferenceNetwork<T>::cover(const Block<T>& block) {
  workspace_.cover(block.workspace());
  return block.shape().output();
}

template <class T>
FeatureMap InferenceNetwork<T>::cover(const Layer<T>& layer) {
  const ConvolutionShape& shape = layer.convolution.shape();
  workspace_.cover({.wide = shape.input.size(), .scratch = layer.convolution.scratch_bytes()});
  return shape.output();
}

template <class T>
void InferenceNetwork<T>::set_time(double time) {
  if (!first_biases_.empty() && time == time_) return;
  time_ = time;
  // Sinusoids of Vaswani et al. 2017: wavelengths from 2 pi to 10000 * 2 pi steps.
  const std::int64_t half = config_.channels / 2;
  std::vector<float> waves(static_cast<std::size_t>(2 * half));
  for (std::int64_t i = 0; i < half; ++i) {
    const double rate =
        std::exp(-std::log(10000.0) * static_cast<double>(i) / static_cast<double>(half));
    waves[static_cast<std::size_t>(i)] = static_cast<float>(std::sin(time * rate));
    waves[static_cast<std::size_t>(half + i)] = static_cast<float>(std::cos(time * rate));
  }
  const std::vector<float> embedded = dense_silu(time_out_, dense_silu(time_in_, waves));
  first_biases_.clear();
  for (const std::vector<Step>* steps : {&down_, &middle_, &up_}) {
    for (const Step& step : *steps) {
      if (const auto* block = std::get_if<Block<T>>(&step))
        first_biases_.push_back(block->first_bias(embedded));
    }
  }
}

template <class T>
InferenceNetwork<T>::Memory::Memory(const InferenceNetwork& network)
    : work(network.workspace_),
      seen(network.config_.two_grid_waves
               ? map_of(network.config_.seen_channels(), network.entry_).size()
               : 0),
      input(map_of(network.config_.seen_channels(), network.entry_).size()),
      hidden(network.most_hidden_),
      next(network.most_hidden_),
      output(map_of(network.config_.out_channels, network.entry_).size()) {
  for (const FeatureMap& shape : network.kept_shapes_) kept.emplace_back(shape.size());
}

template <class T>
std::size_t InferenceNetwork<T>::Memory::bytes() const {
  std::size_t n_kept = 0;
  for (const Buffer<float>& map : kept) n_kept += map.size();
  return sizeof(float) * (n_kept + seen.size() + hidden.size() + next.size() + output.size()) +
         sizeof(T) * (input.size() + work.normed.size() + work.inner.size() + work.wide.size()) +
         work.scratch.size();
}

template <class T>
std::size_t InferenceNetwork<T>::bytes() const {
  return n_parameters_ * sizeof(T) + memories_.size() * memories_.front().bytes();
}

/// One memory for each thread of now.
template <class T>
void InferenceNetwork<T>::provide_memory() {
  const auto n_threads = static_cast<std::size_t>(at::get_num_threads());
  while (memories_.size() < n_threads) memories_.emplace_back(*this);
}

template <class T>
void InferenceNetwork<T>::evaluate(View<const float, 4> input, double time, View<float, 4> output) {
  HINDSCALE_ASSERT(input.extent(1) == static_cast<std::size_t>(config_.in_channels) &&
                   input.extent(2) == static_cast<std::size_t>(entry_.height) &&
                   input.extent(3) == static_cast<std::size_t>(entry_.width));
  set_time(time);
  provide_memory();
  at::parallel_for(
      0, static_cast<std::int64_t>(input.extent(0)), 1, [&](std::int64_t first, std::int64_t last) {
        const OneThread one_thread;
        Memory& memory = memories_[static_cast<std::size_t>(at::get_thread_num())];
        for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i)
          run_sample(input[i], output[i], memory);
      });
}

template <class T>
const float* InferenceNetwork<T>::gather_seen(View<const float, 3> input, Memory& memory) const {
  if (!config_.two_grid_waves) return input.data();
  const auto n_fields = static_cast<std::size_t>(config_.out_channels);
  const std::size_t height = input.extent(1), width = input.extent(2),
                    n_values = n_fields * height * width;
  float* waves = std::copy_n(input.data(), n_values, memory.seen.data());
  two_grid_waves({input.data(), {n_fields, height, width}}, {waves, {2 * n_fields, height, width}});
  std::copy_n(input.data() + n_values, input.size() - n_values, waves + 2 * n_values);
  return memory.seen.data();
}

template <class T>
void InferenceNetwork<T>::run_sample(View<const float, 3> input, View<float, 3> output,
                                     Memory& memory) const {
  std::byte* scratch = memory.work.scratch.data();
  loops::to_channels_last(gather_seen(input, memory), {entry_.places(), config_.seen_channels()},
                          memory.input.data());
  input_.run(memory.input.data(), memory.kept[0].data(), scratch);
  std::size_t i_block = 0, i_kept = 0;
  for (const Step& step : down_) {
    const float* x = memory.kept[i_kept].data();
    float* y = memory.kept[i_kept + 1].data();
    if (const auto* block = std::get_if<Block<T>>(&step)) {
      block->run({x, kept_shapes_[i_kept].channels}, first_biases_[i_block++], y, memory.work);
    } else {
      const auto n = static_cast<std::int64_t>(kept_shapes_[i_kept].size());
      std::get<Layer<T>>(step).run(rounded(x, n, memory.work.wide.data()), y, scratch);
    }
    ++i_kept;
  }
  const float* x = memory.kept.back().data();
  for (const Step& step : middle_) {
    const auto& block = std::get<Block<T>>(step);
    block.run({x, block.shape().first.channels}, first_biases_[i_block++], memory.next.data(),
              memory.work);
    std::swap(memory.hidden, memory.next);
    x = memory.hidden.data();
  }
  go_up(memory, i_block);
  const std::int64_t channels = config_.channels * config_.multipliers.front();
  output_norm_.run(Input<float>{memory.hidden.data(), channels}, entry_.places(), Activation::silu,
                   memory.work.normed.data());
  output_.run(memory.work.normed.data(), memory.output.data(), scratch);
  for (std::int64_t place = 0; place < entry_.places(); ++place) {
    for (std::int64_t c = 0; c < config_.out_channels; ++c)
      output.data()[c * entry_.places() + place] =
          memory.output.data()[place * config_.out_channels + c];
  }
}

template <class T>
void InferenceNetwork<T>::go_up(Memory& memory, std::size_t i_block) const {
  std::size_t i_kept = memory.kept.size();
  for (const Step& step : up_) {
    if (const auto* block = std::get_if<Block<T>>(&step)) {
      --i_kept;
      block->run({memory.hidden.data(), block->shape().first.channels, memory.kept[i_kept].data(),
                  block->shape().second_channels},
                 first_biases_[i_block++], memory.next.data(), memory.work);
    } else {
      const auto& layer = std::get<Layer<T>>(step);
      const FeatureMap& fine = layer.convolution.shape().input;
      upsample({fine.channels, fine.height / 2, fine.width / 2}, config_.upsampling,
               config_.padding, memory.hidden.data(), memory.work.wide.data());
      layer.run(memory.work.wide.data(), memory.next.data(), memory.work.scratch.data());
    }
    std::swap(memory.hidden, memory.next);
  }
}

template class InferenceNetwork<float>;
template class InferenceNetwork<BFloat16>;

}  // namespace hindscale::inference
