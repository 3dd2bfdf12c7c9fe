// SPDX-License-Identifier: Apache-2.0
#include "hindscale/kernel/convolution.hpp"

#include <cstring>

#include "onednn.hpp"

namespace hindscale {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

std::int64_t margin(const ConvolutionShape& shape) {
  return shape.padding == Padding::periodic ? shape.kernel / 2 : 0;
}

/// The input with its margins where the field closes on itself.
FeatureMap seen_map(const ConvolutionShape& shape) {
  const std::int64_t both = 2 * margin(shape);
  return {shape.input.channels, shape.input.height + both, shape.input.width + both};
}

/// `wide` = x continued periodically by `width` places on each side.
template <class T>
void wrap(const FeatureMap& map, const T* x, std::int64_t width, T* wide) {
  const auto row = [&](std::int64_t places) {
    return static_cast<std::size_t>(places * map.channels) * sizeof(T);
  };
  for (std::int64_t y = -width; y < map.height + width; ++y) {
    const T* from = x + ((y + map.height) % map.height) * map.width * map.channels;
    T* to = wide + (y + width) * (map.width + 2 * width) * map.channels;
    std::memcpy(to, from + (map.width - width) * map.channels, row(width));
    std::memcpy(to + width * map.channels, from, row(map.width));
    std::memcpy(to + (width + map.width) * map.channels, from, row(width));
  }
}

/// Bytes of `n` values, so many that what comes behind them starts on a cache line.
template <class T>
std::size_t aligned_bytes(std::size_t n) {
  constexpr std::size_t line = 64;
  return (n * sizeof(T) + line - 1) / line * line;
}

}  // namespace

template <class In, class Out>
struct Convolution<In, Out>::Primitive {
  dnnl::convolution_forward::primitive_desc description;
  dnnl::convolution_forward convolution;
  memory weights;
  memory::desc bias;
  std::size_t margin_bytes = 0;  ///< of the wrapped input at the start of the scratch memory
};

template <class In, class Out>
Convolution<In, Out>::Convolution(const ConvolutionShape& shape, const float* weight, Store store)
    : shape_(shape), primitive_(std::make_unique<Primitive>()) {
  const FeatureMap seen = seen_map(shape), output = shape.output();
  const std::int64_t in = seen.channels, out = shape.out_channels, k = shape.kernel;
  const std::int64_t pad = shape.padding == Padding::zeros ? k / 2 : 0;
  Primitive& own = *primitive_;
  own.bias = memory::desc({out}, memory::data_type::f32, Tag::x);
  if (margin(shape) > 0) own.margin_bytes = aligned_bytes<In>(seen.size());
  onednn::built("a convolution", [&] {
    dnnl::primitive_attr attributes = onednn::own_scratch();
    if (store == Store::add) {
      dnnl::post_ops addition;
      addition.append_sum(1.0F);
      attributes.set_post_ops(addition);
    }
    const dnnl::convolution_forward::desc operation(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
        memory::desc({1, in, seen.height, seen.width}, onednn::type_of<In>(), Tag::nhwc),
        memory::desc({out, in, k, k}, onednn::type_of<In>(), Tag::any), own.bias,
        memory::desc({1, out, output.height, output.width}, onednn::type_of<Out>(), Tag::nhwc),
        {shape.stride, shape.stride}, {pad, pad}, {pad, pad});
    own.description = {operation, attributes, onednn::engine()};
    own.convolution = dnnl::convolution_forward(own.description);
    own.weights = memory(own.description.weights_desc(), onednn::engine());
    memory plain =
        onednn::memory_of(memory::desc({out, in, k, k}, memory::data_type::f32, Tag::oihw), weight);
    dnnl::reorder(plain, own.weights).execute(onednn::stream(), plain, own.weights);
    onednn::stream().wait();
  });
}

template <class In, class Out>
Convolution<In, Out>::~Convolution() = default;
template <class In, class Out>
Convolution<In, Out>::Convolution(Convolution&&) noexcept = default;
template <class In, class Out>
Convolution<In, Out>& Convolution<In, Out>::operator=(Convolution&&) noexcept = default;

template <class In, class Out>
void Convolution<In, Out>::run(const In* x, const float* bias, Out* y, std::byte* scratch) const {
  const Primitive& own = *primitive_;
  if (own.margin_bytes > 0) {
    auto* wide = reinterpret_cast<In*>(scratch);
    wrap(shape_.input, x, margin(shape_), wide);
    x = wide;
  }
  own.convolution.execute(
      onednn::stream(), {{DNNL_ARG_SRC, onednn::memory_of(own.description.src_desc(), x)},
                         {DNNL_ARG_WEIGHTS, own.weights},
                         {DNNL_ARG_BIAS, onednn::memory_of(own.bias, bias)},
                         {DNNL_ARG_DST, onednn::memory_of(own.description.dst_desc(), y)},
                         {DNNL_ARG_SCRATCHPAD, onednn::memory_of(own.description.scratchpad_desc(),
                                                                 scratch + own.margin_bytes)}});
}

template <class In, class Out>
std::size_t Convolution<In, Out>::scratch_bytes() const {
  return primitive_->margin_bytes + primitive_->description.scratchpad_desc().get_size();
}

template class Convolution<float>;
template class Convolution<BFloat16>;
template class Convolution<BFloat16, float>;

BFloat16Support bfloat16_support() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx512_core_bf16:
    case dnnl::cpu_isa::avx512_core_amx:
      return BFloat16Support::arithmetic;
    case dnnl::cpu_isa::avx512_core:
    case dnnl::cpu_isa::avx512_core_vnni:
      return BFloat16Support::emulated;
    default:
      return BFloat16Support::none;
  }
}

}  // namespace hindscale
