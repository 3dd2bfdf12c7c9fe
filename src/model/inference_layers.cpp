// SPDX-License-Identifier: Apache-2.0
#include "inference_layers.hpp"

#include <algorithm>
#include <type_traits>

#include "hindscale/core/error.hpp"
#include "hindscale/kernel/loops.hpp"
#include "hindscale/kernel/normalisation.hpp"

namespace hindscale::inference {
namespace {

/// The columns [first, first + n) of a 1 x 1 weight [out, in].
std::vector<float> columns(const std::vector<float>& weight, std::int64_t in, std::int64_t first,
                           std::int64_t n) {
  std::vector<float> part;
  for (auto row = weight.begin(); row != weight.end(); row += in)
    part.insert(part.end(), row + first, row + first + n);
  return part;
}

template <class T, class Out>
Convolution<T, Out> convolution_of(const NamedTensors& parameters, const std::string& layer,
                                   const ConvolutionShape& shape, Store store = Store::replace) {
  return {shape, weights_of(parameters, layer).weight.data(), store};
}

ConvolutionShape pointwise(const FeatureMap& input, std::int64_t out_channels) {
  return {.input = input, .out_channels = out_channels, .kernel = 1};
}

}  // namespace

Weights weights_of(const NamedTensors& parameters, const std::string& layer) {
  const auto values = [](const torch::Tensor& tensor) {
    const torch::Tensor host = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
    return std::vector<float>(host.data_ptr<float>(), host.data_ptr<float>() + host.numel());
  };
  const torch::Tensor& weight = parameters.at(layer + ".weight");
  const auto bias = parameters.find(layer + ".bias");
  return {values(weight), bias != parameters.end()
                              ? values(bias->second)
                              : std::vector<float>(static_cast<std::size_t>(weight.size(0)))};
}

template <class T>
const T* rounded(const float* x, std::int64_t n, T* memory) {
  if constexpr (std::is_same_v<T, float>) {
    return x;
  } else {
    loops::round_to(x, n, memory);
    return memory;
  }
}

void WorkspaceSize::cover(const WorkspaceSize& other) {
  normed = std::max(normed, other.normed);
  inner = std::max(inner, other.inner);
  wide = std::max(wide, other.wide);
  scratch = std::max(scratch, other.scratch);
}

template <class In, class Out>
void Norm::run(const Input<In>& x, std::int64_t places, Activation activation, Out* y) const {
  const std::int64_t channels = x.first_channels + x.second_channels;
  const loops::Extent first{places, x.first_channels}, second{places, x.second_channels};
  Moments moments(channels);
  loops::add_moments(x.first, first, moments.sum.data(), moments.square_sum.data());
  if (second.channels > 0) {
    loops::add_moments(x.second, second, moments.sum.data() + first.channels,
                       moments.square_sum.data() + first.channels);
  }
  const Normalisation norm(moments, places, groups_, weights_.weight.data(), weights_.bias.data());
  const auto apply =
      activation == Activation::silu ? loops::affine_silu<In, Out> : loops::affine<In, Out>;
  apply(x.first, first, norm.scale.data(), norm.shift.data(), y, channels);
  if (second.channels > 0) {
    apply(x.second, second, norm.scale.data() + first.channels, norm.shift.data() + first.channels,
          y + first.channels, channels);
  }
}

template <class T>
SelfAttention<T>::SelfAttention(const NamedTensors& parameters, const std::string& layer,
                                const FeatureMap& map, std::int64_t groups)
    : map_(map),
      norm_(parameters, layer, groups),
      qkv_bias_(weights_of(parameters, layer + ".qkv").bias),
      out_bias_(weights_of(parameters, layer + ".out").bias),
      qkv_(convolution_of<T, T>(parameters, layer + ".qkv", pointwise(map, 3 * map.channels))),
      out_(convolution_of<T, float>(parameters, layer + ".out", pointwise(map, map.channels),
                                    Store::add)),
      attention_(map.places(), map.channels) {}

template <class T>
WorkspaceSize SelfAttention<T>::workspace() const {
  return {map_.size(), map_.size(), 3 * map_.size(),
          std::max({qkv_.scratch_bytes(), out_.scratch_bytes(), attention_.scratch_bytes()})};
}

template <class T>
void SelfAttention<T>::run(float* x, Workspace<T>& work) const {
  norm_.run(Input<float>{x, map_.channels}, map_.places(), Activation::none, work.normed.data());
  qkv_.run(work.normed.data(), qkv_bias_.data(), work.wide.data(), work.scratch.data());
  attention_.run(work.wide.data(), work.inner.data(), work.scratch.data());
  out_.run(work.inner.data(), out_bias_.data(), x, work.scratch.data());
}

template <class T>
Block<T>::Block(const NamedTensors& parameters, const std::string& layer, const BlockShape& shape)
    : shape_(shape),
      first_norm_(parameters, layer + ".first_norm", shape.groups),
      second_norm_(parameters, layer + ".second_norm", shape.groups),
      time_(weights_of(parameters, layer + ".time")),
      first_bias_(weights_of(parameters, layer + ".first").bias),
      second_bias_(weights_of(parameters, layer + ".second").bias),
      no_bias_(first_bias_.size()),
      first_(convolution_of<T, T>(
          parameters, layer + ".first",
          {.input = {shape.in_channels(), shape.first.height, shape.first.width},
           .out_channels = shape.out_channels,
           .padding = shape.padding})),
      second_(convolution_of<T, float>(
          parameters, layer + ".second",
          {.input = shape.output(), .out_channels = shape.out_channels, .padding = shape.padding},
          Store::add)) {
  if (parameters.contains(layer + ".skip.weight")) {
    const Weights skip = weights_of(parameters, layer + ".skip");
    skip_bias_ = skip.bias;
    const std::int64_t in = shape.in_channels();
    const auto part = [&](std::int64_t first, std::int64_t n, Store store) {
      const FeatureMap map{n, shape.first.height, shape.first.width};
      skips_.emplace_back(pointwise(map, shape.out_channels),
                          columns(skip.weight, in, first, n).data(), store);
    };
    part(0, shape.first.channels, Store::replace);
    if (shape.second_channels > 0) part(shape.first.channels, shape.second_channels, Store::add);
  }
  HINDSCALE_ASSERT(shape.second_channels == 0 || !skips_.empty());
  if (parameters.contains(layer + ".attention.weight"))
    attention_.emplace(parameters, layer + ".attention", shape.output(), shape.groups);
}

template <class T>
std::vector<float> Block<T>::first_bias(std::span<const float> embedded_time) const {
  std::vector<float> bias = first_bias_;
  for (std::size_t c = 0; c < bias.size(); ++c) {
    double sum = static_cast<double>(time_.bias[c]);
    for (std::size_t i = 0; i < embedded_time.size(); ++i) {
      sum += static_cast<double>(time_.weight[c * embedded_time.size() + i]) *
             static_cast<double>(embedded_time[i]);
    }
    bias[c] += static_cast<float>(sum);
  }
  return bias;
}

template <class T>
WorkspaceSize Block<T>::workspace() const {
  const FeatureMap in{shape_.in_channels(), shape_.first.height, shape_.first.width};
  WorkspaceSize size{.normed = std::max(in.size(), shape_.output().size()),
                     .inner = shape_.output().size(),
                     .wide = skips_.empty() ? 0 : in.size(),
                     .scratch = std::max(first_.scratch_bytes(), second_.scratch_bytes())};
  for (const auto& skip : skips_) size.scratch = std::max(size.scratch, skip.scratch_bytes());
  if (attention_) size.cover(attention_->workspace());
  return size;
}

template <class T>
void Block<T>::begin_with_input(const Input<float>& x, float* y, Workspace<T>& work) const {
  if (!skips_.empty()) {
    const std::int64_t places = shape_.first.places();
    const auto seen = [&](const float* map, std::int64_t channels) {
      return rounded(map, places * channels, work.wide.data());
    };
    skips_.front().run(seen(x.first, x.first_channels), skip_bias_.data(), y, work.scratch.data());
    if (x.second_channels > 0) {
      skips_.back().run(seen(x.second, x.second_channels), no_bias_.data(), y, work.scratch.data());
    }
    return;
  }
  std::copy_n(x.first, shape_.first.size(), y);
}

template <class T>
void Block<T>::run(const Input<float>& x, const std::vector<float>& first_bias, float* y,
                   Workspace<T>& work) const {
  const std::int64_t places = shape_.first.places();
  T *normed = work.normed.data(), *inner = work.inner.data();
  first_norm_.run(x, places, Activation::silu, normed);
  first_.run(normed, first_bias.data(), inner, work.scratch.data());
  second_norm_.run(Input<T>{inner, shape_.out_channels}, places, Activation::silu, normed);
  begin_with_input(x, y, work);
  second_.run(normed, second_bias_.data(), y, work.scratch.data());  // adds
  if (attention_) attention_->run(y, work);
}

template const float* rounded(const float*, std::int64_t, float*);
template const BFloat16* rounded(const float*, std::int64_t, BFloat16*);
template void Norm::run(const Input<float>&, std::int64_t, Activation, float*) const;
template void Norm::run(const Input<float>&, std::int64_t, Activation, BFloat16*) const;
template class SelfAttention<float>;
template class SelfAttention<BFloat16>;
template class Block<float>;
template class Block<BFloat16>;

}  // namespace hindscale::inference
